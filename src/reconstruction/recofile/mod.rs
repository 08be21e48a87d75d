//! The reconstructed file: seven TTrees that any ROOT or uproot reader opens.
//!
//! | tree | a row is | tells |
//! |---|---|---|
//! | `meta` | the file | software, settings, detector, run, sequence, events of the raw file |
//! | `events` | an event | header and counts |
//! | `pedestals` | a channel of an event | mean and RMS |
//! | `hits` | a hit | strip, ticks, charge, its track |
//! | `tracks` | a 2D track | ends, charge |
//! | `matched` | a matched track | its two tracks and its ends in space |
//! | `points` | a strip of a matched track | place, charge, path length, LEM |
//!
//! [`schema`] has the columns. Writing is our own ([`write`](mod@write), on `records`' byte layout), for it must go on while events
//! come; reading is the inner crate's ([`read`](mod@read)), for it must answer to damaged files.

mod bytes;
mod error;
pub mod read;
mod records;
pub mod schema;
mod streamers;
mod tree;
mod write;

pub use bytes::FileBytes;
pub use error::RecoFileError;
pub use read::{EventStamps, RecoFacts, entries, event_stamps, load};
pub use schema::{EventRows, HitRows, MatchedRows, Meta, PedestalRows, PointRows, RecoData, TrackRows};
pub use tree::{Branch, Tree, Values};
pub use write::{Writer, write};

#[cfg(test)]
mod tests;
