//! What the tree says of results that are whole, old, or lack something.

use monitasks::quality::State;
use monitasks::registry::TaskRegistry;
use monitasks::summary::{Measured, Summary};
use monitasks::task::{Glance, ReadError, TaskContext};

use crate::results::{Written, crp, events, noise, noon, pedestals, shift};
use crate::small_detector::small_detector;

const PUBLISHED: &[u8] = include_bytes!("../data/crp_summary_published.txt");

/// An old file with no sidecar, of the LEMs that the small detector has.
fn old_file() -> Written {
    let lines: Vec<&str> = std::str::from_utf8(PUBLISHED).unwrap().lines().take(6).collect();
    Written { name: "crp/190516_195200.txt".into(), bytes: (lines.join("\n") + "\n").into_bytes(), sidecar: None }
}

fn whole() -> Written {
    crp(1, 1, [Measured::number(2940.0, 80.0), Measured::number(2900.0, 80.0)], [3.0, 3.1, 2.9, 3.0, 3.05, 2.95])
}

fn read(task: &str, written: &Written) -> Result<Summary, ReadError> {
    let registry = TaskRegistry::built_in();
    written.read_by(registry.get(task).unwrap(), &small_detector())
}

fn glance(task: &str, item: &str, history: &[Summary]) -> Glance {
    let detector = small_detector();
    let history: Vec<&Summary> = history.iter().collect();
    let registry = TaskRegistry::built_in();
    registry.get(task).unwrap().glance(item, &history, &TaskContext { detector: &detector, now: noon(9) })
}

#[test]
fn a_whole_result_shows_its_value_with_the_unit_and_is_never_ok() {
    for (task, item, text) in [
        ("purity", "lifetime_trend", "2.92 ± 0.06 ms"),
        ("purity", "drift_profile", "900 entries"),
        ("lem_gain", "map", "3.000 ± 0.012"),
        ("lem_gain", "dqds_by_lem", "15.00 ± 0.06 fC/cm"),
        ("charge_asymmetry", "by_lem", "0.040 ± 0.004"),
    ] {
        let shown = glance(task, item, &[read(task, &whole()).unwrap()]);
        assert_eq!((shown.text.as_str(), shown.state), (text, State::Unchecked), "{task}/{item}");
        assert!(shown.reading.value().is_some() && shown.reason.contains("run1-p1-g0"), "{task}/{item}: {shown:?}");
    }
    let noise = glance("pedestals", "rms_by_strip", &[read("pedestals", &pedestals(1, &small_detector(), 1.7)).unwrap()]);
    assert_eq!((noise.text.as_str(), noise.state), ("1.70 / 1.70 ADC", State::Unchecked));
}

#[test]
fn events_and_noise_show_their_values_with_units() {
    let detector = small_detector();
    let events = events(1, &detector, Some(3.0));
    for (task, item, text) in [
        ("hits", "by_strip", "1 of 7 silent"),
        ("hits", "charge", "2.12 / 2.38 fC"),
        ("hits", "trend", "0.3 / 0.3"),
        ("tracks", "entry_map", "40 tracks"),
        ("tracks", "length", "97 ± 10 cm"),
        ("tracks", "trend", "0.40 ± 0.05"),
        ("event_rate", "rate", "3.00 ± 0.30 Hz"),
        ("event_rate", "intervals", "longest 12.50 s"),
        ("event_rate", "losses", "gaps: 1, missing event numbers: 2, triggers without an event: 3"),
    ] {
        let shown = glance(task, item, &[read(task, &events).unwrap()]);
        assert_eq!((shown.text.as_str(), shown.state), (text, State::Unchecked), "{task}/{item}");
    }
    let noise = noise(1, 1.7);
    let summary = read("noise_spectrum", &noise).unwrap();
    assert_eq!(glance("noise_spectrum", "trend", std::slice::from_ref(&summary)).text, "1.85 ± 0.06 ADC, 0.30 shared");
    assert_eq!(glance("noise_spectrum", "spectrum", &[summary]).text, "4.5x at 20 kHz");
    let bare = read("noise_spectrum", &Written { sidecar: None, ..noise }).unwrap();
    assert_eq!(glance("noise_spectrum", "map", std::slice::from_ref(&bare)).state, State::CannotJudge);
    assert_eq!(glance("noise_spectrum", "trend", &[bare]).state, State::Unchecked);
}

#[test]
fn a_rate_that_is_not_known_is_no_rate_and_losses_say_what_is_not_known() {
    let summary = read("event_rate", &events(1, &small_detector(), None)).unwrap();
    let rate = glance("event_rate", "rate", std::slice::from_ref(&summary));
    assert_eq!((rate.text.as_str(), rate.reading), ("no rate", Measured::NotMeasured));
    let losses = glance("event_rate", "losses", &[summary]);
    assert!(losses.text.ends_with("(gaps not known)"), "{losses:?}");
}

#[test]
fn hits_of_another_detector_are_refused_and_a_cut_file_is_asked_for_again() {
    let mut detector = small_detector();
    detector.views[1].strips = 7;
    let of_another = events(1, &detector, None);
    assert!(matches!(read("hits", &of_another), Err(ReadError::Malformed(why)) if why.contains("has 6")));
    let mut cut = events(1, &small_detector(), None);
    cut.bytes.truncate(cut.bytes.len() / 2);
    for task in ["hits", "tracks", "event_rate"] {
        assert!(matches!(read(task, &cut), Err(ReadError::Incomplete(_))), "{task}");
    }
}

