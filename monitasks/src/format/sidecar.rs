//! The `.json` beside a result: what the field's text formats have no room for.
//!
//! A summary file carries no run number and a local time; the sidecar of the same stem says which raw files went in, with
//! which settings and versions, and keeps what the plots need besides (the drift profile behind a lifetime, entries per LEM).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::noise::NoiseSection;
use super::{FormatError, WriteError};
use crate::summary::Measured;
use crate::vocab::{FileId, Group, Processing, Run};

/// The newest layout this program writes and reads.
pub const SCHEMA: u32 = 1;

/// The content of a result's `.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sidecar {
    /// Layout of this file: [`SCHEMA`].
    pub schema: u32,
    /// The run measured.
    pub run: Run,
    /// The pass over the run.
    pub processing: Processing,
    /// The lane of that processing; none for one made by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<String>,
    /// The group inside the run.
    pub group: Group,
    /// The raw files whose events went in.
    pub members: Vec<FileId>,
    /// The detector file's name.
    pub detector: String,
    /// The channel map's name.
    pub channel_map: String,
    /// Program and version: `dqmon 0.1.0`.
    pub software: String,
    /// Every setting that could change a number, by name with unit.
    pub settings: serde_json::Map<String, serde_json::Value>,
    /// Events that went in.
    pub events: u64,
    /// Stamp of the first event.
    pub data_start: Option<Timestamp>,
    /// Stamp of the last event.
    pub data_end: Option<Timestamp>,
    /// When this result was made.
    pub processed_at: Timestamp,
    /// Of a purity result: the profile and fit of each view, in the order of the views.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purity: Option<[ViewPurity; 2]>,
    /// Of a gain result: a row per LEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gain: Option<GainSection>,
    /// Of a noise result: the groups of channels with their spectra.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<NoiseSection>,
}

/// What stands behind one view's lifetime.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ViewPurity {
    /// The electron lifetime, us.
    pub lifetime_us: Measured,
    /// Attenuation rate, 1/ms: the inverse of the lifetime. It is a number also where the attenuation is too little for a
    /// lifetime; older results have none.
    #[serde(default)]
    pub attenuation_per_ms: Measured,
    /// The drift profile that was fitted.
    pub profile: Vec<ProfileBin>,
    /// Amplitude of the fit `amplitude * exp(-t / lifetime)`, in the profile's unit.
    pub amplitude: Option<f64>,
    /// Tracks that went in.
    pub tracks: u64,
}

/// One bin of a drift profile: the charge of track pieces at a drift time, relative to the fit at no drift or to the track's
/// first complete piece, by the method of the purity.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ProfileBin {
    /// Drift time at the bin's centre, us.
    pub t_us: f64,
    /// Mean relative charge, no unit.
    pub charge: f64,
    /// Error of the mean.
    pub error: f64,
    /// Entries of the bin.
    pub entries: u64,
}

/// The gain part of a result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GainSection {
    /// Unit of the dQ/ds columns in the text file: `fC/cm`.
    pub dqds_unit: String,
    /// The lifetime, us, that corrected the charges; none when no attenuation was measured.
    pub lifetime_us: Option<f64>,
    /// Error of the attenuation rate, 1/ms, that is in the errors of all LEMs alike; none in older results.
    #[serde(default)]
    pub attenuation_error_per_ms: Option<f64>,
    /// Per view, what the estimate of each LEM was multiplied with to stand for the mean; none in older results.
    #[serde(default)]
    pub mean_over_estimate: Option<[f64; 2]>,
    /// Matched tracks that went in.
    pub tracks: u64,
    /// A row per LEM.
    pub lems: Vec<LemGainRow>,
}

/// One LEM of a gain result.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LemGainRow {
    /// Its number in the numbering of the result files.
    pub lem: u32,
    /// Entries per view.
    pub entries: [u64; 2],
    /// dQ/ds per view, attenuation corrected, in `dqds_unit`.
    pub dqds: [Measured; 2],
    /// Effective gain: the sum of both views' dQ/ds over the charge of a minimum ionising particle.
    pub effective_gain: Measured,
    /// (Q0 - Q1)/(Q0 + Q1) of the two dQ/ds, with the error of that difference: both views see the same electrons, so it is
    /// smaller than the errors of the two would make it. Older results have none.
    #[serde(default)]
    pub charge_asymmetry: Measured,
    /// Tracks that the entries are of; 0 in older results.
    #[serde(default)]
    pub tracks: u64,
}

