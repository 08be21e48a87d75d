//! Exports from the outside: what stands in them and beside them, that their numbers come back, that window and command line
//! write the same, and that reports hold nothing but what belongs there.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::time::Instant;

use dqmon::engine::{
    Command, EngineHandle, ExportCommand, ExportNews, ExportTo, ExportedBy, ExportedPage, Notice, Report, ReportPictures, Start,
    World,
};
use dqmon::live::{EventLook, Live};
use dqmon::plotting::{Look, PROVENANCE_KEY, Picture};
use dqmon::snapshot::provenance::{ExportedFacts, PlotFacts, Provenance};
use dqmon::snapshot::{FigureKey, PlotView};
use jiff::Timestamp;
use monitasks::figure::{Figure, Layer};
use proptest::prelude::*;
use serde_json::Value;

use super::checks::{CHECKS, engine_on, shift, until};
use super::workspace::{PATIENCE, Shift, said};

const WHAT: &str = "purity/lifetime_trend";

fn key() -> FigureKey {
    FigureKey::newest("purity", "lifetime_trend")
}

/// A shift of three runs, the last of them with a bad lifetime, a known issue and somebody on shift.
fn judged() -> Shift {
    let shift = shift(CHECKS, &[3000.0, 2900.0, 500.0]);
    let output = shift.run(&["shift", "begin", "--who", "Ada <b>Marsh</b>", "--role", "shifter"]);
    assert!(output.status.success(), "{}", said(&output));
    let issue = ["issue", "new", "grid <script> & \"trips\"", "--item", "lem_gain", "--expires", "2999-01-01"];
    let output = shift.run(&[&issue[..], &["--who", "Ada", "--role", "expert"]].concat());
    assert!(output.status.success(), "{}", said(&output));
    shift
}

/// Plots into a file, and gives it back with the one beside it.
fn plotted(shift: &Shift, name: &str, more: &[&str]) -> (PathBuf, Vec<u8>, Option<Value>) {
    let path = shift.folder.path().join(name);
    let output = shift.dqmon().args(["plot", WHAT, "--out"]).arg(&path).args(more).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let beside = fs::read(dqmon::plotting::side_file(&path)).ok();
    let bytes = fs::read(&path).unwrap();
    (path, bytes, beside.map(|text| serde_json::from_slice(&text).unwrap()))
}

/// The text of an iTXt chunk of our keyword, read by hand.
fn itxt(png: &[u8]) -> String {
    let mut at = 8;
    loop {
        let length = u32::from_be_bytes(png[at..at + 4].try_into().unwrap()) as usize;
        let (kind, data) = (&png[at + 4..at + 8], &png[at + 8..at + 8 + length]);
        assert_ne!(kind, b"IEND", "no chunk says where it comes from");
        if kind == b"iTXt" {
            let keyword = data.split(|byte| *byte == 0).next().unwrap();
            assert_eq!(keyword, PROVENANCE_KEY.as_bytes());
            // Two bytes of compression, then two empty texts, each with its end.
            let text = &data[keyword.len() + 1 + 2 + 2..];
            return String::from_utf8(text.to_vec()).unwrap();
        }
        at += 12 + length;
    }
}

