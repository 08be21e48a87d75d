//! The machine: its clock, how many files may be open, notices of new files.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use monitasks::quality::State;

use super::within::{DISK, ask_program, program, within};
use super::{Patient, fine, wrong};
use crate::snapshot::Finding;

/// A stamp that lies so far ahead of the clock was given by another clock.
const AHEAD: SignedDuration = SignedDuration::from_secs(20);
/// Fewer open files than this are too few for a window with its book, results and jobs.
const FEWEST_FILES: u64 = 512;
/// The fewest watchers of folders that must be left for this user: the backend takes one, a second program one more.
const FEWEST_WATCHERS: u64 = 4;

/// What is known of the clock.
struct ClockFacts {
    now: Timestamp,
    /// Whether a time server keeps it; none where that is not known.
    is_kept: Option<bool>,
    /// The newest stamp of a file of the workspace, and which file.
    newest: Option<(Timestamp, PathBuf)>,
}

pub(super) fn clock(patient: &Patient) -> Vec<Finding> {
    let root = patient.root.clone();
    let newest = root.and_then(|root| within(DISK, move || newest_stamp(&root)).flatten());
    vec![of_clock(&ClockFacts { now: Timestamp::now(), is_kept: is_clock_kept(), newest })]
}

fn of_clock(facts: &ClockFacts) -> Finding {
    const NAME: &str = "clock";
    const WHY: &str = "runs, decisions and alarms are put in order by their stamps";
    const SET: &str = "sudo timedatectl set-ntp true";
    let now = facts.now.strftime("%Y-%m-%d %H:%M:%S");
    if let Some((stamp, path)) = facts.newest.as_ref().filter(|(stamp, _)| stamp.duration_since(facts.now) > AHEAD) {
        let ahead_s = stamp.duration_since(facts.now).as_secs();
        let what = format!("a file was written {ahead_s} s after now ({now} UTC): two clocks differ: {}", path.display());
        return wrong(NAME, State::Bad, what, WHY, format!("{SET}, on this machine and on the one that wrote the file"));
    }
    // Before this program was written.
    if facts.now < Timestamp::new(1_700_000_000, 0).unwrap_or(Timestamp::UNIX_EPOCH) {
        return wrong(NAME, State::Bad, format!("it says {now} UTC, which is long ago"), WHY, SET);
    }
    match facts.is_kept {
        Some(false) => wrong(NAME, State::Maybe, format!("no time server keeps it: {now} UTC"), WHY, SET),
        Some(true) => fine(NAME, format!("a time server keeps it: {now} UTC")),
        None => fine(NAME, format!("{now} UTC, and no file of the workspace lies ahead of it")),
    }
}

/// Whether a time server keeps the clock, where this machine has somebody who knows.
fn is_clock_kept() -> Option<bool> {
    if Path::new("/run/systemd/timesync/synchronized").exists() {
        return Some(true);
    }
    let asked = program("timedatectl", Path::new(""))?;
    let (is_well, said) = ask_program(&asked, &["show", "-p", "NTPSynchronized", "--value"], Duration::from_secs(2)).ok()?;
    match said.as_str() {
        "yes" if is_well => Some(true),
        "no" if is_well => Some(false),
        _ => None,
    }
}

/// The newest stamp of the files that stand directly in the workspace and in where the DAQ writes.
fn newest_stamp(root: &Path) -> Option<(Timestamp, PathBuf)> {
    let folders = [root.to_owned(), root.join("incoming"), root.join("processing"), root.join("results/crp")];
    let entries = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten().take(10_000);
    let stamps = entries.filter_map(|entry| {
        let modified = entry.metadata().ok()?.modified().ok()?;
        Some((Timestamp::try_from(modified).ok()?, entry.path()))
    });
    stamps.max_by_key(|(stamp, _)| *stamp)
}

pub(super) fn open_files(_: &Patient) -> Vec<Finding> {
    let limits = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    vec![of_open_files(limits.current, limits.maximum)]
}

/// None is no limit.
fn of_open_files(current: Option<u64>, maximum: Option<u64>) -> Finding {
    const NAME: &str = "open files";
    match current {
        Some(current) if current < FEWEST_FILES => {
            let why = "book, results, raw files and jobs are open at the same time; beyond the limit each further one fails";
            let most = maximum.map_or_else(|| "unlimited".into(), |most| most.to_string());
            let mend = format!("ulimit -n 4096   (most that this account may have: {most})");
            wrong(
                NAME,
                State::Maybe,
                format!("this program may have {current} files open, expected at least {FEWEST_FILES}"),
                why,
                mend,
            )
        }
        Some(current) => fine(NAME, format!("{current} may be open at once")),
        None => fine(NAME, "no limit"),
    }
}

