//! Decisions and marks as people make them: checked against the settings and the book, written with the statuses they change.

use std::collections::BTreeMap;

use jiff::Timestamp;
use monitasks::quality::Flag;
use monitasks::vocab::{FileId, Run};

use super::bodies::SubsystemMarkBody;
use super::closing::refuse_locked;
use super::flags::is_explained;
use super::follow_ups;
use super::heard::{processing_named, product_of};
use super::marks;
use super::quality::{DecisionError, Quality, Speaker, StatusError, cleaned, signed};
use super::rulebook::rules;
use super::status::ProcessingOf;
use super::status_book::{record, record_with};
use crate::bookkeeping::{
    Decision, DecisionRecord, DecisionSubject, Entry, EntryId, EntryKind, Evidence, MarkRecord, NewDecision, NewEntry, Part,
    RunKindBody, Stage, Store, StoreError,
};

/// Runs that are named when one is not in the book.
const RUNS_NAMED: usize = 20;
/// More plots than anybody has on a screen.
const MOST_EVIDENCE: usize = 200;

/// Records a decision: BAD needs a comment, every decision a person and a role, its words stand in the settings, what it is about
/// must be known and not locked, and what is in force must be what the person saw. The statuses that it changes are written with it.
///
/// # Errors
/// When one of these rules is broken, or the book can't be written; nothing is recorded then.
pub fn decide(store: &mut dyn Store, quality: Quality<'_>, decision: &NewDecision) -> Result<DecisionRecord, DecisionError> {
    let mut said = checked(quality, &decision.decision)?;
    let (who, role) = signed(&decision.who, &decision.role)?;
    unless_away(refuse_unknown(store, &decision.subject), ())?;
    unless_away(refuse_locked(store, quality, decision.subject.run, decision.subject.stage), ())?;
    if said.rule_version.is_none() {
        said.rule_version = version_in_force(store, quality, decision.at)?;
    }
    let decision = NewDecision { decision: said, who, role, ..decision.clone() };
    let entry = decision.entry().map_err(DecisionError::from)?;
    let open_before = store.in_force_on(EntryKind::FollowUp, &follow_ups::follow_up_id(&decision));
    let in_force = unless_away(open_before.map_err(DecisionError::from), Vec::new())?;
    let follow_up = follow_ups::opened_by(&decision, &in_force)?;
    let recorded = record_with(store, quality, &entry, follow_up.as_slice())?;
    DecisionRecord::of(&recorded).map_err(DecisionError::Odd)
}

/// What was decided, with its texts cleaned and its words looked up.
fn checked(quality: Quality<'_>, said: &Decision) -> Result<Decision, DecisionError> {
    let said = Decision {
        note: cleaned("comment", &said.note)?,
        usable_for: in_list("attribute of \"usable for\"", &said.usable_for, &quality.decisions.usable_for)?,
        comments: in_list("standard comment", &said.comments, quality.comments)?,
        evidence: evidence(&said.evidence)?,
        ..said.clone()
    };
    if !is_explained(said.flag, &said.comments, &said.note) {
        return Err(DecisionError::BadNeedsComment);
    }
    Ok(said)
}

/// Words that must stand in a list, each once, in the list's order.
fn in_list(what: &'static str, words: &[String], list: &[String]) -> Result<Vec<String>, DecisionError> {
    if let Some(found) = words.iter().find(|word| !list.contains(word)) {
        let known = if list.is_empty() { "none".to_owned() } else { list.join(", ") };
        return Err(DecisionError::NotInList { what, found: found.clone(), known });
    }
    Ok(list.iter().filter(|word| words.contains(word)).cloned().collect())
}

fn evidence(shown: &[Evidence]) -> Result<Vec<Evidence>, DecisionError> {
    let text = |text: &Option<String>| text.as_ref().map(|text| cleaned("evidence", text)).transpose();
    let each = shown.iter().take(MOST_EVIDENCE);
    each.map(|one| {
        Ok(Evidence {
            item: cleaned("evidence", &one.item)?,
            state: text(&one.state)?,
            value: text(&one.value)?,
            looked_at: one.looked_at,
        })
    })
    .collect()
}

