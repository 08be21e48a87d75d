//! The pages of the window as rows, and rows as CSV, JSON and HTML.

use serde_json::{Map, Value, json};

use super::export_command::ExportedPage;
use crate::catalogue::{FieldKind, csv_cell};
use crate::decisions::page::HtmlPage;
use crate::plotting::{Exported, Format, PlotError, in_one_line, side_text};
use crate::snapshot::provenance::{Provenance, TableFacts};
use crate::snapshot::{FileRow, RunRow, Snapshot};

/// One table of a page.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sheet {
    /// Its name in JSON and above its rows: `problems`.
    pub name: &'static str,
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Value>>,
}

/// The tables of a page, and what is said of them.
pub(super) struct Sheets {
    pub sheets: Vec<Sheet>,
    pub query: String,
    pub of: usize,
    pub lacks: Vec<String>,
}

impl Sheets {
    fn of_all(sheets: Vec<Sheet>) -> Sheets {
        let of = sheets.iter().map(|sheet| sheet.rows.len()).sum();
        Sheets { sheets, query: String::new(), of, lacks: Vec::new() }
    }

    /// What a provenance says of them.
    pub(super) fn facts(&self) -> TableFacts {
        let rows = self.sheets.iter().map(|sheet| sheet.rows.len()).sum();
        TableFacts { query: self.query.clone(), rows, of: self.of, lacks: self.lacks.clone() }
    }
}

fn sheet(name: &'static str, columns: &[&str], rows: Vec<Vec<Value>>) -> Sheet {
    Sheet { name, columns: columns.iter().map(|column| (*column).to_owned()).collect(), rows }
}

/// The tables of a page as the snapshot has it; none for the Monitor page, which is a picture.
pub(super) fn sheets_of(page: &ExportedPage, snapshot: &Snapshot) -> Option<Sheets> {
    match page {
        ExportedPage::Monitor(_) => None,
        ExportedPage::Runs(columns) => Some(runs(columns, snapshot)),
        ExportedPage::Processing => Some(processing(snapshot)),
        ExportedPage::Problems => Some(Sheets::of_all(problems(snapshot))),
        ExportedPage::Meeting => Some(Sheets::of_all(meeting(snapshot))),
    }
}

/// The runs found, in the order of the page, with its columns.
fn runs(columns: &[String], snapshot: &Snapshot) -> Sheets {
    let Some(shown) = &snapshot.run_table else {
        return Sheets { lacks: vec!["the book was not read yet".into()], ..Sheets::of_all(Vec::new()) };
    };
    let table = &shown.table;
    let value = |row: u32, column: &String| {
        let Some(cell) = table.cell(row, column) else { return Value::Null };
        let is_number = table.fields().get(column).is_some_and(|field| field.kind == FieldKind::Number) && !cell.is_note;
        let number = is_number.then(|| serde_json::from_str::<serde_json::Number>(&cell.text).ok()).flatten();
        number.map_or(Value::String(cell.text), Value::Number)
    };
    let rows = shown.rows.iter().map(|row| columns.iter().map(|column| value(*row, column)).collect()).collect();
    let mut lacks = Vec::new();
    if !shown.is_whole {
        lacks.push("older runs are still being read".into());
    }
    lacks.extend(
        shown.fault.as_ref().map(|fault| format!("the query is none, these are the rows of the last one: {}", fault.what)),
    );
    let sheets = vec![Sheet { name: "runs", columns: columns.to_vec(), rows }];
    Sheets { sheets, query: shown.ask.query.clone(), of: table.len(), lacks }
}

const FILES: [&str; 14] = [
    "run",
    "file",
    "processing",
    "lane",
    "stage",
    "since",
    "size_bytes",
    "attempts",
    "failure",
    "reason",
    "held_by",
    "job",
    "job_state",
    "exit_status",
];

