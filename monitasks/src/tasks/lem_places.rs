//! Where LEMs stand on plots, for those who mask them: on maps a cell, by LEM a number, in trends a series.

use super::lem_words::numbers;
use crate::detector::Detector;

/// A part of a plot that shows a LEM.
#[derive(Debug, Clone, PartialEq)]
pub struct LemPlace {
    /// The task.
    pub task: &'static str,
    /// The item.
    pub item: &'static str,
    /// The series that is the LEM's; none where it is a part of the axes.
    pub series: Option<String>,
    /// Its range of x, in the plot's unit; none for all.
    pub x: Option<[f64; 2]>,
    /// Its range of y, in the plot's unit; none for all.
    pub y: Option<[f64; 2]>,
}

/// Half the room that a LEM's number has on an axis of numbers, less than to its neighbour.
const HALF: f64 = 0.45;

/// Every part of a plot that shows one of these LEMs, given as ranges of numbers in the numbering of the result files. Numbers that no
/// LEM has are left out.
#[must_use]
pub fn places_of_lems(ranges: &[(u32, u32)], detector: &Detector) -> Vec<LemPlace> {
    let grid = &detector.lems;
    let Some(numbering) = grid.numberings.first() else { return Vec::new() };
    let is_meant = |number: u32| ranges.iter().any(|(first, last)| (*first..=*last).contains(&number));
    let [x_low, y_low] = [detector.volume.x_cm[0], detector.volume.y_cm[0]];
    let mut places = Vec::new();
    for lem in grid.places() {
        let Some(number) = grid.number(numbering, lem).filter(|number| is_meant(*number)) else { continue };
        // The map has y along its x axis.
        let cell = |low: f64, place: u16| [low + f64::from(place) * grid.size_cm, low + f64::from(place + 1) * grid.size_cm];
        let (along, up) = (cell(y_low, lem.row), cell(x_low, lem.column));
        let at = f64::from(number);
        let around = Some([at - HALF, at + HALF]);
        let series = Some(format!("LEM {}", numbers(grid, lem)));
        places.extend([
            LemPlace { task: "lem_gain", item: "map", series: None, x: Some(along), y: Some(up) },
            LemPlace { task: "lem_gain", item: "dqds_by_lem", series: None, x: around, y: None },
            LemPlace { task: "lem_gain", item: "gain_trend", series: series.clone(), x: None, y: None },
            LemPlace { task: "charge_asymmetry", item: "by_lem", series: None, x: around, y: None },
            LemPlace { task: "charge_asymmetry", item: "trend", series, x: None, y: None },
        ]);
    }
    places
}
