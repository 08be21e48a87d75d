//! What runs inside a job: the script as a child, then the batch record and the end mark.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use wait4::Wait4;

use super::EndMark;
use super::record::{Account, batch_record};
use crate::processing::durable;

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
}

/// A job that could not be run or could not leave its mark.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {why}: {}", path.display())]
pub struct JobError {
    what: &'static str,
    why: io::Error,
    path: PathBuf,
}

/// Runs a job's script with the lock held that came as standard input; leaves log, batch record and, last, the end mark.
///
/// # Errors
/// When the script can't be started or a file not be written; then there is no end mark, and the job counts as gone.
pub fn run_job(order: &JobOrderText) -> Result<EndMark, JobError> {
    let lock = inherited_lock().map_err(failed("job lock not kept", &order.mark))?;
    name_holder(&lock, order.attempt).map_err(failed("job lock not written", &order.mark))?;
    for folder in [Some(order.work.as_path()), order.log.parent(), order.mark.parent()].into_iter().flatten() {
        fs::create_dir_all(folder).map_err(failed("folder not made", folder))?;
    }
    let log = OpenOptions::new().append(true).create(true).open(&order.log).map_err(failed("log not opened", &order.log))?;
    let errors = log.try_clone().map_err(failed("log not opened", &order.log))?;
    let (started, clock) = (Timestamp::now(), Instant::now());
    let child = Command::new(&order.script)
        .current_dir(&order.work)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        .spawn()
        .map_err(failed("job script not started", &order.script))?;
    let used = child.wait4().map_err(failed("job script not waited for", &order.script))?;
    let mark = EndMark {
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
        peak_virtual_bytes: None,
    };
    let zone = TimeZone::get(&order.time_zone).unwrap_or(TimeZone::UTC);
    let record = batch_record(&mark, &account(), "local", &zone);
    durable::write_whole(&order.record, record.as_bytes()).map_err(failed("batch record not written", &order.record))?;
    let text = serde_json::to_vec_pretty(&mark).map_err(|error| failed("end mark not written", &order.mark)(error.into()))?;
    durable::write_whole(&order.mark, &text).map_err(failed("end mark not written", &order.mark))?;
    drop(lock);
    Ok(mark)
}

/// The lock that came as standard input, on a descriptor that children inherit.
fn inherited_lock() -> io::Result<File> {
    const BEYOND_WHAT_SHELLS_USE: i32 = 200;
    let lock = rustix::io::fcntl_dupfd_cloexec(io::stdin(), BEYOND_WHAT_SHELLS_USE)?;
    rustix::io::fcntl_setfd(&lock, rustix::io::FdFlags::empty())?;
    Ok(File::from(lock))
}

/// Writes attempt and process into the lock file. A descriptor that can't be written (a terminal) is no lock and is left alone.
fn name_holder(mut lock: &File, attempt: u32) -> io::Result<()> {
    if !lock.metadata()?.is_file() {
        return Ok(());
    }
    lock.set_len(0)?;
    lock.seek(SeekFrom::Start(0))?;
    lock.write_all(format!("{attempt} {}\n", std::process::id()).as_bytes())
}

/// This machine's name.
#[must_use]
pub fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Who runs this.
fn account() -> Account {
    let (user, group) = (rustix::process::getuid().as_raw(), rustix::process::getgid().as_raw());
    Account {
        user: name_of("/etc/passwd", user),
        group: name_of("/etc/group", group),
        session: rustix::process::getsid(None).map_or(0, |pid| pid.as_raw_nonzero().get()),
    }
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
