//! A run list that people keep, as CSV, into facts of runs. Every line is accounted for, and none stops the others.

mod cells;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use monitasks::vocab::Run;
use serde::Serialize;

use super::facts::{RunFacts, Value};
use super::fields::{Field, FieldKind, Fields, name_from_column};
use super::lines::{Line, lines_of};
use crate::config::{CellKind, RunListSettings};
use cells::{CellReader, days_out_of_order};

/// The line of names stands among so many first ones.
const TITLE_LINES: usize = 20;

/// What a run list says.
#[derive(Debug, Clone, PartialEq)]
pub struct RunListRead {
    /// The facts of each run.
    pub runs: BTreeMap<Run, RunFacts>,
    /// Every line that is not empty, in order.
    pub lines: Vec<LineRead>,
    /// Every column that is not empty, in order.
    pub columns: Vec<ColumnRead>,
    /// Fields of the settings whose column the list does not have: `drift_field (column 'Drift Field [V/cm]')`.
    pub missing: Vec<String>,
    /// The fields made of columns that the settings do not name.
    pub made: Vec<Field>,
}

/// What became of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineRead {
    /// Number of the line, from 1; the first one of a record that has several.
    pub line: u64,
    /// Its run.
    pub run: Option<Run>,
    /// What became of it.
    pub outcome: Outcome,
    /// What had to be understood, left out or wondered at, for a person to check.
    pub remarks: Vec<String>,
}

/// What became of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It stands above the names.
    Title,
    /// It has the names of the columns.
    Names,
    /// Its run's facts are taken.
    Taken,
    /// It says what an earlier line said.
    Repeats(u64),
    /// It is not taken; why.
    Refused(String),
}

/// A column of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnRead {
    /// Its name; `column 23` when it has none.
    pub column: String,
    /// The field that it became; none for those of run, date and time.
    pub field: Option<String>,
    /// Whether the settings name it.
    pub is_in_settings: bool,
}

/// A run list of which nothing can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// It is no text in bytes.
    #[error("it is UTF-16: save it as CSV in UTF-8")]
    Utf16,
    /// None of its first lines has the column of the run.
    #[error("none of its first {TITLE_LINES} lines has a column {wanted}; the first one has: {found}")]
    NoNames {
        /// Names that the column of the run may have.
        wanted: String,
        /// Cells of the first line.
        found: String,
    },
    /// The settings give a column a name that the program needs itself.
    #[error("the settings call a column '{0}', which the program fills itself: choose another name in [run_list.fields]")]
    NameTaken(String),
}

/// What a column is read as.
enum Use {
    Run,
    Date,
    Time,
    Field { name: String, kind: CellKind, unit: String },
}

struct Column {
    title: String,
    use_as: Use,
}

/// Reads a run list. `zone` is that of its dates and times.
///
/// # Errors
/// When there is no line with the names of the columns; what is wrong with single lines stands in the result.
pub fn read_run_list(bytes: &[u8], settings: &RunListSettings, zone: &TimeZone) -> Result<RunListRead, ImportError> {
    if let Some(name) = settings.fields.keys().find(|name| Fields::is_own(name)) {
        return Err(ImportError::NameTaken(name.clone()));
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(ImportError::Utf16);
    }
    let (lines, names_at) = lines_and_names(bytes, settings)?;
    let widest = lines.iter().filter_map(|line| Some(line.cells.as_ref().ok()?.len())).max().unwrap_or(0);
    let names = lines[names_at].cells.clone().unwrap_or_default();
    let (columns, missing) = columns_of(&names, widest, settings);
    let mut list = Reader { columns, settings, zone, read: RunListRead::empty(missing), taken: BTreeMap::new() };
    for (at, line) in lines.iter().enumerate() {
        match at.cmp(&names_at) {
            std::cmp::Ordering::Less => list.note(line, Outcome::Title),
            std::cmp::Ordering::Equal => list.note(line, Outcome::Names),
            std::cmp::Ordering::Greater => list.take(line, names.len()),
        }
    }
    Ok(list.finished())
}

/// The lines, parted at what gives a line of names, and the place of that line.
fn lines_and_names(bytes: &[u8], settings: &RunListSettings) -> Result<(Vec<Line>, usize), ImportError> {
    let delimiters = match settings.delimiter.bytes().next() {
        Some(delimiter) => vec![delimiter],
        None => vec![b',', b';', b'\t'],
    };
    let has_run = |cells: &[String]| cells.iter().any(|cell| settings.run.iter().any(|name| is_same_name(name, cell)));
    let mut first = None;
    for delimiter in delimiters {
        let lines = lines_of(bytes, delimiter);
        let names = lines.iter().take(TITLE_LINES).position(|line| line.cells.as_ref().is_ok_and(|cells| has_run(cells)));
        if let Some(names) = names {
            return Ok((lines, names));
        }
        first = first.or_else(|| lines.into_iter().next());
    }
    let first = first.ok_or(ImportError::Empty)?;
    let found = first.cells.unwrap_or_default().iter().map(|cell| number_shortened(cell)).collect::<Vec<_>>().join(", ");
    Err(ImportError::NoNames { wanted: settings.run.join(" or "), found })
}

