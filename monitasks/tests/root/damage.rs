//! Damaged ROOT files: an answer to each, and soon.

use std::time::{Duration, Instant};

use monitasks::format::root::{Histogram, HistogramAxis, Product, RootFile, write};
use proptest::prelude::*;

use super::{SAMPLES, data, sample};

/// Longest that one answer may take, far above what any needs.
const LONGEST: Duration = Duration::from_secs(20);

/// Reads all there is; the number of things that could not be read.
fn faults(bytes: &[u8]) -> usize {
    let start = Instant::now();
    let faults = RootFile::open(bytes).map_or(1, |file| file.contents().faults.len());
    assert!(start.elapsed() < LONGEST, "an answer took {:?}", start.elapsed());
    faults
}

/// The file's end as its header says it; the samples are small files, with 32-bit places.
fn set_end(bytes: &mut [u8], end: usize) {
    bytes[12..16].copy_from_slice(&(end as u32).to_be_bytes());
}

#[test]
fn every_prefix_is_refused() {
    for compression in SAMPLES {
        let bytes = sample(compression);
        for cut in 0..bytes.len() {
            assert!(RootFile::open(&bytes[..cut]).is_err(), "{compression} cut at {cut}");
        }
        let error = RootFile::open(&bytes[..bytes.len() - 1]).unwrap_err().to_string();
        assert!(error.contains("the file's end") && error.contains(&bytes.len().to_string()), "{error}");
    }
}

#[test]
fn a_prefix_whose_header_hides_the_cut_is_never_whole() {
    for compression in SAMPLES {
        let bytes = sample(compression);
        // Behind the last record that is read, the list of free places, nothing is missed.
        let needed = bytes.len() - 100;
        for cut in (100..needed).step_by(101) {
            let mut cut_off = bytes[..cut].to_vec();
            set_end(&mut cut_off, cut);
            assert!(faults(&cut_off) > 0, "{compression} cut at {cut}");
        }
    }
}

#[test]
fn what_is_no_root_file_is_told_by_its_first_bytes() {
    for (bytes, found) in [(&b""[..], "nothing"), (b"ro", "'ro'"), (b"\xff\xff\x00\x01\x02", "'\\xff\\xff\\x00\\x01'")] {
        let error = RootFile::open(bytes).unwrap_err().to_string();
        assert!(error.contains(found) && error.contains("'root'"), "{error}");
    }
}

#[test]
fn one_damaged_object_leaves_the_others_readable() {
    let mut bytes = sample("none");
    let file = RootFile::open(&bytes[..]).unwrap();
    let whole = file.contents();
    let key = &file.find("h2d").unwrap().key;
    let place = key.seek as usize + key.key_bytes + 5; // in the version of its class
    bytes[place] ^= 0xFF;
    let file = RootFile::open(&bytes[..]).unwrap();
    let contents = file.contents();
    assert_eq!(contents.faults.len(), 1, "{:?}", contents.faults);
    assert_eq!(contents.histograms.len() + 1, whole.histograms.len());
    assert_eq!(contents.trees, whole.trees);
}

#[test]
fn a_damaged_basket_is_told_with_its_branch() {
    let mut bytes = sample("lz4");
    let at = bytes.windows(7).position(|window| window == b"TBasket").unwrap();
    let block = at + bytes[at..].windows(2).position(|window| window == b"L4").unwrap();
    bytes[block + 20] ^= 1;
    let contents = RootFile::open(&bytes[..]).unwrap().contents();
    assert_eq!(contents.faults.len(), 1, "{:?}", contents.faults);
    assert!(contents.faults[0].contains("LZ4"), "{:?}", contents.faults);
    let unread = contents.trees.iter().flat_map(|tree| &tree.branches).filter(|branch| branch.unread.is_some()).count();
    assert_eq!(unread, 1);
}

#[test]
fn every_byte_of_the_header_may_be_anything() {
    for compression in ["none", "lzma"] {
        let bytes = sample(compression);
        for place in 0..100 {
            for value in [0, 1, 0x7F, 0x80, 0xFF, bytes[place] ^ 1] {
                let mut changed = bytes.clone();
                changed[place] = value;
                faults(&changed);
            }
        }
    }
}

#[test]
fn a_size_that_promises_gigabytes_takes_none_of_them() {
    let bytes = data("root640_blocks.root");
    let key = RootFile::open(&bytes[..]).unwrap().find("long").unwrap().key.clone();
    // The size of the object unpacked, in the folder's key list.
    let pattern = (key.object_bytes as u32).to_be_bytes();
    let mut changed = bytes.clone();
    for place in 0..bytes.len() - 4 {
        if bytes[place..place + 4] == pattern {
            changed[place..place + 4].copy_from_slice(&0x7FFF_FFFFu32.to_be_bytes());
        }
    }
    assert_ne!(changed, bytes);
    let file = RootFile::open(&changed[..]).unwrap();
    let error = file.histogram(file.find("long").unwrap()).unwrap_err().to_string();
    assert!(error.contains("2147483647"), "{error}");
}

#[test]
fn keys_that_all_lead_to_one_large_record_are_not_all_followed() {
    let histogram =
        |name: String, bins: usize| Product::Histogram(Histogram::new(name, "", vec![HistogramAxis::new(bins, 0.0, 1.0)]));
    let large = histogram("h00".into(), 100_000);
    let small = (1..40).map(|number| histogram(format!("h{number:02}"), 1));
    let products: Vec<Product> = [large].into_iter().chain(small).collect();
    let stamp = "2019-05-16T19:52:00Z".parse().unwrap();
    let mut bytes = write("keys.root", "", stamp, &products).unwrap();
    assert_eq!(faults(&bytes), 0);
    // The last place of a name is in the folder's list of keys; before it stand 26 bytes of numbers and the class.
    let key_of = |bytes: &[u8], name: &str| bytes.windows(4).rposition(|window| window == name.as_bytes()).unwrap() - 26 - 5;
    let first = key_of(&bytes, "\x03h00");
    let numbers = bytes[first..first + 26].to_vec();
    for number in 1..40 {
        let key = key_of(&bytes, &format!("\x03h{number:02}"));
        bytes[key..key + 26].copy_from_slice(&numbers);
    }
    let file = RootFile::open(&bytes[..]).unwrap();
    assert_eq!(file.histogram(file.find("h07").unwrap()).unwrap().contents.len(), 100_002);
    assert!(file.contents().faults.len() > 30);
}

thread_local! {
    static BYTES: Vec<Vec<u8>> = SAMPLES.map(sample).into();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn changed_bytes_get_an_answer(
        which in prop_oneof![3 => Just(0usize), 1 => 1..SAMPLES.len()],
        places in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        let mut bytes = BYTES.with(|samples| samples[which].clone());
        for (place, byte) in places {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        faults(&bytes);
    }

    #[test]
    fn any_bytes_behind_the_magic_get_an_answer(behind in proptest::collection::vec(any::<u8>(), 0..600)) {
        faults(&[&b"root"[..], &behind].concat());
    }
}
