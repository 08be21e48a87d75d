//! What the backend writes into the book, each call within one transaction.

use std::collections::BTreeSet;

use jiff::Timestamp;
use monitasks::vocab::Run;

use super::engine::{Engine, SqlError};
use super::read;
use super::value::{Value, params, path_text, to_json};
use crate::bookkeeping::rows::{
    CentralCopy, FileRecord, GroupRecord, JobRecord, LeaseRecord, NotTakenRecord, PassRecord, ProcessingRecord, Reading,
    RequestSubject, RunRecord, StoryEntry, TransferRecord,
};
use crate::bookkeeping::store::Row;
use crate::bookkeeping::store_error::StoreError;
use crate::bookkeeping::words::{FailureClass, RequestKind};

type Written<T> = Result<T, SqlError>;

pub(super) fn record(book: &dyn Engine, lease: Option<&str>, story: &[StoryEntry], rows: &[Row]) -> Written<()> {
    if let Some(token) = lease {
        refuse_without_lease(book, token)?;
    }
    let sql = "INSERT INTO story (at_ns, run, sequence, kind, detail) VALUES ($1, $2, $3, $4, $5)";
    for entry in story {
        let run = entry.run.map(|run| run.0);
        let sequence = entry.sequence.map(|sequence| sequence.0);
        book.execute(sql, &params![entry.at, run, sequence, &entry.kind, entry.detail.to_string()])?;
    }
    for row in rows {
        write_row(book, row)?;
    }
    tell_changed(book, rows.iter().filter_map(run_of).collect())
}

/// The run that a row shows something of; none for one that is of no run, or that no picture of the shift shows.
fn run_of(row: &Row) -> Option<Run> {
    match row {
        Row::Run(run) => Some(run.run),
        Row::File(file) => Some(file.file.run),
        Row::Pass(pass) => Some(pass.file.run),
        Row::Processing(processing) => Some(processing.run),
        Row::Central(copy) => Some(copy.file.run),
        Row::Job(job) => Some(job.run),
        Row::Group(group) => Some(group.run),
        Row::Backend(_) | Row::Transfer(_) | Row::Reading(_) | Row::NotTaken(_) | Row::NoLongerThere(_) => None,
    }
}

/// Writes that something of runs was written. What people say of a run does so by the layout's own trigger.
fn tell_changed(book: &dyn Engine, runs: BTreeSet<Run>) -> Written<()> {
    let sql = "INSERT INTO changed_runs (run, change) SELECT $1, coalesce(max(change), 0) + 1 FROM changed_runs WHERE true
        ON CONFLICT (run) DO UPDATE SET change = excluded.change";
    for run in runs {
        book.execute(sql, &params![run])?;
    }
    Ok(())
}

fn write_row(book: &dyn Engine, row: &Row) -> Written<()> {
    match row {
        Row::Run(run) => write_run(book, run),
        Row::File(file) => write_file(book, file),
        Row::Pass(pass) => write_pass(book, pass),
        Row::Processing(processing) => write_processing(book, processing),
        Row::Transfer(transfer) => write_transfer(book, transfer),
        Row::Central(copy) => write_central(book, copy),
        Row::Backend(state) => put(book, "backend_state", &["only"], &[("only", 1i64.into()), ("state", to_json(state)?.into())]),
        Row::Job(job) => write_job(book, job),
        Row::Group(group) => write_group(book, group),
        Row::Reading(reading) => write_reading(book, reading),
        Row::NotTaken(file) => write_not_taken(book, file),
        Row::NoLongerThere(name) => book.execute("DELETE FROM not_taken WHERE name = $1", &params![name]).map(|_| ()),
    }
}

