use super::*;
use monitasks::detector::Strip;
use monitasks::vocab::{Channel, FileId, Lem, View};

fn load_3x1x1(map: &str) -> Detector {
    load("3x1x1", map, Path::new(".")).unwrap()
}

/// Channel, view, strip of the map of 2017, strip of the map of 2016: at the edges of blocks, halves, cards and crates.
const STRIPS: [(u32, usize, u32, u32); 23] = [
    (0, 0, 295, 319),
    (7, 0, 288, 312),
    (8, 0, 303, 311),
    (31, 0, 312, 288),
    (32, 0, 135, 159),
    (63, 0, 152, 128),
    (64, 0, 263, 287),
    (127, 0, 120, 96),
    (300, 0, 11, 19),
    (319, 0, 24, 0),
    (320, 1, 167, 160),
    (327, 1, 160, 167),
    (351, 1, 184, 191),
    (352, 1, 7, 0),
    (383, 1, 24, 31),
    (400, 1, 215, 208),
    (639, 1, 152, 159),
    (640, 1, 487, 480),
    (700, 1, 347, 348),
    (959, 1, 472, 479),
    (960, 1, 807, 800),
    (1000, 1, 655, 648),
    (1279, 1, 792, 799),
];

#[test]
fn the_channel_maps_are_the_known_ones() {
    let (map_2017, map_2016) = (load_3x1x1(""), load_3x1x1("2016"));
    assert_eq!((map_2017.channel_map_name.as_str(), map_2016.channel_map_name.as_str()), ("2017", "2016"));
    for (channel, view, strip_2017, strip_2016) in STRIPS {
        let strip = |number| Some(Strip { view: View::ALL[view], number });
        assert_eq!(map_2017.strip(Channel(channel)), strip(strip_2017), "channel {channel}, 2017");
        assert_eq!(map_2016.strip(Channel(channel)), strip(strip_2016), "channel {channel}, 2016");
    }
}

#[test]
fn every_strip_is_read_by_one_channel() {
    for map in ["2016", "2017"] {
        let detector = load_3x1x1(map);
        for (view, strips) in [(View::V0, 320), (View::V1, 960)] {
            let channels = detector.channels_of_view(view);
            assert_eq!(channels.len(), strips);
            assert!(channels.iter().all(Option::is_some), "{view} of {map}");
        }
    }
}

#[test]
fn the_constants_are_the_published_ones() {
    let detector = load_3x1x1("");
    let readout = detector.readout;
    assert_eq!((readout.channels, readout.samples, readout.adc_bits, readout.skipped_samples), (1280, 1667, 12, 3));
    assert_eq!((readout.sampling_us, readout.coherent_group), (0.4, 32));
    assert_eq!((detector.volume.x_cm, detector.volume.y_cm, detector.volume.drift_cm), ([-50.0, 50.0], [-150.0, 150.0], 100.0));
    let [view0, view1] = &detector.views;
    assert_eq!((view0.strips, view0.pitch_mm, view0.adc_ticks_per_fc), (320, 3.125, 59.859));
    assert_eq!((view1.strips, view1.pitch_mm, view1.adc_ticks_per_fc), (960, 3.125, 66.680));
    let all_strips = |view1: &[u32]| view1.iter().map(|strip| strip + 320).collect::<Vec<_>>();
    assert_eq!(view0.blind_strips, [0, 159, 160, 319]);
    assert_eq!(all_strips(&view1.blind_strips), [320, 479, 480, 639, 640, 799, 800, 959, 960, 1119, 1120, 1279]);
    assert_eq!((view0.noisy_strips.as_slice(), view1.noisy_strips.len()), ([41].as_slice(), 0));
    let drift = detector.drift;
    assert_eq!((drift.field_kv_per_cm, drift.velocity_mm_per_us, drift.mip_charge_fc_per_cm), (0.5, 1.607, 9.94));
    assert_eq!((detector.lems.columns, detector.lems.rows, detector.lems.size_cm), (2, 6, 50.0));
}

