//! A replay in the window: its mark, its line and buttons, its keys; and that what is decided in it stays out of the real book.

use std::sync::Arc;
use std::time::Instant;

use dqmon::bookkeeping::{Decision, DecisionSubject, EntryKind, SqliteStore, Store};
use dqmon::engine::{
    self, Command, DecisionCommand, EngineHandle, Notice, ReplayCommand, Start, ViewCommand, WantedDecision, World,
};
use dqmon::replay::TrainingBook;
use dqmon::snapshot::{Origin, ReplayMark, ReplayMarkKind, ReplayShown, Snapshot};
use egui::Key;
use egui_kittest::kittest::Queryable;
use jiff::{SignedDuration, Timestamp};
use monitasks::quality::Flag;
use monitasks::vocab::Run;

use super::made_up;
use super::window_clicks::Desk;
use super::workspace::{PATIENCE, Shift, said};

fn before(minutes: i64) -> Timestamp {
    made_up::now() - SignedDuration::from_mins(minutes)
}

fn replayed() -> Snapshot {
    let mark = |minutes, kind, words: &str| ReplayMark { at: before(minutes), kind, words: words.into(), run: None };
    let marks = vec![
        mark(100, ReplayMarkKind::Run, "run23 began"),
        mark(60, ReplayMarkKind::Alarm, "alarm of purity/lifetime_trend: too low"),
        mark(20, ReplayMarkKind::Decision, "run 23: BAD, Bo Lind"),
    ];
    let replay = ReplayShown {
        name: "november-shift".into(),
        at: before(60),
        span: (before(120), made_up::now()),
        is_playing: false,
        speed: 60.0,
        looped: None,
        marks: Arc::new(marks),
        hides_decisions: false,
        training_book: Some("/data/wa105/training/training-1.sqlite".into()),
        trained: 1,
        faults: Vec::new(),
    };
    Snapshot { origin: Origin::Replay, replay: Some(Arc::new(replay)), ..made_up::full() }
}

fn asked(desk: &Desk) -> Vec<ReplayCommand> {
    let replay = |command| if let Command::Replay(asked) = command { Some(asked) } else { None };
    desk.commands().into_iter().filter_map(replay).collect()
}

#[test]
fn a_replay_says_so_in_words_across_the_window_and_how_to_leave() {
    let mut desk = Desk::at(replayed());
    let words = format!("REPLAY, not live: november-shift as it was at {} UTC", before(60).strftime("%Y-%m-%d %H:%M:%S"));
    assert!(desk.has(&words), "{words}");
    assert!(desk.has("decisions go to a training book (1)"));
    assert!(!desk.has("Replay"), "there is no second entry");
    desk.click("Back to live");
    assert_eq!(asked(&desk), [ReplayCommand::Leave]);
    desk.click("Compare…");
    assert_eq!(asked(&desk), [ReplayCommand::Compare]);
    desk.publish(|snapshot| *snapshot = made_up::full());
    assert!(!desk.has(&words));
    desk.click("Replay");
    assert_eq!(asked(&desk), [ReplayCommand::Begin { path: None, at: None, hides_decisions: false }]);
}

#[test]
fn buttons_and_keys_play_step_jump_and_repeat() {
    use ReplayCommand::{Jump, Play, Repeat, Speed, Step};
    let mut desk = Desk::at(replayed());
    let jump = |kind, is_forward| Jump { kind, is_forward };
    for (name, wanted) in [
        ("Play", Play(true)),
        ("Next moment", Step { is_forward: true }),
        ("Moment before", Step { is_forward: false }),
        ("Faster", Speed(300.0)),
        ("Slower", Speed(10.0)),
        ("Replay: next alarm", jump(ReplayMarkKind::Alarm, true)),
        ("Replay: decision before", jump(ReplayMarkKind::Decision, false)),
        ("Replay: next run", jump(ReplayMarkKind::Run, true)),
        ("Replay: gap before", jump(ReplayMarkKind::Gap, false)),
        ("Hide what was decided", ReplayCommand::HideDecisions(true)),
    ] {
        desk.click(name);
        assert_eq!(asked(&desk), [wanted], "{name}");
    }
    for (key, modifiers, wanted) in [
        (Key::K, egui::Modifiers::NONE, Play(true)),
        (Key::L, egui::Modifiers::NONE, Step { is_forward: true }),
        (Key::J, egui::Modifiers::NONE, Step { is_forward: false }),
        (Key::A, egui::Modifiers::NONE, jump(ReplayMarkKind::Alarm, true)),
        (Key::A, egui::Modifiers::SHIFT, jump(ReplayMarkKind::Alarm, false)),
        (Key::D, egui::Modifiers::NONE, jump(ReplayMarkKind::Decision, true)),
        (Key::G, egui::Modifiers::SHIFT, jump(ReplayMarkKind::Gap, false)),
        (Key::Period, egui::Modifiers::NONE, Speed(300.0)),
    ] {
        desk.window.key_press_modifiers(modifiers, key);
        desk.settle();
        assert_eq!(asked(&desk), [wanted], "{key:?}");
    }
    desk.click("Begin a range to repeat at this instant");
    assert!(asked(&desk).is_empty());
    desk.publish(|snapshot| {
        let replay = Arc::make_mut(snapshot.replay.as_mut().unwrap());
        replay.at = before(30);
    });
    desk.click("Repeat from the instant named before to this one");
    assert_eq!(asked(&desk), [Repeat(Some((before(60), before(30))))]);
}

