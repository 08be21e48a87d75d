//! All runs in memory, a column per field: what a search of 100,000 runs goes through.

mod bits;
mod blob;
mod column;
mod search;
#[cfg(test)]
pub(in crate::catalogue) mod tests;

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use monitasks::quality::Flag;
use monitasks::vocab::Run;

use super::facts::{Fact, RunFacts, Value};
use super::fields::{Field, FieldKind, Fields};
use column::Column;

pub use column::Cell;
pub use search::SortKey;

/// A run as the table takes it: what the book says, and the facts of the run list.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRow {
    /// The run.
    pub run: Run,
    /// When it began, if the book knows; else the run list may say.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// The flag in force.
    pub flag: Flag,
    /// Who decided, and in which role.
    pub decided_by: Option<String>,
    /// Why.
    pub comment: Option<String>,
    /// The shift mark's word: `unmarked`.
    pub mark: String,
    /// The kind of data.
    pub kind: Option<String>,
    /// The derived status.
    pub status: Option<u8>,
    /// Lanes that have a processing of it.
    pub lanes: Vec<String>,
    /// Raw files taken in; none when the book has no files of the run, which is then known from a run list alone.
    pub files: Option<u64>,
    /// Their size, GB.
    pub size_gb: Option<f64>,
    /// Groups of files that are or were analysed together.
    pub groups: Option<u64>,
    /// Raw files in a result.
    pub analysed: Option<u64>,
    /// Raw files that failed.
    pub failed: Option<u64>,
    /// Events reconstructed.
    pub events: Option<u64>,
    /// The newest electron lifetime, us.
    pub lifetime_us: Option<f64>,
    /// What the run list says.
    pub facts: RunFacts,
}

/// All runs, a column per field.
#[derive(Debug, Clone, Default)]
pub struct RunTable {
    fields: Fields,
    runs: Vec<Run>,
    places: HashMap<Run, u32>,
    columns: BTreeMap<String, Column>,
}

impl RunRow {
    /// A run of which nothing is known.
    #[must_use]
    pub fn new(run: Run) -> Self {
        RunRow {
            run,
            started: None,
            ended: None,
            flag: Flag::Unchecked,
            decided_by: None,
            comment: None,
            mark: "unmarked".into(),
            kind: None,
            status: None,
            lanes: Vec::new(),
            files: None,
            size_gb: None,
            groups: None,
            analysed: None,
            failed: None,
            events: None,
            lifetime_us: None,
            facts: RunFacts::default(),
        }
    }

    /// Everything known of the run, by field. What the book says goes before what the run list says.
    #[must_use]
    pub fn known(&self) -> BTreeMap<&str, Fact> {
        let mut known: BTreeMap<&str, Fact> = self.facts.0.iter().map(|(name, fact)| (name.as_str(), fact.clone())).collect();
        let count = |count: Option<u64>| count.map(|count| Value::Number(count as f64));
        let own = [
            ("run", Some(Value::Number(f64::from(self.run.0)))),
            ("started", self.started.map(Value::At)),
            ("ended", self.ended.map(Value::At)),
            ("flag", Some(Value::Words(vec![self.flag.word().to_owned()]))),
            ("decided_by", self.decided_by.clone().map(Value::Text)),
            ("comment", self.comment.clone().map(Value::Text)),
            ("mark", Some(Value::Words(vec![self.mark.clone()]))),
            ("kind", self.kind.clone().map(|kind| Value::Words(vec![kind]))),
            ("status", self.status.map(|status| Value::Number(f64::from(status)))),
            ("lane", (!self.lanes.is_empty()).then(|| Value::Words(self.lanes.clone()))),
            ("files", count(self.files)),
            ("groups", count(self.groups)),
            ("analysed", count(self.analysed)),
            ("failed", count(self.failed)),
            ("events", count(self.events)),
            ("lifetime_us", self.lifetime_us.map(Value::Number)),
        ];
        known.extend(own.into_iter().filter_map(|(name, value)| Some((name, Fact::of(value?)))));
        known.extend(self.size_gb.map(|size| ("size", Fact { unit: Some("GB".into()), ..Fact::of(Value::Number(size)) })));
        known
    }
}

impl RunTable {
    /// An empty table that knows these fields; facts of other names make fields of their own.
    #[must_use]
    pub fn new(fields: Fields) -> Self {
        RunTable { fields, ..RunTable::default() }
    }

    /// Puts a run in, or in the place of what was known of it.
    pub fn put(&mut self, row: &RunRow) {
        let next = u32::try_from(self.runs.len()).unwrap_or(u32::MAX);
        let place = *self.places.entry(row.run).or_insert(next);
        if place == next {
            self.runs.push(row.run);
        }
        let mut known = row.known();
        for (name, column) in &mut self.columns {
            match known.remove(name.as_str()) {
                Some(fact) => column.set(place, Some(&fact)),
                None => column.set(place, None),
            }
        }
        for (name, fact) in known {
            let field = match self.fields.get(name) {
                Some(field) => field.clone(),
                None => {
                    let unit = fact.unit.clone().unwrap_or_default();
                    let origin = "the run list".to_owned();
                    Field { name: name.to_owned(), kind: FieldKind::of(&fact.value), unit, origin }
                }
            };
            let column = self.columns.entry(field.name.clone()).or_insert_with(|| Column::new(field.kind, &field.unit));
            column.set(place, Some(&fact));
            self.fields.add(field);
        }
    }

    /// Puts one of the fields that the program fills itself into a run's row; runs that are not in the table have none.
    pub fn put_number(&mut self, run: Run, field: &str, number: Option<f64>) {
        let Some(place) = self.row(run) else { return };
        let Some(known) = self.fields.get(field).filter(|field| field.kind == FieldKind::Number).cloned() else { return };
        let column = self.columns.entry(known.name).or_insert_with(|| Column::new(known.kind, &known.unit));
        column.set(place, number.map(|number| Fact::of(Value::Number(number))).as_ref());
    }

    /// The fields there are, for [`parse`](super::query::parse).
    #[must_use]
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// Runs in the table.
    #[must_use]
    pub fn len(&self) -> usize {
        self.runs.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The run in a row.
    #[must_use]
    pub fn run(&self, row: u32) -> Option<Run> {
        self.runs.get(row as usize).copied()
    }

    /// The row of a run.
    #[must_use]
    pub fn row(&self, run: Run) -> Option<u32> {
        self.places.get(&run).copied()
    }

    /// What stands in a row of a field; none when nothing is known.
    #[must_use]
    pub fn cell(&self, row: u32, field: &str) -> Option<Cell> {
        self.columns.get(field)?.cell(row)
    }

    /// How many runs have a value of this field that is understood.
    #[must_use]
    pub fn known_count(&self, field: &str) -> usize {
        self.columns.get(field).map_or(0, Column::known_count)
    }

    /// The values of a field that occur most, with the number of runs that have them.
    #[must_use]
    pub fn values(&self, field: &str, filter: impl Fn(&str) -> bool, most: usize) -> Vec<(String, usize)> {
        self.columns.get(field).map(|column| column.values(filter, most)).unwrap_or_default()
    }
}
