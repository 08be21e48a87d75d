//! Raw files that were cut or changed: every undamaged event is found and equal.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

/// A raw file with what its events hold, to be damaged.
struct Damaged {
    _folder: TempDir,
    path: PathBuf,
    file: File,
    readout: Readout,
    bytes: Vec<u8>,
    headers: Vec<EventHeader>,
    events: Vec<Vec<u16>>,
}

impl Damaged {
    /// Three events of pedestals and a little noise: one sample in `noisy` is not the pedestal. Now and then a sample jumps.
    fn new(readout: Readout, is_compressed: bool, noisy: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run7-seq0.dat");
        let mut random = ChaCha8Rng::seed_from_u64(u64::from(noisy));
        let mut writer = RawWriter::create(&path, Run(7), 0, &readout).unwrap();
        let mut events = Vec::new();
        for number in 0..3 {
            let mut sample = || match random.random_range(0..noisy) {
                0 if random.random_range(0..20) == 0 => random.random_range(0..4096),
                0 => 60 + random.random_range(0..3),
                _ => 60,
            };
            let samples: Vec<u16> = (0..readout.channels * readout.samples).map(|_| sample()).collect();
            let flags = if is_compressed { 0x40 } else { 0 };
            writer.write(&EventHeader { flags, ..header(number) }, &samples).unwrap();
            events.push(samples);
        }
        writer.finish().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let headers = RawReader::open(&path, &readout).unwrap().headers().to_vec();
        assert_eq!(headers.len(), 3);
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        Damaged { _folder: folder, path, file, readout, bytes, headers, events }
    }

    /// Where the event ends.
    fn end_of(&self, event: usize) -> usize {
        self.headers.get(event + 1).map_or(self.bytes.len() - layout::FOOTER_BYTES, |next| next.offset as usize)
    }

    /// The event whose bytes a byte belongs to.
    fn event_at(&self, byte: usize) -> Option<usize> {
        (0..self.headers.len()).find(|event| (self.headers[*event].offset as usize..self.end_of(*event)).contains(&byte))
    }

    /// Cuts the file; it must be cut shorter with each call.
    fn cut(&self, length: usize) {
        self.file.set_len(length as u64).unwrap();
        let whole = (0..3).filter(|event| self.end_of(*event) <= length).count();
        match RawReader::open(&self.path, &self.readout) {
            Err(error) => assert!(length < 5 && error.is_damage(), "cut at {length}: {error}"),
            Ok(reader) => {
                assert_eq!((reader.count(), reader.losses()), (whole, [].as_slice()), "cut at {length}");
                assert!(matches!(reader.ending(), Ending::Missing(_)), "cut at {length}: {:?}", reader.ending());
                self.compare(&reader, &[], &format!("cut at {length}"));
            }
        }
    }

    /// Puts bytes into the file, looks what is left of it, and takes them out again.
    fn change(&self, changes: &[(usize, u8)]) {
        changes.iter().for_each(|(at, byte)| self.file.write_all_at(&[*byte], *at as u64).unwrap());
        let hit: Vec<usize> = changes.iter().filter_map(|(at, _)| self.event_at(*at)).collect();
        match RawReader::open(&self.path, &self.readout) {
            Ok(reader) => self.compare(&reader, &hit, &format!("changed: {changes:?}")),
            Err(error) => assert!(error.is_damage() && (0..3).all(|event| hit.contains(&event)), "changed: {changes:?}: {error}"),
        }
        changes.iter().for_each(|(at, _)| self.file.write_all_at(&self.bytes[*at..=*at], *at as u64).unwrap());
    }

    /// All events but those hit are there and equal; those hit are there too, or told to be lost.
    fn compare(&self, reader: &RawReader, hit: &[usize], what: &str) {
        let (mut event, mut unreadable) = (Event::default(), 0);
        for place in (0..3).filter(|place| self.end_of(*place) as u64 <= self.file.metadata().unwrap().len()) {
            let index = reader.headers().iter().position(|header| header.offset == self.headers[place].offset);
            let read = index.map(|index| reader.read(index, &mut event));
            if hit.contains(&place) {
                match read {
                    Some(Ok(())) => {}
                    Some(Err(error)) => {
                        assert!(error.is_damage(), "{what}: {error}");
                        unreadable += 1;
                    }
                    None => unreadable += 1,
                }
                continue;
            }
            assert!(matches!(read, Some(Ok(()))), "{what}: event {place}: {read:?}, {:?}", reader.losses());
            assert!(event.samples == self.events[place], "{what}: event {place} is not equal");
            assert_eq!(event.header.number, EventNumber(place as u32), "{what}");
        }
        if hit.len() <= 1 && unreadable == 1 && reader.count() < 3 {
            assert_eq!(reader.lost_count(), 1, "{what}: {:?}", reader.losses());
        }
    }

