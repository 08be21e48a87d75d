//! dqmon: a particle detector's shift, from raw file to quality decision, in one program.
//!
//! The library behind the one binary. `docs/architecture.md` draws the house; a test holds the arrows between these folders
//! to the table there.

pub mod analysis;
pub mod bookkeeping;
pub mod catalogue;
pub mod cli;
pub mod config;
pub mod decisions;
pub mod detector;
pub mod distribution;
pub mod doctor;
pub mod durable;
pub mod engine;
pub mod farm_logs;
pub mod gui;
pub mod live;
pub mod plotting;
pub mod processing;
pub mod rawdata;
pub mod reconstruction;
pub mod replay;
pub mod simulation;
pub mod snapshot;

/// Program and version, as written into every product: `dqmon 0.1.0`.
pub const SOFTWARE: &str = concat!("dqmon ", env!("CARGO_PKG_VERSION"));
