//! What people said, read from the book as the window shows it, and what of it everybody should see at once.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use monitasks::quality::State;
use monitasks::vocab::Run;

use crate::bookkeeping::{EntryKind, Overview, Store, StoreError};
use crate::config::{MarkSettings, MeetingSettings, Settings};
use crate::decisions::alarms::{Alarm, AlarmState, Seen};
use crate::decisions::follow_ups::day_of;
use crate::decisions::known_issues::{IssueKind, KnownIssue};
use crate::decisions::meeting::{Decided, Meeting, Voices};
use crate::decisions::problems::Problem;
use crate::decisions::review_queue::{ReviewQueue, ToDo};
use crate::decisions::shifts::{self, Shift};
use crate::decisions::standing::Standing;
use crate::snapshot::{
    AlarmRow, Banner, Due, Dues, FollowUpRow, IssueRow, MeetingShown, PeopleShown, ProblemRow, SaidRow, ShiftRow, TaskNode,
    ToDoRow, UndecidedRow,
};

/// Closed problems that the window still shows.
const CLOSED_SHOWN: usize = 200;
/// Names that a line of a list has.
const NAMES: usize = 200;

/// Reads what people said, and keeps what has not changed.
pub(super) struct PeopleReader {
    marks: MarkSettings,
    meeting: MeetingSettings,
    shift_length_h: f64,
    /// What was said of each problem, up to the entry at a place.
    stories: BTreeMap<String, (i64, Vec<SaidRow>)>,
    voices: Option<Voices>,
    /// What subsystems have to look at; none before it was counted.
    queue: Option<ReviewQueue>,
    /// The day for which the lists were made: what is overdue goes by it.
    day: Option<Date>,
    shown: PeopleShown,
}

impl PeopleReader {
    pub(super) fn new(settings: &Settings) -> Self {
        PeopleReader {
            marks: settings.marks.clone(),
            meeting: settings.meeting.clone(),
            shift_length_h: settings.shifts.length_h,
            stories: BTreeMap::new(),
            voices: None,
            queue: None,
            day: None,
            shown: PeopleShown::default(),
        }
    }

    /// What people had said by `now`. The lists are made anew only when somebody said something or a run has changed: of `written` runs,
    /// none for all of them.
    pub(super) fn read(
        &mut self,
        store: &dyn Store,
        overview: &Overview,
        written: Option<&[Run]>,
        now: Timestamp,
    ) -> Result<PeopleShown, StoreError> {
        let voices = Voices::read(store)?;
        let day = Some(day_of(now));
        match (&mut self.queue, written) {
            (Some(queue), Some(written)) => queue.read_again(store, written)?,
            (queue, _) => *queue = None,
        }
        let is_known = written.is_some_and(<[Run]>::is_empty) && self.day == day && self.voices.as_ref() == Some(&voices);
        if is_known {
            return Ok(self.shown.clone());
        }
        self.day = day;
        // Before it was counted there is nothing in the queue.
        let uncounted = ReviewQueue::default();
        let queue = self.queue.as_ref().unwrap_or(&uncounted);
        let dues = dues(queue, now);
        let decided = Decided::read(store, &voices, queue)?;
        let list = Meeting::of(overview, &voices, (decided, queue.to_do(now)), &self.marks, now);
        let on: Vec<ShiftRow> = shifts::on_shift(&voices.shifts).map(shift_row).collect();
        let ended = voices.shifts.iter().filter(|shift| !shift.body.is_on()).max_by_key(|shift| (shift.body.to, shift.place));
        self.shown = PeopleShown {
            on_shift: Some(on),
            last_shift: ended.map(shift_row),
            shift_length_h: self.shift_length_h,
            problems: self.problem_rows(store, &voices.problems)?,
            alarms: voices.alarms.iter().filter(|alarm| alarm.body.state != AlarmState::Over).map(alarm_row).collect(),
            issues: voices.issues.iter().filter(|issue| issue.body.is_in_force(now)).map(issue_row).collect(),
            meeting: MeetingShown { is_counted: self.queue.is_some(), dues, ..meeting_shown(&list, now) },
            faults: voices.faults.clone(),
        };
        self.voices = Some(voices);
        Ok(self.shown.clone())
    }

