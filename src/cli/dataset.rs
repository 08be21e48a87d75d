//! `dqmon dataset`: open data sets, which follow a query, and snapshots of them, which never change.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use monitasks::vocab::Run;
use serde_json::json;

use super::account::name_of;
use super::book::open_book;
use super::runs::Runs;
use super::words::{counted, one_line, stamp};
use super::{Ended, Failure, Global, Outcome};
use crate::bookkeeping::{self, Store};
use crate::catalogue::dataset::{FileSet, OpenDataset, RemovedSince, RunCycle, Snapshot, difference};
use crate::catalogue::query::Query;
use crate::config::Workspace;
use crate::decisions::datasets::{self, DatasetInForce, DatasetRefused};
use crate::durable;

/// File sets shown without `--json`.
const MOST_SHOWN: usize = 20;

/// What to do with data sets.
#[derive(Debug, clap::Subcommand)]
pub enum Args {
    /// Open a data set: the runs that a query finds, now and later.
    New(NewArgs),
    /// Widen an open data set: runs that another query finds come in too.
    Add(AddArgs),
    /// The data sets and snapshots there are.
    List(ListArgs),
    /// What is in a data set now, or in a snapshot.
    Show(ShowArgs),
    /// Keep what is in a data set now under a name; it never changes.
    Snapshot(SnapshotArgs),
    /// What differs between two snapshots, or between a snapshot and a data set now.
    Diff(DiffArgs),
    /// Write a snapshot, or a data set as it is now, into a file: JSON, CSV, or numbers of runs.
    Export(ExportArgs),
    /// What of snapshots has left their data sets since; ends with 1 when something has.
    Check(CheckArgs),
}

/// Arguments of `dqmon dataset new`.
#[derive(Debug, clap::Args)]
pub struct NewArgs {
    /// Its name: letters, digits, '-', '_', '.'.
    name: String,
    /// Which runs, as for `dqmon runs`.
    #[arg(required = true, value_name = "QUERY")]
    query: Vec<String>,
    /// Files of this stream alone: raw, a lane, or listed (what run lists say of runs of which nothing is here).
    #[arg(long, default_value = "")]
    stream: String,
    /// Runs of this cycle alone: NAME:FIRST..LAST, or NAME:FIRST.. while it goes on.
    #[arg(long, value_name = "CYCLE", value_parser = cycle_of)]
    cycle: Option<RunCycle>,
    /// Only files that are all here.
    #[arg(long)]
    only_local: bool,
    /// Who opens it; else the name of the account.
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
}

/// Arguments of `dqmon dataset add`.
#[derive(Debug, clap::Args)]
pub struct AddArgs {
    /// The data set.
    name: String,
    /// Which runs come in too.
    #[arg(required = true, value_name = "QUERY")]
    query: Vec<String>,
    /// Who says so; else the name of the account.
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
}

/// Arguments of `dqmon dataset list`.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `dqmon dataset show`.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// A snapshot or a data set.
    name: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `dqmon dataset snapshot`.
#[derive(Debug, clap::Args)]
pub struct SnapshotArgs {
    /// The data set.
    dataset: String,
    /// The snapshot's own name.
    name: String,
    /// Who makes it; else the name of the account.
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
}

/// Arguments of `dqmon dataset diff`.
#[derive(Debug, clap::Args)]
pub struct DiffArgs {
    /// A snapshot or a data set.
    first: String,
    /// Another one.
    second: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `dqmon dataset export`.
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// A snapshot or a data set.
    name: String,
    /// In which form.
    #[arg(long, value_enum, default_value = "json")]
    format: Form,
    /// The file; standard output when left out. One that is there is not written over.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Arguments of `dqmon dataset check`.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// The snapshots; all when left out.
    names: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// In which form a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// Everything that stands in it.
    Json,
    /// A line for each run and stream.
    Csv,
    /// Numbers of runs, one in a line.
    Runs,
}

