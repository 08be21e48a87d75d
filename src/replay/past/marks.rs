//! What there is to go to on the line of a replay: runs, alarms and failures, decisions, and where nothing happened for long.

use jiff::{SignedDuration, Timestamp};

use super::changes::{BookChanges, What};
use crate::bookkeeping::{DecisionRecord, Entry, EntryKind, FileStep, PassStep, Row};
use crate::snapshot::{ReplayMark, ReplayMarkKind};

/// A time this long in which nothing happened is a gap.
const GAP: SignedDuration = SignedDuration::from_mins(30);

/// All marks, by time.
pub(super) fn marks(book: &BookChanges, results: &[Timestamp]) -> Vec<ReplayMark> {
    let mut marks: Vec<ReplayMark> = book.iter().filter_map(|(at, what)| mark_of(at, what)).collect();
    let mut seen = std::collections::BTreeSet::new();
    marks.retain(|mark| mark.kind != ReplayMarkKind::Run || seen.insert(mark.run));
    let mut times: Vec<Timestamp> = book.iter().map(|(at, _)| at).chain(results.iter().copied()).collect();
    times.sort_unstable();
    let gaps = times.windows(2).filter(|pair| pair[1].duration_since(pair[0]) >= GAP).map(|pair| ReplayMark {
        at: pair[1],
        kind: ReplayMarkKind::Gap,
        words: format!("nothing happened for {} min before", pair[1].duration_since(pair[0]).as_mins()),
        run: None,
    });
    marks.extend(gaps);
    marks.sort_by_key(|mark| (mark.at, mark.kind));
    marks
}

fn mark_of(at: Timestamp, what: &What) -> Option<ReplayMark> {
    let mark = |kind, words: String, run| Some(ReplayMark { at, kind, words, run });
    match what {
        What::Row(row) => match &**row {
            Row::Run(run) => mark(ReplayMarkKind::Run, format!("{} began", run.run), Some(run.run)),
            Row::File(file) if file.step == FileStep::Failed => {
                let why = file.reason.clone().unwrap_or_default();
                mark(ReplayMarkKind::Alarm, format!("{} failed: {why}", file.file), Some(file.file.run))
            }
            Row::Pass(pass) if pass.step == PassStep::Failed => {
                let why = pass.reason.clone().unwrap_or_default();
                mark(ReplayMarkKind::Alarm, format!("{} failed: {why}", pass.name()), Some(pass.file.run))
            }
            _ => None,
        },
        What::Story(_) => None,
        What::Entry(entry) => of_entry(entry).and_then(|(kind, words)| mark(kind, words, entry.run)),
    }
}

fn of_entry(entry: &Entry) -> Option<(ReplayMarkKind, String)> {
    match entry.kind {
        EntryKind::Alarm if entry.body["state"] == "latched" => {
            let says = entry.body["says"].as_str().unwrap_or_default();
            Some((ReplayMarkKind::Alarm, format!("alarm of {}: {says}", entry.subject)))
        }
        EntryKind::Decision => {
            let record = DecisionRecord::of(entry).ok()?;
            let said = if record.decision.withdrawn { "taken back" } else { record.decision.flag.word() };
            Some((ReplayMarkKind::Decision, format!("{}: {said}, {}", record.subject.words(), entry.who)))
        }
        EntryKind::Mark | EntryKind::SubsystemMark => {
            let said = entry.body["mark"].as_str().unwrap_or_default();
            Some((ReplayMarkKind::Decision, format!("{}: {said}, {}", entry.subject, entry.who)))
        }
        _ => None,
    }
}
