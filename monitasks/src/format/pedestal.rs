//! The pedestal file: mean and RMS of every channel, ADC counts.
//!
//! ```text
//!     0  0 0 288          60.125          1.7034
//! ```
//! Six columns, 5 3 2 4 15 15 characters wide: channel in DAQ order, charge readout module, view, strip inside the view, mean,
//! RMS. No header; a row per channel; blank lines are ignored. A channel with nothing to measure has mean 0 and RMS 0.

use super::{FormatError, Line, WriteError, lines, quoted};
use crate::detector::Strip;
use crate::vocab::{Channel, View};

/// More channels than any such detector has: a file with more rows is refused.
const MOST_ROWS: usize = 1 << 20;

/// One channel's row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PedestalRow {
    /// The channel, in DAQ order.
    pub channel: Channel,
    /// The charge readout module; 0 where there is one only.
    pub module: u32,
    /// The strip that the channel reads.
    pub strip: Strip,
    /// What was measured; none for a channel that gave nothing to measure.
    pub pedestal: Option<Pedestal>,
}

/// A channel's pedestal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pedestal {
    /// Mean, ADC counts.
    pub mean_adc: f64,
    /// Spread of the samples, ADC counts.
    pub rms_adc: f64,
}

/// Reads a pedestal file. That all channels are there is for the caller to check, who knows how many there are.
///
/// # Errors
/// [`FormatError::Incomplete`] for an empty file and for a last line with no line feed; [`FormatError::Malformed`] for anything
/// else that is no pedestal file: rows of other than six columns, channels that do not ascend, numbers that are none.
pub fn parse(bytes: &[u8]) -> Result<Vec<PedestalRow>, FormatError> {
    let mut rows: Vec<PedestalRow> = Vec::new();
    for line in lines(bytes)? {
        line.whole()?;
        let row = parse_row(&line)?;
        if let Some(last) = rows.last().filter(|last| last.channel >= row.channel) {
            let what = format!("channel {} after channel {}, expected ascending channels", row.channel.0, last.channel.0);
            return Err(FormatError::at(line.number, what));
        }
        if rows.len() == MOST_ROWS {
            return Err(FormatError::at(line.number, format!("more than {MOST_ROWS} rows")));
        }
        rows.push(row);
    }
    if rows.is_empty() { Err(FormatError::Incomplete("nothing in it yet".into())) } else { Ok(rows) }
}

/// The rows as a pedestal file. Mean and RMS are rounded to 0.000001 ADC counts.
///
/// # Errors
/// A number that is not finite, below 0 (an RMS), or too large for its column; a measured channel with mean 0 and RMS 0;
/// channels that do not ascend.
pub fn to_text(rows: &[PedestalRow]) -> Result<String, WriteError> {
    let mut text = String::with_capacity(rows.len() * 45);
    for (index, row) in rows.iter().enumerate() {
        if index > 0 && rows[index - 1].channel >= row.channel {
            return Err(WriteError(format!("channel {} stands after one that is not below it", row.channel.0)));
        }
        let [mean, rms] = match row.pedestal {
            None => ["0".to_owned(), "0".to_owned()],
            Some(Pedestal { mean_adc, rms_adc }) => [column(row.channel, mean_adc)?, column(row.channel, rms_adc.max(-1.0))?],
        };
        if row.pedestal.is_some_and(|pedestal| pedestal.rms_adc < 0.0 || (pedestal.mean_adc == 0.0 && pedestal.rms_adc == 0.0)) {
            return Err(WriteError(format!("channel {} has mean {mean} and RMS {rms}: that is no pedestal", row.channel.0)));
        }
        let (channel, view, strip) = (row.channel.0, row.strip.view.index(), row.strip.number);
        text += &format!("{channel:>5} {:>2} {view:>1} {strip:>3} {mean:>14} {rms:>14}\n", row.module);
    }
    Ok(text)
}

/// A number in a column of 15 with a blank before it.
fn column(channel: Channel, value: f64) -> Result<String, WriteError> {
    let text = format!("{value:.6}");
    if value.is_finite() && text.len() <= 14 {
        return Ok(text);
    }
    Err(WriteError(format!("channel {}: {value} does not fit into the pedestal file", channel.0)))
}

fn parse_row(line: &Line<'_>) -> Result<PedestalRow, FormatError> {
    let words: Vec<&str> = line.text.split_whitespace().collect();
    let [channel, module, view, strip, mean, rms] = words.as_slice() else {
        let what = format!("{} found, expected 6 columns (channel, module, view, strip, mean, RMS)", quoted(line.text));
        return Err(FormatError::at(line.number, what));
    };
    let view = View::try_from(u8::try_from(whole(line, view)?).unwrap_or(u8::MAX))
        .map_err(|error| FormatError::at(line.number, error.to_string()))?;
    let (mean_adc, rms_adc) = (real(line, mean)?, real(line, rms)?);
    if rms_adc < 0.0 {
        return Err(FormatError::at(line.number, format!("an RMS of {rms_adc}, expected 0 or more")));
    }
    let nothing = (mean_adc == 0.0 && rms_adc == 0.0) || !mean_adc.is_finite() || !rms_adc.is_finite();
    Ok(PedestalRow {
        channel: Channel(whole(line, channel)?),
        module: whole(line, module)?,
        strip: Strip { view, number: whole(line, strip)? },
        pedestal: (!nothing).then_some(Pedestal { mean_adc, rms_adc }),
    })
}

