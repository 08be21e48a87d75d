//! What a meeting has before it: undecided runs with a proposal each, what is wrong and what is to be done, since the last
//! sign-off; and the queue of each subsystem's reviews.
//!
//! [`Meeting::of`] is pure and makes the list of what was read; [`Meeting::read`] reads all of it.

use std::collections::HashMap;

use jiff::Timestamp;
use monitasks::quality::Flag;
use monitasks::vocab::Run;
use serde::{Deserialize, Serialize};

use super::alarms::{Alarm, AlarmState};
use super::flags::badness;
use super::follow_ups::FollowUp;
use super::known_issues::KnownIssue;
use super::problems::{Problem, Severity};
use super::review_queue::{ReviewQueue, ToDo};
use super::shifts::Shift;
use super::standing::{self, Said, SayError, Signature, Standing};
use super::wording;
use crate::bookkeeping::{DecisionRecord, DecisionSubject, EntryKind, Mark, Overview, Part, Recent, Store, StoreError};
use crate::config::{MarkSettings, MeetingSettings};

/// Lines of a list that a meeting is shown; the number of all stands beside it.
pub const MOST_LINES: usize = 200;

/// The subject of all sign-offs: each takes the place of the one before.
const SUBJECT: &str = "meeting";

/// The end of a meeting's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignOff {
    /// What there is to say.
    #[serde(default)]
    pub comment: String,
    /// Runs that were left undecided.
    pub undecided: usize,
    /// Problems that were left open, by id.
    #[serde(default)]
    pub problems: Vec<String>,
}

/// What people and checks said, as far as a meeting goes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Voices {
    /// All problems.
    pub problems: Vec<Standing<Problem>>,
    /// All alarms.
    pub alarms: Vec<Standing<Alarm>>,
    /// All known issues and masks.
    pub issues: Vec<Standing<KnownIssue>>,
    /// All follow-ups.
    pub follow_ups: Vec<Standing<FollowUp>>,
    /// All shifts.
    pub shifts: Vec<Standing<Shift>>,
    /// The last sign-off.
    pub last: Option<Standing<SignOff>>,
    /// What can't be read.
    pub faults: Vec<String>,
}

/// A run that nobody has decided on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UndecidedRun {
    /// The run.
    pub run: Run,
    /// When its first file was seen.
    pub first_seen: Timestamp,
    /// Whether it came after the last sign-off; else it was left over.
    pub is_new: bool,
    /// Whether no more files are expected.
    pub has_ended: bool,
    /// Its files.
    pub files: usize,
    /// Those of them that failed.
    pub failed: usize,
    /// The shift mark.
    pub mark: Option<Mark>,
    /// What it could be decided as.
    pub proposal: Flag,
    /// Why.
    pub because: String,
}

/// A run that was decided on since the last sign-off.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DecidedRun {
    /// The run.
    pub run: Run,
    /// The flag.
    pub flag: Flag,
    /// By whom.
    pub who: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub comment: String,
}

/// What was decided since the last sign-off, and how many runs nobody has decided on.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decided {
    /// The newest of the decisions.
    pub newest: Vec<DecidedRun>,
    /// Runs that were decided on since.
    pub count: usize,
    /// Runs that nobody has decided on.
    pub undecided: usize,
}

/// What is known of a run when a decision on it is proposed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunFacts {
    /// The shift mark and the flag that it stands for.
    pub mark: Option<(Mark, Flag)>,
    /// Whether no more files are expected.
    pub has_ended: bool,
    /// Its files.
    pub files: usize,
    /// Those of them that failed.
    pub failed: usize,
    /// Results that are there.
    pub results: usize,
    /// Flags of decisions on parts of it.
    pub parts: Vec<Flag>,
    /// Severities of its open problems.
    pub problems: Vec<Severity>,
}

/// A meeting's list.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Meeting {
    /// When the list was made.
    pub at: Timestamp,
    /// The last sign-off.
    pub since: Option<Standing<SignOff>>,
    /// Runs that nobody has decided on, the newest first.
    pub undecided: Vec<UndecidedRun>,
    /// How many there are.
    pub undecided_count: usize,
    /// Runs decided on since, the newest decision first.
    pub decided: Vec<DecidedRun>,
    /// How many there are.
    pub decided_count: usize,
    /// Problems that are open, the worst first.
    pub problems: Vec<Standing<Problem>>,
    /// Problems closed since.
    pub closed: Vec<Standing<Problem>>,
    /// Alarms that are not over.
    pub alarms: Vec<Standing<Alarm>>,
    /// Known issues and masks in force.
    pub issues: Vec<Standing<KnownIssue>>,
    /// Follow-ups that are open, the first due first.
    pub follow_ups: Vec<Standing<FollowUp>>,
    /// Shifts since, the newest first.
    pub shifts: Vec<Standing<Shift>>,
    /// What each subsystem has to look at.
    pub to_do: Vec<ToDo>,
}

impl Said for SignOff {
    const KIND: EntryKind = EntryKind::SignOff;
    const NOUN: &'static str = "sign-off";
}

