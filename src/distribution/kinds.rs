//! The kind of each run, from a table of runs.

use std::collections::BTreeMap;
use std::path::Path;

use monitasks::vocab::Run;

use super::error::{DistributionError, io_error, refused};

/// Names of the columns, in lower case: a list of ours has the first, the run list of the 3x1x1 the second.
const RUN_COLUMNS: [&str; 2] = ["run", "run nb"];
const KIND_COLUMNS: [&str; 2] = ["kind", "trigger"];

/// Reads a table (CSV with a line of names) with a column `run` or `run nb` and a column `kind` or `Trigger`. Rows without a
/// kind say nothing.
///
/// # Errors
/// When it can't be read, a column is missing, a row has no run, or a run has two kinds; with the row's number.
pub fn read_kinds(path: &Path) -> Result<BTreeMap<Run, String>, DistributionError> {
    let bytes = std::fs::read(path).map_err(io_error("table of run kinds not read", path))?;
    kinds_of(&String::from_utf8_lossy(&bytes)).map_err(|what| refused(format!("table of run kinds refused: {what}"), path))
}

fn kinds_of(text: &str) -> Result<BTreeMap<Run, String>, String> {
    let rows = rows_of(text.trim_start_matches('\u{feff}'));
    let Some((names, rows)) = rows.split_first() else { return Err("it is empty".into()) };
    let column = |known: [&str; 2]| {
        let place = known.iter().find_map(|known| names.iter().position(|name| name.trim().eq_ignore_ascii_case(known)));
        place.ok_or_else(|| format!("it has no column {}; it has: {}", known.join(" or "), names.join(", ")))
    };
    let (run_column, kind_column) = (column(RUN_COLUMNS)?, column(KIND_COLUMNS)?);
    let mut kinds: BTreeMap<Run, String> = BTreeMap::new();
    for (number, row) in (2..).zip(rows) {
        let cell = |column: usize| row.get(column).map_or("", |cell| cell.trim());
        if row.iter().all(|cell| cell.trim().is_empty()) || cell(kind_column).is_empty() {
            continue;
        }
        let run: Run = cell(run_column).parse().map_err(|error| format!("row {number}: {error}"))?;
        let kind = cell(kind_column).to_owned();
        match kinds.insert(run, kind.clone()) {
            Some(before) if before != kind => return Err(format!("row {number}: {run} is {kind} here and {before} before")),
            _ => {}
        }
    }
    Ok(kinds)
}

/// Rows of cells; a cell in quotes may hold commas, line feeds and doubled quotes.
fn rows_of(text: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut letters = text.chars().peekable();
    let mut is_quoted = false;
    while let Some(letter) = letters.next() {
        let Some(row) = rows.last_mut() else { break };
        match letter {
            '"' if is_quoted && letters.peek() == Some(&'"') => {
                letters.next();
                row.last_mut().into_iter().for_each(|cell| cell.push('"'));
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(String::new()),
            '\r' if !is_quoted => {}
            '\n' if !is_quoted => rows.push(vec![String::new()]),
            letter => row.last_mut().into_iter().for_each(|cell| cell.push(letter)),
        }
    }
    rows.retain(|row| row.len() > 1 || row.iter().any(|cell| !cell.is_empty()));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_tables_are_read() {
        let ours = "run,kind\nrun1,cosmics\n2, pedestal \n3,\n\n";
        assert_eq!(kinds_of(ours).unwrap(), BTreeMap::from([(Run(1), "cosmics".into()), (Run(2), "pedestal".into())]));
        let of_the_3x1x1 = "run nb,Nb seq,Trigger,remark\r\n1199,10,PMT,\"a, \"\"b\"\"\nc\"\r\n840,3,CRT,\r\n";
        assert_eq!(kinds_of(of_the_3x1x1).unwrap(), BTreeMap::from([(Run(840), "CRT".into()), (Run(1199), "PMT".into())]));
    }

    #[test]
    fn what_is_wrong_with_a_table_is_told() {
        for (text, what) in [
            ("", "it is empty"),
            ("run,what\n1,a\n", "no column kind or trigger; it has: run, what"),
            ("run,kind\nsoon,a\n", "row 2"),
            ("run,kind\n1,a\n1,b\n", "row 3: run1 is b here and a before"),
        ] {
            let error = kinds_of(text).unwrap_err();
            assert!(error.contains(what), "{error}");
        }
    }
}
