use sha2::Digest;

use super::*;
use std::path::Path;

fn detector() -> Detector {
    crate::detector::load("3x1x1", "", Path::new(".")).unwrap()
}

fn quiet() -> Settings {
    Settings { noise_adc: 0.0, coherent_noise_adc: 0.0, tracks_per_event: 0.0, ..Settings::default() }
}

/// Charge of both views, fC, that a track leaves.
fn charge_fc(detector: &Detector, lifetime_us: f64, track: &TrueTrack, repeats: u64) -> f64 {
    let settings = Settings { lifetime_us, delta_ray_max_mev: 0.0, ..Settings::default() };
    let drifter = Drifter::new(detector, &settings.checked(detector).unwrap());
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    let mut sum = 0.0;
    for _ in 0..repeats {
        drifter.drift(detector, track, &mut rng, |arrival| sum += arrival.charge_fc);
    }
    sum / repeats as f64
}

#[test]
fn a_minimum_ionising_particle_leaves_its_charge_times_the_gain() {
    let track = TrueTrack { entry_cm: [-40.0, -100.0, 50.0], exit_cm: [40.0, 100.0, 50.0] };
    let per_cm = charge_fc(&detector(), 1e9, &track, 50) / track.length_cm();
    assert!((per_cm / (3.0 * 9.94) - 1.0).abs() < 0.01, "{per_cm} fC/cm");
}

#[test]
fn charge_is_lost_on_the_way_as_the_lifetime_says() {
    let detector = detector();
    let track = |z: f64| TrueTrack { entry_cm: [-40.0, 10.0, z], exit_cm: [40.0, 10.0, z] };
    let near = charge_fc(&detector, 3000.0, &track(1.607), 200);
    let far = charge_fc(&detector, 3000.0, &track(80.35), 200);
    // 10 and 500 us of drift.
    let expected = (-490.0f64 / 3000.0).exp();
    assert!((far / near / expected - 1.0).abs() < 0.01, "{} against {expected}", far / near);
}

#[test]
fn charge_arrives_on_the_strips_and_at_the_ticks_of_the_track() {
    let detector = detector();
    let drifter = Drifter::new(&detector, &Settings::default().checked(&detector).unwrap());
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let track = TrueTrack { entry_cm: [-49.9, -149.9, 16.07], exit_cm: [49.9, 149.9, 16.07] };
    let mut seen = [vec![false; 320], vec![false; 960]];
    drifter.drift(&detector, &track, &mut rng, |arrival| {
        assert!((arrival.tick - 250.0).abs() < 1e-6, "100 us are 250 ticks, not {}", arrival.tick);
        seen[arrival.strip.view.index()][arrival.strip.number as usize] = true;
    });
    assert!(seen.iter().flatten().all(|seen| *seen), "every strip of both views lies under the track");
}

#[test]
fn the_same_seed_gives_the_same_event_and_another_one_does_not() {
    let detector = detector();
    let simulation = Simulation::new(&detector, Settings::default()).unwrap();
    let event = simulation.event(Run(1), Sequence(2), 3);
    assert_eq!(event, Simulation::new(&detector, Settings::default()).unwrap().event(Run(1), Sequence(2), 3));
    let other = Simulation::new(&detector, Settings { seed: 2, ..Settings::default() }).unwrap();
    for other in
        [other.event(Run(1), Sequence(2), 3), simulation.event(Run(1), Sequence(2), 4), simulation.event(Run(2), Sequence(2), 3)]
    {
        assert_ne!(event.samples, other.samples);
    }
}

#[test]
fn an_event_without_noise_and_tracks_is_its_pedestals() {
    let detector = detector();
    let simulation = Simulation::new(&detector, quiet()).unwrap();
    let event = simulation.event(Run(1), Sequence(0), 0);
    assert_eq!(event.samples.len(), 1280 * 1667);
    for (channel, samples) in event.samples.chunks_exact(1667).enumerate() {
        let pedestal = simulation.pedestals_adc()[channel].round() as u16;
        assert!((36..=84).contains(&pedestal), "pedestal {pedestal}");
        assert_eq!(samples[..3], [0, 0, 0]);
        assert!(samples[3..].iter().all(|sample| *sample == pedestal));
    }
}

#[test]
fn blind_strips_read_no_signal_and_the_others_do() {
    let detector = detector();
    let simulation = Simulation::new(&detector, quiet()).unwrap();
    let track = TrueTrack { entry_cm: [-50.0, -150.0, 10.0], exit_cm: [50.0, 150.0, 90.0] };
    let mut signal = Signal { samples: vec![0.0; 1280 * 1667], touched: vec![false; 1280] };
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    simulation.drifter.drift(&detector, &track, &mut rng, |arrival| simulation.add(arrival, &mut signal));
    for (channel, samples) in signal.samples.chunks_exact(1667).enumerate() {
        let strip = detector.strip(Channel(channel as u32)).unwrap();
        let lit = samples.iter().any(|sample| *sample > 0.0);
        assert_eq!(lit, !detector.is_blind(strip), "{strip:?}");
        assert_eq!(lit, signal.touched[channel], "{strip:?}");
    }
}

