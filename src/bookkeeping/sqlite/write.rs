//! What is written into the book, each call one transaction.

use std::collections::BTreeSet;

use jiff::Timestamp;
use monitasks::vocab::Run;
use rusqlite::{Transaction, params};

use super::columns::{counted, ns, path_text, to_json};
use super::read;
use crate::bookkeeping::rows::{
    CentralCopy, DecisionRecord, FileRecord, GroupRecord, JobRecord, LeaseRecord, MarkRecord, NewDecision, PassRecord,
    ProcessingRecord, Reading, RequestSubject, StoryEntry, TransferRecord,
};
use crate::bookkeeping::store::{Row, StoreError};
use crate::bookkeeping::words::{FailureClass, RequestKind};

/// Why a transaction was given up.
pub(super) enum WriteError {
    /// The engine refused.
    Engine(rusqlite::Error),
    /// A rule of the store refused.
    Store(StoreError),
}

impl From<rusqlite::Error> for WriteError {
    fn from(error: rusqlite::Error) -> Self {
        WriteError::Engine(error)
    }
}

impl From<StoreError> for WriteError {
    fn from(error: StoreError) -> Self {
        WriteError::Store(error)
    }
}

type Written<T> = Result<T, WriteError>;

pub(super) fn record(book: &Transaction<'_>, lease: Option<&str>, story: &[StoryEntry], rows: &[Row]) -> Written<()> {
    if let Some(token) = lease {
        refuse_without_lease(book, token)?;
    }
    let sql = "INSERT INTO story (at_ns, run, sequence, kind, detail) VALUES (?1, ?2, ?3, ?4, ?5)";
    for entry in story {
        let run = entry.run.map(|run| run.0);
        let sequence = entry.sequence.map(|sequence| sequence.0);
        book.prepare_cached(sql)?.execute(params![ns(entry.at), run, sequence, entry.kind, entry.detail.to_string()])?;
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

/// Writes that something of runs was written.
fn tell_changed(book: &Transaction<'_>, runs: BTreeSet<Run>) -> Written<()> {
    let sql = "INSERT OR REPLACE INTO changed_runs (run, change) SELECT ?1, coalesce(max(change), 0) + 1 FROM changed_runs";
    for run in runs {
        book.prepare_cached(sql)?.execute([run.0])?;
    }
    Ok(())
}

fn write_row(book: &Transaction<'_>, row: &Row) -> Written<()> {
    match row {
        Row::Run(run) => book
            .prepare_cached("INSERT OR REPLACE INTO runs (run, first_seen_ns, ended_ns, ended_by) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![run.run.0, ns(run.first_seen), run.ended.map(ns), run.ended_by])?,
        Row::File(file) => write_file(book, file)?,
        Row::Pass(pass) => write_pass(book, pass)?,
        Row::Processing(processing) => write_processing(book, processing)?,
        Row::Transfer(transfer) => write_transfer(book, transfer)?,
        Row::Central(copy) => write_central(book, copy)?,
        Row::Backend(state) => book
            .prepare_cached("INSERT OR REPLACE INTO backend_state (only, state) VALUES (1, ?1)")?
            .execute([to_json(state)?])?,
        Row::Job(job) => write_job(book, job)?,
        Row::Group(group) => write_group(book, group)?,
        Row::Reading(reading) => write_reading(book, reading)?,
        Row::NotTaken(file) => book
            .prepare_cached("INSERT OR REPLACE INTO not_taken (name, reason, at_ns) VALUES (?1, ?2, ?3)")?
            .execute(params![file.name, file.reason, ns(file.at)])?,
        Row::NoLongerThere(name) => book.prepare_cached("DELETE FROM not_taken WHERE name = ?1")?.execute([name])?,
    };
    Ok(())
}

fn write_file(book: &Transaction<'_>, file: &FileRecord) -> rusqlite::Result<usize> {
    let sql = "INSERT OR REPLACE INTO files (run, sequence, step, since_ns, failure, reason, source, size_bytes, daq_closed_ns,
        arrived_ns, adler32, events_by_trigger, refused_bytes, refused_ns)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
    book.prepare_cached(sql)?.execute(params![
        file.file.run.0,
        file.file.sequence.0,
        file.step.word(),
        ns(file.since),
        file.failure.map(FailureClass::word),
        file.reason,
        file.source,
        counted(file.size_bytes),
        ns(file.daq_closed),
        ns(file.arrived),
        file.adler32,
        file.events_by_trigger.as_ref().map(to_json).transpose()?,
        file.refused.map(|(bytes, _)| counted(bytes)),
        file.refused.map(|(_, at)| ns(at)),
    ])
}

fn write_pass(book: &Transaction<'_>, pass: &PassRecord) -> rusqlite::Result<usize> {
    let sql = "INSERT OR REPLACE INTO passes (run, sequence, processing, lane, step, since_ns, held_by, failure, reason, attempt,
        lost, retries, retry_ns, output_of, events, tracks, accepted_ns, file_group)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)";
    book.prepare_cached(sql)?.execute(params![
        pass.file.run.0,
        pass.file.sequence.0,
        pass.processing.0,
        pass.lane,
        pass.step.word(),
        ns(pass.since),
        pass.held_by,
        pass.failure.map(FailureClass::word),
        pass.reason,
        pass.attempt,
        pass.lost,
        pass.retries,
        pass.retry_at.map(ns),
        pass.output_of.0,
        pass.events.map(counted),
        pass.tracks.map(counted),
        pass.accepted.map(ns),
        pass.group.map(|group| group.0),
    ])
}

