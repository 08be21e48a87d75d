//! Raw files to where they are kept: the seam, and who stands behind it.
//!
//! A copy has a temporary name in its final folder until it is whole and checked, so that no half file ever has a raw file's
//! name. [`LocalCopy`] copies on one machine, [`XrdCopy`] to an XRootD server, [`AnyCopy`] to either; the [`TransferDesk`] has
//! threads that copy while others go on. What may happen to a copy to the central storage is decided in [`central`], when a copy
//! that failed is tried again in [`retry`]; both are pure. May use `config` and what `processing` shares; the backend uses it.

mod bytes;
pub mod central;
mod desk;
mod error;
mod local;
pub mod retry;
mod terms;
mod xrootd;

use std::path::Path;

use jiff::Timestamp;

pub use bytes::{checksum, is_beginning, seen, set_aside, standing_copy};
pub use desk::{CopyOrder, TransferDesk, UnderWay};
pub use error::TransferError;
pub use local::LocalCopy;
pub use terms::{Terms, Throttle};
pub use xrootd::XrdCopy;

use crate::config::Place;

/// A way to copy raw files.
pub trait Transfer: Send + Sync {
    /// Copies a file to its final name. A file that stands there already with the same content is taken as the copy.
    ///
    /// # Errors
    /// With the reason; nothing stands under the final name then that did not before.
    fn copy(&self, from: &Path, to: &Place, terms: &Terms) -> Result<Copied, TransferError>;
}

/// A copy that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Bytes.
    pub size_bytes: u64,
    /// Adler-32 of the bytes.
    pub adler32: u32,
    /// When the copy began.
    pub started: Timestamp,
    /// When it stood under its final name.
    pub ended: Timestamp,
    /// Whether it stood there before: the program was stopped between the copy and the record of it.
    pub stood_already: bool,
}

/// Copies to wherever the place is.
#[derive(Debug, Default)]
pub struct AnyCopy {
    local: LocalCopy,
    xrootd: XrdCopy,
}

impl AnyCopy {
    /// Size and Adler-32 of what stands in a place, as it says itself.
    ///
    /// # Errors
    /// When it can't be read, or the server can't be asked.
    pub fn measure(&self, place: &Place) -> Result<(u64, u32), TransferError> {
        match place {
            Place::Local(path) => checksum(path),
            Place::Root(place) => self.xrootd.measure(place),
        }
    }
}

impl Transfer for AnyCopy {
    fn copy(&self, from: &Path, to: &Place, terms: &Terms) -> Result<Copied, TransferError> {
        match to {
            Place::Local(_) => self.local.copy(from, to, terms),
            Place::Root(_) => self.xrootd.copy(from, to, terms),
        }
    }
}

#[cfg(test)]
mod tests;
