//! ROOT files between programs: uproot reads ours, we read uproot's and ROOT's, and both say the same.

use std::path::{Path, PathBuf};
use std::process::Command;

use monitasks::format::root::{self, Graph, Histogram, HistogramAxis, PerEntry, Product, RootFile};
use serde_json::Value;

use super::uproot::python;

/// Runs a script with a file's path; what it prints as JSON.
fn ask(script: &str, file: &Path) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("script.py");
    std::fs::write(&path, script).unwrap();
    let output = Command::new(python()).arg("-W").arg("error::UserWarning").arg(&path).arg(file).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "python: {err}");
    assert_eq!(err, "", "python says");
    serde_json::from_str(&out).unwrap_or(Value::Null)
}

/// Says of every tree, histogram and graph what is in it; numbers in full.
const SAY: &str = r#"
import json, sys
import awkward, numpy, uproot

def column(branch):
    values = branch.array()
    if branch.interpretation.numpy_dtype == numpy.dtype("O") and not isinstance(branch.interpretation, uproot.AsJagged):
        return None  # texts
    counts = None if values.ndim == 1 or values.layout.purelist_isregular else awkward.num(values).tolist()
    flat = awkward.ravel(values)
    return {"counts": counts, "values": [float(value) for value in flat.tolist()]}

def errors(thing, kind):
    if kind.startswith("TProfile"):
        mode = {0: "", 1: "s"}[thing.member("fErrorMode")]
        return numpy.nan_to_num(numpy.asarray(thing.errors(flow=True, error_mode=mode)))
    if len(thing.member("fSumw2")) == 0:
        return numpy.sqrt(numpy.abs(thing.values(flow=True).astype("f8")))  # with ROOT also where a content is below zero
    return numpy.sqrt(thing.variances(flow=True))

found = {}
with uproot.open(sys.argv[1]) as file:
    for name, kind in file.classnames(cycle=False).items():
        thing = file[name]
        if kind == "TTree":
            found[name] = {branch.name: column(branch) for branch in thing.branches if branch.name != "two"}
        elif kind.startswith(("TH", "TProfile")):
            found[name] = {
                "title": thing.title,
                "values": numpy.asarray(thing.values(flow=True)).ravel(order="F").tolist(),
                "errors": errors(thing, kind).ravel(order="F").tolist(),
                "edges": [axis.edges().tolist() for axis in thing.axes],
                "titles": [axis.member("fTitle") for axis in thing.axes],
                "labels": [axis.labels() or [] for axis in thing.axes],
            }
        elif kind.startswith("TGraph"):
            members = thing.all_members
            found[name] = {key: members[key].tolist() for key in ("fX", "fY", "fEX", "fEY") if key in members}
print(json.dumps(found))
"#;

/// Writes a file of uproot with one compression, for the letters of its name.
const MAKE: &str = r#"
import sys
import awkward, numpy, uproot

path = sys.argv[1]
name = path.rsplit("-", 1)[1].removesuffix(".root")
packed = {"none": None, "zlib": uproot.ZLIB(4), "lzma": uproot.LZMA(3), "lz4": uproot.LZ4(4), "zstd": uproot.ZSTD(3)}[name]
random = numpy.random.default_rng(17)
rows = 700
with uproot.recreate(path, compression=packed) as file:
    kinds = {
        "i": "int32", "l": "int64", "d": "float64", "f": "float32", "o": "bool", "b": "int8", "ub": "uint8", "us": "uint16",
        "u": "uint32", "ul": "uint64", "fixed": ("float32", (3,)), "square": ("int16", (2, 2)),
        "jagged": "var * float32", "whole": "var * int64",
    }
    tree = file.mktree("folder/tree", kinds, title="made by uproot")
    for basket in range(3):
        number = numpy.arange(rows) + 1000 * basket
        tree.extend({
            "i": -number, "l": number * 5_000_000_000, "d": random.normal(size=rows), "f": random.normal(size=rows).astype("f4"),
            "o": number % 3 == 0, "b": (number % 200 - 100).astype("i1"), "ub": (number % 256).astype("u1"),
            "us": (65535 - number).astype("u2"), "u": (4_000_000_000 + number).astype("u4"), "ul": (2**53 + 2 * number).astype("u8"),
            "fixed": random.normal(size=(rows, 3)).astype("f4"), "square": number[:, None, None] + numpy.arange(4).reshape(2, 2),
            "jagged": awkward.Array([[numpy.float32(k + 0.5 * j) for j in range(k % 5)] for k in number]),
            "whole": awkward.Array([[int(k) * j for j in range(k % 3)] for k in number]),
        })
    file["h1"] = numpy.histogram(random.normal(size=1000), bins=20, range=(-3, 3))
    file["folder/sub/h2"] = numpy.histogram2d(random.normal(size=500), random.normal(size=500), bins=(5, 7))
    file["uneven"] = (numpy.array([3.0, 1.0, 2.0]), numpy.array([0.0, 1.0, 5.0, 5.5]))
"#;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|value| value.as_str().unwrap()).collect()
}

