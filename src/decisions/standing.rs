//! What stands in the book on a subject, with its body as a type, and how it is changed: by an entry that takes its place.
//!
//! One shape for problems, alarms, known issues, follow-ups, shifts and meetings: each is a type with a kind, each change a pure
//! function of what stands, and only here is the book asked.

use jiff::Timestamp;
use monitasks::vocab::Run;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::DecisionError;
use super::wording::{self, LONGEST_NAME, WordingError};
use crate::bookkeeping::{Entry, EntryId, EntryKind, NewEntry, Store, StoreError};

/// A body of an entry.
pub trait Said: Serialize + DeserializeOwned + Clone {
    /// The kind of its entries.
    const KIND: EntryKind;
    /// What it is called: `problem`.
    const NOUN: &'static str;

    /// The run that it is about.
    fn run(&self) -> Option<Run> {
        None
    }
}

/// Who says it, in which role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Signature {
    /// The person.
    pub who: String,
    /// The role, which several persons may have at one desk.
    pub role: String,
}

/// What is in force on a subject.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Standing<T> {
    /// The subject: the id that people use.
    pub id: String,
    /// What is said.
    #[serde(flatten)]
    pub body: T,
    /// The place of its entry in this book.
    #[serde(rename = "entry")]
    pub place: i64,
    /// When it was said last.
    #[serde(rename = "changed")]
    pub at: Timestamp,
    /// By whom.
    #[serde(rename = "changed_by")]
    pub who: String,
    /// In which role.
    #[serde(rename = "changed_as")]
    pub role: String,
    /// Books differ: the newest is shown, and the next change takes the place of all.
    pub in_conflict: bool,
    /// The entries that the next change takes the place of.
    #[serde(skip)]
    pub entries: Vec<EntryId>,
}

/// Something that was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum SayError {
    /// A rule is broken.
    #[error("not recorded: {0}")]
    Refused(String),
    /// A text is missing or too long.
    #[error("not recorded: {0}")]
    Wording(#[from] WordingError),
    /// There is nothing of that name.
    #[error("no {noun} is called {found:?}; {known}")]
    Unknown {
        /// What was looked for.
        noun: &'static str,
        /// The name as given.
        found: String,
        /// What there is.
        known: String,
    },
    /// It can't be written, or was not given back.
    #[error(transparent)]
    Decision(#[from] DecisionError),
    /// The book refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SayError {
    /// Whether it waits in the outbox for the book's server: said, and not yet in the book.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        match self {
            SayError::Decision(error) => error.is_kept(),
            SayError::Store(error) => matches!(error, StoreError::Kept { .. }),
            _ => false,
        }
    }
}

impl Signature {
    /// A name and a role, both needed.
    ///
    /// # Errors
    /// When one of them is missing or too long.
    pub fn new(who: &str, role: &str) -> Result<Self, SayError> {
        let who = wording::needed_line("the name of who says it", who, LONGEST_NAME)?;
        let role = wording::needed_line("the role in which it is said, such as shifter or expert,", role, LONGEST_NAME)?;
        Ok(Signature { who, role })
    }

    /// The program, when a rule speaks.
    #[must_use]
    pub fn of_checks() -> Self {
        Signature { who: "checks".into(), role: "program".into() }
    }
}

impl<T: Said> Standing<T> {
    /// What stands, of the entries in force on one subject.
    fn of(entries: &[Entry]) -> Result<Option<Self>, String> {
        let Some(newest) = entries.iter().max_by_key(|entry| entry.place) else { return Ok(None) };
        let body = newest.read().map_err(|error| format!("{} {}: {error}", T::NOUN, newest.id))?;
        Ok(Some(Standing {
            id: newest.subject.clone(),
            body,
            place: newest.place,
            at: newest.at,
            who: newest.who.clone(),
            role: newest.role.clone(),
            in_conflict: entries.iter().any(|entry| entry.body != newest.body),
            entries: entries.iter().map(|entry| entry.id).collect(),
        }))
    }
}

/// All that is in force of a kind, by subject, and what of it can't be read, in words: one bad entry hides no other.
///
/// # Errors
/// When the book can't be read.
pub fn all<T: Said>(store: &dyn Store) -> Result<(Vec<Standing<T>>, Vec<String>), StoreError> {
    let entries = store.in_force(T::KIND)?;
    let (mut standing, mut faults) = (Vec::new(), Vec::new());
    for of_subject in entries.chunk_by(|one, next| one.subject == next.subject) {
        match Standing::of(of_subject) {
            Ok(one) => standing.extend(one),
            Err(fault) => faults.push(fault),
        }
    }
    Ok((standing, faults))
}

/// What is in force on one subject.
///
/// # Errors
/// When the book can't be read, or what stands there is not what it should be.
pub fn on<T: Said>(store: &dyn Store, id: &str) -> Result<Option<Standing<T>>, SayError> {
    Standing::of(&store.in_force_on(T::KIND, id)?).map_err(SayError::Refused)
}

