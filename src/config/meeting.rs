//! Settings of shifts and meetings: how long a shift is, when subsystems review, and the run cycles.

use monitasks::vocab::Run;
use serde::{Deserialize, Serialize};

/// Shifts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ShiftSettings {
    /// Hours that a shift is planned for when nothing else is said.
    pub length_h: f64,
}

/// Meetings and reviews.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MeetingSettings {
    /// The day of the week on which subsystems are through with the processings before it.
    pub review_day: String,
    /// The run cycles; a run in none of them is of none.
    pub cycles: Vec<CycleSettings>,
    /// The official plots, which stand in every report: `TASK/ITEM`; none for the first of each task.
    pub plots: Vec<String>,
}

/// A run cycle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CycleSettings {
    /// Its name.
    pub name: String,
    /// Its first run.
    pub first: u32,
    /// Its last run; none while it goes on.
    #[serde(default)]
    pub last: Option<u32>,
}

/// The days of a week, as the settings name them.
const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

impl Default for ShiftSettings {
    fn default() -> Self {
        ShiftSettings { length_h: 8.0 }
    }
}

impl Default for MeetingSettings {
    fn default() -> Self {
        MeetingSettings { review_day: "thursday".into(), cycles: Vec::new(), plots: Vec::new() }
    }
}

impl ShiftSettings {
    /// The first setting that makes no sense: its key and what is wrong.
    pub(super) fn fault(&self) -> Option<(&'static str, String)> {
        let is_fine = self.length_h > 0.0 && self.length_h <= 72.0;
        (!is_fine).then(|| ("length_h", format!("'length_h' is {}, expected hours above 0 and up to 72", self.length_h)))
    }
}

impl MeetingSettings {
    /// The day of the week on which subsystems review, 0 for Monday.
    #[must_use]
    pub fn review_weekday(&self) -> usize {
        DAYS.iter().position(|day| *day == self.review_day.to_lowercase()).unwrap_or(3)
    }

    /// The cycle of a run.
    #[must_use]
    pub fn cycle_of(&self, run: Run) -> Option<&str> {
        let has = |cycle: &&CycleSettings| cycle.first <= run.0 && cycle.last.is_none_or(|last| run.0 <= last);
        self.cycles.iter().find(has).map(|cycle| cycle.name.as_str())
    }

    /// The first setting that makes no sense: its key and what is wrong.
    pub(super) fn fault(&self) -> Option<(&'static str, String)> {
        if !DAYS.contains(&self.review_day.to_lowercase().as_str()) {
            let found = &self.review_day;
            return Some(("review_day", format!("'review_day' is {found:?}, expected one of {}", DAYS.join(", "))));
        }
        if let Some(plot) = self.plots.iter().find(|plot| plot.split('/').filter(|part| !part.is_empty()).count() != 2) {
            return Some(("plots", format!("{plot:?} is no plot, expected TASK/ITEM as 'dqmon tasks' lists them")));
        }
        let backwards = self.cycles.iter().find(|cycle| cycle.last.is_some_and(|last| last < cycle.first))?;
        Some(("cycles", format!("run cycle {:?} ends before it begins", backwards.name)))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Settings;

    #[test]
    fn what_makes_no_sense_is_refused_with_its_line() {
        let refused = |text: &str| Settings::parse(text, Path::new("dqmon.toml")).unwrap_err().to_string();
        assert!(refused("[shifts]\nlength_h = 0\n").ends_with(":2"));
        assert!(refused("[meeting]\nreview_day = \"someday\"\n").contains("expected one of monday"));
        assert!(refused("[meeting]\nplots = [\"purity\"]\n").contains("expected TASK/ITEM"));
        assert!(refused("[meeting]\ncycles = [{ name = \"a\", first = 5, last = 4 }]\n").contains("ends before it begins"));
    }

    #[test]
    fn a_run_is_of_the_first_cycle_that_has_it() {
        let cycle = |name: &str, first, last| CycleSettings { name: name.into(), first, last };
        let settings =
            MeetingSettings { cycles: vec![cycle("a", 1, Some(9)), cycle("b", 10, None)], ..MeetingSettings::default() };
        assert_eq!([0, 1, 9, 10, 99].map(|run| settings.cycle_of(Run(run))), [None, Some("a"), Some("a"), Some("b"), Some("b")]);
        assert_eq!(settings.review_weekday(), 3);
    }
}
