//! Tests of the flow: a straight way, detours, clocks that jump, and properties over any story.

use monitasks::figure::Layer;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use monitasks::vocab::FileId;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(100_000 + second).unwrap()
}

type Told = (u32, &'static str, i64, Value);

fn flow(told: &[Told], now: i64, window_s: i64) -> Flow {
    let of = |(sequence, kind, second, detail): &'static Told| Happening {
        file: FileId::new(1, *sequence),
        kind,
        at: at(*second),
        detail,
    };
    let told: &'static [Told] = Box::leak(told.to_vec().into_boxed_slice());
    let happenings: Vec<Happening<'_>> = told.iter().map(of).collect();
    Flow::of(&happenings, at(now), SignedDuration::from_secs(window_s))
}

fn straight(sequence: u32, from: i64) -> Vec<Told> {
    vec![
        (sequence, "arrived", from + 2, json!({"size_bytes": 1000, "daq_closed": at(from)})),
        (sequence, "copy_started", from + 2, json!({})),
        (sequence, "copied", from + 5, json!({"size_bytes": 1000})),
        (sequence, "queued", from + 6, json!({"lane": "default", "processing": 1})),
        (sequence, "job_allotted", from + 9, json!({})),
        (sequence, "job_submitted", from + 10, json!({})),
        (sequence, "job_ended", from + 40, json!({"started": at(from + 11)})),
        (sequence, "accepted", from + 41, json!({"events": 335})),
        (sequence, "grouped", from + 42, json!({})),
        (sequence, "analysed", from + 60, json!({})),
    ]
}

fn medians(flow: &Flow) -> Vec<Option<f64>> {
    flow.stages.iter().map(|stage| stage.median_s).collect()
}

#[test]
fn a_straight_way_has_the_latency_of_each_stage() {
    let flow = flow(&straight(0, 0), 100, 3600);
    let expected = [Some(2.0), Some(3.0), Some(1.0), Some(5.0), Some(30.0), Some(19.0), Some(60.0)];
    assert_eq!(medians(&flow), expected);
    assert_eq!(flow.done, Done { arrived: 1, copied: 1, reconstructed: 1, analysed: 1, failed: 0 });
    assert_eq!((flow.backlog, flow.eta_s), (Backlog::default(), Some(0.0)));
    // Records go back 98 s.
    assert!((flow.rate.reconstructed_per_h - 3600.0 / 98.0).abs() < 1e-9);
    assert!((flow.rate.copied_bytes_per_s - 1000.0 / 98.0).abs() < 1e-9);
}

#[test]
fn median_and_95_of_100_are_of_what_is_measured() {
    let told: Vec<Told> =
        (1..=100).flat_map(|n| [(n, "queued", 0, json!({})), (n, "job_submitted", i64::from(n), json!({}))]).collect();
    let wait = flow(&told, 200, 3600).stages[3].clone();
    assert_eq!((wait.count, wait.median_s, wait.p95_s, wait.max_s), (100, Some(50.0), Some(95.0), Some(100.0)));
}

#[test]
fn a_clock_that_was_set_back_is_counted_apart() {
    let mut told = straight(0, 0);
    told.extend(straight(1, 100));
    // The second file's DAQ is an hour ahead.
    told[10].3 = json!({"daq_closed": at(100 + 3600)});
    let flow = flow(&told, 1000, 7200);
    let seen = &flow.stages[0];
    assert_eq!((seen.count, seen.backwards, seen.median_s), (1, 1, Some(2.0)));
    assert_eq!(flow.stages[6].backwards, 1, "the whole way begins there too");
    let (_, figure) = &flow_figures(&flow)[0];
    assert!(figure.notes[0].starts_with("2 left out"), "{:?}", figure.notes);
}

