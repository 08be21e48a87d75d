//! The book: what happened to every run, file, job and result, and what people decided.
//!
//! [`Store`] is the seam. [`SqliteStore`] keeps the book in one file of the workspace, [`PostgresStore`] in a database that many
//! workstations share; both are one store of SQL over two engines. What happened stands in rows with stamps in UTC to the
//! nanosecond. What people say stands in a ledger of [`Entry`]s that is append-only: the book itself refuses to change or delete
//! them. [`open`] finds the engine by the workspace's settings; while a server is away, what people say waits in an [`Outbox`].
//! Uses `monitasks`, `config` and `durable`; used by `processing`, `decisions`, `live` and the commands.

mod answer;
mod backup;
mod entry;
mod exchange;
mod lock;
mod open;
mod outbox;
mod overview;
mod people;
mod postgres;
mod recent;
mod rows;
mod run_sums;
mod sql;
mod sqlite;
mod store;
mod store_error;
mod words;

pub use answer::{Answer, Came};
pub use backup::{Restored, back_up, bring_in, export_to, prune, restore};
pub use entry::{Adopted, BookId, ChainEnd, Entry, EntryId, EntryNameError, InForceWord, NewEntry};
pub use exchange::{Exchanged, SyncState, compare_with_heads, exchange};
pub use lock::Lock;
pub use open::{backups_in, make_roles, newest_backup, open, open_read_only, outbox_of};
pub use outbox::{Outbox, OutboxState, Undelivered, Waiting};
pub use overview::{FileFailure, Want};
pub use people::{
    Decision, DecisionRecord, DecisionSubject, Evidence, MarkBody, MarkRecord, NewDecision, Part, RunKindBody, Said, SubjectError,
};
pub use postgres::{AddressError, BookAddress, PostgresStore};
pub use recent::{FileCounts, Recent, RecentChanges};
pub use rows::{
    BackendState, CentralCopy, CopyState, FileRecord, GroupRecord, Hold, JobRecord, LeaseRecord, NotTakenRecord, PassRecord,
    ProcessingRecord, PutOffState, Reading, RequestRecord, RequestSubject, RunRecord, StoryEntry, StoryRecord, TaskStep,
    TransferRecord, WatcherState,
};
pub use run_sums::{RunCounts, RunSums, RunSumsRead, StreamFiles};
pub use sqlite::SqliteStore;
pub use store::{ChangeStamp, Changes, Judgement, Overview, Row, Store};
pub use store_error::StoreError;
pub use words::{
    CentralStep, EntryKind, FailureClass, FileStep, GroupStep, JobKind, JobState, Mark, Outcome, PassStep, ProcessingStep,
    RequestKind, Stage, TaskPhase, WordError,
};
