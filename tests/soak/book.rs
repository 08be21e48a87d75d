//! Writers of the book that are killed at random instants, and its server with them: what was acknowledged must be there.

use std::collections::BTreeSet;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use dqmon::bookkeeping::{self, EntryKind, Row, RunRecord};
use dqmon::config::Workspace;
use jiff::Timestamp;
use monitasks::vocab::Run;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::services::postgres::Postgres;

/// Who keeps the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file.
    Sqlite,
    /// A server, which is killed too.
    Postgres,
}

impl Engine {
    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Engine::Sqlite => "book in SQLite",
            Engine::Postgres => "book in PostgreSQL",
        }
    }
}

/// What rounds came to.
#[derive(Debug, Default)]
pub struct Tally {
    /// Rounds that were run.
    pub rounds: u64,
    /// Decisions that were acknowledged, of which how many waited for the server first.
    pub acknowledged: u64,
    pub waited: u64,
    /// Writers that were killed, and servers.
    pub kills: u64,
    pub server_stops: u64,
}

/// A writer that may be killed while nobody waits for it.
type Running = Arc<Mutex<Child>>;

const WRITERS: u32 = 4;
const EACH: u32 = 8;

/// So long a server that was killed may read its log again.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs rounds with seeds from one on; none when there is no server.
///
/// # Errors
/// What was broken, with the words that make the round again.
pub fn rounds(engine: Engine, seed: u64, rounds: u64, is_loud: bool) -> Result<Option<Tally>, String> {
    let server = match engine {
        Engine::Sqlite => None,
        Engine::Postgres => match Postgres::start() {
            Ok(server) => Some(server),
            Err(why) => {
                println!("no PostgreSQL: {why}");
                return Ok(None);
            }
        },
    };
    let mut tally = Tally::default();
    for seed in (seed..).take(rounds as usize) {
        let before = (tally.acknowledged, tally.kills);
        round(server.as_ref(), seed, &mut tally).map_err(|why| {
            format!(
                "{}, round with seed {seed}: {why}\nagain: make soak SOAK=\"--kind book --seed {seed} --rounds 1\"",
                engine.word()
            )
        })?;
        if is_loud {
            let (said, kills) = (tally.acknowledged - before.0, tally.kills - before.1);
            println!("{} round {seed}: {said} acknowledged, {kills} kills", engine.word());
        }
    }
    Ok(Some(tally))
}

fn round(server: Option<&Postgres>, seed: u64, tally: &mut Tally) -> Result<(), String> {
    let told = |error: &dyn std::fmt::Display| error.to_string();
    let folder = tempfile::tempdir().map_err(|error| told(&error))?;
    let settings = server.map(|server| settings_of(&server.new_database(&format!("soak_{seed}")), folder.path()));
    let workspace =
        Workspace::create_with(&folder.path().join("shift"), &settings.unwrap_or_default()).map_err(|error| told(&error))?;
    let place = workspace.book_place();
    let row = |run: u32| Row::Run(RunRecord { run: Run(run), first_seen: Timestamp::UNIX_EPOCH, ended: None, ended_by: None });
    let known: Vec<Row> = (0..WRITERS * EACH).map(row).collect();
    bookkeeping::open(&place).and_then(|mut book| book.record(None, &[], &known)).map_err(|error| told(&error))?;
    let acknowledged = Mutex::new(BTreeSet::new());
    let running = Mutex::new(Vec::new());
    let is_over = AtomicBool::new(false);
    let (mut kills, mut stops, mut waited) = (0, 0, 0);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (workspace, acknowledged, running) = (&workspace, &acknowledged, &running);
                scope.spawn(move || {
                    (0..EACH).map(|each| write(workspace, writer * EACH + each, acknowledged, running)).sum::<u64>()
                })
            })
            .collect();
        let disturber = scope.spawn(|| disturb(seed, server, &running, &is_over));
        waited = writers.into_iter().map(|writer| writer.join().unwrap_or(0)).sum();
        is_over.store(true, Ordering::Relaxed);
        (kills, stops) = disturber.join().unwrap_or((0, 0));
    });
    if let Some(server) = server {
        // It may have been stopped at the very end, or still read its log after the last start; that it runs already is no fault.
        let end = Instant::now() + PATIENCE;
        while bookkeeping::open(&place).and_then(|book| book.change_stamp()).is_err() && Instant::now() < end {
            let _ = server.begin();
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    // What waited is delivered by whoever comes next.
    let mut book = bookkeeping::open(&place).map_err(|error| told(&error))?;
    book.deliver().map_err(|error| told(&error))?;
    let acknowledged = acknowledged.into_inner().map_err(|error| told(&error))?;
    tally.rounds += 1;
    tally.acknowledged += acknowledged.len() as u64;
    tally.waited += waited;
    tally.kills += kills;
    tally.server_stops += stops;
    let in_force = book.in_force(EntryKind::Decision).map_err(|error| told(&error))?;
    let there: BTreeSet<u32> = in_force.iter().filter_map(|entry| entry.run).map(|run| run.0).collect();
    let lost: Vec<&u32> = acknowledged.difference(&there).collect();
    if !lost.is_empty() {
        return Err(format!("acknowledged and not there: {lost:?}; the outbox: {:?}", book.outbox()));
    }
    if there.len() != in_force.len() || book.entries_after(0, 1000).map_err(|error| told(&error))?.len() != there.len() {
        return Err("something was recorded twice".into());
    }
    if !book.outbox().is_empty() {
        return Err(format!("left in the outbox: {:?}", book.outbox()));
    }
    let faults = book.verify_chains().map_err(|error| told(&error))?;
    if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) }
}

