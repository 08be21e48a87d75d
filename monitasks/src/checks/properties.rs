//! What holds for checks on any plot: nothing unknown is OK, masks only remove, thresholds only loosen, distances are symmetric.

use proptest::prelude::*;

use super::bins::{chi2_of_counts, chi2_of_errors};
use super::kolmogorov::distance_of_counts;
use super::tests::{KINDS, check, histogram, mask, subject, verdict};
use super::*;

fn content() -> impl Strategy<Value = f64> {
    prop_oneof![8 => 0.0..100.0f64, 1 => Just(f64::NAN), 1 => Just(0.0), 1 => Just(f64::INFINITY), 1 => -5.0..0.0f64]
}

proptest! {
    #[test]
    fn too_few_and_no_numbers_are_never_ok(values in prop::collection::vec(content(), 0..8), needed in 1..12usize) {
        let figure = histogram(&values);
        let numbers = values.iter().filter(|value| value.is_finite()).count();
        for keys in KINDS {
            let keys = keys.replace("min_points = 3", &format!("min_points = {needed}"));
            let state = verdict(&keys, &figure, &figure).state();
            // Over time, and for the last alone, an older result may lack its number.
            let looks_at_all = !["step", "slope", "last"].iter().any(|word| keys.contains(word));
            if numbers < needed || (looks_at_all && numbers < values.len()) {
                prop_assert_ne!(state, State::Ok, "{}", keys);
            }
        }
    }

    #[test]
    fn unlike_binning_can_never_be_judged(values in prop::collection::vec(1.0..100.0f64, 2..12), bins in 2..12usize) {
        let (figure, other) = (histogram(&values), histogram(&vec![50.0; bins]));
        for keys in KINDS.iter().filter(|keys| ["bins", "chi2", "ks", "deviation"].iter().any(|kind| keys.contains(kind))) {
            let keys = keys.replace("min_points = 3", "min_points = 1\nmin_entries = 0.0");
            let state = verdict(&keys, &figure, &other).state();
            prop_assert_eq!(state == State::CannotJudge, bins != values.len(), "{}: {:?}", keys, state);
        }
    }

    #[test]
    fn a_mask_only_removes_from_what_is_judged(
        values in prop::collection::vec(content(), 1..12), from in 0.0..12.0f64, width in 0.0..6.0f64,
    ) {
        let figure = histogram(&values);
        let mut checks = check("kind = \"range\"\ntake = \"each\"\nok = { from = 20.0, to = 60.0 }\nmaybe = { from = 10.0, to = 80.0 }");
        let judge = |checks: &Checks| checks.judge(&subject(&figure), &References::default()).remove(0);
        let before = judge(&checks);
        checks.masks.push(Mask { x: vec![[from, from + width]], ..mask("m") });
        let after = judge(&checks);
        prop_assert!(after.broken.iter().all(|broken| before.broken.contains(broken)));
        prop_assert!(after.broken.iter().all(|broken| !(from..=from + width).contains(&broken.x)));
        let judged = |verdict: &Verdict| verdict.looked_at.iter().map(|looked| looked.judged + looked.missing).sum::<usize>();
        let left_out: usize = after.masks.iter().map(|mask| mask.left_out).sum();
        if after.looked_at.len() == before.looked_at.len() {
            prop_assert_eq!(judged(&after) + left_out * after.looked_at.len(), judged(&before));
        }
    }

    #[test]
    fn a_state_only_gets_better_as_a_threshold_loosens(
        values in prop::collection::vec(1.0..100.0f64, 6..12), others in prop::collection::vec(1.0..100.0f64, 12),
        tight in 0.0..50.0f64, more in 0.0..50.0f64, allow in 0..3usize,
    ) {
        let (figure, known) = (histogram(&values), histogram(&others[..values.len()]));
        let (loose, p_tight) = (tight + more, tight / 100.0);
        let p_loose = p_tight * more / 50.0;
        let range = |t: f64| format!("kind = \"range\"\ntake = \"each\"\nallow = {allow}\nok = {{ from = {}, to = {} }}", 50.0 - t, 50.0 + t);
        let above = |kind: &str, t: f64| format!("{kind}\nmaybe_above = {t:?}\nbad_above = {:?}", 2.0 * t);
        let below = |kind: &str, p: f64| format!("{kind}\nmaybe_below = {p:?}\nbad_below = {:?}", p / 2.0);
        let deviation = "kind = \"deviation\"\ntake = \"mean\"\nmeasure = \"units\"";
        let bins = "kind = \"bins\"\nmeasure = \"sigmas\"\nerrors = \"counts\"";
        let step = "kind = \"step\"\nrecent = 2\nbefore = 4";
        let slope = "kind = \"slope\"\nrecent = 6";
        let chi2 = "kind = \"chi2\"\nerrors = \"counts\"";
        let pairs = [
            (range(tight), range(loose)),
            (above(deviation, tight), above(deviation, loose)),
            (above(bins, tight), above(bins, loose)),
            (above(step, tight), above(step, loose)),
            (above(slope, tight), above(slope, loose)),
            (below(chi2, p_tight), below(chi2, p_loose)),
            (below("kind = \"ks\"", p_tight), below("kind = \"ks\"", p_loose)),
        ];
        for (tight, loose) in pairs {
            let (tight_state, loose_state) = (verdict(&tight, &figure, &known).state(), verdict(&loose, &figure, &known).state());
            prop_assert!(loose_state.severity() <= tight_state.severity(), "{tight}: {tight_state:?}\n{loose}: {loose_state:?}");
        }
    }

    #[test]
    fn distances_are_symmetric_and_none_from_itself(
        one in prop::collection::vec(0..50u32, 2..20), others in prop::collection::vec(0..50u32, 20), error in 0.1..3.0f64,
    ) {
        let counts = |values: &[u32]| values.iter().map(|value| f64::from(*value)).collect::<Vec<f64>>();
        let (a, b) = (counts(&one), counts(&others[..one.len()]));
        if let (Some(there), Some(back)) = (chi2_of_counts(&a, &b), chi2_of_counts(&b, &a)) {
            prop_assert!((there.chi2 - back.chi2).abs() <= 1e-9 * there.chi2.max(1.0) && there.ndf == back.ndf);
            prop_assert!(chi2_of_counts(&a, &a).unwrap().chi2 < 1e-9);
            let (there, back) = (distance_of_counts(&a, &b).unwrap(), distance_of_counts(&b, &a).unwrap());
            prop_assert!(there == back && (0.0..=1.0).contains(&there.d) && (0.0..=1.0).contains(&there.p));
            prop_assert_eq!(distance_of_counts(&a, &a).unwrap().p, 1.0);
        }
        let with = |values: &[f64]| values.iter().map(|value| [*value, error]).collect::<Vec<_>>();
        prop_assert_eq!(chi2_of_errors(&with(&a), &with(&b)), chi2_of_errors(&with(&b), &with(&a)));
    }

    #[test]
    fn a_file_of_any_bytes_is_read_or_refused(junk in "\\PC{0,80}", number in any::<f64>()) {
        let _ = Checks::parse(&junk, "x");
        let common = "[[check]]\nname = \"c\"\ntask = \"t\"\nitem = \"i\"\nmeaning = \"m\"\naction = \"a\"\ncontact = \"x\"\n";
        if let Ok(checks) = Checks::parse(&format!("{common}kind = \"range\"\nok = {{ from = {number:?} }}"), "x") {
            prop_assert_eq!(Checks::parse(&checks.written().unwrap(), "x").unwrap(), checks);
        }
    }
}
