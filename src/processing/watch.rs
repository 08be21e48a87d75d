//! The watcher: what the operating system tells of the intake folder, as hints.
//!
//! Events are quick and never complete: queues overflow, network mounts send none, a folder moved in tells nothing of its
//! contents. The sweep of [`super::intake`] is the truth.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, Select, TrySendError};
use notify::event::{AccessKind, AccessMode, CreateKind, EventKind, ModifyKind, RenameMode};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

/// A hint of the operating system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// A file was closed after writing, or moved into place: it may be complete.
    Closed(PathBuf),
    /// A folder came; what is in it was perhaps not told.
    Folder(PathBuf),
}

/// Watches a folder and those below it.
pub struct Watch {
    hints: Receiver<Hint>,
    lost: Arc<AtomicBool>,
    fault: Option<String>,
    /// Watching ends when it is dropped.
    watcher: Option<RecommendedWatcher>,
}

/// Hints that wait before the sweep has to find what was dropped.
const WAITING_HINTS: usize = 4096;

impl Watch {
    /// Begins to watch. A folder that can't be watched is no error: the sweep finds everything, later; see [`Watch::fault`].
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        let (sender, hints) = crossbeam_channel::bounded(WAITING_HINTS);
        let lost = Arc::new(AtomicBool::new(false));
        let told_lost = lost.clone();
        let told = move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return told_lost.store(true, Ordering::Relaxed) };
            if event.need_rescan() {
                told_lost.store(true, Ordering::Relaxed);
            }
            for hint in hints_of(event) {
                if let Err(TrySendError::Full(_)) = sender.try_send(hint) {
                    told_lost.store(true, Ordering::Relaxed);
                }
            }
        };
        let begun = notify::recommended_watcher(told)
            .and_then(|mut watcher| watcher.watch(folder, RecursiveMode::Recursive).map(|()| watcher));
        let (watcher, fault) = match begun {
            Ok(watcher) => (Some(watcher), None),
            Err(error) => (None, Some(error.to_string())),
        };
        Watch { hints, lost, fault, watcher }
    }

    /// Why nothing is told; none while watching.
    #[must_use]
    pub fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// Waits for hints, or for a word on one of the other channels, at most this long; then takes all hints there are.
    #[must_use]
    pub fn wait(&self, at_most: Duration, wakes: &[&Receiver<()>]) -> Vec<Hint> {
        let mut select = Select::new();
        let hints = select.recv(&self.hints);
        for wake in wakes {
            select.recv(wake);
        }
        // With no watcher nobody tells anything, and a closed channel is always ready; the wait is still a wait.
        if self.watcher.is_none() {
            select.remove(hints);
        }
        let _ = select.ready_timeout(at_most);
        self.hints.try_iter().collect()
    }

    /// Whether hints were lost since this was asked last: then the folder wants a sweep.
    #[must_use]
    pub fn has_lost_hints(&self) -> bool {
        self.lost.swap(false, Ordering::Relaxed)
    }
}

/// What an event tells.
fn hints_of(event: notify::Event) -> Vec<Hint> {
    let is_closed = matches!(
        event.kind,
        EventKind::Access(AccessKind::Close(AccessMode::Write)) | EventKind::Modify(ModifyKind::Name(RenameMode::To))
    );
    let is_folder = matches!(event.kind, EventKind::Create(CreateKind::Folder));
    event
        .paths
        .into_iter()
        .filter_map(|path| match () {
            () if is_folder => Some(Hint::Folder(path)),
            // A folder moved in tells of itself alone.
            () if is_closed && path.is_dir() => Some(Hint::Folder(path)),
            () if is_closed => Some(Hint::Closed(path)),
            () => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Instant;

    use super::*;

    fn waited(watch: &Watch, wanted: &Hint) -> bool {
        let end = Instant::now() + Duration::from_secs(5);
        while Instant::now() < end {
            if watch.wait(Duration::from_millis(50), &[]).contains(wanted) {
                return true;
            }
        }
        false
    }

    #[test]
    fn a_close_after_writing_and_a_move_into_place_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let incoming = folder.path().join("incoming");
        fs::create_dir(&incoming).unwrap();
        let watch = Watch::new(&incoming);
        assert_eq!(watch.fault(), None);
        fs::write(incoming.join("run1-seq0.dat"), "x").unwrap();
        assert!(waited(&watch, &Hint::Closed(incoming.join("run1-seq0.dat"))));
        fs::write(folder.path().join("aside"), "x").unwrap();
        fs::rename(folder.path().join("aside"), incoming.join("run1-seq1.dat")).unwrap();
        assert!(waited(&watch, &Hint::Closed(incoming.join("run1-seq1.dat"))));
        fs::create_dir(incoming.join("run2")).unwrap();
        assert!(waited(&watch, &Hint::Folder(incoming.join("run2"))));
    }

    #[test]
    fn a_folder_that_is_not_there_is_told_and_waits_are_bounded() {
        let watch = Watch::new(Path::new("/nonexistent/incoming"));
        assert!(watch.fault().is_some());
        assert_eq!(watch.wait(Duration::from_millis(10), &[]), []);
    }
}
