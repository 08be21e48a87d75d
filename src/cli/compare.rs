//! `dqmon compare`: two processings of one run, or any two results, against each other.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use monitasks::compare::{self, Comparison, Difference};
use monitasks::registry::TaskRegistry;
use monitasks::summary::Summary;
use monitasks::vocab::{Group, Run};
use serde_json::{Value, json};

use super::{Ended, Failure, Outcome};
use crate::config::{Settings, Workspace};
use crate::detector;
use crate::live::{DiskResults, ResultPoller, WorkspaceTasks};

/// Arguments of `dqmon compare`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A processing of the workspace, such as run1-p1 or run1-p1-g0, or a result file or folder of results.
    first: String,
    /// What it is compared with, named in the same way.
    second: String,
    /// Differences of at least so many standard deviations are a finding.
    #[arg(long, default_value_t = 3.0, value_name = "SIGMA")]
    sigma: f64,
    /// Print at most so many differences, the largest first; 0 for all.
    #[arg(long, default_value_t = 20, value_name = "N")]
    most: usize,
    /// Print JSON, with all differences.
    #[arg(long)]
    json: bool,
}

/// One of the two sides.
struct Side {
    /// As named on the command line.
    name: String,
    results: Vec<Found>,
    /// Files that could not be read.
    has_unread: bool,
}

/// What all tasks together read of one file.
struct Found {
    /// The first of them.
    task: String,
    summary: Summary,
}

/// Two results of one kind that belong together.
struct Pair<'a> {
    first: &'a Summary,
    second: &'a Summary,
    comparison: Comparison,
}

/// Runs the command. A difference beyond the limit, or a number or result that only one side has, is a finding.
pub fn run(global: &super::Global, args: &Args) -> Outcome {
    if !(args.sigma >= 0.0 && args.sigma.is_finite()) {
        return Err(Failure(format!("--sigma is a number of standard deviations from 0 on, not {}", args.sigma)));
    }
    let workspace = global.optional_workspace()?;
    let [first, second] = [&args.first, &args.second].map(|name| Side::read(name, workspace.as_ref()));
    let (first, second) = (first?, second?);
    let paired = paired(&first, &second)?;
    if paired.pairs.is_empty() {
        let told =
            |side: &Side| side.results.iter().map(|result| result.summary.provenance.file.clone()).collect::<Vec<_>>().join(", ");
        let (one, other) = (told(&first), told(&second));
        return Err(Failure(format!("nothing to compare: {} has {one}; {} has {other}", first.name, second.name)));
    }
    if args.json {
        println!("{:#}", json_of(&first, &second, &paired, args.sigma));
    } else {
        print(&first, &second, &paired, args);
    }
    let is_told = |pair: &Pair<'_>| pair.comparison.beyond(args.sigma).next().is_some() || !pair.comparison.unmatched.is_empty();
    let has_finding = paired.pairs.iter().any(is_told) || !paired.alone.is_empty() || first.has_unread || second.has_unread;
    Ok(if has_finding { Ended::WithFinding } else { Ended::Done })
}

impl Side {
    /// That no group is there in two processings.
    fn is_of_one_processing(&self) -> Result<(), Failure> {
        let mut known = BTreeSet::new();
        for Found { task, summary } in &self.results {
            if summary.run.is_some() && !known.insert((task, summary.run, summary.group)) {
                let what = "several processings of one group; name one, such as run1-p1 in a workspace, or a file";
                return Err(Failure(format!("not compared: it holds {what}: {}", self.name)));
            }
        }
        Ok(())
    }

    fn read(name: &str, workspace: Option<&Workspace>) -> Result<Side, Failure> {
        let path = Path::new(name);
        let wanted = if path.exists() { None } else { Some(Wanted::of(name).ok_or_else(|| unknown(name, workspace))?) };
        let (settings, root) = match workspace {
            Some(workspace) => (workspace.settings.clone(), workspace.root.clone()),
            None => (Settings::default(), ".".into()),
        };
        let (registry, folder) = match (&wanted, workspace) {
            (None, _) => (TaskRegistry::built_in_at(&TimeZone::get(&settings.time_zone)?), DiskResults::bare(path)),
            (Some(_), Some(workspace)) => {
                let (registry, _) = WorkspaceTasks::of(workspace).read_whole(&settings.time_zone);
                (registry, DiskResults::of_folder(&workspace.results()))
            }
            (Some(_), None) => return Err(unknown(name, None)),
        };
        let detector = Arc::new(detector::load(&settings.detector, &settings.channel_map, &root)?);
        let registry = Arc::new(registry);
        let mut poller = ResultPoller::new(registry.clone(), detector, Box::new(folder), &settings);
        poller.poll_whole(Timestamp::now());
        let mut view = poller.view();
        let (mut results, mut has_unread) = (Vec::new(), false);
        for task in registry.iter().map(|task| task.info().name.clone()) {
            let read = view.tasks.remove(&task).unwrap_or_default();
            has_unread |= !read.unread.is_empty();
            for (file, reason) in read.unread {
                eprintln!("dqmon: a result was not read: {reason}: {file}");
            }
            for summary in read.history.iter().filter(|summary| wanted.is_none_or(|wanted| wanted.takes(summary))) {
                add(&mut results, &task, summary);
            }
        }
        if results.is_empty() {
            return Err(if wanted.is_some() {
                unknown(name, workspace)
            } else {
                Failure(format!("no result in it that a task reads: {name}"))
            });
        }
        Ok(Side { name: name.to_owned(), results, has_unread })
    }
}

