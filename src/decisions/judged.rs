//! All that is in force on one run, and where it comes from: what a person is shown of it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use monitasks::vocab::{FileId, Processing, Run};
use serde::Serialize;

use super::bodies::{SubsystemMarkBody, Verification};
use super::flags::{Arrival, Datum, InForce, Span};
use super::heard::{Heard, flags, product_of, read};
use super::quality::{Quality, StatusError};
use super::status::{ProcessingOf, Why, why};
use crate::bookkeeping::{
    Decision, DecisionRecord, DecisionSubject, Entry, EntryKind, FileRecord, Lock, MarkRecord, Part, PassRecord, Stage, Store,
};
use crate::catalogue::RunFacts;

/// What run lists say; of a field on which books differ, what came last.
fn facts(in_force: &[Entry]) -> Result<RunFacts, StatusError> {
    let mut all = RunFacts::default();
    for entry in in_force.iter().filter(|entry| entry.kind == EntryKind::RunFacts) {
        all.0.extend(read::<RunFacts>(entry)?.0);
    }
    Ok(all)
}

/// All that is in force on a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judged {
    /// The run.
    pub run: Run,
    /// The run as a whole at each stage.
    pub stages: Vec<JudgedStage>,
    /// Files and time ranges with decisions of their own, and every file that is in the book.
    pub files: Vec<JudgedFile>,
    /// Its processings.
    pub processings: Vec<JudgedProcessing>,
    /// The rule's version at this moment; empty when there is none.
    pub rule: String,
    /// All that was said, oldest first.
    pub history: Vec<Said>,
    /// What run lists say of it.
    pub facts: RunFacts,
    /// Why statuses are not known; none when they are.
    pub fault: Option<String>,
}

/// A run as a whole at one stage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JudgedStage {
    /// The stage.
    pub stage: Stage,
    /// The flag, and where it comes from.
    pub flag: InForce,
    /// Where it comes from, in words.
    pub origin: String,
    /// Its own decision; none while there is none.
    pub decision: Option<Decision>,
    /// The number of that decision in this book.
    pub number: Option<i64>,
    /// Who locked it; none while it is open.
    pub locked: Option<LockedBy>,
    /// What a second person said of the decision; none while nobody did.
    pub verified: Option<VerifiedBy>,
}

/// A file or a time range.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JudgedFile {
    /// Which.
    pub subject: DecisionSubject,
    /// The flag, and where it comes from.
    pub flag: InForce,
    /// Where it comes from, in words.
    pub origin: String,
    /// The number of its own decision in this book.
    pub number: Option<i64>,
}

/// A processing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JudgedProcessing {
    /// Its number.
    pub processing: Processing,
    /// The flag of its data, and where it comes from.
    pub flag: InForce,
    /// Where it comes from, in words.
    pub origin: String,
    /// Its derived status, and why.
    pub why: Why,
    /// What subsystems say of it: subsystem, mark, number in this book.
    pub marks: Vec<(String, String, i64)>,
}

/// Who locked something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LockedBy {
    /// The name.
    pub who: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub comment: String,
}

/// What a second person said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerifiedBy {
    /// The name.
    pub who: String,
    /// When.
    pub at: Timestamp,
    /// Whether the person agrees.
    pub agrees: bool,
    /// What there was to say.
    pub comment: String,
}

/// Something that was said of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// Its number in this book.
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// What kind of thing.
    pub kind: EntryKind,
    /// Of what, in words: `run840-seq3`.
    pub subject: String,
    /// What, in words: `BAD, lost`.
    pub what: String,
    /// Why.
    pub comment: String,
    /// By whom.
    pub who: String,
    /// In which role.
    pub role: String,
    /// Whether nothing has taken its place.
    pub is_in_force: bool,
    /// Whether it can be undone.
    pub can_be_undone: bool,
}

