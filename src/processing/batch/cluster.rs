//! A batch system of a farm: jobs that wait for their turn on other machines.
//!
//! What it says is looked at last. A job's lock and its end mark stand on the shared disk; they say that it runs and that it has
//! ended. The batch system is asked about the rest: whether a job still waits, and whether one that left no mark is over. While
//! it can't be asked, such a job's state is not known, and nothing is submitted again.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::asker::{Account, Answer, Asker};
use super::calls::{Call, CallError, Said};
use super::dialect::{Dialect, Given, Limits, Ticket};
use super::lock::{self, LockSeen};
use super::ticket::{ticket_name, ticket_script};
use super::word::{BatchWord, Phase, that_counts};
use super::{Batch, BatchError, EndMark, JobOrder, JobSeen, failed};
use crate::processing::durable;

/// Longest that the caller waits for a command.
const PATIENCE: Duration = Duration::from_secs(1);

/// Longest that giving or ending a job may take; the caller has long gone on then.
const LONGEST_DEED: Duration = Duration::from_secs(60);

/// How far a batch system's clock may be behind ours.
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(10);

/// How a farm is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// Jobs that it is given at once.
    pub slots: usize,
    /// Time between two questions.
    pub every: Duration,
    /// Time after which a job that left nothing is gone.
    pub grace: Duration,
    /// What a job may use.
    pub limits: Limits,
}

/// A batch system of a farm.
pub struct Cluster {
    program: PathBuf,
    dialect: Arc<dyn Dialect>,
    its_use: Use,
    asker: Asker,
    tickets: Arc<Mutex<HashMap<String, TicketState>>>,
    seen: Mutex<Seen>,
}

/// What is remembered of jobs by name, until they are over.
#[derive(Debug, Default)]
struct Seen {
    /// Jobs that a list had at some time.
    listed: HashSet<String>,
    /// Since when a job looks as if it were over.
    over_since: HashMap<String, Instant>,
    /// Jobs of unknown fate that a person gave up.
    given_up: HashSet<String>,
}

/// How far a ticket has come in this life of the backend.
#[derive(Debug, Clone, PartialEq, Eq)]
enum TicketState {
    /// The batch system has been given it and has not answered.
    OnItsWay,
    /// It took it, at this moment at the latest.
    Accepted(Instant),
    /// It did not say.
    Unclear(Instant, String),
}

/// What there is to judge a job by when lock and end mark are silent.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts<'a> {
    /// The batch system's word.
    pub word: Option<&'a BatchWord>,
    /// It is known to have been given to the batch system, or to have run.
    pub was_given: bool,
    /// The batch system is known to have had it.
    pub was_listed: bool,
    /// A person said that it is over.
    pub is_given_up: bool,
    /// It has looked as if it were over for as long as it takes.
    pub is_past_grace: bool,
}

/// What a job is, judged by the batch system's word alone.
#[must_use]
pub fn judged(facts: &Facts) -> JobSeen {
    match facts.word {
        Some(word) => match word.phase {
            Phase::Queued => JobSeen::Queued,
            Phase::Held => JobSeen::Held(format!("held by the batch system: {}", word.words())),
            Phase::Ended if facts.is_past_grace => JobSeen::Gone,
            // Over but a moment ago: a shared disk may show the mark late.
            Phase::Running | Phase::Ended => JobSeen::Running,
        },
        None if facts.is_given_up => JobSeen::Gone,
        // Some batch systems forget a job as soon as it ends.
        None if facts.was_given && !facts.is_past_grace => {
            if facts.was_listed {
                JobSeen::NotYetKnown
            } else {
                JobSeen::Queued
            }
        }
        None if facts.was_given && !facts.was_listed => JobSeen::Gone,
        None if facts.was_given => JobSeen::Unknown(
            "the batch system no longer knows this job, nothing of it runs, and it left no end mark: cancel it, then resubmit"
                .into(),
        ),
        None => JobSeen::NotStarted,
    }
}

