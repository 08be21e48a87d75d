//! Data sets: open lists that follow a query, and named snapshots of them that never change.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use monitasks::vocab::Run;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::safe_csv::csv_line;

#[cfg(test)]
mod tests;

/// An open data set: the runs that a query finds, now and later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenDataset {
    /// Its name.
    pub name: String,
    /// The query.
    pub query: String,
    /// The data stream whose files are meant; empty for all.
    #[serde(default)]
    pub stream: String,
    /// The run cycle, by its name, first and last run; none for all runs.
    #[serde(default)]
    pub cycle: Option<RunCycle>,
    /// Only file sets whose files are all here.
    #[serde(default)]
    pub only_local: bool,
}

/// Runs that were taken under the same conditions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunCycle {
    /// Its name: `2017-autumn`.
    pub name: String,
    /// Its first run.
    pub first: Run,
    /// Its last run; none while it goes on.
    pub last: Option<Run>,
}

/// The files of a run in one data stream.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileSet {
    /// The run.
    pub run: Run,
    /// The data stream.
    pub stream: String,
    /// Files in it.
    pub files: u64,
    /// Whether all of them are here.
    pub is_local: bool,
}

/// Why a file set that was asked for is not in a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// The query does not find its run.
    NotFound,
    /// It is of another data stream.
    OtherStream,
    /// Its run is of another cycle.
    OtherCycle,
    /// Its files are not all here.
    NotLocal,
    /// There is no such file set any more.
    Gone,
}

/// A moment of a data set that never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// Its own name.
    pub name: String,
    /// The data set that it was made of, as it was then.
    pub dataset: OpenDataset,
    /// When.
    pub at: Timestamp,
    /// Who made it.
    pub who: String,
    /// Its file sets, by run and stream.
    pub members: Vec<FileSet>,
    /// SHA-256 over its canonical list, in hexadecimal.
    pub sha256: String,
}

/// What differs between two lists of file sets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Only in the second.
    pub added: Vec<FileSet>,
    /// Only in the first.
    pub removed: Vec<FileSet>,
    /// In both, with other files: as in the first, as in the second.
    pub changed: Vec<(FileSet, FileSet)>,
}

/// A file set of a snapshot that is no longer in its open data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RemovedSince {
    /// The file set as in the snapshot.
    pub member: FileSet,
    /// Why.
    pub because: LeftOut,
}

/// What is wrong with a data set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DatasetError {
    /// Not a name.
    #[error("{0:?} is no name: expected 1 to 80 letters, digits and '-', '_', '.', a letter or digit first")]
    Name(String),
    /// The list is not what its hash says.
    #[error("the list of snapshot '{name}' was changed after it was made: its hash is {found}, expected {expected}")]
    Changed {
        /// The snapshot.
        name: String,
        /// The hash of the list.
        found: String,
        /// The hash that it was made with.
        expected: String,
    },
    /// A run cycle that ends before it begins.
    #[error("run cycle '{0}' ends before it begins")]
    Cycle(String),
}

impl LeftOut {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            LeftOut::NotFound => "its query no longer finds the run",
            LeftOut::OtherStream => "it is of another data stream",
            LeftOut::OtherCycle => "its run is of another cycle",
            LeftOut::NotLocal => "not all of its files are here",
            LeftOut::Gone => "there are no such files any more",
        }
    }
}

/// Whether this may be the name of a data set or snapshot.
///
/// # Errors
/// When it may not, with what may.
pub fn checked_name(name: &str) -> Result<(), DatasetError> {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let is_name = (1..=80).contains(&name.len())
        && name.chars().all(is_letter)
        && name.starts_with(|letter: char| letter.is_ascii_alphanumeric());
    if is_name { Ok(()) } else { Err(DatasetError::Name(name.to_owned())) }
}

impl OpenDataset {
    /// Whether name and cycle make sense; the query is checked by whoever knows the fields.
    ///
    /// # Errors
    /// When one does not.
    pub fn checked(&self) -> Result<(), DatasetError> {
        checked_name(&self.name)?;
        match &self.cycle {
            Some(cycle) if cycle.last.is_some_and(|last| last < cycle.first) => Err(DatasetError::Cycle(cycle.name.clone())),
            _ => Ok(()),
        }
    }

    /// Why a file set is not in it; none when it is. `found` are the runs that its query finds.
    #[must_use]
    pub fn leaves_out(&self, set: &FileSet, found: &BTreeSet<Run>) -> Option<LeftOut> {
        let in_cycle = |cycle: &RunCycle| set.run >= cycle.first && cycle.last.is_none_or(|last| set.run <= last);
        if !found.contains(&set.run) {
            Some(LeftOut::NotFound)
        } else if !self.stream.is_empty() && set.stream != self.stream {
            Some(LeftOut::OtherStream)
        } else if !self.cycle.as_ref().is_none_or(in_cycle) {
            Some(LeftOut::OtherCycle)
        } else if self.only_local && !set.is_local {
            Some(LeftOut::NotLocal)
        } else {
            None
        }
    }