/// Limits of the operating system's notices of new files, and how much of them this user has.
struct NoticeFacts {
    watchers: Option<u64>,
    folders: Option<u64>,
    used: u64,
}

pub(super) fn notices(_: &Patient) -> Vec<Finding> {
    let limit = |name: &str| fs::read_to_string(Path::new("/proc/sys/fs/inotify").join(name)).ok()?.trim().parse().ok();
    let used = within(DISK, watchers_of_this_user).unwrap_or_default();
    let facts = NoticeFacts { watchers: limit("max_user_instances"), folders: limit("max_user_watches"), used };
    vec![of_notices(&facts)]
}

fn of_notices(facts: &NoticeFacts) -> Finding {
    const NAME: &str = "notices of files";
    const WHY: &str =
        "a new raw file is noticed at once by them; without, it waits for the next sweep of the folder ([intake] reconcile_s)";
    let (Some(watchers), Some(folders)) = (facts.watchers, facts.folders) else {
        let mend = "ls /proc/sys/fs/inotify   (a machine without it is swept, which is slower and as safe)";
        return wrong(NAME, State::CannotJudge, "the limits of inotify can't be read: /proc/sys/fs/inotify", WHY, mend);
    };
    let left = watchers.saturating_sub(facts.used);
    if left < FEWEST_WATCHERS {
        let what = format!("{left} of {watchers} watchers of folders are left for this account");
        let mend = format!("sudo sysctl fs.inotify.max_user_instances={}", (watchers * 2).max(512));
        return wrong(NAME, State::Bad, what, WHY, mend);
    }
    if folders < 1024 {
        let what = format!("only {folders} folders may be watched by this account");
        return wrong(NAME, State::Maybe, what, WHY, "sudo sysctl fs.inotify.max_user_watches=65536");
    }
    fine(NAME, format!("{left} of {watchers} watchers are left, {folders} folders may be watched"))
}

/// Watchers of folders that programs of this account hold.
fn watchers_of_this_user() -> u64 {
    let of_process = |folder: PathBuf| {
        let open = fs::read_dir(folder.join("fd")).into_iter().flatten().flatten();
        open.filter(|entry| fs::read_link(entry.path()).is_ok_and(|to| to.as_os_str() == "anon_inode:inotify")).count() as u64
    };
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let is_number = |name: &std::ffi::OsStr| name.to_str().is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
    processes.filter(|entry| is_number(&entry.file_name())).map(|entry| of_process(entry.path())).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    #[test]
    fn a_file_from_the_future_a_stopped_clock_and_one_that_nobody_keeps_are_told() {
        let found = |now, is_kept, ahead: Option<i64>| {
            of_clock(&ClockFacts { now, is_kept, newest: ahead.map(|second| (at(second), "/w/book.sqlite".into())) })
        };
        assert_eq!(found(at(0), Some(true), Some(10)).state, State::Ok);
        let ahead = found(at(0), Some(true), Some(95));
        assert!(ahead.state == State::Bad && ahead.what.contains("95 s after now") && ahead.what.ends_with("book.sqlite"));
        assert_eq!(found(at(0), Some(false), None).state, State::Maybe);
        assert_eq!(found(Timestamp::UNIX_EPOCH, None, None).state, State::Bad);
    }

    proptest! {
        /// Nothing is fine with too few left, and whatever is wrong has a reason and a command.
        #[test]
        fn limits_are_judged_by_what_is_left(watchers in 0_u64..300, used in 0_u64..300, folders in 0_u64..200_000, files in 1_u64..5000) {
            let facts = NoticeFacts { watchers: Some(watchers), folders: Some(folders), used };
            let found = [of_notices(&facts), of_open_files(Some(files), Some(files))];
            let is_tight = watchers.saturating_sub(used) < FEWEST_WATCHERS || folders < 1024;
            prop_assert_eq!(found[0].is_wrong(), is_tight);
            prop_assert_eq!(found[1].is_wrong(), files < FEWEST_FILES);
            for finding in found.iter().filter(|finding| finding.is_wrong()) {
                prop_assert!(!finding.why.is_empty() && !finding.mend.is_empty());
            }
        }
    }

    #[test]
    fn limits_that_can_not_be_read_are_never_ok() {
        let facts = NoticeFacts { watchers: None, folders: None, used: 0 };
        assert_eq!(of_notices(&facts).state, State::CannotJudge);
    }
}