fn processing(snapshot: &Snapshot) -> Sheets {
    let files = snapshot.runs.iter().flat_map(|run| run.files.iter().flat_map(move |file| file_rows(run, file))).collect();
    let shown = &snapshot.processing;
    let put_off = shown.put_off.iter().map(|row| {
        vec![json!(row.subject), json!(row.why), json!(row.tries), json!(row.since), json!(row.next_try), json!(row.is_refused)]
    });
    let failures = shown.failures.iter().map(|row| {
        vec![json!(row.word), json!(row.title), json!(row.last_hour), json!(row.last_day), json!(row.total), json!(row.now)]
    });
    let not_taken = snapshot.not_taken.iter().map(|row| vec![json!(row.name), json!(row.reason)]);
    let mut sheets = Sheets::of_all(vec![
        sheet("files", &FILES, files),
        sheet("put_off", &["subject", "why", "tries", "since", "next_try", "is_refused"], put_off.collect()),
        sheet("failures", &["class", "title", "last_hour", "last_day", "total", "now"], failures.collect()),
        sheet("not_taken", &["name", "reason"], not_taken.collect()),
    ]);
    if snapshot.older_runs > 0 {
        sheets.lacks.push(format!("{} older runs, which are over", snapshot.older_runs));
    }
    sheets
}

/// A file in each of its processings; one that is in none has a row too.
fn file_rows(run: &RunRow, file: &FileRow) -> Vec<Vec<Value>> {
    let head = || vec![json!(run.run.0), json!(file.file.to_string())];
    if file.passes.is_empty() {
        let mut row = head();
        row.extend([Value::Null, Value::Null, json!(file.stage.words()), json!(file.since), json!(file.size_bytes), Value::Null]);
        row.extend([json!(file.class), json!(file.reason), Value::Null, Value::Null, Value::Null, Value::Null]);
        return vec![row];
    }
    let rows = file.passes.iter().map(|pass| {
        let mut row = head();
        row.extend([json!(pass.processing), json!(pass.lane), json!(pass.stage.words()), json!(pass.since)]);
        row.extend([json!(file.size_bytes), json!(pass.attempts), json!(pass.class), json!(pass.reason), json!(pass.held_by)]);
        let job = pass.job.as_ref();
        row.extend([json!(job.map(|job| &job.name)), json!(job.map(|job| &job.state))]);
        row.push(json!(job.and_then(|job| job.exit_status)));
        row
    });
    rows.collect()
}

fn problems(snapshot: &Snapshot) -> Vec<Sheet> {
    let people = &snapshot.people;
    let problems = people.problems.iter().map(|row| {
        let last = row.story.last();
        vec![
            json!(row.id),
            json!(row.state),
            json!(row.severity),
            json!(row.urgent),
            json!(row.what),
            json!(row.place),
            json!(row.run.map(|run| run.0)),
            json!(row.owner),
            json!(row.opened),
            json!(row.opened_by),
            json!(row.acknowledged_by),
            json!(row.shelved_until),
            json!(last.map(|said| format!("{}: {}", said.did, said.comment))),
            json!(last.map(|said| said.at)),
            json!(last.map(|said| &said.who)),
        ]
    });
    let alarms = people.alarms.iter().map(|row| {
        let plot = format!("{}/{}", row.item.0, row.item.1);
        vec![json!(plot), json!(row.state), json!(row.says), json!(row.raised), json!(row.acknowledged), json!(row.shelved_until)]
    });
    let issues = people.issues.iter().map(|row| {
        let kind = if row.is_mask { "mask" } else { "known issue" };
        vec![json!(row.id), json!(kind), json!(row.scope), json!(row.reason), json!(row.author), json!(row.expires)]
    });
    vec![
        sheet(
            "problems",
            &[
                "id",
                "state",
                "severity",
                "urgent",
                "what",
                "where",
                "run",
                "owner",
                "opened",
                "opened_by",
                "acknowledged_by",
                "shelved_until",
                "last",
                "last_at",
                "last_by",
            ],
            problems.collect(),
        ),
        sheet("alarms", &["plot", "state", "says", "raised", "acknowledged", "shelved_until"], alarms.collect()),
        sheet("known_issues", &["id", "kind", "where", "reason", "author", "expires"], issues.collect()),
    ]
}