#[test]
fn keys_of_a_replay_do_nothing_in_the_live_shift() {
    let mut desk = Desk::at(made_up::full());
    for key in [Key::K, Key::J, Key::L, Key::A, Key::D, Key::G, Key::I] {
        desk.window.key_press(key);
        desk.settle();
    }
    assert!(asked(&desk).is_empty());
}

#[test]
fn a_click_on_the_line_goes_to_its_instant_and_on_a_mark_to_the_mark() {
    let mut desk = Desk::at(replayed());
    let line = format!("Line of the replay, at {} UTC", before(60).strftime("%Y-%m-%d %H:%M:%S"));
    let rect = desk.window.get_by_label(&line).rect();
    let at = |part: f32| egui::pos2(rect.left() + 6.0 + part * (rect.width() - 12.0), rect.center().y);
    desk.click_at(at(0.25));
    let [ReplayCommand::GoTo(instant)] = asked(&desk)[..] else { panic!("not one instant") };
    assert!((instant.duration_since(before(90)).as_secs_f64()).abs() < 30.0, "{instant}");
    desk.click_at(at(0.5) + egui::vec2(3.0, 0.0));
    assert_eq!(asked(&desk), [ReplayCommand::GoTo(before(60))]);
}

fn engine_on(shift: &Shift, read_only: bool) -> EngineHandle {
    let start = Start { open: Some(shift.workspace.root.clone()), read_only };
    engine::start(start, World::default(), Box::new(|| {}))
}

