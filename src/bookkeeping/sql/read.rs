//! Questions to the book about what happened.

use monitasks::vocab::{FileId, Group, Processing, Run};

use super::engine::{Engine, SqlError};
use super::people;
use super::value::{SqlRow, Value, params};
use crate::bookkeeping::rows::{
    BackendState, CentralCopy, FileRecord, GroupRecord, Hold, JobRecord, LeaseRecord, NotTakenRecord, PassRecord,
    ProcessingRecord, Reading, RequestRecord, RequestSubject, RunRecord, StoryRecord, TransferRecord,
};
use crate::bookkeeping::store::Overview;

type Answer<T> = Result<T, SqlError>;

/// All rows of a question.
fn all<T>(engine: &dyn Engine, sql: &str, params: &[Value], of: fn(&SqlRow) -> Answer<T>) -> Answer<Vec<T>> {
    engine.query(sql, params)?.iter().map(of).collect()
}

/// The one row of a question, or none.
fn one<T>(engine: &dyn Engine, sql: &str, params: &[Value], of: fn(&SqlRow) -> Answer<T>) -> Answer<Option<T>> {
    engine.query(sql, params)?.first().map(of).transpose()
}

pub(super) fn overview(moment: &dyn Engine) -> Answer<Overview> {
    Ok(Overview {
        runs: all(moment, "SELECT * FROM runs ORDER BY run", &[], run_record)?,
        files: all(moment, "SELECT * FROM files ORDER BY run, sequence", &[], file_record)?,
        passes: all(moment, "SELECT * FROM passes ORDER BY run, sequence, processing", &[], pass_record)?,
        processings: all(moment, "SELECT * FROM processings ORDER BY run, processing", &[], processing_record)?,
        jobs: all(
            moment,
            "SELECT * FROM jobs AS job WHERE attempt = (SELECT max(attempt) FROM jobs WHERE name = job.name) ORDER BY id",
            &[],
            job_record,
        )?,
        groups: all(moment, "SELECT * FROM groups ORDER BY run, processing, file_group", &[], group_record)?,
        said: people::said(moment)?,
        central: all(moment, "SELECT * FROM central_copies ORDER BY run, sequence, destination", &[], central_copy)?,
        ..of_no_run(moment)?
    })
}

/// What is of no run.
pub(super) fn of_no_run(moment: &dyn Engine) -> Answer<Overview> {
    Ok(Overview {
        backend: one(moment, "SELECT state FROM backend_state", &[], |row| row.json::<BackendState>("state"))?,
        not_taken: all(moment, "SELECT * FROM not_taken ORDER BY name", &[], not_taken_record)?,
        lease: lease(moment)?,
        ..Overview::default()
    })
}

/// The number of the last change; none where the book does not tell: one of an earlier layout, open for reading.
pub(super) fn newest_change(moment: &dyn Engine) -> Answer<Option<i64>> {
    match moment.has_table("changed_runs")? {
        true => one(moment, "SELECT coalesce(max(change), 0) AS change FROM changed_runs", &[], |row| row.int("change")),
        false => Ok(None),
    }
}

/// Puts what is not ordered by run into its order.
pub(super) fn put_in_order(now: &mut Overview) {
    now.jobs.sort_by_key(|job| job.id);
    now.said.decisions.sort_by_key(|decision| decision.id);
    now.said.marks.sort_by_key(|mark| mark.id);
}

/// Adds all rows of the runs from one to another.
pub(super) fn add_runs(moment: &dyn Engine, (from, to): (Run, Run), overview: &mut Overview) -> Answer<()> {
    let of = &params![from, to];
    let question = |table: &str, order: &str| format!("SELECT * FROM {table} WHERE run BETWEEN $1 AND $2 ORDER BY {order}");
    overview.runs.extend(all(moment, &question("runs", "run"), of, run_record)?);
    overview.files.extend(all(moment, &question("files", "run, sequence"), of, file_record)?);
    overview.passes.extend(all(moment, &question("passes", "run, sequence, processing"), of, pass_record)?);
    overview.processings.extend(all(moment, &question("processings", "run, processing"), of, processing_record)?);
    let newest = "jobs AS job WHERE attempt = (SELECT max(attempt) FROM jobs WHERE name = job.name) AND";
    let sql = format!("SELECT * FROM {newest} run BETWEEN $1 AND $2 ORDER BY id");
    overview.jobs.extend(all(moment, &sql, of, job_record)?);
    overview.groups.extend(all(moment, &question("groups", "run, processing, file_group"), of, group_record)?);
    people::said_of(moment, (from, to), &mut overview.said)?;
    overview.central.extend(all(moment, &question("central_copies", "run, sequence, destination"), of, central_copy)?);
    Ok(())
}