    /// Counts what subsystems have to look at, where it was not counted yet: that goes through the whole book, and nobody waits for
    /// it who wants to see the newest run. Answers what is shown then; none when it was counted already.
    pub(super) fn count(&mut self, store: &dyn Store, now: Timestamp) -> Result<Option<PeopleShown>, StoreError> {
        if self.queue.is_some() {
            return Ok(None);
        }
        let queue = ReviewQueue::read(store, &self.marks, &self.meeting)?;
        let meeting = &mut self.shown.meeting;
        meeting.dues = dues(&queue, now);
        (meeting.to_do, meeting.is_counted) = (to_do_rows(&queue.to_do(now)), true);
        (meeting.undecided_count, meeting.decided_count) = (queue.undecided(), queue.decided_since(meeting.seen));
        self.queue = Some(queue);
        Ok(Some(self.shown.clone()))
    }

    fn problem_rows(&mut self, store: &dyn Store, problems: &[Standing<Problem>]) -> Result<Vec<ProblemRow>, StoreError> {
        let mut shown: Vec<&Standing<Problem>> = problems.iter().filter(|problem| problem.body.is_open()).collect();
        let mut closed: Vec<&Standing<Problem>> = problems.iter().filter(|problem| !problem.body.is_open()).collect();
        closed.sort_by_key(|problem| std::cmp::Reverse(problem.place));
        shown.sort_by_key(|problem| std::cmp::Reverse((problem.body.urgent, problem.body.severity, problem.place)));
        shown.extend(closed.into_iter().take(CLOSED_SHOWN));
        let rows = shown.into_iter().map(|problem| Ok(problem_row(problem, self.story(store, problem)?)));
        rows.collect()
    }

    /// All that was said of a problem; read again only when something new was said.
    fn story(&mut self, store: &dyn Store, problem: &Standing<Problem>) -> Result<Vec<SaidRow>, StoreError> {
        if let Some((place, story)) = self.stories.get(&problem.id)
            && *place == problem.place
        {
            return Ok(story.clone());
        }
        let history = store.history(EntryKind::Problem, &problem.id)?;
        let said = history.iter().filter_map(|entry| {
            let body: Problem = entry.read().ok()?;
            let (who, role) = (entry.who.clone(), entry.role.clone());
            Some(SaidRow { at: entry.at, who, role, did: body.did.word(), comment: body.comment })
        });
        let story: Vec<SaidRow> = said.collect();
        self.stories.insert(problem.id.clone(), (problem.place, story.clone()));
        Ok(story)
    }
}

/// Task and item of a plot's name.
fn item_of(name: &str) -> Option<(String, String)> {
    name.split_once('/').map(|(task, item)| (task.to_owned(), item.to_owned()))
}

fn shift_row(shift: &Standing<Shift>) -> ShiftRow {
    let body = &shift.body;
    ShiftRow {
        id: shift.id.clone(),
        who: body.who.clone(),
        role: body.role.clone(),
        from: body.from,
        planned_to: body.planned_to,
        to: body.to,
        note: body.note.clone(),
    }
}

fn problem_row(problem: &Standing<Problem>, story: Vec<SaidRow>) -> ProblemRow {
    let body = &problem.body;
    ProblemRow {
        id: problem.id.clone(),
        seen: problem.place,
        what: body.what.clone(),
        run: body.place.run,
        file: body.place.file,
        item: body.place.item.as_deref().and_then(item_of),
        place: body.place.words(),
        severity: body.severity.word(),
        severity_rank: body.severity as u8,
        urgent: body.urgent,
        owner: body.owner.clone(),
        state: body.state.word(),
        is_open: body.is_open(),
        opened: body.opened.at,
        opened_by: body.opened.who.clone(),
        acknowledged_by: body.acknowledged.as_ref().map(|word| word.who.clone()),
        shelved_until: body.shelved_until,
        in_conflict: problem.in_conflict,
        story,
    }
}

fn alarm_row(alarm: &Standing<Alarm>) -> AlarmRow {
    let body = &alarm.body;
    AlarmRow {
        item: item_of(&alarm.id).unwrap_or_else(|| (alarm.id.clone(), String::new())),
        seen: alarm.place,
        state: body.state.word(),
        says: body.says.clone(),
        raised: body.raised,
        acknowledged: body.acknowledged.as_ref().map(|word| format!("{}: {}", word.who, word.comment)),
        shelved_until: body.shelved_until,
    }
}

fn issue_row(issue: &Standing<KnownIssue>) -> IssueRow {
    let body = &issue.body;
    IssueRow {
        id: issue.id.clone(),
        seen: issue.place,
        is_mask: body.kind == IssueKind::Mask,
        scope: body.scope.words(),
        item: body.scope.item.clone(),
        channels: body.scope.channels.ranges().to_vec(),
        lems: body.scope.lems.ranges().to_vec(),
        runs: (body.scope.from, body.scope.to),
        reason: body.reason.clone(),
        author: body.author.who.clone(),
        expires: body.expires,
    }
}

