//! What a monitor result is, what it means, and what to draw of it.
//!
//! This crate is pure: it knows no window, thread, process, database or clock. Bytes come in, plain data go out, and the
//! time of day is an argument ([`task::TaskContext::now`]). So every rule in it can be tested in milliseconds, and the
//! window, the headless commands and the replay all show the same thing.
//!
//! Where to look: nouns of the field in [`vocab`], the detector's facts in [`detector`], a result in [`summary`], a plot in
//! [`figure`], what is thought of a result in [`quality`], automatic checks in [`checks`], what a plot should look like in
//! [`references`], what people choose to see of a plot in [`views`], two results against each other in [`compare`](mod@compare), the plug-in contract in [`task`], the list of
//! tasks in [`registry`], the built-in ones in [`tasks`], those written in TOML in [`declared`], the words of programs
//! that are tasks in [`external`], and the result files in
//! [`format`](mod@format).

pub mod checks;
pub mod compare;
pub mod declared;
pub mod detector;
pub mod external;
pub mod figure;
pub mod format;
pub mod names;
pub mod quality;
pub mod references;
pub mod registry;
pub mod summary;
pub mod task;
pub mod tasks;
pub mod views;
pub mod vocab;
