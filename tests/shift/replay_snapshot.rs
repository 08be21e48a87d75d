//! A past instant, shown by the code that shows the present one: the same bytes at the end, the same states on the way.

use std::fs;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use dqmon::bookkeeping::{EntryKind, SqliteStore, export_to};
use dqmon::config::Workspace;
use dqmon::live::{BookPoller, DiskResults, EventLook, Live, ResultPoller, WorkspaceChecks, WorkspaceTasks};
use dqmon::replay::{PastShift, What};
use dqmon::snapshot::{FigureKey, Origin, Snapshot, WorkspaceFacts};
use jiff::{SignedDuration, Timestamp};
use monitasks::vocab::Run;

use super::workspace::{Shift, said};

const CHECKS: &str = r#"
[[check]]
name = "pedestals"
task = "pedestals"
item = "mean_by_strip"
kind = "range"
ok = { to = 10.0 }
"#;

/// The shift as it goes, read whole, and shown at a moment.
fn live(workspace: &Workspace, now: Timestamp) -> Snapshot {
    let mut live = Live::read_workspace(workspace, &EventLook::default(), now).unwrap();
    let store = SqliteStore::open_read_only(&workspace.book()).unwrap();
    let mut poller = BookPoller::new(Box::new(store), workspace);
    poller.look_at(Some(Run(1)));
    let mut view = poller.poll(now).unwrap();
    while let Some(newer) = poller.poll(now) {
        view = newer;
    }
    live.take_book(Arc::new(view));
    live.watch(watched());
    live.snapshot(now)
}

/// The same in short, for moments on the way: tree, runs and flags, without the event.
fn in_short(workspace: &Workspace, now: Timestamp) -> Snapshot {
    let facts = WorkspaceFacts::of(workspace, true).unwrap();
    let registry = Arc::new(WorkspaceTasks::of(workspace).read_whole(&workspace.settings.time_zone).0);
    let folder = Box::new(DiskResults::of_folder(&workspace.results()));
    let mut results = ResultPoller::new(registry.clone(), facts.detector.clone(), folder, &workspace.settings);
    let mut live = Live::new(registry, Origin::Live, facts);
    live.take_checks(WorkspaceChecks::of(workspace).read().0, Vec::new());
    let store = SqliteStore::open_read_only(&workspace.book()).unwrap();
    live.take_book(Arc::new(BookPoller::new(Box::new(store), workspace).poll(now).unwrap()));
    results.poll_whole(now);
    live.take_results(Arc::new(results.view()));
    live.snapshot(now)
}

fn watched() -> Vec<FigureKey> {
    [("purity", "lifetime_trend"), ("pedestals", "mean_by_strip"), ("event_display", "view0")]
        .map(|(task, item)| FigureKey::newest(task, item))
        .to_vec()
}

fn past(workspace: &Workspace) -> PastShift {
    let mut past = PastShift::of_workspace(workspace).unwrap();
    past.look_at(Some(Run(1)));
    past.live().watch(watched());
    past
}

/// The first lines in which two texts differ.
fn first_difference(one: &str, other: &str) -> String {
    let differ = one.lines().zip(other.lines()).enumerate().find(|(_, (one, other))| one != other);
    let Some((at, _)) = differ else { return format!("{} and {} lines", one.lines().count(), other.lines().count()) };
    let around = |text: &str| text.lines().skip(at.saturating_sub(12)).take(16).collect::<Vec<_>>().join("\n");
    format!("line {at}:\n{}\n--- and ---\n{}", around(one), around(other))
}

fn assert_same(one: &str, other: &str, what: &str) {
    assert!(one == other, "{what}: {}", first_difference(one, other));
}

