//! When a copy that failed is tried again: pure, and the same for the same copy and attempt.

use std::time::Duration;

use crate::config::TransferSettings;

/// How often and after what pauses a copy is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries after the first one, before a person is needed.
    pub retries: u32,
    /// Pause before the first of them; each further one is twice as long.
    pub pause: Duration,
    /// No pause is longer.
    pub longest_pause: Duration,
}

/// Whether an error may pass of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// A server that is down, a full disk: the same may go well later.
    Passing,
    /// Nothing but a person changes it.
    Final,
}

/// What to do after a try that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextTry {
    /// Try again after this pause.
    After(Duration),
    /// Leave it to a person.
    Never,
}

impl RetryPolicy {
    /// As the settings want it.
    #[must_use]
    pub fn of(settings: &TransferSettings) -> Self {
        let time = |seconds| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        RetryPolicy {
            retries: settings.retries,
            pause: time(settings.retry_pause_s),
            longest_pause: time(settings.retry_longest_pause_s),
        }
    }

    /// What follows the try of that number, counted from 1. Copies with other names wait a little differently, so that they do
    /// not all come back at once: a pause is up to a quarter longer, never above the longest.
    #[must_use]
    pub fn after(&self, attempt: u32, kind: ErrorKind, name: &str) -> NextTry {
        if kind == ErrorKind::Final || attempt > self.retries {
            return NextTry::Never;
        }
        let doublings = attempt.saturating_sub(1).min(63);
        let plain_ms = self.pause.as_millis().saturating_mul(1 << doublings);
        let jittered_ms = plain_ms.saturating_add(plain_ms.saturating_mul(u128::from(spread(name, attempt))) / 4096);
        let capped_ms = jittered_ms.min(self.longest_pause.as_millis());
        NextTry::After(Duration::from_millis(u64::try_from(capped_ms).unwrap_or(u64::MAX)))
    }
}

/// A number from 0 to 1023 that looks like chance and is always the same for the same name and attempt (FNV-1a, folded).
fn spread(name: &str, attempt: u32) -> u16 {
    let bytes = name.bytes().chain(attempt.to_le_bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    ((hash >> 32 ^ hash) & 1023) as u16
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn policies() -> impl Strategy<Value = RetryPolicy> {
        (0..2_000_u32, 0..100_000_u64, 0..10_000_000_u64).prop_map(|(retries, pause_ms, longest_ms)| RetryPolicy {
            retries,
            pause: Duration::from_millis(pause_ms),
            longest_pause: Duration::from_millis(longest_ms),
        })
    }

    proptest! {
        #[test]
        fn pauses_grow_to_the_longest_and_end_with_the_retries(policy in policies(), name in "[a-z0-9-]{0,20}") {
            let mut before = Duration::ZERO;
            for attempt in 1..=policy.retries.min(100) {
                let NextTry::After(pause) = policy.after(attempt, ErrorKind::Passing, &name) else {
                    return Err(TestCaseError::fail(format!("given up after {attempt}")));
                };
                prop_assert!(pause >= before && pause <= policy.longest_pause, "{attempt}: {pause:?} after {before:?}");
                prop_assert!(pause >= policy.pause.min(policy.longest_pause), "{attempt}: {pause:?}");
                prop_assert_eq!(policy.after(attempt, ErrorKind::Passing, &name), NextTry::After(pause));
                before = pause;
            }
            if policy.retries > 60 && !policy.pause.is_zero() {
                prop_assert_eq!(before, policy.longest_pause);
            }
            prop_assert_eq!(policy.after(policy.retries + 1, ErrorKind::Passing, &name), NextTry::Never);
            prop_assert_eq!(policy.after(u32::MAX, ErrorKind::Passing, &name), NextTry::Never);
        }

        #[test]
        fn what_is_final_is_never_tried_again(policy in policies(), attempt: u32) {
            prop_assert_eq!(policy.after(attempt, ErrorKind::Final, "x"), NextTry::Never);
        }
    }

    #[test]
    fn by_default_a_server_may_be_down_for_a_week() {
        let policy = RetryPolicy::of(&TransferSettings::default());
        let pauses = (1..).map_while(|attempt| match policy.after(attempt, ErrorKind::Passing, "run1-seq0") {
            NextTry::After(pause) => Some(pause.as_secs()),
            NextTry::Never => None,
        });
        assert!(pauses.sum::<u64>() > 6 * 24 * 3600);
    }

    #[test]
    fn copies_that_fail_together_do_not_all_come_back_together() {
        let policy = RetryPolicy { retries: 10, pause: Duration::from_secs(100), longest_pause: Duration::from_secs(1_000_000) };
        let after = |name: u32| policy.after(3, ErrorKind::Passing, &format!("run1-seq{name}"));
        let pauses: std::collections::BTreeSet<String> = (0..100).map(|name| format!("{:?}", after(name))).collect();
        assert!(pauses.len() > 50, "{pauses:?}");
        assert_eq!(after(1), after(1));
    }
}
