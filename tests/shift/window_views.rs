//! Clicks on what is chosen of a pane's plot: its menu, points and cells, two results against each other.

use std::sync::Arc;

use dqmon::engine::{Command, ViewCommand};
use dqmon::gui::{ItemRef, RunChoice, UiState};
use dqmon::snapshot::{FigureKey, PlotView, Ranking, Snapshot};
use egui_kittest::kittest::{NodeT, Queryable};
use monitasks::figure::{Figure, Origin, Panels, Statistic};
use monitasks::views::ranking::{Differs, Ranked};
use monitasks::views::{Against, PlotChoices, Shape, TrendAxis};
use monitasks::vocab::Run;

use super::made_up;
use super::window_clicks::Desk;

const MENU: &str = "Menu of Purity: Lifetime trend";

/// The key that the window last asked for of the lifetime's trend.
fn asked(desk: &Desk, item: &str) -> FigureKey {
    let last = desk.side.commands.try_iter().filter_map(|command| match command {
        Command::View(ViewCommand::Watch(keys)) => Some(keys),
        _ => None,
    });
    let keys = last.last().expect("other figures are asked for");
    keys.into_iter().rfind(|key| key.item == item).expect("the item is among them")
}

/// Chooses in the menu of the lifetime's pane, word by word; where a menu stays open, goes on in it.
fn choose(desk: &mut Desk, words: &[&str]) {
    if !desk.has("Statistics box") {
        let menu = desk.window.query_all_by_label_contains(MENU).next().and_then(|node| node.accesskit_node().label());
        desk.click(&menu.expect("the pane has a menu"));
    }
    for (place, word) in words.iter().enumerate() {
        let is_open = words.get(place + 1).is_some_and(|next| desk.has(next));
        if !is_open {
            desk.click(word);
        }
    }
}

/// The made-up shift, in which the lifetime's plot with these choices is this one.
fn with_figure(choices: &PlotChoices, figure: Figure) -> Snapshot {
    let mut snapshot = made_up::full();
    let key = FigureKey { choices: choices.clone(), ..FigureKey::newest("purity", "lifetime_trend") };
    snapshot.figures.insert(key, Arc::new(figure));
    snapshot
}

fn lifetime() -> Figure {
    Figure::clone(&made_up::full().figures[&FigureKey::newest("purity", "lifetime_trend")])
}

#[test]
fn a_trend_is_drawn_against_the_run_from_the_menu_of_its_pane() {
    let mut desk = Desk::at(made_up::full());
    desk.click(MENU);
    desk.click("Trend against");
    desk.click("By run");
    assert_eq!(asked(&desk, "lifetime_trend").choices, PlotChoices { axis: TrendAxis::Run, ..PlotChoices::default() });
    desk.click(MENU);
    desk.click("As its task draws it");
    assert_eq!(asked(&desk, "lifetime_trend").choices, PlotChoices::default());
}

#[test]
fn runs_lie_over_each_other_as_they_are_ticked() {
    let mut desk = Desk::at(made_up::full());
    choose(&mut desk, &["Runs over each other", "Run 22 over the others"]);
    choose(&mut desk, &["Runs over each other", "Run 20 over the others"]);
    assert_eq!(asked(&desk, "lifetime_trend").choices.runs, [Run(20), Run(22)]);
    choose(&mut desk, &["Runs over each other", "Run 22 over the others"]);
    assert_eq!(asked(&desk, "lifetime_trend").choices.runs, [Run(20)]);
    assert!(desk.has("Menu of Purity: Lifetime trend, several runs"), "the pane's name says so");
}

