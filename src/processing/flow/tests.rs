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
        (sequence, "queued", from + 6, json!({})),
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
    let expected = [Some(2.0), Some(3.0), Some(1.0), Some(5.0), Some(30.0), Some(19.0), None, Some(60.0)];
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
    assert_eq!(flow.stages[7].backwards, 1, "the whole way begins there too");
    let (_, figure) = &flow_figures(&flow)[0];
    assert!(figure.notes[0].starts_with("2 left out"), "{:?}", figure.notes);
}

#[test]
fn a_file_that_is_processed_again_waits_from_then_on_and_not_since_its_copy() {
    let mut told = straight(0, 0);
    told.truncate(6);
    told.push((0, "failed", 40, json!({"class": "job", "reason": "why"})));
    assert_eq!(flow(&told, 50, 3600).backlog, Backlog { failed: 1, ..Backlog::default() });
    told.push((0, "resubmitted", 2000, json!({"who": "x"})));
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
    assert_eq!(figures[0].1.layers.len(), 7, "the stage that no file has ended has no line");
    let Layer::Steps { edges, values, .. } = &figures[2].1.layers[0] else { panic!() };
    assert_eq!(edges.len(), values.len() + 1);
}

#[test]
fn its_json_has_the_documented_keys() {
    let value = serde_json::to_value(flow(&straight(0, 0), 100, 3600)).unwrap();
    let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["from", "to", "span_s", "stages", "done", "rate", "backlog", "eta_s", "bins"]);
    assert_eq!(value["stages"][6]["median_s"], Value::Null);
    assert_eq!(value["stages"][3]["stage"], "wait");
}

const KINDS: [&str; 14] = [
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
    "plotted",
    "failed",
    "resubmitted",
    "other_content_refused",
];

proptest! {
    /// Any row of records, with clocks that jump as they like.
    #[test]
    fn any_story_has_a_flow(told in prop::collection::vec((0u32..4, 0usize..14, -9000i64..9000, -9000i64..9000), 0..60), now in -9000i64..9000, window_s in -5i64..20_000) {
        let told: Vec<Told> = told.into_iter().map(|(sequence, kind, second, other)| {
            (sequence, KINDS[kind], second, json!({"size_bytes": 7, "daq_closed": at(other), "started": at(other)}))
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
        prop_assert_eq!(flow_figures(&flow).len(), 3);
    }
}
