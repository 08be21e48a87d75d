//! What people say by the window: shifts, problems, alarms, known issues, meetings.

use jiff::Timestamp;

pub use crate::decisions::known_issues::Scope;
pub use crate::decisions::problems::{NewProblem, Place, ProblemChange, Severity};

/// Something that a person says, by name and role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeopleCommand {
    /// By whom.
    pub who: String,
    /// In which role.
    pub role: String,
    /// What.
    pub deed: PeopleDeed,
}

/// A known issue or mask that somebody at the window tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewIssue {
    /// Whether what it is about is not judged.
    pub is_mask: bool,
    /// Where it holds.
    pub scope: Scope,
    /// Why.
    pub reason: String,
    /// When it is in force no more.
    pub expires: Option<Timestamp>,
}

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeopleDeed {
    /// Begin a shift, relieving who is on.
    BeginShift {
        /// Hours that it is planned for, in words as typed.
        hours: String,
        /// Hand-over note of the shift that is relieved.
        note: String,
    },
    /// End the shift that is on.
    EndShift {
        /// Its id.
        id: String,
        /// Hand-over note.
        note: String,
    },
    /// Tell a problem.
    TellProblem(Box<NewProblem>),
    /// Change a problem.
    ChangeProblem {
        /// Its id.
        id: String,
        /// How.
        change: ProblemChange,
        /// What is said with it.
        comment: String,
        /// The place of the entry that the person saw.
        seen: i64,
    },
    /// Acknowledge the alarm of a plot, or have it quiet until a time.
    AnswerAlarm {
        /// The plot: `purity/lifetime_trend`.
        item: String,
        /// Quiet until then; none to acknowledge it.
        until: Option<Timestamp>,
        /// What is said with it.
        comment: String,
        /// The place of the entry that the person saw.
        seen: i64,
    },
    /// Say that something is known, or that channels or LEMs are not to be judged by.
    NewIssue(Box<NewIssue>),
    /// End a known issue or mask.
    EndIssue {
        /// Its id.
        id: String,
        /// Why.
        comment: String,
        /// The place of the entry that the person saw.
        seen: i64,
    },
    /// Say that a follow-up is done.
    EndFollowUp {
        /// Its id.
        id: String,
        /// The place of the entry that the person saw.
        seen: i64,
    },
    /// Sign the meeting's list off.
    SignOff {
        /// What there is to say.
        comment: String,
        /// The place of the last sign-off that the person saw, 0 for none.
        seen: i64,
    },
}