/// What the tree, the runs and their flags were.
fn states(snapshot: &Snapshot) -> String {
    let mut lines = Vec::new();
    // The event was not read, and the flow is a file that is written over: what it said before is kept nowhere.
    let is_kept = |name: &str| !["event_display", "processing_flow"].contains(&name);
    for task in snapshot.tasks.iter().filter(|task| is_kept(&task.name)) {
        lines.push(format!("{} {:?} {}", task.name, task.state, task.results));
        for item in &task.items {
            lines.push(format!("  {} {:?} {:?}", item.name, item.glance.state, item.glance.text));
        }
    }
    for run in &snapshot.runs {
        lines.push(format!("{} {:?} ended {}", run.run, run.flag, run.has_ended));
        lines.extend(run.files.iter().map(|file| {
            let passes: Vec<String> = file.passes.iter().map(|pass| format!("{:?} {:?}", pass.stage, pass.class)).collect();
            format!("  {} {:?} {passes:?}", file.file, file.stage)
        }));
        let tasks = |group: &dqmon::snapshot::GroupRow| group.tasks.iter().map(|task| task.phase.clone()).collect::<Vec<_>>();
        lines.extend(run.groups.iter().map(|group| format!("  {} {} {:?}", group.name, group.step, tasks(group))));
        lines.extend(run.processings.iter().map(|of| format!("  p{} {}", of.processing, of.step)));
    }
    lines.join("\n")
}

/// A shift with a good run and one whose second file is damaged, live snapshots of it as it went, and what people said.
fn recorded() -> (Shift, Vec<(Timestamp, Timestamp, Snapshot)>) {
    let shift = Shift::new("[tasks.purity]\npoll_s = 0.2\n");
    fs::write(shift.workspace.root.join("checks.toml"), CHECKS).unwrap();
    shift.deliver_run();
    fs::write(shift.workspace.incoming().join("run2-seq0.dat"), [0xAB; 5000]).unwrap();
    shift.deliver("run1-seq0.dat", "run2-seq1.dat");
    fs::write(shift.workspace.incoming().join("run2.end"), "").unwrap();
    let mut backend = shift.dqmon().args(["process", "--once"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut moments = Vec::new();
    while backend.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(100));
        if shift.workspace.book().is_file() {
            let before = Timestamp::now();
            let snapshot = in_short(&shift.workspace, before);
            moments.push((before, Timestamp::now(), snapshot));
        }
    }
    backend.wait().unwrap();
    let ada = ["--who", "Ada", "--role", "shifter"];
    for (wanted, arguments) in [
        (0, &["shift", "begin", "--hours", "8"][..]),
        (0, &["decide", "run1", "OK"]),
        (0, &["decide", "run2", "BAD", "--comment", "its first file is damaged"]),
        (0, &["decide", "run1", "MAYBE", "--comment", "LEM 7 looks dim"]),
        (0, &["problem", "new", "HV of LEM 4 tripped", "--severity", "critical", "--urgent"]),
        (0, &["issue", "new", "strip 5 is dead", "--channels", "5", "--from", "run1"]),
    ] {
        let output = shift.run(&[arguments, &ada].concat());
        assert_eq!(output.status.code(), Some(wanted), "{arguments:?}: {}", said(&output));
        let before = Timestamp::now();
        let snapshot = in_short(&shift.workspace, before);
        moments.push((before, Timestamp::now(), snapshot));
    }
    (shift, moments)
}

