//! Raw files: read and write the detector's own formats.
//!
//! Uses `detector` (by way of `monitasks`' [`Readout`](monitasks::detector::Readout)); used by `simulation`, `reconstruction`
//! and the event display. [`layout`] tells what is where in a file of the 3x1x1, `event_table` the same of the 6x6x6; which of the
//! two it is stands in the detector file.
//!
//! Reading has two passes. [`RawReader::open`] walks over the event headers and remembers where the whole events are. A file
//! that is still being written or was cut shows its whole events and why it ends ([`RawReader::ending`]); of a damaged one the
//! undamaged events are found, and what was skipped is told with the reason ([`RawReader::losses`]). [`RawReader::read`] then
//! unpacks or decodes one event into buffers that are used again.

mod coding;
mod error;
mod event;
mod event_table;
pub mod in_memory;
mod index;
pub mod layout;
mod loss;
mod packing;
mod packing_wide;
mod payload;
mod reader;
mod search;
mod table_walk;
mod writer;

pub use error::RawError;
pub use event::{Event, EventHeader};
pub use event_table::is_start as begins_with_event_table;
pub use loss::{Ending, Loss};
pub use reader::RawReader;
pub use writer::RawWriter;

#[cfg(test)]
mod tests;
