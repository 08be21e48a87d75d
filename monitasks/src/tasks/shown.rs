//! Which of all summaries are shown: the newest processing of each run and group, in each lane.

use crate::summary::Summary;

/// The summaries that plots show, oldest first.
pub(crate) struct Shown<'a> {
    /// They, in the order of the history.
    pub(crate) summaries: Vec<&'a Summary>,
    /// How many are left out because a newer processing of the same data is there.
    pub(crate) superseded: usize,
}

impl<'a> Shown<'a> {
    /// Leaves out what a newer processing of the same run and group in the same lane replaces. What does not say its run stays.
    pub(crate) fn of(history: &[&'a Summary]) -> Self {
        let mut newest = std::collections::HashMap::new();
        for summary in history {
            if let (Some(run), group, processing) = (summary.run, summary.group, summary.processing) {
                let best = newest.entry((run, &summary.lane, group)).or_insert(processing);
                *best = (*best).max(processing);
            }
        }
        let is_newest = |summary: &&Summary| {
            summary
                .run
                .and_then(|run| newest.get(&(run, &summary.lane, summary.group)))
                .is_none_or(|best| *best == summary.processing)
        };
        let summaries: Vec<&Summary> = history.iter().copied().filter(is_newest).collect();
        let superseded = history.len() - summaries.len();
        Shown { summaries, superseded }
    }

    /// The lanes of the results, each once, in the order they came; none for results that say none, and for no results.
    pub(crate) fn lanes(&self) -> Vec<Option<&'a str>> {
        let mut lanes = Vec::new();
        for summary in &self.summaries {
            let lane = summary.lane.as_deref();
            if !lanes.contains(&lane) {
                lanes.push(lane);
            }
        }
        if lanes.is_empty() { vec![None] } else { lanes }
    }

    /// The one that "latest" items show.
    pub(crate) fn latest(&self) -> Option<&'a Summary> {
        self.summaries.last().copied()
    }

    /// `run1 to run3`, `run1`, or nothing where no run is known.
    pub(crate) fn runs(&self) -> String {
        let runs = || self.summaries.iter().filter_map(|summary| summary.run);
        match (runs().min(), runs().max()) {
            (Some(first), Some(last)) if first == last => first.to_string(),
            (Some(first), Some(last)) => format!("{first} to {last}"),
            _ => String::new(),
        }
    }
}

/// A title with what it is of: `Electron lifetime, run1`.
pub(crate) fn titled(title: &str, of: &str) -> String {
    if of.is_empty() { title.to_owned() } else { format!("{title}, {of}") }
}
