//! Two rules over the whole history: which processings have another status under the second.

use std::collections::BTreeMap;

use monitasks::vocab::{Processing, Run};
use serde::Serialize;

use super::rule::{Judge, RuleError, Rules};

/// What people said of many processings, a byte for each input: rows of values by column.
#[derive(Debug, Clone)]
pub struct Table {
    columns: Vec<String>,
    keys: Vec<(Run, Processing)>,
    cells: Vec<u8>,
}

/// A processing whose status differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Flip {
    /// Its run.
    pub run: Run,
    /// The processing.
    pub processing: Processing,
    /// Its status under the first rule.
    pub from: u8,
    /// Its status under the second.
    pub to: u8,
}

/// What a change of the rule would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Flips {
    /// The processings that have another status, in the order of the table.
    pub flips: Vec<Flip>,
    /// How many go from one status to another: (from, to, how many).
    pub counts: Vec<(u8, u8, usize)>,
    /// How many processings were looked at.
    pub of: usize,
}

impl Table {
    /// An empty table for the inputs of these rules.
    #[must_use]
    pub fn new(rules: &Rules) -> Self {
        Table { columns: names(rules), keys: Vec::new(), cells: Vec::new() }
    }

    /// One more processing, with its row as [`super::Inputs::row`] gives it.
    pub fn push(&mut self, run: Run, processing: Processing, row: &[u8]) {
        self.keys.push((run, processing));
        self.cells.extend((0..self.columns.len()).map(|column| row.get(column).copied().unwrap_or_default()));
    }

    /// How many processings it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Every processing with its status under a rule.
    pub fn statuses<'a>(&'a self, judge: &'a Judge<'_>) -> impl Iterator<Item = (Run, Processing, u8)> + 'a {
        let rows = self.cells.chunks_exact(self.columns.len().max(1));
        self.keys.iter().zip(rows).map(|((run, processing), row)| (*run, *processing, judge.status(row)))
    }
}

/// Holds two rules against each other, over the same inputs.
///
/// # Errors
/// When the rules don't have the inputs of the table.
pub fn what_if(table: &Table, first: &Judge<'_>, second: &Judge<'_>) -> Result<Flips, RuleError> {
    for judge in [first, second] {
        let found = names(judge.rules());
        if found != table.columns {
            let (known, found) = (table.columns.join(", "), found.join(", "));
            return Err(RuleError { what: format!("it is of the inputs {found}, expected those of the table: {known}") });
        }
    }
    let mut counts = BTreeMap::new();
    let mut flips = Vec::new();
    for ((run, processing, from), (_, _, to)) in table.statuses(first).zip(table.statuses(second)) {
        if from != to {
            *counts.entry((from, to)).or_insert(0) += 1;
            flips.push(Flip { run, processing, from, to });
        }
    }
    Ok(Flips { flips, counts: counts.into_iter().map(|((from, to), many)| (from, to, many)).collect(), of: table.len() })
}

/// The inputs of the rules, each with its values.
fn names(rules: &Rules) -> Vec<String> {
    rules.columns().iter().map(|column| format!("{} ({})", column.name, column.values.join("/"))).collect()
}
