//! Jobs through batch systems: the same story on the local pool, on a real Slurm, and through the PBS commands.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use dqmon::bookkeeping::JobKind;
use dqmon::config::Workspace;
use dqmon::processing::{
    Batch, BatchError, Cause, EndMark, JobOrder, JobSeen, JobSubject, RecordField, of_settings, read_batch_record,
};
use jiff::Timestamp;
use monitasks::vocab::{FileId, Processing, Run};

use crate::services::slurm::Farm;
use crate::workspace::PATIENCE;

/// Longest that one look may take, on a machine that does other things too.
const A_LOOK: Duration = Duration::from_millis(1500);

/// A workspace with a batch system.
pub struct Site {
    folder: tempfile::TempDir,
    workspace: Workspace,
    pub batch: Box<dyn Batch>,
}

impl Site {
    /// One in a folder of that name.
    pub fn at(name: &str, settings: &str) -> Site {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::create_with(&folder.path().join(name), settings).unwrap();
        let batch = of_settings(&workspace, Path::new(env!("CARGO_BIN_EXE_dqmon")));
        Site { folder, workspace, batch }
    }

    /// One with a batch system, its commands, and more settings of it.
    pub fn new(system: &str, commands: &Path, more: &str) -> Site {
        Site::at("shift", &settings(system, commands, more))
    }

    /// Another life of the backend: it knows nothing of what the last one did.
    pub fn live_again(&mut self) {
        self.batch = of_settings(&self.workspace, Path::new(env!("CARGO_BIN_EXE_dqmon")));
    }

    /// A job whose script tells in the trace that it runs.
    pub fn order(&self, name: &str, attempt: u32, script: &str) -> JobOrder {
        let file = Some(FileId::new(1, 0));
        let (kind, run, processing) = (JobKind::Reconstruct, Run(1), Processing(1));
        let subject = JobSubject { name: name.into(), kind, run, file, group: None, processing };
        let order = JobOrder::new(&self.workspace, &subject, attempt, Timestamp::now());
        fs::create_dir_all(order.script.parent().unwrap()).unwrap();
        let trace = self.trace_file();
        fs::write(&order.script, format!("#!/bin/sh\necho start >> '{}'\n{script}\n", trace.display())).unwrap();
        order
    }

    fn trace_file(&self) -> PathBuf {
        self.folder.path().join("trace")
    }

    /// How often a script was started.
    pub fn starts(&self) -> usize {
        fs::read_to_string(self.trace_file()).unwrap_or_default().lines().count()
    }

    /// A look, which never takes long.
    pub fn look(&mut self, order: &JobOrder) -> JobSeen {
        let begun = Instant::now();
        let seen = self.batch.look(order).unwrap();
        assert!(begun.elapsed() < A_LOOK, "a look took {:?}", begun.elapsed());
        seen
    }

