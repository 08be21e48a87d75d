//! The demo's slow control: a day of made-up temperatures and pressures, as a site's own program would export them.

use std::fs;
use std::path::Path;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::super::Failure;

/// Hours in one file, and in all of them.
const HOURS_OF_FILE: i64 = 3;
const HOURS: i64 = 24;
/// Time between two rows.
const STEP: SignedDuration = SignedDuration::from_mins(5);

/// Writes the files of the last day into `results/slow/`, as `assets/tasks/slow_control.toml` reads them.
pub(super) fn write_day(results: &Path, now: Timestamp) -> Result<(), Failure> {
    let folder = results.join("slow");
    let mut from = now - SignedDuration::from_hours(HOURS);
    while from < now {
        let to = (from + SignedDuration::from_hours(HOURS_OF_FILE)).min(now);
        let name = from.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H%M.csv").to_string();
        let path = folder.join(name);
        let written = fs::create_dir_all(&folder).and_then(|()| fs::write(&path, rows(from, to)));
        written.map_err(|error| Failure(format!("slow control of the demo not written: {error}: {}", path.display())))?;
        from = to;
    }
    Ok(())
}

/// A file's text.
fn rows(from: Timestamp, to: Timestamp) -> String {
    let mut text =
        "# made up by 'dqmon demo'\nstamp_utc,liquid_temperature_K,gas_temperature_K,pressure_mbar,pressure_error_mbar\n"
            .to_owned();
    let mut at = from;
    while at < to {
        // The pressure follows the weather; the boiling liquid follows the pressure by 0.01 K for a mbar.
        let day = std::f64::consts::TAU * at.as_second() as f64 / 86_400.0;
        let jitter = (at.as_second() as f64 * 0.618).fract() - 0.5;
        let pressure = 1003.0 + 2.5 * day.sin() + 0.3 * jitter;
        let liquid = 87.3 + 0.01 * (pressure - 1003.0);
        let gas = 88.9 + 0.15 * (4.0 * day).sin() + 0.04 * jitter;
        text += &format!("{at:.0},{liquid:.3},{gas:.3},{pressure:.2},0.40\n");
        at += STEP;
    }
    text
}

#[cfg(test)]
mod tests {
    use monitasks::declared::TaskFile;
    use monitasks::task::{MonTask, ResultFile, TaskContext};

    use super::*;
    use crate::config::Workspace;

    #[test]
    fn the_day_is_read_by_the_task_of_a_new_workspace() {
        let folder = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-11-21T22:00:00Z".parse().unwrap();
        write_day(folder.path(), now).unwrap();
        let (name, text) = Workspace::NEW_TASKS[1];
        let TaskFile::Declared(task) = TaskFile::parse(text, name).unwrap() else { panic!("no program") };
        let detector = crate::detector::load("3x1x1", "", Path::new(".")).unwrap();
        let context = TaskContext { detector: &detector, now };
        let mut summaries = Vec::new();
        for entry in fs::read_dir(folder.path().join("slow")).unwrap() {
            let bytes = fs::read(entry.unwrap().path()).unwrap();
            summaries.push(task.read(&ResultFile { name: "slow/x.csv", bytes: &bytes, sidecar: None }, &context).unwrap());
        }
        assert_eq!(summaries.len(), 8);
        let history: Vec<_> = summaries.iter().collect();
        for item in &task.info().items {
            assert!(task.draw(&item.name, &history, &context).empty.is_none(), "{}", item.name);
        }
    }
}
