//! The cells of one line of a run list into facts.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use monitasks::vocab::Run;

use crate::catalogue::facts::{Fact, RunFacts, Value};
use crate::catalogue::number::{Reading, read_number, shortened};
use crate::catalogue::safe_csv::text_of_cell;
use crate::config::{CellKind, RunListSettings};

/// One line as it is being read.
pub(super) struct CellReader<'a> {
    settings: &'a RunListSettings,
    zone: &'a TimeZone,
    facts: RunFacts,
    remarks: Vec<String>,
    day: Option<Date>,
    time: Option<Time>,
}

impl<'a> CellReader<'a> {
    pub(super) fn new(settings: &'a RunListSettings, zone: &'a TimeZone) -> Self {
        CellReader { settings, zone, facts: RunFacts::default(), remarks: Vec::new(), day: None, time: None }
    }

    pub(super) fn remark(&mut self, remark: String) {
        self.remarks.push(remark);
    }

    /// The cell of the day.
    pub(super) fn date(&mut self, column: &str, cell: &str) {
        let cell = text_of_cell(cell.trim());
        if cell.is_empty() {
            return;
        }
        match self.day_of(cell) {
            Some(day) => {
                self.day = Some(day);
                self.put("date", Fact::of(Value::Day(day)));
            }
            None => self.keep_as_note("date", column, cell, "no day in any of the formats of the settings"),
        }
    }

    /// The cell of the time of day.
    pub(super) fn time(&mut self, column: &str, cell: &str) {
        let cell = text_of_cell(cell.trim());
        if cell.is_empty() {
            return;
        }
        self.time = self.settings.time_formats.iter().find_map(|format| Time::strptime(format, cell).ok());
        if self.time.is_none() {
            self.keep_as_note("started", column, cell, "no time of day in any of the formats of the settings");
        }
    }

    /// A cell of any other column.
    pub(super) fn field(&mut self, column: &str, name: &str, kind: CellKind, unit: &str, cell: &str) {
        let cell = text_of_cell(cell.trim()).trim();
        if cell.is_empty() {
            return;
        }
        if self.settings.nothing.iter().any(|nothing| nothing == cell) {
            return self.remark(format!("{column}: {cell:?} says nothing"));
        }
        match kind {
            CellKind::Numbers => self.number(column, name, unit, cell),
            CellKind::Days => match self.day_of(cell) {
                Some(day) => self.put(name, Fact::of(Value::Day(day))),
                None => self.keep_as_note(name, column, cell, "no day in any of the formats of the settings"),
            },
            CellKind::Words => {
                let separators = &self.settings.word_separators;
                let words = cell.split(|letter| separators.contains(letter)).map(str::trim).filter(|word| !word.is_empty());
                let words: Vec<String> = words.map(str::to_owned).collect();
                if words.is_empty() {
                    return self.remark(format!("{column}: {cell:?} says nothing"));
                }
                let written = (words.join(" ") != cell).then(|| cell.to_owned());
                self.put(name, Fact { value: Value::Words(words), unit: None, written });
            }
            CellKind::Text | CellKind::Guess => self.put(name, Fact::of(Value::Text(cell.to_owned()))),
        }
    }

    fn number(&mut self, column: &str, name: &str, unit: &str, cell: &str) {
        match read_number(cell, unit) {
            Reading::Number(value, remark) => {
                let written = remark.is_some().then(|| cell.to_owned());
                if let Some(remark) = remark {
                    self.remark(format!("{column}: {}: {remark}", shortened(cell)));
                }
                let unit = (!unit.is_empty()).then(|| unit.to_owned());
                self.put(name, Fact { value, unit, written });
            }
            Reading::Note(why) => self.keep_as_note(name, column, cell, &why),
        }
    }

    /// What can't be understood is kept as text, where a search for text finds it and no comparison does.
    fn keep_as_note(&mut self, name: &str, column: &str, cell: &str, why: &str) {
        self.remark(format!("{column}: {:?} kept as text: {why}", shortened(cell)));
        self.put(name, Fact::of(Value::Text(cell.to_owned())));
    }

    fn put(&mut self, name: &str, fact: Fact) {
        self.facts.0.insert(name.to_owned(), fact);
    }

    fn day_of(&self, cell: &str) -> Option<Date> {
        self.settings.date_formats.iter().find_map(|format| Date::strptime(format, cell).ok())
    }

    /// The facts, and what is to be said of the line.
    pub(super) fn finished(mut self) -> (RunFacts, Vec<String>) {
        match (self.day, self.time) {
            (Some(day), Some(time)) => {
                let zoned = self.zone.to_ambiguous_zoned(day.to_datetime(time));
                if zoned.is_ambiguous() {
                    self.remark(format!("{day} {time}: the clock was changed then, the instant is not sure"));
                }
                if let Ok(zoned) = zoned.compatible() {
                    self.put("started", Fact::of(Value::At(zoned.timestamp())));
                }
            }
            (None, Some(time)) => self.remark(format!("{time} without a day: left out")),
            _ => {}
        }
        (self.facts, self.remarks)
    }
}

/// Days that do not lie between those of the runs before and after, while those two agree: slips of the pen. `days` is in the
/// order of runs.
pub(super) fn days_out_of_order(days: &[(Run, Date)]) -> Vec<(Run, String)> {
    let mut found = Vec::new();
    for three in days.windows(3) {
        let [(before, first), (run, day), (after, last)] = three else { continue };
        if first <= last && !(first..=last).contains(&day) {
            found.push((*run, format!("its day {day} does not lie between those of {before} ({first}) and {after} ({last})")));
        }
    }
    found
}