#[test]
fn a_plot_says_inside_of_it_and_beside_it_where_it_comes_from() {
    let shift = judged();
    let (_, png, beside) = plotted(&shift, "a.png", &["--light"]);
    let beside = beside.unwrap();
    assert_eq!(serde_json::from_str::<Value>(&itxt(&png)).unwrap(), beside);
    let plot = &beside["plots"][0];
    assert_eq!((&beside["schema"], &beside["kind"]), (&1.into(), &"plot".into()));
    assert_eq!((&plot["run"], &plot["results_in_all"], &plot["state"]), (&3.into(), &3.into(), &"BAD".into()));
    assert_eq!(plot["results"][0]["file"], "crp/run3-p1-g0.txt");
    let check = &plot["checks"][0];
    assert_eq!((&check["name"], &check["state"]), (&"lifetime".into(), &"BAD".into()));
    let ok = check["thresholds"].as_array().unwrap().iter().find(|line| line["within"] == "OK").unwrap();
    assert_eq!((&ok["on"], &ok["from"]), (&"y".into(), &2.0.into()));
    assert_eq!((&beside["source"]["software"], &beside["source"]["detector"]), (&dqmon::SOFTWARE.into(), &"3x1x1".into()));
    assert_eq!(beside["source"]["workspace"], shift.workspace.root.display().to_string());
    assert_eq!(beside["source"]["book"][0]["number"], 2, "a shift and a known issue were said");
    assert_eq!(beside["source"]["book"][0]["hash"].as_str().unwrap().len(), 64);
    assert!(beside["exported"]["account"].as_str().unwrap().contains('@'));
    assert_eq!((&beside["picture"]["width"], &beside["picture"]["is_light"]), (&900.into(), &true.into()));

    let (_, svg, beside) = plotted(&shift, "a.svg", &[]);
    let svg = String::from_utf8(svg).unwrap();
    let (_, rest) = svg.split_once(&format!("<metadata id=\"{PROVENANCE_KEY}\">")).unwrap();
    let said = rest.split_once("</metadata>").unwrap().0.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">");
    assert_eq!(serde_json::from_str::<Value>(&said.replace("&amp;", "&")).unwrap(), beside.unwrap());
    for words in ["3 results up to crp/run3-p1-g0.txt", "checks: lifetime BAD", "book at 2 ", dqmon::SOFTWARE] {
        assert!(svg.contains(words), "the footer lacks {words}");
    }

    let (_, csv, beside) = plotted(&shift, "a.csv", &[]);
    let csv = String::from_utf8(csv).unwrap();
    let line = csv.lines().find_map(|line| line.strip_prefix("# provenance: ")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(line).unwrap(), beside.unwrap());
    let (_, json, beside) = plotted(&shift, "a.json", &[]);
    assert_eq!(serde_json::from_slice::<Value>(&json).unwrap()["provenance"]["plots"][0]["run"], 3);
    assert_eq!(beside, None, "what says it all itself has nothing beside it");
    let page = shift.folder.path().join("page.png");
    let output = shift.dqmon().args(["plot", "page", "--out"]).arg(&page).output().unwrap();
    assert!(output.status.code().unwrap() < 2, "{}", super::workspace::said(&output));
    let of_page: Value = serde_json::from_str(&itxt(&fs::read(&page).unwrap())).unwrap();
    let plots = of_page["plots"].as_array().unwrap();
    assert!(plots.len() > 3 && of_page["kind"] == "page");
    let gain = plots.iter().find(|plot| plot["task"] == "lem_gain").unwrap();
    assert_eq!(gain["masks"][0]["reason"], "grid <script> & \"trips\"");
}

/// Numbers of a CSV's blocks, layer by layer.
fn numbers(csv: &str) -> Vec<Vec<Vec<f64>>> {
    let mut layers: Vec<Vec<Vec<f64>>> = Vec::new();
    for line in csv.lines().filter(|line| !line.is_empty()) {
        let of_layer = ["# points", "# line", "# histogram", "# map", "# rule", "# text"];
        if of_layer.iter().any(|begin| line.starts_with(begin)) {
            layers.push(Vec::new());
        } else if !line.starts_with('#') {
            let cells: Vec<Option<f64>> =
                line.split(',').map(|cell| if cell.is_empty() { Some(f64::NAN) } else { cell.parse().ok() }).collect();
            if let (Some(row), Some(layer)) = (cells.into_iter().collect::<Option<Vec<f64>>>(), layers.last_mut()) {
                layer.push(row);
            }
        }
    }
    layers
}

/// The numbers of a figure as CSV has them.
fn plotted_numbers(figure: &Figure) -> Vec<Vec<Vec<f64>>> {
    let of_layer = |layer: &Layer| match layer {
        Layer::Points { points, .. } => points.iter().map(|point| vec![point.x, point.y, point.y_error]).collect(),
        Layer::Line { points, .. } => points.iter().map(|point| point.to_vec()).collect(),
        Layer::Steps { edges, values, .. } => {
            edges.windows(2).zip(values).map(|(edge, value)| vec![edge[0], edge[1], *value]).collect()
        }
        Layer::Map(map) => map.values.iter().map(|value| vec![f64::NAN, f64::NAN, f64::from(*value)]).collect(),
        Layer::Rule { at, .. } => vec![vec![*at]],
        Layer::Text { .. } => Vec::new(),
    };
    figure.layers.iter().map(of_layer).collect()
}

fn same(one: &[Vec<Vec<f64>>], other: &[Vec<Vec<f64>>]) {
    assert_eq!(one.len(), other.len());
    for (one, other) in one.iter().zip(other) {
        assert_eq!(one.len(), other.len());
        for (one, other) in one.iter().flatten().zip(other.iter().flatten()) {
            assert!(one == other || other.is_nan(), "{one} was plotted as {other}");
        }
    }
}