fn meeting(snapshot: &Snapshot) -> Vec<Sheet> {
    let list = &snapshot.people.meeting;
    let undecided = list.undecided.iter().map(|row| {
        let (files, failed) = row.files;
        vec![
            json!(row.run.0),
            json!(row.is_new),
            json!(files),
            json!(failed),
            json!(row.mark),
            json!(row.proposal.word()),
            json!(row.because),
        ]
    });
    let follow_ups = list.follow_ups.iter().map(|row| {
        let run = row.run.map(|run| run.0);
        vec![json!(row.id), json!(row.what), json!(row.owner), json!(row.due), json!(row.is_overdue), json!(run)]
    });
    let to_do = list.to_do.iter().map(|row| {
        let names = row.names.join(" ");
        vec![json!(row.subsystem), json!(row.cycle), json!(row.due), json!(row.is_overdue), json!(row.count), json!(names)]
    });
    let mut sheets =
        vec![sheet("undecided", &["run", "is_new", "files", "failed", "mark", "proposal", "because"], undecided.collect())];
    sheets.extend(problems(snapshot).into_iter().take(2).map(|mut sheet| {
        if sheet.name == "problems" {
            sheet.rows.retain(|row| row[1] != json!("closed"));
        }
        sheet
    }));
    sheets.push(sheet("follow_ups", &["id", "what", "owner", "due", "is_overdue", "run"], follow_ups.collect()));
    sheets.push(sheet("to_review", &["subsystem", "cycle", "due", "is_overdue", "count", "processings"], to_do.collect()));
    sheets
}

/// Rows in a format.
///
/// # Errors
/// When it is a format of pictures.
pub(super) fn rows_export(sheets: &Sheets, provenance: &Provenance, format: Format) -> Result<Exported, PlotError> {
    let text = match format {
        Format::Csv => csv(sheets, provenance)?,
        Format::Json => return Ok(Exported { bytes: rows_json(sheets, provenance)?.into_bytes(), side: None }),
        Format::Html => html(sheets, provenance),
        Format::Png | Format::Svg => return Err(PlotError::Format),
    };
    Ok(Exported { bytes: text.into_bytes(), side: Some(side_text(provenance)?.into_bytes()) })
}

/// Blocks, each led by a line with its name and one with its columns.
fn csv(sheets: &Sheets, provenance: &Provenance) -> Result<String, PlotError> {
    let mut out = format!("# {}\r\n", provenance.title);
    for part in provenance.words() {
        out.push_str(&format!("# {}\r\n", part.replace(['\r', '\n'], " ")));
    }
    out.push_str(&format!("# provenance: {}\r\n", in_one_line(provenance)?));
    for sheet in &sheets.sheets {
        if sheets.sheets.len() > 1 {
            out.push_str(&format!("# table: {}\r\n", sheet.name));
        }
        out.push_str(&line(sheet.columns.iter().map(|column| csv_cell(column))));
        for row in &sheet.rows {
            out.push_str(&line(row.iter().map(csv_value)));
        }
    }
    Ok(out)
}

fn line(cells: impl Iterator<Item = String>) -> String {
    cells.collect::<Vec<_>>().join(",") + "\r\n"
}

/// Numbers stand as they are; a text that begins like a formula is kept from being one.
fn csv_value(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => csv_cell(text),
        other => other.to_string(),
    }
}

fn rows_json(sheets: &Sheets, provenance: &Provenance) -> Result<String, PlotError> {
    let object = |sheet: &Sheet, row: &Vec<Value>| -> Value {
        Value::Object(sheet.columns.iter().cloned().zip(row.iter().cloned()).collect::<Map<_, _>>())
    };
    let tables: Map<String, Value> = sheets
        .sheets
        .iter()
        .map(|sheet| (sheet.name.to_owned(), sheet.rows.iter().map(|row| object(sheet, row)).collect()))
        .collect();
    let whole = json!({"schema": 1, "tables": tables, "provenance": provenance});
    Ok(serde_json::to_string_pretty(&whole)? + "\n")
}

fn html(sheets: &Sheets, provenance: &Provenance) -> String {
    let mut page = HtmlPage::new(&provenance.title, &provenance.words().join(" · "));
    for lack in &sheets.lacks {
        page.line("weak", lack);
    }
    for sheet in &sheets.sheets {
        let rows: Vec<Vec<String>> = sheet.rows.iter().map(|row| row.iter().map(html_value).collect()).collect();
        let head: Vec<&str> = sheet.columns.iter().map(String::as_str).collect();
        let title = format!("{} ({})", sheet.name.replace('_', " "), rows.len());
        page.rows(&title, &head, rows.iter().map(Vec::as_slice), "None.");
    }
    page.done()
}

fn html_value(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(is) => if *is { "yes" } else { "no" }.into(),
        other => other.to_string(),
    }
}
