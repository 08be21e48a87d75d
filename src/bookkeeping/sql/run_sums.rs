//! Runs summed up by the database, so that no file's row leaves it.

use std::collections::BTreeMap;

use monitasks::vocab::Run;

use super::engine::{Engine, SqlError};
use super::ledger;
use super::read;
use super::value::{SqlRow, Value, params};
use crate::bookkeeping::entry::Entry;
use crate::bookkeeping::run_sums::{RunCounts, RunSums, RunSumsRead, StreamFiles};

type Answer<T> = Result<T, SqlError>;

/// A file's newest pass, beside the file.
const NEWEST_PASS: &str = "files LEFT JOIN passes AS pass ON pass.run = files.run AND pass.sequence = files.sequence
    AND pass.processing = (SELECT max(processing) FROM passes AS other WHERE other.run = files.run AND other.sequence = files.sequence)";

/// Which runs are asked about: all, or those that changed.
struct Which {
    condition: fn(&str) -> String,
    params: Vec<Value>,
}

pub(super) fn run_sums(moment: &dyn Engine, seen: Option<i64>) -> Answer<RunSumsRead> {
    let (newest, place, has_ledger) = state(moment)?;
    let since = seen.filter(|_| newest.is_some());
    let which = match since {
        Some(seen) => Which {
            condition: |run| format!("WHERE {run} IN (SELECT run FROM changed_runs WHERE change > $1)"),
            params: params![seen].to_vec(),
        },
        None => Which { condition: |_| String::new(), params: Vec::new() },
    };
    if since.is_some() && since == newest {
        return Ok(RunSumsRead { runs: Vec::new(), is_all: false, seen: newest, place });
    }
    let runs = summed(moment, &which, has_ledger)?;
    Ok(RunSumsRead { runs, is_all: since.is_none(), seen: newest, place })
}

/// The newest runs below one, and below which there are more.
pub(super) fn run_sums_below(moment: &dyn Engine, below: Option<Run>, at_most: usize) -> Answer<(RunSumsRead, Option<Run>)> {
    let (newest, place, has_ledger) = state(moment)?;
    let below = below.map_or(i64::MAX, |run| i64::from(run.0));
    let sql = "SELECT run FROM runs WHERE run < $1 ORDER BY run DESC LIMIT 1 OFFSET $2";
    let last = moment.query(sql, &params![below, at_most.saturating_sub(1) as u64])?;
    let from = last.first().map(SqlRow::run).transpose()?;
    // Runs that a run list alone tells of stand among those with files around them; the oldest of all with the last page.
    let which = Which {
        condition: |run| format!("WHERE {run} >= $1 AND {run} < $2"),
        params: params![from.map_or(i64::MIN, |run| i64::from(run.0)), below].to_vec(),
    };
    let runs = summed(moment, &which, has_ledger)?;
    Ok((RunSumsRead { runs, is_all: false, seen: newest, place }, from))
}

/// The number of the last change, none where the book does not tell; the place of its last entry; whether there is a ledger.
fn state(moment: &dyn Engine) -> Answer<(Option<i64>, i64, bool)> {
    let has_ledger = moment.has_table("entries")?;
    let place = if has_ledger { ledger::newest_place(moment)? } else { 0 };
    Ok((read::newest_change(moment)?, place, has_ledger))
}

fn summed(moment: &dyn Engine, which: &Which, has_ledger: bool) -> Answer<Vec<(Run, RunSums)>> {
    let mut runs: BTreeMap<Run, RunSums> = BTreeMap::new();
    counts(moment, which, &mut runs)?;
    if has_ledger {
        said(moment, which, &mut runs)?;
    }
    Ok(runs.into_iter().collect())
}

/// Rows of a question about the runs that are asked about; `{}` in it is the condition on a run's column.
fn rows(moment: &dyn Engine, which: &Which, sql: &str, column: &str) -> Answer<Vec<SqlRow>> {
    moment.query(&sql.replace("{}", &(which.condition)(column)), &which.params)
}

