//! How LEMs are called on plots.

use crate::detector::LemGrid;
use crate::figure::Axis;
use crate::summary::Measured;
use crate::vocab::Lem;

/// A LEM's number in each numbering: `3 / 5`.
pub(crate) fn numbers(grid: &LemGrid, lem: Lem) -> String {
    let number = |numbering| grid.number(numbering, lem).map_or_else(|| "?".to_owned(), |number: u32| number.to_string());
    let numbers: Vec<String> = grid.numberings.iter().map(number).collect();
    numbers.join(" / ")
}

/// What the numbers of [`numbers`] are: `LEM numbers: file numbering / 3x1x1 convention`.
pub(super) fn numberings_note(grid: &LemGrid) -> String {
    let titles: Vec<&str> = grid.numberings.iter().map(|numbering| numbering.title.as_str()).collect();
    format!("LEM numbers: {}", titles.join(" / "))
}

/// The axis of the numbers of the result files, from the first LEM to the last, so that a missing one leaves its place empty.
pub(super) fn file_numbering_axis(grid: &LemGrid) -> Axis {
    let Some(numbering) = grid.numberings.first() else { return Axis::integer("LEM") };
    let axis = Axis::integer(format!("LEM ({})", numbering.title));
    match (numbering.numbers.iter().min(), numbering.numbers.iter().max()) {
        (Some(first), Some(last)) => axis.range(f64::from(*first) - 0.5, f64::from(*last) + 0.5),
        _ => axis,
    }
}

/// Which LEMs have no number, to end a note with: `; NO DATA: LEM 3; not measured: LEM 5, 6`.
pub(super) fn missing_note(lems: &[Measured], values: &[Measured]) -> String {
    let mut note = String::new();
    for kind in [Measured::NoData, Measured::NotMeasured] {
        let missing = lems.iter().zip(values).filter(|(_, value)| **value == kind);
        let mut numbers: Vec<f64> = missing.filter_map(|(lem, _)| lem.value()).collect();
        numbers.sort_by(f64::total_cmp);
        if !numbers.is_empty() {
            let words: Vec<String> = numbers.iter().map(f64::to_string).collect();
            note += &format!("; {}: LEM {}", kind.words(""), words.join(", "));
        }
    }
    note
}
