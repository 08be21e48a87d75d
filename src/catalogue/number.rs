//! Numbers as people write them into tables: decimal commas, `~`, `> 21000`, `10-20`, units behind them.

use super::facts::Value;

/// What a cell of numbers says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reading {
    /// A number, and what had to be understood on the way, for a person to check.
    Number(Value, Option<String>),
    /// No number; why.
    Note(String),
}

/// Reads a cell that is not empty. `unit` is that of the column; empty for none.
pub(super) fn read_number(cell: &str, unit: &str) -> Reading {
    let cell = cell.trim();
    let bare = without_unit(cell, unit);
    if let Some(number) = plain(bare) {
        return Reading::Number(Value::Number(number), None);
    }
    for sign in ["~", "≈", "ca.", "about "] {
        if let Some(number) = bare.strip_prefix(sign).and_then(|rest| plain(rest.trim())) {
            return Reading::Number(Value::Number(number), Some("an approximate number, taken as it is".into()));
        }
    }
    if let Some(value) = bound(bare) {
        return Reading::Number(value, Some("a bound, not a number: only comparisons that are sure hold".into()));
    }
    if let Some((low, high)) = range(bare) {
        if low > high {
            return Reading::Note(format!("a range that ends below its beginning: {cell}"));
        }
        return Reading::Number(Value::Between(low, high), Some("a range: only comparisons that hold for all of it do".into()));
    }
    match with_commas(bare) {
        Some(Ok(number)) => Reading::Number(Value::Number(number), Some(format!("written with a comma, read as {number}"))),
        Some(Err(why)) => Reading::Note(why),
        None => Reading::Note(format!("not a number: {}", shortened(cell))),
    }
}

/// The first letters of a text, for messages.
pub(super) fn shortened(text: &str) -> String {
    const MOST: usize = 40;
    if text.chars().count() <= MOST { text.to_owned() } else { format!("{}…", text.chars().take(MOST).collect::<String>()) }
}

fn without_unit<'a>(cell: &'a str, unit: &str) -> &'a str {
    match cell.strip_suffix(unit) {
        Some(rest) if !unit.is_empty() && rest.trim_end().ends_with(|letter: char| letter.is_ascii_digit()) => rest.trim_end(),
        _ => cell,
    }
}

/// A number with a decimal point; no words such as `inf` or `nan`.
pub(super) fn plain(text: &str) -> Option<f64> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E'))
        && text.bytes().any(|byte| byte.is_ascii_digit());
    let number: f64 = is_number.then(|| text.parse().ok())??;
    number.is_finite().then_some(if number == 0.0 { 0.0 } else { number })
}

fn bound(text: &str) -> Option<Value> {
    for (sign, is_above, is_inclusive) in
        [(">=", true, true), ("≥", true, true), ("<=", false, true), ("≤", false, true), (">", true, false), ("<", false, false)]
    {
        let Some(number) = text.strip_prefix(sign).and_then(|rest| plain(rest.trim())) else { continue };
        return Some(match (is_above, is_inclusive) {
            (true, true) => Value::Above(number.next_down()),
            (true, false) => Value::Above(number),
            (false, true) => Value::Below(number.next_up()),
            (false, false) => Value::Below(number),
        });
    }
    None
}

/// `10-20`, `10..20`, `10 to 20`, with signs.
pub(super) fn range(text: &str) -> Option<(f64, f64)> {
    for between in ["..", "–", " to "] {
        if let Some((low, high)) = text.split_once(between) {
            return Some((plain(low.trim())?, plain(high.trim())?));
        }
    }
    // A hyphen is also a sign, of a number or of its exponent: the one that parts stands behind a digit.
    let bytes = text.as_bytes();
    let places = text.match_indices('-').map(|(at, _)| at);
    places
        .filter(|at| bytes[..*at].iter().rev().find(|byte| **byte != b' ').is_some_and(u8::is_ascii_digit))
        .find_map(|at| Some((plain(text[..at].trim())?, plain(text[at + 1..].trim())?)))
}

