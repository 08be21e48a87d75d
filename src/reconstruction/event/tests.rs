//! What the reconstruction finds of simulated muons: efficiency, fakes, pedestals, charge. Small here; the number of events is
//! multiplied by `DQMON_STUDY` where that is set.

use monitasks::detector::Detector;
use monitasks::vocab::{Channel, Run, Sequence, View};

use crate::config::ReconstructionSettings;
use crate::rawdata::Event;
use crate::reconstruction::event::{EventReconstruction, RecoEvent};
use crate::reconstruction::hits::Hit;
use crate::reconstruction::{Mask, Setup};
use crate::simulation::{Settings, SimulatedEvent, Simulation};

/// A hit is a muon's when it is this near to where the muon crosses the strip, ticks: a pulse's rise.
const NEAR_TICKS: f64 = 5.0;

/// What was counted.
#[derive(Debug, Default)]
struct Counts {
    events: u32,
    muons: usize,
    /// Per view: strips crossed by muons, and those of them that have a hit there.
    crossed: [u32; 2],
    seen: [u32; 2],
    /// Per view: hits where there is no charge at all.
    fakes: [u32; 2],
    matched: usize,
    wrongly_matched: usize,
    pedestal_shifts_adc: Vec<f64>,
    /// Per view: dQ/ds of the points, attenuation taken out, over its true mean.
    dqds: [Vec<f64>; 2],
}

/// One kind of event.
struct Study {
    detector: Detector,
    mask: Mask,
    simulation: Simulation,
    /// The same events without noise.
    quiet: Simulation,
    counts: Counts,
}

impl Study {
    fn new(settings: Settings) -> Self {
        let detector = crate::detector::load("3x1x1", "", std::path::Path::new(".")).unwrap();
        let without_noise = Settings { noise_adc: 0.0, coherent_noise_adc: 0.0, ..settings.clone() };
        Study {
            mask: Mask::of_detector(&detector),
            simulation: Simulation::new(&detector, settings).unwrap(),
            quiet: Simulation::new(&detector, without_noise).unwrap(),
            counts: Counts::default(),
            detector,
        }
    }

    fn run(mut self, events: u32) -> Counts {
        let times = std::env::var("DQMON_STUDY").ok().and_then(|times| times.parse().ok()).unwrap_or(1);
        let settings = ReconstructionSettings::default();
        let (detector, mask) = (self.detector.clone(), self.mask.clone());
        let mut reconstruction = EventReconstruction::new(Setup { detector: &detector, settings: &settings, mask: &mask });
        for index in 0..events * times {
            let event = self.simulation.event(Run(1), Sequence(0), index);
            let truth = self.quiet.event(Run(1), Sequence(0), index);
            let found = reconstruction.reconstruct(&Event { header: event.header, samples: event.samples });
            self.count(&truth, &found);
        }
        self.counts
    }

    fn count(&mut self, truth: &SimulatedEvent, found: &RecoEvent) {
        self.counts.events += 1;
        self.counts.muons += truth.tracks.len();
        self.counts.matched += found.matches.len();
        let pedestals = found.pedestals.iter().zip(self.simulation.pedestals_adc());
        self.counts.pedestal_shifts_adc.extend(pedestals.map(|(found, truth)| f64::from(found.mean_adc - truth)));
        for hit in &found.hits {
            self.counts.fakes[hit.strip.view.index()] += u32::from(self.is_fake(hit, &truth.samples));
        }
        for view in View::ALL {
            self.count_crossed(view, truth, found);
        }
        let wrong = |pair: &[usize; 2]| {
            let muons = View::ALL.map(|view| nearest_muon(view, pair[view.index()], truth, found));
            muons[0] != muons[1]
        };
        self.counts.wrongly_matched += found.matches.iter().filter(|matched| wrong(&matched.tracks)).count();
        let settings = self.simulation.settings();
        for point in found.points.iter().flatten() {
            let gain = settings.gains[self.detector.lems.index(point.lem)];
            let mean = self.detector.drift.mip_charge_fc_per_cm * gain / 2.0;
            let charge_fc = point.charge_fc * (point.drift_us / settings.lifetime_us).exp();
            self.counts.dqds[point.view.index()].push(charge_fc / point.step_cm / mean);
        }
    }

    /// Whether there is no charge in a hit's samples, nor in the three on each side; one count may be the pedestal's rounding.
    fn is_fake(&self, hit: &Hit, samples: &[u16]) -> bool {
        let (channel, ticks) = (hit.channel.0 as usize, self.detector.readout.samples);
        let pedestal = self.simulation.pedestals_adc()[channel].round() as u16;
        let (from, to) = (hit.start_tick.saturating_sub(3) as usize, (hit.end_tick as usize + 3).min(ticks));
        samples[channel * ticks + from..channel * ticks + to].iter().all(|sample| *sample <= pedestal + 1)
    }

