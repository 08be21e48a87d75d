//! What may happen to a raw file in one processing.

use jiff::Timestamp;
use monitasks::vocab::Group;

use super::{LOST_JOBS_ALLOWED, NotAllowed, why_lost};
use crate::bookkeeping::{FailureClass, PassRecord, PassStep};

/// Something that happened to a file's pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PassEvent {
    /// Nothing holds it any more.
    Released,
    /// A person holds it.
    HeldBack {
        /// By whom.
        who: String,
    },
    /// Its raw file is taken in again: what was made of the piece counts no more.
    FileTakenAgain,
    /// The next attempt is allotted.
    Allotted,
    /// Its job was given to the batch system.
    Submitted,
    /// Its job ended well.
    JobEnded,
    /// Its job went away without an end mark.
    JobGone {
        /// What stands last in its log.
        last_words: Option<String>,
    },
    /// Its reconstructed file stands in the storage.
    Accepted {
        /// Events in it.
        events: u64,
        /// Matched tracks in it.
        tracks: u64,
        /// What a person should look at, though it does no harm to the file.
        finding: Option<String>,
    },
    /// It was put into a group.
    Grouped(Group),
    /// Its group is made again.
    Regrouped,
    /// Its group is done.
    Analysed {
        /// What of it failed.
        fault: Option<String>,
    },
    /// Something went wrong.
    Failed {
        /// What kind of failure.
        class: FailureClass,
        /// Why.
        reason: String,
        /// When it is tried again without anybody asking.
        retry_at: Option<Timestamp>,
    },
    /// The time came to try it again.
    Retried,
    /// A person wants it processed again.
    Resubmitted,
}

impl PassEvent {
    /// The word in the story.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            PassEvent::Released => "queued",
            PassEvent::HeldBack { .. } => "held_back",
            PassEvent::FileTakenAgain => "waits_for_its_file",
            PassEvent::Allotted => "job_allotted",
            PassEvent::Submitted => "job_submitted",
            PassEvent::JobEnded => "job_ended",
            PassEvent::JobGone { .. } => "job_gone",
            PassEvent::Accepted { .. } => "accepted",
            PassEvent::Grouped(_) => "grouped",
            PassEvent::Regrouped => "grouped_again",
            PassEvent::Analysed { .. } => "analysed",
            PassEvent::Failed { .. } => "failed",
            PassEvent::Retried => "tried_again",
            PassEvent::Resubmitted => "resubmitted",
        }
    }
}

/// The state of a pass after an event.
///
/// # Errors
/// When the event can't happen in that state.
pub fn next_pass(pass: &PassRecord, event: &PassEvent, at: Timestamp) -> Result<PassRecord, NotAllowed> {
    let mut next = PassRecord { since: at, ..pass.clone() };
    let step = after_wait(&mut next, event).or_else(|| after_job(&mut next, event, at)).or_else(|| after_group(&mut next, event));
    match step.or_else(|| after_failure(&mut next, event)) {
        Some(step) => Ok(PassRecord { step, ..next }),
        None => Err(NotAllowed { what: event.word().into(), state: pass.step.word(), subject: pass.name() }),
    }
}

/// Where an event leads that begins or ends a wait; none when it is no such event of that state.
fn after_wait(next: &mut PassRecord, event: &PassEvent) -> Option<PassStep> {
    use PassStep as S;
    Some(match (next.step, event) {
        (S::Held, PassEvent::Released) => {
            next.held_by = None;
            S::Queued
        }
        (S::Held | S::Queued, PassEvent::HeldBack { who }) if next.held_by.is_none() => {
            next.held_by = Some(who.clone());
            S::Held
        }
        (S::Held | S::Queued | S::Failed, PassEvent::FileTakenAgain) => {
            begin_anew(next);
            next.held_by = None;
            S::Held
        }
        _ => return None,
    })
}

/// Where news of its job leads; none when it is no such event of that state.
fn after_job(next: &mut PassRecord, event: &PassEvent, at: Timestamp) -> Option<PassStep> {
    use PassStep as S;
    Some(match (next.step, event) {
        (S::Queued, PassEvent::Allotted) => {
            next.attempt += 1;
            S::Submitting
        }
        (S::Submitting, PassEvent::Submitted) => S::Running,
        (S::Submitting | S::Running, PassEvent::JobEnded) => {
            next.lost = 0;
            S::Ended
        }
        (S::Submitting | S::Running, PassEvent::JobGone { last_words }) => {
            next.lost += 1;
            if next.lost < LOST_JOBS_ALLOWED {
                S::Queued
            } else {
                next.failure = Some(FailureClass::Lost);
                next.reason = Some(why_lost(next.lost, last_words.as_deref()));
                S::Failed
            }
        }
        (S::Ended, PassEvent::Accepted { events, tracks, finding }) => {
            next.reason.clone_from(finding);
            (next.events, next.tracks, next.accepted) = (Some(*events), Some(*tracks), Some(at));
            next.output_of = next.processing;
            S::Reconstructed
        }
        _ => return None,
    })
}

/// Where news of its group leads; none when it is no such event of that state.
fn after_group(next: &mut PassRecord, event: &PassEvent) -> Option<PassStep> {
    use PassStep as S;
    Some(match (next.step, event) {
        (S::Reconstructed, PassEvent::Grouped(group)) => {
            next.group = Some(*group);
            S::Grouped
        }
        (S::Grouped, PassEvent::Analysed { fault }) => {
            // A finding of its reconstruction stays told.
            next.reason = fault.clone().or(next.reason.take());
            S::Analysed
        }
        (S::Analysed | S::Failed, PassEvent::Regrouped) if next.group.is_some() => {
            (next.failure, next.reason, next.retry_at) = (None, None, None);
            S::Grouped
        }
        _ => return None,
    })
}

/// Where a failure leads, and what comes after one; none when it is no such event of that state.
fn after_failure(next: &mut PassRecord, event: &PassEvent) -> Option<PassStep> {
    use PassStep as S;
    Some(match (next.step, event) {
        (step, PassEvent::Failed { class, reason, retry_at }) if !matches!(step, S::Failed | S::Analysed | S::Reconstructed) => {
            (next.failure, next.reason, next.retry_at) = (Some(*class), Some(reason.clone()), *retry_at);
            next.held_by = None;
            S::Failed
        }
        (S::Failed, PassEvent::Retried | PassEvent::Resubmitted) => {
            next.retries = if *event == PassEvent::Retried { next.retries + 1 } else { 0 };
            begin_anew(next);
            S::Queued
        }
        _ => return None,
    })
}

/// Forgets how an earlier attempt ended, in whichever processing; attempts go on being counted.
fn begin_anew(pass: &mut PassRecord) {
    pass.output_of = pass.processing;
    (pass.failure, pass.reason, pass.lost, pass.retry_at) = (None, None, 0, None);
    (pass.events, pass.tracks, pass.accepted, pass.group) = (None, None, None, None);
}
