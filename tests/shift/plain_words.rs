//! What must not be hidden: a failure in one lane behind another, why a file waits, a book that is gone, a folder that is not there.

use std::fs;
use std::process::Output;

use dqmon::bookkeeping::{Overview, SqliteStore};
use dqmon::live::BookPoller;
use dqmon::snapshot::{FileRow, FileStage};
use monitasks::vocab::{FileId, Run};

use crate::workspace::{Shift, said};

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", said(output)))
}

/// The first file's row in the window.
fn row(shift: &Shift) -> FileRow {
    let store = Box::new(SqliteStore::open_read_only(&shift.workspace.book()).unwrap());
    let view = BookPoller::new(store, &shift.workspace).poll(jiff::Timestamp::now()).unwrap();
    view.runs[0].files[0].clone()
}

fn start(shift: &mut Shift) {
    shift.start_backend();
    shift.wait_until("the backend has the lease", |shift| shift.overview().lease.is_some_and(|lease| lease.released.is_none()));
}

#[test]
fn a_failure_in_one_lane_is_not_hidden_by_another_lane_that_waits() {
    let shift = Shift::new(
        "[[lanes]]\nname = \"EXPRESS\"\nfirst_files = 1\n[[lanes]]\nname = \"FULL\"\ngates = [{ rule = \"flag\", is = [\"OK\"] }]\n",
    );
    fs::write(shift.workspace.incoming().join("run1-seq0.dat"), b"no raw file").unwrap();
    fs::write(shift.workspace.incoming().join("run1.end"), "").unwrap();
    shift.run(&["process", "--once"]);
    let overview = shift.overview();
    assert_eq!(overview.newest_pass(FileId::new(1, 0)).unwrap().lane, "FULL");
    let output = shift.run(&["status"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("run1-seq0 in lane EXPRESS, run1-p1 (input damaged)"), "{}", said(&output));
    let facts = json(&shift.run(&["status", "--json"]));
    assert_eq!((&facts["files"]["failed"], &facts["failures"][0]["lane"]), (&1.into(), &"EXPRESS".into()), "{facts}");
    assert_eq!(json(&shift.run(&["runs", "--json"]))["runs"][0]["failed"], 1);
    let row = row(&shift);
    assert!(row.stage == FileStage::Failed && row.reason.is_some(), "{row:?}");
}

#[test]
fn a_file_that_waits_on_its_way_in_says_why() {
    let mut shift = Shift::new("");
    fs::create_dir_all(shift.workspace.all_transfer_log()).unwrap();
    start(&mut shift);
    shift.deliver("run1-seq0.dat", "run1-seq0.dat");
    shift.wait_until("the backend says what it put off", |shift| {
        let put_off = |overview: &Overview| overview.backend.iter().any(|state| !state.put_off.is_empty());
        put_off(&shift.overview())
    });
    let why = "put off: transfer log not written";
    for what in ["run1", "run1-seq0"] {
        let shown = said(&shift.run(&["show", what]));
        assert!(shown.contains(why) && shown.contains("tried again by itself"), "{shown}");
    }
    let facts = json(&shift.run(&["show", "run1", "--json"]));
    assert_eq!(facts["put_off"][0]["subject"], "taking in of run1-seq0", "{facts}");
    assert!(row(&shift).reason.is_some_and(|reason| reason.contains(why)));
}

#[test]
fn a_job_that_the_batch_system_was_not_given_does_not_count_as_submitted() {
    let mut shift = Shift::new("[batch]\nsystem = \"slurm\"\ncommands_folder = \"/no/such/folder\"\npoll_s = 0.2\n");
    start(&mut shift);
    shift.deliver_run();
    shift.wait_until("a job is put off", |shift| {
        let overview = shift.overview();
        overview.passes.iter().any(|pass| overview.pass_put_off(pass).is_some())
    });
    let words = "being given to the batch system, put off: ";
    let status = said(&shift.run(&["status"]));
    assert!(status.contains(&format!("job reco_run1-seq0 {words}")), "{status}");
    let shown = said(&shift.run(&["show", "run1"]));
    assert!(shown.contains(words), "{shown}");
    assert!(row(&shift).reason.is_some_and(|reason| reason.contains(words)));
}

#[test]
fn a_book_that_is_gone_is_not_begun_anew_without_a_word() {
    let shift = Shift::new("");
    shift.deliver_run();
    shift.run(&["process", "--once"]);
    let away = shift.folder.path().join("book");
    fs::rename(shift.workspace.book(), &away).unwrap();
    let decide = ["decide", "run1", "OK", "--who", "Ada", "--role", "shifter"];
    for arguments in [["process", "--once"].as_slice(), &["status"], &decide, &["hold", "run1", "--who", "Ada"]] {
        let output = shift.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", said(&output));
        let text = said(&output);
        assert!(text.contains("the book is missing, but there are 2 raw files in ") && text.contains("--new-book"), "{text}");
        assert!(!shift.workspace.book().exists(), "{arguments:?} made a book");
    }
    let output = shift.run(&["process", "--once", "--new-book"]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(shift.workspace.book().exists());
}

#[test]
fn an_intake_folder_that_is_not_there_is_refused_and_not_made() {
    let shift = Shift::new("[intake]\nfolder = \"/no/such/daq\"\n");
    let output = shift.run(&["process", "--once"]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("the folder that the DAQ writes to is not there: mount or make it"), "{text}");
    let typed = shift.workspace.root.join("incomming");
    fs::write(shift.workspace.root.join("dqmon.toml"), "[intake]\nfolder = \"incomming\"\n").unwrap();
    assert_eq!(shift.run(&["process", "--once"]).status.code(), Some(2));
    assert!(!typed.exists(), "a mistyped folder was made");
    fs::create_dir(&typed).unwrap();
    let output = shift.run(&["process", "--once"]);
    assert!(output.status.success(), "{}", said(&output));
    fs::write(shift.workspace.root.join("dqmon.toml"), "").unwrap();
    fs::remove_dir_all(shift.workspace.root.join("incoming")).unwrap();
    assert!(shift.run(&["process", "--once"]).status.success(), "the default one is made");
}

#[test]
fn what_is_asked_for_while_no_backend_runs_says_so_and_its_answer_stands_in_show() {
    let shift = Shift::new("");
    shift.deliver_run();
    shift.run(&["process", "--once"]);
    let output = shift.run(&["reprocess", "run1", "--who", "Ada"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let text = said(&output);
    assert!(text.contains("no backend runs: start one") && text.contains("'dqmon show run1'"), "{text}");
    assert!(said(&shift.run(&["show", "run1"])).contains("reprocess of run1 by Ada: not answered yet"));
    shift.run(&["process", "--once"]);
    let shown = said(&shift.run(&["show", "run1"]));
    assert!(shown.contains("reprocess of run1 by Ada: ") && !shown.contains("not answered yet"), "{shown}");
    let facts = json(&shift.run(&["show", "run1", "--json"]));
    assert!(facts["requests"][0]["outcome"].as_str().is_some_and(|words| words.contains("run1-p2")), "{facts}");
    assert_eq!(shift.overview().runs[0].run, Run(1));
}
