//! A column of the table: ranges of numbers or times, and texts of which each different one stands once.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::blob::WordBlob;
use crate::catalogue::facts::{Fact, Value};
use crate::catalogue::fields::FieldKind;

/// No text in this row.
const NONE: u32 = u32::MAX;

/// What stands in a row of a field, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The value as it was written.
    pub text: String,
    /// Whether it is a note where a number or a time was expected: no comparison holds with it.
    pub is_note: bool,
}

/// A text, or words, that at least one row has had.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub shown: String,
    /// In small letters.
    pub words: Vec<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Column {
    pub kind: FieldKind,
    unit: String,
    /// Lowest and highest of each row; NaN for what is not known, and rows past the end are not.
    pub low: Vec<f64>,
    pub high: Vec<f64>,
    /// The text of each row in `entries`; for numbers and times these are notes.
    pub codes: Vec<u32>,
    pub entries: Vec<Entry>,
    /// The same entries' words in one piece, for searches.
    pub words: WordBlob,
    code_of: HashMap<String, u32>,
    /// The place of each entry in their order; none until somebody sorts, and again after a new entry.
    ranks: OnceLock<Vec<u32>>,
    /// How a number was written, where that is not how it prints; and times as they are to be shown.
    written: HashMap<u32, String>,
}

impl Column {
    pub(super) fn new(kind: FieldKind, unit: &str) -> Self {
        Column {
            kind,
            unit: unit.to_owned(),
            low: Vec::new(),
            high: Vec::new(),
            codes: Vec::new(),
            entries: Vec::new(),
            words: WordBlob::default(),
            ranks: OnceLock::new(),
            code_of: HashMap::new(),
            written: HashMap::new(),
        }
    }

    /// Whether its values are in order, such as numbers.
    pub(super) fn is_ordered(&self) -> bool {
        matches!(self.kind, FieldKind::Number | FieldKind::Time)
    }

    pub(super) fn set(&mut self, row: u32, fact: Option<&Fact>) {
        let at = row as usize;
        for list in [&mut self.low, &mut self.high] {
            if let Some(number) = list.get_mut(at) {
                *number = f64::NAN;
            }
        }
        if let Some(code) = self.codes.get_mut(at) {
            *code = NONE;
        }
        self.written.remove(&row);
        let Some(fact) = fact else { return };
        let is_of_kind = FieldKind::of(&fact.value) == self.kind
            && (self.kind != FieldKind::Number || fact.unit.as_ref().is_none_or(|unit| *unit == self.unit));
        match fact.value.span() {
            Some((low, high)) if self.is_ordered() && is_of_kind => {
                if self.low.len() <= at {
                    self.low.resize(at + 1, f64::NAN);
                    self.high.resize(at + 1, f64::NAN);
                }
                (self.low[at], self.high[at]) = (low, high);
                let is_plain = matches!(fact.value, Value::Number(_)) && fact.written.is_none();
                if !is_plain {
                    self.written.insert(row, fact.text());
                }
            }
            _ => self.set_text(at, fact),
        }
    }

    fn set_text(&mut self, at: usize, fact: &Fact) {
        let shown = match &fact.unit {
            // A number in another unit than the field's is no number of the field.
            Some(unit) if *unit != self.unit => format!("{} {unit}", fact.text()),
            _ => fact.text(),
        };
        let words = match (&fact.value, self.kind) {
            (Value::Words(words), FieldKind::Words) => words.clone(),
            _ => vec![shown.clone()],
        };
        let key = format!("{}\u{1f}{}", words.join("\u{1f}"), shown);
        let code = match self.code_of.get(&key) {
            Some(code) => *code,
            None => {
                let code = u32::try_from(self.entries.len()).unwrap_or(NONE);
                let words: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
                self.words.push(&words);
                self.ranks = OnceLock::new();
                self.entries.push(Entry { shown, words });
                self.code_of.insert(key, code);
                code
            }
        };
        if self.codes.len() <= at {
            self.codes.resize(at + 1, NONE);
        }
        self.codes[at] = code;
    }

