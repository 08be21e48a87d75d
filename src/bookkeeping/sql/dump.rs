//! The whole book as lines of JSON, the same bytes whichever engine keeps it, and back.
//!
//! The first line says what it is. Then come the entries of all chains in the order of arrival, then the rows of processing by
//! table and key. What follows from these, what tells this book from its copies, and who runs a backend are left out.

use std::io::{BufRead, Write};

use serde_json::{Map, Value as Json, json};

use super::engine::{Engine, SqlError};
use super::ledger;
use super::value::{SqlRow, Value, params};
use crate::bookkeeping::entry::{Adopted, Entry};

/// What the first line of an export says.
const FORMAT: &str = "dqmon book";
/// The version of its form.
const VERSION: i64 = 1;
/// Entries and rows that are read at once.
const AT_ONCE: u64 = 10_000;

/// A table of rows: its name, its columns, and the columns that put it into order.
struct Table {
    name: &'static str,
    columns: &'static str,
    order: &'static str,
}

const TABLES: &[Table] = &[
    Table { name: "runs", columns: "run first_seen_ns ended_ns ended_by", order: "run" },
    Table {
        name: "files",
        columns: "run sequence step since_ns failure reason source size_bytes daq_closed_ns arrived_ns adler32 events_by_trigger \
                  refused_bytes refused_ns",
        order: "run, sequence",
    },
    Table {
        name: "passes",
        columns: "run sequence processing lane step since_ns held_by failure reason attempt lost retries retry_ns output_of events \
                  tracks accepted_ns file_group",
        order: "run, sequence, processing",
    },
    Table {
        name: "processings",
        columns: "run processing lane step since_ns opened_ns because hold settings_sum missing to_publish",
        order: "run, processing",
    },
    Table { name: "story", columns: "at_ns run sequence kind detail", order: "id" },
    Table {
        name: "transfers",
        columns: "run sequence from_path to_path size_bytes adler32 started_ns ended_ns",
        order: "run, sequence, started_ns",
    },
    Table {
        name: "central_copies",
        columns: "run sequence destination step since_ns attempts next_try_ns reason size_bytes adler32 verified_ns",
        order: "run, sequence, destination",
    },
    Table {
        name: "jobs",
        columns: "name attempt kind run sequence file_group state batch batch_id submitted_ns started_ns ended_ns cpu_s wall_s \
                  peak_memory_bytes exit_status script log reason processing",
        order: "id",
    },
    Table {
        name: "groups",
        columns: "run processing file_group members step since_ns tasks results lane",
        order: "run, processing, file_group",
    },
    Table {
        name: "readings",
        columns: "task item run processing file_group value at_ns",
        order: "task, item, run, processing, file_group",
    },
    Table { name: "not_taken", columns: "name reason at_ns", order: "name" },
    Table { name: "backend_state", columns: "only state", order: "\"only\"" },
    Table { name: "requests", columns: "at_ns who kind run sequence answered_ns outcome subject", order: "id" },
];

impl Table {
    fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.columns.split_whitespace()
    }

    /// The columns as a statement names them: some are words of the language.
    fn quoted(&self) -> String {
        self.columns().map(|column| format!("\"{column}\"")).collect::<Vec<_>>().join(", ")
    }
}

/// Writes the book out.
pub fn export(engine: &dyn Engine, to: &mut dyn Write) -> Result<(), SqlError> {
    line(to, &json!({"format": FORMAT, "version": VERSION}))?;
    let mut place = 0;
    loop {
        let entries = ledger::entries_after(engine, place, AT_ONCE as usize)?;
        let Some(last) = entries.last() else { break };
        place = last.place;
        for entry in &entries {
            line(to, &json!({"entry": entry}))?;
        }
    }
    for table in TABLES {
        let sql = format!("SELECT {} FROM \"{}\" ORDER BY {} LIMIT $1 OFFSET $2", table.quoted(), table.name, table.order);
        for page in 0u64.. {
            let rows = engine.query(&sql, &params![AT_ONCE, page * AT_ONCE])?;
            for row in &rows {
                line(to, &json!({"table": table.name, "row": json_of(row)}))?;
            }
            if (rows.len() as u64) < AT_ONCE {
                break;
            }
        }
    }
    to.flush().map_err(|error| refused(&format!("export not written: {error}")))
}