/// The version of the rule in force; none when there is none that can be used, which keeps nobody from deciding.
fn version_in_force(store: &dyn Store, quality: Quality<'_>, at: Timestamp) -> Result<Option<String>, StoreError> {
    match rules(store, quality) {
        Ok(rules) => Ok(rules.at(at).rule().map(|rule| rule.version.clone())),
        Err(StatusError::Store(StoreError::Away { .. })) => Ok(None),
        Err(StatusError::Store(error)) => Err(error),
        Err(_) => Ok(None),
    }
}

/// Records a shifter's mark: by a person, in a role, on a run that is known. The one before stands in the book and is in force
/// no more.
///
/// # Errors
/// When one of these rules is broken, or the book can't be written; nothing is recorded then.
pub fn mark(store: &mut dyn Store, quality: Quality<'_>, mark: &MarkRecord) -> Result<MarkRecord, DecisionError> {
    let (who, role) = signed(&mark.who, &mark.role)?;
    let mark = MarkRecord { comment: cleaned("comment", &mark.comment)?, who, role, ..mark.clone() };
    unless_away(refuse_unknown(store, &DecisionSubject::run(mark.run)), ())?;
    unless_away(refuse_locked(store, quality, mark.run, Stage::Raw), ())?;
    let supersedes = seen(store, EntryKind::Mark, &mark.run.to_string(), None)?;
    let entry = mark.entry(supersedes).map_err(DecisionError::from)?;
    let recorded = record(store, quality, &entry)?;
    MarkRecord::of(&recorded).map_err(DecisionError::Odd)
}

/// A subsystem marks a processing, in the place of what the person saw up to a place of the book (none: just now).
///
/// # Errors
/// When it does not say that, nobody says it, the processing is not known or locked, or something else is in force by now.
#[allow(clippy::too_many_arguments, reason = "each is another thing that was said")]
pub fn mark_subsystem(
    store: &mut dyn Store,
    quality: Quality<'_>,
    of: ProcessingOf,
    subsystem: &str,
    word: &str,
    comment: &str,
    by: Speaker<'_>,
    up_to: Option<i64>,
) -> Result<Entry, DecisionError> {
    let mark = marks::parse(quality.marks, subsystem, word)?;
    let (who, role) = signed(by.who, by.role)?;
    let subject = DecisionSubject { run: of.run, part: Part::Processing(of.processing), stage: Stage::Reconstructed };
    unless_away(refuse_unknown(store, &subject), ())?;
    unless_away(refuse_locked(store, quality, of.run, Stage::Reconstructed), ())?;
    let body = SubsystemMarkBody { mark, comment: cleaned("comment", comment)? };
    let subject = format!("{}/{subsystem}", product_of(of));
    let supersedes = seen(store, EntryKind::SubsystemMark, &subject, up_to)?;
    let entry = NewEntry {
        at: by.at,
        kind: EntryKind::SubsystemMark,
        subject,
        run: Some(of.run),
        who,
        role,
        body: serde_json::to_value(body).map_err(DecisionError::from)?,
        supersedes,
        wish: None,
        seen: up_to,
    };
    record(store, quality, &entry)
}

/// Says what kind of data runs hold; answers of how many that is news.
///
/// # Errors
/// When nobody says it, or the book can't be written; nothing is recorded then.
pub fn name_kinds(store: &mut dyn Store, at: Timestamp, who: &str, kinds: &[(Run, String)]) -> Result<usize, DecisionError> {
    let (who, role) = signed(who, "data manager")?;
    let mut known: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for entry in store.in_force(EntryKind::RunKind)? {
        known.entry(entry.subject.clone()).or_default().push(entry);
    }
    let mut news = Vec::new();
    for (run, kind) in kinds {
        let before = known.remove(&run.to_string()).unwrap_or_default();
        let body = RunKindBody { kind: kind.clone() };
        if matches!(before.as_slice(), [entry] if entry.read::<RunKindBody>().is_ok_and(|said| said == body)) {
            continue;
        }
        news.push(NewEntry {
            at,
            kind: EntryKind::RunKind,
            subject: run.to_string(),
            run: Some(*run),
            who: who.clone(),
            role: role.clone(),
            body: serde_json::to_value(body).map_err(DecisionError::from)?,
            supersedes: before.iter().map(|entry| entry.id).collect(),
            wish: None,
            seen: None,
        });
    }
    store.append(&news)?;
    Ok(news.len())
}

