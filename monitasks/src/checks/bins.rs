//! Bin by bin against the reference, and chi2: all bins together.

use super::series::Series;
use super::statistics::chi2_probability;
use super::verdict::{Bound, Statistic, Verdict, number};
use super::{Limits, Measure, Question, Spot, entries_words, state_of_many};
use crate::quality::State;
use crate::references::{matched, same_axes};
use crate::summary::Measured;

/// A bin that adds more than this to a chi2 that failed is marked: three standard deviations.
const STICKS_OUT: f64 = 9.0;

/// Every bin, point or cell against that of the reference.
#[derive(Debug, Clone, PartialEq)]
pub struct Bins {
    /// The reference's label; none for any that is valid.
    pub reference: Option<String>,
    /// What a difference is measured in.
    pub measure: Measure,
    /// Where errors come from.
    pub errors: Errors,
    /// Whether the reference is first scaled to the same sum.
    pub normalise: bool,
    /// How large a difference may be, in that measure.
    pub limits: Limits,
    /// How many bins may be beyond.
    pub allow: usize,
}

/// All bins together against those of the reference.
#[derive(Debug, Clone, PartialEq)]
pub struct Chi2 {
    /// The reference's label; none for any that is valid.
    pub reference: Option<String>,
    /// Where errors come from.
    pub errors: Errors,
    /// How small the probability may be.
    pub limits: Limits,
}

/// Where the errors of bins come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Errors {
    /// The error bars of the plot.
    #[default]
    Drawn,
    /// The contents are counted entries, with errors of their roots.
    Counts,
}

/// A chi2 of two sets of bins.
#[derive(Debug, Clone, PartialEq)]
pub struct Chi2Sum {
    /// The sum.
    pub chi2: f64,
    /// Degrees of freedom.
    pub ndf: usize,
    /// What each bin adds, in order; 0 for one that is left out.
    pub terms: Vec<f64>,
    /// Bins that differ and can't be weighed, having no error: they are in no sum.
    pub unweighed: usize,
}

/// Two histograms of counted entries against each other, in shape: Σ (√(B/A) a - √(A/B) b)² / (a + b), with A and B the sums of
/// the contents a and b. Bins that are empty in both are left out; as many degrees of freedom as bins that are left, less one
/// for the sums.
///
/// H. Cramér, Mathematical Methods of Statistics (1946), section 30.6; N. D. Gagunashvili, arXiv:physics/0605123. It is Pearson's
/// chi2 of the table of two rows. Good where most bins have 5 entries or more. None where a content is negative or no number, or
/// a sum is 0.
#[must_use]
pub fn chi2_of_counts(one: &[f64], other: &[f64]) -> Option<Chi2Sum> {
    let is_count = |value: &f64| value.is_finite() && *value >= 0.0;
    let sums = [one.iter().sum::<f64>(), other.iter().sum::<f64>()];
    if one.len() != other.len() || !one.iter().chain(other).all(is_count) || sums.iter().any(|sum| *sum <= 0.0) {
        return None;
    }
    let scale = (sums[1] / sums[0]).sqrt();
    let term = |(a, b): (&f64, &f64)| if a + b > 0.0 { (scale * a - b / scale).powi(2) / (a + b) } else { 0.0 };
    let terms: Vec<f64> = one.iter().zip(other).map(term).collect();
    let filled = one.iter().zip(other).filter(|(a, b)| *a + *b > 0.0).count();
    Some(Chi2Sum { chi2: terms.iter().sum(), ndf: filled.saturating_sub(1), terms, unweighed: 0 })
}

/// Two sets of numbers with errors against each other: Σ (a - b)² / (σ_a² + σ_b²), one degree of freedom for each that has an
/// error. `[value, error]` each; an error that is no number is 0.
///
/// R. J. Barlow, Statistics (1989), chapter 6. Of independent sets: what both share makes it too small. None where a value is no
/// number.
#[must_use]
pub fn chi2_of_errors(one: &[[f64; 2]], other: &[[f64; 2]]) -> Option<Chi2Sum> {
    if one.len() != other.len() || one.iter().chain(other).any(|[value, _]| !value.is_finite()) {
        return None;
    }
    let known = |error: f64| if error.is_finite() { error } else { 0.0 };
    let (mut terms, mut ndf, mut unweighed) = (Vec::with_capacity(one.len()), 0, 0);
    for ([a, a_error], [b, b_error]) in one.iter().zip(other) {
        let error = known(*a_error).hypot(known(*b_error));
        if error > 0.0 {
            ndf += 1;
            terms.push(((a - b) / error).powi(2));
        } else {
            unweighed += usize::from(a != b);
            terms.push(0.0);
        }
    }
    Some(Chi2Sum { chi2: terms.iter().sum(), ndf, terms, unweighed })
}

