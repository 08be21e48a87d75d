//! Two runs, or two processings, against each other: every item by how much it differs, and a click opens the comparison.

use egui::{RichText, ScrollArea, Ui};
use monitasks::views::ranking::{FAR, Ranked};
use monitasks::views::{Against, PlotChoices};
use monitasks::vocab::Run;

use super::pane_choices::PlotAction;
use super::scene::Scene;
use super::state::{Action, ItemRef, RunChoice};
use super::{theme, words};
use crate::engine::{Command, ViewCommand};
use crate::snapshot::{PlotView, Ranking};

/// What is being compared.
#[derive(Debug, Clone, Default)]
pub struct CompareWindow {
    is_open: bool,
    first: String,
    second: String,
    /// What was asked for last.
    asked: Option<(Against, Against)>,
}

impl CompareWindow {
    /// Opens it; the run looked at is the second.
    pub fn open(&mut self, run: Option<Run>) {
        self.is_open = true;
        if let Some(run) = run {
            self.second = run.to_string();
            if self.first.is_empty() || self.first == self.second {
                self.first = if run.0 > 0 { Run(run.0 - 1).to_string() } else { String::new() };
            }
        }
    }

    /// Closes it; false when it was not open.
    pub fn close(&mut self) -> bool {
        self.asked = None;
        std::mem::take(&mut self.is_open)
    }

    /// Both sides; what is wrong with the field that can't be read.
    fn sides(&self) -> Result<(Against, Against), String> {
        let side = |text: &str| {
            Against::parse(text.trim())
                .ok_or_else(|| format!("{:?} is neither a run nor a processing: write run5 or run5-p2.", text.trim()))
        };
        let sides = (side(&self.first)?, side(&self.second)?);
        if sides.0 == sides.1 { Err("Both are the same: nothing can differ.".into()) } else { Ok(sides) }
    }
}

/// Draws it while it is open.
pub fn show(ui: &Ui, scene: &mut Scene<'_>, window: &mut CompareWindow) {
    if !window.is_open {
        return;
    }
    let mut stays = true;
    egui::Window::new("Compare two results").open(&mut stays).default_width(520.0).default_height(420.0).show(ui.ctx(), |ui| {
        let sides = fields(ui, scene, window);
        ui.separator();
        match (&scene.snapshot.ranking, &sides) {
            (Some(ranking), _) if window.asked == Some((ranking.first, ranking.second)) => {
                let ranking = ranking.clone();
                list(ui, scene, &ranking);
            }
            _ if window.asked.is_some() => drop(ui.label("Being compared…")),
            (_, Err(why)) => drop(ui.label(why)),
            _ => drop(ui.label("Choose Compare: every item is listed by how much it differs.")),
        }
    });
    if !stays {
        window.close();
        scene.send(Command::View(ViewCommand::Compare(None)));
    }
}

/// What is compared with what.
fn fields(ui: &mut Ui, scene: &mut Scene<'_>, window: &mut CompareWindow) -> Result<(Against, Against), String> {
    let mut is_entered = false;
    ui.horizontal(|ui| {
        for (name, text) in [("Second result", &mut window.second), ("First result", &mut window.first)] {
            let response = ui.add(egui::TextEdit::singleline(text).desired_width(110.0).hint_text("run5 or run5-p2"));
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, name));
            is_entered |= response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            if name == "Second result" {
                ui.label("against");
            }
        }
        let sides = window.sides();
        if ui.add_enabled(sides.is_ok(), egui::Button::new("Compare")).clicked() || is_entered && sides.is_ok() {
            window.asked = sides.ok();
            scene.send(Command::View(ViewCommand::Compare(window.asked)));
        }
    });
    window.sides()
}

/// The items, the most different first.
fn list(ui: &mut Ui, scene: &mut Scene<'_>, ranking: &Ranking) {
    if ranking.items.iter().all(|ranked| ranked.outcome.is_err()) {
        let (first, second) = (ranking.first.name(), ranking.second.name());
        ui.label(format!("No item can be compared between {second} and {first}. Below it stands why."));
    }
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        for ranked in &ranking.items {
            line(ui, scene, ranking, ranked);
        }
    });
}

/// The name of an item as the tree has it.
fn name_of(scene: &Scene<'_>, ranked: &Ranked) -> String {
    let task = scene.snapshot.task(&ranked.task);
    let item = task.and_then(|task| task.items.iter().find(|item| item.name == ranked.item));
    match (task, item) {
        (Some(task), Some(item)) => format!("{}: {}", task.title, item.title),
        _ => format!("{}/{}", ranked.task, ranked.item),
    }
}

fn line(ui: &mut Ui, scene: &mut Scene<'_>, ranking: &Ranking, ranked: &Ranked) {
    let name = name_of(scene, ranked);
    let muted = theme::ground(scene.look).muted;
    let differs = match &ranked.outcome {
        Ok(differs) => differs,
        Err(why) => {
            let text = RichText::new(format!("{name}: not compared: {why}")).small().color(muted);
            ui.add(egui::Label::new(text).wrap());
            return;
        }
    };
    let size = differs.most.map_or_else(|| "no spread to weigh it by".to_owned(), |most| format!("{most:.1} σ"));
    let [second, first] = differs.values.map(words::number);
    let wherein = if differs.most.is_some() { format!(" at {}: {second} against {first}", differs.place) } else { String::new() };
    let missing = if differs.in_one > 0 { format!("; in one alone: {}", differs.in_one) } else { String::new() };
    let (far, compared) = (differs.far, differs.compared);
    let about = format!("{size}{wherein}; {far} of {compared} beyond {FAR} σ{missing}");
    ui.horizontal(|ui| {
        let button = ui.button(&name);
        button.widget_info(|| {
            egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Open the comparison of {name}, {size}"))
        });
        if button.clicked() {
            let choices =
                PlotChoices { against: Some(ranking.first), processing: ranking.second.processing, ..PlotChoices::default() };
            let item = ItemRef { task: ranked.task.clone(), item: ranked.item.clone() };
            let run = RunChoice::Fixed(ranking.second.run);
            scene.ask(Action::Plots(PlotAction::ShowChosen(item, PlotView::SideBySide, choices, run)));
        }
        ui.add(egui::Label::new(RichText::new(&about).small()).truncate()).on_hover_text(&about);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_looked_at_is_held_against_the_one_before_it_and_nonsense_is_told() {
        let mut window = CompareWindow::default();
        window.open(Some(Run(7)));
        let side = |run, processing| Against { run: Run(run), processing };
        assert_eq!(window.sides(), Ok((side(6, None), side(7, None))));
        window.first = " run7-p2 ".into();
        assert_eq!(window.sides().map(|sides| sides.0.name()), Ok("run7-p2".to_owned()));
        window.first = "run7".into();
        assert!(window.sides().is_err_and(|why| why.contains("same")));
        window.first = "seven".into();
        assert!(window.sides().is_err_and(|why| why.contains("run5-p2")));
        assert!(window.close() && !window.close());
    }
}
