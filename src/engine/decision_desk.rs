//! What people decide at the window, run by the book's own thread.

use jiff::Timestamp;

use super::Notice;
use super::command::DecisionCommand;
use crate::bookkeeping::{DecisionSubject, EntryKind, NewDecision, Part, Store};
use crate::config::Settings;
use crate::decisions::status::ProcessingOf;
use crate::decisions::{self, DecisionError, Quality, Speaker};

/// What it is, as the beginning of a message: `decision on run1`.
pub(super) fn words(command: &DecisionCommand) -> String {
    match command {
        DecisionCommand::Decide(wanted) => format!("decision on {}", wanted.subject.words()),
        DecisionCommand::Undo { number, .. } => format!("undoing of number {number}"),
        DecisionCommand::Lock { run, stage, is_locked, .. } => {
            let subject = DecisionSubject { run: *run, part: Part::Whole, stage: *stage }.words();
            format!("{} of {subject}", if *is_locked { "locking" } else { "unlocking" })
        }
        DecisionCommand::Mark { run, processing, subsystem, .. } => format!("{subsystem}'s mark of {run}-p{}", processing.0),
        DecisionCommand::Verify { number, .. } => format!("verification of decision {number}"),
    }
}

/// Records it.
pub(super) fn run(command: DecisionCommand, store: &mut dyn Store, settings: &Settings, now: Timestamp) -> Notice {
    let words = words(&command);
    match recorded(command, store, Quality::of(settings), now) {
        Ok(done) => Notice::Done(done),
        Err(error) if error.is_kept() => Notice::Done(format!("{words}: {error}")),
        Err(error) => Notice::Refused(format!("{words}: {error}")),
    }
}

fn recorded(
    command: DecisionCommand,
    store: &mut dyn Store,
    quality: Quality<'_>,
    now: Timestamp,
) -> Result<String, DecisionError> {
    match command {
        DecisionCommand::Decide(wanted) => {
            let (subject, flag) = (wanted.subject, wanted.decision.flag);
            // Who saw no decision saw the book up to its beginning.
            let up_to = Some(wanted.seen.unwrap_or(0));
            let supersedes = decisions::seen(store, EntryKind::Decision, &subject.to_string(), up_to)?;
            let (decision, who, role) = (wanted.decision, wanted.who, wanted.role);
            decisions::decide(
                store,
                quality,
                &NewDecision { at: now, subject, decision, who, role, supersedes, wish: None, seen: up_to },
            )?;
            Ok(format!("{} is {}", subject.words(), flag.word()))
        }
        DecisionCommand::Undo { number, who, role } => {
            let entry = decisions::undo(store, quality, number, Speaker { who: &who, role: &role, at: now })?;
            Ok(format!("number {number} is undone: what was in force on {} before it is again", entry.subject))
        }
        DecisionCommand::Lock { run, stage, is_locked, comment, who, role } => {
            let by = Speaker { who: &who, role: &role, at: now };
            let entry = decisions::lock(store, quality, (run, stage), is_locked, &comment, by)?;
            Ok(format!("{} is {}", entry.subject, if is_locked { "locked" } else { "unlocked" }))
        }
        DecisionCommand::Mark { run, processing, subsystem, mark, comment, who, role, seen } => {
            let by = Speaker { who: &who, role: &role, at: now };
            let of = ProcessingOf { run, processing };
            let entry = decisions::mark_subsystem(store, quality, of, &subsystem, mark.word(), &comment, by, seen)?;
            Ok(format!("{} is {}", entry.subject, mark.word().replace('_', " ")))
        }
        DecisionCommand::Verify { number, agrees, comment, who, role } => {
            let by = Speaker { who: &who, role: &role, at: now };
            decisions::verify(store, number, agrees, &comment, by)?;
            Ok(if agrees { format!("decision {number} is verified") } else { format!("you do not agree with decision {number}") })
        }
    }
}