fn counts(moment: &dyn Engine, which: &Which, runs: &mut BTreeMap<Run, RunSums>) -> Answer<()> {
    for row in rows(moment, which, "SELECT run, first_seen_ns, ended_ns FROM runs {}", "run")? {
        let counts =
            RunCounts { first_seen: row.stamp("first_seen_ns")?, ended: row.optional_stamp("ended_ns")?, ..RunCounts::default() };
        runs.insert(row.run()?, RunSums { data: Some(counts), said: Vec::new() });
    }
    let mut put = |row: &SqlRow, set: &dyn Fn(&mut RunCounts) -> Answer<()>| -> Answer<()> {
        runs.get_mut(&row.run()?).and_then(|sums| sums.data.as_mut()).map_or(Ok(()), set)
    };
    let of_files = format!(
        "SELECT files.run AS run, count(*) AS files, CAST(sum(files.size_bytes) AS BIGINT) AS size_bytes,
            min(files.daq_closed_ns) AS first_ns, max(files.daq_closed_ns) AS last_ns,
            CAST(sum(CASE WHEN files.step = 'stored' AND pass.step = 'analysed' THEN 1 ELSE 0 END) AS BIGINT) AS analysed,
            CAST(sum(CASE WHEN files.step = 'failed' THEN 1 ELSE 0 END) AS BIGINT) AS failed,
            CAST(sum(coalesce(pass.events, 0)) AS BIGINT) AS events
        FROM {NEWEST_PASS} {{}} GROUP BY files.run"
    );
    for row in rows(moment, which, &of_files, "files.run")? {
        put(&row, &|counts| {
            counts.files = row.number("files")?;
            counts.size_bytes = row.number("size_bytes")?;
            (counts.first_data, counts.last_data) = (row.optional_stamp("first_ns")?, row.optional_stamp("last_ns")?);
            counts.analysed = row.number("analysed")?;
            counts.failed = row.number("failed")?;
            counts.events = row.number("events")?;
            Ok(())
        })?;
    }
    for row in failed_in_a_lane(moment, which)? {
        put(&row, &|counts| {
            counts.failed += 1;
            counts.analysed = counts.analysed.saturating_sub(u64::from(row.flag("was_analysed")?));
            Ok(())
        })?;
    }
    for row in rows(moment, which, "SELECT run, count(*) AS groups_there FROM groups {} GROUP BY run", "run")? {
        put(&row, &|counts| {
            counts.groups = row.number("groups_there")?;
            Ok(())
        })?;
    }
    for row in rows(moment, which, "SELECT DISTINCT run, lane FROM processings {} ORDER BY run, lane", "run")? {
        put(&row, &|counts| {
            counts.lanes.push(row.text("lane")?);
            Ok(())
        })?;
    }
    Ok(())
}

/// Stored files of which a pass has failed that is the newest of its lane, and whether they were counted as analysed: a lane that
/// went on hides no failure in another.
fn failed_in_a_lane(moment: &dyn Engine, which: &Which) -> Answer<Vec<SqlRow>> {
    let asked = (which.condition)("own.run");
    let and = if asked.is_empty() { "WHERE" } else { "AND" };
    let sql = format!(
        "SELECT own.run AS run, own.sequence AS sequence,
            CAST(CASE WHEN max(newest.step) = 'analysed' THEN 1 ELSE 0 END AS BIGINT) AS was_analysed
        FROM passes AS own
            JOIN files ON files.run = own.run AND files.sequence = own.sequence AND files.step = 'stored'
            JOIN passes AS newest ON newest.run = own.run AND newest.sequence = own.sequence AND newest.processing =
                (SELECT max(processing) FROM passes AS other WHERE other.run = own.run AND other.sequence = own.sequence)
        {asked} {and} own.step = 'failed' AND NOT EXISTS
            (SELECT 1 FROM passes AS later WHERE later.run = own.run AND later.sequence = own.sequence
                AND later.lane = own.lane AND later.processing > own.processing)
        GROUP BY own.run, own.sequence"
    );
    moment.query(&sql, &which.params)
}

/// What is in force on runs as a whole.
fn said(moment: &dyn Engine, which: &Which, runs: &mut BTreeMap<Run, RunSums>) -> Answer<()> {
    // Found by run: there are few kinds, and each is said of every run.
    let kinds = "(kind || '') IN ('mark', 'run_kind', 'run_facts', 'status') OR (kind || '') = 'decision' AND subject = 'run' || CAST(run AS TEXT) || '@raw'";
    let which_runs = (which.condition)("run");
    let and = if which_runs.is_empty() { "WHERE" } else { "AND" };
    let condition =
        format!("WHERE place IN (SELECT place FROM in_force {which_runs} {and} run IS NOT NULL AND ({kinds})) ORDER BY place");
    let entries: Vec<Entry> = ledger::entries(moment, &condition, &which.params)?;
    for entry in entries {
        if let Some(run) = entry.run {
            runs.entry(run).or_default().said.push(entry);
        }
    }
    Ok(())
}

/// The files of each run by stream.
pub(super) fn stream_files(moment: &dyn Engine) -> Answer<Vec<StreamFiles>> {
    let raw = "SELECT run, count(*) AS files, 'raw' AS stream,
            CAST(CASE WHEN sum(CASE WHEN step = 'stored' THEN 0 ELSE 1 END) = 0
                AND run NOT IN (SELECT run FROM story WHERE kind = 'released' AND run IS NOT NULL) THEN 1 ELSE 0 END AS BIGINT) AS here
        FROM files GROUP BY run";
    // Of a lane, its newest processing of the run.
    let lanes = "SELECT pass.run AS run, CAST(count(pass.accepted_ns) AS BIGINT) AS files, newest.lane AS stream,
            CAST(CASE WHEN count(pass.accepted_ns) = count(*) THEN 1 ELSE 0 END AS BIGINT) AS here
        FROM (SELECT run, lane, max(processing) AS processing FROM processings GROUP BY run, lane) AS newest
            JOIN passes AS pass ON pass.run = newest.run AND pass.processing = newest.processing
        GROUP BY pass.run, newest.lane";
    let mut streams = Vec::new();
    for sql in [raw, lanes] {
        for row in moment.query(sql, &[])? {
            streams.push(StreamFiles {
                run: row.run()?,
                stream: row.text("stream")?,
                files: row.number("files")?,
                is_local: row.flag("here")?,
            });
        }
    }
    streams.sort_by(|one, other| (one.run, &one.stream).cmp(&(other.run, &other.stream)));
    Ok(streams)
}
