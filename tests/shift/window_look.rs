//! The window with a made-up shift, to be looked at: `cargo run --example window_look [full|night|empty|long|welcome]`.

#[path = "made_up.rs"]
mod made_up;
#[path = "made_up_night.rs"]
mod made_up_night;

use std::sync::Arc;

use dqmon::engine::{Command, DecisionCommand, EngineHandle, EngineSide, Notice, ProcessingCommand, RunsCommand, ViewCommand};
use dqmon::gui::{self, WindowOptions};
use dqmon::snapshot::Snapshot;

fn main() -> Result<(), String> {
    let which = std::env::args().nth(1).unwrap_or_else(|| "full".into());
    made_up::NOW.get_or_init(jiff::Timestamp::now);
    let (handle, side) = EngineHandle::pair();
    side.snapshot.store(Arc::new(match which.as_str() {
        "night" => made_up_night::night(),
        "empty" => made_up::empty(),
        "long" => made_up::long_names(),
        "welcome" => Snapshot::nothing(made_up::now()),
        _ => made_up::full(),
    }));
    gui::run(
        handle,
        &WindowOptions { keep: std::env::args().any(|word| word == "keep"), ..WindowOptions::default() },
        move |wake| {
            std::thread::spawn(move || serve(&side, &wake));
        },
    )
}

/// Records decisions in the snapshot and answers with texts, as the engine would.
fn serve(side: &EngineSide, wake: &gui::Waker) {
    for command in &side.commands {
        match command {
            Command::Decision(DecisionCommand::Decide(wanted)) => {
                let (run, flag, comment) = (wanted.subject.run, wanted.decision.flag, wanted.decision.comment());
                let (who, role) = (wanted.who.clone(), wanted.role.clone());
                let mut snapshot = Snapshot::clone(&side.snapshot.load());
                snapshot.serial += 1;
                if let Some(row) = snapshot.runs.iter_mut().find(|row| row.run == run) {
                    row.flag = flag;
                    let mut decision = made_up::decision(1000 + snapshot.serial as i64, flag, &comment);
                    (decision.who, decision.role) = (who, role);
                    row.decisions.push(decision);
                }
                side.snapshot.store(Arc::new(snapshot));
                let _ = side.notices.send(Notice::Done(format!("{run} is {} now", flag.word())));
            }
            Command::Processing(ProcessingCommand::ReadLog(path) | ProcessingCommand::ReadScript(path)) => {
                let text: String = (0..400).map(|line| format!("{line:4}  a line of {}\n", path.display())).collect();
                let _ = side.notices.send(Notice::Text { title: format!("log: {}", path.display()), text });
            }
            Command::View(ViewCommand::LookClosely(subject)) => {
                let mut snapshot = Snapshot::clone(&side.snapshot.load());
                snapshot.processing.closely = Some(Arc::new(made_up_night::closely(subject)));
                side.snapshot.store(Arc::new(snapshot));
            }
            Command::View(ViewCommand::WatchFlow(Some(window_s))) => {
                let mut snapshot = Snapshot::clone(&side.snapshot.load());
                snapshot.processing.flow = Some(Arc::new(made_up_night::flow(window_s)));
                side.snapshot.store(Arc::new(snapshot));
            }
            Command::View(_) | Command::Runs(RunsCommand::Ask(_)) => {}
            other => {
                let _ = side.notices.send(Notice::Refused(format!("not in a made-up shift: {other:?}")));
            }
        }
        wake();
    }
}
