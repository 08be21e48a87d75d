//! Entries of the story as lines for people; every fact stands in `dqmon show --json`.

use jiff::Timestamp;
use serde_json::Value;

use crate::bookkeeping::StoryRecord;
use crate::snapshot::in_short;

/// Longest detail on a line, in letters, where it has no reason or place in it.
const LONGEST: usize = 160;

/// Longest reason or place on a line, in letters: its end has the path.
const LONGEST_REASON: usize = 600;

/// Names of a list that a line has.
const NAMED: usize = 5;

/// A stamp for people, UTC to the millisecond: `2026-11-21 01:35:11.316`.
#[must_use]
pub fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S.%3f").to_string()
}

/// Bytes for people, in powers of 1000: `123 MB`.
#[must_use]
pub fn size(bytes: u64) -> String {
    const UNITS: [(&str, f64); 4] = [("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)];
    let number = bytes as f64;
    match UNITS.into_iter().find(|(_, unit)| number >= *unit) {
        Some((name, unit)) if number < 10.0 * unit => format!("{:.1} {name}", number / unit),
        Some((name, unit)) => format!("{:.0} {name}", number / unit),
        None => format!("{bytes} B"),
    }
}

/// An entry: stamp, whose it is where that is not said already, what happened, the facts in short.
#[must_use]
pub fn line(entry: &StoryRecord, with_sequence: bool) -> String {
    let of = match entry.sequence.filter(|_| with_sequence) {
        Some(sequence) => format!("seq{:<4} ", sequence.0),
        None if with_sequence => " ".repeat(8),
        None => String::new(),
    };
    let what = what(entry);
    format!("{}  {of}{what:<22}  {}", stamp(entry.at), detail(&entry.kind, &entry.detail)).trim_end().to_owned()
}

/// What happened: `job submitted`.
#[must_use]
pub fn what(entry: &StoryRecord) -> String {
    entry.kind.replace('_', " ")
}

/// The facts of an entry in short words.
#[must_use]
pub fn detail(kind: &str, facts: &Value) -> String {
    // An analysis' facts stand one deeper, behind its group's.
    let inner = if facts["detail"].is_object() { &facts["detail"] } else { facts };
    let words = match kind {
        "arrived" => format!("{}, {}", bytes(facts), text(&facts["source"])),
        "copied" => copied(facts),
        "job_allotted" | "job_submitted" | "job_gone" => started(facts, inner),
        "job_ended" => [analysis(facts), account(inner)].concat(),
        "accepted" => counted(facts["events"].as_u64().unwrap_or_default(), "event", "events"),
        "failed" | "analysis_failed" => [analysis(facts), text(&facts["reason"])].concat(),
        "results_placed" => analysis(facts).trim_end_matches(": ").to_owned(),
        "group_formed" => format!("{}: {}", text(&facts["group"]), list(&facts["members"])),
        "processing_ended" => ended(facts),
        _ if kind.starts_with("central_copy_") => central(kind, facts),
        _ => plain(facts),
    };
    let is_whole = kind.starts_with("central_copy_") || inner["reason"].is_string() || facts["reason"].is_string();
    let longest = if is_whole { LONGEST_REASON } else { LONGEST };
    match words.char_indices().nth(longest) {
        Some((cut, _)) => format!("{}…", &words[..cut]),
        None => words,
    }
}

fn copied(facts: &Value) -> String {
    let seconds = || -> Option<f64> {
        let time = |name: &str| facts[name].as_str()?.parse::<Timestamp>().ok();
        Some(time("ended")?.duration_since(time("started")?).as_secs_f64())
    };
    let took = seconds().map(|seconds| format!(" in {}", duration(seconds))).unwrap_or_default();
    let stood = if facts["stood_already"] == true { ", it stood there already" } else { "" };
    format!("{}{took}, adler32 {}{stood}", bytes(facts), text(&facts["adler32"]))
}

/// `reco_run1-seq0, attempt 2` or `purity of run1-p1-g0`.
fn started(facts: &Value, inner: &Value) -> String {
    let attempt = inner["attempt"].as_u64().filter(|attempt| *attempt > 1).map(|attempt| format!(", attempt {attempt}"));
    let name = if facts["job"].is_string() { text(&facts["job"]) } else { analysis(facts).trim_end_matches(": ").to_owned() };
    name + &attempt.unwrap_or_default()
}

/// `purity of run1-p1-g0: `; nothing for what is no analysis.
fn analysis(facts: &Value) -> String {
    match (facts["analysis"].as_str(), facts["group"].as_str()) {
        (Some(analysis), Some(group)) => format!("{analysis} of {group}: "),
        _ => String::new(),
    }
}

/// What a job used, from its end mark.
fn account(mark: &Value) -> String {
    let number = |name: &str| mark[name].as_f64();
    let mut words: Vec<String> = Vec::new();
    words.extend(number("wall_s").map(duration));
    words.extend(number("cpu_s").map(|cpu| format!("{} CPU", duration(cpu))));
    words.extend(mark["peak_memory_bytes"].as_u64().map(size));
    words.extend(mark["exit_status"].as_i64().filter(|status| *status != 0).map(|status| format!("exit status {status}")));
    words.extend(mark["signal"].as_i64().map(|signal| format!("signal {signal}")));
    words.extend(mark["host"].as_str().map(|host| format!("on {host}")));
    words.join(", ")
}

/// `0.4 s`; what is shorter than a tenth of a second in ms.
fn duration(seconds: f64) -> String {
    if seconds < 0.1 { format!("{:.0} ms", 1000.0 * seconds) } else { format!("{seconds:.1} s") }
}

fn bytes(facts: &Value) -> String {
    facts["size_bytes"].as_u64().map_or_else(|| "size not known".into(), size)
}

/// Anything else: its facts without the program's own words for nothing and for what is nested.
fn plain(facts: &Value) -> String {
    let shown = |(name, value): (&String, &Value)| match value {
        Value::Null | Value::Object(_) => None,
        Value::Array(values) if values.is_empty() => None,
        Value::String(value) if value.is_empty() => None,
        Value::Number(_) if name == "size_bytes" => Some(bytes(facts)),
        Value::Array(_) => Some(list(value)),
        Value::String(value) if name == "reason" || name == "group" => Some(value.clone()),
        value => Some(format!("{} {}", name.replace('_', " "), text(value))),
    };
    facts.as_object().into_iter().flatten().filter_map(shown).collect::<Vec<_>>().join(", ")
}

/// The first names of a list, and how many more there are.
fn list(value: &Value) -> String {
    // Of an archive's files the names are told.
    let name = |value: &Value| if value["file"].is_string() { text(&value["file"]) } else { text(value) };
    in_short(&value.as_array().into_iter().flatten().map(name).collect::<Vec<_>>(), NAMED)
}

/// `1 event`, `2 events`.
fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// `run1-p1 in lane default: processed; not there: recotask_run1-seq0.root`.
fn ended(facts: &Value) -> String {
    let step = text(&facts["step"]).replace('_', " ");
    let missing = list(&facts["missing"]);
    let missing = if missing.is_empty() { missing } else { format!("; not there: {missing}") };
    format!("{} in lane {}: {step}{missing}", text(&facts["processing"]), text(&facts["lane"]))
}

/// A copy to the central storage: where it goes, how often it was tried, why it is not there.
fn central(kind: &str, facts: &Value) -> String {
    let (to, reason) = (text(&facts["destination"]), facts["reason"].as_str());
    let size = facts["size_bytes"].as_u64().map(|_| bytes(facts));
    match (kind, reason) {
        (_, Some(reason)) if facts["tried"].is_u64() => {
            let (tries, from, to) = (&facts["tried"], time(&facts["first"]), time(&facts["last"]));
            format!("tried {tries} times between {from} and {to}, last: {reason}{}", outlook(facts))
        }
        (_, Some(reason)) => format!("{reason}{}", outlook(facts)),
        ("central_copy_begun", None) => {
            let again = facts["attempt"].as_u64().filter(|attempt| *attempt > 1).map(|attempt| format!(", try {attempt}"));
            format!("to {to}{}", again.unwrap_or_default())
        }
        ("central_copy_made", None) => {
            let size = size.map(|size| format!("{size}, ")).unwrap_or_default();
            format!("{size}adler32 {}, at {to}", text(&facts["adler32"]))
        }
        _ => format!("to {to}"),
    }
}

/// What becomes of a copy that could not be made.
fn outlook(facts: &Value) -> String {
    match (facts["step"].as_str(), facts["next_try"].is_string()) {
        (Some("refused"), _) => "; not tried again: a person is needed".into(),
        (_, true) => format!("; tried again at {}", time(&facts["next_try"])),
        _ => String::new(),
    }
}

/// A stamp among facts, to the second.
fn time(value: &Value) -> String {
    let at: Option<Timestamp> = value.as_str().and_then(|text| text.parse().ok());
    at.map_or_else(|| text(value), |at| at.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use monitasks::vocab::{Run, Sequence};
    use serde_json::json;

    use super::*;

    fn entry(kind: &str, detail: Value) -> StoryRecord {
        let at = "2026-11-21T01:35:11.316700123Z".parse().unwrap();
        StoryRecord { id: 1, at, run: Some(Run(1)), sequence: Some(Sequence(0)), kind: kind.into(), detail }
    }

    #[test]
    fn a_copy_is_a_line_in_words() {
        let detail = json!({"from": "/a", "to": "/b", "size_bytes": 123_000_000, "adler32": "0011aabb", "stood_already": false,
                            "started": "2026-11-21T01:35:10Z", "ended": "2026-11-21T01:35:10.4Z"});
        let expected = "2026-11-21 01:35:11.316  copied                  123 MB in 0.4 s, adler32 0011aabb";
        assert_eq!(line(&entry("copied", detail), false), expected);
    }

    #[test]
    fn no_line_has_json_in_it() {
        let mark =
            json!({"attempt": 1, "wall_s": 1.25, "cpu_s": 1.0, "peak_memory_bytes": 90_000_000, "exit_status": 0, "host": "a"});
        for (kind, detail, words) in [
            (
                "job_ended",
                json!({"group": "run1-p1-g0", "analysis": "gain", "reason": null, "detail": mark}),
                "gain of run1-p1-g0: 1.2 s",
            ),
            ("group_formed", json!({"group": "run1-p1-g0", "members": ["run1-seq0", "run1-seq1"]}), "run1-seq0, run1-seq1"),
            ("analysed", json!({"group": "run1-p1-g0", "fault": null}), "run1-p1-g0"),
            ("failed", json!({"class": "job", "reason": "why"}), "why"),
            ("run_ended", json!({"by": "marker"}), "by marker"),
            ("unheard_of", json!({"deep": {"er": [1]}, "n": 3}), "n 3"),
            ("unheard_of", json!({"a": [], "b": "", "n": 3, "z": []}), "  n 3"),
            (
                "archived",
                json!({"files": [{"file": "run1-seq0", "size_bytes": 1}, {"file": "run1-seq1"}]}),
                "run1-seq0, run1-seq1",
            ),
            ("accepted", json!({"events": 1}), "1 event"),
            ("accepted", json!({"events": 335}), "335 events"),
            (
                "processing_ended",
                json!({"processing": "run1-p1", "lane": "default", "step": "done", "missing": []}),
                "run1-p1 in lane default: done",
            ),
            (
                "processing_ended",
                json!({"processing": "run1-p1", "lane": "default", "step": "merging_failed",
                       "missing": ["a", "b", "c", "d", "e", "f", "g"]}),
                "merging failed; not there: a, b, c, d, e and 2 more",
            ),
        ] {
            let line = line(&entry(kind, detail), true);
            assert!(line.ends_with(words) || (line.contains(words) && kind != "accepted"), "{line}");
            assert!(!line.contains(['{', '"']) && line.contains("seq0") && !line.ends_with(','), "{line}");
        }
    }

    #[test]
    fn a_central_copy_is_told_to_the_end_of_its_path() {
        let to = format!("root://central.example.org:1094//{}/run1-seq0.dat", "a-long-folder/".repeat(12));
        let facts = |step: &str, reason: Option<String>, next_try: Option<&str>| {
            json!({"destination": to, "step": step, "attempt": 3, "reason": reason, "next_try": next_try,
                   "size_bytes": 1000, "adler32": "0011aabb"})
        };
        let made = detail("central_copy_made", &facts("verified", None, None));
        assert!(made.starts_with("1.0 kB, adler32 0011aabb, at root://"), "{made}");
        let why = format!("no connection: connection refused: {to}");
        let failed = detail("central_copy_failed", &facts("put_off", Some(why.clone()), Some("2026-11-21T01:36:00.5Z")));
        assert_eq!(failed, format!("{why}; tried again at 2026-11-21 01:36:00"));
        let refused = detail("central_copy_failed", &facts("refused", Some(why.clone()), None));
        assert_eq!(refused, format!("{why}; not tried again: a person is needed"));
    }
}
