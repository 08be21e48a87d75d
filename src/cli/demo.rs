//! `dqmon demo`: a simulated shift in a workspace of its own, through the whole chain.
//!
//! Every part is the real one: a DAQ that writes raw files slowly, the backend as a process of its own, the window or its
//! picture. Only the muons are made up.

mod daq;
mod follow;
mod night;
mod pictures;
mod slow;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::words::{counted, size};
use super::{Ended, Failure, Global, Outcome, window};
use crate::bookkeeping::{self, RequestKind, RequestSubject};
use crate::config::Workspace;
use crate::rawdata::layout::EVENT_HEADER_BYTES;
use crate::{detector, engine};

/// Files of each run of the demo: one group of the analysis.
const FILES_PER_RUN: u32 = 3;

/// Arguments of `dqmon demo`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The new workspace; when it exists already, the first free of DIR-2, DIR-3, …
    #[arg(value_name = "DIR", default_value = "dqmon-demo")]
    folder: PathBuf,
    /// No window: follow the chain in the terminal and write the Monitor page and all plots as PNG.
    #[arg(long)]
    headless: bool,
    /// Raw files, three to a run.
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=1000))]
    files: u32,
    /// Events in each file. One takes 3.2 MB in incoming/ and once more in storage/: six files of 60 events take 192 MB each,
    /// twice, 2.5 GB in all.
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=335))]
    events: u32,
    /// No shift of now, but a finished night in which a LEM died, made in seconds without any processing: to be replayed.
    #[arg(long, conflicts_with_all = ["headless", "files", "events"])]
    night: bool,
    /// The same seed gives the same muons.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Run the shift in DIR and draw nothing; a window that started it looks on.
    #[arg(long, hide = true)]
    no_window: bool,
}

/// Runs the command.
pub fn run(global: &Global, args: &Args) -> Outcome {
    if args.night {
        return make_night(args);
    }
    let has_display =
        ["WAYLAND_DISPLAY", "DISPLAY"].iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    let with_window = has_display && !args.headless && !args.no_window;
    let folder = if args.no_window { args.folder.clone() } else { first_free(&args.folder) };
    refuse_without_room(&folder, args)?;
    let workspace = daq::make_workspace(&folder)?;
    slow::write_day(&workspace.results(), Timestamp::now())?;
    eprintln!("demo: workspace {}", workspace.root.display());
    let backend = engine::start_backend(&workspace)
        .map_err(|error| Failure(format!("backend not started: {error}: {}", workspace.root.display())))?;
    eprintln!("demo: backend started, process {backend}");
    // Whatever happens from here on, the backend is asked to stop at the end: a demo leaves nothing running behind.
    let backend = BackendOfDemo(&workspace);
    let stop = Arc::new(AtomicBool::new(false));
    // Interrupted, the demo ends in order: the DAQ closes its file, the backend is stopped.
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, stop.clone())?;
    }
    let plan = daq::Plan { files: args.files, files_per_run: FILES_PER_RUN, events: args.events, seed: args.seed };
    let daq = daq::spawn(&workspace, plan, !with_window && !args.no_window, stop.clone())?;
    let outcome = if with_window {
        window::open(global, Some(workspace.root.clone()), None)
    } else {
        follow::until_done(&workspace, &plan, &stop, args.no_window)
    };
    stop.store(true, Ordering::Relaxed);
    let daq_outcome = daq.join().unwrap_or_else(|_| Err("the simulated DAQ failed".into()));
    drop(backend);
    let outcome = outcome.and_then(|ended| daq_outcome.map(|()| ended).map_err(Failure));
    if outcome.is_ok() && !with_window && !args.no_window {
        pictures::write_all(&workspace)?;
        say_what_next(&workspace);
    }
    if !args.no_window {
        println!("When you are done with it:          rm -r '{}'", workspace.root.display());
    }
    outcome
}

/// Makes the workspace of a finished night and says how to look at it.
fn make_night(args: &Args) -> Outcome {
    let workspace = night::make(&first_free(&args.folder), args.seed)?;
    let root = workspace.root.display();
    println!("The night of 20 November 2016, 13 runs:   {root}");
    println!("What was kept of it, as streams:          dqmon replay {root} --list");
    println!("The run in which the LEM died:            dqmon replay {root} --at 9");
    println!("What was decided on it:                   dqmon -w {root} show run9");
    println!("When you are done with it:                rm -r '{root}'");
    Ok(Ended::Done)
}

