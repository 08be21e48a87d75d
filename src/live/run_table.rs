//! The table of all runs, kept from the book: read once, then only what changed; and the answers to what is asked of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use monitasks::quality::Flag;
use monitasks::vocab::Run;

use crate::bookkeeping::{
    ChangeStamp, DecisionRecord, Entry, EntryKind, Mark, MarkRecord, RunKindBody, RunSums, Store, StoreError,
};
use crate::catalogue::query::{self, Query};
use crate::catalogue::{Fields, RunFacts, RunRow, RunTable};
use crate::config::{MarkSettings, RunListSettings, Settings};
use crate::decisions::status::Derived;
use crate::decisions::{self, Quality, StatusError, marks, processing_named};
use crate::snapshot::{RunsAsk, RunsShown};

/// Statuses are derived anew whenever something changes while there are no more runs than these; of more, they are those of the
/// book's last cut: deriving them takes longer than people wait for a table.
const MOST_DERIVED: usize = 5_000;

/// The derived statuses of each run, now: the number of each processing with its status, in order.
///
/// # Errors
/// When the book can't be read, or a rule can't be used.
pub fn statuses_by_run(store: &dyn Store, settings: &Settings) -> Result<BTreeMap<Run, Vec<(u32, u8)>>, StatusError> {
    let all = decisions::statuses(store, Quality::of(settings), Timestamp::now())?;
    let mut by_run: BTreeMap<Run, Vec<(u32, u8)>> = BTreeMap::new();
    for (product, status) in all {
        if let Some(of) = processing_named(&product) {
            by_run.entry(of.run).or_default().push((of.processing.0, status));
        }
    }
    by_run.values_mut().for_each(|statuses| statuses.sort_unstable());
    Ok(by_run)
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
        }
    }

    /// Reads what is new; answers whether anything is.
    ///
    /// # Errors
    /// When the book can't be read; the table stays as it was.
    pub fn read(&mut self, store: &dyn Store) -> Result<bool, StoreError> {
        let stamp = store.change_stamp()?;
        if self.stamp.as_ref() == Some(&stamp) {
            return Ok(false);
        }
        let read = store.run_sums(self.seen)?;
        let is_new = read.is_all || !read.runs.is_empty() || read.place != self.place;
        if read.is_all {
            self.table = Arc::new(RunTable::new(Fields::new(&self.list)));
        }
        if !read.runs.is_empty() {
            // Whoever still looks at the table as it was keeps that one.
            let table = Arc::make_mut(&mut self.table);
            for (run, sums) in &read.runs {
                table.put(&row_of(*run, sums, &self.marks));
            }
        }
        if is_new && self.table.len() <= MOST_DERIVED {
            self.derive(store);
        }
        (self.stamp, self.seen, self.place) = (Some(stamp), read.seen, read.place);
        Ok(is_new)
    }

    /// Derives the statuses anew and puts in those that changed. Where they can't be, those of the book's last cut stay.
    fn derive(&mut self, store: &dyn Store) {
        let Ok(statuses) = statuses_by_run(store, &self.settings) else { return };
        let table = Arc::make_mut(&mut self.table);
        for (run, statuses) in &statuses {
            table.put_number(*run, "status", statuses.last().map(|(_, status)| f64::from(*status)));
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
        RunsShown { place: self.place, is_read: self.stamp.is_some(), ..shown }
    }
}

/// Answers what is asked of a table. Of a query that is none, the runs of `before` stay.
#[must_use]
pub fn answer_of(table: &Arc<RunTable>, ask: &RunsAsk, before: Option<&RunsShown>) -> RunsShown {
    let suggestions = query::complete(&ask.query, ask.cursor, table);
    let (rows, fault, explained) = match query::parse(&ask.query, table.fields()) {
        Ok(query) => {
            let mut rows = table.find(&query);
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
