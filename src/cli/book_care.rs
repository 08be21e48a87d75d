//! `dqmon book`: the book itself, for those who look after it.

mod chores;

use std::fs::{self, File, OpenOptions};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::json;

pub(super) use self::chores::Chores;
use super::book::refuse_lost_book;
use super::words::{counted, stamp};
use super::{Ended, Failure, Outcome};
use crate::bookkeeping::{self, ChainEnd, Entry, Store};
use crate::config::Workspace;
use crate::decisions::DecisionError;
use crate::durable;

/// Arguments of `dqmon book`.
#[derive(Debug, clap::Subcommand)]
pub enum Args {
    /// Make the book, where there is none.
    Init {
        /// In PostgreSQL, make the roles too: dqmon_reader, dqmon_shifter, dqmon_expert, dqmon_run_coordinator, dqmon_data_manager,
        /// dqmon_database_manager.
        #[arg(long)]
        roles: bool,
    },
    /// Bring the book's layout up to date, after a backup.
    Migrate,
    /// Look at every entry: chains, what is in force, the engine's own files.
    Verify {
        /// Compare with the ends of chains that 'dqmon book head' printed earlier: finds a book that was written anew.
        #[arg(long, value_name = "FILE")]
        head: Option<PathBuf>,
    },
    /// Print the end of each chain, to be kept elsewhere.
    Head,
    /// Write the whole book as lines of JSON.
    Export {
        /// The file; standard output without one.
        #[arg(value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Take an export in: rows into a book that has none, entries into any.
    Import {
        /// The export.
        #[arg(value_name = "FILE")]
        from: PathBuf,
    },
    /// Make a backup in the folder of the settings.
    Backup,
    /// Bring a backup or an export back; the book that stood there is set aside, and the new one goes on under an id of its own.
    Restore {
        /// The backup.
        #[arg(value_name = "FILE")]
        from: PathBuf,
    },
    /// What waits for the book's server, and what could not be delivered.
    Outbox {
        /// Put away what could not be delivered, by its number: a person has settled it.
        #[arg(long, value_name = "NUMBER")]
        settle: Option<usize>,
        /// Deliver what waits now.
        #[arg(long, conflicts_with = "settle")]
        deliver: bool,
    },
    /// Subjects of which two books said different things without knowing of each other.
    Conflicts,
}

impl Args {
    /// Whether it only tells what stands in the book, on standard output.
    pub(super) fn only_tells(&self) -> bool {
        match self {
            Args::Verify { .. } | Args::Head | Args::Export { to: None } | Args::Conflicts => true,
            Args::Outbox { settle, deliver } => settle.is_none() && !deliver,
            _ => false,
        }
    }
}

/// Runs the command. What is found wrong is a finding.
pub fn run(global: &super::Global, args: &Args) -> Outcome {
    let workspace = global.workspace()?;
    let writes = matches!(args, Args::Init { .. } | Args::Migrate | Args::Import { .. } | Args::Restore { .. });
    if writes && global.read_only() {
        return Err(Failure("this writes into the book: leave --read-only out".into()));
    }
    let place = workspace.book_place();
    match args {
        Args::Init { roles } => init(&workspace, *roles),
        Args::Migrate => migrate(&workspace),
        Args::Verify { head } => verify(bookkeeping::open_read_only(&place)?.as_ref(), head.as_deref(), &place.to_string()),
        Args::Head => head(bookkeeping::open_read_only(&place)?.as_ref()),
        Args::Export { to } => export(bookkeeping::open_read_only(&place)?.as_ref(), to.as_deref()),
        Args::Import { from } => {
            let file = File::open(from).map_err(|error| Failure(format!("export not read: {error}: {}", from.display())))?;
            let taken = bookkeeping::open(&place)?.import(&mut BufReader::new(file))?;
            println!("{} taken in, {} stood here already: {place}", counted(taken.new, "entry", "entries"), taken.known);
            Ok(Ended::Done)
        }
        Args::Backup => {
            println!("{}", bookkeeping::back_up(&place, Timestamp::now())?.display());
            Ok(Ended::Done)
        }
        Args::Restore { from } => restore(&workspace, from),
        Args::Outbox { settle, deliver } => outbox(&workspace, *settle, *deliver),
        Args::Conflicts => conflicts(bookkeeping::open_read_only(&place)?.as_ref()),
    }
}

/// Says that something waits in the outbox: done as far as it could be, and a person should know.
pub(super) fn kept(error: &DecisionError) -> Outcome {
    println!("{error}");
    Ok(Ended::WithFinding)
}

fn init(workspace: &Workspace, roles: bool) -> Outcome {
    let place = workspace.book_place();
    if roles {
        bookkeeping::make_roles(&place)?;
    }
    // A server that is away would take the word of a book that is not there yet.
    let id = bookkeeping::open(&place)?.book_id()?;
    println!("book {id}{}: {place}", if roles { ", with its roles" } else { "" });
    Ok(Ended::Done)
}

fn migrate(workspace: &Workspace) -> Outcome {
    refuse_lost_book(workspace)?;
    let place = workspace.book_place();
    match bookkeeping::back_up(&place, Timestamp::now()) {
        Ok(backup) => println!("backed up: {}", backup.display()),
        // A book of a layout that can't be exported yet, or none at all: an engine's migration is all or nothing.
        Err(error) => eprintln!("dqmon: no backup made first: {error}"),
    }
    bookkeeping::open(&place)?.book_id()?;
    println!("up to date: {place}");
    Ok(Ended::Done)
}

fn verify(book: &dyn Store, head: Option<&Path>, place: &str) -> Outcome {
    let mut faults = book.verify_chains()?;
    if let Some(path) = head {
        faults.extend(bookkeeping::compare_with_heads(book, &heads_in(path)?)?);
    }
    for fault in &faults {
        println!("{fault}");
    }
    let ends = book.chain_ends()?;
    let entries: i64 = ends.iter().map(|end| end.number).sum();
    let (chains, entries) = (counted(ends.len() as u64, "chain", "chains"), counted(entries as u64, "entry", "entries"));
    match faults.len() {
        0 => println!("sound: {chains}, {entries}: {place}"),
        count => println!("{} in {chains}, {entries}: {place}", counted(count as u64, "fault", "faults")),
    }
    Ok(if faults.is_empty() { Ended::Done } else { Ended::WithFinding })
}

/// The ends of chains that stand in a file, one in each line.
fn heads_in(path: &Path) -> Result<Vec<ChainEnd>, Failure> {
    let text =
        fs::read_to_string(path).map_err(|error| Failure(format!("ends of chains not read: {error}: {}", path.display())))?;
    let read = |(number, line): (usize, &str)| {
        serde_json::from_str(line)
            .map_err(|error| Failure(format!("line {number} is no end of a chain: {error}: {}", path.display())))
    };
    (1..).zip(text.lines().filter(|line| !line.trim().is_empty())).map(read).collect()
}

fn head(book: &dyn Store) -> Outcome {
    for end in book.chain_ends()? {
        println!("{}", json!(end));
    }
    Ok(Ended::Done)
}

fn export(book: &dyn Store, to: Option<&Path>) -> Outcome {
    let Some(path) = to else {
        book.export(&mut std::io::stdout().lock())?;
        return Ok(Ended::Done);
    };
    let part = durable::aside(path);
    bookkeeping::export_to(book, &part)?;
    durable::rename(&part, path).map_err(|error| Failure(format!("export not written: {error}: {}", path.display())))?;
    println!("{}", path.display());
    Ok(Ended::Done)
}

fn restore(workspace: &Workspace, from: &Path) -> Outcome {
    let _lock = refuse_beside_a_backend(workspace)?;
    let place = workspace.book_place();
    let restored = bookkeeping::restore(&place, from, Timestamp::now())?;
    if let Some(path) = &restored.set_aside {
        println!("set aside: {}", path.display());
    }
    println!("restored, goes on as book {}: {place}", restored.book);
    println!("Windows that were open on it must be opened again.");
    Ok(Ended::Done)
}

/// Takes the backend's lock for as long as the answer is held.
fn refuse_beside_a_backend(workspace: &Workspace) -> Result<File, Failure> {
    let path = workspace.root.join("processing/backend.lock");
    let failed = |error: &dyn std::fmt::Display| Failure(format!("not restored: {error}: {}", path.display()));
    let file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(|error| failed(&error))?;
    file.try_lock().map_err(|_| failed(&"a backend runs on this book; end it first"))?;
    Ok(file)
}

fn outbox(workspace: &Workspace, settle: Option<usize>, deliver: bool) -> Outcome {
    let place = workspace.book_place();
    let Some(outbox) = bookkeeping::outbox_of(&place) else {
        println!("a book in one file is never away, nothing waits for it: {place}");
        return Ok(Ended::Done);
    };
    if let Some(number) = settle {
        let settled = outbox.settle(number)?;
        println!("put away: {}", settled.words());
    }
    if deliver {
        let (delivered, refused) = bookkeeping::open(&place)?.deliver()?;
        println!("{delivered} delivered, {refused} refused");
    }
    for waiting in outbox.state().waiting {
        println!("waits: {waiting}");
    }
    let undelivered = outbox.undelivered();
    for (number, undelivered) in (1..).zip(&undelivered) {
        println!("{number} not delivered, tried {}: {}", stamp(undelivered.at), undelivered.words());
        undelivered.in_force.iter().for_each(print_entry);
    }
    Ok(if undelivered.is_empty() { Ended::Done } else { Ended::WithFinding })
}

fn conflicts(book: &dyn Store) -> Outcome {
    let conflicts = book.conflicts()?;
    let mut subject = None;
    for entry in &conflicts {
        if subject != Some((entry.kind, &entry.subject)) {
            println!("{} on {}:", entry.kind.word().replace('_', " "), entry.subject);
            subject = Some((entry.kind, &entry.subject));
        }
        print_entry(entry);
    }
    Ok(if conflicts.is_empty() { Ended::Done } else { Ended::WithFinding })
}

/// An entry in a line; what people wrote stands in it as JSON, so that no control character reaches a terminal.
fn print_entry(entry: &Entry) {
    let (who, role) = (json!(entry.who), json!(entry.role));
    println!("    {} by {who}, {role}, at {}: {}", entry.id, stamp(entry.at), entry.body);
}
