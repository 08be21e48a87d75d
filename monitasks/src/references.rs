//! Reference plots: what an item should look like for a range of runs, and a plot over, by and against its reference.
//!
//! A reference is a figure that people chose, under a label, for the runs it is valid for. Plots of unlike binning are never
//! compared: the refusal says which axis differs and how.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::checks::series::{Form, Series, Spot, bits, measured_series};
use crate::figure::{Across, Axis, Figure, Ink, Layer, Map, Point};
use crate::vocab::Run;

/// Edges that differ by less than this part of a bin are the same.
const SAME_EDGE: f64 = 1e-6;

/// A range of runs, both ends in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Runs {
    /// The first run.
    pub from: Run,
    /// The last run; none for all that come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Run>,
}

/// What an item should look like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// Its name for people: `after the HV scan`.
    pub label: String,
    /// The task it is for.
    pub task: String,
    /// The item it is for.
    pub item: String,
    /// The runs it is valid for.
    pub runs: Runs,
    /// The plot.
    pub figure: Figure,
}

/// Where a reference comes from: a result of the past, drawn as the item draws it.
///
/// The plot itself is not kept, so that a task that draws differently does so for both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferenceSource {
    /// Its name for people.
    pub label: String,
    /// The task it is for.
    pub task: String,
    /// The item it is for; `*` for all of the task.
    pub item: String,
    /// The result file, as named to the task: `crp/run840-p1-g0.txt`.
    pub result: String,
    /// The runs it is valid for.
    pub runs: Runs,
}

/// All references, unambiguous: of one label, no two for one item and run; of several labels, the one whose runs begin last.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct References {
    list: Vec<Reference>,
}

/// Why there is no reference, or why one was not taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ReferenceError(pub String);

/// Why two plots can't be compared: which axis or series differs, and how.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not compared: {0}")]
pub struct Unlike(pub String);

impl Runs {
    /// Whether a run is among them.
    #[must_use]
    pub fn has(self, run: Run) -> bool {
        self.from <= run && self.to.is_none_or(|to| run <= to)
    }

    fn overlaps(self, other: Runs) -> bool {
        self.to.is_none_or(|to| other.from <= to) && other.to.is_none_or(|to| self.from <= to)
    }

    /// For people: `run840 to run1014`, `run840 and all after it`.
    #[must_use]
    pub fn words(self) -> String {
        match self.to {
            Some(to) if to == self.from => to.to_string(),
            Some(to) => format!("{} to {to}", self.from),
            None => format!("{} and all after it", self.from),
        }
    }
}

impl References {
    /// Takes a reference in.
    ///
    /// # Errors
    /// When its runs end before they begin, or when another of the same label, or one that begins at the same run, is valid
    /// for the same item and a run of these: which one counts would be chance.
    pub fn add(&mut self, reference: Reference) -> Result<(), ReferenceError> {
        let Reference { label, task, item, runs, .. } = &reference;
        if runs.to.is_some_and(|to| to < runs.from) {
            return Err(ReferenceError(format!("reference {label:?} is for {}, expected the first run first", runs.words())));
        }
        let clashes = |other: &&Reference| {
            let is_same_item = other.task == *task && other.item == *item && other.runs.overlaps(*runs);
            is_same_item && (other.label == *label || other.runs.from == runs.from)
        };
        if let Some(other) = self.list.iter().find(clashes) {
            let what = format!(
                "reference {label:?} of {task}/{item} is for {}, and {:?} for {}: expected one for each run",
                runs.words(),
                other.label,
                other.runs.words()
            );
            return Err(ReferenceError(what));
        }
        self.list.push(reference);
        Ok(())
    }

