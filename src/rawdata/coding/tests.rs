use proptest::prelude::*;

use super::*;

/// The coding as its rule says it, bit by bit, in text: slow, and shares nothing with the decoder.
fn by_the_rule(bits: &str, samples: usize) -> Option<(Vec<u16>, usize)> {
    let mut decoded: Vec<i32> = Vec::new();
    let (mut open, mut difference) = (String::new(), None);
    let mut at = 0;
    while decoded.len() < samples {
        let packet = &bits[at..bits.len().min(at + 13)];
        if packet.is_empty() {
            return None;
        }
        if packet.starts_with('0') {
            if packet.len() < 13 {
                return None;
            }
            decoded.push(i32::from_str_radix(packet, 2).unwrap());
            (open, difference) = (String::new(), None);
            at += 13;
            continue;
        }
        at += 1;
        if !packet[1..].contains('1') {
            return None;
        }
        for bit in packet[1..].chars() {
            if decoded.len() == samples {
                break;
            }
            at += 1;
            open.push(bit);
            if bit == '0' {
                continue;
            }
            decoded.last()?;
            let (step, count) = match open.as_str() {
                "1" => (difference?, 4),
                "01" => (0, 1),
                "001" => (-1, 1),
                "0001" => (1, 1),
                "00001" => (-2, 1),
                "000001" => (2, 1),
                "0000001" => (-3, 1),
                "00000001" => (3, 1),
                _ => return None,
            };
            difference = Some(step);
            for _ in 0..count {
                decoded.push(*decoded.last()? + step);
            }
            open.clear();
        }
        if decoded.len() > samples {
            return None;
        }
    }
    let end = at.next_multiple_of(8);
    let is_padded = bits.get(at..end)?.chars().all(|bit| bit == '0');
    let fits = decoded.iter().all(|sample| (0..4096).contains(sample));
    (is_padded && fits).then(|| (decoded.iter().map(|sample| *sample as u16).collect(), end / 8))
}

fn bits_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:08b}")).collect()
}

fn encoded(samples: &[u16]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_channel(samples, &mut bytes);
    bytes
}

/// Decodes and holds the decoder against the rule.
fn decode(bytes: &[u8], count: usize) -> Option<(Vec<u16>, usize)> {
    let mut samples = vec![0; count];
    let decoded = decode_channel(bytes, &mut samples).ok().map(|used| (samples, used));
    assert_eq!(decoded, by_the_rule(&bits_of(bytes), count), "{count} samples of {bytes:02X?}");
    decoded
}

#[test]
fn the_streams_of_the_rule_are_written_and_read() {
    let cases: [(&[u16], &str); 9] = [
        (&[5], "0000000000101"),
        (&[5, 5], "0000000000101 1 01"),
        (&[9, 8, 9, 7, 9, 6, 9], "0000000001001 1 001 0001 00001 1 000001 000000 1 1 00000001"),
        // Five of a run: the first plainly, then four with no repeat code, for it needs one more to be left.
        (&[1, 1, 1, 1, 1, 1], "0000000000001 1 01 01 01 01 01"),
        (&[1, 1, 1, 1, 1, 1, 1], "0000000000001 1 01 1 01"),
        (&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], "0000000000001 1 0001 1 0001 000 1 1 0001 0001"),
        // A jump closes the open packet, filled up; one that holds its flag alone is dropped.
        (&[1, 1, 9, 9], "0000000000001 1 01 0000000000 0000000001001 1 01"),
        (&[1, 1, 2, 1, 2, 9], "0000000000001 1 01 0001 001 000 1 1 00000000000 0000000001001"),
        (&[1, 2, 3, 2, 3, 2, 0, 9], ""),
    ];
    for (samples, rule) in cases {
        let bytes = encoded(samples);
        if !rule.is_empty() {
            let mut bits: String = rule.split_whitespace().collect();
            bits.extend(std::iter::repeat_n('0', bits.len().next_multiple_of(8) - bits.len()));
            assert_eq!(bits_of(&bytes), bits, "{samples:?}");
        }
        assert_eq!(decode(&bytes, samples.len()), Some((samples.to_vec(), bytes.len())), "{samples:?}");
    }
}

#[test]
fn what_no_encoder_writes_is_told() {
    let cases: [(&str, usize, &str); 8] = [
        ("1 01 0000000000", 1, "codes of differences"),
        ("0000000000001 1 1", 5, "a repeat code"),
        ("0000000000001 1 000000001", 2, "a code of more than seven 0 bits"),
        ("0000000000001 1 000000000000 101", 2, "a packet with no code"),
        ("0000000000001 1 001 001", 3, "a sample outside 0 to 4095"),
        ("0000000000001 1 01 1", 4, "more samples than the channel has"),
        ("0000000000001 1 01 1", 7, "the end of the payload"),
        ("0000000000001 1 01 01 1", 3, "bits behind the channel's last sample"),
    ];
    for (bits, count, found) in cases {
        let mut bits: String = bits.split_whitespace().collect();
        bits.extend(std::iter::repeat_n('0', bits.len().next_multiple_of(8) - bits.len()));
        let bytes: Vec<u8> = (0..bits.len() / 8).map(|at| u8::from_str_radix(&bits[8 * at..8 * at + 8], 2).unwrap()).collect();
        let fault = decode_channel(&bytes, &mut vec![0; count]).unwrap_err();
        assert_eq!(fault.found, found, "{bits}");
        assert_eq!(decode(&bytes, count), None);
    }
    assert_eq!(decode(&[], 3), None);
}

/// Waveforms with runs, noise of many widths, jumps, and both ends of the range.
fn waveforms() -> impl Strategy<Value = Vec<u16>> {
    let step = prop_oneof![
        6 => (-1i32..=1, 1usize..3), 3 => (-4i32..=4, 1usize..3), 1 => (-4000i32..4000, 1usize..2), 2 => (-3i32..=3, 1usize..60),
    ];
    (0i32..4096, prop::collection::vec(step, 0..200)).prop_map(|(first, steps)| {
        let mut sample = first;
        let mut waveform = vec![sample as u16];
        for step in steps.into_iter().flat_map(|(step, count)| std::iter::repeat_n(step, count)) {
            sample = (sample + step).clamp(0, 4095);
            waveform.push(sample as u16);
        }
        waveform
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_encoded_is_decoded(waveform in waveforms(), behind in prop::collection::vec(any::<u8>(), 0..40)) {
        let mut bytes = encoded(&waveform);
        let used = bytes.len();
        prop_assert!(used <= most_channel_bytes(waveform.len()));
        prop_assert_eq!(decode(&bytes, waveform.len()), Some((waveform.clone(), used)));
        bytes.extend(behind);
        prop_assert_eq!(decode(&bytes, waveform.len()), Some((waveform, used)));
    }

    #[test]
    fn damaged_streams_are_read_by_the_rule(
        waveform in waveforms(), at in any::<prop::sample::Index>(), mask in 1u8.., cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = encoded(&waveform);
        let at = at.index(bytes.len());
        bytes[at] ^= mask;
        decode(&bytes, waveform.len());
        bytes.truncate(cut.index(bytes.len() + 1));
        decode(&bytes, waveform.len());
    }

    #[test]
    fn any_bytes_are_read_by_the_rule(bytes in prop::collection::vec(any::<u8>(), 0..300), count in 1usize..400) {
        decode(&bytes, count);
    }
}
