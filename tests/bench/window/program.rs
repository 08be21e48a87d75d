//! The program on a screen that nobody sees: how soon it is there, what it costs while nothing happens; and how soon a new result
//! is in its plot.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use dqmon::config::Workspace;
use dqmon::engine::{self, Start, World};
use dqmon::gui::{DqmonApp, ItemRef, Layout, UiState};
use dqmon::live::{DiskResults, FoundResult, ResultsFolder};
use dqmon::snapshot::PlotView;

use crate::book;
use crate::report::{Report, Row, median};

const DQMON: &str = env!("CARGO_BIN_EXE_dqmon");
/// Task files of ten items each.
const TASK_FILES: usize = 100;
const STARTS: usize = 5;
const IDLE: Duration = Duration::from_secs(10);

/// A process that is ended with its owner.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A screen that nobody sees, and its name.
fn screen() -> Option<(Ended, String)> {
    let mut command = Command::new("Xvfb");
    command.args(["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"]);
    let mut child = Ended(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?);
    let mut line = String::new();
    BufReader::new(child.0.stdout.take()?).read_line(&mut line).ok()?;
    let number = line.trim().parse::<u32>().ok()?;
    Some((child, format!(":{number}")))
}

/// A task of ten items in TOML.
fn task_file(number: usize) -> String {
    let item = |item: usize| {
        format!(
            "[[item]]\nname = \"i{item}\"\ntitle = \"Value {item} of card {number}\"\nabout = \"x\"\nplot = \"latest\"\nx = \"a\"\ny = [\"b\"]\n"
        )
    };
    let head = format!(
        "name = \"card_{number}\"\ntitle = \"Card {number}\"\nabout = \"x\"\nfolder = \"cards\"\nsuffix = \".c{number}\"\n\
         separator = \",\"\nheader = true\ncolumns = [{{ name = \"a\" }}, {{ name = \"b\", unit = \"mV\" }}]\n"
    );
    head + &(0..10).map(item).collect::<String>()
}

/// The first frame with the shift in it, of a book of so many runs and 1,000 items; then ten seconds in which nothing happens.
pub fn first_frame(report: &mut Report, runs: u32, kept: Option<&Path>) {
    let passing = tempfile::tempdir().unwrap();
    let folder = kept.unwrap_or(passing.path());
    if !folder.join(Workspace::SETTINGS_FILE).exists() {
        book::make(folder, runs);
    }
    std::fs::create_dir_all(folder.join("tasks")).unwrap();
    for number in 0..TASK_FILES {
        std::fs::write(folder.join(format!("tasks/card_{number}.toml")), task_file(number)).unwrap();
    }
    let Some((_screen, display)) = screen() else {
        eprintln!("not measured: the first frame and the idle window: Xvfb does not start here");
        return;
    };
    let (mut first, mut whole) = (Vec::new(), Vec::new());
    let mut last = None;
    for _ in 0..=STARTS {
        drop(last.take());
        let state = tempfile::tempdir().unwrap();
        let began = Instant::now();
        let mut command = Command::new(DQMON);
        command.args(["--read-only", "-w"]).arg(folder).env("DISPLAY", &display).env("XDG_DATA_HOME", state.path());
        command.env("LIBGL_ALWAYS_SOFTWARE", "1").env("RUST_LOG", "off,dqmon::frames=debug").env_remove("WAYLAND_DISPLAY");
        let mut child = Ended(command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap());
        let lines = lines_of(child.0.stderr.take().unwrap());
        let Some(blank) = wait_for(&lines, "the first frame is shown", began) else {
            eprintln!("not measured: the first frame: no window opens here");
            return;
        };
        first.push(blank);
        whole.extend(wait_for(&lines, "the first frame with a workspace is shown", began));
        last = Some((child, lines, state));
    }
    // The first start fills the page cache.
    let ms = |times: &[f64]| median(times[1..].to_vec()) * 1e3;
    let row = |what: &str, ours, goal| Row { what: what.into(), ours, unit: "ms", peer: None, goal };
    report.add(row(&format!("new process, {runs} runs, 1,000 items: first frame"), ms(&first), Some(300.0)));
    report.add(row("first frame with tasks and runs", ms(&whole), Some(300.0)));
    let Some((child, lines, _state)) = last else { return };
    // Until the whole table of runs is read there is something to do.
    std::thread::sleep(Duration::from_secs(20));
    while lines.try_recv().is_ok() {}
    let before = cpu_s(child.0.id());
    std::thread::sleep(IDLE);
    let share = (cpu_s(child.0.id()) - before) / IDLE.as_secs_f64() * 100.0;
    let frames = lines.try_iter().filter(|line| line.contains("frame")).count() as f64 / IDLE.as_secs_f64();
    let row = |what: &str, ours, unit| Row { what: what.into(), ours, unit, peer: None, goal: None };
    report.add(row("idle over 10 s, of one core", share, "%"));
    report.add(row("idle over 10 s, frames", frames, "/s"));
}

