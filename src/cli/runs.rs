//! `dqmon runs`: the runs in the book.

use std::collections::BTreeMap;

use jiff::Timestamp;
use monitasks::vocab::Run;
use serde_json::json;

use super::{Ended, Outcome};
use crate::bookkeeping::{DecisionSubject, EntryKind, Overview, PassStep, SqliteStore, Store};
use crate::decisions::flags::{Arrival, Datum, Flags};
use crate::decisions::{self, Quality, processing_named};

/// Arguments of `dqmon runs`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// A run in a line.
struct Line {
    run: Run,
    files: usize,
    analysed: usize,
    failed: usize,
    events: u64,
    has_ended: bool,
    groups: usize,
    flag: &'static str,
    /// Where the flag comes from.
    origin: String,
    /// The derived status of each processing: `p1 good`.
    statuses: Vec<(u32, u8)>,
}

/// Runs the command.
pub fn run(global: &super::Global, args: &Args) -> Outcome {
    let workspace = global.workspace()?;
    let store = SqliteStore::open_read_only(&workspace.book())?;
    let overview = store.overview()?;
    let quality = Quality::of(&workspace.settings);
    let mut said = store.in_force(EntryKind::Decision)?;
    said.extend(store.in_force(EntryKind::Mark)?);
    let flags = decisions::flags_of(&said, quality.marks)?;
    let statuses = decisions::statuses(&store, quality, Timestamp::now()).unwrap_or_else(|error| {
        eprintln!("dqmon: no status is derived: {error}");
        BTreeMap::new()
    });
    let mut lines: Vec<Line> = overview.runs.iter().map(|run| line_of(&overview, &flags, run.run)).collect();
    let places: BTreeMap<Run, usize> = lines.iter().enumerate().map(|(place, line)| (line.run, place)).collect();
    for (product, status) in statuses {
        let Some(of) = processing_named(&product) else { continue };
        if let Some(place) = places.get(&of.run) {
            lines[*place].statuses.push((of.processing.0, status));
        }
    }
    lines.iter_mut().for_each(|line| line.statuses.sort_unstable());
    if args.json {
        let rows: Vec<_> = lines.iter().map(json_of).collect();
        println!("{:#}", json!({"schema": 1, "runs": rows}));
        return Ok(Ended::Done);
    }
    if lines.is_empty() {
        println!("no runs yet; files that the DAQ writes into {} make some", workspace.incoming().display());
        return Ok(Ended::Done);
    }
    println!(
        "{:<10} {:>9} {:>6} {:>9} {:>7} {:>8} {:>7}  {:<5}  {:<24} flag comes from",
        "run", "flag", "files", "analysed", "failed", "events", "groups", "ended", "status"
    );
    for Line { run, files, analysed, failed, events, has_ended, groups, flag, origin, statuses } in lines {
        let ended = if has_ended { "yes" } else { "no" };
        let status = |(processing, status): &(u32, u8)| format!("p{processing} {}", workspace.settings.status.word(*status));
        let status = statuses.iter().map(status).collect::<Vec<_>>().join(", ");
        println!(
            "{:<10} {flag:>9} {files:>6} {analysed:>9} {failed:>7} {events:>8} {groups:>7}  {ended:<5}  {status:<24} {origin}",
            run.to_string()
        );
    }
    Ok(Ended::Done)
}

fn line_of(overview: &Overview, flags: &Flags, run: Run) -> Line {
    let flag = flags.of(DecisionSubject::run(run), None, &arrivals(overview, run));
    let files: Vec<_> = overview.files.iter().filter(|file| file.file.run == run).collect();
    Line {
        run,
        files: files.len(),
        analysed: files.iter().filter(|file| overview.has_reached(file, PassStep::Analysed)).count(),
        failed: files.iter().filter(|file| overview.failure_of(file).is_some()).count(),
        events: files.iter().filter_map(|file| overview.newest_pass(file.file)?.events).sum(),
        has_ended: overview.runs.iter().any(|record| record.run == run && record.ended.is_some()),
        groups: overview.groups.iter().filter(|group| group.run == run).count(),
        flag: flag.flag.word(),
        origin: flag.words(),
        statuses: Vec::new(),
    }
}

/// The files of a run, as what may make a decision outdated.
fn arrivals(overview: &Overview, run: Run) -> Vec<Arrival> {
    let files = overview.files.iter().filter(|record| record.file.run == run);
    files.map(|record| Arrival { what: Datum::File(record.file.sequence), at: record.arrived }).collect()
}

fn json_of(line: &Line) -> serde_json::Value {
    json!({
        "run": line.run, "flag": line.flag, "has_ended": line.has_ended, "files": line.files, "analysed": line.analysed,
        "failed": line.failed, "events": line.events, "groups": line.groups, "flag_comes_from": line.origin,
        "statuses": line.statuses.iter().map(|(processing, status)| json!({"processing": processing, "status": status}))
            .collect::<Vec<_>>(),
    })
}
