//! A detector small enough to read: 4 + 6 strips, 2 x 3 LEMs, two numberings.

use monitasks::detector::{Detector, DriftFacts, Expected, LemGrid, LemNumbering, RawLayout, Readout, Strip, ViewFacts, Volume};
use monitasks::vocab::View;

pub fn small_detector() -> Detector {
    let view =
        |strips, blind_strips| ViewFacts { strips, pitch_mm: 3.125, adc_ticks_per_fc: 60.0, blind_strips, noisy_strips: vec![2] };
    let strip = |channel: u32| {
        if channel < 4 { Strip { view: View::V0, number: 3 - channel } } else { Strip { view: View::V1, number: channel - 4 } }
    };
    let numbering = |name: &str, title: &str, numbers: [u32; 6]| LemNumbering {
        name: name.into(),
        title: title.into(),
        numbers: numbers.into(),
    };
    Detector {
        name: "small".into(),
        title: "A detector small enough to read".into(),
        raw_file_names: vec!["run{run}-seq{seq}.dat".into()],
        volume: Volume { x_cm: [-50.0, 50.0], y_cm: [-75.0, 75.0], drift_cm: 100.0 },
        readout: Readout {
            channels: 10,
            samples: 1667,
            sampling_us: 0.4,
            adc_bits: 12,
            skipped_samples: 3,
            coherent_group: 2,
            electronics_delay_us: 0.0,
            raw_layout: RawLayout::default(),
        },
        views: [view(4, vec![0]), view(6, vec![])],
        channel_map: (0..10).map(|channel| Some(strip(channel))).collect(),
        channel_map_name: "plain".into(),
        lems: LemGrid {
            columns: 2,
            rows: 3,
            size_cm: 50.0,
            numberings: vec![
                numbering("file", "file numbering", [1, 2, 3, 4, 5, 6]),
                numbering("convention", "convention of the site", [3, 1, 4, 2, 7, 5]),
            ],
        },
        drift: DriftFacts { field_kv_per_cm: 0.5, velocity_mm_per_us: 1.6, mip_charge_fc_per_cm: 10.0 },
        expected: Expected { lifetime_us: 3000.0, pedestal_adc: 60.0, noise_adc: 1.7 },
    }
}