/// Takes an export in: entries that stand here already are passed over, rows go only into a book that has none.
pub fn import(engine: &dyn Engine, from: &mut dyn BufRead) -> Result<Adopted, SqlError> {
    let (mut adopted, mut entries, mut has_rows) = (Adopted::default(), Vec::new(), false);
    for (number, text) in (1u64..).zip(from.lines()) {
        let at = |what: &str| refused(&format!("export refused: line {number}: {what}"));
        let text = text.map_err(|error| at(&error.to_string()))?;
        let mut parsed: Map<String, Json> = serde_json::from_str(&text).map_err(|error| at(&error.to_string()))?;
        if number == 1 {
            if parsed.get("format") != Some(&json!(FORMAT)) || parsed.get("version") != Some(&json!(VERSION)) {
                return Err(at("this is no export of a book that this program knows; one begins with its format and version"));
            }
        } else if let Some(entry) = parsed.remove("entry") {
            entries.push(serde_json::from_value::<Entry>(entry).map_err(|error| at(&error.to_string()))?);
            if entries.len() as u64 >= AT_ONCE {
                add(&mut adopted, ledger::adopt(engine, &std::mem::take(&mut entries))?);
            }
        } else {
            let table = parsed.get("table").and_then(Json::as_str);
            let table = TABLES.iter().find(|known| Some(known.name) == table).ok_or_else(|| at("it names no table of a book"))?;
            if !has_rows {
                refuse_where_rows_are(engine)?;
                has_rows = true;
            }
            let row = parsed.get("row").and_then(Json::as_object).ok_or_else(|| at("it has no row"))?;
            insert(engine, table, row).map_err(|error| match error {
                SqlError::Refused(why) => at(&why),
                other => other,
            })?;
        }
    }
    add(&mut adopted, ledger::adopt(engine, &entries)?);
    // Whoever follows the book reads the runs that are new in it.
    engine.execute(
        "INSERT INTO changed_runs (run, change) SELECT run, (SELECT coalesce(max(change), 0) + 1 FROM changed_runs) FROM runs
            WHERE run NOT IN (SELECT run FROM changed_runs)",
        &[],
    )?;
    Ok(adopted)
}

fn add(sum: &mut Adopted, more: Adopted) {
    sum.new += more.new;
    sum.known += more.known;
}

fn refuse_where_rows_are(engine: &dyn Engine) -> Result<(), SqlError> {
    for table in TABLES {
        if !engine.query(&format!("SELECT 1 AS one FROM \"{}\" LIMIT 1", table.name), &[])?.is_empty() {
            let why =
                format!("export refused: the book has {} of its own; rows go into a new book, entries alone by 'dqmon sync'", {
                    table.name
                });
            return Err(refused(&why));
        }
    }
    Ok(())
}

fn insert(engine: &dyn Engine, table: &Table, row: &Map<String, Json>) -> Result<(), SqlError> {
    let value = |column: &str| match row.get(column) {
        None => Err(refused(&format!("there is no {column}"))),
        Some(Json::Null) => Ok(Value::Null),
        Some(Json::String(text)) => Ok(Value::Text(text.clone())),
        Some(Json::Number(number)) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Ok(Value::Int(whole)),
            (None, Some(real)) => Ok(Value::Real(real)),
            (None, None) => Err(refused(&format!("{column} is out of range"))),
        },
        Some(_) => Err(refused(&format!("{column} is neither a number nor text"))),
    };
    let values = table.columns().map(value).collect::<Result<Vec<_>, _>>()?;
    let marks = (1..=values.len()).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ");
    let sql = format!("INSERT INTO \"{}\" ({}) VALUES ({marks})", table.name, table.quoted());
    engine.execute(&sql, &values).map(drop)
}

fn json_of(row: &SqlRow) -> Json {
    let value = |value: &Value| match value {
        Value::Null => Json::Null,
        Value::Int(value) => json!(value),
        Value::Real(value) => json!(value),
        Value::Text(text) => json!(text),
    };
    Json::Object(row.columns.iter().cloned().zip(row.values.iter().map(value)).collect())
}

fn line(to: &mut dyn Write, what: &Json) -> Result<(), SqlError> {
    writeln!(to, "{what}").map_err(|error| refused(&format!("export not written: {error}")))
}

fn refused(why: &str) -> SqlError {
    SqlError::Refused(why.to_owned())
}
