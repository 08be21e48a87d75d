//! Searching and sorting the table.
//!
//! Of conditions that must all hold, the cheap ones are asked first, and the texts of no other rows than those left. Where few
//! are left their texts are read one by one; else the texts of the column, of which each stands once, are searched in one go.

use std::cmp::Ordering;

use monitasks::vocab::Run;

use super::RunTable;
use super::bits::Bits;
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

impl RunTable {
    /// The rows that a query finds, in the order of their runs.
    #[must_use]
    pub fn find(&self, query: &Query) -> Vec<u32> {
        let mut rows: Vec<u32> = self.among(query, &Bits::all(self.len())).iter().collect();
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
                    let rank = |row: u32| column.rank(row);
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

    /// The rows of these that a query finds.
    fn among(&self, query: &Query, rows: &Bits) -> Bits {
        match query {
            Query::Everything => rows.clone(),
            Query::All(parts) => {
                let mut parts: Vec<&Query> = parts.iter().collect();
                parts.sort_by_key(|part| cost(part, self));
                let mut left = rows.clone();
                for part in parts {
                    if left.is_none() {
                        break;
                    }
                    left = self.among(part, &left);
                }
                left
            }
            Query::Any(parts) => {
                let mut parts: Vec<&Query> = parts.iter().collect();
                parts.sort_by_key(|part| cost(part, self));
                // What one part has found need not be asked of the others.
                let (mut found, mut left) = (Bits::none(self.len()), rows.clone());
                for part in parts {
                    let here = self.among(part, &left);
                    left.take_away(&here);
                    found.add(&here);
                }
                found
            }
            Query::Not(inner) => rows.without(&self.among(inner, rows)),
            Query::Free(text) => self.with_text(text, rows),
            Query::Test { field, op, literal } => self.that_compare(field, *op, literal, rows),
            Query::Has(field) => rows.and(&self.known(field)),
            Query::Missing(field) => rows.without(&self.known(field)),
        }
    }

    fn known(&self, field: &str) -> Bits {
        match self.columns.get(field) {
            None => Bits::none(self.len()),
            Some(column) if column.is_ordered() => Bits::of(self.len(), &column.low, |_, low| !low.is_nan()),
            Some(column) => Bits::of(self.len(), &column.codes, |_, code| (code as usize) < column.entries.len()),
        }
    }

    fn that_compare(&self, field: &str, op: Op, literal: &Literal, rows: &Bits) -> Bits {
        let Some(column) = self.columns.get(field) else { return Bits::none(self.len()) };
        match &literal.meaning {
            // What is not known is NaN, of which no comparison holds.
            Meaning::Span(from, to) => {
                rows.and(&Bits::of(self.len(), &column.low, |row, low| op.holds_of_spans((low, column.high[row]), (*from, *to))))
            }
            Meaning::Text(text) => {
                // A field of numbers had words when the query was read: notes are all that can be compared.
                let is_text = column.is_ordered() || column.kind == FieldKind::Text;
                let holds = |words: &[String]| op.holds_of_words(words, text, is_text);
                if column.has_few(rows) {
                    return column.with_words(rows, holds);
                }
                let found = match op {
                    Op::Is if is_text => column.words.holding(text),
                    Op::Is | Op::Equals => column.words.being(text),
                    _ => column.entries.iter().map(|entry| holds(&entry.words)).collect(),
                };
                column.with_codes(rows, &found)
            }
        }
    }

    /// Runs with this text in any of their texts, words and notes, or with this name.
    fn with_text(&self, text: &str, rows: &Bits) -> Bits {
        let small = text.to_lowercase();
        let mut found = Bits::none(self.len());
        let mut left = rows.clone();
        for column in self.columns.values().filter(|column| !column.entries.is_empty()) {
            let here = if column.has_few(&left) {
                column.with_words(&left, |words| words.iter().any(|word| word.contains(&small)))
            } else {
                column.with_codes(&left, &column.words.holding(&small))
            };
            left.take_away(&here);
            found.add(&here);
        }
        if let Some(row) = small.parse::<Run>().ok().and_then(|run| self.row(run)).filter(|row| rows.has(*row)) {
            found.set(row);
        }
        found
    }
}

impl Column {
    /// Whether so few rows are left that reading their texts is less work than searching all texts of the column.
    fn has_few(&self, rows: &Bits) -> bool {
        rows.count() < self.entries.len() / 4
    }

    /// The rows of these of whose words something holds.
    fn with_words(&self, rows: &Bits, holds: impl Fn(&[String]) -> bool) -> Bits {
        let mut found = Bits::none(rows.length());
        for row in rows.iter().filter(|row| self.entry(*row).is_some_and(|entry| holds(&entry.words))) {
            found.set(row);
        }
        found
    }

    /// The rows of these whose entry is one of those.
    fn with_codes(&self, rows: &Bits, entries: &[bool]) -> Bits {
        if !entries.contains(&true) {
            return Bits::none(rows.length());
        }
        rows.and(&Bits::of(rows.length(), &self.codes, |_, code| entries.get(code as usize) == Some(&true)))
    }
}

/// How much work a condition is beside others: numbers before words, words before texts of which many differ.
fn cost(query: &Query, table: &RunTable) -> usize {
    let texts = |field: &str| table.columns.get(field).map_or(0, |column| column.words.length_bytes());
    match query {
        Query::Everything | Query::Has(_) | Query::Missing(_) => 0,
        Query::Test { literal: Literal { meaning: Meaning::Span(..), .. }, .. } => 0,
        Query::Test { field, .. } => 1 + texts(field),
        Query::Free(_) => 1 + table.columns.keys().map(|field| texts(field)).sum::<usize>(),
        Query::Not(inner) => cost(inner, table),
        Query::All(parts) => parts.iter().map(|part| cost(part, table)).min().unwrap_or(0),
        Query::Any(parts) => parts.iter().map(|part| cost(part, table)).fold(0, usize::saturating_add),
    }
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