/// Runs the command.
pub fn run(global: &Global, args: &Args) -> Outcome {
    let writes = matches!(args, Args::New(_) | Args::Add(_) | Args::Snapshot(_));
    if writes && global.read_only() {
        return Err(Failure("data sets are recorded in the book: leave --read-only out".into()));
    }
    let workspace = global.workspace()?;
    let place = workspace.book_place();
    let store = if writes { open_book(&workspace)? } else { bookkeeping::open_read_only(&place)? };
    let mut desk = Desk { store, workspace, runs: None, sets: None };
    match args {
        Args::New(args) => desk.new_dataset(args),
        Args::Add(args) => desk.add(args),
        Args::List(args) => desk.list(args),
        Args::Show(args) => desk.show(args),
        Args::Snapshot(args) => desk.keep(args),
        Args::Diff(args) => desk.diff(args),
        Args::Export(args) => desk.export(args),
        Args::Check(args) => desk.check(args),
    }
}

/// `2017-autumn:840..1199`.
fn cycle_of(text: &str) -> Result<RunCycle, String> {
    let wrong = || format!("{text:?} is no run cycle, expected NAME:FIRST..LAST or NAME:FIRST.., such as 2017-autumn:840..1199");
    let (name, range) = text.rsplit_once(':').ok_or_else(wrong)?;
    let (first, last) = range.split_once("..").ok_or_else(wrong)?;
    let last = (!last.is_empty()).then(|| last.parse::<Run>()).transpose().map_err(|_| wrong())?;
    if name.is_empty() {
        return Err(wrong());
    }
    Ok(RunCycle { name: name.to_owned(), first: first.parse().map_err(|_| wrong())?, last })
}

struct Desk {
    store: Box<dyn Store>,
    workspace: Workspace,
    /// Read when first asked for.
    runs: Option<Runs>,
    sets: Option<Vec<FileSet>>,
}

/// A list of file sets and where it comes from.
enum Named {
    Snapshot(Snapshot),
    Open(DatasetInForce, Vec<FileSet>),
}

impl Named {
    fn members(&self) -> &[FileSet] {
        match self {
            Named::Snapshot(snapshot) => &snapshot.members,
            Named::Open(_, members) => members,
        }
    }
}

impl Desk {
    fn runs(&mut self) -> Result<&Runs, Failure> {
        let runs = match self.runs.take() {
            Some(runs) => runs,
            None => Runs::read(self.store.as_ref(), &self.workspace)?,
        };
        Ok(self.runs.insert(runs))
    }

    /// The runs that a query finds now.
    fn found(&mut self, query: &str) -> Result<BTreeSet<Run>, Failure> {
        let runs = self.runs()?;
        let query = runs.parse(query)?;
        Ok(runs.table.find(&query).into_iter().filter_map(|row| runs.table.run(row)).collect())
    }

    fn sets(&mut self) -> Result<Vec<FileSet>, Failure> {
        if self.sets.is_none() {
            let streams = self.store.stream_files()?.into_iter();
            let set =
                |of: bookkeeping::StreamFiles| FileSet { run: of.run, stream: of.stream, files: of.files, is_local: of.is_local };
            let mut sets: Vec<FileSet> = streams.map(set).collect();
            sets.extend(self.runs()?.listed_sets());
            self.sets = Some(sets);
        }
        Ok(self.sets.clone().unwrap_or_default())
    }

    fn members(&mut self, dataset: &OpenDataset) -> Result<Vec<FileSet>, Failure> {
        let found = self.found(&dataset.query)?;
        Ok(dataset.members(&found, &self.sets()?))
    }