    /// The bytes of all headers, of the run, and of the footer.
    fn header_bytes(&self) -> impl Iterator<Item = usize> {
        let headers =
            self.headers.iter().flat_map(|header| (0..layout::EVENT_HEADER_BYTES).map(|at| header.offset as usize + at));
        (0..5).chain(headers).chain(self.bytes.len() - layout::FOOTER_BYTES..self.bytes.len())
    }

    /// Where parts begin and end.
    fn boundaries(&self) -> Vec<usize> {
        let mut boundaries = vec![0, 4, 5, self.bytes.len() - 4, self.bytes.len() - 2, self.bytes.len()];
        for header in &self.headers {
            boundaries.extend([0, 2, 3, 6, 10, 18, 26, 27, 31, 35].map(|at| header.offset as usize + at));
        }
        boundaries
    }
}

/// Few channels and samples, an odd number of each.
fn small() -> Readout {
    readout(7, 61)
}

fn full() -> Readout {
    readout(1280, 1667)
}

/// Whether the full geometry is to have as many changes as the small one, which takes minutes: `DQMON_LONG=1`.
fn is_long() -> bool {
    std::env::var_os("DQMON_LONG").is_some()
}

#[test]
fn a_compressed_file_cut_anywhere_in_its_first_event_has_none() {
    for readout in [small(), full()] {
        let file = Damaged::new(readout, true, 1000);
        (0..file.end_of(0)).rev().for_each(|length| file.cut(length));
    }
}

#[test]
fn a_file_cut_at_its_boundaries_or_anywhere_has_its_whole_events() {
    for (readout, is_compressed) in [(small(), false), (small(), true), (full(), false)] {
        let file = Damaged::new(readout, is_compressed, 4);
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let around = |at: usize| [at.saturating_sub(1), at, at + 1];
        let mut cuts: Vec<usize> = file.boundaries().into_iter().flat_map(around).filter(|cut| *cut < file.bytes.len()).collect();
        cuts.extend((0..1000).map(|_| random.random_range(0..file.bytes.len())));
        cuts.sort_unstable();
        cuts.dedup();
        cuts.into_iter().rev().for_each(|length| file.cut(length));
    }
}

#[test]
fn every_change_of_a_byte_in_headers_leaves_the_other_events() {
    for is_compressed in [true, false] {
        let file = Damaged::new(small(), is_compressed, 4);
        for at in file.header_bytes() {
            (1..=255).for_each(|mask| file.change(&[(at, file.bytes[at] ^ mask)]));
        }
        let file = Damaged::new(full(), is_compressed, 100);
        for at in file.header_bytes() {
            let masks = (1..=255u8).filter(|mask| is_long() || [1, 0x40, 0xFF].contains(mask));
            masks.for_each(|mask| file.change(&[(at, file.bytes[at] ^ mask)]));
        }
    }
}

#[test]
fn random_changes_leave_the_events_that_they_do_not_hit() {
    let of_full = if is_long() { 10_000 } else { 300 };
    for (readout, is_compressed, count) in [(small(), true, 10_000), (small(), false, 10_000), (full(), true, of_full)] {
        let file = Damaged::new(readout, is_compressed, 20);
        let mut random = ChaCha8Rng::seed_from_u64(4);
        for _ in 0..count {
            let changes = (0..random.random_range(1..4)).map(|_| {
                let at = random.random_range(5 + layout::EVENT_HEADER_BYTES..file.bytes.len() - layout::FOOTER_BYTES);
                (at, random.random())
            });
            file.change(&changes.collect::<Vec<_>>());
        }
    }
}

#[test]
fn samples_that_look_like_keys_do_not_mislead() {
    let readout = small();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run7-seq0.dat");
    let mut writer = RawWriter::create(&path, Run(7), 0, &readout).unwrap();
    let samples = vec![0xFFF; readout.channels * readout.samples];
    (0..3).for_each(|number| writer.write(&header(number), &samples).unwrap());
    writer.finish().unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let event = 35 + packing::packed_bytes(samples.len());
    bytes[5 + event] = 0;
    std::fs::write(&path, bytes).unwrap();
    let reader = RawReader::open(&path, &readout).unwrap();
    let offsets: Vec<u64> = reader.headers().iter().map(|header| header.offset).collect();
    assert_eq!((offsets, reader.lost_count()), (vec![5, 5 + 2 * event as u64], 1));
}

#[test]
fn a_file_full_of_false_headers_is_read_in_a_time_of_its_length() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run7-seq0.dat");
    // Each header is possible and claims the next 3 MB as its compressed payload.
    let false_header = layout::event_header_bytes(&EventHeader { flags: 0x40, ..header(0) }, 3_000_000);
    let mut bytes = vec![0, 0, 0, 7, 0];
    while bytes.len() < 8 << 20 {
        bytes.extend(false_header);
    }
    std::fs::write(&path, bytes).unwrap();
    match RawReader::open(&path, &full()) {
        Err(error) => assert!(error.is_damage(), "{error}"),
        Ok(reader) => {
            let mut event = Event::default();
            assert!((0..reader.count()).all(|index| reader.read(index, &mut event).is_err()));
        }
    }
}