/// While the book's server is away, what is said waits in the outbox: what the book would have answered can't be asked then, and
/// is taken to be `otherwise`. The book asks again at the delivery.
fn unless_away<T>(outcome: Result<T, DecisionError>, otherwise: T) -> Result<T, DecisionError> {
    match outcome {
        Err(DecisionError::Store(StoreError::Away { .. })) => Ok(otherwise),
        other => other,
    }
}

/// What is in force on a subject, as far as a person who looked at the book up to a place saw it (none: just now). Nothing while
/// the book's server is away: the outbox knows up to where the book was seen.
///
/// # Errors
/// When the book can't be read.
pub fn seen(store: &dyn Store, kind: EntryKind, subject: &str, up_to: Option<i64>) -> Result<Vec<EntryId>, StoreError> {
    let in_force = match store.in_force_on(kind, subject) {
        Err(StoreError::Away { .. }) => return Ok(Vec::new()),
        other => other?,
    };
    Ok(in_force.iter().filter(|entry| up_to.is_none_or(|place| entry.place <= place)).map(|entry| entry.id).collect())
}

/// A decision on a run as a whole, made now, superseding what the person saw in force.
#[must_use]
pub fn on_run(run: Run, flag: Flag, note: &str, who: &str, role: &str, supersedes: &[EntryId]) -> NewDecision {
    NewDecision {
        at: Timestamp::now(),
        subject: DecisionSubject::run(run),
        decision: Decision::new(flag, note),
        who: who.into(),
        role: role.into(),
        supersedes: supersedes.to_vec(),
        wish: None,
        seen: None,
    }
}

/// Refuses what is about something that the book does not know. A run that is known by a run list alone was taken and processed
/// elsewhere: its files and processings are taken as they are named.
pub(super) fn refuse_unknown(store: &dyn Store, subject: &DecisionSubject) -> Result<(), DecisionError> {
    let run = subject.run;
    if store.run(run)?.is_none() {
        let is_listed = |entry: &Entry| entry.kind == EntryKind::RunFacts;
        return if store.in_force_of_run(run)?.iter().any(is_listed) { Ok(()) } else { Err(unknown_run(store, run)?) };
    }
    match subject.part {
        Part::Whole | Part::Range { .. } => Ok(()),
        Part::File(sequence) if store.file(FileId { run, sequence })?.is_some() => Ok(()),
        Part::File(sequence) => {
            let known: Vec<String> = store.files_of(run)?.0.into_iter().map(|record| record.file.to_string()).collect();
            Err(unknown_part(FileId { run, sequence }.to_string(), &known))
        }
        Part::Processing(processing) => {
            let mut known: Vec<ProcessingOf> =
                store.processings_of(run)?.iter().map(|record| ProcessingOf { run, processing: record.processing }).collect();
            let of_run = store.in_force_of_run(run)?;
            let derived = of_run.iter().filter(|entry| entry.kind == EntryKind::Derivation);
            known.extend(derived.filter_map(|entry| processing_named(&entry.subject)));
            let wanted = ProcessingOf { run, processing };
            if known.contains(&wanted) {
                return Ok(());
            }
            Err(unknown_part(product_of(wanted), &known.into_iter().map(product_of).collect::<Vec<_>>()))
        }
    }
}

fn unknown_part(found: String, known: &[String]) -> DecisionError {
    let known = if known.is_empty() { "none of this run".to_owned() } else { in_short(known) };
    DecisionError::UnknownPart { found, known }
}

fn unknown_run(store: &dyn Store, run: Run) -> Result<DecisionError, StoreError> {
    let runs: Vec<String> = store.overview()?.runs.iter().map(|run| run.run.to_string()).collect();
    let known = if runs.is_empty() { "none yet".to_owned() } else { in_short(&runs) };
    Ok(DecisionError::UnknownRun { run, known })
}

/// The last names of a list and how many there are before them.
fn in_short(names: &[String]) -> String {
    match names.len().checked_sub(RUNS_NAMED) {
        None | Some(0) => names.join(", "),
        Some(more) => format!("{more} others and {}", names[more..].join(", ")),
    }
}
