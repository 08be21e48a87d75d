//! The rows of one result as points, a line, steps, a histogram or a map.

use super::plan::{Bins, Marks, Plan, Plot};
use super::plots::{add_series, axis, error_of, words};
use crate::figure::{Axis, Figure, Ink, Layer, Map, Point};
use crate::summary::Summary;
use crate::task::ItemInfo;

/// Most cells of a map.
const MOST_MAP_CELLS: usize = 1_000_000;

/// The rows against a column, one series per y column.
pub(super) fn against(plan: &Plan, info: &ItemInfo, plot: &Plot, (x, marks): (usize, Marks), newest: &Summary) -> Figure {
    let mut figure = Figure::new(info.title.clone(), x_axis(plan, x), axis(plan, &plot.y)).note(newest.name());
    for (series, y) in plot.y.iter().enumerate() {
        let (Some(xs), Some(ys)) = (plan.column(newest, x), plan.column(newest, *y)) else { continue };
        if marks == Marks::Steps {
            let xs = xs.values.iter().map(|x| x.value());
            let pairs: Vec<_> = xs.zip(ys.values.iter().map(|y| y.value().unwrap_or(f64::NAN))).collect();
            add_steps(&mut figure, words(plan, *y), series, &pairs);
            continue;
        }
        let errors = plot.error.and_then(|error| plan.column(newest, error));
        let mut points = Vec::new();
        for (row, (x, measured)) in xs.values.iter().zip(&ys.values).enumerate() {
            if let (Some(x), Some(y)) = (x.value(), measured.value()) {
                points.push(Point { x, y, y_error: error_of(errors, row, *measured) });
            }
        }
        let missing = (ys.values.len() - points.len(), ys.values.len(), "rows");
        add_series(&mut figure, (plan, *y), series, marks, points, missing);
    }
    figure
}

fn x_axis(plan: &Plan, x: usize) -> Axis {
    if plan.stamp == Some(x) { Axis::utc_time("time") } else { axis(plan, &[x]) }
}

/// A histogram of lower edges and contents; the last bin is as wide as the one before it.
fn add_steps(figure: &mut Figure, label: String, series: usize, rows: &[(Option<f64>, f64)]) {
    let mut edges: Vec<f64> = rows.iter().filter_map(|(x, _)| *x).collect();
    let is_ascending = edges.windows(2).all(|pair| pair[0] < pair[1]);
    if edges.len() != rows.len() || !is_ascending || rows.is_empty() {
        if !rows.is_empty() {
            figure.notes.push(format!("{label}: not drawn: the bins' lower edges do not ascend, or one is missing"));
        }
        return;
    }
    let width = edges.windows(2).last().map_or(1.0, |pair| pair[1] - pair[0]);
    edges.push(edges.last().copied().unwrap_or_default() + width);
    let values: Vec<f64> = rows.iter().map(|(_, y)| *y).collect();
    let missing = values.iter().filter(|value| value.is_nan()).count();
    if missing > 0 {
        figure.notes.push(format!("{label}: no data in {missing} of {} bins", values.len()));
    }
    if missing < values.len() {
        let ink = Ink::Series(u8::try_from(series).unwrap_or(u8::MAX));
        figure.layers.push(Layer::Steps { label, ink, edges, values });
    }
}

/// How often values fall into bins, one series per y column.
pub(super) fn histogram(plan: &Plan, info: &ItemInfo, plot: &Plot, bins: Bins, newest: &Summary) -> Figure {
    let mut figure = Figure::new(info.title.clone(), axis(plan, &plot.y), Axis::linear("entries", "")).note(newest.name());
    let of = |y: usize| -> Vec<f64> {
        plan.column(newest, y).into_iter().flat_map(|column| &column.values).filter_map(|value| value.value()).collect()
    };
    let all: Vec<Vec<f64>> = plot.y.iter().map(|y| of(*y)).collect();
    let Some([low, high]) = bins.range.or_else(|| fitted(all.iter().flatten())) else { return figure };
    let edge = |bin: usize| low + (high - low) * (bin as f64 / bins.count as f64);
    let edges: Vec<f64> = (0..=bins.count).map(edge).collect();
    for (series, (y, values)) in plot.y.iter().zip(&all).enumerate() {
        let label = words(plan, *y);
        let mut counts = vec![0.0; bins.count];
        let mut outside = 0;
        for value in values {
            let bin = ((value - low) / (high - low) * bins.count as f64).floor();
            // Of a range that was fitted the highest value belongs to the last bin.
            let bin = if *value == high { bin - 1.0 } else { bin };
            match counts.get_mut(bin as usize).filter(|_| bin >= 0.0) {
                Some(count) => *count += 1.0,
                None => outside += 1,
            }
        }
        if outside > 0 {
            figure.notes.push(format!("{label}: {outside} of {} values are outside of the range", values.len()));
        }
        let rows = plan.column(newest, *y).map_or(0, |column| column.values.len());
        if rows > values.len() {
            figure.notes.push(format!("{label}: no data in {} of {rows} rows", rows - values.len()));
        }
        if !values.is_empty() {
            let ink = Ink::Series(u8::try_from(series).unwrap_or(u8::MAX));
            figure.layers.push(Layer::Steps { label, ink, edges: edges.clone(), values: counts });
        }
    }
    figure
}

