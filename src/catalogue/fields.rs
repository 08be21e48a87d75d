//! The fields there are: what a query may name, and what a table has columns of.

use std::collections::BTreeMap;

use super::facts::Value;
use crate::config::{CellKind, RunListSettings};

/// What the values of a field are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldKind {
    /// Numbers in the field's unit.
    Number,
    /// Days and instants.
    Time,
    /// One or several words.
    Words,
    /// Text.
    Text,
}

/// A field of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// What queries call it: small letters, digits and `_`.
    pub name: String,
    /// What its values are.
    pub kind: FieldKind,
    /// Unit of its numbers; empty for none.
    pub unit: String,
    /// Where it comes from, in words.
    pub origin: String,
}

/// All fields, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(BTreeMap<String, Field>);

/// Fields that the program fills itself: name, kind, unit, what it is.
const OWN: [(&str, FieldKind, &str, &str); 18] = [
    ("run", FieldKind::Number, "", "the run's number"),
    ("started", FieldKind::Time, "", "when the run began, UTC"),
    ("ended", FieldKind::Time, "", "when the run ended, UTC"),
    ("date", FieldKind::Time, "", "the day in the run list"),
    ("flag", FieldKind::Words, "", "the quality flag in force"),
    ("decided_by", FieldKind::Text, "", "who decided on it, and in which role"),
    ("comment", FieldKind::Text, "", "the comment of the decision in force, else that of the mark"),
    ("mark", FieldKind::Words, "", "the shift mark"),
    ("kind", FieldKind::Words, "", "the kind of data"),
    ("status", FieldKind::Number, "", "the derived status"),
    ("lane", FieldKind::Words, "", "the lanes that have a processing of it"),
    ("files", FieldKind::Number, "", "raw files taken in"),
    ("size", FieldKind::Number, "GB", "size of its raw files"),
    ("groups", FieldKind::Number, "", "groups of files that are analysed together"),
    ("analysed", FieldKind::Number, "", "raw files in a result"),
    ("failed", FieldKind::Number, "", "raw files that failed"),
    ("events", FieldKind::Number, "", "events reconstructed"),
    ("lifetime_us", FieldKind::Number, "us", "the newest electron lifetime"),
];

/// Words of the language, which no field may be called.
const KEYWORDS: [&str; 5] = ["and", "has", "missing", "not", "or"];

/// Fields that have no other words than these.
const ONLY: [(&str, &[&str]); 2] =
    [("flag", &["OK", "UNCHECKED", "BAD", "MAYBE"]), ("mark", &["ok", "flawed", "unusable", "detector_studies", "unmarked"])];

impl Field {
    /// The only words that it can have, if there are such.
    #[must_use]
    pub fn only_words(&self) -> Option<&'static [&'static str]> {
        ONLY.iter().find(|(name, _)| *name == self.name).map(|(_, words)| *words)
    }
}

impl FieldKind {
    /// In words: `a number`.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            FieldKind::Number => "a number",
            FieldKind::Time => "a day or time",
            FieldKind::Words => "words",
            FieldKind::Text => "text",
        }
    }

    /// Whether its values are words or text.
    #[must_use]
    pub fn is_text(self) -> bool {
        matches!(self, FieldKind::Words | FieldKind::Text)
    }

    /// The kind of field that a value makes.
    #[must_use]
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Number(_) | Value::Above(_) | Value::Below(_) | Value::Between(..) => FieldKind::Number,
            Value::Day(_) | Value::At(_) => FieldKind::Time,
            Value::Words(_) => FieldKind::Words,
            Value::Text(_) => FieldKind::Text,
        }
    }
}

