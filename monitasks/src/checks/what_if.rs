//! What other thresholds and masks would have said of the past, before they are saved.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::verdict::{Verdict, item_state};
use super::{Checks, Subject};
use crate::quality::State;
use crate::references::References;
use crate::vocab::Run;

/// What became of one plot of the past.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The run of its newest result.
    pub run: Option<Run>,
    /// `purity/lifetime_trend`.
    pub item: String,
    /// The item's state by the checks as they are.
    pub old: State,
    /// By the checks that are tried.
    pub new: State,
    /// Why, by the checks as they are.
    pub old_reason: String,
    /// Why, by the checks that are tried.
    pub new_reason: String,
}

/// What would change.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct WhatIf {
    /// Every plot that was judged, in the order given.
    pub outcomes: Vec<Outcome>,
}

/// Judges plots of the past by the checks and masks as they are and as they might be. Each is judged at the time of day that it
/// carries, so that masks that ended since are in force as they were.
#[must_use]
pub fn what_if(history: &[Subject<'_>], old: &Checks, new: &Checks, references: &References) -> WhatIf {
    let outcome = |subject: &Subject<'_>| {
        let ((old, old_reason), (new, new_reason)) = (judged(old, subject, references), judged(new, subject, references));
        Outcome { run: subject.run, item: format!("{}/{}", subject.task, subject.item), old, new, old_reason, new_reason }
    };
    WhatIf { outcomes: history.iter().map(outcome).collect() }
}

/// The state of an item by these checks, and the reason of the worst.
fn judged(checks: &Checks, subject: &Subject<'_>, references: &References) -> (State, String) {
    let verdicts = checks.judge(subject, references);
    let state = item_state(&verdicts, subject.figure.empty.is_none());
    let worst = verdicts.iter().find(|verdict| verdict.state() == state);
    let reason = |verdict: &Verdict| format!("{}: {}", verdict.check, verdict.reason());
    (state, worst.map_or_else(|| "no check judges it".into(), reason))
}

impl Outcome {
    /// Whether the state would be another.
    #[must_use]
    pub fn flips(&self) -> bool {
        self.old != self.new
    }
}

impl WhatIf {
    /// Those whose state would be another.
    pub fn flips(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(|outcome| outcome.flips())
    }

    /// How many there are of each old and new state, the most urgent old state first.
    #[must_use]
    pub fn counts(&self) -> Vec<(State, State, usize)> {
        let mut counts = BTreeMap::new();
        for outcome in &self.outcomes {
            let order = |state: State| std::cmp::Reverse(state.severity());
            counts.entry((order(outcome.old), order(outcome.new))).or_insert((outcome.old, outcome.new, 0)).2 += 1;
        }
        counts.into_values().collect()
    }
}
