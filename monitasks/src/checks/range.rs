//! Range: numbers between bounds.

use super::series::Spot;
use super::statistics::median;
use super::verdict::{Bound, BoundOn, Verdict, number};
use super::{Question, Take, state_of_many};
use crate::quality::State;
use crate::summary::Measured;

/// Numbers between bounds: inside of `ok` they are OK, else inside of `maybe` MAYBE, else BAD.
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    /// Which of the series' numbers; none for the newest over time and each otherwise.
    pub take: Option<Take>,
    /// Where it is OK.
    pub ok: Band,
    /// Where it is MAYBE, around `ok`; none to go from OK straight to BAD.
    pub maybe: Option<Band>,
    /// With [`Take::Each`]: how many may be outside.
    pub allow: usize,
}

/// From a number to another, both in it, in the unit of what is measured; none for no end.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// The lowest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<f64>,
    /// The highest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<f64>,
}

impl Band {
    /// Whether a number is in it.
    #[must_use]
    pub fn has(self, value: f64) -> bool {
        !value.is_nan() && self.from.is_none_or(|from| from <= value) && self.to.is_none_or(|to| value <= to)
    }

    /// For people: `2 to 4 ms`, `from 2 ms`.
    #[must_use]
    pub fn words(self, unit: &str) -> String {
        match (self.from, self.to) {
            (Some(from), Some(to)) => format!("{} to {}", number(from, ""), number(to, unit)),
            (Some(from), None) => format!("from {}", number(from, unit)),
            (None, Some(to)) => format!("up to {}", number(to, unit)),
            (None, None) => "anything".into(),
        }
    }
}

impl Range {
    /// What a number is thought of. One that is no number can't be judged.
    #[must_use]
    pub fn state(&self, value: f64) -> State {
        match value {
            _ if !value.is_finite() => State::CannotJudge,
            _ if self.ok.has(value) => State::Ok,
            _ if self.maybe.is_some_and(|maybe| maybe.has(value)) => State::Maybe,
            _ => State::Bad,
        }
    }

    pub(super) fn judge(&self, question: &Question<'_>, verdict: &mut Verdict) {
        self.add_bounds(question, verdict);
        match question.taken(self.take) {
            Ok(Taken::Each) => self.judge_each(question, verdict),
            Ok(Taken::One { value, error, spot }) => {
                let state = self.state(value);
                verdict.looked(question.series, Measured::number(value, error), spot.map(|spot| spot.x), question.series.count());
                if let Some(spot) = spot.filter(|_| state != State::Ok) {
                    verdict.broke(question.series, spot, state);
                }
                let words = Measured::number(value, error).words(question.unit());
                let reason = format!("{words}, OK is {}", self.ok.words(question.unit()));
                verdict.find(state, question.says(reason));
            }
            Err((state, reason)) => verdict.find(state, question.says(reason)),
        }
    }

    fn judge_each(&self, question: &Question<'_>, verdict: &mut Verdict) {
        let series = question.series;
        let (mut maybe, mut bad) = (0, 0);
        for spot in series.measured() {
            match self.state(spot.value) {
                State::Ok => continue,
                State::Maybe => maybe += 1,
                _ => bad += 1,
            }
            verdict.broke(series, spot, self.state(spot.value));
        }
        let count = series.count();
        verdict.looked(series, Measured::NoData, None, count);
        let most = if self.allow > 0 { format!(", {} may be", self.allow) } else { String::new() };
        let reason = format!("{} of {count} outside of {}{most}", maybe + bad, self.ok.words(question.unit()));
        verdict.find(state_of_many(maybe, bad, self.allow), question.says(reason));
        question.note_missing(series.missing().count(), verdict);
    }

    /// Once for all series: they share the axis.
    fn add_bounds(&self, question: &Question<'_>, verdict: &mut Verdict) {
        if !verdict.bounds.is_empty() {
            return;
        }
        let on = question.value_on();
        let band = |band: Band, within| Bound::Band { on, from: band.from, to: band.to, within };
        verdict.bounds.push(band(self.ok, State::Ok));
        verdict.bounds.extend(self.maybe.map(|maybe| band(maybe, State::Maybe)));
    }
}

/// What of a series is judged.
pub(super) enum Taken<'a> {
    /// Every number for itself.
    Each,
    /// One number, and the place on the plot where it stands, if at one.
    One { value: f64, error: f64, spot: Option<&'a Spot> },
}

impl Question<'_> {
    /// The number of the series that is asked for, or why there is none.
    ///
    /// The error of a mean is that of independent numbers; a median is told without one.
    pub(super) fn taken(&self, take: Option<Take>) -> Result<Taken<'_>, (State, String)> {
        let by_axis = || if super::is_over_time(self.subject.figure) { Take::Last } else { Take::Each };
        let values: Vec<f64> = self.series.measured().map(|spot| spot.value).collect();
        let one = |value: f64, error: f64| Ok(Taken::One { value, error, spot: None });
        let no_number = || (State::NoData, "no number".to_owned());
        let missing = self.series.missing().count();
        match take.unwrap_or_else(by_axis) {
            Take::Each => Ok(Taken::Each),
            Take::Last => self.newest().map(|spot| Taken::One { value: spot.value, error: known(spot.error), spot: Some(spot) }),
            _ if missing > self.needs.missing => {
                let most = self.needs.missing;
                Err((
                    State::CannotJudge,
                    format!("no number in {missing} of {} places, at most {most} may", self.series.spots.len()),
                ))
            }
            Take::Mean => {
                let errors = self.series.measured().map(|spot| Measured::number(spot.value, known(spot.error)));
                let (value, error) = Measured::mean(errors).value_and_error().ok_or_else(no_number)?;
                one(value, error)
            }
            Take::Median => one(median(&values).ok_or_else(no_number)?, 0.0),
        }
    }

    /// Which of the plot's quantities is measured.
    pub(super) fn value_on(&self) -> BoundOn {
        if matches!(self.series.form, super::series::Form::Map { .. }) { BoundOn::Colour } else { BoundOn::Y }
    }
}

/// An error that is not known is told as none.
fn known(error: f64) -> f64 {
    if error.is_finite() && error > 0.0 { error } else { 0.0 }
}
