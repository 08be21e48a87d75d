//! Clicks through the Problems and Meeting pages, the dialog for a new problem and the question who is on shift.

use dqmon::engine::{Command, ExportCommand, PeopleCommand, PeopleDeed, ProblemChange, Report, ReportPictures, Severity};
use dqmon::gui::{DqmonApp, RunChoice, UiState};
use dqmon::snapshot::{
    AlarmRow, FollowUpRow, IssueRow, MeetingShown, PeopleShown, ProblemRow, SaidRow, ShiftRow, Snapshot, ToDoRow, UndecidedRow,
};
use egui::Key;
use jiff::{SignedDuration, Timestamp};
use monitasks::quality::Flag;
use monitasks::vocab::Run;

use super::made_up;
use super::window_clicks::Desk;

fn before(hours: i64) -> Timestamp {
    made_up::now() - SignedDuration::from_hours(hours)
}

fn on_shift(who: &str, planned_to: Timestamp) -> ShiftRow {
    ShiftRow {
        id: format!("of-{who}"),
        who: who.into(),
        role: "shifter".into(),
        from: before(5),
        planned_to,
        to: None,
        note: String::new(),
    }
}

fn problem(id: &str, what: &str, urgent: bool) -> ProblemRow {
    let item = made_up::full().tasks[0].items[0].name.clone();
    ProblemRow {
        id: id.into(),
        seen: 7,
        what: what.into(),
        run: Some(Run(20)),
        file: None,
        item: Some((made_up::full().tasks[0].name.clone(), item)),
        place: "run20".into(),
        severity: "critical",
        severity_rank: 2,
        urgent,
        owner: None,
        state: "open",
        is_open: true,
        opened: before(1),
        opened_by: "Ben".into(),
        acknowledged_by: None,
        shelved_until: None,
        in_conflict: false,
        story: vec![SaidRow {
            at: before(1),
            who: "Ben".into(),
            role: "expert".into(),
            did: "opened",
            comment: "again <b>this</b>".into(),
        }],
    }
}

fn people() -> PeopleShown {
    PeopleShown {
        on_shift: Some(vec![on_shift("Cy Twombly", before(-3))]),
        last_shift: None,
        shift_length_h: 8.0,
        problems: vec![problem("abc234", "HV tripped", true), problem("xyz789", "odd noise", false)],
        alarms: vec![AlarmRow {
            item: ("pedestals".into(), "rms_map".into()),
            seen: 9,
            state: "latched",
            says: "12 channels high".into(),
            raised: before(2),
            acknowledged: None,
            shelved_until: None,
        }],
        issues: vec![IssueRow {
            id: "iss222".into(),
            seen: 4,
            is_mask: true,
            scope: "channels 0-31".into(),
            item: Some("pedestals".into()),
            channels: vec![(0, 31)],
            lems: Vec::new(),
            runs: (Some(Run(18)), Some(Run(21))),
            reason: "dead card".into(),
            author: "Ben".into(),
            expires: None,
        }],
        meeting: MeetingShown {
            is_counted: true,
            seen: 3,
            since: Some((before(20), "Cy".into())),
            undecided: vec![UndecidedRow {
                run: Run(19),
                is_new: true,
                files: (4, 1),
                mark: Some("flawed".into()),
                proposal: Flag::Maybe,
                because: "marked flawed; 1 of 4 files failed".into(),
            }],
            undecided_count: 1,
            decided_count: 3,
            follow_ups: vec![FollowUpRow {
                id: "fix-run18@raw".into(),
                seen: 5,
                what: "calibrate".into(),
                owner: "Ben".into(),
                due: "2026-11-19".into(),
                is_overdue: true,
                run: Some(Run(18)),
            }],
            to_do: vec![ToDoRow {
                subsystem: "RQM".into(),
                cycle: "autumn".into(),
                due: "2026-11-26".into(),
                is_overdue: false,
                count: 1,
                names: vec!["run19-p1".into()],
            }],
            dues: Default::default(),
        },
        faults: Vec::new(),
    }
}

fn desk_with(people: PeopleShown) -> Desk {
    let mut snapshot: Snapshot = made_up::full();
    snapshot.people = people;
    Desk::at(snapshot)
}

