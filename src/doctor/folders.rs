//! The workspace's folders, what may be done in them, and room on their disks.

use std::path::{Path, PathBuf};

use monitasks::quality::State;
use rustix::fs::Access;

use super::within::{DISK, within};
use super::{Patient, fine, quoted, wrong};
use crate::config::Workspace;
use crate::processing::disk::{self, Disk};
use crate::snapshot::Finding;

/// What is known of a folder.
struct FolderFacts {
    path: PathBuf,
    /// It is read, and never written into: the DAQ's.
    is_read_alone: bool,
    /// Whether it is made when it is not there.
    is_made: bool,
    is_there: bool,
    is_folder: bool,
    can_read: bool,
    can_write: bool,
}

pub(super) fn folders(patient: &Patient) -> Vec<Finding> {
    const NAME: &str = "folders";
    let Some(workspace) = patient.workspace.clone() else { return Vec::new() };
    let root = workspace.root.clone();
    let Some(facts) = within(DISK, move || folder_facts(&workspace)) else {
        let what = format!("the disk does not answer in {} s: {}", DISK.as_secs(), root.display());
        return vec![wrong(
            NAME,
            State::Bad,
            what,
            "everything stands there",
            format!("ls {}; df {}", quoted(&root), quoted(&root)),
        )];
    };
    let mut found: Vec<Finding> = facts.iter().filter_map(of_folder).collect();
    if found.is_empty() {
        found.push(fine(NAME, format!("{} are there and may be read and written", facts.len())));
    }
    found
}

fn folder_facts(workspace: &Workspace) -> Vec<FolderFacts> {
    let incoming = workspace.incoming();
    let mut paths = vec![workspace.root.clone(), incoming.clone(), workspace.input()];
    paths.extend(workspace.folders());
    paths.dedup();
    let facts = paths.into_iter().map(|path| {
        let can = |access| rustix::fs::access(&path, access).is_ok();
        let is_incoming = path == incoming;
        FolderFacts {
            is_there: path.exists(),
            is_folder: path.is_dir(),
            can_read: can(Access::READ_OK | Access::EXEC_OK),
            can_write: can(Access::WRITE_OK),
            is_read_alone: is_incoming,
            is_made: !is_incoming || workspace.makes_incoming(),
            path,
        }
    });
    let mut facts: Vec<FolderFacts> = facts.collect();
    facts.sort_by(|one, other| one.path.cmp(&other.path));
    facts.dedup_by(|one, other| one.path == other.path);
    facts
}

/// None where nothing is wrong.
fn of_folder(facts: &FolderFacts) -> Option<Finding> {
    const NAME: &str = "folders";
    let (path, name) = (quoted(&facts.path), facts.path.display());
    let why = if facts.is_read_alone { "the DAQ's files are taken from there" } else { "the backend works in it" };
    if !facts.is_there {
        let mend = match facts.is_made {
            true => format!("mkdir -p {path}"),
            false => format!("mount it, or set [intake] folder in dqmon.toml; if it is to be new: mkdir -p {path}"),
        };
        return Some(wrong(NAME, State::Bad, format!("missing: {name}"), why, mend));
    }
    if !facts.is_folder {
        let mend = format!("mv {path} {path}.old && mkdir {path}");
        return Some(wrong(NAME, State::Bad, format!("a file stands where a folder should be: {name}"), why, mend));
    }
    if !facts.can_read {
        let mend =
            format!("chmod u+rx {path}   (or, as its owner's group: sudo chgrp \"$(id -gn)\" {path} && sudo chmod g+rx {path})");
        return Some(wrong(NAME, State::Bad, format!("this account may not read it: {name}"), why, mend));
    }
    if !facts.can_write && !facts.is_read_alone {
        let mend = format!(
            "chmod u+w {path}, or use the account that the backend runs under; 'dqmon --read-only' looks without writing"
        );
        return Some(wrong(NAME, State::Maybe, format!("this account may not write into it: {name}"), why, mend));
    }
    None
}

pub(super) fn disks(patient: &Patient) -> Vec<Finding> {
    const NAME: &str = "disk space";
    let left_bytes = patient.workspace.as_ref().map_or(64, |workspace| workspace.settings.transfer.room_left_mb) * 1_000_000;
    let workspace = patient.workspace.clone();
    let asked = within(DISK, move || match workspace {
        Some(workspace) => disk::disks(&workspace, 0.0).into_iter().map(|disk| (file_room(&workspace, &disk), disk)).collect(),
        None => of_here(),
    });
    let Some(disks) = asked else {
        let why = "whether there is room for raw files and results is not known";
        return vec![wrong(NAME, State::CannotJudge, "the disk does not answer", why, "df -h")];
    };
    let of_root = patient.root.clone().unwrap_or_else(|| ".".into());
    disks.iter().map(|(files, disk)| of_disk(disk, *files, left_bytes, &of_root)).collect()
}

