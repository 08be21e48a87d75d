//! The summary file of a charge readout plane: when, electron lifetime, dQ/ds of each LEM.
//!
//! ```text
//! 190516_195200                              local time DDMMYY_HHMMSS (a blank for the underscore is read too)
//! 3012.5 81.2 2987.1 79.4                    electron lifetime and its error, us, of view 0 and of view 1
//! 1 14.91 0.31 14.87 0.3                     LEM, dQ/ds and its error of view 0, then of view 1
//! ```
//! No header and no comments; blank lines are ignored; LEM numbers start at 1 and may be missing. The file grows in that
//! order, so one with no LEM rows, or with the stamp alone, is whole as far as it goes. It holds no run number and no unit of
//! dQ/ds: both stand in the `.json` beside it ([`super::sidecar`]).
//!
//! A value of 0 is "no data", never a number; a lifetime of `100000.0` is "no attenuation measured". A last line that no line
//! feed ends is half written, whatever stands in it: `1234` may become `12345`.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use super::{FormatError, Line, WriteError, lines, quoted};
use crate::summary::Measured;

/// The lifetime, us, that means "no attenuation measured".
pub const NO_ATTENUATION_US: f64 = 100_000.0;

/// The content of a summary file.
#[derive(Debug, Clone, PartialEq)]
pub struct CrpSummary {
    /// Local time of the site, as written, to the second.
    pub stamp: DateTime,
    /// Electron lifetime of view 0 and view 1, us; none when the file has no such line (yet).
    pub lifetime_us: Option<[Measured; 2]>,
    /// The rows of the LEMs, in the file's order; empty when there are none (yet).
    pub lems: Vec<LemRow>,
}

/// One LEM's row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LemRow {
    /// Its number in the numbering of the result files, from 1.
    pub lem: u32,
    /// dQ/ds of view 0 and view 1, attenuation corrected, in the unit that the sidecar names.
    pub dqds: [Measured; 2],
}

impl CrpSummary {
    /// A summary with a stamp and nothing else yet.
    #[must_use]
    pub fn at(stamp: Timestamp, zone: &TimeZone) -> Self {
        let local = stamp.to_zoned(zone.clone()).datetime();
        let whole_seconds = local.time().with().subsec_nanosecond(0).build().unwrap_or(local.time());
        CrpSummary { stamp: local.date().to_datetime(whole_seconds), lifetime_us: None, lems: Vec::new() }
    }

    /// The stamp as a time in UTC, given the site's time zone. In the hour that the end of summer time repeats, the first
    /// pass is taken.
    #[must_use]
    pub fn stamp_utc(&self, zone: &TimeZone) -> Option<Timestamp> {
        zone.to_ambiguous_timestamp(self.stamp).compatible().ok()
    }

    /// Reads a summary file.
    ///
    /// # Errors
    /// [`FormatError::Incomplete`] for an empty file and for a last line with no line feed;
    /// [`FormatError::Malformed`] for anything else that is no summary file.
    pub fn parse(bytes: &[u8]) -> Result<Self, FormatError> {
        let mut lines = lines(bytes)?;
        let Some(first) = lines.next() else { return Err(FormatError::Incomplete("nothing in it yet".into())) };
        let mut summary = CrpSummary { stamp: stamp(first.whole()?)?, lifetime_us: None, lems: Vec::new() };
        for line in lines {
            let words: Vec<&str> = line.whole()?.text.split_whitespace().collect();
            match (words.as_slice(), &summary.lifetime_us) {
                ([v0, e0, v1, e1], None) if summary.lems.is_empty() => {
                    summary.lifetime_us = Some([lifetime(&line, v0, e0)?, lifetime(&line, v1, e1)?]);
                }
                ([lem, v0, e0, v1, e1], _) => {
                    let row = LemRow { lem: lem_number(&line, lem)?, dqds: [dqds(&line, v0, e0)?, dqds(&line, v1, e1)?] };
                    if summary.lems.iter().any(|other| other.lem == row.lem) {
                        return Err(FormatError::at(line.number, format!("LEM {} stands in the file twice", row.lem)));
                    }
                    summary.lems.push(row);
                }
                _ => return Err(unexpected(&line, summary.lifetime_us.is_some() || !summary.lems.is_empty())),
            }
        }
        Ok(summary)
    }

