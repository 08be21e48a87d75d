//! A book as what happened to it, dated: every row as it became, every failure that was told, every entry.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};
use monitasks::vocab::{FileId, Group, Processing, Run};

use super::hidden::without_decisions;
use super::known::{Told, known, told};
use super::{files, rows};
use crate::bookkeeping::{Entry, JobKind, Row, Store, StoreError, StoryEntry, StoryRecord};

/// Entries that are read at once.
const AT_ONCE: usize = 10_000;

/// So long after the last data words of people belong to the shift.
const AFTERWARDS: SignedDuration = SignedDuration::from_hours(12);

/// Something that happened to a book.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// A row became so.
    Row(Box<Row>),
    /// The story told of a failure: classes of failures are counted by it.
    Story(Box<StoryEntry>),
    /// Somebody said something.
    Entry(Box<Entry>),
}

/// What happened to a book, in order, each with when it was known.
#[derive(Debug, Clone, Default)]
pub struct BookChanges {
    changes: Vec<(Timestamp, What)>,
    /// When results of groups stood in their place: by the group's name and the analysis.
    placed: BTreeMap<(String, JobKind), Timestamp>,
    /// What is wrong with the book's clocks, in words.
    faults: Vec<String>,
}

/// What tells rows of the book from each other.
#[derive(Debug, PartialEq, Eq, Hash)]
enum RowKey {
    Run(Run),
    File(FileId),
    Pass(FileId, Processing),
    Processing(Run, Processing),
    Central(FileId, String),
    Job(String, u32),
    Group(Run, Processing, Group),
    Other(String),
}

