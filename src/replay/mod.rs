//! The replay of a past shift: streams of records, merged by their stamps, and the state of the shift at any of them.
//!
//! May use `bookkeeping`, `config`, `detector`, `durable`, `live`, `rawdata`, `reconstruction`, `snapshot`. It owns no thread: `engine` gives it one.

mod cursor;
mod entries;
mod found;
mod index;
#[cfg(test)]
mod made_up;
mod past;
mod record;
mod recreated;
mod rhythm;
mod source;
pub mod streams;
#[cfg(test)]
mod tests;
mod training;
mod transport;

pub use cursor::{Cursor, EntryAt, Walk};
pub use found::{EventAddress, Found, FoundHow};
pub use index::{LeftOut, Made, ReplayIndex, Way};
pub use past::{BookChanges, PastBook, PastError, PastResults, PastShift, What, is_decision};
pub use record::{HeaderType, RecordHeader, RecordKind, Stamp, StreamFacts, StreamId};
pub use recreated::{Done, Recreation, RecreationError, Step, Told};
pub use rhythm::{Beat, Pace, Pause};
pub use source::{ReplayError, Resume, Since, SourceMark, Standing, StreamRead, StreamSource, content_of, hash_of};
pub use training::{ComparedDecision, Comparison, DecidedThen, TrainingBook, TrainingReport};
pub use transport::Player;
