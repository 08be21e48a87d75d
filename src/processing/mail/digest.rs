//! Failures that wait to be told, and the text that tells them. Pure.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::bookkeeping::FailureClass;

/// So many failures are told at once, however short the time.
pub const FULL: usize = 100;

/// Failures that a mail tells in full; of the others it has the counts.
const TOLD_IN_FULL: usize = 100;

/// Failures that are kept in full while they wait; of the others the counts are kept.
const MOST_KEPT: usize = 1000;

/// Longest reason in a mail, in letters.
const LONGEST_REASON: usize = 600;

/// Something that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// When.
    pub at: Timestamp,
    /// What: `run1-seq0`, `purity of run1-p1-g0`.
    pub subject: String,
    /// What kind of failure.
    pub class: FailureClass,
    /// Why.
    pub reason: String,
}

/// Where the failures happened, for the reader of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The workspace's folder.
    pub workspace: PathBuf,
    /// The machine that the backend runs on.
    pub host: String,
}

/// Failures that wait to be told together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Digest {
    failures: Vec<Failure>,
    /// Those that came when the list was full, by class.
    beyond: BTreeMap<FailureClass, usize>,
}

impl Digest {
    /// Takes one more in.
    pub fn push(&mut self, failure: Failure) {
        if self.failures.len() < MOST_KEPT {
            self.failures.push(failure);
        } else {
            *self.beyond.entry(failure.class).or_default() += 1;
        }
    }

    /// Failures in it.
    #[must_use]
    pub fn count(&self) -> usize {
        self.failures.len() + self.beyond.values().sum::<usize>()
    }

    /// Whether there is nothing to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.failures.is_empty()
    }

    /// When the first of them happened.
    #[must_use]
    pub fn oldest(&self) -> Option<Timestamp> {
        self.failures.iter().map(|failure| failure.at).min()
    }

    /// Whether it is time to tell: the oldest has waited for `digest_s`, or there are many. A stamp ahead of `now` (a clock was
    /// set back) does not wait for the clock to come there.
    #[must_use]
    pub fn is_due(&self, now: Timestamp, digest_s: f64) -> bool {
        let has_waited = |oldest: Timestamp| oldest > now || now.duration_since(oldest).as_secs_f64() >= digest_s;
        self.count() >= FULL || self.oldest().is_some_and(has_waited)
    }

    /// Puts those back that could not be told, before those that came meanwhile.
    pub fn put_back(&mut self, earlier: Digest) {
        let later = std::mem::replace(self, earlier);
        for failure in later.failures {
            self.push(failure);
        }
        self.count_in(later.beyond);
    }

    /// Takes in failures of which only the number is known.
    pub(super) fn count_in(&mut self, beyond: BTreeMap<FailureClass, usize>) {
        for (class, count) in beyond {
            *self.beyond.entry(class).or_default() += count;
        }
    }

    /// The failures that are kept in full, and the number of the others.
    pub(super) fn parts(&self) -> (&[Failure], &BTreeMap<FailureClass, usize>) {
        (&self.failures, &self.beyond)
    }

    /// Takes out what is older than a time; answers how many that were. Those beyond the list go with the last of it.
    pub fn give_up(&mut self, before: Timestamp) -> usize {
        let count = self.count();
        self.failures.retain(|failure| failure.at >= before);
        if self.failures.is_empty() {
            self.beyond.clear();
        }
        count - self.count()
    }

    /// Failures by class, the most frequent first.
    #[must_use]
    pub fn by_class(&self) -> Vec<(FailureClass, usize)> {
        let mut counts = self.beyond.clone();
        for failure in &self.failures {
            *counts.entry(failure.class).or_default() += 1;
        }
        let mut counts: Vec<(FailureClass, usize)> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts
    }

    /// One line: `dqmon: 3 failed (2 storage full, 1 lost): shift on farm1`.
    #[must_use]
    pub fn subject(&self, site: &Site) -> String {
        let folder = site.workspace.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let classes = self.by_class().iter().map(|(class, count)| format!("{count} {class}")).collect::<Vec<_>>().join(", ");
        let whole = match self.failures.as_slice() {
            [one] if self.count() == 1 => format!("dqmon: {} failed ({}): {folder} on {}", one.subject, one.class, site.host),
            _ => format!("dqmon: {} failed ({classes}): {folder} on {}", self.count(), site.host),
        };
        one_line(&whole, 200)
    }

    /// What failed, by class with what to do, and how to look.
    #[must_use]
    pub fn text(&self, site: &Site) -> String {
        let mut text = format!(
            "{} failed in the workspace {}\non {}. {}\n",
            counted(self.count()),
            one_line(&site.workspace.to_string_lossy(), 400),
            one_line(&site.host, 100),
            crate::SOFTWARE
        );
        let mut left = TOLD_IN_FULL;
        for (class, count) in self.by_class() {
            let _ = write!(text, "\n{count} x {}\n  {}\n  What to do: {}\n", class.title(), class.meaning(), class.next_step());
            let of_class = self.failures.iter().filter(|failure| failure.class == class).take(left);
            let mut told = 0;
            for failure in of_class {
                let (subject, reason) = (one_line(&failure.subject, 200), one_line(&failure.reason, LONGEST_REASON));
                let _ = writeln!(text, "  {}  {subject}: {reason}", failure.at.strftime("%Y-%m-%d %H:%M:%S UTC"));
                told += 1;
            }
            left -= told;
            if told < count {
                let _ = writeln!(text, "  and {} more", count - told);
            }
        }
        text + &self.how_to_look(site)
    }

    fn how_to_look(&self, site: &Site) -> String {
        let first = self.failures.first().map_or("run1-seq0", |failure| failure.subject.as_str());
        // Of an analysis the run's story tells.
        let first = one_line(first.rsplit(" of ").next().unwrap_or(first), 200);
        let shown = match first.split_once("-p") {
            Some((run, _)) => run.to_owned(),
            None => first.clone(),
        };
        format!(
            "\nHow to look, in {}:\n  dqmon status\n  dqmon show {shown}\nTo process a file again:\n  dqmon resubmit {first}\n",
            one_line(&site.workspace.to_string_lossy(), 400)
        )
    }
}

