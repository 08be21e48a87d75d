//! Searching and sorting the table.

use std::cmp::Ordering;

use monitasks::vocab::Run;

use super::RunTable;
use super::column::Column;
use crate::catalogue::fields::FieldKind;
use crate::catalogue::query::{Literal, Meaning, Op, Query};

/// What rows are sorted by. Rows of which it is not known come last, in either direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortKey {
    /// The field.
    pub field: String,
    /// The highest first.
    pub is_descending: bool,
}

/// A bit per row.
struct Rows(Vec<u64>);

impl Rows {
    fn none(length: usize) -> Self {
        Rows(vec![0; length.div_ceil(64)])
    }

    fn set(&mut self, row: usize) {
        if let Some(word) = self.0.get_mut(row / 64) {
            *word |= 1 << (row % 64);
        }
    }

    fn combine(&mut self, other: &Rows, with: impl Fn(u64, u64) -> u64) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word = with(*word, *other));
    }

    fn is_none(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Sets the rows of a list that pass.
    fn of<T: Copy>(length: usize, list: &[T], passes: impl Fn(usize, T) -> bool) -> Self {
        let mut rows = Rows::none(length);
        for (at, (part, word)) in list.chunks(64).zip(&mut rows.0).enumerate() {
            for (bit, value) in part.iter().enumerate() {
                *word |= u64::from(passes(at * 64 + bit, *value)) << bit;
            }
        }
        rows
    }
}

impl RunTable {
    /// The rows that a query finds, in the order of their runs.
    #[must_use]
    pub fn find(&self, query: &Query) -> Vec<u32> {
        let found = self.rows_of(query);
        let mut rows: Vec<u32> = Vec::new();
        for (at, word) in found.0.iter().enumerate() {
            let mut word = *word;
            while word != 0 {
                rows.push(at as u32 * 64 + word.trailing_zeros());
                word &= word - 1;
            }
        }
        rows.retain(|row| (*row as usize) < self.len());
        rows.sort_by_key(|row| self.run(*row));
        rows
    }

    /// Sorts rows by these keys, the first one first; rows that are alike stay as they are.
    pub fn sort(&self, rows: &mut [u32], keys: &[SortKey]) {
        for key in keys.iter().rev() {
            match self.columns.get(&key.field) {
                None => {}
                Some(column) if column.is_ordered() => {
                    rows.sort_by(|one, other| {
                        sorted(column.span(*one), column.span(*other), key.is_descending, |one, other| {
                            one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1))
                        })
                    });
                }
                Some(column) => {
                    let ranks = ranks(column);
                    let rank = |row: u32| ranks.get(*column.codes.get(row as usize)? as usize);
                    rows.sort_by(|one, other| sorted(rank(*one), rank(*other), key.is_descending, Ord::cmp));
                }
            }
        }
    }

    /// One page of rows, the first being 0.
    #[must_use]
    pub fn page<'a>(&self, rows: &'a [u32], page: usize, rows_per_page: usize) -> &'a [u32] {
        let from = page.saturating_mul(rows_per_page).min(rows.len());
        &rows[from..from.saturating_add(rows_per_page).min(rows.len())]
    }

    fn rows_of(&self, query: &Query) -> Rows {
        match query {
            Query::Everything => Rows(vec![u64::MAX; self.len().div_ceil(64)]),
            Query::All(parts) => {
                let mut rows = self.rows_of(&Query::Everything);
                for part in parts {
                    rows.combine(&self.rows_of(part), |one, other| one & other);
                    if rows.is_none() {
                        break;
                    }
                }
                rows
            }
            Query::Any(parts) => {
                let mut rows = Rows::none(self.len());
                parts.iter().for_each(|part| rows.combine(&self.rows_of(part), |one, other| one | other));
                rows
            }
            Query::Not(inner) => {
                let mut rows = self.rows_of(inner);
                rows.0.iter_mut().for_each(|word| *word = !*word);
                rows
            }
            Query::Free(text) => self.rows_with_text(text),
            Query::Test { field, op, literal } => self.rows_that_compare(field, *op, literal),
            Query::Has(field) => self.rows_known(field),
            Query::Missing(field) => {
                let mut rows = self.rows_known(field);
                rows.0.iter_mut().for_each(|word| *word = !*word);
                rows
            }
        }
    }

    fn rows_known(&self, field: &str) -> Rows {
        match self.columns.get(field) {
            None => Rows::none(self.len()),
            Some(column) if column.is_ordered() => Rows::of(self.len(), &column.low, |_, low| !low.is_nan()),
            Some(column) => Rows::of(self.len(), &column.codes, |_, code| (code as usize) < column.entries.len()),
        }
    }

    fn rows_that_compare(&self, field: &str, op: Op, literal: &Literal) -> Rows {
        let Some(column) = self.columns.get(field) else { return Rows::none(self.len()) };
        match &literal.meaning {
            // What is not known is NaN, of which no comparison holds.
            Meaning::Span(from, to) => {
                Rows::of(self.len(), &column.low, |row, low| op.holds_of_spans((low, column.high[row]), (*from, *to)))
            }
            Meaning::Text(text) if column.is_ordered() => {
                // The field had words when the query was read: notes are all that can be compared.
                self.rows_of_entries(column, |words| op.holds_of_words(words, text, true))
            }
            Meaning::Text(text) => {
                let is_text = column.kind == FieldKind::Text;
                self.rows_of_entries(column, |words| op.holds_of_words(words, text, is_text))
            }
        }
    }

    /// Runs with this text in any of their texts, words and notes, or with this name.
    fn rows_with_text(&self, text: &str) -> Rows {
        let small = text.to_lowercase();
        let mut rows = Rows::none(self.len());
        for column in self.columns.values().filter(|column| !column.entries.is_empty()) {
            let here = self.rows_of_entries(column, |words| words.iter().any(|word| word.contains(&small)));
            rows.combine(&here, |one, other| one | other);
        }
        if let Some(row) = small.parse::<Run>().ok().and_then(|run| self.row(run)) {
            rows.set(row as usize);
        }
        rows
    }

    fn rows_of_entries(&self, column: &Column, passes: impl Fn(&[String]) -> bool) -> Rows {
        let passing: Vec<bool> = column.entries.iter().map(|entry| passes(&entry.words)).collect();
        if !passing.contains(&true) {
            return Rows::none(self.len());
        }
        Rows::of(self.len(), &column.codes, |_, code| passing.get(code as usize) == Some(&true))
    }
}

/// The place of each text of a column among them, in small letters first.
fn ranks(column: &Column) -> Vec<usize> {
    let mut order: Vec<usize> = (0..column.entries.len()).collect();
    let key = |at: &usize| (&column.entries[*at].words, &column.entries[*at].shown);
    order.sort_by(|one, other| key(one).cmp(&key(other)));
    let mut ranks = vec![0; order.len()];
    let mut rank = 0;
    for (place, at) in order.iter().enumerate() {
        // Texts that differ in case alone are alike, so that the sort before decides.
        if place > 0 && column.entries[order[place - 1]].words != column.entries[*at].words {
            rank += 1;
        }
        ranks[*at] = rank;
    }
    ranks
}

fn sorted<T>(one: Option<T>, other: Option<T>, is_descending: bool, compare: impl Fn(&T, &T) -> Ordering) -> Ordering {
    match (one, other) {
        (None, None) => Ordering::Equal,
        (None, _) => Ordering::Greater,
        (_, None) => Ordering::Less,
        (Some(one), Some(other)) if is_descending => compare(&other, &one),
        (Some(one), Some(other)) => compare(&one, &other),
    }
}
