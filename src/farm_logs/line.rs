//! A line of a transfer log, in the new and in the old form.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use monitasks::vocab::{FileId, Run};

use crate::bookkeeping::TransferRecord;

/// What a line says. All times are local to the site, as written.
#[derive(Debug, Clone, PartialEq)]
pub struct TransferLine {
    /// What only one of the forms has.
    pub form: Form,
    /// The size as `ls -h` lists it: `1023M`.
    pub listed_size: String,
    /// When the DAQ wrote the file last, to the minute.
    pub daq_closed: DateTime,
    /// Path of the copy.
    pub path: PathBuf,
}

/// The two forms of a line.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// Seconds, two stamps, size, DAQ write time, path.
    New {
        /// Seconds of the copy.
        copy_s: u64,
        /// Start and end of the copy in the order in which they are written; the earlier one is the start.
        times: [DateTime; 2],
    },
    /// A stamp, name, size, DAQ write time, path.
    Old {
        /// When the copy ended, the only stamp of it.
        ended: DateTime,
        /// The file's name.
        name: String,
    },
}

const STAMP: &str = "%Y-%m-%d %H:%M:%S";
const TO_THE_MINUTE: &str = "%Y-%m-%d %H:%M";

impl TransferLine {
    /// The line of a copy in the book, in the new form, with local times in a zone.
    #[must_use]
    pub fn of(transfer: &TransferRecord, daq_closed: Timestamp, zone: &TimeZone) -> Self {
        let local = |at: Timestamp| at.to_zoned(zone.clone()).datetime();
        let copy_s = transfer.ended.duration_since(transfer.started).as_secs().max(0).unsigned_abs();
        TransferLine {
            form: Form::New { copy_s, times: [local(transfer.started), local(transfer.ended)] },
            listed_size: listed_size(transfer.size_bytes),
            daq_closed: local(daq_closed),
            path: transfer.to.clone(),
        }
    }

    /// Reads a line of either form; what stands behind it on the same line is no part of it.
    ///
    /// # Errors
    /// With what is wrong with it.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let text = text.trim_ascii();
        // No word before the path can hold a slash, so that blanks in names and paths do no harm.
        let at = text.windows(2).position(|pair| pair == b" /").ok_or("it has no path of a copy")?;
        let path = PathBuf::from(OsStr::from_bytes(&text[at + 1..]));
        let head = std::str::from_utf8(&text[..at]).map_err(|_| "what stands before the path is no text")?.trim_end();
        let words = words_of(head);
        let word = |at: usize| &head[words[at].0..words[at].1];
        let count = words.len();
        let is_old = count > 0 && is_date(word(0));
        if (is_old && count < 6) || (!is_old && count != 8) {
            return Err(format!("{count} words before the path, expected 8 (new form) or 6 (old form)"));
        }
        let daq_closed = time(word(count - 2), word(count - 1))?;
        let listed_size = word(count - 3).to_owned();
        size_of(&listed_size)?;
        let form = if is_old {
            Form::Old { ended: time(word(0), word(1))?, name: head[words[2].0..words[count - 4].1].to_owned() }
        } else {
            let copy_s = word(0).parse().map_err(|_| format!("{:?} is no number of seconds", word(0)))?;
            Form::New { copy_s, times: [time(word(1), word(2))?, time(word(3), word(4))?] }
        };
        Ok(TransferLine { form, listed_size, daq_closed, path })
    }

    /// The line as it is written, with no line feed.
    #[must_use]
    pub fn text(&self) -> Vec<u8> {
        let (size, closed) = (&self.listed_size, self.daq_closed.strftime(TO_THE_MINUTE));
        let head = match &self.form {
            Form::New { copy_s, times: [one, other] } => {
                format!("{copy_s} {} {} {size} {closed} ", one.strftime(STAMP), other.strftime(STAMP))
            }
            Form::Old { ended, name } => format!("{} {name} {size} {closed} ", ended.strftime(STAMP)),
        };
        // A line feed in a path would make two broken lines of one.
        let path = self.path.as_os_str().as_bytes().iter().map(|byte| if *byte == b'\n' { b'?' } else { *byte });
        head.into_bytes().into_iter().chain(path).collect()
    }

    /// When the copy began; the old form does not tell.
    #[must_use]
    pub fn started(&self) -> Option<DateTime> {
        match &self.form {
            Form::New { times: [one, other], .. } => Some(*one.min(other)),
            Form::Old { .. } => None,
        }
    }

    /// When the copy ended.
    #[must_use]
    pub fn ended(&self) -> DateTime {
        match &self.form {
            Form::New { times: [one, other], .. } => *one.max(other),
            Form::Old { ended, .. } => *ended,
        }
    }

    /// Bytes as far as the listed size tells them: `ls -h` rounds up.
    #[must_use]
    pub fn about_bytes(&self) -> f64 {
        size_of(&self.listed_size).unwrap_or(0.0)
    }

    /// The raw file that the path names: `run<R>-seq<S>.dat` or `<R>-<S>.dat`.
    #[must_use]
    pub fn file(&self) -> Option<FileId> {
        let stem = self.path.file_stem()?.to_str()?;
        stem.parse().ok().or_else(|| {
            let (run, sequence) = stem.split_once('-')?;
            Some(FileId::new(digits(run.as_bytes())?, digits(sequence.as_bytes())?))
        })
    }

    /// The run that the path names, by the file or by its folder.
    #[must_use]
    pub fn run(&self) -> Option<Run> {
        self.file().map(|file| file.run).or_else(|| run_named_in(self.path.as_os_str().as_bytes()))
    }
}