    /// The snapshot of a name, else what is in the data set of that name now.
    fn named(&mut self, name: &str) -> Result<Named, Failure> {
        if !self.store.in_force_on(bookkeeping::EntryKind::DatasetSnapshot, name)?.is_empty() {
            return Ok(Named::Snapshot(datasets::snapshot(self.store.as_ref(), name)?));
        }
        let dataset = datasets::dataset(self.store.as_ref(), name)?;
        let members = self.members(&dataset.dataset)?;
        Ok(Named::Open(dataset, members))
    }

    fn new_dataset(&mut self, args: &NewArgs) -> Outcome {
        let dataset = OpenDataset {
            name: args.name.clone(),
            query: args.query.join(" "),
            stream: args.stream.clone(),
            cycle: args.cycle.clone(),
            only_local: args.only_local,
        };
        let members = self.members(&dataset)?;
        let streams: BTreeSet<String> = self.sets()?.into_iter().map(|set| set.stream).collect();
        datasets::open_dataset(self.store.as_mut(), Timestamp::now(), &name_of(args.who.as_deref())?, &dataset)?;
        println!("{}: {}", dataset.name, contents(&members));
        if !dataset.stream.is_empty() && !streams.contains(&dataset.stream) {
            let known = streams.into_iter().collect::<Vec<_>>().join(", ");
            eprintln!("dqmon: there are no files of stream '{}' yet; there are: {known}", one_line(&dataset.stream));
            return Ok(Ended::WithFinding);
        }
        Ok(Ended::Done)
    }

    fn add(&mut self, args: &AddArgs) -> Outcome {
        let known = datasets::dataset(self.store.as_ref(), &args.name)?;
        let before = self.members(&known.dataset)?;
        let runs = self.runs()?;
        let wider = Query::any(vec![runs.parse(&known.dataset.query)?, runs.parse(&args.query.join(" "))?]);
        // Printed and read again it is the same query: that is what stands in the book.
        let dataset = OpenDataset { query: wider.to_string(), ..known.dataset };
        let members = self.members(&dataset)?;
        let who = name_of(args.who.as_deref())?;
        datasets::change_dataset(self.store.as_mut(), Timestamp::now(), &who, known.entry, &dataset)?;
        let new = difference(&before, &members).added.len();
        println!("{}: {}, {new} of them new; its query is now: {}", dataset.name, contents(&members), one_line(&dataset.query));
        Ok(Ended::Done)
    }

    fn list(&mut self, args: &ListArgs) -> Outcome {
        let (open, snapshots) = (datasets::datasets(self.store.as_ref())?, datasets::snapshots(self.store.as_ref())?);
        if args.json {
            let open: Vec<_> = open.iter().map(|set| json!({"dataset": set.dataset, "who": set.who, "at": set.at})).collect();
            let kept = |one: &Snapshot| {
                json!({"name": one.name, "dataset": one.dataset.name, "at": one.at, "who": one.who,
                    "file_sets": one.members.len(), "sha256": one.sha256})
            };
            let snapshots: Vec<_> = snapshots.iter().map(kept).collect();
            println!("{:#}", json!({"schema": 1, "datasets": open, "snapshots": snapshots}));
            return Ok(Ended::Done);
        }
        if open.is_empty() && snapshots.is_empty() {
            println!("no data sets yet; 'dqmon dataset new NAME QUERY' opens one");
        }
        for DatasetInForce { dataset, who, at, .. } in &open {
            println!("{}  open, by {} at {}: {}", dataset.name, one_line(who), stamp(*at), conditions(dataset));
        }
        for one in &snapshots {
            println!(
                "{}  snapshot of {}, by {} at {}: {}, sha256 {}",
                one.name,
                one.dataset.name,
                one_line(&one.who),
                stamp(one.at),
                contents(&one.members),
                &one.sha256[..one.sha256.len().min(12)]
            );
        }
        Ok(Ended::Done)
    }