/// Numbers with commas or blanks in them; `Err` where two readings are possible.
fn with_commas(text: &str) -> Option<Result<f64, String>> {
    let without_blanks: String = text.chars().filter(|letter| !matches!(letter, ' ' | '\u{a0}' | '\u{202f}' | '\'')).collect();
    if !without_blanks.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b'-' | b'+')) {
        return None;
    }
    if without_blanks.len() != text.len() && !has_groups_of_three(text) {
        return None;
    }
    let commas = without_blanks.matches(',').count();
    let points = without_blanks.matches('.').count();
    let last_is_comma = without_blanks.rfind(',') > without_blanks.rfind('.');
    let whole = without_blanks.split([',', '.']).next().unwrap_or_default().trim_start_matches(['-', '+']);
    match (commas, points) {
        (0, _) => plain(&without_blanks).map(Ok),
        (1, 0) => {
            let behind = without_blanks.split(',').next_back().unwrap_or_default();
            if behind.len() == 3 && (1..=3).contains(&whole.len()) && whole != "0" {
                return Some(Err(format!("a comma that may part thousands or decimals: {text}")));
            }
            plain(&without_blanks.replace(',', ".")).map(Ok)
        }
        (_, 0) if has_groups_of_three(text) => plain(&without_blanks.replace(',', "")).map(Ok),
        (_, 1) if !last_is_comma && has_groups_of_three(&without_blanks[..without_blanks.rfind('.')?]) => {
            plain(&without_blanks.replace(',', "")).map(Ok)
        }
        (1, _) if last_is_comma && has_groups_of_three(&without_blanks[..without_blanks.rfind(',')?]) => {
            plain(&without_blanks.replace('.', "").replace(',', ".")).map(Ok)
        }
        _ => None,
    }
}

/// `1,234,567`: one to three digits, then three each time.
fn has_groups_of_three(text: &str) -> bool {
    let whole = text.trim_start_matches(['-', '+']);
    let whole = whole.split_once([',', '.']).filter(|(head, _)| head.contains([' ', '\''])).map_or(whole, |(head, _)| head);
    let mut groups = whole.split([',', '.', ' ', '\u{a0}', '\u{202f}', '\'']);
    let first = groups.next().unwrap_or_default();
    (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_of(cell: &str) -> Option<Value> {
        match read_number(cell, "V/cm") {
            Reading::Number(value, _) => Some(value),
            Reading::Note(_) => None,
        }
    }

    #[test]
    fn numbers_are_read_as_people_mean_them() {
        for (cell, number) in [
            ("560.00", 560.0),
            ("-3.02", -3.02),
            ("9,50", 9.5),
            ("0,125", 0.125),
            ("1,234,567", 1_234_567.0),
            ("1.234,5", 1234.5),
            ("1,234.5", 1234.5),
            ("21 000", 21_000.0),
            ("~ 20", 20.0),
            ("560 V/cm", 560.0),
            ("1e3", 1000.0),
            ("+5", 5.0),
            ("21'000", 21_000.0),
        ] {
            assert_eq!(value_of(cell), Some(Value::Number(number)), "{cell}");
        }
    }

    #[test]
    fn what_is_less_than_a_number_is_kept_as_what_it_is() {
        assert_eq!(value_of("> 21000"), Some(Value::Above(21_000.0)));
        assert_eq!(value_of("<5"), Some(Value::Below(5.0)));
        assert!(value_of(">= 5").unwrap().span().unwrap().0 == 5.0);
        assert_eq!(value_of("10-20"), Some(Value::Between(10.0, 20.0)));
        assert_eq!(value_of("-3 - -1"), Some(Value::Between(-3.0, -1.0)));
        assert_eq!(value_of("1e-3-2e-3"), Some(Value::Between(1e-3, 2e-3)));
    }

    #[test]
    fn what_has_two_readings_is_no_number() {
        for cell in
            ["1,234", "-12,345", "20-10", "560 kV", "???", "off", "1 2", "nan", "inf", "1,2,3", "1.2.3", "1e999", "--5", "3/4"]
        {
            assert_eq!(value_of(cell), None, "{cell}");
        }
    }
}
