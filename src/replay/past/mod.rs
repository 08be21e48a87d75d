//! The state of the shift at a past instant.
//!
//! A book is read once, into what happened to it, dated ([`BookChanges`]): rows as they became by the story, entries of the ledger
//! as they were said. What had happened by an instant is written into a book in memory ([`PastBook`]), and that is read by the very
//! code that reads live books. Results are read once by the reader of live results, then those count that stood in their places by
//! then. What an instant shows can therefore depend on nothing that came after it.

mod book;
mod changes;
mod files;
mod hidden;
mod known;
mod marks;
mod results;
mod rows;
mod shift;
#[cfg(test)]
mod tests;

pub use book::PastBook;
pub(crate) use book::{of_training, say};
pub use changes::{BookChanges, What};
pub use hidden::is_decision;
pub use results::PastResults;
pub use shift::{PastError, PastShift};
