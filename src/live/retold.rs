//! Entries of the story that tell the same again and again, as one: a server that is away for a night must not bury what else
//! happened to a file.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::bookkeeping::StoryRecord;

/// So many tries that failed are one entry.
const MANY: usize = 2;

/// Tries of one central copy in a row, until it stands or a person is needed.
#[derive(Debug, Default)]
struct Tries {
    /// Their entries, by their places in the story.
    entries: Vec<usize>,
    first: Option<Timestamp>,
    failed: usize,
    /// The last entry that says how a try failed.
    last: Option<usize>,
}

/// The story with the tries of each central copy that failed told once, where the last of them stands: how many they were, between
/// when, and why the last one failed. Everything else is as it was, in its order.
#[must_use]
pub fn retold(story: &[StoryRecord]) -> Vec<StoryRecord> {
    let mut open: BTreeMap<(Option<u32>, Option<u32>, &str), Tries> = BTreeMap::new();
    let mut over: Vec<Tries> = Vec::new();
    for (place, record) in story.iter().enumerate() {
        let Some(to) = record.detail["destination"].as_str().filter(|_| record.kind.starts_with("central_copy_")) else {
            continue;
        };
        let key = (record.run.map(|run| run.0), record.sequence.map(|sequence| sequence.0), to);
        let tries = open.entry(key).or_default();
        let is_over = match record.kind.as_str() {
            "central_copy_begun" | "central_copy_interrupted" => false,
            "central_copy_failed" => {
                tries.failed += 1;
                tries.last = Some(place);
                record.detail["step"] == "refused"
            }
            // It stands, or a person wants it tried anew: what is tried from then on is told apart.
            _ => {
                over.extend(open.remove(&key));
                continue;
            }
        };
        tries.first = tries.first.or(Some(record.at));
        tries.entries.push(place);
        if is_over {
            over.extend(open.remove(&key));
        }
    }
    over.extend(open.into_values());
    let mut told: Vec<Option<StoryRecord>> = story.iter().cloned().map(Some).collect();
    for tries in over.iter().filter(|tries| tries.failed >= MANY) {
        let Some((last, record)) = tries.last.and_then(|last| Some((last, story.get(last)?))) else { continue };
        // What came after the last failure is under way, or was cut short: no failure tells of it.
        for entry in tries.entries.iter().filter(|entry| **entry <= last) {
            told[*entry] = None;
        }
        told[last] = Some(StoryRecord { detail: detail(record, tries), ..record.clone() });
    }
    told.into_iter().flatten().collect()
}

/// The facts of the last try, with those of all.
fn detail(record: &StoryRecord, tries: &Tries) -> Value {
    let mut detail = record.detail.clone();
    if let Some(facts) = detail.as_object_mut() {
        facts.insert("tried".into(), json!(tries.failed));
        facts.insert("first".into(), json!(tries.first));
        facts.insert("last".into(), json!(record.at));
    }
    detail
}

#[cfg(test)]
mod tests {
    use monitasks::vocab::{Run, Sequence};

    use super::*;
    use crate::live::story;

    fn entry(second: i64, kind: &str, detail: Value) -> StoryRecord {
        let at = Timestamp::from_second(1_700_000_000 + second).unwrap();
        StoryRecord { id: second, at, run: Some(Run(1)), sequence: Some(Sequence(0)), kind: kind.into(), detail }
    }

    fn central(second: i64, word: &str, to: &str, step: &str) -> StoryRecord {
        let reason = (word == "failed").then(|| format!("reason {second}"));
        let facts = json!({"destination": to, "step": step, "attempt": 1, "reason": reason});
        entry(second, &format!("central_copy_{word}"), facts)
    }

    #[test]
    fn a_night_of_tries_is_one_line_and_the_rest_of_the_story_stands() {
        let mut story = vec![entry(0, "copied", json!({})), entry(1, "queued", json!({}))];
        for n in 0..14 {
            story.push(central(10 * n + 2, "begun", "/a", "copying"));
            story.push(central(10 * n + 3, "failed", "/a", "put_off"));
            if n == 5 {
                story.push(entry(10 * n + 4, "accepted", json!({"events": 3})));
                story.push(central(10 * n + 5, "begun", "/b", "copying"));
                story.push(central(10 * n + 6, "made", "/b", "verified"));
            }
        }
        let told = retold(&story);
        let kinds: Vec<&str> = told.iter().map(|record| record.kind.as_str()).collect();
        let b = ["central_copy_begun", "central_copy_made"];
        assert_eq!(kinds, ["copied", "queued", "accepted", b[0], b[1], "central_copy_failed"]);
        let line = story::line(&told[5], false);
        assert!(line.contains("tried 14 times between 2023-11-14 22:13:22 and 2023-11-14 22:15:33, last: reason 133"), "{line}");
        let under_way = [&story[..], &[central(199, "begun", "/a", "copying")]].concat();
        let told = retold(&under_way);
        let kinds: Vec<&str> = told.iter().rev().take(2).map(|record| record.kind.as_str()).collect();
        assert_eq!(kinds, ["central_copy_begun", "central_copy_failed"], "the try that is under way is told");
        // It came back: the copy that was made at last is told as it is.
        story.push(central(200, "begun", "/a", "copying"));
        story.push(central(205, "made", "/a", "verified"));
        let told = retold(&story);
        assert_eq!(told.last().unwrap().kind, "central_copy_made");
        assert_eq!(told.iter().filter(|record| record.kind == "central_copy_failed").count(), 1);
    }

    #[test]
    fn one_failure_and_what_a_person_asks_for_are_told_as_they_were() {
        let once = vec![central(0, "begun", "/a", "copying"), central(1, "failed", "/a", "put_off")];
        assert_eq!(retold(&once), once);
        let mut story = Vec::new();
        for n in 0..3 {
            story.push(central(10 * n, "begun", "/a", "copying"));
            story.push(central(10 * n + 1, "failed", "/a", if n == 2 { "refused" } else { "put_off" }));
        }
        story.push(central(40, "asked_again", "/a", "wanted"));
        story.extend([central(41, "begun", "/a", "copying"), central(42, "failed", "/a", "put_off")]);
        let told = retold(&story);
        let kinds: Vec<&str> = told.iter().map(|record| record.kind.as_str()).collect();
        let words = ["failed", "asked_again", "begun", "failed"].map(|word| format!("central_copy_{word}"));
        assert_eq!(kinds, words);
        assert!(story::detail(&told[0].kind, &told[0].detail).ends_with("; not tried again: a person is needed"));
    }
}
