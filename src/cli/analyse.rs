//! `dqmon analyse`: reconstructed files to results.

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use monitasks::summary::Measured;
use monitasks::vocab::{Group, Processing};

use super::{Ended, Outcome};
use crate::analysis::results::Written;
use crate::analysis::{self, Job, ResultName};
use crate::config::Settings;
use crate::detector;

/// Arguments of `dqmon analyse`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to measure. Gain needs the purity of the same files in the same results folder.
    #[arg(value_enum)]
    what: What,
    /// Reconstructed files of one run; for noise its raw files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The results folder, such as a workspace's results/: crp/, pedestals/, events/ and noise/ are made in it.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The pass over the run that the result is of.
    #[arg(long, default_value_t = 1, value_name = "P")]
    processing: u32,
    /// The lane of that pass, to be told in the result's sidecar.
    #[arg(long, value_name = "NAME")]
    lane: Option<String>,
    /// For events, the raw files of the same data: their headers have the stamps of all events, not only of those reconstructed.
    #[arg(long, value_name = "RAW", num_args = 1..)]
    raw: Vec<PathBuf>,
    /// For noise, about how many events of all files together are looked at, spread evenly; all of them without.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    most_events: Option<u32>,
    /// The group of the run's files that the result is of.
    #[arg(long, default_value_t = 0, value_name = "G")]
    group: u32,
}

/// What to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// Pedestal mean and RMS of every channel.
    Pedestals,
    /// Electron lifetime of each view.
    Purity,
    /// dQ/ds and effective gain of each LEM.
    Gain,
    /// Hits and tracks of each event, and when the events came: rate, gaps, what is missing.
    Events,
    /// Power spectrum and RMS of the noise of each group of channels, shared and their own, from raw files.
    Noise,
}

/// Runs the command. A purity that did not allow a lifetime is a finding, and so are events that could not be read.
pub fn run(global: &super::Global, args: &Args) -> Outcome {
    let workspace = global.optional_workspace()?;
    let (settings, root) = match &workspace {
        Some(workspace) => (workspace.settings.clone(), workspace.root.clone()),
        None => (Settings::default(), PathBuf::from(".")),
    };
    let detector = detector::load(&settings.detector, &settings.channel_map, &root)?;
    let zone = TimeZone::get(&settings.time_zone)?;
    let job = Job {
        files: &args.files,
        out: &args.out,
        name: ResultName { processing: Processing(args.processing), lane: args.lane.as_deref(), group: Group(args.group) },
        detector: &detector,
        settings: &settings.analysis,
        zone: &zone,
        now: Timestamp::now(),
    };
    let written = match args.what {
        What::Pedestals => analysis::analyse_pedestals(&job)?,
        What::Purity => analysis::analyse_purity(&job)?,
        What::Gain => analysis::analyse_gain(&job)?,
        What::Events => analysis::analyse_events(&job, &args.raw)?,
        What::Noise => analysis::analyse_noise(&job, args.most_events.map(|most| most as usize))?,
    };
    println!("{} events of {} files: {}", written.events, written.members.len(), written.text.display());
    Ok(if report(args.what, &written) { Ended::Done } else { Ended::WithFinding })
}

/// Prints the numbers; whether all could be measured.
fn report(what: What, written: &Written) -> bool {
    let mut measured = true;
    if what == What::Purity {
        for (view, purity) in written.purity.iter().flatten().enumerate() {
            println!("view {view}: lifetime {}, {} tracks", words(purity.lifetime_us, "us", 0), purity.tracks);
            measured &= purity.lifetime_us.value().is_some();
        }
    }
    if let Some(gain) = written.gain.as_ref().filter(|_| what == What::Gain) {
        for row in &gain.lems {
            println!(
                "LEM {:2}: dQ/ds {} and {}, effective gain {}",
                row.lem,
                words(row.dqds[0], &gain.dqds_unit, 2),
                words(row.dqds[1], &gain.dqds_unit, 2),
                words(row.effective_gain, "", 3)
            );
        }
        measured &= gain.lems.iter().any(|row| row.effective_gain.value().is_some());
    }
    measured & report_events(written) & report_noise(written)
}

/// Prints the numbers of hits, tracks and stamps; whether all files could be used and there is a rate.
fn report_events(written: &Written) -> bool {
    let Some(found) = &written.events_seen else { return true };
    for (name, value, error) in &found.numbers {
        let name = name.replace('_', " ");
        println!("{name}: {}", words(Measured::number(*value, *error), "", if *error > 0.0 { 3 } else { 0 }));
    }
    written.remarks.iter().for_each(|remark| println!("{remark}"));
    written.remarks.is_empty() && found.number("rate_hz").value().is_some()
}

/// Prints the noise; whether every group with a channel to measure has one, and all events could be read.
fn report_noise(written: &Written) -> bool {
    let Some(noise) = &written.noise else { return true };
    for group in &noise.groups {
        let last = group.first_channel + group.channels.saturating_sub(1);
        println!(
            "channels {:4} to {last:4}: noise {}, shared {}, own {}",
            group.first_channel,
            words(group.noise_adc, "ADC", 3),
            words(group.coherent_adc, "ADC", 3),
            words(group.incoherent_adc, "ADC", 3)
        );
    }
    if written.lost_events > 0 {
        println!("{} events could not be read", written.lost_events);
    }
    written.lost_events == 0 && noise.groups.iter().all(|group| group.noise_adc.value().is_some())
}

/// A number for people.
fn words(measured: Measured, unit: &str, digits: usize) -> String {
    match measured {
        Measured::Number { value, error } => format!("{value:.digits$} +- {error:.digits$} {unit}").trim_end().to_owned(),
        Measured::NoData => "no data".into(),
        Measured::NotMeasured => "not measured".into(),
    }
}
