//! Raw files: read and write the detector's own formats.
//!
//! Uses `detector` (by way of `monitasks`' [`Readout`](monitasks::detector::Readout)); used by `simulation`, `reconstruction`
//! and the event display. One format so far: the 3x1x1's, uncompressed ([`layout`] tells what is where in it).
//!
//! Reading has two passes. [`RawReader::open`] walks over the event headers only and remembers where the whole events are, so a
//! file that is still being written, was cut or is damaged shows its good events and one clear reason why it ends
//! ([`RawReader::ending`]). [`RawReader::read`] then unpacks one event into buffers that are used again.

mod error;
mod event;
pub mod layout;
mod packing;
mod reader;
mod writer;

pub use error::RawError;
pub use event::{Event, EventHeader};
pub use reader::{Ending, RawReader};
pub use writer::RawWriter;

#[cfg(test)]
mod tests;
