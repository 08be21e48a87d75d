//! What a copy keeps to while it runs: time, room, rate; and how far it is.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::TransferError;

/// What one copy keeps to. The default: no limit of time or rate, room for logs and the book.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Room that is left when the storage fills, for logs and the book.
    pub room_left_bytes: u64,
    /// Longest that it may take; time spent waiting for the throttle does not count.
    pub time_limit: Option<Duration>,
    /// The rate that all copies keep to together.
    pub throttle: Option<Arc<Throttle>>,
    /// Set to stop the copy.
    pub stop: Arc<AtomicBool>,
    /// Bytes handed on so far.
    pub done_bytes: Arc<AtomicU64>,
    /// Size and Adler-32 that the source must have, where they are known.
    pub expected: Option<(u64, u32)>,
}

impl Default for Terms {
    fn default() -> Self {
        Terms {
            room_left_bytes: 64 << 20,
            time_limit: None,
            throttle: None,
            stop: Arc::default(),
            done_bytes: Arc::default(),
            expected: None,
        }
    }
}

/// Longest sleep before it is looked whether to stop.
const LOOK: Duration = Duration::from_millis(20);

/// A copy that runs: its terms, and the clock since it began.
#[derive(Debug)]
pub(super) struct Course<'a> {
    terms: &'a Terms,
    /// Where the copy goes, for errors.
    to: &'a Path,
    begun: Instant,
    /// Time spent waiting for the throttle, ns.
    waited_ns: AtomicU64,
}

impl<'a> Course<'a> {
    /// Begins the clock.
    pub fn new(terms: &'a Terms, to: &'a Path) -> Self {
        terms.done_bytes.store(0, Ordering::Relaxed);
        Course { terms, to, begun: Instant::now(), waited_ns: AtomicU64::new(0) }
    }

    /// What the copy keeps to.
    pub fn terms(&self) -> &Terms {
        self.terms
    }

    /// Where it goes, for errors.
    pub fn to(&self) -> &Path {
        self.to
    }

    /// Refuses when it is to stop or its time is over.
    pub fn go_on(&self) -> Result<(), TransferError> {
        if self.terms.stop.load(Ordering::Relaxed) {
            return Err(TransferError::Stopped { path: self.to.to_owned() });
        }
        let waited = Duration::from_nanos(self.waited_ns.load(Ordering::Relaxed));
        match self.terms.time_limit {
            Some(limit) if self.begun.elapsed().saturating_sub(waited) >= limit => Err(TransferError::TimeLimit {
                limit_s: limit.as_secs_f64(),
                done_bytes: self.terms.done_bytes.load(Ordering::Relaxed),
                path: self.to.to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// Counts bytes that were handed on, waits for the throttle, and refuses as [`Course::go_on`] does.
    pub fn count(&self, bytes: u64) -> Result<(), TransferError> {
        self.terms.done_bytes.fetch_add(bytes, Ordering::Relaxed);
        if let Some(throttle) = &self.terms.throttle {
            let end = Instant::now() + throttle.reserve(bytes, Instant::now());
            while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
                self.go_on()?;
                let before = Instant::now();
                std::thread::sleep(left.min(LOOK));
                let slept_ns = u64::try_from(before.elapsed().as_nanos()).unwrap_or(u64::MAX);
                self.waited_ns.fetch_add(slept_ns, Ordering::Relaxed);
            }
        }
        self.go_on()
    }
}

/// A rate that many copies keep to together.
#[derive(Debug)]
pub struct Throttle {
    bytes_per_s: f64,
    /// When all bytes that were let through will have had their time.
    busy_until: Mutex<Option<Instant>>,
}

impl Throttle {
    /// A rate in bytes per second; none for 0 or less, which is no throttle.
    #[must_use]
    pub fn new(bytes_per_s: f64) -> Option<Self> {
        (bytes_per_s > 0.0 && bytes_per_s.is_finite()).then(|| Throttle { bytes_per_s, busy_until: Mutex::new(None) })
    }

    /// How long whoever moved these bytes has to wait before the next.
    pub fn reserve(&self, bytes: u64, now: Instant) -> Duration {
        let mut busy_until = self.busy_until.lock().unwrap_or_else(PoisonError::into_inner);
        let time = Duration::try_from_secs_f64(bytes as f64 / self.bytes_per_s).unwrap_or(Duration::MAX);
        let end = busy_until.map_or(now, |until| until.max(now)).checked_add(time);
        // Bytes that would take longer than clocks can say.
        let end = end.unwrap_or(now + Duration::from_secs(u64::from(u32::MAX)));
        *busy_until = Some(end);
        end - now
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_more_bytes_than_the_rate_go_through(
            rate in 1.0..1e9_f64,
            steps in prop::collection::vec((0..10_000_000_u64, 0..2_000_u64), 1..50),
        ) {
            let throttle = Throttle::new(rate).unwrap();
            let begin = Instant::now();
            // Each asker waits as it is told, and then some.
            let (mut now, mut total) = (begin, 0);
            for (bytes, pause_ms) in steps {
                now += throttle.reserve(bytes, now) + Duration::from_millis(pause_ms);
                total += bytes;
            }
            let least_s = total as f64 / rate;
            prop_assert!((now - begin).as_secs_f64() >= least_s * 0.999_999 - 1e-6);
        }
    }

    #[test]
    fn a_rate_of_nothing_is_no_throttle() {
        assert!(Throttle::new(0.0).is_none() && Throttle::new(-1.0).is_none() && Throttle::new(f64::NAN).is_none());
        let slow = Throttle::new(1e-300).unwrap();
        assert!(slow.reserve(u64::MAX, Instant::now()) > Duration::from_secs(1));
    }

    #[test]
    fn waiting_for_the_throttle_uses_up_no_time_limit() {
        let throttle = Throttle::new(1e6).map(Arc::new);
        let terms = Terms { throttle, time_limit: Some(Duration::from_millis(150)), ..Terms::default() };
        let course = Course::new(&terms, Path::new("x"));
        let begun = Instant::now();
        for _ in 0..4 {
            course.count(100_000).unwrap();
        }
        assert!(begun.elapsed() >= Duration::from_millis(399), "{:?}", begun.elapsed());
        std::thread::sleep(Duration::from_millis(150));
        let error = course.go_on().unwrap_err();
        assert!(matches!(error, TransferError::TimeLimit { done_bytes: 400_000, .. }), "{error}");
        terms.stop.store(true, Ordering::Relaxed);
        assert!(matches!(course.go_on().unwrap_err(), TransferError::Stopped { .. }));
    }
}
