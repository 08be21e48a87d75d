//! What may happen to a group of files that are analysed together.

use jiff::Timestamp;

use super::{LOST_JOBS_ALLOWED, NotAllowed, why_lost};
use crate::bookkeeping::{GroupRecord, GroupStep, JobKind, TaskPhase, TaskStep};

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
    /// A person wants it made again after it failed.
    Resubmitted,
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
            GroupEvent::Resubmitted => "analysis_resubmitted",
        }
    }
}

/// The analyses of a new group, in the order they are made.
#[must_use]
pub fn group_tasks() -> Vec<TaskStep> {
    [JobKind::Pedestals, JobKind::Purity, JobKind::Gain, JobKind::Events, JobKind::Noise]
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
        (P::Failed, GroupEvent::Resubmitted) => {
            (task.reason, task.lost) = (None, 0);
            P::Waiting
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