/// The convention as it is published, in its own axes: z along the long side from 0, y along the short side.
fn convention(z_cm: f64, y_cm: f64) -> u32 {
    let module = (z_cm / 100.0).floor() as u32;
    match (z_cm % 100.0 < 50.0, y_cm >= 0.0) {
        (true, true) => 4 * module + 1,
        (false, true) => 4 * module + 2,
        (true, false) => 4 * module + 3,
        (false, false) => 4 * module + 4,
    }
}

#[test]
fn the_lem_numberings_are_the_known_ones() {
    let shipped = load_3x1x1("");
    let turned = shipped_text("3x1x1").unwrap().replace("first_side = \"high_x\"", "first_side = \"low_x\"");
    let turned = parse(&turned, "", Path::new("turned.toml")).unwrap();
    for (detector, sign) in [(&shipped, 1.0), (&turned, -1.0)] {
        let lems = &detector.lems;
        assert_eq!(lems.numberings[0].name, "file");
        for (x, y) in [-25.0, 25.0].into_iter().flat_map(|x| (0..6).map(move |row| (x, -125.0 + 50.0 * f64::from(row)))) {
            let lem = detector.lem_at(x, y).unwrap();
            assert_eq!(lems.number(&lems.numberings[0], lem), Some(1 + u32::from(lem.column) + 2 * u32::from(lem.row)));
            let numbering = lems.numbering("convention").unwrap();
            assert_eq!(lems.number(numbering, lem), Some(convention(y + 150.0, sign * x)), "LEM at {x}, {y}");
        }
        let corners = [(0, 0), (1, 0), (0, 5), (1, 5)]
            .map(|(column, row)| lems.number(lems.numbering("convention").unwrap(), Lem { column, row }).unwrap());
        let mut sorted = corners;
        sorted.sort_unstable();
        assert_eq!(sorted, [1, 3, 10, 12]);
    }
}

#[test]
fn raw_file_names_are_known_and_others_are_not() {
    let detector = load_3x1x1("");
    assert_eq!(detector.match_raw_name("run1014-seq2.dat"), Some(FileId::new(1014, 2)));
    assert_eq!(detector.match_raw_name("840-17.dat"), Some(FileId::new(840, 17)));
    assert_eq!(detector.raw_name(FileId::new(1014, 2)), "run1014-seq2.dat");
    let others = [
        "",
        ".dat",
        "-.dat",
        "run1-seq.dat",
        "run-seq1.dat",
        "run1-seq2.dat.part",
        ".run1-seq2.dat",
        "run1-seq2",
        "run+1-seq2.dat",
        "run1-seq-2.dat",
        "1-2.DAT",
        "run1-2.dat",
        "run99999999999-seq1.dat",
        "run1-seq2.dat\n",
        "run١-seq2.dat",
        "rün1-seq2.dat",
    ];
    for name in others {
        assert_eq!(detector.match_raw_name(name), None, "{name:?} was taken for a raw file");
    }
}

