//! Transfer logs, lines of the new and of the old form.

use std::collections::HashMap;
use std::path::PathBuf;

use jiff::civil::DateTime;
use serde_json::json;

use super::Report;
use crate::farm_logs::{Form, Lines, TransferLine};

/// A transfer log's report.
pub(super) fn transfer_log(bytes: &[u8]) -> Report {
    let (mut lines, mut faults): (Vec<TransferLine>, Vec<String>) = (Vec::new(), Vec::new());
    let mut first_seen: HashMap<PathBuf, u64> = HashMap::new();
    // Reading from memory can't fail.
    for line in Lines::new(bytes).map_while(Result::ok) {
        let number = line.number;
        match line.content {
            Ok(content) => {
                if let Some(first) = first_seen.get(&content.path) {
                    let path = content.path.display();
                    faults.push(format!("line {number} is of the same file as line {first}, {path}"));
                }
                first_seen.entry(content.path.clone()).or_insert(number);
                lines.push(content);
            }
            Err(what) if what.starts_with("half written") => faults.push(format!("line {number} is {what}")),
            Err(what) => faults.push(format!("line {number}: {what}")),
        }
    }
    let old = lines.iter().filter(|line| matches!(line.form, Form::Old { .. })).count();
    // The old form has no start; its one stamp stands for it.
    let at = |line: &TransferLine| line.started().unwrap_or_else(|| line.ended());
    let (from, to) = (lines.iter().map(at).min(), lines.iter().map(at).max());
    let megabytes = lines.iter().map(TransferLine::about_bytes).sum::<f64>() / 1e6;
    let span = |at: Option<DateTime>| at.map(|at| at.strftime("%Y-%m-%d %H:%M:%S").to_string());
    let mut words = format!(
        "transfer log, {} lines of the new form and {old} of the old, {} files, about {megabytes:.0} MB\n",
        lines.len() - old,
        first_seen.len()
    );
    if let (Some(from), Some(to)) = (span(from), span(to)) {
        words += &format!("copies from {from} to {to}, local time of the site\n");
    }
    let facts = json!({
        "lines_new_form": lines.len() - old, "lines_old_form": old, "files": first_seen.len(),
        "first_local": span(from), "last_local": span(to),
    });
    Report { facts, text: words, faults }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: &str =
        "0 2016-10-27 13:55:04 2016-10-27 13:55:04 1023M 2016-10-27 13:55 /home/prod/storage/input/run1014/run1014-seq2.dat";
    const OLD: &str = "2016-10-25 15:47:03 run1-seq0.dat 37M 2016-10-25 15:47 /home/prod/storage/input/run1/run1-seq0.dat";

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let text = format!("{NEW}\n{OLD}\n\n{}\n{NEW}\n{}", NEW.replace("1023M", "much"), &OLD[..40]);
        let report = transfer_log(text.as_bytes());
        let lines: Vec<&str> = report.faults.iter().map(|fault| &fault[..6]).collect();
        assert_eq!(lines, ["line 4", "line 5", "line 6"], "{:?}", report.faults);
        assert_eq!((&report.facts["lines_new_form"], &report.facts["files"]), (&2.into(), &2.into()));
    }
}
