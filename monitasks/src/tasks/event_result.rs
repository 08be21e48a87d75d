//! Reading a result of events, the ROOT file with its sidecar, for the tasks that look at it; and drawing its histograms.

use super::provenance;
use crate::figure::{Ink, Layer};
use crate::format::histograms::Histograms;
use crate::format::root::{Histogram, HistogramAxis};
use crate::summary::{Column, Measured, Summary, Table};
use crate::task::{ReadError, ResultFile, TaskContext};

/// The folder of these results.
pub(super) const FOLDER: &str = "events";
/// How their names end.
pub(super) const SUFFIX: &str = ".root";

/// The table of single numbers: one row, a column for each.
const NUMBERS: &str = "numbers";
/// The table of means over histograms: one row, a column for each.
const MEANS: &str = "means";
/// The columns of a histogram's table: a row for each edge, the last one without a content.
const EDGE: &str = "edge";
const CONTENT: &str = "content";

/// A file's content and the summary to fill.
pub(super) struct EventResult {
    /// What stands in it.
    pub(super) found: Histograms,
    /// Run, stamps and provenance; the tables that were asked for.
    pub(super) summary: Summary,
}

impl EventResult {
    /// Reads a file and its sidecar.
    ///
    /// # Errors
    /// As the formats' readers.
    pub(super) fn read(input: &ResultFile<'_>, context: &TaskContext<'_>) -> Result<Self, ReadError> {
        let found = Histograms::parse(input.bytes)?;
        let (mut summary, sidecar) = provenance::open(input, context)?;
        if sidecar.is_none() {
            provenance::without_sidecar(&mut summary, None);
        }
        Ok(EventResult { found, summary })
    }

    /// Takes numbers into the table of numbers. One that the file does not have is not measured; of no event there is none.
    pub(super) fn take_numbers(&mut self, names: &[&str]) {
        let is_empty = self.found.number("events").value().is_none_or(|events| events <= 0.0);
        let number = |name: &str| if is_empty { Measured::NoData } else { self.found.number(name) };
        let columns = names.iter().map(|name| Column::new(*name, "", vec![number(name)])).collect();
        self.summary.tables.push(Table { name: NUMBERS.into(), columns });
    }

    /// Takes a histogram of one axis: its edges and contents as a table of its name, and its mean.
    ///
    /// # Errors
    /// When the file does not have it.
    pub(super) fn take(&mut self, name: &str) -> Result<(), ReadError> {
        let histogram = self.found.get(name, 1)?;
        let (table, mean) = (table_of(histogram), mean_of(histogram));
        self.summary.tables.push(table);
        let means = match self.summary.tables.iter().position(|table| table.name == MEANS) {
            Some(place) => place,
            None => {
                self.summary.tables.push(Table { name: MEANS.into(), columns: Vec::new() });
                self.summary.tables.len() - 1
            }
        };
        self.summary.tables[means].columns.push(Column::new(name, "", vec![mean]));
        Ok(())
    }
}

/// A number of a summary.
pub(super) fn number(summary: &Summary, name: &str) -> Measured {
    summary.table(NUMBERS).map_or(Measured::NoData, |table| table.get(name, 0))
}

/// The mean over a histogram of a summary, in the unit of its axis.
pub(super) fn mean(summary: &Summary, histogram: &str) -> Measured {
    summary.table(MEANS).map_or(Measured::NoData, |table| table.get(histogram, 0))
}

/// A histogram's contents times a factor as a layer; none where there is none, or nothing in it.
pub(super) fn steps(summary: &Summary, histogram: &str, factor: f64, label: impl Into<String>, ink: Ink) -> Option<Layer> {
    let (edges, contents) = contents(summary, histogram)?;
    contents.iter().any(|content| *content != 0.0).then(|| Layer::Steps {
        label: label.into(),
        ink,
        edges,
        values: contents.iter().map(|content| content * factor).collect(),
    })
}

/// A histogram's edges and contents.
pub(super) fn contents(summary: &Summary, histogram: &str) -> Option<(Vec<f64>, Vec<f64>)> {
    let table = summary.table(histogram)?;
    let column = |name: &str| -> Option<Vec<f64>> {
        Some(table.column(name)?.values.iter().map(|value| value.value().unwrap_or(f64::NAN)).collect())
    };
    let (edges, mut contents) = (column(EDGE)?, column(CONTENT)?);
    contents.pop();
    (!contents.is_empty()).then_some((edges, contents))
}

fn table_of(histogram: &Histogram) -> Table {
    let axis = histogram.axes.first().cloned().unwrap_or_else(|| HistogramAxis::new(1, 0.0, 1.0));
    let content = |bin: usize| Measured::number(histogram.value(bin), 0.0);
    let contents = (1..=axis.bins).map(content).chain([Measured::NoData]).collect();
    let columns = vec![Column::new(EDGE, "", edges_of(&axis)), Column::new(CONTENT, "", contents)];
    Table { name: histogram.name.clone(), columns }
}

/// The edges of an axis as numbers.
pub(super) fn edges_of(axis: &HistogramAxis) -> Vec<Measured> {
    axis.all_edges().into_iter().map(|edge| Measured::number(edge, 0.0)).collect()
}

/// The mean of what was filled inside the range with the error of its spread.
fn mean_of(histogram: &Histogram) -> Measured {
    let weight = histogram.sums.first().copied().unwrap_or(0.0);
    match histogram.mean_and_spread() {
        Some([mean, spread]) if mean.is_finite() && spread.is_finite() && weight > 0.0 => {
            Measured::number(mean, spread / weight.sqrt())
        }
        _ => Measured::NoData,
    }
}

/// Both views' values as the tree shows them.
pub(super) fn of_views(values: [Measured; 2], digits: usize, unit: &str) -> String {
    match values.map(Measured::value) {
        [Some(view0), Some(view1)] => format!("{view0:.digits$} / {view1:.digits$} {unit}").trim_end().to_owned(),
        [Some(view0), None] => format!("{view0:.digits$} {unit} (view 0)"),
        [None, Some(view1)] => format!("{view1:.digits$} {unit} (view 1)"),
        [None, None] => Measured::mean(values).words(unit),
    }
}
