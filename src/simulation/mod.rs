//! Cosmic muons through the detector into raw files, with the truth beside them.
//!
//! Uses `detector` and `rawdata`. Straight muons cross at the trigger ([`muons`]), ionise with Landau fluctuations and recombine
//! ([`ionisation`]), set electrons free that go ways of their own ([`delta_rays`]), their charge drifts, is lost to impurities, multiplied by the LEM above and shared by the two views
//! ([`signal`]), and is read out with pulse shape, pedestals and noise ([`readout`]). [`Simulation::event`] makes any event of any
//! file by itself: each has random numbers of its own, from the seed, the run, the sequence and the event's index, so events can
//! be made in any order and on any number of threads and are always the same, on every machine: elementary functions are those of
//! the `libm` crate, not of the machine.

pub mod delta_rays;
mod event;
pub mod gain_map;
pub mod gaussian;
pub mod ionisation;
pub mod muons;
pub mod readout;
mod settings;
pub mod signal;
mod truth;

pub use event::{SimulatedEvent, Simulation};
pub use settings::{Settings, SimulationError};
pub use truth::{EventTruth, LemTruth, Truth};
