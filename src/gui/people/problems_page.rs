//! The Problems page: alarms that wait, a table of problems, and below it all that was said of the one that is chosen.

use egui::{Align, Layout, RichText, ScrollArea, Sense, TextEdit, Ui};
use egui_extras::{Column, TableBuilder};

use super::{
    Link, PeopleAction, field, hindrance, item_link, named, run_link, say, severity_colour, severity_glyph, signature_fields,
    until,
};
use crate::engine::{PeopleDeed, ProblemChange};
use crate::gui::scene::Scene;
use crate::gui::state::{Action, UiState};
use crate::gui::{export, theme, words};
use crate::snapshot::{AlarmRow, IssueRow, ProblemRow};

/// What is shown in full.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Chosen {
    Problem(String),
    Alarm((String, String)),
    Issue(String),
}

/// What the page remembers while the window is open.
#[derive(Debug, Clone, Default)]
pub struct ProblemsView {
    query: String,
    with_closed: bool,
    chosen: Option<Chosen>,
    comment: String,
    until: String,
}

impl ProblemsView {
    /// Shows a problem in full.
    pub fn select(&mut self, id: String) {
        self.choose(Chosen::Problem(id));
        self.query.clear();
    }

    fn choose(&mut self, chosen: Chosen) {
        if self.chosen.as_ref() != Some(&chosen) {
            self.chosen = Some(chosen);
            self.comment.clear();
        }
    }
}

/// Draws the page.
pub fn show(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut ProblemsView, state: &mut UiState) {
    let people = &scene.snapshot.people;
    head(ui, scene, view);
    for alarm in &people.alarms {
        alarm_line(ui, scene, view, alarm);
    }
    for issue in &people.issues {
        issue_line(ui, scene, view, issue);
    }
    ui.separator();
    let rows = rows(&people.problems, view);
    if rows.is_empty() {
        let words = if people.problems.is_empty() {
            "No problem yet. \"New problem…\" here, on the run card or in a plot's menu tells one."
        } else {
            "No problem is open that has these words."
        };
        ui.label(RichText::new(words).weak());
    }
    let below = if view.chosen.is_some() { 210.0 } else { 0.0 };
    let height = (ui.available_height() - below).max(80.0);
    if !rows.is_empty() {
        ui.allocate_ui(egui::vec2(ui.available_width(), height), |ui| table(ui, scene, view, &rows, height));
    }
    if view.chosen.is_some() {
        ui.separator();
        ScrollArea::vertical().id_salt("chosen").auto_shrink([false, false]).show(ui, |ui| detail(ui, scene, view, state));
    }
}

fn head(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut ProblemsView) {
    let people = &scene.snapshot.people;
    ui.horizontal_wrapped(|ui| {
        ui.label(theme::section("Problems"));
        field(ui, "Find problems", "Words, run, plot, owner", &mut view.query, 240.0);
        ui.checkbox(&mut view.with_closed, "Closed too");
        let open = people.problems.iter().filter(|row| row.is_open).count();
        ui.label(RichText::new(format!("{open} open, {}", words::count(people.alarms.len(), "alarm"))).weak());
        if named(ui, "New problem…", "New problem…", scene.read_only()) {
            scene.ask(Action::People(PeopleAction::NewProblem(Link::default())));
        }
        export::page_button(ui, scene);
    });
}

/// The rows that match; what calls for somebody stands first.
fn rows<'a>(problems: &'a [ProblemRow], view: &ProblemsView) -> Vec<&'a ProblemRow> {
    let query = view.query.to_lowercase();
    let has = |row: &ProblemRow| {
        let owner = row.owner.as_deref().unwrap_or_default();
        let text = format!("{} {} {} {} {} {owner} {}", row.id, row.what, row.place, row.severity, row.state, row.opened_by);
        let text = text.to_lowercase();
        query.split_whitespace().all(|word| text.contains(word))
    };
    problems.iter().filter(|row| (row.is_open || view.with_closed) && has(row)).collect()
}

fn alarm_line(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut ProblemsView, alarm: &AlarmRow) {
    let calls = alarm.calls(scene.now);
    // Long words go on in the next line: the button at their end is never pushed off the page.
    ui.horizontal_wrapped(|ui| {
        let colour = if calls { theme::fault(scene.look) } else { theme::ground(scene.look).muted };
        ui.label(RichText::new("▲ alarm").color(colour));
        item_link(ui, scene, &alarm.item);
        let age = words::age(alarm.raised, scene.now);
        ui.label(RichText::new(format!("{}, {age}: {}", alarm.state, alarm.says)).color(colour));
        if let Some(words) = &alarm.acknowledged {
            ui.label(RichText::new(words).small().weak());
        }
        let name = format!("Answer the alarm of {}/{}…", alarm.item.0, alarm.item.1);
        if named(ui, "Answer…", &name, None) {
            view.choose(Chosen::Alarm(alarm.item.clone()));
        }
    });
}