    /// The whole file as text.
    ///
    /// # Errors
    /// A number that the file would not give back: not finite, 0, a lifetime below 0 or of [`NO_ATTENUATION_US`]; a negative
    /// error; a LEM 0 or twice; a year outside 2000 to 2099.
    pub fn to_text(&self) -> Result<String, WriteError> {
        let stamp = self.stamp;
        if !(2000..2100).contains(&stamp.year()) {
            return Err(WriteError(format!(
                "the stamp {stamp} has a year outside 2000 to 2099, and the file has two digits for it"
            )));
        }
        let mut text = format!("{}\n", stamp.strftime("%d%m%y_%H%M%S"));
        if let Some([view0, view1]) = self.lifetime_us {
            text += &format!("{} {}\n", lifetime_words(view0)?, lifetime_words(view1)?);
        }
        Ok(text + &lem_rows_to_text(&self.lems)?)
    }
}

/// The rows of the LEMs as text, to append to a file that has its lifetimes.
///
/// # Errors
/// As [`CrpSummary::to_text`].
pub fn lem_rows_to_text(rows: &[LemRow]) -> Result<String, WriteError> {
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        if row.lem == 0 || rows[..index].iter().any(|other| other.lem == row.lem) {
            return Err(WriteError(format!("LEM {} is 0 or there twice, and LEMs are numbered from 1", row.lem)));
        }
        text += &format!("{} {} {}\n", row.lem, dqds_words(row.dqds[0])?, dqds_words(row.dqds[1])?);
    }
    Ok(text)
}

fn unexpected(line: &Line<'_>, has_lifetime: bool) -> FormatError {
    let expected = if has_lifetime {
        "a LEM row of 5 numbers (LEM, dQ/ds and error of view 0, of view 1)"
    } else {
        "the lifetimes of the two views with errors (4 numbers), or a LEM row (5 numbers)"
    };
    FormatError::at(line.number, format!("{} found, expected {expected}", quoted(line.text)))
}

fn stamp(line: &Line<'_>) -> Result<DateTime, FormatError> {
    read_stamp(line.text).ok_or_else(|| {
        let found = quoted(line.text);
        FormatError::at(
            line.number,
            format!("{found} found, expected the local time DDMMYY_HHMMSS (or with a blank) and nothing else"),
        )
    })
}

/// Reads a stamp `DDMMYY_HHMMSS` or `DDMMYY HHMMSS` of the field's files and file names; none for anything else.
#[must_use]
pub fn read_stamp(text: &str) -> Option<DateTime> {
    let (date, time) = text.split_once(['_', ' '])?;
    let [day, month, year] = pairs(date)?;
    let [hour, minute, second] = pairs(time.trim_start())?;
    let date = Date::new(2000 + i16::from(year), month, day).ok()?;
    let time = Time::new(hour, minute, second, 0).ok()?;
    Some(date.to_datetime(time))
}

/// Six digits as three numbers of two.
fn pairs(digits: &str) -> Option<[i8; 3]> {
    let bytes: [u8; 6] = digits.as_bytes().try_into().ok()?;
    if !bytes.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let pair = |at: usize| ((bytes[at] - b'0') * 10 + bytes[at + 1] - b'0') as i8;
    Some([pair(0), pair(2), pair(4)])
}

fn lem_number(line: &Line<'_>, word: &str) -> Result<u32, FormatError> {
    let number = if word.bytes().all(|byte| byte.is_ascii_digit()) { word.parse().ok() } else { None };
    number
        .filter(|number| *number > 0)
        .ok_or_else(|| FormatError::at(line.number, format!("{} found, expected the number of a LEM, from 1", quoted(word))))
}

fn number(line: &Line<'_>, word: &str) -> Result<f64, FormatError> {
    word.parse().map_err(|_| FormatError::at(line.number, format!("{} found, expected a number", quoted(word))))
}

fn lifetime(line: &Line<'_>, value: &str, error: &str) -> Result<Measured, FormatError> {
    Ok(match measured(number(line, value)?, number(line, error)?) {
        // Charge that grows with drift time is a fit gone wrong, and the limit of the fit is no measurement.
        Measured::Number { value, .. } if value < 0.0 || value == NO_ATTENUATION_US => Measured::NotMeasured,
        other => other,
    })
}

fn dqds(line: &Line<'_>, value: &str, error: &str) -> Result<Measured, FormatError> {
    Ok(measured(number(line, value)?, number(line, error)?))
}

/// A value and its error as the file has them. The old program writes `value/sqrt(n)` for an error: below 0 with its value.
fn measured(value: f64, error: f64) -> Measured {
    match (value, error.abs()) {
        (0.0, _) => Measured::NoData,
        (value, error) if value.is_finite() && error.is_finite() => Measured::Number { value, error },
        _ => Measured::NotMeasured,
    }
}