/// What is in force under an id, or the beginning of one that fits no other.
///
/// # Errors
/// When there is none or more than one, with those there are.
pub fn find<T: Said>(store: &dyn Store, id: &str) -> Result<Standing<T>, SayError> {
    let id = id.trim();
    if let Some(standing) = on(store, id)? {
        return Ok(standing);
    }
    let (all, _) = all::<T>(store)?;
    let ids = |all: &[Standing<T>]| all.iter().map(|one| one.id.clone()).collect::<Vec<_>>();
    let known = match ids(&all).as_slice() {
        [] => "there are none yet".to_owned(),
        ids if ids.len() > 12 => format!("there are {}, the last {}", ids.len(), ids[ids.len() - 1]),
        ids => format!("there are {}", ids.join(", ")),
    };
    let mut fitting: Vec<Standing<T>> = all.into_iter().filter(|one| !id.is_empty() && one.id.starts_with(id)).collect();
    match (fitting.pop(), fitting.is_empty()) {
        (Some(one), true) => Ok(one),
        (Some(last), false) => {
            let known = format!("it may be {} or {}", ids(&fitting).join(", "), last.id);
            Err(SayError::Unknown { noun: T::NOUN, found: id.to_owned(), known })
        }
        (None, _) => Err(SayError::Unknown { noun: T::NOUN, found: id.to_owned(), known }),
    }
}

/// An entry of a body.
///
/// # Errors
/// Never in practice: a body is JSON.
pub fn entry<T: Said>(
    id: &str,
    body: &T,
    by: &Signature,
    at: Timestamp,
    supersedes: Vec<EntryId>,
) -> Result<NewEntry, DecisionError> {
    Ok(NewEntry {
        at,
        kind: T::KIND,
        subject: id.to_owned(),
        run: body.run(),
        who: by.who.clone(),
        role: by.role.clone(),
        body: serde_json::to_value(body).map_err(DecisionError::from)?,
        supersedes,
        wish: None,
        seen: None,
    })
}

/// Records something new under an id drawn by chance; answers it as it stands.
///
/// # Errors
/// When the book can't be written.
pub fn begin<T: Said>(store: &mut dyn Store, body: &T, by: &Signature, at: Timestamp) -> Result<Standing<T>, SayError> {
    // Two of the same id are as good as impossible; the book refuses the second, and another is drawn.
    const TRIES: usize = 4;
    for _ in 0..TRIES {
        match put(store, &drawn_id(), body, by, at, Vec::new()) {
            Err(SayError::Store(StoreError::Superseded { .. })) => {}
            outcome => return outcome,
        }
    }
    Err(SayError::Refused(format!("no free id for a {} was found; try again", T::NOUN)))
}

/// Records a body on a subject, in the place of entries.
///
/// # Errors
/// When other entries are in force there by now, or the book can't be written.
pub fn put<T: Said>(
    store: &mut dyn Store,
    id: &str,
    body: &T,
    by: &Signature,
    at: Timestamp,
    supersedes: Vec<EntryId>,
) -> Result<Standing<T>, SayError> {
    let entries = store.append(&[entry(id, body, by, at, supersedes)?])?;
    let standing = Standing::of(&entries).map_err(DecisionError::Odd)?;
    standing.ok_or_else(|| DecisionError::Odd("the book gave no entry back".into()).into())
}

/// Records a body in the place of what stands.
///
/// # Errors
/// When something else is in force by now, or the book can't be written.
pub fn replace<T: Said>(
    store: &mut dyn Store,
    standing: &Standing<T>,
    body: &T,
    by: &Signature,
    at: Timestamp,
) -> Result<Standing<T>, SayError> {
    put(store, &standing.id, body, by, at, standing.entries.clone())
}

/// Refuses a change by somebody who saw an older state: `seen` is the place up to which the book was looked at, none for now.
///
/// # Errors
/// When somebody changed it since, with who.
pub fn refuse_unseen<T: Said>(store: &dyn Store, standing: &Standing<T>, seen: Option<i64>) -> Result<(), SayError> {
    if seen.is_none_or(|seen| standing.place <= seen) {
        return Ok(());
    }
    Err(StoreError::Superseded { in_force: store.in_force_on(T::KIND, &standing.id)? }.into())
}

/// Six letters and digits that are not mistaken for one another: 900 million of them.
pub(super) fn drawn_id() -> String {
    const LETTERS: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";
    let mut number: u32 = rand::random();
    let mut id = String::with_capacity(6);
    for _ in 0..6 {
        id.push(char::from(LETTERS[(number % 31) as usize]));
        number /= 31;
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_needs_both_and_takes_nothing_unseen() {
        assert!(Signature::new(" ", "shifter").unwrap_err().to_string().contains("who says it"));
        assert!(Signature::new("Ada", "\u{0}").unwrap_err().to_string().contains("role"));
        let signature = Signature::new(" Ada\nMarsh\0", "shifter").unwrap();
        assert_eq!((signature.who.as_str(), signature.role.as_str()), ("Ada Marsh", "shifter"));
    }

    #[test]
    fn ids_are_short_and_plain() {
        for _ in 0..100 {
            let id = drawn_id();
            assert!(id.len() == 6 && id.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit()), "{id}");
        }
    }
}