#[test]
fn shape_logarithm_and_box_are_chosen_from_the_menu_and_kept() {
    let mut desk = Desk::at(made_up::full());
    for (words, within) in
        [("Values as a histogram", None), ("Statistics box", None), ("Vertical axis by the logarithm", Some("Logarithmic axes"))]
    {
        desk.click(MENU);
        if let Some(within) = within {
            desk.click(within);
        }
        desk.click(words);
    }
    let chosen = asked(&desk, "lifetime_trend").choices;
    assert!((chosen.shape, chosen.statistics, chosen.log.y) == (Shape::Histogram, true, true), "{chosen:?}");
    let kept = serde_json::to_string(desk.window.state().state()).unwrap();
    let state: UiState = serde_json::from_str(&kept).unwrap();
    let desk = Desk::with_state(made_up::full(), UiState { who: "Ada Marsh".into(), ..state });
    assert_eq!(asked(&desk, "lifetime_trend").choices, chosen);
}

#[test]
fn a_layout_kept_before_there_were_choices_reads() {
    let desk = Desk::at(made_up::full());
    let mut kept = serde_json::to_value(desk.window.state().state()).unwrap();
    let layout = kept["layout"].as_object_mut().unwrap();
    for name in ["numbering", "links_axes", "hides_cursors"] {
        assert!(layout.remove(name).is_some(), "{name} is kept");
    }
    let mut panes = 0;
    for tile in layout["tree"]["tiles"]["tiles"].as_object_mut().unwrap().values_mut() {
        panes += usize::from(tile.get_mut("Pane").is_some_and(|pane| pane.as_object_mut().unwrap().remove("choices").is_some()));
    }
    assert!(panes > 3);
    let state: UiState = serde_json::from_value(kept).unwrap();
    assert_eq!(Desk::with_state(made_up::full(), state).on_screen(), desk.on_screen());
}

#[test]
fn the_box_and_the_panels_of_a_figure_are_on_the_screen() {
    let mut with_box = lifetime();
    with_box.statistics = vec![Statistic::heading("view 0"), Statistic::new("mean", "2.9 ms")];
    let desk = Desk::at(with_figure(&PlotChoices::default(), with_box));
    assert!(desk.has("Statistics: view 0, mean 2.9 ms"));
    let mut grid = lifetime();
    let plots = ["view 0", "view 1"].map(|title| Figure { title: title.into(), ..lifetime() }).to_vec();
    (grid.layers, grid.panels) = (Vec::new(), Some(Panels { columns: 2, has_one_x: true, has_one_y: true, plots }));
    let desk = Desk::at(with_figure(&PlotChoices::default(), grid));
    let [one, other] =
        ["view 0", "view 1"].map(|title| desk.window.get_by_label(&format!("Plot: {title} of Electron lifetime")).rect());
    assert!(one.right() <= other.left() && one.width() > 80.0, "{one:?} {other:?}");
}

#[test]
fn a_click_on_a_point_of_a_trend_chooses_its_run() {
    let mut figure = lifetime();
    let origins = figure.layers.iter().flat_map(|layer| match layer {
        monitasks::figure::Layer::Points { points, .. } => points.clone(),
        _ => Vec::new(),
    });
    figure.origins = origins.map(|point| Origin { x: point.x, run: Some(Run(17)), result: "run17-p1-g0".into() }).collect();
    let mut desk = Desk::at(with_figure(&PlotChoices::default(), figure));
    let rect = desk.window.get_by_label("Plot: Electron lifetime").rect();
    // Points stand side by side all along the plot: somewhere near the middle there is one.
    let ys = (0..40).map(|step| rect.top() + rect.height() * (0.1 + 0.02 * step as f32));
    for y in ys {
        desk.click_at(egui::pos2(rect.center().x, y));
        if desk.window.state().choice() == RunChoice::Fixed(Run(17)) {
            return;
        }
    }
    panic!("no click chose the run");
}