/// Places that have a number in the series and in its reference.
pub(super) struct Pairs {
    pub(super) mine: Vec<Spot>,
    pub(super) known: Vec<Spot>,
    /// Places of the series that lack a number in either.
    pub(super) missing: usize,
}

impl Question<'_> {
    /// The series and its reference, place by place; why not, where their binning differs.
    pub(super) fn pairs(&self) -> Result<Pairs, (State, String)> {
        let cannot = |why: String| (State::CannotJudge, why);
        let reference = self.reference.ok_or_else(|| cannot("no reference".into()))?;
        same_axes(self.subject.figure, &reference.figure).map_err(|why| cannot(why.to_string()))?;
        let (mine, known) = matched(self.series, reference).map_err(|why| cannot(why.to_string()))?;
        let both = mine.spots.iter().zip(&known.spots).filter(|(mine, known)| mine.value.is_finite() && known.value.is_finite());
        let (mine, known): (Vec<Spot>, Vec<Spot>) = both.map(|(mine, known)| (*mine, *known)).unzip();
        if mine.is_empty() {
            return Err(cannot("no place has a number here and in the reference".into()));
        }
        Ok(Pairs { missing: self.series.spots.len() - mine.len(), mine, known })
    }

    /// Counted entries of the series and the reference, if both have enough.
    pub(super) fn counts(&self, pairs: &Pairs) -> Result<[Vec<f64>; 2], (State, String)> {
        let counts = |spots: &[Spot]| spots.iter().map(|spot| spot.value).collect::<Vec<f64>>();
        let (mine, known) = (counts(&pairs.mine), counts(&pairs.known));
        if mine.iter().chain(&known).any(|count| *count < 0.0) {
            return Err((State::CannotJudge, "a bin is below 0: its content is no count of entries".into()));
        }
        let needed = self.needs.entries;
        let (entries, of_reference): (f64, f64) = (mine.iter().sum(), known.iter().sum());
        if entries <= 0.0 {
            return Err((State::NoData, "no entries".into()));
        }
        if entries < needed {
            return Err((State::WarmingUp, entries_words(entries, needed)));
        }
        if of_reference <= 0.0 || of_reference < needed {
            return Err((State::CannotJudge, format!("the reference has {}", entries_words(of_reference, needed))));
        }
        Ok([mine, known])
    }
}

impl Bins {
    pub(super) fn judge(&self, question: &Question<'_>, verdict: &mut Verdict) {
        let found = question.pairs().and_then(|pairs| self.found(question, pairs, verdict));
        match found {
            Ok((state, reason)) | Err((state, reason)) => verdict.find(state, question.says(reason)),
        }
    }

    fn found(
        &self,
        question: &Question<'_>,
        mut pairs: Pairs,
        verdict: &mut Verdict,
    ) -> Result<(State, String), (State, String)> {
        if self.errors == Errors::Counts {
            question.counts(&pairs)?;
            pairs.mine.iter_mut().chain(&mut pairs.known).for_each(|spot| spot.error = spot.value.sqrt());
        }
        if self.normalise {
            normalise(&mut pairs)?;
        }
        let (mut maybe, mut bad) = (0, 0);
        for (mine, known) in pairs.mine.iter().zip(&pairs.known) {
            // Two bins of zero entries have no error and do not differ.
            let distance = if mine.value == known.value {
                0.0
            } else {
                let cannot = |why: &str| (State::CannotJudge, format!("at {}: {why}", number(mine.x, "")));
                self.measure.distance((mine.value, mine.error), (known.value, known.error)).map_err(cannot)?
            };
            match self.limits.of_large(distance) {
                State::Ok => continue,
                State::Maybe => maybe += 1,
                _ => bad += 1,
            }
            verdict.broke(question.series, mine, self.limits.of_large(distance));
        }
        self.add_envelopes(question.series, &pairs, verdict);
        verdict.looked(question.series, Measured::NoData, None, pairs.mine.len());
        question.note_missing(pairs.missing, verdict);
        let most = if self.allow > 0 { format!(", {} may be", self.allow) } else { String::new() };
        let far = self.measure.words(self.limits.maybe.unwrap_or(self.limits.bad), question.unit());
        let reason = format!("{} of {} more than {far} from the reference{most}", maybe + bad, pairs.mine.len());
        Ok((state_of_many(maybe, bad, self.allow), reason))
    }

