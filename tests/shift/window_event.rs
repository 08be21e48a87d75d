//! The event display's panes in the window: events and strips are stepped, a click shows a waveform.

use dqmon::engine::{Command, ViewCommand};
use egui::accesskit::Toggled;
use egui_kittest::kittest::{NodeT, Queryable};
use monitasks::detector::Strip;
use monitasks::vocab::{FileId, View};

use super::made_up;
use super::window_clicks::Desk;

#[test]
fn the_event_display_steps_and_follows() {
    let mut desk = Desk::at(made_up::full());
    let _ = desk.commands();
    desk.window.query_all_by_label("Next event").next().unwrap().click();
    desk.settle();
    assert_eq!(desk.commands(), [Command::View(ViewCommand::ShowEvent { file: FileId::new(24, 2), index: 5 })]);
    desk.publish(|snapshot| snapshot.event.as_mut().unwrap().follows_newest = false);
    desk.window.query_all_by_label("Follow newest file").next().unwrap().click();
    desk.settle();
    assert_eq!(desk.commands(), [Command::View(ViewCommand::FollowNewestEvent)]);
}

#[test]
fn a_click_on_a_strip_of_the_event_shows_its_waveform_below_and_strips_are_stepped() {
    let mut desk = Desk::at(made_up::full());
    let _ = desk.commands();
    desk.click("Plot: Event display, view 1");
    let chosen = desk.commands();
    let [Command::View(ViewCommand::ShowStrip(strip))] = chosen[..] else { panic!("{chosen:?}") };
    // The middle of the pane, axes included, is near the middle of the view's 960 strips.
    assert!(strip.view == View::V1 && (300..660).contains(&strip.number), "{strip:?}");
    desk.publish(|snapshot| snapshot.event.as_mut().unwrap().strip = Some(strip));
    let panes = |desk: &Desk| desk.window.query_all_by_label_contains("Menu of Event display: Waveform").count();
    assert_eq!(panes(&desk), 1);
    desk.click("Next strip");
    let next = Strip { number: strip.number + 1, ..strip };
    assert_eq!(desk.commands(), [Command::View(ViewCommand::ShowStrip(next))]);
    // A second click changes the strip and opens no second pane.
    desk.click("Plot: Event display, view 1");
    assert_eq!(desk.commands(), [Command::View(ViewCommand::ShowStrip(strip))]);
    assert_eq!(panes(&desk), 1);
}

#[test]
fn hits_and_tracks_found_are_taken_away_and_shown_again() {
    let mut desk = Desk::at(made_up::full());
    let box_of = |desk: &Desk| desk.window.query_all_by_label("Hits and tracks found").next().unwrap().accesskit_node().toggled();
    assert_eq!(box_of(&desk), Some(Toggled::True));
    desk.window.query_all_by_label("Hits and tracks found").next().unwrap().click();
    desk.settle();
    assert_eq!(box_of(&desk), Some(Toggled::False));
}