/// Refuses a demo that the disk has no room for.
fn refuse_without_room(folder: &Path, args: &Args) -> Result<(), Failure> {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let there = folder.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("/"));
    // Room that can't be asked for is no reason not to try: the backend tells when there is none.
    let Ok(facts) = rustix::fs::statvfs(there) else { return Ok(()) };
    let free_bytes = facts.f_bavail.saturating_mul(facts.f_frsize);
    let lack = lack_of_room(args.files, args.events, free_bytes)?;
    lack.map_or(Ok(()), |lack| Err(Failure(format!("{lack}: {}", folder.display()))))
}

/// What a demo needs more than there is: each raw file stands in `incoming/` and in `storage/`.
fn lack_of_room(files: u32, events: u32, free_bytes: u64) -> Result<Option<String>, Failure> {
    /// For results, logs, pictures and what the backend leaves free itself, bytes.
    const BESIDES: u64 = 200_000_000;
    let readout = detector::load("3x1x1", "", Path::new("."))?.readout;
    let event_bytes = EVENT_HEADER_BYTES as u64 + (readout.channels * readout.samples) as u64 * 3 / 2;
    let file_bytes = u64::from(events) * event_bytes;
    let needed_bytes = u64::from(files) * file_bytes * 2 + BESIDES;
    let files = counted(u64::from(files), "raw file", "raw files");
    Ok((free_bytes < needed_bytes).then(|| {
        format!(
            "not enough room for the demo: {files} of {}, in incoming/ and again in storage/, need {} with all that is made of \
             them, {} are free; fewer --files or --events need less",
            size(file_bytes),
            size(needed_bytes),
            size(free_bytes)
        )
    }))
}

/// The folder itself if it is not there yet, else the first that is free with a number behind.
fn first_free(folder: &Path) -> PathBuf {
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let numbered = (2u32..).map(|number| folder.with_file_name(format!("{name}-{number}")));
    std::iter::once(folder.to_owned()).chain(numbered).find(|path| !path.exists()).unwrap_or_else(|| folder.to_owned())
}

/// Stops the demo's backend when it goes away.
struct BackendOfDemo<'a>(&'a Workspace);

impl Drop for BackendOfDemo<'_> {
    fn drop(&mut self) {
        stop_backend(self.0);
    }
}

/// Asks the demo's backend to stop and waits a little for it.
fn stop_backend(workspace: &Workspace) {
    let asked = bookkeeping::open(&workspace.book_place()).and_then(|mut store| {
        store.request(Timestamp::now(), "demo", RequestKind::Stop, &RequestSubject::default()).map(|_| store)
    });
    match asked {
        Ok(store) => {
            for _ in 0..100 {
                let released = store.overview().is_ok_and(|book| book.lease.is_none_or(|lease| lease.released.is_some()));
                if released {
                    return;
                }
                std::thread::sleep(Duration::from_millis(100));
            }
            eprintln!(
                "demo: the backend has not stopped yet; its log: {}",
                workspace.root.join("all_logs/backend.log").display()
            );
        }
        Err(error) => eprintln!("demo: the backend was not asked to stop: {error}"),
    }
}

fn say_what_next(workspace: &Workspace) {
    let root = workspace.root.display();
    println!("Look at the shift in the window:   dqmon -w {root}");
    println!("One file's whole story:            dqmon -w {root} show run1-seq0");
    println!(
        "Decide on a run:                   dqmon -w {root} decide run1 OK --who NAME --role shifter --comment \"looks fine\""
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demo_that_does_not_fit_is_told_with_its_sizes() {
        let lack = lack_of_room(6, 60, 2_000_000_000).unwrap().unwrap();
        assert!(
            lack.contains("6 raw files of 192 MB") && lack.contains("need 2.5 GB") && lack.contains("2.0 GB are free"),
            "{lack}"
        );
        assert_eq!(lack_of_room(6, 60, 3_000_000_000).unwrap(), None);
    }
}
