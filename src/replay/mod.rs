//! The replay of a past shift: streams of records, merged by their stamps, and the state of the shift at any of them.
//!
//! May use `bookkeeping`, `config`, `detector`, `durable`, `live`, `rawdata`, `reconstruction`, `snapshot`. It owns no thread: `engine` gives it one.

mod cursor;
mod entries;
mod found;
mod index;
#[cfg(test)]
mod made_up;
mod record;
mod recreated;
mod rhythm;
mod source;
pub mod streams;
#[cfg(test)]
mod tests;

pub use cursor::{Cursor, EntryAt, Walk};
pub use found::{EventAddress, Found, FoundHow};
pub use index::{LeftOut, Made, ReplayIndex, Way};
pub use record::{HeaderType, RecordHeader, RecordKind, Stamp, StreamFacts, StreamId};
pub use recreated::{Done, Recreation, RecreationError, Step, Told};
pub use rhythm::{Beat, Pace, Pause};
pub use source::{ReplayError, Resume, Since, SourceMark, Standing, StreamRead, StreamSource, content_of, hash_of};