#[test]
fn nothing_is_ever_ok_without_a_check() {
    let detector = small_detector();
    for task in TaskRegistry::built_in().iter() {
        let summaries = shift(task, &detector);
        for length in 0..=summaries.len() {
            for item in &task.info().items {
                let shown = glance(&task.info().name, &item.name, &summaries[..length]);
                assert_ne!(shown.state, State::Ok);
                assert_eq!(shown.state == State::NoData, length == 0, "{} of {length}: {shown:?}", item.name);
                assert!(!shown.text.is_empty() && !shown.reason.is_empty(), "{shown:?}");
            }
        }
    }
}

#[test]
fn a_lifetime_that_is_not_measured_is_words_and_no_number() {
    let one = crp(1, 1, [Measured::number(2940.0, 80.0), Measured::NotMeasured], [3.0; 6]);
    assert_eq!(glance("purity", "lifetime_trend", &[read("purity", &one).unwrap()]).text, "2.94 ± 0.08 ms (view 0)");
    let none = crp(1, 1, [Measured::NotMeasured; 2], [3.0; 6]);
    let shown = glance("purity", "lifetime_trend", &[read("purity", &none).unwrap()]);
    assert_eq!((shown.text.as_str(), shown.reading), ("no attenuation measured", Measured::NotMeasured));
    let gain = read("lem_gain", &none).unwrap();
    assert!(gain.provenance.remarks.iter().any(|remark| remark.contains("no attenuation correction")), "{gain:?}");
}

#[test]
fn an_old_file_shows_what_it_has_and_says_what_it_lacks() {
    let lifetime = glance("purity", "lifetime_trend", &[read("purity", &old_file()).unwrap()]);
    assert_eq!((lifetime.state, lifetime.text.as_str()), (State::Unchecked, "no attenuation measured"));
    let profile = glance("purity", "drift_profile", &[read("purity", &old_file()).unwrap()]);
    assert_eq!(profile.state, State::CannotJudge);
    let summary = read("lem_gain", &old_file()).unwrap();
    assert!(summary.provenance.remarks.iter().any(|remark| remark.contains("errors as the old program wrote them")));
    assert_eq!(summary.processed_at, Some("2016-05-19T19:52:00Z".parse().unwrap()));
    assert_eq!(glance("lem_gain", "map", std::slice::from_ref(&summary)).state, State::CannotJudge);
    let dqds = glance("lem_gain", "dqds_by_lem", &[summary]);
    assert_eq!((dqds.state, dqds.text.as_str()), (State::Unchecked, "8.70 ± 0.05 (unit not stated)"));
    let asymmetry = glance("charge_asymmetry", "by_lem", &[read("charge_asymmetry", &old_file()).unwrap()]);
    assert!(asymmetry.text.ends_with(", 4/6 lit"), "{asymmetry:?}");
}

#[test]
fn gain_without_lifetimes_cannot_be_judged() {
    let mut file = old_file();
    file.bytes = b"190516_195200\n1 8.7 0.1 8.6 0.1\n".to_vec();
    let summary = read("lem_gain", &file).unwrap();
    for item in ["map", "dqds_by_lem", "gain_trend", "view_trend"] {
        assert_eq!(glance("lem_gain", item, std::slice::from_ref(&summary)).state, State::CannotJudge, "{item}");
    }
    assert!(matches!(read("purity", &file), Err(ReadError::Malformed(_))));
}

#[test]
fn a_file_that_grows_is_asked_for_again() {
    let incomplete = |task: &str, written: &Written| matches!(read(task, written), Err(ReadError::Incomplete(_)));
    let mut growing = old_file();
    growing.bytes = b"190516_195200\n".to_vec();
    assert!(incomplete("purity", &growing));
    growing.bytes = b"190516_195200\n3000 80 2900 70\n".to_vec();
    assert!(!incomplete("purity", &growing));
    assert!(incomplete("lem_gain", &growing) && incomplete("charge_asymmetry", &growing));
    let mut five_rows = whole();
    let length = five_rows.bytes.len();
    let cut = five_rows.bytes[..length - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    five_rows.bytes.truncate(cut);
    assert!(incomplete("lem_gain", &five_rows), "five rows were taken for six");
    let mut nine_channels = pedestals(1, &small_detector(), 1.7);
    nine_channels.bytes.truncate(9 * 45);
    assert!(incomplete("pedestals", &nine_channels), "nine channels were taken for ten");
}

#[test]
fn the_newest_processing_of_a_run_is_shown_whatever_the_order() {
    let lifetime = |value| [Measured::number(value, 80.0); 2];
    let newer = read("purity", &crp(1, 10, lifetime(2900.0), [3.0; 6])).unwrap();
    let older = read("purity", &crp(1, 9, lifetime(2000.0), [3.0; 6])).unwrap();
    let shown = glance("purity", "lifetime_trend", &[newer, older]);
    assert!(shown.reason.contains("run1-p10-g0"), "{shown:?}");
}

#[test]
fn a_lem_or_channel_that_the_detector_has_not_is_refused() {
    let mut file = old_file();
    file.bytes = b"190516_195200\n3000 80 2900 70\n7 8.7 0.1 8.6 0.1\n".to_vec();
    assert!(matches!(read("lem_gain", &file), Err(ReadError::Malformed(why)) if why.contains("LEM 7")));
    let mut one_more = pedestals(1, &small_detector(), 1.7);
    one_more.bytes.extend(b"   10  0 1   5      60.000000       1.700000\n");
    assert!(matches!(read("pedestals", &one_more), Err(ReadError::Malformed(why)) if why.contains("channel 10")));
}

#[test]
fn a_sidecar_of_a_newer_program_is_refused_by_its_number() {
    let mut written = whole();
    let text = String::from_utf8(written.sidecar.take().unwrap()).unwrap();
    written.sidecar = Some(text.replacen("\"schema\": 1", "\"schema\": 7", 1).into_bytes());
    assert!(matches!(read("purity", &written), Err(ReadError::Malformed(why)) if why.contains("layout 7")));
}