    /// Draws references from their sources; with a message for each that could not be drawn or taken in. `tasks` holds every task's
    /// name with those of its items; `draw` is given a task, an item and the name of a result.
    pub fn drawn(
        sources: &[ReferenceSource],
        tasks: &[(&str, Vec<&str>)],
        mut draw: impl FnMut(&str, &str, &str) -> Result<Figure, String>,
    ) -> (Self, Vec<String>) {
        let (mut references, mut refused) = (References::default(), Vec::new());
        for source in sources {
            let ReferenceSource { label, task, item, result, runs } = source;
            let all = tasks.iter().filter(|(known, _)| known == task).flat_map(|(_, items)| items.iter().copied());
            let items: Vec<&str> = all.filter(|known| item == "*" || item == known).collect();
            if items.is_empty() {
                refused.push(format!("reference {label:?} is for {task}/{item}, which is not there"));
            }
            for item in items {
                let taken_in = draw(task, item, result).and_then(|figure| match &figure.empty {
                    Some(empty) => Err(format!("reference {label:?} of {task}/{item} is empty: {empty}: {result}")),
                    None => {
                        let (label, task, item) = (label.clone(), task.clone(), item.to_owned());
                        references.add(Reference { label, task, item, runs: *runs, figure }).map_err(|why| why.to_string())
                    }
                });
                refused.extend(taken_in.err());
            }
        }
        (references, refused)
    }

    /// All of them, in the order they were taken in.
    pub fn iter(&self) -> impl Iterator<Item = &Reference> {
        self.list.iter()
    }

    /// The reference of an item for a run: that of the label if one is named, else the one whose runs begin last.
    ///
    /// # Errors
    /// With what references there are instead.
    pub fn find(&self, task: &str, item: &str, run: Option<Run>, label: Option<&str>) -> Result<&Reference, ReferenceError> {
        let name = label.map_or_else(|| "reference".to_owned(), |label| format!("reference {label:?}"));
        let Some(run) = run else {
            return Err(ReferenceError(format!("which {name} is valid is not known: the result does not say its run")));
        };
        let of_item: Vec<&Reference> = self.list.iter().filter(|known| known.task == task && known.item == item).collect();
        let fits = |known: &&&Reference| known.runs.has(run) && label.is_none_or(|label| known.label == label);
        of_item.iter().filter(fits).max_by_key(|known| known.runs.from).copied().ok_or_else(|| {
            let there: Vec<String> =
                of_item.iter().map(|known| format!("{:?} for {}", known.label, known.runs.words())).collect();
            let there = if there.is_empty() { "no reference of this item".to_owned() } else { there.join(", ") };
            ReferenceError(format!("no {name} for {run}; there is {there}"))
        })
    }
}

/// The plot with the reference's series drawn under it, in the colour of references.
///
/// # Errors
/// When the axes or the binning differ, or when no series has the name of one of the reference.
pub fn overlay(figure: &Figure, reference: &Reference) -> Result<Figure, Unlike> {
    let pairs = pairs(figure, reference)?;
    if let Some((series, _)) = pairs.iter().find(|(series, _)| matches!(series.form, Form::Map { .. })) {
        return Err(Unlike(format!(
            "{} is a map, which can't be drawn over another; its ratio and its difference can",
            series.label
        )));
    }
    let layers = pairs.into_iter().flat_map(|(_, known)| {
        let label = format!("{}: {}", reference.label, known.label);
        as_layers(&known, label, Ink::Reference)
    });
    let mut drawn = figure.clone();
    drawn.layers.splice(0..0, layers);
    Ok(drawn.note(used(reference)))
}

/// The plot divided by its reference. A bin whose reference is zero has no number.
///
/// Errors are added in squares, as those of independent numbers: σ² = (σ_a² + (a/b)² σ_b²) / b².
///
/// # Errors
/// As [`overlay`], maps apart.
pub fn ratio(figure: &Figure, reference: &Reference) -> Result<Figure, Unlike> {
    let of = |mine: &Spot, known: &Spot| {
        let ratio = if known.value == 0.0 { f64::NAN } else { mine.value / known.value };
        (ratio, mine.error.hypot(ratio * known.error) / known.value.abs())
    };
    combined(figure, reference, "over its reference", "", 1.0, of)
}

/// The plot less its reference, in the plot's unit. Errors are added in squares, as those of independent numbers.
///
/// # Errors
/// As [`overlay`], maps apart.
pub fn difference(figure: &Figure, reference: &Reference) -> Result<Figure, Unlike> {
    let unit = value_axis(figure).unit.clone();
    let of = |mine: &Spot, known: &Spot| (mine.value - known.value, mine.error.hypot(known.error));
    combined(figure, reference, "less its reference", &unit, 0.0, of)
}

