//! Room on the disks of a workspace, and when it is used up at the present rate.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::config::Workspace;

/// A disk that folders of the workspace stand on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Disk {
    /// Its folders of the workspace, relative to it where they are in it: `storage/input`.
    pub folders: Vec<PathBuf>,
    /// Its size, bytes.
    pub size_bytes: u64,
    /// Room for this user, bytes.
    pub free_bytes: u64,
    /// Seconds until it is full at the present rate; none when nothing is written.
    pub full_in_s: Option<f64>,
    /// Why its room is not known; the numbers are 0 then.
    pub fault: Option<String>,
}

/// The disks of a workspace's folders, each once; `written_bytes_per_s` is what comes to the storage now. A folder that is not
/// made yet is asked for where it will be; one that can't be asked stands with its fault.
#[must_use]
pub fn disks(workspace: &Workspace, written_bytes_per_s: f64) -> Vec<Disk> {
    let mut disks: Vec<(Option<u64>, Disk)> = Vec::new();
    for folder in folders(workspace) {
        let name = folder.strip_prefix(&workspace.root).unwrap_or(&folder);
        let name = if name.as_os_str().is_empty() { PathBuf::from(".") } else { name.to_owned() };
        let (device, disk) = match room(&folder) {
            Ok((device, size_bytes, free_bytes)) => {
                let full_in_s = full_in_s(free_bytes, written_bytes_per_s);
                (Some(device), Disk { folders: vec![name], size_bytes, free_bytes, full_in_s, fault: None })
            }
            Err(error) => {
                let fault = Some(format!("room not known: {error}: {}", folder.display()));
                (None, Disk { folders: vec![name], size_bytes: 0, free_bytes: 0, full_in_s: None, fault })
            }
        };
        match disks.iter_mut().find(|(known, _)| device.is_some() && *known == device) {
            Some((_, known)) => known.folders.extend(disk.folders),
            None => disks.push((device, disk)),
        }
    }
    disks.into_iter().map(|(_, disk)| disk).collect()
}

/// Seconds until room is used up; none when nothing is written.
#[must_use]
pub fn full_in_s(free_bytes: u64, written_bytes_per_s: f64) -> Option<f64> {
    (written_bytes_per_s > 0.0 && written_bytes_per_s.is_finite()).then(|| free_bytes as f64 / written_bytes_per_s)
}

/// The folders that grow.
fn folders(workspace: &Workspace) -> Vec<PathBuf> {
    let mut folders = vec![workspace.incoming()];
    folders
        .extend(["storage/input", "storage/output", "processing", "all_logs", "results"].map(|name| workspace.root.join(name)));
    folders.extend(workspace.book().parent().map(Path::to_owned));
    folders
}

/// Device, size and room for this user of the disk that a folder stands on, or will.
fn room(folder: &Path) -> io::Result<(u64, u64, u64)> {
    let stands = folder.ancestors().find(|folder| folder.exists()).unwrap_or(folder);
    let device = std::fs::metadata(stands)?.dev();
    let room = rustix::fs::statvfs(stands)?;
    Ok((device, room.f_blocks.saturating_mul(room.f_frsize), room.f_bavail.saturating_mul(room.f_frsize)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_one_disk_are_one_disk() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::create(&folder.path().join("shift"), "3x1x1").unwrap();
        let disks = disks(&workspace, 1e6);
        assert_eq!(disks.len(), 1, "{disks:?}");
        let disk = &disks[0];
        assert!(disk.folders.contains(&"incoming".into()) && disk.folders.contains(&".".into()), "{disk:?}");
        assert!(disk.size_bytes >= disk.free_bytes && disk.free_bytes > 0 && disk.fault.is_none());
        assert_eq!(disk.full_in_s, Some(disk.free_bytes as f64 / 1e6));
    }

    #[test]
    fn a_disk_is_never_full_when_nothing_is_written() {
        assert_eq!([0.0, -1.0, f64::NAN, f64::INFINITY].map(|rate| full_in_s(100, rate)), [None; 4]);
        assert_eq!(full_in_s(100, 4.0), Some(25.0));
    }
}
