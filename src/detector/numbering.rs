//! LEM numberings: a rule by its name, or the numbers themselves.

use monitasks::detector::LemNumbering;
use serde::Deserialize;
use toml::Spanned;

use super::error::Fault;

/// A numbering as its file says it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Numbering {
    name: String,
    title: String,
    rule: Option<Rule>,
    first_side: Option<Spanned<Side>>,
    numbers: Option<Spanned<Vec<u32>>>,
}

/// The rules there are.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Rule {
    /// 1 + column + columns * row.
    XFastest,
    /// Modules of two by two LEMs along y, each numbered first side (lower y, higher y), then the other side.
    ModulesOfFour,
}

/// The side in x where a module's first pair is.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Side {
    /// The column of the higher x.
    HighX,
    /// The column of the lower x.
    LowX,
}

/// The numbering with the number of every place, row by row.
pub(super) fn numbering(one: Spanned<Numbering>, columns: u16, rows: u16) -> Result<LemNumbering, Fault> {
    let at = one.span().start;
    let Numbering { name, title, rule, first_side, numbers } = one.into_inner();
    let count = usize::from(columns) * usize::from(rows);
    let places = (0..u32::from(rows)).flat_map(|row| (0..u32::from(columns)).map(move |column| (column, row)));
    if let Some(side) = first_side.as_ref().filter(|_| rule != Some(Rule::ModulesOfFour)) {
        return Err(Fault::at(side.span().start, "'first_side' belongs to rule \"modules_of_four\" only"));
    }
    let numbers = match (rule, numbers) {
        (Some(Rule::XFastest), None) => places.map(|(column, row)| 1 + column + u32::from(columns) * row).collect(),
        (Some(Rule::ModulesOfFour), None) => {
            if columns != 2 || !rows.is_multiple_of(2) {
                let what = format!("rule \"modules_of_four\" needs 2 columns and an even number of rows, not {columns} x {rows}");
                return Err(Fault::at(at, what));
            }
            let first = u32::from(first_side.is_none_or(|side| *side.get_ref() == Side::HighX));
            places.map(|(column, row)| 4 * (row / 2) + 1 + row % 2 + if column == first { 0 } else { 2 }).collect()
        }
        (None, Some(numbers)) => {
            let (span, numbers) = (numbers.span(), numbers.into_inner());
            let mut sorted = numbers.clone();
            sorted.sort_unstable();
            sorted.dedup();
            if numbers.len() != count || sorted.len() != count {
                let what = format!("'numbers' of numbering {name:?} has to hold {count} different numbers, one for each LEM");
                return Err(Fault::at(span.start, what));
            }
            numbers
        }
        _ => return Err(Fault::at(at, format!("numbering {name:?} needs either 'rule' or 'numbers'"))),
    };
    Ok(LemNumbering { name, title, numbers })
}
