//! Tells a file's kind by its content.

use std::path::Path;

use monitasks::format::crp_summary::read_stamp;

use crate::farm_logs::begins_as_a_line;
use crate::rawdata::begins_with_event_table;
use crate::rawdata::layout::{EVENT_KEY, FOOTER_KEY, RUN_HEADER_BYTES};

/// The kinds of file that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A raw file.
    Raw,
    /// A ROOT file.
    Root,
    /// A summary file: stamp, lifetimes, LEM rows.
    Summary,
    /// A pedestal file.
    Pedestals,
    /// The .json beside a result.
    Sidecar,
    /// The truth of a simulation.
    Truth,
    /// A transfer log.
    TransferLog,
    /// A job's batch record.
    BatchRecord,
    /// A job's end mark.
    EndMark,
}

impl Kind {
    const ALL: [Kind; 9] = [
        Kind::Raw,
        Kind::Root,
        Kind::Summary,
        Kind::Pedestals,
        Kind::Sidecar,
        Kind::Truth,
        Kind::TransferLog,
        Kind::BatchRecord,
        Kind::EndMark,
    ];

    /// The word in `--json`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Kind::Raw => "raw",
            Kind::Root => "root",
            Kind::Summary => "summary",
            Kind::Pedestals => "pedestals",
            Kind::Sidecar => "sidecar",
            Kind::Truth => "truth",
            Kind::TransferLog => "transfer_log",
            Kind::BatchRecord => "batch_record",
            Kind::EndMark => "end_mark",
        }
    }

    /// The name for people.
    pub(super) fn title(self) -> &'static str {
        match self {
            Kind::Raw => "raw file",
            Kind::Root => "ROOT file",
            Kind::Summary => "summary file",
            Kind::Pedestals => "pedestal file",
            Kind::Sidecar => "result's .json",
            Kind::Truth => "simulation's truth",
            Kind::TransferLog => "transfer log",
            Kind::BatchRecord => "batch record",
            Kind::EndMark => "job's end mark",
        }
    }
}

/// All kinds, for people.
pub(super) fn known() -> String {
    Kind::ALL.map(Kind::title).join(", ")
}

/// The kind that a file's first bytes stand for. The name is asked last, and of a raw file alone: its first five bytes may be
/// anything, so that a damaged one is known by its name or not at all.
pub(super) fn of(start: &[u8], path: &Path) -> Option<Kind> {
    let at_first_key = start.get(RUN_HEADER_BYTES..RUN_HEADER_BYTES + 2);
    if start.starts_with(b"root") {
        return Some(Kind::Root);
    }
    if at_first_key.is_some_and(|key| key == EVENT_KEY || key == FOOTER_KEY) || begins_with_event_table(start) {
        return Some(Kind::Raw);
    }
    let is_named_raw = path.extension().is_some_and(|ending| ending == "dat");
    text_of(start).and_then(kind_of_text).or(is_named_raw.then_some(Kind::Raw))
}

/// The bytes as text, if they are one; a letter that the end of the bytes cuts is left out.
fn text_of(start: &[u8]) -> Option<&str> {
    let text = match std::str::from_utf8(start) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&start[..error.valid_up_to()]).ok()?,
        // One bad byte behind lines of text is damage to a text, which its own reader tells.
        Err(error) => std::str::from_utf8(&start[..error.valid_up_to()]).ok().filter(|text| text.contains('\n'))?,
    };
    (!text.contains('\0')).then_some(text)
}

/// A text's kind: an object's by its keys, else the kind that most lines look like.
fn kind_of_text(text: &str) -> Option<Kind> {
    if text.trim_start().starts_with('{') {
        return kind_of_json(text);
    }
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    if lines().next().is_some_and(|line| read_stamp(line).is_some()) {
        return Some(Kind::Summary);
    }
    let votes = |kind: Kind| lines().filter(|line| kind_of_line(line) == Some(kind)).count();
    let mut best = None;
    for kind in [Kind::BatchRecord, Kind::TransferLog, Kind::Pedestals, Kind::Summary] {
        let count = votes(kind);
        if count > best.map_or(0, |(_, most)| most) {
            best = Some((kind, count));
        }
    }
    best.map(|(kind, _)| kind)
}

/// What a line of a text looks like.
fn kind_of_line(line: &str) -> Option<Kind> {
    if super::jobs::is_record_line(line) {
        return Some(Kind::BatchRecord);
    }
    if begins_as_a_line(line) {
        return Some(Kind::TransferLog);
    }
    if read_stamp(line).is_some() {
        return Some(Kind::Summary);
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    let are_numbers = words.iter().all(|word| word.parse::<f64>().is_ok());
    match words.len() {
        6 if are_numbers => Some(Kind::Pedestals),
        5 if are_numbers => Some(Kind::Summary),
        _ => None,
    }
}

/// An object's kind by keys that no other has. They are sought in the text, so that one that is cut is known too.
fn kind_of_json(text: &str) -> Option<Kind> {
    let has = |key: &str| text.contains(&format!("\"{key}\""));
    if has("job") && has("attempt") {
        Some(Kind::EndMark)
    } else if has("schema") && has("processing") && has("members") {
        Some(Kind::Sidecar)
    } else if has("software") && has("seed") && has("noise_adc") {
        Some(Kind::Truth)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_and_not_the_ending_tells_the_kind() {
        let cases: [(&[u8], &str, Option<Kind>); 17] = [
            (b"root\x00\x00", "a.dat", Some(Kind::Root)),
            (b"\x00\x00\x00\x01\x00\xFF\xFF\x01", "a.txt", Some(Kind::Raw)),
            (b"\x00\x00\x00\x01\x00\xF0\xF0\x00\x00", "a", Some(Kind::Raw)),
            (b"\x07\0\0\0\x01\0\0\0\0\0\0\0\x78\0\0\0\x1E\0\0\0\0\0\0\0\xFF\xFF\x07\0", "a", Some(Kind::Raw)),
            (b"\x00\x00\x00\x01\x00\x12\x34", "run1-seq0.dat", Some(Kind::Raw)),
            (b"\x00\x00\x00\x01\x00\x12\x34", "a.bin", None),
            (b"190516_195200\n", "run1-seq0.dat", Some(Kind::Summary)),
            (b"19x516_195200\n1 2 3 4\n1 2 3 4 5\n", "a", Some(Kind::Summary)),
            (b"    0  0 0 288   60.1  1.7\n", "a.txt", Some(Kind::Pedestals)),
            (b"{\"schema\": 1, \"run\": 1, \"processing\": 1, \"members\": [", "a", Some(Kind::Sidecar)),
            (b"{\"job\": \"reco\", \"attempt\": 1}", "a", Some(Kind::EndMark)),
            (b"{\"software\": \"x\", \"noise_adc\": 1, \"seed\": 1}", "a", Some(Kind::Truth)),
            (b"{\"a\": 1}", "a.json", None),
            (b"2016-10-25 15:47:03 run1-seq0.dat 37M 2016-10-25 15:47 /x/run1-seq0.dat\n", "a", Some(Kind::TransferLog)),
            (b"job submitted on : 2016-10-25 16:12:37\n", "a", Some(Kind::BatchRecord)),
            (b"a letter to the shift crew\n", "a.txt", None),
            (b"", "a", None),
        ];
        for (start, name, expected) in cases {
            assert_eq!(of(start, Path::new(name)), expected, "{name}: {:?}", String::from_utf8_lossy(start));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_get_an_answer(start in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let _ = of(&start, Path::new("a"));
        }
    }
}
