//! `dqmon reconstruct`: raw files to reconstructed files.

use std::path::PathBuf;
use std::time::Instant;

use super::progress::Progress;
use super::{Ended, Failure, Outcome};
use crate::config::Settings;
use crate::detector;
use crate::reconstruction::{self, Report};

/// Arguments of `dqmon reconstruct`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Raw files.
    #[arg(required = true, value_name = "RAW")]
    raw: Vec<PathBuf>,
    /// Where recotask_<name>.root goes, for each raw file.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Threads; 0 for one per core.
    #[arg(long, default_value_t = 0, value_name = "N")]
    threads: usize,
}

/// Runs the command. A bad file does not stop the next one; one whose run header contradicts its name is a finding.
pub fn run(global: &super::Global, args: &Args) -> Outcome {
    let workspace = global.optional_workspace()?;
    let (settings, root) = match &workspace {
        Some(workspace) => (workspace.settings.clone(), workspace.root.clone()),
        None => (Settings::default(), PathBuf::from(".")),
    };
    let detector = detector::load(&settings.detector, &settings.channel_map, &root)?;
    let (mut failures, mut has_finding) = (Vec::new(), false);
    for raw in &args.raw {
        let started = Instant::now();
        let mut progress = None;
        let result = reconstruction::reconstruct_file(
            raw,
            &args.out,
            &detector,
            &settings.reconstruction,
            args.threads,
            &mut |done, total| show(&mut progress, done, total),
        );
        if let Some((progress, _)) = progress {
            progress.finish();
        }
        match result {
            Ok(report) => {
                has_finding |= !report.remarks.is_empty();
                print_report(&report, started.elapsed().as_secs_f64());
            }
            Err(error) => failures.push(error.to_string()),
        }
    }
    if !failures.is_empty() {
        return Err(Failure(failures.join("\ndqmon: ")));
    }
    Ok(if has_finding { Ended::WithFinding } else { Ended::Done })
}

fn print_report(report: &Report, seconds: f64) {
    for remark in &report.remarks {
        eprintln!("dqmon: {}: {remark}", report.file);
    }
    println!(
        "{}: {} events, {} hits, {} tracks, {} matched tracks, {:.1} events/s: {}",
        report.file,
        report.events,
        report.hits,
        report.tracks,
        report.matched,
        report.events as f64 / seconds.max(1e-9),
        report.output.display()
    );
}

/// Moves the progress on to `done`, which the file's own number of events sets up.
fn show(progress: &mut Option<(Progress, usize)>, done: usize, total: usize) {
    let (progress, before) = progress.get_or_insert_with(|| (Progress::new("reconstructing events", total as u64), 0));
    progress.advance(done.saturating_sub(*before) as u64);
    *before = done;
}