/// A processing of a run, or one group of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wanted {
    run: Run,
    processing: u32,
    group: Option<Group>,
}

impl Wanted {
    /// Reads `run1-p2` or `run1-p2-g0`.
    fn of(name: &str) -> Option<Self> {
        let mut parts = name.split('-');
        let run = Run(parts.next()?.strip_prefix("run")?.parse().ok()?);
        let processing = parts.next()?.strip_prefix('p')?.parse().ok()?;
        let group = match parts.next() {
            Some(group) => Some(Group(group.strip_prefix('g')?.parse().ok()?)),
            None => None,
        };
        parts.next().is_none().then_some(Wanted { run, processing, group })
    }

    fn takes(self, summary: &Summary) -> bool {
        summary.run == Some(self.run)
            && summary.processing.is_some_and(|processing| processing.0 == self.processing)
            && (self.group.is_none() || summary.group == self.group)
    }
}

/// No such side; with what there is instead.
fn unknown(name: &str, workspace: Option<&Workspace>) -> Failure {
    let Some(workspace) = workspace else {
        return Failure(format!("no such file or folder of results, and no workspace to look for a processing in: {name}"));
    };
    let mut known = BTreeSet::new();
    for entry in ["crp", "pedestals"]
        .iter()
        .filter_map(|folder| std::fs::read_dir(workspace.results().join(folder)).ok())
        .flatten()
        .flatten()
    {
        let file = entry.file_name().to_string_lossy().into_owned();
        let stem = file.split('.').next().unwrap_or_default();
        if let Some(wanted) = Wanted::of(stem) {
            known.insert((wanted.run, wanted.processing));
        }
    }
    let known: Vec<String> = known.into_iter().map(|(run, processing)| format!("{run}-p{processing}")).collect();
    let known = if known.is_empty() { "none yet".to_owned() } else { known.join(", ") };
    Failure(format!("no such processing, file or folder; processings with results are: {known}: {name}"))
}

/// What was paired, and the files that have no partner.
struct Paired<'a> {
    pairs: Vec<Pair<'a>>,
    alone: Vec<String>,
}

/// The results that belong together: of one kind, run and group; or, where each side has one of a kind, those two.
///
/// # Errors
/// When a side holds several processings of a group, so that it is not said which is meant.
fn paired<'a>(first: &'a Side, second: &'a Side) -> Result<Paired<'a>, Failure> {
    let (mut pairs, mut alone) = (Vec::new(), Vec::new());
    let mut left: Vec<&Found> = second.results.iter().collect();
    for found in &first.results {
        let of_kind = |side: &'a Side| side.results.iter().filter(|other| other.task == found.task).count();
        let are_only = of_kind(first) == 1 && of_kind(second) == 1;
        let belongs = |other: &&Found| {
            let (one, two) = (&found.summary, &other.summary);
            other.task == found.task && (are_only || one.run.is_some() && one.run == two.run && one.group == two.group)
        };
        match left.iter().position(belongs) {
            Some(place) => {
                let other = left.remove(place);
                let comparison = compare::compare(&found.summary, &other.summary);
                pairs.push(Pair { first: &found.summary, second: &other.summary, comparison });
            }
            None => alone.push(format!("{} (only in the first)", found.summary.provenance.file)),
        }
    }
    alone.extend(left.iter().map(|found| format!("{} (only in the second)", found.summary.provenance.file)));
    for side in [first, second] {
        side.is_of_one_processing()?;
    }
    Ok(Paired { pairs, alone })
}

