//! Trend: the newest results against those before them, and the slope of a straight line through the newest.

use super::statistics::{median, robust_sigma, straight_line};
use super::verdict::{Bound, BoundOn, Statistic, Verdict, number};
use super::{Limits, Question, Spot};
use crate::quality::State;
use crate::summary::Measured;

/// Seconds in a day: slopes over time are told per day.
const DAY_S: f64 = 86_400.0;

/// Whether a series moves.
#[derive(Debug, Clone, PartialEq)]
pub struct Trend {
    /// How movement is measured.
    pub of: Movement,
    /// Which direction counts.
    pub direction: Direction,
    /// How many standard deviations it may move.
    pub limits: Limits,
}

/// How movement is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Movement {
    /// The median of the newest against the median of those before, in standard deviations of one of those before, which their
    /// median absolute deviation gives.
    Step {
        /// How many are the newest.
        recent: usize,
        /// How many before them are looked at.
        before: usize,
        /// The standard deviation is never taken for less than this, in the unit of what is measured.
        least_sigma: f64,
    },
    /// The slope of the line of least squares through the newest, in its own standard deviations.
    Slope {
        /// How many are the newest.
        recent: usize,
        /// A slope of at most this is OK, however sure it is; unit of y per unit of x, per day over time.
        least_slope: f64,
    },
}

/// Which direction of a movement counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Both.
    #[default]
    Any,
    /// Up.
    Rise,
    /// Down.
    Fall,
}

impl Direction {
    /// As much of a movement as counts; no number stays no number.
    fn of(self, movement: f64) -> f64 {
        match self {
            _ if movement.is_nan() => f64::NAN,
            Direction::Any => movement.abs(),
            Direction::Rise => movement.max(0.0),
            Direction::Fall => (-movement).max(0.0),
        }
    }
}

impl Trend {
    pub(super) fn judge(&self, question: &Question<'_>, verdict: &mut Verdict) {
        // That the newest has no number is told as it is for one that is not a trend.
        if let Err((state, reason)) = question.newest() {
            verdict.find(state, question.says(reason));
            return;
        }
        let mut spots: Vec<&Spot> = question.series.measured().collect();
        spots.sort_by(|one, other| one.x.total_cmp(&other.x));
        let needed = match self.of {
            Movement::Step { recent, before, .. } => recent + before,
            Movement::Slope { recent, .. } => recent,
        };
        if spots.len() < needed {
            let reason = format!("{} results with a number, the trend needs {needed}", spots.len());
            verdict.find(State::WarmingUp, question.says(reason));
            return;
        }
        let newest = &spots[spots.len() - needed..];
        let (state, reason) = match self.of {
            Movement::Step { recent, least_sigma, .. } => {
                self.step(newest.split_at(needed - recent), least_sigma, question, verdict)
            }
            Movement::Slope { least_slope, .. } => self.slope(newest, least_slope, question, verdict),
        };
        verdict.find(state, question.says(reason));
    }

    fn step(
        &self,
        (before, recent): (&[&Spot], &[&Spot]),
        least_sigma: f64,
        question: &Question<'_>,
        verdict: &mut Verdict,
    ) -> (State, String) {
        let values = |spots: &[&Spot]| spots.iter().map(|spot| spot.value).collect::<Vec<f64>>();
        let (old, new) = (values(before), values(recent));
        let (Some(middle), Some(spread), Some(now)) = (median(&old), robust_sigma(&old), median(&new)) else {
            return (State::CannotJudge, "no numbers to take a median of".into());
        };
        let sigma = spread.max(least_sigma);
        let at_x = recent.last().map(|spot| spot.x);
        verdict.looked(question.series, Measured::number(now, 0.0), at_x, new.len() + old.len());
        let difference = now - middle;
        if sigma <= 0.0 && difference != 0.0 {
            return (
                State::CannotJudge,
                "most of those before are alike to the last digit: least_sigma must say what is small".into(),
            );
        }
        let sigmas = if difference == 0.0 { 0.0 } else { difference / sigma };
        let label = question.series.label.clone();
        verdict.statistics.push(Statistic::Step { series: label, recent: now, before: middle, sigma, sigmas });
        self.add_step_bounds(middle, sigma, verdict);
        let state = self.limits.of_large(self.direction.of(sigmas));
        if state != State::Ok {
            recent.iter().for_each(|spot| verdict.broke(question.series, spot, state));
        }
        let unit = question.unit();
        let reason = format!(
            "median of the last {} {}, of the {} before {}: {sigmas:+.1} sigma of {}",
            new.len(),
            number(now, unit),
            old.len(),
            number(middle, unit),
            number(sigma, unit)
        );
        (state, reason)
    }

    fn add_step_bounds(&self, middle: f64, sigma: f64, verdict: &mut Verdict) {
        let mut band = |limit: f64, within| {
            let from = (self.direction != Direction::Rise).then_some(middle - limit * sigma);
            let to = (self.direction != Direction::Fall).then_some(middle + limit * sigma);
            verdict.bounds.push(Bound::Band { on: BoundOn::Y, from, to, within });
        };
        match self.limits.maybe {
            Some(maybe) => {
                band(maybe, State::Ok);
                band(self.limits.bad, State::Maybe);
            }
            None => band(self.limits.bad, State::Ok),
        }
    }

    fn slope(&self, newest: &[&Spot], least: f64, question: &Question<'_>, verdict: &mut Verdict) -> (State, String) {
        let points: Vec<[f64; 3]> = newest.iter().map(|spot| [spot.x, spot.value, spot.error]).collect();
        let Some(line) = straight_line(&points) else {
            return (State::CannotJudge, "no straight line goes through them: fewer than 3 points, or all at one x".into());
        };
        let over_time = super::is_over_time(question.subject.figure);
        let (per, x_unit) = if over_time { (DAY_S, "day") } else { (1.0, question.subject.figure.x.unit.as_str()) };
        let (slope, error) = (line.slope * per, line.slope_error * per);
        let series = question.series.label.clone();
        verdict.statistics.push(Statistic::Slope { series: series.clone(), slope, error });
        let at = |x: f64| [x, line.centre_y + line.slope * (x - line.centre_x)];
        if let (Some(first), Some(last)) = (newest.first(), newest.last()) {
            verdict.looked(question.series, Measured::number(last.value, 0.0), Some(last.x), newest.len());
            verdict.bounds.push(Bound::Line { series, ends: [at(first.x), at(last.x)] });
        }
        let counts = self.direction.of(slope);
        let state = match counts {
            _ if counts.is_nan() => State::CannotJudge,
            _ if counts <= least => State::Ok,
            // Points exactly on a line: the slope is as sure as can be.
            _ if error <= 0.0 => State::Bad,
            _ => self.limits.of_large(counts / error),
        };
        if state != State::Ok {
            newest.iter().for_each(|spot| verdict.broke(question.series, spot, state));
        }
        let unit = format!("{} per {}", question.unit(), if x_unit.is_empty() { "step of x" } else { x_unit });
        let words = Measured::number(slope, error).words(unit.trim());
        let sigmas = if error > 0.0 { format!(", {:.1} sigma", (slope / error).abs()) } else { String::new() };
        (state, format!("slope of the last {} results {words}{sigmas}", newest.len()))
    }
}