fn assert_close(ours: &[f64], theirs: &[f64], what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (place, (mine, other)) in ours.iter().zip(theirs).enumerate() {
        assert!((mine - other).abs() <= 1e-12 * other.abs().max(1.0), "{what}, {place}: {mine} and {other}");
    }
}

/// Compares all that uproot says of a file with what we read; the number of things compared.
fn compare(path: &Path) -> usize {
    let said = ask(SAY, path);
    let bytes = std::fs::read(path).unwrap();
    let file = RootFile::open(&bytes[..]).unwrap();
    let said = said.as_object().unwrap();
    for (name, theirs) in said {
        let entry = file.find(name).unwrap();
        let what = format!("{name} of {}", path.display());
        if entry.key.class == "TTree" {
            compare_tree(&file, &file.tree(entry).unwrap(), theirs, &what);
        } else if entry.key.class.starts_with("TGraph") {
            let ours = file.graph(entry).unwrap();
            assert_close(&ours.x, &numbers(&theirs["fX"]), &what);
            assert_close(&ours.y, &numbers(&theirs["fY"]), &what);
            if let Some(errors) = theirs.get("fEY") {
                assert_close(&ours.y_errors[1], &numbers(errors), &what);
            }
        } else {
            compare_histogram(&file.histogram(entry).unwrap(), theirs, &what);
        }
    }
    said.len()
}

fn compare_tree(file: &RootFile<&[u8]>, tree: &root::Tree, theirs: &Value, what: &str) {
    for (name, theirs) in theirs.as_object().unwrap().iter().filter(|(_, theirs)| !theirs.is_null()) {
        let column = file.column(tree.branch(name).unwrap()).unwrap();
        assert_close(&column.values.numbers().collect::<Vec<_>>(), &numbers(&theirs["values"]), &format!("{name} of {what}"));
        let ours: Vec<f64> = (0..column.entries()).map(|entry| column.entry(entry).unwrap().len() as f64).collect();
        match &column.per_entry {
            PerEntry::Fixed(_) => assert_eq!(ours.len() as u64, tree.entries),
            // What has two dimensions in the file is flat with us.
            PerEntry::Ends(_) if name == "var2" => {}
            PerEntry::Ends(_) => assert_eq!(ours, numbers(&theirs["counts"]), "{name} of {what}"),
        }
    }
}

fn compare_histogram(ours: &Histogram, theirs: &Value, what: &str) {
    assert_eq!(ours.title, theirs["title"].as_str().unwrap(), "{what}");
    let or_zero = |value: f64| if value.is_nan() { 0.0 } else { value };
    let cells = 0..ours.contents.len();
    let values: Vec<f64> = cells.clone().map(|place| or_zero(ours.value(place))).collect();
    let theirs_values: Vec<f64> =
        theirs["values"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap_or(0.0)).collect();
    assert_close(&values, &theirs_values, what);
    let errors: Vec<f64> = cells.map(|place| or_zero(ours.error(place))).collect();
    assert_close(&errors, &numbers(&theirs["errors"]), what);
    for (number, axis) in ours.axes.iter().enumerate() {
        assert_close(&axis.all_edges(), &numbers(&theirs["edges"][number]), what);
        assert_eq!(axis.title, theirs["titles"][number].as_str().unwrap_or_default(), "{what}");
        let labels: Vec<&str> = axis.labels.iter().map(|(_, label)| label.as_str()).collect();
        assert_eq!(labels, texts(&theirs["labels"][number]), "{what}");
    }
}

#[test]
fn what_uproot_writes_is_read_as_uproot_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    for packed in ["none", "zlib", "lzma", "lz4", "zstd"] {
        let path = folder.path().join(format!("uproot-{packed}.root"));
        ask(MAKE, &path);
        assert_eq!(compare(&path), 4, "{packed}");
        let bytes = std::fs::read(&path).unwrap();
        let is_packed = RootFile::open(&bytes[..]).unwrap().find("folder/sub/h2").unwrap().key.is_packed();
        assert_eq!(is_packed, packed != "none");
    }
}

#[test]
fn what_root_writes_is_read_as_uproot_reads_it() {
    for packed in ["none", "zlib", "lzma", "lz4", "zstd"] {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("monitasks/tests/data/root");
        assert!(compare(&data.join(format!("root640_{packed}.root"))) >= 18, "{packed}");
    }
}

