//! The demo's DAQ: writes simulated raw files into `incoming/` as a DAQ does, event after event, then closes them.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use monitasks::detector::Detector;
use monitasks::vocab::{FileId, Run};

use super::super::Failure;
use crate::bookkeeping;
use crate::config::Workspace;
use crate::detector;
use crate::rawdata::RawWriter;
use crate::simulation::{Settings, Simulation, Truth};

/// While somebody watches, a file takes at least this long to be written.
const PACE: Duration = Duration::from_secs(6);

/// What the DAQ will write.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub files: u32,
    pub files_per_run: u32,
    pub events: u32,
    pub seed: u64,
}

/// What the demo's settings say otherwise than a new workspace's: a shift in minutes, not hours.
const DEMO_SETTINGS: [(&str, &str); 3] = [
    ("reconcile_s = 30.0", "reconcile_s = 5.0"),
    ("# [tasks.purity]\n# poll_s = 30.0", DEMO_POLL_TIMES),
    ("names = []", "names = [\"A. Shifter\", \"B. Expert\"]"),
];
const DEMO_POLL_TIMES: &str = "\
[tasks.purity]\npoll_s = 2.0\n[tasks.pedestals]\npoll_s = 2.0\n[tasks.lem_gain]\npoll_s = 2.0\n[tasks.charge_asymmetry]\npoll_s = 2.0\n\
[tasks.hits]\npoll_s = 2.0\n[tasks.tracks]\npoll_s = 2.0\n[tasks.event_rate]\npoll_s = 2.0\n[tasks.noise_spectrum]\npoll_s = 2.0";

/// Makes the demo's workspace.
pub(super) fn make_workspace(folder: &Path) -> Result<Workspace, Failure> {
    let settings = DEMO_SETTINGS.iter().fold(Workspace::NEW_SETTINGS.to_owned(), |text, (from, to)| text.replace(from, to));
    let workspace = Workspace::create_with(folder, &settings)?;
    // The window that looks on opens the workspace as soon as there is a book.
    bookkeeping::open(&workspace.book_place())?;
    Ok(workspace)
}

/// Starts the DAQ; with `hurry` it writes as fast as the muons are made.
pub(super) fn spawn(
    workspace: &Workspace,
    plan: Plan,
    hurry: bool,
    stop: Arc<AtomicBool>,
) -> Result<JoinHandle<Result<(), String>>, Failure> {
    let detector = detector::load(&workspace.settings.detector, &workspace.settings.channel_map, &workspace.root)?;
    let workspace = workspace.clone();
    let daq = move || {
        let outcome = take_runs(&workspace, &detector, &plan, hurry, &stop);
        if outcome.is_err() {
            stop.store(true, Ordering::Relaxed);
        }
        outcome
    };
    Ok(thread::Builder::new().name("demo-daq".into()).spawn(daq)?)
}

/// Takes all runs, one after the other; leaves the end marker behind each, and the truth of all beside the workspace's plots.
fn take_runs(workspace: &Workspace, detector: &Detector, plan: &Plan, hurry: bool, stop: &AtomicBool) -> Result<(), String> {
    let now = Timestamp::now();
    let runs = plan.files.div_ceil(plan.files_per_run);
    for run in 1..=runs {
        // Runs lie an hour apart in the data and the last one begins now, so that trends have a length.
        let start_at = now - SignedDuration::from_hours(i64::from(runs - run));
        let simulation = Simulation::new(detector, muons_of(run, plan, start_at, detector)).map_err(|error| error.to_string())?;
        let mut truth = Truth::new(&simulation, Run(run));
        let first = (run - 1) * plan.files_per_run;
        for sequence in 0..plan.files_per_run.min(plan.files - first) {
            write_file(workspace, &simulation, FileId::new(run, sequence), plan.events, hurry, stop, &mut truth)?;
            if stop.load(Ordering::Relaxed) {
                return Ok(());
            }
        }
        let marker = workspace.settings.intake.run_end_marker.replace("{run}", &run.to_string());
        write(&workspace.incoming().join(marker), b"")?;
        let truth = serde_json::to_vec_pretty(&truth).map_err(|error| error.to_string())?;
        write(&workspace.root.join("truth").join(format!("run{run}.json")), &truth)?;
    }
    Ok(())
}

/// The shift's plot: in the first run all is well; from the second on one LEM has lost gain and the argon is less pure, so
/// that there is something to find.
fn muons_of(run: u32, plan: &Plan, start_at: Timestamp, detector: &Detector) -> Settings {
    let is_well = run == 1;
    let lems = detector.lems.len();
    // Neighbours differ by a few percent, as real LEMs do.
    let mut gains: Vec<f64> = (0..lems).map(|place| 3.0 + 0.08 * ((place * 5) % 7) as f64 - 0.24).collect();
    if !is_well && let Some(gain) = gains.get_mut(lems / 2) {
        *gain = 1.6;
    }
    Settings {
        lifetime_us: if is_well { 3000.0 } else { 1800.0 },
        gains,
        seed: plan.seed.wrapping_add(u64::from(run)),
        start_at,
        events_per_file: plan.events as usize,
        ..Settings::default()
    }
}

/// Writes one raw file as a DAQ does: under its own name, growing event by event, then closed.
fn write_file(
    workspace: &Workspace,
    simulation: &Simulation,
    file: FileId,
    events: u32,
    hurry: bool,
    stop: &AtomicBool,
    truth: &mut Truth,
) -> Result<(), String> {
    let path = workspace.incoming().join(format!("{file}.dat"));
    let readout = &simulation.detector().readout;
    let mut writer = RawWriter::create(&path, file.run, 0, readout).map_err(|error| error.to_string())?;
    let pause = if hurry { Duration::ZERO } else { PACE / events };
    for index in 0..events {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let began = Instant::now();
        let event = simulation.event(file.run, file.sequence, index);
        writer.write(&event.header, &event.samples).map_err(|error| error.to_string())?;
        truth.push(file.sequence, &event);
        thread::sleep(pause.saturating_sub(began.elapsed()));
    }
    writer.finish().map_err(|error| error.to_string())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(path, bytes));
    written.map_err(|error| format!("not written: {error}: {}", path.display()))
}
