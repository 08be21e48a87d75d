//! What people said, as the window shows it: who is on shift, problems, alarms, known issues, the meeting's list.

use jiff::Timestamp;
use monitasks::quality::Flag;
use monitasks::vocab::{FileId, Run};

use super::Dues;

/// What people said.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PeopleShown {
    /// Who is on shift; none while the book has not been read.
    pub on_shift: Option<Vec<ShiftRow>>,
    /// The last shift that has ended.
    pub last_shift: Option<ShiftRow>,
    /// Hours that a shift is planned for.
    pub shift_length_h: f64,
    /// All problems that are open, and the last that were closed; what calls for somebody first.
    pub problems: Vec<ProblemRow>,
    /// Alarms that are not over.
    pub alarms: Vec<AlarmRow>,
    /// Known issues and masks in force.
    pub issues: Vec<IssueRow>,
    /// The meeting's list.
    pub meeting: MeetingShown,
    /// Entries that can't be read.
    pub faults: Vec<String>,
}

/// A shift.
#[derive(Debug, Clone, PartialEq)]
pub struct ShiftRow {
    /// Its id.
    pub id: String,
    /// Who.
    pub who: String,
    /// In which role.
    pub role: String,
    /// Since when.
    pub from: Timestamp,
    /// When it is to end.
    pub planned_to: Timestamp,
    /// When it ended.
    pub to: Option<Timestamp>,
    /// What the next one should know.
    pub note: String,
}

/// A problem.
#[derive(Debug, Clone, PartialEq)]
pub struct ProblemRow {
    /// Its id.
    pub id: String,
    /// The place of its newest entry in the book: what a change must have seen.
    pub seen: i64,
    /// What is wrong.
    pub what: String,
    /// In which run.
    pub run: Option<Run>,
    /// In which file.
    pub file: Option<FileId>,
    /// On which plot: task and item.
    pub item: Option<(String, String)>,
    /// All that is known of where it is, in words.
    pub place: String,
    /// `minor`, `major`, `critical`.
    pub severity: &'static str,
    /// From 0, the mildest.
    pub severity_rank: u8,
    /// Whether it is to be told at once.
    pub urgent: bool,
    /// Who sees to it.
    pub owner: Option<String>,
    /// `open`, `in work`, `closed`.
    pub state: &'static str,
    /// Whether it is not closed.
    pub is_open: bool,
    /// When it was told first.
    pub opened: Timestamp,
    /// By whom.
    pub opened_by: String,
    /// Who acknowledged it.
    pub acknowledged_by: Option<String>,
    /// Quiet until then.
    pub shelved_until: Option<Timestamp>,
    /// Books differ on it.
    pub in_conflict: bool,
    /// What was said, oldest first.
    pub story: Vec<SaidRow>,
}

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidRow {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub who: String,
    /// In which role.
    pub role: String,
    /// What was done with it: `opened`, `commented`.
    pub did: &'static str,
    /// What was said; may be empty.
    pub comment: String,
}

/// An alarm of a plot.
#[derive(Debug, Clone, PartialEq)]
pub struct AlarmRow {
    /// The plot: task and item.
    pub item: (String, String),
    /// The place of its newest entry in the book.
    pub seen: i64,
    /// `latched` or `acknowledged`.
    pub state: &'static str,
    /// What the plot said.
    pub says: String,
    /// When it was raised.
    pub raised: Timestamp,
    /// Who acknowledged it, and what was said.
    pub acknowledged: Option<String>,
    /// Quiet until then.
    pub shelved_until: Option<Timestamp>,
}

/// A known issue or mask in force.
#[derive(Debug, Clone, PartialEq)]
pub struct IssueRow {
    /// Its id.
    pub id: String,
    /// The place of its newest entry in the book.
    pub seen: i64,
    /// Whether it is a mask of channels.
    pub is_mask: bool,
    /// Where it holds, in words.
    pub scope: String,
    /// The plot `task/item`, or the task, that it holds for; none for all.
    pub item: Option<String>,
    /// The channels that it is about, first and last of each range; none where it is not about channels.
    pub channels: Vec<(u32, u32)>,
    /// The LEMs that it is about, as the result files number them, first and last of each range.
    pub lems: Vec<(u32, u32)>,
    /// First and last run that it holds for.
    pub runs: (Option<Run>, Option<Run>),
    /// Why.
    pub reason: String,
    /// Who said so.
    pub author: String,
    /// When it is in force no more.
    pub expires: Option<Timestamp>,
}

