//! Reads a reconstructed file: trees of ours out of a ROOT file, by [`monitasks::format::root`].
//!
//! Only the ranges of the file that an answer needs are read: counting events takes the trees' records, the row of `meta` and the
//! keys of the baskets, and not the values.

use std::path::Path;

use jiff::Timestamp;
use monitasks::format::root::{self, ByteSource, RootError, RootFile};
use monitasks::vocab::{EventNumber, FileId};

use super::bytes::FileBytes;
use super::error::RecoFileError;
use super::schema::{EventRows, MatchedRows, MetaRows, RecoData, empty_trees, meta_of};
use super::tree::{Branch, Tree, Values};

/// What a file is of, and how much of it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoFacts {
    /// Which raw file it is of.
    pub file: FileId,
    /// Events that it should hold.
    pub events: u64,
    /// Whole events that the raw file held: more when only some were selected.
    pub raw_events: u64,
    /// Entries of the tree `events`: the same number when the file is good.
    pub entries: u64,
    /// Matched tracks in it.
    pub matched_tracks: u64,
    /// Program and version that wrote it.
    pub software: String,
    /// The detector file's name.
    pub detector: String,
}

/// Reads the whole file.
///
/// # Errors
/// When it can't be read, is damaged or is no reconstructed file.
pub fn load(path: &Path) -> Result<RecoData, RecoFileError> {
    let file = open(path)?;
    let trees = trees(&file).map_err(|error| at(path, error))?;
    RecoData::from_trees(trees).map_err(|what| RecoFileError::other(path, what))
}

/// What a file is of and how many events are in it. Every tree and every basket of it must be where its list says, and of the
/// length that it says; the values of the large trees are not read.
///
/// # Errors
/// As [`load`].
pub fn entries(path: &Path) -> Result<RecoFacts, RecoFileError> {
    let root = open(path)?;
    let (entries, meta) = counted(&root).map_err(|error| at(path, error))?;
    let matched_tracks = find(&root, MatchedRows::TREE).map_err(|error| at(path, error))?.entries;
    let meta = meta_of(meta).map_err(|what| RecoFileError::other(path, what))?;
    Ok(RecoFacts {
        matched_tracks,
        file: meta.file,
        events: meta.events,
        raw_events: meta.raw_events,
        entries,
        software: meta.software,
        detector: meta.detector,
    })
}

/// What a file is of, and number and stamp of each of its events, none where the stamp is no time. Three columns are read.
///
/// # Errors
/// As [`load`].
pub fn event_stamps(path: &Path) -> Result<EventStamps, RecoFileError> {
    const WANTED: [&str; 3] = ["number", "seconds", "nanoseconds"];
    let root = open(path)?;
    let events = empty_trees().into_iter().find(|known| known.name == EventRows::TREE);
    let mut events = events.ok_or_else(|| RecoFileError::other(path, "no schema of the tree 'events'"))?;
    events.branches.retain(|branch| WANTED.contains(&branch.name.as_str()));
    let read = |root: &RootFile<FileBytes>| {
        let (_, meta) = counted(root)?;
        Ok((columns(root, &find(root, EventRows::TREE)?, events)?, meta))
    };
    let (events, meta) = read(&root).map_err(|error| at(path, error))?;
    let meta = meta_of(meta).map_err(|what| RecoFileError::other(path, what))?;
    let column = |name: &str| events.branches.iter().find(|branch| branch.name == name).map(|branch| &branch.values);
    let (Some(Values::I64(numbers)), Some(Values::I64(seconds)), Some(Values::I32(nanoseconds))) =
        (column("number"), column("seconds"), column("nanoseconds"))
    else {
        return Err(RecoFileError::other(path, "no numbers and stamps in the tree 'events'"));
    };
    let stamps = seconds.iter().zip(nanoseconds).map(|(second, nanosecond)| Timestamp::new(*second, *nanosecond).ok());
    let numbers = numbers.iter().map(|number| u32::try_from(*number).ok().map(EventNumber));
    Ok(EventStamps { file: meta.file, events: numbers.zip(stamps).collect() })
}

/// The events of a reconstructed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventStamps {
    /// Which raw file it is of.
    pub file: FileId,
    /// Number and stamp of each event, in the file's order.
    pub events: Vec<(Option<EventNumber>, Option<Timestamp>)>,
}

/// The entries of the tree `events`, and the tree `meta`; all trees and baskets are checked to be there.
pub(super) fn counted<S: ByteSource>(file: &RootFile<S>) -> Result<(u64, Tree), RootError> {
    for known in empty_trees() {
        let tree = find(file, &known.name)?;
        for branch in &tree.branches {
            check_length(&tree, branch)?;
            file.check_baskets(branch)?;
        }
    }
    let meta = empty_trees().into_iter().find(|known| known.name == MetaRows::TREE);
    let meta = meta.ok_or_else(|| RootError::Missing("no schema of the tree 'meta'".into()))?;
    Ok((find(file, EventRows::TREE)?.entries, columns(file, &find(file, MetaRows::TREE)?, meta)?))
}

fn open(path: &Path) -> Result<RootFile<FileBytes>, RecoFileError> {
    // Whoever opens a pipe waits for somebody to write into it.
    let metadata = std::fs::metadata(path).map_err(|error| RecoFileError::io("opened", path, &error))?;
    if !metadata.is_file() {
        return Err(RecoFileError::other(path, "it is not a regular file"));
    }
    let bytes = FileBytes::open(path).map_err(|error| RecoFileError::io("opened", path, &error))?;
    RootFile::open(bytes).map_err(|error| at(path, error))
}

/// An error of the ROOT file with the path to it.
fn at(path: &Path, error: RootError) -> RecoFileError {
    match error {
        RootError::Damaged { what, offset, found, expected } => {
            RecoFileError::Damaged { what, offset, found, expected, path: path.to_owned() }
        }
        RootError::Source(why) => RecoFileError::io("read", path, &why),
        other => RecoFileError::other(path, other.to_string()),
    }
}

/// All trees of a reconstructed file with their known columns.
pub(super) fn trees<S: ByteSource>(file: &RootFile<S>) -> Result<Vec<Tree>, RootError> {
    empty_trees().into_iter().map(|known| columns(file, &find(file, &known.name)?, known)).collect()
}

fn find<S: ByteSource>(file: &RootFile<S>, name: &str) -> Result<root::Tree, RootError> {
    file.tree(file.find(name)?)
}

/// A tree with the values of its known columns.
fn columns<S: ByteSource>(file: &RootFile<S>, tree: &root::Tree, known: Tree) -> Result<Tree, RootError> {
    let mut branches = Vec::new();
    for Branch { name, .. } in known.branches {
        let branch = tree.branch(&name)?;
        check_length(tree, branch)?;
        let values = file.column(branch)?.one_each()?;
        let other =
            || RootError::Unsupported(format!("column '{name}' of tree '{}' is of type {}", tree.name, branch.type_name()));
        let values = Values::of(values).ok_or_else(other)?;
        branches.push(Branch { name, values });
    }
    Ok(Tree { name: known.name, branches })
}

/// That a branch has as many entries as its tree.
fn check_length(tree: &root::Tree, branch: &root::Branch) -> Result<(), RootError> {
    if branch.entries == tree.entries {
        return Ok(());
    }
    Err(RootError::Damaged {
        what: format!("column '{}' of tree '{}'", branch.name, tree.name),
        offset: 0,
        found: format!("{} values", branch.entries),
        expected: format!("{}, as the tree says", tree.entries),
    })
}
