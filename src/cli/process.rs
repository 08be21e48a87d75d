//! `dqmon process`: the backend without a window.

use std::fs::{File, OpenOptions};
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::book_care::Chores;
use super::words::{counted, stamp};
use super::{Ended, Failure, Outcome};
use crate::bookkeeping;
use crate::config::Workspace;
use crate::distribution::{flow_summary, publish};
use crate::processing::{self, Options, Progress, Report, RunUntil};

/// Arguments of `dqmon process`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Do what there is, wait for its jobs, then exit; files of a run that may go on wait until their group is full.
    #[arg(long)]
    once: bool,
    /// Begin a new book where the old one is missing; everything is processed again, and its decisions are gone.
    #[arg(long)]
    new_book: bool,
    /// For tests: abort at the n-th place where a kill would come between a deed and its record.
    #[arg(long, hide = true, value_name = "N")]
    abort_at: Option<u64>,
}

/// Where a backend says what it does: standard error, and the workspace's log if that is another file.
struct Journal {
    log: Option<File>,
}

/// Runs the command. A failure, or a file that was refused, is a finding.
pub fn run(global: &super::Global, args: &Args) -> Outcome {
    if global.read_only() {
        return Err(Failure("a backend writes: leave --read-only out".into()));
    }
    let workspace = global.workspace()?;
    let stop = Arc::new(AtomicBool::new(false));
    // Told to end, the backend finishes its step and gives its lease back; jobs go on.
    for signal in [SIGTERM, SIGINT, SIGHUP] {
        signal_hook::flag::register(signal, stop.clone())?;
    }
    let until = if args.once { RunUntil::DoneOnce } else { RunUntil::Stopped };
    let options = Options { program: std::env::current_exe()?, abort_at: args.abort_at, begins_new_book: args.new_book };
    if std::io::stderr().is_terminal() && !args.once {
        eprintln!("dqmon: Ctrl+C ends the backend, jobs go on");
    }
    let mut journal = Journal::of(&workspace);
    let publisher = if args.once { None } else { Publisher::start(&workspace, stop.clone()) };
    let upkeep = Chores::start(&workspace, stop.clone());
    let report = match processing::run(&workspace, &until, &options, &stop, &mut |progress| journal.tell(progress)) {
        Ok(report) => report,
        Err(error) => {
            journal.keep(&format!("{} backend ended with an error: {error}", stamp(Timestamp::now())));
            return Err(error.into());
        }
    };
    stop.store(true, Ordering::Relaxed);
    // What it was doing is whole or not there.
    let _ = upkeep.join();
    if let Some(publisher) = publisher {
        // What it was publishing is whole or not there.
        let _ = publisher.thread.join();
    }
    if report.left_open {
        eprintln!("dqmon: files that are still being written were left: {}", workspace.incoming().display());
    }
    let sum = sum_of(&report);
    journal.say(&format!("backend ended: {sum}"));
    println!("{sum}");
    Ok(if report.failures == 0 { Ended::Done } else { Ended::WithFinding })
}

/// Publishes logs and the summary of the flow on a schedule, beside the backend and never in its way.
struct Publisher {
    thread: std::thread::JoinHandle<()>,
}

impl Publisher {
    /// Starts it where the settings name a folder.
    fn start(workspace: &Workspace, stop: Arc<AtomicBool>) -> Option<Self> {
        let settings = &workspace.settings.publish;
        if settings.folder.as_os_str().is_empty() {
            return None;
        }
        let every = Duration::try_from_secs_f64(settings.every_s).unwrap_or(Duration::MAX);
        let workspace = workspace.clone();
        let thread = std::thread::spawn(move || {
            let mut due = Instant::now();
            while !stop.load(Ordering::Relaxed) {
                if Instant::now() >= due {
                    due = Instant::now() + every;
                    if let Err(error) = publish_once(&workspace) {
                        eprintln!("{} not published: {}", stamp(Timestamp::now()), error.0);
                    }
                }
                std::thread::sleep(Duration::from_millis(200));
            }
        });
        Some(Publisher { thread })
    }
}

fn publish_once(workspace: &Workspace) -> Result<(), Failure> {
    let overview = bookkeeping::open_read_only(&workspace.book_place())?.overview()?;
    let to = workspace.root.join(&workspace.settings.publish.folder);
    publish(workspace, &flow_summary(&overview, Timestamp::now()), &to)?;
    Ok(())
}

/// What a backend did, in numbers.
fn sum_of(report: &Report) -> String {
    format!(
        "{} reconstructed, {} analysed, {}",
        counted(report.accepted, "file", "files"),
        counted(report.groups_done, "group", "groups"),
        counted(report.failures, "failure or refusal", "failures or refusals")
    )
}

impl Journal {
    /// The journal of a workspace's backend. A log that can't be opened is no reason not to process.
    fn of(workspace: &Workspace) -> Self {
        let path = workspace.root.join("all_logs/backend.log");
        let log = open_log(&path).filter(|log| !is_standard_error(log));
        Journal { log }
    }

    /// One line for what people wait for; the steps between stand in the book.
    fn tell(&mut self, progress: &Progress) {
        const STEPS_BETWEEN: [&str; 6] = ["copy_started", "job_allotted", "job_submitted", "job_ended", "grouped", "queued"];
        if !STEPS_BETWEEN.contains(&progress.word.as_str()) {
            let detail = progress.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
            self.say(&format!("{} {}{detail}", progress.subject, progress.word.replace('_', " ")));
        }
    }

    /// Says a line, with the time in UTC before it.
    fn say(&mut self, what: &str) {
        let line = format!("{} {what}", stamp(Timestamp::now()));
        // A standard error that is closed is no reason to stop the work.
        let _ = writeln!(std::io::stderr(), "{line}");
        self.keep(&line);
    }

    /// Writes a line into the log alone.
    fn keep(&mut self, line: &str) {
        if let Some(log) = &mut self.log {
            // A disk that is full is told by what is being processed.
            let _ = writeln!(log, "{line}");
        }
    }
}

fn open_log(path: &Path) -> Option<File> {
    std::fs::create_dir_all(path.parent()?).ok()?;
    OpenOptions::new().create(true).append(true).open(path).ok()
}

/// Whether standard error goes into that very file: a backend that a window started.
fn is_standard_error(log: &File) -> bool {
    let own = rustix::fs::fstat(log).map(|facts| (facts.st_dev, facts.st_ino));
    let error = rustix::fs::fstat(std::io::stderr()).map(|facts| (facts.st_dev, facts.st_ino));
    own.is_ok() && own == error
}
