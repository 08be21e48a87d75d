//! What may happen to a raw file and to a group, as pure functions: state and event in, next state out.
//!
//! The backend stores the next state before it does what that state names, so after a kill at any instant the book says what
//! was under way. Nothing here looks at a clock, a disk or a process.

use jiff::Timestamp;
use monitasks::vocab::Group;

use crate::bookkeeping::{FailureClass, FileRecord, FileStep, GroupRecord, GroupStep, JobKind, TaskPhase, TaskStep};

/// A job that goes away without an end mark is started again; after this many times in a row its file or analysis has failed.
pub const LOST_JOBS_ALLOWED: u32 = 3;

/// Something that happened to a raw file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileEvent {
    /// Its copy is about to begin.
    CopyStarted,
    /// The DAQ went on writing before or while it was copied; a copy that was begun was thrown away.
    SourceChanged {
        /// Its size now.
        size_bytes: u64,
        /// When it was written last.
        daq_closed: Timestamp,
    },
    /// Its source was a piece when it was copied and has grown since; the piece was set aside, it is taken in again.
    TakenAgain {
        /// Its size now.
        size_bytes: u64,
        /// When it was written last.
        daq_closed: Timestamp,
    },
    /// It stands in the storage.
    Copied {
        /// Its size.
        size_bytes: u64,
        /// Adler-32 of its bytes.
        adler32: u32,
    },
    /// Log lines and queue entry stand.
    Queued,
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
        /// What a person should look at, though it does no harm to the file.
        finding: Option<String>,
    },
    /// It was put into a group.
    Grouped(Group),
    /// Its group is done.
    Analysed {
        /// What of it failed.
        fault: Option<String>,
    },
    /// Something went wrong.
    Failed {
        /// What kind.
        class: FailureClass,
        /// Why.
        reason: String,
    },
    /// A person wants it processed again.
    Resubmitted,
    /// A file of the same name and other content came and was refused.
    OtherContent {
        /// Its size.
        size_bytes: u64,
        /// When it was written.
        written: Timestamp,
    },
}

/// An event that can't happen in that state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} can't follow '{state}': {subject}")]
pub struct NotAllowed {
    /// The event.
    pub what: String,
    /// The state.
    pub state: &'static str,
    /// The file or group.
    pub subject: String,
}

impl FileEvent {
    /// The word in the story.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            FileEvent::CopyStarted => "copy_started",
            FileEvent::SourceChanged { .. } => "source_changed",
            FileEvent::TakenAgain { .. } => "taken_again",
            FileEvent::Copied { .. } => "copied",
            FileEvent::Queued => "queued",
            FileEvent::Allotted => "job_allotted",
            FileEvent::Submitted => "job_submitted",
            FileEvent::JobEnded => "job_ended",
            FileEvent::JobGone { .. } => "job_gone",
            FileEvent::Accepted { .. } => "accepted",
            FileEvent::Grouped(_) => "grouped",
            FileEvent::Analysed { .. } => "analysed",
            FileEvent::Failed { .. } => "failed",
            FileEvent::Resubmitted => "resubmitted",
            FileEvent::OtherContent { .. } => "other_content_refused",
        }
    }
}

/// Why a file or an analysis fails whose job went away again and again.
fn why_lost(times: u32, last_words: Option<&str>) -> String {
    let told = last_words.map_or_else(|| "its log is empty".to_owned(), |words| format!("its log ends with: {words}"));
    format!("its job went away without an end mark {times} times in a row; {told}")
}

/// The state of a file after an event.
///
/// # Errors
/// When the event can't happen in that state.
pub fn next_file(file: &FileRecord, event: &FileEvent, at: Timestamp) -> Result<FileRecord, NotAllowed> {
    use FileStep as S;
    let mut next = FileRecord { since: at, ..file.clone() };
    next.step = match (file.step, event) {
        (S::Arrived, FileEvent::CopyStarted) => S::Copying,
        (S::Arrived | S::Copying, FileEvent::SourceChanged { size_bytes, daq_closed }) => {
            (next.size_bytes, next.daq_closed) = (*size_bytes, *daq_closed);
            S::Arrived
        }
        (S::Copying, FileEvent::Copied { size_bytes, adler32 }) => {
            (next.size_bytes, next.adler32) = (*size_bytes, Some(*adler32));
            S::Copied
        }
        (S::Copied, FileEvent::Queued) => S::Queued,
        (S::Queued, FileEvent::Allotted) => {
            next.attempt += 1;
            S::Submitting
        }
        (S::Submitting, FileEvent::Submitted) => S::Running,
        (S::Submitting | S::Running, FileEvent::JobEnded) => {
            next.lost = 0;
            S::Ended
        }
        (S::Submitting | S::Running, FileEvent::JobGone { last_words }) => {
            next.lost += 1;
            if next.lost < LOST_JOBS_ALLOWED {
                S::Queued
            } else {
                next.failure = Some(FailureClass::Lost);
                next.reason = Some(why_lost(next.lost, last_words.as_deref()));
                S::Failed
            }
        }
        (S::Ended, FileEvent::Accepted { events, finding }) => {
            next.reason.clone_from(finding);
            (next.events, next.accepted) = (Some(*events), Some(at));
            S::Reconstructed
        }
        (S::Reconstructed, FileEvent::Grouped(group)) => {
            next.group = Some(*group);
            S::Grouped
        }
        (S::Grouped, FileEvent::Analysed { fault }) => {
            // A finding of its reconstruction stays told.
            next.reason = fault.clone().or(next.reason);
            S::Analysed
        }
        (step, FileEvent::Failed { class, reason }) if !matches!(step, S::Failed | S::Analysed | S::Reconstructed) => {
            (next.failure, next.reason) = (Some(*class), Some(reason.clone()));
            S::Failed
        }
        (S::Failed, FileEvent::Resubmitted) => {
            (next.failure, next.reason, next.lost) = (None, None, 0);
            (next.events, next.accepted, next.group) = (None, None, None);
            // A file that stands in the storage is not copied a second time.
            if file.adler32.is_some() { S::Copied } else { S::Arrived }
        }
        (S::Failed, FileEvent::TakenAgain { size_bytes, daq_closed }) => {
            (next.failure, next.reason, next.lost) = (None, None, 0);
            (next.events, next.accepted, next.group) = (None, None, None);
            (next.size_bytes, next.daq_closed, next.adler32) = (*size_bytes, *daq_closed, None);
            S::Arrived
        }
        (step, FileEvent::OtherContent { size_bytes, written }) if file.refused != Some((*size_bytes, *written)) => {
            (next.refused, next.since) = (Some((*size_bytes, *written)), file.since);
            step
        }
        _ => {
            let (what, state, subject) = (event.word().into(), file.step.word(), file.file.to_string());
            return Err(NotAllowed { what, state, subject });
        }
    };
    Ok(next)
}

