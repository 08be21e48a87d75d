//! Raw files: read and write the detector's own formats.
//!
//! Uses `detector` (by way of `monitasks`' [`Readout`](monitasks::detector::Readout)); used by `simulation`, `reconstruction`
//! and the event display. [`layout`] tells what is where in a file.
//!
//! Reading has two passes. [`RawReader::open`] walks over the event headers and remembers where the whole events are. A file
//! that is still being written or was cut shows its whole events and why it ends ([`RawReader::ending`]); of a damaged one the
//! undamaged events are found, and what was skipped is told with the reason ([`RawReader::losses`]). [`RawReader::read`] then
//! unpacks or decodes one event into buffers that are used again.

mod coding;
mod error;
mod event;
mod index;
pub mod layout;
mod loss;
mod packing;
mod packing_wide;
mod payload;
mod reader;
mod writer;

pub use error::RawError;
pub use event::{Event, EventHeader};
pub use loss::{Ending, Loss};
pub use reader::RawReader;
pub use writer::RawWriter;

#[cfg(test)]
mod tests;
