//! Whole-program tests: the shift from raw file to decision, a module per topic.

// A test's helpers fail as the test itself would.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod batch;
mod batch_backend;
mod batch_fakes;
mod book_away;
mod book_care;
mod book_outbox;
mod book_recent;
mod book_roles;
mod book_soak;
mod book_story;
mod central;
mod checks;
mod commands;
mod compare;
mod containers;
mod decisions;
mod distribution;
mod documentation;
mod failures;
mod farm_logs;
mod first_light;
mod frame_times;
mod fuzz_corpus;
mod house;
mod intake;
mod kill;
mod lanes;
mod large_detector;
mod leases;
mod made_up;
mod made_up_night;
mod mail;
mod painters;
mod pairings;
mod physics;
mod plain_words;
mod problems;
mod raw_files;
mod read_only;
mod reconstruction;
mod requests;
mod root_files;
mod run_list;
mod run_sums;
#[path = "../services/mod.rs"]
mod services;
mod soak;
#[path = "../soak/mod.rs"]
mod soaking;
mod transfer;
mod uproot;
mod walkthrough;
mod window_alarms;
mod window_checks;
mod window_clicks;
mod window_decisions;
mod window_doctor;
mod window_event;
mod window_frames;
mod window_problems;
mod window_processing;
mod window_runs;
mod window_welcome;
mod workspace;
