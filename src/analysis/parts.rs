//! The data in parts, for errors: whole events are left out together, since charges of one event are not independent.
//!
//! All points of a track share its slopes and delta rays, and both views share every electron. Leaving out hits one by one would
//! count them as so many measurements; leaving out a part of the events does not.

use std::collections::HashMap;

use super::charges::Charge;
use super::statistics::jackknife_error;

/// Parts that the events are divided into at most.
const MOST_PARTS: usize = 20;
/// Fewest parts that allow an error.
const LEAST_PARTS: usize = 5;

/// Which part each event belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    part_of: HashMap<u32, u8>,
    count: usize,
}

impl Parts {
    /// Divides events into parts of nearly even size; none when there are too few of them.
    #[must_use]
    pub fn of(events: impl IntoIterator<Item = u32>) -> Option<Self> {
        let mut distinct: Vec<u32> = events.into_iter().collect();
        distinct.sort_unstable();
        distinct.dedup();
        let count = distinct.len().min(MOST_PARTS);
        let part_of = distinct.into_iter().enumerate().map(|(place, event)| (event, (place % count.max(1)) as u8)).collect();
        (count >= LEAST_PARTS).then_some(Parts { part_of, count })
    }

    /// Number of parts.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The part of each charge's event.
    #[must_use]
    pub fn of_charges(&self, charges: &[Charge]) -> Vec<u8> {
        charges.iter().map(|charge| self.part(charge.event).unwrap_or(u8::MAX)).collect()
    }

    /// The part of an event; none for one that was not there.
    #[must_use]
    pub fn part(&self, event: u32) -> Option<u8> {
        self.part_of.get(&event).copied()
    }

    /// The standard error of an estimate, from the estimates that leave out a part each; none unless all of them are there.
    #[must_use]
    pub fn error(&self, mut without: impl FnMut(u8) -> Option<f64>) -> Option<f64> {
        let estimates: Option<Vec<f64>> = (0..self.count as u8).map(&mut without).collect();
        jackknife_error(&estimates?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_divided_evenly_and_too_few_are_not() {
        let parts = Parts::of((0..90).map(|event| event / 2 * 7)).unwrap();
        let mut sizes = vec![0; parts.count()];
        (0..45).for_each(|event| sizes[usize::from(parts.part(event * 7).unwrap())] += 1);
        assert_eq!(sizes.len(), 20);
        assert!(sizes.iter().all(|size| (2..=3).contains(size)), "{sizes:?}");
        assert_eq!(parts.part(1), None);
        assert_eq!(Parts::of([1, 2, 3, 4, 4]), None);
        assert_eq!(Parts::of(0..6).unwrap().count(), 6);
    }

    #[test]
    fn an_estimate_that_is_missing_leaves_no_error() {
        let parts = Parts::of(0..10).unwrap();
        assert_eq!(parts.error(|part| (part != 3).then_some(1.0)), None);
        assert_eq!(parts.error(|_| Some(1.0)), Some(0.0));
    }
}
