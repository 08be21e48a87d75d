//! Questions to the book.

use monitasks::quality::Flag;
use monitasks::vocab::{FileId, Group, Processing, Run};
use rusqlite::{Connection, OptionalExtension, Params, Row};

use super::columns::{
    count, file as file_of, json, ns, optional_count, optional_json, optional_stamp, optional_word, path, run as run_of,
    sequence, stamp, word,
};
use crate::bookkeeping::rows::{
    BackendState, CentralCopy, DecisionRecord, FileRecord, GroupRecord, Hold, JobRecord, LeaseRecord, MarkRecord, NotTakenRecord,
    PassRecord, ProcessingRecord, Reading, RequestRecord, RequestSubject, RunRecord, StoryRecord, TransferRecord,
};
use crate::bookkeeping::store::{ChangeStamp, Changes, Judgement, JudgementsSeen, Overview};
use crate::bookkeeping::words::Mark;

type Answer<T> = rusqlite::Result<T>;

/// All rows of a question.
fn all<T>(connection: &Connection, sql: &str, params: impl Params, of: fn(&Row<'_>) -> Answer<T>) -> Answer<Vec<T>> {
    connection.prepare_cached(sql)?.query_map(params, of)?.collect()
}

pub(super) fn change_stamp(connection: &Connection) -> Answer<ChangeStamp> {
    Ok(ChangeStamp {
        others: connection.pragma_query_value(None, "data_version", |row| row.get(0))?,
        own: connection.prepare_cached("SELECT total_changes()")?.query_row((), |row| row.get(0))?,
    })
}

pub(super) fn overview(connection: &Connection) -> Answer<Overview> {
    // One transaction, so that all of it is of one moment. It only reads and ends with the function.
    let moment = connection.unchecked_transaction()?;
    everything(&moment)
}

fn everything(moment: &Connection) -> Answer<Overview> {
    Ok(Overview {
        runs: all(moment, "SELECT * FROM runs ORDER BY run", (), run_record)?,
        files: all(moment, "SELECT * FROM files ORDER BY run, sequence", (), file_record)?,
        passes: all(moment, "SELECT * FROM passes ORDER BY run, sequence, processing", (), pass_record)?,
        processings: all(moment, "SELECT * FROM processings ORDER BY run, processing", (), processing_record)?,
        jobs: all(
            moment,
            "SELECT * FROM jobs AS job WHERE attempt = (SELECT max(attempt) FROM jobs WHERE name = job.name) ORDER BY id",
            (),
            job_record,
        )?,
        groups: all(moment, "SELECT * FROM groups ORDER BY run, processing, file_group", (), group_record)?,
        decisions: all(moment, "SELECT * FROM decisions ORDER BY id", (), decision_record)?,
        marks: all(moment, "SELECT * FROM marks ORDER BY id", (), mark_record)?,
        kinds: kinds(moment)?,
        central: all(moment, "SELECT * FROM central_copies ORDER BY run, sequence, destination", (), central_copy)?,
        ..of_no_run(moment)?
    })
}

/// What is of no run.
fn of_no_run(moment: &Connection) -> Answer<Overview> {
    Ok(Overview {
        backend: moment
            .prepare_cached("SELECT state FROM backend_state")?
            .query_row((), |row| json::<BackendState>(row, "state"))
            .optional()?,
        not_taken: all(moment, "SELECT * FROM not_taken ORDER BY name", (), not_taken_record)?,
        lease: lease(moment)?,
        ..Overview::default()
    })
}

pub(super) fn changes_since(connection: &Connection, seen: Option<i64>) -> Answer<Changes> {
    let moment = connection.unchecked_transaction()?;
    let newest = |moment: &Connection| {
        moment.prepare_cached("SELECT coalesce(max(change), 0) FROM changed_runs")?.query_row((), |row| row.get::<_, i64>(0))
    };
    let newest = newest(&moment).ok();
    let (Some(seen), Some(_)) = (seen, newest) else {
        return Ok(Changes { runs: None, now: everything(&moment)?, seen: newest });
    };
    let runs = all(&moment, "SELECT run FROM changed_runs WHERE change > ?1 ORDER BY run", [seen], run_of)?;
    let mut now = of_no_run(&moment)?;
    for run in &runs {
        add_run(&moment, run.0, &mut now)?;
    }
    now.jobs.sort_by_key(|job| job.id);
    now.decisions.sort_by_key(|decision| decision.id);
    now.marks.sort_by_key(|mark| mark.id);
    Ok(Changes { runs: Some(runs), now, seen: newest })
}

/// Adds all rows of a run.
fn add_run(moment: &Connection, run: u32, to: &mut Overview) -> Answer<()> {
    let run = [run];
    to.runs.extend(all(moment, "SELECT * FROM runs WHERE run = ?1", run, run_record)?);
    to.files.extend(all(moment, "SELECT * FROM files WHERE run = ?1 ORDER BY sequence", run, file_record)?);
    to.passes.extend(all(moment, "SELECT * FROM passes WHERE run = ?1 ORDER BY sequence, processing", run, pass_record)?);
    let sql = "SELECT * FROM processings WHERE run = ?1 ORDER BY processing";
    to.processings.extend(all(moment, sql, run, processing_record)?);
    let sql = "SELECT * FROM jobs AS job WHERE run = ?1 AND attempt = (SELECT max(attempt) FROM jobs WHERE name = job.name)
        ORDER BY id";
    to.jobs.extend(all(moment, sql, run, job_record)?);
    to.groups.extend(all(moment, "SELECT * FROM groups WHERE run = ?1 ORDER BY processing, file_group", run, group_record)?);
    to.decisions.extend(all(moment, "SELECT * FROM decisions WHERE run = ?1 ORDER BY id", run, decision_record)?);
    to.marks.extend(all(moment, "SELECT * FROM marks WHERE run = ?1 ORDER BY id", run, mark_record)?);
    let sql = "SELECT run, kind FROM run_kinds WHERE run = ?1 ORDER BY id DESC LIMIT 1";
    to.kinds.extend(all(moment, sql, run, |row| Ok((run_of(row)?, row.get("kind")?)))?);
    let sql = "SELECT * FROM central_copies WHERE run = ?1 ORDER BY sequence, destination";
    to.central.extend(all(moment, sql, run, central_copy)?);
    Ok(())
}

pub(super) fn file(connection: &Connection, file: FileId) -> Answer<Option<FileRecord>> {
    connection
        .prepare_cached("SELECT * FROM files WHERE run = ?1 AND sequence = ?2")?
        .query_row((file.run.0, file.sequence.0), file_record)
        .optional()
}

pub(super) fn transfer(connection: &Connection, file: FileId) -> Answer<Option<TransferRecord>> {
    connection
        .prepare_cached("SELECT * FROM transfers WHERE run = ?1 AND sequence = ?2 ORDER BY id DESC LIMIT 1")?
        .query_row((file.run.0, file.sequence.0), transfer_record)
        .optional()
}

pub(super) fn story(connection: &Connection, run: Run, file: Option<FileId>) -> Answer<Vec<StoryRecord>> {
    match file {
        None => all(connection, "SELECT * FROM story WHERE run = ?1 ORDER BY id", [run.0], story_record),
        Some(file) => {
            let sql = "SELECT * FROM story WHERE run = ?1 AND sequence = ?2 ORDER BY id";
            all(connection, sql, [file.run.0, file.sequence.0], story_record)
        }
    }
}

pub(super) fn story_since(connection: &Connection, since: jiff::Timestamp) -> Answer<Vec<StoryRecord>> {
    all(connection, "SELECT * FROM story WHERE at_ns >= ?1 ORDER BY id", [ns(since)], story_record)
}

/// The newest kind of each run.
fn kinds(connection: &Connection) -> Answer<Vec<(Run, String)>> {
    let sql = "SELECT run, kind FROM run_kinds WHERE id IN (SELECT max(id) FROM run_kinds GROUP BY run) ORDER BY run";
    all(connection, sql, (), |row| Ok((run_of(row)?, row.get("kind")?)))
}

/// What was said of the runs of which something was said since.
pub(super) fn judgements_since(connection: &Connection, seen: JudgementsSeen) -> Answer<(Vec<Judgement>, JudgementsSeen)> {
    // One transaction, so that what is read is what is counted as seen.
    let moment = connection.unchecked_transaction()?;
    let newest = moment
        .prepare_cached(
            "SELECT (SELECT coalesce(max(id), 0) FROM decisions), (SELECT coalesce(max(id), 0) FROM marks),
                (SELECT coalesce(max(id), 0) FROM run_kinds)",
        )?
        .query_row((), |row| Ok(JudgementsSeen { decision: row.get(0)?, mark: row.get(1)?, kind: row.get(2)? }))?;
    if newest == seen {
        return Ok((Vec::new(), seen));
    }
    let sql = "SELECT said.run AS run,
            (SELECT flag FROM decisions WHERE decisions.run = said.run AND sequence IS NULL ORDER BY id DESC LIMIT 1) AS flag,
            (SELECT mark FROM marks WHERE marks.run = said.run ORDER BY id DESC LIMIT 1) AS mark,
            (SELECT kind FROM run_kinds WHERE run_kinds.run = said.run ORDER BY id DESC LIMIT 1) AS kind
        FROM (SELECT run FROM decisions WHERE id > ?1 UNION SELECT run FROM marks WHERE id > ?2
            UNION SELECT run FROM run_kinds WHERE id > ?3) AS said ORDER BY said.run";
    Ok((all(&moment, sql, [seen.decision, seen.mark, seen.kind], judgement)?, newest))
}

fn judgement(row: &Row<'_>) -> Answer<Judgement> {
    Ok(Judgement {
        run: run_of(row)?,
        flag: optional_word(row, "flag")?.unwrap_or(Flag::Unchecked),
        mark: optional_word(row, "mark")?.unwrap_or(Mark::Unmarked),
        kind: row.get("kind")?,
    })
}

pub(super) fn jobs_of(connection: &Connection, run: Run) -> Answer<Vec<JobRecord>> {
    all(connection, "SELECT * FROM jobs WHERE run = ?1 ORDER BY id", [run.0], job_record)
}

pub(super) fn readings(connection: &Connection, task: &str, item: &str) -> Answer<Vec<Reading>> {
    let sql = "SELECT * FROM readings WHERE task = ?1 AND item = ?2 ORDER BY at_ns, run, processing, file_group";
    all(connection, sql, [task, item], reading)
}

pub(super) fn open_requests(connection: &Connection) -> Answer<Vec<RequestRecord>> {
    all(connection, "SELECT * FROM requests WHERE answered_ns IS NULL ORDER BY id", (), request_record)
}

/// Of a request the run stands in a column of its own; those of earlier layouts name it there too.
pub(super) fn requests_of(connection: &Connection, run: Run) -> Answer<Vec<RequestRecord>> {
    all(connection, "SELECT * FROM requests WHERE run = ?1 ORDER BY id", [run.0], request_record)
}

pub(super) fn answer_to(connection: &Connection, id: i64) -> Answer<Option<String>> {
    let mut statement = connection.prepare_cached("SELECT outcome FROM requests WHERE id = ?1")?;
    Ok(statement.query_row([id], |row| row.get::<_, Option<String>>(0)).optional()?.flatten())
}

pub(super) fn lease(connection: &Connection) -> Answer<Option<LeaseRecord>> {
    connection.prepare_cached("SELECT * FROM lease")?.query_row((), lease_record).optional()
}

/// The decision in force on a run, or on a file of its own.
pub(super) fn decision_in_force(
    connection: &Connection,
    run: Run,
    of: Option<monitasks::vocab::Sequence>,
) -> Answer<Option<DecisionRecord>> {
    connection
        .prepare_cached("SELECT * FROM decisions WHERE run = ?1 AND sequence IS ?2 ORDER BY id DESC LIMIT 1")?
        .query_row((run.0, of.map(|sequence| sequence.0)), decision_record)
        .optional()
}

fn run_record(row: &Row<'_>) -> Answer<RunRecord> {
    Ok(RunRecord {
        run: run_of(row)?,
        first_seen: stamp(row, "first_seen_ns")?,
        ended: optional_stamp(row, "ended_ns")?,
        ended_by: row.get("ended_by")?,
    })
}

fn file_record(row: &Row<'_>) -> Answer<FileRecord> {
    let refused_bytes = optional_count(row, "refused_bytes")?;
    Ok(FileRecord {
        file: file_of(row)?,
        step: word(row, "step")?,
        since: stamp(row, "since_ns")?,
        failure: optional_word(row, "failure")?,
        reason: row.get("reason")?,
        source: row.get("source")?,
        size_bytes: count(row, "size_bytes")?,
        daq_closed: stamp(row, "daq_closed_ns")?,
        arrived: stamp(row, "arrived_ns")?,
        adler32: row.get("adler32")?,
        events_by_trigger: optional_json(row, "events_by_trigger")?,
        refused: refused_bytes.zip(optional_stamp(row, "refused_ns")?),
    })
}

fn pass_record(row: &Row<'_>) -> Answer<PassRecord> {
    Ok(PassRecord {
        file: file_of(row)?,
        processing: Processing(row.get("processing")?),
        lane: row.get("lane")?,
        step: word(row, "step")?,
        since: stamp(row, "since_ns")?,
        held_by: row.get("held_by")?,
        failure: optional_word(row, "failure")?,
        reason: row.get("reason")?,
        attempt: row.get("attempt")?,
        lost: row.get("lost")?,
        retries: row.get("retries")?,
        retry_at: optional_stamp(row, "retry_ns")?,
        output_of: Processing(row.get("output_of")?),
        events: optional_count(row, "events")?,
        tracks: optional_count(row, "tracks")?,
        accepted: optional_stamp(row, "accepted_ns")?,
        group: row.get::<_, Option<u32>>("file_group")?.map(Group),
    })
}

fn processing_record(row: &Row<'_>) -> Answer<ProcessingRecord> {
    Ok(ProcessingRecord {
        run: run_of(row)?,
        processing: Processing(row.get("processing")?),
        lane: row.get("lane")?,
        step: word(row, "step")?,
        since: stamp(row, "since_ns")?,
        opened: stamp(row, "opened_ns")?,
        because: row.get("because")?,
        hold: optional_json::<Hold>(row, "hold")?,
        settings_sum: row.get("settings_sum")?,
        missing: json(row, "missing")?,
        to_publish: row.get("to_publish")?,
    })
}

fn central_copy(row: &Row<'_>) -> Answer<CentralCopy> {
    Ok(CentralCopy {
        file: file_of(row)?,
        destination: row.get("destination")?,
        step: word(row, "step")?,
        since: stamp(row, "since_ns")?,
        attempts: row.get("attempts")?,
        next_try: optional_stamp(row, "next_try_ns")?,
        reason: row.get("reason")?,
        size_bytes: count(row, "size_bytes")?,
        adler32: row.get("adler32")?,
        verified_at: optional_stamp(row, "verified_ns")?,
    })
}

fn mark_record(row: &Row<'_>) -> Answer<MarkRecord> {
    Ok(MarkRecord {
        id: row.get("id")?,
        at: stamp(row, "at_ns")?,
        run: run_of(row)?,
        mark: word(row, "mark")?,
        comment: row.get("comment")?,
        who: row.get("who")?,
        role: row.get("role")?,
    })
}

fn transfer_record(row: &Row<'_>) -> Answer<TransferRecord> {
    Ok(TransferRecord {
        file: file_of(row)?,
        from: path(row, "from_path")?,
        to: path(row, "to_path")?,
        size_bytes: count(row, "size_bytes")?,
        adler32: row.get("adler32")?,
        started: stamp(row, "started_ns")?,
        ended: stamp(row, "ended_ns")?,
    })
}

fn job_record(row: &Row<'_>) -> Answer<JobRecord> {
    let run = run_of(row)?;
    Ok(JobRecord {
        id: row.get("id")?,
        name: row.get("name")?,
        attempt: row.get("attempt")?,
        kind: word(row, "kind")?,
        run,
        file: sequence(row)?.map(|sequence| FileId { run, sequence }),
        group: row.get::<_, Option<u32>>("file_group")?.map(Group),
        processing: Processing(row.get("processing")?),
        state: word(row, "state")?,
        batch: row.get("batch")?,
        batch_id: row.get("batch_id")?,
        submitted: stamp(row, "submitted_ns")?,
        started: optional_stamp(row, "started_ns")?,
        ended: optional_stamp(row, "ended_ns")?,
        cpu_s: row.get("cpu_s")?,
        wall_s: row.get("wall_s")?,
        peak_memory_bytes: optional_count(row, "peak_memory_bytes")?,
        exit_status: row.get("exit_status")?,
        script: path(row, "script")?,
        log: path(row, "log")?,
        reason: row.get("reason")?,
    })
}

fn group_record(row: &Row<'_>) -> Answer<GroupRecord> {
    Ok(GroupRecord {
        run: run_of(row)?,
        processing: Processing(row.get("processing")?),
        lane: row.get("lane")?,
        group: Group(row.get("file_group")?),
        members: json(row, "members")?,
        step: word(row, "step")?,
        since: stamp(row, "since_ns")?,
        tasks: json(row, "tasks")?,
        results: json(row, "results")?,
    })
}

fn story_record(row: &Row<'_>) -> Answer<StoryRecord> {
    Ok(StoryRecord {
        id: row.get("id")?,
        at: stamp(row, "at_ns")?,
        run: row.get::<_, Option<u32>>("run")?.map(Run),
        sequence: sequence(row)?,
        kind: row.get("kind")?,
        detail: json(row, "detail")?,
    })
}

fn reading(row: &Row<'_>) -> Answer<Reading> {
    Ok(Reading {
        task: row.get("task")?,
        item: row.get("item")?,
        run: run_of(row)?,
        processing: Processing(row.get("processing")?),
        group: Group(row.get("file_group")?),
        value: json(row, "value")?,
        at: stamp(row, "at_ns")?,
    })
}

fn decision_record(row: &Row<'_>) -> Answer<DecisionRecord> {
    Ok(DecisionRecord {
        id: row.get("id")?,
        at: stamp(row, "at_ns")?,
        run: run_of(row)?,
        sequence: sequence(row)?,
        flag: word(row, "flag")?,
        comment: row.get("comment")?,
        who: row.get("who")?,
        role: row.get("role")?,
        evidence: json(row, "evidence")?,
        supersedes: row.get("supersedes")?,
    })
}

fn not_taken_record(row: &Row<'_>) -> Answer<NotTakenRecord> {
    Ok(NotTakenRecord { name: row.get("name")?, reason: row.get("reason")?, at: stamp(row, "at_ns")? })
}

fn lease_record(row: &Row<'_>) -> Answer<LeaseRecord> {
    Ok(LeaseRecord {
        owner: row.get("owner")?,
        host: row.get("host")?,
        token: row.get("token")?,
        taken: stamp(row, "taken_ns")?,
        heartbeat: stamp(row, "heartbeat_ns")?,
        released: optional_stamp(row, "released_ns")?,
    })
}

fn request_record(row: &Row<'_>) -> Answer<RequestRecord> {
    // Requests of earlier layouts name a file in columns of its own.
    let run = row.get::<_, Option<u32>>("run")?.map(Run);
    let file = run.zip(sequence(row)?).map(|(run, sequence)| FileId { run, sequence });
    let subject: RequestSubject = json(row, "subject")?;
    Ok(RequestRecord {
        id: row.get("id")?,
        at: stamp(row, "at_ns")?,
        who: row.get("who")?,
        kind: word(row, "kind")?,
        subject: RequestSubject { run: subject.run.or(run), file: subject.file.or(file), ..subject },
        outcome: row.get("outcome")?,
    })
}
