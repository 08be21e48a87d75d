//! The keys of a check as what it asks, and back.

use toml::Spanned;

use super::{CheckKeys, Fault, Word, placed};
use crate::checks::bins::{Bins, Chi2, Errors};
use crate::checks::deviation::{Against, Deviation};
use crate::checks::kolmogorov::Kolmogorov;
use crate::checks::range::{Band, Range};
use crate::checks::staleness::Staleness;
use crate::checks::trend::{Direction, Movement, Trend};
use crate::checks::{Check, Kind, Limits, Measure, Needs, Take};

/// Fewest entries of a histogram before its shape is judged, unless the check says otherwise: where the limit that the
/// probabilities are taken from begins to hold.
const LEAST_ENTRIES: f64 = 25.0;

impl CheckKeys {
    pub(super) fn needs(&self) -> Result<Needs, Fault> {
        let of_shape = match (self.kind.get_ref(), &self.errors) {
            (Word::Ks, _) => true,
            (Word::Chi2 | Word::Bins, Some(errors)) => *errors.get_ref() == Errors::Counts,
            _ => false,
        };
        let entries = match &self.min_entries {
            Some(entries) => at_least("min_entries", entries, 0.0)?,
            None if of_shape => LEAST_ENTRIES,
            None => 0.0,
        };
        let points = self.min_points.as_ref().map_or(Ok(1), |points| counted("min_points", points, 1))?;
        Ok(Needs { points, entries, warm_up: self.warm_up.unwrap_or(0), missing: self.max_missing.unwrap_or(0) })
    }

    pub(super) fn kind(&self) -> Result<Kind, Fault> {
        let reference = self.reference.as_ref().map(|label| label.get_ref().clone());
        let take = self.take.as_ref().map(|take| *take.get_ref());
        let errors = self.errors.as_ref().map_or(Errors::Drawn, |errors| *errors.get_ref());
        let direction = self.direction.as_ref().map_or(Direction::Any, |direction| *direction.get_ref());
        let allow = self.allow.as_ref().map_or(0, |allow| *allow.get_ref());
        Ok(match self.kind.get_ref() {
            Word::Range => Kind::Range(self.range(take, allow)?),
            Word::Deviation => Kind::Deviation(self.deviation(take, reference)?),
            Word::Step => Kind::Trend(Trend { of: self.step()?, direction, limits: self.limits_above()? }),
            Word::Slope => Kind::Trend(Trend { of: self.slope()?, direction, limits: self.limits_above()? }),
            Word::Bins => {
                let measure = *self.needed("measure", self.measure.as_ref())?.get_ref();
                let normalise = self.normalise.as_ref().is_some_and(|normalise| *normalise.get_ref());
                Kind::Bins(Bins { reference, measure, errors, normalise, limits: self.limits_above()?, allow })
            }
            Word::Chi2 => Kind::Chi2(Chi2 { reference, errors, limits: self.limits_below()? }),
            Word::Ks => Kind::Kolmogorov(Kolmogorov { reference, limits: self.limits_below()? }),
            Word::Staleness => {
                let most = self.needed("stale_above_s", self.stale_above_s.as_ref())?;
                Kind::Staleness(Staleness { stale_above_s: at_least("stale_above_s", most, 1.0)? })
            }
        })
    }

