//! The classes of real failures: dqmon run on files that were damaged, disks that are full, and killed.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;

use dqmon::processing::failures::{Evidence, ReasonClass, classify};

/// Runs a shell line in a folder with `$DQMON` as the program; the class of how it ended.
fn class_of(folder: &Path, line: &str) -> ReasonClass {
    let output =
        Command::new("bash").args(["-c", line]).env("DQMON", env!("CARGO_BIN_EXE_dqmon")).current_dir(folder).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let last = errors.lines().rev().find_map(|line| line.strip_prefix("dqmon: ")).or(errors.lines().last());
    let (exit_status, signal) = (output.status.code(), output.status.signal());
    assert!(exit_status != Some(0), "{line}: it did not fail");
    classify(&Evidence { exit_status, signal, dqmon_status: exit_status, last_words: last, ..Evidence::default() })
}

#[test]
fn what_happens_to_files_and_disks_is_told_by_its_class() {
    let folder = tempfile::tempdir().unwrap();
    let (at, raw) = (folder.path(), folder.path().join("run1-seq0.dat"));
    let made = Command::new(env!("CARGO_BIN_EXE_dqmon"))
        .args(["simulate", "--run", "1", "--files", "1", "--events", "1", "--seed", "1", "--out"])
        .arg(at)
        .output()
        .unwrap();
    assert!(made.status.success());
    let whole = fs::read(&raw).unwrap();
    let reconstruct = "exec $DQMON reconstruct run1-seq0.dat --out out --threads 1";

    for damaged in [&b""[..], &whole[..3], &whole[..1000], &[0xAB; 5000]] {
        fs::write(&raw, damaged).unwrap();
        assert_eq!(class_of(at, reconstruct), ReasonClass::InputDamaged, "{} bytes", damaged.len());
    }
    fs::write(&raw, &whole).unwrap();
    let selects_none = "mkdir -p out; exec $DQMON reconstruct run1-seq0.dat --out out --trigger-type 99";
    assert_eq!(class_of(at, selects_none), ReasonClass::ProgramError);
    // A shell tells of a kill by its status, a parent by the signal.
    assert_eq!(class_of(at, "kill -9 $$"), ReasonClass::Memory);
    assert_eq!(class_of(at, "bash -c 'kill -9 $$'; exit $?"), ReasonClass::Memory);
    assert_eq!(class_of(at, "ulimit -c 0; kill -SEGV $$"), ReasonClass::ProgramError);
    assert_eq!(class_of(at, "ulimit -f 8; exec $DQMON reconstruct run1-seq0.dat --out out2"), ReasonClass::Space);
    // A device that is always full.
    assert_eq!(class_of(at, "echo x > /dev/full"), ReasonClass::Space);
}
