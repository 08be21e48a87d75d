//! Results of a small shift, written by the same code that writes the real ones.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use monitasks::detector::{Detector, Strip};
use monitasks::format::crp_summary::{CrpSummary, LemRow};
use monitasks::format::histograms::Histograms;
use monitasks::format::noise::{GroupNoise, NoiseSection};
use monitasks::format::pedestal::{self, Pedestal, PedestalRow};
use monitasks::format::root::{Histogram, HistogramAxis};
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

/// A result of events: 100 of them, of which 10 hits are on each strip that sees, and at a rate or with none.
pub fn events(run: u32, detector: &Detector, rate_hz: Option<f64>) -> Written {
    let mut content = Histograms::default();
    let mut put = |name: &str, value: f64, error: f64| content.numbers.push((name.into(), value, error));
    put("events", 100.0, 0.0);
    for view in 0..2 {
        put(&format!("hits_view{view}"), 30.0, 0.0);
        put(&format!("hits_per_event_view{view}"), 0.3, 0.02);
        put(&format!("tracks_per_event_view{view}"), 5.5, 0.2);
    }
    put("tracks_matched", 40.0, 0.0);
    put("matched_per_event", 0.4, 0.05);
    put("missing_sequences", 0.0, 0.0);
    put("missing_event_numbers", 2.0, 0.0);
    put("missing_triggers", 3.0, 0.0);
    put("missing_triggers_percent", 2.9, 1.7);
    put("backward_stamps", 0.0, 0.0);
    if let Some(rate_hz) = rate_hz {
        put("rate_hz", rate_hz, 0.3);
        put("gap_bound_s", 3.8, 0.0);
        put("gaps", 1.0, 0.0);
        put("gap_time_s", 12.5, 0.0);
        put("shortest_interval_s", 0.002, 0.0);
        put("longest_interval_s", 12.5, 0.0);
    }
    let filled = |name: &str, axis: HistogramAxis, values: &[f64]| {
        let mut histogram = Histogram::new(name, name, vec![axis]);
        values.iter().for_each(|value| histogram.fill(&[*value]));
        histogram
    };
    for (view, facts) in (0u8..).zip(&detector.views) {
        let shift = f64::from(view);
        let strips = HistogramAxis::new(facts.strips, -0.5, facts.strips as f64 - 0.5);
        let hits: Vec<f64> = (1..facts.strips).flat_map(|strip| vec![strip as f64; 10]).collect();
        content.list.push(filled(&format!("hits_by_strip_view{view}"), strips, &hits));
        let values = [1.0, 2.0 + shift, 2.5, 3.0];
        for name in ["hit_charge", "hit_width", "hit_time"] {
            content.list.push(filled(&format!("{name}_view{view}"), HistogramAxis::new(4, 0.0, 4.0), &values));
        }
    }
    content.list.push(filled("track_length", HistogramAxis::new(4, 0.0, 200.0), &[80.0, 90.0, 120.0]));
    content.list.push(filled("track_zenith", HistogramAxis::new(3, 0.0, 90.0), &[20.0, 25.0, 35.0]));
    content.list.push(filled("track_azimuth", HistogramAxis::new(4, -180.0, 180.0), &[-100.0, 20.0, 100.0]));
    let mut entry =
        Histogram::new("track_entry", "entry", vec![HistogramAxis::new(2, -50.0, 50.0), HistogramAxis::new(3, -75.0, 75.0)]);
    [[-10.0, -60.0], [10.0, 0.0], [10.0, 10.0], [20.0, 70.0]].iter().for_each(|place| entry.fill(place));
    content.list.push(entry);
    if rate_hz.is_some() {
        let begin = noon(run).as_second() as f64;
        let time = || HistogramAxis::new(4, begin, begin + 4.0);
        content.list.push(filled("events_over_time", time(), &[0.5, 1.5, 1.6, 3.5].map(|second| begin + second)));
        let mut watched = filled("watched_over_time", time(), &[]);
        watched.contents[1..=4].copy_from_slice(&[1.0, 1.0, 0.1, 0.8]);
        content.list.push(watched);
        content.list.push(filled(
            "event_intervals",
            HistogramAxis { edges: vec![0.001, 0.1, 1.0, 100.0], ..HistogramAxis::new(3, 0.001, 100.0) },
            &[0.002, 0.5, 12.5],
        ));
    }
    Written {
        name: format!("events/run{run}-p1-g0.root"),
        bytes: content.to_root(&format!("run{run}-p1-g0"), "small", noon(run)).unwrap(),
        sidecar: Some(sidecar(run, 1).to_json().unwrap().into_bytes()),
    }
}

/// A noise result of the small detector's five groups; the last had nothing to measure.
pub fn noise(run: u32, noise_adc: f64) -> Written {
    let group = |group: u32| {
        let is_there = group < 4;
        let measured = |value: f64| if is_there { Measured::number(value, 0.01) } else { Measured::NoData };
        GroupNoise {
            group,
            first_channel: 2 * group,
            channels: 2,
            segments: if is_there { 400 } else { 0 },
            noise_adc: measured(noise_adc + 0.1 * f64::from(group)),
            coherent_adc: if group == 1 { Measured::NotMeasured } else { measured(0.3) },
            incoherent_adc: measured(noise_adc),
            peak_khz: is_there.then_some(20.0),
            peak_ratio: is_there.then_some(1.5 + f64::from(group)),
            noise_adc2_per_khz: if is_there { vec![0.0, 0.001, 0.001, 0.002, 0.004, 0.001] } else { Vec::new() },
            coherent_adc2_per_khz: if is_there { vec![0.0, 0.0, 0.0001, -0.0001, 0.001, 0.0] } else { Vec::new() },
        }
    };
    let section =
        NoiseSection { segment_ticks: 10, frequency_step_khz: 10.0, signal_sigma: 5.0, groups: (0..5).map(group).collect() };
    Written {
        name: format!("noise/run{run}-p1-g0.txt"),
        bytes: section.to_text().unwrap().into_bytes(),
        sidecar: Some(Sidecar { noise: Some(section), ..sidecar(run, 1) }.to_json().unwrap().into_bytes()),
    }
}

/// A shift: run 1 processed twice, run 2 with a view and a LEM that give no number.
pub fn shift(task: &dyn MonTask, detector: &Detector) -> Vec<Summary> {
    let lifetime = |value| Measured::number(value, 80.0);
    let written = match task.info().folder.as_str() {
        "crp" => vec![
            crp(1, 1, [lifetime(2500.0), lifetime(2500.0)], [2.0; 6]),
            crp(1, 2, [lifetime(2940.0), lifetime(2900.0)], [3.0, 3.1, 2.9, 3.0, 3.05, 2.95]),
            crp(2, 1, [lifetime(3010.0), Measured::NotMeasured], [3.1, 3.0, 0.0, 2.9, 3.0, 3.05]),
        ],
        "events" => vec![events(1, detector, None), events(2, detector, Some(3.0))],
        "noise" => vec![noise(1, 1.7), noise(2, 1.8)],
        _ => vec![pedestals(1, detector, 1.7), pedestals(2, detector, 1.9)],
    };
    written.iter().map(|written| written.read_by(task, detector).unwrap()).collect()
}
