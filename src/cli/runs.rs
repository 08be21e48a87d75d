//! `dqmon runs`: the runs in the book, and those of run lists, by a query.

use std::collections::BTreeMap;

use monitasks::vocab::Run;
use serde_json::{Map, Value as Json, json};

use super::words::one_line;
use super::{Ended, Failure, Outcome};
use crate::bookkeeping::{self, DecisionSubject, RunCounts, Store, StoreError};
use crate::catalogue::dataset::FileSet;
use crate::catalogue::query::{self, Query, QueryError};
use crate::catalogue::{FieldKind, Fields, RunRow, RunTable, SortKey, Value, csv_cell, csv_line};
use crate::config::Workspace;
use crate::decisions::{self, StatusError};
use crate::live;

/// The columns that are shown when nobody asks for others.
const COLUMNS: [&str; 8] = ["run", "flag", "files", "analysed", "failed", "events", "groups", "status"];
/// A column of text is no wider than this; a pipe gets all of it by `--csv` or `--json`.
const WIDEST: usize = 40;

/// Arguments of `dqmon runs`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which runs, such as: trigger:CRT drift_field>500 flag:UNCHECKED. All when left out. A query that begins with a minus
    /// stands behind '--'.
    #[arg(value_name = "QUERY")]
    query: Vec<String>,
    /// The order of rows: a field, or several with commas; a minus before one puts the highest first. Runs else.
    #[arg(long, value_name = "FIELDS", allow_hyphen_values = true)]
    sort: Option<String>,
    /// The columns, with commas; else those that are most asked for and those of the query.
    #[arg(long, value_name = "FIELDS")]
    columns: Option<String>,
    /// No more rows than these.
    #[arg(long, value_name = "NUMBER")]
    limit: Option<usize>,
    /// Print JSON.
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print CSV; a cell that a spreadsheet would run as a formula has an apostrophe before it.
    #[arg(long)]
    csv: bool,
}

/// A run.
struct Row {
    row: RunRow,
    /// None for one that a run list alone tells of.
    counts: Option<RunCounts>,
    /// Where its flag comes from.
    origin: String,
    /// The derived status of each processing.
    statuses: Vec<(u32, u8)>,
    /// The same for people: `p1 good`.
    status_words: String,
}

/// All runs, in memory.
pub(super) struct Runs {
    pub table: RunTable,
    rows: BTreeMap<Run, Row>,
}

impl Runs {
    /// Reads them from the book.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn read(store: &dyn Store, workspace: &Workspace) -> Result<Self, StoreError> {
        let settings = &workspace.settings;
        let mut runs = Runs { table: RunTable::new(Fields::new(&settings.run_list)), rows: BTreeMap::new() };
        let statuses = match live::statuses_by_run(store, settings) {
            Ok(statuses) => statuses,
            // What is wrong with the book is told once, by what can't be read.
            Err(StatusError::Store(error)) => return Err(error),
            Err(error) => {
                eprintln!("dqmon: no status is derived: {error}");
                BTreeMap::new()
            }
        };
        for (run, sums) in store.run_sums(None)?.runs {
            let mut row = live::row_of(run, &sums, &settings.marks);
            let statuses = statuses.get(&run).cloned().unwrap_or_default();
            row.status = statuses.last().map(|(_, status)| *status).or(row.status);
            let word = |(processing, status): &(u32, u8)| format!("p{processing} {}", settings.status.word(*status));
            let status_words = statuses.iter().map(word).collect::<Vec<_>>().join(", ");
            runs.table.put(&row);
            let origin = decisions::flags_of(&sums.said, &settings.marks)
                .map_or_else(|error| error.to_string(), |flags| flags.of(DecisionSubject::run(run), None, &[]).words());
            runs.rows.insert(run, Row { row, counts: sums.data, origin, statuses, status_words });
        }
        Ok(runs)
    }

    /// Of runs that a run list alone tells of, the files that it says there are; none of them is here.
    pub fn listed_sets(&self) -> Vec<FileSet> {
        let listed = self.rows.values().filter(|row| row.counts.is_none());
        let files = |row: &RunRow| match row.facts.0.get("listed_files").map(|fact| &fact.value) {
            Some(Value::Number(files)) if *files >= 0.0 => *files as u64,
            _ => 0,
        };
        let set = |row: &RunRow| FileSet { run: row.run, stream: "listed".into(), files: files(row), is_local: false };
        listed.map(|listed| set(&listed.row)).collect()
    }

    /// A query over them.
    ///
    /// # Errors
    /// When it is none; with a line that points at the place.
    pub fn parse(&self, text: &str) -> Result<Query, Failure> {
        query::parse(text, self.table.fields()).map_err(|error| refused(text, &error))
    }
}

