//! Files that come in: slowly, moved, badly named, damaged, twice.

use std::fs;
use std::io::Write;
use std::time::Duration;

use dqmon::bookkeeping::{FailureClass, PassStep, RequestKind, RequestSubject, SqliteStore, Store};
use jiff::Timestamp;
use monitasks::vocab::{FileId, Run};

use crate::workspace::{Shift, said};

fn step(shift: &Shift, file: FileId) -> Option<&'static str> {
    let overview = shift.overview();
    overview.files.iter().find(|record| record.file == file).map(|record| overview.word_of(record))
}

#[test]
fn a_file_is_taken_when_the_daq_closes_it_and_not_before() {
    let mut shift = Shift::new("");
    shift.start_backend();
    shift.wait_until("the backend has the lease", |shift| shift.overview().lease.is_some());
    shift.deliver("run1-seq0.dat", "aside");
    let whole = fs::read(shift.workspace.incoming().join("aside")).unwrap();
    fs::rename(shift.workspace.incoming().join("aside"), shift.folder.path().join("aside")).unwrap();
    let mut daq = fs::File::create(shift.workspace.incoming().join("run1-seq5.dat")).unwrap();
    for piece in whole.chunks(whole.len() / 4 + 1) {
        daq.write_all(piece).unwrap();
        daq.flush().unwrap();
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(step(&shift, FileId::new(1, 5)), None, "taken while it was written");
    }
    drop(daq);
    fs::rename(shift.folder.path().join("aside"), shift.workspace.incoming().join("run1-seq6.dat")).unwrap();
    for file in [FileId::new(1, 5), FileId::new(1, 6)] {
        shift.wait_until("it is reconstructed", |shift| step(shift, file) == Some("reconstructed"));
        assert_eq!(fs::read(shift.workspace.raw_file(file)).unwrap(), whole);
    }
}

#[test]
fn names_that_are_none_are_listed_and_never_copied_or_run() {
    let shift = Shift::new("");
    let bait = shift.folder.path().join("executed");
    let names = [
        "a b.dat".to_owned(),
        "run1-seq0.dat\n".to_owned(),
        "$(touch executed)".to_owned(),
        "`touch executed`;.dat".to_owned(),
        "run1-seq0'\".dat".to_owned(),
        "-rf".to_owned(),
        "run01-seq0.dat".to_owned(),
    ];
    for name in &names {
        fs::write(shift.workspace.incoming().join(name), "x").unwrap();
    }
    let output = shift.run(&["process", "--once"]);
    assert!(output.status.success(), "{}", said(&output));
    let overview = shift.overview();
    assert_eq!((overview.files.len(), overview.not_taken.len()), (0, names.len()), "{:#?}", overview.not_taken);
    assert!(overview.not_taken.iter().all(|file| file.reason.contains("run{run}-seq{seq}.dat")));
    assert_eq!(fs::read_dir(shift.workspace.root.join("storage/input")).unwrap().count(), 0);
    assert!(!bait.exists() && !shift.workspace.root.join("executed").exists());
    // Taken away by a person, it is listed no more.
    fs::remove_file(shift.workspace.incoming().join("-rf")).unwrap();
    shift.run(&["process", "--once"]);
    assert_eq!(shift.overview().not_taken.len(), names.len() - 1);
}

#[test]
fn a_workspace_with_a_hostile_name_works() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("it's a $(touch bait) `shift` \"1\"");
    let shift = Shift::new("");
    assert!(crate::workspace::dqmon().arg("init").arg(&root).status().unwrap().success());
    shift.deliver("run1-seq0.dat", "run1-seq0.dat");
    fs::copy(shift.workspace.incoming().join("run1-seq0.dat"), root.join("incoming/run1-seq0.dat")).unwrap();
    fs::write(root.join("incoming/run1.end"), "").unwrap();
    let output = crate::workspace::dqmon().arg("-w").arg(&root).args(["process", "--once"]).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(root.join("results/crp/run1-p1-g0.txt").is_file());
}

