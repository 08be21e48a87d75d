//! The second copy of each raw file, through the whole backend: to a folder, and to a real XRootD server that goes away and
//! comes back.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use dqmon::bookkeeping::{CentralStep, FileStep, SqliteStore, Store};
use monitasks::vocab::FileId;

use crate::services::xrootd::XrootdServer;
use crate::workspace::{PATIENCE, Shift, said};

fn steps(shift: &Shift) -> Vec<CentralStep> {
    shift.overview().central.iter().map(|copy| copy.step).collect()
}

#[test]
fn every_file_goes_to_the_central_folder_too_and_only_then_may_it_go() {
    let shift = Shift::new("[transfer]\ncentral = \"../central\"\n");
    shift.deliver_run();
    let output = shift.run(&["process", "--once"]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(steps(&shift), [CentralStep::Verified; 2]);
    let copy = shift.folder.path().join("central/run1/run1-seq0.dat");
    assert_eq!(fs::read(copy).unwrap(), fs::read(shift.workspace.raw_file(FileId::new(1, 0))).unwrap());
    let plan = said(&shift.run(&["release", "plan"]));
    assert!(plan.contains("nobody has decided on its run") && plan.contains("1 verified cop"), "{plan}");
}

#[test]
fn a_server_that_is_away_holds_up_no_intake_and_gets_its_copies_when_it_is_back() {
    let mut server = match XrootdServer::start() {
        Ok(server) => server,
        Err(why) => return println!("COULD NOT RUN: central copies by XRootD: {why}"),
    };
    let settings = format!("[transfer]\ncentral = \"{}\"\nretry_pause_s = 0.5\nretry_longest_pause_s = 1.0\n", server.url());
    let shift = Shift::new(&settings);
    server.kill();
    shift.deliver_run();
    let with_server = |arguments: &[&str], server: &XrootdServer| {
        let mut command: Command = server.command_inside(env!("CARGO_BIN_EXE_dqmon"));
        command.env_remove("DQMON_WORKSPACE").arg("-w").arg(&shift.workspace.root).args(arguments).output().unwrap()
    };
    let output = with_server(&["process", "--once"], &server);
    let overview = shift.overview();
    assert!(overview.files.iter().all(|file| file.step == FileStep::Stored), "{}", said(&output));
    assert!(overview.passes.iter().all(|pass| pass.step.word() == "analysed"), "{}", said(&output));
    assert_eq!(steps(&shift), [CentralStep::PutOff; 2]);
    let reason = overview.central[0].reason.clone().unwrap();
    assert!(reason.contains("the server does not answer"), "{reason}");
    assert!(said(&shift.run(&["show", "run1-seq0"])).contains("the server does not answer"));
    server.run();
    std::thread::sleep(Duration::from_secs(2));
    let output = with_server(&["process", "--once"], &server);
    assert_eq!(steps(&shift), [CentralStep::Verified; 2], "{}", said(&output));
    let stored = server.store().join("run1/run1-seq0.dat");
    assert_eq!(fs::read(stored).unwrap(), fs::read(shift.workspace.raw_file(FileId::new(1, 0))).unwrap());
}

/// The numbers of files on their disk, by name: another one when a file was written a second time.
fn stored(server: &XrootdServer) -> BTreeMap<String, u64> {
    let entries = fs::read_dir(server.store().join("run1")).map(|entries| entries.flatten().collect::<Vec<_>>());
    let number = |entry: fs::DirEntry| (entry.file_name().to_string_lossy().into_owned(), entry.metadata().unwrap().ino());
    entries.unwrap_or_default().into_iter().map(number).collect()
}

#[test]
fn killed_amid_a_copy_to_a_server_no_piece_has_a_final_name_and_each_copy_is_made_once() {
    let server = match XrootdServer::start() {
        Ok(server) => server,
        Err(why) => return println!("COULD NOT RUN: dqmon killed amid a copy by XRootD: {why}"),
    };
    let settings = format!(
        "[transfer]\ncentral = \"{}\"\nretry_pause_s = 0.5\nretry_longest_pause_s = 1.0\nthrottle_mb_per_s = 1.0\n",
        server.url()
    );
    let shift = Shift::new(&settings);
    shift.deliver_run();
    let process = |arguments: &[&str]| {
        let mut command: Command = server.command_inside(env!("CARGO_BIN_EXE_dqmon"));
        command.env_remove("DQMON_WORKSPACE").arg("-w").arg(&shift.workspace.root).arg("process").args(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let mut backend = process(&[]).spawn().unwrap();
    let is_amid = |name: &str| name.starts_with('.') && fs::metadata(server.store().join("run1").join(name)).unwrap().len() > 0;
    let end = Instant::now() + PATIENCE;
    while !stored(&server).keys().any(|name| is_amid(name)) {
        assert!(Instant::now() < end, "no copy began: {:?}", stored(&server));
        std::thread::sleep(Duration::from_millis(20));
    }
    backend.kill().unwrap();
    backend.wait().unwrap();
    let made = stored(&server);
    assert!(made.keys().any(|name| name.starts_with('.')), "killed too late: {made:?}");
    // Its client goes with it: what it has sent stays a piece.
    for _ in 0..50 {
        let files = stored(&server);
        assert!(files.keys().all(|name| name.starts_with('.') || made.contains_key(name)), "{files:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
    while steps(&shift) != [CentralStep::Verified; 2] {
        assert!(Instant::now() < end, "{:?}", shift.overview().central);
        process(&["--once"]).status().unwrap();
    }
    let files = stored(&server);
    assert_eq!(files.keys().collect::<Vec<_>>(), ["run1-seq0.dat", "run1-seq1.dat"], "no piece is left");
    for file in [FileId::new(1, 0), FileId::new(1, 1)] {
        let copy = server.store().join(format!("run1/{file}.dat"));
        assert!(fs::read(copy).unwrap() == fs::read(shift.workspace.raw_file(file)).unwrap());
        let store = SqliteStore::open_read_only(&shift.workspace.book()).unwrap();
        let story = store.story(file.run, Some(file)).unwrap();
        assert_eq!(story.iter().filter(|entry| entry.kind == "central_copy_made").count(), 1, "{story:?}");
    }
    process(&["--once"]).status().unwrap();
    assert_eq!(stored(&server), files, "made once");
}
