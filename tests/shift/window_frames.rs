//! The window never waits: nothing in it can, and its frames stay short while nobody answers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;

use super::frame_times::FrameTimes;
use super::made_up;
use super::window_clicks::Desk;
use dqmon::gui::UiState;

/// Words that would let the window wait for a disk, a database or a process.
const FORBIDDEN: [&str; 8] =
    ["std::fs", "rusqlite", "std::process", "Command::new", "File::open", "read_dir", "std::net", ".recv()"];

#[test]
fn the_window_s_folder_knows_no_file_database_or_process() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/gui")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            files += 1;
            for (number, line) in text.lines().enumerate() {
                for word in FORBIDDEN {
                    assert!(!line.contains(word), "{word} at {}:{}", path.display(), number + 1);
                }
            }
        }
    }
    assert!(files > 20, "{files} files in src/gui");
}

#[test]
fn only_the_window_s_folder_says_egui() {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with("gui") {
                    folders.push(path);
                }
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                for word in ["egui::", "egui_plot", "eframe"] {
                    assert!(!text.contains(word), "{word} in {}", path.display());
                }
            }
        }
    }
}

/// Two hundred frames with six figures, two of them event displays of up to 1.6 million cells, the pointer on its way over all
/// of it; the engine's side takes nothing and answers nothing.
#[test]
fn two_hundred_frames_stay_short_while_nobody_answers() {
    let mut desk = Desk::unsettled(made_up::full(), UiState::default());
    let frames = FrameTimes::of(200, |frame| {
        let at = egui::pos2(250.0 + (frame * 37 % 740) as f32, 60.0 + (frame * 53 % 640) as f32);
        desk.window.hover_at(at);
        desk.window.step();
    });
    frames.assert_short();
}
