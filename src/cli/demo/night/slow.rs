//! The slow control of the night: cryostat and supplies of the LEMs, a row a minute, a file each quarter of an hour.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::super::super::Failure;
use super::chance::Chance;
use super::plan::{LEM, LEMS, death, span};
use super::put;
use crate::config::Workspace;

/// Time between two rows, and that of a file.
const STEP: SignedDuration = SignedDuration::from_mins(1);
const FILE: SignedDuration = SignedDuration::from_mins(15);
/// The declared task of the supplies.
const TASK: (&str, &str) = ("lem_supply.toml", include_str!("lem_supply.toml"));

/// Writes the files of the night into `results/`, and the task that shows the supplies into `tasks/`.
pub(super) fn write(workspace: &Workspace, seed: u64) -> Result<(), Failure> {
    let [from, to] = span();
    put(&workspace.root.join("tasks").join(TASK.0), TASK.1.as_bytes(), from)?;
    let mut chance = Chance::of(seed, 0, "slow control");
    let mut begin = from;
    while begin < to {
        let end = begin + FILE;
        put(&name(workspace, "slow", begin), cryostat(begin, end, &mut chance).as_bytes(), end)?;
        put(&name(workspace, "lem_supply", begin), supplies(begin, end, &mut chance).as_bytes(), end)?;
        begin = end;
    }
    Ok(())
}

fn name(workspace: &Workspace, folder: &str, begin: Timestamp) -> PathBuf {
    let name = begin.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H%M.csv").to_string();
    workspace.results().join(Path::new(folder)).join(name)
}

fn minutes(begin: Timestamp, end: Timestamp) -> impl Iterator<Item = Timestamp> {
    std::iter::successors(Some(begin), |at| Some(*at + STEP)).take_while(move |at| *at < end)
}

/// Temperatures and pressure: the weather, and the boiling that follows it by 0.01 K for a mbar.
fn cryostat(begin: Timestamp, end: Timestamp, chance: &mut Chance) -> String {
    let mut text = "stamp_utc,liquid_temperature_K,gas_temperature_K,pressure_mbar,pressure_error_mbar\n".to_owned();
    for at in minutes(begin, end) {
        let hours = at.duration_since(span()[0]).as_secs_f64() / 3600.0;
        let pressure = 1002.0 + 1.8 * libm::sin(0.5 * hours) + 0.12 * chance.normal();
        let liquid = 87.3 + 0.01 * (pressure - 1002.0) + 0.002 * chance.normal();
        let gas = 88.9 + 0.1 * libm::sin(1.3 * hours) + 0.02 * chance.normal();
        text += &format!("{at:.0},{liquid:.3},{gas:.3},{pressure:.2},0.40\n");
    }
    text
}

/// Voltage across each LEM and the current of its supply. In the minute of the trip one draws a current and its voltage falls.
fn supplies(begin: Timestamp, end: Timestamp, chance: &mut Chance) -> String {
    let columns = |unit: &str| (1..=LEMS).map(|lem| format!(",lem{lem}_{unit}")).collect::<String>();
    let mut text = format!("stamp_utc{}{}\n", columns("V"), columns("nA"));
    for at in minutes(begin, end) {
        let (mut volts, mut currents) = (String::new(), String::new());
        for lem in 1..=LEMS {
            let (volt, current) = match at.duration_since(death()).as_mins() {
                _ if lem != LEM || at < death() => (2900.0 + 0.4 * chance.normal(), 3.0 + 0.2 * chance.normal()),
                0 => (1870.0, 480.0),
                _ => (1.0 + 0.2 * chance.normal().abs(), 0.1),
            };
            volts += &format!(",{volt:.1}");
            currents += &format!(",{current:.1}");
        }
        text += &format!("{at:.0}{volts}{currents}\n");
    }
    text
}