pub(super) fn run(engine: &dyn Engine, run: Run) -> Answer<Option<RunRecord>> {
    one(engine, "SELECT * FROM runs WHERE run = $1", &params![run], run_record)
}

pub(super) fn processings_of(engine: &dyn Engine, run: Run) -> Answer<Vec<ProcessingRecord>> {
    all(engine, "SELECT * FROM processings WHERE run = $1 ORDER BY processing", &params![run], processing_record)
}

pub(super) fn processings(engine: &dyn Engine) -> Answer<Vec<ProcessingRecord>> {
    all(engine, "SELECT * FROM processings ORDER BY run, processing", &[], processing_record)
}

pub(super) fn processing_names(engine: &dyn Engine) -> Answer<Vec<(Run, Processing)>> {
    let name = |row: &SqlRow| Ok((row.run()?, Processing(row.number("processing")?)));
    all(engine, "SELECT run, processing FROM processings ORDER BY run, processing", &[], name)
}

pub(super) fn files_of(engine: &dyn Engine, run: Run) -> Answer<(Vec<FileRecord>, Vec<PassRecord>)> {
    let of = &params![run];
    let files = all(engine, "SELECT * FROM files WHERE run = $1 ORDER BY sequence", of, file_record)?;
    let passes = all(engine, "SELECT * FROM passes WHERE run = $1 ORDER BY sequence, processing", of, pass_record)?;
    Ok((files, passes))
}

pub(super) fn file(engine: &dyn Engine, file: FileId) -> Answer<Option<FileRecord>> {
    one(engine, "SELECT * FROM files WHERE run = $1 AND sequence = $2", &params![file.run.0, file.sequence.0], file_record)
}

pub(super) fn transfer(engine: &dyn Engine, file: FileId) -> Answer<Option<TransferRecord>> {
    one(
        engine,
        "SELECT * FROM transfers WHERE run = $1 AND sequence = $2 ORDER BY id DESC LIMIT 1",
        &params![file.run.0, file.sequence.0],
        transfer_record,
    )
}

pub(super) fn story(engine: &dyn Engine, run: Run, file: Option<FileId>) -> Answer<Vec<StoryRecord>> {
    match file {
        None => all(engine, "SELECT * FROM story WHERE run = $1 ORDER BY id", &params![run.0], story_record),
        Some(file) => {
            let sql = "SELECT * FROM story WHERE run = $1 AND sequence = $2 ORDER BY id";
            all(engine, sql, &params![file.run.0, file.sequence.0], story_record)
        }
    }
}

pub(super) fn story_since(engine: &dyn Engine, since: jiff::Timestamp) -> Answer<Vec<StoryRecord>> {
    all(engine, "SELECT * FROM story WHERE at_ns >= $1 ORDER BY id", &params![since], story_record)
}

/// What the story tells of failures since a moment, oldest first.
pub(super) fn failures_since(engine: &dyn Engine, since: jiff::Timestamp) -> Answer<Vec<StoryRecord>> {
    // Put in order here: asked to, an engine would rather go through the whole story in its order.
    let sql = "SELECT * FROM story WHERE kind IN ('failed', 'job_gone') AND at_ns >= $1";
    let mut told = all(engine, sql, &params![since], story_record)?;
    told.sort_by_key(|record| record.id);
    Ok(told)
}

pub(super) fn jobs_of(engine: &dyn Engine, run: Run) -> Answer<Vec<JobRecord>> {
    all(engine, "SELECT * FROM jobs WHERE run = $1 ORDER BY id", &params![run.0], job_record)
}

