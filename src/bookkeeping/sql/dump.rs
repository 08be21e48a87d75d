//! The whole book as lines of JSON, the same bytes whichever engine keeps it, and back.
//!
//! The first line says what it is. Then come the entries of all chains in the order of arrival, then the rows of processing by
//! table and key. The last line counts them and names the ends of the chains: an export that was cut short shows. What follows
//! from these, what tells this book from its copies, and who runs a backend are left out.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::engine::{Engine, SqlError};
use super::ledger;
use super::value::{SqlRow, Value, params};
use crate::bookkeeping::entry::{Adopted, ChainEnd, Entry};

/// What the first line of an export says.
const FORMAT: &str = "dqmon book";
/// The version of its form; 1 had no last line.
const VERSION: i64 = 2;
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

/// What an export holds, as its last line says.
#[derive(Debug, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tally {
    entries: u64,
    /// Rows by table; none of a table that has none.
    rows: BTreeMap<String, u64>,
    /// The end of each chain, in the order in which the chains begin.
    chains: Vec<ChainEnd>,
}

impl Tally {
    fn count_entry(&mut self, entry: &Entry) {
        self.entries += 1;
        let end = ChainEnd { book: entry.id.book, number: entry.id.number, hash: entry.hash.clone() };
        match self.chains.iter_mut().find(|known| known.book == end.book) {
            Some(known) => *known = end,
            None => self.chains.push(end),
        }
    }

    fn count_row(&mut self, table: &str) {
        *self.rows.entry(table.to_owned()).or_default() += 1;
    }

    /// In what something that was read departs from this, which its last line says.
    fn departures(&self, read: &Tally) -> Vec<String> {
        let mut words = Vec::new();
        let mut compare = |what: &str, said: u64, read: u64| {
            if said != read {
                words.push(format!("{said} {what} should stand in it, {read} do"));
            }
        };
        compare("entries", self.entries, read.entries);
        for table in TABLES {
            let of = |tally: &Tally| tally.rows.get(table.name).copied().unwrap_or(0);
            compare(&format!("rows of {}", table.name), of(self), of(read));
        }
        for end in &self.chains {
            match read.chains.iter().find(|known| known.book == end.book) {
                Some(known) if known == end => {}
                Some(known) if known.number == end.number => {
                    words.push(format!("entry {} of book {} is another", end.number, end.book));
                }
                Some(known) => {
                    words.push(format!(
                        "the chain of book {} should end with number {}, not {}",
                        end.book, end.number, known.number
                    ));
                }
                None => words.push(format!("all {} entries of book {} are missing", end.number, end.book)),
            }
        }
        if words.is_empty() && self != read {
            words.push("its last line tells of other tables or chains than stand in it".into());
        }
        words
    }
}

/// Writes the book out.
pub fn export(engine: &dyn Engine, to: &mut dyn Write) -> Result<(), SqlError> {
    line(to, &json!({"format": FORMAT, "version": VERSION}))?;
    let mut tally = Tally::default();
    let mut place = 0;
    loop {
        let entries = ledger::entries_after(engine, place, AT_ONCE as usize)?;
        let Some(last) = entries.last() else { break };
        place = last.place;
        for entry in &entries {
            line(to, &json!({"entry": entry}))?;
            tally.count_entry(entry);
        }
    }
    for table in TABLES {
        rows(engine, table, to, &mut tally)?;
    }
    line(to, &json!({"end": tally}))?;
    to.flush().map_err(|error| refused(&format!("export not written: {error}")))
}

/// Writes the rows of some tables alone, in an export's order: lines as they stand in one, with no first and no last line.
pub fn export_rows(engine: &dyn Engine, tables: &[&str], to: &mut dyn Write) -> Result<(), SqlError> {
    let known = TABLES.iter().map(|table| table.name).collect::<Vec<_>>();
    if let Some(other) = tables.iter().find(|name| !known.contains(name)) {
        return Err(refused(&format!("no table {other} in an export; there are {}", known.join(", "))));
    }
    let mut tally = Tally::default();
    TABLES.iter().filter(|table| tables.contains(&table.name)).try_for_each(|table| rows(engine, table, to, &mut tally))
}

