//! What deciding goes by: the settings' lists and rules, who speaks, and why something was not recorded.

use jiff::Timestamp;
use monitasks::vocab::Run;

use super::marks::MarkError;
use super::status::{LineageError, RuleError, UnknownInput};
use crate::bookkeeping::{EntryId, StoreError};
use crate::config::{DecisionSettings, MarkSettings, Settings, StatusSettings};

/// What the settings say of decisions, marks and statuses.
#[derive(Debug, Clone, Copy)]
pub struct Quality<'a> {
    /// Standard comments.
    pub comments: &'a [String],
    /// What decisions may say.
    pub decisions: &'a DecisionSettings,
    /// What marks mean, and who gives them.
    pub marks: &'a MarkSettings,
    /// The derived status.
    pub status: &'a StatusSettings,
}

/// Who says something.
#[derive(Debug, Clone, Copy)]
pub struct Speaker<'a> {
    /// The name.
    pub who: &'a str,
    /// The role.
    pub role: &'a str,
    /// When.
    pub at: Timestamp,
}

/// Something that people said and that was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum DecisionError {
    /// BAD without a reason.
    #[error("not recorded: BAD needs a comment that says why")]
    BadNeedsComment,
    /// Nobody decides.
    #[error("not recorded: a decision needs the name of who decides")]
    NeedsWho,
    /// No role.
    #[error("not recorded: a decision needs the role in which it is made, such as shifter or expert")]
    NeedsRole,
    /// There is no such run.
    #[error("not recorded: {run} is not in the book; there are {known}")]
    UnknownRun {
        /// The run.
        run: Run,
        /// Runs there are.
        known: String,
    },
    /// There is no such part of the run.
    #[error("not recorded: {found} is not in the book; there are {known}")]
    UnknownPart {
        /// The file or processing.
        found: String,
        /// Those there are.
        known: String,
    },
    /// A word that is not in the settings' list.
    #[error("not recorded: {found:?} is no {what}; the settings have: {known}")]
    NotInList {
        /// What the word was meant to be.
        what: &'static str,
        /// The word.
        found: String,
        /// The list.
        known: String,
    },
    /// More than anybody would read.
    #[error("not recorded: the {what} has {found_bytes} bytes, at most {most_bytes} are kept")]
    TooLong {
        /// Which text.
        what: &'static str,
        /// Its size.
        found_bytes: usize,
        /// The most there may be.
        most_bytes: usize,
    },
    /// It is locked.
    #[error("not recorded: {subject} was locked by {by}; it can be unlocked by: {may_unlock}")]
    Locked {
        /// The run and stage.
        subject: String,
        /// Who locked it, when and why.
        by: String,
        /// Roles that may unlock it.
        may_unlock: String,
    },
    /// The role may not unlock.
    #[error("not unlocked: {role} may not do that; it can be done by: {may_unlock}")]
    MayNotUnlock {
        /// The role as given.
        role: String,
        /// Roles that may.
        may_unlock: String,
    },
    /// It is locked or unlocked already.
    #[error("not recorded: {subject} is {already} already")]
    Already {
        /// The run and stage.
        subject: String,
        /// `locked` or `unlocked`.
        already: &'static str,
    },
    /// Who decided can't be the second person.
    #[error("not recorded: {who} made this decision, another person has to verify it")]
    SamePerson {
        /// Who decided.
        who: String,
    },
    /// Who disagrees says why.
    #[error("not recorded: who does not agree says why in a comment")]
    DisagreementNeedsComment,
    /// There is no such entry, or it is of another kind.
    #[error("not recorded: number {number} of the book {why}")]
    NotThat {
        /// The number as given.
        number: i64,
        /// Why it can't be meant, and what there is instead.
        why: String,
    },
    /// What came back from the book is not what was written.
    #[error("recorded, and not read back: {0}")]
    Odd(String),
    /// The subsystem does not say that.
    #[error("not recorded: {0}")]
    Mark(#[from] MarkError),
    /// A status can't be derived, or a rule be used.
    #[error(transparent)]
    Status(#[from] StatusError),
    /// The book refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Something about a status that can't be derived or recorded.
#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    /// The rule or override can't be used.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// The derivation can't be true.
    #[error(transparent)]
    Lineage(#[from] LineageError),
    /// There is no such processing.
    #[error("{found} has no processing in the book{}", if known.is_empty() { String::new() } else { format!("; there are {known}") })]
    NoProcessing {
        /// What was asked for.
        found: String,
        /// The processings of the run.
        known: String,
    },
    /// An entry is not what it should be.
    #[error("entry {entry} of the book can't be read: {why}")]
    Damaged {
        /// The entry.
        entry: EntryId,
        /// Why.
        why: String,
    },
    /// A rule is never asked for that.
    #[error(transparent)]
    Input(#[from] UnknownInput),
    /// The book refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DecisionError {
    /// Whether it waits in the outbox for the book's server: said, and not yet in the book.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        matches!(self, DecisionError::Store(StoreError::Kept { .. }))
    }
}

impl From<serde_json::Error> for DecisionError {
    /// What can't be written as JSON can't be recorded.
    fn from(error: serde_json::Error) -> Self {
        DecisionError::Odd(error.to_string())
    }
}

impl<'a> Quality<'a> {
    /// Of the settings of a workspace.
    #[must_use]
    pub fn of(settings: &'a Settings) -> Self {
        Quality {
            comments: &settings.people.comments,
            decisions: &settings.decisions,
            marks: &settings.marks,
            status: &settings.status,
        }
    }
}

/// The most of a text that anybody would read, in bytes.
const MOST_BYTES: usize = 10_000;

/// A text of a person as the book takes it: trimmed, control characters but line ends shown as what they are, bounded.
///
/// # Errors
/// When it is too long.
pub(super) fn cleaned(what: &'static str, text: &str) -> Result<String, DecisionError> {
    let text = text.trim();
    if text.len() > MOST_BYTES {
        return Err(DecisionError::TooLong { what, found_bytes: text.len(), most_bytes: MOST_BYTES });
    }
    let is_odd = |letter: &char| letter.is_control() && *letter != '\n';
    Ok(text.chars().map(|letter| if is_odd(&letter) { char::REPLACEMENT_CHARACTER } else { letter }).collect())
}

/// Who says it, in which role.
///
/// # Errors
/// When one of them is missing.
pub(super) fn signed(who: &str, role: &str) -> Result<(String, String), DecisionError> {
    let (who, role) = (cleaned("name", who)?, cleaned("role", role)?);
    if who.is_empty() {
        return Err(DecisionError::NeedsWho);
    }
    if role.is_empty() {
        return Err(DecisionError::NeedsRole);
    }
    Ok((who, role))
}
