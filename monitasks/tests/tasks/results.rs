//! Results of a small shift, written by the same code that writes the real ones.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use monitasks::detector::{Detector, Strip};
use monitasks::format::crp_summary::{CrpSummary, LemRow};
use monitasks::format::pedestal::{self, Pedestal, PedestalRow};
use monitasks::format::sidecar::{GainSection, LemGainRow, ProfileBin, SCHEMA, Sidecar, ViewPurity};
use monitasks::summary::{Measured, Summary};
use monitasks::task::{MonTask, ReadError, ResultFile, TaskContext};
use monitasks::vocab::{Channel, FileId, Group, Processing, Run};

/// A result as it lies in the folder.
#[derive(Clone)]
pub struct Written {
    pub name: String,
    pub bytes: Vec<u8>,
    pub sidecar: Option<Vec<u8>>,
}

impl Written {
    pub fn read_by(&self, task: &dyn MonTask, detector: &Detector) -> Result<Summary, ReadError> {
        let input = ResultFile { name: &self.name, bytes: &self.bytes, sidecar: self.sidecar.as_deref() };
        task.read(&input, &TaskContext { detector, now: noon(9) })
    }
}

/// Noon of a day of November 2026.
pub fn noon(day: u32) -> Timestamp {
    format!("2026-11-{day:02}T12:00:00Z").parse().unwrap()
}

fn sidecar(run: u32, processing: u32) -> Sidecar {
    Sidecar {
        schema: SCHEMA,
        run: Run(run),
        processing: Processing(processing),
        lane: None,
        group: Group(0),
        members: (0..3).map(|sequence| FileId::new(run, sequence)).collect(),
        detector: "small".into(),
        channel_map: "plain".into(),
        software: "dqmon 0.1.0".into(),
        settings: serde_json::Map::new(),
        events: 1005,
        data_start: Some(noon(run)),
        data_end: Some(noon(run)),
        processed_at: noon(run + 1),
        purity: None,
        gain: None,
        noise: None,
    }
}

/// A charge readout plane's result: lifetimes in us, gains of the 6 LEMs (0: too few tracks, no number).
pub fn crp(run: u32, processing: u32, lifetimes_us: [Measured; 2], gains: [f64; 6]) -> Written {
    let purity = lifetimes_us.map(|lifetime_us| ViewPurity {
        lifetime_us,
        attenuation_per_ms: Measured::NoData,
        profile: [99.0, 165.0, 231.0]
            .map(|t_us: f64| ProfileBin { t_us, charge: f64::exp(-t_us / 3000.0), error: 0.01, entries: 150 })
            .into(),
        amplitude: lifetime_us.value().map(|_| 1.0),
        tracks: 200,
    });
    let measured = |value: f64, error: f64| if value > 0.0 { Measured::number(value, error) } else { Measured::NotMeasured };
    let lems: Vec<LemGainRow> = (1..)
        .zip(gains)
        .map(|(lem, gain)| LemGainRow {
            lem,
            entries: [100, 120],
            dqds: [measured(5.2 * gain, 0.2), measured(4.8 * gain, 0.2)],
            effective_gain: measured(gain, 0.03),
            charge_asymmetry: Measured::NoData,
            tracks: 12,
        })
        .collect();
    let text = CrpSummary {
        lifetime_us: Some(lifetimes_us),
        lems: lems.iter().map(|row| LemRow { lem: row.lem, dqds: row.dqds }).collect(),
        ..CrpSummary::at(noon(run + 1), &TimeZone::UTC)
    };
    let gain = GainSection {
        dqds_unit: "fC/cm".into(),
        lifetime_us: lifetimes_us[0].value(),
        attenuation_error_per_ms: Some(0.01),
        mean_over_estimate: Some([1.0; 2]),
        tracks: 150,
        lems,
    };
    let sidecar = Sidecar { purity: Some(purity), gain: Some(gain), ..sidecar(run, processing) };
    Written {
        name: format!("crp/run{run}-p{processing}-g0.txt"),
        bytes: text.to_text().unwrap().into_bytes(),
        sidecar: Some(sidecar.to_json().unwrap().into_bytes()),
    }
}

/// A pedestal file of all channels, the third silent.
pub fn pedestals(run: u32, detector: &Detector, noise_adc: f64) -> Written {
    let row = |channel: u32, strip: Strip| PedestalRow {
        channel: Channel(channel),
        module: 0,
        strip,
        pedestal: (channel != 2).then_some(Pedestal { mean_adc: 60.0 + 0.125 * f64::from(channel), rms_adc: noise_adc }),
    };
    let rows: Vec<PedestalRow> = (0..).zip(&detector.channel_map).map(|(channel, strip)| row(channel, strip.unwrap())).collect();
    Written {
        name: format!("pedestals/run{run}-p1-g0.ped"),
        bytes: pedestal::to_text(&rows).unwrap().into_bytes(),
        sidecar: Some(sidecar(run, 1).to_json().unwrap().into_bytes()),
    }
}

/// A shift: run 1 processed twice, run 2 with a view and a LEM that give no number.
pub fn shift(task: &dyn MonTask, detector: &Detector) -> Vec<Summary> {
    let lifetime = |value| Measured::number(value, 80.0);
    let written = if task.info().folder == "crp" {
        vec![
            crp(1, 1, [lifetime(2500.0), lifetime(2500.0)], [2.0; 6]),
            crp(1, 2, [lifetime(2940.0), lifetime(2900.0)], [3.0, 3.1, 2.9, 3.0, 3.05, 2.95]),
            crp(2, 1, [lifetime(3010.0), Measured::NotMeasured], [3.1, 3.0, 0.0, 2.9, 3.0, 3.05]),
        ]
    } else {
        vec![pedestals(1, detector, 1.7), pedestals(2, detector, 1.9)]
    };
    written.iter().map(|written| written.read_by(task, detector).unwrap()).collect()
}