fn number_shortened(cell: &str) -> String {
    super::number::shortened(cell.trim())
}

/// Whether two names of columns are the same: case and blanks do not count.
fn is_same_name(one: &str, other: &str) -> bool {
    let words = |name: &str| name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    words(one) == words(other)
}

/// What each column is, and which fields of the settings have none.
fn columns_of(names: &[String], widest: usize, settings: &RunListSettings) -> (Vec<Column>, Vec<String>) {
    let mut columns = Vec::new();
    let mut taken: BTreeSet<String> = settings.fields.keys().cloned().collect();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut has_run = false;
    for place in 0..widest.max(names.len()) {
        let title = names.get(place).map(|name| name.trim()).unwrap_or_default().to_owned();
        let is_first = seen.insert(title.to_lowercase());
        let is_called = |name: &str| is_first && !name.is_empty() && is_same_name(name, &title);
        let mapped = settings.fields.iter().find(|(_, field)| is_called(&field.column));
        let use_as = if !has_run && settings.run.iter().any(|name| is_called(name)) {
            has_run = true;
            Use::Run
        } else if let Some((name, field)) = mapped {
            let kind = match field.holds {
                CellKind::Guess if !field.unit.is_empty() => CellKind::Numbers,
                CellKind::Guess => CellKind::Text,
                kind => kind,
            };
            Use::Field { name: name.clone(), kind, unit: field.unit.clone() }
        } else if is_called(&settings.date) {
            Use::Date
        } else if is_called(&settings.time) {
            Use::Time
        } else {
            Use::Field { name: made_name(&title, place, &mut taken), kind: CellKind::Text, unit: String::new() }
        };
        let title = if title.is_empty() { format!("column {}", place + 1) } else { title };
        columns.push(Column { title, use_as });
    }
    let has = |name: &str| columns.iter().any(|column| matches!(&column.use_as, Use::Field { name: it, .. } if it == name));
    let missing = settings.fields.iter().filter(|(name, _)| !has(name));
    let missing = missing.map(|(name, field)| format!("{name} (column '{}')", field.column)).collect();
    (columns, missing)
}

/// A name for a column that the settings do not know, which no other has.
fn made_name(title: &str, place: usize, taken: &mut BTreeSet<String>) -> String {
    let mut name = name_from_column(title);
    if name.is_empty() {
        name = format!("column_{}", place + 1);
    }
    if Fields::is_own(&name) || taken.contains(&name) {
        name = format!("{name}_column_{}", place + 1);
    }
    taken.insert(name.clone());
    name
}

/// The list as it is being read.
struct Reader<'a> {
    columns: Vec<Column>,
    settings: &'a RunListSettings,
    zone: &'a TimeZone,
    read: RunListRead,
    /// Where in `read.lines` the line of each run is.
    taken: BTreeMap<Run, usize>,
}