fn write_processing(book: &Transaction<'_>, processing: &ProcessingRecord) -> rusqlite::Result<usize> {
    let sql = "INSERT OR REPLACE INTO processings (run, processing, lane, step, since_ns, opened_ns, because, hold, settings_sum,
        missing, to_publish) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    book.prepare_cached(sql)?.execute(params![
        processing.run.0,
        processing.processing.0,
        processing.lane,
        processing.step.word(),
        ns(processing.since),
        ns(processing.opened),
        processing.because,
        processing.hold.as_ref().map(to_json).transpose()?,
        processing.settings_sum,
        to_json(&processing.missing)?,
        processing.to_publish,
    ])
}

fn write_transfer(book: &Transaction<'_>, transfer: &TransferRecord) -> rusqlite::Result<usize> {
    let sql = "INSERT INTO transfers (run, sequence, from_path, to_path, size_bytes, adler32, started_ns, ended_ns)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    book.prepare_cached(sql)?.execute(params![
        transfer.file.run.0,
        transfer.file.sequence.0,
        path_text(&transfer.from),
        path_text(&transfer.to),
        counted(transfer.size_bytes),
        transfer.adler32,
        ns(transfer.started),
        ns(transfer.ended),
    ])
}

fn write_central(book: &Transaction<'_>, copy: &CentralCopy) -> rusqlite::Result<usize> {
    let sql = "INSERT OR REPLACE INTO central_copies (run, sequence, destination, step, since_ns, attempts, next_try_ns, reason,
        size_bytes, adler32, verified_ns) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    book.prepare_cached(sql)?.execute(params![
        copy.file.run.0,
        copy.file.sequence.0,
        copy.destination,
        copy.step.word(),
        ns(copy.since),
        copy.attempts,
        copy.next_try.map(ns),
        copy.reason,
        counted(copy.size_bytes),
        copy.adler32,
        copy.verified_at.map(ns),
    ])
}

fn write_job(book: &Transaction<'_>, job: &JobRecord) -> rusqlite::Result<usize> {
    let sql = "INSERT INTO jobs (name, attempt, kind, run, sequence, file_group, state, batch, batch_id, submitted_ns,
        started_ns, ended_ns, cpu_s, wall_s, peak_memory_bytes, exit_status, script, log, reason, processing)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)
        ON CONFLICT (name, attempt) DO UPDATE SET state = excluded.state, batch = excluded.batch, batch_id = excluded.batch_id,
        started_ns = excluded.started_ns, ended_ns = excluded.ended_ns, cpu_s = excluded.cpu_s, wall_s = excluded.wall_s,
        peak_memory_bytes = excluded.peak_memory_bytes, exit_status = excluded.exit_status, reason = excluded.reason";
    book.prepare_cached(sql)?.execute(params![
        job.name,
        job.attempt,
        job.kind.word(),
        job.run.0,
        job.file.map(|file| file.sequence.0),
        job.group.map(|group| group.0),
        job.state.word(),
        job.batch,
        job.batch_id,
        ns(job.submitted),
        job.started.map(ns),
        job.ended.map(ns),
        job.cpu_s,
        job.wall_s,
        job.peak_memory_bytes.map(counted),
        job.exit_status,
        path_text(&job.script),
        path_text(&job.log),
        job.reason,
        job.processing.0,
    ])
}

fn write_group(book: &Transaction<'_>, group: &GroupRecord) -> rusqlite::Result<usize> {
    let sql = "INSERT OR REPLACE INTO groups (run, processing, file_group, members, step, since_ns, tasks, results, lane)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    book.prepare_cached(sql)?.execute(params![
        group.run.0,
        group.processing.0,
        group.group.0,
        to_json(&group.members)?,
        group.step.word(),
        ns(group.since),
        to_json(&group.tasks)?,
        to_json(&group.results)?,
        group.lane,
    ])
}

fn write_reading(book: &Transaction<'_>, reading: &Reading) -> Written<usize> {
    let sql = "INSERT OR REPLACE INTO readings (task, item, run, processing, file_group, value, at_ns)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    Ok(book.prepare_cached(sql)?.execute(params![
        reading.task,
        reading.item,
        reading.run.0,
        reading.processing.0,
        reading.group.0,
        to_json(&reading.value)?,
        ns(reading.at),
    ])?)
}

