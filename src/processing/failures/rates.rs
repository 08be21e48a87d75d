//! How often each class of failure comes.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::ReasonClass;

/// How often a class of failure came.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassRate {
    /// The class.
    pub class: ReasonClass,
    /// Failures in the last hour.
    pub last_hour: usize,
    /// Failures in the last 24 hours.
    pub last_day: usize,
    /// All failures.
    pub total: usize,
    /// Failures for every 100 files taken in; none while there is no file. A file that fails twice counts twice.
    pub per_100_files: Option<f64>,
}

/// Rates of the classes that came at all, the most frequent first; `files` are all that were ever taken in. A stamp ahead of
/// `now` (a clock was set back) counts as of this hour: a failure is never hidden by its stamp.
#[must_use]
pub fn rates(failures: &[(ReasonClass, Timestamp)], files: usize, now: Timestamp) -> Vec<ClassRate> {
    let since = |hours: i64| now.saturating_sub(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MIN);
    let (hour_ago, day_ago) = (since(1), since(24));
    let of_class = |class: ReasonClass| {
        let after = |from: Timestamp| failures.iter().filter(|(of, at)| *of == class && *at >= from).count();
        let total = after(Timestamp::MIN);
        let per_100_files = (files > 0).then(|| 100.0 * total as f64 / files as f64);
        ClassRate { class, last_hour: after(hour_ago), last_day: after(day_ago), total, per_100_files }
    };
    let mut rates: Vec<ClassRate> = ReasonClass::ALL.into_iter().map(of_class).filter(|rate| rate.total > 0).collect();
    rates.sort_by_key(|rate| std::cmp::Reverse((rate.total, rate.last_day)));
    rates
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn an_hour_a_day_and_all_are_counted_apart() {
        let now = at(1_000_000);
        let failures = [10, 3600, 3601, 86_400, 86_401, -50].map(|age: i64| (ReasonClass::Memory, at(1_000_000 - age)));
        let mut failures = failures.to_vec();
        failures.push((ReasonClass::Lost, now));
        let found = rates(&failures, 200, now);
        let expected =
            |class, last_hour, last_day, total, per| ClassRate { class, last_hour, last_day, total, per_100_files: Some(per) };
        assert_eq!(found, [expected(ReasonClass::Memory, 3, 5, 6, 3.0), expected(ReasonClass::Lost, 1, 1, 1, 0.5)]);
        assert_eq!(rates(&failures[..1], 0, now)[0].per_100_files, None, "no file, no rate");
        assert!(rates(&[], 5, now).is_empty());
    }

    proptest! {
        #[test]
        fn no_failure_is_left_out(ages in prop::collection::vec((0usize..13, -100_000i64..200_000), 0..60)) {
            let now = at(500_000);
            let failures: Vec<_> = ages.iter().map(|(class, age)| (ReasonClass::ALL[*class], at(500_000 - age))).collect();
            let found = rates(&failures, 10, now);
            prop_assert_eq!(found.iter().map(|rate| rate.total).sum::<usize>(), failures.len());
            prop_assert!(found.iter().all(|rate| rate.last_hour <= rate.last_day && rate.last_day <= rate.total));
        }
    }
}
