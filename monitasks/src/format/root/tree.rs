//! Trees: which branches there are, of which type, and where their baskets stand.

use std::sync::Arc;

use super::basket::Place;
use super::error::RootError;
use super::layout::Basic;
use super::object::{Object, Value};
use super::values::{Column, PerEntry, Values};

/// Branches in branches that are followed.
const MOST_DEPTH: usize = 40;
/// Longest name of a branch with those that it is inside of, bytes.
const LONGEST_NAME: usize = 1024;
/// Most leaves of one branch.
const MOST_LEAVES: usize = 256;

/// A tree; its values are read branch by branch.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    /// Its name.
    pub name: String,
    /// Its title.
    pub title: String,
    /// Number of entries.
    pub entries: u64,
    /// Its branches, those inside others behind them; a branch of several leaves is one for each, `branch.leaf`.
    pub branches: Vec<Branch>,
}

/// One branch, or one leaf of a branch of several.
#[derive(Debug, Clone, PartialEq)]
pub struct Branch {
    /// Its name; inside another branch, with that one's name and a `/` before it.
    pub name: String,
    /// Its title, by custom name, shape and type: `x[n]/F`.
    pub title: String,
    /// Number of entries.
    pub entries: u64,
    pub(super) kind: BranchKind,
    pub(super) baskets: Arc<Vec<Place>>,
}

/// What a branch holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum BranchKind {
    /// As many numbers to each entry, `skip` bytes behind the start of its `stride` bytes.
    Fixed { basic: Basic, count: usize, skip: usize, stride: usize },
    /// As many numbers as fit into an entry's bytes.
    Counted(Basic),
    /// A `std::vector` of numbers.
    Vector(Basic),
    /// A text with its length before it.
    Text,
    /// Only branches, no values of its own.
    Folder,
    /// Not read: why.
    Unreadable(String),
}

impl Tree {
    pub(super) fn of(object: &Object) -> Result<Tree, RootError> {
        let unlike = |_| RootError::Unsupported("no tree".into());
        let entries = object.count("fEntries").map_err(unlike)? as u64;
        let mut branches = Vec::new();
        for branch in object.list("fBranches").map_err(unlike)?.iter() {
            add_branch(branch, "", 0, &mut branches)?;
        }
        let (name, title) = (object.text("fName")?.to_owned(), object.text("fTitle")?.to_owned());
        Ok(Tree { name, title, entries, branches })
    }

    /// Bytes of all records of baskets; a branch of several leaves counts once.
    pub(super) fn basket_bytes(&self) -> u64 {
        let mut before: Option<&Arc<Vec<Place>>> = None;
        let mut sum = 0u64;
        for branch in &self.branches {
            if !before.is_some_and(|before| Arc::ptr_eq(before, &branch.baskets)) {
                sum = branch.baskets.iter().fold(sum, |sum, place| sum.saturating_add(place.file_bytes()));
            }
            before = Some(&branch.baskets);
        }
        sum
    }

    /// A branch by its name.
    ///
    /// # Errors
    /// When there is none; the error lists what there is.
    pub fn branch(&self, name: &str) -> Result<&Branch, RootError> {
        self.branches.iter().find(|branch| branch.name == name).ok_or_else(|| {
            let names: Vec<&str> = self.branches.iter().map(|branch| branch.name.as_str()).collect();
            RootError::Missing(format!("tree '{}' has no branch '{name}'; there are: {}", self.name, names.join(", ")))
        })
    }
}

