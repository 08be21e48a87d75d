//! `dqmon runs`: the runs in the book.

use monitasks::vocab::Run;
use serde_json::json;

use super::{Ended, Outcome};
use crate::bookkeeping::{Overview, PassStep, SqliteStore, Store};
use crate::decisions;

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
}

/// Runs the command.
pub fn run(global: &super::Global, args: &Args) -> Outcome {
    let workspace = global.workspace()?;
    let overview = SqliteStore::open_read_only(&workspace.book())?.overview()?;
    let lines: Vec<Line> = overview.runs.iter().map(|run| line_of(&overview, run.run)).collect();
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
        "{:<10} {:>9} {:>6} {:>9} {:>7} {:>8} {:>7}  ended",
        "run", "flag", "files", "analysed", "failed", "events", "groups"
    );
    for Line { run, files, analysed, failed, events, has_ended, groups, flag } in lines {
        let ended = if has_ended { "yes" } else { "no" };
        println!("{:<10} {flag:>9} {files:>6} {analysed:>9} {failed:>7} {events:>8} {groups:>7}  {ended}", run.to_string());
    }
    Ok(Ended::Done)
}

fn line_of(overview: &Overview, run: Run) -> Line {
    let files: Vec<_> = overview.files.iter().filter(|file| file.file.run == run).collect();
    Line {
        run,
        files: files.len(),
        analysed: files.iter().filter(|file| overview.has_reached(file, PassStep::Analysed)).count(),
        failed: files.iter().filter(|file| overview.failure_of(file).is_some()).count(),
        events: files.iter().filter_map(|file| overview.newest_pass(file.file)?.events).sum(),
        has_ended: overview.runs.iter().any(|record| record.run == run && record.ended.is_some()),
        groups: overview.groups.iter().filter(|group| group.run == run).count(),
        flag: decisions::flag_of_run(&overview.said.decisions, run).word(),
    }
}

fn json_of(line: &Line) -> serde_json::Value {
    json!({
        "run": line.run, "flag": line.flag, "has_ended": line.has_ended, "files": line.files, "analysed": line.analysed,
        "failed": line.failed, "events": line.events, "groups": line.groups,
    })
}
