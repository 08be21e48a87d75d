//! The rhythm of a shift: how long to wait between two moments when a past one is played.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::record::Stamp;

/// How long a wait goes on before it is looked whether to stop.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How fast a shift is played.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// So many times as fast as life; above 0. Infinite: with no pauses.
    pub speed: f64,
    /// A pause that would be longer is cut to this; none for pauses of any length.
    pub longest_pause: Option<Duration>,
}

/// A pause between two moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// How long it is in the playing.
    pub wait: Duration,
    /// How long it was in life, ns, for one that was cut.
    pub cut_ns: Option<u64>,
}

impl Pace {
    /// The pause after which something follows that was so much later in life, ns.
    #[must_use]
    pub fn pause(&self, later_ns: u64) -> Pause {
        let seconds = later_ns as f64 / 1e9 / self.speed;
        // What no duration can hold is longer than anybody waits.
        let wait = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        match self.longest_pause {
            Some(longest) if wait > longest => Pause { wait: longest, cut_ns: Some(later_ns) },
            _ => Pause { wait, cut_ns: None },
        }
    }
}

/// Tells when each moment of a past shift is due. What takes long itself is made up for in the next pause: the rhythm does not slip.
#[derive(Debug)]
pub struct Beat {
    pace: Pace,
    due: Instant,
    last: Option<Stamp>,
}

impl Beat {
    /// The first moment is due now.
    #[must_use]
    pub fn new(pace: Pace) -> Self {
        Beat { pace, due: Instant::now(), last: None }
    }

    /// The pause before a moment; one that is not later than the last has none.
    pub fn next(&mut self, at: Stamp) -> Pause {
        let later = self.last.map_or(0, |last| at.0.saturating_sub(last.0).max(0).unsigned_abs());
        self.last = Some(self.last.map_or(at, |last| last.max(at)));
        let pause = self.pace.pause(later);
        // A pause that no clock can count to is as good as the longest it can.
        self.due = self.due.checked_add(pause.wait).unwrap_or_else(|| Instant::now() + Duration::from_secs(u32::MAX.into()));
        pause
    }

    /// Waits until the moment is due. False when it was told to stop before.
    #[must_use]
    pub fn wait(&self, stop: &AtomicBool) -> bool {
        loop {
            if stop.load(Ordering::Relaxed) {
                return false;
            }
            let left = self.due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            thread::sleep(left.min(LOOK_EVERY));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_those_of_life_over_the_speed_and_long_ones_are_cut() {
        let pace = Pace { speed: 10.0, longest_pause: Some(Duration::from_secs(2)) };
        assert_eq!(pace.pause(5_000_000_000), Pause { wait: Duration::from_millis(500), cut_ns: None });
        assert_eq!(pace.pause(60_000_000_000), Pause { wait: Duration::from_secs(2), cut_ns: Some(60_000_000_000) });
        let at_once = Pace { speed: f64::INFINITY, longest_pause: None };
        assert_eq!(at_once.pause(u64::MAX).wait, Duration::ZERO);
    }

    #[test]
    fn a_moment_before_the_last_one_is_due_at_once_and_what_follows_keeps_its_distance() {
        let mut beat = Beat::new(Pace { speed: 1.0, longest_pause: None });
        let mut waits = |ns: i64| beat.next(Stamp(ns)).wait.as_nanos();
        assert_eq!([waits(100), waits(150), waits(20), waits(160)], [0, 50, 0, 10]);
    }

    #[test]
    fn a_wait_ends_when_it_is_told_to() {
        let mut beat = Beat::new(Pace { speed: 1.0, longest_pause: None });
        beat.next(Stamp(0));
        beat.next(Stamp(3_600_000_000_000));
        let stop = AtomicBool::new(true);
        assert!(!beat.wait(&stop));
    }
}
