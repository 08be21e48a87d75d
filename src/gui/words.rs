//! Numbers and times as the window says them: UTC, ages, sizes.

use jiff::Timestamp;

/// Seconds from one moment to a later one; negative when it is earlier.
#[must_use]
pub fn seconds_between(earlier: Timestamp, later: Timestamp) -> f64 {
    later.as_duration().as_secs_f64() - earlier.as_duration().as_secs_f64()
}

/// A length of time in its two largest units: `3 min 20 s`.
#[must_use]
pub fn duration(seconds: f64) -> String {
    let whole = seconds.max(0.0) as u64;
    match whole {
        0..=59 if seconds < 10.0 => format!("{:.1} s", seconds.max(0.0)),
        0..=59 => format!("{whole} s"),
        60..=3_599 => format!("{} min {:02} s", whole / 60, whole % 60),
        3_600..=86_399 => format!("{} h {:02} min", whole / 3_600, whole % 3_600 / 60),
        _ => format!("{} d {} h", whole / 86_400, whole % 86_400 / 3_600),
    }
}

/// How long ago a moment was, in one unit: `12 s ago`; `now` for less than a second and for a clock that runs ahead.
#[must_use]
pub fn age(then: Timestamp, now: Timestamp) -> String {
    let seconds = seconds_between(then, now);
    match seconds.max(0.0) as u64 {
        0 => "now".into(),
        whole @ 1..=119 => format!("{whole} s ago"),
        whole @ 120..=7_199 => format!("{} min ago", whole / 60),
        whole @ 7_200..=172_799 => format!("{} h ago", whole / 3_600),
        whole => format!("{} d ago", whole / 86_400),
    }
}

/// Date and time: `2026-11-21 00:42:45`.
#[must_use]
pub fn utc(stamp: Timestamp) -> String {
    stamp.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Time of day: `00:42:45`.
#[must_use]
pub fn utc_time(stamp: Timestamp) -> String {
    stamp.strftime("%H:%M:%S").to_string()
}

/// A size in bytes, with a decimal unit: `1.07 GB`.
#[must_use]
pub fn bytes(count: u64) -> String {
    let count = count as f64;
    match count {
        small if small < 1e3 => format!("{small:.0} B"),
        kilo if kilo < 1e6 => format!("{:.1} kB", kilo / 1e3),
        mega if mega < 1e9 => format!("{:.1} MB", mega / 1e6),
        giga => format!("{:.2} GB", giga / 1e9),
    }
}

/// `1 file`, `2 files`.
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// A number with about four digits that count, for read-outs.
#[must_use]
pub fn number(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        "no data".into()
    } else if size != 0.0 && !(1e-3..1e6).contains(&size) {
        format!("{value:.3e}")
    } else if size >= 1000.0 {
        format!("{value:.1}")
    } else if size >= 10.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.4}")
    }
}

/// A value with its error, to the error's second digit: `3.01 ± 0.12`.
#[must_use]
pub fn measured(value: f64, error: f64) -> String {
    let digits = -(error.log10().floor()) + 1.0;
    if !(error > 0.0 && value.is_finite() && (0.0..=6.0).contains(&digits)) || value.abs() >= 1e6 {
        return format!("{} ± {}", number(value), number(error));
    }
    let decimals = digits as usize;
    format!("{value:.decimals$} ± {error:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_and_durations_read_well() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let before = |seconds: i64| Timestamp::from_second(1_000_000 - seconds).unwrap();
        assert_eq!(age(before(0), now), "now");
        assert_eq!(age(before(-5), now), "now");
        assert_eq!(age(before(119), now), "119 s ago");
        assert_eq!(age(before(7_100), now), "118 min ago");
        assert_eq!(age(before(200_000), now), "2 d ago");
        assert_eq!(duration(0.25), "0.2 s");
        assert_eq!(duration(62.0), "1 min 02 s");
        assert_eq!(duration(90_000.0), "1 d 1 h");
    }

    #[test]
    fn sizes_and_numbers_keep_their_digits() {
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_070_000_000), "1.07 GB");
        assert_eq!(count(1, "file"), "1 file");
        assert_eq!(count(0, "file"), "0 files");
        assert_eq!(measured(3.0076, 0.12), "3.01 ± 0.12");
        assert_eq!(measured(812.34, 4.5), "812.3 ± 4.5");
        assert_eq!(measured(812.34, 45.0), "812 ± 45");
        assert_eq!(measured(812.34, 450.0), "812.34 ± 450.00");
        assert_eq!(number(2.9), "2.9000");
        assert_eq!(number(f64::NAN), "no data");
        assert_eq!(number(1.5e-5), "1.500e-5");
    }
}