    fn needed<'a, T>(&self, key: &str, value: Option<&'a Spanned<T>>) -> Result<&'a Spanned<T>, Fault> {
        value.ok_or_else(|| {
            Fault::at(&self.kind, format!("check '{}' has no '{key}', expected one with this kind", self.name.get_ref()))
        })
    }

    fn range(&self, take: Option<Take>, allow: usize) -> Result<Range, Fault> {
        let ok = self.needed("ok", self.ok.as_ref())?;
        check_band("ok", ok)?;
        if let Some(maybe) = &self.maybe {
            check_band("maybe", maybe)?;
            let (inner, outer) = (ok.get_ref(), maybe.get_ref());
            let has = |end: Option<f64>, open: bool| end.map_or(open, |end| outer.has(end));
            if !has(inner.from, outer.from.is_none()) || !has(inner.to, outer.to.is_none()) {
                let what = format!("'maybe' is {}, expected bounds around 'ok', which is {}", outer.words(""), inner.words(""));
                return Err(Fault::at(maybe, what));
            }
        }
        Ok(Range { take, ok: *ok.get_ref(), maybe: self.maybe.as_ref().map(|maybe| *maybe.get_ref()), allow })
    }

    fn deviation(&self, take: Option<Take>, reference: Option<String>) -> Result<Deviation, Fault> {
        if let (Some(Take::Each), Some(place)) = (take, &self.take) {
            let what = "'take' is \"each\", expected \"last\", \"mean\" or \"median\"; kind = \"bins\" looks at each";
            return Err(Fault::at(place, what));
        }
        let against = match (&self.expected, &self.reference) {
            (Some(expected), Some(_)) => {
                let what = "both 'expected' and 'reference', expected one of them";
                return Err(Fault::at(expected, what));
            }
            (Some(expected), None) => Against::Number(finite("expected", expected)?),
            (None, _) => Against::Reference(reference),
        };
        let measure = *self.needed("measure", self.measure.as_ref())?.get_ref();
        if let (Measure::Relative, Some(expected)) =
            (measure, self.expected.as_ref().filter(|expected| *expected.get_ref() == 0.0))
        {
            return Err(Fault::at(
                expected,
                "'expected' is 0, expected another with measure = \"relative\": no part is taken of 0",
            ));
        }
        Ok(Deviation { take, against, measure, limits: self.limits_above()? })
    }

    fn step(&self) -> Result<Movement, Fault> {
        let recent = counted("recent", self.needed("recent", self.recent.as_ref())?, 1)?;
        // The median absolute deviation of fewer is not worth its name.
        let before = counted("before", self.needed("before", self.before.as_ref())?, 4)?;
        let least_sigma = self.least_sigma.as_ref().map_or(Ok(0.0), |least| at_least("least_sigma", least, 0.0))?;
        Ok(Movement::Step { recent, before, least_sigma })
    }

    fn slope(&self) -> Result<Movement, Fault> {
        let recent = counted("recent", self.needed("recent", self.recent.as_ref())?, 3)?;
        let least_slope = self.least_slope.as_ref().map_or(Ok(0.0), |least| at_least("least_slope", least, 0.0))?;
        Ok(Movement::Slope { recent, least_slope })
    }

    fn limits_above(&self) -> Result<Limits, Fault> {
        let bad = at_least("bad_above", self.needed("bad_above", self.bad_above.as_ref())?, 0.0)?;
        let Some(place) = &self.maybe_above else { return Ok(Limits { maybe: None, bad }) };
        let maybe = at_least("maybe_above", place, 0.0)?;
        if maybe > bad {
            return Err(Fault::at(place, format!("'maybe_above' is {maybe}, expected at most 'bad_above', which is {bad}")));
        }
        Ok(Limits { maybe: Some(maybe), bad })
    }

    fn limits_below(&self) -> Result<Limits, Fault> {
        let bad = probability("bad_below", self.needed("bad_below", self.bad_below.as_ref())?)?;
        let Some(place) = &self.maybe_below else { return Ok(Limits { maybe: None, bad }) };
        let maybe = probability("maybe_below", place)?;
        if maybe < bad {
            return Err(Fault::at(place, format!("'maybe_below' is {maybe}, expected at least 'bad_below', which is {bad}")));
        }
        Ok(Limits { maybe: Some(maybe), bad })
    }
}

/// The keys of a check that is to be written. What is as it is without the key is left out, where reading fills it in alike.
impl CheckKeys {
    pub(super) fn of(check: &Check) -> Self {
        let mut keys = CheckKeys::common(check);
        match &check.kind {
            Kind::Range(range) => {
                keys.take = range.take.map(placed);
                keys.ok = Some(placed(range.ok));
                keys.maybe = range.maybe.map(placed);
                keys.allow = Some(placed(range.allow));
            }
            Kind::Deviation(deviation) => {
                keys.take = deviation.take.map(placed);
                match &deviation.against {
                    Against::Number(expected) => keys.expected = Some(placed(*expected)),
                    Against::Reference(label) => keys.reference = label.clone().map(placed),
                }
                keys.measure = Some(placed(deviation.measure));
                keys.set_above(deviation.limits);
            }
            Kind::Trend(trend) => keys.set_trend(trend),
            Kind::Bins(bins) => {
                keys.reference = bins.reference.clone().map(placed);
                keys.measure = Some(placed(bins.measure));
                keys.errors = Some(placed(bins.errors));
                keys.normalise = Some(placed(bins.normalise));
                keys.allow = Some(placed(bins.allow));
                keys.set_above(bins.limits);
            }
            Kind::Chi2(chi2) => {
                keys.reference = chi2.reference.clone().map(placed);
                keys.errors = Some(placed(chi2.errors));
                keys.set_below(chi2.limits);
            }
            Kind::Kolmogorov(kolmogorov) => {
                keys.reference = kolmogorov.reference.clone().map(placed);
                keys.set_below(kolmogorov.limits);
            }
            Kind::Staleness(staleness) => keys.stale_above_s = Some(placed(staleness.stale_above_s)),
        }
        keys
    }

