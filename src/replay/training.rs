//! Training on a past shift: what a trainee decides goes into a book of its own, and is then compared with what was decided then.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use monitasks::quality::Flag;
use serde::Serialize;

use super::past::{BookChanges, of_training, say};
use crate::bookkeeping::{DecisionRecord, DecisionSubject, Entry, EntryKind, NewEntry, SqliteStore, Store, StoreError};

/// The folder of training books in a workspace.
const FOLDER: &str = "training";

/// Entries that are read at once.
const AT_ONCE: usize = 10_000;

/// A book of what is said in a replay. It comes to be with the first word.
pub struct TrainingBook {
    path: PathBuf,
    store: Option<SqliteStore>,
}

/// What a trainee decided beside what was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// The same flag.
    Agrees,
    /// Another flag.
    Differs,
    /// The trainee decided nothing.
    NotDecided,
    /// Nobody decided then; the trainee did.
    NewDecision,
}

/// A decision as the report has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecidedThen {
    /// The flag.
    pub flag: Flag,
    /// Why.
    pub comment: String,
    /// By whom.
    pub who: String,
    /// When: of a trainee, the instant of the replay.
    pub at: Timestamp,
}

/// One subject of the comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComparedDecision {
    /// What was decided on: `run 840`.
    pub subject: String,
    /// What came of the comparison.
    pub comparison: Comparison,
    /// What was decided then.
    pub past: Option<DecidedThen>,
    /// What the trainee decided.
    pub trained: Option<DecidedThen>,
    /// How much later than then the trainee decided, s; negative for earlier.
    pub later_s: Option<f64>,
}

/// A trainee's decisions beside those of the past.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrainingReport {
    /// The layout of this report.
    pub schema: u32,
    /// What was replayed.
    pub shift: String,
    /// Where the trainee's decisions stand.
    pub book: PathBuf,
    /// Who decided in the training.
    pub trainees: Vec<String>,
    /// A row for each subject, by run.
    pub decisions: Vec<ComparedDecision>,
}

impl TrainingBook {
    /// The folder of a workspace's training books.
    #[must_use]
    pub fn folder(root: &Path) -> PathBuf {
        root.join(FOLDER)
    }

    /// A new book in a workspace, named by the time of day; it is not made before somebody speaks.
    #[must_use]
    pub fn new_in(root: &Path, now: Timestamp) -> Self {
        let name = format!("training-{}.sqlite", now.strftime("%Y%m%dT%H%M%S%3fZ"));
        TrainingBook { path: Self::folder(root).join(name), store: None }
    }

    /// The newest book of a workspace; none when there was no training.
    #[must_use]
    pub fn newest_in(root: &Path) -> Option<PathBuf> {
        let entries = std::fs::read_dir(Self::folder(root)).ok()?;
        let is_book = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "sqlite");
        entries.flatten().map(|entry| entry.path()).filter(is_book).max()
    }

    /// Where it stands, or will.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps what was said, each in the place of what was said before on the same subject.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn keep(&mut self, new: &[Entry]) -> Result<(), StoreError> {
        let said: Vec<NewEntry> = new.iter().map(of_training).collect();
        if self.store.is_none() {
            if let Some(folder) = self.path.parent() {
                let failed = |error: std::io::Error| StoreError::Unusable {
                    why: format!("its folder was not made: {error}"),
                    place: folder.display().to_string(),
                };
                crate::durable::create_folders(folder).map_err(failed)?;
            }
            self.store = Some(SqliteStore::open(&self.path)?);
        }
        match &mut self.store {
            Some(store) => say(store, &said),
            None => Ok(()),
        }
    }

    /// What was said in a training book, in order.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn said_in(path: &Path) -> Result<Vec<NewEntry>, StoreError> {
        let store = SqliteStore::open_read_only(path)?;
        let (mut said, mut place) = (Vec::new(), 0);
        loop {
            let some = store.entries_after(place, AT_ONCE)?;
            match some.last() {
                Some(last) => place = last.place,
                None => return Ok(said),
            }
            said.extend(some.iter().map(of_training));
        }
    }
}

impl TrainingReport {
    /// Compares what was said in a training with all that happened.
    #[must_use]
    pub fn of(shift: &str, book: &Path, whole: &BookChanges, until: Option<Timestamp>, trained: &[NewEntry]) -> Self {
        let past = whole.entries().filter(|(at, _)| until.is_none_or(|until| *at <= until));
        let past = in_force(past.map(|(at, entry)| (at, entry.clone())));
        // Bodies are read by the reader of entries.
        let trained_entries: Vec<(Timestamp, Entry)> = trained.iter().map(|new| (new.at, as_entry(new))).collect();
        let trainees: BTreeSet<String> = trained.iter().map(|new| new.who.clone()).collect();
        let trained = in_force(trained_entries.into_iter());
        let subjects: BTreeSet<&Key> = past.keys().chain(trained.keys()).collect();
        let decisions = subjects.into_iter().map(|key| row(&key.1, past.get(key), trained.get(key)));
        TrainingReport {
            schema: 1,
            shift: shift.to_owned(),
            book: book.to_owned(),
            trainees: trainees.into_iter().collect(),
            decisions: decisions.collect(),
        }
    }

