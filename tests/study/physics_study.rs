//! How well lifetimes and gains come back from simulated runs; the figures of `docs/physics.md`.
//!
//! ```text
//! cargo run --release --example physics_study -- closure
//! cargo run --release --example physics_study -- pulls --groups 200 --events 40
//! ```
//! `closure` compares a few large groups with the truth: each lifetime with three seeds, the noise from 1 to 2 ADC counts with the
//! seed, gains that differ by a factor 3 from LEM to LEM. `pulls` looks at the errors: many small groups, and by how many of its own
//! errors each number is off. The exit status is 1 when a figure is not what it should be.

use std::process::ExitCode;

use clap::Parser;
use dqmon::analysis::charges::Charges;
use dqmon::analysis::gain;
use dqmon::analysis::lifetime::Correction;
use dqmon::analysis::purity::PuritySums;
use dqmon::config::{AnalysisSettings, GainEstimator, PurityMethod, ReconstructionSettings};
use dqmon::rawdata::Event;
use dqmon::reconstruction::event::EventReconstruction;
use dqmon::reconstruction::recofile::{Meta, RecoData};
use dqmon::reconstruction::{Mask, Setup};
use dqmon::simulation::{self, Simulation};
use monitasks::detector::Detector;
use monitasks::format::sidecar::{GainSection, ViewPurity};
use monitasks::summary::Measured;
use monitasks::vocab::{FileId, Run, Sequence};
use rayon::prelude::*;

/// What to study.
#[derive(Debug, Parser)]
struct Args {
    /// `closure` or `pulls`.
    #[arg(value_parser = ["closure", "pulls"])]
    study: String,
    /// Groups, for pulls.
    #[arg(long, default_value_t = 200)]
    groups: u64,
    /// Events of a group; for closure 3 files of 335.
    #[arg(long)]
    events: Option<u32>,
    /// Lifetime of the groups, us, for pulls.
    #[arg(long, default_value_t = 3000.0)]
    lifetime_us: f64,
    /// The truncated mean in the place of the most probable value, without this fraction of the charges.
    #[arg(long)]
    truncated: Option<f64>,
    /// The lifetime from 2D tracks against their first complete bin.
    #[arg(long)]
    track_ratio: bool,
}

/// One group's results.
struct Found {
    purity: [ViewPurity; 2],
    gain: GainSection,
}

const RUN: Run = Run(1);
const CLOSURE_EVENTS: u32 = 3 * 335;
const PULL_EVENTS: u32 = 40;

fn main() -> ExitCode {
    let args = Args::parse();
    let Ok(detector) = dqmon::detector::load("3x1x1", "", std::path::Path::new(".")) else { return ExitCode::from(2) };
    let mut settings = AnalysisSettings::default();
    if let Some(fraction) = args.truncated {
        (settings.gain_estimator, settings.gain_truncated_fraction) = (GainEstimator::TruncatedMean, fraction);
    }
    if args.track_ratio {
        settings.purity_method = PurityMethod::TrackRatio;
    }
    let good = if args.study == "closure" { closure(&args, &detector, &settings) } else { pulls(&args, &detector, &settings) };
    ExitCode::from(u8::from(!good))
}

/// Gains from 2 to 6, in an order that puts unlike LEMs side by side.
fn gains(lems: usize) -> Vec<f64> {
    (0..lems).map(|lem| 2.0 * 3f64.powf(((lem * 5) % lems) as f64 / (lems - 1) as f64)).collect()
}

/// Simulates, reconstructs and analyses a group.
fn group(detector: &Detector, settings: &AnalysisSettings, simulated: simulation::Settings, events: u32) -> Found {
    let simulation = Simulation::new(detector, simulated).unwrap_or_else(|error| fail(&error.to_string()));
    let cuts = ReconstructionSettings::default();
    let mask = Mask::of_detector(detector);
    let setup = Setup { detector, settings: &cuts, mask: &mask };
    let reconstructed: Vec<_> = (0..events)
        .into_par_iter()
        .map_init(
            || EventReconstruction::new(setup),
            |reconstruction, index| {
                let event = simulation.event(RUN, Sequence(0), index);
                reconstruction.reconstruct(&Event { header: event.header, samples: event.samples })
            },
        )
        .collect();
    let mut data = RecoData::new(Meta::of(
        FileId { run: RUN, sequence: Sequence(0) },
        "run1-seq0.dat".as_ref(),
        [events as usize; 2],
        setup,
    ));
    reconstructed.iter().enumerate().for_each(|(place, event)| data.push(place, event, detector));
    let mut sums = PuritySums::new(detector, settings);
    sums.add(&data, detector, settings);
    let purity = sums.measure(settings);
    let mut charges = Charges::new(detector);
    charges.add(&data, detector, settings);
    let correction = Correction::of([purity[0].lifetime_us, purity[1].lifetime_us], Some(&purity));
    let gain = gain::measure(&charges, &correction, detector, settings);
    Found { purity, gain }
}