impl Cluster {
    /// A batch system whose jobs are started with a dqmon program.
    pub fn new(program: PathBuf, dialect: Arc<dyn Dialect>, its_use: Use) -> Self {
        Cluster {
            program,
            asker: Asker::new(Arc::clone(&dialect), its_use.every),
            dialect,
            its_use,
            tickets: Arc::default(),
            seen: Mutex::default(),
        }
    }

    fn tickets(&self) -> MutexGuard<'_, HashMap<String, TicketState>> {
        self.tickets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the script that the batch system starts.
    fn write_ticket(&self, order: &JobOrder) -> Result<Ticket, BatchError> {
        let folder = order.script.parent().unwrap_or(&order.work).to_owned();
        let name = ticket_name(order);
        let ticket = Ticket { file: format!("{name}.{}", self.dialect.name()), folder, name };
        for folder in [Some(ticket.folder.as_path()), order.log.parent()].into_iter().flatten() {
            durable::create_folders(folder).map_err(failed("folder not made", folder))?;
        }
        let path = ticket.folder.join(&ticket.file);
        let script = ticket_script(&self.program, order, self.dialect.name(), self.its_use.limits);
        durable::write_whole_as(&path, &script, Some(0o755)).map_err(failed("batch script not written", &path))?;
        Ok(ticket)
    }

    /// What the batch system's list says of a job: of its very name, and not older than the job.
    fn word_in(words: Option<&Vec<BatchWord>>, order: &JobOrder) -> Option<BatchWord> {
        let is_of_it = |submitted: Timestamp| submitted.duration_since(order.submitted) >= -CLOCKS_APART;
        let of_it = words.into_iter().flatten().filter(|word| word.submitted.is_none_or(is_of_it)).cloned();
        that_counts(&of_it.collect::<Vec<_>>()).cloned()
    }

    /// Since when the batch system's answers count for a job, or what is to be said before it has answered.
    fn answers_since(&self, name: &str) -> Result<Option<Instant>, JobSeen> {
        match self.tickets().get(name) {
            None => Ok(None),
            Some(TicketState::OnItsWay) => Err(JobSeen::NotYetKnown),
            Some(TicketState::Accepted(at)) => Ok(Some(*at)),
            // The controller may yet be busy with it.
            Some(TicketState::Unclear(at, why)) if at.elapsed() < self.its_use.grace => {
                Err(JobSeen::Unknown(format!("it is not known whether the batch system took it: {why}")))
            }
            Some(TicketState::Unclear(at, _)) => Ok(Some(*at + self.its_use.grace)),
        }
    }

    /// What the batch system says, when lock and mark have said nothing.
    fn ask(&self, order: &JobOrder, was_started: bool) -> JobSeen {
        let name = ticket_name(order);
        let since = self.answers_since(&name);
        // A job in the list is one that was taken, whatever was said of it.
        let early = since.as_ref().is_err();
        let table = match self.asker.answer(since.clone().unwrap_or(None)) {
            Answer::Jobs(table) => table,
            Answer::Fault(why) => return JobSeen::Unknown(format!("the batch system can't be asked: {why}")),
            Answer::Awaited => {
                let is_accepted = matches!(self.tickets().get(&name), Some(TicketState::Accepted(_)));
                let is_new = is_accepted && !self.seen().listed.contains(&name);
                return if is_new { JobSeen::Queued } else { JobSeen::NotYetKnown };
            }
        };
        let mut word = Self::word_in(table.get(&name), order);
        let ticket = self.tickets().get(&name).cloned();
        if word.is_some() {
            self.seen().listed.insert(name.clone());
            if !matches!(ticket, Some(TicketState::Accepted(_))) {
                self.tickets().insert(name.clone(), TicketState::Accepted(Instant::now()));
            }
        } else if early {
            return since.err().unwrap_or(JobSeen::NotYetKnown);
        } else if matches!(ticket, Some(TicketState::Unclear(..))) {
            self.tickets().remove(&name);
        }
        let is_accepted = matches!(ticket, Some(TicketState::Accepted(_)));
        let was_given = is_accepted || was_started || order.batch_id.is_some();
        let was_listed = self.seen().listed.contains(&name) || was_started || (order.batch_id.is_some() && !is_accepted);
        if word.is_none() && was_given && was_listed {
            match self.asker.account(&name) {
                Account::Awaited => return JobSeen::NotYetKnown,
                Account::Nothing => {}
                Account::Ended(ended) => word = Some(*ended),
            }
        }
        let looks_over = word.as_ref().map_or(was_given, |word| word.phase == Phase::Ended);
        if !looks_over {
            self.seen().over_since.remove(&name);
        }
        let is_past_grace =
            looks_over && self.seen().over_since.entry(name.clone()).or_insert_with(Instant::now).elapsed() >= self.its_use.grace;
        let is_given_up = self.seen().given_up.contains(&name);
        judged(&Facts { word: word.as_ref(), was_given, was_listed, is_given_up, is_past_grace })
    }