    pub(super) fn entry(&self, row: u32) -> Option<&Entry> {
        self.entries.get(*self.codes.get(row as usize)? as usize)
    }

    /// The place of a row's text among all texts, in small letters; texts that differ in case alone have one place.
    pub(super) fn rank(&self, row: u32) -> Option<u32> {
        let ranks = self.ranks.get_or_init(|| ranks(&self.entries));
        ranks.get(*self.codes.get(row as usize)? as usize).copied()
    }

    /// Lowest and highest of a row.
    pub(super) fn span(&self, row: u32) -> Option<(f64, f64)> {
        let low = *self.low.get(row as usize)?;
        (!low.is_nan()).then(|| (low, self.high[row as usize]))
    }

    pub(super) fn cell(&self, row: u32) -> Option<Cell> {
        if let Some((low, _)) = self.span(row) {
            let text = self.written.get(&row).cloned().unwrap_or_else(|| low.to_string());
            return Some(Cell { text, is_note: false });
        }
        Some(Cell { text: self.entry(row)?.shown.clone(), is_note: self.is_ordered() })
    }

    pub(super) fn known_count(&self) -> usize {
        if self.is_ordered() {
            self.low.iter().filter(|low| !low.is_nan()).count()
        } else {
            self.codes.iter().filter(|code| **code != NONE).count()
        }
    }

    /// The values that occur most and pass the filter, with how often.
    pub(super) fn values(&self, filter: impl Fn(&str) -> bool, most: usize) -> Vec<(String, usize)> {
        let mut counts: HashMap<String, usize> = HashMap::new();
        if self.is_ordered() {
            let mut exact: HashMap<u64, usize> = HashMap::new();
            let known = self.low.iter().zip(&self.high).filter(|(low, high)| low == high && self.kind == FieldKind::Number);
            known.for_each(|(low, _)| *exact.entry(low.to_bits()).or_default() += 1);
            counts.extend(exact.into_iter().map(|(bits, count)| (f64::from_bits(bits).to_string(), count)));
        } else {
            let mut rows = vec![0; self.entries.len()];
            for code in self.codes.iter().filter(|code| **code != NONE) {
                rows[*code as usize] += 1;
            }
            for (entry, count) in self.entries.iter().zip(rows).filter(|(_, count)| *count > 0) {
                // Of several words, each is a value; they are shown as the entry has them.
                let is_one = self.kind == FieldKind::Text || entry.words.len() == 1;
                let words: Vec<&str> = if is_one { vec![&entry.shown] } else { entry.shown.split(is_between_words).collect() };
                for word in words.into_iter().filter(|word| !word.is_empty()) {
                    *counts.entry(word.to_owned()).or_default() += count;
                }
            }
        }
        let mut counts: Vec<(String, usize)> = counts.into_iter().filter(|(value, _)| filter(value)).collect();
        counts.sort_by(|(one, one_count), (other, other_count)| other_count.cmp(one_count).then_with(|| one.cmp(other)));
        counts.truncate(most);
        counts
    }
}

/// The place of each entry among them, in small letters first.
fn ranks(entries: &[Entry]) -> Vec<u32> {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    let key = |at: &usize| (&entries[*at].words, &entries[*at].shown);
    order.sort_by(|one, other| key(one).cmp(&key(other)));
    let mut ranks = vec![0; order.len()];
    let mut rank = 0;
    for (place, at) in order.iter().enumerate() {
        // Texts that differ in case alone are alike, so that the sort before decides.
        if place > 0 && entries[order[place - 1]].words != entries[*at].words {
            rank += 1;
        }
        ranks[*at] = rank;
    }
    ranks
}

fn is_between_words(letter: char) -> bool {
    letter.is_whitespace() || "+/&;,|".contains(letter)
}