/// Writes the rows of a table, some at once.
fn rows(engine: &dyn Engine, table: &Table, to: &mut dyn Write, tally: &mut Tally) -> Result<(), SqlError> {
    let sql = format!("SELECT {} FROM \"{}\" ORDER BY {} LIMIT $1 OFFSET $2", table.quoted(), table.name, table.order);
    for page in 0u64.. {
        let rows = engine.query(&sql, &params![AT_ONCE, page * AT_ONCE])?;
        for row in &rows {
            line(to, &json!({"table": table.name, "row": json_of(row)}))?;
            tally.count_row(table.name);
        }
        if (rows.len() as u64) < AT_ONCE {
            break;
        }
    }
    Ok(())
}

/// Takes an export in: entries that stand here already are passed over, rows go only into a book that has none. One that was cut
/// short, or does not hold what its last line says, is refused.
pub fn import(engine: &dyn Engine, from: &mut dyn BufRead) -> Result<Adopted, SqlError> {
    let mut taking =
        Taking { engine, adopted: Adopted::default(), entries: Vec::new(), has_rows: false, read: Tally::default(), end: None };
    let mut lines = 0u64;
    for (number, text) in (1u64..).zip(from.lines()) {
        let at = |what: &str| refused(&format!("export refused: line {number}: {what}"));
        let text = text.map_err(|error| at(&error.to_string()))?;
        let parsed: Map<String, Json> = serde_json::from_str(&text).map_err(|error| at(&error.to_string()))?;
        if number > 1 {
            taking.take(parsed).map_err(|error| match error {
                SqlError::Refused(why) => at(&why),
                other => other,
            })?;
        } else if parsed.get("format") != Some(&json!(FORMAT)) || parsed.get("version") != Some(&json!(VERSION)) {
            return Err(at("this is no export of a book that this program knows; one begins with its format and version"));
        }
        lines = number;
    }
    let adopted = taking.end(lines)?;
    // Whoever follows the book reads the runs that are new in it.
    engine.execute(
        "INSERT INTO changed_runs (run, change) SELECT run, (SELECT coalesce(max(change), 0) + 1 FROM changed_runs) FROM runs
            WHERE run NOT IN (SELECT run FROM changed_runs)",
        &[],
    )?;
    Ok(adopted)
}

/// An export that is being taken in.
struct Taking<'a> {
    engine: &'a dyn Engine,
    adopted: Adopted,
    /// Entries that were read and are not in the book yet.
    entries: Vec<Entry>,
    has_rows: bool,
    read: Tally,
    /// What the last line says; none before it.
    end: Option<Tally>,
}

impl Taking<'_> {
    /// Takes a line behind the first.
    fn take(&mut self, mut parsed: Map<String, Json>) -> Result<(), SqlError> {
        if self.end.is_some() {
            return Err(refused("it stands behind the line that should be the last"));
        }
        if let Some(end) = parsed.remove("end") {
            self.end = Some(serde_json::from_value(end).map_err(|error| refused(&error.to_string()))?);
            return Ok(());
        }
        if let Some(entry) = parsed.remove("entry") {
            let entry: Entry = serde_json::from_value(entry).map_err(|error| refused(&error.to_string()))?;
            self.read.count_entry(&entry);
            self.entries.push(entry);
            return if self.entries.len() as u64 >= AT_ONCE { self.adopt() } else { Ok(()) };
        }
        let table = parsed.get("table").and_then(Json::as_str);
        let table =
            TABLES.iter().find(|known| Some(known.name) == table).ok_or_else(|| refused("it names no table of a book"))?;
        if !self.has_rows {
            refuse_where_rows_are(self.engine)?;
            self.has_rows = true;
        }
        let row = parsed.get("row").and_then(Json::as_object).ok_or_else(|| refused("it has no row"))?;
        self.read.count_row(table.name);
        insert(self.engine, table, row)
    }

    fn adopt(&mut self) -> Result<(), SqlError> {
        let more = ledger::adopt(self.engine, &std::mem::take(&mut self.entries))?;
        add(&mut self.adopted, more);
        Ok(())
    }

    /// Takes the rest in, once it is known that nothing is missing.
    fn end(mut self, lines: u64) -> Result<Adopted, SqlError> {
        let Some(end) = self.end.take() else {
            let rows: u64 = self.read.rows.values().sum();
            let held = format!("{} entries and {rows} rows", self.read.entries);
            return Err(refused(&format!(
                "export refused: it was cut short: its last line, which counts what stands in it, is missing behind line {lines} \
                 ({held}); take a whole export"
            )));
        };
        let departures = end.departures(&self.read);
        if !departures.is_empty() {
            return Err(refused(&format!("export refused: it does not hold what its last line says: {}", departures.join("; "))));
        }
        self.adopt()?;
        Ok(self.adopted)
    }
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
