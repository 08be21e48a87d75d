//! What run lists say of runs, recorded: one entry per run, superseded when a later list says otherwise.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use monitasks::vocab::Run;

use super::DecisionError;
use super::quality::signed;
use crate::bookkeeping::{Entry, EntryKind, NewEntry, Store};
use crate::catalogue::RunFacts;

/// Entries written in one transaction: a long list does not keep the book for itself.
const AT_ONCE: usize = 1_000;

/// What became of the facts of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct FactsRecorded {
    /// Runs of which the book had no facts.
    pub new: usize,
    /// Runs of which it had others.
    pub changed: usize,
    /// Runs of which it had the same.
    pub same: usize,
}

/// Records the facts of runs. `covers` are the fields that the list has columns of: facts of other fields that stand in the book
/// stay, so that two lists can tell of the same runs. What the book says already is not said again.
///
/// # Errors
/// When nobody says it, or the book can't be read or written; what was written before that stays, and doing it again goes on.
pub fn record_facts(
    store: &mut dyn Store,
    at: Timestamp,
    who: &str,
    covers: &BTreeSet<String>,
    runs: &BTreeMap<Run, RunFacts>,
) -> Result<FactsRecorded, DecisionError> {
    let (who, role) = signed(who, "data manager")?;
    let mut known: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for entry in store.in_force(EntryKind::RunFacts)? {
        known.entry(entry.subject.clone()).or_default().push(entry);
    }
    let mut recorded = FactsRecorded::default();
    let mut news = Vec::new();
    for (run, facts) in runs {
        let before = known.remove(&run.to_string()).unwrap_or_default();
        let mut all = facts.clone();
        for (name, fact) in before.iter().filter_map(|entry| entry.read::<RunFacts>().ok()).flat_map(|facts| facts.0) {
            if !covers.contains(&name) {
                all.0.entry(name).or_insert(fact);
            }
        }
        match before.as_slice() {
            [] if all.0.is_empty() => {
                recorded.same += 1;
                continue;
            }
            [entry] if entry.read::<RunFacts>().is_ok_and(|said| said == all) => {
                recorded.same += 1;
                continue;
            }
            [] => recorded.new += 1,
            _ => recorded.changed += 1,
        }
        news.push(NewEntry {
            at,
            kind: EntryKind::RunFacts,
            subject: run.to_string(),
            run: Some(*run),
            who: who.clone(),
            role: role.clone(),
            body: serde_json::to_value(&all).map_err(DecisionError::from)?,
            supersedes: before.iter().map(|entry| entry.id).collect(),
            wish: None,
            seen: None,
        });
    }
    for some in news.chunks(AT_ONCE) {
        store.append(some)?;
    }
    Ok(recorded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bookkeeping::SqliteStore;
    use crate::catalogue::{Fact, Value};

    fn facts(list: &[(&str, &str)]) -> RunFacts {
        RunFacts(list.iter().map(|(name, text)| ((*name).to_owned(), Fact::of(Value::Text((*text).to_owned())))).collect())
    }

    #[test]
    fn facts_are_said_once_superseded_when_they_change_and_kept_beside_those_of_other_lists() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = SqliteStore::open(&folder.path().join("book.sqlite")).unwrap();
        let mut import = |covers: &[&str], runs: &[(u32, RunFacts)]| {
            let covers = covers.iter().map(|name| (*name).to_owned()).collect();
            let runs = runs.iter().map(|(run, facts)| (Run(*run), facts.clone())).collect();
            let FactsRecorded { new, changed, same } =
                record_facts(&mut store, Timestamp::UNIX_EPOCH, "Ada", &covers, &runs).unwrap();
            let said = store.in_force(EntryKind::RunFacts).unwrap();
            let said: Vec<RunFacts> = said.iter().map(|entry| entry.read().unwrap()).collect();
            ([new, changed, same], said)
        };
        let first = [(1, facts(&[("trigger", "PMT"), ("remark", "x")])), (2, facts(&[("trigger", "CRT")])), (3, facts(&[]))];
        let list = ["trigger", "remark"];
        assert_eq!(import(&list, &first).0, [2, 0, 1]);
        assert_eq!(import(&list, &first).0, [0, 0, 3]);
        let (counts, said) = import(&["lifetime"], &[(1, facts(&[("lifetime", "5 ms")]))]);
        assert_eq!((counts, &said[0]), ([0, 1, 0], &facts(&[("lifetime", "5 ms"), ("remark", "x"), ("trigger", "PMT")])));
        assert_eq!(import(&list, &first).0, [0, 0, 3], "another list's facts are not this one's business");
        let (counts, said) = import(&list, &[(1, facts(&[("trigger", "PMT")]))]);
        assert_eq!((counts, &said[0]), ([0, 1, 0], &facts(&[("lifetime", "5 ms"), ("trigger", "PMT")])));
    }
}
