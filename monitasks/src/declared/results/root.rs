//! Result files of ROOT: branches of trees and numbers of histograms as columns, histograms and graphs as they are.

use super::super::plan::{ColumnPlan, NumberOf, Plan};
use super::{Cells, most_rows, table};
use crate::figure::{Figure, Layer};
use crate::format::FormatError;
use crate::format::root::{MAGIC, ObjectKind, RootError, RootFile};
use crate::summary::{Column, Measured, Summary, Table};

/// Room for a file's header: no whole file is shorter.
const HEADER_BYTES: usize = 100;

/// Most bins or points of an object that is kept: every result stays in memory.
const MOST_DRAWN: usize = 1_000_000;

/// Reads a result: its columns; its objects go into the summary, by their items' names.
///
/// # Errors
/// [`FormatError::Incomplete`] for a file that was not closed, or is shorter than it says; else what is not there, with what there
/// is, or what of it is damaged.
pub(super) fn read(plan: &Plan, bytes: &[u8], summary: &mut Summary) -> Result<Table, FormatError> {
    if bytes.len() < HEADER_BYTES && (bytes.starts_with(MAGIC) || MAGIC.starts_with(bytes)) {
        return Err(FormatError::Incomplete(format!("{} bytes, the header alone has more", bytes.len())));
    }
    let file = RootFile::open(bytes).map_err(|error| refused(&error))?;
    for (item, path) in plan.objects() {
        let (figure, entries) = object(&file, path).map_err(|error| refused(&error))?;
        let values = figure.layers.iter().map(size).sum::<usize>();
        if values > MOST_DRAWN {
            return Err(FormatError::Unknown(format!("{values} bins in '{path}', expected at most {MOST_DRAWN}")));
        }
        summary.figures.insert(item.to_owned(), figure);
        let entries = Column::new("entries", "", vec![Measured::number(entries, 0.0)]);
        summary.tables.push(Table { name: item.to_owned(), columns: vec![entries] });
    }
    let cells = Cells::of(plan);
    let columns: Result<Vec<Vec<Measured>>, FormatError> =
        plan.columns.iter().enumerate().map(|(index, plan)| column(&file, plan, (&cells, index))).collect();
    table(plan, columns?).map_err(FormatError::Unknown)
}

fn refused(error: &RootError) -> FormatError {
    if error.is_unfinished() { FormatError::Incomplete(error.to_string()) } else { FormatError::Unknown(error.to_string()) }
}

/// A histogram or graph as it is drawn, and its entries or points.
fn object(file: &RootFile<&[u8]>, path: &str) -> Result<(Figure, f64), RootError> {
    let entry = file.find(path)?;
    match ObjectKind::of(&entry.key.class) {
        ObjectKind::Graph => {
            let graph = file.graph(entry)?;
            Ok((graph.figure(), graph.x.len() as f64))
        }
        _ => {
            let histogram = file.histogram(entry)?;
            Ok((histogram.figure(), histogram.entries))
        }
    }
}

fn size(layer: &Layer) -> usize {
    match layer {
        Layer::Points { points, .. } => points.len(),
        Layer::Line { points, .. } => points.len(),
        Layer::Steps { values, .. } => values.len(),
        Layer::Map(map) => map.values.len(),
        Layer::Rule { .. } | Layer::Text { .. } => 1,
    }
}

fn column(file: &RootFile<&[u8]>, plan: &ColumnPlan, cells: (&Cells<'_>, usize)) -> Result<Vec<Measured>, FormatError> {
    if let Some(of) = plan.of {
        let histogram = file.find(plan.path()).and_then(|entry| file.histogram(entry)).map_err(|error| refused(&error))?;
        let number = match of {
            NumberOf::Entries => Some(Measured::number(histogram.entries, 0.0)),
            NumberOf::Integral => Some(Measured::number(histogram.integral(), 0.0)),
            NumberOf::Mean => histogram.mean_and_spread().map(|[mean, spread]| {
                let error = if histogram.entries > 0.0 { spread / histogram.entries.sqrt() } else { 0.0 };
                Measured::number(mean, error)
            }),
            NumberOf::Spread => histogram.mean_and_spread().map(|[_, spread]| Measured::number(spread, 0.0)),
        };
        let is_finite =
            |measured: &Measured| measured.value_and_error().is_some_and(|(value, error)| (value + error).is_finite());
        return Ok(vec![number.filter(is_finite).unwrap_or(Measured::NoData)]);
    }
    branch(file, plan, cells)
}

/// All values of a branch, of every entry one after the other.
fn branch(file: &RootFile<&[u8]>, plan: &ColumnPlan, (cells, index): (&Cells<'_>, usize)) -> Result<Vec<Measured>, FormatError> {
    let (tree, branch) = tree_and_branch(file, plan.path()).map_err(|error| refused(&error))?;
    let most = most_rows(1);
    let branch = tree.branch(branch).map_err(|error| refused(&error))?;
    if branch.type_name() == "text" || branch.is_folder() {
        let what = format!("branch '{}' is {}, expected numbers", plan.path(), branch.type_name());
        return Err(FormatError::Unknown(what));
    }
    let (mut values, mut wrong) = (Vec::new(), None);
    let read = file.for_each_basket(branch, |part| {
        for number in part.values.numbers() {
            match cells.number(index, number) {
                _ if values.len() == most => {
                    wrong = wrong.take().or(Some(format!("more than {most} values, expected at most that")));
                }
                Ok(measured) => values.push(measured),
                Err(expected) => wrong = wrong.take().or(Some(format!("{number}, expected {expected}"))),
            }
        }
        if wrong.is_some() { Err(RootError::Missing("values".into())) } else { Ok(()) }
    });
    match (wrong, read) {
        (Some(what), _) => Err(FormatError::Unknown(format!("branch '{}': {what}", plan.path()))),
        (None, Err(error)) => Err(refused(&error)),
        (None, Ok(())) => Ok(values),
    }
}

/// The tree that a path `folder/tree/branch` begins with, and its branch: names of both may hold `/`.
fn tree_and_branch<'a>(file: &RootFile<&[u8]>, path: &'a str) -> Result<(crate::format::root::Tree, &'a str), RootError> {
    for (at, _) in path.match_indices('/') {
        let of = file.entries().iter().find(|entry| entry.path == path[..at] && !entry.outdated);
        if let Some(entry) = of.filter(|entry| ObjectKind::of(&entry.key.class) == ObjectKind::Tree) {
            return Ok((file.tree(entry)?, &path[at + 1..]));
        }
    }
    let found = format!("no tree in it that '{path}' begins with, expected TREE/BRANCH; {}", file.listing());
    Err(RootError::Missing(found))
}
