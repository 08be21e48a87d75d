//! The command line: a file per subcommand.
//!
//! Each has an `Args` (clap) and a `run`. Exit status: 0 done, 1 done with a finding, 2 refused or failed. Results go to
//! standard output, messages to standard error.

mod account;
mod analyse;
mod archive;
mod book;
mod book_care;
mod checks;
mod closing;
mod compare;
mod dataset;
mod decide;
mod demo;
mod doctor;
mod flow;
mod follow_up;
mod import;
mod init;
mod inspect;
mod issue;
mod job;
mod mark;
mod new_task;
mod page_file;
mod places;
mod plot;
mod plot_choices;
mod problem;
mod process;
mod product;
pub mod progress;
mod publish;
mod reconstruct;
mod release;
mod replay;
mod report;
mod requests;
mod rule;
mod runs;
mod said;
mod selection;
mod shift;
mod show;
mod simulate;
mod status;
mod sync;
mod tasks;
mod training;
mod why;
mod window;
mod words;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::bookkeeping::RequestKind;
use crate::config::{Settings, Workspace, WorkspaceError};

/// Run a particle detector's shift: raw files in, monitor plots and quality decisions out.
///
/// With no command the window opens: on the workspace found, on the files or folders of results given, or on a welcome page.
#[derive(Debug, Parser)]
#[command(name = "dqmon", version, subcommand_precedence_over_arg = true)]
struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
    /// Files or folders of results to look at, with no workspace.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    replay: window::ReplayArgs,
}

/// Options that stand before or after any command.
#[derive(Debug, Clone, clap::Args)]
pub struct Global {
    /// The workspace; else $DQMON_WORKSPACE, else the nearest dqmon.toml upwards.
    #[arg(short = 'w', long, global = true, env = "DQMON_WORKSPACE", value_name = "DIR")]
    workspace: Option<PathBuf>,
    /// Write nothing: no decision, no backend.
    #[arg(long, global = true)]
    read_only: bool,
    /// Settings instead of the workspace's dqmon.toml: those the backend held when it made a job.
    #[arg(long, global = true, hide = true, value_name = "FILE")]
    settings: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A simulated shift in a workspace of its own, through the whole chain.
    Demo(demo::Args),
    /// Make a workspace with a commented dqmon.toml.
    Init(init::Args),
    /// Write raw files of simulated cosmic muons, with the truth beside them.
    Simulate(simulate::Args),
    /// The backend without a window: take files in and process them.
    Process(process::Args),
    /// Raw files to reconstructed files: hits, tracks, matched tracks.
    Reconstruct(reconstruct::Args),
    /// Reconstructed files to results: pedestals, purity, gain, events; raw files to noise.
    Analyse(analyse::Args),
    /// Two processings of a run, or any two results, against each other.
    Compare(compare::Args),
    /// What a raw, ROOT, result or log file holds, and what is wrong with it.
    Inspect(inspect::Args),
    /// The tree of monitor tasks with their states and last values.
    Tasks(tasks::Args),
    /// One plot of a task, or the whole Monitor page, as PNG, SVG, CSV or JSON.
    Plot(plot::Args),
    /// Automatic checks: what they are, what they think of the plots, what others would have thought.
    #[command(subcommand)]
    Checks(checks::Args),
    /// The runs in the book and those of run lists, by a query: trigger:CRT drift_field>500 flag:UNCHECKED.
    Runs(runs::Args),
    /// Data sets: lists of runs that follow a query, and snapshots of them that never change.
    #[command(subcommand)]
    Dataset(dataset::Args),
    /// The whole story of a run or a file.
    Show(show::Args),
    /// Record a quality decision on a run, a file, a processing or a time range.
    Decide(decide::Args),
    /// Record a shifter's mark on a run, or a subsystem's on a processing.
    Mark(mark::Args),
    /// Take back a decision or mark: what was in force before it is again.
    Undo(closing::UndoArgs),
    /// Lock a run's decisions: nothing more is decided on it.
    Lock(closing::LockArgs),
    /// Unlock a run's decisions, as an expert.
    Unlock(closing::LockArgs),
    /// Record that you looked at somebody else's decision, as a second person.
    Verify(closing::VerifyArgs),
    /// Training on past shifts: decisions made in a replay beside those of the past.
    #[command(subcommand)]
    Training(training::Args),
    /// Why the derived status of a run's processings is what it is, and what would alter it.
    Why(why::Args),
    /// The rule of the derived status: list, what another would do, save.
    #[command(subcommand)]
    Rule(rule::Command),
    /// The book as a whole: the nightly cut; make, verify, back up, restore, export; what waits for its server.
    #[command(subcommand)]
    Book(book::Command),
    /// What was selected or merged from processings, with the status it has from them: new, list.
    #[command(subcommand)]
    Product(product::Args),
    /// Problems and alarms: tell, list, comment, take, close, reopen, acknowledge, shelve.
    #[command(subcommand)]
    Problem(problem::Args),
    /// Known issues and masks of channels: new, list, end.
    #[command(subcommand)]
    Issue(issue::Args),
    /// What is to be done by somebody until a day: new, list, move, end.
    #[command(subcommand, name = "follow-up")]
    FollowUp(follow_up::Args),
    /// Who has the shift: begin, end, show, list.
    #[command(subcommand)]
    Shift(shift::Args),
    /// A shift or a meeting's list as an HTML page to print.
    #[command(subcommand)]
    Report(report::Args),
    /// Process again what failed: a file, a group, a run, or everything of a class.
    Resubmit(requests::ResubmitArgs),
    /// Keep files that wait from being processed.
    Hold(requests::Args),
    /// Let go what a person held.
    Unhold(requests::Args),
    /// End the jobs of a file or run, or take it out of the queue.
    Cancel(requests::Args),
    /// Process a whole run again, as a new processing beside the old one.
    Reprocess(requests::ReprocessArgs),
    /// How the shift goes: backend, queue, failures.
    Status(status::Args),
    /// What is missing or wrong with the workspace and its machine, why that matters, and the command that mends it.
    Doctor(doctor::Args),
    /// Exchange entries with another book, in both directions; may be done again at any time.
    Sync(sync::Args),
    /// How smoothly files go: latency of each stage, rate, backlog, room on the disks.
    Flow(flow::Args),
    /// What others left: an old farm's transfer logs, lists of runs that people keep.
    Import(import::Args),
    /// Raw files into tars of one kind of run: plan, build, verify.
    #[command(subcommand)]
    Archive(archive::Args),
    /// Logs and a summary of the flow into a folder that everyone may read.
    Publish(publish::Args),
    /// Raw copies that may go, as verified copies stand elsewhere.
    #[command(subcommand)]
    Release(release::Args),
    /// A past shift, entry by entry: all that was kept of it in the order of its times; or its files once more, in their old rhythm.
    Replay(replay::Args),
    /// Run one job script and write its batch record; started by the local pool.
    #[command(hide = true)]
    Job(job::Args),
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// All was done.
    Done,
    /// All was done, and there is a finding that a person should look at.
    WithFinding,
}