    fn common(check: &Check) -> Self {
        CheckKeys {
            name: placed(check.name.clone()),
            task: placed(check.task.clone()),
            item: placed(check.item.clone()),
            kind: placed(Word::of(&check.kind)),
            meaning: placed(check.advice.meaning.clone()),
            action: placed(check.advice.action.clone()),
            contact: placed(check.advice.contact.clone()),
            series: check.series.clone(),
            leave_out: check.leave_out.clone(),
            min_points: Some(placed(check.needs.points)),
            min_entries: Some(placed(check.needs.entries)),
            warm_up: Some(check.needs.warm_up),
            max_missing: Some(check.needs.missing),
            take: None,
            allow: None,
            expected: None,
            reference: None,
            measure: None,
            errors: None,
            normalise: None,
            direction: None,
            recent: None,
            before: None,
            least_sigma: None,
            least_slope: None,
            maybe_above: None,
            bad_above: None,
            maybe_below: None,
            bad_below: None,
            stale_above_s: None,
            ok: None,
            maybe: None,
        }
    }

    fn set_trend(&mut self, trend: &Trend) {
        match trend.of {
            Movement::Step { recent, before, least_sigma } => {
                self.recent = Some(placed(recent));
                self.before = Some(placed(before));
                self.least_sigma = Some(placed(least_sigma));
            }
            Movement::Slope { recent, least_slope } => {
                self.recent = Some(placed(recent));
                self.least_slope = Some(placed(least_slope));
            }
        }
        self.direction = Some(placed(trend.direction));
        self.set_above(trend.limits);
    }

    fn set_above(&mut self, limits: Limits) {
        (self.maybe_above, self.bad_above) = (limits.maybe.map(placed), Some(placed(limits.bad)));
    }

    fn set_below(&mut self, limits: Limits) {
        (self.maybe_below, self.bad_below) = (limits.maybe.map(placed), Some(placed(limits.bad)));
    }
}

impl Word {
    fn of(kind: &Kind) -> Self {
        match kind {
            Kind::Range(_) => Word::Range,
            Kind::Deviation(_) => Word::Deviation,
            Kind::Trend(Trend { of: Movement::Step { .. }, .. }) => Word::Step,
            Kind::Trend(Trend { of: Movement::Slope { .. }, .. }) => Word::Slope,
            Kind::Bins(_) => Word::Bins,
            Kind::Chi2(_) => Word::Chi2,
            Kind::Kolmogorov(_) => Word::Ks,
            Kind::Staleness(_) => Word::Staleness,
        }
    }
}

fn finite(key: &str, number: &Spanned<f64>) -> Result<f64, Fault> {
    let value = *number.get_ref();
    if value.is_finite() { Ok(value) } else { Err(Fault::at(number, format!("'{key}' is {value}, expected a finite number"))) }
}

fn at_least(key: &str, number: &Spanned<f64>, least: f64) -> Result<f64, Fault> {
    let value = finite(key, number)?;
    if value >= least { Ok(value) } else { Err(Fault::at(number, format!("'{key}' is {value}, expected {least} or more"))) }
}

fn probability(key: &str, number: &Spanned<f64>) -> Result<f64, Fault> {
    let value = *number.get_ref();
    if (0.0..=1.0).contains(&value) {
        return Ok(value);
    }
    Err(Fault::at(number, format!("'{key}' is {value}, expected a probability, 0 to 1")))
}

fn counted(key: &str, number: &Spanned<usize>, least: usize) -> Result<usize, Fault> {
    let value = *number.get_ref();
    if (least..=1_000_000).contains(&value) {
        return Ok(value);
    }
    Err(Fault::at(number, format!("'{key}' is {value}, expected {least} to 1000000")))
}

fn check_band(key: &str, band: &Spanned<Band>) -> Result<(), Fault> {
    let Band { from, to } = *band.get_ref();
    let is_finite = from.is_none_or(f64::is_finite) && to.is_none_or(f64::is_finite);
    let is_band = is_finite && (from.is_some() || to.is_some()) && from.zip(to).is_none_or(|(from, to)| from <= to);
    if is_band {
        return Ok(());
    }
    Err(Fault::at(
        band,
        format!("'{key}' is {}, expected {{ from = 1.0, to = 2.0 }}, one end or both, the lower first", band.get_ref().words("")),
    ))
}
