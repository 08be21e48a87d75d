//! Why a book was not read or written, in words that say what there is to do.

use super::entry::{Entry, EntryId, moment};

/// A book that can't be opened, read or written. `place` is a path, or an address without its password.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StoreError {
    /// There is none.
    #[error("no book yet; it is made when a backend first runs or a decision is made: {place}")]
    Missing {
        /// Where it would stand.
        place: String,
    },
    /// There is none where there was one.
    #[error(
        "the book is missing, but there are {beside}: restore it from a backup, or begin anew with 'dqmon process --new-book' (everything is processed again, and the old decisions are gone): {place}"
    )]
    Lost {
        /// What stands beside it.
        beside: String,
        /// Where it stood.
        place: String,
    },
    /// A newer program made it.
    #[error(
        "book refused: its layout is number {found}, this program knows up to {known}; it was left as it is, use the newer program: {place}"
    )]
    Newer {
        /// The layout found.
        found: i64,
        /// The newest layout this program knows.
        known: i64,
        /// The book.
        place: String,
    },
    /// It was opened for reading.
    #[error("the book is open for reading only, nothing was written: {place}")]
    ReadOnly {
        /// The book.
        place: String,
    },
    /// The account may not write this.
    #[error("not allowed: {why}: {place}")]
    NotAllowed {
        /// The engine's reason.
        why: String,
        /// The book.
        place: String,
    },
    /// The server can't be reached; it may come back.
    #[error("the book's server is away: {why}: {place}")]
    Away {
        /// What the connection said.
        why: String,
        /// The book.
        place: String,
    },
    /// The server can't be reached: what was said waits in the workspace and is delivered when it is back.
    #[error("kept, and delivered when the book's server is back: {why}: {place}")]
    Kept {
        /// How many entries.
        count: usize,
        /// What the connection said.
        why: String,
        /// The book.
        place: String,
    },
    /// The engine under it refused.
    #[error("book not usable: {why}: {place}")]
    Unusable {
        /// The engine's reason.
        why: String,
        /// The book.
        place: String,
    },
    /// Something in it is not what it should be.
    #[error("book damaged: {what}: {place}")]
    Damaged {
        /// What was found where.
        what: String,
        /// The book.
        place: String,
    },
    /// Something else is in force than the person saw.
    #[error("not recorded: {}", superseded_words(in_force))]
    Superseded {
        /// What is in force.
        in_force: Vec<Entry>,
    },
    /// The run is locked at this stage.
    #[error("not recorded: {subject} was locked by {by}")]
    Locked {
        /// The run and stage.
        subject: String,
        /// Who locked it, when and why.
        by: String,
    },
    /// An entry of another book can't be taken over.
    #[error("not taken over: entry {entry}: {why}")]
    BrokenChain {
        /// The entry.
        entry: EntryId,
        /// Why.
        why: String,
    },
    /// Another backend has the lease.
    #[error("the lease is lost{}", held_by.as_ref().map(|owner| format!(": {owner} has it")).unwrap_or_default())]
    LeaseLost {
        /// `host:pid` of who has it.
        held_by: Option<String>,
    },
}

/// What is in force in the place of what the person saw.
fn superseded_words(in_force: &[Entry]) -> String {
    let Some(entry) = in_force.last() else {
        return "nothing is in force, nothing can be superseded".into();
    };
    let what = ["flag", "mark", "state", "kind"].iter().find_map(|field| entry.body.get(field)?.as_str());
    let why = ["note", "comment"].iter().find_map(|field| entry.body.get(field)?.as_str()).filter(|why| !why.is_empty());
    let why: Option<String> = why.map(|why| why.chars().take(200).collect());
    format!(
        "{} {} on {} ({}{}by {} at {}) is in force by now; look at it and say it again",
        entry.kind.word().replace('_', " "),
        entry.place,
        entry.subject,
        what.map(|what| format!("{what}, ")).unwrap_or_default(),
        why.map(|why| format!("{why:?}, ")).unwrap_or_default(),
        entry.who,
        moment(entry.at)
    )
}
