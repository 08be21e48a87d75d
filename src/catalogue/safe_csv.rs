//! Cells of CSV that a spreadsheet takes as text: what begins like a formula gets an apostrophe, which is taken off again when
//! the list is read.

/// Letters with which a spreadsheet begins a formula, or may after it has cut what stands before.
const FORMULA_BEGINS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A text as a cell: quoted where it has to be, and no formula. Numbers are not text and need none of it.
#[must_use]
pub fn csv_cell(text: &str) -> String {
    // An apostrophe of the text's own before such a letter gets one more, so that reading can take exactly one off.
    let bare = text.trim_start_matches('\'');
    let text = if bare.starts_with(FORMULA_BEGINS) { format!("'{text}") } else { text.to_owned() };
    let is_quoted = text.contains(['"', ',', ';', '\n', '\r', '\t']) || text != text.trim();
    if is_quoted { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// A line of cells, with its end.
#[must_use]
pub fn csv_line<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let cells: Vec<String> = cells.into_iter().map(csv_cell).collect();
    format!("{}\r\n", cells.join(","))
}

/// What a cell says, without the apostrophe that kept it from being a formula.
pub(super) fn text_of_cell(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.trim_start_matches('\'').starts_with(FORMULA_BEGINS) => rest,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_cell_begins_a_formula_and_each_comes_back(text in "[=+@'\t\r\n\",;a-]{0,8}|.*") {
            let line = csv_line(["x", text.as_str()]);
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
            let row = reader.records().next().unwrap().unwrap();
            prop_assert!(!row[1].starts_with(FORMULA_BEGINS), "{line:?}");
            prop_assert_eq!(text_of_cell(&row[1]), text.as_str());
        }
    }
}
