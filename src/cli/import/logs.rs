//! `dqmon import logs`: the logs that a farm left.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::bookkeeping;
use crate::cli::book::open_book;
use crate::cli::words::counted;
use crate::cli::{Ended, Failure, Global, Outcome, inspect};
use crate::config::Workspace;
use crate::farm_logs::compare::{Differences, OneSided, compare};
use crate::farm_logs::from_book::rebuild_from_book;
use crate::farm_logs::import::{Attach, Imported, NotAttached, record_lines};
use crate::farm_logs::rebuild::{Rebuilt, rebuild_alltransfer, rebuild_runs, would_come_back, would_come_back_by_the_second};
use crate::farm_logs::{FarmLogs, LogReport};

/// Arguments of `dqmon import logs`.
#[derive(Debug, clap::Args)]
pub struct LogsArgs {
    /// A workspace, an old farm's all_logs, or a fromEVB folder; else the workspace's.
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Write one of the transfer logs from the other, into the folder that --out names.
    #[arg(long, value_name = "LOG", requires = "out", conflicts_with = "from_book")]
    rebuild: Option<Which>,
    /// Write both transfer logs from the book's copies, into the folder that --out names; no log is read.
    #[arg(long, requires = "out", conflicts_with_all = ["folder", "into_book"])]
    from_book: bool,
    /// Where rebuilt logs go, as fromEVB/alltransfer.log and fromEVB/runs/; nothing there is written over.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Record each line in the story of its file, once however often it is imported; a line whose size or time is not that of the
    /// book's file of this name is listed as not attached.
    #[arg(long)]
    into_book: bool,
    /// Record lines for the file of their name, whatever their size and time.
    #[arg(long, requires = "into_book")]
    by_name: bool,
    /// IANA name of the zone of the logs' local times; else that of the workspace.
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Which {
    /// The log of all runs, from the runs' own.
    Alltransfer,
    /// The runs' own logs, from that of all runs.
    Runs,
}

/// Most lines that are listed for people; `--json` has all.
const MOST_LINES_SHOWN: usize = 20;

/// Runs the command.
pub fn run(global: &Global, args: &LogsArgs) -> Outcome {
    if args.into_book && global.read_only() {
        return Err(Failure("lines are recorded in the book: leave --read-only or --into-book out".into()));
    }
    match &args.out {
        Some(out) if args.from_book => from_book(&global.workspace()?, args, out),
        _ => logs(global, args),
    }
}

/// Writes both logs from the book.
fn from_book(workspace: &Workspace, args: &LogsArgs, out: &Path) -> Outcome {
    let store = bookkeeping::open_read_only(&workspace.book_place())?;
    let rebuilt = rebuild_from_book(store.as_ref(), &zone(Some(workspace), args)?, out)?;
    if args.json {
        println!("{:#}", json!({"schema": 1, "rebuilt": rebuilt}));
    } else {
        println!("{}", rebuilt_words(&rebuilt));
    }
    Ok(Ended::Done)
}

/// Everything that was found.
struct Found {
    logs: FarmLogs,
    alltransfer: Option<LogReport>,
    runs: Vec<LogReport>,
    differences: Option<Differences>,
    comes_back: [Option<bool>; 2],
    /// Whether the log of all runs comes back but for the order of lines of one second.
    comes_back_by_second: Option<bool>,
    /// Batch records with what is wrong with them.
    batch_faults: Vec<(PathBuf, String)>,
    rebuilt: Option<Rebuilt>,
    imported: Option<Imported>,
}

fn logs(global: &Global, args: &LogsArgs) -> Outcome {
    let workspace = match &args.folder {
        Some(_) if !args.into_book => global.optional_workspace()?,
        _ => Some(global.workspace()?),
    };
    let folder = args.folder.clone().or_else(|| workspace.as_ref().map(|workspace| workspace.root.clone()));
    let logs = FarmLogs::find(&folder.unwrap_or_default())?;
    let alltransfer = logs.alltransfer.as_deref().map(LogReport::read).transpose()?;
    let runs = logs.runs.iter().map(|log| LogReport::read(&log.path)).collect::<Result<Vec<_>, _>>()?;
    let are_both = logs.alltransfer.is_some() && !logs.runs.is_empty();
    let mut batch_faults = Vec::new();
    for path in &logs.batch_records {
        batch_faults.extend(inspect::faults_of_batch_record(path)?.into_iter().map(|fault| (path.clone(), fault)));
    }
    let mut found = Found {
        differences: are_both.then(|| compare(&logs)).transpose()?,
        comes_back: would_come_back(&logs)?,
        comes_back_by_second: would_come_back_by_the_second(&logs)?,
        alltransfer,
        runs,
        batch_faults,
        rebuilt: None,
        imported: None,
        logs,
    };
    found.rebuilt = match (args.rebuild, &args.out) {
        (Some(Which::Alltransfer), Some(out)) => Some(rebuild_alltransfer(&found.logs, out)?),
        (Some(Which::Runs), Some(out)) => Some(rebuild_runs(&found.logs, out)?),
        _ => None,
    };
    if let Some(workspace) = workspace.as_ref().filter(|_| args.into_book) {
        let mut store = open_book(workspace)?;
        let attach = if args.by_name { Attach::ByName } else { Attach::Agreeing };
        found.imported = Some(record_lines(store.as_mut(), &found.logs, &zone(Some(workspace), args)?, attach)?);
    }
    if args.json {
        println!("{:#}", found.facts());
    } else {
        found.print();
    }
    Ok(if found.has_finding() { Ended::WithFinding } else { Ended::Done })
}

fn zone(workspace: Option<&Workspace>, args: &LogsArgs) -> Result<TimeZone, Failure> {
    let name = args.time_zone.clone().or_else(|| workspace.map(|workspace| workspace.settings.time_zone.clone()));
    let name = name.unwrap_or_else(|| "UTC".into());
    TimeZone::get(&name)
        .map_err(|_| Failure(format!("{name:?} is no time zone, expected an IANA name such as \"Europe/Zurich\"")))
}

impl Found {
    fn has_finding(&self) -> bool {
        let reports = || self.alltransfer.iter().chain(&self.runs);
        reports().any(|report| report.lines_damaged > 0)
            || self.differences.as_ref().is_some_and(|differences| !differences.is_empty())
            || !self.batch_faults.is_empty()
            || self.imported.as_ref().is_some_and(|imported| !imported.not_attached.is_empty())
    }

