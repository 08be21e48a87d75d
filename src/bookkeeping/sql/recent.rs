//! Questions to the book about the part of it that a window keeps.

use std::collections::BTreeSet;

use monitasks::vocab::Run;

use super::engine::{Engine, SqlError};
use super::ledger;
use super::read;
use super::value::{SqlRow, params};
use crate::bookkeeping::entry::Entry;
use crate::bookkeeping::recent::{FileCounts, Recent, RecentChanges};
use crate::bookkeeping::store::{Changes, Overview};
use crate::bookkeeping::words::FailureClass;

type Answer<T> = Result<T, SqlError>;

/// Runs below the newest that are not over: they may grow, or something of them is done.
const NOT_OVER: &str = "SELECT run FROM (
        SELECT run FROM runs WHERE ended_ns IS NULL
        UNION SELECT run FROM processings WHERE step IN ('held', 'open')
        UNION SELECT run FROM files WHERE step NOT IN ('stored', 'failed')
        UNION SELECT run FROM passes WHERE retry_ns IS NOT NULL
        UNION SELECT run FROM central_copies WHERE step <> 'verified') AS under_way
    WHERE run < $1 ORDER BY run DESC LIMIT $2";

/// The runs of a part: those from one number on, and some below it.
struct Runs {
    from: Run,
    below: BTreeSet<Run>,
}

impl Runs {
    fn of(moment: &dyn Engine, part: &Recent) -> Answer<Self> {
        let newest = part.newest as u64;
        let sql = "SELECT run FROM runs ORDER BY run DESC LIMIT 1 OFFSET $1";
        // A book with fewer runs is kept whole.
        let from = runs(&moment.query(sql, &params![newest.saturating_sub(1)])?)?.pop().unwrap_or(Run(0));
        let mut below: BTreeSet<Run> = BTreeSet::new();
        if from > Run(0) {
            below.extend(runs(&moment.query(NOT_OVER, &params![from, newest])?)?);
            below.extend(undecided(moment, from, newest)?);
            let also = part.also.filter(|run| *run < from);
            if let Some(run) = also
                && read::run(moment, run)?.is_some()
            {
                below.insert(run);
            }
        }
        Ok(Runs { from, below })
    }

    fn has(&self, run: Run) -> bool {
        run >= self.from || self.below.contains(&run)
    }
}

/// The newest runs below one that nobody has decided on.
fn undecided(moment: &dyn Engine, below: Run, at_most: u64) -> Answer<Vec<Run>> {
    if !moment.has_table("in_force")? {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT run FROM runs WHERE run < $1 AND NOT EXISTS (SELECT 1 FROM {said} AS said
            WHERE said.run = runs.run AND {DECIDED}) ORDER BY run DESC LIMIT $2",
        said = ledger::in_force_with_words(moment)?
    );
    runs(&moment.query(&sql, &params![below, at_most])?)
}

/// What is in force decides on its run as a whole; as the index `decided_runs` has it.
const DECIDED: &str = "kind = 'decision' AND subject = 'run' || CAST(run AS TEXT) || '@raw' AND says <> 'UNCHECKED'";

fn runs(rows: &[SqlRow]) -> Answer<Vec<Run>> {
    rows.iter().map(SqlRow::run).collect()
}

pub(super) fn changes_of(moment: &dyn Engine, part: &Recent, seen: Option<i64>) -> Answer<RecentChanges> {
    let newest = read::newest_change(moment)?;
    let wanted = Runs::of(moment, part)?;
    let mut now = read::of_no_run(moment)?;
    let written = match (seen, newest) {
        (Some(seen), Some(_)) => {
            let sql = "SELECT run FROM changed_runs WHERE change > $1 ORDER BY run";
            Some(runs(&moment.query(sql, &params![seen])?)?)
        }
        _ => None,
    };
    let new = written.as_ref().map(|written| new_in(part, &wanted, written));
    match &new {
        Some(new) => {
            for run in new.iter().filter(|run| wanted.has(**run)) {
                read::add_runs(moment, (*run, *run), &mut now)?;
            }
        }
        None => {
            for run in &wanted.below {
                read::add_runs(moment, (*run, *run), &mut now)?;
            }
            read::add_runs(moment, (wanted.from, Run(u32::MAX)), &mut now)?;
        }
    }
    read::put_in_order(&mut now);
    let left_out = left_out(moment, &wanted)?;
    Ok(RecentChanges { changes: Changes { runs: new, now, seen: newest }, written, left_out })
}

