//! The language in which runs are searched: `trigger:CRT drift_field>500 -remark:test (flag:OK or flag:MAYBE)`.
//!
//! A text becomes a [`Query`] by [`parse`], which knows the fields there are; [`RunTable::find`](super::RunTable::find) answers
//! it, [`explain`] says it in words, [`complete`] helps to write it. A query prints as a text that is parsed to the same.

mod complete;
mod explain;
mod lexer;
mod literal;
mod parser;
mod print;
#[cfg(test)]
mod tests;

pub use complete::{Suggestion, SuggestionKind, complete};
pub use explain::explain;
pub use parser::parse;

/// What is asked of a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Query {
    /// Nothing: every run is found.
    Everything,
    /// All of these hold; two or more, none of which is itself one of these.
    All(Vec<Query>),
    /// At least one of these holds; two or more, none of which is itself one of these.
    Any(Vec<Query>),
    /// This does not hold.
    Not(Box<Query>),
    /// This stands somewhere in the run's texts, or names the run.
    Free(String),
    /// A field compares so with a value.
    Test {
        /// The field's name.
        field: String,
        /// How.
        op: Op,
        /// With what.
        literal: Literal,
    },
    /// The field's value is known.
    Has(String),
    /// The field's value is not known.
    Missing(String),
}

/// How a field compares with a value. No comparison holds with what is not known, `!=` neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    /// `:`: numbers and times are in the range; a word is this one; text contains it.
    Is,
    /// `=`: as `:`, and text is exactly this.
    Equals,
    /// `!=`: numbers and times are surely not in the range; no word is this one; text is not exactly this.
    Differs,
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
}

/// A value in a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Literal {
    /// As it was written, without quotes.
    pub written: String,
    /// What it means for its field.
    pub meaning: Meaning,
}

/// What a value in a query means.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    /// From here up to there, both included: a number in the field's unit, or seconds since 1970 UTC.
    Span(f64, f64),
    /// A text, in small letters.
    Text(String),
}

/// A text that is no query: what is wrong, where, and what there is instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}, at character {}{}", at_character, hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default())]
pub struct QueryError {
    /// The bytes of the text that are meant.
    pub at: std::ops::Range<usize>,
    /// The first of them as a character of the text, from 1.
    pub at_character: usize,
    /// What is wrong, and what was expected.
    pub what: String,
    /// What may have been meant, or what there is.
    pub hint: Option<String>,
}

impl Query {
    /// All of these.
    #[must_use]
    pub fn all(parts: Vec<Query>) -> Self {
        let parts = parts.into_iter().flat_map(|part| match part {
            Query::All(inner) => inner,
            Query::Everything => Vec::new(),
            other => vec![other],
        });
        let mut parts: Vec<Query> = parts.collect();
        match parts.len() {
            0 => Query::Everything,
            1 => parts.remove(0),
            _ => Query::All(parts),
        }
    }

    /// At least one of these.
    #[must_use]
    pub fn any(parts: Vec<Query>) -> Self {
        let parts = parts.into_iter().flat_map(|part| match part {
            Query::Any(inner) => inner,
            other => vec![other],
        });
        let mut parts: Vec<Query> = parts.collect();
        if parts.len() == 1 { parts.remove(0) } else { Query::Any(parts) }
    }
}

impl Op {
    /// All, the longer signs before those that they begin with.
    pub const ALL: [Op; 7] = [Op::Differs, Op::AtMost, Op::AtLeast, Op::Below, Op::Above, Op::Equals, Op::Is];

    /// Its sign: `>=`.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Op::Is => ":",
            Op::Equals => "=",
            Op::Differs => "!=",
            Op::Below => "<",
            Op::AtMost => "<=",
            Op::Above => ">",
            Op::AtLeast => ">=",
        }
    }

    /// Whether what lies in one range surely compares so with another.
    #[must_use]
    pub fn holds_of_spans(self, (low, high): (f64, f64), (from, to): (f64, f64)) -> bool {
        match self {
            Op::Is | Op::Equals => low >= from && high <= to,
            Op::Differs => high < from || low > to,
            Op::Below => high < from,
            Op::AtMost => high <= to,
            Op::Above => low > to,
            Op::AtLeast => low >= from,
        }
    }

    /// Whether words, in small letters, compare so with a text in small letters.
    #[must_use]
    pub fn holds_of_words(self, words: &[String], text: &str, is_text: bool) -> bool {
        match self {
            Op::Is if is_text => words.iter().any(|word| word.contains(text)),
            Op::Is | Op::Equals => words.iter().any(|word| word == text),
            Op::Differs => !words.is_empty() && words.iter().all(|word| word != text),
            Op::Below | Op::AtMost | Op::Above | Op::AtLeast => false,
        }
    }
}

impl QueryError {
    fn new(text: &str, at: std::ops::Range<usize>, what: impl Into<String>, hint: Option<String>) -> Self {
        let at_character = text.get(..at.start).map_or(0, |before| before.chars().count()) + 1;
        QueryError { at, at_character, what: what.into(), hint }
    }

    /// The query with a line under it that points at the place, for a terminal.
    #[must_use]
    pub fn pointed(&self, text: &str) -> String {
        let line: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
        let width = text.get(self.at.clone()).map_or(1, |part| part.chars().count().max(1));
        format!("{line}\n{}{}", " ".repeat(self.at_character - 1), "^".repeat(width))
    }
}