#[test]
fn live_and_replay_of_a_shift_are_the_same_at_its_end_and_on_the_way() {
    let (shift, moments) = recorded();
    let workspace = &shift.workspace;

    // At its end: every byte.
    let now = Timestamp::now();
    let mut past = past(workspace);
    let (at_the_end, in_replay) = (live(workspace, now).content_text(), past.snapshot(now).unwrap().content_text());
    assert_same(&at_the_end, &in_replay, "at the end");

    // On the way: states, runs and flags. A stamp is made a little before what it stamps is in the book for others to read, so a live
    // look is that of an instant shortly before it; one that something happened in the middle of is of two instants.
    let (late, margin) = (SignedDuration::from_secs(2), SignedDuration::from_millis(300));
    let mut compared = 0;
    for (before, after, seen) in &moments {
        let changes = past.moments();
        let near = changes.iter().copied().filter(|at| (*before - late..=*after).contains(at));
        let instants: Vec<Timestamp> = near.chain([*before]).collect();
        if instants.iter().any(|at| states(&past.snapshot(*at).unwrap()) == states(seen)) {
            compared += 1;
        } else if changes.iter().all(|at| *at < *before - margin || *at > *after + margin) {
            assert_same(&states(seen), &states(&past.snapshot(*before).unwrap()), &format!("at {before}"));
        }
    }
    assert!(compared >= 6 && 2 * compared >= moments.len(), "{compared} of {} moments are the same", moments.len());

    // Backward and forward again is where it was; an export of the book tells the same as the book.
    assert_same(&at_the_end, &past.snapshot(now).unwrap().content_text(), "there and back");
    let export = shift.folder.path().join("book.jsonl");
    export_to(&SqliteStore::open_read_only(&workspace.book()).unwrap(), &export).unwrap();
    let mut exported = PastShift::open(&export, Some(workspace)).unwrap();
    exported.look_at(Some(Run(1)));
    exported.live().watch(watched());
    assert_same(&at_the_end, &exported.snapshot(now).unwrap().content_text(), "of an export");

    an_instant_tells_of_nothing_that_came_after_it(&mut past);

    // Results alone, with no workspace around them, have a past too.
    let mut bare = PastShift::open(&workspace.results(), None).unwrap();
    let (first, last) = bare.span();
    let results = |snapshot: &Snapshot| snapshot.tasks.iter().map(|task| task.results).sum::<usize>();
    let (early, late) = (results(&bare.snapshot(first).unwrap()), results(&bare.snapshot(last).unwrap()));
    assert!(0 < early && early < late, "{early} and {late} results");
}

/// What is known only grows; at the first instant there is next to nothing, and each moment is no later than the instant.
fn an_instant_tells_of_nothing_that_came_after_it(past: &mut PastShift) {
    let moments = past.moments();
    let (mut files, mut said) = (0, 0);
    for at in moments.iter().step_by(7).copied().chain(moments.last().copied()) {
        let snapshot = past.snapshot(at).unwrap();
        let now: usize = snapshot.runs.iter().map(|run| run.files.len()).sum();
        let decisions: Vec<_> = snapshot.runs.iter().flat_map(|run| &run.decisions).collect();
        assert!(now >= files && decisions.len() >= said, "at {at}");
        (files, said) = (now, decisions.len());
        assert!(decisions.iter().all(|decision| decision.at <= at));
        for run in &snapshot.runs {
            let stamps = run.files.iter().map(|file| file.since).chain(run.groups.iter().map(|group| group.since));
            let jobs = run
                .files
                .iter()
                .filter_map(|file| file.job.as_ref())
                .flat_map(|job| [Some(job.submitted), job.started, job.ended]);
            let stamps: Vec<Timestamp> = stamps.chain(jobs.flatten()).collect();
            assert!(stamps.iter().all(|stamp| *stamp <= at), "at {at}: {stamps:?}");
        }
    }
    assert_eq!((files, said), (4, 3));
}

#[test]
fn a_training_hides_decisions_and_nothing_else() {
    let (shift, _) = recorded();
    let mut past = past(&shift.workspace);
    let now = Timestamp::now();
    past.hide_decisions(true).unwrap();
    let hidden = past.snapshot(now).unwrap();
    assert!(hidden.runs.iter().all(|run| run.decisions.is_empty()), "{:?}", hidden.runs[0].decisions);
    assert_eq!(hidden.people.problems.len(), 1, "what was told of a problem stays");
    assert!(past.book().store().verify_chains().unwrap().is_empty());
    let decided = past.whole().entries().filter(|(_, entry)| entry.kind == EntryKind::Decision).count();
    assert_eq!(decided, 3, "they are hidden, not lost");
    assert!(past.whole().iter().any(|(_, what)| matches!(what, What::Row(_))));
    past.hide_decisions(false).unwrap();
    assert_eq!(past.snapshot(now).unwrap().runs[0].decisions.len(), 2);
}