#[test]
fn a_file_that_is_processed_again_waits_from_then_on_and_not_since_its_copy() {
    let mut told = straight(0, 0);
    told.truncate(6);
    told.push((0, "failed", 40, json!({"class": "job", "reason": "why", "processing": 1})));
    assert_eq!(flow(&told, 50, 3600).backlog, Backlog { failed: 1, ..Backlog::default() });
    told.push((0, "resubmitted", 2000, json!({"who": "x", "processing": 1})));
    told.push((0, "queued", 2001, json!({})));
    assert_eq!(flow(&told, 2005, 3600).backlog, Backlog { queue: 1, ..Backlog::default() });
    told.push((0, "job_submitted", 2011, json!({})));
    told.push((0, "accepted", 2100, json!({})));
    let flow = flow(&told, 2200, 3600);
    let waits = &flow.stages[3];
    assert_eq!((waits.count, waits.max_s), (2, Some(10.0)));
    assert_eq!(flow.stages[0].count, 1, "it was closed and seen once");
}

#[test]
fn a_job_that_went_away_waits_for_its_next_start() {
    let told = vec![
        (0, "queued", 0, json!({})),
        (0, "job_submitted", 1, json!({})),
        (0, "job_gone", 500, json!({})),
        (0, "job_submitted", 503, json!({})),
    ];
    assert_eq!(flow(&told[..3], 501, 3600).backlog, Backlog { queue: 1, ..Backlog::default() });
    assert_eq!(flow(&told, 600, 3600).stages[3].median_s, Some(3.0));
}

#[test]
fn a_backlog_is_worked_off_at_the_rate_of_the_last_hour() {
    let mut told: Vec<Told> = (0..10).flat_map(|n| straight(n, 36_000 + i64::from(n))).collect();
    told.extend((10..30).map(|n| (n, "arrived", 36_100, json!({}))));
    let before: Vec<Told> = straight(99, 0);
    let all: Vec<Told> = before.into_iter().chain(told).collect();
    let flow = flow(&all, 37_000, 86_400);
    assert_eq!((flow.backlog.copy, flow.eta_s), (20, Some(20.0 * 3600.0 / 10.0)));
    let stuck: Vec<Told> = vec![(0, "arrived", 0, json!({}))];
    assert_eq!(self::flow(&stuck, 100, 3600).eta_s, None);
}

#[test]
fn figures_have_their_layers_and_say_why_they_are_empty() {
    for (name, figure) in flow_figures(&flow(&[], 0, 3600)) {
        assert!(figure.empty.is_some(), "{name}");
    }
    let figures = flow_figures(&flow(&straight(0, 0), 100, 3600));
    assert_eq!(figures.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["latency", "backlog", "rate"]);
    assert_eq!(figures[0].1.layers.len(), Stage::ALL.len());
    let Layer::Steps { edges, values, .. } = &figures[2].1.layers[0] else { panic!() };
    assert_eq!(edges.len(), values.len() + 1);
}

#[test]
fn its_json_has_the_documented_keys() {
    let value = serde_json::to_value(flow(&straight(0, 0), 100, 3600)).unwrap();
    let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["from", "to", "span_s", "stages", "done", "rate", "backlog", "eta_s", "present_s", "bins"]);
    assert_eq!((&value["rate"]["over_s"], &value["present_s"]), (&json!(98.0), &json!(98.0)));
    assert_eq!(value["stages"][3]["stage"], "wait");
}

/// Facts of any record: with or without a processing.
fn story_facts(other: i64) -> Value {
    let mut facts = json!({"size_bytes": 7, "daq_closed": at(other), "started": at(other)});
    if other % 4 != 0 {
        facts["processing"] = json!(other.rem_euclid(4));
        facts["lane"] = json!(["default", "express"][usize::from(other % 3 == 0)]);
    }
    facts
}

/// The flow between two stamps, of the same records: a window of its own tells what a bin of a longer one tells.
fn flow_between(told: &[Told], from: Timestamp, to: Timestamp) -> Flow {
    let happenings: Vec<Happening<'_>> = told
        .iter()
        .map(|(sequence, kind, second, detail)| Happening { file: FileId::new(1, *sequence), kind, at: at(*second), detail })
        .collect();
    let mut flow = Flow::of(&happenings, to, to.duration_since(from));
    let tally = Tally::of(&passes(&happenings), Window::new(from, to), 0.0);
    (flow.stages, flow.done) = (tally.stages(), tally.done());
    flow.backlog = tally.into_bins().last().unwrap().backlog;
    flow
}

