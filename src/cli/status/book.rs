//! What `dqmon status` says of the book itself: what waits for its server, and the last exchange with another book.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::bookkeeping::{self, Outbox, OutboxState, SyncState};
use crate::cli::words::{age, counted};
use crate::config::Workspace;

/// What stands beside the book in the workspace.
pub struct BookDesk {
    place: String,
    outbox: OutboxState,
    sync: Option<SyncState>,
    now: Timestamp,
}

impl BookDesk {
    /// As it stands now; asks no server.
    pub fn of(workspace: &Workspace, now: Timestamp) -> Self {
        let place = workspace.book_place();
        let outbox = bookkeeping::outbox_of(&place).as_ref().map(Outbox::state).unwrap_or_default();
        BookDesk { outbox, sync: SyncState::read(&place.beside), place: place.to_string(), now }
    }

    /// Something that a person should look at.
    pub fn has_finding(&self) -> bool {
        let sync_failed = self.sync.as_ref().is_some_and(|sync| sync.fault.is_some() || sync.conflicts > 0);
        !self.outbox.undelivered.is_empty() || sync_failed
    }

    /// As JSON.
    pub fn facts(&self) -> Value {
        json!({
            "place": self.place,
            "waiting": self.outbox.waiting,
            "undelivered": self.outbox.undelivered,
            "sync": self.sync,
        })
    }

    /// Prints it; nothing when there is nothing to say.
    pub fn print(&self) {
        for (_, line) in self.outbox.lines() {
            println!("{line}");
        }
        if !self.outbox.undelivered.is_empty() {
            println!("'dqmon book outbox' shows what is in force in the place of each");
        }
        let Some(sync) = &self.sync else { return };
        let succeeded = sync.succeeded.map_or_else(|| "never".to_owned(), |at| age(at, self.now));
        let conflicts = match sync.conflicts {
            0 => String::new(),
            count => format!(", {} in conflict: 'dqmon book conflicts'", counted(count as u64, "subject", "subjects")),
        };
        println!("last exchange with {}: {succeeded}{conflicts}", sync.with);
        if let Some(fault) = &sync.fault {
            println!("the one tried {} failed: {fault}", age(sync.at, self.now));
        }
    }
}
