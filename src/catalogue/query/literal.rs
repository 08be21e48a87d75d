//! A value in a query: what it means for its field.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use super::{Literal, Meaning, Op};
use crate::catalogue::facts::day_span_s;
use crate::catalogue::fields::{Field, FieldKind, nearest_of};
use crate::catalogue::number::{plain, range};

/// The meaning of a value; else what is wrong, and what there is instead.
pub(super) fn literal_of(field: &Field, op: Op, written: &str) -> Result<Literal, (String, Option<String>)> {
    let name = &field.name;
    let is_ordered = matches!(field.kind, FieldKind::Number | FieldKind::Time);
    if !is_ordered && matches!(op, Op::Below | Op::AtMost | Op::Above | Op::AtLeast) {
        let what = format!("'{name}' has {}, which '{}' can't compare", field.kind.words(), op.sign());
        return Err((what, Some("there are ':', '=' and '!='".into())));
    }
    let meaning = match field.kind {
        FieldKind::Number => number_span(field, written).map(|(low, high)| Meaning::Span(low, high)),
        FieldKind::Time => time_span(written).map(|(low, high)| Meaning::Span(low, high)),
        FieldKind::Words | FieldKind::Text => Some(Meaning::Text(written.to_lowercase())),
    };
    let Some(meaning) = meaning else { return Err(not_understood(field, written)) };
    if matches!(meaning, Meaning::Span(low, high) if low > high) {
        return Err((format!("the range {written} ends before it begins"), None));
    }
    if let Some(words) = field.only_words()
        && !words.iter().any(|word| word.eq_ignore_ascii_case(written))
    {
        let meant = words
            .iter()
            .map(|word| word.to_lowercase())
            .find(|word| nearest_of(&written.to_lowercase(), std::iter::once(word.as_str())).is_some());
        let meant = meant.and_then(|meant| words.iter().find(|word| word.eq_ignore_ascii_case(&meant)));
        let meant = meant.map(|word| format!("did you mean {word}? ")).unwrap_or_default();
        return Err((format!("{written:?} is no {name}"), Some(format!("{meant}there are: {}", words.join(", ")))));
    }
    Ok(Literal { written: written.to_owned(), meaning })
}

fn not_understood(field: &Field, written: &str) -> (String, Option<String>) {
    let name = &field.name;
    match field.kind {
        FieldKind::Time => (
            format!("{written:?} is no day or time, which '{name}' is"),
            Some("write 2017, 2017-10, 2017-10-01, 2017-10-01T12:30 (UTC), or a range such as 2017-10-01..2017-10-05".into()),
        ),
        _ => {
            let unit = if field.unit.is_empty() { String::new() } else { format!(" in {}", field.unit) };
            let hint = "write a number such as 12.5, or a range such as 10-20, 10..20, 10.. or ..20";
            (format!("{written:?} is no number{unit}, which '{name}' is"), Some(hint.into()))
        }
    }
}

fn number_span(field: &Field, written: &str) -> Option<(f64, f64)> {
    let bare = written.strip_suffix(field.unit.as_str()).filter(|_| !field.unit.is_empty()).unwrap_or(written).trim();
    let bare = match bare.strip_prefix("run").filter(|_| field.name == "run") {
        Some(rest) => rest.replace("-run", "-").replace("..run", ".."),
        None => bare.to_owned(),
    };
    if let Some(number) = plain(&bare) {
        return Some((number, number));
    }
    open_range(&bare, |end| plain(end).map(|number| (number, number))).or_else(|| range(&bare))
}

fn time_span(written: &str) -> Option<(f64, f64)> {
    instant_span(written).or_else(|| open_range(written, instant_span))
}

/// `a..b`, `a..`, `..b`: from where the first begins to where the second ends.
fn open_range(written: &str, span: impl Fn(&str) -> Option<(f64, f64)>) -> Option<(f64, f64)> {
    let (from, to) = written.split_once("..")?;
    match (from.trim(), to.trim()) {
        ("", "") => None,
        ("", to) => Some((f64::NEG_INFINITY, span(to)?.1)),
        (from, "") => Some((span(from)?.0, f64::INFINITY)),
        (from, to) => Some((span(from)?.0, span(to)?.1)),
    }
}

/// First and last second of a year, month, day, minute, second or instant of UTC.
fn instant_span(written: &str) -> Option<(f64, f64)> {
    let written = written.trim();
    let is_digits = |text: &str, digits: usize| text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = written.split('-').collect();
    match parts.as_slice() {
        [year] if is_digits(year, 4) => {
            let year: i16 = year.parse().ok()?;
            Some((day_span_s(Date::new(year, 1, 1).ok()?).0, day_span_s(Date::new(year, 12, 31).ok()?).1))
        }
        [year, month] if is_digits(year, 4) && is_digits(month, 2) => {
            let first = Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok()?;
            Some((day_span_s(first).0, day_span_s(first.last_of_month()).1))
        }
        [year, month, day] if is_digits(year, 4) && is_digits(month, 2) && is_digits(day, 2) => {
            Some(day_span_s(Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?))
        }
        _ => clock_span(written),
    }
}

fn clock_span(written: &str) -> Option<(f64, f64)> {
    let (_, clock) = written.split_once(['T', 't', ' '])?;
    let stamp: Timestamp = written.parse().ok().or_else(|| {
        let time: DateTime = written.parse().ok()?;
        time.in_tz("UTC").ok().map(|zoned| zoned.timestamp())
    })?;
    let clock = clock.trim_end_matches(['Z', 'z']);
    let width_s = match clock.len() {
        0..=2 => 3600.0,
        3..=5 => 60.0,
        6..=8 => 1.0,
        _ => 0.0,
    };
    let from_s = stamp.as_second() as f64 + f64::from(stamp.subsec_nanosecond()) * 1e-9;
    Some((from_s, if width_s > 0.0 { (from_s + width_s).next_down() } else { from_s }))
}