    /// Its file sets now, by run and stream. `found` are the runs that its query finds, `sets` all file sets there are.
    #[must_use]
    pub fn members(&self, found: &BTreeSet<Run>, sets: &[FileSet]) -> Vec<FileSet> {
        in_order(sets.iter().filter(|set| self.leaves_out(set, found).is_none()).cloned())
    }

    /// A snapshot of it.
    ///
    /// # Errors
    /// When the name is none.
    pub fn snapshot(&self, name: &str, members: Vec<FileSet>, who: &str, at: Timestamp) -> Result<Snapshot, DatasetError> {
        checked_name(name)?;
        let members = in_order(members);
        let sha256 = hash_of(&members);
        Ok(Snapshot { name: name.to_owned(), dataset: self.clone(), at, who: who.to_owned(), members, sha256 })
    }
}

impl Snapshot {
    /// Whether its list is the one that it was made with.
    ///
    /// # Errors
    /// With both hashes when it is not.
    pub fn verify(&self) -> Result<(), DatasetError> {
        let found = hash_of(&self.members);
        if found == self.sha256 {
            return Ok(());
        }
        Err(DatasetError::Changed { name: self.name.clone(), found, expected: self.sha256.clone() })
    }

    /// Its file sets that are no longer in its data set as that is now, and why. `found` are the runs that the data set's query
    /// finds now.
    #[must_use]
    pub fn removed_since(&self, dataset: &OpenDataset, found: &BTreeSet<Run>, sets: &[FileSet]) -> Vec<RemovedSince> {
        let now = by_key(sets);
        let removed = self.members.iter().filter_map(|member| {
            let because = match now.get(&(member.run, member.stream.as_str())) {
                None => Some(LeftOut::Gone),
                Some(set) => dataset.leaves_out(set, found),
            };
            because.map(|because| RemovedSince { member: member.clone(), because })
        });
        removed.collect()
    }

    /// As CSV with a line of names.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut text = csv_line(["run", "stream", "files", "is_local"]);
        for set in &self.members {
            let (run, files) = (set.run.0.to_string(), set.files.to_string());
            text += &csv_line([run.as_str(), set.stream.as_str(), files.as_str(), if set.is_local { "yes" } else { "no" }]);
        }
        text
    }

    /// As JSON, with everything that stands in it.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::json!({"schema": 1, "snapshot": self})
    }

    /// The numbers of its runs, one in a line.
    #[must_use]
    pub fn run_list(&self) -> String {
        let runs: BTreeSet<Run> = self.members.iter().map(|set| set.run).collect();
        runs.into_iter().map(|run| format!("{}\n", run.0)).collect()
    }
}

/// What differs between two lists. Whether files are here is no difference.
#[must_use]
pub fn difference(first: &[FileSet], second: &[FileSet]) -> Difference {
    let (before, after) = (by_key(first), by_key(second));
    let mut difference = Difference::default();
    for (key, set) in &before {
        match after.get(key) {
            None => difference.removed.push((*set).clone()),
            Some(now) if now.files != set.files => difference.changed.push(((*set).clone(), (*now).clone())),
            Some(_) => {}
        }
    }
    difference.added.extend(after.iter().filter(|(key, _)| !before.contains_key(key)).map(|(_, set)| (*set).clone()));
    difference
}

fn by_key(sets: &[FileSet]) -> BTreeMap<(Run, &str), &FileSet> {
    sets.iter().map(|set| ((set.run, set.stream.as_str()), set)).collect()
}

fn in_order(sets: impl IntoIterator<Item = FileSet>) -> Vec<FileSet> {
    let sets: BTreeMap<(Run, String), FileSet> = sets.into_iter().map(|set| ((set.run, set.stream.clone()), set)).collect();
    sets.into_values().collect()
}

/// SHA-256 over a line `run840<TAB>stream<TAB>files` for each file set, by run and stream, each line with its end. A stream is
/// written as a JSON string, so that no name can look like two cells. Whether the files are here is not in it: that changes
/// with the site, the data do not.
#[must_use]
pub fn hash_of(members: &[FileSet]) -> String {
    let mut digest = Sha256::new();
    for set in in_order(members.iter().cloned()) {
        let stream = serde_json::Value::String(set.stream.clone());
        digest.update(format!("{}\t{stream}\t{}\n", set.run, set.files));
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