/// One decision on a run of its own; answers 1 when it was told that it waits for the server.
fn write(workspace: &Workspace, run: u32, acknowledged: &Mutex<BTreeSet<u32>>, running: &Mutex<Vec<Running>>) -> u64 {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dqmon"));
    command.arg("-w").arg(&workspace.root).args(["decide", &format!("run{run}"), "OK", "--who", "Ada", "--role", "shifter"]);
    command.env_remove("DQMON_WORKSPACE").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let Ok(mut child) = command.spawn() else { return 0 };
    let stdout = child.stdout.take();
    let child = Arc::new(Mutex::new(child));
    lock(running).push(child.clone());
    // Only who was told so in words counts: one that was killed may have been recorded or not.
    let mut said = String::new();
    if let Some(mut stdout) = stdout {
        let _ = stdout.read_to_string(&mut said);
    }
    let _ = lock(&child).wait();
    let waits = said.contains("kept, and delivered when");
    if waits || said.contains("(decision ") {
        lock(acknowledged).insert(run);
    }
    u64::from(waits)
}

/// Kills writers at random instants, and the server in some rounds, until it is over; leaves the server running.
fn disturb(seed: u64, server: Option<&Postgres>, running: &Mutex<Vec<Running>>, is_over: &AtomicBool) -> (u64, u64) {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    let (mut kills, mut stops) = (0, 0);
    while !is_over.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(chance.random_range(1..60)));
        let mut running = lock(running);
        running.retain(|child| matches!(lock(child).try_wait(), Ok(None)));
        let count = running.len();
        if count > 0 && chance.random_bool(0.4) {
            let child = running.swap_remove(chance.random_range(0..count));
            kills += u64::from(lock(&child).kill().is_ok());
        }
        drop(running);
        if let Some(server) = server.filter(|_| stops == 0 && chance.random_bool(0.05)) {
            server.stop("immediate");
            std::thread::sleep(Duration::from_millis(chance.random_range(1..400)));
            while server.begin().is_err() && !is_over.load(Ordering::Relaxed) {}
            stops += 1;
        }
    }
    (kills, stops)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Settings of a book in PostgreSQL, and its password where they say.
fn settings_of(url: &str, folder: &Path) -> String {
    let (account, server) = url.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@')).unwrap_or_default();
    let (account, password) = account.split_once(':').unwrap_or_default();
    let file = folder.join("password");
    let written = std::fs::write(&file, password.replace("%20", " "));
    let guarded = std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600));
    assert!(written.is_ok() && guarded.is_ok(), "{}", file.display());
    format!("[book]\nurl = \"postgresql://{account}@{server}\"\npassword_file = {file:?}\n")
}
