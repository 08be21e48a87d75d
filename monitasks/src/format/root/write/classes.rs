//! The layouts of the classes that are written, and their list in the file.
//!
//! Names, types, versions and checksums are those of ROOT 6.40, which knows a class by them.

use super::out::{ObjectBits, Out};

/// A class in the version that is written.
struct Class {
    name: &'static str,
    version: i32,
    checksum: u32,
    elements: &'static [Element],
}

/// A part of a class: its name and what it is.
enum Element {
    Base(&'static str),
    Basic(&'static str, Basic),
    /// As many doubles as a counter says: name, the counter, the counter's class.
    Doubles(&'static str, &'static str, &'static str),
    /// An object inside: name, class, size in memory.
    Object(&'static str, &'static str, i32),
    /// An array of doubles inside.
    Array(&'static str),
    /// An object behind a pointer; name, class.
    Pointer(&'static str, &'static str),
    /// The same, never absent and written without its class.
    Owned(&'static str, &'static str),
    Text(&'static str),
}

/// Types of numbers: ROOT's code for each, size and name.
#[derive(Clone, Copy)]
struct Basic(i32, i32, &'static str);

const SHORT: Basic = Basic(2, 2, "short");
const INT: Basic = Basic(3, 4, "int");
const FLOAT: Basic = Basic(5, 4, "float");
const COUNTER: Basic = Basic(6, 4, "int");
const DOUBLE: Basic = Basic(8, 8, "double");
const USHORT: Basic = Basic(12, 2, "unsigned short");
const UINT: Basic = Basic(13, 4, "unsigned int");
const BITS: Basic = Basic(15, 4, "unsigned int");
const BOOL: Basic = Basic(18, 1, "bool");

use Element::{Array, Base, Basic as Number, Doubles, Object, Owned, Pointer, Text};

/// Code of a base class; the two that all others rest on have their own.
fn base_code(name: &str) -> i32 {
    match name {
        "TObject" => 66,
        "TNamed" => 67,
        _ => 0,
    }
}

static CLASSES: [Class; 20] = [
    Class { name: "TObject", version: 1, checksum: 0x901b_c02d, elements: &[Number("fUniqueID", UINT), Number("fBits", BITS)] },
    Class { name: "TNamed", version: 1, checksum: 0xdfb7_4a3c, elements: &[Base("TObject"), Text("fName"), Text("fTitle")] },
    Class { name: "TString", version: 2, checksum: 0x0001_7419, elements: &[] },
    Class { name: "TObjString", version: 1, checksum: 0x9c8e_4800, elements: &[Base("TObject"), Text("fString")] },
    Class {
        name: "TCollection",
        version: 3,
        checksum: 0x57e3_cb9c,
        elements: &[Base("TObject"), Text("fName"), Number("fSize", INT)],
    },
    Class { name: "TSeqCollection", version: 0, checksum: 0xfc6c_3bc6, elements: &[Base("TCollection")] },
    Class { name: "TList", version: 5, checksum: 0x69c5_c3bb, elements: &[Base("TSeqCollection")] },
    Class { name: "THashList", version: 0, checksum: 0xcc7e_49c1, elements: &[Base("TList")] },
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
    Class {
        name: "TAttAxis",
        version: 4,
        checksum: 0x5c6f_ff3e,
        elements: &[
            Number("fNdivisions", INT),
            Number("fAxisColor", SHORT),
            Number("fLabelColor", SHORT),
            Number("fLabelFont", SHORT),
            Number("fLabelOffset", FLOAT),
            Number("fLabelSize", FLOAT),
            Number("fTickLength", FLOAT),
            Number("fTitleOffset", FLOAT),
            Number("fTitleSize", FLOAT),
            Number("fTitleColor", SHORT),
            Number("fTitleFont", SHORT),
        ],
    },
    Class {
        name: "TAxis",
        version: 10,
        checksum: 0x5a49_6e70,
        elements: &[
            Base("TNamed"),
            Base("TAttAxis"),
            Number("fNbins", INT),
            Number("fXmin", DOUBLE),
            Number("fXmax", DOUBLE),
            Array("fXbins"),
            Number("fFirst", INT),
            Number("fLast", INT),
            Number("fBits2", USHORT),
            Number("fTimeDisplay", BOOL),
            Text("fTimeFormat"),
            Pointer("fLabels", "THashList"),
            Pointer("fModLabs", "TList"),
        ],
    },
    Class {
        name: "TH1",
        version: 8,
        checksum: 0x1c37_40c4,
        elements: &[
            Base("TNamed"),
            Base("TAttLine"),
            Base("TAttFill"),
            Base("TAttMarker"),
            Number("fNcells", INT),
            Object("fXaxis", "TAxis", 216),
            Object("fYaxis", "TAxis", 216),
            Object("fZaxis", "TAxis", 216),
            Number("fBarOffset", SHORT),
            Number("fBarWidth", SHORT),
            Number("fEntries", DOUBLE),
            Number("fTsumw", DOUBLE),
            Number("fTsumw2", DOUBLE),
            Number("fTsumwx", DOUBLE),
            Number("fTsumwx2", DOUBLE),
            Number("fMaximum", DOUBLE),
            Number("fMinimum", DOUBLE),
            Number("fNormFactor", DOUBLE),
            Array("fContour"),
            Array("fSumw2"),
            Text("fOption"),
            Owned("fFunctions", "TList"),
            Number("fBufferSize", COUNTER),
            Doubles("fBuffer", "fBufferSize", "TH1"),
            Number("fBinStatErrOpt", Basic(3, 4, "TH1::EBinErrorOpt")),
            Number("fStatOverflows", Basic(3, 4, "TH1::EStatOverflows")),
        ],
    },
    Class { name: "TH1D", version: 3, checksum: 0xf9b1_569f, elements: &[Base("TH1"), Base("TArrayD")] },
    Class {
        name: "TH2",
        version: 5,
        checksum: 0x0182_347f,
        elements: &[
            Base("TH1"),
            Number("fScalefactor", DOUBLE),
            Number("fTsumwy", DOUBLE),
            Number("fTsumwy2", DOUBLE),
            Number("fTsumwxy", DOUBLE),
        ],
    },
    Class { name: "TH2D", version: 4, checksum: 0x7fba_82f0, elements: &[Base("TH2"), Base("TArrayD")] },
    Class {
        name: "TGraph",
        version: 5,
        checksum: 0xb932_984f,
        elements: &[
            Base("TNamed"),
            Base("TAttLine"),
            Base("TAttFill"),
            Base("TAttMarker"),
            Number("fNpoints", COUNTER),
            Doubles("fX", "fNpoints", "TGraph"),
            Doubles("fY", "fNpoints", "TGraph"),
            Pointer("fFunctions", "TList"),
            Pointer("fHistogram", "TH1F"),
            Number("fMinimum", DOUBLE),
            Number("fMaximum", DOUBLE),
            Text("fOption"),
        ],
    },
    Class {
        name: "TGraphErrors",
        version: 3,
        checksum: 0xbdad_b119,
        elements: &[Base("TGraph"), Doubles("fEX", "fNpoints", "TGraph"), Doubles("fEY", "fNpoints", "TGraph")],
    },
    // Written by itself and so not in the list: it is here for what its heirs say of it.
    Class { name: ARRAY, version: 1, checksum: 0x7139_ef34, elements: &[] },
];

const ARRAY: &str = "TArrayD";

fn class(name: &str) -> Option<&'static Class> {
    CLASSES.iter().find(|class| class.name == name)
}

/// The version of a class that is written.
pub(super) fn version(name: &str) -> i16 {
    class(name).map_or(0, |class| class.version as i16)
}

/// Adds a class and all that it is made of.
fn add(name: &str, into: &mut Vec<&'static Class>) {
    let Some(class) = class(name).filter(|class| class.name != ARRAY) else { return };
    if into.iter().any(|known| known.name == name) {
        return;
    }
    into.push(class);
    for element in class.elements {
        match element {
            Base(other) | Object(_, other, _) | Pointer(_, other) | Owned(_, other) => add(other, into),
            _ => {}
        }
    }
}

/// The list of the layouts of some classes, with the labels that an axis may have.
pub(super) fn write_list(names: &[&str], out: &mut Out) {
    let mut classes = Vec::new();
    names.iter().chain(&["TString", "TObjString"]).for_each(|name| add(name, &mut classes));
    out.object(version("TList"), |out| {
        out.list_start(classes.len());
        for class in classes {
            out.pointer("TStreamerInfo", 9, |out| {
                out.named(ObjectBits { number: 0, bits: 0x0301_0000 }, class.name, "");
                out.u32(class.checksum);
                out.i32(class.version);
                out.pointer("TObjArray", 3, |out| {
                    out.list_start(class.elements.len());
                    out.i32(0); // index of the first
                    class.elements.iter().for_each(|element| write_element(element, out));
                });
            });
            out.text(""); // how to draw it
        }
    });
}

/// Numbers of an element beside its name.
struct Shape<'a> {
    code: i32,
    size: i32,
    indices: [i32; 5],
    type_name: &'a str,
}

fn plain(code: i32, size: i32, type_name: &str) -> Shape<'_> {
    Shape { code, size, indices: [0; 5], type_name }
}

fn write_element(element: &Element, out: &mut Out) {
    match *element {
        Base(name) => {
            let base = class(name);
            let checksum = base.map_or(0, |base| base.checksum) as i32;
            let shape = Shape { code: base_code(name), size: 0, indices: [0, checksum, 0, 0, 0], type_name: "BASE" };
            out.pointer("TStreamerBase", 3, |out| {
                write_start(name, "", &shape, out);
                out.i32(base.map_or(0, |base| base.version));
            });
        }
        Number(name, Basic(code, size, type_name)) => {
            out.pointer("TStreamerBasicType", 2, |out| write_start(name, "", &plain(code, size, type_name), out));
        }
        Doubles(name, counter, of) => {
            const POINTER: i32 = 40;
            out.pointer("TStreamerBasicPointer", 2, |out| {
                write_start(name, &format!("[{counter}]"), &plain(POINTER + DOUBLE.0, 8, "double*"), out);
                out.i32(version(of).into());
                out.text(counter);
                out.text(of);
            });
        }
        Object(name, class, size) => {
            out.pointer("TStreamerObject", 2, |out| write_start(name, "", &plain(61, size, class), out));
        }
        Array(name) => out.pointer("TStreamerObjectAny", 2, |out| write_start(name, "", &plain(62, 24, ARRAY), out)),
        Pointer(name, class) => {
            out.pointer("TStreamerObjectPointer", 2, |out| write_start(name, "", &plain(64, 8, &format!("{class}*")), out));
        }
        Owned(name, class) => {
            out.pointer("TStreamerObjectPointer", 2, |out| write_start(name, "->", &plain(63, 8, &format!("{class}*")), out));
        }
        Text(name) => out.pointer("TStreamerString", 2, |out| write_start(name, "", &plain(65, 24, "TString"), out)),
    }
}

/// What all elements begin with.
fn write_start(name: &str, title: &str, shape: &Shape, out: &mut Out) {
    out.object(4, |out| {
        out.named(ObjectBits::PLAIN, name, title);
        out.i32(shape.code);
        out.i32(shape.size);
        out.i32(0); // length and
        out.i32(0); // dimensions of an array
        shape.indices.iter().for_each(|index| out.i32(*index));
        out.text(shape.type_name);
    });
}