pub(super) fn readings(engine: &dyn Engine, task: &str, item: &str) -> Answer<Vec<Reading>> {
    let sql = "SELECT * FROM readings WHERE task = $1 AND item = $2 ORDER BY at_ns, run, processing, file_group";
    all(engine, sql, &params![task, item], reading)
}

pub(super) fn open_requests(engine: &dyn Engine) -> Answer<Vec<RequestRecord>> {
    all(engine, "SELECT * FROM requests WHERE answered_ns IS NULL ORDER BY id", &[], request_record)
}

/// Of a request the run stands in a column of its own; those of earlier layouts name it there too.
pub(super) fn requests_of(engine: &dyn Engine, run: Run) -> Answer<Vec<RequestRecord>> {
    all(engine, "SELECT * FROM requests WHERE run = $1 ORDER BY id", &params![run], request_record)
}

pub(super) fn answer_to(engine: &dyn Engine, id: i64) -> Answer<Option<String>> {
    Ok(one(engine, "SELECT outcome FROM requests WHERE id = $1", &params![id], |row| row.optional_text("outcome"))?.flatten())
}

pub(super) fn lease(engine: &dyn Engine) -> Answer<Option<LeaseRecord>> {
    one(engine, "SELECT * FROM lease", &[], lease_record)
}

fn run_record(row: &SqlRow) -> Answer<RunRecord> {
    Ok(RunRecord {
        run: row.run()?,
        first_seen: row.stamp("first_seen_ns")?,
        ended: row.optional_stamp("ended_ns")?,
        ended_by: row.optional_text("ended_by")?,
    })
}

fn file_record(row: &SqlRow) -> Answer<FileRecord> {
    let refused_bytes = row.optional_number("refused_bytes")?;
    Ok(FileRecord {
        file: row.file()?,
        step: row.word("step")?,
        since: row.stamp("since_ns")?,
        failure: row.optional_word("failure")?,
        reason: row.optional_text("reason")?,
        source: row.text("source")?,
        size_bytes: row.number("size_bytes")?,
        daq_closed: row.stamp("daq_closed_ns")?,
        arrived: row.stamp("arrived_ns")?,
        adler32: row.optional_number("adler32")?,
        events_by_trigger: row.optional_json("events_by_trigger")?,
        refused: refused_bytes.zip(row.optional_stamp("refused_ns")?),
    })
}

fn pass_record(row: &SqlRow) -> Answer<PassRecord> {
    Ok(PassRecord {
        file: row.file()?,
        processing: Processing(row.number("processing")?),
        lane: row.text("lane")?,
        step: row.word("step")?,
        since: row.stamp("since_ns")?,
        held_by: row.optional_text("held_by")?,
        failure: row.optional_word("failure")?,
        reason: row.optional_text("reason")?,
        attempt: row.number("attempt")?,
        lost: row.number("lost")?,
        retries: row.number("retries")?,
        retry_at: row.optional_stamp("retry_ns")?,
        output_of: Processing(row.number("output_of")?),
        events: row.optional_number("events")?,
        tracks: row.optional_number("tracks")?,
        accepted: row.optional_stamp("accepted_ns")?,
        group: row.optional_number("file_group")?.map(Group),
    })
}

fn processing_record(row: &SqlRow) -> Answer<ProcessingRecord> {
    Ok(ProcessingRecord {
        run: row.run()?,
        processing: Processing(row.number("processing")?),
        lane: row.text("lane")?,
        step: row.word("step")?,
        since: row.stamp("since_ns")?,
        opened: row.stamp("opened_ns")?,
        because: row.text("because")?,
        hold: row.optional_json::<Hold>("hold")?,
        settings_sum: row.text("settings_sum")?,
        missing: row.json("missing")?,
        to_publish: row.flag("to_publish")?,
    })
}

fn central_copy(row: &SqlRow) -> Answer<CentralCopy> {
    Ok(CentralCopy {
        file: row.file()?,
        destination: row.text("destination")?,
        step: row.word("step")?,
        since: row.stamp("since_ns")?,
        attempts: row.number("attempts")?,
        next_try: row.optional_stamp("next_try_ns")?,
        reason: row.optional_text("reason")?,
        size_bytes: row.number("size_bytes")?,
        adler32: row.number("adler32")?,
        verified_at: row.optional_stamp("verified_ns")?,
    })
}

