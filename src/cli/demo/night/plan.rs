//! The story of the night as numbers: when each run was taken, what the detector was like in it.

use jiff::civil::date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use monitasks::vocab::{FileId, Run};

use super::chance::Chance;

/// Runs of the night.
pub(super) const RUNS: u32 = 13;
/// Files of a run, and events of a file.
pub(super) const FILES: u32 = 3;
pub(super) const EVENTS: u32 = 60;
/// The LEM that dies, as the result files number it.
pub(super) const LEM: u32 = 7;
/// The run in which it dies, and the one in which the argon is less pure for a while.
pub(super) const RUN_OF_DEATH: u32 = 9;
pub(super) const RUN_OF_DIP: u32 = 5;
/// LEMs of the 3x1x1.
pub(super) const LEMS: u32 = 12;
/// What is left of a gain without its voltage: nobody could tell it from none.
const DEAD_GAIN: f64 = 0.04;

/// A moment of the night: hours before noon are those of the second day.
pub(super) fn at(hour: i8, minute: i8, second: i8) -> Timestamp {
    let day = if hour >= 12 { date(2016, 11, 20) } else { date(2016, 11, 21) };
    let midnight = day.to_zoned(TimeZone::UTC).map_or(Timestamp::UNIX_EPOCH, |day| day.timestamp());
    midnight + SignedDuration::from_secs(i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second))
}

/// When the shift began and ended.
pub(super) fn span() -> [Timestamp; 2] {
    [at(20, 0, 0), at(4, 0, 0)]
}

/// When the voltage of the LEM tripped.
pub(super) fn death() -> Timestamp {
    at(1, 17, 0)
}

/// A run as it was taken.
#[derive(Debug, Clone)]
pub(super) struct RunPlan {
    pub run: Run,
    pub start: Timestamp,
    pub end: Timestamp,
    /// Electron lifetime, us.
    pub lifetime_us: f64,
    /// Effective gain of each LEM over the whole run, by number from 1.
    pub gains: Vec<f64>,
}

/// All runs of the night.
pub(super) fn runs(seed: u64) -> Vec<RunPlan> {
    (1..=RUNS).map(|number| RunPlan::of(number, seed)).collect()
}

impl RunPlan {
    fn of(number: u32, seed: u64) -> Self {
        // 32 minutes of data, then 4 to write down what was done.
        let start = at(20, 0, 0) + SignedDuration::from_mins(36 * i64::from(number - 1));
        let end = start + SignedDuration::from_mins(32);
        let mut chance = Chance::of(seed, number, "run");
        // The recirculation stood for 26 minutes; afterwards it is as it was within two runs.
        let part = match number.checked_sub(RUN_OF_DIP) {
            Some(0) => 0.47,
            Some(1) => 0.86,
            _ => 1.0,
        };
        let lifetime_us = 3000.0 * part + 70.0 * chance.normal();
        // All LEMs move with the pressure, each a little by itself; neighbours differ by a few percent.
        let common = 1.0 + 0.02 * chance.normal();
        let alive = part_before(death(), start, end);
        let gains = (0..LEMS).map(|place| {
            let own = 2.76 + 0.08 * f64::from((place * 5) % 7);
            let gain = own * common + 0.02 * chance.normal();
            if place + 1 == LEM { alive * gain + (1.0 - alive) * DEAD_GAIN } else { gain }
        });
        RunPlan { run: Run(number), start, end, lifetime_us, gains: gains.collect() }
    }

    /// A file of it, and when its data were taken.
    pub(super) fn file(&self, sequence: u32) -> (FileId, [Timestamp; 2]) {
        let third = self.end.duration_since(self.start) / FILES.cast_signed();
        let from = self.start + third * sequence.cast_signed();
        (FileId::new(self.run.0, sequence), [from, from + third])
    }

    pub(super) fn files(&self) -> impl Iterator<Item = FileId> + '_ {
        (0..FILES).map(|sequence| self.file(sequence).0)
    }
}

/// The part of a time that lies before a moment.
fn part_before(moment: Timestamp, from: Timestamp, to: Timestamp) -> f64 {
    let whole_s = to.duration_since(from).as_secs_f64();
    (moment.duration_since(from).as_secs_f64() / whole_s).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lem_dies_near_the_end_of_its_run_and_stays_dead() {
        let runs = runs(1);
        let of = |number: u32| &runs[number as usize - 1];
        assert!(of(RUN_OF_DEATH).start < death() && death() < of(RUN_OF_DEATH).end);
        let gain = |number: u32| of(number).gains[LEM as usize - 1];
        assert!(gain(RUN_OF_DEATH) > 2.4, "its plots show nothing odd yet: {}", gain(RUN_OF_DEATH));
        assert!((1..RUN_OF_DEATH).all(|number| gain(number) > 2.6));
        assert!((RUN_OF_DEATH + 1..=RUNS).all(|number| gain(number) < 0.1));
        assert!(of(RUNS).end < span()[1] && of(1).start == span()[0]);
        let lifetimes_us: Vec<f64> = runs.iter().map(|run| run.lifetime_us).collect();
        assert!(lifetimes_us.iter().enumerate().all(|(place, us)| (*us < 2000.0) == (place + 1 == RUN_OF_DIP as usize)));
    }
}