impl Fields {
    /// The fields that the program fills itself, and those that the settings make of the run list.
    #[must_use]
    pub fn new(list: &RunListSettings) -> Self {
        let mut fields = Fields::default();
        for (name, kind, unit, origin) in OWN {
            fields.add(Field { name: name.into(), kind, unit: unit.into(), origin: origin.into() });
        }
        for (name, field) in &list.fields {
            let kind = match field.holds {
                CellKind::Numbers => FieldKind::Number,
                CellKind::Guess if !field.unit.is_empty() => FieldKind::Number,
                CellKind::Guess | CellKind::Text => FieldKind::Text,
                CellKind::Words => FieldKind::Words,
                CellKind::Days => FieldKind::Time,
            };
            let origin = format!("column '{}' of the run list", field.column);
            fields.add(Field { name: name.clone(), kind, unit: field.unit.clone(), origin });
        }
        fields
    }

    /// Adds a field; one that is there already stays as it is.
    pub fn add(&mut self, field: Field) {
        self.0.entry(field.name.clone()).or_insert(field);
    }

    /// The field of this name, in letters of any case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Field> {
        self.0.get(name).or_else(|| self.0.get(&name.to_ascii_lowercase()))
    }

    /// All, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Field> {
        self.0.values()
    }

    /// Whether the program needs this name itself: for a field that it fills, or as a word of the language.
    #[must_use]
    pub fn is_own(name: &str) -> bool {
        OWN.iter().any(|(own, ..)| *own == name) || KEYWORDS.contains(&name)
    }

    /// The name that is most like this one, if any is near enough to be meant.
    #[must_use]
    pub fn nearest(&self, name: &str) -> Option<&str> {
        let name = name.to_ascii_lowercase();
        nearest_of(&name, self.0.keys().map(String::as_str))
    }
}

/// The candidate that takes the fewest changes of a letter, if those are few beside its length.
pub(super) fn nearest_of<'a>(text: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let text: Vec<char> = text.chars().take(64).collect();
    let (changes, nearest) = candidates.map(|candidate| (changes_between(&text, candidate), candidate)).min()?;
    (changes <= 1 + text.len() / 4 && changes < text.len()).then_some(nearest)
}

/// Letters to put in, leave out, replace or swap with their neighbour to get from one text to the other.
fn changes_between(one: &[char], other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.iter().enumerate() {
        let mut now = vec![row + 1];
        for (column, letter_there) in other.iter().enumerate() {
            let replaced = last[column] + usize::from(letter != letter_there);
            let mut fewest = replaced.min(last[column + 1] + 1).min(now[column] + 1);
            if row > 0 && column > 0 && *letter == other[column - 1] && one[row - 1] == *letter_there {
                fewest = fewest.min(before[column - 1] + 1);
            }
            now.push(fewest);
        }
        before = std::mem::replace(&mut last, now);
    }
    last.last().copied().unwrap_or(0)
}

/// A field's name from that of a column: `Drift Field [V/cm]` becomes `drift_field_v_cm`.
pub(super) fn name_from_column(column: &str) -> String {
    let mut name = String::new();
    for letter in column.chars().flat_map(char::to_lowercase) {
        if letter.is_ascii_alphanumeric() {
            name.push(letter);
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
    }
    let name = name.trim_end_matches('_');
    match name.bytes().next() {
        None => String::new(),
        Some(first) if first.is_ascii_digit() => format!("column_{name}"),
        Some(_) => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_understood_and_nonsense_is_not() {
        let fields = Fields::new(&RunListSettings::default());
        for (typed, meant) in [("drift_feild", Some("drift_field")), ("Triger", Some("trigger")), ("flga", Some("flag"))] {
            assert_eq!(fields.nearest(typed), meant, "{typed}");
        }
        assert_eq!(fields.nearest("xyzzyplugh"), None);
        assert_eq!(fields.nearest(""), None);
    }

    #[test]
    fn names_are_made_of_any_column() {
        for (column, name) in
            [("Drift Field [V/cm]", "drift_field_v_cm"), ("  ", ""), ("2nd shifter", "column_2nd_shifter"), ("Durée", "dur_e")]
        {
            assert_eq!(name_from_column(column), name);
        }
    }
}
