//! Clicks on what checks say: the line above a plot, all verdicts below it, a pane's menu, evidence of a decision.

use std::sync::Arc;

use dqmon::engine::{ChecksCommand, Command, DecisionCommand, ViewCommand};
use dqmon::snapshot::{FigureKey, PlotView, Snapshot};
use egui_kittest::kittest::{NodeT, Queryable};
use monitasks::checks::{Checks, Subject};
use monitasks::quality::{Flag, State};
use monitasks::references::References;

use super::made_up;
use super::window_clicks::Desk;

const CHECKS: &str = "\
[[check]]
name = \"too_short\"
task = \"purity\"
item = \"lifetime_trend\"
kind = \"range\"
take = \"last\"
ok = { from = 100.0 }
meaning = \"Electrons are lost on their way.\"
action = \"Look at the recirculation.\"
contact = \"purity expert\"
";

/// The made-up shift in which no lifetime is long enough.
fn judged() -> Snapshot {
    judged_by(CHECKS, State::Bad)
}

/// The made-up shift judged by these checks, which find the lifetime so.
fn judged_by(checks: &str, state: State) -> Snapshot {
    let mut snapshot = made_up::full();
    let checks = Checks::parse(checks, "checks.toml").unwrap();
    let key = FigureKey::newest("purity", "lifetime_trend");
    for (key, figure) in snapshot.figures.clone() {
        if (key.task.as_str(), key.item.as_str()) == ("purity", "lifetime_trend") {
            let subject = Subject::of(("purity", "lifetime_trend"), &figure, &[], made_up::now());
            snapshot.verdicts.insert(key, Arc::new(checks.judge(&subject, &References::default())));
        }
    }
    let verdicts = snapshot.verdicts[&key].clone();
    let purity = snapshot.tasks.iter_mut().find(|task| task.name == "purity").unwrap();
    let mut leaf = purity.items.remove(0);
    // A task says no more than that there are data.
    leaf.glance.state = State::Unchecked;
    let leaf = leaf.judged(verdicts);
    assert_eq!(leaf.glance.state, state);
    purity.items.insert(0, leaf);
    snapshot
}

#[test]
fn the_line_above_a_plot_says_what_checks_think_and_opens_what_to_do() {
    let mut desk = Desk::at(judged());
    let line = |desk: &Desk| {
        let found = desk.window.query_all_by_label_contains("Checks of Purity: Lifetime trend: BAD by too_short: ");
        found.map(|node| node.accesskit_node().label().unwrap_or_default()).next()
    };
    let name = line(&desk).expect("the line is there");
    assert!(name.contains("OK is from 100"), "{name}");
    assert!(!desk.has("Call: purity expert"));
    desk.click(&name);
    assert!(desk.has("Do: Look at the recirculation.") && desk.has("Call: purity expert"));
    desk.click(&name);
    assert!(!desk.has("Call: purity expert"));
    desk.publish(|snapshot| snapshot.verdicts.clear());
    assert!(line(&desk).is_none(), "without checks the line is not there");
}

#[test]
fn what_a_known_issue_masks_says_so_with_reason_author_and_end() {
    let reason = "purity monitor is filled, until 2026-12-01 00:00 UTC";
    let mask =
        format!("[[mask]]\nname = \"filling\"\ntask = \"purity\"\nitem = \"*\"\nreason = \"{reason}\"\nauthor = \"Ada Marsh\"\n");
    let desk = Desk::at(judged_by(&(CHECKS.to_owned() + &mask), State::Masked));
    let line = format!("Checks of Purity: Lifetime trend: masked: filling: {reason} (Ada Marsh)");
    assert!(desk.has(&line), "{line}");
    assert!(desk.window.query_all_by_label_contains("Lifetime trend, masked").next().is_some());
}

#[test]
fn a_pane_shows_its_plot_with_its_reference_and_takes_a_run_as_reference_in_two_clicks() {
    let mut desk = Desk::at(judged());
    let views = |desk: &Desk| {
        let last = desk.side.commands.try_iter().filter_map(|command| match command {
            Command::View(ViewCommand::Watch(keys)) => Some(keys),
            _ => None,
        });
        let keys = last.last().unwrap_or_default();
        keys.into_iter().find(|key| key.item == "lifetime_trend").map(|key| key.view)
    };
    assert_eq!(views(&desk), Some(PlotView::Bounds));
    desk.click("Menu of Purity: Lifetime trend");
    desk.click("Divided by its reference");
    assert_eq!(views(&desk), Some(PlotView::Ratio));
    desk.commands();
    desk.click("Menu of Purity: Lifetime trend");
    desk.click("Take this run as reference");
    let key = FigureKey::newest("purity", "lifetime_trend").with(PlotView::Bare);
    assert_eq!(desk.commands(), [Command::Checks(ChecksCommand::TakeReference(key))]);
}

#[test]
fn what_checks_said_is_evidence_of_a_decision() {
    let mut desk = Desk::at(judged());
    desk.click("Run 23, UNCHECKED");
    desk.commands();
    desk.click("Decide OK");
    let commands = desk.commands();
    let [Command::Decision(DecisionCommand::Decide(wanted))] = commands.as_slice() else { panic!("{commands:?}") };
    assert_eq!(wanted.decision.flag, Flag::Ok);
    let seen = wanted.decision.evidence.iter().find(|seen| seen.item == "purity/lifetime_trend").unwrap();
    assert_eq!(seen.state.as_deref(), Some("BAD"));
}