/// Large groups against the truth.
fn closure(args: &Args, detector: &Detector, settings: &AnalysisSettings) -> bool {
    let events = args.events.unwrap_or(CLOSURE_EVENTS);
    let truth = gains(detector.lems.len());
    let mut good = true;
    println!("| lifetime, ms | noise, ADC | view 0, ms | view 1, ms | farthest gain | in its errors | mean of the gains |");
    println!("|---|---|---|---|---|---|---|");
    for (lifetime_us, most_off) in [(1000.0, 0.05), (3000.0, 0.05), (7000.0, 0.10)] {
        for (seed, noise_adc) in [(1, 1.0), (2, 1.5), (3, 2.0)] {
            let simulated =
                simulation::Settings { lifetime_us, noise_adc, seed, gains: truth.clone(), ..simulation::Settings::default() };
            let found = group(detector, settings, simulated, events);
            let views = [0, 1].map(|view: usize| {
                let measured = found.purity[view].lifetime_us;
                let (value, error) = measured.value_and_error().unwrap_or((f64::NAN, f64::NAN));
                good &= (value / lifetime_us - 1.0).abs() < most_off && (value - lifetime_us).abs() < 3.0 * error;
                format!("{:.3} ± {:.3}", value / 1e3, error / 1e3)
            });
            let off = of_gains(&found.gain, detector, &truth);
            let farthest = off.iter().map(|(off, _)| off.abs()).fold(0.0, f64::max);
            let errors = off.iter().map(|(off, error)| (off / error).abs()).fold(0.0, f64::max);
            let mean = off.iter().map(|(off, _)| off).sum::<f64>() / off.len() as f64;
            good &= off.len() == truth.len() && farthest < 0.03 && errors < 3.0;
            let lifetime_ms = lifetime_us / 1e3;
            println!(
                "| {lifetime_ms} | {noise_adc:.1} | {} | {} | {:.2} % | {errors:.1} | {:+.2} % |",
                views[0],
                views[1],
                100.0 * farthest,
                100.0 * mean
            );
        }
    }
    println!("{}", if good { "all inside their bounds" } else { "some are outside their bounds" });
    good
}

/// Relative distance of each gain that was measured to its truth, and its relative error.
fn of_gains(gain: &GainSection, detector: &Detector, truth: &[f64]) -> Vec<(f64, f64)> {
    let rows = gain.lems.iter().filter_map(|row| {
        let lem = detector.lems.place(detector.lems.numberings.first()?, row.lem)?;
        let truth = truth[detector.lems.index(lem)];
        let (value, error) = row.effective_gain.value_and_error()?;
        Some((value / truth - 1.0, error / truth))
    });
    rows.collect()
}

/// Distances in errors.
#[derive(Default)]
struct Pulls {
    values: Vec<f64>,
    missing: usize,
    relative_error: f64,
    relative_off: f64,
}

impl Pulls {
    fn add(&mut self, measured: Measured, truth: f64) {
        match measured {
            Measured::Number { value, error } => {
                self.values.push((value - truth) / error);
                self.relative_error += error / truth;
                self.relative_off += value / truth - 1.0;
            }
            _ => self.missing += 1,
        }
    }

    /// Prints a row; whether the width is what it should be.
    fn report(&self, name: &str) -> bool {
        let count = self.values.len() as f64;
        let mean = self.values.iter().sum::<f64>() / count;
        let width = (self.values.iter().map(|pull| (pull - mean).powi(2)).sum::<f64>() / (count - 1.0)).sqrt();
        let beyond = self.values.iter().filter(|pull| pull.abs() > 3.0).count();
        println!(
            "| {name} | {} | {} | {:+.2} % | {:.2} % | {mean:+.2} ± {:.2} | {width:.3} ± {:.3} | {beyond} |",
            self.values.len(),
            self.missing,
            100.0 * self.relative_off / count,
            100.0 * self.relative_error / count,
            width / count.sqrt(),
            width / (2.0 * count).sqrt()
        );
        (0.8..1.2).contains(&width)
    }
}

/// Many small groups.
fn pulls(args: &Args, detector: &Detector, settings: &AnalysisSettings) -> bool {
    let events = args.events.unwrap_or(PULL_EVENTS);
    let truth = gains(detector.lems.len());
    let mut views = [Pulls::default(), Pulls::default()];
    let mut lems = Pulls::default();
    let mut charge_asymmetry = Pulls::default();
    for seed in 0..args.groups {
        let simulated = simulation::Settings {
            lifetime_us: args.lifetime_us,
            seed: 1000 + seed,
            gains: truth.clone(),
            ..simulation::Settings::default()
        };
        let found = group(detector, settings, simulated, events);
        for (pulls, view) in views.iter_mut().zip(&found.purity) {
            pulls.add(view.attenuation_per_ms, 1e3 / args.lifetime_us);
        }
        for row in &found.gain.lems {
            let lem = detector.lems.numberings.first().and_then(|numbering| detector.lems.place(numbering, row.lem));
            lems.add(row.effective_gain, lem.map_or(f64::NAN, |lem| truth[detector.lems.index(lem)]));
            if let Some((value, error)) = row.charge_asymmetry.value_and_error() {
                charge_asymmetry.add(Measured::number(1.0 + value, error), 1.0);
            }
        }
        if (seed + 1) % 20 == 0 {
            eprintln!("{} of {} groups", seed + 1, args.groups);
        }
    }
    println!("{} groups of {events} events, lifetime {} us", args.groups, args.lifetime_us);
    println!("| | measured | not measured | off in the mean | error in the mean | pulls' mean | pulls' width | beyond 3 |");
    println!("|---|---|---|---|---|---|---|---|");
    let first = views[0].report("attenuation of view 0");
    let second = views[1].report("attenuation of view 1");
    let third = lems.report("gain of a LEM");
    charge_asymmetry.report("charge asymmetry of a LEM");
    let good = first && second && third;
    println!("{}", if good { "all widths between 0.8 and 1.2" } else { "some widths are outside 0.8 to 1.2" });
    good
}

fn fail(message: &str) -> ! {
    eprintln!("{message}");
    std::process::exit(2)
}
