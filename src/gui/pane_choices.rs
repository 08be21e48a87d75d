//! What is chosen of a pane's plot: the part of its menu for that, what a click on a plot leads to, and the trees' words for it.

use egui::Ui;
use egui_tiles::TileId;
use monitasks::figure::{Figure, Layer, Scale};
use monitasks::views::{LogAxes, MOST_RUNS, Place, PlotChoices, Shape, TrendAxis};
use monitasks::vocab::Run;

use super::compare_window::CompareWindow;
use super::layout::Layout;
use super::scene::Scene;
use super::state::{Action, ItemRef, RunChoice};
use crate::snapshot::{FigureKey, PlotView};

/// Runs that the menu offers to lie over each other, the newest ones.
const OFFERED_RUNS: usize = 24;

/// What can be done to what is chosen of plots.
#[derive(Debug, Clone, PartialEq)]
pub enum PlotAction {
    /// Choose for a pane.
    Choose(TileId, PlotChoices),
    /// Show an item with choices, at this run.
    ShowChosen(ItemRef, PlotView, PlotChoices, RunChoice),
    /// Show the trend of a place of a pane's plot.
    ShowPlace(TileId, Place),
    /// Number LEMs so in all panes.
    NumberLems(Option<String>),
    /// One range along x for all panes with the same quantity, or no more.
    LinkAxes,
    /// The pointer of one pane in all with the same quantity along x, or no more.
    LinkCursors,
    /// Ask for two results to compare.
    Compare(Option<Run>),
}

/// Does it; answers the run to look at when the panes are to be turned to.
pub fn act(action: PlotAction, layout: &mut Layout, compare: &mut CompareWindow) -> Option<Option<RunChoice>> {
    match action {
        PlotAction::Choose(place, choices) => layout.choose(place, choices),
        PlotAction::ShowChosen(item, view, choices, run) => {
            layout.show_chosen(item, view, choices);
            return Some(Some(run));
        }
        PlotAction::ShowPlace(below, place) => layout.show_place(below, place),
        PlotAction::NumberLems(numbering) => layout.number_lems(numbering),
        PlotAction::LinkAxes => layout.links_axes = !layout.links_axes,
        PlotAction::LinkCursors => layout.hides_cursors = !layout.hides_cursors,
        PlotAction::Compare(run) => compare.open(run),
    }
    None
}

/// What the command palette offers of this.
pub fn offers(scene: &Scene<'_>) -> Vec<(String, PlotAction)> {
    let mut offers = vec![
        ("Compare two runs or processings…".to_owned(), PlotAction::Compare(scene.choice.row(scene.snapshot).map(|row| row.run))),
        ("Link the horizontal axes of panes, or no more".to_owned(), PlotAction::LinkAxes),
        ("Link the pointers of panes, or no more".to_owned(), PlotAction::LinkCursors),
    ];
    let numberings = scene.snapshot.workspace.as_ref().map(|facts| facts.detector.lems.numberings.as_slice()).unwrap_or_default();
    if numberings.len() > 1 {
        offers.push(("Number LEMs by all numberings".into(), PlotAction::NumberLems(None)));
        for known in numberings {
            offers.push((format!("Number LEMs by the {}", known.title), PlotAction::NumberLems(Some(known.name.clone()))));
        }
    }
    offers
}

/// What stands behind the name of a pane whose plot is not the item's own.
pub fn suffix(choices: &PlotChoices, view: PlotView) -> String {
    let mut words = String::new();
    if choices.place.is_some() {
        words += ", one place";
    }
    if !choices.runs.is_empty() {
        words += ", several runs";
    }
    if let Some(against) = choices.against.filter(|_| view.compares()) {
        words += &format!(", against {}", against.name());
    }
    words
}

/// The part of a pane's menu about what is chosen of its plot, `layout` saying what is so in all panes.
pub fn menu(ui: &mut Ui, scene: &mut Scene<'_>, place: TileId, key: &FigureKey, figure: Option<&Figure>, layout: &LayoutSays) {
    let chosen = &key.choices;
    let choose = |scene: &mut Scene<'_>, ui: &Ui, choices: PlotChoices| {
        scene.ask(Action::Activate(place));
        scene.ask(Action::Plots(PlotAction::Choose(place, choices)));
        ui.close();
    };
    let is_trend = chosen.axis != TrendAxis::AsDrawn
        || figure.is_some_and(|figure| figure.x.scale == Scale::UtcTime || !figure.origins.is_empty());
    if is_trend {
        ui.menu_button("Trend against", |ui| {
            for axis in TrendAxis::ALL {
                if ui.selectable_label(chosen.axis == axis, axis.words()).clicked() {
                    choose(scene, ui, PlotChoices { axis, ..chosen.clone() });
                }
            }
        });
    }
    ui.menu_button("Runs over each other", |ui| runs(ui, scene, place, chosen));
    for (shape, words) in [(Shape::Histogram, "Values as a histogram"), (Shape::Small, "Small plots, one for each series")] {
        let is_so = chosen.shape == shape;
        if ui.selectable_label(is_so, words).clicked() {
            let shape = if is_so { Shape::AsDrawn } else { shape };
            choose(scene, ui, PlotChoices { shape, ..chosen.clone() });
        }
    }
    if ui.selectable_label(chosen.statistics, "Statistics box").clicked() {
        choose(scene, ui, PlotChoices { statistics: !chosen.statistics, ..chosen.clone() });
    }
    let has_map = figure.is_some_and(has_map);
    ui.menu_button("Logarithmic axes", |ui| {
        let LogAxes { x, y, z } = chosen.log;
        for (is_so, words, log) in [
            (x, "Horizontal axis by the logarithm", LogAxes { x: !x, y, z }),
            (y, "Vertical axis by the logarithm", LogAxes { x, y: !y, z }),
            (z, "Colours by the logarithm", LogAxes { x, y, z: !z }),
        ] {
            let is_offered = is_so || has_map || !words.starts_with("Colours");
            if ui.add_enabled(is_offered, egui::Button::selectable(is_so, words)).clicked() {
                choose(scene, ui, PlotChoices { log, ..chosen.clone() });
            }
        }
    });
    numberings(ui, scene, layout);
    for (is_so, words, action) in [
        (layout.links_axes, "Link the horizontal axes", PlotAction::LinkAxes),
        (layout.links_cursors, "Link the pointers", PlotAction::LinkCursors),
    ] {
        if ui.selectable_label(is_so, words).on_hover_text("In all panes that have the same quantity along x").clicked() {
            scene.ask(Action::Plots(action));
            ui.close();
        }
    }
    let plain = PlotChoices { numbering: chosen.numbering.clone(), ..PlotChoices::default() };
    if *chosen != plain && ui.button("As its task draws it").clicked() {
        choose(scene, ui, plain);
    }
}

