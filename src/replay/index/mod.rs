//! The index of a replay: all records of all streams, sorted by their stamps, and a table by number. It is made once, kept in a file,
//! extended as sources grow and made anew when in doubt.
//!
//! `rows.rs` has a record as it is kept, `building.rs` merges streams, `numbers.rs` finds runs and events, `faults.rs` tells what is
//! wrong with stamps, `file.rs` reads and writes the file.

mod building;
mod faults;
mod file;
mod numbers;
mod rows;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::record::{RecordHeader, StreamFacts, StreamId};
use super::source::{ReplayError, SourceMark, StreamSource};
use file::Unusable;
pub(super) use numbers::Numbers;
pub(super) use rows::{Row, is_data, stamp, stream, unpack};

/// All records of some streams, in order: by stamp; of the same stamp by stream; in a stream as its source keeps them.
#[derive(Debug)]
pub struct ReplayIndex {
    streams: Vec<StreamFacts>,
    kept: Vec<KeptStream>,
    rows: Vec<Row>,
    numbers: Numbers,
    made: Made,
    left_out: Vec<LeftOut>,
}

/// A stream that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Its name.
    pub name: String,
    /// Why.
    pub why: String,
}

/// How an index came to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Made {
    /// In which way.
    pub way: Way,
    /// For one that was made anew why it was not opened, for one that was extended what has come.
    pub why: Vec<String>,
    /// Why it could not be kept in its file; it is whole in memory all the same.
    pub not_kept: Option<String>,
}

/// In which way an index came to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// From its sources: there was none.
    #[default]
    Built,
    /// From its file: nothing has changed since.
    Opened,
    /// From its file and what has come since.
    Extended,
    /// From its sources: the one that was there could not be used, or not all of it.
    Rebuilt,
}

/// What is kept of a stream beside its records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct KeptStream {
    /// The faults in it are those that the source told of the records it has read.
    facts: StreamFacts,
    end_fault: Option<String>,
    mark: SourceMark,
    records: u64,
    steps: faults::Steps,
    twice: faults::Times,
}

impl ReplayIndex {
    /// Opens the index in a file, extends it by what its sources have got since, or makes it anew from them and says why; with no file
    /// it is made in memory. A source that can't be read is left out and told; so is a file that can't be written.
    ///
    /// # Errors
    ///
    /// There are more streams or records than can be told apart.
    pub fn open_or_build(path: Option<&Path>, sources: Vec<Box<dyn StreamSource>>) -> Result<Self, ReplayError> {
        let Some(path) = path else {
            return Ok(building::build(sources, None)?.0);
        };
        let (earlier, unusable) = match file::read(path) {
            Ok(earlier) => (earlier, None),
            Err(unusable) => (None, Some(unusable)),
        };
        let (mut index, is_new) = building::build(sources, earlier)?;
        let may_be_kept = unusable.as_ref().is_none_or(|unusable| unusable.is_index);
        if let Some(Unusable { why, .. }) = unusable {
            index.made = Made { way: Way::Rebuilt, why: vec![why], not_kept: None };
        }
        if !may_be_kept {
            index.made.not_kept = Some(format!("another file stands where the index would be: {}", path.display()));
        } else if is_new && let Err(why) = file::write(path, &index) {
            index.made.not_kept = Some(format!("the index can't be kept: {why}: {}", path.display()));
        }
        Ok(index)
    }

    /// The streams, with all that is wrong with each; a `StreamId` is the place in it.
    #[must_use]
    pub fn streams(&self) -> &[StreamFacts] {
        &self.streams
    }

    /// The stream with a name.
    #[must_use]
    pub fn stream(&self, name: &str) -> Option<StreamId> {
        let at = self.streams.iter().position(|stream| stream.name == name)?;
        u16::try_from(at).ok().map(StreamId)
    }

    /// How many records a stream has.
    #[must_use]
    pub fn records_of(&self, stream: StreamId) -> u64 {
        self.kept.get(usize::from(stream.0)).map_or(0, |kept| kept.records)
    }

    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A record by its place, from 0.
    #[must_use]
    pub fn header(&self, place: usize) -> Option<RecordHeader> {
        self.rows.get(place).map(unpack)
    }

    /// Records in order; those beyond the last are none.
    pub fn headers(&self, places: Range<usize>) -> impl DoubleEndedIterator<Item = RecordHeader> + '_ {
        let end = places.end.min(self.rows.len());
        self.rows[places.start.min(end)..end].iter().map(unpack)
    }

    /// How it came to be.
    #[must_use]
    pub fn made(&self) -> &Made {
        &self.made
    }

    /// Streams that could not be read.
    #[must_use]
    pub fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub(super) fn numbers(&self) -> &Numbers {
        &self.numbers
    }
}

impl KeptStream {
    /// The stream as people see it: with what its source, its stamps and its end have wrong.
    fn told(&self) -> StreamFacts {
        let mut facts = self.facts.clone();
        facts.faults.extend(self.steps.words());
        facts.faults.extend(faults::twice_words(&self.twice));
        facts.faults.extend(self.end_fault.clone());
        facts
    }
}
