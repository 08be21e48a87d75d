//! What people say beside decisions: the Problems and Meeting pages, the question who is on shift, the dialog for a new problem,
//! and the lines of the run card.

pub mod alarms;
mod issue_dialog;
mod meeting_page;
mod problem_dialog;
mod problems_page;
mod shift_line;

use egui::{RichText, TextEdit, Ui};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use monitasks::vocab::{FileId, Run};

use super::scene::Scene;
use super::state::{Action, ItemRef, Page, RunChoice, UiState};
use super::{theme, words};
use crate::engine::{Command, ExportCommand, PeopleCommand, PeopleDeed, Report, ReportPictures};
use crate::snapshot::{IssueRow, ProblemRow};

pub use shift_line::{line_is_wanted, on_shift_word, show_line};

/// What the pages, the dialog and the question remember while the window is open.
#[derive(Debug, Clone, Default)]
pub struct PeopleView {
    problems: problems_page::ProblemsView,
    meeting: meeting_page::MeetingView,
    shift: shift_line::ShiftView,
    /// The problem that is being written.
    draft: Option<problem_dialog::Draft>,
    /// The known issue that is being written.
    issue: Option<issue_dialog::Draft>,
    /// The answer to an alarm that is being written.
    alarm: Option<alarms::Draft>,
}

/// What a click on one of these asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeopleAction {
    /// Write a new problem about this.
    NewProblem(Link),
    /// Write a known issue or mask about this.
    NewIssue(Link),
    /// Answer the alarm of an item: task and item.
    AnswerAlarm((String, String)),
    /// Show a problem on its page.
    ShowProblem(String),
    /// Ask who is on shift.
    AskShift,
}

/// What a new problem is about, as far as it is known from where it was begun.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Link {
    /// The run.
    pub run: Option<Run>,
    /// The raw file.
    pub file: Option<FileId>,
    /// The lane.
    pub lane: Option<String>,
    /// The plot.
    pub item: Option<ItemRef>,
}

impl PeopleView {
    /// Does what a click asked for; answers the page to turn to.
    pub fn act(&mut self, action: PeopleAction) -> Option<Page> {
        match action {
            PeopleAction::NewProblem(link) => {
                self.draft = Some(problem_dialog::Draft::about(link));
                None
            }
            PeopleAction::NewIssue(link) => {
                self.issue = Some(issue_dialog::Draft::about(link));
                None
            }
            PeopleAction::AnswerAlarm(item) => {
                self.alarm = Some(alarms::Draft::to(item));
                None
            }
            PeopleAction::ShowProblem(id) => {
                self.problems.select(id);
                Some(Page::Problems)
            }
            PeopleAction::AskShift => {
                self.shift.ask();
                None
            }
        }
    }

    /// Forgets what belongs to another workspace.
    pub fn forget(&mut self) {
        *self = PeopleView::default();
    }
}

/// Draws the Problems page.
pub fn problems(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut PeopleView, state: &mut UiState) {
    problems_page::show(ui, scene, &mut view.problems, state);
}

/// Draws the Meeting page.
pub fn meeting(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut PeopleView, state: &mut UiState) {
    meeting_page::show(ui, scene, &mut view.meeting, state);
}

/// Draws the dialogs for a new problem, a known issue and an answer to an alarm, while one is being written.
pub fn dialog(ui: &Ui, scene: &mut Scene<'_>, view: &mut PeopleView, state: &mut UiState) {
    if let Some(mut draft) = view.draft.take()
        && problem_dialog::show(ui, scene, &mut draft, state)
    {
        view.draft = Some(draft);
    }
    if let Some(mut draft) = view.issue.take()
        && issue_dialog::show(ui, scene, &mut draft, state)
    {
        view.issue = Some(draft);
    }
    if let Some(mut draft) = view.alarm.take()
        && alarms::show(ui, scene, &mut draft, state)
    {
        view.alarm = Some(draft);
    }
}

