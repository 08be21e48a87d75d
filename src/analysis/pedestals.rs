//! Pedestals of a group of files: per channel the mean over events, complete events only.

use monitasks::detector::Detector;
use monitasks::format::pedestal::{Pedestal, PedestalRow};
use monitasks::vocab::Channel;

use crate::reconstruction::recofile::RecoData;

/// Values of every channel over the events so far.
#[derive(Debug, Clone, Default)]
pub struct PedestalSums {
    means: Vec<Vec<f32>>,
    rms: Vec<Vec<f32>>,
}

/// A value is dropped when its squared distance over twice the variance is above this.
const OUTLIER: f64 = 9.0;
/// Times that outliers are looked for.
const PASSES: usize = 3;

impl PedestalSums {
    /// Adds a file.
    pub fn add(&mut self, data: &RecoData) {
        let complete: Vec<bool> = data.events.complete.iter().map(|complete| *complete != 0).collect();
        let rows = &data.pedestals;
        for place in 0..rows.len() {
            let Ok(channel) = usize::try_from(rows.channel[place]) else { continue };
            let event = usize::try_from(rows.event[place]).unwrap_or(usize::MAX);
            if channel >= MOST_CHANNELS || !complete.get(event).copied().unwrap_or(false) {
                continue;
            }
            if channel >= self.means.len() {
                self.means.resize(channel + 1, Vec::new());
                self.rms.resize(channel + 1, Vec::new());
            }
            self.means[channel].push(rows.mean_adc[place]);
            self.rms[channel].push(rows.rms_adc[place]);
        }
    }

    /// A row per channel that reads a strip; no pedestal where no complete event was.
    #[must_use]
    pub fn rows(&self, detector: &Detector) -> Vec<PedestalRow> {
        (0u32..)
            .zip(&detector.channel_map)
            .filter_map(|(number, strip)| {
                let mean = self.means.get(number as usize).and_then(|values| robust_mean(values));
                let rms = self.rms.get(number as usize).and_then(|values| robust_mean(values));
                Some(PedestalRow {
                    channel: Channel(number),
                    module: 0, // one charge readout plane is all there is
                    strip: (*strip)?,
                    pedestal: mean.zip(rms).map(|(mean_adc, rms_adc)| Pedestal { mean_adc, rms_adc }),
                })
            })
            .collect()
    }
}

/// More channels than any file has: a damaged number must not take all memory.
const MOST_CHANNELS: usize = 1 << 16;

/// The mean without outliers; none for no values.
fn robust_mean(values: &[f32]) -> Option<f64> {
    let mut kept: Vec<f64> = values.iter().copied().map(f64::from).filter(|value| value.is_finite()).collect();
    for _ in 0..PASSES {
        let count = kept.len();
        let mean = kept.iter().sum::<f64>() / count as f64;
        let variance = kept.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count.max(2) - 1) as f64;
        kept.retain(|value| (value - mean).powi(2) <= 2.0 * OUTLIER * variance.max(1e-12));
        if kept.len() == count {
            break;
        }
    }
    (!kept.is_empty()).then(|| kept.iter().sum::<f64>() / kept.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outliers_are_dropped() {
        let mut values: Vec<f32> = (0..100).map(|place| 60.0 + 0.01 * (place % 5) as f32).collect();
        values.push(200.0);
        let mean = robust_mean(&values).unwrap();
        assert!((mean - 60.02).abs() < 1e-3, "{mean}");
        assert_eq!(robust_mean(&[]), None);
        assert_eq!(robust_mean(&[60.0]), Some(60.0));
        assert_eq!(robust_mean(&[f32::NAN]), None);
    }
}
