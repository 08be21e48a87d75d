//! What ROOT wrote is read as ROOT says it is, in all four compressions.

use monitasks::format::root::{Column, PerEntry, RootError, RootFile, Values};
use serde_json::Value;

use super::{SAMPLES, data, sample};

/// Entries of the tree `t`.
const ENTRIES: i64 = 60;

#[test]
fn folders_cycles_and_classes_are_listed() {
    for compression in SAMPLES {
        let bytes = sample(compression);
        let file = RootFile::open(&bytes[..]).unwrap();
        assert_eq!(file.version(), 64000);
        assert_eq!(file.faults().count(), 0);
        let listed: Vec<(String, String)> =
            file.entries().iter().map(|entry| (format!("{};{}", entry.path, entry.key.cycle), entry.key.class.clone())).collect();
        for (name, class) in [
            ("h1d;1", "TH1D"),
            ("h2c;1", "TH2C"),
            ("sub;1", "TDirectory"),
            ("sub/deep;1", "TDirectory"),
            ("sub/deep/note;1", "TObjString"),
            ("sub/deep/h_deep;1", "TH1D"),
            ("twice;2", "TH1D"),
            ("twice;1", "TH1D"),
            ("t;1", "TTree"),
        ] {
            assert!(listed.contains(&(name.into(), class.into())), "{compression}: {name} of {class} in {listed:?}");
        }
        let title = |path| file.histogram(file.find(path).unwrap()).unwrap().title;
        assert_eq!([title("twice"), title("twice;1")], ["second", "first"]);
    }
}

