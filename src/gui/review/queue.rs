//! What waits for a review: runs that nobody has decided on, or processings without a subsystem's mark, the first due first.

use monitasks::quality::Flag;
use monitasks::vocab::Run;

use crate::snapshot::{Due, RunRow, Snapshot};

/// Something that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The run.
    pub run: Run,
    /// The processing, in a subsystem's queue.
    pub processing: Option<u32>,
    /// Until when; none where that is not known.
    pub due: Option<Due>,
    /// What became of it in this review.
    pub fate: Fate,
}

/// What became of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// Nothing yet.
    Waits,
    /// It was left unchecked.
    Left,
    /// It was decided here.
    Decided {
        /// What.
        word: String,
        /// Under which number of the book; none while it waits for the book's server.
        number: Option<i64>,
    },
    /// Somebody else decided on it.
    Elsewhere,
}

impl Entry {
    /// Whether two speak of the same.
    #[must_use]
    pub fn is_of(&self, other: &Entry) -> bool {
        (self.run, self.processing) == (other.run, other.processing)
    }

    /// Its name: `run 24`, `run 24, processing 2`.
    #[must_use]
    pub fn words(&self) -> String {
        match self.processing {
            None => format!("run {}", self.run.0),
            Some(processing) => format!("run {}, processing {processing}", self.run.0),
        }
    }
}

/// Whether nobody has judged a run: a decision that was undone, and one that says UNCHECKED, judge nothing.
fn is_undecided(row: &RunRow) -> bool {
    row.decisions.last().is_none_or(|last| last.flag == Flag::Unchecked)
}

/// The runs that wait, without more of them.
#[must_use]
pub fn waiting(snapshot: &Snapshot) -> usize {
    snapshot.runs.iter().filter(|row| row.has_ended && is_undecided(row)).count()
}

/// What waits now: for a subsystem, or of runs that have ended.
#[must_use]
pub fn queue(snapshot: &Snapshot, subsystem: Option<&str>) -> Vec<Entry> {
    let meeting = &snapshot.people.meeting;
    let mut entries: Vec<Entry> = match subsystem {
        None => {
            let rows = snapshot.runs.iter().filter(|row| row.has_ended && is_undecided(row));
            let due = |run: Run| meeting.dues.get(&run).cloned();
            rows.map(|row| Entry { run: row.run, processing: None, due: due(row.run), fate: Fate::Waits }).collect()
        }
        Some(wanted) => {
            let rows = meeting.to_do.iter().filter(|row| row.subsystem == wanted);
            let of_row = rows.flat_map(|row| {
                let due = Due { day: row.due.clone(), is_overdue: row.is_overdue };
                row.names.iter().filter_map(move |name| {
                    let (run, processing) = name.split_once("-p")?;
                    let (run, processing) = (run.parse().ok()?, processing.parse().ok()?);
                    Some(Entry { run, processing: Some(processing), due: Some(due.clone()), fate: Fate::Waits })
                })
            });
            of_row.collect()
        }
    };
    entries.sort_by_key(|entry| (entry.due.is_none(), entry.due.clone(), entry.run, entry.processing));
    entries
}

/// The subsystems for which something waits, with how much.
#[must_use]
pub fn subsystems(snapshot: &Snapshot) -> Vec<(String, usize)> {
    let mut known: Vec<(String, usize)> = Vec::new();
    for row in &snapshot.people.meeting.to_do {
        match known.iter_mut().find(|(name, _)| *name == row.subsystem) {
            Some((_, count)) => *count += row.count,
            None => known.push((row.subsystem.clone(), row.count)),
        }
    }
    known
}

/// The numbers of what was said on an entry, oldest first: decisions on the run, or the subsystem's marks.
#[must_use]
pub fn said(snapshot: &Snapshot, entry: &Entry, subsystem: Option<&str>) -> Vec<i64> {
    let Some(subsystem) = subsystem else {
        let row = snapshot.run(entry.run);
        return row.map(|row| row.decisions.iter().map(|decision| decision.id).collect()).unwrap_or_default();
    };
    let Some(judged) = snapshot.judged.as_ref().filter(|judged| judged.run == entry.run) else { return Vec::new() };
    let subject = format!("run{}-p{}/{subsystem}", entry.run.0, entry.processing.unwrap_or_default());
    judged.history.iter().filter(|said| said.subject == subject).map(|said| said.number).collect()
}
