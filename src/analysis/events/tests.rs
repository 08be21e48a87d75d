use jiff::SignedDuration;
use monitasks::vocab::FileId;

use super::*;
use crate::reconstruction::recofile::{HitRows, MatchedRows, Meta, PedestalRows, PointRows, TrackRows};

fn detector() -> Detector {
    crate::detector::load("3x1x1", "", std::path::Path::new(".")).unwrap()
}

/// Events at these times, s, numbered on.
fn stamps(times_s: impl IntoIterator<Item = f64>, first_trigger: i64) -> Vec<Stamp> {
    let at = |time: f64| Timestamp::UNIX_EPOCH + SignedDuration::from_secs_f64(1e6 + time);
    let stamp = |(number, time)| Stamp { at: at(time), number, trigger: first_trigger + number };
    (0..).zip(times_s).map(stamp).collect()
}

/// Times at which chance has events: a mean of so many seconds between them.
fn by_chance(count: usize, mean_s: f64, seed: u64) -> Vec<f64> {
    use rand::{RngExt, SeedableRng};
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let mut now = 0.0;
    (0..count)
        .map(|_| {
            now -= mean_s * (1.0 - random.random::<f64>()).ln();
            now
        })
        .collect()
}

fn of(files: &[(u32, Vec<Stamp>)]) -> Stamps {
    Stamps::of(files.iter().map(|(sequence, stamps)| (Sequence(*sequence), stamps.as_slice())))
}

#[test]
fn a_steady_trigger_has_its_rate_and_no_gap() {
    let rate = of(&[(0, stamps((0..900).map(|event| f64::from(event) / 3.0), 0))]).rate().unwrap();
    assert!((rate.rate_hz - 3.0).abs() < 1e-6 && (rate.error_hz - 0.1).abs() < 0.001, "{rate:?}");
    assert_eq!((rate.gaps, rate.gap_time_s.to_bits()), (0, 0), "no gap takes no time, and not less than none");
}

#[test]
fn chance_makes_no_gaps_and_a_daq_that_stands_still_makes_one() {
    let with_gaps = (0..200).filter(|seed| of(&[(0, stamps(by_chance(1000, 0.3, *seed), 0))]).rate().unwrap().gaps > 0).count();
    assert!(with_gaps <= 3, "{with_gaps} of 200 groups with a gap made by chance, one in a thousand was expected");
    let mut times = by_chance(1000, 0.3, 7);
    times[500..].iter_mut().for_each(|time| *time += 30.0);
    let rate = of(&[(0, stamps(times, 0))]).rate().unwrap();
    assert_eq!(rate.gaps, 1);
    assert!((30.0..33.0).contains(&rate.gap_time_s) && rate.gap_bound_s < 6.0, "{rate:?}");
}

#[test]
fn what_is_missing_is_counted_and_its_time_counts_for_nothing() {
    let mut first = stamps((0..10).map(f64::from), 0);
    first.remove(4); // an event and its trigger
    first[6].at -= SignedDuration::from_secs(3);
    // Sequence 1 follows at once, 2 and 3 are missing, 4 is empty, 5 counts its triggers anew.
    let files = [(0, first), (1, stamps((10..20).map(f64::from), 10)), (4, vec![]), (5, stamps((90..100).map(f64::from), 0))];
    let found = of(&files);
    assert_eq!((found.files, found.missing_sequences, found.missing_events, found.missing_triggers), (4, 2, 1, 1));
    assert_eq!(found.backwards, 1);
    let rate = found.rate().unwrap();
    assert!(rate.extremes_s[1] < 5.0, "the time of the missing files was counted: {rate:?}");
}

#[test]
fn too_few_events_have_no_rate_and_no_histograms() {
    assert_eq!(of(&[(0, stamps([1.0, 2.0, 3.0], 0))]).rate(), None);
    assert_eq!(of(&[]).rate(), None);
    let mut found = Histograms::default();
    of(&[(0, stamps([1.0, 2.0], 0))]).put_into(&mut found);
    assert!(found.list.is_empty() && found.number("rate_hz").value().is_none() && found.number("gaps").value().is_none());
    assert_eq!(found.number("missing_sequences").value(), Some(0.0));
}

#[test]
fn events_over_time_are_all_there_and_their_time_too() {
    let times = by_chance(5000, 0.3, 3);
    let span_s = times[4999] - times[0];
    let mut found = Histograms::default();
    of(&[(0, stamps(times, 0))]).put_into(&mut found);
    let sum = |name: &str| found.get(name, 1).unwrap().integral();
    assert_eq!(sum("events_over_time"), 4999.0);
    assert!((sum("watched_over_time") - span_s).abs() < 1e-3);
    assert_eq!(sum("event_intervals"), 4999.0 - found.get("event_intervals", 1).unwrap().outside().unwrap().iter().sum::<f64>());
}

