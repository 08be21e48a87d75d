//! What is known of each run, and searching it: facts from run lists that people keep, a table of all runs, a language to
//! ask it, and data sets made by asking.
//!
//! Pure: bytes, rows and the time of day come in as arguments, plain data go out; whoever opens files and the book hands them
//! in. Uses `config` (which column of a run list is what) and `monitasks`; used by the commands and the window's engine.

pub mod dataset;
mod facts;
mod fields;
mod import;
mod lines;
mod number;
pub mod query;
mod safe_csv;
mod table;

pub use facts::{Fact, RunFacts, Value};
pub use fields::{Field, FieldKind, Fields};
pub use import::{ColumnRead, ImportError, LineRead, Outcome, RunListRead, read_run_list};
pub use safe_csv::{csv_cell, csv_line};
pub use table::{Cell, RunRow, RunTable, SortKey};
