//! The noise file: RMS of each group of channels, shared and of the channels' own. Its spectra are in the `.json` beside it.
//!
//! ```text
//! # group first_channel channels segments noise_adc error coherent_adc error incoherent_adc error peak_khz peak_ratio
//! 0 0 32 4120 1.7702 0.0021 0.4991 0.0043 1.6984 0.0019 312.5 1.08
//! ```
//! A line that begins with `#` is a comment. A number that was not measured is `0` with the error `0`. Like the field's files it is
//! read by blanks; a last line that no line feed ends is half written.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::{FormatError, WriteError, lines, quoted};
use crate::summary::Measured;

/// Noise of a detector's groups of channels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NoiseSection {
    /// Samples of one spectrum.
    pub segment_ticks: u64,
    /// Distance between two frequencies, kHz; the first is 0.
    pub frequency_step_khz: f64,
    /// A channel's stretch with a sample farther than this from its pedestal, in its RMS, is left out as signal.
    pub signal_sigma: f64,
    /// The groups, in DAQ order.
    pub groups: Vec<GroupNoise>,
}

/// Noise of one group of channels that share electronics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupNoise {
    /// Its number, from 0.
    pub group: u32,
    /// Its first channel in DAQ order.
    pub first_channel: u32,
    /// Its channels.
    pub channels: u32,
    /// Stretches of channels that went in.
    pub segments: u64,
    /// RMS of all noise, ADC counts.
    pub noise_adc: Measured,
    /// RMS of the noise that the channels share, ADC counts.
    pub coherent_adc: Measured,
    /// RMS of the channels' own noise, ADC counts.
    pub incoherent_adc: Measured,
    /// Frequency that stands out most, kHz; none with no spectrum.
    pub peak_khz: Option<f64>,
    /// Power there over the median of its neighbourhood.
    pub peak_ratio: Option<f64>,
    /// Power spectrum of all noise by frequency, ADC counts squared per kHz; empty when there was nothing to measure.
    pub noise_adc2_per_khz: Vec<f64>,
    /// Power spectrum of the shared noise; it fluctuates about 0 where there is none.
    pub coherent_adc2_per_khz: Vec<f64>,
}

/// One row of the text file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoiseRow {
    /// Its number, from 0.
    pub group: u32,
    /// Its first channel in DAQ order.
    pub first_channel: u32,
    /// Its channels.
    pub channels: u32,
    /// Stretches of channels that went in.
    pub segments: u64,
    /// RMS of all noise, of the shared noise, and of the channels' own, ADC counts.
    pub rms_adc: [Measured; 3],
    /// Frequency that stands out most, kHz, and its power over the median of its neighbourhood; 0 and 0 with no spectrum.
    pub peak: [f64; 2],
}

const HEAD: &str =
    "# group first_channel channels segments noise_adc error coherent_adc error incoherent_adc error peak_khz peak_ratio\n";

impl NoiseSection {
    /// The text file.
    ///
    /// # Errors
    /// A number that is not finite.
    pub fn to_text(&self) -> Result<String, WriteError> {
        let mut text = HEAD.to_owned();
        for group in &self.groups {
            let _ = write!(text, "{} {} {} {}", group.group, group.first_channel, group.channels, group.segments);
            for measured in [group.noise_adc, group.coherent_adc, group.incoherent_adc] {
                let (value, error) = measured.value_and_error().unwrap_or((0.0, 0.0));
                if !(value.is_finite() && error.is_finite()) {
                    return Err(WriteError(format!(
                        "noise {value} with error {error} of group {} can't be written",
                        group.group
                    )));
                }
                let _ = write!(text, " {value:.4} {error:.4}");
            }
            let _ = writeln!(text, " {:.2} {:.2}", group.peak_khz.unwrap_or(0.0), group.peak_ratio.unwrap_or(0.0));
        }
        Ok(text)
    }
}

