//! What leaves a workspace: archives, publications, and raw copies that are released.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use dqmon::bookkeeping::{SqliteStore, Store};
use monitasks::vocab::Run;
use serde_json::Value;

use crate::workspace::{Shift, said};

fn processed() -> Shift {
    let shift = Shift::new("");
    shift.deliver_run();
    let output = shift.run(&["process", "--once"]);
    assert!(output.status.success(), "{}", said(&output));
    shift
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(output)))
}

/// How often the story of run 1 tells of something.
fn told(shift: &Shift, kind: &str) -> usize {
    let store = SqliteStore::open_read_only(&shift.workspace.book()).unwrap();
    store.story(Run(1), None).unwrap().iter().filter(|entry| entry.kind == kind).count()
}

/// A folder on another disk than the workspace.
pub fn other_disk(shift: &Shift) -> Option<tempfile::TempDir> {
    let other = tempfile::tempdir_in("/dev/shm").ok()?;
    let disk = |path: &Path| fs::metadata(path).unwrap().dev();
    (disk(other.path()) != disk(shift.folder.path())).then_some(other)
}

#[test]
fn two_folders_on_one_disk_are_one_place() {
    let shift = processed();
    let at = |name: &str| shift.folder.path().join(name).to_str().unwrap().to_owned();
    let output = shift.run(&["archive", "build", "--out", &at("archives"), "--ship-to", &at("eos")]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(shift.run(&["decide", "run1", "OK", "--who", "Ada", "--role", "shifter"]).status.success());
    let plan = said(&shift.run(&["release", "plan"]));
    assert!(plan.contains("2 verified copies of it stand elsewhere on one disk, which is one place"), "{plan}");
    assert!(!plan.contains("may go"), "{plan}");
    let output = shift.run(&["release", "apply", "--yes", "--who", "Ada"]);
    assert!(shift.workspace.incoming().join("run1-seq0.dat").exists(), "{}", said(&output));
}

#[test]
fn a_run_is_archived_shipped_decided_on_and_released() {
    let shift = processed();
    let at = |name: &str| shift.folder.path().join(name).to_str().unwrap().to_owned();
    let (out, kinds) = (at("archives"), at("kinds.csv"));
    let Some(disk) = other_disk(&shift) else { return println!("COULD NOT RUN: raw copies released: no second disk") };
    let eos = disk.path().join("eos").to_str().unwrap().to_owned();
    fs::write(&kinds, "run nb,Trigger\n1,PMT\n2,CRT\n").unwrap();
    let made = json(&shift.run(&["archive", "plan", "--kinds", &kinds, "--json"]));
    let name = "PMT_run1-seq0_run1-seq1.tar";
    assert_eq!((made["tars"].as_array().unwrap().len(), &made["tars"][0]["name"]), (1, &name.into()), "{made}");
    assert_eq!(made["tars"][0]["is_small"], true);
    assert_eq!(json(&shift.run(&["archive", "plan", "--runs", "run2..run9", "--json"]))["tars"], serde_json::json!([]));
    let output = shift.run(&["archive", "build", "--kinds", &kinds, "--out", &out, "--ship-to", &eos]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(shift.workspace.root.join("all_logs/toEOS/PMT_run1-seq0_run1-seq1.log").is_file());
    let tar = format!("{eos}/{name}");
    let output = shift.run(&["archive", "verify", &tar, "--json"]);
    assert_eq!((output.status.code(), &json(&output)["archives"][0]["files_right"]), (Some(0), &2.into()), "{}", said(&output));
    assert_eq!([told(&shift, "archived"), told(&shift, "shipped")], [1, 1]);
    // What is archived is not archived again.
    let output = shift.run(&["archive", "build", "--out", &out]);
    assert!(output.status.success() && said(&output).contains("2 are archived already"), "{}", said(&output));

    let raw = shift.workspace.root.join("storage/input/run1/run1-seq0.dat");
    let stays = json(&shift.run(&["release", "plan", "--json"]));
    assert_eq!(stays["files"][0]["keeps"], serde_json::json!(["nobody has decided on its run"]), "{stays}");
    assert!(shift.run(&["decide", "run1", "OK", "--who", "Ada", "--role", "shifter"]).status.success());
    let may_go = json(&shift.run(&["release", "plan", "--json"]));
    let files = may_go["files"].as_array().unwrap();
    assert!(files.len() == 4 && files.iter().all(|file| file["may_go"] == true), "storage and incoming: {may_go}");
    for dry in [["release", "apply"].as_slice(), &["release", "apply", "--dry-run"]] {
        assert!(said(&shift.run(dry)).contains("nothing was removed"));
        assert!(raw.exists());
    }
    assert_eq!(shift.run(&["release", "apply", "--yes"]).status.code(), Some(2), "nobody would have done it");
    // A copy that was right when it was shipped and is damaged now.
    let whole = fs::read(&tar).unwrap();
    let mut bytes = whole.clone();
    let middle = bytes.len() / 4;
    bytes[middle] ^= 1;
    fs::write(&tar, bytes).unwrap();
    let output = shift.run(&["release", "apply", "--yes", "--who", "Ada"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("a copy is damaged") && raw.exists(), "{}", said(&output));
    let output = shift.run(&["archive", "verify", &tar]);
    assert!(output.status.code() == Some(1) && said(&output).contains("run1-seq0.dat is damaged"), "{}", said(&output));
    fs::write(&tar, whole).unwrap();
    let output = shift.run(&["release", "apply", "--yes", "--who", "Ada"]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(!raw.exists() && !shift.workspace.incoming().join("run1-seq0.dat").exists());
    assert_eq!(told(&shift, "released"), 4);
    assert_eq!(json(&shift.run(&["release", "plan", "--json"]))["files"], serde_json::json!([]));
}

#[test]
fn building_that_was_killed_goes_on_and_does_no_finished_tar_again() {
    let shift = processed();
    let logs = shift.workspace.root.join("all_logs/toEOS");
    for (round, pause_ms) in [0, 5, 15, 30, 60].into_iter().enumerate() {
        let out = shift.folder.path().join(format!("out{round}"));
        let arguments = ["archive", "build", "--target-gb", "0.001", "--least-gb", "0", "--out", out.to_str().unwrap()];
        let mut child = shift.dqmon().args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(pause_ms));
        let _ = child.kill();
        child.wait().unwrap();
        let tars = || -> Vec<PathBuf> {
            let entries = fs::read_dir(&out).into_iter().flatten().map(|entry| entry.unwrap().path());
            let mut tars: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|ending| ending == "tar")).collect();
            tars.sort();
            tars
        };
        let stood: Vec<_> = tars().iter().map(|tar| (tar.clone(), fs::metadata(tar).unwrap().modified().unwrap())).collect();
        let output = shift.run(&arguments);
        assert!(output.status.success(), "{}", said(&output));
        assert_eq!(tars().len(), 2, "{}", said(&output));
        for (tar, modified) in stood {
            assert_eq!(fs::metadata(&tar).unwrap().modified().unwrap(), modified, "{} was made again", tar.display());
        }
        let left: Vec<_> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left.len(), 2, "{left:?}");
        let verify: Vec<String> = ["archive", "verify"]
            .map(str::to_owned)
            .into_iter()
            .chain(tars().iter().map(|tar| tar.display().to_string()))
            .collect();
        let output = shift.run(&verify.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(output.status.success(), "{}", said(&output));
        assert_eq!(told(&shift, "archived"), 2 * (round + 1));
        // The next round archives the same files into another place.
        fs::remove_dir_all(&logs).unwrap();
    }
}

#[test]
fn logs_and_flow_are_published_for_everyone() {
    let shift = processed();
    let output = shift.run(&["publish"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("publish.folder"), "{}", said(&output));
    fs::write(shift.workspace.root.join("dqmon.toml"), "[publish]\nfolder = \"../public\"\n").unwrap();
    for _ in 0..2 {
        let output = shift.run(&["publish", "--json"]);
        assert!(output.status.success(), "{}", said(&output));
        let current = shift.folder.path().join("public/current");
        let published = fs::read(current.join("all_logs/fromEVB/alltransfer.log")).unwrap();
        assert_eq!(published, fs::read(shift.workspace.all_transfer_log()).unwrap());
        let flow: Value = serde_json::from_slice(&fs::read(current.join("flow.json")).unwrap()).unwrap();
        assert_eq!((&flow["schema"], &flow["files"], &flow["runs"][0]["files"]), (&1.into(), &2.into(), &2.into()), "{flow}");
        assert!(fs::read_to_string(current.join("index.html")).unwrap().contains("<h1>Flow of files</h1>"));
    }
}
