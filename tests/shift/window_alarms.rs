//! Alarms at the plots: the frame and glyph that go bright and dim until somebody acknowledges, the dialog with what to do, known
//! issues told from a pane, and that none of it writes in a read-only window.

use std::sync::Arc;

use dqmon::engine::{Command, NewIssue, PeopleCommand, PeopleDeed, Scope};
use dqmon::gui::UiState;
use dqmon::snapshot::{AlarmRow, Snapshot};
use egui::Color32;
use jiff::SignedDuration;
use monitasks::figure::{Figure, Region};

use super::made_up;
use super::window_clicks::Desk;

fn alarm() -> AlarmRow {
    AlarmRow {
        item: ("pedestals".into(), "rms_view_0".into()),
        seen: 9,
        state: "latched",
        says: "12 channels high".into(),
        raised: made_up::now() - SignedDuration::from_mins(3),
        acknowledged: None,
        shelved_until: None,
    }
}

fn snapshot(alarm: AlarmRow) -> Snapshot {
    let mut snapshot = made_up::full();
    snapshot.people.on_shift = Some(Vec::new());
    snapshot.people.alarms = vec![alarm];
    snapshot
}

fn said(desk: &Desk) -> Vec<PeopleDeed> {
    let deeds = desk.commands().into_iter().filter_map(|command| match command {
        Command::People(PeopleCommand { deed, .. }) => Some(deed),
        _ => None,
    });
    deeds.collect()
}

/// The colours of frames three points wide, as the alarm's is.
fn frames(desk: &Desk) -> Vec<Color32> {
    fn collect(shape: &egui::Shape, found: &mut Vec<Color32>) {
        match shape {
            egui::Shape::Vec(shapes) => shapes.iter().for_each(|shape| collect(shape, found)),
            egui::Shape::Rect(rect) if rect.stroke.width == 3.0 => found.push(rect.stroke.color),
            _ => {}
        }
    }
    let mut found = Vec::new();
    for clipped in &desk.window.output().shapes {
        collect(&clipped.shape, &mut found);
    }
    found
}

/// The colours of the frame over some seconds.
fn over_time(desk: &mut Desk) -> Vec<Color32> {
    let mut seen = Vec::new();
    for _ in 0..200 {
        desk.window.step();
        for colour in frames(desk) {
            if !seen.contains(&colour) {
                seen.push(colour);
            }
        }
    }
    seen
}

#[test]
fn an_alarm_goes_bright_and_dim_at_its_pane_until_it_is_acknowledged_and_stands_still_where_that_is_wanted() {
    let mut desk = Desk::at(snapshot(alarm()));
    assert!(desk.has("▲ 1 alarm"), "the top bar has it");
    assert_eq!(over_time(&mut desk).len(), 2, "bright and dim by turns, and never gone");
    desk.publish(|snapshot| {
        snapshot.people.alarms[0].state = "acknowledged";
        snapshot.people.alarms[0].acknowledged = Some("Ada Marsh: a pump".into());
    });
    assert!(over_time(&mut desk).is_empty() && !desk.has("▲ 1 alarm"), "acknowledged, it calls no more");
    let still = UiState { alarms_stand_still: true, ..UiState::default() };
    let mut desk = Desk::with_state(snapshot(alarm()), still);
    assert_eq!(over_time(&mut desk).len(), 1);
}

#[test]
fn a_shelved_alarm_is_quiet() {
    let shelved = AlarmRow { shelved_until: Some(made_up::now() + SignedDuration::from_hours(1)), ..alarm() };
    let mut desk = Desk::at(snapshot(shelved));
    assert!(over_time(&mut desk).is_empty() && !desk.has("▲ 1 alarm"));
}