    /// How many came to that.
    #[must_use]
    pub fn count(&self, comparison: Comparison) -> usize {
        self.decisions.iter().filter(|row| row.comparison == comparison).count()
    }

    /// The counts in a sentence.
    #[must_use]
    pub fn summary(&self) -> String {
        let counted = |comparison: Comparison| format!("{} {}", self.count(comparison), comparison.words());
        let all = [Comparison::Agrees, Comparison::Differs, Comparison::NotDecided, Comparison::NewDecision];
        all.map(counted).join(", ")
    }

    /// As lines for people.
    #[must_use]
    pub fn text(&self) -> String {
        let who = if self.trainees.is_empty() { "nobody has decided".to_owned() } else { self.trainees.join(", ") };
        let mut lines = vec![
            format!("Training on {}: {who}", self.shift),
            self.summary(),
            "Times are UTC; those of the training are instants of the replay.".into(),
            String::new(),
        ];
        for row in &self.decisions {
            let later = row.later_s.map(|seconds| format!(", {}", later_words(seconds))).unwrap_or_default();
            lines.push(format!("{}: {}{later}", row.subject, row.comparison.words()));
            lines.extend(row.past.as_ref().map(|then| format!("    then      {}", then.words())));
            lines.extend(row.trained.as_ref().map(|now| format!("    training  {}", now.words())));
        }
        lines.join("\n") + "\n"
    }

    /// As a page that stands alone.
    #[must_use]
    pub fn html(&self) -> String {
        let cell =
            |decided: Option<&DecidedThen>| decided.map_or_else(|| "not decided".into(), |decided| escaped(&decided.words()));
        let rows = self.decisions.iter().map(|row| {
            let later = row.later_s.map(later_words).unwrap_or_default();
            let (subject, words) = (escaped(&row.subject), row.comparison.words());
            let (past, trained) = (cell(row.past.as_ref()), cell(row.trained.as_ref()));
            format!("<tr><td>{subject}</td><td><b>{words}</b></td><td>{past}</td><td>{trained}</td><td>{later}</td></tr>\n")
        });
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Training on {0}</title>\n<style>body {{ font: \
             15px/1.45 sans-serif; max-width: 70em; margin: 2em auto; padding: 0 1em }} table {{ border-collapse: collapse }} td, th \
             {{ border: 1px solid #999; padding: 0.3em 0.6em; text-align: left; vertical-align: top }}</style></head>\n<body><h1>Training \
             on {0}</h1>\n<p>{1}</p>\n<p>{2}. Times are UTC; those of the training are instants of the replay.</p>\n<table><tr><th>On</th>\
             <th>Comparison</th><th>Decided then</th><th>Decided in the training</th><th>When</th></tr>\n{3}</table></body></html>\n",
            escaped(&self.shift),
            escaped(&self.trainees.join(", ")),
            self.summary(),
            rows.collect::<String>()
        )
    }
}

impl Comparison {
    /// In words, after a number: `agree`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Comparison::Agrees => "agree",
            Comparison::Differs => "differ",
            Comparison::NotDecided => "not decided in the training",
            Comparison::NewDecision => "decided in the training alone",
        }
    }
}

impl DecidedThen {
    fn words(&self) -> String {
        let comment = if self.comment.is_empty() { String::new() } else { format!(": {}", self.comment) };
        format!("{} by {} at {}{comment}", self.flag.word(), self.who, self.at.strftime("%Y-%m-%d %H:%M:%S"))
    }
}

/// A subject by run, then by its words.
type Key = (u32, String);

/// The decision in force on each subject in the end: the last one, unless it was taken back.
fn in_force(entries: impl Iterator<Item = (Timestamp, Entry)>) -> BTreeMap<Key, DecidedThen> {
    let mut standing = BTreeMap::new();
    for (_, entry) in entries.filter(|(_, entry)| entry.kind == EntryKind::Decision) {
        let Ok(record) = DecisionRecord::of(&entry) else { continue };
        let DecisionSubject { run, .. } = record.subject;
        let key = (run.0, record.subject.words());
        let decision = record.decision;
        if decision.withdrawn || decision.flag == Flag::Unchecked {
            standing.remove(&key);
        } else {
            let (flag, comment) = (decision.flag, decision.comment());
            standing.insert(key, DecidedThen { flag, comment, who: record.who, at: record.at });
        }
    }
    standing
}

