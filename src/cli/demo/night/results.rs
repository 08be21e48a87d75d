//! Result files of a run of the night in their real formats, each with its `.json`, as analyses of many events would have written them.

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use monitasks::detector::Detector;
use monitasks::format::crp_summary::CrpSummary;
use monitasks::format::noise::{GroupNoise, NoiseSection};
use monitasks::format::pedestal::{self, Pedestal, PedestalRow};
use monitasks::format::sidecar::{GainSection, LemGainRow, ProfileBin, Sidecar, ViewPurity};
use monitasks::summary::Measured;
use monitasks::vocab::{Channel, Group, Processing};

use super::super::super::Failure;
use super::book::{Done, LANE};
use super::chance::Chance;
use super::plan::{EVENTS, FILES, RunPlan};
use super::{events, put};
use crate::analysis::gain_map::GainMap;
use crate::analysis::group::{Job, Members, ResultName};
use crate::analysis::spectrum::Spectra;
use crate::bookkeeping::JobKind;
use crate::config::Workspace;

/// Width of a bin of the drift profile, us.
const PROFILE_BIN_US: f64 = 66.0;
/// Events in which noise is measured.
const EVENTS_OF_NOISE: u64 = 24;

/// Who writes the results of one run.
struct Writer<'a> {
    workspace: &'a Workspace,
    detector: &'a Detector,
    plan: &'a RunPlan,
    zone: TimeZone,
    seed: u64,
}

/// Writes all results of a run.
pub(super) fn write(workspace: &Workspace, detector: &Detector, plan: &RunPlan, done: &Done, seed: u64) -> Result<(), Failure> {
    let zone = TimeZone::get(&workspace.settings.time_zone).unwrap_or(TimeZone::UTC);
    let writer = Writer { workspace, detector, plan, zone, seed };
    writer.pedestals(done.of(JobKind::Pedestals))?;
    writer.purity_and_gain(done.of(JobKind::Gain))?;
    writer.events(done.of(JobKind::Events))?;
    writer.noise(done.of(JobKind::Noise))
}