impl Sidecar {
    /// Reads a sidecar.
    ///
    /// # Errors
    /// [`FormatError::Incomplete`] for one that stops in the middle, [`FormatError::Unknown`] for one of a newer layout, and
    /// [`FormatError::Malformed`] for anything else.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        /// What every layout has.
        #[derive(Deserialize)]
        struct Head {
            schema: u32,
        }
        let head: Head = serde_json::from_slice(bytes).map_err(|error| json_error(bytes, &error))?;
        if head.schema > SCHEMA {
            return Err(FormatError::Unknown(format!(
                "the .json beside the result has layout {}, and this program knows layouts up to {SCHEMA}: a newer program wrote it",
                head.schema
            )));
        }
        serde_json::from_slice(bytes).map_err(|error| json_error(bytes, &error))
    }

    /// The sidecar as text, ended by a line feed.
    ///
    /// # Errors
    /// A number that is not finite: JSON has no word for it.
    pub fn to_json(&self) -> Result<String, WriteError> {
        let text = serde_json::to_string_pretty(self).map_err(|error| WriteError(error.to_string()))?;
        match Sidecar::parse(text.as_bytes()) {
            Ok(_) => Ok(text + "\n"),
            Err(error) => Err(WriteError(format!("the .json would not be read back (a number that is not finite?): {error}"))),
        }
    }
}

fn json_error(bytes: &[u8], error: &serde_json::Error) -> FormatError {
    // Cut after a decimal point, a number is "invalid" to the reader and not "at its end".
    let text = bytes.trim_ascii();
    let cut = text.starts_with(b"{") && !text.ends_with(b"}");
    if cut || error.is_eof() {
        return FormatError::Incomplete(format!("the .json beside the result stops at line {}", error.line()));
    }
    FormatError::at(error.line(), format!("the .json beside the result can't be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sidecar() -> Sidecar {
        Sidecar {
            schema: SCHEMA,
            run: Run(1),
            processing: Processing(1),
            lane: None,
            group: Group(0),
            members: vec![FileId::new(1, 0), FileId::new(1, 1)],
            detector: "3x1x1".into(),
            channel_map: "2017".into(),
            software: "dqmon 0.1.0".into(),
            settings: serde_json::Map::new(),
            events: 670,
            data_start: Some(Timestamp::UNIX_EPOCH),
            data_end: None,
            processed_at: Timestamp::UNIX_EPOCH,
            purity: Some([0, 1].map(|_| ViewPurity {
                lifetime_us: Measured::number(2940.0, 80.0),
                attenuation_per_ms: Measured::number(0.34, 0.009),
                profile: vec![ProfileBin { t_us: 99.0, charge: 0.98, error: 0.01, entries: 120 }],
                amplitude: Some(1.01),
                tracks: 300,
            })),
            gain: Some(GainSection {
                dqds_unit: "fC/cm".into(),
                lifetime_us: None,
                attenuation_error_per_ms: Some(0.01),
                mean_over_estimate: Some([1.0, 1.1]),
                tracks: 0,
                lems: vec![LemGainRow {
                    lem: 1,
                    entries: [0; 2],
                    dqds: [Measured::NoData; 2],
                    effective_gain: Measured::NotMeasured,
                    charge_asymmetry: Measured::NoData,
                    tracks: 2,
                }],
            }),
            noise: None,
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let text = sidecar().to_json().unwrap();
        assert_eq!(Sidecar::parse(text.as_bytes()), Ok(sidecar()));
    }

    #[test]
    fn a_cut_sidecar_is_incomplete_wherever_it_is_cut() {
        let text = sidecar().to_json().unwrap();
        for cut in 0..text.len() - 2 {
            let answer = Sidecar::parse(&text.as_bytes()[..cut]);
            assert!(matches!(answer, Err(FormatError::Incomplete(_))), "cut at {cut}: {answer:?} {}", &text[..cut]);
        }
    }

    #[test]
    fn a_newer_layout_is_refused_by_its_number() {
        let newer = sidecar().to_json().unwrap().replacen("\"schema\": 1", "\"schema\": 2", 1).replace("members", "files");
        match Sidecar::parse(newer.as_bytes()) {
            Err(FormatError::Unknown(message)) => assert!(message.contains("layout 2"), "{message}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_number_that_json_can_not_hold_is_not_written() {
        let mut sidecar = sidecar();
        sidecar.gain.as_mut().unwrap().lifetime_us = Some(3000.0);
        sidecar.gain.as_mut().unwrap().lems[0].dqds[0] = Measured::number(f64::NAN, 0.0);
        assert!(sidecar.to_json().is_err());
    }

    #[test]
    fn what_is_no_sidecar_is_refused() {
        for text in ["[]", "{}", "null", "{\"schema\": -1}", "{\"schema\": 1}", "x"] {
            assert!(matches!(Sidecar::parse(text.as_bytes()), Err(FormatError::Malformed { .. })), "{text}");
        }
    }
}