impl Branch {
    /// The type of its values: `int32`, `float64`, `text`, ...; `none` for a branch of branches or one that is not readable here.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        self.empty_column().map_or("none", |column| column.values.type_name())
    }

    /// How many values there are to an entry; none when that varies or there are none.
    #[must_use]
    pub fn values_per_entry(&self) -> Option<usize> {
        match self.empty_column().ok()?.per_entry {
            PerEntry::Fixed(count) => Some(count),
            PerEntry::Ends(_) => None,
        }
    }

    /// Whether it holds branches and no values.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        self.kind == BranchKind::Folder
    }

    /// Why its values can't be read here, if they can't.
    #[must_use]
    pub fn unreadable(&self) -> Option<&str> {
        match &self.kind {
            BranchKind::Unreadable(why) => Some(why),
            _ => None,
        }
    }

    pub(super) fn empty_column(&self) -> Result<Column, RootError> {
        let (values, per_entry) = match &self.kind {
            BranchKind::Fixed { basic, count, .. } => (Values::empty(*basic), PerEntry::Fixed(*count)),
            BranchKind::Counted(basic) | BranchKind::Vector(basic) => (Values::empty(*basic), PerEntry::Ends(Vec::new())),
            BranchKind::Text => (Values::Text(Vec::new()), PerEntry::Fixed(1)),
            BranchKind::Folder => return Err(RootError::Unsupported(format!("branch '{}' holds only branches", self.name))),
            BranchKind::Unreadable(why) => return Err(RootError::Unsupported(format!("branch '{}' {why}", self.name))),
        };
        Ok(Column { values, per_entry })
    }

    pub(super) fn check_entries(&self, found: u64) -> Result<(), RootError> {
        if found == self.entries {
            return Ok(());
        }
        Err(RootError::damaged(
            &format!("baskets of branch '{}'", self.name),
            0,
            format!("{found} entries"),
            format!("{}, as the branch says", self.entries),
        ))
    }
}

/// Adds a branch and those inside it.
fn add_branch(value: &Value, before: &str, depth: usize, into: &mut Vec<Branch>) -> Result<(), RootError> {
    let Some(object) = value.object() else {
        if let Value::Skipped(class) = value {
            let kind = BranchKind::Unreadable(format!("is a {class} of a kind that is not read here"));
            let name = format!("{before}{class}");
            into.push(Branch { name, title: String::new(), entries: 0, kind, baskets: Arc::default() });
        }
        return Ok(());
    };
    if depth > MOST_DEPTH {
        return Err(RootError::Unsupported(format!("branches more than {MOST_DEPTH} deep")));
    }
    let name = format!("{before}{}", object.text("fName")?.trim_end_matches('.'));
    if name.len() > LONGEST_NAME {
        return Err(RootError::Unsupported(format!(
            "a branch with a name of {} bytes, {LONGEST_NAME} at most are read",
            name.len()
        )));
    }
    let title = object.text("fTitle")?.to_owned();
    let entries = object.count("fEntries")? as u64;
    let baskets = Arc::new(Place::all_of(object)?);
    let leaves: Vec<&Object> = object.list("fLeaves")?.iter().filter_map(Value::object).collect();
    let inside = object.list("fBranches")?;
    for (leaf, kind) in kinds(object, &leaves, !inside.is_empty())? {
        let name = leaf.map_or_else(|| name.clone(), |leaf| format!("{name}.{leaf}"));
        into.push(Branch { name, title: title.clone(), entries, kind, baskets: baskets.clone() });
    }
    for branch in inside {
        add_branch(branch, &format!("{name}/"), depth + 1, into)?;
    }
    Ok(())
}

/// What each leaf of a branch holds, with its name if there are several.
fn kinds(branch: &Object, leaves: &[&Object], has_branches: bool) -> Result<Vec<(Option<String>, BranchKind)>, RootError> {
    let alone = |kind| Ok(vec![(None, kind)]);
    let unreadable = |why: String| alone(BranchKind::Unreadable(why));
    if branch.get("fFileName").is_some_and(|name| matches!(name, Value::Text(name) if !name.is_empty())) {
        return unreadable(format!("has its values in another file, {}", branch.text("fFileName")?));
    }
    if has_branches {
        return alone(BranchKind::Folder);
    }
    if let Some(Value::Skipped(class)) = branch.list("fLeaves")?.iter().find(|leaf| matches!(leaf, Value::Skipped(_))) {
        return unreadable(format!("has a leaf of class {class}, which is not read here"));
    }
    match (&*branch.class, leaves) {
        ("TBranchElement", [leaf]) => alone(kind_of_element(branch, leaf)?),
        ("TBranch", [leaf]) => alone(kind_of_leaf(leaf)?),
        ("TBranch", []) => unreadable("has no leaf".into()),
        ("TBranch", leaves) if leaves.len() > MOST_LEAVES => {
            unreadable(format!("has {} leaves, more than {MOST_LEAVES}", leaves.len()))
        }
        ("TBranch", leaves) => Ok(kinds_of_leaves(leaves)?),
        (class, _) => {
            unreadable(format!("is a {class}; read are TBranch, and TBranchElement of numbers, vectors of numbers and texts"))
        }
    }
}

