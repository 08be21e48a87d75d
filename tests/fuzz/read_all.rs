//! Reads all that a raw file of any bytes lets be read, and holds the reader to its word.

use std::path::Path;

use dqmon::rawdata::{Ending, Event, RawReader};
use monitasks::detector::{RawLayout, Readout};

/// The small readout that the corpus of the 3x1x1's layout is made with.
pub const SMALL: Readout = Readout {
    channels: 8,
    samples: 211,
    sampling_us: 0.4,
    adc_bits: 12,
    skipped_samples: 3,
    coherent_group: 8,
    electronics_delay_us: 0.0,
    raw_layout: RawLayout::Dlardaq,
};

/// The same of the 6x6x6's.
pub const SMALL_TABLE: Readout = Readout { raw_layout: RawLayout::EventTable { fragments: 2, missing_cards: 25 }, ..SMALL };

/// Writes bytes as a file and reads it.
pub fn read_all(path: &Path, bytes: &[u8], readout: &Readout) {
    std::fs::write(path, bytes).expect("a place for the file");
    let Ok(reader) = RawReader::open(path, readout) else { return };
    let length = bytes.len() as u64;
    let (mut event, mut some, mut end) = (Event::default(), Vec::new(), 0);
    for (index, header) in reader.headers().iter().enumerate() {
        assert!(header.offset >= end && header.offset < length, "events stand one behind the other");
        end = header.offset + 35;
        match reader.read(index, &mut event) {
            Ok(()) => {
                assert_eq!(event.samples.len(), readout.channels * readout.samples);
                assert!(event.samples.iter().all(|sample| *sample < 4096));
                reader.read_channels(index, 3..5, &mut some).expect("channels of a readable event");
                assert_eq!(some, event.samples[3 * readout.samples..5 * readout.samples]);
            }
            Err(error) => assert!(error.is_damage(), "{error}"),
        }
    }
    for loss in reader.losses() {
        assert!(loss.bytes > 0 && loss.offset + loss.bytes <= length, "{loss:?}");
    }
    assert!(reader.losses().is_empty() || reader.ending() != &Ending::Footer || reader.lost_count() <= length);
}