/// The disk of the present folder, where there is no workspace.
fn of_here() -> Vec<(Option<u64>, Disk)> {
    let Ok(room) = rustix::fs::statvfs(".") else { return Vec::new() };
    let of = |blocks: u64| blocks.saturating_mul(room.f_frsize);
    let (size_bytes, free_bytes) = (of(room.f_blocks), of(room.f_bavail));
    let disk = Disk { folders: vec![".".into()], size_bytes, free_bytes, full_in_s: None, fault: None };
    vec![((room.f_files > 0).then_some(room.f_favail), disk)]
}

/// How many more files a disk takes; none where it does not say.
fn file_room(workspace: &Workspace, disk: &Disk) -> Option<u64> {
    let folder = workspace.root.join(disk.folders.first()?);
    let there = folder.ancestors().find(|folder| folder.exists())?;
    let room = rustix::fs::statvfs(there).ok()?;
    (room.f_files > 0).then_some(room.f_favail)
}

fn of_disk(disk: &Disk, files: Option<u64>, left_bytes: u64, root: &Path) -> Finding {
    const NAME: &str = "disk space";
    const WHY: &str = "files wait in the DAQ's folder when there is no room for their copies, and results can't be written";
    let folders: Vec<String> = disk.folders.iter().map(|folder| folder.display().to_string()).collect();
    let folders = folders.join(", ");
    let mend = format!("dqmon -w {} release plan; du -h -d2 {} | sort -h | tail", quoted(root), quoted(root));
    if let Some(fault) = &disk.fault {
        return wrong(NAME, State::CannotJudge, fault.clone(), WHY, "df -h");
    }
    let gigabytes = |bytes: u64| bytes as f64 / 1e9;
    let free = format!("{:.1} of {:.1} GB are free for {folders}", gigabytes(disk.free_bytes), gigabytes(disk.size_bytes));
    if disk.free_bytes <= left_bytes {
        return wrong(NAME, State::Bad, free, WHY, mend);
    }
    if let Some(files) = files.filter(|files| *files < 1_000) {
        let what = format!("only {files} more files can be made on the disk of {folders}");
        return wrong(NAME, State::Bad, what, WHY, format!("df -i {}", quoted(root)));
    }
    // A twentieth, or room for few raw files of a gigabyte.
    if disk.free_bytes < disk.size_bytes / 20 || disk.free_bytes < left_bytes.saturating_add(5_000_000_000) {
        return wrong(NAME, State::Maybe, free, WHY, mend);
    }
    fine(NAME, free)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folder() -> FolderFacts {
        FolderFacts {
            path: "/w/results".into(),
            is_read_alone: false,
            is_made: true,
            is_there: true,
            is_folder: true,
            can_read: true,
            can_write: true,
        }
    }

    #[test]
    fn a_folder_that_is_missing_a_file_unreadable_or_not_writable_has_its_own_command() {
        assert_eq!(of_folder(&folder()), None);
        let cases = [
            (FolderFacts { is_there: false, ..folder() }, State::Bad, "mkdir -p '/w/results'"),
            (FolderFacts { is_there: false, is_made: false, ..folder() }, State::Bad, "mount it"),
            (FolderFacts { is_folder: false, ..folder() }, State::Bad, "mv '/w/results'"),
            (FolderFacts { can_read: false, ..folder() }, State::Bad, "chmod u+rx"),
            (FolderFacts { can_write: false, ..folder() }, State::Maybe, "--read-only"),
        ];
        for (facts, state, command) in cases {
            let found = of_folder(&facts).unwrap();
            assert!(found.state == state && found.mend.contains(command), "{found:?}");
        }
        assert_eq!(
            of_folder(&FolderFacts { can_write: false, is_read_alone: true, ..folder() }),
            None,
            "the DAQ's may be read-only"
        );
    }

    proptest! {
        /// With more room it is never judged worse, and below what is left free it is BAD.
        #[test]
        fn more_room_is_never_worse(size in 1_u64..1_000_000_000_000, parts in 0_u64..1000, more in 0_u64..1000, left in 0_u64..1_000_000_000) {
            let of = |parts: u64| {
                let free_bytes = size / 1000 * parts.min(1000);
                let disk = Disk { folders: vec![".".into()], size_bytes: size, free_bytes, full_in_s: None, fault: None };
                (free_bytes, of_disk(&disk, None, left, Path::new("/w")).state)
            };
            let rank = |state: State| match state { State::Ok => 0, State::Maybe => 1, _ => 2 };
            let (little, much) = (of(parts), of(parts + more));
            prop_assert!(rank(much.1) <= rank(little.1));
            if little.0 <= left { prop_assert_eq!(little.1, State::Bad); }
        }
    }
}
