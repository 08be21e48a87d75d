//! The book: what happened to every run, file, job and result, and what people decided.
//!
//! [`Store`] is the seam; [`SqliteStore`] keeps the book in one file of the workspace. The rows are plain data with stamps in
//! UTC to the nanosecond. Story and decisions are append-only: the book itself refuses to change or delete them. Uses
//! `monitasks` alone; used by `processing`, `decisions`, `live` and the commands.

mod rows;
mod sqlite;
mod store;
mod words;

pub use rows::{
    DecisionRecord, FileRecord, GroupRecord, Hold, JobRecord, LeaseRecord, MarkRecord, NewDecision, NotTakenRecord, PassRecord,
    ProcessingRecord, Reading, RequestRecord, RequestSubject, RunRecord, StoryEntry, StoryRecord, TaskStep, TransferRecord,
};
pub use sqlite::SqliteStore;
pub use store::{ChangeStamp, Judgement, Overview, Row, Store, StoreError};
pub use words::{
    FailureClass, FileStep, GroupStep, JobKind, JobState, Mark, PassStep, ProcessingStep, RequestKind, TaskPhase, WordError,
};