#[test]
fn noise_is_shared_inside_a_group_and_not_between_groups() {
    let settings = Settings { coherent_noise_adc: 5.0, noise_adc: 0.0, ..quiet() };
    let event = Simulation::new(&detector(), settings).unwrap().event(Run(1), Sequence(0), 0);
    let row = |channel: usize| &event.samples[channel * 1667 + 3..(channel + 1) * 1667];
    let covariance = |a: &[u16], b: &[u16]| {
        let mean = |row: &[u16]| row.iter().map(|sample| f64::from(*sample)).sum::<f64>() / row.len() as f64;
        let (mean_a, mean_b) = (mean(a), mean(b));
        a.iter().zip(b).map(|(a, b)| (f64::from(*a) - mean_a) * (f64::from(*b) - mean_b)).sum::<f64>() / a.len() as f64
    };
    assert!((covariance(row(32), row(63)) / 25.0 - 1.0).abs() < 0.15);
    assert!(covariance(row(31), row(32)).abs() < 3.0);
}

#[test]
fn stamps_only_grow_over_events_and_files() {
    let settings = Settings { events_per_file: 5, ..quiet() };
    let simulation = Simulation::new(&detector(), settings).unwrap();
    let headers = (0..3).flat_map(|sequence| (0..5).map(move |index| (sequence, index)));
    let stamps: Vec<Timestamp> = headers.map(|(s, i)| simulation.header(Run(1), Sequence(s), i).stamp).collect();
    assert_eq!(stamps[0].to_string(), "2017-07-26T17:53:00Z");
    assert!(stamps.is_sorted_by(|one, next| one < next), "{stamps:?}");
    let span = stamps[14].duration_since(stamps[0]).as_secs_f64();
    assert!((4.5..5.1).contains(&span), "15 events at 3 Hz span {span} s");
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    let wrong = [
        ("lifetime_us", Settings { lifetime_us: 0.0, ..quiet() }),
        ("noise_adc", Settings { noise_adc: f64::NAN, ..quiet() }),
        ("tracks_per_event", Settings { tracks_per_event: -1.0, ..quiet() }),
        ("gains", Settings { gains: vec![3.0; 11], ..quiet() }),
    ];
    for (name, settings) in wrong {
        let message = Simulation::new(&detector(), settings).unwrap_err().to_string();
        assert!(message.contains(&format!("'{name}'")), "{message}");
    }
}

#[test]
fn delta_rays_keep_the_mean_charge_beside_the_muon() {
    let detector = detector();
    let settings = Settings { lifetime_us: 1e12, ..Settings::default() }.checked(&detector).unwrap();
    let drifter = Drifter::new(&detector, &settings);
    // Along x, so that view 1 tells how far to the side the charge is: it counts within two strips of the muon's own.
    let track = TrueTrack { entry_cm: [-49.0, 10.1, 50.0], exit_cm: [49.0, 10.1, 50.0] };
    let (mut rng, mut kicks) = (ChaCha8Rng::seed_from_u64(3), Gaussian::new([3; 32]));
    let (mut near_fc, mut all_fc, mut made) = (0.0, 0.0, 0);
    let repeats = 2000;
    for _ in 0..repeats {
        let mut take = |arrival: Arrival| {
            if arrival.strip.view == View::V1 {
                all_fc += arrival.charge_fc;
                let beside = (detector.strip_centre_cm(arrival.strip) - 10.1).abs() < 0.7;
                near_fc += if beside { arrival.charge_fc } else { 0.0 };
            }
        };
        drifter.drift(&detector, &track, &mut rng, &mut take);
        made += drifter.delta_rays(&detector, (0, &track), &mut rng, &mut kicks, &mut take).len();
    }
    let path_cm = 98.0 * f64::from(repeats);
    let per_cm = made as f64 / path_cm;
    assert!((per_cm / 0.0914 - 1.0).abs() < 0.03, "{per_cm} delta rays for each cm");
    // A little farther than the 5 mm that the mean is kept in, so a little more; the rest lies farther away.
    let near = near_fc / path_cm / (1.5 * 9.94);
    assert!((1.0..1.04).contains(&near), "{near} of the mean beside the muon");
    assert!(all_fc > 1.01 * near_fc, "{all_fc} fC in all, {near_fc} near");
}

#[test]
fn the_same_seed_gives_these_bytes_on_every_machine() {
    let simulation = Simulation::new(&detector(), Settings::default()).unwrap();
    let event = simulation.event(Run(1), Sequence(2), 3);
    let bytes: Vec<u8> = event.samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let digest: String = sha2::Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, "70bde31bce97588bfcafd9e4558d91b551f3ba825fc530ff456012b6dd0094c3");
}
