//! A part of the shift that everything shown is narrowed to: a range of runs, a range of time.

use jiff::Timestamp;
use monitasks::vocab::Run;

/// Only these runs and times; both ends are included, none is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Only {
    /// First and last run.
    pub runs: (Option<Run>, Option<Run>),
    /// First and last second since 1970, UTC, of when data were taken.
    pub seconds: (Option<i64>, Option<i64>),
}

impl Only {
    /// Whether nothing is left out.
    #[must_use]
    pub fn is_all(&self) -> bool {
        *self == Only::default()
    }

    /// Whether something of a run, taken at a moment, is in it. What does not say its run or its time is in no range of them.
    #[must_use]
    pub fn takes(&self, run: Option<Run>, at: Option<Timestamp>) -> bool {
        is_within(self.runs, run) && is_within(self.seconds, at.map(Timestamp::as_second))
    }

    /// In words: `runs 10 to 20, from 2026-11-20 14:00 UTC`.
    #[must_use]
    pub fn words(&self) -> String {
        let mut words = Vec::new();
        match self.runs {
            (Some(from), Some(to)) if from == to => words.push(format!("run {}", from.0)),
            (Some(from), Some(to)) => words.push(format!("runs {} to {}", from.0, to.0)),
            (Some(from), None) => words.push(format!("runs from {}", from.0)),
            (None, Some(to)) => words.push(format!("runs to {}", to.0)),
            (None, None) => {}
        }
        let day =
            |second: i64| Timestamp::from_second(second).map(|at| at.strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default();
        match self.seconds {
            (Some(from), Some(to)) => words.push(format!("{} to {} UTC", day(from), day(to))),
            (Some(from), None) => words.push(format!("from {} UTC", day(from))),
            (None, Some(to)) => words.push(format!("to {} UTC", day(to))),
            (None, None) => {}
        }
        words.join(", ")
    }

    /// The same as a query of the table of runs, but for the runs' numbers.
    #[must_use]
    pub fn query_of_times(&self) -> String {
        let at = |second: i64| Timestamp::from_second(second).map(|at| at.to_string()).unwrap_or_default();
        let from = self.seconds.0.map(|second| format!("started>=\"{}\"", at(second)));
        let to = self.seconds.1.map(|second| format!("started<=\"{}\"", at(second)));
        [from, to].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

fn is_within<T: PartialOrd>((from, to): (Option<T>, Option<T>), value: Option<T>) -> bool {
    match value {
        None => from.is_none() && to.is_none(),
        Some(value) => from.is_none_or(|from| from <= value) && to.is_none_or(|to| value <= to),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_say_its_run_is_in_no_range_of_runs() {
        let only = Only { runs: (Some(Run(3)), Some(Run(5))), seconds: (None, None) };
        assert!(only.takes(Some(Run(3)), None) && only.takes(Some(Run(5)), Some(Timestamp::UNIX_EPOCH)));
        assert!(!only.takes(Some(Run(6)), None) && !only.takes(None, None));
        assert!(Only::default().takes(None, None));
        let late = Only { seconds: (Some(10), None), ..Only::default() };
        assert!(!late.takes(Some(Run(3)), Some(Timestamp::UNIX_EPOCH)) && !late.takes(Some(Run(3)), None));
    }
}
