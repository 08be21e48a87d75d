//! What is taken out before a check judges: places that a known issue explains, with who said so and until when.

use jiff::Timestamp;

use super::Subject;
use super::series::{Series, Spot};
use super::verdict::MaskApplied;
use crate::figure::{Figure, Layer};
use crate::references::Runs;

/// A part of an item that is not judged, because it is known why it is as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Mask {
    /// Its name: letters a to z, digits, `_`.
    pub name: String,
    /// The task; `*` for all.
    pub task: String,
    /// The item; `*` for all of the task.
    pub item: String,
    /// The series that it is for; none for all.
    pub series: Vec<String>,
    /// Ranges of x that are left out, both ends in them, in the x axis' unit; with no `x` and no `y`, everything is.
    pub x: Vec<[f64; 2]>,
    /// Ranges of y that are left out, of a map's cells alone.
    pub y: Vec<[f64; 2]>,
    /// The runs it is valid for; none for all.
    pub runs: Option<Runs>,
    /// When it ends by itself; none for never.
    pub until: Option<Timestamp>,
    /// What the known issue is.
    pub reason: String,
    /// Who says so.
    pub author: String,
}

/// Whether a name in a check or mask, `*` for all, stands for a task or item.
pub(super) fn stands_for(pattern: &str, name: &str) -> bool {
    pattern == "*" || pattern == name
}

impl Mask {
    /// Whether it counts for this item, run and time of day. A mask of some runs leaves a result alone whose run is not known.
    #[must_use]
    pub fn is_in_force(&self, subject: &Subject<'_>) -> bool {
        stands_for(&self.task, subject.task)
            && stands_for(&self.item, subject.item)
            && self.runs.is_none_or(|runs| subject.run.is_some_and(|run| runs.has(run)))
            && self.until.is_none_or(|until| subject.now <= until)
    }

    fn has(&self, spot: &Spot) -> bool {
        match spot.row {
            Some(row) => is_within(&self.x, spot.x) && is_within(&self.y, row),
            None => self.has_point(spot.x),
        }
    }

    /// A mask of a map's rows covers no point.
    fn has_point(&self, x: f64) -> bool {
        self.y.is_empty() && is_within(&self.x, x)
    }
}

/// With no range at all, everything is within.
fn is_within(ranges: &[[f64; 2]], at: f64) -> bool {
    ranges.is_empty() || ranges.iter().any(|[low, high]| (*low..=*high).contains(&at))
}

/// Takes out of the series what the masks in force cover and what the plot itself marks by series of the names `marked`, and says
/// what each took out.
pub(super) fn apply(series: &mut [Series], masks: &[&Mask], marked: &[String], figure: &Figure) -> Vec<MaskApplied> {
    let mut applied = Vec::new();
    for mask in masks {
        let mut left_out = 0;
        for one in series.iter_mut() {
            if mask.series.is_empty() || mask.series.iter().any(|name| one.is_named(name)) {
                left_out += take_out(one, |spot| mask.has(spot));
                one.gap_at_end = one.gap_at_end.filter(|x| !mask.has_point(*x));
            }
        }
        if left_out > 0 {
            applied.push(MaskApplied { name: mask.name.clone(), reason: format!("{} ({})", mask.reason, mask.author), left_out });
        }
    }
    for name in marked {
        let marks = marks(figure, name);
        let left_out: usize = series.iter_mut().map(|one| take_out(one, |spot| marks.contains(&spot.x))).sum();
        if left_out > 0 {
            applied.push(MaskApplied { name: name.clone(), reason: "marked on the plot".into(), left_out });
        }
    }
    applied
}

fn take_out(series: &mut Series, covers: impl Fn(&Spot) -> bool) -> usize {
    let before = series.spots.len();
    let end = |series: &Series| series.spots.iter().map(|spot| spot.x).fold(f64::NEG_INFINITY, f64::max);
    let end_before = end(series);
    series.spots.retain(|spot| !covers(spot));
    series.is_end_masked |= end(series) < end_before;
    let left_out = before - series.spots.len();
    series.masked += left_out;
    left_out
}

/// Where the plot's points of that name stand along x.
fn marks(figure: &Figure, name: &str) -> Vec<f64> {
    let points = figure.layers.iter().filter_map(|layer| match layer {
        Layer::Points { label, points, .. } if label == name => Some(points),
        _ => None,
    });
    points.flatten().map(|point| point.x).collect()
}
