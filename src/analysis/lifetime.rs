//! The electron lifetime that corrects charges, from both views' results, with its error.
//!
//! What is measured is the attenuation *rate*, 1/lifetime: its errors are even to both sides, and rates can be averaged. A rate that
//! could be 0 gives no lifetime, and no correction is made with it; but charges may be attenuated by as much as the rate and its
//! error say, and that goes into the errors.

use monitasks::format::sidecar::ViewPurity;
use monitasks::summary::Measured;

/// An attenuation that is not this many errors away from none is not measured.
const LEAST_SIGNIFICANCE: f64 = 3.0;

/// What charges are corrected with: `exp(rate_per_us * drift time)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Correction {
    /// Attenuation rate, 1/us; 0 when no attenuation was measured.
    pub rate_per_us: f64,
    /// Its error, 1/us; infinite when nothing is known.
    pub error_per_us: f64,
}

impl Correction {
    /// By the lifetimes of both views; with what stands behind them, where that is known.
    ///
    /// The views share every electron and so the fluctuations of the charges: their errors are taken as fully correlated, and the
    /// error of the mean rate is the mean of the errors.
    #[must_use]
    pub fn of(lifetimes_us: [Measured; 2], purity: Option<&[ViewPurity; 2]>) -> Self {
        let rates: Vec<(f64, f64)> = (0..2)
            .filter_map(|view: usize| {
                let recorded = purity.and_then(|purity| purity[view].attenuation_per_ms.value_and_error());
                recorded.map(|(rate, error)| (1e-3 * rate, 1e-3 * error)).or_else(|| {
                    let (lifetime_us, error_us) = lifetimes_us[view].value_and_error()?;
                    Some((1.0 / lifetime_us, error_us / (lifetime_us * lifetime_us)))
                })
            })
            .filter(|(rate, error)| rate.is_finite() && error.is_finite())
            .collect();
        let count = rates.len() as f64;
        let rate_per_us = rates.iter().map(|(rate, _)| rate).sum::<f64>() / count;
        let error_per_us = rates.iter().map(|(_, error)| error).sum::<f64>() / count;
        if rates.is_empty() {
            return Correction { rate_per_us: 0.0, error_per_us: f64::INFINITY };
        }
        let is_measured = lifetimes_us.iter().any(|lifetime_us| lifetime_us.value().is_some());
        if is_measured && rate_per_us > 0.0 {
            Correction { rate_per_us, error_per_us }
        } else {
            Correction { rate_per_us: 0.0, error_per_us: error_per_us.hypot(rate_per_us) }
        }
    }

    /// Whether there is anything to correct with; without it no attenuation-corrected charge is known.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.error_per_us.is_finite()
    }

    /// The lifetime, us; none when no attenuation was measured.
    #[must_use]
    pub fn lifetime_us(&self) -> Option<f64> {
        (self.rate_per_us > 0.0).then(|| 1.0 / self.rate_per_us)
    }
}

/// The lifetime, us, of a rate, 1/us. A rate that could be 0 is "no attenuation measured". Charge that grows with the drift is no
/// attenuation of any kind, and says nothing of the purity.
#[must_use]
pub fn lifetime_of(rate_per_us: f64, error_per_us: f64) -> Measured {
    if rate_per_us > LEAST_SIGNIFICANCE * error_per_us {
        let lifetime_us = 1.0 / rate_per_us;
        Measured::number(lifetime_us, lifetime_us * lifetime_us * error_per_us)
    } else if rate_per_us >= -LEAST_SIGNIFICANCE * error_per_us {
        Measured::NotMeasured
    } else {
        Measured::NoData
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purity(rates_per_ms: [Measured; 2]) -> [ViewPurity; 2] {
        rates_per_ms.map(|attenuation_per_ms| ViewPurity {
            lifetime_us: attenuation_per_ms
                .value_and_error()
                .map_or(Measured::NoData, |(rate, error)| lifetime_of(1e-3 * rate, 1e-3 * error)),
            attenuation_per_ms,
            profile: Vec::new(),
            amplitude: None,
            tracks: 0,
        })
    }

    fn correction(rates_per_ms: [Measured; 2]) -> Correction {
        let purity = purity(rates_per_ms);
        Correction::of([purity[0].lifetime_us, purity[1].lifetime_us], Some(&purity))
    }

    #[test]
    fn only_a_rate_that_could_be_nothing_is_no_attenuation() {
        assert!(matches!(lifetime_of(1.0 / 3000.0, 1e-5), Measured::Number { value, .. } if (value - 3000.0).abs() < 1e-9));
        assert_eq!(lifetime_of(1e-5, 1e-5), Measured::NotMeasured);
        assert_eq!(lifetime_of(-1e-5, 1e-5), Measured::NotMeasured);
        assert_eq!(lifetime_of(-1e-3, 1e-5), Measured::NoData, "charge that grows with the drift");
    }

    #[test]
    fn rates_are_averaged_and_their_errors_are_common() {
        let found = correction([Measured::number(0.30, 0.01), Measured::number(0.34, 0.02)]);
        assert!((found.rate_per_us - 3.2e-4).abs() < 1e-12 && (found.error_per_us - 1.5e-5).abs() < 1e-12, "{found:?}");
        assert!((found.lifetime_us().unwrap() - 3125.0).abs() < 1e-6);
    }

    #[test]
    fn attenuation_that_was_not_seen_is_in_the_error() {
        let found = correction([Measured::number(0.02, 0.01), Measured::number(0.04, 0.03)]);
        assert_eq!((found.rate_per_us, found.lifetime_us()), (0.0, None));
        assert!((found.error_per_us - 2e-5f64.hypot(3e-5)).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn without_any_rate_nothing_is_known() {
        assert!(!correction([Measured::NoData; 2]).is_known());
        let text_alone = Correction::of([Measured::number(3000.0, 90.0), Measured::NoData], None);
        assert!((text_alone.error_per_us - 1e-5).abs() < 1e-12 && text_alone.is_known());
    }
}
