//! The table of all runs, kept from the book: read once with the newest runs first, then only what changed; and the answers to what
//! is asked of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use monitasks::quality::Flag;
use monitasks::vocab::Run;

use crate::bookkeeping::{
    ChangeStamp, DecisionRecord, Entry, EntryKind, Mark, MarkRecord, RunKindBody, RunSums, RunSumsRead, Store, StoreError,
};
use crate::catalogue::query::{self, Query};
use crate::catalogue::{Fields, RunFacts, RunRow, RunTable};
use crate::config::{MarkSettings, RunListSettings, Settings};
use crate::decisions::status::Derived;
use crate::decisions::{self, Quality, RuleInForce, StatusError, marks, processing_named};
use crate::snapshot::{Only, RunsAsk, RunsShown};

/// Runs that are read first: somebody waits for them.
const FIRST_PAGE: usize = 2_000;
/// Runs that are read at once after those.
const PAGE: usize = 20_000;
/// Of more changed runs than these all statuses are derived: that takes no longer.
const MOST_ALONE: usize = 200;

/// The derived statuses of each run, now: the number of each processing with its status, in order.
///
/// # Errors
/// When the book can't be read, or a rule can't be used.
pub fn statuses_by_run(store: &dyn Store, settings: &Settings) -> Result<BTreeMap<Run, Vec<(u32, u8)>>, StatusError> {
    Ok(by_run(decisions::statuses(store, Quality::of(settings), Timestamp::now())?))
}

/// Statuses of processings by run, in order.
fn by_run(all: BTreeMap<String, u8>) -> BTreeMap<Run, Vec<(u32, u8)>> {
    let mut by_run: BTreeMap<Run, Vec<(u32, u8)>> = BTreeMap::new();
    for (product, status) in all {
        if let Some(of) = processing_named(&product) {
            by_run.entry(of.run).or_default().push((of.processing.0, status));
        }
    }
    by_run.values_mut().for_each(|statuses| statuses.sort_unstable());
    by_run
}

/// Keeps the table.
pub struct RunTableKeeper {
    table: Arc<RunTable>,
    list: RunListSettings,
    marks: MarkSettings,
    /// What of the settings the derived status goes by.
    settings: Settings,
    stamp: Option<ChangeStamp>,
    seen: Option<i64>,
    place: i64,
    /// What of the book was not read yet.
    left: Left,
    /// The rule and the overrides by which statuses were derived last.
    judged_by: Option<RuleInForce>,
}

/// What of the book is still to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    All,
    RunsBelow(Run),
    Statuses,
    Nothing,
}

impl RunTableKeeper {
    /// A table that was not read yet.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        RunTableKeeper {
            table: Arc::new(RunTable::new(Fields::new(&settings.run_list))),
            list: settings.run_list.clone(),
            marks: settings.marks.clone(),
            settings: settings.clone(),
            stamp: None,
            seen: None,
            place: 0,
            left: Left::All,
            judged_by: None,
        }
    }

    /// Reads what is new; answers whether anything is. Of a book that was not read yet it reads the newest runs, and older ones
    /// with each further call until [`RunTableKeeper::is_whole`].
    ///
    /// # Errors
    /// When the book can't be read; the table stays as it was.
    pub fn read(&mut self, store: &dyn Store) -> Result<bool, StoreError> {
        match self.left {
            Left::All => self.read_first(store)?,
            Left::RunsBelow(below) => {
                let (read, left) = store.run_sums_below(Some(below), PAGE)?;
                self.put(&read);
                self.left = left.map_or(Left::Statuses, Left::RunsBelow);
            }
            Left::Statuses => {
                self.derive(store, None);
                self.left = Left::Nothing;
            }
            Left::Nothing => return self.read_changes(store),
        }
        Ok(true)
    }

    /// Whether the whole book was read.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.left == Left::Nothing
    }

    fn read_first(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        let stamp = store.change_stamp()?;
        let (read, left) = store.run_sums_below(None, FIRST_PAGE)?;
        self.table = Arc::new(RunTable::new(Fields::new(&self.list)));
        self.put(&read);
        // What changes while the rest is read is new after it.
        (self.stamp, self.seen, self.place) = (Some(stamp), read.seen, read.place);
        self.left = left.map_or(Left::Statuses, Left::RunsBelow);
        if self.left == Left::Statuses {
            self.derive(store, None);
            self.left = Left::Nothing;
        }
        Ok(())
    }

    fn read_changes(&mut self, store: &dyn Store) -> Result<bool, StoreError> {
        let stamp = store.change_stamp()?;
        if self.stamp.as_ref() == Some(&stamp) {
            return Ok(false);
        }
        if self.seen.is_none() {
            // The book does not tell what changed.
            self.read_first(store)?;
            return Ok(true);
        }
        let read = store.run_sums(self.seen)?;
        let is_new = !read.runs.is_empty() || read.place != self.place;
        self.put(&read);
        if is_new {
            let runs: Vec<Run> = read.runs.iter().map(|(run, _)| *run).collect();
            self.derive(store, Some(&runs));
        }
        (self.stamp, self.seen, self.place) = (Some(stamp), read.seen, read.place);
        Ok(is_new)
    }

    fn put(&mut self, read: &RunSumsRead) {
        if read.runs.is_empty() {
            return;
        }
        // Whoever still looks at the table as it was keeps that one.
        let table = Arc::make_mut(&mut self.table);
        for (run, sums) in &read.runs {
            table.put(&row_of(*run, sums, &self.marks));
        }
    }

    /// Derives the statuses anew, of all runs or of those that changed and what hangs on them, and puts them in. Where they can't be
    /// derived, those of the book's last cut stay.
    fn derive(&mut self, store: &dyn Store, changed: Option<&[Run]>) {
        let (quality, now) = (Quality::of(&self.settings), Timestamp::now());
        let Ok(rule) = decisions::rule_in_force(store, quality, now) else { return };
        let few = changed.filter(|runs| runs.len() <= MOST_ALONE && self.judged_by.as_ref() == Some(&rule));
        let statuses = match few {
            Some(runs) => decisions::statuses_around(store, quality, runs, now),
            None => decisions::statuses(store, quality, now),
        };
        let Ok(statuses) = statuses else { return };
        self.judged_by = Some(rule);
        let table = Arc::make_mut(&mut self.table);
        for (run, statuses) in by_run(statuses) {
            table.put_number(run, "status", statuses.last().map(|(_, status)| f64::from(*status)));
        }
    }

    /// The table as it is now.
    #[must_use]
    pub fn table(&self) -> &Arc<RunTable> {
        &self.table
    }

    /// The place in the book up to which it was read.
    #[must_use]
    pub fn place(&self) -> i64 {
        self.place
    }

    /// Answers what is asked. Of a query that is none, the rows of `before` stay.
    #[must_use]
    pub fn answer(&self, ask: &RunsAsk, before: Option<&RunsShown>) -> RunsShown {
        let shown = answer_of(&self.table, ask, before);
        RunsShown { place: self.place, is_read: self.stamp.is_some(), is_whole: self.is_whole(), ..shown }
    }
}

