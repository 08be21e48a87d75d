//! What the objects of a class are made of, as the file itself tells it (ROOT's "streamer info").

use std::collections::HashMap;
use std::sync::Arc;

use super::cursor::Cursor;
use super::error::RootError;
use super::object::{Object, Reader, Value};

/// Types of single numbers, by their width in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Basic {
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F32,
    F64,
    Bool,
}

/// A member of a class.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Member {
    pub(super) name: Arc<str>,
    pub(super) kind: Kind,
}

/// What a member is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// All members of another class.
    Base(String),
    One(Basic),
    Fixed(Basic, usize),
    /// As many as the member named says.
    Counted(Basic, String),
    Text,
    /// An object inside this one.
    Inside(String),
    /// An object that may be absent, shared or of a class derived.
    Pointer,
    /// Something else, passed over by its length: the type's name.
    Other(String),
}

/// A class in one of its versions.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    pub(super) version: i16,
    pub(super) checksum: u32,
    pub(super) members: Vec<Member>,
}

/// The letters of leaf classes with the type of their range.
const LEAVES: [(&str, Basic); 9] = [
    ("O", Basic::Bool),
    ("B", Basic::I8),
    ("S", Basic::I16),
    ("I", Basic::I32),
    ("C", Basic::I32),
    ("L", Basic::I64),
    ("G", Basic::I64),
    ("F", Basic::F32),
    ("D", Basic::F64),
];

/// The classes that are known.
#[derive(Debug, Default)]
pub(super) struct Layouts {
    classes: HashMap<String, Versions>,
}

/// A class in its versions.
#[derive(Debug, Default)]
struct Versions {
    by_version: HashMap<i16, Arc<Layout>>,
    by_checksum: HashMap<u32, Arc<Layout>>,
    newest: Option<Arc<Layout>>,
}

impl Versions {
    /// Adds a version; of two layouts of one version the later stays.
    fn add(&mut self, layout: Layout) {
        let layout = Arc::new(layout);
        self.by_version.insert(layout.version, layout.clone());
        self.by_checksum.insert(layout.checksum, layout.clone());
        self.newest = Some(layout);
    }
}

impl Basic {
    /// Width in the file, bytes.
    pub(super) fn size(self) -> usize {
        match self {
            Basic::I8 | Basic::U8 | Basic::Bool => 1,
            Basic::I16 | Basic::U16 => 2,
            Basic::I32 | Basic::U32 | Basic::F32 => 4,
            Basic::I64 | Basic::U64 | Basic::F64 => 8,
        }
    }

    /// The type of ROOT's number.
    pub(super) fn of_code(code: i32) -> Option<Basic> {
        Some(match code {
            1 | 10 => Basic::I8,
            2 => Basic::I16,
            3 | 6 => Basic::I32,
            4 | 16 => Basic::I64,
            5 => Basic::F32,
            8 => Basic::F64,
            11 => Basic::U8,
            12 => Basic::U16,
            13 | 15 => Basic::U32,
            14 | 17 => Basic::U64,
            18 => Basic::Bool,
            _ => return None,
        })
    }

    /// The type of C++'s or ROOT's name.
    pub(super) fn of_name(name: &str) -> Option<Basic> {
        Some(match name.trim() {
            "char" | "signed char" | "Char_t" | "int8_t" => Basic::I8,
            "unsigned char" | "UChar_t" | "uint8_t" => Basic::U8,
            "short" | "Short_t" | "int16_t" => Basic::I16,
            "unsigned short" | "UShort_t" | "uint16_t" => Basic::U16,
            "int" | "Int_t" | "int32_t" => Basic::I32,
            "unsigned int" | "unsigned" | "UInt_t" | "uint32_t" => Basic::U32,
            "long" | "long long" | "Long_t" | "Long64_t" | "int64_t" => Basic::I64,
            "unsigned long" | "unsigned long long" | "ULong_t" | "ULong64_t" | "uint64_t" => Basic::U64,
            "float" | "Float_t" => Basic::F32,
            "double" | "Double_t" => Basic::F64,
            "bool" | "Bool_t" => Basic::Bool,
            _ => return None,
        })
    }
}

