//! The ledger: what people said, and rules on their behalf, as entries that are never changed.
//!
//! An entry speaks about a subject and names the entries it takes the place of. What nobody took the place of is in force.
//! The entries of one book form a chain: each carries the hash of the one before, so that a change behind the program's back
//! shows, here and in every other book that holds a copy of the chain.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use monitasks::vocab::Run;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::words::EntryKind;

/// Tells one book from every other: drawn by chance when the book is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BookId(pub u64);

/// Names an entry in every book that holds it: the book in which it was made, and its number there, from 1 without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId {
    /// The book in which it was made.
    pub book: BookId,
    /// Its number there.
    pub number: i64,
}

/// A text that names no entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} names no entry of a book; a name looks like 00c0ffee00c0ffee/12")]
pub struct EntryNameError {
    /// The text as found.
    pub found: String,
}

/// Something that somebody wants to say.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEntry {
    /// When it was said.
    pub at: Timestamp,
    /// What kind of thing is said.
    pub kind: EntryKind,
    /// What it is said of: `run840-seq3@raw`.
    pub subject: String,
    /// The run it is about, where it is about one.
    pub run: Option<Run>,
    /// By whom.
    pub who: String,
    /// In which role.
    pub role: String,
    /// What is said; its form goes by the kind.
    pub body: serde_json::Value,
    /// What the person saw in force and now takes the place of.
    pub supersedes: Vec<EntryId>,
    /// A name drawn by chance by who delivers it, so that delivering it twice records it once.
    pub wish: Option<String>,
    /// The place of the book up to which the person saw it, where that is known: it is gone by when what is said can't be written
    /// at once. It does not stand in the book.
    pub seen: Option<i64>,
}

/// Something in force in a word: what lists of all runs need of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForceWord {
    /// What it is said of.
    pub subject: String,
    /// The run it is about.
    pub run: Option<Run>,
    /// The flag or the mark; none where it was taken back, or is no such thing.
    pub says: Option<String>,
}

/// An entry as it stands in the ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its name.
    pub id: EntryId,
    /// Its place in the order of arrival in this book; in the book in which it was made that is the order of making.
    #[serde(skip)]
    pub place: i64,
    /// When it was said, by the clock of who said it. Order goes by number and place, not by clocks.
    pub at: Timestamp,
    /// What kind of thing is said.
    pub kind: EntryKind,
    /// What it is said of.
    pub subject: String,
    /// The run it is about.
    pub run: Option<Run>,
    /// By whom.
    pub who: String,
    /// In which role.
    pub role: String,
    /// From which machine.
    pub host: String,
    /// What is said.
    pub body: serde_json::Value,
    /// What it took the place of.
    pub supersedes: Vec<EntryId>,
    /// The name of its delivery.
    pub wish: Option<String>,
    /// The hash of the entry before it in its own book, in hex; empty for the first.
    pub previous: String,
    /// Its own hash: SHA-256, in hex.
    pub hash: String,
}

/// The end of one book's chain, as far as this book holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainEnd {
    /// The book.
    pub book: BookId,
    /// The number of its last entry.
    pub number: i64,
    /// The hash of that entry, in hex.
    pub hash: String,
}

/// What came of taking over entries of other books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Adopted {
    /// Entries that are new here.
    pub new: u64,
    /// Entries that stood here already.
    pub known: u64,
}

/// A moment as people read it in a sentence: `2026-11-21 20:44:04 UTC`.
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

impl Entry {
    /// What its hash should be: over every field that is part of what was said, each with its length before it, so that no two
    /// different entries can read alike.
    #[must_use]
    pub fn computed_hash(&self) -> String {
        let number = self.id.number.to_string();
        let at_ns = self.at.as_nanosecond().to_string();
        let run = self.run.map(|run| run.0.to_string()).unwrap_or_default();
        let body = self.body.to_string();
        let supersedes = self.supersedes.iter().map(EntryId::to_string).collect::<Vec<_>>().join(" ");
        let book = self.id.book.to_string();
        let fields: [&str; 13] = [
            &self.previous,
            &book,
            &number,
            &at_ns,
            self.kind.word(),
            &self.subject,
            &run,
            &self.who,
            &self.role,
            &self.host,
            &body,
            &supersedes,
            self.wish.as_deref().unwrap_or_default(),
        ];
        let mut hash = Sha256::new();
        for field in fields {
            hash.update((field.len() as u64).to_le_bytes());
            hash.update(field);
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Its body as a type.
    ///
    /// # Errors
    /// When it has another form than the type's.
    pub fn read<T: serde::de::DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        T::deserialize(&self.body)
    }
}

impl fmt::Display for BookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for BookId {
    type Err = EntryNameError;

    fn from_str(text: &str) -> Result<Self, EntryNameError> {
        let is_hex = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let id = is_hex.then(|| u64::from_str_radix(text, 16).ok()).flatten();
        id.map(BookId).ok_or_else(|| EntryNameError { found: text.to_owned() })
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.book, self.number)
    }
}

impl FromStr for EntryId {
    type Err = EntryNameError;

    fn from_str(text: &str) -> Result<Self, EntryNameError> {
        let wrong = || EntryNameError { found: text.to_owned() };
        let (book, number) = text.split_once('/').ok_or_else(wrong)?;
        let number = number.parse().ok().filter(|number| *number > 0).ok_or_else(wrong)?;
        Ok(EntryId { book: book.parse().map_err(|_| wrong())?, number })
    }
}

/// Stands as text in JSON.
macro_rules! as_text {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

as_text!(BookId);
as_text!(EntryId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_and_nothing_else_does() {
        let id = EntryId { book: BookId(0xc0ffee), number: 12 };
        assert_eq!(id.to_string(), "0000000000c0ffee/12");
        assert_eq!(id.to_string().parse(), Ok(id));
        for wrong in ["", "/", "c0ffee/1", "0000000000c0ffee", "0000000000c0ffee/0", "0000000000c0ffee/-1", "+000000000c0ffee/1"]
        {
            assert!(wrong.parse::<EntryId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_stands_in_one_field_never_reads_as_standing_in_another() {
        let entry = Entry {
            id: EntryId { book: BookId(1), number: 1 },
            place: 1,
            at: Timestamp::UNIX_EPOCH,
            kind: EntryKind::Decision,
            subject: "run1".into(),
            run: Some(Run(1)),
            who: "Ada".into(),
            role: "shifter".into(),
            host: "wa105".into(),
            body: serde_json::json!({"flag": "OK"}),
            supersedes: Vec::new(),
            wish: None,
            previous: String::new(),
            hash: String::new(),
        };
        let moved = Entry { who: "Adas".into(), role: "hifter".into(), ..entry.clone() };
        assert_ne!(entry.computed_hash(), moved.computed_hash());
        let elsewhere = Entry { place: 7, hash: "x".into(), ..entry.clone() };
        assert_eq!(entry.computed_hash(), elsewhere.computed_hash());
    }
}