fn issue_line(ui: &mut Ui, scene: &Scene<'_>, view: &mut ProblemsView, issue: &IssueRow) {
    if issue.expires.is_some_and(|expires| expires <= scene.now) {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        let kind = if issue.is_mask { "▨ mask" } else { "▨ known" };
        ui.label(RichText::new(kind).weak());
        let until = issue.expires.map_or_else(|| "until ended".into(), |expires| format!("until {} UTC", words::utc(expires)));
        ui.label(format!("{}: {}", issue.scope, issue.reason));
        ui.label(RichText::new(format!("{}, {until}", issue.author)).small().weak());
        if named(ui, "End…", &format!("End known issue {}…", issue.id), None) {
            view.choose(Chosen::Issue(issue.id.clone()));
        }
    });
}

fn table(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut ProblemsView, rows: &[&ProblemRow], height: f32) {
    TableBuilder::new(ui)
        .id_salt("problems")
        .striped(true)
        .sense(Sense::click())
        .max_scroll_height(height)
        .auto_shrink([false, true])
        .cell_layout(Layout::left_to_right(Align::Center))
        .column(Column::exact(64.0))
        .column(Column::exact(92.0))
        .column(Column::exact(150.0))
        .column(Column::exact(250.0).clip(true))
        .column(Column::exact(120.0).clip(true))
        .column(Column::exact(90.0))
        .column(Column::remainder().clip(true))
        .header(theme::ROW_HEIGHT, |mut header| {
            for name in ["Id", "Severity", "State", "Where", "Owner", "Told", "What"] {
                header.col(|ui| drop(ui.label(theme::bold(name))));
            }
        })
        .body(|body| {
            body.rows(theme::ROW_HEIGHT + 2.0, rows.len(), |mut line| {
                let row = rows[line.index()];
                line.set_selected(view.chosen == Some(Chosen::Problem(row.id.clone())));
                let colour = severity_colour(row, scene);
                line.col(|ui| drop(ui.add(egui::Label::new(&row.id).selectable(false))));
                let severity = RichText::new(format!("{} {}", severity_glyph(row), row.severity)).color(colour);
                line.col(|ui| drop(ui.add(egui::Label::new(severity).selectable(false))));
                line.col(|ui| drop(ui.add(egui::Label::new(state_words(row, scene)).selectable(false).truncate())));
                line.col(|ui| places(ui, scene, row));
                line.col(|ui| drop(ui.add(egui::Label::new(row.owner.as_deref().unwrap_or("")).selectable(false).truncate())));
                line.col(|ui| drop(ui.add(egui::Label::new(words::age(row.opened, scene.now)).selectable(false))));
                line.col(|ui| drop(ui.add(egui::Label::new(&row.what).selectable(false).truncate()).on_hover_text(&row.what)));
                let response = line.response();
                let spoken = format!("Row of problem {}, {}", row.id, row.state);
                response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Row, true, &spoken));
                if response.clicked() {
                    view.choose(Chosen::Problem(row.id.clone()));
                }
            });
        });
}

fn state_words(row: &ProblemRow, scene: &Scene<'_>) -> String {
    let mut words = row.state.to_owned();
    if row.calls(scene.now) {
        words += ", URGENT";
    } else if row.is_shelved(scene.now) {
        words += ", shelved";
    } else if row.is_open && row.acknowledged_by.is_some() {
        words += ", acknowledged";
    }
    if row.in_conflict {
        words += ", books differ";
    }
    words
}

/// Where a problem is, as links to run and plot.
fn places(ui: &mut Ui, scene: &mut Scene<'_>, row: &ProblemRow) {
    ui.spacing_mut().item_spacing.x = 5.0;
    if let Some(run) = row.run {
        run_link(ui, scene, run);
    }
    if let Some(item) = &row.item {
        item_link(ui, scene, item);
    }
    if row.run.is_none() && row.item.is_none() {
        ui.label(&row.place);
    }
}

