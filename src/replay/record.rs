//! What replay walks over: records of streams, as headers alone. What a record holds stays where it is and is read when somebody
//! looks at it.

use jiff::Timestamp;
use monitasks::vocab::{EventNumber, Run, Sequence};
use serde::{Deserialize, Serialize};

/// A moment, ns since 1970 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stamp(pub i64);

/// A stream's place in the list of streams, from 0. Coincident records stand in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StreamId(pub u16);

/// Whether a record holds what is true from its stamp on, or what was seen at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// What is true from then on: a run's start, a voltage that was set, an alarm.
    Constants,
    /// What was taken or made at that moment: an event, a summary, a copy.
    Data,
}

/// The type of a stream's headers: what its records are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeaderType {
    /// A result of a task, as it was made.
    Summary,
    /// A number of a summary, at the time its data were taken.
    Reading,
    /// An event of a raw file.
    RawEvent,
    /// A raw file as the DAQ closed it.
    RawFile,
    /// An event of a reconstructed file.
    ReconstructedEvent,
    /// A run's start.
    RunStart,
    /// A row of slow control.
    SlowControl,
    /// What somebody decided.
    Decision,
    /// An alarm that began, was taken or ended.
    Alarm,
    /// What else was said: a problem, an issue, a shift.
    Said,
    /// A job that was given to the batch system, began or ended.
    Job,
    /// A copy that began or ended.
    Transfer,
}

/// What is known of a record without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RecordHeader {
    /// When it is valid.
    pub stamp: Stamp,
    /// Its stream.
    pub stream: StreamId,
    /// Constants or data.
    pub kind: RecordKind,
    /// Its run, where it is of one.
    pub run: Option<Run>,
    /// Its sequence, where it is of one.
    pub sequence: Option<Sequence>,
    /// Its event, where it is one.
    pub event: Option<EventNumber>,
    /// Where its stream keeps it: a byte offset, an entry's place in the book, an event's place in its file.
    pub place: u64,
}

/// A stream: records that belong together and come from one source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamFacts {
    /// Its name, of which there is one in a replay: `results/purity`, `raw/run840-seq3`, `book/decisions`.
    pub name: String,
    /// The type of its headers.
    pub header: HeaderType,
    /// What its records are, all of them; its header may say otherwise for some.
    pub kind: RecordKind,
    /// Where it was read from: a file, a folder, a book.
    pub source: String,
    /// What is wrong with it, in words a person reads: cut at, out of order, twice, a clock that jumped.
    pub faults: Vec<String>,
}

impl Stamp {
    /// The moment that a timestamp names; the nearest that can be held for one beyond the years 1678 to 2262.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        let held = at.as_nanosecond().clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        Stamp(i64::try_from(held).unwrap_or_default())
    }

    /// The same as a timestamp.
    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_nanosecond(i128::from(self.0)).unwrap_or_default()
    }
}

impl HeaderType {
    /// Its word in commands and files: `raw_event`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            HeaderType::Summary => "summary",
            HeaderType::Reading => "reading",
            HeaderType::RawEvent => "raw_event",
            HeaderType::RawFile => "raw_file",
            HeaderType::ReconstructedEvent => "reconstructed_event",
            HeaderType::RunStart => "run_start",
            HeaderType::SlowControl => "slow_control",
            HeaderType::Decision => "decision",
            HeaderType::Alarm => "alarm",
            HeaderType::Said => "said",
            HeaderType::Job => "job",
            HeaderType::Transfer => "transfer",
        }
    }
}

impl RecordKind {
    /// Its word in commands and files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            RecordKind::Constants => "constants",
            RecordKind::Data => "data",
        }
    }
}
