//! What the backend says of itself, for the window and for people: its watcher, its batch system, its copies, its mail, and what
//! it could not do.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::jobs::{JobKey, LONG_DEED};
use super::put_off::put_off_states;
use super::{Backend, ProcessingError};
use crate::bookkeeping::{BackendState, CopyState, FailureClass, JobState, PutOffState, Row, WatcherState};
use crate::processing::mail::Failure;

/// Time between two looks whether there is something new to say.
const LOOK: Duration = Duration::from_secs(1);

/// What has not changed is said again after this time: it is a sign of life.
const SAID_AGAIN_S: f64 = 5.0;

impl Backend<'_> {
    /// Writes into the book what the backend says of itself, when that has changed or was said long ago.
    pub(super) fn say_state(&mut self, now: Instant) -> Result<(), ProcessingError> {
        if self.next_state.is_some_and(|at| now < at) {
            return Ok(());
        }
        self.next_state = Some(now + LOOK);
        let state = self.state_at(Timestamp::now());
        let is_same = |said: &BackendState| BackendState { at: state.at, ..said.clone() } == state;
        let is_young = |said: &BackendState| state.at.duration_since(said.at).as_secs_f64().abs() < SAID_AGAIN_S;
        if self.said.as_ref().is_some_and(|said| is_same(said) && is_young(said)) {
            return Ok(());
        }
        self.store.record(Some(self.lease.token()), &[], &[Row::Backend(state.clone())])?;
        self.said = Some(state);
        Ok(())
    }

    fn state_at(&self, at: Timestamp) -> BackendState {
        let farm = self.desk.under_way().map(|(file, copy)| (file.to_string(), copy));
        let central = self.central_desk.under_way().map(|((file, _), copy)| (format!("central copy of {file}"), copy));
        let copies = farm.chain(central).map(|(subject, copy)| CopyState {
            subject,
            to: copy.order.to.to_string(),
            size_bytes: copy.order.size_bytes,
            done_bytes: copy.done_bytes,
        });
        BackendState {
            at,
            watcher: WatcherState { open_files: self.intake.count_open() as u64, ..self.watcher.clone() },
            batch: self.batch.name().to_owned(),
            batch_fault: self.batch.fault(),
            mail: self.workspace.settings.mail.is_on().then(|| self.mail.state()),
            copies: copies.collect(),
            put_off: put_off_states(&self.put_off).into_iter().chain(self.long_deeds(LONG_DEED)).collect(),
        }
    }

    /// Deeds for jobs that were begun this long ago and have not ended: a disk or a batch system may hang.
    pub(super) fn long_deeds(&self, time: Duration) -> Vec<PutOffState> {
        let told = |((name, _), since): (&JobKey, Timestamp)| {
            let job = self.shift.jobs.get(name);
            let subject = job.and_then(|job| Some(format!("{}-p{}", job.file?, job.processing.0)));
            let what = match job.map(|job| job.state) {
                Some(JobState::Done) => "checking",
                _ => "giving to the batch system",
            };
            PutOffState {
                subject: format!("{what} of {}", subject.as_ref().unwrap_or(name)),
                why: format!("under way since {since:.0} and not over; what it works on may hang"),
                tries: 1,
                since,
            }
        };
        self.deeds.begun_for(time).map(told).collect()
    }

    /// Takes a failure to the report and to whoever gets mail. Before it is stored: killed between the two, it is told twice, and
    /// not never.
    pub(super) fn tell_failure(&mut self, subject: &str, class: FailureClass, reason: String) {
        self.mail.tell(Failure { at: Timestamp::now(), subject: subject.to_owned(), class, reason });
        self.report.failures += 1;
    }

    /// Moves the mail on and tells what came of it.
    pub(super) fn move_mail(&mut self) {
        for news in self.mail.tick(Timestamp::now()) {
            self.tell(&"mail", news.word, Some(news.detail));
        }
    }
}