/// A query that is none, for a terminal.
fn refused(text: &str, error: &QueryError) -> Failure {
    let hint = error.hint.as_ref().map(|hint| format!("\n{hint}")).unwrap_or_default();
    Failure(format!("query refused: {}, at character {}\n{}{hint}", error.what, error.at_character, error.pointed(text)))
}

/// Runs the command.
pub fn run(global: &super::Global, args: &Args) -> Outcome {
    let workspace = global.workspace()?;
    let runs = Runs::read(bookkeeping::open_read_only(&workspace.book_place())?.as_ref(), &workspace)?;
    let text = args.query.join(" ");
    let query = runs.parse(&text)?;
    let sort = sort_keys(args.sort.as_deref().unwrap_or_default(), runs.table.fields())?;
    let columns = columns(args, &query, &sort, runs.table.fields())?;
    let mut rows = runs.table.find(&query);
    runs.table.sort(&mut rows, &sort);
    let found = rows.len();
    rows.truncate(args.limit.unwrap_or(usize::MAX));
    if args.json {
        let rows: Vec<Json> = rows.iter().filter_map(|row| json_of(&runs, *row)).collect();
        println!("{:#}", json!({"schema": 1, "query": text, "found": found, "of": runs.table.len(), "runs": rows}));
    } else if args.csv {
        print!("{}", csv_line(columns.iter().map(String::as_str)));
        for row in &rows {
            let cells: Vec<String> = columns.iter().map(|column| cell(&runs.table, *row, column)).collect();
            print!("{}", csv_row(&runs.table, *row, &columns, &cells));
        }
    } else if runs.table.is_empty() {
        println!("no runs yet; files that the DAQ writes into {} make some", workspace.incoming().display());
    } else if found == 0 {
        println!("none of {} runs: {}", runs.table.len(), query::explain(&query, runs.table.fields()));
    } else {
        print_table(&runs, &rows, &columns);
        if found < runs.table.len() || rows.len() < found {
            println!("{} shown of {found} found, of {} runs", rows.len(), runs.table.len());
        }
    }
    Ok(Ended::Done)
}

/// Numbers stand as they are; a text that begins like a formula is kept from being one.
fn csv_row(table: &RunTable, row: u32, columns: &[String], cells: &[String]) -> String {
    let is_number = |column: &str| {
        let kind = table.fields().get(column).map(|field| field.kind);
        kind == Some(FieldKind::Number) && table.cell(row, column).is_some_and(|cell| !cell.is_note)
    };
    let cells: Vec<String> = columns
        .iter()
        .zip(cells)
        .map(|(column, cell)| match is_number(column) && cell.parse::<f64>().is_ok() {
            true => cell.clone(),
            false => csv_cell(cell),
        })
        .collect();
    format!("{}\r\n", cells.join(","))
}

fn sort_keys(text: &str, fields: &Fields) -> Result<Vec<SortKey>, Failure> {
    let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
    names
        .map(|name| {
            let bare = name.trim_start_matches(['-', '+']);
            Ok(SortKey { field: known(bare, fields)?, is_descending: name.starts_with('-') })
        })
        .collect()
}

/// The field of this name.
fn known(name: &str, fields: &Fields) -> Result<String, Failure> {
    fields.get(name).map(|field| field.name.clone()).ok_or_else(|| {
        let meant = fields.nearest(name).map(|meant| format!("did you mean {meant}? ")).unwrap_or_default();
        let all = fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>().join(", ");
        Failure(format!("there is no field {name:?}; {meant}there are: {all}"))
    })
}