/// Before what a failure is given up when it was never told.
#[must_use]
pub fn too_old(now: Timestamp) -> Timestamp {
    now.saturating_sub(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MIN)
}

/// `1 file or analysis has`, for the opening.
fn counted(count: usize) -> String {
    if count == 1 { "1 file or analysis has".into() } else { format!("{count} files or analyses have") }
}

/// A name or a reason on one line, whatever stands in it: control characters and line separators become blanks.
pub(super) fn one_line(text: &str, longest: usize) -> String {
    let is_break = |letter: char| letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}');
    let plain = |letter: char| if is_break(letter) { ' ' } else { letter };
    let mut line: String = text.chars().map(plain).take(longest).collect();
    if text.chars().count() > longest {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn failure(second: i64, subject: &str, class: FailureClass) -> Failure {
        Failure { at: at(second), subject: subject.into(), class, reason: "why".into() }
    }

    fn site() -> Site {
        Site { workspace: "/data/shift".into(), host: "farm1".into() }
    }

    #[test]
    fn a_digest_tells_classes_steps_and_how_to_look() {
        let mut digest = Digest::default();
        digest.push(failure(0, "run1-seq0", FailureClass::Space));
        digest.push(failure(1, "run1-seq1", FailureClass::Space));
        digest.push(failure(2, "purity of run1-p1-g0", FailureClass::Lost));
        assert_eq!(digest.subject(&site()), "dqmon: 3 failed (2 storage full, 1 lost): shift on farm1");
        let text = digest.text(&site());
        for words in
            ["2 x storage full", FailureClass::Space.next_step(), "1970-01-01 00:00:01 UTC  run1-seq1: why", "/data/shift"]
        {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(text.contains("dqmon show run1-seq0\n") && text.contains("dqmon resubmit run1-seq0\n"), "{text}");
    }

    #[test]
    fn it_is_due_when_the_oldest_has_waited_or_many_came_or_a_clock_was_set_back() {
        let mut digest = Digest::default();
        assert!(!digest.is_due(at(1000), 0.0), "nothing to tell");
        digest.push(failure(100, "run1-seq0", FailureClass::Lost));
        assert_eq!([110, 159, 160, 50].map(|now| digest.is_due(at(now), 60.0)), [false, false, true, true]);
        (1..FULL).for_each(|_| digest.push(failure(100, "x", FailureClass::Lost)));
        assert!(digest.is_due(at(101), 60.0));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_told_twice(first in 0usize..1500, second in 0usize..1500, cut in 0i64..3000) {
            let fill = |count: usize, from: i64| {
                let mut digest = Digest::default();
                (0..count).for_each(|n| digest.push(failure(from + n as i64, &format!("run1-seq{n}"), FailureClass::ALL[n % 13])));
                digest
            };
            let mut digest = fill(second, 1500);
            digest.put_back(fill(first, 0));
            prop_assert_eq!(digest.count(), first + second);
            prop_assert_eq!(digest.by_class().iter().map(|(_, count)| count).sum::<usize>(), first + second);
            let gone = digest.give_up(at(cut));
            prop_assert_eq!(gone + digest.count(), first + second);
        }

        #[test]
        fn no_name_or_reason_makes_a_line_of_its_own(subject in "\\PC*|[\r\n\u{2028}\u{0}a.]*", reason in "[\r\n\t .:a-z]*") {
            let mut digest = Digest::default();
            digest.push(Failure { at: at(0), subject, class: FailureClass::Lost, reason });
            let plain = { let mut plain = Digest::default(); plain.push(failure(0, "x", FailureClass::Lost)); plain };
            prop_assert_eq!(digest.text(&site()).lines().count(), plain.text(&site()).lines().count());
            prop_assert!(!digest.subject(&site()).contains(['\r', '\n']));
        }
    }
}