/// The run card's lines: open problems of the run, and what is known to be wrong with it.
pub fn run_lines(ui: &mut Ui, scene: &mut Scene<'_>, run: Run) {
    let people = &scene.snapshot.people;
    let problems: Vec<&ProblemRow> = people.problems.iter().filter(|row| row.is_open && row.run == Some(run)).collect();
    for row in problems {
        let colour = severity_colour(row, scene);
        let text = RichText::new(format!("{} {}, {}: {}", severity_glyph(row), row.severity, row.state, row.what)).small();
        let button = ui.add(egui::Button::new(text.color(colour)).frame(false).truncate());
        if button.on_hover_text("Show it on the Problems page").clicked() {
            scene.ask(Action::People(PeopleAction::ShowProblem(row.id.clone())));
        }
    }
    for issue in people.issues.iter().filter(|issue| issue.holds(run, scene.now)) {
        let kind = if issue.is_mask { "masked" } else { "known" };
        let until = issue.expires.map(|expires| format!(", until {} UTC", words::utc(expires))).unwrap_or_default();
        let text = RichText::new(format!("▨ {kind}: {} ({})", issue.reason, issue.scope)).small().weak();
        ui.add(egui::Label::new(text).truncate()).on_hover_text(format!("{}, by {}{until}", issue.reason, issue.author));
    }
    if people.on_shift.is_some() && scene.read_only().is_none() {
        let link = Link { run: Some(run), ..Link::default() };
        if ui.small_button("New problem…").on_hover_text("Tell what is wrong with this run").clicked() {
            scene.ask(Action::People(PeopleAction::NewProblem(link)));
        }
    }
}

/// A line above a plot for each known issue or mask that holds for it: what looks odd there may be known.
pub fn plot_lines(ui: &mut Ui, scene: &Scene<'_>, shows: &ItemRef) {
    let Some(run) = scene.choice.row(scene.snapshot).map(|row| row.run) else { return };
    let holds = |issue: &&IssueRow| issue.holds(run, scene.now) && issue.is_about(&shows.task, &shows.item);
    // One that holds for all plots stands on the run card alone.
    for issue in scene.snapshot.people.issues.iter().filter(|issue| issue.item.is_some() || issue.is_mask).filter(holds) {
        let kind = if issue.is_mask { "masked" } else { "known" };
        let text = RichText::new(format!("▨ {kind} here: {} ({})", issue.reason, issue.scope)).small();
        ui.add(egui::Label::new(text.color(theme::warning(scene.look))).truncate()).on_hover_text(&issue.reason);
    }
}

/// Sends what a person says.
fn say(scene: &mut Scene<'_>, state: &UiState, deed: PeopleDeed) {
    let (who, role) = (state.who.trim().to_owned(), state.role.trim().to_owned());
    scene.send(Command::People(PeopleCommand { who, role, deed }));
}

/// Asks for a report with its plots, in the workspace's folder of reports.
fn print_report(scene: &mut Scene<'_>, state: &UiState, report: Report) {
    let by = super::export::exported_by(state);
    let pictures = ReportPictures::default();
    scene.send(Command::Export(ExportCommand::Report { report, pictures, to: None, may_replace: false, by }));
}

