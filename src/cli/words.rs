//! Words that several commands say alike: stamps, ages, sizes, counts.

use jiff::Timestamp;

pub(super) use crate::live::story::{size, stamp};

/// How long ago something was: `4 s ago`, `3 min ago`, `2 h ago`, `5 days ago`.
pub(super) fn age(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(at).as_secs();
    match seconds {
        ..0 => "in the future (clocks differ)".into(),
        0..120 => format!("{seconds} s ago"),
        120..7200 => format!("{} min ago", seconds / 60),
        7200..172_800 => format!("{} h ago", seconds / 3600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

/// A text that people or files said, for one line of a terminal: letters that would move its cursor are blanks.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// `1 run`, `2 runs`.
pub(super) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_and_ages_are_for_people() {
        let at: Timestamp = "2026-11-21T01:35:11.316999Z".parse().unwrap();
        assert_eq!(stamp(at), "2026-11-21 01:35:11.316");
        let after = |seconds: i64| age(at, at + jiff::SignedDuration::from_secs(seconds));
        assert_eq!([after(4), after(180), after(7200), after(5 * 86_400)], ["4 s ago", "3 min ago", "2 h ago", "5 days ago"]);
        assert!(after(-5).contains("future"));
    }

    #[test]
    fn counts_and_sizes_have_their_words() {
        assert_eq!((counted(1, "run", "runs"), counted(0, "run", "runs")), ("1 run".into(), "0 runs".into()));
        assert_eq!([size(999), size(1500), size(192_040_509), size(2_000_000_000)], ["999 B", "1.5 kB", "192 MB", "2.0 GB"]);
    }
}