    fn show(&mut self, args: &ShowArgs) -> Outcome {
        let named = self.named(&args.name)?;
        match &named {
            Named::Snapshot(snapshot) if args.json => println!("{:#}", snapshot.json()),
            Named::Open(open, members) if args.json => {
                println!(
                    "{:#}",
                    json!({"schema": 1, "dataset": open.dataset, "who": open.who, "at": open.at, "members": members})
                );
            }
            Named::Snapshot(one) => {
                println!("{}, snapshot of {} by {} at {}", one.name, one.dataset.name, one_line(&one.who), stamp(one.at));
                println!("of {}", conditions(&one.dataset));
                println!("sha256 {}", one.sha256);
            }
            Named::Open(open, _) => {
                println!("{}, open, by {} at {}", open.dataset.name, one_line(&open.who), stamp(open.at));
                println!("of {}", conditions(&open.dataset));
            }
        }
        if !args.json {
            println!("{}", contents(named.members()));
            print_sets("", named.members());
        }
        let Named::Snapshot(snapshot) = &named else { return Ok(Ended::Done) };
        self.warn_removed(snapshot, args.json)
    }

    /// What of a snapshot is no longer in its data set as that is now, with what was put in and taken out by hand since; in the
    /// data set as it was then where there is none of that name any more.
    fn removed_since(&mut self, snapshot: &Snapshot) -> Result<Vec<RemovedSince>, Failure> {
        let dataset = match datasets::dataset(self.store.as_ref(), &snapshot.dataset.name) {
            Ok(open) => open.dataset,
            Err(DatasetRefused::Unknown { .. }) => snapshot.dataset.clone(),
            Err(error) => return Err(error.into()),
        };
        let (found, sets) = (self.found(&dataset.query)?, self.sets()?);
        Ok(snapshot.removed_since(&dataset, &found, &sets))
    }

    /// Says what of a snapshot has left its data set since.
    fn warn_removed(&mut self, snapshot: &Snapshot, is_quiet: bool) -> Outcome {
        let removed = self.removed_since(snapshot)?;
        if removed.is_empty() {
            return Ok(Ended::Done);
        }
        if !is_quiet {
            eprintln!("dqmon: removed since from {}: {}", snapshot.name, counted(removed.len() as u64, "file set", "file sets"));
            for one in removed.iter().take(MOST_SHOWN) {
                eprintln!("    {}: {}", set_words(&one.member), one.because.words());
            }
            if removed.len() > MOST_SHOWN {
                eprintln!("    and {} more, see 'dqmon dataset check --json'", removed.len() - MOST_SHOWN);
            }
        }
        Ok(Ended::WithFinding)
    }

    fn keep(&mut self, args: &SnapshotArgs) -> Outcome {
        let open = datasets::dataset(self.store.as_ref(), &args.dataset)?;
        let members = self.members(&open.dataset)?;
        let who = name_of(args.who.as_deref())?;
        let snapshot = open.dataset.snapshot(&args.name, members, &who, Timestamp::now())?;
        datasets::keep_snapshot(self.store.as_mut(), &snapshot)?;
        println!("{}: {}, sha256 {}", snapshot.name, contents(&snapshot.members), snapshot.sha256);
        Ok(Ended::Done)
    }

    fn diff(&mut self, args: &DiffArgs) -> Outcome {
        let (first, second) = (self.named(&args.first)?, self.named(&args.second)?);
        let difference = difference(first.members(), second.members());
        if args.json {
            println!("{:#}", json!({"schema": 1, "difference": difference}));
        } else {
            let ([added, removed], changed) = ([&difference.added, &difference.removed].map(Vec::len), difference.changed.len());
            println!("{added} only in {}, {removed} only in {}, {changed} with other files", args.second, args.first);
            print_sets("+ ", &difference.added);
            print_sets("- ", &difference.removed);
            for (before, after) in difference.changed.iter().take(MOST_SHOWN) {
                println!("    {} there, {} here", set_words(before), counted(after.files, "file", "files"));
            }
        }
        let is_same = difference.added.is_empty() && difference.removed.is_empty() && difference.changed.is_empty();
        Ok(if is_same { Ended::Done } else { Ended::WithFinding })
    }

