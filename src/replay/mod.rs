//! The replay of a past shift: streams of records, merged by their stamps, and the state of the shift at any of them.
//!
//! May use `bookkeeping`, `config`, `detector`, `durable`, `live`, `rawdata`, `snapshot`. It owns no thread: `engine` gives it one.

mod past;
mod record;
mod training;
pub mod transport;

pub use past::{BookChanges, PastBook, PastError, PastResults, PastShift, What, is_decision};
pub use record::{HeaderType, RecordHeader, RecordKind, Stamp, StreamFacts, StreamId};
pub use training::{ComparedDecision, Comparison, DecidedThen, TrainingBook, TrainingReport};
pub use transport::Player;
