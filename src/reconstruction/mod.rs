//! Raw events to hits, tracks and matched tracks, into a ROOT file.
//!
//! May use `detector`, `rawdata`, `config` and `monitasks`; used by `analysis`, `processing` (to count an output's entries) and
//! `cli`. An event goes through pedestals ([`pedestal`]), coherent noise ([`coherent`]) and hits ([`hits`]), group by group of
//! channels ([`channels`]); then 2D tracks ([`tracks`]), matched tracks ([`matching`]) and charge per length ([`points`]). [`event`]
//! has them in a row, [`file`](mod@file) runs them over a raw file, [`timing`] tells where the time goes, and [`recofile`] writes and
//! reads the output.

pub mod channels;
pub mod coherent;
mod error;
pub mod event;
pub mod file;
pub mod hits;
mod in_order;
pub mod mask;
pub mod matching;
pub mod pedestal;
pub mod points;
pub mod recofile;
pub mod timing;
pub mod tracks;
mod wide;

pub use channels::{ChannelSearch, ChannelsFound, Setup};
pub use error::ReconstructionError;
pub use file::{Report, output_name, reconstruct_file};
pub use mask::Mask;

#[cfg(test)]
mod tests;