fn whole(line: &Line<'_>, word: &str) -> Result<u32, FormatError> {
    let number = if word.bytes().all(|byte| byte.is_ascii_digit()) { word.parse().ok() } else { None };
    number.ok_or_else(|| FormatError::at(line.number, format!("{} found, expected a whole number", quoted(word))))
}

fn real(line: &Line<'_>, word: &str) -> Result<f64, FormatError> {
    word.parse().map_err(|_| FormatError::at(line.number, format!("{} found, expected a number", quoted(word))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(channel: u32, pedestal: Option<Pedestal>) -> PedestalRow {
        PedestalRow { channel: Channel(channel), module: 0, strip: Strip { view: View::V1, number: channel % 960 }, pedestal }
    }

    prop_compose! {
        /// Values of whole millionths: what the columns can hold.
        fn any_rows()(
            values in proptest::collection::btree_map(
                0_u32..1280,
                proptest::option::of((1_u32..4_096_000_000, 0_u32..4_096_000_000)),
                1..40,
            ),
        ) -> Vec<PedestalRow> {
            let pedestal = |(mean, rms): (u32, u32)| Pedestal { mean_adc: f64::from(mean) / 1e6, rms_adc: f64::from(rms) / 1e6 };
            values.into_iter().map(|(channel, value)| row(channel, value.map(pedestal))).collect()
        }
    }

    #[test]
    fn the_columns_have_their_widths() {
        let text = to_text(&[row(12, Some(Pedestal { mean_adc: 60.125, rms_adc: 1.7 }))]).unwrap();
        assert_eq!(text, "   12  0 1  12      60.125000       1.700000\n");
        let ends = [5, 8, 10, 14, 29, 44];
        assert!(ends.iter().all(|end| text.as_bytes()[end - 1] != b' '), "a column does not end where it should: {text:?}");
        assert_eq!(text.len(), 45);
    }

    #[test]
    fn a_channel_with_nothing_to_measure_is_none_and_not_zero() {
        let rows =
            parse(b"    0  0 0 288              0              0\n    1  0 0 287            nan            nan\n").unwrap();
        assert_eq!(rows.iter().map(|row| row.pedestal).collect::<Vec<_>>(), [None, None]);
    }

    #[test]
    fn a_cut_file_is_incomplete_or_shorter_but_never_another() {
        let rows: Vec<_> = (0..5).map(|n| row(n, Some(Pedestal { mean_adc: 60.0 + f64::from(n), rms_adc: 1.7 }))).collect();
        let text = to_text(&rows).unwrap();
        for cut in 0..text.len() {
            match parse(&text.as_bytes()[..cut]) {
                Ok(part) => assert_eq!(part, rows[..part.len()]),
                Err(error) => assert!(matches!(error, FormatError::Incomplete(_)), "cut at {cut}: {error}"),
            }
        }
    }

    #[test]
    fn what_is_no_pedestal_file_is_refused_with_its_line() {
        for (text, line) in [
            ("0 0 0 1 60\n", 1),
            ("0 0 2 1 60 1\n", 1),
            ("0 0 300 1 60 1\n", 1),
            ("0 0 0 -1 60 1\n", 1),
            ("0 0 0 1 60 -1\n", 1),
            ("0 0 0 1 sixty 1\n", 1),
            ("1 0 0 1 60 1\n\n1 0 0 1 60 1\n", 3),
        ] {
            match parse(text.as_bytes()) {
                Err(FormatError::Malformed { line: found, .. }) => assert_eq!(found, line, "{text:?}"),
                other => panic!("{text:?} gave {other:?}"),
            }
        }
    }

    #[test]
    fn what_would_not_come_back_is_not_written() {
        for (mean_adc, rms_adc) in [(f64::NAN, 1.0), (60.0, f64::INFINITY), (60.0, -1.0), (1e9, 1.0), (0.0, 0.0)] {
            assert!(to_text(&[row(0, Some(Pedestal { mean_adc, rms_adc }))]).is_err(), "{mean_adc} {rms_adc} was written");
        }
        assert!(to_text(&[row(1, None), row(1, None)]).is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(rows in any_rows()) {
            let text = to_text(&rows).unwrap();
            prop_assert_eq!(parse(text.as_bytes()), Ok(rows));
        }

        #[test]
        fn any_bytes_get_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes);
        }
    }
}
