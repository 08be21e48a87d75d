//! The Meeting page: what came since the last sign-off, run by run and problem by problem, what is to be done, and the sign-off.

use egui::{RichText, ScrollArea, Ui};

use super::{
    PeopleAction, field, hindrance, named, print_report, run_link, say, severity_colour, severity_glyph, signature_fields,
};
use crate::engine::{PeopleDeed, Report};
use crate::gui::scene::Scene;
use crate::gui::state::{Action, UiState};
use crate::gui::{export, theme, words};
use crate::snapshot::{FollowUpRow, MeetingShown, UndecidedRow};

/// Processings that a line names.
const NAMES: usize = 12;

/// What the page remembers while the window is open.
#[derive(Debug, Clone, Default)]
pub struct MeetingView {
    comment: String,
}

/// Draws the page.
pub fn show(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut MeetingView, state: &mut UiState) {
    let list = &scene.snapshot.people.meeting;
    head(ui, scene, view, state, list);
    ui.separator();
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        undecided(ui, scene, list);
        ui.add_space(theme::WIDE_GAP);
        problems(ui, scene);
        ui.add_space(theme::WIDE_GAP);
        follow_ups(ui, scene, state, &list.follow_ups);
        ui.add_space(theme::WIDE_GAP);
        to_do(ui, scene, list);
    });
}

fn head(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut MeetingView, state: &mut UiState, list: &MeetingShown) {
    ui.horizontal_wrapped(|ui| {
        ui.label(theme::section("Meeting"));
        let since = match &list.since {
            Some((at, who)) => format!("since the sign-off of {} UTC by {who}", words::utc(*at)),
            None => "nothing has been signed off yet".into(),
        };
        ui.label(RichText::new(since).weak());
        if list.is_counted {
            ui.label(RichText::new(format!("{} decided since", words::count(list.decided_count, "run"))).weak());
        }
        export::page_button(ui, scene);
    });
    if scene.read_only().is_some() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        signature_fields(ui, scene, state);
        field(ui, "Comment on the sign-off", "Comment", &mut view.comment, 260.0);
        if named(ui, "Sign off", "Sign the list off", hindrance(scene, state)) {
            say(scene, state, PeopleDeed::SignOff { comment: view.comment.clone(), seen: list.seen });
            view.comment.clear();
        }
        if named(ui, "Print as HTML", "Print as HTML", None) {
            print_report(scene, state, Report::Meeting);
        }
    });
}

fn undecided(ui: &mut Ui, scene: &mut Scene<'_>, list: &MeetingShown) {
    let shown = list.undecided.len();
    let count = match list.is_counted {
        false if shown == 0 => "…".into(),
        false => format!("{shown} so far"),
        true if shown == list.undecided_count => shown.to_string(),
        true => format!("{shown} of {}", list.undecided_count),
    };
    ui.label(theme::section(&format!("Undecided runs ({count})")));
    if list.undecided.is_empty() {
        let words = if list.is_counted { "Every run has been decided on." } else { "They are being counted." };
        ui.label(RichText::new(words).weak());
    }
    egui::Grid::new("undecided").num_columns(5).spacing([14.0, 3.0]).show(ui, |ui| {
        for row in &list.undecided {
            undecided_line(ui, scene, row);
            ui.end_row();
        }
    });
}

fn undecided_line(ui: &mut Ui, scene: &mut Scene<'_>, row: &UndecidedRow) {
    run_link(ui, scene, row.run);
    ui.label(RichText::new(if row.is_new { "new" } else { "left over" }).weak());
    let (files, failed) = row.files;
    let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
    let mark = row.mark.as_ref().map(|mark| format!(", marked {mark}")).unwrap_or_default();
    ui.label(format!("{}{failed}{mark}", words::count(files, "file")));
    let status = theme::flag(row.proposal, scene.look);
    ui.label(theme::bold(format!("{} {}", status.glyph, row.proposal.word())).color(status.colour)).on_hover_text("Proposal");
    ui.label(RichText::new(&row.because).weak());
}

fn problems(ui: &mut Ui, scene: &mut Scene<'_>) {
    let people = &scene.snapshot.people;
    let open: Vec<_> = people.problems.iter().filter(|row| row.is_open).collect();
    ui.label(theme::section(&format!("Open problems ({})", open.len())));
    if open.is_empty() {
        ui.label(RichText::new("No problem is open.").weak());
    }
    for row in open {
        ui.horizontal(|ui| {
            let text = RichText::new(format!("{} {}", severity_glyph(row), row.severity)).color(severity_colour(row, scene));
            ui.label(text);
            if ui.link(&row.what).on_hover_text("Show it on the Problems page").clicked() {
                scene.ask(Action::People(PeopleAction::ShowProblem(row.id.clone())));
            }
            let owner = row.owner.as_ref().map(|owner| format!(", {owner}")).unwrap_or_default();
            ui.label(RichText::new(format!("{}{owner}, {}", row.state, words::age(row.opened, scene.now))).weak());
            if let Some(run) = row.run {
                run_link(ui, scene, run);
            }
        });
    }
}

fn follow_ups(ui: &mut Ui, scene: &mut Scene<'_>, state: &UiState, rows: &[FollowUpRow]) {
    ui.label(theme::section(&format!("To be done ({})", rows.len())));
    if rows.is_empty() {
        ui.label(RichText::new("Nothing. A decision with the outcome \"fix needed\" puts something here.").weak());
    }
    for row in rows {
        ui.horizontal(|ui| {
            let due = RichText::new(format!("due {}", row.due));
            ui.label(if row.is_overdue { due.color(theme::fault(scene.look)) } else { due.weak() });
            ui.label(&row.owner);
            ui.label(&row.what);
            if let Some(run) = row.run {
                run_link(ui, scene, run);
            }
            if scene.read_only().is_none() && named(ui, "Done", &format!("Done: follow-up {}", row.id), hindrance(scene, state)) {
                say(scene, state, PeopleDeed::EndFollowUp { id: row.id.clone(), seen: row.seen });
            }
        });
    }
}

fn to_do(ui: &mut Ui, scene: &Scene<'_>, list: &MeetingShown) {
    ui.label(theme::section("To review, by subsystem"));
    if list.to_do.is_empty() {
        let words = if list.is_counted { "No processing waits for a mark." } else { "It is being counted." };
        ui.label(RichText::new(words).weak());
    }
    egui::Grid::new("to do").num_columns(4).spacing([14.0, 3.0]).show(ui, |ui| {
        for row in &list.to_do {
            ui.label(theme::bold(&row.subsystem));
            let due = RichText::new(format!("due {}", row.due));
            ui.label(if row.is_overdue { due.color(theme::fault(scene.look)) } else { due.weak() });
            ui.label(if row.cycle.is_empty() { "no run cycle" } else { row.cycle.as_str() });
            let names = &row.names[..row.names.len().min(NAMES)];
            let more = if row.count > names.len() { ", …" } else { "" };
            ui.label(format!("{}: {}{more}", words::count(row.count, "processing"), names.join(", ")));
            ui.end_row();
        }
    });
}