#[test]
fn a_wrong_file_is_refused_with_line_key_and_what_there_is() {
    let cases = [
        ("pitch_mm = 3.125", "pich_mm = 3.125", "pitch_mm = 3.125", vec!["unknown field 'pich_mm'", "'pitch_mm'"]),
        ("drift_cm = 100.0", "drift_cm = -1", "drift_cm = 100.0", vec!["'drift_cm' is -1", "above 0"]),
        ("samples = 1667", "samples = 0", "samples = 1667", vec!["'samples' is 0"]),
        ("samples = 1667", "samples = 99999999999", "samples = 1667", vec!["'samples' x 'channels'"]),
        ("default_map = \"2017\"", "default_map = \"2018\"", "default_map = \"2017\"", vec!["\"2018\"", "there are 2017, 2016"]),
        ("first = 288", "first = 289", "crates = [", vec!["strip 320 of view 0", "strips 0 to 319"]),
        ("view = 1, first = 480", "view = 1, first = 160", "crates = [", vec!["both read strip 167 of view 1"]),
        (
            "rule = \"x_fastest\"",
            "rule = \"y_fastest\"",
            "rule = \"x_fastest\"",
            vec!["y_fastest", "x_fastest", "modules_of_four"],
        ),
        ("run{run}-seq{seq}.dat", "run{run}.dat", "run{run}-seq{seq}.dat", vec!["\"run{run}.dat\"", "{seq}"]),
        ("noisy_strips = [41]", "noisy_strips = [320]", "noisy_strips = [41]", vec!["'noisy_strips' has 320", "0 to 319"]),
        ("cards_per_crate = 5", "cards_per_crate = 4", "crates = [", vec!["1024 channels", "1280"]),
        ("reversed_block = 8", "reversed_block = 5", "reversed_block = 8", vec!["'reversed_block' is 5", "32"]),
    ];
    let text = shipped_text("3x1x1").unwrap();
    for (right, wrong, stands, words) in cases {
        let path = Path::new("d/my.toml");
        let message = parse(&text.replacen(right, wrong, 1), "", path).unwrap_err().to_string();
        for word in words {
            assert!(message.contains(word), "{wrong}: {message}");
        }
        // The first line with that text: the one that was changed, or the list of crates that the change makes impossible.
        let line = text.lines().position(|row| row.contains(stands)).unwrap() + 1;
        assert!(message.ends_with(&format!("d/my.toml:{line}")), "{wrong}: {message}, expected line {line}");
    }
}

#[test]
fn what_is_not_there_is_told_with_what_there_is() {
    let message = load("4x4x4", "", Path::new("/nowhere")).unwrap_err().to_string();
    assert_eq!(message, "no detector \"4x4x4\": shipped are 3x1x1, 6x6x6, and there is no such file: /nowhere/4x4x4");
    let message = load("3x1x1", "2015", Path::new(".")).unwrap_err().to_string();
    assert!(message.contains("no channel map \"2015\": there are 2017, 2016"), "{message}");
}

#[test]
fn a_detector_file_of_ones_own_is_read_from_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let text = shipped_text("3x1x1").unwrap().replacen("name = \"3x1x1\"", "name = \"mine\"", 1);
    std::fs::write(folder.path().join("mine.toml"), text).unwrap();
    assert_eq!(load("mine.toml", "", folder.path()).unwrap().name, "mine");
}

/// Channel, CRP, view and strip in the CRP of the 6x6x6's published map, at the edges of blocks, halves, cards, crates and builders.
const STRIPS_6X6X6: [(u32, u32, usize, u32); 38] = [
    (0, 1, 0, 7),
    (7, 1, 0, 0),
    (8, 1, 0, 15),
    (31, 1, 0, 24),
    (32, 1, 0, 39),
    (63, 1, 0, 56),
    (64, 1, 0, 71),
    (319, 1, 0, 312),
    (320, 2, 0, 7),
    (639, 2, 0, 312),
    (640, 1, 0, 327),
    (1279, 2, 0, 632),
    (1919, 2, 0, 952),
    (1920, 0, 0, 7),
    (2239, 0, 0, 312),
    (2240, 3, 0, 7),
    (2559, 3, 0, 312),
    (2560, 0, 0, 327),
    (3199, 3, 0, 632),
    (3839, 3, 0, 952),
    (3840, 0, 1, 903),
    (3871, 0, 1, 920),
    (3872, 0, 1, 935),
    (3903, 0, 1, 952),
    (4159, 0, 1, 696),
    (4160, 1, 1, 903),
    (4479, 1, 1, 696),
    (4480, 0, 1, 583),
    (5119, 1, 1, 376),
    (5120, 0, 1, 263),
    (5759, 1, 1, 56),
    (5760, 3, 1, 903),
    (6079, 3, 1, 696),
    (6080, 2, 1, 903),
    (6400, 3, 1, 583),
    (7039, 2, 1, 376),
    (7040, 3, 1, 263),
    (7679, 2, 1, 56),
];

