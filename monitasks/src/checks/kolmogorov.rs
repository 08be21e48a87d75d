//! Kolmogorov and Smirnov: the largest distance of two cumulative distributions.

use super::bins::Pairs;
use super::statistics::kolmogorov_probability;
use super::verdict::{Statistic, Verdict, number};
use super::{Limits, Question};
use crate::quality::State;
use crate::summary::Measured;

/// The shape of a histogram of counted entries against the reference's.
#[derive(Debug, Clone, PartialEq)]
pub struct Kolmogorov {
    /// The reference's label; none for any that is valid.
    pub reference: Option<String>,
    /// How small the probability may be.
    pub limits: Limits,
}

/// How far two cumulative distributions are apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distance {
    /// The largest distance, 0 to 1.
    pub d: f64,
    /// Entries of both together: n1 n2 / (n1 + n2).
    pub effective_entries: f64,
    /// The bin after which it is reached, from 0.
    pub bin: usize,
    /// The probability of one at least so large, were both of one distribution.
    pub p: f64,
}

/// The distance of two histograms of counted entries with the same bins, and its probability by the limit for many entries, with
/// z = d √(n1 n2 / (n1 + n2)).
///
/// N. Smirnov, Bull. Math. Univ. Moscou 2 (1939) 3; Press et al., Numerical Recipes, 3rd ed., section 14.3. The limit is good from
/// some 25 entries in each. Within bins the order of the entries is not known, so d comes out too small and the probability too
/// large: bins should be narrow beside what is looked for. None where a content is negative or no number, or a sum is 0.
#[must_use]
pub fn distance_of_counts(one: &[f64], other: &[f64]) -> Option<Distance> {
    let is_count = |value: &f64| value.is_finite() && *value >= 0.0;
    let (all, of_other) = (one.iter().sum::<f64>(), other.iter().sum::<f64>());
    if one.len() != other.len() || !one.iter().chain(other).all(is_count) || all <= 0.0 || of_other <= 0.0 {
        return None;
    }
    let (mut sum, mut sum_of_other, mut d, mut bin) = (0.0, 0.0, 0.0, 0);
    for (at, (a, b)) in one.iter().zip(other).enumerate() {
        sum += a;
        sum_of_other += b;
        let apart = (sum / all - sum_of_other / of_other).abs();
        if apart > d {
            (d, bin) = (apart, at);
        }
    }
    let effective_entries = all * of_other / (all + of_other);
    let p = kolmogorov_probability(d * effective_entries.sqrt())?;
    Some(Distance { d, effective_entries, bin, p })
}

impl Kolmogorov {
    pub(super) fn judge(&self, question: &Question<'_>, verdict: &mut Verdict) {
        let found = question.pairs().and_then(|pairs| self.found(question, &pairs, verdict));
        match found {
            Ok((state, reason)) | Err((state, reason)) => verdict.find(state, question.says(reason)),
        }
    }

    fn found(&self, question: &Question<'_>, pairs: &Pairs, verdict: &mut Verdict) -> Result<(State, String), (State, String)> {
        let cannot = |why: &str| (State::CannotJudge, why.to_owned());
        let super::series::Form::Steps(edges) = &question.series.form else {
            return Err(cannot("only a histogram has a cumulative distribution"));
        };
        let [mine, known] = question.counts(pairs)?;
        let distance = distance_of_counts(&mine, &known).ok_or_else(|| cannot("a bin holds no count"))?;
        let Distance { d, effective_entries, bin, p } = distance;
        let spot = pairs.mine.get(bin);
        let at_x = spot.and_then(|spot| edges.get(spot.place + 1)).copied().unwrap_or(f64::NAN);
        let series = question.series.label.clone();
        verdict.statistics.push(Statistic::Kolmogorov { series, d, effective_entries, p, at_x });
        verdict.looked(question.series, Measured::NoData, None, pairs.mine.len());
        question.note_missing(pairs.missing, verdict);
        let state = self.limits.of_small(p);
        if let Some(spot) = spot.filter(|_| state != State::Ok) {
            verdict.broke(question.series, spot, state);
        }
        Ok((state, format!("D {d:.3} up to {}, probability {}", number(at_x, ""), number(p, ""))))
    }
}