/// Answers what is asked of a table. Of a query that is none, the runs of `before` stay.
#[must_use]
pub fn answer_of(table: &Arc<RunTable>, ask: &RunsAsk, before: Option<&RunsShown>) -> RunsShown {
    let suggestions = query::complete(&ask.query, ask.cursor, table);
    let (rows, fault, explained) = match query::parse(&ask.query, table.fields()) {
        Ok(query) => {
            let mut rows = table.find(&query);
            keep_only(&mut rows, table, ask.only);
            table.sort(&mut rows, &ask.sort);
            (Arc::new(rows), None, query::explain(&query, table.fields()))
        }
        Err(fault) => {
            let rows = match before {
                Some(before) if Arc::ptr_eq(&before.table, table) => before.rows.clone(),
                Some(before) if before.is_read => {
                    let runs = before.rows.iter().filter_map(|row| before.table.run(*row));
                    Arc::new(runs.filter_map(|run| table.row(run)).collect())
                }
                _ => Arc::new(table.find(&Query::Everything)),
            };
            (rows, Some(fault), String::new())
        }
    };
    RunsShown {
        ask: ask.clone(),
        table: table.clone(),
        rows,
        fault,
        explained,
        suggestions,
        place: 0,
        bulk: before.and_then(|before| before.bulk.clone()),
        is_read: true,
        is_whole: true,
    }
}

/// Leaves the rows of a part of the shift; a run of which it is not known is in none.
fn keep_only(rows: &mut Vec<u32>, table: &RunTable, only: Only) {
    let (from, to) = only.runs;
    if from.is_some() || to.is_some() {
        let is_in = |run: Run| from.is_none_or(|from| from <= run) && to.is_none_or(|to| run <= to);
        rows.retain(|row| table.run(*row).is_some_and(is_in));
    }
    let times = only.query_of_times();
    if let (false, Ok(query)) = (times.is_empty(), query::parse(&times, table.fields())) {
        let taken: std::collections::HashSet<u32> = table.find(&query).into_iter().collect();
        rows.retain(|row| taken.contains(row));
    }
}

/// A run as the table takes it.
#[must_use]
pub fn row_of(run: Run, sums: &RunSums, settings: &MarkSettings) -> RunRow {
    let mut row = RunRow::new(run);
    if let Some(data) = &sums.data {
        row.started = data.first_data;
        row.ended = data.ended.map(|ended| data.last_data.unwrap_or(ended));
        row.lanes.clone_from(&data.lanes);
        row.files = Some(data.files);
        row.size_gb = Some(data.size_bytes as f64 / 1e9);
        row.groups = Some(data.groups);
        row.analysed = Some(data.analysed);
        row.failed = Some(data.failed);
        row.events = Some(data.events);
    }
    let said = Said::of(&sums.said);
    // Where nobody decided the shift mark stands in; two decisions in force come from two books, and the worse counts.
    let worst = said.decisions.iter().map(|decision| decision.decision.flag).reduce(Flag::worse);
    row.flag = worst.or_else(|| said.mark.and_then(|mark| marks::flag_of(settings, mark))).unwrap_or_default();
    row.mark = said.mark.unwrap_or(Mark::Unmarked).word().to_owned();
    let last = said.decisions.iter().rfind(|decision| Some(decision.decision.flag) == worst);
    row.decided_by = last.map(|decision| format!("{}, {}", decision.who, decision.role));
    let comment = last.map(|decision| decision.decision.comment()).or(said.mark_comment);
    row.comment = comment.filter(|comment| !comment.is_empty());
    row.kind = said.kind;
    row.status = said.status;
    row.facts = said.facts;
    row
}