/// All that is in force on a run.
///
/// # Errors
/// When the book can't be read. A status that can't be derived is told in the answer.
pub fn judged(store: &dyn Store, quality: Quality<'_>, run: Run, at: Timestamp) -> Result<Judged, StatusError> {
    let in_force = store.in_force_of_run(run)?;
    let flags = flags(&in_force, quality.marks)?;
    let (files, passes) = store.files_of(run)?;
    let arrivals = arrivals(&files, &passes);
    let shown = |subject: DecisionSubject, span| {
        let found = flags.of(subject, span, &arrivals);
        (number_of(&in_force, &subject), found.words(), found)
    };
    let stage = |stage: &Stage| {
        let subject = DecisionSubject::run(run).at(*stage);
        let (number, origin, flag) = shown(subject, None);
        let decided = decisions_on(&in_force, &subject);
        Ok(JudgedStage {
            stage: *stage,
            flag,
            origin,
            number,
            locked: locked(&in_force, &subject)?,
            verified: decided.last().map(|record| verified(&in_force, record)).transpose()?.flatten(),
            decision: decided.into_iter().next_back().map(|record| record.decision),
        })
    };
    let stages = Stage::ALL.iter().map(stage).collect::<Result<_, StatusError>>()?;
    let spans = spans(&files);
    let mut subjects: BTreeMap<DecisionSubject, Option<Span>> =
        files.iter().map(|record| (DecisionSubject::file(record.file), spans.get(&record.file).copied())).collect();
    for record in in_force.iter().filter_map(decision_of) {
        if matches!(record.subject.part, Part::File(_) | Part::Range { .. }) {
            subjects.entry(record.subject).or_insert(None);
        }
    }
    let files = subjects.into_iter().map(|(subject, span)| {
        let (number, origin, flag) = shown(subject, span);
        JudgedFile { subject, flag, origin, number }
    });
    let mut judged = Judged {
        run,
        stages,
        files: files.collect(),
        processings: Vec::new(),
        rule: String::new(),
        history: history(store, run, &in_force)?,
        facts: facts(&in_force)?,
        fault: None,
    };
    match derived(store, quality, run, at) {
        Ok((rule, all)) => {
            judged.rule = rule;
            for (of, why) in all {
                let subject = DecisionSubject { run, part: Part::Processing(of.processing), stage: Stage::Reconstructed };
                let (_, origin, flag) = shown(subject, None);
                let marks = marks_of(&in_force, of)?;
                judged.processings.push(JudgedProcessing { processing: of.processing, flag, origin, why, marks });
            }
        }
        Err(StatusError::Store(error)) => return Err(error.into()),
        Err(error) => judged.fault = Some(error.to_string()),
    }
    Ok(judged)
}

/// The rule's version and the status of each processing of a run.
fn derived(
    store: &dyn Store,
    quality: Quality<'_>,
    run: Run,
    at: Timestamp,
) -> Result<(String, Vec<(ProcessingOf, Why)>), StatusError> {
    let heard = Heard::around(store, quality, &[run], false)?;
    let statuses = heard.derive(quality.marks, at)?;
    let all = heard.of_run(run).into_iter().filter_map(|of| {
        let parents = statuses.parents.get(&of).map_or(&[][..], Vec::as_slice);
        Some((of, why(&heard.rules, statuses.inputs.get(&of)?, parents, at)))
    });
    let rule = heard.rules.at(at).rule().map(|rule| rule.version.clone()).unwrap_or_default();
    Ok((rule, all.collect()))
}

fn decision_of(entry: &Entry) -> Option<DecisionRecord> {
    (entry.kind == EntryKind::Decision).then(|| DecisionRecord::of(entry).ok()).flatten()
}

/// The decisions in force on a subject, oldest first, but those that take back.
fn decisions_on(in_force: &[Entry], subject: &DecisionSubject) -> Vec<DecisionRecord> {
    let own = in_force.iter().filter_map(decision_of);
    own.filter(|record| record.subject == *subject && !record.decision.withdrawn).collect()
}

/// The number up to which a person has seen the decisions in force on a subject, also those that take back.
fn number_of(in_force: &[Entry], subject: &DecisionSubject) -> Option<i64> {
    in_force.iter().filter_map(decision_of).filter(|record| record.subject == *subject).map(|record| record.id).max()
}

fn locked(in_force: &[Entry], subject: &DecisionSubject) -> Result<Option<LockedBy>, StatusError> {
    let name = subject.to_string();
    for entry in in_force.iter().filter(|entry| entry.kind == EntryKind::Lock && entry.subject == name) {
        let lock: Lock = read(entry)?;
        if lock.is_locked {
            return Ok(Some(LockedBy { who: entry.who.clone(), at: entry.at, comment: lock.comment }));
        }
    }
    Ok(None)
}

/// What a second person said of a decision: of an older one, or by the same person, nothing.
fn verified(in_force: &[Entry], decision: &DecisionRecord) -> Result<Option<VerifiedBy>, StatusError> {
    let (name, id) = (decision.subject.to_string(), decision.entry.to_string());
    for entry in in_force.iter().filter(|entry| entry.kind == EntryKind::Verification && entry.subject == name) {
        let said: Verification = read(entry)?;
        let is_second = Verification { agrees: true, ..said.clone() }.counts(&id, &decision.who, &entry.who);
        if is_second {
            let (who, at) = (entry.who.clone(), entry.at);
            return Ok(Some(VerifiedBy { who, at, agrees: said.agrees, comment: said.comment }));
        }
    }
    Ok(None)
}

