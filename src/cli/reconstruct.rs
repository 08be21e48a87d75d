//! `dqmon reconstruct`: raw files to reconstructed files.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::progress::Progress;
use super::{Ended, Failure, Outcome};
use crate::config::{ReconstructionSettings, Settings};
use crate::detector;
use crate::reconstruction::timing::Stage;
use crate::reconstruction::{self, Mask, Report, Setup};

/// Arguments of `dqmon reconstruct`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Raw files.
    #[arg(required = true, value_name = "RAW")]
    raw: Vec<PathBuf>,
    /// Where recotask_<name>.root goes, for each raw file.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// A shipped detector or the path of a detector file; else the workspace's, or the 3x1x1.
    #[arg(long, value_name = "NAME")]
    detector: Option<String>,
    /// The channel map, by its name in the detector file; else the workspace's, or that file's default.
    #[arg(long, value_name = "NAME")]
    channel_map: Option<String>,
    /// Threads; 0 for one per core.
    #[arg(long, default_value_t = 0, value_name = "N")]
    threads: usize,
    /// Only every N-th event of those that the other selections leave.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    every: Option<u32>,
    /// Only events of this trigger type; may be said several times.
    #[arg(long, value_name = "TYPE")]
    trigger_type: Vec<u8>,
    /// Only events that the DAQ had all data of.
    #[arg(long)]
    complete_only: bool,
    /// File of channels that give no hits: rows 'CHANNEL MODULE VIEW STRIP'.
    #[arg(long, value_name = "FILE")]
    mask: Option<PathBuf>,
    /// Say where the time went: a row per stage, summed over the threads.
    #[arg(long)]
    timing: bool,
}

/// Runs the command. A bad file does not stop the next one; one whose run header contradicts its name is a finding.
pub fn run(global: &super::Global, args: &Args) -> Outcome {
    let workspace = global.optional_workspace()?;
    let (settings, root) = match &workspace {
        Some(workspace) => (workspace.settings.clone(), workspace.root.clone()),
        None => (Settings::default(), PathBuf::from(".")),
    };
    let detector = match (&args.detector, &args.channel_map) {
        // Another detector has other channel maps: the workspace's name of one means nothing to it.
        (Some(name), map) => detector::load(name, map.as_deref().unwrap_or_default(), Path::new("."))?,
        (None, map) => detector::load(&settings.detector, map.as_deref().unwrap_or(&settings.channel_map), &root)?,
    };
    let cuts = cuts(&settings.reconstruction, args);
    let mask = Mask::of_settings(&cuts, &root, &detector)?;
    let setup = Setup { detector: &detector, settings: &cuts, mask: &mask };
    let (mut failures, mut has_finding) = (Vec::new(), false);
    for raw in &args.raw {
        let started = Instant::now();
        let mut progress = None;
        let result = reconstruction::reconstruct_file(raw, &args.out, setup, args.threads, &mut |done, total| {
            show(&mut progress, done, total);
        });
        if let Some((progress, _)) = progress {
            progress.finish();
        }
        match result {
            Ok(report) => {
                has_finding |= !report.remarks.is_empty() || !report.lost.is_empty();
                print_report(&report, started.elapsed().as_secs_f64());
                if args.timing {
                    print_times(&report);
                }
            }
            Err(error) => failures.push(error.to_string()),
        }
    }
    if !failures.is_empty() {
        return Err(Failure(failures.join("\ndqmon: ")));
    }
    Ok(if has_finding { Ended::WithFinding } else { Ended::Done })
}

/// The workspace's settings with what the command says instead.
fn cuts(settings: &ReconstructionSettings, args: &Args) -> ReconstructionSettings {
    let mut cuts = settings.clone();
    if let Some(every) = args.every {
        cuts.select_every = every as usize;
    }
    if !args.trigger_type.is_empty() {
        cuts.select_trigger_types.clone_from(&args.trigger_type);
    }
    if args.complete_only {
        cuts.reject_quality_bits = 0x3F;
    }
    if let Some(mask) = &args.mask {
        // From where the command runs, not from the workspace.
        cuts.mask_file = std::path::absolute(mask).unwrap_or_else(|_| mask.clone()).to_string_lossy().into_owned();
    }
    cuts
}

/// The table of stages: time for each event, its part of the whole, and how many events it alone would make in a second.
fn print_times(report: &Report) {
    let total_s = Stage::ALL.iter().map(|stage| report.times.of(*stage).as_secs_f64()).sum::<f64>().max(1e-9);
    let row = |name: &str, seconds: f64| {
        let per_event_s = seconds / report.events.max(1) as f64;
        println!(
            "  {name:<15} {:>8.3} ms/event {:>5.1} % {:>9.0} /s",
            1e3 * per_event_s,
            100.0 * seconds / total_s,
            1.0 / per_event_s.max(1e-9)
        );
    };
    for stage in Stage::ALL {
        row(stage.name(), report.times.of(stage).as_secs_f64());
    }
    row("all", total_s);
}

fn print_report(report: &Report, seconds: f64) {
    for remark in &report.remarks {
        eprintln!("dqmon: {}: {remark}", report.file);
    }
    for (events, reason) in &report.lost {
        eprintln!("dqmon: {}: {events} lost: {reason}", report.file);
    }
    let lost: u64 = report.lost.iter().map(|(events, _)| events).sum();
    if lost > 0 {
        eprintln!("dqmon: {}: {lost} of {} events lost", report.file, lost + report.events as u64);
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