/// Which columns are shown: those asked for, else the usual ones and all that query and order go by.
fn columns(args: &Args, query: &Query, sort: &[SortKey], fields: &Fields) -> Result<Vec<String>, Failure> {
    if let Some(columns) = &args.columns {
        let names = columns.split(',').map(str::trim).filter(|name| !name.is_empty());
        return names.map(|name| known(name, fields)).collect();
    }
    let mut columns: Vec<String> = COLUMNS.iter().map(|name| (*name).to_owned()).collect();
    let mut asked = Vec::new();
    fields_of(query, &mut asked);
    asked.extend(sort.iter().map(|key| key.field.as_str()));
    for name in asked {
        if !columns.iter().any(|column| column == name) {
            columns.push(name.to_owned());
        }
    }
    Ok(columns)
}

/// The fields that a query names, as often as it does.
fn fields_of<'a>(query: &'a Query, to: &mut Vec<&'a str>) {
    match query {
        Query::All(parts) | Query::Any(parts) => parts.iter().for_each(|part| fields_of(part, to)),
        Query::Not(inner) => fields_of(inner, to),
        Query::Test { field, .. } | Query::Has(field) | Query::Missing(field) => to.push(field),
        Query::Everything | Query::Free(_) => {}
    }
}

fn cell(table: &RunTable, row: u32, column: &str) -> String {
    table.cell(row, column).map(|cell| cell.text).unwrap_or_default()
}

fn print_table(runs: &Runs, rows: &[u32], columns: &[String]) {
    let text = |row: u32, column: &String| match (column.as_str(), runs.table.run(row)) {
        ("run", Some(run)) => run.to_string(),
        ("status", Some(run)) => runs.rows.get(&run).map_or_else(String::new, |row| one_line(&row.status_words)),
        _ => shortened(&cell(&runs.table, row, column)),
    };
    let has_ended = |row: u32| {
        let counts = runs.table.run(row).and_then(|run| runs.rows.get(&run)?.counts.as_ref());
        counts.map_or("listed", |counts| if counts.ended.is_some() { "yes" } else { "no" })
    };
    let cells: Vec<Vec<String>> = rows.iter().map(|row| columns.iter().map(|column| text(*row, column)).collect()).collect();
    let width =
        |at: usize| cells.iter().map(|row| row[at].chars().count()).chain([columns[at].chars().count()]).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let line = |row: &[String]| -> String {
        let padded = row.iter().zip(columns).zip(&widths).map(|((cell, column), width)| {
            let is_left = column == "run" || runs.table.fields().get(column).is_some_and(|field| field.kind.is_text());
            if is_left { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        padded.collect::<Vec<_>>().join("  ")
    };
    println!("{}  ended", line(columns));
    for (row, cells) in rows.iter().zip(&cells) {
        println!("{}  {}", line(cells), has_ended(*row));
    }
}

/// A text for a cell of a terminal.
fn shortened(text: &str) -> String {
    let text = one_line(text);
    match text.char_indices().nth(WIDEST) {
        None => text,
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

fn json_of(runs: &Runs, row: u32) -> Option<Json> {
    let Row { row, counts, origin, statuses, .. } = runs.rows.get(&runs.table.run(row)?)?;
    let facts: Map<String, Json> =
        row.facts.0.iter().filter_map(|(name, fact)| Some((name.clone(), serde_json::to_value(fact).ok()?))).collect();
    Some(json!({
        "run": row.run, "flag": row.flag.word(), "flag_comes_from": origin, "decided_by": row.decided_by, "comment": row.comment, "mark": row.mark,
        "kind": row.kind, "status": row.status,
        "statuses": statuses.iter().map(|(processing, status)| json!({"processing": processing, "status": status})).collect::<Vec<_>>(), "is_listed_only": counts.is_none(),
        "has_ended": counts.as_ref().is_some_and(|counts| counts.ended.is_some()),
        "started": row.started, "ended": row.ended, "lanes": row.lanes,
        "files": row.files.unwrap_or(0), "analysed": row.analysed.unwrap_or(0), "failed": row.failed.unwrap_or(0),
        "events": row.events.unwrap_or(0), "groups": row.groups.unwrap_or(0), "facts": facts,
    }))
}
