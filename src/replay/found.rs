//! What was looked for, what was found, and how: a miss gives the nearest and says so.

use std::fmt;

use monitasks::vocab::{EventNumber, Run, Sequence};
use serde::Serialize;

use super::cursor::EntryAt;
use super::record::{RecordHeader, Stamp};

/// Where to in numbers: a run, a sequence of it, an event. What is not said may be any: the earliest that fits is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct EventAddress {
    /// The run.
    pub run: Run,
    /// A sequence of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<Sequence>,
    /// An event of the sequence, or of any sequence of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventNumber>,
}

/// What a search came to. The cursor stands there; with no entry it stands where it stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The entry; nothing where the walk has none, or where nothing tells when what was looked for was.
    pub entry: Option<EntryAt>,
    /// How it was found.
    pub how: FoundHow,
}

/// How an entry was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "how")]
pub enum FoundHow {
    /// It has what was looked for.
    Exact,
    /// Nothing is of that moment; it is the last one before it.
    Before {
        /// How long before, ns.
        by_ns: u64,
    },
    /// Nothing is of that moment or before it; it is the first one after it.
    After {
        /// How long after, ns.
        by_ns: u64,
    },
    /// The numbers are not there; these are the nearest that are.
    Number {
        /// What was looked for.
        wished: EventAddress,
        /// What the entry has.
        found: EventAddress,
    },
    /// Found by time: the walk has no record with these numbers, but a stream tells when it was.
    Time {
        /// What was looked for.
        wished: EventAddress,
        /// The stream that tells when it was.
        told_by: String,
        /// What it tells of: the same, or the part of it that is known, or the nearest to it.
        told_of: EventAddress,
        /// When that was.
        at: Stamp,
    },
    /// Nothing tells when it was.
    Nothing,
}

impl EventAddress {
    /// The numbers of a record; nothing where it is of no run.
    #[must_use]
    pub fn of(header: &RecordHeader) -> Option<Self> {
        Some(EventAddress { run: header.run?, sequence: header.sequence, event: header.event })
    }
}

impl fmt::Display for EventAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run {}", self.run.0)?;
        if let Some(sequence) = self.sequence {
            write!(f, " sequence {}", sequence.0)?;
        }
        match self.event {
            Some(event) => write!(f, " event {}", event.0),
            None => Ok(()),
        }
    }
}

impl FoundHow {
    /// Whether it is what was looked for.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        *self == FoundHow::Exact
    }

    /// For people: `run 840 sequence 3 event 17 is not here; nearest by number: run 840 sequence 3 event 16`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            FoundHow::Exact => "found".into(),
            FoundHow::Before { by_ns } => format!("nothing at that time; the last before it, by {}", length_of_time(*by_ns)),
            FoundHow::After { by_ns } => {
                format!("nothing at that time or before it; the first after it, by {}", length_of_time(*by_ns))
            }
            FoundHow::Number { wished, found } => format!("{wished} is not here; nearest by number: {found}"),
            FoundHow::Time { wished, told_by, told_of, at } if wished == told_of => {
                format!("{wished} is not here; found by time, {}, as {told_by} tells", at.timestamp())
            }
            FoundHow::Time { wished, told_by, told_of, at } => {
                format!("{wished} is not here; found by time, {}, when {told_by} tells of {told_of}", at.timestamp())
            }
            FoundHow::Nothing => "not here, and no stream tells when it was".into(),
        }
    }
}

/// A length of time in its largest unit that is not below one: `3.2 s`, `15 ns`.
pub(super) fn length_of_time(ns: u64) -> String {
    const UNITS: [(f64, &str); 6] = [(86_400e9, "days"), (3_600e9, "h"), (60e9, "min"), (1e9, "s"), (1e6, "ms"), (1e3, "us")];
    match UNITS.iter().find(|(unit_ns, _)| ns as f64 >= *unit_ns) {
        Some((unit_ns, unit)) => format!("{:.1} {unit}", ns as f64 / unit_ns),
        None => format!("{ns} ns"),
    }
}