impl Writer<'_> {
    fn job<'a>(&'a self, out: &'a Path, made: Timestamp) -> Job<'a> {
        let name = ResultName { processing: Processing(1), lane: Some(LANE), group: Group(0) };
        let settings = &self.workspace.settings.analysis;
        Job { files: &[], out, name, detector: self.detector, settings, zone: &self.zone, now: made }
    }

    /// The `.json` of a result that was made of reconstructed files, or of raw ones.
    fn sidecar(&self, made: Timestamp, events: u64, is_of_raw: bool) -> Sidecar {
        let reconstruction = serde_json::to_string(&self.workspace.settings.reconstruction).unwrap_or_default();
        let members = Members {
            run: self.plan.run,
            files: self.plan.files().collect(),
            events,
            data_start: Some(self.plan.start),
            data_end: Some(self.plan.end),
            reconstruction: if is_of_raw { String::new() } else { reconstruction },
            reconstructed_by: if is_of_raw { String::new() } else { crate::SOFTWARE.into() },
        };
        self.job(&self.workspace.results(), made).sidecar(&members)
    }

    /// Puts a result into its folder: its `.json`, then its files.
    fn place(&self, folder: &str, sidecar: &Sidecar, files: &[(&str, &[u8])]) -> Result<(), Failure> {
        let made = sidecar.processed_at;
        let results = self.workspace.results();
        let place = results.join(folder).join(self.job(&results, made).stem(self.plan.run));
        put(&place.with_extension("json"), sidecar.to_json()?.as_bytes(), made)?;
        files.iter().try_for_each(|(suffix, bytes)| put(&place.with_extension(suffix), bytes, made))
    }

    fn all_events() -> u64 {
        u64::from(FILES * EVENTS)
    }

    fn pedestals(&self, made: Timestamp) -> Result<(), Failure> {
        // What a channel is like does not change in a night.
        let mut own = Chance::of(self.seed, 0, "channels");
        let mut of_run = Chance::of(self.seed, self.plan.run.0, "pedestals");
        let (drift, quiet) = (0.3 * of_run.normal(), 0.01 * of_run.normal());
        let row = |(channel, strip): (usize, &Option<_>)| {
            let strip: monitasks::detector::Strip = (*strip)?;
            let mean_adc = 60.0 + 6.0 * own.normal() + drift + 0.1 * of_run.normal();
            let view = self.detector.view(strip.view);
            let noise_adc = match strip.number {
                number if view.noisy_strips.contains(&number) => 4.2,
                number if view.blind_strips.contains(&number) => 1.1,
                _ => 1.7 + 0.08 * own.normal() + quiet,
            };
            let rms_adc = (noise_adc + 0.02 * of_run.normal()).max(0.5);
            let pedestal = Some(Pedestal { mean_adc: mean_adc.max(20.0), rms_adc });
            Some(PedestalRow { channel: Channel(channel as u32), module: 0, strip, pedestal })
        };
        let rows: Vec<PedestalRow> = self.detector.channel_map.iter().enumerate().filter_map(row).collect();
        let text = pedestal::to_text(&rows)?;
        self.place("pedestals", &self.sidecar(made, Self::all_events(), false), &[("ped", text.as_bytes())])
    }

    fn purity_and_gain(&self, made: Timestamp) -> Result<(), Failure> {
        let mut chance = Chance::of(self.seed, self.plan.run.0, "purity and gain");
        let purity = [0, 1].map(|_| self.view_purity(&mut chance));
        let gain = self.gain(&mut chance);
        let mut summary = CrpSummary::at(self.plan.start, &self.zone);
        summary.lifetime_us = Some([purity[0].lifetime_us, purity[1].lifetime_us]);
        summary.lems = crate::analysis::gain::text_rows(&gain);
        let text = summary.to_text()?;
        let sidecar = self.sidecar(made, Self::all_events(), false);
        let stem = self.job(&self.workspace.results(), made).stem(self.plan.run);
        let map = GainMap::of(&gain, self.detector).to_root(&stem, made)?;
        let sidecar = Sidecar { purity: Some(purity), gain: Some(gain), ..sidecar };
        self.place("crp", &sidecar, &[("root", &map), ("txt", text.as_bytes())])
    }

    /// A view's drift profile with the fit through it.
    fn view_purity(&self, chance: &mut Chance) -> ViewPurity {
        let lifetime_us = self.plan.lifetime_us + 25.0 * chance.normal();
        let drift_us = 10.0 * self.detector.volume.drift_cm / self.detector.drift.velocity_mm_per_us;
        let bins = (drift_us / PROFILE_BIN_US).floor() as u32;
        let bin = |place: u32| {
            let t_us = PROFILE_BIN_US * (f64::from(place) + 0.5);
            let charge = libm::exp(-t_us / lifetime_us) * (1.0 + 0.006 * chance.normal());
            ProfileBin { t_us, charge, error: 0.006, entries: 210 + chance.count(60.0) as u64 }
        };
        let profile = (0..bins).map(bin).collect();
        let per_ms = 1000.0 / lifetime_us;
        ViewPurity {
            lifetime_us: Measured::number(lifetime_us, 0.025 * lifetime_us),
            attenuation_per_ms: Measured::number(per_ms, 0.025 * per_ms),
            profile,
            amplitude: Some(1.0),
            tracks: 320 + chance.count(40.0) as u64,
        }
    }

    fn gain(&self, chance: &mut Chance) -> GainSection {
        let mip_fc_per_cm = self.detector.drift.mip_charge_fc_per_cm;
        let row = |(lem, gain): (u32, &f64)| {
            let is_alive = *gain > 1.0;
            // What a dead LEM lets through is noise of its neighbours' charges.
            let error = if is_alive { 0.012 * gain } else { 0.5 * gain };
            let asymmetry = 0.008 * chance.normal();
            let dqds = [1.0, -1.0].map(|sign| 0.5 * gain * mip_fc_per_cm * (1.0 + sign * asymmetry));
            let entries = if is_alive { [340 + chance.count(60.0) as u64; 2] } else { [14; 2] };
            LemGainRow {
                lem,
                entries,
                dqds: dqds.map(|dqds| Measured::number(dqds, error * mip_fc_per_cm / 2.0)),
                effective_gain: Measured::number(*gain, error),
                charge_asymmetry: if is_alive { Measured::number(asymmetry, 0.01) } else { Measured::NotMeasured },
                tracks: if is_alive { 80 + chance.count(20.0) as u64 } else { 4 },
            }
        };
        GainSection {
            dqds_unit: "fC/cm".into(),
            lifetime_us: Some(self.plan.lifetime_us),
            attenuation_error_per_ms: Some(0.025 * 1000.0 / self.plan.lifetime_us),
            mean_over_estimate: Some([1.12, 1.12]),
            lems: (1u32..).zip(&self.plan.gains).map(row).collect(),
            tracks: 900 + chance.count(60.0) as u64,
        }
    }

    fn events(&self, made: Timestamp) -> Result<(), Failure> {
        let found = events::measured(self.plan, self.detector, self.seed);
        let stem = self.job(&self.workspace.results(), made).stem(self.plan.run);
        let bytes = found.to_root(&stem, "dqmon hits, tracks and event rate", made)?;
        self.place("events", &self.sidecar(made, Self::all_events(), false), &[("root", &bytes)])
    }

    fn noise(&self, made: Timestamp) -> Result<(), Failure> {
        let mut chance = Chance::of(self.seed, self.plan.run.0, "noise");
        let readout = &self.detector.readout;
        let spectra = Spectra::of_length(readout.samples / 3);
        let size = readout.coherent_group.max(1);
        let step_khz = 1e3 / (readout.sampling_us * spectra.length() as f64);
        let group = |group: usize| noise_of_group(group, size, (spectra.count(), step_khz), &mut chance);
        let noise = NoiseSection {
            segment_ticks: spectra.length() as u64,
            frequency_step_khz: step_khz,
            signal_sigma: 5.0,
            groups: (0..readout.channels / size).map(group).collect(),
        };
        let text = noise.to_text()?;
        let sidecar = Sidecar { noise: Some(noise), ..self.sidecar(made, EVENTS_OF_NOISE, true) };
        self.place("noise", &sidecar, &[("txt", text.as_bytes())])
    }
}