#[test]
fn the_plotted_numbers_come_back_exactly_from_csv_and_json() {
    let shift = judged();
    let now = Timestamp::now();
    for what in ["purity/lifetime_trend", "lem_gain/view_trend"] {
        let (task, item) = what.split_once('/').unwrap();
        let key = FigureKey::newest(task, item).with(PlotView::Bare);
        let mut live = Live::read_workspace(&shift.workspace, &EventLook::default(), now).unwrap();
        let figure = live.signed(&key, now).unwrap().figure;
        assert!(!figure.layers.is_empty());
        let file = |ending: &str| {
            let path = shift.folder.path().join(format!("{item}.{ending}"));
            let output = shift.dqmon().args(["plot", what, "--out"]).arg(&path).output().unwrap();
            assert!(output.status.success(), "{}", said(&output));
            fs::read_to_string(path).unwrap()
        };
        same(&numbers(&file("csv")), &plotted_numbers(&figure));
        // Numbers that are none are null; the rest of the file is the figure itself.
        let json: Value = serde_json::from_str(&file("json")).unwrap();
        let expected: Value = serde_json::from_str(&serde_json::to_string(&*figure).unwrap()).unwrap();
        for field in ["title", "x", "y", "layers", "notes", "empty"] {
            assert_eq!(json[field], expected[field], "{what}: {field}");
        }
    }
}

#[test]
fn numbers_of_every_kind_of_layer_come_back_exactly() {
    let provenance: Provenance = serde_json::from_str(include_str!("../data/exports/side.json")).unwrap();
    let picture = Picture { size: (900, 560), look: Look::Dark };
    let mut kinds = std::collections::HashSet::new();
    for (key, figure) in &super::made_up::full().figures {
        if key.run.is_some() {
            continue;
        }
        kinds.extend(figure.layers.iter().map(std::mem::discriminant));
        let of = |format| dqmon::plotting::plot_export(figure, &provenance, format, picture).unwrap().bytes;
        let csv = String::from_utf8(of(dqmon::plotting::Format::Csv)).unwrap();
        same(&numbers(&csv), &plotted_numbers(figure));
        let json: Value = serde_json::from_slice(&of(dqmon::plotting::Format::Json)).unwrap();
        let expected: Value = serde_json::from_str(&serde_json::to_string(&**figure).unwrap()).unwrap();
        assert_eq!(json["layers"], expected["layers"]);
    }
    assert!(kinds.len() >= 4, "{}", kinds.len());
}