#[test]
fn a_name_or_class_that_is_not_there_is_told_with_what_there_is() {
    let bytes = sample("none");
    let file = RootFile::open(&bytes[..]).unwrap();
    let missing = file.find("gain").unwrap_err().to_string();
    assert!(missing.contains("'gain'") && missing.contains("sub/deep/h_deep (TH1D)"), "{missing}");
    let note = file.find("sub/deep/note").unwrap();
    for error in [file.histogram(note).unwrap_err(), file.graph(note).unwrap_err(), file.tree(note).unwrap_err()] {
        let RootError::Unsupported(why) = &error else { panic!("{error}") };
        assert!(why.contains("TObjString") && why.contains("graph (TGraph)"), "{why}");
    }
    let tree = file.tree(file.find("t").unwrap()).unwrap();
    let missing = tree.branch("z").unwrap_err().to_string();
    assert!(missing.contains("'z'") && missing.contains("var2"), "{missing}");
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

fn assert_close(ours: &[f64], theirs: &[f64], what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (place, (mine, other)) in ours.iter().zip(theirs).enumerate() {
        assert!((mine - other).abs() <= 1e-12 * other.abs().max(1.0), "{what}, {place}: {mine} and {other}");
    }
}

#[test]
fn histograms_and_profiles_are_what_root_says() {
    let expected: Value = serde_json::from_slice(&data("expected.json")).unwrap();
    let expected = expected["histograms"].as_array().unwrap();
    assert_eq!(expected.len(), 12);
    for compression in SAMPLES {
        let bytes = sample(compression);
        let file = RootFile::open(&bytes[..]).unwrap();
        for theirs in expected {
            let name = theirs["name"].as_str().unwrap();
            let ours = file.histogram(file.find(name).unwrap()).unwrap();
            assert_eq!((&*ours.class, &*ours.title), (theirs["class"].as_str().unwrap(), theirs["title"].as_str().unwrap()));
            assert_eq!(ours.entries, theirs["entries"].as_f64().unwrap(), "{name}");
            let axes = theirs["axes"].as_array().unwrap();
            assert_eq!(ours.axes.len(), axes.len(), "{name}");
            for (mine, other) in ours.axes.iter().zip(axes) {
                assert_eq!(mine.title, other["title"].as_str().unwrap());
                assert_close(&mine.all_edges(), &numbers(&other["edges"]), name);
                let labels = other["labels"].as_array().unwrap().iter().map(|label| label.as_str().unwrap());
                let labels: Vec<(usize, String)> =
                    (1..).zip(labels.map(str::to_owned)).filter(|(_, label)| !label.is_empty()).collect();
                assert_eq!(mine.labels, labels, "{name}");
            }
            let cells = 0..ours.contents.len();
            // ROOT says 0 where a profile has no entry.
            let or_zero = |value: f64| if value.is_nan() { 0.0 } else { value };
            let values: Vec<f64> = cells.clone().map(|cell| or_zero(ours.value(cell))).collect();
            assert_close(&values, &numbers(&theirs["values"]), name);
            let errors: Vec<f64> = cells.map(|cell| or_zero(ours.error(cell))).collect();
            assert_close(&errors, &numbers(&theirs["errors"]), &format!("errors of {name}"));
            if let Some([mean, spread]) = ours.mean_and_spread() {
                assert_close(&[mean, spread], &[theirs["mean"].as_f64().unwrap(), theirs["spread"].as_f64().unwrap()], name);
            }
        }
    }
}

#[test]
fn a_histogram_packed_in_several_blocks_is_read_whole() {
    let bytes = data("root640_blocks.root");
    let file = RootFile::open(&bytes[..]).unwrap();
    let long = file.histogram(file.find("long").unwrap()).unwrap();
    assert_eq!(long.contents.len(), 2_200_002);
    let filled: Vec<(usize, f64)> = long.contents.iter().copied().enumerate().filter(|(_, value)| *value != 0.0).collect();
    assert_eq!(filled, [0, 1, 2_100_000, 2_200_001].map(|place| (place, place as f64 + 0.5)));
}

#[test]
fn graphs_have_their_points_and_errors() {
    for compression in SAMPLES {
        let bytes = sample(compression);
        let file = RootFile::open(&bytes[..]).unwrap();
        let graph = |name| file.graph(file.find(name).unwrap()).unwrap();
        let plain = graph("graph");
        assert_eq!((&*plain.title, plain.axis_titles), ("a graph", ["run".to_owned(), "value".to_owned()]));
        assert_eq!((plain.x, plain.y), (vec![1.0, 2.0, 3.0], vec![4.0, 5.5, 6.0]));
        assert!(plain.x_errors.iter().chain(&plain.y_errors).all(Vec::is_empty));
        let errors = graph("graph_errors");
        assert_eq!(errors.x_errors, [[0.1, 0.2, 0.3], [0.1, 0.2, 0.3]]);
        assert_eq!(errors.y_errors, [[0.4, 0.5, 0.6], [0.4, 0.5, 0.6]]);
        let asymm = graph("graph_asymm");
        assert_eq!((asymm.x_errors, asymm.y_errors), ([vec![0.1, 0.2], vec![0.3, 0.4]], [vec![0.5, 0.6], vec![0.7, 0.8]]));
    }
}

/// One entry's values for each of `count` entries.
fn rows<T>(count: i64, of: impl Fn(i64) -> Vec<T>) -> (Vec<T>, Vec<usize>) {
    let (mut values, mut ends) = (Vec::new(), Vec::new());
    for entry in 0..count {
        values.extend(of(entry));
        ends.push(values.len());
    }
    (values, ends)
}

fn singles<T>(of: impl Fn(i64) -> T) -> Vec<T> {
    (0..ENTRIES).map(of).collect()
}

/// Columns of the tree `t`, as the script that made it fills them.
fn expected_columns() -> Vec<(&'static str, Values, PerEntry)> {
    let one = || PerEntry::Fixed(1);
    let counted = |(values, ends), wrap: fn(Vec<f32>) -> Values| (wrap(values), PerEntry::Ends(ends));
    let var = counted(rows(ENTRIES, |k| (0..k % 4).map(|j| k as f32 + j as f32 * 0.25).collect()), Values::F32);
    let vf = counted(rows(ENTRIES, |k| (0..k % 5).map(|j| k as f32 + j as f32 * 0.5).collect()), Values::F32);
    let (var2, var2_ends) = rows(ENTRIES, |k| (0..k % 4).flat_map(|j| [k as i16, -j as i16]).collect());
    let (vi, vi_ends) = rows(ENTRIES, |k| (0..k % 5).map(|j| (k * j) as i32).collect());
    let (vd, vd_ends) = rows(ENTRIES, |k| (0..k % 5).map(|j| -j as f64).collect());
    let (vs, vs_ends) = rows(ENTRIES, |k| (0..k % 5).map(|j| (j - k) as i16).collect());
    let (vb, vb_ends) = rows(ENTRIES, |k| (0..k % 5).map(|j| j % 2 == 1).collect());
    let fix = rows(ENTRIES, |k| (0..3).map(|j| k as f64 + 0.5 * j as f64).collect()).0;
    let fix2 = rows(ENTRIES, |k| (0..4).map(|j| (k * j) as f32).collect()).0;
    let text = |k: i64| if k % 7 == 0 { String::new() } else { format!("text {k}") };
    vec![
        ("i", Values::I32(singles(|k| k as i32 - 3)), one()),
        ("x", Values::F32(singles(|k| 0.5 * k as f32)), one()),
        ("y", Values::F64(singles(|k| 1.0 / (k + 1) as f64)), one()),
        ("l", Values::I64(singles(|k| -5_000_000_000 * k)), one()),
        ("u", Values::U32(singles(|k| 4_000_000_000 + k as u32)), one()),
        ("o", Values::Bool(singles(|k| k % 3 == 0)), one()),
        ("c", Values::I8(singles(|k| k as i8 - 30)), one()),
        ("s", Values::I16(singles(|k| -k as i16)), one()),
        ("uc", Values::U8(singles(|k| 255 - k as u8)), one()),
        ("us", Values::U16(singles(|k| 65535 - k as u16)), one()),
        ("ul", Values::U64(singles(|k| 18_000_000_000_000_000_000 + k as u64)), one()),
        ("txt", Values::Text(singles(text)), one()),
        ("fix", Values::F64(fix), PerEntry::Fixed(3)),
        ("fix2", Values::F32(fix2), PerEntry::Fixed(4)),
        ("n", Values::I32(singles(|k| (k % 4) as i32)), one()),
        ("var", var.0, var.1),
        ("var2", Values::I16(var2), PerEntry::Ends(var2_ends)),
        ("two.a", Values::I32(singles(|k| k as i32)), one()),
        ("two.b", Values::F32(singles(|k| -0.5 * k as f32)), one()),
        ("vf", vf.0, vf.1),
        ("vi", Values::I32(vi), PerEntry::Ends(vi_ends)),
        ("vd", Values::F64(vd), PerEntry::Ends(vd_ends)),
        ("vs", Values::I16(vs), PerEntry::Ends(vs_ends)),
        ("vb", Values::Bool(vb), PerEntry::Ends(vb_ends)),
        ("str", Values::Text(singles(|k| "s".to_owned() + &"x".repeat((k % 5) as usize))), one()),
    ]
}

#[test]
fn every_kind_of_branch_is_read_from_its_baskets() {
    let expected = expected_columns();
    for compression in SAMPLES {
        let bytes = sample(compression);
        let file = RootFile::open(&bytes[..]).unwrap();
        let tree = file.tree(file.find("t").unwrap()).unwrap();
        assert_eq!((&*tree.title, tree.entries), ("a tree", ENTRIES as u64));
        let names: Vec<&str> = tree.branches.iter().map(|branch| branch.name.as_str()).collect();
        assert_eq!(names, expected.iter().map(|(name, ..)| *name).collect::<Vec<_>>());
        for (branch, (name, values, per_entry)) in tree.branches.iter().zip(&expected) {
            file.check_baskets(branch).unwrap();
            let column = file.column(branch).unwrap();
            assert_eq!(column, Column { values: values.clone(), per_entry: per_entry.clone() }, "{compression}: {name}");
            assert_eq!(column.entries() as i64, ENTRIES);
        }
    }
}

#[test]
fn baskets_inside_the_trees_own_record_are_read() {
    for compression in SAMPLES {
        let bytes = sample(compression);
        let file = RootFile::open(&bytes[..]).unwrap();
        let tree = file.tree(file.find("kept").unwrap()).unwrap();
        let column = |name: &str| file.column(tree.branch(name).unwrap()).unwrap();
        assert_eq!(column("i").values, Values::I32((0..40).collect()));
        let (var, ends) = rows(40, |i| (0..i % 4).map(|j| i as f32 + j as f32 * 0.25).collect());
        let minus = var.iter().map(|value| -value).collect();
        assert_eq!(column("var"), Column { values: Values::F32(var), per_entry: PerEntry::Ends(ends.clone()) });
        assert_eq!(column("vf"), Column { values: Values::F32(minus), per_entry: PerEntry::Ends(ends) });
        let texts = (0..40).map(|i| if i % 7 == 0 { String::new() } else { "kept".to_owned() }).collect();
        assert_eq!(column("txt").values, Values::Text(texts));
    }
}

#[test]
fn the_contents_sum_up_what_is_there() {
    let bytes = sample("zstd");
    let contents = RootFile::open(&bytes[..]).unwrap().contents();
    assert_eq!(contents.faults, Vec::<String>::new());
    assert_eq!(contents.trees.iter().map(|tree| (&*tree.name, tree.entries)).collect::<Vec<_>>(), [("t", 60), ("kept", 40)]);
    let sum = |name: &str| contents.trees[0].branches.iter().find(|branch| branch.name == name).unwrap().sum;
    assert_eq!([sum("i"), sum("vf"), sum("txt")], [Some(1590.0), Some(3720.0), Some(349.0)]);
    let h1d = &contents.histograms[0];
    assert_eq!((&*h1d.name, h1d.entries, h1d.integral), ("h1d", 100.0, 88.75));
    assert_eq!(contents.graphs.len(), 3);
    assert_eq!(contents.graphs[0].y_range, Some([4.0, 6.0]));
    let unread: Vec<&str> = contents.objects.iter().filter(|object| !object.read).map(|object| object.class.as_str()).collect();
    assert_eq!(unread, ["TDirectory", "TDirectory", "TObjString", "TH1D"], "folders, a class not read, an outdated cycle");
}
