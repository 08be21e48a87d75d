//! Follows the demo's shift through the book, with progress, until every file has been through the chain.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::super::{Ended, Failure, Outcome};
use super::daq::Plan;
use crate::bookkeeping::{self, GroupStep, Overview, PassStep};
use crate::config::Workspace;

/// Between two looks into the book.
const LOOK: Duration = Duration::from_millis(300);
/// With no file moving on for this long, something is stuck and the demo says so.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where the shift stands, as counts of files and groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Standing {
    taken: usize,
    reconstructed: usize,
    analysed: usize,
    failed: usize,
    groups_done: usize,
    groups_failed: usize,
}

/// Waits until all planned files are through the chain, the simulated DAQ says stop, or nothing moves any more.
pub(super) fn until_done(workspace: &Workspace, plan: &Plan, stop: &AtomicBool, is_quiet: bool) -> Outcome {
    let started = Instant::now();
    let (mut last, mut moved) = (Standing::default(), Instant::now());
    loop {
        let standing =
            bookkeeping::open_read_only(&workspace.book_place()).and_then(|store| store.overview()).map(|book| count(&book));
        // A book that is not there yet is made by the backend; one that stays away is told by the patience below.
        let standing = standing.unwrap_or(last);
        if standing != last {
            (last, moved) = (standing, Instant::now());
            if !is_quiet {
                say(&standing, plan, started.elapsed());
            }
        }
        let all = plan.files as usize;
        if standing.analysed + standing.failed >= all {
            let is_whole = standing.failed == 0 && standing.groups_failed == 0;
            return Ok(if is_whole { Ended::Done } else { Ended::WithFinding });
        }
        if stop.load(Ordering::Relaxed) {
            return Err(Failure("demo stopped before all files were through".into()));
        }
        if moved.elapsed() > PATIENCE {
            let log = workspace.root.join("all_logs/backend.log");
            let stuck = PATIENCE.as_secs();
            return Err(Failure(format!(
                "no file has moved on for {stuck} s, see 'dqmon status' and the backend's log: {}",
                log.display()
            )));
        }
        thread::sleep(LOOK);
    }
}

fn count(book: &Overview) -> Standing {
    let at_least = |step: PassStep| book.files.iter().filter(|file| book.has_reached(file, step)).count();
    Standing {
        taken: at_least(PassStep::Held),
        reconstructed: at_least(PassStep::Reconstructed),
        analysed: at_least(PassStep::Analysed),
        failed: book.files.iter().filter(|file| book.failure_of(file).is_some()).count(),
        groups_done: book.groups.iter().filter(|group| group.step == GroupStep::Done).count(),
        groups_failed: book.groups.iter().filter(|group| group.step == GroupStep::Failed).count(),
    }
}

fn say(standing: &Standing, plan: &Plan, elapsed: Duration) {
    let Standing { taken, reconstructed, analysed, failed, groups_done, .. } = standing;
    let (all, seconds) = (plan.files, elapsed.as_secs_f64());
    let trouble = if *failed > 0 { format!(", {failed} failed") } else { String::new() };
    eprintln!(
        "demo: {seconds:6.1} s  taken {taken}/{all}, reconstructed {reconstructed}/{all}, analysed {analysed}/{all}, results of {groups_done} groups{trouble}"
    );
}
