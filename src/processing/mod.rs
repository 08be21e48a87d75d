//! A raw file's life: watched for, copied in, queued, reconstructed by a job, accepted, grouped, analysed.
//!
//! Every step is a pure function of state and event ([`steps`]), stored in the book before it is acted on, so that a backend
//! killed at any instant goes on where it was. May use `bookkeeping`, `config`, `detector`, `rawdata`, `reconstruction` (to
//! open and count outputs) and `monitasks`; used by `engine` and `cli`.

mod aside;
mod backend;
mod batch;
mod collect;
pub mod disk;
pub mod failures;
pub mod flow;
mod flow_file;
mod intake;
mod lanes;
mod lease;
pub mod mail;
mod script;
pub mod steps;
pub mod transfer;
mod transfer_log;
mod watch;

use crate::durable;

pub use backend::{Options, ProcessingError, Progress, Report, RunUntil, readings_of, run};
pub use batch::{
    Batch, BatchError, BatchRecord, BatchWord, Cause, EndMark, JobError, JobOrder, JobOrderText, JobSeen, JobSubject, Limits,
    LocalPool, Phase, RecordField, of_settings, read_batch_record, run_job,
};
pub use flow_file::add_row as add_flow_row;
pub use lease::LeaseError;
pub use script::{SHIPPED_TEMPLATE, TemplateError};