    /// The strips of a view that the muons cross, blind and masked ones left out, and which of them have a hit there.
    fn count_crossed(&mut self, view: View, truth: &SimulatedEvent, found: &RecoEvent) {
        let (axis, pitch_cm) = (view.index(), self.detector.view(view).pitch_mm / 10.0);
        let channels: Vec<Option<Channel>> = self.detector.channels_of_view(view);
        for muon in &truth.tracks {
            let (from, way) = (muon.entry_cm, muon.way_cm());
            let tick_at = |coordinate: f64| {
                let z = from[2] + (coordinate - from[axis]) / way[axis] * way[2];
                self.detector.drift_time_us(z) / self.detector.readout.sampling_us
            };
            for (strip, channel) in channels.iter().enumerate() {
                let Some(channel) = channel.filter(|channel| !self.mask.is_masked(*channel)) else { continue };
                let low = if view == View::V0 { self.detector.volume.x_cm[0] } else { self.detector.volume.y_cm[0] }
                    + strip as f64 * pitch_cm;
                let high = low + pitch_cm;
                if from[axis].min(from[axis] + way[axis]) > low || from[axis].max(from[axis] + way[axis]) < high {
                    continue;
                }
                let (a, b) = (tick_at(low), tick_at(high));
                let is_there = |hit: &Hit| {
                    f64::from(hit.start_tick) < a.max(b) + NEAR_TICKS && f64::from(hit.end_tick) > a.min(b) - NEAR_TICKS
                };
                self.counts.crossed[axis] += 1;
                self.counts.seen[axis] += u32::from(found.hits.iter().any(|hit| hit.channel == channel && is_there(hit)));
            }
        }
    }
}

/// The muon that a 2D track lies nearest to.
fn nearest_muon(view: View, track: usize, truth: &SimulatedEvent, found: &RecoEvent) -> Option<usize> {
    let (axis, track) = (view.index(), &found.tracks[track]);
    let off_cm = |muon: &usize| {
        let (from, way) = (truth.tracks[*muon].entry_cm, truth.tracks[*muon].way_cm());
        let at = |z: f64| from[axis] + (z - from[2]) / way[2] * way[axis];
        (at(track.start_cm[1]) - track.start_cm[0]).abs() + (at(track.end_cm[1]) - track.end_cm[0]).abs()
    };
    (0..truth.tracks.len()).min_by(|a, b| off_cm(a).total_cmp(&off_cm(b)))
}

/// Mean and its error.
fn mean(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (mean, (variance / count).sqrt())
}

/// What has to hold for every kind of event.
fn check(counts: &Counts) {
    for view in View::ALL.map(View::index) {
        let efficiency = f64::from(counts.seen[view]) / f64::from(counts.crossed[view]);
        assert!(efficiency > 0.98, "view {view}: {efficiency} of {} strips crossed", counts.crossed[view]);
        let fakes = f64::from(counts.fakes[view]) / f64::from(counts.events);
        assert!(fakes < 1.0, "view {view}: {fakes} fake hits an event");
        let (dqds, error) = mean(&counts.dqds[view]);
        println!("view {view}: {efficiency:.5} of {} strips, {fakes} fakes, dQ/ds {dqds:.4} +- {error:.4}", counts.crossed[view]);
        assert!((dqds - 1.0).abs() < 0.02 + 3.0 * error, "view {view}: dQ/ds is {dqds} +- {error} of the true one");
    }
    let (shift, error) = mean(&counts.pedestal_shifts_adc);
    println!(
        "pedestals {shift:.5} +- {error:.5} ADC, {} of {} muons matched, {} wrongly",
        counts.matched, counts.muons, counts.wrongly_matched
    );
    assert!(shift.abs() < 0.003 + 3.0 * error, "pedestals are off by {shift} +- {error} ADC counts");
    assert!(counts.matched * 2 > counts.muons, "{} of {} muons matched", counts.matched, counts.muons);
    assert!(counts.wrongly_matched * 50 < counts.matched, "{} of {} matches wrong", counts.wrongly_matched, counts.matched);
}

#[test]
fn muons_at_the_defaults_are_found_with_their_charge_and_nothing_else() {
    check(&Study::new(Settings { seed: 3, ..Settings::default() }).run(15));
}

#[test]
fn weak_muons_in_high_noise_are_found_too() {
    let weak = Settings { noise_adc: 2.0, gains: vec![2.0; 12], lifetime_us: 1000.0, seed: 4, ..Settings::default() };
    check(&Study::new(weak).run(15));
}

#[test]
fn noise_alone_gives_less_than_a_hit_in_ten_events() {
    for noise_adc in [1.0, 2.0] {
        let counts = Study::new(Settings { noise_adc, tracks_per_event: 0.0, ..Settings::default() }).run(10);
        assert!(counts.fakes.iter().sum::<u32>() * 10 <= counts.events, "{:?} hits in {} events", counts.fakes, counts.events);
    }
}