/// What is in force on a run.
#[derive(Default)]
struct Said {
    decisions: Vec<DecisionRecord>,
    mark: Option<Mark>,
    mark_comment: Option<String>,
    kind: Option<String>,
    status: Option<u8>,
    facts: RunFacts,
}

impl Said {
    /// An entry that can't be read says nothing here: the book's own check tells of it.
    fn of(entries: &[Entry]) -> Self {
        let mut said = Said::default();
        let mut newest_processing = 0;
        for entry in entries {
            match entry.kind {
                EntryKind::Decision => said.decisions.extend(DecisionRecord::of(entry)),
                EntryKind::Mark => {
                    if let Some(mark) = MarkRecord::of(entry).ok().filter(|mark| Some(mark.mark) >= said.mark) {
                        said.mark = Some(mark.mark);
                        said.mark_comment = Some(mark.comment);
                    }
                }
                EntryKind::RunKind => said.kind = entry.read::<RunKindBody>().ok().map(|body| body.kind).or(said.kind),
                EntryKind::RunFacts => said.facts.0.extend(entry.read::<RunFacts>().unwrap_or_default().0),
                EntryKind::Status => {
                    // A run's status is that of its newest processing.
                    let processing = entry.subject.rsplit_once("-p").and_then(|(_, number)| number.parse::<u32>().ok());
                    if let (Some(processing), Ok(derived)) = (processing, entry.read::<Derived>())
                        && processing >= newest_processing
                    {
                        (newest_processing, said.status) = (processing, Some(derived.status));
                    }
                }
                _ => {}
            }
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bookkeeping::{NewEntry, Row, RunRecord, SqliteStore};
    use crate::catalogue::SortKey;

    fn marked(run: u32, subsystem: &str, mark: &str) -> NewEntry {
        NewEntry {
            at: Timestamp::UNIX_EPOCH,
            kind: EntryKind::SubsystemMark,
            subject: format!("run{run}-p1/{subsystem}"),
            run: Some(Run(run)),
            who: "Ada".into(),
            role: "expert".into(),
            body: serde_json::json!({"mark": mark, "comment": ""}),
            supersedes: Vec::new(),
            wish: None,
            seen: None,
        }
    }

    #[test]
    fn the_newest_runs_stand_in_the_table_first_and_all_with_their_statuses_in_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = SqliteStore::open(&folder.path().join("book.sqlite")).unwrap();
        let all = FIRST_PAGE as u32 + 100;
        let row = |run| Row::Run(RunRecord { run: Run(run), first_seen: Timestamp::UNIX_EPOCH, ended: None, ended_by: None });
        store.record(None, &[], &(1..=all).map(row).collect::<Vec<_>>()).unwrap();
        store.append(&[marked(1, "RQM", "good"), marked(1, "CAL", "physics"), marked(all, "RQM", "bad")]).unwrap();

        let mut keeper = RunTableKeeper::new(&Settings::default());
        let ask = RunsAsk { sort: vec![SortKey { field: "run".into(), is_descending: true }], ..RunsAsk::default() };
        let newest = |shown: &RunsShown| shown.table.run(shown.rows[0]);
        let status = |keeper: &RunTableKeeper, run: u32| {
            let row = keeper.table().row(Run(run)).unwrap();
            keeper.table().cell(row, "status").map(|cell| cell.text)
        };
        assert!(keeper.read(&store).unwrap());
        let first = keeper.answer(&ask, None);
        assert_eq!((first.rows.len(), newest(&first), first.is_whole), (FIRST_PAGE, Some(Run(all)), false));
        // What is written meanwhile is not lost.
        store.append(&[marked(2, "RQM", "flawed")]).unwrap();
        while !keeper.is_whole() {
            assert!(keeper.read(&store).unwrap());
        }
        assert!(keeper.read(&store).unwrap());
        assert!(!keeper.read(&store).unwrap());
        let whole = keeper.answer(&ask, None);
        assert_eq!((whole.rows.len(), newest(&whole), whole.is_whole), (all as usize, Some(Run(all)), true));
        assert_eq!(
            [1, 2, 3, all].map(|run| status(&keeper, run)),
            [Some("1"), Some("2"), None, Some("2")].map(|s| s.map(String::from))
        );
        // A change of one run changes its own status, by a rule that is the same.
        store.append(&[marked(3, "RQM", "bad")]).unwrap();
        assert!(keeper.read(&store).unwrap());
        assert_eq!(status(&keeper, 3).as_deref(), Some("2"));
    }
}