    fn export(&mut self, args: &ExportArgs) -> Outcome {
        let (snapshot, is_open) = match self.named(&args.name)? {
            Named::Snapshot(snapshot) => (snapshot, false),
            Named::Open(open, members) => (open.dataset.snapshot(&args.name, members, &open.who, Timestamp::now())?, true),
        };
        let text = match args.format {
            Form::Json if is_open => {
                format!("{:#}\n", json!({"schema": 1, "open": snapshot.dataset, "members": snapshot.members}))
            }
            Form::Json => format!("{:#}\n", snapshot.json()),
            Form::Csv => snapshot.csv(),
            Form::Runs => snapshot.run_list(),
        };
        match &args.out {
            None => print!("{text}"),
            Some(path) => {
                write_new(path, &text)?;
                println!("{}: {}: {}", args.name, contents(&snapshot.members), path.display());
            }
        }
        if is_open {
            return Ok(Ended::Done);
        }
        self.warn_removed(&snapshot, false)
    }

    fn check(&mut self, args: &CheckArgs) -> Outcome {
        let names: Vec<String> = match args.names.as_slice() {
            [] => datasets::snapshots(self.store.as_ref())?.into_iter().map(|one| one.name).collect(),
            names => names.to_vec(),
        };
        let mut ended = Ended::Done;
        let mut told = Vec::new();
        for name in &names {
            let snapshot = datasets::snapshot(self.store.as_ref(), name)?;
            if self.warn_removed(&snapshot, args.json)? == Ended::WithFinding {
                ended = Ended::WithFinding;
            } else if !args.json {
                println!("{name}: everything is in {} still", snapshot.dataset.name);
            }
            if args.json {
                told.push(json!({"snapshot": name, "removed_since": self.removed_since(&snapshot)?}));
            }
        }
        if args.json {
            println!("{:#}", json!({"schema": 1, "checked": told}));
        }
        Ok(ended)
    }
}

/// Writes a file that is not there yet, whole or not at all.
fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    if path.exists() {
        return Err(Failure(format!("not written: there is a file already; choose another name: {}", path.display())));
    }
    durable::write_whole(path, text.as_bytes()).map_err(|error| Failure(format!("not written: {error}: {}", path.display())))
}

/// `12 runs, 15 file sets, 340 files`.
fn contents(members: &[FileSet]) -> String {
    let runs: BTreeSet<Run> = members.iter().map(|set| set.run).collect();
    let files = members.iter().map(|set| set.files).sum();
    format!(
        "{}, {}, {}",
        counted(runs.len() as u64, "run", "runs"),
        counted(members.len() as u64, "file set", "file sets"),
        counted(files, "file", "files")
    )
}

fn conditions(dataset: &OpenDataset) -> String {
    let mut words = one_line(&dataset.query);
    if !dataset.stream.is_empty() {
        words += &format!("; stream {}", one_line(&dataset.stream));
    }
    if let Some(cycle) = &dataset.cycle {
        let last = cycle.last.map(|last| last.0.to_string()).unwrap_or_default();
        words += &format!("; cycle {} ({}..{last})", one_line(&cycle.name), cycle.first.0);
    }
    if dataset.only_local { words + "; only files that are here" } else { words }
}

fn set_words(set: &FileSet) -> String {
    format!("{} {}, {}", set.run, one_line(&set.stream), counted(set.files, "file", "files"))
}

fn print_sets(sign: &str, sets: &[FileSet]) {
    for set in sets.iter().take(MOST_SHOWN) {
        println!("    {sign}{}{}", set_words(set), if set.is_local { "" } else { ", not all here" });
    }
    if sets.len() > MOST_SHOWN {
        println!("    {sign}and {} more, see --json", sets.len() - MOST_SHOWN);
    }
}
