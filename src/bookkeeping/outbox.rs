//! What people said while the book's server was away: it waits in the workspace and is delivered once.
//!
//! Lines of JSON, each synchronised before anybody is told that it waits. What waits carries a wish drawn by chance, so that a
//! delivery whose answer was lost is not made twice. What can't be delivered, because something else is in force by then, is kept
//! beside it with what is in force, until a person has settled it.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use monitasks::vocab::Run;
use serde::{Deserialize, Serialize};

use super::entry::{BookId, Entry, EntryId, NewEntry, moment};
use super::store_error::StoreError;
use super::words::EntryKind;
use crate::durable;

/// The outbox of a workspace.
#[derive(Debug, Clone)]
pub struct Outbox {
    folder: PathBuf,
}

/// What was said at once and waits to be delivered together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// The entries, each with a wish.
    pub entries: Vec<WaitingEntry>,
    /// The last place of the book that this workspace knew when it was said: who said it saw nothing newer.
    pub seen: i64,
    /// The book of which that is a place: in another one, as in one that came back from a backup, nothing of it was seen.
    #[serde(default)]
    pub seen_in: Option<BookId>,
    /// Wishes that waited already, on the same subjects: what they become is taken the place of.
    pub after: Vec<String>,
}

/// An entry that waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WaitingEntry {
    /// When it was said.
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
    /// What is said.
    pub body: serde_json::Value,
    /// What the person saw in force.
    pub supersedes: Vec<EntryId>,
    /// The name of its delivery.
    pub wish: Option<String>,
    /// The place of the book up to which the person saw it, where that is known; else that of the workspace counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<i64>,
}

/// What could not be delivered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Undelivered {
    /// When it was tried.
    pub at: Timestamp,
    /// What was said; none of a line that could not be read.
    pub said: Option<Waiting>,
    /// Why the book refused it.
    pub why: String,
    /// What is in force in its place.
    pub in_force: Vec<Entry>,
    /// The line as it stood, when it could not be read.
    pub line: Option<String>,
}

/// How an outbox stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OutboxState {
    /// In words: `decision on run1@raw by Ada at ...`.
    pub waiting: Vec<String>,
    /// What could not be delivered, in words, with what is in force.
    pub undelivered: Vec<String>,
}

impl OutboxState {
    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.undelivered.is_empty()
    }

    /// What people should know of it, a line for each thing; those that need a person are true.
    #[must_use]
    pub fn lines(&self) -> Vec<(bool, String)> {
        let waiting = match self.waiting.len() {
            0 => None,
            1 => Some(format!("1 entry waits for the book's server: {}", self.waiting.join(""))),
            count => Some(format!("{count} entries wait for the book's server, the first: {}", self.waiting[0])),
        };
        let undelivered = self.undelivered.iter().map(|words| (true, format!("not delivered: {words}")));
        waiting.map(|words| (false, words)).into_iter().chain(undelivered).collect()
    }
}

impl From<&NewEntry> for WaitingEntry {
    fn from(new: &NewEntry) -> Self {
        let NewEntry { at, kind, subject, run, who, role, body, supersedes, wish, seen } = new.clone();
        WaitingEntry { at, kind, subject, run, who, role, body, supersedes, wish, seen }
    }
}

impl From<&WaitingEntry> for NewEntry {
    fn from(waiting: &WaitingEntry) -> Self {
        let WaitingEntry { at, kind, subject, run, who, role, body, supersedes, wish, seen } = waiting.clone();
        NewEntry { at, kind, subject, run, who, role, body, supersedes, wish, seen }
    }
}

impl Waiting {
    fn words(&self) -> String {
        let of = |entry: &WaitingEntry| {
            format!("{} on {} by {} at {}", entry.kind.word().replace('_', " "), entry.subject, entry.who, moment(entry.at))
        };
        let more = self.entries.len().saturating_sub(1);
        let first = self.entries.first().map(of).unwrap_or_default();
        if more == 0 { first } else { format!("{first} and {more} more") }
    }

    fn wishes(&self) -> impl Iterator<Item = &String> {
        self.entries.iter().filter_map(|entry| entry.wish.as_ref())
    }

    fn is_about_what(&self, new: &[NewEntry]) -> bool {
        self.entries.iter().any(|waiting| new.iter().any(|new| new.kind == waiting.kind && new.subject == waiting.subject))
    }
}

impl Undelivered {
    /// What was said and why it is not in the book, in a line.
    #[must_use]
    pub fn words(&self) -> String {
        let what = match (&self.said, &self.line) {
            (Some(said), _) => said.words(),
            (None, Some(line)) => format!("a line that can't be read: {}", line.chars().take(80).collect::<String>()),
            (None, None) => "nothing".into(),
        };
        format!("{what}: {}", self.why)
    }
}

impl Outbox {
    /// The outbox whose files stand in a folder.
    #[must_use]
    pub fn of(folder: &Path) -> Self {
        Outbox { folder: folder.to_owned() }
    }

    fn waiting_file(&self) -> PathBuf {
        self.folder.join("outbox.jsonl")
    }

    fn undelivered_file(&self) -> PathBuf {
        self.folder.join("outbox_undelivered.jsonl")
    }

    fn seen_file(&self) -> PathBuf {
        self.folder.join("book_seen")
    }

    /// Whether anything waits.
    #[must_use]
    pub fn has_waiting(&self) -> bool {
        fs::metadata(self.waiting_file()).is_ok_and(|file| file.len() > 0)
    }

    /// How it stands.
    #[must_use]
    pub fn state(&self) -> OutboxState {
        let waiting = self.waiting().into_iter().map(|line| line.map_or_else(|line| line, |waiting| waiting.words()));
        OutboxState { waiting: waiting.collect(), undelivered: self.undelivered().iter().map(Undelivered::words).collect() }
    }