#[test]
fn the_alarm_is_answered_at_its_pane_with_a_comment_or_shelved() {
    let mut desk = Desk::at(snapshot(alarm()));
    desk.click("Answer the alarm of pedestals/rms_view_0");
    desk.click("Acknowledge this alarm");
    assert_eq!(said(&desk), [], "it needs a comment");
    desk.type_into("Comment on the alarm", "a pump");
    desk.click("Acknowledge this alarm");
    let answer = |until, comment: &str| PeopleDeed::AnswerAlarm {
        item: "pedestals/rms_view_0".into(),
        until,
        comment: comment.into(),
        seen: 9,
    };
    assert_eq!(said(&desk), [answer(None, "a pump")]);
    desk.click("Answer the alarm of pedestals/rms_view_0");
    desk.type_into("Comment on the alarm", "expert comes");
    desk.click("Shelve this alarm");
    let until = made_up::now() + SignedDuration::from_hours(8);
    assert_eq!(said(&desk), [answer(Some(until), "expert comes")]);
}

#[test]
fn a_mask_of_lems_is_told_from_a_plot_s_menu() {
    let mut desk = Desk::at(snapshot(alarm()));
    desk.click("Menu of LEM gain: Map of LEMs");
    desk.click("Known issue or mask…");
    desk.click("Say that it is known");
    assert_eq!(said(&desk), []);
    desk.type_into("What is known", "LEM 7 is dark");
    desk.type_into("LEMs that are masked", "7");
    desk.click("Say that it is known");
    let told = said(&desk);
    let [PeopleDeed::NewIssue(new)] = told.as_slice() else { panic!("{told:?}") };
    let NewIssue { is_mask, scope, reason, expires } = new.as_ref();
    let Scope { item, lems, .. } = scope;
    assert_eq!(
        (*is_mask, item.as_deref(), lems.to_string().as_str(), reason.as_str()),
        (true, Some("lem_gain/map"), "7", "LEM 7 is dark")
    );
    assert_eq!(*expires, Some(made_up::now() + SignedDuration::from_hours(7 * 24)));
}

#[test]
fn a_read_only_window_answers_no_alarm_and_tells_no_issue() {
    let mut read_only = snapshot(alarm());
    read_only.workspace.as_mut().unwrap().read_only = true;
    let mut desk = Desk::at(read_only);
    desk.click("Answer the alarm of pedestals/rms_view_0");
    desk.type_into("Comment on the alarm", "a pump");
    desk.click("Acknowledge this alarm");
    desk.click("Shelve this alarm");
    assert_eq!(said(&desk), []);
    desk.click("Leave it");
    desk.click("Menu of LEM gain: Map of LEMs");
    desk.click("Known issue or mask…");
    assert!(!desk.has("What is known"), "the button is off");
}

#[test]
fn what_is_known_is_hatched_on_the_plot_with_its_words() {
    let with_region = |snapshot: &mut Snapshot| {
        for figure in snapshot.figures.values_mut() {
            let mut hatched = Figure::clone(figure);
            hatched.regions = vec![Region { x: None, y: None, words: "dead card, until Friday".into() }];
            *figure = Arc::new(hatched);
        }
    };
    let words = |desk: &Desk| {
        fn collect(shape: &egui::Shape, found: &mut Vec<String>) {
            match shape {
                egui::Shape::Vec(shapes) => shapes.iter().for_each(|shape| collect(shape, found)),
                egui::Shape::Text(text) => found.push(text.galley.text().to_owned()),
                _ => {}
            }
        }
        let mut found = Vec::new();
        for clipped in &desk.window.output().shapes {
            collect(&clipped.shape, &mut found);
        }
        found.iter().filter(|text| text.contains("dead card")).count()
    };
    let mut desk = Desk::at(made_up::full());
    assert_eq!(words(&desk), 0);
    desk.publish(with_region);
    assert!(words(&desk) >= 4, "on each plot: {}", words(&desk));
    // The picture of a plot has it too.
    let mut figure = Figure::clone(desk.side.snapshot.load().figures.values().next().unwrap());
    figure.regions = vec![Region { x: None, y: None, words: "dead card".into() }];
    let svg = dqmon::plotting::svg(&figure, (600, 400), dqmon::plotting::Look::Light);
    assert!(svg.contains("▨ dead card"), "{svg}");
}