/// Sends an export and waits for what comes of it.
fn exported(engine: &EngineHandle, command: ExportCommand) -> Result<ExportNews, String> {
    assert!(engine.send(Command::Export(command)));
    let end = Instant::now() + PATIENCE;
    loop {
        match engine.notice() {
            Some(Notice::Export(news)) => return Ok(news),
            Some(Notice::Refused(why)) if !why.starts_with("ALARM") => return Err(why),
            _ => assert!(Instant::now() < end, "nothing came of the export"),
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

fn to(path: &Path) -> ExportTo {
    let picture = Picture { size: (900, 560), look: Look::Dark };
    ExportTo { path: path.to_owned(), may_replace: false, picture, by: ExportedBy::default() }
}

/// A provenance with nothing of the clock in it.
fn timeless(mut value: Value) -> Value {
    let of = if value.get("provenance").is_some() { &mut value["provenance"] } else { &mut value };
    of["exported"]["at"] = Value::Null;
    value
}

#[test]
fn the_window_and_the_command_line_write_the_same_and_nothing_is_written_over_unasked() {
    let shift = judged();
    let engine = engine_on(&shift);
    until(&engine, "alarms are in the book", |now| now.people.alarms.len() == 1);
    let place = shift.folder.path().join("new/folder/of_window.json");
    let bare = key().with(PlotView::Bare);
    let command = ExportCommand::Plot { key: bare.clone(), to: to(&place) };
    let Ok(ExportNews::Written { path, .. }) = exported(&engine, command.clone()) else { panic!("it was not written") };
    assert_eq!(path, place);
    let (_, of_command, _) = plotted(&shift, "of_command.json", &[]);
    let read = |bytes: &[u8]| timeless(serde_json::from_slice(bytes).unwrap());
    assert_eq!(read(&fs::read(&place).unwrap()), read(&of_command));

    for ending in ["png", "svg"] {
        let place = shift.folder.path().join(format!("of_window.{ending}"));
        let command = ExportCommand::Plot { key: key(), to: to(&place) };
        let before = Timestamp::now().strftime("%H:%M").to_string();
        exported(&engine, command).unwrap();
        let (_, of_command, beside) = plotted(&shift, &format!("of_command.{ending}"), &[]);
        let mine: Value = serde_json::from_slice(&fs::read(dqmon::plotting::side_file(&place)).unwrap()).unwrap();
        assert_eq!(timeless(mine.clone()), timeless(beside.clone().unwrap()));
        if ending == "svg" && Timestamp::now().strftime("%H:%M").to_string() == before {
            let at = |value: &Value| value["exported"]["at"].as_str().unwrap().to_owned();
            let of_window = fs::read_to_string(&place).unwrap().replace(&at(&mine), "");
            assert_eq!(of_window, String::from_utf8(of_command).unwrap().replace(&at(&beside.unwrap()), ""));
        }
    }

    fs::write(&place, "mine").unwrap();
    let Ok(ExportNews::Stands { path, again }) = exported(&engine, command) else { panic!("it was written over") };
    assert_eq!((path, fs::read_to_string(&place).unwrap()), (place.clone(), "mine".into()));
    exported(&engine, again.replacing()).unwrap();
    assert!(fs::read_to_string(&place).unwrap().contains("provenance"));
    let no_place = shift.folder.path().join("checks.png/x.png");
    fs::write(shift.folder.path().join("checks.png"), "").unwrap();
    let why = exported(&engine, ExportCommand::Plot { key: key(), to: to(&no_place) }).unwrap_err();
    assert!(why.ends_with(&no_place.display().to_string()), "{why}");
    let why = exported(&engine, ExportCommand::Plot { key: key(), to: to(Path::new("x.pdf")) }).unwrap_err();
    assert!(why.contains("must end in .png"), "{why}");
}

#[test]
fn a_window_that_is_read_only_exports_outside_of_the_workspace_alone() {
    let shift = judged();
    let start = Start { open: Some(shift.workspace.root.clone()), read_only: true };
    let engine = dqmon::engine::start(start, World::default(), Box::new(|| {}));
    until(&engine, "results are there", |now| now.task("purity").is_some_and(|task| task.results == 3));
    let inside = shift.workspace.root.join("exports/a.png");
    let why = exported(&engine, ExportCommand::Plot { key: key(), to: to(&inside) }).unwrap_err();
    assert!(why.contains("read-only") && !inside.exists(), "{why}");
    let why = exported(&engine, ExportCommand::Plot { key: key(), to: to(Path::new("a.png")) }).unwrap_err();
    assert!(why.contains("read-only") && !shift.workspace.root.join("a.png").exists(), "{why}");
    let outside = shift.folder.path().join("a.png");
    exported(&engine, ExportCommand::Plot { key: key(), to: to(&outside) }).unwrap();
    assert!(outside.exists());
}

#[test]
fn pages_are_exported_as_rows_with_where_they_come_from() {
    let shift = judged();
    let output = shift.run(&["problem", "new", "=HYPERLINK(\"x\"), <b>", "--who", "Ada", "--role", "shifter"]);
    assert!(output.status.success(), "{}", said(&output));
    let engine = engine_on(&shift);
    until(&engine, "the problem is there", |now| now.people.problems.len() == 1);
    let page = |page: ExportedPage, name: &str| {
        let path = shift.folder.path().join(name);
        exported(&engine, ExportCommand::Page { page, to: to(&path) }).unwrap();
        fs::read_to_string(path).unwrap()
    };
    let json: Value = serde_json::from_str(&page(ExportedPage::Problems, "p.json")).unwrap();
    assert_eq!(json["tables"]["problems"][0]["what"], "=HYPERLINK(\"x\"), <b>");
    assert_eq!(json["tables"]["known_issues"][0]["where"].as_str().map(|words| words.contains("lem_gain")), Some(true));
    assert_eq!((&json["schema"], &json["provenance"]["kind"]), (&1.into(), &"table".into()));
    let csv = page(ExportedPage::Problems, "p.csv");
    assert!(csv.contains("\"'=HYPERLINK(\"\"x\"\"), <b>\"") && csv.contains("# table: alarms\r\n"), "{csv}");
    assert!(shift.folder.path().join("p.csv.json").exists());
    let html = page(ExportedPage::Problems, "p.html");
    assert!(html.contains("=HYPERLINK(&quot;x&quot;), &lt;b&gt;") && !html.contains(", <b>"));
    for (what, name) in [(ExportedPage::Processing, "q.json"), (ExportedPage::Meeting, "m.json")] {
        let json: Value = serde_json::from_str(&page(what, name)).unwrap();
        assert!(json["tables"].as_object().is_some_and(|tables| tables.len() > 3), "{json}");
    }
    let picture = shift.folder.path().join("monitor.png");
    exported(&engine, ExportCommand::Page { page: ExportedPage::Monitor(vec![key()]), to: to(&picture) }).unwrap();
    let said: Value = serde_json::from_str(&itxt(&fs::read(picture).unwrap())).unwrap();
    assert_eq!((said["plots"].as_array().unwrap().len(), &said["plots"][0]["task"]), (1, &"purity".into()));
}

/// Reads a page with Python's own parser: tags that are not closed, what leads out of the file, how many pictures there are.
const READ_HTML: &str = r#"
import base64, html.parser, json, sys
class Reader(html.parser.HTMLParser):
    void = {"meta", "br", "img"}
    def __init__(self):
        super().__init__(); self.open = []; self.wrong = []; self.out = []; self.sizes = []; self.tags = {}; self.text = ""
    def handle_starttag(self, tag, attributes):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        if tag not in self.void: self.open.append(tag)
        for name, value in attributes:
            if name in ("src", "href", "action", "srcset", "data", "poster", "background") or name.startswith("on"):
                begin = "data:image/png;base64,"
                if name == "src" and value.startswith(begin):
                    png = base64.b64decode(value[len(begin):], validate=True)
                    assert png[:8] == b"\x89PNG\r\n\x1a\n"; self.sizes.append(len(png))
                else: self.out.append([tag, name, value])
    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag: self.wrong.append(tag)
    def handle_data(self, data): self.text += data
reader = Reader(); reader.feed(sys.stdin.read()); reader.close()
print(json.dumps({"open": reader.open, "wrong": reader.wrong, "out": reader.out, "sizes": reader.sizes, "tags": reader.tags, "text": reader.text}))
"#;

fn read_html(page: &str) -> Value {
    let mut child = Process::new("python3")
        .args(["-c", READ_HTML])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("COULD NOT RUN: a page read by Python: no python3");
    child.stdin.take().unwrap().write_all(page.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_report_is_one_page_with_its_plots_in_it_and_nothing_outside_of_it() {
    let shift = judged();
    let page = |what: &str, more: &[&str]| {
        let path = shift.folder.path().join(format!("{what}.html"));
        let output = shift.dqmon().args(["report", what, "--out"]).arg(&path).args(more).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        fs::read_to_string(path).unwrap()
    };
    let mut counts = BTreeMap::new();
    for what in ["shift", "meeting"] {
        for (which, more) in [("findings", &[][..]), ("official", &["--pictures", "official"]), ("none", &["--pictures", "none"])]
        {
            let text = page(what, more);
            let read = read_html(&text);
            for wrong in ["open", "wrong", "out"] {
                assert_eq!(read[wrong], Value::Array(Vec::new()), "{what} {which}: {wrong}");
            }
            assert_eq!((&read["tags"]["script"], &read["tags"]["link"]), (&Value::Null, &Value::Null));
            assert!(!text.contains("http://") && !text.contains("https://") && !text.contains("url("), "{what} {which}");
            assert!(text.len() < 4 << 20, "{} bytes", text.len());
            counts.insert((what, which), read["sizes"].as_array().unwrap().len());
            let words = read["text"].as_str().unwrap();
            if which != "none" {
                assert!(words.contains("Purity: ") && words.contains("crp/run3-p1-g0.txt"), "{words}");
                assert!(words.contains("checks: lifetime BAD") && words.contains("book at "), "{words}");
            }
            if what == "shift" {
                assert!(words.contains("Ada <b>Marsh</b>"), "{words}");
            }
            assert!(words.contains("grid <script> & \"trips\""), "{words}");
        }
        assert_eq!(counts[&(what, "none")], 0);
        assert!(counts[&(what, "official")] >= 2, "{counts:?}");
        assert!(counts[&(what, "findings")] >= counts[&(what, "official")], "{counts:?}");
    }
    let findings = read_html(&page("meeting", &[]));
    assert!(findings["text"].as_str().unwrap().contains(": BAD: lifetime: view 0: 0.50"), "{}", findings["text"]);
    let refused = shift.run(&["report", "shift", "--out", "x.html", "--pictures", "all"]);
    assert!(refused.status.code() == Some(2) && said(&refused).contains("none, official, findings"), "{}", said(&refused));

    let engine = engine_on(&shift);
    until(&engine, "the book was read", |now| now.people.on_shift.is_some());
    let by = ExportedBy { name: "Bo Lind".into(), role: "shifter".into() };
    let command =
        ExportCommand::Report { report: Report::Shift, pictures: ReportPictures::default(), to: None, may_replace: false, by };
    let Ok(ExportNews::Written { path, .. }) = exported(&engine, command) else { panic!("not written") };
    assert!(path.starts_with(shift.workspace.root.join("reports")));
    let of_window = read_html(&fs::read_to_string(path).unwrap());
    assert_eq!(of_window["sizes"].as_array().unwrap().len(), counts[&("shift", "findings")]);
    assert!(of_window["text"].as_str().unwrap().contains("by Bo Lind, "));
}

#[test]
fn a_meeting_has_trends_over_the_runs_that_wait_for_a_decision() {
    let shift = super::commands::processed();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("meeting.html");
    let output = shift.dqmon().args(["report", "meeting", "--out"]).arg(&path).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let read = read_html(&fs::read_to_string(path).unwrap());
    let words = read["text"].as_str().unwrap();
    assert!(words.contains("Undecided runs (1)") && words.contains(": trend over the undecided runs"), "{words}");
    assert!(words.contains("data 20") && words.contains("lane FULL") || words.contains("all lanes"), "{words}");
}

#[test]
fn the_file_beside_an_export_has_the_documented_layout() {
    let golden = include_str!("../data/exports/side.json");
    let provenance: Provenance = serde_json::from_str(golden).unwrap();
    assert_eq!(dqmon::plotting::side_text(&provenance).unwrap(), golden);
    // What is documented is what is written.
    let page = include_str!("../../docs/formats.md");
    let mut names = Vec::new();
    collect(&serde_json::from_str(golden).unwrap(), &mut names);
    assert!(names.len() > 40, "{names:?}");
    for name in names {
        assert!(page.contains(&format!("`{name}`")), "docs/formats.md lacks `{name}`");
    }
}

fn collect(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                if !names.contains(name) {
                    names.push(name.clone());
                }
                collect(value, names);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| collect(value, names)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Whatever people and files are called, pictures can be drawn and say it inside, whole.
    #[test]
    fn hostile_names_stay_words_in_a_picture(wild in "[<>&\"'#,=\\-\\]\u{0}\u{1b}\n a-zµ]{0,40}") {
        let golden = include_str!("../data/exports/side.json");
        let mut provenance: Provenance = serde_json::from_str(golden).unwrap();
        provenance.exported = ExportedFacts { name: Some(wild.clone()), ..provenance.exported };
        provenance.plots = vec![PlotFacts { lane: Some(wild.clone()), ..provenance.plots[0].clone() }];
        let figure = Figure::empty(wild.clone(), wild.clone());
        let picture = Picture { size: (400, 300), look: Look::Light };
        for format in [dqmon::plotting::Format::Png, dqmon::plotting::Format::Svg] {
            let made = dqmon::plotting::plot_export(&figure, &provenance, format, picture).unwrap();
            let beside: Provenance = serde_json::from_slice(&made.side.unwrap()).unwrap();
            prop_assert_eq!(beside.exported.name.as_ref(), Some(&wild));
            if format == dqmon::plotting::Format::Png {
                let inside: Provenance = serde_json::from_str(&itxt(&made.bytes)).unwrap();
                prop_assert_eq!(inside, beside);
            } else {
                let svg = String::from_utf8(made.bytes).unwrap();
                prop_assert!(dqmon::plotting::png(&svg, 1.0).is_ok());
                prop_assert_eq!(svg.matches("<metadata").count(), 1);
            }
        }
        let csv = dqmon::plotting::plot_export(&figure, &provenance, dqmon::plotting::Format::Csv, picture).unwrap().bytes;
        prop_assert!(String::from_utf8(csv).unwrap().lines().all(|line| line.starts_with('#')));
    }
}
