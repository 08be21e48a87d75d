//! ROOT files: ours and any other's.

use std::path::Path;

use monitasks::format::root::{BranchFacts, Contents, GraphFacts, HistogramFacts, RootFile, TreeFacts};
use serde_json::{Value, json};

use super::Report;
use crate::reconstruction::recofile::{self, EventRows, FileBytes, RecoFacts};

/// Trees that a reconstructed file is known by.
const OURS: [&str; 2] = ["meta", EventRows::TREE];

/// A ROOT file's report: all that its folders list, and of trees, histograms and graphs what is in them.
pub(super) fn root(path: &Path) -> Report {
    let read = FileBytes::open(path).map_err(|error| error.to_string());
    let contents = match read.and_then(|bytes| RootFile::open(bytes).map_err(|error| error.to_string())) {
        Ok(file) => file.contents(),
        // One good file may stand beside a bad one: what is wrong is the report's business, as for raw files.
        Err(fault) => return Report { facts: json!({ "trees": [] }), text: "ROOT file\n".into(), faults: vec![fault] },
    };
    let mut text = String::new();
    let mut faults = Vec::new();
    let mut facts = json!({});
    let is_ours = OURS.iter().all(|name| contents.objects.iter().any(|object| object.class == "TTree" && object.name == *name));
    match is_ours.then(|| recofile::entries(path)) {
        Some(Ok(reco)) => {
            faults.extend(fewer_events(&reco));
            text += &format!(
                "reconstructed file of {}, {}, {} events, by {}\n",
                reco.file, reco.detector, reco.entries, reco.software
            );
            facts = json!({
                "detector": reco.detector,
                "software": reco.software,
                "run": reco.file.run,
                "sequence": reco.file.sequence,
                "events_count": reco.entries,
            });
        }
        Some(Err(fault)) => faults.push(fault.to_string()),
        None => {}
    }
    faults.extend(contents.faults.iter().cloned());
    if text.is_empty() {
        text += &format!("ROOT file of version {}, {} objects\n", version(contents.root_version), contents.objects.len());
    }
    if let (Some(facts), Ok(Value::Object(contents))) = (facts.as_object_mut(), serde_json::to_value(&contents)) {
        facts.extend(contents);
    }
    Report { facts, text: text + &text_of(&contents), faults }
}

/// That a reconstructed file has not all events of its raw file.
fn fewer_events(facts: &RecoFacts) -> Option<String> {
    (facts.events != facts.entries).then(|| format!("it holds {} of its raw file's {} events", facts.entries, facts.events))
}

/// `6.40.00`.
fn version(number: i32) -> String {
    format!("{}.{:02}.{:02}", number / 10_000, number / 100 % 100, number % 100)
}

fn text_of(contents: &Contents) -> String {
    let trees = contents.trees.iter().map(tree);
    let histograms = contents.histograms.iter().map(histogram);
    let graphs = contents.graphs.iter().map(graph);
    let mut text: String = trees.chain(histograms).chain(graphs).collect();
    for object in contents.objects.iter().filter(|object| !object.read) {
        text += &format!(
            "{};{}: {}, {}\n",
            object.name,
            object.cycle,
            object.class,
            if object.title.is_empty() { "no title" } else { &object.title }
        );
    }
    text
}

fn tree(tree: &TreeFacts) -> String {
    let mut text = format!("{}: {} entries\n", tree.name, tree.entries);
    for BranchFacts { name, type_name, per_entry, sum, unread } in &tree.branches {
        let shape = match per_entry {
            Some(1) => String::new(),
            Some(count) => format!("[{count}]"),
            None => "[n]".into(),
        };
        let type_name = format!("{type_name}{}", if unread.is_some() { "" } else { &shape });
        text += &match (sum, unread) {
            (Some(sum), _) => format!("    {name:<20} {type_name:<8} sum {sum}\n"),
            (None, why) => format!("    {name:<20} not read: {}\n", why.as_deref().unwrap_or_default()),
        };
    }
    text
}

fn histogram(facts: &HistogramFacts) -> String {
    let axes: Vec<String> =
        facts.axes.iter().map(|axis| format!("{} bins from {} to {}", axis.bins, axis.low, axis.high)).collect();
    let mut text = format!("{}: {} '{}', {}; {} entries", facts.name, facts.class, facts.title, axes.join(" x "), facts.entries);
    if let Some([mean, spread]) = facts.mean_and_spread {
        text += &format!(", mean {mean}, spread {spread}");
    }
    text += &format!(", integral {}", facts.integral);
    if let Some([below, above]) = facts.outside {
        text += &format!(", {below} below and {above} above the range");
    }
    text + "\n"
}

fn graph(facts: &GraphFacts) -> String {
    let range = |name: &str, range: Option<[f64; 2]>| {
        range.map_or_else(String::new, |[low, high]| format!(", {name} from {low} to {high}"))
    };
    let ranges = range("x", facts.x_range) + &range("y", facts.y_range);
    format!("{}: {} '{}', {} points{ranges}\n", facts.name, facts.class, facts.title, facts.points)
}
