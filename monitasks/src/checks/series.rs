//! What a figure has to judge: its measured series as spots, after what is masked is taken out.

use std::collections::HashMap;

use crate::figure::{Figure, Ink, Layer, Point, Scale};

/// One measured place of a series: a point, a bin, or a cell of a map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spot {
    /// Its place in the series as drawn, from 0.
    pub place: usize,
    /// Its abscissa, in the x axis' unit; the middle of a bin or a cell.
    pub x: f64,
    /// The middle of a map's cell along y; none for points and bins.
    pub row: Option<f64>,
    /// What is measured there, in the unit of the y axis (of the colours for a map); NaN where nothing is.
    pub value: f64,
    /// Its standard deviation; NaN where it is not known.
    pub error: f64,
}

/// How the spots of a series lie.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// Where they happen to be.
    Points,
    /// Side by side between these edges, in the x axis' unit.
    Steps(Vec<f64>),
    /// Cells: columns, rows, and the rectangle that they fill.
    Map {
        /// Cells along x and along y.
        cells: [usize; 2],
        /// Lowest and highest x.
        x_range: [f64; 2],
        /// Lowest and highest y.
        y_range: [f64; 2],
    },
}

/// A series of a figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name in the legend; what the colours are for a map.
    pub label: String,
    /// How its spots lie.
    pub form: Form,
    /// The spots, by x for points, in the figure's order otherwise.
    pub spots: Vec<Spot>,
    /// The x of a newest result that has no number: a curve that leads the eye goes on to it and breaks there.
    pub gap_at_end: Option<f64>,
    /// How many spots a mask took out.
    pub masked: usize,
    /// Whether one of them stood at the highest x.
    pub is_end_masked: bool,
}

impl Series {
    /// The spots that hold a number.
    pub fn measured(&self) -> impl Iterator<Item = &Spot> {
        self.spots.iter().filter(|spot| spot.value.is_finite())
    }

    /// How many spots hold a number.
    #[must_use]
    pub fn count(&self) -> usize {
        self.measured().count()
    }

    /// The spots that hold none.
    pub fn missing(&self) -> impl Iterator<Item = &Spot> {
        self.spots.iter().filter(|spot| !spot.value.is_finite())
    }

    /// The series named in a check. A name also stands for that series in each lane: `view 0` for `view 0, EXPRESS`.
    #[must_use]
    pub fn is_named(&self, name: &str) -> bool {
        self.label.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(", "))
    }
}

/// The series of a figure that hold measurements: what is drawn in the colours of series, and maps. With `names`, those of these
/// names in any colour.
///
/// # Errors
/// A name that no series has, with those that there are.
pub fn measured_series(figure: &Figure, names: &[String]) -> Result<Vec<Series>, String> {
    let mut all: Vec<(bool, Series)> = Vec::new();
    let mut guide: Option<&[[f64; 2]]> = None;
    for layer in &figure.layers {
        let is_measured =
            !matches!(layer, Layer::Points { ink, .. } | Layer::Steps { ink, .. } if !matches!(ink, Ink::Series(_)));
        if let Some(mut series) = read(layer) {
            series.gap_at_end = guide.and_then(|guide| gap_at_end(&series, guide));
            match all.last_mut() {
                Some((_, steps)) if are_errors_of(&series, steps) => take_errors(steps, &series),
                _ => all.push((is_measured, series)),
            }
        }
        guide = match layer {
            Layer::Line { label, points, .. } if label.is_empty() => Some(points),
            _ => None,
        };
    }
    if names.is_empty() {
        return Ok(all.into_iter().filter_map(|(is_measured, series)| is_measured.then_some(series)).collect());
    }
    for name in names {
        if !all.iter().any(|(_, series)| series.is_named(name)) {
            let there: Vec<&str> = all.iter().map(|(_, series)| series.label.as_str()).collect();
            return Err(format!("the plot has no series {name:?}, it has '{}'", there.join("', '")));
        }
    }
    Ok(all.into_iter().filter_map(|(_, series)| names.iter().any(|name| series.is_named(name)).then_some(series)).collect())
}

/// Whether points are only there to bear the error bars of the histogram before them.
fn are_errors_of(points: &Series, steps: &Series) -> bool {
    if points.form != Form::Points || !matches!(steps.form, Form::Steps(_)) || points.label != steps.label {
        return false;
    }
    let bins: HashMap<u64, f64> = steps.spots.iter().map(|bin| (bits(bin.x), bin.value)).collect();
    points.spots.iter().all(|point| bins.get(&bits(point.x)) == Some(&point.value))
}

fn take_errors(steps: &mut Series, points: &Series) {
    let errors: HashMap<u64, f64> = points.spots.iter().map(|point| (bits(point.x), point.error)).collect();
    for bin in &mut steps.spots {
        bin.error = errors.get(&bits(bin.x)).copied().unwrap_or(bin.error);
    }
}

/// A number to look places up by; both zeros are one.
pub(crate) fn bits(x: f64) -> u64 {
    (x + 0.0).to_bits()
}

/// Whether a figure's abscissa is time, so that its last points are its newest.
#[must_use]
pub fn is_over_time(figure: &Figure) -> bool {
    figure.x.scale == Scale::UtcTime
}

fn read(layer: &Layer) -> Option<Series> {
    let series = |label: &str, form, spots| {
        Some(Series { label: label.to_owned(), form, spots, gap_at_end: None, masked: 0, is_end_masked: false })
    };
    match layer {
        Layer::Points { label, points, .. } => {
            let spot =
                |(place, point): (usize, &Point)| Spot { place, x: point.x, row: None, value: point.y, error: point.y_error };
            let mut spots: Vec<Spot> = points.iter().enumerate().map(spot).collect();
            spots.sort_by(|one, other| one.x.total_cmp(&other.x));
            series(label, Form::Points, spots)
        }
        Layer::Steps { label, edges, values, .. } => {
            let spot = |(place, (value, edges)): (usize, (&f64, &[f64]))| {
                let x = edges.iter().sum::<f64>() / 2.0;
                Spot { place, x, row: None, value: *value, error: f64::NAN }
            };
            let spots = values.iter().zip(edges.windows(2)).enumerate().map(spot).collect();
            series(label, Form::Steps(edges.clone()), spots)
        }
        Layer::Map(map) => {
            let middle = |range: [f64; 2], count: usize, at: usize| {
                range[0] + (range[1] - range[0]) * (at as f64 + 0.5) / count.max(1) as f64
            };
            let columns = map.columns.max(1);
            let spot = |(place, value): (usize, &f32)| Spot {
                place,
                x: middle(map.x_range, map.columns, place % columns),
                row: Some(middle(map.y_range, map.rows, place / columns)),
                value: f64::from(*value),
                error: f64::NAN,
            };
            let form = Form::Map { cells: [map.columns, map.rows], x_range: map.x_range, y_range: map.y_range };
            series(&map.z.label, form, map.values.iter().enumerate().map(spot).collect())
        }
        Layer::Line { .. } | Layer::Rule { .. } | Layer::Text { .. } => None,
    }
}

/// Where a curve ends in nothing, to the right of the last number of its series.
fn gap_at_end(series: &Series, guide: &[[f64; 2]]) -> Option<f64> {
    let last = series.measured().map(|spot| spot.x).fold(f64::NEG_INFINITY, f64::max);
    let gaps = guide.iter().filter(|[x, y]| !y.is_finite() && *x > last);
    gaps.map(|[x, _]| *x).max_by(f64::total_cmp)
}