/// The leaves of a branch of several: each entry has the values of all in a row.
fn kinds_of_leaves(leaves: &[&Object]) -> Result<Vec<(Option<String>, BranchKind)>, RootError> {
    let mut kinds = Vec::new();
    let mut whole = 0;
    for leaf in leaves {
        let kind = kind_of_leaf(leaf)?;
        let kind = match kind {
            BranchKind::Fixed { basic, count, stride: size, .. } => {
                let skip = whole;
                whole = usize::saturating_add(whole, size);
                BranchKind::Fixed { basic, count, skip, stride: 0 }
            }
            _ => return Ok(vec![(None, BranchKind::Unreadable("has several leaves, and one of varying length".into()))]),
        };
        kinds.push((Some(leaf.text("fName")?.to_owned()), kind));
    }
    for (_, kind) in &mut kinds {
        if let BranchKind::Fixed { stride, .. } = kind {
            *stride = whole;
        }
    }
    Ok(kinds)
}

/// What a leaf of a plain branch holds.
fn kind_of_leaf(leaf: &Object) -> Result<BranchKind, RootError> {
    let signs = |signed, unsigned| leaf.integer("fIsUnsigned").map(|is| if is == 0 { signed } else { unsigned });
    let basic = match &*leaf.class {
        "TLeafO" => Basic::Bool,
        "TLeafB" => signs(Basic::I8, Basic::U8)?,
        "TLeafS" => signs(Basic::I16, Basic::U16)?,
        "TLeafI" => signs(Basic::I32, Basic::U32)?,
        "TLeafL" | "TLeafG" => signs(Basic::I64, Basic::U64)?,
        "TLeafF" => Basic::F32,
        "TLeafD" => Basic::F64,
        "TLeafC" => return Ok(BranchKind::Text),
        other => {
            return Ok(BranchKind::Unreadable(format!(
                "has a leaf of class {other}; read are TLeafO, B, S, I, L, G, F, D and C"
            )));
        }
    };
    let is_counted = !matches!(leaf.value("fLeafCount")?, Value::Reference(0));
    Ok(if is_counted { BranchKind::Counted(basic) } else { fixed(basic, leaf.count("fLen")?) })
}

fn fixed(basic: Basic, count: usize) -> BranchKind {
    match count.checked_mul(basic.size()) {
        Some(stride) if stride > 0 => BranchKind::Fixed { basic, count, skip: 0, stride },
        _ => BranchKind::Unreadable(format!("has {count} values to an entry")),
    }
}

/// What a branch of a C++ object holds.
fn kind_of_element(branch: &Object, leaf: &Object) -> Result<BranchKind, RootError> {
    /// Added to a number's code for an array of fixed length.
    const FIXED: i32 = 20;
    let class = branch.text("fClassName")?;
    let streamer = branch.integer("fStreamerType")? as i32;
    let is_counted = !matches!(leaf.value("fLeafCount")?, Value::Reference(0));
    let of_branch = branch.integer("fID")? < 0; // else of a member of a class that is split
    if of_branch && matches!(class, "string" | "std::string") {
        return Ok(BranchKind::Text);
    }
    if branch.integer("fType")? == 0 && !is_counted {
        if let Some(basic) = Basic::of_code(streamer).or_else(|| Basic::of_code(streamer - FIXED)) {
            return Ok(fixed(basic, leaf.count("fLen")?));
        }
        if of_branch {
            let inner = ["vector<", "std::vector<", "ROOT::VecOps::RVec<", "ROOT::RVec<"]
                .iter()
                .find_map(|start| class.strip_prefix(start)?.strip_suffix('>'));
            if let Some(basic) = inner.and_then(Basic::of_name) {
                return Ok(BranchKind::Vector(basic));
            }
        }
    }
    Ok(BranchKind::Unreadable(format!("holds objects of class {class}; read are numbers, vectors of numbers and texts")))
}