fn until(engine: &EngineHandle, what: &str, holds: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
    let end = Instant::now() + PATIENCE;
    loop {
        let snapshot = engine.snapshot();
        if holds(&snapshot) {
            return snapshot;
        }
        assert!(Instant::now() < end, "waited in vain until {what}: {:?} {:?}", snapshot.replay, snapshot.banners);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

fn decide(engine: &EngineHandle, flag: Flag, comment: &str) {
    let subject = DecisionSubject::run(Run(1));
    let (who, role) = ("Trainee".to_owned(), "shifter".to_owned());
    let wanted = WantedDecision { subject, decision: Decision::new(flag, comment), who, role, seen: None };
    assert!(engine.send(Command::Decision(DecisionCommand::Decide(Box::new(wanted)))));
}

fn notice(engine: &EngineHandle, is_it: impl Fn(&Notice) -> bool) -> Notice {
    let end = Instant::now() + PATIENCE;
    loop {
        match engine.notice() {
            Some(notice) if is_it(&notice) => return notice,
            Some(_) => {}
            None => std::thread::sleep(std::time::Duration::from_millis(20)),
        }
        assert!(Instant::now() < end, "no such notice");
    }
}

/// What people said in the real book; checks of the live shift go on raising alarms.
fn entries(shift: &Shift) -> usize {
    let all = SqliteStore::open_read_only(&shift.workspace.book()).unwrap().entries_after(0, 10_000).unwrap();
    assert!(all.iter().all(|entry| entry.who != "Trainee"), "{all:#?}");
    all.iter().filter(|entry| entry.kind != EntryKind::Alarm).count()
}

#[test]
fn what_is_decided_in_a_replay_goes_to_a_training_book_and_never_to_the_real_one() {
    let shift = Shift::new("");
    shift.deliver_run();
    let processed = shift.run(&["process", "--once"]);
    assert!(processed.status.success(), "{}", said(&processed));
    let decided = shift.run(&["decide", "run1", "OK", "--who", "Ada", "--role", "shifter"]);
    assert!(decided.status.success(), "{}", said(&decided));
    let (real, root) = (entries(&shift), shift.workspace.root.clone());

    let engine = engine_on(&shift, false);
    let live = until(&engine, "the run is there", |now| now.runs.len() == 1 && now.runs[0].flag == Flag::Ok);
    assert!(live.replay.is_none());
    let begin = ReplayCommand::Begin { path: None, at: None, hides_decisions: true };
    assert!(engine.send(Command::Replay(begin)));
    let first = until(&engine, "the replay is there", |now| now.replay.is_some());
    let span = first.replay.as_ref().unwrap().span;
    assert_eq!((first.origin, first.taken_at), (Origin::Replay, span.0));
    assert!(first.runs.iter().all(|run| run.files.iter().all(|file| file.since <= span.0)));

    // Many wishes while somebody drags: the last one is shown.
    for part in 0..50 {
        let at = span.0 + SignedDuration::from_millis(100 * part);
        assert!(engine.send(Command::Replay(ReplayCommand::GoTo(at))));
    }
    assert!(engine.send(Command::Replay(ReplayCommand::GoTo(span.1))));
    let last = until(&engine, "it is at the end", |now| now.replay.as_ref().is_some_and(|replay| replay.at == span.1));
    assert!(last.runs[0].flag == Flag::Unchecked && last.runs[0].decisions.is_empty(), "the past decision is hidden");

    assert!(engine.send(Command::View(ViewCommand::LookAtRun(Some(Run(1))))));
    decide(&engine, Flag::Bad, "LEM 7 is dark");
    until(&engine, "the trainee's decision is shown", |now| now.runs[0].flag == Flag::Bad);
    assert_eq!(entries(&shift), real, "the real book has nothing of it");
    let book = TrainingBook::newest_in(&root).expect("a training book");
    let kept = TrainingBook::said_in(&book).unwrap();
    assert!(kept.iter().any(|said| said.who == "Trainee" && said.at == span.1), "{kept:?}");
    // It stays while one goes about.
    assert!(engine.send(Command::Replay(ReplayCommand::Step { is_forward: false })));
    assert!(engine.send(Command::Replay(ReplayCommand::GoTo(span.1))));
    until(&engine, "it is still there", |now| {
        now.runs.first().is_some_and(|run| run.flag == Flag::Bad) && now.replay.as_ref().is_some_and(|replay| replay.trained == 1)
    });
    assert!(engine.send(Command::Replay(ReplayCommand::Compare)));
    let Notice::Text { text, .. } = notice(&engine, |notice| matches!(notice, Notice::Text { .. })) else { unreachable!() };
    assert!(text.contains("1 differ") && text.contains("BAD by Trainee") && text.contains("OK by Ada"), "{text}");

    // What would reach the backend or the real book is refused.
    for command in [
        Command::Processing(engine::ProcessingCommand::StopBackend),
        Command::Runs(engine::RunsCommand::Flag {
            runs: vec![Run(1)],
            flag: Flag::Ok,
            comment: String::new(),
            who: "Trainee".into(),
            role: "shifter".into(),
            place: 0,
        }),
    ] {
        assert!(engine.send(command));
        notice(&engine, |notice| matches!(notice, Notice::Refused(words) if words.contains("this is a replay")));
    }
    assert!(engine.send(Command::Replay(ReplayCommand::Leave)));
    let live = until(&engine, "the live shift is back", |now| now.replay.is_none() && now.runs.len() == 1);
    assert_eq!((live.origin, live.runs[0].flag), (Origin::Live, Flag::Ok));
    assert_eq!(entries(&shift), real);

    let report = shift.run(&["training", "report", "--json"]);
    assert_eq!(report.status.code(), Some(1), "{}", said(&report));
    let report: serde_json::Value = serde_json::from_slice(&report.stdout).unwrap();
    assert_eq!(report["decisions"][0]["comparison"], "differs");
    assert_eq!(report["decisions"][0]["trained"]["comment"], "LEM 7 is dark");
    let page = shift.folder.path().join("training.html");
    let written = shift.run(&["training", "report", "--out", page.to_str().unwrap()]);
    assert!(std::fs::read_to_string(&page).unwrap().contains("LEM 7 is dark"), "{}", said(&written));
}

#[test]
fn a_read_only_replay_writes_nothing() {
    let shift = Shift::new("");
    let mut store = SqliteStore::open(&shift.workspace.book()).unwrap();
    let run = dqmon::bookkeeping::RunRecord { run: Run(1), first_seen: Timestamp::now(), ended: None, ended_by: None };
    store.record(None, &[], &[dqmon::bookkeeping::Row::Run(run)]).unwrap();
    drop(store);
    let engine = engine_on(&shift, true);
    assert!(engine.send(Command::Replay(ReplayCommand::Begin { path: None, at: None, hides_decisions: false })));
    let shown = until(&engine, "the replay is there", |now| now.replay.is_some());
    assert!(shown.workspace.as_ref().unwrap().read_only && shown.replay.as_ref().unwrap().training_book.is_none());
    decide(&engine, Flag::Ok, "");
    notice(&engine, |notice| matches!(notice, Notice::Refused(words) if words.contains("read-only")));
    assert!(!TrainingBook::folder(&shift.workspace.root).exists());
    assert_eq!(entries(&shift), 0);
}

#[test]
fn what_can_not_be_replayed_is_refused_in_words() {
    let shift = Shift::new("");
    let engine = engine_on(&shift, false);
    until(&engine, "it is open", |now| now.workspace.is_some());
    assert!(engine.send(Command::Replay(ReplayCommand::Begin { path: None, at: None, hides_decisions: false })));
    notice(&engine, |notice| matches!(notice, Notice::Refused(words) if words.contains("nothing has happened in it yet")));
    assert!(until(&engine, "the live shift is there", |now| now.workspace.is_some()).replay.is_none());
}
