//! `dqmon archive`: raw files into tars of one kind of run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use monitasks::vocab::{FileId, Run};
use serde_json::{Value, json};

use super::book::open_book;
use super::places::Destination;
use super::progress::Progress;
use super::selection::Runs;
use super::words::{counted, size};
use super::{Ended, Failure, Outcome};
use crate::bookkeeping::{self, Overview, Store};
use crate::config::{Place, Workspace};
use crate::distribution::{
    ArchiveLog, Building, Member, Plan, Ship, Sizes, archive_logs, build, end_plan, plan, read_kinds, record_archives,
    record_shipped, standing_plan, store_plan, verify,
};

/// What `dqmon archive` does.
#[derive(Debug, clap::Subcommand)]
pub enum Args {
    /// Which tars would be built of what.
    Plan(Choice),
    /// Build the tars, each with a manifest inside and a log in all_logs/toEOS; killed, go on with the same plan.
    Build(BuildArgs),
    /// Read tars back: each file's size and checksum against the manifest.
    Verify(VerifyArgs),
}

#[derive(Debug, clap::Args)]
pub struct Choice {
    /// Which runs: run1,run5..run9; else all. Those that go on, and files that are in an archive already, are left out.
    #[arg(long)]
    runs: Option<Runs>,
    /// Size of a tar's files together, at most; GB.
    #[arg(long, default_value_t = 5.0, value_name = "GB")]
    target_gb: f64,
    /// A tar with less is told; GB.
    #[arg(long, default_value_t = 1.0, value_name = "GB")]
    least_gb: f64,
    /// A table of runs with their kinds, before those in the book: CSV with columns run (or run nb) and kind (or Trigger). Runs
    /// without are of kind unknown.
    #[arg(long, value_name = "FILE.csv")]
    kinds: Option<PathBuf>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub struct BuildArgs {
    #[command(flatten)]
    choice: Choice,
    /// Where the tars go; else storage/archives of the workspace.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Copy each tar into this folder, or this root://host//path, too, and read the copy back.
    #[arg(long, value_name = "PLACE")]
    ship_to: Option<String>,
}

#[derive(Debug, clap::Args)]
pub struct VerifyArgs {
    /// The tars.
    #[arg(required = true, value_name = "TAR")]
    tars: Vec<PathBuf>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(global: &super::Global, args: &Args) -> Outcome {
    match args {
        Args::Plan(choice) => {
            let workspace = global.workspace()?;
            let overview = bookkeeping::open_read_only(&workspace.book_place())?.overview()?;
            let made = planned(&workspace, &overview, choice)?;
            made.show(choice.json);
            Ok(if made.missing.is_empty() { Ended::Done } else { Ended::WithFinding })
        }
        Args::Build(args) if global.read_only() => {
            Err(Failure(format!("an archive is recorded in the book: leave --read-only out{}", place_words(args.out.as_ref()))))
        }
        Args::Build(args) => build_all(&global.workspace()?, args),
        Args::Verify(args) => verify_all(args),
    }
}

fn place_words(place: Option<&PathBuf>) -> String {
    place.map(|place| format!(": {}", place.display())).unwrap_or_default()
}

/// A plan, and what was left out of it.
struct Planned {
    plan: Plan,
    going_on: BTreeSet<Run>,
    archived: usize,
    missing: Vec<PathBuf>,
}

fn logs_folder(workspace: &Workspace) -> PathBuf {
    workspace.root.join("all_logs/toEOS")
}

fn planned(workspace: &Workspace, overview: &Overview, choice: &Choice) -> Result<Planned, Failure> {
    let sizes = Sizes { target_bytes: bytes_of(choice.target_gb)?, least_bytes: bytes_of(choice.least_gb)? };
    let mut kinds: BTreeMap<Run, String> = overview.said.kinds.iter().cloned().collect();
    kinds.extend(choice.kinds.as_deref().map(read_kinds).transpose()?.unwrap_or_default());
    let archived: BTreeSet<FileId> = archive_logs(&logs_folder(workspace))?
        .iter()
        .flat_map(|log| log.manifest.files.iter().map(|file| file.file).collect::<Vec<_>>())
        .collect();
    let ended: BTreeMap<Run, bool> = overview.runs.iter().map(|run| (run.run, run.ended.is_some())).collect();
    let mut made = Planned { plan: Plan::default(), going_on: BTreeSet::new(), archived: 0, missing: Vec::new() };
    let mut members = Vec::new();
    for file in &overview.files {
        let run = file.file.run;
        // A file with no checksum is not in the storage yet.
        let Some(adler32) = file.adler32.filter(|_| choice.runs.as_ref().is_none_or(|runs| runs.has(run))) else { continue };
        let path = workspace.raw_file(file.file);
        if !ended.get(&run).copied().unwrap_or(false) {
            made.going_on.insert(run);
        } else if archived.contains(&file.file) {
            made.archived += 1;
        } else if !std::fs::metadata(&path).is_ok_and(|facts| facts.len() == file.size_bytes) {
            made.missing.push(path);
        } else {
            members.push(Member { file: file.file, size_bytes: file.size_bytes, adler32 });
        }
    }
    made.plan = plan(&members, &kinds, sizes);
    Ok(made)
}

fn bytes_of(gigabytes: f64) -> Result<u64, Failure> {
    if gigabytes.is_finite() && (0.0..1e9).contains(&gigabytes) {
        return Ok((gigabytes * 1e9) as u64);
    }
    Err(Failure(format!("{gigabytes} GB is no size of a tar, expected a number from 0")))
}

impl Planned {
    fn show(&self, as_json: bool) {
        if as_json {
            println!("{:#}", self.facts());
            return;
        }
        let files: usize = self.plan.tars.iter().map(|tar| tar.members.len()).sum();
        println!(
            "{} of {}, {} are archived already",
            counted(self.plan.tars.len() as u64, "tar", "tars"),
            counted(files as u64, "file", "files"),
            self.archived
        );
        print_tars(&self.plan);
        for run in &self.going_on {
            println!("{run} goes on and is left out");
        }
        for path in &self.missing {
            println!("not in the storage as the book has it, left out: {}", path.display());
        }
    }