    /// Bands along the reference; a map has no place to draw them.
    fn add_envelopes(&self, series: &Series, pairs: &Pairs, verdict: &mut Verdict) {
        let mut envelope = |limit: f64, within| {
            let edge = |(mine, known): (&Spot, &Spot)| {
                let error = |error: f64| if error.is_finite() { error } else { 0.0 };
                let reach = self.measure.reach(limit, known.value, error(mine.error).hypot(error(known.error)));
                [mine.x, known.value - reach, known.value + reach]
            };
            let edges =
                pairs.mine.iter().zip(&pairs.known).map(edge).filter(|edge| edge.iter().all(|at| at.is_finite())).collect();
            verdict.bounds.push(Bound::Envelope { series: series.label.clone(), edges, within });
        };
        if pairs.mine.iter().any(|spot| spot.row.is_some()) {
            return;
        }
        match self.limits.maybe {
            Some(maybe) => {
                envelope(maybe, State::Ok);
                envelope(self.limits.bad, State::Maybe);
            }
            None => envelope(self.limits.bad, State::Ok),
        }
    }
}

fn normalise(pairs: &mut Pairs) -> Result<(), (State, String)> {
    let sum = |spots: &[Spot]| spots.iter().map(|spot| spot.value).sum::<f64>();
    let scale = sum(&pairs.mine) / sum(&pairs.known);
    if !scale.is_finite() || scale <= 0.0 {
        return Err((State::CannotJudge, "the reference can't be scaled: a sum is 0 or below".into()));
    }
    for spot in &mut pairs.known {
        (spot.value, spot.error) = (spot.value * scale, spot.error * scale);
    }
    Ok(())
}

impl Chi2 {
    pub(super) fn judge(&self, question: &Question<'_>, verdict: &mut Verdict) {
        let found = question.pairs().and_then(|pairs| self.found(question, &pairs, verdict));
        match found {
            Ok((state, reason)) | Err((state, reason)) => verdict.find(state, question.says(reason)),
        }
    }

    fn found(&self, question: &Question<'_>, pairs: &Pairs, verdict: &mut Verdict) -> Result<(State, String), (State, String)> {
        let cannot = |why: String| (State::CannotJudge, why);
        let with_errors = |spots: &[Spot]| spots.iter().map(|spot| [spot.value, spot.error]).collect::<Vec<_>>();
        let sum = match self.errors {
            Errors::Counts => {
                let [mine, known] = question.counts(pairs)?;
                chi2_of_counts(&mine, &known)
            }
            Errors::Drawn => chi2_of_errors(&with_errors(&pairs.mine), &with_errors(&pairs.known)),
        };
        let sum = sum.ok_or_else(|| cannot("a bin holds no number".into()))?;
        if sum.unweighed > 0 {
            let what = "differ and have no error bars; errors = \"counts\" is for counted entries";
            return Err(cannot(format!("{} of {} places {what}", sum.unweighed, pairs.mine.len())));
        }
        let Some(p) = chi2_probability(sum.chi2, sum.ndf) else {
            return Err(cannot(format!("{} places that can be weighed are too few for a chi2", sum.ndf)));
        };
        verdict.statistics.push(Statistic::Chi2 { series: question.series.label.clone(), chi2: sum.chi2, ndf: sum.ndf, p });
        verdict.looked(question.series, Measured::NoData, None, pairs.mine.len());
        question.note_missing(pairs.missing, verdict);
        let state = self.limits.of_small(p);
        if state != State::Ok {
            let largest = sum.terms.iter().copied().fold(0.0, f64::max);
            let sticks_out = |term: f64| term > STICKS_OUT || term >= largest;
            let out = pairs.mine.iter().zip(&sum.terms).filter(|(_, term)| sticks_out(**term));
            out.for_each(|(spot, _)| verdict.broke(question.series, spot, state));
        }
        Ok((state, format!("chi2/ndf {:.1}/{}, probability {}", sum.chi2, sum.ndf, number(p, ""))))
    }
}