    fn facts(&self) -> Value {
        let faults: Vec<Value> = self.batch_faults.iter().map(|(path, fault)| json!({"record": path, "fault": fault})).collect();
        json!({
            "schema": 1, "from_evb": self.logs.from_evb, "alltransfer": self.alltransfer, "runs": self.runs,
            "not_taken": self.logs.not_taken, "differences": self.differences,
            "comes_back": {"alltransfer": self.comes_back[0], "runs": self.comes_back[1]},
            "comes_back_but_for_order_of_a_second": self.comes_back_by_second,
            "batch_records": self.logs.batch_records.len(), "batch_faults": faults,
            "rebuilt": self.rebuilt, "imported": self.imported,
        })
    }

    fn print(&self) {
        match &self.alltransfer {
            Some(report) => print_reports("alltransfer.log", std::slice::from_ref(report)),
            None => println!("alltransfer.log is not there; --rebuild alltransfer writes it from the runs' own logs"),
        }
        match self.runs.len() {
            0 => println!("no runs' own logs are there; --rebuild runs writes them from alltransfer.log"),
            count => print_reports(&counted(count as u64, "run's own log", "runs' own logs"), &self.runs),
        }
        for path in &self.logs.not_taken {
            println!("no run's log, left alone: {}", path.display());
        }
        if let Some(differences) = &self.differences {
            print_lines("only in alltransfer.log", &differences.only_in_alltransfer);
            print_lines("only in the runs' own logs", &differences.only_in_runs);
            print_lines("in the log of another run", &differences.of_another_run);
            if differences.is_empty() {
                println!("both transfer logs have the same lines");
            }
        }
        for (log, comes_back) in ["alltransfer.log", "the runs' own logs"].into_iter().zip(self.comes_back) {
            let is_equal_by_second = log == "alltransfer.log" && self.comes_back_by_second == Some(true);
            let words = comes_back.map(|comes_back| match comes_back {
                true => "gives back byte for byte",
                false if is_equal_by_second => "gives back equal, but for the order of lines of the same second",
                false => "does not give back as is",
            });
            words.into_iter().for_each(|words| println!("a rebuild from the other {words}: {log}"));
        }
        let records = counted(self.logs.batch_records.len() as u64, "batch record", "batch records");
        println!("{records}, {} with a finding", self.batch_faults.len());
        for (path, fault) in self.batch_faults.iter().take(MOST_LINES_SHOWN) {
            println!("    {fault}: {}", path.display());
        }
        self.rebuilt.iter().for_each(|rebuilt| println!("{}", rebuilt_words(rebuilt)));
        if let Some(Imported { recorded, known, damaged, not_attached }) = &self.imported {
            println!("{recorded} lines recorded in the book, {known} were known, {damaged} are damaged and were left out");
            print_not_attached(not_attached);
        }
    }
}

fn print_not_attached(lines: &[NotAttached]) {
    if !lines.is_empty() {
        let lines = counted(lines.len() as u64, "line", "lines");
        println!("{lines} not attached: other files of the same name, unless --by-name says that they are the same:");
    }
    for NotAttached { file, log, line, why, .. } in lines.iter().take(MOST_LINES_SHOWN) {
        println!("    {file}: {why}: line {line} of {}", log.display());
    }
    if lines.len() > MOST_LINES_SHOWN {
        println!("    and {} more, see --json", lines.len() - MOST_LINES_SHOWN);
    }
}

fn rebuilt_words(rebuilt: &Rebuilt) -> String {
    let (lines, logs) = (counted(rebuilt.lines, "line", "lines"), counted(rebuilt.logs.len() as u64, "log", "logs"));
    let first = rebuilt.logs.first().map(|path| format!(": {}", path.display())).unwrap_or_default();
    format!("{lines} written into {logs}{first}")
}

fn print_reports(what: &str, reports: &[LogReport]) {
    let sum = |of: fn(&LogReport) -> u64| reports.iter().map(of).sum::<u64>();
    let about_mb = reports.iter().map(|report| report.about_bytes).sum::<f64>() / 1e6;
    println!(
        "{what}: {} lines of the new form, {} of the old, {} damaged, {} repeated, about {about_mb:.0} MB",
        sum(|report| report.lines_new_form),
        sum(|report| report.lines_old_form),
        sum(|report| report.lines_damaged),
        sum(|report| report.lines_repeated)
    );
    let first = reports.iter().filter_map(|report| report.first_local).min();
    let last = reports.iter().filter_map(|report| report.last_local).max();
    if let (Some(first), Some(last)) = (first, last) {
        let form = "%Y-%m-%d %H:%M:%S";
        println!("    copies ended from {} to {}, local time of the site", first.strftime(form), last.strftime(form));
    }
    let damaged = reports.iter().flat_map(|report| report.damaged.iter().map(move |damage| (damage, &report.path)));
    for (damage, path) in damaged.take(MOST_LINES_SHOWN) {
        println!("    line {}: {}: {}", damage.line, damage.what, path.display());
    }
}

fn print_lines(what: &str, lines: &[OneSided]) {
    if !lines.is_empty() {
        println!("{} {what}:", counted(lines.len() as u64, "line", "lines"));
    }
    for line in lines.iter().take(MOST_LINES_SHOWN) {
        println!("    line {} of {}: {}", line.line, line.log.display(), line.text);
    }
    if lines.len() > MOST_LINES_SHOWN {
        println!("    and {} more, see --json", lines.len() - MOST_LINES_SHOWN);
    }
}