    fn facts(&self) -> Value {
        json!({
            "schema": 1, "tars": tars_json(&self.plan), "archived_already": self.archived, "runs_going_on": self.going_on,
            "missing": self.missing,
        })
    }
}

fn tars_json(plan: &Plan) -> Vec<Value> {
    let line = |tar: &crate::distribution::PlannedTar| json!({"name": tar.name, "kind": tar.kind, "size_bytes": tar.size_bytes(), "is_small": tar.is_small, "files": tar.members});
    plan.tars.iter().map(line).collect()
}

fn print_tars(plan: &Plan) {
    for tar in &plan.tars {
        let small = if tar.is_small { ", small" } else { "" };
        let files = counted(tar.members.len() as u64, "file", "files");
        println!("    {:<48} {:<10} {files}, {}{small}", tar.name, tar.kind, size(tar.size_bytes()));
    }
}

fn build_all(workspace: &Workspace, args: &BuildArgs) -> Outcome {
    let out = args.out.clone().unwrap_or_else(|| workspace.root.join("storage/archives"));
    let out = std::path::absolute(&out).unwrap_or(out);
    let mut store = open_book(workspace)?;
    // A plan that a kill left comes first: its tars have their names from it.
    let (the_plan, is_resumed, has_finding) = match standing_plan(&out)? {
        Some(plan) => (plan, true, false),
        None => {
            let made = planned(workspace, &store.overview()?, &args.choice)?;
            if !args.choice.json {
                made.show(false);
            }
            (made.plan.clone(), false, !made.missing.is_empty())
        }
    };
    if is_resumed && !args.choice.json {
        println!("goes on with the plan of before, {}: {}", counted(the_plan.tars.len() as u64, "tar", "tars"), out.display());
    }
    if !the_plan.tars.is_empty() {
        store_plan(&out, &the_plan)?;
    }
    let logs_folder = logs_folder(workspace);
    let raw_file = |file: FileId| workspace.raw_file(file);
    let building = Building { out: &out, logs: &logs_folder, raw_file: &raw_file };
    let mut progress = Progress::new("building tars", the_plan.tars.len() as u64);
    let mut logs: Vec<ArchiveLog> = Vec::new();
    for tar in &the_plan.tars {
        let log = build(&building, tar)?;
        record_archives(store.as_mut(), std::slice::from_ref(&log))?;
        logs.push(log);
        progress.advance(1);
    }
    if !logs.is_empty() {
        progress.finish();
    }
    let shipped = ship_all(store.as_mut(), args, &logs)?;
    if !the_plan.tars.is_empty() {
        end_plan(&out)?;
    }
    if args.choice.json {
        let built: Vec<Value> = logs.iter().map(log_json).collect();
        println!("{:#}", json!({"schema": 1, "resumed": is_resumed, "built": built, "shipped": shipped}));
    } else {
        println!("{} built and read back: {}", counted(logs.len() as u64, "tar", "tars"), out.display());
        for place in shipped {
            println!("shipped and read back: {place}");
        }
    }
    Ok(if has_finding { Ended::WithFinding } else { Ended::Done })
}

/// Ships what was built; answers the places.
fn ship_all(store: &mut dyn Store, args: &BuildArgs, logs: &[ArchiveLog]) -> Result<Vec<String>, Failure> {
    let Some(to) = &args.ship_to else { return Ok(Vec::new()) };
    let place = Destination(Place::parse(to)?);
    let mut places = Vec::new();
    for log in logs {
        let shipped = place.ship(&log.path, &log.manifest.archive)?;
        if (shipped.size_bytes, shipped.adler32) != (log.size_bytes, log.adler32) {
            return Err(Failure(format!("the copy is not what was built: {}", shipped.place)));
        }
        record_shipped(store, log, &shipped)?;
        places.push(shipped.place);
    }
    Ok(places)
}

fn log_json(log: &ArchiveLog) -> Value {
    json!({"path": log.path, "size_bytes": log.size_bytes, "adler32": format!("{:08x}", log.adler32), "manifest": log.manifest})
}

fn verify_all(args: &VerifyArgs) -> Outcome {
    let mut reports = Vec::new();
    for path in &args.tars {
        let report = verify(path)?;
        if !args.json {
            println!(
                "{}: {} right, {}",
                path.display(),
                counted(report.files_right as u64, "file", "files"),
                size(report.size_bytes)
            );
            for fault in &report.faults {
                println!("    {fault}");
            }
        }
        reports.push((path, report));
    }
    if args.json {
        let line = |(path, report): &(&PathBuf, crate::distribution::TarReport)| {
            json!({
                "path": path, "size_bytes": report.size_bytes, "adler32": format!("{:08x}", report.adler32),
                "files_right": report.files_right, "faults": report.faults, "manifest": report.manifest,
            })
        };
        println!("{:#}", json!({"schema": 1, "archives": reports.iter().map(line).collect::<Vec<_>>()}));
    }
    let has_finding = reports.iter().any(|(_, report)| !report.faults.is_empty());
    Ok(if has_finding { Ended::WithFinding } else { Ended::Done })
}