/// The chosen one in full, with what may be done.
fn detail(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut ProblemsView, state: &mut UiState) {
    let people = &scene.snapshot.people;
    match view.chosen.clone() {
        Some(Chosen::Problem(id)) => match people.problems.iter().find(|row| row.id == id) {
            Some(row) => problem_detail(ui, scene, view, state, row),
            None => view.chosen = None,
        },
        Some(Chosen::Alarm(item)) => match people.alarms.iter().find(|alarm| alarm.item == item) {
            Some(alarm) => {
                let (seen, name) = (alarm.seen, format!("{}/{}", alarm.item.0, alarm.item.1));
                ui.label(theme::bold(format!("Alarm of {name}: {}", alarm.says)));
                writing(ui, scene, view, state);
                let missing = hindrance(scene, state).or_else(|| needs_comment(view));
                let comment = view.comment.clone();
                ui.horizontal(|ui| {
                    if named(ui, "Acknowledge", "Acknowledge the alarm", missing) {
                        let deed = PeopleDeed::AnswerAlarm { item: name.clone(), until: None, comment: comment.clone(), seen };
                        told(scene, view, state, deed);
                    }
                    if let Some(until) = shelving(ui, scene, view, missing) {
                        told(scene, view, state, PeopleDeed::AnswerAlarm { item: name, until: Some(until), comment, seen });
                    }
                });
            }
            None => view.chosen = None,
        },
        Some(Chosen::Issue(id)) => match people.issues.iter().find(|issue| issue.id == id) {
            Some(issue) => {
                ui.label(theme::bold(format!("{}: {}", issue.scope, issue.reason)));
                writing(ui, scene, view, state);
                let missing = hindrance(scene, state).or_else(|| needs_comment(view));
                if named(ui, "End it", "End the known issue", missing) {
                    let deed = PeopleDeed::EndIssue { id, comment: view.comment.clone(), seen: issue.seen };
                    told(scene, view, state, deed);
                }
            }
            None => view.chosen = None,
        },
        None => {}
    }
}

fn problem_detail(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut ProblemsView, state: &mut UiState, row: &ProblemRow) {
    ui.horizontal_wrapped(|ui| {
        ui.label(theme::bold(format!("{} {}", severity_glyph(row), row.what)).color(severity_colour(row, scene)));
        ui.label(RichText::new(&row.place).weak());
    });
    writing(ui, scene, view, state);
    let missing = hindrance(scene, state);
    let needs = missing.or_else(|| needs_comment(view));
    ui.horizontal_wrapped(|ui| {
        let owner = state.who.trim().to_owned();
        let mut buttons = vec![("Comment", ProblemChange::Comment, needs)];
        if row.is_open {
            if row.acknowledged_by.is_none() {
                buttons.push(("Acknowledge", ProblemChange::Acknowledge, needs));
            }
            buttons.push(("See to it myself", ProblemChange::Take { owner }, missing));
            buttons.push(("Close", ProblemChange::Close, needs));
        } else {
            buttons.push(("Reopen", ProblemChange::Reopen, needs));
        }
        for (name, change, hindrance) in buttons {
            if named(ui, name, &format!("{name}: problem {}", row.id), hindrance) {
                change_problem(scene, view, state, row, change);
            }
        }
        if row.is_open
            && let Some(until) = shelving(ui, scene, view, needs)
        {
            change_problem(scene, view, state, row, ProblemChange::Shelve { until });
        }
    });
    for said in row.story.iter().rev() {
        let head = format!("{} UTC  {} by {} ({})", words::utc(said.at), said.did, said.who, said.role);
        ui.label(RichText::new(head).small().weak());
        if !said.comment.is_empty() {
            ui.add(egui::Label::new(&said.comment).wrap());
        }
    }
}

fn change_problem(scene: &mut Scene<'_>, view: &mut ProblemsView, state: &UiState, row: &ProblemRow, change: ProblemChange) {
    let deed = PeopleDeed::ChangeProblem { id: row.id.clone(), change, comment: view.comment.clone(), seen: row.seen };
    told(scene, view, state, deed);
}

/// Sends it, and makes room for the next words.
fn told(scene: &mut Scene<'_>, view: &mut ProblemsView, state: &UiState, deed: PeopleDeed) {
    say(scene, state, deed);
    view.comment.clear();
}

fn needs_comment(view: &ProblemsView) -> Option<&'static str> {
    view.comment.trim().is_empty().then_some("Say why: it needs a comment.")
}

/// Fields for who says it and what.
fn writing(ui: &mut Ui, scene: &Scene<'_>, view: &mut ProblemsView, state: &mut UiState) {
    if scene.read_only().is_some() {
        return;
    }
    ui.horizontal(|ui| {
        signature_fields(ui, scene, state);
        let comment = TextEdit::singleline(&mut view.comment).hint_text("Comment").desired_width(ui.available_width() - 20.0);
        let response = ui.add(comment);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Comment on it"));
    });
}

/// The field and button that have it quiet until a time; answers that time when the button is pressed.
fn shelving(ui: &mut Ui, scene: &Scene<'_>, view: &mut ProblemsView, missing: Option<&str>) -> Option<jiff::Timestamp> {
    if scene.read_only().is_some() {
        return None;
    }
    let at = until(&view.until, scene.now);
    let missing = missing.or(at.is_none().then_some("Until when? Write 2026-11-30, 12h or 3d."));
    let is_pressed = named(ui, "Shelve until", "Shelve until", missing);
    field(ui, "Shelved until", "2026-11-30, 3d", &mut view.until, 100.0);
    at.filter(|_| is_pressed)
}
