//! What people ask of the backend: what is refused or does nothing says so with its reason and its status.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use dqmon::bookkeeping::{GroupStep, JobState, SqliteStore, Store, TaskPhase};
use monitasks::vocab::{FileId, Run};

use crate::distribution::other_disk;
use crate::workspace::{Shift, said};

/// What a command said that was refused.
fn refused(shift: &Shift, arguments: &[&str]) -> String {
    let output = shift.run(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", said(&output));
    said(&output)
}

fn done(shift: &Shift, arguments: &[&str]) -> String {
    let output = shift.run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    said(&output)
}

fn start(shift: &mut Shift) {
    shift.start_backend();
    shift.wait_until("the backend has the lease", |shift| {
        shift.workspace.book().exists() && shift.overview().lease.is_some_and(|lease| lease.released.is_none())
    });
}

#[test]
fn what_is_refused_or_does_nothing_ends_with_its_reason_and_not_well() {
    let mut shift = Shift::new("");
    shift.deliver_run();
    done(&shift, &["process", "--once"]);
    assert!(refused(&shift, &["hold", "run999", "--who", "Ada"]).contains("run 999 isn't known; runs known: 1"));
    start(&mut shift);
    for (arguments, words) in [
        (["hold", "run1-seq7"], "run1-seq7 isn't known; files known of the run: run1-seq0, run1-seq1"),
        (["cancel", "run1-p9"], "run1-p9 isn't known; processings known of the run: run1-p1"),
        (["resubmit", "run1-p1-g7"], "run1-p1-g7 isn't known; groups known of the processing: run1-p1-g0"),
        (["hold", "run1-seq0-p1"], "nothing of it waits"),
        (["unhold", "run1"], "nobody holds anything of it"),
        (["cancel", "run1"], "nothing of it is under way"),
        (["resubmit", "run1-seq0-p1"], "run1-seq0 has not failed, it is analysed"),
        (["resubmit", "--all"], "nothing of that kind has failed"),
        (["reprocess", "run8"], "run 8 isn't known"),
    ] {
        let text = refused(&shift, &[&arguments[..], &["--who", "Ada"]].concat());
        assert!(text.contains(words) && !text.contains("not done: "), "{arguments:?}: {text}");
    }
    assert!(refused(&shift, &["hold", "run1", "--who", " "]).contains("--who names nobody"));
    // With no name in the environment it is the account's.
    let account = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
    let output = shift.dqmon().args(["reprocess", "run1"]).env_remove("USER").output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let because = &shift.overview().processings[1].because;
    assert_eq!(*because, format!("asked for by {}", account.trim()));
    // An account that has none asks for nothing.
    let bin = shift.folder.path().join("bin");
    fs::create_dir(&bin).unwrap();
    fs::write(bin.join("id"), "#!/bin/sh\nexit 1\n").unwrap();
    fs::set_permissions(bin.join("id"), fs::Permissions::from_mode(0o755)).unwrap();
    let output = shift.dqmon().args(["hold", "run1"]).env_remove("USER").env("PATH", &bin).output().unwrap();
    assert!(output.status.code() == Some(2) && said(&output).contains("the account has no name"), "{}", said(&output));
}

#[test]
fn help_shows_what_each_request_takes_and_no_more() {
    let shift = Shift::new("");
    let help = |name: &str| done(&shift, &[name, "--help"]);
    for name in ["hold", "unhold", "cancel", "reprocess"] {
        let help = help(name);
        assert!(help.contains("--lane") && !help.contains("--class") && !help.contains("--all"), "{name}: {help}");
    }
    assert!(help("resubmit").contains("--class") && help("resubmit").contains("--all"));
    assert_eq!(shift.run(&["hold", "run1", "--all"]).status.code(), Some(2));
}

#[test]
fn a_group_that_is_cancelled_makes_nothing_more() {
    let mut shift = Shift::new("[pool]\njobs = 1\ntemplate = \"job.sh\"\n");
    let gate = shift.workspace.root.join("gate");
    fs::write(&gate, "").unwrap();
    let waits = format!("case @job@ in pedestals_*) while [ -e '{}' ]; do sleep 0.05; done;; esac", gate.display());
    shift.traced_template(&waits);
    start(&mut shift);
    shift.deliver_run();
    shift.wait_until("the pedestals run", |shift| {
        shift.overview().groups.first().is_some_and(|group| group.tasks[0].phase == TaskPhase::Running)
    });
    let text = done(&shift, &["cancel", "run1-p1-g0", "--who", "Ada"]);
    for kind in ["pedestals", "purity", "gain", "events", "noise"] {
        assert!(text.contains(&format!("{kind} of run1-p1-g0 cancelled")), "{text}");
    }
    let overview = shift.overview();
    let job = overview.jobs.iter().rfind(|job| job.name == "pedestals_run1-p1-g0").unwrap();
    assert!(job.state == JobState::Failed && job.ended.is_some(), "{job:?}");
    assert_eq!(job.reason.as_deref(), Some("cancelled by Ada"));
    let group = shift.overview().groups.remove(0);
    assert_eq!((group.step, shift.trace_of("purity_run1-p1-g0").len()), (GroupStep::Failed, 0), "{group:?}");
    fs::remove_file(&gate).unwrap();
    assert!(
        done(&shift, &["resubmit", "run1-p1-g0", "--who", "Ada"])
            .contains("pedestals, purity, gain, events, noise of run1-p1-g0 made again")
    );
    shift.wait_until("it is made", |shift| shift.overview().groups[0].step == GroupStep::Done);
}

#[test]
fn a_released_run_is_processed_again_when_its_files_were_put_back_and_not_before() {
    let mut shift = Shift::new("[intake]\nreconcile_s = 0.3\n");
    // Two copies count only on two disks.
    let Some(other) = other_disk(&shift) else {
        return println!("COULD NOT RUN: a release: there is no second disk at /dev/shm");
    };
    shift.deliver_run();
    done(&shift, &["process", "--once"]);
    let [archives, eos] = [(shift.folder.path(), "archives"), (other.path(), "eos")]
        .map(|(folder, name)| folder.join(name).to_str().unwrap().to_owned());
    done(&shift, &["archive", "build", "--out", &archives, "--ship-to", &eos]);
    done(&shift, &["decide", "run1", "OK", "--who", "Ada", "--role", "shifter"]);
    done(&shift, &["release", "apply", "--yes", "--who", "Ada"]);
    let files = [FileId::new(1, 0), FileId::new(1, 1)];
    let raw = files.map(|file| shift.workspace.raw_file(file));
    assert!(raw.iter().all(|path| !path.exists()));
    start(&mut shift);
    let text = refused(&shift, &["reprocess", "run1", "--who", "Ada"]);
    assert!(text.contains("run1-seq0, run1-seq1 are released") && text.contains(&eos), "{text}");
    assert_eq!(shift.overview().processings.len(), 1);
    // Another one of its name is refused, the file itself is taken as what it is.
    shift.deliver("run1-seq1.dat", "run1-seq0.dat");
    shift.wait_until("the other one is refused", |shift| !shift.overview().not_taken.is_empty());
    let reason = shift.overview().not_taken[0].reason.clone();
    assert!(reason.contains("what came back is another, refused") && !raw[0].exists(), "{reason}");
    fs::remove_file(shift.workspace.incoming().join("run1-seq0.dat")).unwrap();
    shift.deliver("run1-seq0.dat", "run1-seq0.dat");
    shift.deliver("run1-seq1.dat", "run1-seq1.dat");
    shift.wait_until("both are back", |shift| {
        let store = SqliteStore::open_read_only(&shift.workspace.book()).unwrap();
        let story = store.story(Run(1), None).unwrap();
        story.iter().filter(|entry| entry.kind == "put_back").count() == 2 && shift.overview().not_taken.is_empty()
    });
    assert!(raw.iter().all(|path| path.exists()));
    assert_eq!(shift.overview().processings.len(), 1, "nothing is processed that nobody asked for");
    assert!(done(&shift, &["reprocess", "run1", "--who", "Ada"]).contains("as run1-p2"));
    shift.wait_until("it is processed again", |shift| {
        shift.overview().passes.iter().filter(|pass| pass.step.word() == "analysed").count() == 4
    });
}

#[test]
fn status_tells_of_the_services_of_a_backend_that_runs() {
    let mut shift = Shift::new("");
    start(&mut shift);
    shift.wait_until("it has said something", |shift| {
        shift.overview().backend.is_some_and(|state| state.watcher.last_sweep.is_some())
    });
    let text = done(&shift, &["status"]);
    assert!(text.contains("watcher looked") && text.contains("batch system local answers") && text.contains("mail"), "{text}");
    let facts: serde_json::Value = serde_json::from_str(&done(&shift, &["status", "--json"])).unwrap();
    assert_eq!((&facts["services"]["said"]["batch"], &facts["services"]["said"]["is_of_now"]), (&"local".into(), &true.into()));
    assert!(facts["services"]["said"]["watcher"]["late"].is_null() && facts["services"]["put_off"].is_array(), "{facts:#}");
}