/// Adds a task's summary to those of the other tasks that read the same file: each number is there once.
fn add(results: &mut Vec<Found>, task: &str, summary: &Summary) {
    let Some(known) = results.iter_mut().find(|result| result.summary.provenance.file == summary.provenance.file) else {
        return results.push(Found { task: task.to_owned(), summary: summary.clone() });
    };
    for table in &summary.tables {
        match known.summary.tables.iter_mut().find(|other| other.name == table.name) {
            Some(other) => {
                let new = table.columns.iter().filter(|column| other.column(&column.name).is_none());
                let new: Vec<_> = new.cloned().collect();
                other.columns.extend(new);
            }
            None => known.summary.tables.push(table.clone()),
        }
    }
}

fn all_of(pairs: &[Pair<'_>]) -> Comparison {
    pairs.iter().fold(Comparison::default(), |mut all, pair| {
        all.add(pair.comparison.clone());
        all
    })
}

fn json_of(first: &Side, second: &Side, paired: &Paired<'_>, sigma: f64) -> Value {
    let pairs = paired.pairs.as_slice();
    let side = |summary: &Summary| {
        json!({
            "name": summary.name(), "file": summary.provenance.file, "software": summary.provenance.software,
            "detector": summary.provenance.detector, "members": summary.provenance.members,
        })
    };
    let results: Vec<Value> = pairs
        .iter()
        .map(|pair| {
            let mut told = json!({"first": side(pair.first), "second": side(pair.second)});
            if let (Value::Object(told), Ok(Value::Object(comparison))) = (&mut told, serde_json::to_value(&pair.comparison)) {
                told.extend(comparison);
            }
            told
        })
        .collect();
    let all = all_of(pairs);
    json!({
        "schema": 1, "first": first.name, "second": second.name, "compared": all.compared, "identical": all.identical,
        "beyond": {"sigma": sigma, "count": all.beyond(sigma).count()}, "results": results, "only_in_one": paired.alone,
    })
}

fn print(first: &Side, second: &Side, paired: &Paired<'_>, args: &Args) {
    let pairs = paired.pairs.as_slice();
    for (which, side, summaries) in [
        ("first ", first, pairs.iter().map(|pair| pair.first).collect::<Vec<_>>()),
        ("second", second, pairs.iter().map(|pair| pair.second).collect()),
    ] {
        let software: BTreeSet<&str> = summaries.iter().map(|summary| summary.provenance.software.as_str()).collect();
        let files: Vec<&str> = summaries.iter().map(|summary| summary.provenance.file.as_str()).collect();
        let software = software.into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(", ");
        println!(
            "{which}  {}: {}{}",
            side.name,
            files.join(", "),
            if software.is_empty() { String::new() } else { format!(" ({software})") }
        );
    }
    for what in pairs.iter().flat_map(|pair| &pair.comparison.unmatched).chain(&paired.alone) {
        println!("not compared: {what}");
    }
    let all = all_of(pairs);
    let differing = all.compared - all.identical;
    println!(
        "{} numbers in both: {} identical, {differing} differ; {} of all differences beyond {} sigma",
        all.compared,
        all.identical,
        all.beyond(args.sigma).count(),
        args.sigma
    );
    let most = if args.most == 0 { usize::MAX } else { args.most };
    if all.differences.is_empty() {
        return;
    }
    println!("{:>20}  {:<24} {:<9} {:>20} {:>20} {:>12}", "significance", "quantity", "row", "first", "second", "difference");
    for told in all.differences.iter().take(most) {
        println!("{}", line_of(told));
    }
    if let Some(more) = all.differences.len().checked_sub(most).filter(|more| *more > 0) {
        println!("{more} more: --most 0 prints all");
    }
}

fn line_of(told: &Difference) -> String {
    let difference = told.difference.map_or_else(String::new, |difference| format!("{difference:+.4}"));
    format!(
        "{:>20}  {:<24} {:<9} {:>20} {:>20} {difference:>12} {}",
        told.significance.words(),
        told.quantity,
        told.row,
        told.first.words(""),
        told.second.words(""),
        told.unit
    )
    .trim_end()
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processing_is_named_with_or_without_a_group() {
        let wanted = |group| Some(Wanted { run: Run(12), processing: 2, group });
        assert_eq!(Wanted::of("run12-p2"), wanted(None));
        assert_eq!(Wanted::of("run12-p2-g3"), wanted(Some(Group(3))));
        for name in ["run12", "12-p2", "run12-p2-g3-x", "run12-g3", "runx-p1", ""] {
            assert_eq!(Wanted::of(name), None, "{name}");
        }
    }
}