/// Runs of the part of which something was written, that came into it, and that left it; in order.
fn new_in(part: &Recent, wanted: &Runs, written: &[Run]) -> Vec<Run> {
    let is_held = |run: &Run| part.held.binary_search(run).is_ok();
    let mut new: BTreeSet<Run> = written.iter().copied().filter(|run| wanted.has(*run) || is_held(run)).collect();
    new.extend(wanted.below.iter().filter(|run| !is_held(run)));
    new.extend(part.held.iter().filter(|run| !wanted.has(**run)));
    new.into_iter().collect()
}

/// The newest decisions on runs as a whole since a place of the book.
pub(super) fn newest_decided(engine: &dyn Engine, after: i64, at_most: usize) -> Answer<Vec<Entry>> {
    let said = ledger::in_force_with_words(engine)?;
    let condition = format!(
        "WHERE place IN (SELECT place FROM {said} AS said WHERE {DECIDED} AND place > $1 ORDER BY place DESC LIMIT $2) ORDER BY place DESC"
    );
    ledger::entries(engine, &condition, &params![after, at_most as u64])
}

/// Runs with the place of the last decision on them.
pub(super) fn decided_at(engine: &dyn Engine, run: Option<Run>) -> Answer<Vec<(Run, Option<i64>)>> {
    let sql = format!(
        "SELECT run, (SELECT max(place) FROM {said} AS said WHERE said.run = runs.run AND {DECIDED}) AS place FROM runs
            WHERE run BETWEEN $1 AND $2 ORDER BY run",
        said = ledger::in_force_with_words(engine)?
    );
    let (from, to) = run.map_or((0, i64::MAX), |run| (i64::from(run.0), i64::from(run.0)));
    engine.query(&sql, &params![from, to])?.iter().map(|row| Ok((row.run()?, row.optional_int("place")?))).collect()
}

fn left_out(moment: &dyn Engine, wanted: &Runs) -> Answer<usize> {
    let older: usize = count(moment, "SELECT count(*) AS number FROM runs WHERE run < $1", wanted.from)?;
    Ok(older.saturating_sub(wanted.below.len()))
}

fn count(moment: &dyn Engine, sql: &str, run: Run) -> Answer<usize> {
    moment.query(sql, &params![run])?.first().map_or(Ok(0), |row| row.number("number"))
}

/// All rows of one run.
pub(super) fn of_run(moment: &dyn Engine, run: Run) -> Answer<Overview> {
    let mut now = read::of_no_run(moment)?;
    read::add_runs(moment, (run, run), &mut now)?;
    Ok(now)
}

pub(super) fn file_counts(moment: &dyn Engine) -> Answer<FileCounts> {
    let files = moment.query("SELECT count(*) AS number FROM files", &[])?;
    let mut counts = FileCounts { files: files.first().map_or(Ok(0), |row| row.number("number"))?, ..FileCounts::default() };
    // A failure that a later processing has taken over counts where it happened.
    for sql in [
        "SELECT failure, count(*) AS number FROM files WHERE step = 'failed' GROUP BY failure",
        "SELECT failure, count(*) AS number FROM passes WHERE step = 'failed' AND output_of = processing GROUP BY failure",
    ] {
        for row in moment.query(sql, &[])? {
            let class = row.optional_word("failure")?.unwrap_or(FailureClass::Unknown);
            *counts.failed.entry(class).or_default() += row.number::<usize>("number")?;
        }
    }
    Ok(counts)
}
