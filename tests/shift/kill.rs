//! The backend and its jobs killed at the worst moments: everything ends done, everything happened once.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;

use dqmon::bookkeeping::{GroupStep, JobState, PassStep, SqliteStore, Store};
use dqmon::processing::EndMark;
use monitasks::vocab::{FileId, Processing, Run};

use crate::workspace::{Shift, said};

const SETTINGS: &str = "[pool]\njobs = 2\ntemplate = \"job.sh\"\n";

/// The number of a file on its disk: another one when it was written a second time.
fn inodes(paths: &[PathBuf]) -> BTreeMap<PathBuf, u64> {
    paths.iter().filter_map(|path| Some((path.clone(), fs::metadata(path).ok()?.ino()))).collect()
}

/// Lets the backend live again and again, killed each time at that place of its life, until one life goes to the end.
fn live_until_done(abort_at: &str) {
    let shift = Shift::new(SETTINGS);
    shift.traced_template("");
    shift.deliver_run();
    let files = [FileId::new(1, 0), FileId::new(1, 1)];
    let copies: Vec<PathBuf> = files.iter().map(|file| shift.workspace.raw_file(*file)).collect();
    let outputs: Vec<PathBuf> = files.iter().map(|file| shift.workspace.reco_file(*file, Processing(1))).collect();
    let (mut seen_copies, mut seen_outputs) = (BTreeMap::new(), BTreeMap::new());
    let mut lives = 0;
    loop {
        lives += 1;
        assert!(lives < 200, "no end: {:#?}", shift.overview().files);
        let output = shift.run(&["process", "--once", "--abort-at", abort_at]);
        for (path, inode) in inodes(&copies) {
            assert_eq!(*seen_copies.entry(path.clone()).or_insert(inode), inode, "copied again: {}", path.display());
        }
        for (path, inode) in inodes(&outputs) {
            assert_eq!(*seen_outputs.entry(path.clone()).or_insert(inode), inode, "accepted again: {}", path.display());
        }
        if output.status.signal().is_none() {
            assert_eq!(output.status.code(), Some(0), "{}", said(&output));
            break;
        }
        assert_eq!(output.status.signal(), Some(6), "{}", said(&output));
    }
    assert!(lives > 20, "only {lives} lives: the places where it is killed are missed");
    everything_happened_once(&shift, &files);
}

fn everything_happened_once(shift: &Shift, files: &[FileId]) {
    let overview = shift.overview();
    assert!(overview.passes.iter().all(|pass| pass.step == PassStep::Analysed), "{:#?}", overview.passes);
    assert!(overview.groups.iter().all(|group| group.step == GroupStep::Done) && overview.groups.len() == 1);
    assert_eq!(overview.groups[0].members, files);
    assert!(overview.jobs.iter().all(|job| (job.state, job.attempt) == (JobState::Done, 1)), "{:#?}", overview.jobs);
    for job in &overview.jobs {
        assert_eq!(shift.trace_of(&job.name), ["start", "end"], "{}", job.name);
    }
    for result in &overview.groups[0].results {
        assert!(shift.workspace.root.join(result).is_file(), "{result}");
    }
    let store = SqliteStore::open_read_only(&shift.workspace.book()).unwrap();
    let logs = [shift.workspace.all_transfer_log(), shift.workspace.run_transfer_log(Run(1))];
    let logs = logs.map(|log| fs::read_to_string(log).unwrap());
    assert!(logs.iter().all(|log| log.lines().count() == files.len()), "{logs:#?}");
    for file in files {
        let story = store.story(Run(1), Some(*file)).unwrap();
        let kinds: Vec<&str> = story.iter().map(|entry| entry.kind.as_str()).collect();
        let once = "arrived copy_started copied stored queued job_allotted job_submitted job_ended accepted grouped analysed";
        // A backend that finds its job already ended never saw it running.
        let without_running = once.replace("job_submitted ", "");
        assert!(kinds.join(" ") == once || kinds.join(" ") == without_running, "{kinds:?}");
        let (raw, transfer) = (shift.workspace.raw_file(*file), store.transfer(*file).unwrap().unwrap());
        assert_eq!(transfer.to, raw);
        assert_eq!(fs::read(&raw).unwrap(), fs::read(&transfer.from).unwrap());
        let its_line = format!(" {}", raw.display());
        assert!(logs.iter().all(|log| log.lines().filter(|line| line.ends_with(&its_line)).count() == 1), "{logs:#?}");
        let mark = shift.workspace.batch_logs_of(Run(1)).join(format!("reco_{file}.json"));
        let mark = EndMark::of(&mark, &format!("reco_{file}"), 1).unwrap();
        let job = overview.jobs.iter().find(|job| job.file == Some(*file)).unwrap();
        assert_eq!((job.started, job.ended), (Some(mark.started), Some(mark.ended)), "book and end mark differ");
    }
    assert_eq!(fs::read_dir(shift.workspace.processing("todo")).unwrap().count(), 0);
}

#[test]
fn killed_after_each_record_before_what_it_says_is_done() {
    live_until_done("2");
}

#[test]
fn killed_after_each_deed_before_it_is_recorded() {
    live_until_done("3");
}

/// The first process of a running job, as its lock names it.
fn first_process(shift: &Shift, job: &str) -> Option<i32> {
    let lock = shift.workspace.processing("work").join(format!("{job}.lock"));
    fs::read_to_string(lock).ok()?.trim().split_once(' ')?.1.parse().ok()
}

fn kill(pid: i32, whole_group: bool) {
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    let signal = rustix::process::Signal::KILL;
    let killed =
        if whole_group { rustix::process::kill_process_group(pid, signal) } else { rustix::process::kill_process(pid, signal) };
    killed.unwrap();
}

#[test]
fn a_job_that_is_gone_is_started_again_and_never_while_a_process_of_it_lives() {
    let mut shift = Shift::new(SETTINGS);
    shift.traced_template("[ @attempt@ -gt 1 ] || sleep 2");
    shift.deliver_run();
    shift.start_backend();
    let both_run = |shift: &Shift| ["reco_run1-seq0", "reco_run1-seq1"].iter().all(|job| shift.trace_of(job) == ["start"]);
    shift.wait_until("both jobs run", both_run);
    // Of the first job everything is killed; of the second the first process alone, its script goes on.
    kill(first_process(&shift, "reco_run1-seq0").unwrap(), true);
    kill(first_process(&shift, "reco_run1-seq1").unwrap(), false);
    let all_done = |shift: &Shift| shift.overview().passes.iter().all(|pass| pass.step == PassStep::Analysed);
    shift.wait_until("all is analysed", all_done);
    assert_eq!(shift.trace_of("reco_run1-seq0"), ["start", "start", "end"]);
    assert_eq!(shift.trace_of("reco_run1-seq1"), ["start", "end", "start", "end"], "two jobs of one file at once");
    let store = SqliteStore::open_read_only(&shift.workspace.book()).unwrap();
    for file in [FileId::new(1, 0), FileId::new(1, 1)] {
        let kinds: Vec<String> = store.story(Run(1), Some(file)).unwrap().into_iter().map(|entry| entry.kind).collect();
        assert_eq!(kinds.iter().filter(|kind| *kind == "job_gone").count(), 1, "{kinds:?}");
        assert_eq!(kinds.iter().filter(|kind| *kind == "accepted").count(), 1, "{kinds:?}");
    }
}
