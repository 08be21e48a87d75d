//! `dqmon simulate`: raw files of simulated cosmic muons.

use std::fs;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use monitasks::detector::{Detector, RawLayout};
use monitasks::vocab::{FileId, Run, Sequence};
use rayon::prelude::*;

use super::progress::Progress;
use super::{Ended, Failure, Outcome};
use crate::detector;
use crate::rawdata::layout::FLAG_COMPRESSED;
use crate::rawdata::{EventHeader, RawWriter};
use crate::simulation::{Settings, Simulation, Truth, gain_map};

/// Arguments of `dqmon simulate`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run: run<R> or a number.
    #[arg(long, value_name = "R")]
    run: Run,
    /// Number of files.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    files: u32,
    /// Events in each file.
    #[arg(long, value_name = "N", default_value_t = 335, value_parser = clap::value_parser!(u32).range(0..=65535))]
    events: u32,
    /// The folder to write to; made when it is not there.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The first file's sequence.
    #[arg(long, value_name = "S", default_value_t = 0)]
    first_seq: u32,
    /// Write compressed events, byte for byte as the reference encoder.
    #[arg(long)]
    compressed: bool,
    /// A shipped detector or the path of a detector file.
    #[arg(long, value_name = "NAME", default_value = "3x1x1")]
    detector: String,
    /// The channel map, by its name in the detector file; else that file's default.
    #[arg(long, value_name = "NAME", default_value = "")]
    channel_map: String,
    /// Electron lifetime, us.
    #[arg(long, value_name = "T", default_value_t = Settings::default().lifetime_us)]
    lifetime_us: f64,
    /// Effective gains: rows 'LEM GAIN', numbered as in the result files; else 3 everywhere.
    #[arg(long, value_name = "FILE")]
    gain_map: Option<PathBuf>,
    /// White noise, RMS, ADC counts.
    #[arg(long, value_name = "X", default_value_t = Settings::default().noise_adc)]
    noise_adc: f64,
    /// Noise that a group of channels shares, RMS, ADC counts.
    #[arg(long, value_name = "X", default_value_t = Settings::default().coherent_noise_adc)]
    coherent_noise_adc: f64,
    /// Mean number of muons in an event.
    #[arg(long, value_name = "X", default_value_t = Settings::default().tracks_per_event)]
    tracks_per_event: f64,
    /// Seed of all random numbers: the same one gives the same bytes.
    #[arg(long, value_name = "S", default_value_t = Settings::default().seed)]
    seed: u64,
    /// Stamp of the first event of sequence 0.
    #[arg(long, value_name = "UTC", default_value_t = Settings::default().start_at)]
    start_at: Timestamp,
    /// Where to write what was really in the events.
    #[arg(long, value_name = "FILE.json")]
    truth: Option<PathBuf>,
    /// Write over raw files of the same names.
    #[arg(long)]
    overwrite: bool,
}

/// Runs the command.
pub fn run(args: &Args) -> Outcome {
    let Some(last_seq) = args.first_seq.checked_add(args.files - 1) else {
        return Err(Failure(format!(
            "{} files from sequence {} on pass the last sequence, {}",
            args.files,
            args.first_seq,
            u32::MAX
        )));
    };
    let detector = detector::load(&args.detector, &args.channel_map, Path::new("."))?;
    if args.compressed && detector.readout.raw_layout != RawLayout::Dlardaq {
        let name = &detector.name;
        return Err(Failure(format!("of detector {name} no compressed layout is known: leave out '--compressed'")));
    }
    let simulation = Simulation::new(&detector, settings(args, &detector)?)?;
    fs::create_dir_all(&args.out).map_err(|error| failed("folder not made", &error, &args.out))?;
    // Asked for all before the first is written: a raw file that is there may be real data.
    let standing =
        (args.first_seq..=last_seq).map(|sequence| raw_path(args, &detector, Sequence(sequence))).find(|path| path.exists());
    if let Some(path) = standing.filter(|_| !args.overwrite) {
        let path = path.display();
        return Err(Failure(format!(
            "nothing simulated: a file of that name is there; name another run or folder, or say --overwrite: {path}"
        )));
    }
    let mut truth = Truth::new(&simulation, args.run);
    let mut progress = Progress::new("simulating events", u64::from(args.files) * u64::from(args.events));
    for sequence in (args.first_seq..=last_seq).map(Sequence) {
        write_file(args, &simulation, sequence, &mut truth, &mut progress)?;
    }
    progress.finish();
    args.truth.as_ref().map_or(Ok(()), |path| write_truth(&truth, path))?;
    Ok(Ended::Done)
}

/// The simulation's settings.
fn settings(args: &Args, detector: &Detector) -> Result<Settings, Failure> {
    let gains = match &args.gain_map {
        None => Vec::new(),
        Some(path) => {
            let text = fs::read_to_string(path).map_err(|error| failed("gain map not read", &error, path))?;
            gain_map::parse(&text, &detector.lems)
                .map_err(|(line, what)| Failure(format!("gain map refused: {what}: {}:{line}", path.display())))?
        }
    };
    Ok(Settings {
        lifetime_us: args.lifetime_us,
        gains,
        noise_adc: args.noise_adc,
        coherent_noise_adc: args.coherent_noise_adc,
        tracks_per_event: args.tracks_per_event,
        seed: args.seed,
        start_at: args.start_at,
        events_per_file: args.events as usize,
        ..Settings::default()
    })
}

fn raw_path(args: &Args, detector: &Detector, sequence: Sequence) -> PathBuf {
    args.out.join(detector.raw_name(FileId { run: args.run, sequence }))
}

/// Writes one file, and prints its path.
fn write_file(
    args: &Args,
    simulation: &Simulation,
    sequence: Sequence,
    truth: &mut Truth,
    progress: &mut Progress,
) -> Result<(), Failure> {
    let detector = simulation.detector();
    let path = raw_path(args, detector, sequence);
    let mut writer = RawWriter::create_for(&path, args.run, 0, &detector.readout, args.events as usize)?;
    // Some events at once, so that memory does not grow with the file, written in their order.
    let event_bytes = detector.readout.channels * detector.readout.samples * size_of::<u16>();
    let batch = (2 * rayon::current_num_threads()).min(MOST_BYTES_AT_ONCE / event_bytes).max(1) as u32;
    for first in (0..args.events).step_by(batch as usize) {
        let indices = first..args.events.min(first.saturating_add(batch));
        let events: Vec<_> = indices.into_par_iter().map(|index| simulation.event(args.run, sequence, index)).collect();
        for event in &events {
            let flags = event.header.flags | if args.compressed { FLAG_COMPRESSED } else { 0 };
            writer.write(&EventHeader { flags, ..event.header }, &event.samples)?;
            truth.push(sequence, event);
        }
        progress.advance(events.len() as u64);
    }
    writer.finish()?;
    println!("{}", path.display());
    Ok(())
}

/// Samples of events that are made at once, bytes, when an event alone has less.
const MOST_BYTES_AT_ONCE: usize = 256 << 20;

/// Writes the truth.
fn write_truth(truth: &Truth, path: &Path) -> Result<(), Failure> {
    let file = fs::File::create(path).map_err(|error| failed("truth not written", &error, path))?;
    let mut sink = BufWriter::new(file);
    serde_json::to_writer_pretty(&mut sink, truth)?;
    sink.into_inner().map_err(|error| failed("truth not written", error.error(), path))?;
    Ok(())
}

/// What the operating system refused.
fn failed(what: &str, error: &std::io::Error, path: &Path) -> Failure {
    Failure(format!("{what}: {error}: {}", path.display()))
}