impl Layouts {
    /// The classes that a file need not tell: those of the list of layouts itself, and leaves, which some writers leave out.
    pub(super) fn built_in() -> Self {
        let mut layouts = Layouts::default();
        let member = |name: &str, kind: Kind| Member { name: name.into(), kind };
        let int = |name: &str| member(name, Kind::One(Basic::I32));
        let base = |class: &str| member(class, Kind::Base(class.into()));
        let mut add = |class: &str, version, members| layouts.add(class, version, members);
        add(
            "TStreamerInfo",
            9,
            vec![
                base("TNamed"),
                member("fCheckSum", Kind::One(Basic::U32)),
                int("fClassVersion"),
                member("fElements", Kind::Pointer),
            ],
        );
        let element = vec![
            base("TNamed"),
            int("fType"),
            int("fSize"),
            int("fArrayLength"),
            int("fArrayDim"),
            member("fMaxIndex", Kind::Fixed(Basic::I32, 5)),
            member("fTypeName", Kind::Text),
        ];
        add("TStreamerElement", 4, element);
        // Only what is asked for is read of an element; what stands behind it is passed over by its length.
        for class in [
            "Base",
            "BasicType",
            "Object",
            "ObjectAny",
            "ObjectPointer",
            "ObjectAnyPointer",
            "String",
            "STL",
            "STLstring",
            "Artificial",
        ] {
            add(&format!("TStreamer{class}"), 2, vec![base("TStreamerElement")]);
        }
        for class in ["BasicPointer", "Loop"] {
            add(
                &format!("TStreamer{class}"),
                2,
                vec![base("TStreamerElement"), int("fCountVersion"), member("fCountName", Kind::Text)],
            );
        }
        let leaf = vec![
            base("TNamed"),
            int("fLen"),
            int("fLenType"),
            int("fOffset"),
            member("fIsRange", Kind::One(Basic::Bool)),
            member("fIsUnsigned", Kind::One(Basic::Bool)),
            member("fLeafCount", Kind::Pointer),
        ];
        add("TLeaf", 2, leaf);
        for (letter, basic) in LEAVES {
            let range = ["fMinimum", "fMaximum"].map(|name| member(name, Kind::One(basic)));
            add(&format!("TLeaf{letter}"), 1, [vec![base("TLeaf")], range.to_vec()].concat());
        }
        layouts
    }

    pub(super) fn add(&mut self, class: &str, version: i16, members: Vec<Member>) {
        self.insert(class, Layout { version, checksum: 0, members });
    }

    /// Adds a class; one of the same version that is added later comes before it.
    pub(super) fn insert(&mut self, class: &str, layout: Layout) {
        self.classes.entry(class.into()).or_default().add(layout);
    }

    /// Adds the layouts of a file's list.
    pub(super) fn read(&mut self, cursor: &mut Cursor, key_bytes: usize) -> Result<(), RootError> {
        let list = Reader::new(self, key_bytes).read("TList", cursor)?;
        let infos = list.list("items")?;
        let mut found = Vec::new();
        for info in infos.iter().filter_map(Value::object).filter(|info| info.class.starts_with("TStreamerInfo")) {
            let elements = info.value("fElements")?.object();
            let elements = elements.map_or(Ok(&[][..]), |elements| elements.list("items"))?;
            let members = elements.iter().filter_map(Value::object).map(member_of).collect::<Result<Vec<Member>, RootError>>()?;
            let version = info.integer("fClassVersion")? as i16;
            let checksum = info.integer("fCheckSum")? as u32;
            found.push((info.text("fName")?.to_owned(), Layout { version, checksum, members }));
        }
        for (class, layout) in found.into_iter().filter(|(class, _)| !is_of_the_list(class)) {
            self.insert(&class, layout);
        }
        Ok(())
    }

    /// Whether a class has a layout or needs none.
    pub(super) fn knows(&self, class: &str) -> bool {
        self.classes.contains_key(class) || Reader::reads_by_itself(class)
    }

    /// A class in a version; the classes of the list of layouts itself in any, for only their first members are read.
    pub(super) fn get(&self, class: &str, version: i16) -> Option<Arc<Layout>> {
        let versions = self.classes.get(class)?;
        let exact = versions.by_version.get(&version);
        exact.or(versions.newest.as_ref().filter(|_| is_of_the_list(class))).cloned()
    }

    /// A class by its checksum, which stands in the place of a version for classes that have none.
    pub(super) fn of_checksum(&self, class: &str, checksum: u32) -> Option<Arc<Layout>> {
        self.classes.get(class)?.by_checksum.get(&checksum).cloned()
    }
}

/// Whether a class is one of the list of layouts itself.
pub(super) fn is_of_the_list(class: &str) -> bool {
    class.starts_with("TStreamer")
}

/// Marks the codes of arrays of fixed length, and of such with a counter.
const FIXED: i32 = 20;
const COUNTED: i32 = 40;

/// A member out of an element of the list.
fn member_of(element: &Object) -> Result<Member, RootError> {
    let name = element.text("fName")?;
    let code = element.integer("fType")? as i32;
    let type_name = element.text("fTypeName")?;
    let other = || Kind::Other(type_name.to_owned());
    let kind = match code {
        _ if &*element.class == "TStreamerBase" => Kind::Base(name.to_owned()),
        61 | 62 | 66 | 67 => Kind::Inside(type_name.to_owned()),
        63 | 68 => Kind::Inside(type_name.trim_end_matches('*').to_owned()),
        64 | 69 => Kind::Pointer,
        65 => Kind::Text,
        // Double32_t without a range of its own is written as a float.
        9 if !element.text("fTitle")?.contains('[') => Kind::One(Basic::F32),
        code if code > COUNTED && code < COUNTED + FIXED => match Basic::of_code(code - COUNTED) {
            Some(basic) => Kind::Counted(basic, element.text("fCountName")?.to_owned()),
            None => other(),
        },
        code if code > FIXED && code < COUNTED => {
            let length = usize::try_from(element.integer("fArrayLength")?).unwrap_or(0);
            Basic::of_code(code - FIXED).map_or_else(other, |basic| Kind::Fixed(basic, length))
        }
        code => Basic::of_code(code).map_or_else(other, Kind::One),
    };
    Ok(Member { name: name.into(), kind })
}
