//! What is still to be done: what each subsystem has to look at, and the runs that nobody has decided on. Counted once over the
//! whole book, then again for the runs of which something was written.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;
use monitasks::vocab::{Processing, Run};
use serde::Serialize;

use super::follow_ups::day_of;
use super::marks;
use super::meeting::MOST_LINES;
use crate::bookkeeping::{EntryKind, ProcessingRecord, ProcessingStep, Store, StoreError};
use crate::config::{MarkSettings, MeetingSettings};

/// What a subsystem has to look at until a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ToDo {
    /// The subsystem.
    pub subsystem: String,
    /// The run cycle; empty for runs of none.
    pub cycle: String,
    /// Until the end of this day, UTC.
    pub due: Date,
    /// Whether that day is over.
    pub is_overdue: bool,
    /// How many processings.
    pub count: usize,
    /// Their names, as far as a list has them.
    pub processings: Vec<String>,
}

/// The processings that wait for a subsystem's mark, and which runs were decided on.
#[derive(Debug, Clone, Default)]
pub struct ReviewQueue {
    settings: MeetingSettings,
    /// In the order of their names.
    subsystems: Vec<String>,
    /// By the place of the subsystem, day and cycle.
    waiting: BTreeMap<(usize, Date, String), BTreeSet<(Run, Processing)>>,
    /// Where a run's processings stand, so that they are found again.
    of_run: HashMap<Run, Vec<(Processing, Date)>>,
    /// Every run with the place in the book of the decision on it.
    decided: HashMap<Run, Option<i64>>,
}

/// A processing through which a subsystem has looked: the place of the subsystem as a bit.
type Reviewed = HashMap<(Run, Processing), u64>;

impl ReviewQueue {
    /// Counts the whole book.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn read(store: &dyn Store, marks: &MarkSettings, settings: &MeetingSettings) -> Result<Self, StoreError> {
        let mut subsystems: Vec<String> = marks::subsystems(marks).map(str::to_owned).collect();
        subsystems.sort_unstable();
        let mut queue = ReviewQueue { settings: settings.clone(), subsystems, ..ReviewQueue::default() };
        let mut done = Reviewed::new();
        for word in store.words_in_force(EntryKind::SubsystemMark)? {
            queue.look_through(&mut done, &word.subject, word.says.as_deref());
        }
        for processing in store.processings()? {
            queue.put(&processing, &done);
        }
        queue.decided.extend(store.decided_at(None)?);
        Ok(queue)
    }

    /// Counts some runs anew.
    ///
    /// # Errors
    /// When the book can't be read.
    pub fn read_again(&mut self, store: &dyn Store, runs: &[Run]) -> Result<(), StoreError> {
        for run in runs {
            let mut done = Reviewed::new();
            for entry in store.in_force_of_run(*run)?.iter().filter(|entry| entry.kind == EntryKind::SubsystemMark) {
                self.look_through(&mut done, &entry.subject, entry.body.get("mark").and_then(serde_json::Value::as_str));
            }
            let processings = store.processings_of(*run)?;
            self.forget(*run);
            processings.iter().for_each(|processing| self.put(processing, &done));
            self.decided.extend(store.decided_at(Some(*run))?);
        }
        Ok(())
    }

    /// Takes a mark of a subsystem: one that was unset again says nothing.
    fn look_through(&self, done: &mut Reviewed, subject: &str, says: Option<&str>) {
        let Some((run, processing, subsystem)) = reviewed(subject).filter(|_| says.is_some_and(|mark| mark != "unset")) else {
            return;
        };
        if let Ok(place) = self.subsystems.binary_search_by(|known| known.as_str().cmp(subsystem)) {
            *done.entry((run, processing)).or_default() |= bit(place);
        }
    }

    fn put(&mut self, record: &ProcessingRecord, done: &Reviewed) {
        use ProcessingStep::{Done, MergingFailed, Processed};
        if !matches!(record.step, Done | Processed | MergingFailed) {
            return;
        }
        let (run, processing) = (record.run, record.processing);
        let due = review_after(record.since, self.settings.review_weekday());
        let done = done.get(&(run, processing)).copied().unwrap_or_default();
        let cycle = self.settings.cycle_of(run).unwrap_or_default();
        for place in (0..self.subsystems.len()).filter(|place| done & bit(*place) == 0) {
            self.waiting.entry((place, due, cycle.to_owned())).or_default().insert((run, processing));
        }
        self.of_run.entry(run).or_default().push((processing, due));
    }

    fn forget(&mut self, run: Run) {
        let cycle = self.settings.cycle_of(run).unwrap_or_default().to_owned();
        for (processing, due) in self.of_run.remove(&run).unwrap_or_default() {
            for place in 0..self.subsystems.len() {
                let key = (place, due, cycle.clone());
                if let Some(waiting) = self.waiting.get_mut(&key) {
                    waiting.remove(&(run, processing));
                    if waiting.is_empty() {
                        self.waiting.remove(&key);
                    }
                }
            }
        }
    }

    /// Until when each run is to be looked at that nobody has decided on: the first day of any of its processings.
    pub fn dues(&self) -> impl Iterator<Item = (Run, Date)> {
        let undecided = self.decided.iter().filter(|(_, place)| place.is_none());
        undecided.filter_map(|(run, _)| Some((*run, self.of_run.get(run)?.iter().map(|(_, due)| *due).min()?)))
    }

    /// How many runs nobody has decided on.
    #[must_use]
    pub fn undecided(&self) -> usize {
        self.decided.values().filter(|place| place.is_none()).count()
    }

    /// How many runs were decided on since a place of the book.
    #[must_use]
    pub fn decided_since(&self, after: i64) -> usize {
        self.decided.values().flatten().filter(|place| **place > after).count()
    }

    /// What there is to do, by subsystem and day.
    #[must_use]
    pub fn to_do(&self, now: Timestamp) -> Vec<ToDo> {
        let today = day_of(now);
        let mut lines = Vec::with_capacity(self.waiting.len());
        for ((place, due, cycle), waiting) in &self.waiting {
            lines.push(ToDo {
                subsystem: self.subsystems[*place].clone(),
                cycle: cycle.clone(),
                due: *due,
                is_overdue: today > *due,
                count: waiting.len(),
                processings: waiting
                    .iter()
                    .take(MOST_LINES)
                    .map(|(run, processing)| format!("{run}-p{}", processing.0))
                    .collect(),
            });
        }
        lines
    }
}

/// There are fewer subsystems than bits: the settings' rules have no more inputs. One beyond is never reviewed.
fn bit(place: usize) -> u64 {
    u32::try_from(place).ok().and_then(|place| 1u64.checked_shl(place)).unwrap_or_default()
}

/// Processing and subsystem of a mark's subject: `run840-p2/RQM`.
fn reviewed(subject: &str) -> Option<(Run, Processing, &str)> {
    let (processing, subsystem) = subject.split_once('/')?;
    let (run, processing) = processing.split_once("-p")?;
    Some((run.parse().ok()?, Processing(processing.parse().ok()?), subsystem))
}

/// The first review day after a moment's day.
#[must_use]
pub fn review_after(at: Timestamp, weekday: usize) -> Date {
    let day = day_of(at);
    let today = day.weekday().to_monday_zero_offset();
    let days = (i64::try_from(weekday).unwrap_or(3) - i64::from(today) - 1).rem_euclid(7) + 1;
    day.checked_add(jiff::Span::new().days(days)).unwrap_or(day)
}