fn marks_of(in_force: &[Entry], of: ProcessingOf) -> Result<Vec<(String, String, i64)>, StatusError> {
    let prefix = format!("{}/", product_of(of));
    let mut marks = Vec::new();
    for entry in in_force.iter().filter(|entry| entry.kind == EntryKind::SubsystemMark) {
        if let Some(subsystem) = entry.subject.strip_prefix(&prefix) {
            let body: SubsystemMarkBody = read(entry)?;
            marks.push((subsystem.to_owned(), body.mark.word().to_owned(), entry.place));
        }
    }
    Ok(marks)
}

/// What came when: files as they were taken in, processings with their last product.
fn arrivals(files: &[FileRecord], passes: &[PassRecord]) -> Vec<Arrival> {
    let mut of_processing: BTreeMap<Processing, Timestamp> = BTreeMap::new();
    for pass in passes {
        let Some(accepted) = pass.accepted else { continue };
        let last = of_processing.entry(pass.processing).or_insert(accepted);
        *last = accepted.max(*last);
    }
    let files = files.iter().map(|record| Arrival { what: Datum::File(record.file.sequence), at: record.arrived });
    files.chain(of_processing.into_iter().map(|(of, at)| Arrival { what: Datum::Processing(of), at })).collect()
}

/// When the data of each file were taken: from the close of the one before it to its own. Of the first it is not known since when.
fn spans(files: &[FileRecord]) -> BTreeMap<FileId, Span> {
    let mut spans = BTreeMap::new();
    let mut from = Timestamp::MIN;
    for record in files {
        let to = record.daq_closed;
        if from < to {
            spans.insert(record.file, Span { from, to });
        }
        from = to;
    }
    spans
}

/// All that was said of a run, oldest first.
fn history(store: &dyn Store, run: Run, in_force: &[Entry]) -> Result<Vec<Said>, StatusError> {
    let mut all = Vec::new();
    for entry in store.entries_of_run(run)? {
        let Some((subject, what, comment)) = in_words(&entry)? else { continue };
        let is_in_force = in_force.iter().any(|other| other.id == entry.id);
        let is_word = matches!(entry.kind, EntryKind::Decision | EntryKind::Mark | EntryKind::SubsystemMark);
        all.push(Said {
            number: entry.place,
            at: entry.at,
            kind: entry.kind,
            subject,
            what,
            comment,
            who: entry.who,
            role: entry.role,
            is_in_force,
            can_be_undone: is_in_force && is_word,
        });
    }
    Ok(all)
}

/// Subject, what and why of an entry; none of one that is no word of people on the quality of data.
fn in_words(entry: &Entry) -> Result<Option<(String, String, String)>, StatusError> {
    let damaged = |why| StatusError::Damaged { entry: entry.id, why };
    Ok(Some(match entry.kind {
        EntryKind::Decision => {
            let record = DecisionRecord::of(entry).map_err(damaged)?;
            (record.subject.words(), decision_words(&record.decision), record.decision.comment())
        }
        EntryKind::Mark => {
            let mark = MarkRecord::of(entry).map_err(damaged)?;
            (mark.run.to_string(), format!("marked {}", mark.mark.word().replace('_', " ")), mark.comment)
        }
        EntryKind::SubsystemMark => {
            let body: SubsystemMarkBody = read(entry)?;
            let (product, subsystem) = entry.subject.split_once('/').unwrap_or((entry.subject.as_str(), "?"));
            (product.to_owned(), format!("{subsystem} {}", body.mark.word().replace('_', " ")), body.comment)
        }
        EntryKind::Lock => {
            let lock: Lock = read(entry)?;
            (subject_words(entry), (if lock.is_locked { "locked" } else { "unlocked" }).to_owned(), lock.comment)
        }
        EntryKind::Verification => {
            let said: Verification = read(entry)?;
            (subject_words(entry), (if said.agrees { "verified" } else { "not agreed" }).to_owned(), said.comment)
        }
        _ => return Ok(None),
    }))
}

fn subject_words(entry: &Entry) -> String {
    entry.subject.parse::<DecisionSubject>().map_or_else(|_| entry.subject.clone(), |subject| subject.words())
}

/// A decision in words, without its comment: `BAD, lost, usable for calibration`.
fn decision_words(decision: &Decision) -> String {
    if decision.withdrawn {
        return "taken back".to_owned();
    }
    let mut words = decision.flag.word().to_owned();
    if let Some(outcome) = decision.outcome {
        words += &format!(", {}", outcome.word().replace('_', " "));
    }
    if !decision.usable_for.is_empty() {
        words += &format!(", usable for {}", decision.usable_for.join(", "));
    }
    words
}
