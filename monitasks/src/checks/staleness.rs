//! Staleness: the age of the newest data.

use super::Subject;
use super::series::{Series, is_over_time};
use super::verdict::{Bound, BoundOn, Statistic, Verdict};
use crate::quality::State;

/// How far ahead of the time of day a stamp may be, in seconds: clocks of two machines differ.
const CLOCKS_DIFFER_S: f64 = 60.0;

/// The newest data may be so old.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Staleness {
    /// Older than this, in seconds, they are STALE.
    pub stale_above_s: f64,
}

impl Staleness {
    /// By the newest result's stamp; over time, where that is not known or a point with a number is newer, by that point: the rows of a
    /// day stand in one result that begins at midnight.
    pub(super) fn judge(&self, subject: &Subject<'_>, series: &[Series], verdict: &mut Verdict) {
        let seconds = |stamp: jiff::Timestamp| stamp.as_millisecond() as f64 / 1e3;
        let over_time = is_over_time(subject.figure);
        let last_point = || {
            let points = series.iter().flat_map(Series::measured).map(|spot| spot.x);
            points.filter(|x| over_time && x.is_finite()).max_by(f64::total_cmp)
        };
        let now = seconds(subject.now);
        // A point ahead of the clock, of events that are stamped so, does not make a result newer than it is.
        let newer_point = |stamp: f64| last_point().filter(|point| *point > stamp && *point <= now).unwrap_or(stamp);
        let Some(newest) = subject.newest.map(|stamp| newer_point(seconds(stamp))).or_else(last_point) else {
            verdict.find(State::CannotJudge, "the result does not say when its data were taken");
            return;
        };
        let age_s = now - newest;
        if age_s < -CLOCKS_DIFFER_S {
            verdict.find(State::CannotJudge, format!("the newest data are stamped {} ahead of this clock", duration(-age_s)));
            return;
        }
        verdict.statistics.push(Statistic::Age { age_s });
        if over_time {
            let from = Some(now - self.stale_above_s);
            verdict.bounds.push(Bound::Band { on: BoundOn::X, from, to: None, within: State::Ok });
        }
        let state = if age_s > self.stale_above_s { State::Stale } else { State::Ok };
        let most = duration(self.stale_above_s);
        verdict.find(state, format!("newest data are {} old, stale above {most}", duration(age_s.max(0.0))));
    }
}

/// For people, in the unit that leaves one or two digits before the point: `90 s`, `45 min`, `3.2 h`, `2.5 days`.
fn duration(seconds: f64) -> String {
    match seconds {
        _ if seconds < 120.0 => format!("{seconds:.0} s"),
        _ if seconds < 7200.0 => format!("{:.0} min", seconds / 60.0),
        _ if seconds < 172_800.0 => format!("{:.1} h", seconds / 3600.0),
        _ => format!("{:.1} days", seconds / 86_400.0),
    }
}
