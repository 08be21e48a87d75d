//! The book in SQL: one text of every question and every write, for all engines.
//!
//! [`engine`] is the seam to an engine; [`value`] what goes in and comes out; [`read`] and [`write`] the rows of processing;
//! [`recent`] the part of them that a window keeps; [`ledger`] the entries; [`dump`] the whole book as text and back; [`layouts`] how a book of an earlier layout is brought up to date. The text keeps to what SQLite and
//! PostgreSQL both know; what they don't share stands in the engines' layouts.

mod dump;
pub(super) mod engine;
pub(super) mod layouts;
mod ledger;
mod people;
mod read;
mod recent;
mod run_sums;
mod store;
pub(super) mod value;
mod write;

pub use store::SqlStore;