/// What is so in all panes.
#[derive(Debug, Clone, Default)]
pub struct LayoutSays {
    /// How LEMs are numbered.
    pub numbering: Option<String>,
    /// Horizontal axes go together.
    pub links_axes: bool,
    /// Pointers go together.
    pub links_cursors: bool,
}

impl LayoutSays {
    /// What a layout says.
    #[must_use]
    pub fn of(layout: &Layout) -> Self {
        LayoutSays { numbering: layout.numbering.clone(), links_axes: layout.links_axes, links_cursors: !layout.hides_cursors }
    }
}

/// The newest runs to choose from, and those that are chosen.
fn runs(ui: &mut Ui, scene: &mut Scene<'_>, place: TileId, chosen: &PlotChoices) {
    let mut offered: Vec<Run> = scene.snapshot.runs.iter().rev().take(OFFERED_RUNS).map(|row| row.run).collect();
    offered.extend(
        chosen.runs.iter().filter(|run| !scene.snapshot.runs.iter().rev().take(OFFERED_RUNS).any(|row| row.run == **run)),
    );
    if offered.is_empty() {
        ui.label("No runs yet.");
        return;
    }
    ui.label(egui::RichText::new(format!("Up to {MOST_RUNS} runs")).small());
    egui::ScrollArea::vertical().max_height(300.0).show(ui, |ui| {
        for run in offered {
            let is_chosen = chosen.runs.contains(&run);
            let is_offered = is_chosen || chosen.runs.len() < MOST_RUNS;
            let words = format!("Run {} over the others", run.0);
            let button = egui::Button::selectable(is_chosen, format!("Run {}", run.0));
            let response = ui.add_enabled(is_offered, button);
            response.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, is_offered, is_chosen, &words));
            if response.clicked() {
                scene.ask(Action::Plots(PlotAction::Choose(place, chosen.clone().with_run(run))));
            }
        }
    });
    if !chosen.runs.is_empty() && ui.button("None of them").clicked() {
        scene.ask(Action::Plots(PlotAction::Choose(place, PlotChoices { runs: Vec::new(), ..chosen.clone() })));
        ui.close();
    }
}

/// How LEMs are numbered, in all panes.
fn numberings(ui: &mut Ui, scene: &mut Scene<'_>, layout: &LayoutSays) {
    let Some(detector) = scene.snapshot.workspace.as_ref().map(|facts| facts.detector.clone()) else { return };
    if detector.lems.numberings.len() < 2 {
        return;
    }
    ui.menu_button("LEM numbers", |ui| {
        let all = std::iter::once((None, "All numberings".to_owned()));
        let each = detector.lems.numberings.iter().map(|known| (Some(known.name.clone()), known.title.clone()));
        for (name, words) in all.chain(each) {
            if ui.selectable_label(layout.numbering == name, words).clicked() {
                scene.ask(Action::Plots(PlotAction::NumberLems(name)));
                ui.close();
            }
        }
    });
}

fn has_map(figure: &Figure) -> bool {
    let is_map = |figure: &Figure| figure.layers.iter().any(|layer| matches!(layer, Layer::Map(_)));
    is_map(figure) || figure.panels.iter().flat_map(|panels| &panels.plots).any(is_map)
}

/// The run of the result that stands where somebody clicked on a trend, `reach` being how far off along each axis that may be.
#[must_use]
pub fn run_at(figure: &Figure, at: [f64; 2], reach: [f64; 2]) -> Option<Run> {
    let points =
        figure.layers.iter().filter_map(|layer| if let Layer::Points { points, .. } = layer { Some(points) } else { None });
    let distance = |x: f64, y: f64| ((x - at[0]) / reach[0]).hypot((y - at[1]) / reach[1]);
    let near = points.flatten().map(|point| (distance(point.x, point.y), point.x)).filter(|(distance, _)| *distance <= 1.0);
    let (_, x) = near.min_by(|(one, _), (other, _)| one.total_cmp(other))?;
    let mut runs = figure.origins.iter().filter(|origin| (origin.x - x).abs() < 1e-3).filter_map(|origin| origin.run);
    let run = runs.next()?;
    // Where results of several runs stand at one x, the point does not say which it is.
    runs.all(|other| other == run).then_some(run)
}
