//! The built-in tasks on whole results, through the same doors that the program uses.
//!
//! `DQMON_BLESS=1 cargo test -p monitasks` writes the expected figures below `tests/data/figures/` anew; read the difference
//! before committing it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

mod checks;
mod documentation;
mod example_task;
mod figures;
mod glances;
mod results;
mod robustness;
mod small_detector;
