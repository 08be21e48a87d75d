//! Settings that make no sense: where each stands in the file, and what is wrong.

use toml::de::{DeTable, DeValue};

/// A setting that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// The way to it from the top of the file: keys, and places in lists as numbers.
    pub at: Vec<String>,
    /// What is wrong.
    pub what: String,
}

impl Fault {
    /// A fault of a key in a section.
    pub fn in_section(section: &str, (key, what): (&'static str, String)) -> Self {
        Fault { at: vec![section.to_owned(), key.to_owned()], what }
    }

    /// A fault of a key that stands in no section.
    pub fn of_key(key: &str, what: String) -> Self {
        Fault { at: vec![key.to_owned()], what }
    }
}

/// The first number that is not above 0, by its key.
pub(super) fn not_above_zero(numbers: &[(&'static str, f64)]) -> Option<(&'static str, String)> {
    let (key, value) = numbers.iter().find(|(_, value)| !(*value > 0.0 && value.is_finite()))?;
    Some((key, format!("'{key}' is {value}, expected a number above 0")))
}

/// The first number that is below 0, by its key.
pub(super) fn below_zero(numbers: &[(&'static str, f64)]) -> Option<(&'static str, String)> {
    let (key, value) = numbers.iter().find(|(_, value)| !(*value >= 0.0 && value.is_finite()))?;
    Some((key, format!("'{key}' is {value}, expected a number from 0")))
}

/// The line, from 1, on which a setting stands in a TOML text, or what it would stand in; 0 when neither does.
pub(super) fn line_of(text: &str, at: &[String]) -> usize {
    let Ok(document) = DeTable::parse(text) else { return 0 };
    let mut begins = None;
    let mut here = DeValue::Table(document.into_inner());
    for step in at {
        let next = match here {
            DeValue::Table(table) => table
                .into_iter()
                .find(|(key, _)| key.get_ref() == step)
                .map(|(key, value)| (key.span().start, value.into_inner())),
            DeValue::Array(list) => {
                let place = step.parse::<usize>().ok().and_then(|place| list.into_iter().nth(place));
                place.map(|item| (item.span().start, item.into_inner()))
            }
            _ => None,
        };
        let Some((start, value)) = next else { break };
        begins = Some(start);
        here = value;
    }
    begins.map_or(0, |start| 1 + text[..start].matches('\n').count())
}