/// White noise with the electronics' fall to high frequencies, and a little that the channels share.
fn noise_of_group(group: usize, size: usize, (count, step_khz): (usize, f64), chance: &mut Chance) -> GroupNoise {
    let own = 1.68 + 0.02 * chance.normal();
    let shared = 0.42 + 0.01 * chance.normal();
    let whole = libm::sqrt(own * own + shared * shared);
    let falls = |place: usize| 1.0 / (1.0 + libm::pow(place as f64 * step_khz / 900.0, 4.0));
    let sum: f64 = (0..count).map(falls).sum::<f64>() * step_khz;
    let mut spectrum = |rms: f64, scatter: f64| -> Vec<f64> {
        (0..count).map(|place| round_to(rms * rms * falls(place) / sum * (1.0 + scatter * chance.normal()), 1e9)).collect()
    };
    GroupNoise {
        group: group as u32,
        first_channel: (group * size) as u32,
        channels: size as u32,
        segments: 24 * 6 * size as u64,
        noise_adc: Measured::number(round_to(whole, 1e6), 0.002),
        coherent_adc: Measured::number(round_to(shared, 1e6), 0.004),
        incoherent_adc: Measured::number(round_to(own, 1e6), 0.002),
        peak_khz: Some(round_to(step_khz * 64.0, 1e6)),
        peak_ratio: Some(1.06),
        noise_adc2_per_khz: spectrum(whole, 0.02),
        coherent_adc2_per_khz: spectrum(shared, 0.1),
    }
}

/// A number with fewer digits: files stay small.
fn round_to(number: f64, parts: f64) -> f64 {
    (number * parts).round() / parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_has_the_noise_that_its_spectrum_says() {
        let noise = noise_of_group(0, 32, (257, 4.88), &mut Chance::of(1, 1, "test"));
        let of_spectrum: f64 = noise.noise_adc2_per_khz.iter().sum::<f64>() * 4.88;
        let (whole, _) = noise.noise_adc.value_and_error().unwrap();
        assert!((of_spectrum.sqrt() / whole - 1.0).abs() < 0.02, "{of_spectrum} {whole}");
    }
}
