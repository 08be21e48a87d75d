//! The replay of a past shift: streams of records, merged by their stamps, and the state of the shift at any of them.
//!
//! May use `bookkeeping`, `config`, `detector`, `durable`, `live`, `rawdata`, `snapshot`. It owns no thread: `engine` gives it one.

mod cursor;
mod entries;
mod found;
mod index;
mod record;
mod source;

pub use cursor::{Cursor, EntryAt, Walk};
pub use found::{EventAddress, Found, FoundHow};
pub use index::{LeftOut, Made, ReplayIndex, Way};
pub use record::{HeaderType, RecordHeader, RecordKind, Stamp, StreamFacts, StreamId};
pub use source::{ReplayError, Resume, Since, SourceMark, Standing, StreamRead, StreamSource, content_of, hash_of};