/// Why a command was refused or failed: what, why, what there is instead, path last.
#[derive(Debug)]
pub struct Failure(pub String);

/// What a subcommand answers.
pub type Outcome = Result<Ended, Failure>;

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure(error.to_string())
    }
}

impl Global {
    /// The workspace to work in.
    ///
    /// # Errors
    /// When there is none or its settings can't be used.
    pub fn workspace(&self) -> Result<Workspace, WorkspaceError> {
        match (&self.workspace, &self.settings) {
            (folder, Some(settings)) => {
                let folder = folder.as_deref().unwrap_or(Path::new("."));
                let root = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
                Ok(Workspace { root, settings: Settings::load(settings)? })
            }
            (Some(folder), None) => Workspace::open(folder),
            (None, None) => Workspace::find(Path::new(".")),
        }
    }

    /// Whether nothing may be written.
    #[must_use]
    pub fn read_only(&self) -> bool {
        self.read_only
    }

    /// The workspace if one is named or found; none when there is none.
    ///
    /// # Errors
    /// When one is named and is none, or when its settings can't be used.
    pub fn optional_workspace(&self) -> Result<Option<Workspace>, WorkspaceError> {
        match self.workspace() {
            Ok(workspace) => Ok(Some(workspace)),
            Err(WorkspaceError::NotFound { .. }) if self.workspace.is_none() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Warnings go to standard error; `RUST_LOG` asks for more.
fn speak() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env();
    let filter = filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("off,dqmon=warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

/// A command that prints ends quietly when nobody reads on, as in `dqmon runs | head`. Those that hold sockets, files of others
/// or a window open must live on.
fn end_with_its_reader(command: Option<&Command>) {
    let lives_on = match command {
        Some(Command::Book(command)) => !command.only_tells(),
        Some(Command::Replay(args)) => args.writes(),
        other => matches!(
            other,
            None | Some(Command::Process(_) | Command::Sync(_) | Command::Demo(_) | Command::Job(_) | Command::Decide(_))
        ),
    };
    if !lives_on {
        // Where it can't be had, a closed pipe is an error like any other.
        let _ = signal_hook::flag::register_conditional_default(signal_hook::consts::SIGPIPE, Arc::new(AtomicBool::new(true)));
    }
}

/// Commands that work in no workspace, and those of the others that write into one when they are not told otherwise.
const WITH_NO_WORKSPACE: [&str; 5] = ["demo", "init", "simulate", "inspect", "job"];
const WRITES_INTO_THE_BOOK: [&str; 24] = [
    "process",
    "sync",
    "dataset",
    "decide",
    "mark",
    "undo",
    "lock",
    "unlock",
    "verify",
    "rule",
    "book",
    "problem",
    "issue",
    "follow-up",
    "shift",
    "report",
    "resubmit",
    "hold",
    "unhold",
    "cancel",
    "reprocess",
    "import",
    "archive",
    "release",
];

/// The command line's grammar. An option that means nothing to a command is not in its help.
fn grammar() -> clap::Command {
    let mut grammar = Arguments::command();
    // Global options come to the subcommands only here.
    grammar.build();
    let names: Vec<String> = grammar.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    for name in names {
        let hides_workspace = WITH_NO_WORKSPACE.contains(&name.as_str());
        let hides_read_only = !WRITES_INTO_THE_BOOK.contains(&name.as_str());
        grammar = grammar.mut_subcommand(name, |command| {
            command.mut_args(|option| {
                let is_idle = match option.get_id().as_str() {
                    "workspace" => hides_workspace,
                    "read_only" => hides_read_only,
                    _ => return option,
                };
                if is_idle { option.hide(true) } else { option }
            })
        });
    }
    grammar
}

/// Reads the arguments, runs the command, prints its failure.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::from_arg_matches(&grammar().get_matches()).unwrap_or_else(|error| error.exit());
    speak();
    end_with_its_reader(arguments.command.as_ref());
    let global = &arguments.global;
    let outcome = match &arguments.command {
        None => window::run(global, &arguments.paths, &arguments.replay),
        Some(Command::Demo(args)) => demo::run(global, args),
        Some(Command::Init(args)) => init::run(args),
        Some(Command::Simulate(args)) => simulate::run(args),
        Some(Command::Process(args)) => process::run(global, args),
        Some(Command::Reconstruct(args)) => reconstruct::run(global, args),
        Some(Command::Analyse(args)) => analyse::run(global, args),
        Some(Command::Compare(args)) => compare::run(global, args),
        Some(Command::Inspect(args)) => inspect::run(args),
        Some(Command::Tasks(args)) => tasks::run(global, args),
        Some(Command::Plot(args)) => plot::run(global, args),
        Some(Command::Checks(args)) => checks::run(global, args),
        Some(Command::Runs(args)) => runs::run(global, args),
        Some(Command::Dataset(args)) => dataset::run(global, args),
        Some(Command::Show(args)) => show::run(global, args),
        Some(Command::Decide(args)) => decide::run(global, args),
        Some(Command::Mark(args)) => mark::run(global, args),
        Some(Command::Undo(args)) => closing::undo(global, args),
        Some(Command::Lock(args)) => closing::lock(global, args, true),
        Some(Command::Unlock(args)) => closing::lock(global, args, false),
        Some(Command::Verify(args)) => closing::verify(global, args),
        Some(Command::Training(args)) => training::run(global, args),
        Some(Command::Why(args)) => why::run(global, args),
        Some(Command::Rule(args)) => rule::run(global, args),
        Some(Command::Book(args)) => book::run(global, args),
        Some(Command::Product(args)) => product::run(global, args),
        Some(Command::Problem(args)) => problem::run(global, args),
        Some(Command::Issue(args)) => issue::run(global, args),
        Some(Command::FollowUp(args)) => follow_up::run(global, args),
        Some(Command::Shift(args)) => shift::run(global, args),
        Some(Command::Report(args)) => report::run(global, args),
        Some(Command::Resubmit(args)) => requests::resubmit(global, args),
        Some(Command::Hold(args)) => requests::run(global, RequestKind::Hold, args),
        Some(Command::Unhold(args)) => requests::run(global, RequestKind::Release, args),
        Some(Command::Cancel(args)) => requests::run(global, RequestKind::Cancel, args),
        Some(Command::Reprocess(args)) => requests::reprocess(global, args),
        Some(Command::Status(args)) => status::run(global, args),
        Some(Command::Doctor(args)) => doctor::run(global, args),
        Some(Command::Sync(args)) => sync::run(global, args),
        Some(Command::Flow(args)) => flow::run(global, args),
        Some(Command::Import(args)) => import::run(global, args),
        Some(Command::Archive(args)) => archive::run(global, args),
        Some(Command::Publish(args)) => publish::run(global, args),
        Some(Command::Release(args)) => release::run(global, args),
        Some(Command::Replay(args)) => replay::run(global, args),
        Some(Command::Job(args)) => job::run(args),
    };
    crate::live::end_programs();
    match outcome {
        Ok(Ended::Done) => ExitCode::SUCCESS,
        Ok(Ended::WithFinding) => ExitCode::from(1),
        Err(Failure(message)) => {
            eprintln!("dqmon: {message}");
            ExitCode::from(2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_sound_and_reads_options_before_and_behind_a_command() {
        grammar().debug_assert();
        for line in [["dqmon", "-w", "/a", "status", "--json"], ["dqmon", "status", "--json", "-w", "/a"]] {
            let matches = grammar().try_get_matches_from(line).unwrap();
            let arguments = Arguments::from_arg_matches(&matches).unwrap();
            assert_eq!(arguments.global.workspace.as_deref(), Some(Path::new("/a")), "{line:?}");
        }
    }

    #[test]
    fn options_that_mean_nothing_to_a_command_are_not_in_its_help() {
        let help = |name: &str| {
            let mut grammar = grammar();
            grammar.find_subcommand_mut(name).unwrap().render_help().to_string()
        };
        let has = |name: &str| ["--workspace", "--read-only"].map(|option| help(name).contains(option));
        assert_eq!([has("inspect"), has("show"), has("decide")], [[false, false], [true, false], [true, true]]);
    }
}