/// The lines of a pipe as they come.
fn lines_of(pipe: std::process::ChildStderr) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Seconds from `began` until a line with these words comes.
fn wait_for(lines: &mpsc::Receiver<String>, words: &str, began: Instant) -> Option<f64> {
    let until = began + Duration::from_secs(60);
    loop {
        let line = lines.recv_timeout(until.saturating_duration_since(Instant::now())).ok()?;
        if line.contains(words) {
            return Some(began.elapsed().as_secs_f64());
        }
    }
}

/// CPU time of a process and its threads, s.
fn cpu_s(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

/// Results on disk; notes when a listing first has each file.
struct Noted {
    inner: DiskResults,
    seen: Arc<Mutex<Vec<(String, Instant)>>>,
}

impl ResultsFolder for Noted {
    fn list(&mut self, folder: &str, suffix: &str) -> std::io::Result<Vec<FoundResult>> {
        let began = Instant::now();
        let found = self.inner.list(folder, suffix)?;
        let mut seen = self.seen.lock().unwrap();
        for file in &found {
            if !seen.iter().any(|(name, _)| *name == file.name) {
                seen.push((file.name.clone(), began));
            }
        }
        Ok(found)
    }

    fn read(&mut self, name: &str) -> std::io::Result<Vec<u8>> {
        self.inner.read(name)
    }
}

/// From the poll that lists a new result to the frame that has its plot, with the engine and a window of this process.
pub fn new_result(report: &mut Report) {
    let folder = tempfile::tempdir().unwrap();
    let workspace = Workspace::create(&folder.path().join("shift"), "3x1x1").unwrap();
    let root: PathBuf = workspace.root.clone();
    std::fs::create_dir_all(root.join("tasks")).unwrap();
    let task = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/tasks/slow_control.toml");
    let task = std::fs::read_to_string(task).unwrap().replace("poll_s = 30", "poll_s = 1");
    std::fs::write(root.join("tasks/slow_control.toml"), task).unwrap();
    std::fs::create_dir_all(root.join("results/slow")).unwrap();
    let seen: Arc<Mutex<Vec<(String, Instant)>>> = Arc::default();
    let noted = seen.clone();
    let world = World {
        open_results: Box::new(move |folder| {
            Box::new(Noted { inner: DiskResults::of_folder(folder), seen: noted.clone() }) as Box<dyn ResultsFolder>
        }),
        ..World::default()
    };
    let (waker, woken) = mpsc::channel();
    let wake = Box::new(move || {
        // Nobody is left to be woken when the benchmark is over.
        let _ = waker.send(());
    });
    let handle = engine::start(Start { open: Some(root.clone()), read_only: true }, world, wake);
    let ctx = egui::Context::default();
    dqmon::gui::install(&ctx);
    let peek = handle.clone();
    let item = ItemRef { task: "slow_control".into(), item: "temperatures".into() };
    let layout = Some(Layout::of_one(Some(item), PlotView::Bounds, 0));
    let mut app = DqmonApp::new(handle, UiState { layout, ..UiState::default() });
    let mut times = Vec::new();
    let mut frame = |until: &mut dyn FnMut() -> bool| {
        let deadline = Instant::now() + Duration::from_secs(30);
        while Instant::now() < deadline {
            // A window sleeps until it is woken or a second has passed.
            let _ = woken.recv_timeout(Duration::from_secs(1));
            let is_there = until();
            let mut output = ctx.run_ui(egui::RawInput::default(), |ui| app.ui(ui));
            output.textures_delta.clear();
            std::hint::black_box(ctx.tessellate(output.shapes, output.pixels_per_point));
            if is_there {
                return true;
            }
        }
        false
    };
    frame(&mut || peek.snapshot().task("slow_control").is_some());
    for number in 0..20 {
        let name = format!("slow/s{number:02}.csv");
        let rows: String =
            (0..50).map(|row| format!("2017-08-01T12:{row:02}:00Z,87.{row:02},87.42,{}.6,0.4\n", 1000 + number)).collect();
        let head = "stamp_utc,liquid_temperature_K,gas_temperature_K,pressure_mbar,pressure_error_mbar\n";
        let temporary = root.join("results/slow/.new");
        std::fs::write(&temporary, format!("{head}{rows}")).unwrap();
        let before = shown_of(&peek, "slow_control");
        std::fs::rename(&temporary, root.join("results").join(&name)).unwrap();
        if !frame(&mut || shown_of(&peek, "slow_control") != before) {
            eprintln!("not measured: from a new result to its plot: it does not come");
            return;
        }
        let end = Instant::now();
        let listed = seen.lock().unwrap().iter().find(|(known, _)| *known == name).map(|(_, at)| *at);
        times.extend(listed.map(|at| (end - at).as_secs_f64() * 1e3));
    }
    super::add_times(report, "from the poll that sees a new result to its plot", times, [Some(250.0), Some(250.0)]);
}

/// The figures of a task that are shown, by identity.
fn shown_of(engine: &engine::EngineHandle, task: &str) -> Vec<usize> {
    let snapshot = engine.snapshot();
    snapshot.figures.iter().filter(|(key, _)| key.task == task).map(|(_, figure)| Arc::as_ptr(figure) as usize).collect()
}
