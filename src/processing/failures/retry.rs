//! Whether a failed file is tried again without a person, and after which pause. Off as shipped.

use std::time::Duration;

use super::ReasonClass;
use crate::config::RetrySettings;

/// No pause is longer than this, seconds.
const LONGEST_S: f64 = 6.0 * 3600.0;

/// The pause before a failed file is tried again; none when it is left for a person. `retries_so_far` counts all automatic ones
/// of this file since a person last took it in hand. Each pause is twice the one before, six hours at most.
#[must_use]
pub fn retry(class: ReasonClass, retries_so_far: u32, settings: &RetrySettings) -> Option<Duration> {
    if retries_so_far >= times_allowed(class, settings) {
        return None;
    }
    let doubled_s = settings.pause_s * 2_f64.powi(retries_so_far.min(30).cast_signed());
    // A pause that is no number waits as long as any.
    Some(Duration::from_secs_f64(if doubled_s >= 0.0 { doubled_s.min(LONGEST_S) } else { LONGEST_S }))
}

/// How often a file that fails with this class is tried again: what the settings say of the class, and no more than of all.
#[must_use]
pub fn times_allowed(class: ReasonClass, settings: &RetrySettings) -> u32 {
    let of = &settings.classes;
    let times = match class {
        ReasonClass::InputDamaged => of.input_damaged,
        ReasonClass::Memory => of.memory,
        ReasonClass::TimeLimit => of.time_limit,
        ReasonClass::NodeLost => of.node_lost,
        ReasonClass::ProgramError => of.program_error,
        ReasonClass::Space => of.space,
        ReasonClass::Submit => of.submit,
        ReasonClass::Copy => of.copy,
        ReasonClass::Output => of.output,
        ReasonClass::Lost => of.lost,
        ReasonClass::Analysis => of.analysis,
        ReasonClass::Unknown => of.unknown,
        // A person's will.
        ReasonClass::Cancelled => 0,
    };
    times.min(settings.at_most)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::RetryClasses;

    /// Settings whose classes all have the same number, made by their words: each class has its setting.
    fn all(times: u32, at_most: u32, pause_s: f64) -> RetrySettings {
        let words = ReasonClass::ALL.into_iter().filter(|class| *class != ReasonClass::Cancelled).map(ReasonClass::word);
        let classes = words.map(|word| format!("{word} = {times}\n")).collect::<String>();
        RetrySettings { at_most, pause_s, classes: toml::from_str(&classes).unwrap() }
    }

    #[test]
    fn as_shipped_nothing_is_tried_again() {
        assert!(ReasonClass::ALL.iter().all(|class| retry(*class, 0, &RetrySettings::default()).is_none()));
    }

    #[test]
    fn only_the_class_that_is_named_is_tried_again() {
        let classes = RetryClasses { node_lost: 2, ..RetryClasses::default() };
        let settings = RetrySettings { classes, ..RetrySettings::default() };
        let pauses =
            |class| (0..5).map(|so_far| retry(class, so_far, &settings).map(|pause| pause.as_secs())).collect::<Vec<_>>();
        assert_eq!(pauses(ReasonClass::NodeLost), [Some(60), Some(120), None, None, None]);
        assert_eq!(pauses(ReasonClass::Lost), [None; 5]);
    }

    proptest! {
        #[test]
        fn retries_end_never_exceed_the_cap_and_wait_longer_each_time(
            class in 0usize..13, times in 0u32..9, at_most in 0u32..9, pause_s in 0.1f64..1e6,
        ) {
            let (class, settings) = (ReasonClass::ALL[class], all(times, at_most, pause_s));
            let pauses: Vec<Duration> = (0..).map_while(|so_far| retry(class, so_far, &settings)).collect();
            let expected = if class == ReasonClass::Cancelled { 0 } else { times.min(at_most) };
            prop_assert_eq!(pauses.len() as u32, expected);
            prop_assert!(pauses.windows(2).all(|pair| pair[0] <= pair[1]));
            prop_assert!(pauses.iter().all(|pause| pause.as_secs_f64() <= LONGEST_S));
        }

        #[test]
        fn any_count_and_any_pause_has_an_answer(so_far: u32, pause_s: f64) {
            let settings = all(u32::MAX, u32::MAX, pause_s);
            let _ = retry(ReasonClass::Copy, so_far, &settings);
        }
    }
}