/// What was said since the last call: deeds, all by Ada Marsh, shifter.
fn said(desk: &Desk) -> Vec<PeopleDeed> {
    let said = desk.commands().into_iter().map(|command| match command {
        Command::People(PeopleCommand { who, role, deed }) => {
            assert_eq!((who.as_str(), role.as_str()), ("Ada Marsh", "shifter"));
            deed
        }
        other => panic!("not asked for: {other:?}"),
    });
    said.collect()
}

fn choice(desk: &Desk) -> RunChoice {
    let app: &DqmonApp = desk.window.state();
    app.choice()
}

#[test]
fn a_problem_is_acknowledged_with_a_comment_taken_shelved_and_closed() {
    let mut desk = desk_with(people());
    desk.window.key_press(Key::F4);
    desk.settle();
    desk.click("Row of problem abc234, open");
    assert!(desk.has("again <b>this</b>"), "its story is shown");
    // Without a comment nothing is sent.
    desk.click("Acknowledge: problem abc234");
    assert_eq!(said(&desk), []);
    desk.type_into("Comment on it", "seen");
    desk.click("Acknowledge: problem abc234");
    let change =
        |change, comment: &str| PeopleDeed::ChangeProblem { id: "abc234".into(), change, comment: comment.into(), seen: 7 };
    assert_eq!(said(&desk), [change(ProblemChange::Acknowledge, "seen")]);
    desk.click("See to it myself: problem abc234");
    assert_eq!(said(&desk), [change(ProblemChange::Take { owner: "Ada Marsh".into() }, "")]);
    desk.type_into("Comment on it", "spare comes");
    desk.type_into("Shelved until", "2026-11-30");
    desk.click("Shelve until");
    let until = "2026-11-30T00:00:00Z".parse().unwrap();
    assert_eq!(said(&desk), [change(ProblemChange::Shelve { until }, "spare comes")]);
    desk.type_into("Comment on it", "over");
    desk.click("Close: problem abc234");
    assert_eq!(said(&desk), [change(ProblemChange::Close, "over")]);
}

#[test]
fn the_table_is_filtered_and_its_links_lead_to_run_and_plot() {
    let mut desk = desk_with(people());
    desk.window.key_press(Key::F4);
    desk.settle();
    desk.type_into("Find problems", "noise");
    assert!(desk.has("Row of problem xyz789, open") && !desk.has("Row of problem abc234, open"));
    desk.click("run20");
    assert_eq!(choice(&desk), RunChoice::Fixed(Run(20)));
    let has_monitor = desk.has("Tasks");
    assert!(has_monitor, "it turned to the Monitor page");
}

#[test]
fn an_alarm_and_a_mask_are_answered() {
    let mut desk = desk_with(people());
    desk.window.key_press(Key::F4);
    desk.settle();
    desk.click("Answer the alarm of pedestals/rms_map…");
    desk.type_into("Comment on it", "a pump");
    desk.click("Acknowledge the alarm");
    let answer = PeopleDeed::AnswerAlarm { item: "pedestals/rms_map".into(), until: None, comment: "a pump".into(), seen: 9 };
    assert_eq!(said(&desk), [answer]);
    desk.click("End known issue iss222…");
    desk.type_into("Comment on it", "card replaced");
    desk.click("End the known issue");
    assert_eq!(said(&desk), [PeopleDeed::EndIssue { id: "iss222".into(), comment: "card replaced".into(), seen: 4 }]);
}

