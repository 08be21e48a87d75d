//! What stands first in each tar: its files with sizes and checksums.

use jiff::Timestamp;
use monitasks::vocab::FileId;
use serde::{Deserialize, Serialize};

use super::checksum::hexadecimal;
use super::plan::PlannedTar;

/// Name of the manifest inside a tar.
pub const MANIFEST: &str = "MANIFEST.json";

/// The manifest of a tar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Number of this layout: 1.
    pub schema: u32,
    /// The tar's name.
    pub archive: String,
    /// The kind of all its runs.
    pub kind: String,
    /// Program and version.
    pub made_by: String,
    /// When it was made, UTC.
    pub made_at: Timestamp,
    /// Its files, in order.
    pub files: Vec<ManifestMember>,
}

/// A file of a tar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestMember {
    /// Its name in the tar: `run1-seq0.dat`.
    pub name: String,
    /// The raw file.
    pub file: FileId,
    /// Its size, bytes.
    pub size_bytes: u64,
    /// Adler-32 of its bytes.
    #[serde(with = "hexadecimal")]
    pub adler32: u32,
}

impl Manifest {
    /// The manifest of a planned tar.
    #[must_use]
    pub fn of(tar: &PlannedTar, made_at: Timestamp) -> Self {
        let files = tar.members.iter().map(|member| ManifestMember {
            name: format!("{}.dat", member.file),
            file: member.file,
            size_bytes: member.size_bytes,
            adler32: member.adler32,
        });
        Manifest {
            schema: 1,
            archive: tar.name.clone(),
            kind: tar.kind.clone(),
            made_by: crate::SOFTWARE.into(),
            made_at,
            files: files.collect(),
        }
    }

    /// Whether it is of the files of a planned tar.
    #[must_use]
    pub fn is_of(&self, tar: &PlannedTar) -> bool {
        *self == Manifest { made_by: self.made_by.clone(), ..Manifest::of(tar, self.made_at) }
    }
}