/// Puts a row in, or in the place of the one with the same key.
fn put(book: &dyn Engine, table: &str, key: &[&str], columns: &[(&str, Value)]) -> Written<()> {
    // Quoted, because what is a plain name to one engine is a word of the language to another.
    let names = columns.iter().map(|(name, _)| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    let places = (1..=columns.len()).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ");
    let others = columns.iter().map(|(name, _)| *name).filter(|name| !key.contains(name));
    let news = others.map(|name| format!("\"{name}\" = excluded.\"{name}\"")).collect::<Vec<_>>().join(", ");
    let key = key.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    let sql = format!("INSERT INTO {table} ({names}) VALUES ({places}) ON CONFLICT ({key}) DO UPDATE SET {news}");
    let values: Vec<Value> = columns.iter().map(|(_, value)| value.clone()).collect();
    book.execute(&sql, &values).map(|_| ())
}

fn write_run(book: &dyn Engine, run: &RunRecord) -> Written<()> {
    let columns = [
        ("run", run.run.into()),
        ("first_seen_ns", run.first_seen.into()),
        ("ended_ns", run.ended.into()),
        ("ended_by", run.ended_by.clone().into()),
    ];
    put(book, "runs", &["run"], &columns)
}

fn write_not_taken(book: &dyn Engine, file: &NotTakenRecord) -> Written<()> {
    let columns = [("name", file.name.clone().into()), ("reason", file.reason.clone().into()), ("at_ns", file.at.into())];
    put(book, "not_taken", &["name"], &columns)
}

fn write_file(book: &dyn Engine, file: &FileRecord) -> Written<()> {
    let columns = [
        ("run", file.file.run.0.into()),
        ("sequence", file.file.sequence.0.into()),
        ("step", file.step.word().into()),
        ("since_ns", file.since.into()),
        ("failure", file.failure.map(FailureClass::word).into()),
        ("reason", file.reason.clone().into()),
        ("source", file.source.clone().into()),
        ("size_bytes", file.size_bytes.into()),
        ("daq_closed_ns", file.daq_closed.into()),
        ("arrived_ns", file.arrived.into()),
        ("adler32", file.adler32.into()),
        ("events_by_trigger", file.events_by_trigger.as_ref().map(to_json).transpose()?.into()),
        ("refused_bytes", file.refused.map(|(bytes, _)| bytes).into()),
        ("refused_ns", file.refused.map(|(_, at)| at).into()),
    ];
    put(book, "files", &["run", "sequence"], &columns)
}

fn write_pass(book: &dyn Engine, pass: &PassRecord) -> Written<()> {
    let columns = [
        ("run", pass.file.run.0.into()),
        ("sequence", pass.file.sequence.0.into()),
        ("processing", pass.processing.0.into()),
        ("lane", pass.lane.clone().into()),
        ("step", pass.step.word().into()),
        ("since_ns", pass.since.into()),
        ("held_by", pass.held_by.clone().into()),
        ("failure", pass.failure.map(FailureClass::word).into()),
        ("reason", pass.reason.clone().into()),
        ("attempt", pass.attempt.into()),
        ("lost", pass.lost.into()),
        ("retries", pass.retries.into()),
        ("retry_ns", pass.retry_at.into()),
        ("output_of", pass.output_of.0.into()),
        ("events", pass.events.into()),
        ("tracks", pass.tracks.into()),
        ("accepted_ns", pass.accepted.into()),
        ("file_group", pass.group.map(|group| group.0).into()),
    ];
    put(book, "passes", &["run", "sequence", "processing"], &columns)
}

fn write_processing(book: &dyn Engine, processing: &ProcessingRecord) -> Written<()> {
    let columns = [
        ("run", processing.run.0.into()),
        ("processing", processing.processing.0.into()),
        ("lane", processing.lane.clone().into()),
        ("step", processing.step.word().into()),
        ("since_ns", processing.since.into()),
        ("opened_ns", processing.opened.into()),
        ("because", processing.because.clone().into()),
        ("hold", processing.hold.as_ref().map(to_json).transpose()?.into()),
        ("settings_sum", processing.settings_sum.clone().into()),
        ("missing", to_json(&processing.missing)?.into()),
        ("to_publish", processing.to_publish.into()),
    ];
    put(book, "processings", &["run", "processing"], &columns)
}

fn write_transfer(book: &dyn Engine, transfer: &TransferRecord) -> Written<()> {
    let sql = "INSERT INTO transfers (run, sequence, from_path, to_path, size_bytes, adler32, started_ns, ended_ns)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    book.execute(
        sql,
        &params![
            transfer.file.run.0,
            transfer.file.sequence.0,
            path_text(&transfer.from),
            path_text(&transfer.to),
            transfer.size_bytes,
            transfer.adler32,
            transfer.started,
            transfer.ended,
        ],
    )
    .map(|_| ())
}

fn write_central(book: &dyn Engine, copy: &CentralCopy) -> Written<()> {
    let columns = [
        ("run", copy.file.run.0.into()),
        ("sequence", copy.file.sequence.0.into()),
        ("destination", copy.destination.clone().into()),
        ("step", copy.step.word().into()),
        ("since_ns", copy.since.into()),
        ("attempts", copy.attempts.into()),
        ("next_try_ns", copy.next_try.into()),
        ("reason", copy.reason.clone().into()),
        ("size_bytes", copy.size_bytes.into()),
        ("adler32", copy.adler32.into()),
        ("verified_ns", copy.verified_at.into()),
    ];
    put(book, "central_copies", &["run", "sequence", "destination"], &columns)
}

