//! What runs inside a job: the script as a child, then the batch record and the end mark.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::dialect::Limits;
use super::lock::{self, name_holder, try_lock};
use super::process_tree::adopt_orphans;
use super::record::{Account, batch_record};
use super::{EndMark, limits};
use crate::processing::durable;

/// Longest first line of a script that is looked at, bytes.
const LONGEST_FIRST_LINE: u64 = 4096;

/// Longest wait for the lock: whoever looks at it holds it for an instant.
const LOCK_PATIENCE: Duration = Duration::from_secs(10);

/// A job as it stands on the command line of the process that runs it.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct JobOrderText {
    /// The job's name.
    #[arg(long)]
    pub name: String,
    /// Which attempt.
    #[arg(long)]
    pub attempt: u32,
    /// When it was submitted.
    #[arg(long)]
    pub submitted: Timestamp,
    /// IANA name of the time zone of the batch record.
    #[arg(long)]
    pub time_zone: String,
    /// The script.
    #[arg(long)]
    pub script: PathBuf,
    /// The job's own folder.
    #[arg(long)]
    pub work: PathBuf,
    /// Where its output is kept.
    #[arg(long)]
    pub log: PathBuf,
    /// Where the batch record goes.
    #[arg(long)]
    pub record: PathBuf,
    /// Where the end mark goes.
    #[arg(long)]
    pub mark: PathBuf,
    /// Where the script leaves dqmon's exit status.
    #[arg(long)]
    pub status: PathBuf,
    /// The job's lock, to be taken; without it the lock comes as standard input.
    #[arg(long)]
    pub lock: Option<PathBuf>,
    /// The batch system that started this.
    #[arg(long)]
    pub batch: Option<String>,
    /// Memory that all its processes may use together, MB; 0 for no limit.
    #[arg(long, default_value_t = 0)]
    pub memory_limit_mb: u64,
    /// Wall time of the script, s; 0 for no limit.
    #[arg(long, default_value_t = 0)]
    pub time_limit_s: u64,
}

/// A job that could not be run or could not leave its mark.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {why}: {}", path.display())]
pub struct JobError {
    what: &'static str,
    why: io::Error,
    path: PathBuf,
}

/// Runs a job's script with its lock held; leaves log, batch record and, last, the end mark.
///
/// No attempt runs twice. A batch system may start a job again (its machine failed, its controller lost count): then this is
/// none, and nothing was done. The lock, which all attempts share, and the end mark say so.
///
/// # Errors
/// When the script can't be started or a file not be written; then there is no end mark, and the job counts as gone.
pub fn run_job(order: &JobOrderText) -> Result<Option<EndMark>, JobError> {
    let lock = match &order.lock {
        Some(path) => match own_lock(path, order).map_err(failed("job lock not taken", path))? {
            Some(lock) => lock,
            None => return Ok(None),
        },
        None => inherited(io::stdin()).map_err(failed("job lock not kept", &order.mark))?,
    };
    let at_host = order.lock.is_some().then(host);
    name_holder(&lock, order.attempt, at_host.as_deref()).map_err(failed("job lock not written", &order.mark))?;
    for folder in [Some(order.work.as_path()), order.log.parent(), order.mark.parent()].into_iter().flatten() {
        fs::create_dir_all(folder).map_err(failed("folder not made", folder))?;
    }
    let mark = run_script(order)?;
    let zone = TimeZone::get(&order.time_zone).unwrap_or(TimeZone::UTC);
    let record = batch_record(&mark, &account(), &zone).text();
    durable::write_whole(&order.record, record.as_bytes()).map_err(failed("batch record not written", &order.record))?;
    let text = serde_json::to_vec_pretty(&mark).map_err(|error| failed("end mark not written", &order.mark)(error.into()))?;
    durable::write_whole(&order.mark, &text).map_err(failed("end mark not written", &order.mark))?;
    drop(lock);
    Ok(Some(mark))
}

/// Runs the script within its limits; answers the mark of how it ended.
fn run_script(order: &JobOrderText) -> Result<EndMark, JobError> {
    let mut log = open_log(&order.log).map_err(failed("log not opened", &order.log))?;
    let stream = || log.try_clone().map_err(failed("log not opened", &order.log));
    let (output, errors) = (stream()?, stream()?);
    // Before there is a script: from here on a request to end is one to end it in order.
    let asked = limits::asked_to_end().map_err(failed("signals not caught", &order.script))?;
    adopt_orphans();
    let (started, clock) = (Timestamp::now(), Instant::now());
    let mut script = script_command(&order.script).map_err(failed("job script not read", &order.script))?;
    let child = script
        .current_dir(&order.work)
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        .spawn()
        .map_err(failed("job script not started", &order.script))?;
    let allowed = Limits { memory_mb: order.memory_limit_mb, time_s: order.time_limit_s };
    // A log that can't be written keeps nobody from ending the job.
    let mut tell = |line: &str| drop(writeln!(log, "{line}"));
    let ended = limits::watch(child, allowed, &asked, &mut tell).map_err(failed("job script not waited for", &order.script))?;
    let used = ended.used;
    let (batch_id, queue) = order.batch.as_deref().map_or((None, None), |_| of_batch_system());
    Ok(EndMark {
        job: order.name.clone(),
        attempt: order.attempt,
        host: host(),
        pid: std::process::id(),
        submitted: order.submitted,
        started,
        ended: Timestamp::now(),
        exit_status: used.status.code(),
        signal: used.status.signal(),
        dqmon_status: fs::read_to_string(&order.status).ok().and_then(|text| text.trim().parse().ok()),
        cpu_s: (used.rusage.utime + used.rusage.stime).as_secs_f64(),
        wall_s: clock.elapsed().as_secs_f64(),
        peak_memory_bytes: used.rusage.maxrss,
        peak_virtual_bytes: ended.peak_virtual_bytes,
        ended_by: ended.ended_by,
        batch_id,
        queue,
    })
}