/// The run that a damaged line names by a folder `run<R>/` or a file `run<R>-seq`, wherever it stands.
pub(super) fn run_named_in(text: &[u8]) -> Option<Run> {
    (0..text.len()).filter(|at| text[*at..].starts_with(b"run")).find_map(|at| {
        let rest = &text[at + 3..];
        let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let ends_well = rest[length..].starts_with(b"/") || rest[length..].starts_with(b"-seq");
        ends_well.then(|| digits(&rest[..length])).flatten().map(Run)
    })
}

/// Whether a line begins as one of a transfer log does: `0 2016-10-27 …` or `2016-10-25 …`.
#[must_use]
pub fn begins_as_a_line(line: &str) -> bool {
    let mut words = line.split_whitespace();
    match (words.next(), words.next()) {
        (Some(first), _) if is_date(first) => true,
        (Some(first), Some(second)) => first.parse::<u64>().is_ok() && is_date(second),
        _ => false,
    }
}

/// A size as `ls -h` lists it: rounded up, one decimal below ten of a unit.
#[must_use]
pub fn listed_size(bytes: u64) -> String {
    const UNITS: [char; 6] = ['K', 'M', 'G', 'T', 'P', 'E'];
    if bytes < 1024 {
        return bytes.to_string();
    }
    let mut unit_bytes: u128 = 1024;
    for unit in UNITS {
        let bytes = u128::from(bytes);
        let tenths = (bytes * 10).div_ceil(unit_bytes);
        let whole = bytes.div_ceil(unit_bytes);
        if tenths < 100 {
            return format!("{}.{}{unit}", tenths / 10, tenths % 10);
        }
        if whole < 1024 {
            return format!("{whole}{unit}");
        }
        unit_bytes *= 1024;
    }
    format!("{bytes}")
}

/// A size as `ls -h` lists it, in bytes.
fn size_of(text: &str) -> Result<f64, String> {
    let unit = text.chars().last().and_then(|letter| "KMGTPE".find(letter));
    let number = if unit.is_some() { &text[..text.len() - 1] } else { text };
    let number: f64 = number.parse().map_err(|_| format!("{text:?} is no size"))?;
    if !number.is_finite() || number < 0.0 {
        return Err(format!("{text:?} is no size"));
    }
    Ok(number * 1024f64.powi(unit.map_or(0, |power| power as i32 + 1)))
}

fn is_date(word: &str) -> bool {
    word.len() == 10 && word.parse::<Date>().is_ok()
}

fn time(date: &str, clock: &str) -> Result<DateTime, String> {
    format!("{date} {clock}").parse().map_err(|_| format!("'{date} {clock}' is no date and time"))
}

/// Where each word begins and ends.
fn words_of(text: &str) -> Vec<(usize, usize)> {
    text.split_ascii_whitespace()
        .map(|word| {
            let start = word.as_ptr() as usize - text.as_ptr() as usize;
            (start, start + word.len())
        })
        .collect()
}