impl Voices {
    /// Reads the book.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn read(store: &dyn Store) -> Result<Self, StoreError> {
        let (problems, mut faults) = standing::all(store)?;
        let (alarms, of_alarms) = standing::all(store)?;
        let (issues, of_issues) = standing::all(store)?;
        let (follow_ups, of_follow_ups) = standing::all(store)?;
        let (shifts, of_shifts) = standing::all(store)?;
        let (mut signed, of_signed) = standing::all::<SignOff>(store)?;
        for more in [of_alarms, of_issues, of_follow_ups, of_shifts, of_signed] {
            faults.extend(more);
        }
        Ok(Voices { problems, alarms, issues, follow_ups, shifts, last: signed.pop(), faults })
    }
}

impl Decided {
    /// Reads what was decided since the last sign-off that `said` has; how many there are is in the queue.
    ///
    /// # Errors
    /// When the book can't be read.
    pub fn read(store: &dyn Store, said: &Voices, queue: &ReviewQueue) -> Result<Self, StoreError> {
        let since = said.last.as_ref().map_or(0, |last| last.place);
        let entries = store.newest_decided(since, MOST_LINES)?;
        // A decision that can't be read is told by the book's own check.
        let decisions = entries.iter().filter_map(|entry| DecisionRecord::of(entry).ok());
        let mut newest: Vec<DecidedRun> = decisions
            .map(|decision| DecidedRun {
                run: decision.subject.run,
                flag: decision.decision.flag,
                at: decision.at,
                comment: decision.decision.comment(),
                who: decision.who,
            })
            .collect();
        newest.sort_by_key(|row| std::cmp::Reverse(row.at));
        Ok(Decided { newest, count: queue.decided_since(since), undecided: queue.undecided() })
    }
}

impl Meeting {
    /// The list as the whole book has it.
    ///
    /// # Errors
    /// When the book can't be read.
    pub fn read(
        store: &dyn Store,
        said: &Voices,
        (marks, settings): (&MarkSettings, &MeetingSettings),
        now: Timestamp,
    ) -> Result<Meeting, StoreError> {
        let overview = store.changes_of(&Recent { newest: MOST_LINES, ..Recent::default() }, None)?.changes.now;
        let queue = ReviewQueue::read(store, marks, settings)?;
        Ok(Meeting::of(&overview, said, (Decided::read(store, said, &queue)?, queue.to_do(now)), marks, now))
    }

    /// The list. The overview is of the newest runs, with as many of the newest undecided ones as a list has lines.
    #[must_use]
    pub fn of(
        overview: &Overview,
        said: &Voices,
        (decided, to_do): (Decided, Vec<ToDo>),
        marks: &MarkSettings,
        now: Timestamp,
    ) -> Meeting {
        let since = said.last.as_ref().map(|last| last.at);
        let is_new = |at: Timestamp| since.is_none_or(|since| at > since);
        let undecided = undecided(overview, said, marks, &is_new);
        let mut problems: Vec<_> = said.problems.iter().filter(|problem| problem.body.is_open()).cloned().collect();
        problems.sort_by_key(|problem| std::cmp::Reverse((problem.body.urgent, problem.body.severity, problem.body.opened.at)));
        let closed = |problem: &&Standing<Problem>| problem.body.closed.as_ref().is_some_and(|word| is_new(word.at));
        let mut follow_ups: Vec<_> = said.follow_ups.iter().filter(|one| one.body.is_open()).cloned().collect();
        follow_ups.sort_by(|a, b| (a.body.due, &a.id).cmp(&(b.body.due, &b.id)));
        let mut shifts: Vec<_> = said.shifts.iter().filter(|shift| shift.body.to.is_none_or(is_new)).cloned().collect();
        shifts.sort_by_key(|shift| std::cmp::Reverse(shift.body.from));
        Meeting {
            at: now,
            since: said.last.clone(),
            undecided,
            undecided_count: decided.undecided,
            decided: decided.newest,
            decided_count: decided.count,
            problems,
            closed: said.problems.iter().filter(closed).cloned().collect(),
            alarms: said.alarms.iter().filter(|alarm| alarm.body.state != AlarmState::Over).cloned().collect(),
            issues: said.issues.iter().filter(|issue| issue.body.is_in_force(now)).cloned().collect(),
            follow_ups,
            shifts,
            to_do,
        }
    }

    /// The sign-off of this list.
    ///
    /// # Errors
    /// When the comment is too long.
    pub fn sign_off(&self, comment: &str) -> Result<SignOff, SayError> {
        let problems = self.problems.iter().map(|problem| problem.id.clone()).collect();
        Ok(SignOff { comment: wording::comment("the comment", comment)?, undecided: self.undecided_count, problems })
    }
}

/// Signs a meeting's list off. `seen` is the place of the sign-off that the person saw, 0 for none.
///
/// # Errors
/// When another one was signed off since, or the book can't be written.
pub fn sign_off(
    store: &mut dyn Store,
    body: &SignOff,
    by: &Signature,
    at: Timestamp,
    seen: Option<i64>,
) -> Result<Standing<SignOff>, SayError> {
    match standing::on::<SignOff>(store, SUBJECT)? {
        Some(last) => {
            standing::refuse_unseen(store, &last, seen)?;
            standing::replace(store, &last, body, by, at)
        }
        None => standing::put(store, SUBJECT, body, by, at, Vec::new()),
    }
}

