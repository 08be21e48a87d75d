//! The book: what happened to every run, file, job and result, and what people decided.
//!
//! [`Store`] is the seam; [`SqliteStore`] keeps the book in one file of the workspace. The rows are plain data with stamps in
//! UTC to the nanosecond. Story and decisions are append-only: the book itself refuses to change or delete them. Uses
//! `monitasks` alone; used by `processing`, `decisions`, `live` and the commands.

mod answer;
mod overview;
mod rows;
mod sqlite;
mod store;
mod words;

pub use answer::{Answer, Came};
pub use overview::{FileFailure, Want};
pub use rows::{
    BackendState, CentralCopy, CopyState, DecisionRecord, FileRecord, GroupRecord, Hold, JobRecord, LeaseRecord, MarkRecord,
    NewDecision, NotTakenRecord, PassRecord, ProcessingRecord, PutOffState, Reading, RequestRecord, RequestSubject, RunRecord,
    StoryEntry, StoryRecord, TaskStep, TransferRecord, WatcherState,
};
pub use sqlite::SqliteStore;
pub use store::{ChangeStamp, Changes, Judgement, JudgementsSeen, Overview, Row, Store, StoreError};
pub use words::{
    CentralStep, FailureClass, FileStep, GroupStep, JobKind, JobState, Mark, PassStep, ProcessingStep, RequestKind, TaskPhase,
    WordError,
};
