//! Tests of the rules of lanes.

use proptest::prelude::*;

use super::*;

/// The example of the commented settings: over for two hours, collisions, marked ok or flawed, 700 events of type 3, in order.
fn calibration() -> LaneSettings {
    let text = crate::config::Workspace::NEW_SETTINGS;
    let start = text.find("# [[lanes]]\n# name = \"CALIBRATION\"").unwrap();
    let commented = text[start..].lines().take_while(|line| line.starts_with('#'));
    let lines: Vec<&str> = commented.map(|line| line.trim_start_matches("# ").trim_start_matches('#')).collect();
    let table: toml::Table = toml::from_str(&lines.join("\n")).unwrap();
    table["lanes"][0].clone().try_into().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn good() -> RunFacts {
    RunFacts {
        ended: Some(at("2026-11-21T00:00:00Z")),
        kind: Some("collisions".into()),
        mark: Some(Mark::Flawed),
        flag: None,
        events_by_trigger: BTreeMap::from([(3, 700), (0, 9)]),
        blocked_by: None,
        ..RunFacts::default()
    }
}

fn held(gate: Gate) -> (String, String, Option<Timestamp>) {
    match gate {
        Gate::Held(hold) => (hold.rule, hold.words, hold.until),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_prompt_calibration_takes_a_run_when_all_four_conditions_are_met_and_the_runs_before_are_done() {
    let (lane, later, before) = (calibration(), at("2026-11-21T02:00:00Z"), at("2026-11-21T01:59:59Z"));
    assert_eq!(gate(&lane, &good(), later), Gate::Open);
    let (rule, words, until) = held(gate(&lane, &good(), before));
    assert_eq!((rule.as_str(), words.as_str(), until), ("ended_for", "the run must be over for 2 h", Some(later)));
    let unmarked = RunFacts { mark: None, ..good() };
    let (rule, words, until) = held(gate(&lane, &unmarked, later));
    assert_eq!((rule.as_str(), words.as_str(), until), ("mark", "the run is not marked yet; wanted: ok or flawed", None));
    let blocked = RunFacts { blocked_by: Some(Run(839)), ..good() };
    assert_eq!(held(gate(&lane, &blocked, later)).1, "blocked by run839");
    let going_on = RunFacts { ended: None, events_by_trigger: BTreeMap::from([(3, 699), (0, 900)]), ..good() };
    assert_eq!(held(gate(&lane, &going_on, later)).1, "the run has not ended");
}

#[test]
fn what_people_said_otherwise_refuses_and_does_not_wait() {
    let (lane, later) = (calibration(), at("2026-11-22T00:00:00Z"));
    for (facts, words) in [
        (RunFacts { mark: Some(Mark::DetectorStudies), ..good() }, "the run is detector studies; wanted: ok or flawed"),
        (RunFacts { kind: Some("cosmics".into()), ..good() }, "the run is of kind cosmics; wanted: collisions"),
        (
            RunFacts { events_by_trigger: BTreeMap::from([(3, 699)]), ..good() },
            "699 of 700 events are there, and the run has ended",
        ),
    ] {
        let Gate::Refused(hold) = gate(&lane, &facts, later) else { panic!("{facts:?} was not refused") };
        assert_eq!(hold.words, words);
    }
}

#[test]
fn events_that_may_still_come_or_are_not_known_hold_a_run_and_refuse_it_not() {
    let (lane, later) = (calibration(), at("2026-11-22T00:00:00Z"));
    let few = RunFacts { events_by_trigger: BTreeMap::from([(3, 9)]), ..good() };
    let copying = RunFacts { files_under_way: 2, ..few.clone() };
    assert_eq!(held(gate(&lane, &copying, later)).1, "9 of 700 events are there, not yet: copies under way (2)");
    let unknown = RunFacts { files_not_counted: 1, ..few };
    assert_eq!(held(gate(&lane, &unknown, later)).1, "9 of 700 events are there, and the events of 1 of its files are not known");
    let enough = RunFacts { files_under_way: 2, files_not_counted: 1, ..good() };
    assert_eq!(gate(&lane, &enough, later), Gate::Open);
}

#[test]
fn a_lane_that_is_gone_refuses_by_its_name() {
    let Gate::Refused(hold) = no_such_lane("EXPRESS", at("2026-11-22T00:00:00Z")) else { panic!("not refused") };
    assert_eq!((hold.rule.as_str(), hold.words.as_str()), ("lane", "lane EXPRESS is no longer in the settings"));
}

#[test]
fn the_shipped_lane_takes_everything_at_once() {
    let lane = &crate::config::Settings::default().lanes[0];
    assert_eq!(gate(lane, &RunFacts { blocked_by: Some(Run(1)), ..RunFacts::default() }, Timestamp::UNIX_EPOCH), Gate::Open);
}

proptest! {
    /// A held run passes at the time it was told, when nothing else holds it, and not a moment before.
    #[test]
    fn the_time_that_is_told_is_the_time_it_passes(hours in 0.0f64..1e6, asked_s in 0i64..4_000_000_000) {
        let lane = LaneSettings { gates: vec![GateRule::EndedFor { hours }], ..calibration() };
        let now = Timestamp::from_second(asked_s).unwrap();
        match gate(&lane, &good(), now) {
            Gate::Open => {}
            Gate::Held(Hold { until: Some(until), .. }) => {
                prop_assert!(until > now);
                prop_assert_eq!(gate(&lane, &good(), until), Gate::Open);
                let moment_before = until.checked_sub(SignedDuration::from_nanos(1)).unwrap();
                prop_assert!(matches!(gate(&lane, &good(), moment_before), Gate::Held(_)));
            }
            other => prop_assert!(false, "{other:?}"),
        }
    }

    /// More rules never let a run through that fewer hold, and the order of rules changes no more than the words.
    #[test]
    fn rules_only_narrow(taken in proptest::collection::vec(any::<bool>(), 4), mark in 0usize..5, ended in any::<bool>()) {
        let whole = calibration();
        let facts = RunFacts { mark: Some(Mark::ALL[mark]), ended: good().ended.filter(|_| ended), ..good() };
        let now = at("2026-11-21T01:00:00Z");
        let fewer: Vec<GateRule> =
            whole.gates.iter().zip(&taken).filter(|(_, taken)| **taken).map(|(rule, _)| rule.clone()).collect();
        let narrow = LaneSettings { gates: fewer.clone(), ..whole.clone() };
        if gate(&whole, &facts, now) == Gate::Open {
            prop_assert_eq!(gate(&narrow, &facts, now), Gate::Open);
        }
        let turned = LaneSettings { gates: fewer.into_iter().rev().collect(), ..whole };
        prop_assert_eq!(
            std::mem::discriminant(&gate(&narrow, &facts, now)),
            std::mem::discriminant(&gate(&turned, &facts, now))
        );
    }
}