pub(super) fn decide(book: &Transaction<'_>, decision: &NewDecision) -> Written<DecisionRecord> {
    let in_force = read::decision_in_force(book, decision.run, decision.sequence)?;
    if in_force.as_ref().map(|in_force| in_force.id) != decision.supersedes {
        return Err(StoreError::Superseded { in_force: in_force.map(Box::new) }.into());
    }
    let sql = "INSERT INTO decisions (at_ns, run, sequence, flag, comment, who, role, evidence, supersedes)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    book.prepare_cached(sql)?.execute(params![
        ns(decision.at),
        decision.run.0,
        decision.sequence.map(|sequence| sequence.0),
        decision.flag.word(),
        decision.comment,
        decision.who,
        decision.role,
        to_json(&decision.evidence)?,
        decision.supersedes,
    ])?;
    let id = book.last_insert_rowid();
    tell_changed(book, [decision.run].into())?;
    Ok(DecisionRecord {
        id,
        at: decision.at,
        run: decision.run,
        sequence: decision.sequence,
        flag: decision.flag,
        comment: decision.comment.clone(),
        who: decision.who.clone(),
        role: decision.role.clone(),
        evidence: decision.evidence.clone(),
        supersedes: decision.supersedes,
    })
}

pub(super) fn mark(book: &Transaction<'_>, mark: &MarkRecord) -> Written<MarkRecord> {
    let sql = "INSERT INTO marks (at_ns, run, mark, comment, who, role) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let params = params![ns(mark.at), mark.run.0, mark.mark.word(), mark.comment, mark.who, mark.role];
    book.prepare_cached(sql)?.execute(params)?;
    let id = book.last_insert_rowid();
    tell_changed(book, [mark.run].into())?;
    Ok(MarkRecord { id, ..mark.clone() })
}

pub(super) fn name_kinds(book: &Transaction<'_>, at: Timestamp, who: &str, kinds: &[(Run, String)]) -> Written<()> {
    let sql = "INSERT INTO run_kinds (at_ns, run, kind, who) VALUES (?1, ?2, ?3, ?4)";
    for (run, kind) in kinds {
        book.prepare_cached(sql)?.execute(params![ns(at), run.0, kind, who])?;
    }
    tell_changed(book, kinds.iter().map(|(run, _)| *run).collect())
}

pub(super) fn request(
    book: &Transaction<'_>,
    at: Timestamp,
    who: &str,
    kind: RequestKind,
    subject: &RequestSubject,
) -> Written<i64> {
    let sql = "INSERT INTO requests (at_ns, who, kind, run, sequence, subject) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let (run, sequence) = (subject.run.map(|run| run.0), subject.file.map(|file| file.sequence.0));
    book.prepare_cached(sql)?.execute(params![ns(at), who, kind.word(), run, sequence, to_json(subject)?])?;
    Ok(book.last_insert_rowid())
}

pub(super) fn answer_request(book: &Transaction<'_>, id: i64, at: Timestamp, outcome: &str) -> Written<()> {
    let sql = "UPDATE requests SET answered_ns = ?2, outcome = ?3 WHERE id = ?1 AND answered_ns IS NULL";
    book.prepare_cached(sql)?.execute(params![id, ns(at), outcome])?;
    Ok(())
}

pub(super) fn take_lease(book: &Transaction<'_>, lease: &LeaseRecord, known: Option<&LeaseRecord>) -> Written<()> {
    let stands = read::lease(book)?;
    if stands.as_ref() != known {
        return Err(StoreError::LeaseLost { held_by: stands.map(|lease| lease.owner) }.into());
    }
    let sql = "INSERT OR REPLACE INTO lease (only, owner, host, token, taken_ns, heartbeat_ns, released_ns)
        VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6)";
    book.prepare_cached(sql)?.execute(params![
        lease.owner,
        lease.host,
        lease.token,
        ns(lease.taken),
        ns(lease.heartbeat),
        lease.released.map(ns)
    ])?;
    Ok(())
}

pub(super) fn beat(book: &Transaction<'_>, token: &str, at: Timestamp) -> Written<()> {
    refuse_without_lease(book, token)?;
    book.prepare_cached("UPDATE lease SET heartbeat_ns = ?2 WHERE token = ?1")?.execute(params![token, ns(at)])?;
    Ok(())
}

pub(super) fn release_lease(book: &Transaction<'_>, token: &str, at: Timestamp) -> Written<()> {
    book.prepare_cached("UPDATE lease SET released_ns = ?2 WHERE token = ?1")?.execute(params![token, ns(at)])?;
    Ok(())
}

/// Refuses a writer whose lease somebody else has by now.
fn refuse_without_lease(book: &Transaction<'_>, token: &str) -> Written<()> {
    let stands = read::lease(book)?;
    match stands {
        Some(lease) if lease.token == token && lease.released.is_none() => Ok(()),
        other => Err(StoreError::LeaseLost { held_by: other.map(|lease| lease.owner) }.into()),
    }
}