#[test]
fn a_reprocessing_is_measured_beside_the_first_processing_and_writes_over_none_of_it() {
    let mut told = straight(0, 0);
    let first = medians(&flow(&told, 4000, 7200));
    // Asked for an hour later: a processing beside the first one, of the same lane.
    let facts = || json!({"lane": "default", "processing": 2});
    for (kind, second) in
        [("queued", 3600), ("job_allotted", 3601), ("job_submitted", 3607), ("accepted", 3700), ("grouped", 3701)]
    {
        told.push((0, kind, second, facts()));
    }
    told.push((0, "analysed", 3720, json!({"group": "run1-p2-g0", "fault": null})));
    let both = flow(&told, 4000, 7200);
    let counts: Vec<usize> = both.stages.iter().map(|stage| stage.count).collect();
    assert_eq!(counts, [1, 1, 1, 2, 2, 2, 1], "closed, seen, copied and entered once; both jobs and both analyses are measured");
    let longest: Vec<Option<f64>> = both.stages.iter().map(|stage| stage.max_s).collect();
    assert_eq!(longest, [Some(2.0), Some(3.0), Some(1.0), Some(7.0), Some(93.0), Some(20.0), Some(60.0)]);
    assert_eq!(medians(&both)[..3], first[..3]);
    assert_eq!(both.done, Done { arrived: 1, copied: 1, reconstructed: 2, analysed: 2, failed: 0 });
    assert_eq!(both.backlog, Backlog::default());
}

#[test]
fn a_file_in_two_lanes_is_seen_and_copied_once_and_goes_through_each() {
    let mut told = straight(0, 0);
    for (kind, second) in [("queued", 6), ("job_submitted", 16), ("accepted", 30)] {
        told.push((0, kind, second, json!({"lane": "express", "processing": 2})));
    }
    let flow = flow(&told, 100, 3600);
    let counts: Vec<usize> = flow.stages.iter().map(|stage| stage.count).collect();
    assert_eq!(counts, [1, 1, 2, 2, 2, 1, 1]);
    assert_eq!(flow.done, Done { arrived: 1, copied: 1, reconstructed: 2, analysed: 1, failed: 0 });
    assert_eq!(flow.backlog, Backlog { analysis: 1, ..Backlog::default() });
    assert!((flow.rate.copied_bytes_per_s - 1000.0 / 98.0).abs() < 1e-9, "it was copied once");
}

#[test]
fn what_a_processing_takes_over_waits_for_its_analysis_and_is_not_reconstructed_anew() {
    let mut told = straight(0, 0);
    told.push((0, "taken_over", 1000, json!({"lane": "default", "processing": 2, "output_of": 1})));
    let waits = flow(&told, 1010, 3600);
    assert_eq!((waits.done.reconstructed, waits.backlog), (1, Backlog { analysis: 1, ..Backlog::default() }));
    told.push((0, "analysed", 1030, json!({"group": "run1-p2-g0"})));
    let flow = flow(&told, 1100, 3600);
    assert_eq!((flow.stages[5].count, flow.stages[5].max_s, flow.backlog), (2, Some(30.0), Backlog::default()));
}

#[test]
fn what_is_tried_again_is_no_longer_failed_nor_what_a_later_processing_takes_up() {
    let way = |processing: u32, from: i64| {
        let facts = json!({"lane": "default", "processing": processing});
        vec![(0, "queued", from, facts.clone()), (0, "job_submitted", from + 1, facts.clone()), (0, "failed", from + 9, facts)]
    };
    let mut told: Vec<Told> = way(1, 0);
    told.push((0, "tried_again", 60, json!({"lane": "default", "processing": 1})));
    assert_eq!(flow(&told, 61, 3600).backlog, Backlog { queue: 1, ..Backlog::default() });
    told.extend(way(1, 61).split_off(1));
    told.extend(way(2, 100));
    let flow = flow(&told, 200, 3600);
    assert_eq!((flow.done.failed, flow.backlog), (3, Backlog { failed: 1, ..Backlog::default() }));
}

