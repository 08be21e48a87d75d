//! Reports to print: a meeting's list and a shift, each as one HTML page that needs nothing beside it.
//!
//! Pictures of plots are handed in as plain data: what draws them is not known here.

use jiff::Timestamp;
use monitasks::vocab::Run;

use super::alarms::Alarm;
use super::follow_ups::{FollowUp, day_of};
use super::known_issues::KnownIssue;
use super::meeting::{Meeting, Voices};
use super::page::{HtmlPage, Pictures};
use super::problems::Problem;
use super::shifts::Shift;
use super::standing::Standing;
use crate::bookkeeping::Overview;

fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn problem_rows(problems: &[Standing<Problem>]) -> Vec<[String; 6]> {
    let row = |problem: &Standing<Problem>| {
        let body = &problem.body;
        let urgent = if body.urgent { "urgent, " } else { "" };
        let last = format!("{}, {}: {}", stamp(problem.at), problem.who, body.comment);
        [
            problem.id.clone(),
            format!("{urgent}{}", body.severity.word()),
            body.what.clone(),
            body.place.words(),
            format!("{}{}", body.state.word(), body.owner.as_ref().map(|owner| format!(", {owner}")).unwrap_or_default()),
            last,
        ]
    };
    problems.iter().map(row).collect()
}

const PROBLEM_HEAD: [&str; 6] = ["id", "severity", "what", "where", "state", "last"];

fn follow_up_rows(follow_ups: &[Standing<FollowUp>], now: Timestamp) -> Vec<[String; 4]> {
    let row = |one: &Standing<FollowUp>| {
        let late = if one.body.is_overdue(now) { ", overdue" } else { "" };
        [one.id.clone(), one.body.what.clone(), one.body.owner.clone(), format!("{}{late}", one.body.due)]
    };
    follow_ups.iter().map(row).collect()
}

fn issue_rows(issues: &[Standing<KnownIssue>]) -> Vec<[String; 5]> {
    let row = |issue: &Standing<KnownIssue>| {
        let expires = issue.body.expires.map_or_else(|| "no day".into(), stamp);
        let author = format!("{}, {}", issue.body.author.who, issue.body.author.role);
        [issue.body.kind.word().into(), issue.body.scope.words(), issue.body.reason.clone(), author, expires]
    };
    issues.iter().map(row).collect()
}

fn alarm_rows(alarms: &[Standing<Alarm>]) -> Vec<[String; 4]> {
    let row = |alarm: &Standing<Alarm>| {
        let seen = alarm.body.acknowledged.as_ref().map(|word| format!("{}: {}", word.who, word.comment));
        let shelved = alarm.body.shelved_until.map(|until| format!("shelved until {}", stamp(until)));
        let answer = [seen, shelved].into_iter().flatten().collect::<Vec<_>>().join("; ");
        [alarm.id.clone(), alarm.body.says.clone(), stamp(alarm.body.raised), answer]
    };
    alarms.iter().map(row).collect()
}

fn shift_rows(shifts: &[Standing<Shift>]) -> Vec<[String; 4]> {
    let row = |shift: &Standing<Shift>| {
        let body = &shift.body;
        let to = body.to.map_or_else(|| "still on".into(), stamp);
        [format!("{}, {}", body.who, body.role), stamp(body.from), to, body.note.clone()]
    };
    shifts.iter().map(row).collect()
}

/// `12 of 340`, or just `12` when that is all.
fn shown(lines: usize, count: usize) -> String {
    if lines == count { count.to_string() } else { format!("{lines} of {count}") }
}