pub(crate) fn combined(
    figure: &Figure,
    reference: &Reference,
    words: &str,
    unit: &str,
    alike: f64,
    of: impl Fn(&Spot, &Spot) -> (f64, f64),
) -> Result<Figure, Unlike> {
    let values = value_axis(figure);
    let label = format!("{} {words}", values.label);
    let is_map = figure.layers.iter().any(|layer| matches!(layer, Layer::Map(_)));
    let y = if is_map { figure.y.clone() } else { Axis::linear(label.clone(), unit) };
    let mut drawn = Figure::new(format!("{} {words}", figure.title), figure.x.clone(), y);
    for (place, (mut series, known)) in pairs(figure, reference)?.into_iter().enumerate() {
        for (mine, known) in series.spots.iter_mut().zip(&known.spots) {
            (mine.value, mine.error) = of(mine, known);
        }
        let name = if is_map { label.clone() } else { series.label.clone() };
        let without = series.missing().count();
        if without > 0 {
            drawn.notes.push(format!("{}: no number in {without} of {} places", series.label, series.spots.len()));
        }
        for mut layer in as_layers(&series, name, Ink::Series(u8::try_from(place).unwrap_or(u8::MAX))) {
            if let Layer::Map(map) = &mut layer {
                map.z.unit = unit.to_owned();
            }
            drawn.layers.push(layer);
        }
    }
    if !is_map {
        drawn.layers.push(Layer::Rule { label: "alike".into(), ink: Ink::Reference, across: Across::Y, at: alike });
    }
    Ok(drawn.note(used(reference)))
}

fn used(reference: &Reference) -> String {
    // A result that a plot is held against by hand is called by its own name, and is valid for nothing else.
    if reference.runs.to == Some(reference.runs.from) && reference.label.starts_with(&reference.runs.words()) {
        return format!("compared with {}", reference.label);
    }
    format!("reference: {}, valid for {}", reference.label, reference.runs.words())
}

/// The axis that says what is measured: the colours' for a map.
pub(crate) fn value_axis(figure: &Figure) -> &Axis {
    figure.layers.iter().find_map(|layer| if let Layer::Map(map) = layer { Some(&map.z) } else { None }).unwrap_or(&figure.y)
}

/// The measured series of a plot with those of the same name of its reference, place by place.
pub(crate) fn pairs(figure: &Figure, reference: &Reference) -> Result<Vec<(Series, Series)>, Unlike> {
    same_axes(figure, &reference.figure)?;
    let mine = measured_series(figure, &[]).map_err(Unlike)?;
    mine.into_iter().map(|series| matched(&series, reference)).collect()
}

/// Whether two plots have the same quantities and units on their axes.
///
/// # Errors
/// The axis, and what it is on each.
pub(crate) fn same_axes(figure: &Figure, reference: &Figure) -> Result<(), Unlike> {
    let axes = [("horizontal", &figure.x, &reference.x), ("vertical", &figure.y, &reference.y)];
    let values = ("measured", value_axis(figure), value_axis(reference));
    for (name, mine, known) in axes.into_iter().chain([values]) {
        if mine.unit != known.unit || mine.label != known.label {
            return Err(Unlike(format!("the {name} axis is {:?}, that of the reference {:?}", mine.title(), known.title())));
        }
    }
    Ok(())
}

/// The reference's series of the same name. One that tells no lanes apart is for all of them.
///
/// # Errors
/// When it has none, with those that it has.
pub(crate) fn of_reference(series: &Series, reference: &Reference) -> Result<Series, Unlike> {
    let all = measured_series(&reference.figure, &[]).map_err(Unlike)?;
    let named = measured_series(&reference.figure, std::slice::from_ref(&series.label)).unwrap_or_default();
    let same = |known: &&Series| known.label == series.label;
    let found = named.iter().find(same).or_else(|| all.iter().find(|known| series.is_named(&known.label)));
    found.cloned().ok_or_else(|| {
        let there: Vec<&str> = all.iter().map(|known| known.label.as_str()).collect();
        Unlike(format!("reference {:?} has no series {:?}, it has '{}'", reference.label, series.label, there.join("', '")))
    })
}