fn meeting_shown(list: &Meeting, now: Timestamp) -> MeetingShown {
    let undecided = list.undecided.iter().map(|run| UndecidedRow {
        run: run.run,
        is_new: run.is_new,
        files: (run.files, run.failed),
        mark: run.mark.map(|mark| mark.word().replace('_', " ")),
        proposal: run.proposal,
        because: run.because.clone(),
    });
    let follow_ups = list.follow_ups.iter().map(|one| FollowUpRow {
        id: one.id.clone(),
        seen: one.place,
        what: one.body.what.clone(),
        owner: one.body.owner.clone(),
        due: one.body.due.to_string(),
        is_overdue: one.body.is_overdue(now),
        run: one.body.run,
    });
    MeetingShown {
        seen: list.since.as_ref().map_or(0, |last| last.place),
        since: list.since.as_ref().map(|last| (last.at, last.who.clone())),
        undecided: undecided.collect(),
        undecided_count: list.undecided_count,
        decided_count: list.decided_count,
        follow_ups: follow_ups.collect(),
        to_do: to_do_rows(&list.to_do),
        is_counted: true,
        dues: Dues::new(),
    }
}

/// Until when undecided runs are to be looked at.
fn dues(queue: &ReviewQueue, now: Timestamp) -> Dues {
    let today = day_of(now);
    queue.dues().map(|(run, due)| (run, Due { day: due.to_string(), is_overdue: today > due })).collect()
}

fn to_do_rows(to_do: &[ToDo]) -> Vec<ToDoRow> {
    let row = |line: &ToDo| ToDoRow {
        subsystem: line.subsystem.clone(),
        cycle: line.cycle.clone(),
        due: line.due.to_string(),
        is_overdue: line.is_overdue,
        count: line.count,
        names: line.processings.iter().take(NAMES).cloned().collect(),
    };
    to_do.iter().map(row).collect()
}

/// What everybody should see at once, whatever page is open: urgent problems that nobody has acknowledged, and how many alarms wait.
pub(super) fn calls(people: &PeopleShown, now: Timestamp) -> Vec<Banner> {
    let told = people.problems.iter().filter(|problem| problem.calls(now)).map(|problem| {
        let place = if problem.place.is_empty() { String::new() } else { format!(" ({})", problem.place) };
        let text = format!(
            "URGENT: {}{place}, told by {}; acknowledge it on the Problems page: problem {}",
            problem.what, problem.opened_by, problem.id
        );
        Banner { is_fault: true, text }
    });
    let mut banners: Vec<Banner> = told.collect();
    let alarms: Vec<String> =
        people.alarms.iter().filter(|alarm| alarm.calls(now)).map(|alarm| format!("{}/{}", alarm.item.0, alarm.item.1)).collect();
    if let Some(first) = alarms.first() {
        let more = if alarms.len() > 1 { format!(" and {} more", alarms.len() - 1) } else { String::new() };
        let text = format!("ALARM: {first}{more} went BAD; answer it at its plot, or on the Problems page");
        banners.push(Banner { is_fault: true, text });
    }
    banners.extend(people.faults.iter().map(|fault| Banner { is_fault: true, text: format!("an entry can't be read: {fault}") }));
    banners
}

/// What checks see of plots that is news to the book: one that is BAD without an alarm, one that is well with an alarm that was
/// acknowledged.
#[must_use]
pub fn checks_to_tell(tasks: &[TaskNode], people: &PeopleShown) -> Vec<Seen> {
    if people.on_shift.is_none() {
        return Vec::new();
    }
    let mut seen = Vec::new();
    for task in tasks {
        for item in &task.items {
            let alarm = people.alarms.iter().find(|alarm| alarm.item.0 == task.name && alarm.item.1 == item.name);
            let is_news = match item.glance.state {
                State::Bad => alarm.is_none(),
                State::Ok => alarm.is_some_and(|alarm| alarm.state == AlarmState::Acknowledged.word()),
                _ => false,
            };
            if is_news {
                let is_bad = item.glance.state == State::Bad;
                let says = if item.verdicts.is_empty() { &item.glance.text } else { &item.glance.reason };
                seen.push(Seen { item: format!("{}/{}", task.name, item.name), is_bad, says: says.clone() });
            }
        }
    }
    seen
}