/// Lowest and highest, widened where they are one number.
fn fitted<'a>(values: impl Iterator<Item = &'a f64>) -> Option<[f64; 2]> {
    let [low, high] = values.fold(None, |range: Option<[f64; 2]>, value| {
        let [low, high] = range.unwrap_or([*value, *value]);
        Some([value.min(low), value.max(high)])
    })?;
    let wide = if low < high { [low, high] } else { [low - 0.5 * low.abs().max(1.0), high + 0.5 * high.abs().max(1.0)] };
    (wide[1] - wide[0]).is_finite().then_some(wide)
}

/// The rows as cells of a map. Their x and y must lie on an even grid; a cell without a row holds no data.
pub(super) fn map(plan: &Plan, info: &ItemInfo, plot: &Plot, [x, z]: [usize; 2], newest: &Summary) -> Figure {
    let y = plot.y.first().copied().unwrap_or_default();
    let mut figure = Figure::new(info.title.clone(), x_axis(plan, x), x_axis(plan, y)).note(newest.name());
    let (Some(xs), Some(ys), Some(zs)) = (plan.column(newest, x), plan.column(newest, y), plan.column(newest, z)) else {
        return figure;
    };
    let mut cells = Vec::new();
    for ((x, y), z) in xs.values.iter().zip(&ys.values).zip(&zs.values) {
        if let (Some(x), Some(y)) = (x.value(), y.value()) {
            cells.push((x, y, z.value()));
        }
    }
    if cells.iter().all(|(_, _, z)| z.is_none()) {
        return figure;
    }
    let grids = (Grid::of(cells.iter().map(|cell| cell.0)), Grid::of(cells.iter().map(|cell| cell.1)));
    let (Some(across), Some(up)) = grids else {
        figure.empty = Some("Not drawn: x and y of the rows lie on no even grid.".into());
        return figure;
    };
    if across.count * up.count > MOST_MAP_CELLS {
        figure.empty = Some(format!("Not drawn: {} x {} cells, at most {MOST_MAP_CELLS} are.", across.count, up.count));
        return figure;
    }
    let mut values = vec![f32::NAN; across.count * up.count];
    let mut missing = values.len();
    for (x, y, z) in cells {
        let place = up.place(y) * across.count + across.place(x);
        if let (Some(cell), Some(z)) = (values.get_mut(place), z) {
            missing -= usize::from(cell.is_nan());
            *cell = z as f32;
        }
    }
    if missing > 0 {
        figure.notes.push(format!("{}: no data in {missing} of {} cells", words(plan, z), values.len()));
    }
    let map = Map {
        columns: across.count,
        rows: up.count,
        x_range: across.range(),
        y_range: up.range(),
        values,
        z: axis(plan, &[z]),
        cell_texts: Vec::new(),
    };
    figure.with(Layer::Map(map))
}

/// Evenly spaced places.
struct Grid {
    low: f64,
    step: f64,
    count: usize,
}

impl Grid {
    /// The grid that all values lie on, to a thousandth of its step.
    fn of(values: impl Iterator<Item = f64>) -> Option<Grid> {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let (low, high) = (*values.first()?, *values.last()?);
        let step = values.windows(2).map(|pair| pair[1] - pair[0]).filter(|step| *step > 0.0).fold(f64::INFINITY, f64::min);
        if step == f64::INFINITY {
            return Some(Grid { low, step: 1.0, count: 1 });
        }
        let count = ((high - low) / step).round() + 1.0;
        let is_even = |value: &f64| {
            let place = (value - low) / step;
            (place - place.round()).abs() < 1e-3
        };
        (count <= MOST_MAP_CELLS as f64 && values.iter().all(is_even)).then_some(Grid { low, step, count: count as usize })
    }

    fn place(&self, value: f64) -> usize {
        ((value - self.low) / self.step).round() as usize
    }

    fn range(&self) -> [f64; 2] {
        [self.low - 0.5 * self.step, self.low + (self.count as f64 - 0.5) * self.step]
    }
}