    /// Runs a command that changes something on a thread of its own; the outcome, when it comes soon.
    fn do_aside(call: Call, then: impl FnOnce(&Result<Said, CallError>) + Send + 'static) -> Option<Result<Said, CallError>> {
        let (to, from) = mpsc::channel();
        std::thread::spawn(move || {
            let outcome = call.run(LONGEST_DEED);
            then(&outcome);
            let _ = to.send(outcome);
        });
        from.recv_timeout(PATIENCE).ok()
    }

    fn no_answer(&self, why: impl Into<String>) -> BatchError {
        BatchError::NoAnswer { system: self.dialect.name(), why: why.into() }
    }
}

impl Batch for Cluster {
    fn name(&self) -> &'static str {
        self.dialect.name()
    }

    fn slots(&self) -> usize {
        self.its_use.slots
    }

    fn fault(&self) -> Option<String> {
        self.asker.fault()
    }

    fn has_queue(&self) -> bool {
        true
    }

    fn submit(&self, order: &JobOrder) -> Result<String, BatchError> {
        if matches!(lock::seen(&order.lock)?, LockSeen::Held(_)) {
            return Err(BatchError::StillThere { lock: order.lock.clone() });
        }
        let ticket = self.write_ticket(order)?;
        let name = ticket.name.clone();
        if self.tickets().contains_key(&name) {
            return Err(self.no_answer("the job was given to it before; its list of jobs will say what became of that"));
        }
        self.tickets().insert(name.clone(), TicketState::OnItsWay);
        let (tickets, dialect) = (Arc::clone(&self.tickets), Arc::clone(&self.dialect));
        let outcome = Self::do_aside(self.dialect.submit(&ticket), move |outcome| {
            let state = match given(&*dialect, outcome) {
                Given::Accepted(_) => Some(TicketState::Accepted(Instant::now())),
                Given::Unclear(why) => Some(TicketState::Unclear(Instant::now(), why)),
                Given::Refused(_) => None,
            };
            let mut tickets = tickets.lock().unwrap_or_else(PoisonError::into_inner);
            match state {
                Some(state) => drop(tickets.insert(name, state)),
                None => drop(tickets.remove(&name)),
            }
        });
        let Some(outcome) = outcome else { return Err(self.no_answer("it has not said yet whether it took the job")) };
        match given(&*self.dialect, &outcome) {
            Given::Accepted(id) => Ok(id),
            Given::Unclear(why) => Err(self.no_answer(why)),
            Given::Refused(why) => Err(BatchError::Refused { system: self.dialect.name(), why }),
        }
    }

    fn look(&self, order: &JobOrder) -> Result<JobSeen, BatchError> {
        // The lock before the mark: a job writes its mark while it holds the lock.
        let lock = lock::seen(&order.lock)?;
        let is_ours = |holder: &Option<lock::Holder>| holder.as_ref().is_some_and(|holder| holder.attempt == order.attempt);
        if matches!(&lock, LockSeen::Held(holder) if is_ours(holder)) {
            return Ok(JobSeen::Running);
        }
        if let Some(mark) = EndMark::of(&order.mark, &order.name, order.attempt) {
            return Ok(JobSeen::Ended(Box::new(mark)));
        }
        let was_started = matches!(&lock, LockSeen::Free(holder) if is_ours(holder));
        Ok(self.ask(order, was_started))
    }

    fn cancel(&self, order: &JobOrder) -> Result<(), BatchError> {
        let name = ticket_name(order);
        let seen = self.look(order)?;
        let table = match self.asker.answer(None) {
            Answer::Jobs(table) => table,
            Answer::Fault(why) => return Err(self.no_answer(why)),
            Answer::Awaited => return Err(self.no_answer("it is being asked which jobs it has")),
        };
        let words = table.get(&name).map(Vec::as_slice).unwrap_or_default();
        let mut ids: Vec<String> = words.iter().filter(|word| word.phase != Phase::Ended).map(|word| word.id.clone()).collect();
        if ids.is_empty() && matches!(seen, JobSeen::Queued | JobSeen::Held(_) | JobSeen::Running | JobSeen::NotYetKnown) {
            // Given since the list was made: the batch system's own name for it ends it, where that is known already.
            ids.extend(order.batch_id.clone());
            if ids.is_empty() {
                return Err(self.no_answer("it has not said yet under which name it has the job"));
            }
        }
        if ids.is_empty() {
            // It may have taken the job all the same, and list it in a moment.
            if let Err(JobSeen::Unknown(why)) = self.answers_since(&name) {
                return Err(self.no_answer(why));
            }
            // Asked whether it is to be given up, a person said so.
            if matches!(seen, JobSeen::Unknown(_)) {
                self.seen().given_up.insert(name);
            }
            return Ok(());
        }
        match Self::do_aside(self.dialect.cancel(&ids), |_| ()) {
            Some(Ok(said)) if said.status == Some(0) => Ok(()),
            Some(Ok(said)) => Err(self.no_answer(said.words())),
            Some(Err(error)) => Err(self.no_answer(error.to_string())),
            None => Err(self.no_answer("it has not said yet whether it ended the job")),
        }
    }

    fn forget(&self, order: &JobOrder) {
        let name = ticket_name(order);
        self.tickets().remove(&name);
        let mut seen = self.seen();
        seen.listed.remove(&name);
        seen.over_since.remove(&name);
        seen.given_up.remove(&name);
        drop(seen);
        self.asker.forget(&name);
    }

    fn word(&self, order: &JobOrder) -> Option<BatchWord> {
        let name = ticket_name(order);
        let listed = self.asker.newest().and_then(|table| Self::word_in(table.get(&name), order));
        listed.or_else(|| match self.asker.account(&name) {
            Account::Ended(word) => Some(*word),
            Account::Awaited | Account::Nothing => None,
        })
    }
}

