//! The book: what happened to every run, file, job and result, and what people decided.
//!
//! [`Store`] is the seam; [`SqliteStore`] keeps the book in one file of the workspace. The rows are plain data with stamps in
//! UTC to the nanosecond. Story and decisions are append-only: the book itself refuses to change or delete them. Uses
//! `monitasks` alone; used by `processing`, `decisions`, `live` and the commands.

mod rows;
mod sqlite;
mod store;

pub use rows::{
    DecisionRecord, FailureClass, FileRecord, FileStep, GroupRecord, GroupStep, JobKind, JobRecord, JobState, LeaseRecord,
    NewDecision, NotTakenRecord, Reading, RequestKind, RequestRecord, RunRecord, StoryEntry, StoryRecord, TaskPhase, TaskStep,
    TransferRecord, WordError,
};
pub use sqlite::SqliteStore;
pub use store::{ChangeStamp, Overview, Row, Store, StoreError};