/// A number of digits alone.
fn digits(text: &[u8]) -> Option<u32> {
    (!text.is_empty() && text.iter().all(u8::is_ascii_digit)).then(|| std::str::from_utf8(text).ok()?.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DOCUMENT: &str = include_str!("../../tests/data/farm_logs/document.log");

    #[test]
    fn the_documents_lines_are_read_and_written_back_byte_for_byte() {
        assert_eq!(DOCUMENT.lines().count(), 3);
        for line in DOCUMENT.lines() {
            let read = TransferLine::parse(line.as_bytes()).unwrap();
            assert_eq!(String::from_utf8(read.text()).unwrap(), line);
        }
        let [new, swapped, old] = [0, 1, 2].map(|at| TransferLine::parse(DOCUMENT.lines().nth(at).unwrap().as_bytes()).unwrap());
        assert_eq!((new.file(), new.about_bytes()), (Some(FileId::new(1014, 2)), 1023.0 * 1048576.0));
        assert_eq!(swapped.started(), Some("2016-10-27 13:55:04".parse().unwrap()), "the earlier one is the start");
        assert_eq!(swapped.ended(), "2016-10-27 13:55:09".parse().unwrap());
        assert_eq!((old.started(), old.ended()), (None, "2016-10-25 15:47:03".parse().unwrap()));
        assert!(DOCUMENT.lines().all(begins_as_a_line) && !begins_as_a_line("1 2 3 4 5 6"));
    }

    #[test]
    fn sizes_are_as_ls_lists_them() {
        for (bytes, listed) in [
            (0, "0"),
            (1023, "1023"),
            (1024, "1.0K"),
            (1025, "1.1K"),
            (10_137, "9.9K"),
            (10_138, "10K"),
            (38_000_000, "37M"),
            (1_048_575, "1.0M"),
            (1_072_226_134, "1023M"),
            (1 << 30, "1.0G"),
            (u64::MAX, "16E"),
        ] {
            assert_eq!(listed_size(bytes), listed, "{bytes}");
            assert!(size_of(listed).unwrap() >= bytes as f64 * 0.999, "{listed}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_line_is_told() {
        let line = DOCUMENT.lines().next().unwrap();
        let cases = [
            (line.replace("1023M", "much"), "\"much\" is no size"),
            (line.replace("13:55:04", "25:55:04"), "is no date and time"),
            (line.replace(" 1023M", ""), "words before the path"),
            (line[..40].to_owned(), "no path"),
            (line.replacen("0 ", "soon ", 1), "no number of seconds"),
        ];
        for (text, what) in cases {
            let error = TransferLine::parse(text.as_bytes()).unwrap_err();
            assert!(error.contains(what), "{text}: {error}");
        }
        assert_eq!(run_named_in(b"0 2016-10-27 13: /home/prod/storage/input/run1014/run10"), Some(Run(1014)));
        assert_eq!(run_named_in(b"0 2016-10-27 runs/run/ run12"), None);
    }

    /// Stamps of the year 2016, to the second.
    pub fn stamps() -> impl Strategy<Value = DateTime> {
        (1i8..=12, 1i8..=28, 0i8..24, 0i8..60, 0i8..60)
            .prop_map(|(month, day, hour, minute, second)| jiff::civil::datetime(2016, month, day, hour, minute, second, 0))
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_with_blanks_in_any_place(
            times in (stamps(), stamps()), closed in stamps(), copy_s in 0u64..100_000, bytes: u64, is_old: bool,
            name in "[a-z][a-z0-9 ._-]{0,20}[a-z0-9]", folder in "(/[a-zA-Z0-9._ -]{1,12}){0,4}",
        ) {
            let form = if is_old {
                Form::Old { ended: times.0, name: name.clone() }
            } else {
                Form::New { copy_s, times: [times.0, times.1] }
            };
            let daq_closed = closed.with().second(0).build().unwrap();
            let path = format!("/{}{folder}/{name}", "home");
            let line = TransferLine { form, listed_size: listed_size(bytes), daq_closed, path: path.into() };
            let read = TransferLine::parse(&line.text());
            prop_assert_eq!(read, Ok(line));
        }

        #[test]
        fn any_bytes_get_an_answer(text in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = TransferLine::parse(&text);
            let _ = run_named_in(&text);
        }
    }
}