/// A series with that of the reference, which has the same places in the same order. Points that only one has are left out.
///
/// # Errors
/// When the reference has no such series, or its bins are others.
pub(crate) fn matched(series: &Series, reference: &Reference) -> Result<(Series, Series), Unlike> {
    let mut known = of_reference(series, reference)?;
    if let (Form::Steps(mine), Form::Steps(edges)) = (&series.form, &known.form) {
        same_edges(mine, edges)?;
        keep_places(&mut known, series);
        return Ok((series.clone(), known));
    }
    match (&series.form, &known.form) {
        (Form::Map { .. }, Form::Map { .. }) if series.form == known.form => {
            keep_places(&mut known, series);
            Ok((series.clone(), known))
        }
        (Form::Map { cells: mine, x_range, y_range }, Form::Map { cells, x_range: x, y_range: y }) => Err(Unlike(format!(
            "the cells: {} by {} over x {x_range:?} and y {y_range:?}, those of the reference {} by {} over x {x:?} and y {y:?}",
            mine[0], mine[1], cells[0], cells[1]
        ))),
        (Form::Points, Form::Points) => common_points(series, &known),
        _ => {
            Err(Unlike(format!("{} is drawn as {}, in the reference as {}", series.label, kind(&series.form), kind(&known.form))))
        }
    }
}

/// What a mask took out of the one is not looked at in the other.
fn keep_places(known: &mut Series, series: &Series) {
    let places: HashSet<usize> = series.spots.iter().map(|spot| spot.place).collect();
    known.spots.retain(|spot| places.contains(&spot.place));
}

fn kind(form: &Form) -> &'static str {
    match form {
        Form::Points => "points",
        Form::Steps(_) => "a histogram",
        Form::Map { .. } => "a map",
    }
}

fn same_edges(mine: &[f64], known: &[f64]) -> Result<(), Unlike> {
    let words = |edges: &[f64]| match (edges.first(), edges.last()) {
        (Some(first), Some(last)) => format!("{} bins from {first} to {last}", edges.len() - 1),
        _ => "no bins".to_owned(),
    };
    let differ = || Unlike(format!("the horizontal axis has {}, that of the reference {}", words(mine), words(known)));
    if mine.len() != known.len() || mine.len() < 2 {
        return Err(differ());
    }
    let narrowest = mine.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(f64::INFINITY, f64::min);
    let same = |(one, other): (&f64, &f64)| (one - other).abs() <= SAME_EDGE * narrowest;
    match mine.iter().zip(known).position(|pair| !same(pair)) {
        None => Ok(()),
        Some(0) => Err(differ()),
        Some(at) if mine.last().zip(known.last()).is_some_and(same) => Err(Unlike(format!(
            "the horizontal axis has {} with edge {at} at {}, that of the reference at {}",
            words(mine),
            mine[at],
            known[at]
        ))),
        Some(_) => Err(differ()),
    }
}

fn common_points(series: &Series, known: &Series) -> Result<(Series, Series), Unlike> {
    let (mut mine, mut theirs) = (series.clone(), known.clone());
    let places = |series: &Series| series.spots.iter().map(|spot| bits(spot.x)).collect::<HashSet<u64>>();
    let (here, there) = (places(series), places(known));
    mine.spots.retain(|spot| there.contains(&bits(spot.x)));
    theirs.spots.retain(|spot| here.contains(&bits(spot.x)));
    if mine.spots.len() == theirs.spots.len() && !mine.spots.is_empty() {
        return Ok((mine, theirs));
    }
    let words = |series: &Series| match (series.spots.first(), series.spots.last()) {
        (Some(first), Some(last)) => format!("{} points from {} to {}", series.spots.len(), first.x, last.x),
        _ => "no points".to_owned(),
    };
    let what = "that can be paired one to one on the horizontal axis";
    Err(Unlike(format!("{} has {}, the reference {}, and none {what}", series.label, words(series), words(known))))
}