impl Reader<'_> {
    fn note(&mut self, line: &Line, outcome: Outcome) {
        self.read.lines.push(LineRead { line: line.number, run: None, outcome, remarks: Vec::new() });
    }

    /// Reads a line below the names.
    fn take(&mut self, line: &Line, names: usize) {
        let cells = match &line.cells {
            Ok(cells) if cells.iter().all(|cell| cell.trim().is_empty()) => {
                return self.note(line, Outcome::Refused("it has cells and nothing in them".into()));
            }
            Ok(cells) => cells,
            Err(why) => return self.note(line, Outcome::Refused(why.clone())),
        };
        let run = match self.run_of(cells) {
            Ok(run) => run,
            Err(why) => return self.note(line, Outcome::Refused(why)),
        };
        let mut reader = CellReader::new(self.settings, self.zone);
        if line.is_latin {
            reader.remark("it is not UTF-8: read as Latin-1".into());
        }
        if cells.len() < names {
            reader.remark(format!("it has {} of {names} cells", cells.len()));
        }
        for (column, cell) in self.columns.iter().zip(cells) {
            match &column.use_as {
                Use::Run => {}
                Use::Date => reader.date(&column.title, cell),
                Use::Time => reader.time(&column.title, cell),
                Use::Field { name, kind, unit } => reader.field(&column.title, name, *kind, unit, cell),
            }
        }
        if let Some(column) = self.columns.iter().zip(cells).skip(names).find(|(_, cell)| !cell.trim().is_empty()) {
            reader.remark(format!("it has more cells than there are names: kept as {}", column.0.title));
        }
        let (facts, remarks) = reader.finished();
        let outcome = self.outcome(run, facts);
        self.read.lines.push(LineRead { line: line.number, run: Some(run), outcome, remarks });
    }

    fn run_of(&self, cells: &[String]) -> Result<Run, String> {
        let place = self.columns.iter().position(|column| matches!(column.use_as, Use::Run));
        let cell = place.and_then(|place| cells.get(place)).map_or("", |cell| cell.trim());
        // Spreadsheets make 1199.00 of 1199.
        let whole =
            cell.split_once('.').filter(|(_, rest)| rest.bytes().all(|byte| byte == b'0')).map_or(cell, |(whole, _)| whole);
        match whole.to_ascii_lowercase().parse() {
            _ if cell.is_empty() => Err("it has no run".into()),
            Ok(run) if whole.bytes().any(|byte| byte.is_ascii_digit()) => Ok(run),
            _ => Err(format!("no number of a run: {}", number_shortened(cell))),
        }
    }

    /// Takes the facts of a run, unless an earlier line said something of it.
    fn outcome(&mut self, run: Run, facts: RunFacts) -> Outcome {
        let Some(earlier) = self.taken.get(&run).copied() else {
            self.taken.insert(run, self.read.lines.len());
            self.read.runs.insert(run, facts);
            return Outcome::Taken;
        };
        let number = self.read.lines[earlier].line;
        let known = self.read.runs.get(&run).cloned().unwrap_or_default();
        if known == facts {
            return Outcome::Repeats(number);
        }
        let names: BTreeSet<&String> = known.0.keys().chain(facts.0.keys()).collect();
        let say = |facts: &RunFacts, name: &str| facts.0.get(name).map_or("nothing".to_owned(), super::facts::Fact::text);
        let different = names.into_iter().filter(|name| known.0.get(*name) != facts.0.get(*name));
        let different: Vec<String> =
            different.map(|name| format!("{name} {} there, {} here", say(&known, name), say(&facts, name))).collect();
        let next = self.read.lines.len();
        debug_assert!(earlier < next);
        self.read.lines[earlier].remarks.push("a later line says otherwise; this one is taken".into());
        Outcome::Refused(format!("{run} stands in line {number} with other facts: {}", different.join("; ")))
    }

    /// What the list as a whole tells: columns with something in them, dates that do not fit.
    fn finished(mut self) -> RunListRead {
        let days = self.read.runs.iter().filter_map(|(run, facts)| match facts.0.get("date")?.value {
            Value::Day(day) => Some((*run, day)),
            _ => None,
        });
        for (run, remark) in days_out_of_order(&days.collect::<Vec<_>>()) {
            if let Some(line) = self.taken.get(&run).and_then(|at| self.read.lines.get_mut(*at)) {
                line.remarks.push(remark);
            }
        }
        let used: BTreeSet<&String> = self.read.runs.values().flat_map(|facts| facts.0.keys()).collect();
        for Column { title, use_as } in &self.columns {
            let (field, is_in_settings) = match use_as {
                Use::Field { name, .. } => (Some(name.clone()), self.settings.fields.contains_key(name)),
                _ => (None, true),
            };
            let is_empty = field.as_ref().is_some_and(|name| !used.contains(name));
            if is_empty && !is_in_settings {
                continue;
            }
            if let (Some(name), false) = (&field, is_in_settings) {
                let origin = format!("column '{title}' of the run list");
                self.read.made.push(Field { name: name.clone(), kind: FieldKind::Text, unit: String::new(), origin });
            }
            self.read.columns.push(ColumnRead { column: title.clone(), field, is_in_settings });
        }
        self.read
    }
}

impl RunListRead {
    fn empty(missing: Vec<String>) -> Self {
        RunListRead { runs: BTreeMap::new(), lines: Vec::new(), columns: Vec::new(), missing, made: Vec::new() }
    }

    /// The fields that the list has columns of, whether or not their cells say anything.
    #[must_use]
    pub fn covers(&self, settings: &RunListSettings) -> BTreeSet<String> {
        let has = |name: &str| !name.is_empty() && self.columns.iter().any(|column| is_same_name(name, &column.column));
        let own = [("date", has(&settings.date)), ("started", has(&settings.time))];
        let own = own.into_iter().filter(|(_, is_there)| *is_there).map(|(name, _)| name.to_owned());
        self.columns.iter().filter_map(|column| column.field.clone()).chain(own).collect()
    }

    /// Lines taken as they are, taken with a remark, repeating another, refused.
    #[must_use]
    pub fn counts(&self) -> [usize; 4] {
        let mut counts = [0; 4];
        for line in &self.lines {
            match &line.outcome {
                Outcome::Title | Outcome::Names => {}
                Outcome::Taken => counts[usize::from(!line.remarks.is_empty())] += 1,
                Outcome::Repeats(_) => counts[2] += 1,
                Outcome::Refused(_) => counts[3] += 1,
            }
        }
        counts
    }
}

impl std::fmt::Display for LineRead {
    /// `line 47: run1011: refused: ...; remark; remark`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: ", self.line)?;
        if let Some(run) = self.run {
            write!(f, "{run}: ")?;
        }
        match &self.outcome {
            Outcome::Title => f.write_str("above the names, left out")?,
            Outcome::Names => f.write_str("names of the columns")?,
            Outcome::Taken => f.write_str("taken")?,
            Outcome::Repeats(line) => write!(f, "says what line {line} says")?,
            Outcome::Refused(why) => write!(f, "refused: {why}")?,
        }
        self.remarks.iter().try_for_each(|remark| write!(f, "; {remark}"))
    }
}