/// The job's lock, taken by this process; none when another process keeps it, or when this attempt or a later one has run.
fn own_lock(path: &Path, order: &JobOrderText) -> io::Result<Option<File>> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    let end = Instant::now() + LOCK_PATIENCE;
    while !try_lock(&file)? {
        if Instant::now() >= end {
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let has_run = lock::holder(path).is_some_and(|holder| holder.attempt >= order.attempt);
    if has_run || EndMark::of(&order.mark, &order.name, order.attempt).is_some() {
        return Ok(None);
    }
    inherited(&file).map(Some)
}

/// The batch system's name for the job that this is part of, and its queue, as the environment says.
fn of_batch_system() -> (Option<String>, Option<String>) {
    let said = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    let of_slurm = || said("SLURM_JOB_ID").map(|id| format!("{id}.{}", said("SLURM_SUBMIT_HOST").unwrap_or_else(host)));
    (said("PBS_JOBID").or_else(of_slurm), said("PBS_QUEUE").or_else(|| said("SLURM_JOB_PARTITION")))
}

/// A job's log, to be written at its end.
pub(super) fn open_log(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    OpenOptions::new().append(true).create(true).open(path)
}

/// A script by the interpreter that its first line names, so that it also runs from a disk mounted `noexec`.
fn script_command(script: &Path) -> io::Result<Command> {
    let mut first_line = String::new();
    BufReader::new(File::open(script)?.take(LONGEST_FIRST_LINE)).read_line(&mut first_line)?;
    let interpreter = first_line.strip_prefix("#!").map(str::trim).filter(|line| !line.is_empty());
    let Some(interpreter) = interpreter else { return Ok(Command::new(script)) };
    // As the system has it: the interpreter, then all the rest as one argument.
    let (program, argument) = interpreter.split_once([' ', '\t']).unwrap_or((interpreter, ""));
    let mut command = Command::new(program);
    if !argument.trim().is_empty() {
        command.arg(argument.trim());
    }
    command.arg(script);
    Ok(command)
}

/// A lock on a descriptor that children inherit.
fn inherited(lock: impl AsFd) -> io::Result<File> {
    const BEYOND_WHAT_SHELLS_USE: i32 = 200;
    const BEYOND_STANDARD_STREAMS: i32 = 10;
    // The first is refused where a process may open few files.
    let lock = rustix::io::fcntl_dupfd_cloexec(&lock, BEYOND_WHAT_SHELLS_USE)
        .or_else(|_| rustix::io::fcntl_dupfd_cloexec(&lock, BEYOND_STANDARD_STREAMS))?;
    rustix::io::fcntl_setfd(&lock, rustix::io::FdFlags::empty())?;
    Ok(File::from(lock))
}

/// This machine's name.
#[must_use]
pub fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Who runs this.
fn account() -> Account {
    let (user, group) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
    Account { user: name_of("/etc/passwd", user), group: name_of("/etc/group", group), session: session() }
}

/// The session that this process belongs to; 0 for one whose leader is outside of the container it runs in.
///
/// Read from `/proc` because `rustix` takes a session to be a process and has no room for that 0.
fn session() -> i32 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    session_in(&stat).unwrap_or(0)
}

/// The session in a process's `stat`. The program's name stands in brackets and may hold blanks and brackets of its own.
fn session_in(stat: &str) -> Option<i32> {
    const STATE_PARENT_GROUP: usize = 3;
    stat.rsplit_once(')')?.1.split_whitespace().nth(STATE_PARENT_GROUP)?.parse().ok()
}

/// The name that stands for a number in one of the system's lists; the number itself when there is none.
fn name_of(list: &str, number: u32) -> String {
    let text = fs::read_to_string(list).unwrap_or_default();
    let number = number.to_string();
    text.lines()
        .find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            (fields.nth(1)? == number).then(|| name.to_owned())
        })
        .unwrap_or(number)
}

fn failed(what: &'static str, path: &Path) -> impl Fn(io::Error) -> JobError {
    let path = path.to_owned();
    move |why| JobError { what, why, path: path.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_is_found_behind_any_program_name_and_may_be_0() {
        assert_eq!(session_in("17 (dqmon) S 1 17 4351 0 -1"), Some(4351));
        assert_eq!(session_in("17 (a) b ( c) S 1 17 0 0 -1"), Some(0), "the session's leader is outside of the container");
        assert_eq!(session_in("17 (dqmon"), None);
        assert!(session() >= 0);
    }

    #[test]
    fn a_script_that_may_not_be_executed_runs_by_its_interpreter() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("it's a script.sh");
        fs::write(&script, "#!/bin/sh -e\nfalse\necho not reached\n").unwrap();
        let output = script_command(&script).unwrap().output().unwrap();
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), b"".as_slice()));
        fs::write(&script, "#! /usr/bin/env sh\necho ran\n").unwrap();
        assert_eq!(script_command(&script).unwrap().output().unwrap().stdout, b"ran\n");
    }
}
