//! Services that tests start on loopback and end by their process ids: real ones, each with a folder of its own that goes away.

pub mod postgres;
pub mod slurm;
pub mod smtp;
pub mod xrootd;
