//! Deviation: a number of a series against what is expected, or against the same of the reference.

use super::range::Taken;
use super::verdict::{Bound, Verdict, number};
use super::{Limits, Measure, Question, Take};
use crate::quality::State;
use crate::references::{matched, of_reference, same_axes};
use crate::summary::Measured;

/// A number against another.
#[derive(Debug, Clone, PartialEq)]
pub struct Deviation {
    /// Which of the series' numbers; none for the newest over time, and the mean otherwise.
    pub take: Option<Take>,
    /// What it is held against.
    pub against: Against,
    /// What the difference is measured in.
    pub measure: Measure,
    /// How large it may be, in that measure.
    pub limits: Limits,
}

/// What a number is held against.
#[derive(Debug, Clone, PartialEq)]
pub enum Against {
    /// A number that people expect, in the unit of what is measured.
    Number(f64),
    /// The mean of the same series of the reference of this label; of any that is valid with none.
    Reference(Option<String>),
}

impl Measure {
    /// How far a value is from an expected one; the reason where that can't be told.
    ///
    /// # Errors
    /// Standard deviations of numbers without errors; parts of zero.
    pub fn distance(self, value: (f64, f64), expected: (f64, f64)) -> Result<f64, &'static str> {
        let difference = (value.0 - expected.0).abs();
        let error = |error: f64| if error.is_finite() { error } else { 0.0 };
        let distance = match self {
            Measure::Units => difference,
            Measure::Relative if expected.0 == 0.0 => return Err("no part can be taken of a reference of zero"),
            Measure::Relative => difference / expected.0.abs(),
            Measure::Sigmas => {
                let both = error(value.1).hypot(error(expected.1));
                if both <= 0.0 {
                    return Err("the numbers have no errors to weigh their difference by");
                }
                difference / both
            }
        };
        if distance.is_nan() { Err("no number") } else { Ok(distance) }
    }

    /// How far from the expected one a distance reaches, in the unit of what is measured.
    pub(super) fn reach(self, distance: f64, expected: f64, error: f64) -> f64 {
        match self {
            Measure::Units => distance,
            Measure::Relative => distance * expected.abs(),
            Measure::Sigmas => distance * error,
        }
    }

    /// For people: `12 %`, `3.1 sigma`.
    pub(super) fn words(self, distance: f64, unit: &str) -> String {
        match self {
            Measure::Units => number(distance, unit),
            Measure::Relative if distance >= 1e-3 => format!("{:.1} %", 100.0 * distance),
            Measure::Relative => format!("{} %", number(100.0 * distance, "")),
            Measure::Sigmas => format!("{distance:.1} sigma"),
        }
    }
}

impl Deviation {
    pub(super) fn judge(&self, question: &Question<'_>, verdict: &mut Verdict) {
        match self.found(question, verdict) {
            Ok((state, reason)) | Err((state, reason)) => verdict.find(state, question.says(reason)),
        }
    }

    fn found(&self, question: &Question<'_>, verdict: &mut Verdict) -> Result<(State, String), (State, String)> {
        let by_axis = if super::is_over_time(question.subject.figure) { Take::Last } else { Take::Mean };
        let Taken::One { value, error, spot } = question.taken(Some(self.take.unwrap_or(by_axis)))? else {
            return Err((State::CannotJudge, "a deviation is of one number: take = \"last\", \"mean\" or \"median\"".into()));
        };
        let expected = self.expected(question)?;
        let measured = Measured::number(value, error);
        verdict.looked(question.series, measured, spot.map(|spot| spot.x), question.series.count());
        let both = error.hypot(expected.1);
        self.add_bounds(question, expected.0, both, verdict);
        let cannot = |why: &str| (State::CannotJudge, why.to_owned());
        let distance = self.measure.distance((value, error), expected).map_err(cannot)?;
        let state = self.limits.of_large(distance);
        if let Some(spot) = spot.filter(|_| state != State::Ok) {
            verdict.broke(question.series, spot, state);
        }
        let unit = question.unit();
        let reason = format!(
            "{}, {} from the expected {}",
            measured.words(unit),
            self.measure.words(distance, unit),
            Measured::number(expected.0, expected.1).words(unit)
        );
        Ok((state, reason))
    }

    /// The expected number and its error.
    fn expected(&self, question: &Question<'_>) -> Result<(f64, f64), (State, String)> {
        let cannot = |why: String| (State::CannotJudge, why);
        let reference = match (&self.against, question.reference) {
            (Against::Number(expected), _) => return Ok((*expected, 0.0)),
            (Against::Reference(_), None) => return Err(cannot("no reference".into())),
            (Against::Reference(_), Some(reference)) => reference,
        };
        same_axes(question.subject.figure, &reference.figure).map_err(|why| cannot(why.to_string()))?;
        // Over time the reference is of other times: its mean counts. Else it is of the same places, and they are paired.
        let known = if super::is_over_time(question.subject.figure) {
            of_reference(question.series, reference)
        } else {
            matched(question.series, reference).map(|(_, known)| known)
        };
        let known = known.map_err(|why| cannot(why.to_string()))?;
        let numbers =
            known.measured().map(|spot| Measured::number(spot.value, if spot.error.is_finite() { spot.error } else { 0.0 }));
        Measured::mean(numbers).value_and_error().ok_or_else(|| cannot("the reference holds no number".into()))
    }

    fn add_bounds(&self, question: &Question<'_>, expected: f64, error: f64, verdict: &mut Verdict) {
        let on = question.value_on();
        let mut band = |limit: f64, within| {
            let reach = self.measure.reach(limit, expected, error);
            if reach.is_finite() {
                let bound = Bound::Band { on, from: Some(expected - reach), to: Some(expected + reach), within };
                // Several series that are held against one number have one bound.
                if !verdict.bounds.contains(&bound) {
                    verdict.bounds.push(bound);
                }
            }
        };
        match self.limits.maybe {
            Some(maybe) => {
                band(maybe, State::Ok);
                band(self.limits.bad, State::Maybe);
            }
            None => band(self.limits.bad, State::Ok),
        }
    }
}
