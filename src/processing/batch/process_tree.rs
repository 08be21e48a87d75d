//! The processes of a job, as `/proc` shows them: found, measured, ended.

use std::collections::HashMap;
use std::fs;

use rustix::process::{Pid, Signal, kill_process};

/// What the processes of a job use at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Use {
    /// Resident memory of all of them together, bytes. Pages that they share count for each.
    pub resident_bytes: u64,
    /// Highest virtual memory so far of the one that had most, bytes.
    pub largest_virtual_bytes: u64,
}

/// Makes this process the parent of every orphan below it, so that [`descendants`] misses none that puts itself into the
/// background.
pub fn adopt_orphans() {
    // Without it a job that detaches its processes keeps them beyond its limits; nothing else is lost.
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

/// All processes below this one that have not ended.
#[must_use]
pub fn descendants() -> Vec<i32> {
    let Ok(own) = i32::try_from(std::process::id()) else { return Vec::new() };
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        if let Some(parent) = living_parent(&stat) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let (mut found, mut open) = (Vec::new(), vec![own]);
    while let Some(pid) = open.pop() {
        for child in children.remove(&pid).unwrap_or_default() {
            found.push(child);
            open.push(child);
        }
    }
    found
}

/// The parent in a process's `stat`; none for one that has ended and was not waited for. The program's name stands in brackets
/// and may hold blanks and brackets of its own.
fn living_parent(stat: &str) -> Option<i32> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") { None } else { fields.next()?.parse().ok() }
}

/// What some processes use now.
#[must_use]
pub fn used_by(processes: &[i32]) -> Use {
    processes.iter().fold(Use::default(), |sum, pid| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let (resident_bytes, virtual_bytes) = (bytes_of(&status, "VmRSS:"), bytes_of(&status, "VmPeak:"));
        Use {
            resident_bytes: sum.resident_bytes.saturating_add(resident_bytes),
            largest_virtual_bytes: sum.largest_virtual_bytes.max(virtual_bytes),
        }
    })
}

/// A size in a process's `status`, which counts in kB; 0 for a process that has none left.
fn bytes_of(status: &str, key: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap_or(0).saturating_mul(1024)
}

/// Sends a signal to every process below this one.
pub fn signal_all(signal: Signal) {
    for pid in descendants().into_iter().filter_map(Pid::from_raw) {
        // One that has just ended is what is wanted.
        let _ = kill_process(pid, signal);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_and_their_children_are_found_and_measured() {
        let mut child = std::process::Command::new("sh").args(["-c", "sleep 7 & sleep 7; :"]).spawn().unwrap();
        let own = i32::try_from(child.id()).unwrap();
        let below =
            |pid: i32| fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| living_parent(&stat) == Some(own));
        let mut found = Vec::new();
        for _ in 0..200 {
            found = descendants().into_iter().filter(|pid| *pid == own || below(*pid)).collect();
            if found.len() == 3 {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let used = used_by(&found);
        for pid in found.iter().rev() {
            let _ = kill_process(Pid::from_raw(*pid).unwrap(), Signal::KILL);
        }
        child.wait().unwrap();
        assert_eq!(found.len(), 3);
        assert!(used.resident_bytes > 4096 && used.largest_virtual_bytes > 4096, "{used:?}");
    }

    #[test]
    fn one_that_has_ended_is_nobodys_child() {
        assert_eq!(living_parent("17 (a) b ( c) S 5 17 0 0 -1"), Some(5));
        assert_eq!(living_parent("17 (sh) Z 5 17 0 0 -1"), None);
        assert_eq!(living_parent("17 (sh"), None);
    }
}