/// A file of two events: hits, 2D tracks and a matched one, all in the first; a hit and a track of no view.
fn reco_data(events: u64, raw_events: u64) -> RecoData {
    let meta = Meta {
        software: String::new(),
        settings: String::new(),
        detector: "3x1x1".into(),
        channel_map: String::new(),
        raw_file: String::new(),
        file: FileId::new(1, 0),
        events,
        raw_events,
        masked_channels: "[]".into(),
    };
    let rows = EventRows {
        number: vec![0, 1],
        trigger_number: vec![0, 1],
        seconds: vec![10, 11],
        nanoseconds: vec![0, 0],
        complete: vec![1, 0],
        flags: vec![0, 1],
        event: vec![0, 1],
        ..EventRows::default()
    };
    let hits = HitRows {
        event: vec![0, 0, 0, 9],
        view: vec![0, 1, 1, 7],
        strip: vec![5, 900, 900, 0],
        width_ticks: vec![10, 10, 12, 1],
        drift_us: vec![100.0, 200.0, 300.0, 0.0],
        charge_fc: vec![4.0, 5.2, 1000.0, 1.0],
        ..HitRows::default()
    };
    let tracks = TrackRows { event: vec![0, 0, 0], view: vec![0, 1, -1], ..TrackRows::default() };
    let matched = MatchedRows {
        event: vec![0],
        start_x_cm: vec![5.0],
        start_y_cm: vec![-95.0],
        start_z_cm: vec![0.0],
        end_x_cm: vec![0.0],
        end_y_cm: vec![0.0],
        end_z_cm: vec![90.0],
        ..MatchedRows::default()
    };
    RecoData { meta, events: rows, pedestals: PedestalRows::default(), hits, tracks, matched, points: PointRows::default() }
}

#[test]
fn hits_and_tracks_stand_in_their_bins() {
    let mut sums = EventSums::new(&detector());
    sums.add(&reco_data(2, 2));
    let found = sums.measure();
    let number = |name: &str| found.number(name).value_and_error();
    assert_eq!((number("events"), number("incomplete_events")), (Some((2.0, 0.0)), Some((1.0, 0.0))));
    assert_eq!((number("hits_view0"), number("hits_view1")), (Some((1.0, 0.0)), Some((2.0, 0.0))));
    assert_eq!(number("hits_per_event_view1"), Some((1.0, 1.0)));
    assert_eq!(number("tracks_per_event_view0").map(|(mean, _)| mean), Some(0.5), "a track of no view was counted");
    let filled = |name: &str| {
        let histogram = found.get(name, 1).unwrap();
        (1..).zip(&histogram.contents[1..]).filter(|(_, content)| **content > 0.0).map(|(bin, _)| bin).collect::<Vec<usize>>()
    };
    assert_eq!(filled("hits_by_strip_view1"), [901]);
    assert_eq!(filled("hit_charge_view1"), [11, 101], "5.2 fC, and one above the range");
    assert_eq!(filled("hit_width_view0"), [10], "10 ticks are the tenth bin");
    assert_eq!(filled("track_zenith"), [10], "46.6 degrees");
    assert_eq!(filled("track_azimuth"), [19], "along y");
    let map = found.get("track_entry", 2).unwrap();
    assert_eq!(map.value(map.place(&[6, 6]).unwrap()), 1.0);
    assert!((found.get("track_length", 1).unwrap().mean_and_spread().unwrap()[0] - 130.96).abs() < 0.01);
}

#[test]
fn of_a_selection_there_is_no_rate_unless_the_raw_file_tells() {
    let mut sums = EventSums::new(&detector());
    sums.add(&reco_data(2, 10));
    assert_eq!(sums.selected().collect::<Vec<_>>(), [Sequence(0)]);
    assert_eq!(sums.measure().number("missing_sequences").value(), None, "nothing is known of what was not looked at");
    let headers: Vec<EventHeader> = (0..10)
        .map(|number| EventHeader {
            number: monitasks::vocab::EventNumber(number),
            trigger_number: number,
            stamp: Timestamp::from_second(i64::from(number)).unwrap(),
            ..EventHeader::default()
        })
        .collect();
    sums.take_raw(Sequence(0), &headers);
    assert_eq!(sums.selected().count(), 0);
    assert_eq!(sums.measure().number("rate_hz").value(), Some(1.0));
}
