//! Whether a folder lies on a network mount.

use std::path::Path;

use crate::bookkeeping::store_error::StoreError;

/// File systems that machines share over a network, by the numbers that Linux tells them with (`statfs(2)`).
const NETWORK: &[(u64, &str)] = &[
    (0x6969, "NFS"),
    (0x517B, "SMB"),
    (0xFF53_4D42, "CIFS"),
    (0xFE53_4D42, "SMB2"),
    (0x5346_414F, "AFS"),
    (0x6B41_4653, "AFS"),
    (0x00C3_6400, "Ceph"),
    (0x0BD0_0BD0, "Lustre"),
    (0x4750_4653, "GPFS"),
    (0x7375_7245, "Coda"),
];

/// Refuses a book on a network mount: the log of writes needs memory that all writers share, and machines share none.
pub(super) fn refuse_network(path: &Path) -> Result<(), StoreError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A folder that can't be asked is told of by the opening that follows.
    let Ok(facts) = rustix::fs::statfs(folder) else { return Ok(()) };
    refuse(facts.f_type as u64 & 0xFFFF_FFFF, path)
}

fn refuse(kind: u64, path: &Path) -> Result<(), StoreError> {
    let Some((_, name)) = NETWORK.iter().find(|(number, _)| *number == kind) else { return Ok(()) };
    Err(StoreError::Unusable {
        why: format!(
            "it lies on a network mount ({name}), where two machines would write over one another; \
             name a file on a disk of this machine as [book] file, or share a book by PostgreSQL as [book] url"
        ),
        place: path.display().to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_mount_is_refused_with_the_way_out_and_a_disk_is_not() {
        let path = Path::new("/afs/cern.ch/book.sqlite");
        let refused = refuse(0x6969, path).unwrap_err().to_string();
        assert!(refused.contains("NFS") && refused.contains("[book] url") && refused.ends_with("book.sqlite"), "{refused}");
        // ext4, tmpfs, overlayfs.
        for local in [0xEF53, 0x0102_1994, 0x794C_7630] {
            assert_eq!(refuse(local, path), Ok(()));
        }
    }
}