#[test]
fn a_hold_is_no_part_of_how_fast_a_file_is_entered() {
    let mut told = straight(0, 0);
    told.truncate(3);
    let facts = json!({"lane": "calib", "processing": 1, "rule": "mark"});
    told.push((0, "held", 6, facts.clone()));
    assert_eq!(flow(&told, 60, 3600).backlog, Backlog { queue: 1, ..Backlog::default() });
    told.push((0, "queued", 3000, facts));
    let flow = flow(&told, 3001, 7200);
    assert_eq!((flow.stages[2].count, flow.backlog.queue), (0, 1));
}

#[test]
fn many_files_take_no_longer_for_the_parts_of_the_window() {
    let told: Vec<Told> = (0..20_000).flat_map(|n| straight(n, i64::from(n))).collect();
    let happenings: Vec<Happening<'_>> = told
        .iter()
        .map(|(sequence, kind, second, detail)| Happening { file: FileId::new(1, *sequence), kind, at: at(*second), detail })
        .collect();
    let begun = std::time::Instant::now();
    let passes = passes(&happenings);
    let (reading, begun) = (begun.elapsed(), std::time::Instant::now());
    let tally = Tally::of(&passes, Window::new(at(0), at(30_000)), 3600.0);
    assert_eq!(tally.into_bins().iter().map(|bin| bin.done.analysed).sum::<usize>(), 20_000);
    // One look at each way; a look for each stage of each bin takes hundreds of times as long.
    assert!(begun.elapsed() < 10 * reading, "{:?} after {reading:?} of reading", begun.elapsed());
}

const KINDS: [&str; 19] = [
    "arrived",
    "source_changed",
    "taken_again",
    "copied",
    "queued",
    "job_submitted",
    "job_ended",
    "job_gone",
    "accepted",
    "analysed",
    "stored",
    "held",
    "taken_over",
    "tried_again",
    "grouped_again",
    "waits_for_its_file",
    "failed",
    "resubmitted",
    "other_content_refused",
];

proptest! {
    /// Any row of records, with clocks that jump as they like.
    #[test]
    fn any_story_has_a_flow(told in prop::collection::vec((0u32..4, 0usize..19, -9000i64..9000, -9000i64..9000), 0..60), now in -9000i64..9000, window_s in -5i64..20_000) {
        let told: Vec<Told> = told.into_iter().map(|(sequence, kind, second, other)| {
            (sequence, KINDS[kind], second, story_facts(other))
        }).collect();
        let flow = flow(&told, now, window_s);
        for stage in &flow.stages {
            let (median, p95, max) = (stage.median_s.unwrap_or(0.0), stage.p95_s.unwrap_or(0.0), stage.max_s.unwrap_or(0.0));
            prop_assert!(0.0 <= median && median <= p95 && p95 <= max);
            prop_assert_eq!(stage.count == 0, stage.median_s.is_none());
        }
        prop_assert!(flow.eta_s.is_none_or(|eta_s| eta_s >= 0.0 && eta_s.is_finite()));
        prop_assert!(flow.rate.copied_bytes_per_s.is_finite() && flow.rate.arrived_per_h.is_finite());
        let sum = |count: fn(&Done) -> usize| flow.bins.iter().map(|bin| count(&bin.done)).sum::<usize>();
        prop_assert_eq!(sum(|done| done.reconstructed), flow.done.reconstructed, "bins side by side count each file once");
        prop_assert_eq!(sum(|done| done.failed), flow.done.failed);
        let backlog = flow.backlog;
        let passes = told.iter().map(|told| told.0).collect::<std::collections::BTreeSet<_>>().len();
        prop_assert!(flow.bins.last().unwrap().backlog == backlog);
        prop_assert!(backlog.copy + backlog.queue + backlog.run + backlog.analysis + backlog.failed <= passes.max(told.len()));
        for bin in [0, 17, 95] {
            let alone = flow_between(&told, flow.bins[bin].from, flow.bins[bin].to);
            prop_assert_eq!(alone.done, flow.bins[bin].done, "bin {}", bin);
            prop_assert_eq!(alone.backlog, flow.bins[bin].backlog, "bin {}", bin);
            prop_assert_eq!(medians(&alone), flow.bins[bin].median_s, "bin {}", bin);
        }
        prop_assert_eq!(flow_figures(&flow).len(), 3);
    }
}