#[test]
fn a_damaged_file_fails_with_its_reason_and_the_next_goes_on() {
    let shift = Shift::new("");
    shift.deliver_run();
    let good = fs::read(shift.workspace.incoming().join("run1-seq0.dat")).unwrap();
    fs::write(shift.workspace.incoming().join("run1-seq2.dat"), "").unwrap();
    let mut bad_key = good.clone();
    bad_key[5] = 0;
    fs::write(shift.workspace.incoming().join("run1-seq3.dat"), bad_key).unwrap();
    let output = shift.run(&["process", "--once"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let overview = shift.overview();
    for (file, word) in [(FileId::new(1, 2), "byte 0"), (FileId::new(1, 3), "byte 5")] {
        let record = overview.newest_pass(file).unwrap();
        assert_eq!((record.step, record.failure), (PassStep::Failed, Some(FailureClass::InputDamaged)));
        assert!(record.reason.as_ref().unwrap().contains(word), "{:?}", record.reason);
        assert!(shift.workspace.raw_file(file).is_file(), "a failed file stays where it is");
    }
    assert_eq!(overview.groups.len(), 1);
    assert_eq!(overview.groups[0].members, [FileId::new(1, 0), FileId::new(1, 1)]);
    assert_eq!(step(&shift, FileId::new(1, 0)), Some("analysed"));
}

#[test]
fn a_failed_file_is_processed_again_when_asked_and_copied_once() {
    let shift = Shift::new("[pool]\ntemplate = \"job.sh\"\n");
    shift.traced_template("[ @attempt@ -gt 1 ] || { echo 'dqmon: made to fail' >&2; exit 2; }");
    shift.deliver("run1-seq0.dat", "run1-seq0.dat");
    fs::write(shift.workspace.incoming().join("run1.end"), "").unwrap();
    assert_eq!(shift.run(&["process", "--once"]).status.code(), Some(1));
    let file = FileId::new(1, 0);
    assert_eq!(shift.overview().passes[0].reason.as_deref(), Some("made to fail (job ended with 2)"));
    let mut store = SqliteStore::open(&shift.workspace.book()).unwrap();
    store.request(Timestamp::now(), "Ada", RequestKind::Resubmit, &RequestSubject::of_file(file)).unwrap();
    shift.run(&["process", "--once"]);
    let record = store.overview().unwrap().passes.remove(0);
    assert_eq!((record.attempt, record.events), (2, Some(1)), "{record:?}");
    let jobs = store.jobs_of(Run(1)).unwrap();
    let attempts: Vec<u32> = jobs.iter().filter(|job| job.file == Some(file)).map(|job| job.attempt).collect();
    assert_eq!(attempts, [1, 2]);
    assert!(jobs.iter().all(|job| job.script.is_file()), "scripts are kept for ever");
    let copied = store.story(Run(1), Some(file)).unwrap().iter().filter(|entry| entry.kind == "copied").count();
    assert_eq!(copied, 1);
}

#[test]
fn the_same_name_with_other_content_is_refused_once_and_told() {
    let shift = Shift::new("");
    shift.deliver("run1-seq0.dat", "run1-seq0.dat");
    shift.run(&["process", "--once"]);
    let copy = fs::read(shift.workspace.raw_file(FileId::new(1, 0))).unwrap();
    shift.deliver("run1-seq1.dat", "run1-seq0.dat");
    shift.run(&["process", "--once"]);
    shift.run(&["process", "--once"]);
    assert_eq!(fs::read(shift.workspace.raw_file(FileId::new(1, 0))).unwrap(), copy);
    let store = SqliteStore::open_read_only(&shift.workspace.book()).unwrap();
    let story = store.story(Run(1), Some(FileId::new(1, 0))).unwrap();
    assert_eq!(story.iter().filter(|entry| entry.kind == "other_content_refused").count(), 1);
    assert_eq!(story.iter().filter(|entry| entry.kind == "copied").count(), 1);
}

#[test]
fn reading_the_book_needs_no_backend_and_writes_nothing() {
    let shift = Shift::new("");
    shift.deliver_run();
    assert!(shift.run(&["process", "--once"]).status.success());
    for arguments in [["--read-only", "show", "run1-seq0", "--json"], ["--read-only", "show", "run1", "--json"]] {
        let output = shift.run(&arguments);
        let facts: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(facts["flag"], "UNCHECKED");
        assert!(facts["story"].as_array().unwrap().len() >= 10);
    }
    assert_eq!(shift.run(&["--read-only", "process", "--once"]).status.code(), Some(2));
    assert_eq!(shift.run(&["--read-only", "decide", "run1", "OK", "--who", "A", "--role", "b"]).status.code(), Some(2));
    assert_eq!(shift.overview().said.decisions, []);
    let status: serde_json::Value = serde_json::from_slice(&shift.run(&["status", "--json"]).stdout).unwrap();
    assert_eq!((&status["backend"]["state"], &status["files"]["analysed"]), (&"stopped".into(), &2.into()));
}

/// Appends to a file as a DAQ does that opens it anew for each piece.
fn append(path: &std::path::Path, piece: &[u8]) {
    fs::OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(piece).unwrap();
}

fn whole_file(shift: &Shift) -> Vec<u8> {
    shift.deliver("run1-seq0.dat", "../whole");
    fs::read(shift.workspace.root.join("whole")).unwrap()
}

fn kinds(shift: &Shift, file: FileId) -> Vec<String> {
    let store = SqliteStore::open_read_only(&shift.workspace.book()).unwrap();
    store.story(file.run, Some(file)).unwrap().into_iter().map(|entry| entry.kind).collect()
}

#[test]
fn a_file_that_is_closed_after_each_piece_or_touched_is_taken_once_and_whole() {
    let mut shift = Shift::new("[intake]\nreconcile_s = 0.05\n");
    let (whole, file) = (whole_file(&shift), FileId::new(1, 0));
    shift.start_backend();
    shift.wait_until("the backend has the lease", |shift| shift.overview().lease.is_some());
    let path = shift.workspace.incoming().join("run1-seq0.dat");
    for piece in whole.chunks(whole.len() / 3) {
        assert_eq!(step(&shift, file), None, "a piece was taken");
        append(&path, piece);
        append(&path, b"");
        fs::File::options().append(true).open(&path).unwrap().set_modified(std::time::SystemTime::now()).unwrap();
        std::thread::sleep(Duration::from_millis(300));
    }
    shift.wait_until("it is reconstructed", |shift| step(shift, file) == Some("reconstructed"));
    assert_eq!(fs::read(shift.workspace.raw_file(file)).unwrap(), whole);
    let kinds = kinds(&shift, file);
    assert_eq!(kinds.iter().filter(|kind| *kind == "copied").count(), 1, "{kinds:?}");
}

#[test]
fn a_piece_that_was_taken_is_set_aside_when_its_file_is_whole() {
    let mut shift = Shift::new("[intake]\nreconcile_s = 0.05\nfile_quiet_s = 0.3\n");
    let (whole, file) = (whole_file(&shift), FileId::new(1, 0));
    let (piece, rest) = whole.split_at(whole.len() / 2);
    let path = shift.workspace.incoming().join("run1-seq0.dat");
    shift.start_backend();
    append(&path, piece);
    shift.wait_until("the backend has a book", |shift| shift.workspace.book().exists());
    shift.wait_until("the piece has failed", |shift| step(shift, file) == Some("failed"));
    append(&path, rest);
    shift.wait_until("it is reconstructed", |shift| step(shift, file) == Some("reconstructed"));
    let copy = shift.workspace.raw_file(file);
    assert_eq!(fs::read(&copy).unwrap(), whole);
    assert_eq!(fs::read(copy.with_file_name("run1-seq0.dat.replaced-1")).unwrap(), piece, "the piece is lost");
    let kinds = kinds(&shift, file);
    for (kind, times) in [("taken_again", 1), ("copied", 2), ("failed", 1), ("accepted", 1)] {
        assert_eq!(kinds.iter().filter(|known| *known == kind).count(), times, "{kind}: {kinds:?}");
    }
    let log = fs::read_to_string(shift.workspace.all_transfer_log()).unwrap();
    assert_eq!(log.lines().count(), 2, "{log}");
}

#[test]
fn a_copy_that_stands_is_taken_when_its_source_is_gone_after_a_kill() {
    let shift = Shift::new("");
    shift.deliver("run1-seq0.dat", "run1-seq0.dat");
    fs::write(shift.workspace.incoming().join("run1.end"), "").unwrap();
    let file = FileId::new(1, 0);
    for life in 0.. {
        assert!(life < 50, "the copy was never made");
        shift.run(&["process", "--once", "--abort-at", "3"]);
        if shift.workspace.raw_file(file).exists() {
            break;
        }
    }
    assert_eq!(step(&shift, file), Some("copying"), "the kill missed the place");
    fs::remove_file(shift.workspace.incoming().join("run1-seq0.dat")).unwrap();
    let output = shift.run(&["process", "--once"]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(step(&shift, file), Some("analysed"));
}

#[test]
fn two_paths_of_other_content_are_told_once_each() {
    let shift = Shift::new("");
    shift.deliver("run1-seq0.dat", "run1-seq0.dat");
    shift.run(&["process", "--once"]);
    for folder in ["first", "second"] {
        fs::create_dir(shift.workspace.incoming().join(folder)).unwrap();
        shift.deliver("run1-seq1.dat", &format!("{folder}/run1-seq0.dat"));
    }
    for _ in 0..3 {
        shift.run(&["process", "--once"]);
    }
    let kinds = kinds(&shift, FileId::new(1, 0));
    assert_eq!(kinds.iter().filter(|kind| *kind == "other_content_refused").count(), 2, "{kinds:?}");
}

#[test]
fn settings_saved_badly_in_the_middle_of_a_shift_harm_no_job() {
    let mut shift = Shift::new("[analysis]\nfiles_per_group = 2\n");
    shift.start_backend();
    shift.wait_until("the backend has the lease", |shift| shift.workspace.book().exists() && shift.overview().lease.is_some());
    fs::write(shift.workspace.root.join("dqmon.toml"), "[analysis\nfiles_per").unwrap();
    shift.deliver_run();
    let all_done = |shift: &Shift| {
        let files = shift.overview().files;
        files.len() == 2 && files.iter().all(|file| matches!(step(shift, file.file), Some("analysed" | "failed")))
    };
    shift.wait_until("all is done", all_done);
    let reasons: Vec<_> = shift.overview().passes.into_iter().map(|pass| (pass.step, pass.reason)).collect();
    assert!(reasons.iter().all(|(step, _)| *step == PassStep::Analysed), "{reasons:?}");
    assert!(shift.workspace.scripts_of(Run(1)).join("reco_run1-seq0.toml").is_file(), "settings are kept beside the script");
}

#[test]
fn a_run_header_that_contradicts_the_name_is_told_and_fails_nothing() {
    let shift = Shift::new("");
    let mut bytes = whole_file(&shift);
    bytes[..4].copy_from_slice(&7u32.to_be_bytes());
    fs::write(shift.workspace.incoming().join("run1-seq0.dat"), bytes).unwrap();
    fs::write(shift.workspace.incoming().join("run1.end"), "").unwrap();
    let output = shift.run(&["process", "--once"]);
    assert!(output.status.success(), "{}", said(&output));
    let record = &shift.overview().passes[0];
    assert_eq!((record.step, record.failure), (PassStep::Analysed, None));
    assert!(record.reason.as_ref().is_some_and(|reason| reason.contains("run header says run7")), "{:?}", record.reason);
}

#[test]
fn a_log_that_cannot_be_written_puts_its_file_off_and_ends_nothing() {
    let mut shift = Shift::new("");
    let log = shift.workspace.all_transfer_log();
    fs::create_dir_all(&log).unwrap();
    let place = shift.start_backend();
    shift.wait_until("the backend has the lease", |shift| shift.workspace.book().exists() && shift.overview().lease.is_some());
    shift.deliver("run1-seq0.dat", "run1-seq0.dat");
    let file = FileId::new(1, 0);
    shift.wait_until("it is copied", |shift| step(shift, file) == Some("copied"));
    std::thread::sleep(Duration::from_millis(300));
    assert!(shift.backend(place).try_wait().unwrap().is_none(), "the backend has ended");
    assert_eq!(step(&shift, file), Some("copied"));
    fs::remove_dir(&log).unwrap();
    shift.wait_until("it is reconstructed", |shift| step(shift, file) == Some("reconstructed"));
    assert_eq!(fs::read_to_string(&log).unwrap().lines().count(), 1);
}

#[test]
fn an_intake_folder_that_is_away_ends_no_run() {
    let mut shift = Shift::new("[intake]\nreconcile_s = 0.05\nrun_quiet_s = 2.0\n");
    shift.start_backend();
    shift.wait_until("the backend has the lease", |shift| shift.workspace.book().exists() && shift.overview().lease.is_some());
    shift.deliver("run1-seq0.dat", "run1-seq0.dat");
    shift.wait_until("the run is seen", |shift| !shift.overview().runs.is_empty());
    let (incoming, away) = (shift.workspace.incoming(), shift.folder.path().join("away"));
    fs::rename(&incoming, &away).unwrap();
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(shift.overview().runs[0].ended, None, "ended for want of files that could not be seen");
    fs::rename(&away, &incoming).unwrap();
    shift.wait_until("the run has ended", |shift| shift.overview().runs[0].ended.is_some());
}
