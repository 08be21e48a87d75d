//! Lanes: who is let through when, in which order, and that nothing that stands is written over.

use std::fs;

use dqmon::bookkeeping::{PassStep, ProcessingStep, SqliteStore};
use dqmon::live::BookPoller;
use monitasks::vocab::{FileId, Processing, Run};

use crate::workspace::{Shift, said};

/// An express lane that looks at the first file, and the rest when the flag allows it.
const TWO_LANES: &str = "
[[lanes]]
name = \"EXPRESS\"
first_files = 1

[[lanes]]
name = \"FULL\"
gates = [{ rule = \"flag\", is = [\"OK\", \"MAYBE\"] }]
";

fn processing(shift: &Shift, name: &str) -> dqmon::bookkeeping::ProcessingRecord {
    let processings = shift.overview().processings;
    processings.iter().find(|processing| processing.name() == name).unwrap_or_else(|| panic!("{processings:#?}")).clone()
}

#[test]
fn the_express_lane_goes_at_once_and_the_full_one_when_the_flag_allows_it() {
    let shift = Shift::new(TWO_LANES);
    shift.deliver_run();
    let output = shift.run(&["process", "--once"]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(processing(&shift, "run1-p1").step, ProcessingStep::Done, "one file is all that the express lane takes");
    assert!(shift.workspace.results().join("crp/run1-p1-g0.txt").is_file());
    let held = processing(&shift, "run1-p2");
    let hold = held.hold.as_ref().unwrap();
    assert_eq!((held.step, hold.rule.as_str()), (ProcessingStep::Held, "flag"));
    let shown = said(&shift.run(&["show", "run1"]));
    assert!(
        shown.contains("rule 'flag' since") && shown.contains("nobody has decided on the run yet; wanted: OK or MAYBE"),
        "{shown}"
    );
    assert!(said(&shift.run(&["status"])).contains("run1-p2 in lane FULL by rule 'flag'"));
    assert!(shift.run(&["decide", "run1", "OK", "--who", "Ada", "--role", "shifter"]).status.success());
    let output = shift.run(&["process", "--once"]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(processing(&shift, "run1-p2").step, ProcessingStep::Done);
    let overview = shift.overview();
    assert_eq!(
        overview.groups.iter().map(dqmon::bookkeeping::GroupRecord::name).collect::<Vec<_>>(),
        ["run1-p1-g0", "run1-p2-g0"]
    );
    assert_eq!(overview.groups[1].members.len(), 2);
    let sidecar = fs::read_to_string(shift.workspace.results().join("crp/run1-p1-g0.json")).unwrap();
    assert!(sidecar.contains("\"lane\": \"EXPRESS\""), "{sidecar}");
    let file = FileId::new(1, 0);
    for number in [1, 2] {
        assert!(shift.workspace.reco_file(file, Processing(number)).is_file(), "processing {number}");
    }
}

#[test]
fn a_run_that_is_decided_bad_is_refused_and_taken_when_somebody_thinks_better_of_it() {
    let shift = Shift::new(TWO_LANES);
    shift.deliver_run();
    shift.run(&["process", "--once"]);
    let decide = |flag| shift.run(&["decide", "run1", flag, "--who", "Ada", "--role", "shifter", "--comment", "why"]);
    decide("BAD");
    shift.run(&["process", "--once"]);
    assert_eq!(processing(&shift, "run1-p2").step, ProcessingStep::Refused);
    decide("MAYBE");
    shift.run(&["process", "--once"]);
    assert_eq!(processing(&shift, "run1-p2").step, ProcessingStep::Done);
}

#[test]
fn a_sequential_lane_takes_runs_by_number_and_says_who_blocks() {
    let shift = Shift::new(
        "[[lanes]]\nname = \"CALIBRATION\"\nin_run_order = true\ngates = [{ rule = \"mark\", is = [\"ok\", \"flawed\"] }]\n",
    );
    shift.deliver("run1-seq0.dat", "run1-seq0.dat");
    shift.deliver("run1-seq1.dat", "run2-seq0.dat");
    for end in ["run1.end", "run2.end"] {
        fs::write(shift.workspace.incoming().join(end), "").unwrap();
    }
    shift.run(&["process", "--once"]);
    let mark = |run, mark| assert!(shift.run(&["mark", run, mark, "--who", "Ada"]).status.success());
    mark("run2", "flawed");
    shift.run(&["process", "--once"]);
    let hold = processing(&shift, "run2-p1").hold.unwrap();
    assert_eq!((hold.rule.as_str(), hold.words.as_str()), ("in_run_order", "blocked by run1"));
    // A run that will never pass blocks nobody.
    mark("run1", "detector_studies");
    shift.run(&["process", "--once"]);
    assert_eq!(processing(&shift, "run1-p1").step, ProcessingStep::Refused);
    assert_eq!(processing(&shift, "run2-p1").step, ProcessingStep::Done);
    assert!(shift.overview().passes.iter().all(|pass| pass.file.run == Run(2) || pass.step == PassStep::Held));
}

#[test]
fn a_late_file_makes_a_processing_beside_the_old_one() {
    let shift = Shift::new("");
    shift.deliver("run1-seq0.dat", "run1-seq0.dat");
    fs::write(shift.workspace.incoming().join("run1.end"), "").unwrap();
    shift.run(&["process", "--once"]);
    let first = shift.workspace.results().join("crp/run1-p1-g0.txt");
    let before = fs::read(&first).unwrap();
    shift.deliver("run1-seq1.dat", "run1-seq1.dat");
    let output = shift.run(&["process", "--once"]);
    assert!(output.status.success(), "{}", said(&output));
    let second = processing(&shift, "run1-p2");
    assert_eq!((second.step, second.because.as_str()), (ProcessingStep::Done, "run1-seq1 came late"));
    let overview = shift.overview();
    let of_second: Vec<_> = overview.passes.iter().filter(|pass| pass.processing == Processing(2)).collect();
    let taken_over: Vec<_> = of_second.iter().map(|pass| (pass.attempt, pass.output_of.0)).collect();
    assert_eq!(taken_over, [(0, 1), (1, 2)], "what was reconstructed with the same settings is not made again");
    assert_eq!(fs::read(&first).unwrap(), before, "a result that stood was written over");
    assert!(shift.workspace.results().join("crp/run1-p2-g0.txt").is_file());
}

#[test]
fn a_failure_that_a_later_processing_takes_over_is_one_failure_with_its_own_time_and_log() {
    let shift = Shift::new("");
    shift.deliver("run1-seq0.dat", "run1-seq0.dat");
    fs::write(shift.workspace.incoming().join("run1-seq1.dat"), b"no raw file").unwrap();
    fs::write(shift.workspace.incoming().join("run1.end"), "").unwrap();
    shift.run(&["process", "--once"]);
    shift.deliver("run1-seq1.dat", "run1-seq2.dat");
    shift.run(&["process", "--once"]);
    assert_eq!(processing(&shift, "run1-p2").step, ProcessingStep::Processed);
    let overview = shift.overview();
    let passes: Vec<_> = overview.passes_of(FileId::new(1, 1)).collect();
    assert!(passes.len() == 2 && passes.iter().all(|pass| pass.step == PassStep::Failed), "{passes:?}");
    assert_eq!((passes[0].failed_in(), passes[1].failed_in()), (None, Some(Processing(1))));
    assert_eq!(passes[1].since, passes[0].since, "it failed when it failed, not when that was taken over");

    let now = jiff::Timestamp::now();
    let store = Box::new(SqliteStore::open_read_only(&shift.workspace.book()).unwrap());
    let view = BookPoller::new(store, &shift.workspace).poll(now).unwrap();
    let class = view.failures.iter().find(|class| class.word == "input_damaged").unwrap();
    assert_eq!((class.total, class.now), (1, 1), "{:?}", view.failures);
    let file = &view.runs[0].files[1];
    let logs: Vec<_> = file.passes.iter().map(|pass| pass.job.as_ref().map(|job| job.log.clone())).collect();
    assert!(logs[0].is_some() && logs[0] == logs[1], "{logs:?}");
    assert_eq!((file.since, file.passes[1].attempts), (passes[0].since, 1));

    // Tried again, it fails on its own account.
    assert!(said(&shift.run(&["resubmit", "run1-seq1", "--who", "Ada"])).contains("run1-seq1"));
    shift.run(&["process", "--once"]);
    let overview = shift.overview();
    let newest = overview.newest_pass(FileId::new(1, 1)).unwrap();
    assert_eq!((newest.step, newest.failed_in()), (PassStep::Failed, None));
    assert!(newest.since > passes[0].since);
}

#[test]
fn a_run_is_processed_again_when_asked_and_held_released_and_cancelled() {
    let mut shift = Shift::new("[pool]\njobs = 1\ntemplate = \"job.sh\"\n");
    shift.traced_template("while [ -e '@gate' ]; do sleep 0.05; done");
    let gate = shift.workspace.root.join("gate");
    shift.traced_template(&format!("while [ -e '{}' ]; do sleep 0.05; done", gate.display()));
    fs::write(&gate, "").unwrap();
    shift.start_backend();
    shift.wait_until("the backend has a book", |shift| shift.workspace.book().exists());
    shift.deliver_run();
    let word = |shift: &Shift, sequence| {
        let overview = shift.overview();
        overview.newest_pass(FileId::new(1, sequence)).map(|pass| pass.step.word())
    };
    shift.wait_until("one runs and one waits", |shift| {
        [word(shift, 0), word(shift, 1)].contains(&Some("running")) && [word(shift, 0), word(shift, 1)].contains(&Some("queued"))
    });
    let running = if word(&shift, 0) == Some("running") { "run1-seq0" } else { "run1-seq1" };
    let waiting = if running == "run1-seq0" { "run1-seq1" } else { "run1-seq0" };
    assert!(said(&shift.run(&["hold", waiting, "--who", "Ada"])).contains(&format!("held: {waiting}")));
    assert!(said(&shift.run(&["cancel", running, "--who", "Ada"])).contains(&format!("{running} cancelled")));
    fs::remove_file(&gate).unwrap();
    shift.wait_until("nothing runs", |shift| shift.overview().passes.iter().all(|pass| pass.step != PassStep::Running));
    let shown = said(&shift.run(&["show", waiting]));
    assert!(shown.contains("held by Ada"), "{shown}");
    assert!(said(&shift.run(&["resubmit", running, "--who", "Ada"])).contains("processed again"));
    assert!(said(&shift.run(&["unhold", waiting, "--who", "Ada"])).contains(&format!("released: {waiting}")));
    shift.wait_until("all is analysed", |shift| {
        shift.overview().passes.iter().filter(|pass| pass.step == PassStep::Analysed).count() == 2
            && shift.overview().processings.iter().all(|processing| processing.step == ProcessingStep::Done)
    });
    assert!(said(&shift.run(&["reprocess", "run1", "--who", "Ada"])).contains("as run1-p2"));
    shift.wait_until("it is processed again", |shift| {
        let processings = shift.overview().processings;
        processings.len() == 2 && processings[1].step == ProcessingStep::Done
    });
    assert!(shift.workspace.results().join("crp/run1-p2-g0.txt").is_file());
}

#[test]
fn a_lane_that_is_taken_out_of_the_settings_holds_nothing_and_takes_its_runs_when_it_is_back() {
    let shift = Shift::new(TWO_LANES);
    shift.deliver_run();
    shift.run(&["process", "--once"]);
    assert_eq!(processing(&shift, "run1-p2").step, ProcessingStep::Held);
    fs::write(shift.workspace.root.join("dqmon.toml"), "[[lanes]]\nname = \"EXPRESS\"\nfirst_files = 1\n").unwrap();
    shift.run(&["process", "--once"]);
    let gone = processing(&shift, "run1-p2");
    let words = gone.hold.as_ref().map(|hold| hold.words.as_str());
    assert_eq!((gone.step, words), (ProcessingStep::Refused, Some("lane FULL is no longer in the settings")));
    fs::write(shift.workspace.root.join("dqmon.toml"), TWO_LANES).unwrap();
    assert!(shift.run(&["decide", "run1", "OK", "--who", "Ada", "--role", "shifter"]).status.success());
    shift.run(&["process", "--once"]);
    assert_eq!(processing(&shift, "run1-p2").step, ProcessingStep::Done);
}

#[test]
fn a_lane_that_is_added_takes_runs_that_go_on_at_once_and_those_of_the_past_when_asked() {
    let shift = Shift::new("[[lanes]]\nname = \"EXPRESS\"\nfirst_files = 1\n");
    shift.deliver("run1-seq0.dat", "run1-seq0.dat");
    shift.deliver("run1-seq1.dat", "run2-seq0.dat");
    fs::write(shift.workspace.incoming().join("run2.end"), "").unwrap();
    shift.run(&["process", "--once"]);
    fs::write(
        shift.workspace.root.join("dqmon.toml"),
        "[[lanes]]\nname = \"EXPRESS\"\nfirst_files = 1\n[[lanes]]\nname = \"FULL\"\n",
    )
    .unwrap();
    shift.run(&["process", "--once"]);
    let of_full = |shift: &Shift| {
        let overview = shift.overview();
        let full = overview.processings.iter().filter(|processing| processing.lane == "FULL");
        full.map(|processing| (processing.name(), processing.because.clone())).collect::<Vec<_>>()
    };
    assert_eq!(of_full(&shift), [("run1-p2".to_owned(), "its lane is new in the settings".to_owned())]);
    let passes = shift.overview().passes;
    let taken: Vec<_> = passes.iter().filter(|pass| pass.lane == "FULL").map(|pass| (pass.file, pass.step)).collect();
    assert_eq!(taken, [(FileId::new(1, 0), PassStep::Reconstructed)], "its first file came before the lane did");
    let asked = shift.run(&["reprocess", "run2", "--lane", "FULL", "--who", "Ada"]);
    assert_eq!(asked.status.code(), Some(1), "no backend runs: {}", said(&asked));
    shift.run(&["process", "--once"]);
    assert_eq!(of_full(&shift)[1], ("run2-p2".to_owned(), "asked for by Ada".to_owned()));
    assert_eq!(processing(&shift, "run2-p2").step, ProcessingStep::Done);
}

#[test]
fn an_express_processing_whose_first_file_is_not_taken_in_ends_with_that_reason() {
    let lanes = "[[lanes]]\nname = \"EXPRESS\"\nfirst_files = 1\n[[lanes]]\nname = \"FULL\"\n";
    let mut shift = Shift::new(&format!("[transfer]\nretries = 1\nretry_pause_s = 3.0\n{lanes}"));
    // A folder of the name that the copy has while it is made.
    fs::create_dir_all(shift.workspace.input_of(Run(1)).join(".run1-seq0.dat.part")).unwrap();
    shift.start_backend();
    shift.deliver_run();
    shift.wait_until("both processings are over", |shift| {
        shift.workspace.book().exists() && {
            let processings = shift.overview().processings;
            processings.len() == 2 && processings.iter().all(|processing| processing.step == ProcessingStep::Processed)
        }
    });
    let express = processing(&shift, "run1-p1");
    assert_eq!(express.missing, ["run1-seq0, which was not taken in"], "{express:?}");
    assert!(shift.overview().passes.iter().all(|pass| pass.lane == "FULL"));
}
