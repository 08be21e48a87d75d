//! The workspace, its backend and the services of a load test.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dqmon::bookkeeping::{CentralStep, Overview, SqliteStore, Store};
use dqmon::config::Workspace;
use jiff::Timestamp;

use crate::feed::Feed;
use crate::options::Options;
use crate::outcome::{Latency, over, ways};
use crate::report::Report;
use crate::services::slurm::Farm;
use crate::services::xrootd::XrootdServer;
use crate::watched::{Watched, quarters};

/// Longest that nothing more may happen before the test gives up waiting.
const PATIENCE: Duration = Duration::from_secs(180);

/// A backend that ends with this.
struct Backend(Child);

impl Drop for Backend {
    fn drop(&mut self) {
        let _ = rustix::process::kill_process(rustix::process::Pid::from_child(&self.0), rustix::process::Signal::TERM);
        let end = Instant::now() + Duration::from_secs(10);
        while matches!(self.0.try_wait(), Ok(None)) && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a load test.
///
/// # Errors
/// When a part that it needs is missing, or the backend does not start.
pub fn run(options: &Options) -> Result<Report, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let farm = if options.system == "local" { None } else { Some(Farm::start()?) };
    let server = if options.central.as_deref() == Some("xrootd") { Some(XrootdServer::start()?) } else { None };
    let settings = settings(options, farm.as_ref(), server.as_ref());
    let workspace =
        Workspace::create_with(&folder.path().join("shift"), &settings).map_err(|error| format!("no workspace: {error}"))?;
    let feed = Feed::make(options, &workspace.root)?;
    let dqmon = env!("CARGO_BIN_EXE_dqmon");
    let mut command = server.as_ref().map_or_else(|| Command::new(dqmon), |server| server.command_inside(dqmon));
    command.arg("-w").arg(&workspace.root).arg("process");
    let said = fs::File::create(folder.path().join("said")).map_err(|error| error.to_string())?;
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said).spawn().map_err(|error| error.to_string())?;
    let mut backend = Backend(child);
    wait_for_lease(&workspace, &mut backend, &folder.path().join("said"))?;
    let (begun, watched) = (Instant::now(), Watched::new(backend.0.id()));
    let delivered_s = feed.deliver(&workspace.incoming(), options.every_s).map_err(|error| format!("not delivered: {error}"))?;
    wait_until_over(&workspace, options);
    let whole_s = begun.elapsed().as_secs_f64();
    let looks = watched.end();
    drop(backend);
    let book = SqliteStore::open_read_only(&workspace.book()).map_err(|error| error.to_string())?;
    let overview = book.overview().map_err(|error| error.to_string())?;
    let story = book.story_since(Timestamp::UNIX_EPOCH).map_err(|error| error.to_string())?;
    let ways = ways(&overview, &story);
    let same = |place: &usize| fs::read(workspace.raw_file(Feed::name(*place))).is_ok_and(|copy| copy == feed.bytes(*place));
    Ok(Report {
        options: options.clone(),
        mean_bytes: feed.mean_bytes(),
        delivered_s,
        whole_s,
        once: [0, 1, 2, 3].map(|what| ways.values().filter(|way| way.times[what] == 1).count()),
        more_than_once: ways.values().filter(|way| way.times.iter().any(|times| *times > 1)).count(),
        failed: failures(&overview),
        same: (0..options.files).filter(same).count(),
        central: verified(&overview),
        latencies: vec![
            ("the copy itself", Latency::copies(&ways)),
            ("close to queued", Latency::since_close(&ways, |way| way.queued)),
            ("close to queued beyond the copy", Latency::beyond_copy(&ways)),
            ("close to reconstructed", Latency::since_close(&ways, |way| way.reconstructed)),
            ("close to analysed", Latency::since_close(&ways, |way| way.analysed)),
        ],
        memory_bytes: quarters(&looks),
        peak_bytes: looks.iter().map(|look| look.resident_bytes).max().unwrap_or(0),
        cpu_s: looks.last().map_or(0.0, |look| look.cpu_s),
        story: story.len(),
    })
}

fn settings(options: &Options, farm: Option<&Farm>, server: Option<&XrootdServer>) -> String {
    let central = server.map(XrootdServer::url).or_else(|| options.central.clone()).unwrap_or_default();
    let mut settings =
        format!("detector = \"{}\"\n[intake]\nrun_quiet_s = 1e6\n[transfer]\ncentral = \"{central}\"\n", options.detector);
    if let Some(farm) = farm {
        let (system, commands) = (&options.system, farm.commands());
        settings += &format!("[batch]\nsystem = \"{system}\"\ncommands_folder = \"{}\"\npoll_s = 0.5\n", commands.display());
    }
    if !options.with_jobs {
        settings += "[[lanes]]\nname = \"FULL\"\ngates = [{ rule = \"flag\", is = [\"OK\"] }]\n";
    }
    settings
}

fn overview(workspace: &Workspace) -> Option<Overview> {
    SqliteStore::open_read_only(&workspace.book()).ok()?.overview().ok()
}

fn wait_for_lease(workspace: &Workspace, backend: &mut Backend, said: &Path) -> Result<(), String> {
    let end = Instant::now() + Duration::from_secs(30);
    while overview(workspace).is_none_or(|overview| overview.lease.is_none()) {
        if Instant::now() > end || !matches!(backend.0.try_wait(), Ok(None)) {
            return Err(format!("the backend does not start: {}", fs::read_to_string(said).unwrap_or_default()));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Waits until nothing more is to come, or nothing has come for long.
fn wait_until_over(workspace: &Workspace, options: &Options) {
    let (mut last, mut since) = (0, Instant::now());
    loop {
        let now = overview(workspace).map_or((0, 0), |overview| {
            (over(&overview, options.with_jobs), if options.central.is_some() { verified(&overview) } else { options.files })
        });
        if now == (options.files, options.files) || since.elapsed() > PATIENCE {
            return;
        }
        if now.0 + now.1 != last {
            (last, since) = (now.0 + now.1, Instant::now());
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}

fn verified(overview: &Overview) -> usize {
    overview.central.iter().filter(|copy| copy.step == CentralStep::Verified).count()
}

fn failures(overview: &Overview) -> Vec<String> {
    let of = |file: &dqmon::bookkeeping::FileRecord| {
        let reason = overview.failure_of(file)?.reason;
        Some(format!("{}: {}", file.file, reason.unwrap_or("no reason")))
    };
    overview.files.iter().filter_map(of).collect()
}