/// The meeting's list.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MeetingShown {
    /// The place of the last sign-off in the book, 0 for none.
    pub seen: i64,
    /// When and by whom the last list was signed off.
    pub since: Option<(Timestamp, String)>,
    /// Runs that nobody has decided on, the newest first.
    pub undecided: Vec<UndecidedRow>,
    /// How many there are.
    pub undecided_count: usize,
    /// How many were decided on since.
    pub decided_count: usize,
    /// What is to be done by somebody, the first due first.
    pub follow_ups: Vec<FollowUpRow>,
    /// What each subsystem has to look at.
    pub to_do: Vec<ToDoRow>,
    /// Whether `to_do` and how many runs are undecided and decided were counted yet: in a large book that takes a moment.
    pub is_counted: bool,
    /// Until when runs are to be looked at that have been processed; counted with `to_do`.
    pub dues: Dues,
}

/// A run that nobody has decided on.
#[derive(Debug, Clone, PartialEq)]
pub struct UndecidedRow {
    /// The run.
    pub run: Run,
    /// Whether it came after the last sign-off.
    pub is_new: bool,
    /// Its files, and those of them that failed.
    pub files: (usize, usize),
    /// The shift mark.
    pub mark: Option<String>,
    /// What it could be decided as.
    pub proposal: Flag,
    /// Why.
    pub because: String,
}

/// Something that is to be done.
#[derive(Debug, Clone, PartialEq)]
pub struct FollowUpRow {
    /// Its id.
    pub id: String,
    /// The place of its newest entry in the book.
    pub seen: i64,
    /// What.
    pub what: String,
    /// By whom.
    pub owner: String,
    /// Until the end of this day.
    pub due: String,
    /// Whether that day is over.
    pub is_overdue: bool,
    /// The run that it is about.
    pub run: Option<Run>,
}

/// What a subsystem has to look at until a day.
#[derive(Debug, Clone, PartialEq)]
pub struct ToDoRow {
    /// The subsystem.
    pub subsystem: String,
    /// The run cycle; empty for none.
    pub cycle: String,
    /// Until the end of this day.
    pub due: String,
    /// Whether that day is over.
    pub is_overdue: bool,
    /// How many processings.
    pub count: usize,
    /// The first of them by name, as many as a review takes at a time.
    pub names: Vec<String>,
}

impl ProblemRow {
    /// Whether everybody is to see it now.
    #[must_use]
    pub fn calls(&self, now: Timestamp) -> bool {
        self.urgent && self.is_open && self.acknowledged_by.is_none() && !is_quiet(self.shelved_until, now)
    }

    /// Whether it is to be quiet now.
    #[must_use]
    pub fn is_shelved(&self, now: Timestamp) -> bool {
        is_quiet(self.shelved_until, now)
    }
}

impl AlarmRow {
    /// Whether everybody is to see it now.
    #[must_use]
    pub fn calls(&self, now: Timestamp) -> bool {
        self.state == "latched" && !is_quiet(self.shelved_until, now)
    }
}

impl IssueRow {
    /// Whether it holds for a plot: an item of a task.
    #[must_use]
    pub fn is_about(&self, task: &str, item: &str) -> bool {
        let is_it =
            |wanted: &str| wanted == task || wanted.strip_prefix(task).and_then(|rest| rest.strip_prefix('/')) == Some(item);
        self.item.as_deref().is_none_or(is_it)
    }

    /// Whether it holds for a run at a moment.
    #[must_use]
    pub fn holds(&self, run: Run, now: Timestamp) -> bool {
        let (from, to) = self.runs;
        let is_in_force = self.expires.is_none_or(|expires| now < expires);
        is_in_force && from.is_none_or(|from| from <= run) && to.is_none_or(|to| run <= to)
    }
}

impl PeopleShown {
    /// How many problems and alarms call for somebody now.
    #[must_use]
    pub fn calls(&self, now: Timestamp) -> usize {
        let problems = self.problems.iter().filter(|problem| problem.calls(now)).count();
        problems + self.alarms.iter().filter(|alarm| alarm.calls(now)).count()
    }
}

fn is_quiet(shelved_until: Option<Timestamp>, now: Timestamp) -> bool {
    shelved_until.is_some_and(|until| now < until)
}
