//! The run list that people keep: which of its columns is what.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How a run list is read. Names of columns are compared without regard to case and blanks around them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunListSettings {
    /// Names that the column of the run's number may have.
    pub run: Vec<String>,
    /// Name of the column of the day on which the run began; empty for none.
    pub date: String,
    /// Name of the column of the time of day, in the site's time zone; empty for none.
    pub time: String,
    /// Formats of the day, tried in this order: `%d` day, `%m` month, `%Y` year.
    pub date_formats: Vec<String>,
    /// Formats of the time of day, tried in this order: `%H` hours, `%M` minutes, `%S` seconds.
    pub time_formats: Vec<String>,
    /// What parts cells; empty to take it from the line of names: comma, semicolon or tabulator.
    pub delimiter: String,
    /// Letters between the words of a cell that holds several.
    pub word_separators: String,
    /// Cells that say nothing.
    pub nothing: Vec<String>,
    /// Columns that become fields, by the field's name. Every other column is kept as text under a name made from its own.
    pub fields: BTreeMap<String, ListField>,
}

/// A column of the run list that becomes a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListField {
    /// Name of the column.
    pub column: String,
    /// Unit of its numbers; empty for none.
    #[serde(default)]
    pub unit: String,
    /// What its cells hold.
    #[serde(default)]
    pub holds: CellKind,
}

/// What the cells of a column hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellKind {
    /// What it looks like from the unit: numbers when there is one, else text.
    #[default]
    Guess,
    /// Numbers, and what people write in their place.
    Numbers,
    /// Text.
    Text,
    /// One or several words.
    Words,
    /// Days.
    Days,
}

impl ListField {
    fn new(column: &str, unit: &str, holds: CellKind) -> Self {
        ListField { column: column.into(), unit: unit.into(), holds }
    }
}

impl Default for RunListSettings {
    /// The list of the 3x1x1.
    fn default() -> Self {
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect();
        let fields = [
            ("trigger", ListField::new("Trigger", "", CellKind::Words)),
            ("listed_files", ListField::new("Nb seq", "", CellKind::Numbers)),
            ("listed_events", ListField::new("Nb of events", "", CellKind::Numbers)),
            ("lar_level", ListField::new("LAr level above grid [mm]", "mm", CellKind::Numbers)),
            ("cathode", ListField::new("cathode [kV]", "kV", CellKind::Numbers)),
            ("grid", ListField::new("Grid [kV]", "kV", CellKind::Numbers)),
            ("lem_bottom", ListField::new("LEM Bottom [kV]", "kV", CellKind::Numbers)),
            ("lem_top", ListField::new("LEM top [kV]", "kV", CellKind::Numbers)),
            ("drift_field", ListField::new("Drift Field [V/cm]", "V/cm", CellKind::Numbers)),
            ("extraction_field", ListField::new("Extraction Field [kV/cm]", "kV/cm", CellKind::Numbers)),
            ("amplification_field", ListField::new("Amplification Field [kV/cm]", "kV/cm", CellKind::Numbers)),
            ("induction_field", ListField::new("Induction Field [kV/cm]", "kV/cm", CellKind::Numbers)),
            ("special_lems", ListField::new("Special LEMs", "", CellKind::Text)),
            ("remark", ListField::new("data taking remark", "", CellKind::Text)),
            ("recombination_factor", ListField::new("recombination factor", "", CellKind::Numbers)),
        ];
        RunListSettings {
            run: words(&["run", "run nb"]),
            date: "date".into(),
            time: "time".into(),
            date_formats: words(&["%d/%m/%Y", "%Y-%m-%d", "%d.%m.%Y"]),
            time_formats: words(&["%H:%M", "%H:%M:%S"]),
            delimiter: String::new(),
            word_separators: "+/&;,|".into(),
            nothing: words(&["-", "--", ".", "?", "??", "???", "n/a", "N/A"]),
            fields: fields.into_iter().map(|(name, field)| (name.to_owned(), field)).collect(),
        }
    }
}

impl RunListSettings {
    /// The first setting that makes no sense: its key and what is wrong.
    pub(super) fn fault(&self) -> Option<(&'static str, String)> {
        if self.run.is_empty() {
            return Some(("run", "'run' of [run_list] is empty, expected names of the column with the run's number".into()));
        }
        if !(self.delimiter.is_empty() || self.delimiter.len() == 1 && !matches!(self.delimiter.as_str(), "\"" | "\n" | "\r")) {
            let found = &self.delimiter;
            return Some(("delimiter", format!("'delimiter' is {found:?}, expected one letter, or \"\" to find it")));
        }
        for name in self.fields.keys() {
            let first = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
            if !first || !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
                return Some((
                    "fields",
                    format!("{name:?} is no name of a field: expected small letters, digits and _, a letter first"),
                ));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_query_could_not_say_are_refused() {
        assert!(RunListSettings::default().fault().is_none());
        for name in ["", "Drift", "drift field", "9th", "a:b"] {
            let fields = BTreeMap::from([(name.to_owned(), ListField::new("x", "", CellKind::Text))]);
            let fault = RunListSettings { fields, ..RunListSettings::default() }.fault();
            assert!(fault.is_some_and(|(key, said)| key == "fields" && said.contains("small letters")), "{name:?}");
        }
        let settings = RunListSettings { delimiter: "ab".into(), ..RunListSettings::default() };
        assert!(settings.fault().is_some_and(|(key, _)| key == "delimiter"));
    }
}