    /// What waits, oldest first; a line that can't be read as it stands.
    fn waiting(&self) -> Vec<Result<Waiting, String>> {
        let read = |line: &str| serde_json::from_str(line).map_err(|_| line.to_owned());
        lines_of(&self.waiting_file()).iter().map(|line| read(line)).collect()
    }

    /// What could not be delivered and nobody has settled, oldest first.
    #[must_use]
    pub fn undelivered(&self) -> Vec<Undelivered> {
        let read = |line: &String| {
            serde_json::from_str(line).unwrap_or_else(|_| Undelivered {
                at: Timestamp::UNIX_EPOCH,
                said: None,
                why: "it can't be read".into(),
                in_force: Vec::new(),
                line: Some(line.clone()),
            })
        };
        lines_of(&self.undelivered_file()).iter().map(read).collect()
    }

    /// The last place of the book that this workspace knew, and which book that was; 0 and none when it never did.
    #[must_use]
    pub fn seen(&self) -> (i64, Option<BookId>) {
        let text = fs::read_to_string(self.seen_file()).unwrap_or_default();
        let mut words = text.split_whitespace();
        let place = words.next().and_then(|place| place.parse().ok());
        let book = words.next().and_then(|book| book.parse().ok());
        (place.filter(|_| book.is_some()).unwrap_or(0), book)
    }

    /// Says up to which place a book is known. One that could not be said makes a later delivery ask more, not less.
    pub fn saw(&self, place: i64, book: BookId) {
        if (place, Some(book)) != self.seen() {
            let _ = durable::write_whole(&self.seen_file(), format!("{place} {book}\n").as_bytes());
        }
    }

    /// Keeps what was said until the server is back. It stands on the disk when this has answered.
    ///
    /// # Errors
    /// When it can't be written; then nothing was kept.
    pub fn keep(&self, new: &[NewEntry]) -> io::Result<()> {
        let _lock = self.lock()?;
        let before = self.waiting().into_iter().filter_map(Result::ok).filter(|waiting| waiting.is_about_what(new));
        let after = before.flat_map(|waiting| waiting.wishes().cloned().collect::<Vec<_>>()).collect();
        let (seen, seen_in) = self.seen();
        let waiting = Waiting { entries: new.iter().map(WaitingEntry::from).collect(), seen, seen_in, after };
        let line = serde_json::to_string(&waiting)?;
        durable::append_line(&self.waiting_file(), line)
    }

    /// Delivers all that waits, oldest first; `deliver` answers the book's word. Stops at a server that is away again, and leaves
    /// the rest. Answers how many were delivered, and how many the book refused.
    ///
    /// # Errors
    /// [`StoreError::Away`] when the server is; or when the outbox can't be read or written.
    pub fn deliver(&self, mut deliver: impl FnMut(&Waiting) -> Result<(), StoreError>) -> Result<(usize, usize), StoreError> {
        let unusable = |error: io::Error| StoreError::Unusable {
            why: format!("the outbox: {error}"),
            place: self.waiting_file().display().to_string(),
        };
        let _lock = self.lock().map_err(unusable)?;
        let all = self.waiting();
        let (mut done, mut delivered, mut refused) = (0, 0, 0);
        let mut stopped = None;
        for line in &all {
            let outcome = match line {
                Ok(waiting) => deliver(waiting),
                Err(_) => Err(StoreError::Unusable { why: "it can't be read".into(), place: String::new() }),
            };
            match outcome {
                Ok(()) => delivered += 1,
                Err(error @ StoreError::Away { .. }) => {
                    stopped = Some(error);
                    break;
                }
                Err(error) => {
                    // Kept where a person finds it before it goes from here.
                    let text = serde_json::to_string(&undelivered(line, error)).map_err(|error| unusable(error.into()))?;
                    durable::append_line(&self.undelivered_file(), text).map_err(unusable)?;
                    refused += 1;
                }
            }
            done += 1;
        }
        if done > 0 {
            let left: Vec<String> = lines_of(&self.waiting_file()).split_off(done);
            rewrite(&self.waiting_file(), &left).map_err(unusable)?;
        }
        stopped.map_or(Ok((delivered, refused)), Err)
    }

    /// Takes away what a person has settled, by its number from 1; it goes to the end of a file of what was settled.
    ///
    /// # Errors
    /// When there is no such number, or the files can't be written.
    pub fn settle(&self, number: usize) -> io::Result<Undelivered> {
        let _lock = self.lock()?;
        let mut lines = lines_of(&self.undelivered_file());
        let found = self.undelivered().into_iter().nth(number.wrapping_sub(1));
        let Some(found) = found.filter(|_| number <= lines.len()) else {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                format!("there is no number {number}; there are {}", lines.len()),
            ));
        };
        durable::append_line(&self.folder.join("outbox_settled.jsonl"), lines.remove(number - 1))?;
        rewrite(&self.undelivered_file(), &lines)?;
        Ok(found)
    }

    /// One at a time, of all processes of the machine.
    fn lock(&self) -> io::Result<File> {
        durable::create_folders(&self.folder)?;
        let path = self.folder.join("outbox.lock");
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        file.lock()?;
        Ok(file)
    }
}

fn undelivered(line: &Result<Waiting, String>, error: StoreError) -> Undelivered {
    let why = error.to_string();
    let in_force = if let StoreError::Superseded { in_force } = error { in_force } else { Vec::new() };
    Undelivered { at: Timestamp::now(), said: line.clone().ok(), why, in_force, line: line.clone().err() }
}

fn lines_of(path: &Path) -> Vec<String> {
    let text = fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect()
}

fn rewrite(path: &Path, lines: &[String]) -> io::Result<()> {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    durable::write_whole(path, text.as_bytes())
}