/// Reads the text file.
///
/// # Errors
/// [`FormatError::Incomplete`] for a last line with no line feed or no row; [`FormatError::Malformed`] for anything else that is
/// no noise file.
pub fn parse(bytes: &[u8]) -> Result<Vec<NoiseRow>, FormatError> {
    let mut rows: Vec<NoiseRow> = Vec::new();
    for line in lines(bytes)? {
        line.whole()?;
        if line.text.starts_with('#') {
            continue;
        }
        let row = row_of(line.text).ok_or_else(|| {
            let expected =
                "12 numbers: group, first channel, channels, segments, three RMS with errors, peak in kHz and its ratio";
            FormatError::at(line.number, format!("{} found, expected {expected}", quoted(line.text)))
        })?;
        if rows.last().is_some_and(|last| last.group >= row.group) {
            return Err(FormatError::at(line.number, format!("group {} stands behind a later one or twice", row.group)));
        }
        rows.push(row);
    }
    if rows.is_empty() { Err(FormatError::Incomplete("no group in it yet".into())) } else { Ok(rows) }
}

fn row_of(text: &str) -> Option<NoiseRow> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [group, first_channel, channels, segments, numbers @ ..] = words.as_slice() else { return None };
    let numbers: Vec<f64> =
        numbers.iter().map(|word| word.parse().ok().filter(|number: &f64| number.is_finite())).collect::<Option<_>>()?;
    let [noise, noise_error, coherent, coherent_error, own, own_error, peak_khz, peak_ratio] = numbers[..] else { return None };
    let measured = |value: f64, error: f64| if value == 0.0 { Measured::NotMeasured } else { Measured::number(value, error) };
    Some(NoiseRow {
        group: group.parse().ok()?,
        first_channel: first_channel.parse().ok()?,
        channels: channels.parse().ok()?,
        segments: segments.parse().ok()?,
        rms_adc: [measured(noise, noise_error), measured(coherent, coherent_error), measured(own, own_error)],
        peak: [peak_khz, peak_ratio],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section() -> NoiseSection {
        let group = |group: u32| GroupNoise {
            group,
            first_channel: 32 * group,
            channels: 32,
            segments: 4120,
            noise_adc: Measured::number(1.7702, 0.0021),
            coherent_adc: if group == 0 { Measured::number(0.4991, 0.0043) } else { Measured::NotMeasured },
            incoherent_adc: Measured::number(1.6984, 0.0019),
            peak_khz: Some(312.5),
            peak_ratio: Some(1.08),
            noise_adc2_per_khz: vec![0.1, 0.2],
            coherent_adc2_per_khz: vec![-0.01, 0.2],
        };
        NoiseSection { segment_ticks: 512, frequency_step_khz: 4.8828125, signal_sigma: 5.0, groups: vec![group(0), group(1)] }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let rows = parse(section().to_text().unwrap().as_bytes()).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[1].group, rows[1].first_channel, rows[1].channels, rows[1].segments), (1, 32, 32, 4120));
        assert_eq!(
            rows[0].rms_adc,
            [Measured::number(1.7702, 0.0021), Measured::number(0.4991, 0.0043), Measured::number(1.6984, 0.0019)]
        );
        assert_eq!(rows[1].rms_adc[1], Measured::NotMeasured);
        assert_eq!(rows[0].peak, [312.5, 1.08]);
    }

    #[test]
    fn every_prefix_is_whole_rows_or_incomplete() {
        let text = section().to_text().unwrap();
        for cut in 0..text.len() {
            match parse(&text.as_bytes()[..cut]) {
                Ok(rows) => assert!(text.as_bytes()[cut - 1] == b'\n' && !rows.is_empty(), "cut at {cut}"),
                Err(FormatError::Incomplete(_)) => {}
                Err(error) => panic!("cut at {cut}: {error}"),
            }
        }
    }

    #[test]
    fn what_is_no_noise_file_is_refused_with_its_line() {
        let text = section().to_text().unwrap();
        let twice = text.clone() + text.lines().nth(1).unwrap() + "\n";
        for (text, line) in [("# x\n1 2 3\n", 2), ("1 0 32 9 nan 0 1 0 1 0 1 1\n", 1), (twice.as_str(), 4)] {
            match parse(text.as_bytes()) {
                Err(FormatError::Malformed { line: found, .. }) => assert_eq!(found, line, "{text:?}"),
                other => panic!("{text:?} gave {other:?}"),
            }
        }
    }

    #[test]
    fn a_number_that_is_not_finite_is_not_written() {
        let mut section = section();
        section.groups[0].noise_adc = Measured::number(f64::NAN, 0.0);
        assert!(section.to_text().is_err());
    }
}
