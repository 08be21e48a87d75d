//! The results as of an instant: read once by the reader of live results, then those that stood in their places by then.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::changes::BookChanges;
use crate::bookkeeping::JobKind;
use crate::live::{ResultPoller, ResultSeen, ResultsView};

/// The tasks that look at what the gain adds to a result that the purity began: for all others what was placed last counts.
const FIRST_OF_TWO: &str = "purity";

/// Results that were read, each with when it was there.
pub struct PastResults {
    poller: ResultPoller,
    /// By task and name below `results/`.
    made: HashMap<(String, String), Timestamp>,
    /// The instants at which any came, in order.
    times: Vec<Timestamp>,
    shown: Option<(usize, Arc<ResultsView>)>,
}

impl PastResults {
    /// Results that were read whole, with what the book says of when they were placed.
    #[must_use]
    pub fn new(poller: ResultPoller, book: &BookChanges) -> Self {
        let mut made = HashMap::new();
        for (task, seen) in poller.seen() {
            made.insert((task.to_owned(), seen.name.to_owned()), made_at(task, &seen, book));
        }
        let mut times: Vec<Timestamp> = made.values().copied().collect();
        times.sort_unstable();
        PastResults { poller, made, times, shown: None }
    }

    /// The moments at which results came, in order.
    #[must_use]
    pub fn times(&self) -> &[Timestamp] {
        &self.times
    }

    /// The results at an instant; the very same ones as long as none has come.
    pub fn at(&mut self, at: Timestamp) -> Arc<ResultsView> {
        let count = self.times.partition_point(|time| *time <= at);
        if let Some((shown, view)) = &self.shown
            && *shown == count
        {
            return view.clone();
        }
        let is_there = |task: &str, seen: &ResultSeen<'_>| {
            self.made.get(&(task.to_owned(), seen.name.to_owned())).is_none_or(|made| *made <= at)
        };
        let view = Arc::new(self.poller.view_with(&is_there));
        self.shown = Some((count, view.clone()));
        view
    }
}

/// When a result stood in its place: by the book, else by its own stamp, else by its file's time. A time that no file can have is
/// none: such a result is always there.
fn made_at(task: &str, seen: &ResultSeen<'_>, book: &BookChanges) -> Timestamp {
    let (folder, name) = seen.name.rsplit_once('/').unwrap_or(("", seen.name));
    let group = name.split_once('.').map_or(name, |(stem, _)| stem);
    let analyses: &[JobKind] = match folder {
        "pedestals" => &[JobKind::Pedestals],
        "events" => &[JobKind::Events],
        "noise" => &[JobKind::Noise],
        "crp" if task == FIRST_OF_TWO => &[JobKind::Purity],
        "crp" => &[JobKind::Gain, JobKind::Purity],
        _ => &[],
    };
    let placed = analyses.iter().find_map(|analysis| book.placed(group, *analysis));
    let said = || seen.summary.and_then(|summary| summary.processed_at);
    let written = || Timestamp::from_nanosecond(seen.modified_ns).ok();
    placed.or_else(said).or_else(written).unwrap_or(Timestamp::MIN)
}