#[test]
fn a_new_problem_begun_on_the_run_card_has_the_run_filled_in() {
    let mut desk = desk_with(people());
    desk.click("New problem…");
    assert!(desk.has("Tell the problem"));
    desk.click("Tell the problem");
    assert_eq!(said(&desk), [], "it says nothing yet");
    desk.type_into("What is wrong", "purity falls");
    desk.click("critical");
    desk.click("Urgent");
    desk.click("Tell the problem");
    let told = said(&desk);
    let [PeopleDeed::TellProblem(new)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(
        (new.what.as_str(), new.place.run, new.severity, new.urgent),
        ("purity falls", Some(Run(24)), Severity::Critical, true)
    );
    assert!(!desk.has("Tell the problem"), "the dialog is closed");
}

#[test]
fn the_run_card_shows_problems_and_known_issues_of_its_run_alone() {
    let mut desk = desk_with(people());
    assert!(!desk.has("✖ critical, open: HV tripped") && !desk.has("▨ masked: dead card (channels 0-31)"));
    for _ in 0..4 {
        desk.window.key_press(Key::OpenBracket);
        desk.settle();
    }
    assert_eq!(choice(&desk), RunChoice::Fixed(Run(20)));
    assert!(desk.has("✖ critical, open: HV tripped") && desk.has("▨ masked: dead card (channels 0-31)"));
    assert!(desk.has("▨ masked here: dead card (channels 0-31)"), "and the plots of its task say so");
    desk.click("✖ critical, open: HV tripped");
    assert!(desk.has("Close: problem abc234"), "it leads to the problem");
}

#[test]
fn the_window_asks_who_is_on_shift_once_and_it_may_be_left_for_later() {
    let nobody = || PeopleShown { on_shift: Some(Vec::new()), ..people() };
    let mut desk = desk_with(nobody());
    assert!(desk.has("⚠ nobody on shift") && desk.has("Who is on shift?"));
    desk.click("Leave the shift for later");
    assert!(!desk.has("Who is on shift?"));
    desk.publish(|snapshot| snapshot.people.shift_length_h = 9.0);
    assert!(!desk.has("Who is on shift?"), "once is enough");
    desk.click("⚠ nobody on shift");
    desk.click("Begin my shift");
    assert_eq!(said(&desk), [PeopleDeed::BeginShift { hours: "8".into(), note: String::new() }]);
    desk.publish(|snapshot| snapshot.people.on_shift = Some(vec![on_shift("Ada Marsh", before(-8))]));
    assert!(desk.has("on shift: Ada Marsh") && !desk.has("Begin my shift"));
    // At the planned end it asks again.
    desk.publish(|snapshot| snapshot.people.on_shift = Some(vec![on_shift("Ada Marsh", before(0))]));
    desk.type_into("Hand-over note", "quiet");
    desk.click("End the shift");
    assert_eq!(said(&desk), [PeopleDeed::EndShift { id: "of-Ada Marsh".into(), note: "quiet".into() }]);
}

#[test]
fn nobody_is_asked_before_the_book_is_read_nor_in_a_window_that_may_not_write() {
    let desk = desk_with(PeopleShown::default());
    assert!(!desk.has("Who is on shift?") && !desk.has("⚠ nobody on shift"));
    let mut snapshot = made_up::full();
    snapshot.people = PeopleShown { on_shift: Some(Vec::new()), ..PeopleShown::default() };
    snapshot.workspace.as_mut().unwrap().read_only = true;
    let mut desk = Desk::with_state(snapshot, UiState::default());
    assert!(desk.has("⚠ nobody on shift") && !desk.has("Who is on shift?"));
    desk.window.key_press(Key::F5);
    desk.settle();
    assert!(!desk.has("Sign the list off"));
}

#[test]
fn the_meeting_page_has_its_list_and_is_signed_off_and_printed() {
    let mut desk = desk_with(people());
    desk.window.key_press(Key::F5);
    desk.settle();
    for words in ["Undecided runs (1)", "marked flawed; 1 of 4 files failed", "due 2026-11-19", "RQM", "1 processing: run19-p1"] {
        assert!(desk.has(words), "{words}");
    }
    desk.click("Done: follow-up fix-run18@raw");
    assert_eq!(said(&desk), [PeopleDeed::EndFollowUp { id: "fix-run18@raw".into(), seen: 5 }]);
    desk.type_into("Comment on the sign-off", "all seen");
    desk.click("Sign the list off");
    assert_eq!(said(&desk), [PeopleDeed::SignOff { comment: "all seen".into(), seen: 3 }]);
    desk.click("Print as HTML");
    let commands = desk.commands();
    let [Command::Export(ExportCommand::Report { report, pictures, to, by, .. })] = commands.as_slice() else {
        panic!("{commands:?}")
    };
    assert_eq!((*report, *pictures, to), (Report::Meeting, ReportPictures::Findings, &None));
    assert_eq!(by.name, "Ada Marsh");
    desk.click("run19");
    assert_eq!(choice(&desk), RunChoice::Fixed(Run(19)));
}