fn write_job(book: &dyn Engine, job: &JobRecord) -> Written<()> {
    let sql = "INSERT INTO jobs (name, attempt, kind, run, sequence, file_group, state, batch, batch_id, submitted_ns,
        started_ns, ended_ns, cpu_s, wall_s, peak_memory_bytes, exit_status, script, log, reason, processing)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
        ON CONFLICT (name, attempt) DO UPDATE SET state = excluded.state, batch = excluded.batch, batch_id = excluded.batch_id,
        started_ns = excluded.started_ns, ended_ns = excluded.ended_ns, cpu_s = excluded.cpu_s, wall_s = excluded.wall_s,
        peak_memory_bytes = excluded.peak_memory_bytes, exit_status = excluded.exit_status, reason = excluded.reason";
    book.execute(
        sql,
        &params![
            job.name.clone(),
            job.attempt,
            job.kind.word(),
            job.run.0,
            job.file.map(|file| file.sequence.0),
            job.group.map(|group| group.0),
            job.state.word(),
            job.batch.clone(),
            job.batch_id.clone(),
            job.submitted,
            job.started,
            job.ended,
            job.cpu_s,
            job.wall_s,
            job.peak_memory_bytes,
            job.exit_status,
            path_text(&job.script),
            path_text(&job.log),
            job.reason.clone(),
            job.processing.0,
        ],
    )
    .map(|_| ())
}

fn write_group(book: &dyn Engine, group: &GroupRecord) -> Written<()> {
    let columns = [
        ("run", group.run.0.into()),
        ("processing", group.processing.0.into()),
        ("file_group", group.group.0.into()),
        ("members", to_json(&group.members)?.into()),
        ("step", group.step.word().into()),
        ("since_ns", group.since.into()),
        ("tasks", to_json(&group.tasks)?.into()),
        ("results", to_json(&group.results)?.into()),
        ("lane", group.lane.clone().into()),
    ];
    put(book, "groups", &["run", "processing", "file_group"], &columns)
}

fn write_reading(book: &dyn Engine, reading: &Reading) -> Written<()> {
    let columns = [
        ("task", reading.task.clone().into()),
        ("item", reading.item.clone().into()),
        ("run", reading.run.0.into()),
        ("processing", reading.processing.0.into()),
        ("file_group", reading.group.0.into()),
        ("value", to_json(&reading.value)?.into()),
        ("at_ns", reading.at.into()),
    ];
    put(book, "readings", &["task", "item", "run", "processing", "file_group"], &columns)
}

pub(super) fn request(book: &dyn Engine, at: Timestamp, who: &str, kind: RequestKind, subject: &RequestSubject) -> Written<i64> {
    let sql = "INSERT INTO requests (at_ns, who, kind, run, sequence, subject) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id";
    let (run, sequence) = (subject.run.map(|run| run.0), subject.file.map(|file| file.sequence.0));
    let rows = book.query(sql, &params![at, who, kind.word(), run, sequence, to_json(subject)?])?;
    rows.first().ok_or_else(|| SqlError::Damaged("a written request has no number".into()))?.int("id")
}

pub(super) fn answer_request(book: &dyn Engine, id: i64, at: Timestamp, outcome: &str) -> Written<()> {
    let sql = "UPDATE requests SET answered_ns = $2, outcome = $3 WHERE id = $1 AND answered_ns IS NULL";
    book.execute(sql, &params![id, at, outcome])?;
    Ok(())
}

pub(super) fn take_lease(book: &dyn Engine, lease: &LeaseRecord, known: Option<&LeaseRecord>) -> Written<()> {
    let stands = read::lease(book)?;
    if stands.as_ref() != known {
        return Err(StoreError::LeaseLost { held_by: stands.map(|lease| lease.owner) }.into());
    }
    let columns = [
        ("only", 1i64.into()),
        ("owner", lease.owner.clone().into()),
        ("host", lease.host.clone().into()),
        ("token", lease.token.clone().into()),
        ("taken_ns", lease.taken.into()),
        ("heartbeat_ns", lease.heartbeat.into()),
        ("released_ns", lease.released.into()),
    ];
    put(book, "lease", &["only"], &columns)
}

pub(super) fn beat(book: &dyn Engine, token: &str, at: Timestamp) -> Written<()> {
    refuse_without_lease(book, token)?;
    book.execute("UPDATE lease SET heartbeat_ns = $2 WHERE token = $1", &params![token, at])?;
    Ok(())
}

pub(super) fn release_lease(book: &dyn Engine, token: &str, at: Timestamp) -> Written<()> {
    book.execute("UPDATE lease SET released_ns = $2 WHERE token = $1", &params![token, at])?;
    Ok(())
}

/// Refuses a writer whose lease somebody else has by now.
fn refuse_without_lease(book: &dyn Engine, token: &str) -> Written<()> {
    let stands = read::lease(book)?;
    match stands {
        Some(lease) if lease.token == token && lease.released.is_none() => Ok(()),
        other => Err(StoreError::LeaseLost { held_by: other.map(|lease| lease.owner) }.into()),
    }
}
