//! The farm's transfer logs: one line a file, in `alltransfer.log` and in the run's own log, so that either can rebuild the other.
//!
//! One reader for both forms of a line ([`TransferLine`]) and for files of any length ([`Lines`]); what stands in one log alone
//! ([`compare`]), either log from the other ([`rebuild`]), both from the book ([`from_book`]), and what old logs say into the
//! book ([`import`]). A folder of its own, as the backend writes these lines, commands read them and the book gives them back.
//! Uses `bookkeeping` and `durable`; used by `processing` and `cli`.

pub mod compare;
mod error;
mod folder;
pub mod from_book;
pub mod import;
mod line;
mod reader;
pub mod rebuild;
mod report;

pub use error::FarmLogsError;
pub use folder::{FarmLogs, RunLog, UNKNOWN_RUN_LOG};
pub use line::{Form, TransferLine, begins_as_a_line, listed_size};
pub use reader::{Lines, LogLine};
pub use report::{Damage, LogReport, MOST_DAMAGES_KEPT};
