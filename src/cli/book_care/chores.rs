//! What is done for the book beside a running backend: backups and exchanges on a schedule, delivery of what waits for its server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::bookkeeping::{self, StoreError};
use crate::cli::sync::exchange_now;
use crate::cli::words::stamp;
use crate::config::Workspace;

/// Time between two looks at the clock and the outbox.
const LOOK: Duration = Duration::from_secs(1);

/// The chores of one workspace's book, on a thread of their own and never in the backend's way.
pub struct Chores {
    workspace: Workspace,
    next_backup: Option<Instant>,
    next_exchange: Option<Instant>,
    /// What was told last of each chore, so that it is told once.
    told: [Option<String>; 3],
}

impl Chores {
    /// Starts them; they end soon after `stop`.
    pub fn start(workspace: &Workspace, stop: Arc<AtomicBool>) -> JoinHandle<()> {
        let settings = &workspace.settings.book;
        let due = |is_wanted: bool| is_wanted.then(Instant::now);
        let mut chores = Chores {
            next_backup: due(settings.backup_every_s > 0.0).map(|now| now + chores_wait(settings.backup_every_s, workspace)),
            next_exchange: due(!settings.sync_with.is_empty()),
            told: [None, None, None],
            workspace: workspace.clone(),
        };
        std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                chores.look();
                let until = Instant::now() + LOOK;
                while !stop.load(Ordering::Relaxed) && Instant::now() < until {
                    std::thread::sleep(Duration::from_millis(100));
                }
            }
        })
    }

    fn look(&mut self) {
        let settings = self.workspace.settings.book.clone();
        if self.next_backup.is_some_and(|due| Instant::now() >= due) {
            let made = self.back_up();
            // One that failed, because the server is away or the disk is full, is tried again before long.
            let wait_s = if made.is_ok() { settings.backup_every_s } else { settings.backup_every_s.min(60.0) };
            self.next_backup = Some(Instant::now() + seconds(wait_s));
            self.tell(0, "backup", made);
        }
        if self.next_exchange.is_some_and(|due| Instant::now() >= due) {
            let exchanged = exchange_now(&self.workspace, None).map(drop);
            let wait_s = if exchanged.is_ok() { settings.sync_every_s } else { settings.sync_every_s.min(60.0) };
            self.next_exchange = Some(Instant::now() + seconds(wait_s));
            self.tell(1, "exchange with the other book", exchanged);
        }
        let place = self.workspace.book_place();
        if bookkeeping::outbox_of(&place).is_some_and(|outbox| outbox.has_waiting()) {
            let delivered = bookkeeping::open(&place).and_then(|mut book| book.deliver()).map(drop);
            // That the server is away is told by the backend.
            if !matches!(delivered, Err(StoreError::Away { .. })) {
                self.tell(2, "delivery of what waited", delivered);
            }
        }
    }

    fn back_up(&self) -> Result<(), StoreError> {
        let place = self.workspace.book_place();
        bookkeeping::back_up(&place, Timestamp::now())?;
        bookkeeping::prune(&place.backups, self.workspace.settings.book.backups_kept).map(drop)
    }

    fn tell(&mut self, chore: usize, what: &str, outcome: Result<(), StoreError>) {
        let fault = outcome.err().map(|error| format!("{what} failed: {error}"));
        let Some(told) = self.told.get_mut(chore) else { return };
        if *told != fault {
            let words = fault.clone().unwrap_or_else(|| format!("{what}: done again"));
            eprintln!("{} {words}", stamp(Timestamp::now()));
            *told = fault;
        }
    }
}

/// Until the first backup: a backend that is started often makes one when the newest is old enough, not at each start.
fn chores_wait(every_s: f64, workspace: &Workspace) -> Duration {
    let newest = bookkeeping::newest_backup(&workspace.book_place().backups);
    let written = newest.and_then(|path| path.metadata().ok()?.modified().ok()?.elapsed().ok());
    written.map_or(Duration::ZERO, |age| seconds(every_s).saturating_sub(age))
}

/// A time of the settings; one beyond reason is a year.
fn seconds(seconds: f64) -> Duration {
    const YEAR: Duration = Duration::from_secs(366 * 86_400);
    Duration::try_from_secs_f64(seconds).unwrap_or(YEAR).min(YEAR)
}
