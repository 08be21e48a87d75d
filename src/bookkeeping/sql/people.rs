//! Questions to the ledger about what people said of runs.

use std::collections::BTreeMap;

use monitasks::quality::Flag;
use monitasks::vocab::Run;

use super::engine::{Engine, SqlError};
use super::ledger;
use crate::bookkeeping::entry::Entry;
use crate::bookkeeping::people::{DecisionRecord, DecisionSubject, MarkBody, MarkRecord, RunKindBody, Said};
use crate::bookkeeping::store::Judgement;
use crate::bookkeeping::words::{EntryKind, Mark};

type Answer<T> = Result<T, SqlError>;

pub(super) fn said(engine: &dyn Engine) -> Answer<Said> {
    let decisions = ledger::of_kind(engine, EntryKind::Decision)?;
    let marks = ledger::of_kind(engine, EntryKind::Mark)?;
    let kinds = ledger::in_force(engine, EntryKind::RunKind)?;
    Ok(Said {
        decisions: each(&decisions, DecisionRecord::of)?,
        marks: each(&marks, MarkRecord::of)?,
        kinds: kinds_of(&kinds)?.into_iter().collect(),
    })
}

/// What people said of each run, in force. Where two books say two things, what says less good of the run counts.
pub(super) fn judgements(engine: &dyn Engine) -> Answer<Vec<Judgement>> {
    let mut flags: BTreeMap<Run, Flag> = BTreeMap::new();
    for entry in ledger::in_force(engine, EntryKind::Decision)? {
        let record = read(&entry, DecisionRecord::of)?;
        if record.subject == DecisionSubject::run(record.subject.run) {
            let flag = flags.entry(record.subject.run).or_insert(record.decision.flag);
            *flag = flag.worse(record.decision.flag);
        }
    }
    let mut marks: BTreeMap<Run, Mark> = BTreeMap::new();
    for entry in ledger::in_force(engine, EntryKind::Mark)? {
        let (Some(run), mark) = (entry.run, read(&entry, |entry| entry.read::<MarkBody>().map_err(|e| e.to_string()))?.mark) else {
            continue;
        };
        let stands = marks.entry(run).or_insert(mark);
        *stands = (*stands).max(mark);
    }
    let mut kinds = kinds_of(&ledger::in_force(engine, EntryKind::RunKind)?)?;
    let runs = engine.query("SELECT run FROM runs ORDER BY run", &[])?;
    runs.iter()
        .map(|row| {
            let run = row.run()?;
            Ok(Judgement {
                run,
                flag: flags.get(&run).copied().unwrap_or_default(),
                mark: marks.get(&run).copied().unwrap_or(Mark::Unmarked),
                kind: kinds.remove(&run),
            })
        })
        .collect()
}

fn kinds_of(entries: &[Entry]) -> Answer<BTreeMap<Run, String>> {
    let mut kinds = BTreeMap::new();
    for entry in entries {
        let body = read(entry, |entry| entry.read::<RunKindBody>().map_err(|error| error.to_string()))?;
        if let Some(run) = entry.run {
            kinds.insert(run, body.kind);
        }
    }
    Ok(kinds)
}

fn each<T>(entries: &[Entry], of: fn(&Entry) -> Result<T, String>) -> Answer<Vec<T>> {
    entries.iter().map(|entry| read(entry, of)).collect()
}

/// An entry as a type; one that can't be is damage.
fn read<T>(entry: &Entry, of: impl Fn(&Entry) -> Result<T, String>) -> Answer<T> {
    of(entry).map_err(|what| SqlError::Damaged(format!("entry {} ({}): {what}", entry.id, entry.subject)))
}