fn transfer_record(row: &SqlRow) -> Answer<TransferRecord> {
    Ok(TransferRecord {
        file: row.file()?,
        from: row.path("from_path")?,
        to: row.path("to_path")?,
        size_bytes: row.number("size_bytes")?,
        adler32: row.number("adler32")?,
        started: row.stamp("started_ns")?,
        ended: row.stamp("ended_ns")?,
    })
}

fn job_record(row: &SqlRow) -> Answer<JobRecord> {
    let run = row.run()?;
    Ok(JobRecord {
        id: row.number("id")?,
        name: row.text("name")?,
        attempt: row.number("attempt")?,
        kind: row.word("kind")?,
        run,
        file: row.sequence()?.map(|sequence| FileId { run, sequence }),
        group: row.optional_number("file_group")?.map(Group),
        processing: Processing(row.number("processing")?),
        state: row.word("state")?,
        batch: row.text("batch")?,
        batch_id: row.optional_text("batch_id")?,
        submitted: row.stamp("submitted_ns")?,
        started: row.optional_stamp("started_ns")?,
        ended: row.optional_stamp("ended_ns")?,
        cpu_s: row.optional_real("cpu_s")?,
        wall_s: row.optional_real("wall_s")?,
        peak_memory_bytes: row.optional_number("peak_memory_bytes")?,
        exit_status: row.optional_number("exit_status")?,
        script: row.path("script")?,
        log: row.path("log")?,
        reason: row.optional_text("reason")?,
    })
}

fn group_record(row: &SqlRow) -> Answer<GroupRecord> {
    Ok(GroupRecord {
        run: row.run()?,
        processing: Processing(row.number("processing")?),
        lane: row.text("lane")?,
        group: Group(row.number("file_group")?),
        members: row.json("members")?,
        step: row.word("step")?,
        since: row.stamp("since_ns")?,
        tasks: row.json("tasks")?,
        results: row.json("results")?,
    })
}

fn story_record(row: &SqlRow) -> Answer<StoryRecord> {
    Ok(StoryRecord {
        id: row.number("id")?,
        at: row.stamp("at_ns")?,
        run: row.optional_number("run")?.map(Run),
        sequence: row.sequence()?,
        kind: row.text("kind")?,
        detail: row.json("detail")?,
    })
}

fn reading(row: &SqlRow) -> Answer<Reading> {
    Ok(Reading {
        task: row.text("task")?,
        item: row.text("item")?,
        run: row.run()?,
        processing: Processing(row.number("processing")?),
        group: Group(row.number("file_group")?),
        value: row.json("value")?,
        at: row.stamp("at_ns")?,
    })
}

fn not_taken_record(row: &SqlRow) -> Answer<NotTakenRecord> {
    Ok(NotTakenRecord { name: row.text("name")?, reason: row.text("reason")?, at: row.stamp("at_ns")? })
}

fn lease_record(row: &SqlRow) -> Answer<LeaseRecord> {
    Ok(LeaseRecord {
        owner: row.text("owner")?,
        host: row.text("host")?,
        token: row.text("token")?,
        taken: row.stamp("taken_ns")?,
        heartbeat: row.stamp("heartbeat_ns")?,
        released: row.optional_stamp("released_ns")?,
    })
}

fn request_record(row: &SqlRow) -> Answer<RequestRecord> {
    // Requests of earlier layouts name a file in columns of its own.
    let run = row.optional_number("run")?.map(Run);
    let file = run.zip(row.sequence()?).map(|(run, sequence)| FileId { run, sequence });
    let subject: RequestSubject = row.json("subject")?;
    Ok(RequestRecord {
        id: row.number("id")?,
        at: row.stamp("at_ns")?,
        who: row.text("who")?,
        kind: row.word("kind")?,
        subject: RequestSubject { run: subject.run.or(run), file: subject.file.or(file), ..subject },
        outcome: row.optional_text("outcome")?,
    })
}