/// A meeting's list as a page.
#[must_use]
pub fn meeting_page(meeting: &Meeting, workspace: &str, pictures: &Pictures) -> String {
    let since = match &meeting.since {
        Some(last) => format!("since the sign-off of {} by {} ({})", stamp(last.at), last.who, last.role),
        None => "nothing has been signed off yet".into(),
    };
    let mut page = HtmlPage::new(&format!("Meeting, {workspace}"), &format!("made {}; {since}", stamp(meeting.at)));
    let undecided: Vec<[String; 6]> = meeting
        .undecided
        .iter()
        .map(|run| {
            let mark = run.mark.map_or_else(String::new, |mark| mark.word().replace('_', " "));
            let age = if run.is_new { "new" } else { "left over" };
            let files = if run.failed == 0 { run.files.to_string() } else { format!("{}, {} failed", run.files, run.failed) };
            [run.run.to_string(), age.into(), files, mark, run.proposal.word().into(), run.because.clone()]
        })
        .collect();
    let title = format!("Undecided runs ({})", shown(undecided.len(), meeting.undecided_count));
    page.table(&title, ["run", "", "files", "shift mark", "proposal", "because"], &undecided, "Every run has been decided on.");
    page.table("Open problems", PROBLEM_HEAD, &problem_rows(&meeting.problems), "No problem is open.");
    let alarms = alarm_rows(&meeting.alarms);
    page.table("Alarms", ["plot", "says", "raised", "answer"], &alarms, "No alarm waits.");
    let follow_ups = follow_up_rows(&meeting.follow_ups, meeting.at);
    page.table("Follow-ups", ["id", "what", "owner", "due"], &follow_ups, "Nothing is to be done.");
    let to_do: Vec<[String; 4]> = meeting
        .to_do
        .iter()
        .map(|line| {
            let late = if line.is_overdue { ", overdue" } else { "" };
            let cycle = if line.cycle.is_empty() { "none".to_owned() } else { line.cycle.clone() };
            let names = format!("{}: {}", shown(line.processings.len(), line.count), line.processings.join(", "));
            [line.subsystem.clone(), cycle, format!("{}{late}", line.due), names]
        })
        .collect();
    page.table("To review", ["subsystem", "run cycle", "due", "processings"], &to_do, "No processing waits for a mark.");
    let decided: Vec<[String; 4]> = meeting
        .decided
        .iter()
        .map(|run| [run.run.to_string(), run.flag.word().into(), format!("{}, {}", run.who, stamp(run.at)), run.comment.clone()])
        .collect();
    let title = format!("Decided since ({})", shown(decided.len(), meeting.decided_count));
    page.table(&title, ["run", "flag", "by", "comment"], &decided, "No run was decided on since.");
    page.table("Problems closed since", PROBLEM_HEAD, &problem_rows(&meeting.closed), "None.");
    let issues = issue_rows(&meeting.issues);
    page.table("Known issues and masks", ["kind", "where", "reason", "by", "until"], &issues, "None is in force.");
    page.table("Shifts since", ["who", "from", "to", "hand-over note"], &shift_rows(&meeting.shifts), "Nobody was on shift.");
    page.pictures(pictures);
    page.line("sign", "Signed off by: ____________________    Date: ____________");
    page.done()
}

/// What happened on a shift as a page: runs, decisions, problems, and what the next one should know.
#[must_use]
pub fn shift_page(
    shift: &Standing<Shift>,
    overview: &Overview,
    voices: &Voices,
    (workspace, pictures): (&str, &Pictures),
    now: Timestamp,
) -> String {
    let body = &shift.body;
    let end = body.to.unwrap_or(now);
    let is_in = |at: Timestamp| body.from <= at && at <= end;
    let until = body.to.map_or_else(|| "still on".into(), |to| format!("to {}", stamp(to)));
    let line = format!("{} ({}), from {} {until}; made {}", body.who, body.role, stamp(body.from), stamp(now));
    let mut page = HtmlPage::new(&format!("Shift report, {workspace}"), &line);
    page.heading("Hand-over note");
    page.line("said", if body.note.is_empty() { "None was written." } else { &body.note });
    let runs: Vec<[String; 4]> = overview
        .runs
        .iter()
        .filter(|run| is_in(run.first_seen) || run.ended.is_some_and(is_in))
        .map(|run| {
            let (files, failed) = files_of(overview, run.run);
            let ended = run.ended.map_or_else(|| "no".into(), stamp);
            [run.run.to_string(), stamp(run.first_seen), ended, format!("{files}, {failed} failed")]
        })
        .collect();
    page.table("Runs", ["run", "first file", "ended", "files"], &runs, "No run began or ended.");
    let decided: Vec<[String; 4]> = overview
        .said
        .decisions
        .iter()
        .filter(|decision| is_in(decision.at))
        .map(|decision| {
            let by = format!("{}, {}", decision.who, stamp(decision.at));
            [decision.subject.words(), decision.decision.flag.word().into(), by, decision.decision.comment()]
        })
        .collect();
    page.table("Decisions", ["on", "flag", "by", "comment"], &decided, "Nothing was decided.");
    let touched = |problem: &&Standing<Problem>| problem.body.is_open() || is_in(problem.at) || is_in(problem.body.opened.at);
    let problems: Vec<Standing<Problem>> = voices.problems.iter().filter(touched).cloned().collect();
    page.table("Problems, open or changed", PROBLEM_HEAD, &problem_rows(&problems), "No problem is open or was changed.");
    let alarms: Vec<_> =
        voices.alarms.iter().filter(|alarm| is_in(alarm.body.raised) || alarm.body.calls(now)).cloned().collect();
    page.table("Alarms", ["plot", "says", "raised", "answer"], &alarm_rows(&alarms), "No alarm was raised.");
    let due: Vec<_> = voices.follow_ups.iter().filter(|one| one.body.is_open() && one.body.due <= day_of(end)).cloned().collect();
    page.table("Follow-ups due", ["id", "what", "owner", "due"], &follow_up_rows(&due, now), "Nothing is due.");
    let issues: Vec<_> = voices.issues.iter().filter(|issue| issue.body.is_in_force(now)).cloned().collect();
    page.table("Known issues and masks", ["kind", "where", "reason", "by", "until"], &issue_rows(&issues), "None is in force.");
    page.pictures(pictures);
    page.done()
}

