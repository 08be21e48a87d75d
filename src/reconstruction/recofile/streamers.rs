//! What the classes in a reconstructed file are made of, as a ROOT file tells its readers ("streamer info"): names, types, versions
//! and checksums are ROOT's own.

use super::records::{Bytes, KeyWords};

/// A class in the version that is written.
struct Class {
    name: &'static str,
    version: i32,
    checksum: u32,
    elements: &'static [Element],
}

/// A part of a class.
enum Element {
    /// All of another class: its name and version.
    Base(&'static str, i32),
    /// A number.
    Number(&'static str, Basic),
    /// As many numbers as a counter says: name, type, counter.
    Counted(&'static str, Basic, &'static str),
    /// An object inside: name, class, size in memory; code 61 with ROOT's own base, 62 without.
    Inside(&'static str, &'static str, i32, i32),
    /// An object behind a pointer: name, type.
    Pointer(&'static str, &'static str),
    /// A text.
    Text(&'static str),
}

/// ROOT's code of a type of numbers, its size and name.
#[derive(Clone, Copy)]
struct Basic(i32, i32, &'static str);

const SHORT: Basic = Basic(2, 2, "short");
const INT: Basic = Basic(3, 4, "int");
const FLOAT: Basic = Basic(5, 4, "float");
const COUNTER: Basic = Basic(6, 4, "int");
const DOUBLE: Basic = Basic(8, 8, "double");
const BYTE: Basic = Basic(11, 1, "unsigned char");
const UINT: Basic = Basic(13, 4, "unsigned int");
const BITS: Basic = Basic(15, 4, "unsigned int");
const LONG: Basic = Basic(16, 8, "long long");
const BOOL: Basic = Basic(18, 1, "bool");

use Element::{Base, Counted, Inside, Number, Pointer, Text};

const FEATURES: Element = Inside("fIOFeatures", "ROOT::TIOFeatures", 1, 62);

const fn leaf(name: &'static str, checksum: u32, elements: &'static [Element]) -> Class {
    Class { name, version: 1, checksum, elements }
}

static CLASSES: [Class; 14] = [
    Class { name: "TObject", version: 1, checksum: 0x901b_c02d, elements: &[Number("fUniqueID", UINT), Number("fBits", BITS)] },
    Class { name: "TNamed", version: 1, checksum: 0xdfb7_4a3c, elements: &[Base("TObject", 1), Text("fName"), Text("fTitle")] },
    Class {
        name: "TAttLine",
        version: 2,
        checksum: 0x9407_4549,
        elements: &[Number("fLineColor", SHORT), Number("fLineStyle", SHORT), Number("fLineWidth", SHORT)],
    },
    Class {
        name: "TAttFill",
        version: 2,
        checksum: 0xffd9_2a92,
        elements: &[Number("fFillColor", SHORT), Number("fFillStyle", SHORT)],
    },
    Class {
        name: "TAttMarker",
        version: 3,
        checksum: 0x291d_8bec,
        elements: &[Number("fMarkerColor", SHORT), Number("fMarkerStyle", SHORT), Number("fMarkerSize", FLOAT)],
    },
    Class { name: "ROOT::TIOFeatures", version: 1, checksum: 0x1aa1_2f10, elements: &[Number("fIOBits", BYTE)] },
    Class {
        name: "TTree",
        version: 20,
        checksum: 0x7264_e07f,
        elements: &[
            Base("TNamed", 1),
            Base("TAttLine", 2),
            Base("TAttFill", 2),
            Base("TAttMarker", 3),
            Number("fEntries", LONG),
            Number("fTotBytes", LONG),
            Number("fZipBytes", LONG),
            Number("fSavedBytes", LONG),
            Number("fFlushedBytes", LONG),
            Number("fWeight", DOUBLE),
            Number("fTimerInterval", INT),
            Number("fScanField", INT),
            Number("fUpdate", INT),
            Number("fDefaultEntryOffsetLen", INT),
            Number("fNClusterRange", COUNTER),
            Number("fMaxEntries", LONG),
            Number("fMaxEntryLoop", LONG),
            Number("fMaxVirtualSize", LONG),
            Number("fAutoSave", LONG),
            Number("fAutoFlush", LONG),
            Number("fEstimate", LONG),
            Counted("fClusterRangeEnd", LONG, "fNClusterRange"),
            Counted("fClusterSize", LONG, "fNClusterRange"),
            FEATURES,
            Inside("fBranches", "TObjArray", 64, 61),
            Inside("fLeaves", "TObjArray", 64, 61),
            Pointer("fAliases", "TList*"),
            Inside("fIndexValues", "TArrayD", 24, 62),
            Inside("fIndex", "TArrayI", 24, 62),
            Pointer("fTreeIndex", "TVirtualIndex*"),
            Pointer("fFriends", "TList*"),
            Pointer("fUserInfo", "TList*"),
            Pointer("fBranchRef", "TBranchRef*"),
        ],
    },
    Class {
        name: "TBranch",
        version: 13,
        checksum: 0x1097_8aac,
        elements: &[
            Base("TNamed", 1),
            Base("TAttFill", 2),
            Number("fCompress", INT),
            Number("fBasketSize", INT),
            Number("fEntryOffsetLen", INT),
            Number("fWriteBasket", INT),
            Number("fEntryNumber", LONG),
            FEATURES,
            Number("fOffset", INT),
            Number("fMaxBaskets", COUNTER),
            Number("fSplitLevel", INT),
            Number("fEntries", LONG),
            Number("fFirstEntry", LONG),
            Number("fTotBytes", LONG),
            Number("fZipBytes", LONG),
            Inside("fBranches", "TObjArray", 64, 61),
            Inside("fLeaves", "TObjArray", 64, 61),
            Inside("fBaskets", "TObjArray", 64, 61),
            Counted("fBasketBytes", INT, "fMaxBaskets"),
            Counted("fBasketEntry", LONG, "fMaxBaskets"),
            Counted("fBasketSeek", LONG, "fMaxBaskets"),
            Text("fFileName"),
        ],
    },
    Class {
        name: "TLeaf",
        version: 2,
        checksum: 0x6d1e_8152,
        elements: &[
            Base("TNamed", 1),
            Number("fLen", INT),
            Number("fLenType", INT),
            Number("fOffset", INT),
            Number("fIsRange", BOOL),
            Number("fIsUnsigned", BOOL),
            Pointer("fLeafCount", "TLeaf*"),
        ],
    },
    leaf("TLeafI", 0x7e6a_ae19, &[Base("TLeaf", 2), Number("fMinimum", INT), Number("fMaximum", INT)]),
    leaf("TLeafL", 0xde32_0862, &[Base("TLeaf", 2), Number("fMinimum", LONG), Number("fMaximum", LONG)]),
    leaf("TLeafF", 0x3add_9d72, &[Base("TLeaf", 2), Number("fMinimum", FLOAT), Number("fMaximum", FLOAT)]),
    leaf("TLeafD", 0x118e_8776, &[Base("TLeaf", 2), Number("fMinimum", DOUBLE), Number("fMaximum", DOUBLE)]),
    leaf("TLeafC", 0xfbe3_b2f3, &[Base("TLeaf", 2), Number("fMinimum", INT), Number("fMaximum", INT)]),
];

/// The record that tells of all classes, whole, for the place `at` in the file.
pub(super) fn record(at: u64) -> Vec<u8> {
    let words = KeyWords { class: "TList", name: "StreamerInfo", title: "Doubly linked list" };
    let key_bytes = words.key_bytes();
    let mut record = Bytes::default();
    record.key(words, key_bytes, 0, 1, at);
    let list = record.begin(5);
    record.object();
    record.text("");
    record.i32(CLASSES.len() as i32);
    for class in &CLASSES {
        let (pointer, _) = record.begin_object("TStreamerInfo");
        let info = record.begin(9);
        record.named(class.name, "");
        record.u32(class.checksum);
        record.i32(class.version);
        let (elements, _) = record.begin_object("TObjArray");
        let array = record.begin_array(class.elements.len());
        class.elements.iter().for_each(|element| write_element(class, element, &mut record));
        record.end(array);
        record.end(elements);
        record.end(info);
        record.end(pointer);
        record.text(""); // how to draw it
    }
    record.end(list);
    let mut key = Bytes::default();
    key.key(words, key_bytes, record.bytes.len() - key_bytes, 1, at);
    record.bytes[..key_bytes].copy_from_slice(&key.bytes);
    record.bytes
}

fn write_element(of: &Class, element: &Element, out: &mut Bytes) {
    let (class, version) = match element {
        Base(..) => ("TStreamerBase", 3),
        Number(..) => ("TStreamerBasicType", 2),
        Counted(..) => ("TStreamerBasicPointer", 2),
        Inside(_, _, _, 61) => ("TStreamerObject", 2),
        Inside(..) => ("TStreamerObjectAny", 2),
        Pointer(..) => ("TStreamerObjectPointer", 2),
        Text(_) => ("TStreamerString", 2),
    };
    let (pointer, _) = out.begin_object(class);
    let part = out.begin(version);
    match *element {
        Base(name, version) => {
            let code = match name {
                "TObject" => 66,
                "TNamed" => 67,
                _ => 0,
            };
            let checksum = CLASSES.iter().find(|class| class.name == name).map_or(0, |class| class.checksum);
            write_start(out, [name, "", "BASE"], [code, 0], checksum);
            out.i32(version);
        }
        Number(name, Basic(code, size, type_name)) => write_start(out, [name, "", type_name], [code, size], 0),
        Counted(name, Basic(code, size, type_name), counter) => {
            let words = [name, &format!("[{counter}]"), &format!("{type_name}*")];
            write_start(out, words, [40 + code, size], 0);
            out.i32(of.version);
            out.text(counter);
            out.text(of.name);
        }
        Inside(name, type_name, size, code) => write_start(out, [name, "", type_name], [code, size], 0),
        Pointer(name, type_name) => write_start(out, [name, "", type_name], [64, 8], 0),
        Text(name) => write_start(out, [name, "", "TString"], [65, 24], 0),
    }
    out.end(part);
    out.end(pointer);
}

/// What all elements begin with: name, title and type's name; code and size; a base's checksum.
fn write_start(out: &mut Bytes, [name, title, type_name]: [&str; 3], [code, size]: [i32; 2], checksum: u32) {
    let part = out.begin(4);
    out.named(name, title);
    out.i32(code);
    out.i32(size);
    out.i32(0); // length and
    out.i32(0); // dimensions of an array
    for index in [0, checksum, 0, 0, 0] {
        out.u32(index);
    }
    out.text(type_name);
    out.end(part);
}