/// Why nothing can be said yet; none when it can.
fn hindrance(scene: &Scene<'_>, state: &UiState) -> Option<&'static str> {
    if let Some(reason) = scene.read_only() {
        Some(reason)
    } else if state.who.trim().is_empty() {
        Some("Who says it? Fill in your name first.")
    } else if state.role.trim().is_empty() {
        Some("In which role? Fill it in first.")
    } else {
        None
    }
}

/// Fields for name and role, with those of the settings on offer.
fn signature_fields(ui: &mut Ui, scene: &Scene<'_>, state: &mut UiState) {
    let (people, roles) = match &scene.snapshot.workspace {
        Some(facts) => (facts.people.as_slice(), facts.roles.as_slice()),
        None => (&[][..], &[][..]),
    };
    for (name, hint, text, offered) in
        [("Who says it", "your name", &mut state.who, people), ("In which role", "your role", &mut state.role, roles)]
    {
        field(ui, name, hint, text, 130.0);
        if !offered.is_empty() {
            let menu = ui.menu_button("▾", |ui| {
                for one in offered {
                    if ui.button(one).clicked() {
                        text.clone_from(one);
                    }
                }
            });
            let name = format!("{name}: on offer");
            menu.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
        }
    }
}

/// A field of one line.
fn field(ui: &mut Ui, name: &str, hint: &str, text: &mut String, width: f32) -> egui::Response {
    let response = ui.add(TextEdit::singleline(text).hint_text(hint).desired_width(width)).on_hover_text(name);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, name));
    response
}

/// A button with a name of its own for who walks by keyboard; true when it is pressed.
fn named(ui: &mut Ui, text: &str, name: &str, hindrance: Option<&str>) -> bool {
    let response = ui.add_enabled(hindrance.is_none(), egui::Button::new(text));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, hindrance.is_none(), name));
    let response = response.on_disabled_hover_text(hindrance.unwrap_or_default());
    response.clicked()
}

/// A button of something that is written; off, with the reason, where nothing may be.
pub fn writing_button(ui: &mut Ui, scene: &Scene<'_>, words: &str) -> bool {
    named(ui, words, words, scene.read_only())
}

/// A word that leads to a run.
fn run_link(ui: &mut Ui, scene: &mut Scene<'_>, run: Run) {
    if ui.link(run.to_string()).on_hover_text("Look at this run").clicked() {
        scene.ask(Action::SelectRun(RunChoice::Fixed(run)));
        scene.ask(Action::Turn(Page::Monitor));
    }
}

/// A word that leads to a plot.
fn item_link(ui: &mut Ui, scene: &mut Scene<'_>, (task, item): &(String, String)) {
    if ui.link(format!("{task}/{item}")).on_hover_text("Look at this plot").clicked() {
        scene.ask(Action::ShowItem(ItemRef { task: task.clone(), item: item.clone() }));
    }
}

/// A shape for how bad a problem is.
fn severity_glyph(row: &ProblemRow) -> char {
    match (row.is_open, row.severity_rank) {
        (false, _) => '✔',
        (true, 2..) => '✖',
        (true, 1) => '◆',
        (true, 0) => '·',
    }
}

/// A colour for how bad a problem is.
fn severity_colour(row: &ProblemRow, scene: &Scene<'_>) -> egui::Color32 {
    match (row.is_open, row.severity_rank) {
        (true, 2..) => theme::fault(scene.look),
        (true, 1) => theme::warning(scene.look),
        _ => theme::ground(scene.look).muted,
    }
}

/// A time to come as people type it: a day, `2026-11-30`, at its beginning in UTC; `3d` or `12h` from now.
fn until(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(day) = text.parse::<Date>() {
        return day.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp()).filter(|at| *at > now);
    }
    let length = text.strip_suffix('d').map(|days| (days, 24)).or_else(|| text.strip_suffix('h').map(|hours| (hours, 1)));
    let hours = length.and_then(|(number, factor)| number.parse::<u32>().ok().map(|number| i64::from(number) * factor))?;
    now.checked_add(SignedDuration::from_hours(hours)).ok().filter(|at| *at > now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_come_is_a_day_or_a_length_and_never_past() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let at = |text: &str| until(text, now).map(|at| at.to_string());
        assert_eq!(at(" 2026-11-30 "), Some("2026-11-30T00:00:00Z".into()));
        assert_eq!([at("2d"), at("3h")], [Some("2026-11-23T12:00:00Z".into()), Some("2026-11-21T15:00:00Z".into())]);
        for wrong in ["", "2026-11-21", "0h", "d", "-1d", "99999999999d", "soon"] {
            assert_eq!(at(wrong), None, "{wrong}");
        }
    }
}