/// Whether nothing more happens to a file of itself.
#[must_use]
pub fn is_final(step: FileStep) -> bool {
    matches!(step, FileStep::Analysed | FileStep::Failed)
}

/// Something that happened to one analysis of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupEvent {
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
    /// Its results stand in `results/`.
    Placed {
        /// Where, relative to the workspace.
        results: Vec<String>,
    },
    /// It failed.
    Failed {
        /// Why.
        reason: String,
    },
}

impl GroupEvent {
    /// The word in the story.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            GroupEvent::Allotted => "job_allotted",
            GroupEvent::Submitted => "job_submitted",
            GroupEvent::JobEnded => "job_ended",
            GroupEvent::JobGone { .. } => "job_gone",
            GroupEvent::Placed { .. } => "results_placed",
            GroupEvent::Failed { .. } => "analysis_failed",
        }
    }
}

/// The analyses of a new group, in the order they are made.
#[must_use]
pub fn group_tasks() -> Vec<TaskStep> {
    [JobKind::Pedestals, JobKind::Purity, JobKind::Gain]
        .map(|kind| TaskStep { kind, phase: TaskPhase::Waiting, attempt: 0, lost: 0, reason: None })
        .to_vec()
}

/// The state of a group after an event of one of its analyses.
///
/// # Errors
/// When the event can't happen in that state.
pub fn next_group(group: &GroupRecord, kind: JobKind, event: &GroupEvent, at: Timestamp) -> Result<GroupRecord, NotAllowed> {
    use TaskPhase as P;
    let mut next = group.clone();
    let subject = || format!("{} of {}", kind.word(), group.name());
    let Some(task) = next.tasks.iter_mut().find(|task| task.kind == kind) else {
        return Err(NotAllowed { what: event.word().into(), state: "not in the group", subject: subject() });
    };
    task.phase = match (task.phase, event) {
        (P::Waiting, GroupEvent::Allotted) => {
            task.attempt += 1;
            P::Submitting
        }
        (P::Submitting, GroupEvent::Submitted) => P::Running,
        (P::Submitting | P::Running, GroupEvent::JobEnded) => {
            task.lost = 0;
            P::Ended
        }
        (P::Submitting | P::Running, GroupEvent::JobGone { last_words }) => {
            task.lost += 1;
            if task.lost < LOST_JOBS_ALLOWED {
                P::Waiting
            } else {
                task.reason = Some(why_lost(task.lost, last_words.as_deref()));
                P::Failed
            }
        }
        (P::Ended, GroupEvent::Placed { results }) => {
            for result in results.iter().filter(|result| !group.results.contains(result)) {
                next.results.push(result.clone());
            }
            P::Done
        }
        (phase, GroupEvent::Failed { reason }) if !matches!(phase, P::Done | P::Failed) => {
            task.reason = Some(reason.clone());
            P::Failed
        }
        (phase, _) => return Err(NotAllowed { what: event.word().into(), state: phase.word(), subject: subject() }),
    };
    let step = step_of_group(&next.tasks);
    if step != next.step {
        (next.step, next.since) = (step, at);
    }
    Ok(next)
}

/// A group is under way while one of its analyses is.
fn step_of_group(tasks: &[TaskStep]) -> GroupStep {
    if tasks.iter().any(|task| !matches!(task.phase, TaskPhase::Done | TaskPhase::Failed)) {
        GroupStep::Analysing
    } else if tasks.iter().any(|task| task.phase == TaskPhase::Failed) {
        GroupStep::Failed
    } else {
        GroupStep::Done
    }
}

/// What an analysis needs before it may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// It may start.
    Ready,
    /// The analysis it needs is under way.
    Waits,
    /// The analysis it needs failed.
    Never,
}

/// Whether an analysis may start: the gain corrects charges with the lifetime that purity measured.
#[must_use]
pub fn readiness(group: &GroupRecord, kind: JobKind) -> Readiness {
    let purity = group.tasks.iter().find(|task| task.kind == JobKind::Purity).map(|task| task.phase);
    match (kind, purity) {
        (JobKind::Gain, Some(TaskPhase::Failed) | None) => Readiness::Never,
        (JobKind::Gain, Some(phase)) if phase != TaskPhase::Done => Readiness::Waits,
        _ => Readiness::Ready,
    }
}

#[cfg(test)]
#[path = "steps_tests.rs"]
mod tests;