/// A histogram with errors has points on its bins that bear them, as tasks draw it.
fn as_layers(series: &Series, label: String, ink: Ink) -> Vec<Layer> {
    let values = || series.spots.iter().map(|spot| spot.value);
    let points = || series.measured().map(|spot| Point { x: spot.x, y: spot.value, y_error: spot.error }).collect();
    match &series.form {
        Form::Points => vec![Layer::Points { label, ink, points: points() }],
        Form::Steps(edges) => {
            let has_errors = series.measured().any(|spot| spot.error.is_finite());
            let errors = has_errors.then(|| Layer::Points { label: label.clone(), ink, points: points() });
            let steps = Layer::Steps { label, ink, edges: edges.clone(), values: values().collect() };
            std::iter::once(steps).chain(errors).collect()
        }
        Form::Map { cells: [columns, rows], x_range, y_range } => vec![Layer::Map(Map {
            columns: *columns,
            rows: *rows,
            x_range: *x_range,
            y_range: *y_range,
            values: values().map(|value| value as f32).collect(),
            z: Axis::linear(label, ""),
            cell_texts: Vec::new(),
        })],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn histogram(edges: &[f64], values: &[f64]) -> Figure {
        let steps = Layer::Steps { label: "h".into(), ink: Ink::Series(0), edges: edges.to_vec(), values: values.to_vec() };
        Figure::new("t", Axis::linear("charge", "fC"), Axis::linear("hits", "")).with(steps)
    }

    fn reference(label: &str, from: u32, to: Option<u32>, figure: Figure) -> Reference {
        let runs = Runs { from: Run(from), to: to.map(Run) };
        Reference { label: label.into(), task: "t".into(), item: "i".into(), runs, figure }
    }

    #[test]
    fn the_reference_of_a_run_is_the_one_that_is_valid_for_it() {
        let figure = || histogram(&[0.0, 1.0], &[1.0]);
        let mut references = References::default();
        references.add(reference("first", 1, Some(9), figure())).unwrap();
        references.add(reference("second", 10, None, figure())).unwrap();
        references.add(reference("calibration", 5, Some(12), figure())).unwrap();
        let find = |run, label| references.find("t", "i", Some(Run(run)), label).map(|found| found.label.as_str());
        assert_eq!((find(4, None), find(6, None), find(11, None)), (Ok("first"), Ok("calibration"), Ok("second")));
        assert_eq!(find(11, Some("calibration")), Ok("calibration"));
        let error = find(13, Some("first")).unwrap_err().to_string();
        assert!(error.starts_with("no reference \"first\" for run13; there is \"first\" for run1 to run9"), "{error}");
        assert!(references.find("t", "i", None, None).unwrap_err().to_string().contains("does not say its run"));
        assert!(references.find("t", "x", Some(Run(1)), None).unwrap_err().to_string().contains("no reference of this item"));
    }

    #[test]
    fn what_would_be_ambiguous_is_not_taken_in() {
        let figure = || histogram(&[0.0, 1.0], &[1.0]);
        let mut references = References::default();
        references.add(reference("a", 1, Some(9), figure())).unwrap();
        for (label, from, to) in [("a", 9, None), ("b", 1, None), ("a", 0, None), ("c", 5, Some(4))] {
            assert!(references.add(reference(label, from, to, figure())).is_err(), "{label} {from}");
        }
        references.add(reference("a", 10, None, figure())).unwrap();
    }

    #[test]
    fn references_are_drawn_from_results_and_what_can_not_be_is_told() {
        let source = |label: &str, item: &str, result: &str| ReferenceSource {
            label: label.into(),
            task: "t".into(),
            item: item.into(),
            result: result.into(),
            runs: Runs { from: Run(1), to: None },
        };
        let sources = [source("a", "*", "crp/run1.txt"), source("b", "x", "crp/run1.txt"), source("c", "i", "gone.txt")];
        let draw = |_: &str, item: &str, result: &str| match (item, result) {
            (_, "gone.txt") => Err("no such result: gone.txt".to_owned()),
            ("j", _) => Ok(Figure::empty("t", "no data")),
            _ => Ok(histogram(&[0.0, 1.0], &[1.0])),
        };
        let (references, refused) = References::drawn(&sources, &[("t", vec!["i", "j"])], draw);
        assert_eq!(references.iter().map(|known| known.item.as_str()).collect::<Vec<_>>(), ["i"]);
        let empty = "reference \"a\" of t/j is empty: no data: crp/run1.txt";
        assert_eq!(refused, [empty, "reference \"b\" is for t/x, which is not there", "no such result: gone.txt"]);
    }

    #[test]
    fn ratio_and_difference_stand_bin_by_bin_and_a_reference_of_zero_gives_no_number() {
        let known = reference("ref", 1, None, histogram(&[0.0, 1.0, 2.0, 3.0], &[2.0, 0.0, f64::NAN]));
        let figure = histogram(&[0.0, 1.0, 2.0, 3.0], &[3.0, 1.0, 1.0]);
        let values = |figure: &Figure| match &figure.layers[0] {
            Layer::Steps { values, .. } => values.clone(),
            other => panic!("{other:?}"),
        };
        let by = ratio(&figure, &known).unwrap();
        assert_eq!(values(&by)[0], 1.5);
        assert!(values(&by)[1].is_nan() && values(&by)[2].is_nan());
        assert_eq!(by.notes, ["h: no number in 2 of 3 places", "reference: ref, valid for run1 and all after it"]);
        assert_eq!(values(&difference(&figure, &known).unwrap())[..2], [1.0, 1.0]);
        let over = overlay(&figure, &known).unwrap();
        assert_eq!((over.layers.len(), over.layers[0].label()), (2, Some("ref: h")));
    }

    #[test]
    fn errors_of_points_are_added_in_squares() {
        let points = |y: f64, y_error: f64| {
            let points = vec![Point { x: 1.0, y, y_error }];
            Figure::new("t", Axis::integer("LEM"), Axis::linear("gain", "")).with(Layer::Points {
                label: "g".into(),
                ink: Ink::Series(0),
                points,
            })
        };
        let by = ratio(&points(6.0, 0.3), &reference("ref", 1, None, points(3.0, 0.2))).unwrap();
        let Layer::Points { points, .. } = &by.layers[0] else { panic!() };
        let (x, y) = (points[0].y, points[0].y_error);
        assert!(x == 2.0 && (y - (0.3_f64.powi(2) + 4.0 * 0.2_f64.powi(2)).sqrt() / 3.0).abs() < 1e-12, "{x} {y}");
    }

    #[test]
    fn another_unit_or_axis_is_refused_with_its_name() {
        let mut other = histogram(&[0.0, 1.0], &[1.0]);
        other.x.unit = "ADC".into();
        let error = ratio(&histogram(&[0.0, 1.0], &[1.0]), &reference("r", 1, None, other)).unwrap_err().to_string();
        assert_eq!(error, "not compared: the horizontal axis is \"charge [fC]\", that of the reference \"charge [ADC]\"");
        let error = ratio(&histogram(&[0.0, 1.0], &[1.0]), &reference("r", 1, None, histogram(&[0.0, 2.0], &[1.0])));
        let words = "not compared: the horizontal axis has 1 bins from 0 to 1, that of the reference 1 bins from 0 to 2";
        assert_eq!(error.unwrap_err().to_string(), words);
    }

    proptest! {
        #[test]
        fn unlike_binning_is_always_refused(bins in 1..30usize, at in 0..31usize, shift in 0.01..0.4f64, other in 1..30usize) {
            let edges = |bins: usize| (0..=bins).map(|at| at as f64).collect::<Vec<_>>();
            let figure = histogram(&edges(bins), &vec![1.0; bins]);
            let mut moved = edges(bins);
            moved[at % (bins + 1)] += shift;
            let mut unlike = vec![histogram(&moved, &vec![1.0; bins])];
            if other != bins {
                unlike.push(histogram(&edges(other), &vec![1.0; other]));
            }
            for unlike in unlike {
                let unlike = reference("r", 1, None, unlike);
                prop_assert!(ratio(&figure, &unlike).is_err());
                prop_assert!(difference(&figure, &unlike).is_err());
                prop_assert!(overlay(&figure, &unlike).is_err());
            }
            let same = reference("r", 1, None, figure.clone());
            prop_assert!(ratio(&figure, &same).is_ok());
        }
    }
}
