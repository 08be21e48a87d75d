//! The second copy of each raw file, through the whole backend: to a folder, and to a real XRootD server that goes away and
//! comes back.

use std::fs;
use std::process::Command;

use dqmon::bookkeeping::{CentralStep, FileStep};
use monitasks::vocab::FileId;

use crate::services::xrootd::XrootdServer;
use crate::workspace::{Shift, said};

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
    std::thread::sleep(std::time::Duration::from_secs(2));
    let output = with_server(&["process", "--once"], &server);
    assert_eq!(steps(&shift), [CentralStep::Verified; 2], "{}", said(&output));
    let stored = server.store().join("run1/run1-seq0.dat");
    assert_eq!(fs::read(stored).unwrap(), fs::read(shift.workspace.raw_file(FileId::new(1, 0))).unwrap());
}