#[test]
fn a_click_on_a_cell_of_a_map_shows_the_trend_of_that_lem() {
    let mut desk = Desk::at(made_up::full());
    let rect = desk.window.get_by_label("Plot: Effective LEM gain, run 24").rect();
    desk.click_at(rect.center() + egui::vec2(0.2 * rect.width(), -0.1 * rect.height()));
    let key = asked(&desk, "map");
    let place = key.choices.place.expect("a place of the map");
    assert_eq!((key.task.as_str(), place.series.as_str(), place.y.is_some()), ("lem_gain", "dQ/ds", true));
    assert!(desk.window.query_all_by_label_contains(", one place").next().is_some());
    let layout = desk.window.state().state().layout.clone().unwrap();
    assert!(layout.place_of(&ItemRef { task: "lem_gain".into(), item: "map".into() }).is_some(), "the map stays open");
}

#[test]
fn lems_are_numbered_in_all_panes_at_once() {
    let mut snapshot = made_up::full();
    let facts = snapshot.workspace.as_mut().unwrap();
    let mut detector = monitasks::detector::Detector::clone(&facts.detector);
    let (name, title) = ("convention".into(), "3x1x1 convention".into());
    detector.lems.numberings.push(monitasks::detector::LemNumbering { name, title, numbers: (1..=12).rev().collect() });
    facts.detector = Arc::new(detector);
    let mut desk = Desk::at(snapshot);
    desk.click(MENU);
    desk.click("LEM numbers");
    desk.click("3x1x1 convention");
    let keys = desk.side.commands.try_iter().filter_map(|command| match command {
        Command::View(ViewCommand::Watch(keys)) => Some(keys),
        _ => None,
    });
    let keys = keys.last().unwrap();
    assert!(keys.len() > 4 && keys.iter().all(|key| key.choices.numbering.as_deref() == Some("convention")), "{keys:?}");
}

#[test]
fn two_results_are_ranked_and_a_click_opens_their_comparison() {
    let mut desk = Desk::at(made_up::full());
    desk.click(MENU);
    desk.click("Compare two runs or processings…");
    assert!(desk.has("Second result"));
    desk.commands_of_views();
    desk.click("Compare");
    let sides = (Against { run: Run(23), processing: None }, Against { run: Run(24), processing: None });
    assert!(desk.commands_of_views().contains(&ViewCommand::Compare(Some(sides))));
    assert!(desk.has("Being compared…"));
    let differs =
        Differs { most: Some(7.25), place: "view 0, strip 5".into(), values: [2.9, 1.7], compared: 320, far: 4, in_one: 1 };
    let ranked = |item: &str, outcome| Ranked { task: "pedestals".into(), item: item.into(), outcome };
    let items = vec![ranked("rms_view_0", Ok(differs)), ranked("mean_view_0", Err("the first has nothing: no results".into()))];
    desk.publish(|snapshot| snapshot.ranking = Some(Arc::new(Ranking { first: sides.0, second: sides.1, items })));
    assert!(desk.window.query_all_by_label_contains("not compared: the first has nothing").next().is_some());
    let button = desk.window.query_all_by_label_contains("Open the comparison of Pedestals").next();
    let name = button.and_then(|node| node.accesskit_node().label()).expect("the item is listed");
    assert!(name.ends_with("7.2 σ") || name.ends_with("7.3 σ"), "{name}");
    desk.click(&name);
    let key = asked(&desk, "rms_view_0");
    assert_eq!((key.view, key.choices.against, key.run), (PlotView::SideBySide, Some(sides.0), Some(Run(24))));
    desk.window.key_press(egui::Key::Escape);
    desk.settle();
    assert!(!desk.has("Second result"), "Escape closes it");
    assert!(desk.commands_of_views().contains(&ViewCommand::Compare(None)));
}

#[test]
fn the_pointer_of_one_pane_shows_in_those_with_the_same_axis_and_axes_are_linked_from_the_menu() {
    let mut desk = Desk::at(made_up::full());
    desk.click(MENU);
    desk.click("Link the horizontal axes");
    let layout = desk.window.state().state().layout.clone().unwrap();
    assert!(layout.links_axes && !layout.hides_cursors);
    desk.click(MENU);
    desk.click("Link the pointers");
    assert!(desk.window.state().state().layout.as_ref().unwrap().hides_cursors);
}
