//! Several reconstructed files in, result files out: pedestals, purity, LEM gain; hits, tracks and rates; and noise from raw files.
//!
//! May use `rawdata`, `reconstruction`, `config` and `monitasks`; used by `cli`. Files are read one after the other and only what
//! a result needs of each is kept ([`group`]). [`pedestals`], [`purity`], [`gain`], [`events`] and [`noise`] measure:
//!
//! - purity by [`attenuation`], from [`charges`] along matched tracks, or by [`track_ratio`], from 2D tracks; [`lifetime`] says what
//!   a rate of attenuation means for a lifetime and for charges;
//! - gain by [`estimate`], which makes one number of a LEM's charges; [`gain_map`] has the gains as a map;
//! - [`landau`] is the shape of the charges and [`shape_fit`] its fit; [`parts`] makes errors, [`statistics`] has what all share.
//!
//! [`results`] writes the field's text formats with a `.json` beside each. `docs/physics.md` has the methods and how well they do.

pub mod attenuation;
pub mod charges;
mod error;
pub mod estimate;
pub mod events;
pub mod gain;
pub mod gain_map;
pub mod group;
pub mod landau;
pub mod lifetime;
pub mod noise;
pub mod parts;
pub mod pedestals;
pub mod purity;
pub mod results;
pub mod shape_fit;
pub mod spectrum;
pub mod statistics;
pub mod track_ratio;

pub use error::AnalysisError;
pub use group::{Job, ResultName};
pub use results::{
    events as analyse_events, gain as analyse_gain, noise as analyse_noise, pedestals as analyse_pedestals,
    purity as analyse_purity,
};

#[cfg(test)]
mod tests;