#[test]
fn the_channel_map_of_the_6x6x6_is_the_published_one() {
    let (as_run, full) = (load("6x6x6", "", Path::new(".")).unwrap(), load("6x6x6", "full", Path::new(".")).unwrap());
    // Rows of strips across the volume: CRP 2 and 3, then 0 and 1 in view 0; CRP 2 and 0, then 3 and 1 in view 1.
    let first = [[1920, 2880, 0, 960], [960, 2880, 0, 1920]];
    for (channel, crp, view, strip) in STRIPS_6X6X6 {
        let expected = Strip { view: View::ALL[view], number: first[view][crp as usize] + strip };
        assert_eq!(full.strip(Channel(channel)), Some(expected), "channel {channel}");
        // CRP 2 was never read, CRP 3 by a third.
        let is_read = crp < 2 || crp == 3 && (1920..2240).contains(&channel) || crp == 3 && (5760..6080).contains(&channel);
        assert_eq!(as_run.strip(Channel(channel)), is_read.then_some(expected), "channel {channel}");
    }
    assert_eq!(as_run.channel_map.iter().flatten().count(), 4480, "70 cards of 64 channels");
    for view in View::ALL {
        assert!(full.channels_of_view(view).iter().all(Option::is_some), "{view}");
    }
}

#[test]
fn strips_of_the_6x6x6_lie_where_their_crp_is() {
    let detector = load("6x6x6", "full", Path::new(".")).unwrap();
    // A point above each CRP, at its lowest corner: strip 0 of it in both views.
    for (crp, x, y) in [(0, -299.9, 0.1), (1, 0.1, 0.1), (2, -299.9, -299.9), (3, 0.1, -299.9)] {
        let numbers = View::ALL.map(|view| detector.strip_at(view, x, y).unwrap().number);
        assert_eq!(numbers, [[1920, 960], [2880, 2880], [0, 0], [960, 1920]][crp], "CRP {crp}");
    }
    for (view, x, y) in [(View::V0, 12.34, -250.0), (View::V0, 299.9, 299.9), (View::V1, -1.0, 123.4), (View::V1, 299.0, -0.1)] {
        let strip = detector.strip_at(view, x, y).unwrap();
        let measured = if view == View::V0 { x } else { y };
        assert!((detector.strip_centre_cm(strip) - measured).abs() < 0.157, "{strip:?}");
    }
    assert_eq!(detector.strip_at(View::V0, 300.1, 0.0), None);
    assert_eq!(detector.strip_at(View::V0, 0.0, 300.1), None);
    let small = load_3x1x1("");
    assert_eq!(small.strip_at(View::V1, 49.0, 149.9).unwrap().number, 959);
    assert_eq!(small.strip_at(View::V0, -49.9, 149.9).unwrap().number, 0);
    assert_eq!(small.strip_at(View::V0, 50.1, 0.0), None);
}

#[test]
fn a_wrong_raw_layout_is_refused() {
    let text = shipped_text("6x6x6").unwrap();
    for (right, wrong, words) in [
        ("fragments = 2", "fragments = 7", "'fragments' of 'raw_layout' is 7"),
        ("fragments = 2", "fragments = 0", "'fragments' of 'raw_layout' is 0"),
        ("missing_cards = 25", "missing_cards = 64", "'missing_cards' of 'raw_layout' is 64"),
        ("event_table =", "event_list =", "event_list"),
    ] {
        let message = parse(&text.replacen(right, wrong, 1), "", Path::new("my.toml")).unwrap_err().to_string();
        assert!(message.contains(words), "{message}");
    }
}
