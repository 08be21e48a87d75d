//! Several reconstructed files in, result files out: pedestals, purity, LEM gain.
//!
//! May use `reconstruction`, `config` and `monitasks`; used by `cli`. Files are read one after the other and only what a result
//! needs of each is kept ([`group`]). [`pedestals`], [`purity`] and [`gain`] measure, [`statistics`] has the estimators they
//! share, [`results`] writes the field's text formats with a `.json` beside each.

pub mod attenuation;
pub mod charges;
mod error;
pub mod estimate;
pub mod gain;
pub mod group;
pub mod landau;
pub mod lifetime;
pub mod parts;
pub mod pedestals;
pub mod purity;
pub mod results;
pub mod shape_fit;
pub mod statistics;
pub mod track_ratio;

pub use error::AnalysisError;
pub use group::{Job, ResultName};
pub use results::{gain as analyse_gain, pedestals as analyse_pedestals, purity as analyse_purity};
