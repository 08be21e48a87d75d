//! The layouts of the classes that a plain tree is made of, for files that do not tell them: ROOT knows its own classes, and
//! writers that write nothing else may leave them out.
//!
//! The versions are those that ROOT has written since 6.12; members and order are those of its streamers.

use super::layout::{Basic, Kind, Layout, Layouts, Member};

/// Checksum that stands in the place of a version of `ROOT::TIOFeatures`.
const FEATURES_CHECKSUM: u32 = 0x1AA1_2F10;
const FEATURES: &str = "ROOT::TIOFeatures";

fn member(name: &str, kind: Kind) -> Member {
    Member { name: name.into(), kind }
}

fn base(class: &str) -> Member {
    member(class, Kind::Base(class.into()))
}

fn inside(name: &str, class: &str) -> Member {
    member(name, Kind::Inside(class.into()))
}

fn counted(name: &str, basic: Basic, counter: &str) -> Member {
    member(name, Kind::Counted(basic, counter.into()))
}

fn all(basic: Basic, names: &[&str]) -> Vec<Member> {
    names.iter().map(|name| member(name, Kind::One(basic))).collect()
}

fn pointers(names: &[&str]) -> Vec<Member> {
    names.iter().map(|name| member(name, Kind::Pointer)).collect()
}

impl Layouts {
    /// Adds the classes of a plain tree.
    pub(super) fn add_tree_classes(&mut self) {
        let shorts = |names: &[&str]| all(Basic::I16, names);
        self.add("TAttLine", 2, shorts(&["fLineColor", "fLineStyle", "fLineWidth"]));
        self.add("TAttFill", 2, shorts(&["fFillColor", "fFillStyle"]));
        let marker = [shorts(&["fMarkerColor", "fMarkerStyle"]), all(Basic::F32, &["fMarkerSize"])].concat();
        self.add("TAttMarker", 2, marker);
        let features = Layout { version: 1, checksum: FEATURES_CHECKSUM, members: all(Basic::U8, &["fIOBits"]) };
        self.insert(FEATURES, features);
        self.add("TTree", 20, tree());
        self.add("TBranch", 13, branch());
    }
}

fn tree() -> Vec<Member> {
    [
        ["TNamed", "TAttLine", "TAttFill", "TAttMarker"].map(base).to_vec(),
        all(Basic::I64, &["fEntries", "fTotBytes", "fZipBytes", "fSavedBytes", "fFlushedBytes"]),
        all(Basic::F64, &["fWeight"]),
        all(Basic::I32, &["fTimerInterval", "fScanField", "fUpdate", "fDefaultEntryOffsetLen", "fNClusterRange"]),
        all(Basic::I64, &["fMaxEntries", "fMaxEntryLoop", "fMaxVirtualSize", "fAutoSave", "fAutoFlush", "fEstimate"]),
        ["fClusterRangeEnd", "fClusterSize"].map(|name| counted(name, Basic::I64, "fNClusterRange")).to_vec(),
        vec![inside("fIOFeatures", FEATURES), inside("fBranches", "TObjArray"), inside("fLeaves", "TObjArray")],
        pointers(&["fAliases"]),
        vec![inside("fIndexValues", "TArrayD"), inside("fIndex", "TArrayI")],
        pointers(&["fTreeIndex", "fFriends", "fUserInfo", "fBranchRef"]),
    ]
    .concat()
}

fn branch() -> Vec<Member> {
    [
        ["TNamed", "TAttFill"].map(base).to_vec(),
        all(Basic::I32, &["fCompress", "fBasketSize", "fEntryOffsetLen", "fWriteBasket"]),
        all(Basic::I64, &["fEntryNumber"]),
        vec![inside("fIOFeatures", FEATURES)],
        all(Basic::I32, &["fOffset", "fMaxBaskets", "fSplitLevel"]),
        all(Basic::I64, &["fEntries", "fFirstEntry", "fTotBytes", "fZipBytes"]),
        ["fBranches", "fLeaves", "fBaskets"].map(|name| inside(name, "TObjArray")).to_vec(),
        vec![
            counted("fBasketBytes", Basic::I32, "fMaxBaskets"),
            counted("fBasketEntry", Basic::I64, "fMaxBaskets"),
            counted("fBasketSeek", Basic::I64, "fMaxBaskets"),
            member("fFileName", Kind::Text),
        ],
    ]
    .concat()
}