impl BookChanges {
    /// Reads all that happened to a book.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn read(store: &dyn Store) -> Result<Self, StoreError> {
        let story = store.story_since(Timestamp::UNIX_EPOCH)?;
        let mut all = BookChanges::default();
        let (told, faults) = told(&story);
        all.faults = faults;
        all.add_rows(store, &told)?;
        all.add_story(&told);
        let entries = entries_of(store)?;
        let (known, faults) = known(&entries);
        all.faults.extend(faults);
        all.changes.extend(known.into_iter().zip(entries).map(|(at, entry)| (at, What::Entry(Box::new(entry)))));
        all.changes.sort_by_key(|(at, _)| *at);
        Ok(all)
    }

    /// The same without what people decided: a training. Chains are linked anew around what is left out.
    #[must_use]
    pub fn hiding_decisions(&self) -> Self {
        let entries = self.entries().map(|(at, entry)| (at, entry.clone())).collect();
        let is_entry = |change: &&(Timestamp, What)| matches!(change.1, What::Entry(_));
        let others = self.changes.iter().filter(|change| !is_entry(change)).cloned();
        let left = without_decisions(entries).into_iter().map(|(at, entry)| (at, What::Entry(Box::new(entry))));
        let mut changes: Vec<(Timestamp, What)> = others.chain(left).collect();
        changes.sort_by_key(|(at, _)| *at);
        BookChanges { changes, ..self.clone() }
    }

    /// How many of them were known at an instant.
    #[must_use]
    pub fn count_at(&self, at: Timestamp) -> usize {
        self.changes.partition_point(|(known, _)| *known <= at)
    }

    /// The first and the last moment of the shift; none of an empty book. What people said long after its data is no part of it:
    /// a word of today would make a point of a night of ten years ago.
    #[must_use]
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let (first, last) = (self.changes.first()?.0, self.changes.last()?.0);
        let of_data = self.changes.iter().rev().find(|(_, what)| !matches!(what, What::Entry(_))).map(|(at, _)| *at);
        let Some(end) = of_data.and_then(|at| at.checked_add(AFTERWARDS).ok()).filter(|end| *end < last) else {
            return Some((first, last));
        };
        let within = self.changes.iter().rev().find(|(at, _)| *at <= end).map_or(last, |(at, _)| *at);
        Some((first, within))
    }

    /// All of them, with when each was known.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Timestamp, &What)> {
        self.changes.iter().map(|(at, what)| (*at, what))
    }

    /// What people said, with when each was known.
    pub fn entries(&self) -> impl Iterator<Item = (Timestamp, &Entry)> {
        self.iter().filter_map(|(at, what)| match what {
            What::Entry(entry) => Some((at, &**entry)),
            _ => None,
        })
    }

    /// When the results of an analysis of a group stood in their place.
    #[must_use]
    pub fn placed(&self, group: &str, analysis: JobKind) -> Option<Timestamp> {
        self.placed.get(&(group.to_owned(), analysis)).copied()
    }

    /// What is wrong with the book's clocks, in words.
    #[must_use]
    pub fn faults(&self) -> &[String] {
        &self.faults
    }

    /// Brings a book from one instant to a later one: those from one place of the list up to another.
    ///
    /// # Errors
    /// When that book can't be written.
    pub fn apply(&self, from: usize, to: usize, store: &mut dyn Store) -> Result<(), StoreError> {
        let new = self.changes.get(from..to).unwrap_or_default();
        let mut rows: Vec<Row> = Vec::new();
        let mut places: HashMap<RowKey, usize> = HashMap::new();
        let (mut story, mut entries) = (Vec::new(), Vec::new());
        for (_, what) in new {
            match what {
                // Of a row that changed often the last state is enough.
                What::Row(row) => match places.entry(key_of(row)) {
                    std::collections::hash_map::Entry::Occupied(known) => rows[*known.get()] = (**row).clone(),
                    std::collections::hash_map::Entry::Vacant(new) => {
                        new.insert(rows.len());
                        rows.push((**row).clone());
                    }
                },
                What::Story(told) => story.push((**told).clone()),
                What::Entry(entry) => entries.push((**entry).clone()),
            }
        }
        if !(rows.is_empty() && story.is_empty()) {
            store.record(None, &story, &rows)?;
        }
        if !entries.is_empty() {
            store.adopt(&entries)?;
        }
        Ok(())
    }

    fn add_rows(&mut self, store: &dyn Store, told: &[Told<'_>]) -> Result<(), StoreError> {
        let overview = store.overview()?;
        let by_run = by(told, |record| record.run);
        let by_file = by(told, |record| Some(FileId { run: record.run?, sequence: record.sequence? }));
        let of_run = |run: Run| by_run.get(&run).map_or(&[][..], Vec::as_slice);
        let of_file = |file: FileId| by_file.get(&file).map_or(&[][..], Vec::as_slice);
        let mut opened = BTreeMap::new();
        for run in &overview.runs {
            self.add(rows::run(run), Row::Run);
        }
        for record in &overview.files {
            self.add(files::file(record, of_file(record.file)), Row::File);
        }
        for record in &overview.processings {
            opened.insert((record.run, record.processing), record.opened);
            self.add(rows::processing(record, of_run(record.run)), Row::Processing);
        }
        for record in &overview.passes {
            let begun = opened.get(&(record.file.run, record.processing)).copied().unwrap_or(record.since);
            self.add(files::pass(record, of_file(record.file), begun), Row::Pass);
        }
        for run in &overview.runs {
            for job in store.jobs_of(run.run)? {
                let story = job.file.map_or_else(|| of_run(run.run), of_file);
                self.add(rows::job(&job, story), Row::Job);
            }
        }
        for record in &overview.groups {
            self.add(rows::group(record, of_run(record.run)), Row::Group);
        }
        for record in &overview.central {
            let story = of_file(record.file);
            let stored = story.iter().find(|told| told.record.kind == "stored").map_or(record.since, |told| told.at);
            self.add(rows::central(record, story, stored.min(record.since)), Row::Central);
        }
        self.changes.extend(overview.not_taken.into_iter().map(|row| (row.at, What::Row(Box::new(Row::NotTaken(row))))));
        self.changes.extend(overview.backend.map(|state| (state.at, What::Row(Box::new(Row::Backend(state))))));
        Ok(())
    }

    fn add<T>(&mut self, states: files::Dated<T>, row: impl Fn(T) -> Row) {
        self.changes.extend(states.into_iter().map(|(at, state)| (at, What::Row(Box::new(row(state))))));
    }

    fn add_story(&mut self, told: &[Told<'_>]) {
        for Told { at, record } in told {
            if matches!(record.kind.as_str(), "failed" | "job_gone") {
                self.changes.push((*at, What::Story(Box::new(entry_of(record)))));
            }
            let facts = &record.detail;
            if record.kind == "results_placed"
                && let (Some(group), Some(Ok(analysis))) = (facts["group"].as_str(), facts["analysis"].as_str().map(str::parse))
            {
                self.placed.entry((group.to_owned(), analysis)).or_insert(*at);
            }
        }
    }
}

fn entry_of(record: &StoryRecord) -> StoryEntry {
    let StoryRecord { at, run, sequence, kind, detail, .. } = record.clone();
    StoryEntry { at, run, sequence, kind, detail }
}

/// Lines of the story by what they are of.
fn by<'a, K: Ord>(told: &[Told<'a>], key: impl Fn(&StoryRecord) -> Option<K>) -> BTreeMap<K, Vec<Told<'a>>> {
    let mut all: BTreeMap<K, Vec<Told<'a>>> = BTreeMap::new();
    for line in told {
        if let Some(key) = key(line.record) {
            all.entry(key).or_default().push(*line);
        }
    }
    all
}

fn entries_of(store: &dyn Store) -> Result<Vec<Entry>, StoreError> {
    let mut all: Vec<Entry> = Vec::new();
    loop {
        let new = store.entries_after(all.last().map_or(0, |last| last.place), AT_ONCE)?;
        if new.is_empty() {
            return Ok(all);
        }
        all.extend(new);
    }
}

fn key_of(row: &Row) -> RowKey {
    match row {
        Row::Run(run) => RowKey::Run(run.run),
        Row::File(file) => RowKey::File(file.file),
        Row::Pass(pass) => RowKey::Pass(pass.file, pass.processing),
        Row::Processing(of) => RowKey::Processing(of.run, of.processing),
        Row::Central(copy) => RowKey::Central(copy.file, copy.destination.clone()),
        Row::Job(job) => RowKey::Job(job.name.clone(), job.attempt),
        Row::Group(group) => RowKey::Group(group.run, group.processing, group.group),
        Row::NotTaken(file) => RowKey::Other(file.name.clone()),
        Row::Backend(_) => RowKey::Other("backend".into()),
        Row::Transfer(of) => RowKey::Other(format!("transfer {} {}", of.file, of.started)),
        Row::Reading(of) => RowKey::Other(format!("{}/{} {} {} {}", of.task, of.item, of.run, of.processing.0, of.group.0)),
        Row::NoLongerThere(name) => RowKey::Other(format!("gone {name}")),
    }
}