/// What a run could be decided as, and why. What is not known is never OK.
#[must_use]
pub fn propose(facts: &RunFacts) -> (Flag, String) {
    let mut against: Vec<(Flag, String)> = Vec::new();
    if let Some((mark, flag)) = facts.mark.filter(|(_, flag)| !matches!(flag, Flag::Ok)) {
        against.push((flag, format!("marked {}", mark.word().replace('_', " "))));
    }
    if let Some(worst) = facts.problems.iter().max().filter(|worst| **worst > Severity::Minor) {
        let flag = if *worst == Severity::Critical { Flag::Bad } else { Flag::Maybe };
        against.push((flag, format!("a {} problem is open", worst.word())));
    }
    let bad = facts.parts.iter().filter(|flag| matches!(flag, Flag::Bad | Flag::Maybe)).count();
    if bad > 0 {
        against.push((Flag::Maybe, format!("{bad} of its parts {} BAD or MAYBE", if bad == 1 { "is" } else { "are" })));
    }
    if facts.failed > 0 {
        against.push((Flag::Maybe, format!("{} of {} files failed", facts.failed, facts.files)));
    }
    if let Some(worst) = against.iter().map(|(flag, _)| *flag).max_by_key(|flag| badness(*flag)) {
        return (worst, against.into_iter().map(|(_, why)| why).collect::<Vec<_>>().join("; "));
    }
    let why = match facts {
        RunFacts { has_ended: false, .. } => "files are still expected",
        RunFacts { results: 0, .. } => "there is no result yet",
        RunFacts { mark: None, .. } => "nothing is known against it, and nobody has marked it",
        _ => return (Flag::Ok, "marked ok, and nothing is known against it".into()),
    };
    (Flag::Unchecked, why.into())
}

fn undecided(overview: &Overview, said: &Voices, marks: &MarkSettings, is_new: &impl Fn(Timestamp) -> bool) -> Vec<UndecidedRun> {
    let mut decided: HashMap<Run, Flag> = HashMap::new();
    let mut parts: HashMap<DecisionSubject, Flag> = HashMap::new();
    for decision in &overview.said.decisions {
        match decision.subject.part {
            Part::Whole if decision.subject.is_run() => drop(decided.insert(decision.subject.run, decision.decision.flag)),
            _ => drop(parts.insert(decision.subject, decision.decision.flag)),
        }
    }
    let mut of_parts: HashMap<Run, Vec<Flag>> = HashMap::new();
    parts.iter().for_each(|(subject, flag)| of_parts.entry(subject.run).or_default().push(*flag));
    let marked: HashMap<Run, Mark> = overview.said.marks.iter().map(|mark| (mark.run, mark.mark)).collect();
    let open: Vec<&Standing<Problem>> = said.problems.iter().filter(|problem| problem.body.is_open()).collect();
    let is_undecided = |run: Run| decided.get(&run).is_none_or(|flag| *flag == Flag::Unchecked);
    let runs: Vec<_> = overview.runs.iter().filter(|run| is_undecided(run.run)).collect();
    let lines = runs.iter().rev().take(MOST_LINES).map(|record| {
        let run = record.run;
        let mark = marked.get(&run).copied().filter(|mark| *mark != Mark::Unmarked);
        let first = overview.files.partition_point(|file| file.file.run < run);
        let files: Vec<_> = overview.files[first..].iter().take_while(|file| file.file.run == run).collect();
        let first = overview.groups.partition_point(|group| group.run < run);
        let groups = overview.groups[first..].iter().take_while(|group| group.run == run);
        let facts = RunFacts {
            mark: mark.map(|mark| (mark, flag_of_mark(marks, mark))),
            has_ended: record.ended.is_some(),
            files: files.len(),
            failed: files.iter().filter(|file| overview.failure_of(file).is_some()).count(),
            results: groups.map(|group| group.results.len()).sum(),
            parts: of_parts.get(&run).cloned().unwrap_or_default(),
            problems: open
                .iter()
                .filter(|problem| problem.body.run() == Some(run))
                .map(|problem| problem.body.severity)
                .collect(),
        };
        let (proposal, because) = propose(&facts);
        UndecidedRun {
            run,
            first_seen: record.first_seen,
            is_new: is_new(record.first_seen),
            has_ended: facts.has_ended,
            files: facts.files,
            failed: facts.failed,
            mark,
            proposal,
            because,
        }
    });
    lines.collect()
}

/// The flag that a mark stands for.
fn flag_of_mark(settings: &MarkSettings, mark: Mark) -> Flag {
    match mark {
        Mark::Ok => settings.ok,
        Mark::Flawed => settings.flawed,
        Mark::Unusable => settings.unusable,
        Mark::DetectorStudies => settings.detector_studies,
        Mark::Unmarked => Flag::Unchecked,
    }
}

#[cfg(test)]
#[path = "meeting_tests.rs"]
mod tests;