fn lifetime_words(measured: Measured) -> Result<String, WriteError> {
    match measured {
        Measured::NotMeasured => Ok("100000.0 0".into()),
        Measured::Number { value, .. } if value < 0.0 || value == NO_ATTENUATION_US => {
            Err(WriteError(format!("a lifetime of {value} us can't be written: the file has no such number")))
        }
        other => dqds_words(other),
    }
}

fn dqds_words(measured: Measured) -> Result<String, WriteError> {
    match measured {
        // The file knows one word for both; the sidecar keeps them apart.
        Measured::NoData | Measured::NotMeasured => Ok("0 0".into()),
        Measured::Number { value, error } if value.is_finite() && value != 0.0 && error.is_finite() && error >= 0.0 => {
            Ok(format!("{value} {error}"))
        }
        Measured::Number { value, error } => {
            Err(WriteError(format!("{value} with error {error} can't be written: 0 is \"no data\", and errors are 0 or more")))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The example published with the farm, rows 1 and 2 cut there.
    const PUBLISHED: &[u8] = include_bytes!("../../tests/data/crp_summary_published.txt");

    fn measured_number() -> impl Strategy<Value = Measured> {
        (1e-9..1e5_f64, 0.0..1e4_f64).prop_map(|(value, error)| Measured::number(value, error))
    }

    fn dqds_entry() -> impl Strategy<Value = Measured> {
        prop_oneof![8 => measured_number(), 1 => Just(Measured::NoData)]
    }

    fn lifetime_entry() -> impl Strategy<Value = Measured> {
        prop_oneof![8 => measured_number(), 1 => Just(Measured::NoData), 1 => Just(Measured::NotMeasured)]
    }

    prop_compose! {
        fn any_summary()(
            second in 946_684_800_i64..4_102_444_799,
            lifetime_us in proptest::option::of([lifetime_entry(), lifetime_entry()]),
            lems in proptest::collection::btree_map(1_u32..200, [dqds_entry(), dqds_entry()], 0..14),
        ) -> CrpSummary {
            let mut summary = CrpSummary::at(Timestamp::from_second(second).unwrap(), &TimeZone::UTC);
            summary.lifetime_us = lifetime_us;
            summary.lems = lems.into_iter().map(|(lem, dqds)| LemRow { lem, dqds }).collect();
            summary
        }
    }

    #[test]
    fn the_published_example_reads_as_its_numbers() {
        let summary = CrpSummary::parse(PUBLISHED).unwrap();
        assert_eq!(summary.stamp, jiff::civil::date(2016, 5, 19).at(19, 52, 0, 0));
        assert_eq!(summary.lifetime_us, Some([Measured::NotMeasured; 2]));
        assert_eq!(summary.lems.iter().map(|row| row.lem).collect::<Vec<_>>(), (3..=12).collect::<Vec<_>>());
        let third = LemRow { lem: 3, dqds: [Measured::number(8.70623, 0.130629), Measured::number(8.72318, 0.125939)] };
        assert_eq!(summary.lems[0], third);
        assert_eq!(summary.lems[9].dqds[1], Measured::number(8.73078, 0.134379));
    }

    #[test]
    fn the_published_example_is_written_as_it_stands() {
        let summary = CrpSummary::parse(PUBLISHED).unwrap();
        assert_eq!(summary.to_text().unwrap().as_bytes(), PUBLISHED);
    }

    #[test]
    fn a_blank_in_the_stamp_blank_lines_and_carriage_returns_are_read() {
        let blanks = String::from_utf8(PUBLISHED.to_vec()).unwrap().replacen('_', " ", 1).replace('\n', "\r\n\r\n");
        assert_eq!(CrpSummary::parse(blanks.as_bytes()), CrpSummary::parse(PUBLISHED));
    }

    #[test]
    fn the_stamp_is_local_time() {
        let zurich = TimeZone::get("Europe/Zurich").unwrap();
        let summary = CrpSummary::parse(PUBLISHED).unwrap();
        let utc: Timestamp = "2016-05-19T17:52:00Z".parse().unwrap();
        assert_eq!(summary.stamp_utc(&zurich), Some(utc));
        assert_eq!(CrpSummary::at(utc, &zurich).stamp, summary.stamp);
    }

    #[test]
    fn zero_is_no_data_and_the_limit_is_not_measured() {
        let text = b"190516_195200\n100000 12 -5 1\n1 0 0 nan 0\n2 1.5 -nan 0.0 0\n";
        let summary = CrpSummary::parse(text).unwrap();
        assert_eq!(summary.lifetime_us, Some([Measured::NotMeasured; 2]));
        assert_eq!(summary.lems[0].dqds, [Measured::NoData, Measured::NotMeasured]);
        assert_eq!(summary.lems[1].dqds, [Measured::NotMeasured, Measured::NoData]);
    }

    #[test]
    fn a_growing_file_is_whole_as_far_as_it_goes() {
        let stamp_alone = CrpSummary::parse(b"190516_195200\n").unwrap();
        assert_eq!((stamp_alone.lifetime_us, stamp_alone.lems.len()), (None, 0));
        let purity_alone = CrpSummary::parse(b"190516_195200\n3000 80 2900 70\n").unwrap();
        assert_eq!(purity_alone.lifetime_us, Some([Measured::number(3000.0, 80.0), Measured::number(2900.0, 70.0)]));
        assert!(purity_alone.lems.is_empty());
    }

    #[test]
    fn every_prefix_of_the_example_gives_true_numbers_or_none() {
        let whole = CrpSummary::parse(PUBLISHED).unwrap();
        for cut in 0..PUBLISHED.len() {
            match CrpSummary::parse(&PUBLISHED[..cut]) {
                Ok(part) => {
                    assert_eq!(PUBLISHED[cut - 1], b'\n', "a line cut at byte {cut} was taken as whole");
                    assert_eq!(part.stamp, whole.stamp);
                    assert!(part.lifetime_us.is_none() || part.lifetime_us == whole.lifetime_us);
                    assert_eq!(part.lems, whole.lems[..part.lems.len()]);
                }
                Err(FormatError::Incomplete(_)) => assert!(cut == 0 || PUBLISHED[cut - 1] != b'\n'),
                Err(error) => panic!("a file cut at byte {cut} was refused: {error}"),
            }
        }
    }

    #[test]
    fn what_is_no_summary_is_refused_with_its_line() {
        for (text, line) in [
            ("hello\n", 1),
            ("19516_195200\n", 1),
            ("320516_195200\n", 1),
            ("190516_195260\n", 1),
            ("190516_195200 1\n", 1),
            ("190516_195200\n1 2 3\n", 2),
            ("190516_195200\n1 2 3 4\n1 2 3 4\n", 3),
            ("190516_195200\n1 2 3 4\n1 2 3 4 5 6\n", 3),
            ("190516_195200\n1 2 3 4\n0 2 3 4 5\n", 3),
            ("190516_195200\n1 2 3 4\n+1 2 3 4 5\n", 3),
            ("190516_195200\n1 2 3 4\n1 2 x 4 5\n", 3),
            ("190516_195200\n1 2 3 4\n1 2 3 4 5\n\n1 2 3 4 5\n", 5),
        ] {
            match CrpSummary::parse(text.as_bytes()) {
                Err(FormatError::Malformed { line: found, .. }) => assert_eq!(found, line, "{text:?}"),
                other => panic!("{text:?} gave {other:?}"),
            }
        }
        assert!(matches!(CrpSummary::parse(b"190516_195200\n\xff\n"), Err(FormatError::Malformed { line: 2, .. })));
    }

    #[test]
    fn what_would_not_come_back_is_not_written() {
        let mut summary = CrpSummary::parse(PUBLISHED).unwrap();
        for lifetime in [0.0, -1.0, f64::NAN, f64::INFINITY, NO_ATTENUATION_US] {
            summary.lifetime_us = Some([Measured::number(lifetime, 1.0), Measured::NoData]);
            assert!(summary.to_text().is_err(), "{lifetime} was written");
        }
        assert!(lem_rows_to_text(&[LemRow { lem: 0, dqds: [Measured::NoData; 2] }]).is_err());
        assert!(lem_rows_to_text(&[LemRow { lem: 1, dqds: [Measured::NoData; 2] }; 2]).is_err());
        assert!(lem_rows_to_text(&[LemRow { lem: 1, dqds: [Measured::number(1.0, -1.0); 2] }]).is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(summary in any_summary()) {
            prop_assume!(summary.lifetime_us.is_some() || summary.lems.is_empty());
            let text = summary.to_text().unwrap();
            prop_assert_eq!(CrpSummary::parse(text.as_bytes()), Ok(summary));
        }

        #[test]
        fn appended_rows_are_the_whole_file(summary in any_summary()) {
            let head = CrpSummary { lems: Vec::new(), ..summary.clone() };
            let text = head.to_text().unwrap() + &lem_rows_to_text(&summary.lems).unwrap();
            prop_assert_eq!(text, summary.to_text().unwrap());
        }

        #[test]
        fn any_bytes_get_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = CrpSummary::parse(&bytes);
        }

        #[test]
        fn a_damaged_example_gets_an_answer(at in 0..PUBLISHED.len(), byte in any::<u8>()) {
            let mut bytes = PUBLISHED.to_vec();
            bytes[at] = byte;
            let _ = CrpSummary::parse(&bytes);
        }
    }
}
