//! What a job leaves: batch record and end mark.

use serde_json::{Map, Value, json};

use super::Report;
use crate::processing::{EndMark, RecordField, read_batch_record};

/// Names of a batch record's lines, in its order.
fn record_names() -> impl Iterator<Item = &'static str> {
    RecordField::NAMES.into_iter().map(|(name, _)| name)
}

/// Whether a line begins with a name of the batch record.
pub(super) fn is_record_line(line: &str) -> bool {
    line.split_once(':').is_some_and(|(name, _)| record_names().any(|known| known == name.trim()))
}

/// A batch record's report. A job that did not end well is a finding too.
pub(super) fn batch_record(bytes: &[u8]) -> Report {
    let text = String::from_utf8_lossy(bytes);
    let (mut values, mut faults): (Map<String, Value>, Vec<String>) = (Map::new(), Vec::new());
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        match line.split_once(':').map(|(name, value)| (name.trim(), value.trim())) {
            Some((name, value)) if record_names().any(|known| known == name) => drop(values.insert(name.into(), value.into())),
            _ => faults.push(format!("line {number} is none of a batch record: {:?}", line.chars().take(60).collect::<String>())),
        }
    }
    let record = read_batch_record(&text);
    let damaged = |(number, name, found, expected)| format!("line {number} is damaged: {name} is {found:?}, expected {expected}");
    faults.extend(record.damaged_lines().map(damaged));
    if !text.is_empty() && !text.ends_with('\n') {
        faults.push("half written: no line feed ends its last line".into());
    }
    let missing: Vec<&str> = record_names().filter(|name| !values.contains_key(*name)).collect();
    if !missing.is_empty() {
        faults.push(format!("lines are missing: {}", missing.join(", ")));
    }
    let value = |name: &str| values.get(name).and_then(Value::as_str).unwrap_or("?").to_owned();
    let ended_badly = |field: &RecordField| match field {
        RecordField::ExitCode(code) if *code != 0 => Some(format!("the job ended with exit code {code}")),
        _ => None,
    };
    faults.extend(record.fields().find_map(ended_badly));
    let mut words = format!("batch record of {}, queue {}\n", value("Job Name"), value("Queue Name"));
    for name in record_names() {
        words += &format!("    {name:<18} {}\n", value(name));
    }
    Report { facts: json!({ "values": values }), text: words, faults }
}

/// An end mark's report. A job that did not end well is a finding too.
pub(super) fn end_mark(bytes: &[u8]) -> Report {
    let mark: EndMark = match serde_json::from_slice(bytes) {
        Ok(mark) => mark,
        Err(error) => return Report { facts: json!({}), text: "job's end mark\n".into(), faults: vec![error.to_string()] },
    };
    let text = format!(
        "end mark of {}, attempt {}, on {}, process {}\nsubmitted {}\nstarted   {}\nended     {}\nCPU {:.2} s, wall {:.2} s, memory {:.1} MB\n",
        mark.job,
        mark.attempt,
        mark.host,
        mark.pid,
        mark.submitted,
        mark.started,
        mark.ended,
        mark.cpu_s,
        mark.wall_s,
        mark.peak_memory_bytes as f64 / 1e6
    );
    let faults = if mark.is_well() { Vec::new() } else { vec![format!("the job did not end well: {}", mark.words())] };
    Report { facts: json!({ "content": mark }), text, faults }
}