    /// Looks until something is seen; on the way there only what may come before it.
    pub fn until(
        &mut self,
        order: &JobOrder,
        what: &str,
        holds: impl Fn(&JobSeen) -> bool,
        before: impl Fn(&JobSeen) -> bool,
    ) -> JobSeen {
        let end = Instant::now() + PATIENCE;
        loop {
            let seen = self.look(order);
            if holds(&seen) {
                return seen;
            }
            assert!(before(&seen), "before {what}: {seen:?}");
            assert!(Instant::now() < end, "waited in vain for {what}: {seen:?}; its log: {}", log(order));
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Gives a job that is not known to the batch system.
    pub fn submit(&mut self, order: &JobOrder) -> String {
        self.until(order, "not started", |seen| *seen == JobSeen::NotStarted, |seen| *seen == JobSeen::NotYetKnown);
        self.batch.submit(order).unwrap()
    }

    /// The mark of a job that ends.
    pub fn ended(&mut self, order: &JobOrder) -> EndMark {
        match self.until(order, "its end", |seen| matches!(seen, JobSeen::Ended(_)), is_on_its_way) {
            JobSeen::Ended(mark) => *mark,
            other => panic!("{other:?}"),
        }
    }
}

pub fn settings(system: &str, commands: &Path, more: &str) -> String {
    let commands = commands.display();
    format!("[batch]\nsystem = \"{system}\"\ncommands_folder = \"{commands}\"\npoll_s = 0.2\ngrace_s = 2.0\n{more}\n")
}

pub fn is_on_its_way(seen: &JobSeen) -> bool {
    matches!(seen, JobSeen::NotYetKnown | JobSeen::Queued | JobSeen::Running)
}

fn log(order: &JobOrder) -> String {
    fs::read_to_string(&order.log).unwrap_or_default()
}

/// A farm, or a word why there is none.
fn farm() -> Option<Farm> {
    Farm::start().map_err(|why| println!("COULD NOT RUN: jobs through Slurm and PBS: {why}")).ok()
}

/// From submission to end mark, a job that fails, one that is ended, and one that is found again by a backend that was killed.
fn story(system: &str, commands: &Path) {
    let mut site = Site::new(system, commands, "");
    let order = site.order("reco_run1-seq0", 1, "sleep 1; echo done > output");
    let id = site.submit(&order);
    assert!(id.split('.').next().unwrap().bytes().all(|byte| byte.is_ascii_digit()), "{id}");
    // As after a kill between the deed and its record: by its name it is found, and never as one that was not started.
    site.live_again();
    site.until(&order, "running", |seen| *seen == JobSeen::Running, is_on_its_way);
    assert!(matches!(site.batch.submit(&order), Err(BatchError::StillThere { .. } | BatchError::NoAnswer { .. })));
    let mark = site.ended(&order);
    assert!(mark.is_well() && mark.exit_status == Some(0), "{mark:?} {}", log(&order));
    assert_eq!(fs::read_to_string(order.work.join("output")).unwrap(), "done\n");
    let record = read_batch_record(&fs::read_to_string(&order.record).unwrap());
    assert_eq!((record.fields().count(), record.unknown_lines().count()), (15, 0), "{}", record.text());
    let queue = RecordField::Queue(if system == "local" { "local" } else { "prod" }.into());
    let id = match &mark.batch_id {
        Some(name) if system != "local" => name.split('.').next() == Some(id.split('.').next().unwrap()),
        Some(_) => false,
        None => system == "local",
    };
    assert!(id && record.fields().any(|field| *field == queue), "{mark:?} {}", record.text());
    site.live_again();
    assert!(matches!(site.look(&order), JobSeen::Ended(_)), "after another life");

    let failing = site.order("reco_run1-seq1", 1, "echo 'dqmon: no such file' >&2; exit 3");
    site.submit(&failing);
    let mark = site.ended(&failing);
    assert_eq!((mark.exit_status, mark.is_well()), (Some(3), false));
    assert!(log(&failing).contains("no such file"));

    let starts = site.starts();
    let endless = site.order("reco_run1-seq2", 1, "(trap '' TERM; sleep 60) & sleep 60");
    site.submit(&endless);
    site.until(
        &endless,
        "running",
        |_| starts < fs::read_to_string(site_trace(&endless)).unwrap_or_default().lines().count(),
        is_on_its_way,
    );
    site.batch.cancel(&endless).unwrap();
    let mark = site.ended(&endless);
    assert_eq!((mark.ended_by, mark.is_well()), (Some(Cause::Request), false), "{mark:?}");
    assert_eq!(site.starts(), starts + 1);
}

/// The trace beside a workspace.
fn site_trace(order: &JobOrder) -> PathBuf {
    let root = order.work.ancestors().nth(3).unwrap();
    root.parent().unwrap().join("trace")
}

#[test]
fn a_job_is_submitted_seen_ended_and_found_again_locally() {
    story("local", Path::new(""));
}

#[test]
fn a_job_is_submitted_seen_ended_and_found_again_through_slurm_and_pbs() {
    let Some(farm) = farm() else { return };
    story("slurm", &farm.commands());
    story("pbs", &farm.commands());
}

#[test]
fn a_job_that_slurm_starts_again_runs_once_and_ends_once() {
    let Some(farm) = farm() else { return };
    let mut site = Site::new("slurm", &farm.commands(), "");
    let order = site.order("reco_run1-seq0", 1, "sleep 2");
    let id = site.submit(&order);
    site.until(&order, "running", |seen| *seen == JobSeen::Running && site_starts(&order) == 1, is_on_its_way);
    // The same ticket a second time: while the first runs, and when it has ended.
    let ticket = fs::read_dir(order.script.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path());
    let ticket = ticket.filter(|path| path.extension().is_some_and(|extension| extension == "slurm")).last().unwrap();
    let twin = |farm: &Farm| {
        let output = farm.run("sbatch", &["--parsable", "--wait", "-o", "/dev/null", ticket.to_str().unwrap()]);
        assert!(output.status.success(), "{output:?}");
    };
    twin(&farm);
    let first = site.ended(&order);
    assert!(first.is_well(), "{first:?}");
    twin(&farm);
    assert_eq!((site.starts(), site.ended(&order)), (1, first));

    // Killed with all its processes, as when its machine goes away, then started again by Slurm: that is none.
    let order = site.order("reco_run1-seq1", 1, "sleep 60");
    let second = site.submit(&order);
    assert_ne!(id, second);
    site.until(&order, "running", |seen| *seen == JobSeen::Running && site_starts(&order) == 2, is_on_its_way);
    farm.run("scontrol", &["update", &format!("jobid={second}"), "requeue=1"]);
    let holder = fs::read_to_string(&order.lock).unwrap();
    let first_process = holder.split_whitespace().nth(1).and_then(|pid| pid.parse().ok()).unwrap();
    let group = rustix::process::Pid::from_raw(first_process).unwrap();
    rustix::process::kill_process_group(group, rustix::process::Signal::KILL).unwrap();
    wait_for_slurm(&farm, &second, &["FAILED"]);
    // A controller that still cleans up after the job may drop what it was asked: then it is asked again, like by a person.
    let begun = Instant::now();
    let mut state = "FAILED".to_owned();
    while state != "COMPLETED" {
        assert!(begun.elapsed() < 2 * PATIENCE, "job {second} is {state} and not COMPLETED");
        if state == "FAILED" {
            let output = farm.run("scontrol", &["requeue", &second]);
            assert!(output.status.success(), "{output:?}");
        }
        // Slurm lets a requeued job wait for two minutes unless it is told not to.
        farm.run("scontrol", &["update", &format!("jobid={second}"), "StartTime=now"]);
        std::thread::sleep(Duration::from_secs(1));
        state = state_by_slurm(&farm, &second);
    }
    site.until(&order, "gone", |seen| *seen == JobSeen::Gone, is_on_its_way);
    assert_eq!(site.starts(), 2, "it ran again");
}

/// Waits until Slurm says that a job is in one of some states.
fn wait_for_slurm(farm: &Farm, id: &str, states: &[&str]) {
    let end = Instant::now() + PATIENCE;
    loop {
        let state = state_by_slurm(farm, id);
        if states.contains(&state.as_str()) {
            return;
        }
        assert!(Instant::now() < end, "job {id} is {state} and not {states:?}");
        std::thread::sleep(Duration::from_millis(300));
    }
}

fn state_by_slurm(farm: &Farm, id: &str) -> String {
    let output = farm.run("squeue", &["-h", "-t", "all", "-j", id, "-o", "%T"]);
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn site_starts(order: &JobOrder) -> usize {
    fs::read_to_string(site_trace(order)).unwrap_or_default().lines().count()
}

#[test]
fn while_the_controller_is_away_nothing_is_lost_and_nothing_is_given_twice() {
    let Some(mut farm) = farm() else { return };
    let mut runs = Site::new("slurm", &farm.commands(), "");
    let mut waits = Site::new("slurm", &farm.commands(), "arguments = [\"--hold\"]");
    let running = runs.order("reco_run1-seq0", 1, "sleep 15");
    let waiting = waits.order("reco_run1-seq1", 1, "true");
    runs.submit(&running);
    let id = waits.submit(&waiting);
    runs.until(&running, "running", |seen| *seen == JobSeen::Running && site_starts(&running) == 1, is_on_its_way);
    waits.until(&waiting, "held", |seen| matches!(seen, JobSeen::Held(_)), is_on_its_way);
    farm.wait_until_stored("reco_run1-seq1-a1-");
    farm.kill_controller();
    let is_unknown = |seen: &JobSeen| matches!(seen, JobSeen::Unknown(_));
    waits.until(&waiting, "unknown", is_unknown, |seen| matches!(seen, JobSeen::Held(_) | JobSeen::NotYetKnown));
    // A backend that starts now knows no more, and gives nothing.
    waits.live_again();
    waits.until(&waiting, "unknown", is_unknown, |seen| *seen == JobSeen::NotYetKnown);
    let new = waits.order("reco_run1-seq2", 1, "true");
    waits.until(&new, "unknown", is_unknown, |seen| *seen == JobSeen::NotYetKnown);
    assert!(waits.batch.cancel(&waiting).is_err());
    // The running job's end is proven without it.
    assert!(runs.ended(&running).is_well());
    farm.start_controller();
    let may_come_before = |seen: &JobSeen| matches!(seen, JobSeen::Unknown(_) | JobSeen::NotYetKnown);
    waits.until(&waiting, "held again", |seen| matches!(seen, JobSeen::Held(_)), may_come_before);
    let output = farm.run("scontrol", &["release", &id]);
    assert!(output.status.success(), "{output:?}");
    let or_held = |seen: &JobSeen| is_on_its_way(seen) || matches!(seen, JobSeen::Held(_));
    waits.until(&waiting, "its end", |seen| matches!(seen, JobSeen::Ended(_)), or_held);
    assert_eq!((runs.starts(), waits.starts()), (1, 1));
}

#[test]
fn a_job_that_ended_without_a_mark_is_gone_with_the_batch_systems_word() {
    let Some(farm) = farm() else { return };
    let mut site = Site::new("slurm", &farm.commands(), "arguments = [\"--hold\"]");
    let order = site.order("reco_run1-seq0", 1, "true");
    site.submit(&order);
    let is_held = |seen: &JobSeen| matches!(seen, JobSeen::Held(_));
    let seen = site.until(&order, "held", is_held, is_on_its_way);
    assert!(matches!(&seen, JobSeen::Held(why) if why.contains("JobHeldUser")), "{seen:?}");
    site.batch.cancel(&order).unwrap();
    let or_held = |seen: &JobSeen| is_on_its_way(seen) || is_held(seen);
    site.until(&order, "gone", |seen| *seen == JobSeen::Gone, or_held);
    let word = site.batch.word(&order).unwrap();
    assert_eq!((word.cause, site.starts()), (Some(Cause::Request), 0), "{word:?}");
    assert!(word.state.starts_with("CANCELLED"), "{word:?}");
}

/// Names that mean something to a shell, to a path, or to a reader of lines.
const NAMES: [&str; 7] =
    ["a b", "it's \"so\"", "$(touch injected)", "`touch injected`; touch injected", "two\nlines", "../../up", "-rf"];

fn odd_names(system: &str, commands: &Path) {
    for name in NAMES {
        // A folder of that name above, as far as a folder can have it, and a job of it.
        let mut site = Site::at(&name.replace('/', "_"), &settings(system, commands, ""));
        let order = site.order(name, 1, "pwd -P > output; touch here");
        site.submit(&order);
        let mark = site.ended(&order);
        assert!(mark.is_well() && mark.job == name, "{system} {name:?}: {mark:?} {}", log(&order));
        assert!(order.work.join("here").is_file(), "{system} {name:?}: it ran somewhere else");
        let is_injected = |folder: &Path| folder.join("injected").exists();
        assert!(!order.script.ancestors().chain([order.work.as_path()]).any(is_injected), "{system} {name:?}");
        assert_eq!(site.starts(), 1, "{system} {name:?}");
    }
}

#[test]
fn no_name_means_anything_to_the_local_pool() {
    odd_names("local", Path::new(""));
}

#[test]
fn no_name_means_anything_to_slurm_and_pbs() {
    let Some(farm) = farm() else { return };
    odd_names("slurm", &farm.commands());
    odd_names("pbs", &farm.commands());
}

/// A job over its limit is ended with all its processes, and its mark says why.
fn limited(system: &str, commands: &Path) {
    let mut site = Site::new(system, commands, "time_limit_s = 1\n");
    // Deaf to a kind word, and with a process that has left the group.
    let order = site.order("reco_run1-seq0", 1, "trap '' TERM; setsid sleep 61 & sleep 60");
    let begun = Instant::now();
    site.submit(&order);
    let mark = site.ended(&order);
    assert_eq!((mark.ended_by, mark.is_well()), (Some(Cause::TimeLimit), false), "{system} {mark:?}");
    assert!(log(&order).contains("dqmon: ended for the time limit of 1 s"), "{}", log(&order));
    assert!(begun.elapsed() < Duration::from_secs(40), "{:?}", begun.elapsed());
    assert!(mark.wall_s < 30.0 && site.starts() == 1, "{mark:?}");

    let mut site = Site::new(system, commands, "memory_limit_mb = 120\n");
    let eat = "import time; eaten = bytearray(200 << 20); time.sleep(60)";
    let order = site.order("reco_run1-seq1", 1, &format!("python3 -c '{eat}' & wait"));
    site.submit(&order);
    let mark = site.ended(&order);
    assert_eq!((mark.ended_by, mark.is_well()), (Some(Cause::MemoryLimit), false), "{system} {mark:?} {}", log(&order));
    assert!(log(&order).contains("dqmon: ended for the memory limit of 120 MB"), "{}", log(&order));
}

#[test]
fn a_job_over_its_limit_is_ended_and_says_so_locally() {
    limited("local", Path::new(""));
}

#[test]
fn a_job_over_its_limit_is_ended_and_says_so_through_slurm_and_pbs() {
    let Some(farm) = farm() else { return };
    limited("slurm", &farm.commands());
    limited("pbs", &farm.commands());
}
