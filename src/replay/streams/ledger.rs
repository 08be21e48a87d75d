//! Entries and rows of a book as records, whether they come from the book or from an export of it.

use std::collections::BTreeMap;

use monitasks::vocab::{Run, Sequence};
use serde_json::{Map, Value as Json};

use super::Faults;
use crate::bookkeeping::{BookId, DecisionSubject, Entry, EntryKind, Part as DecidedPart};
use crate::replay::record::{HeaderType, RecordHeader, RecordKind, Stamp, StreamId};
use crate::replay::source::content_of;

/// The tables whose rows are records.
pub(super) const TABLES: [&str; 5] = ["runs", "files", "transfers", "jobs", "readings"];

/// By how much a machine's clock may go back between two entries before it is told, ns: clocks are set right by less all the time.
const CLOCK_SLACK_NS: i64 = 1_000_000_000;

/// A stream of a book.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// Runs as their first file was seen.
    Runs,
    /// Raw files as the DAQ closed them.
    RawFiles,
    /// Decisions.
    Decisions,
    /// Alarms.
    Alarms,
    /// All other entries of the ledger.
    Said,
    /// Jobs: given to the batch system, begun, ended.
    Jobs,
    /// Copies into the storage: begun, ended.
    Transfers,
    /// Numbers of the summaries of a task.
    Readings(String),
}

impl Part {
    /// The stream's name.
    pub(super) fn name(&self) -> String {
        match self {
            Part::Runs => "book/runs".into(),
            Part::RawFiles => super::raw::RAW_FILES.into(),
            Part::Decisions => "book/decisions".into(),
            Part::Alarms => "book/alarms".into(),
            Part::Said => "book/said".into(),
            Part::Jobs => "book/jobs".into(),
            Part::Transfers => "book/transfers".into(),
            Part::Readings(task) => format!("readings/{task}"),
        }
    }

    /// What its records are.
    pub(super) fn header(&self) -> HeaderType {
        match self {
            Part::Runs => HeaderType::RunStart,
            Part::RawFiles => HeaderType::RawFile,
            Part::Decisions => HeaderType::Decision,
            Part::Alarms => HeaderType::Alarm,
            Part::Said => HeaderType::Said,
            Part::Jobs => HeaderType::Job,
            Part::Transfers => HeaderType::Transfer,
            Part::Readings(_) => HeaderType::Reading,
        }
    }

    /// Whether they hold from then on: what people said does.
    pub(super) fn kind(&self) -> RecordKind {
        match self {
            Part::Runs | Part::Decisions | Part::Alarms | Part::Said => RecordKind::Constants,
            Part::RawFiles | Part::Jobs | Part::Transfers | Part::Readings(_) => RecordKind::Data,
        }
    }
}

/// The records of a book, by stream, while they are gathered.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// Each stream's records, with a hash of what each holds.
    pub parts: BTreeMap<Part, Vec<(RecordHeader, u32)>>,
    /// What is wrong with all of it.
    pub faults: Faults,
    /// Entries and rows taken.
    pub taken: u64,
    /// The last entry of each machine in each book: its number and its moment.
    clocks: BTreeMap<(BookId, String), (i64, Stamp)>,
}

impl Gathered {
    fn put(&mut self, part: Part, at: Stamp, of: (Option<Run>, Option<Sequence>), place: u64, content: u32) {
        let (kind, stream, (run, sequence)) = (part.kind(), StreamId(0), of);
        let header = RecordHeader { stamp: at, stream, kind, run, sequence, event: None, place };
        self.parts.entry(part).or_default().push((header, content));
    }

    /// Takes an entry of the ledger; `place` is its place in the order of arrival.
    pub(super) fn take_entry(&mut self, entry: &Entry, place: u64) {
        self.taken += 1;
        let at = Stamp::of(entry.at);
        if entry.computed_hash() != entry.hash {
            self.faults.say(format!("entry {} was changed since it was written: its hash is another", entry.id));
        }
        self.look_at_clock(entry, at);
        let part = match entry.kind {
            EntryKind::Decision => Part::Decisions,
            EntryKind::Alarm => Part::Alarms,
            _ => Part::Said,
        };
        let sequence = match entry.subject.parse::<DecisionSubject>().map(|subject| subject.part) {
            Ok(DecidedPart::File(sequence)) if entry.kind == EntryKind::Decision => Some(sequence),
            _ => None,
        };
        self.put(part, at, (entry.run, sequence), place, content_of(entry.hash.as_bytes()));
    }

    /// Entries of one machine into one book follow each other by their numbers; where their moments do not, its clock was set back.
    fn look_at_clock(&mut self, entry: &Entry, at: Stamp) {
        let clock = (entry.id.book, entry.host.clone());
        if let Some((number, before)) = self.clocks.get(&clock)
            && at.0 < before.0.saturating_sub(CLOCK_SLACK_NS)
        {
            let back_s = (before.0 - at.0) as f64 / 1e9;
            let (host, id) = (&entry.host, entry.id);
            self.faults.say(format!("the clock of {host} went back by {back_s:.1} s between entry {number} and entry {id}"));
        }
        self.clocks.insert(clock, (entry.id.number, at));
    }

    /// Takes a row of a table; `place` is its place in the table's order, from 0. What of it can't be read is told.
    pub(super) fn take_row(&mut self, table: &str, row: &Map<String, Json>, place: u64) {
        let whole = |column: &str| row.get(column).and_then(Json::as_i64);
        let number = |column: &str| whole(column).and_then(|value| u32::try_from(value).ok());
        let of = (number("run").map(Run), number("sequence").map(Sequence));
        // Of each row the moments at which something happened; the first one must be there.
        let (part, columns): (Part, &[&str]) = match table {
            "runs" => (Part::Runs, &["first_seen_ns"]),
            "files" => (Part::RawFiles, &["daq_closed_ns"]),
            "transfers" => (Part::Transfers, &["started_ns", "ended_ns"]),
            "jobs" => (Part::Jobs, &["submitted_ns", "started_ns", "ended_ns"]),
            "readings" => {
                let task = row.get("task").and_then(Json::as_str).unwrap_or_default();
                (Part::Readings(task.to_owned()), &["at_ns"])
            }
            _ => return,
        };
        self.taken += 1;
        let Some(first) = columns.first().and_then(|column| whole(column)) else {
            self.faults.say(format!("row {place} of {table} has no {}", columns.first().copied().unwrap_or_default()));
            return;
        };
        self.put(part.clone(), Stamp(first), of, place, content_of(&[&place.to_le_bytes()[..], b"0"].concat()));
        // Two moments of one row are two records, also where they are the same moment.
        for (step, column) in (1u8..).zip(columns.iter().skip(1)) {
            if let Some(later) = whole(column) {
                self.put(part.clone(), Stamp(later), of, place, content_of(&[&place.to_le_bytes()[..], &[step]].concat()));
            }
        }
    }

    /// The records of a stream in the order of their stamps, and of arrival where these are equal: rows and entries of several
    /// machines are kept in no order of time.
    pub(super) fn sorted(&mut self, part: &Part) -> (Vec<RecordHeader>, Vec<u32>) {
        let mut records = self.parts.remove(part).unwrap_or_default();
        records.sort_by_key(|(header, _)| header.stamp);
        records.into_iter().unzip()
    }
}