/// The runs of a shift that nobody has decided on, the oldest first.
#[must_use]
pub fn undecided_of(shift: &Standing<Shift>, overview: &Overview, now: Timestamp) -> Vec<Run> {
    let end = shift.body.to.unwrap_or(now);
    let is_in = |at: Timestamp| shift.body.from <= at && at <= end;
    let is_decided = |run: Run| overview.said.decisions.iter().any(|decision| decision.subject.run == run);
    let runs = overview.runs.iter().filter(|run| is_in(run.first_seen) || run.ended.is_some_and(is_in));
    runs.map(|run| run.run).filter(|run| !is_decided(*run)).collect()
}

/// Files of a run, and those of them that failed.
fn files_of(overview: &Overview, run: Run) -> (usize, usize) {
    let first = overview.files.partition_point(|file| file.file.run < run);
    let files = overview.files[first..].iter().take_while(|file| file.file.run == run);
    files.fold((0, 0), |(files, failed), file| (files + 1, failed + usize::from(overview.failure_of(file).is_some())))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::page::Picture;
    use super::super::problems::{NewProblem, Place, Severity};
    use super::super::standing::Signature;
    use super::*;

    fn pictures(words: &str) -> Pictures {
        let words = || words.to_owned();
        let picture = Picture { title: words(), why: words(), png: vec![1, 2, 3], words: vec![words(), words()] };
        Pictures { shown: vec![picture], left_out: 2, faults: vec![words()] }
    }

    fn meeting_with(what: &str, item: &str) -> Meeting {
        let by = Signature { who: what.into(), role: "shifter".into() };
        let new = NewProblem {
            what: what.into(),
            place: Place { item: Some(item.into()), ..Place::default() },
            severity: Severity::Minor,
            urgent: true,
            owner: what.into(),
            comment: what.into(),
        };
        let at = Timestamp::UNIX_EPOCH;
        let body = Problem { what: what.into(), ..new.opened(&by, at).unwrap() };
        let problem = Standing {
            id: "abc".into(),
            body,
            place: 1,
            at,
            who: what.into(),
            role: "shifter".into(),
            in_conflict: false,
            entries: Vec::new(),
        };
        Meeting { problems: vec![problem], ..Meeting::default() }
    }

    proptest! {
        /// Whatever people write, the page has the same elements as with harmless words.
        #[test]
        fn nothing_that_people_write_becomes_markup(wild in "[<>&\"'/a-zA-Z=\\\\ ]{1,60}") {
            prop_assume!(!wild.trim().is_empty());
            let tags = |page: &str| page.matches('<').count();
            let plain = meeting_page(&meeting_with("x", "y"), "z", &pictures("p"));
            let page = meeting_page(&meeting_with(&wild, &wild), &wild, &pictures(&wild));
            prop_assert_eq!(tags(&page), tags(&plain));
            prop_assert_eq!(page.matches('>').count(), plain.matches('>').count());
            prop_assert_eq!(page.matches('"').count(), plain.matches('"').count());
        }
    }

    #[test]
    fn a_script_in_a_problem_is_words_on_the_page() {
        let page = meeting_page(
            &meeting_with("<script>alert('x')</script> & \"more\"\u{1b}[2J", "a/b"),
            "<b>shift</b>",
            &Pictures::default(),
        );
        assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;more&quot;"), "{page}");
        assert!(!page.contains("<script") && !page.contains("<b>") && !page.contains('\u{1b}'));
        assert!(page.starts_with("<!DOCTYPE html>") && !page.contains("http://") && !page.contains("src=\""));
    }
}
