//! Archives to another place: the seam, and a folder of this machine.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::checksum::{Summed, checksum};
use super::error::{DistributionError, io_error, refused};
use crate::durable;

/// A place that archives are shipped to.
pub trait Ship {
    /// Copies a file under a name, and reads the copy back. A copy of the same content that stands there is taken.
    ///
    /// # Errors
    /// When it can't be copied, or the copy differs; nothing stands under the name then that did not before.
    fn ship(&self, from: &Path, name: &str) -> Result<Shipped, DistributionError>;
}

/// A copy in another place that was read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shipped {
    /// Where it stands: a path, or a URL.
    pub place: String,
    /// Its size, bytes.
    pub size_bytes: u64,
    /// Adler-32 of its bytes, as read back.
    pub adler32: u32,
    /// When it was read back.
    pub verified_at: Timestamp,
    /// Whether it stood there before.
    pub stood_already: bool,
}

/// A folder of this machine, a mount among them.
#[derive(Debug, Clone)]
pub struct LocalFolder(pub PathBuf);

impl Ship for LocalFolder {
    fn ship(&self, from: &Path, name: &str) -> Result<Shipped, DistributionError> {
        let to = self.0.join(name);
        let shipped = |(size_bytes, adler32): (u64, u32), stood_already| Shipped {
            place: std::path::absolute(&to).unwrap_or_else(|_| to.clone()).to_string_lossy().into_owned(),
            size_bytes,
            adler32,
            verified_at: Timestamp::now(),
            stood_already,
        };
        if to.exists() {
            let there = checksum(&to).map_err(io_error("copy not read", &to))?;
            if there != checksum(from).map_err(io_error("file not read", from))? {
                return Err(refused(
                    "not shipped: a file of this name and other content stands there; it was left as it is",
                    &to,
                ));
            }
            return Ok(shipped(there, true));
        }
        durable::create_folders(&self.0).map_err(io_error("folder not made", &self.0))?;
        let aside = durable::aside(&to);
        let sum = copy(from, &aside).map_err(io_error("copy not written", &aside))?;
        if checksum(&aside).map_err(io_error("copy not read", &aside))? != sum {
            let _ = fs::remove_file(&aside);
            return Err(refused("not shipped: the copy differs from what was read", &to));
        }
        durable::rename(&aside, &to).map_err(io_error("copy not put in its place", &to))?;
        Ok(shipped(sum, false))
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<(u64, u32)> {
    let (mut source, mut target) = (Summed::new(File::open(from)?), File::create(to)?);
    io::copy(&mut source, &mut target)?;
    target.flush()?;
    target.sync_all()?;
    Ok(source.so_far())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_made_once_and_another_content_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (from, place) = (folder.path().join("a.tar"), LocalFolder(folder.path().join("eos/deep")));
        fs::write(&from, "Wikipedia").unwrap();
        let shipped = place.ship(&from, "a.tar").unwrap();
        assert_eq!((shipped.size_bytes, shipped.adler32, shipped.stood_already), (9, 0x11E6_0398, false));
        assert!(place.ship(&from, "a.tar").unwrap().stood_already);
        fs::write(&from, "other").unwrap();
        assert!(place.ship(&from, "a.tar").is_err());
        assert_eq!(fs::read(&shipped.place).unwrap(), b"Wikipedia");
    }
}
