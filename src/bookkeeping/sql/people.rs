//! Questions to the ledger about what people said of runs.

use std::collections::BTreeMap;

use monitasks::quality::Flag;
use monitasks::vocab::Run;

use super::engine::{Engine, SqlError};
use super::ledger;
use super::value::params;
use crate::bookkeeping::entry::Entry;
use crate::bookkeeping::people::{DecisionRecord, MarkRecord, RunKindBody, Said};
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

/// What people said of the runs from one to another.
pub(super) fn said_of(engine: &dyn Engine, (from, to): (Run, Run), said: &mut Said) -> Answer<()> {
    // Found by run: there are few kinds, and each is said of every run.
    let condition = "WHERE run BETWEEN $1 AND $2 AND (kind || '') IN ('decision', 'mark') ORDER BY place";
    for entry in ledger::entries(engine, condition, &params![from, to])? {
        match entry.kind {
            EntryKind::Decision => said.decisions.push(read(&entry, DecisionRecord::of)?),
            _ => said.marks.push(read(&entry, MarkRecord::of)?),
        }
    }
    let condition =
        "WHERE place IN (SELECT place FROM in_force WHERE run BETWEEN $1 AND $2 AND (kind || '') = 'run_kind') ORDER BY place";
    said.kinds.extend(kinds_of(&ledger::entries(engine, condition, &params![from, to])?)?);
    Ok(())
}

/// What people said of the runs of which they said something after a place, and the place of what was said last.
pub(super) fn judgements_since(engine: &dyn Engine, place: i64) -> Answer<(Vec<Judgement>, i64)> {
    let kinds = "('decision', 'mark', 'run_kind')";
    let newest = engine.query(&format!("SELECT coalesce(max(place), 0) AS place FROM entries WHERE kind IN {kinds}"), &[])?;
    let newest = newest.first().map_or(Ok(0), |row| row.int("place"))?;
    if newest <= place {
        return Ok((Vec::new(), place));
    }
    let sql = format!("SELECT DISTINCT run FROM entries WHERE place > $1 AND run IS NOT NULL AND kind IN {kinds} ORDER BY run");
    let runs = engine.query(&sql, &params![place])?;
    let judged = runs.iter().map(|row| judgement(engine, row.run()?)).collect::<Answer<_>>()?;
    Ok((judged, newest))
}

/// What is in force on a run. Where two books say two things, what says less good of the run counts.
fn judgement(engine: &dyn Engine, run: Run) -> Answer<Judgement> {
    let (mut flag, mut mark, mut kind) = (None::<Flag>, None::<Mark>, None);
    for entry in ledger::in_force_of_run(engine, run)? {
        match entry.kind {
            EntryKind::Decision => {
                let record = read(&entry, DecisionRecord::of)?;
                if record.subject.is_run() {
                    flag = Some(flag.map_or(record.decision.flag, |flag| flag.worse(record.decision.flag)));
                }
            }
            EntryKind::Mark => mark = mark.max(Some(read(&entry, MarkRecord::of)?.mark)),
            EntryKind::RunKind => kind = kinds_of(std::slice::from_ref(&entry))?.remove(&run),
            _ => {}
        }
    }
    Ok(Judgement { run, flag: flag.unwrap_or_default(), mark: mark.unwrap_or(Mark::Unmarked), kind })
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