/// A gain map and its neighbours as an analysis writes them.
fn ours(folder: &Path) -> PathBuf {
    let columns = HistogramAxis::new(2, 0.0, 100.0).title("x [cm]").labels(["left".to_owned(), "right".to_owned()]);
    let mut map = Histogram::new("gain", "LEM gain of run 7", vec![columns, HistogramAxis::new(6, 0.0, 300.0).title("y [cm]")]);
    for (column, row) in (1..=2).flat_map(|column| (1..=6).map(move |row| (column, row))) {
        map.set(&[column, row], 2.0 + 0.1 * (column * row) as f64, 0.01 * row as f64);
    }
    let mut spread =
        Histogram::new("spread", "", vec![HistogramAxis { edges: vec![0.0, 1.0, 4.0], ..HistogramAxis::new(2, 0.0, 4.0) }]);
    spread.set(&[0], 1.5, 0.5);
    spread.set(&[2], -2.0, 0.25);
    let y_errors = [vec![0.5, 0.25, 1.0], vec![0.5, 0.25, 1.0]];
    let trend = Graph {
        name: "trend".into(),
        title: "lifetime".into(),
        x: vec![1.0, 2.0, 3.0],
        y: vec![900.0, 1000.0, 950.5],
        y_errors,
        ..Graph::default()
    };
    let products = [Product::Histogram(map), Product::Histogram(spread), Product::Graph(trend)];
    let bytes = root::write("ours.root", "dqmon", "2019-05-16T19:52:00Z".parse().unwrap(), &products).unwrap();
    let path = folder.join("ours.root");
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn uproot_reads_our_histograms_and_graphs() {
    let folder = tempfile::tempdir().unwrap();
    let path = ours(folder.path());
    assert_eq!(compare(&path), 3);
    let said = ask(SAY, &path);
    assert_eq!(texts(&said["gain"]["labels"][0]), ["left", "right"]);
    assert_eq!(texts(&said["gain"]["titles"]), ["x [cm]", "y [cm]"]);
    assert_eq!(numbers(&said["spread"]["errors"]), [0.5, 0.0, 0.25, 0.0]);
    assert_eq!(numbers(&said["trend"]["fEY"]), [0.5, 0.25, 1.0]);
}

#[test]
fn inspect_shows_any_root_file_by_its_content() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("no_telling_name.txt");
    std::fs::copy(ours(folder.path()), &path).unwrap();
    let inspect = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_dqmon")).arg("inspect").args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let path_text = path.to_str().unwrap();
    let (status, text) = inspect(&[path_text]);
    assert_eq!(status, Some(0), "{text}");
    for words in ["ROOT file of version 6.40.00", "gain: TH2D 'LEM gain of run 7'", "trend: TGraphErrors 'lifetime', 3 points"] {
        assert!(text.contains(words), "{words:?} in {text}");
    }
    let (_, json) = inspect(&[path_text, "--json"]);
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((report["kind"].as_str(), report["fault"].is_null()), (Some("root"), true));
    assert_eq!(report["histograms"][0]["axes"][1]["bins"], 6);
    assert_eq!(report["objects"].as_array().unwrap().len(), 3);

    // ROOT's own, with a tree, folders and a class that is only listed.
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("monitasks/tests/data/root/root640_zstd.root");
    let (status, text) = inspect(&[sample.to_str().unwrap()]);
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("t: 60 entries") && text.contains("sub/deep/note;1: TObjString"), "{text}");

    // Damaged in one basket: a finding, and the rest is shown.
    let mut bytes = std::fs::read(&sample).unwrap();
    let basket = bytes.windows(7).position(|window| window == b"TBasket").unwrap();
    let place = basket + bytes[basket..].windows(2).position(|window| window == b"ZS").unwrap();
    bytes[place + 12] ^= 0xFF;
    std::fs::write(&path, bytes).unwrap();
    let (status, text) = inspect(&[path_text]);
    assert_eq!(status, Some(1), "{text}");
    assert_eq!(text.matches("wrong with it: ").count(), 1, "{text}");
    assert!(text.contains("h1d: TH1D"), "{text}");
}

#[test]
fn a_histogram_of_a_root_file_is_plotted() {
    let folder = tempfile::tempdir().unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("monitasks/tests/data/root/root640_lzma.root");
    let file = folder.path().join("no_telling_name");
    std::fs::copy(&sample, &file).unwrap();
    let plot = |what: &str, from: &Path, out: &str| {
        let out = folder.path().join(out);
        let output =
            Command::new(env!("CARGO_BIN_EXE_dqmon")).args(["plot", what, "--from"]).arg(from).arg("--out").arg(&out).output();
        let output = output.unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap(), std::fs::read(out).unwrap_or_default())
    };
    let (status, message, bytes) = plot("root/sub/deep/h_deep", &file, "a.json");
    assert_eq!(status, Some(0), "{message}");
    let figure: Value = serde_json::from_slice(&bytes).unwrap();
    let layer = &figure["layers"][0];
    assert_eq!((layer["kind"].as_str(), figure["x"]["unit"].as_str()), (Some("steps"), Some("cm")), "{figure}");
    assert_eq!(numbers(&layer["values"]).iter().sum::<f64>(), 88.75);
    for (what, mark) in [("root/h2d", "two"), ("root/profile", "profile"), ("root/graph_errors", "graph_errors")] {
        let (status, message, svg) = plot(what, &file, "a.svg");
        assert_eq!(status, Some(0), "{what}: {message}");
        assert!(String::from_utf8(svg).unwrap().contains(mark), "{what}");
    }
    let (status, message, _) = plot("root/t", &file, "b.json");
    assert!(status == Some(2) && message.contains("root/h2d"), "{message}");
    std::fs::write(&file, &std::fs::read(&sample).unwrap()[..5000]).unwrap();
    let (status, message, _) = plot("root/h2d", &file, "b.json");
    assert!(status == Some(2) && message.contains("the file's end"), "{message}");
}