/// What came of giving a job.
fn given(dialect: &dyn Dialect, outcome: &Result<Said, CallError>) -> Given {
    match outcome {
        Ok(said) => dialect.submitted(said),
        Err(error @ CallError::NotStarted { .. }) => Given::Refused(error.to_string()),
        Err(error @ CallError::TooLong { .. }) => Given::Unclear(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn a_word() -> impl Strategy<Value = BatchWord> {
        let phase = prop::sample::select(vec![Phase::Ended, Phase::Held, Phase::Queued, Phase::Running]);
        phase.prop_map(|phase| BatchWord {
            id: "7".into(),
            phase,
            state: "X".into(),
            cause: None,
            reason: None,
            node: None,
            submitted: None,
        })
    }

    proptest! {
        #[test]
        fn nothing_is_gone_before_its_time_and_nothing_that_was_given_is_given_again(
            word in prop::option::of(a_word()),
            (was_given, was_listed, is_given_up, is_past_grace) in any::<(bool, bool, bool, bool)>(),
        ) {
            let seen = judged(&Facts { word: word.as_ref(), was_given, was_listed, is_given_up, is_past_grace });
            if seen == JobSeen::Gone {
                prop_assert!(is_past_grace || is_given_up);
                prop_assert!(word.is_none_or(|word| word.phase == Phase::Ended), "gone while the batch system has it");
            } else if seen == JobSeen::NotStarted {
                prop_assert!(word.is_none() && !was_given, "given again");
            } else if matches!(seen, JobSeen::Unknown(_)) {
                prop_assert!(word.is_none() && was_given && was_listed);
            }
            prop_assert!(!matches!(seen, JobSeen::Ended(_)), "a word is no proof of an end");
        }
    }
}