fn row(subject: &str, past: Option<&DecidedThen>, trained: Option<&DecidedThen>) -> ComparedDecision {
    let comparison = match (past, trained) {
        (Some(past), Some(trained)) if past.flag == trained.flag => Comparison::Agrees,
        (Some(_), Some(_)) => Comparison::Differs,
        (_, None) => Comparison::NotDecided,
        (None, Some(_)) => Comparison::NewDecision,
    };
    let later = past.zip(trained).map(|(past, trained)| trained.at.duration_since(past.at));
    ComparedDecision {
        subject: subject.to_owned(),
        comparison,
        past: past.cloned(),
        trained: trained.cloned(),
        later_s: later.as_ref().map(SignedDuration::as_secs_f64),
    }
}

/// `12 min later`, `30 s earlier`.
fn later_words(seconds: f64) -> String {
    let word = if seconds < 0.0 { "earlier" } else { "later" };
    match seconds.abs() {
        much if much >= 7_200.0 => format!("{:.1} h {word}", much / 3_600.0),
        some if some >= 120.0 => format!("{:.0} min {word}", some / 60.0),
        little => format!("{little:.0} s {word}"),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// What was said as an entry, to be read as one; it has no name.
fn as_entry(new: &NewEntry) -> Entry {
    use crate::bookkeeping::{BookId, EntryId};
    Entry {
        id: EntryId { book: BookId(0), number: 1 },
        place: 0,
        at: new.at,
        kind: new.kind,
        subject: new.subject.clone(),
        run: new.run,
        who: new.who.clone(),
        role: new.role.clone(),
        host: String::new(),
        body: new.body.clone(),
        supersedes: Vec::new(),
        wish: None,
        previous: String::new(),
        hash: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bookkeeping::{Decision, NewDecision, Row, RunRecord};
    use monitasks::vocab::Run;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn decided(run: u32, flag: Flag, comment: &str, second: i64) -> NewEntry {
        let decision = NewDecision {
            at: at(second),
            subject: DecisionSubject::run(Run(run)),
            decision: Decision::new(flag, comment),
            who: "Ada".into(),
            role: "shifter".into(),
            supersedes: Vec::new(),
            wish: None,
            seen: None,
        };
        decision.entry().unwrap()
    }

    #[test]
    fn each_run_is_compared_with_what_was_in_force_in_the_end() {
        let mut store = SqliteStore::in_memory().unwrap();
        for run in 1..=4 {
            let record = RunRecord { run: Run(run), first_seen: at(0), ended: None, ended_by: None };
            store.record(None, &[], &[Row::Run(record)]).unwrap();
        }
        let past = [
            decided(1, Flag::Ok, "", 100),
            decided(2, Flag::Ok, "", 100),
            decided(2, Flag::Bad, "noisy <b>", 400),
            decided(3, Flag::Ok, "", 9),
        ];
        say(&mut store, &past).unwrap();
        let trained = [decided(1, Flag::Ok, "fine", 160), decided(2, Flag::Maybe, "", 100), decided(4, Flag::Bad, "x", 500)];
        let whole = BookChanges::read(&store).unwrap();
        let report = TrainingReport::of("night", Path::new("t.sqlite"), &whole, None, &trained);
        let found: Vec<(Comparison, Option<f64>)> = report.decisions.iter().map(|row| (row.comparison, row.later_s)).collect();
        use Comparison::{Agrees, Differs, NewDecision, NotDecided};
        assert_eq!(found, [(Agrees, Some(60.0)), (Differs, Some(-300.0)), (NotDecided, None), (NewDecision, None)]);
        assert_eq!(report.summary(), "1 agree, 1 differ, 1 not decided in the training, 1 decided in the training alone");
        let (text, html) = (report.text(), report.html());
        assert!(text.contains("noisy <b>") && text.contains("5 min earlier") && text.contains("60 s later"), "{text}");
        assert!(html.contains("noisy &lt;b&gt;") && !html.contains("noisy <b>"), "{html}");
    }

    #[test]
    fn a_training_book_is_made_with_the_first_word_and_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut book = TrainingBook::new_in(folder.path(), at(0));
        assert!(TrainingBook::newest_in(folder.path()).is_none());
        let mut store = SqliteStore::in_memory().unwrap();
        let said = [decided(1, Flag::Ok, "", 5), decided(2, Flag::Bad, "x", 6)];
        let entries = store.append(&said).unwrap();
        book.keep(&entries).unwrap();
        book.keep(&store.append(&[NewEntry { supersedes: vec![entries[0].id], ..decided(1, Flag::Bad, "y", 7) }]).unwrap())
            .unwrap();
        let newest = TrainingBook::newest_in(folder.path()).unwrap();
        assert_eq!(newest, book.path());
        let read = TrainingBook::said_in(&newest).unwrap();
        assert_eq!(read.len(), 3);
        assert_eq!(in_force(read.iter().map(|new| (new.at, as_entry(new)))).len(), 2);
    }
}
