//! What people say by the window, brought into the book; run by the book's own thread.

use std::thread;

use crossbeam_channel::Sender;
use jiff::Timestamp;

use super::Notice;
use super::people_command::{PeopleCommand, PeopleDeed};
use super::urgent::{Told, mail_urgent};
use crate::bookkeeping::Store;
use crate::config::Workspace;
use crate::decisions::alarms::{self, AlarmEvent, Seen};
use crate::decisions::follow_ups::{self, Ending, FollowUp};
use crate::decisions::known_issues::{self, IssueKind, KnownIssue};
use crate::decisions::meeting::{self, Meeting, Voices};
use crate::decisions::problems::{self, Problem};
use crate::decisions::shifts;
use crate::decisions::standing::{self, SayError, Signature, Standing};

impl PeopleDeed {
    /// What it is, as the beginning of a message.
    pub(super) fn words(&self) -> String {
        match self {
            PeopleDeed::BeginShift { .. } => "beginning of a shift".into(),
            PeopleDeed::EndShift { .. } => "end of a shift".into(),
            PeopleDeed::TellProblem(_) => "new problem".into(),
            PeopleDeed::ChangeProblem { id, .. } => format!("problem {id}"),
            PeopleDeed::AnswerAlarm { item, .. } => format!("alarm of {item}"),
            PeopleDeed::NewIssue(_) => "known issue".into(),
            PeopleDeed::EndIssue { id, .. } => format!("end of known issue {id}"),
            PeopleDeed::EndFollowUp { id, .. } => format!("follow-up {id}"),
            PeopleDeed::SignOff { .. } => "sign-off".into(),
        }
    }
}

/// Runs an errand. Mail on an urgent problem goes by a thread of its own, which tells what came of it later.
pub(super) fn run(
    command: &PeopleCommand,
    store: &mut dyn Store,
    workspace: &Workspace,
    now: Timestamp,
    notices: &Sender<Notice>,
) -> Notice {
    match done(command, store, workspace, now, notices) {
        Ok(words) => Notice::Done(words),
        Err(error) if error.is_kept() => Notice::Done(format!("{}: {error}", command.deed.words())),
        Err(error) => Notice::Refused(format!("{}: {error}", command.deed.words())),
    }
}

fn done(
    command: &PeopleCommand,
    store: &mut dyn Store,
    workspace: &Workspace,
    now: Timestamp,
    notices: &Sender<Notice>,
) -> Result<String, SayError> {
    if store.is_read_only() {
        let instead = "'dqmon report' writes a page anywhere, and the others need a window that is not";
        return Err(SayError::Refused(format!("this window is read-only; {instead}")));
    }
    let by = Signature::new(&command.who, &command.role)?;
    match &command.deed {
        PeopleDeed::BeginShift { hours, note } => {
            let hours = hours.trim().parse().unwrap_or(f64::NAN);
            let (shift, relieved) = shifts::begin(store, &by, hours, note, now)?;
            let relieved: Vec<String> = relieved.into_iter().map(|shift| shift.body.who).collect();
            let relieves = if relieved.is_empty() { String::new() } else { format!(" and relieves {}", relieved.join(", ")) };
            Ok(format!("{} is on shift{relieves}", shift.body.who))
        }
        PeopleDeed::EndShift { id, note } => {
            let ended = shifts::end(store, Some(id), note, &by, now)?;
            Ok(format!("the shift of {} is over", ended.body.who))
        }
        PeopleDeed::TellProblem(new) => {
            let told = problems::tell(store, new, &by, now)?;
            let words = format!("problem {} is open", told.id);
            if told.body.urgent {
                mail_aside(told, workspace.clone(), now, notices.clone());
            }
            Ok(words)
        }
        PeopleDeed::ChangeProblem { id, change, comment, seen } => {
            let problem = problems::change(store, id, (change, comment), &by, now, Some(*seen))?;
            Ok(format!("problem {}: {}", problem.id, problem.body.did.word()))
        }
        PeopleDeed::AnswerAlarm { item, until, comment, seen } => {
            let event = match until {
                Some(until) => AlarmEvent::Shelve { until: *until, comment: comment.clone() },
                None => AlarmEvent::Acknowledge { comment: comment.clone() },
            };
            alarms::answer(store, item, &event, &by, now, Some(*seen))?;
            Ok(format!("alarm of {item}: {}", if until.is_some() { "shelved" } else { "acknowledged" }))
        }
        PeopleDeed::NewIssue(new) => {
            let kind = if new.is_mask { IssueKind::Mask } else { IssueKind::Issue };
            let issue = KnownIssue::new(kind, &new.scope, (&new.reason, new.expires), &by, now)?;
            let told = standing::begin(store, &issue, &by, now)?;
            Ok(format!("{} {} is in force: {}", kind.word(), told.id, new.scope.words()))
        }
        PeopleDeed::EndIssue { id, comment, seen } => {
            known_issues::end(store, id, comment, &by, now, Some(*seen))?;
            Ok(format!("known issue {id} is ended"))
        }
        PeopleDeed::EndFollowUp { id, seen } => {
            let next = |body: &FollowUp| body.ended(Ending::Done, "", &by, now);
            follow_ups::change(store, id, &by, now, Some(*seen), next)?;
            Ok(format!("follow-up {id} is done"))
        }
        PeopleDeed::SignOff { comment, seen } => {
            let voices = Voices::read(store)?;
            let settings = (&workspace.settings.marks, &workspace.settings.meeting);
            let list = Meeting::read(store, &voices, settings, now)?;
            meeting::sign_off(store, &list.sign_off(comment)?, &by, now, Some(*seen))?;
            Ok(format!("the meeting's list is signed off by {}", by.who))
        }
    }
}

/// What checks saw of plots; a notice for each alarm that is new.
pub(super) fn hear(seen: &[Seen], store: &mut dyn Store, now: Timestamp) -> Vec<Notice> {
    match alarms::hear(store, seen, now) {
        Ok(raised) => {
            raised.iter().map(|alarm| Notice::Refused(format!("ALARM: {} is BAD: {}", alarm.id, alarm.body.says))).collect()
        }
        // It is tried again with the next look; a book that is away has its own banner.
        Err(error) => {
            tracing::warn!("alarms not recorded: {error}");
            Vec::new()
        }
    }
}

fn mail_aside(problem: Standing<Problem>, workspace: Workspace, now: Timestamp, notices: Sender<Notice>) {
    let tell = move || {
        let told = mail_urgent(&problem, &workspace, now);
        let words = format!("urgent problem {} {}", problem.id, told.words());
        let notice = if let Told::Failed(_) = told { Notice::Refused(words) } else { Notice::Done(words) };
        if notices.try_send(notice).is_err() {
            tracing::warn!("a notice on an urgent problem was dropped: nobody reads them");
        }
    };
    if let Err(error) = thread::Builder::new().name("dqmon-urgent".into()).spawn(tell) {
        tracing::error!("an urgent problem was not told by mail: thread not started: {error}");
    }
}
