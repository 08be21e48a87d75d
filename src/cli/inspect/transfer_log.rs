//! Transfer logs, lines of the new and of the old form.

use std::collections::HashMap;

use jiff::civil::DateTime;
use serde_json::json;

use super::Report;

/// A line of a transfer log.
#[derive(Debug, PartialEq)]
struct Line<'a> {
    /// Whether it has the old form: end of the copy, name, size, DAQ write time, path.
    is_old: bool,
    /// When the copy began, local time; of the old form when it ended, which is all that it has.
    at: DateTime,
    /// Bytes as far as the listed size tells them.
    size_bytes: f64,
    /// The path of the copy.
    path: &'a str,
}

/// Whether a line begins as one of a transfer log does: `0 2016-10-27 …` or `2016-10-25 …`.
pub(super) fn looks_like_one(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let is_date = |word: &str| word.parse::<jiff::civil::Date>().is_ok() && word.len() == 10;
    match (words.next(), words.next()) {
        (Some(first), _) if is_date(first) => true,
        (Some(first), Some(second)) => first.parse::<u64>().is_ok() && is_date(second),
        _ => false,
    }
}

/// A transfer log's report.
pub(super) fn transfer_log(bytes: &[u8]) -> Report {
    let text = String::from_utf8_lossy(bytes);
    let (mut lines, mut faults) = (Vec::new(), Vec::new());
    let mut first_seen: HashMap<&str, usize> = HashMap::new();
    for (number, raw) in (1..).zip(text.split_inclusive('\n')) {
        let line = raw.trim();
        if line.is_empty() {
            continue;
        }
        if !raw.ends_with('\n') {
            faults.push(format!("line {number} is half written: no line feed ends it"));
        }
        match parse(line) {
            Ok(line) => {
                if let Some(first) = first_seen.get(line.path) {
                    faults.push(format!("line {number} is of the same file as line {first}, {}", line.path));
                }
                first_seen.entry(line.path).or_insert(number);
                lines.push(line);
            }
            Err(what) => faults.push(format!("line {number}: {what}")),
        }
    }
    let old = lines.iter().filter(|line| line.is_old).count();
    let (from, to) = (lines.iter().map(|line| line.at).min(), lines.iter().map(|line| line.at).max());
    let megabytes = lines.iter().map(|line| line.size_bytes).sum::<f64>() / 1e6;
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

/// Reads a line of either form, or says what is wrong with it.
fn parse(line: &str) -> Result<Line<'_>, String> {
    let path = line.find(" /").map(|at| &line[at + 1..]).ok_or("it has no path of a copy")?;
    let words: Vec<&str> = line[..line.len() - path.len()].split_whitespace().collect();
    let time = |date: &str, clock: &str| {
        format!("{date} {clock}").parse::<DateTime>().map_err(|_| format!("'{date} {clock}' is no date and time"))
    };
    match words.as_slice() {
        [seconds, date0, clock0, date1, clock1, size, date2, clock2] => {
            seconds.parse::<u64>().map_err(|_| format!("{seconds:?} is no number of seconds"))?;
            let (one, other) = (time(date0, clock0)?, time(date1, clock1)?);
            time(date2, clock2)?;
            Ok(Line { is_old: false, at: one.min(other), size_bytes: size_bytes(size)?, path })
        }
        [date, clock, _name, size, date2, clock2] => {
            time(date2, clock2)?;
            Ok(Line { is_old: true, at: time(date, clock)?, size_bytes: size_bytes(size)?, path })
        }
        _ => Err(format!("{} words before the path, expected 8 (new form) or 6 (old form)", words.len())),
    }
}

/// A size as `ls -h` lists it, in bytes.
fn size_bytes(text: &str) -> Result<f64, String> {
    let unit = text.chars().last().and_then(|letter| "KMGTPE".find(letter));
    let digits = if unit.is_some() { &text[..text.len() - 1] } else { text };
    let number: f64 = digits.parse().map_err(|_| format!("{text:?} is no size"))?;
    if !number.is_finite() || number < 0.0 {
        return Err(format!("{text:?} is no size"));
    }
    Ok(number * 1024f64.powi(unit.map_or(0, |power| power as i32 + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: &str =
        "0 2016-10-27 13:55:04 2016-10-27 13:55:04 1023M 2016-10-27 13:55 /home/prod/storage/input/run1014/run1014-seq2.dat";
    const OLD: &str = "2016-10-25 15:47:03 run1-seq0.dat 37M 2016-10-25 15:47 /home/prod/storage/input/run1/run1-seq0.dat";

    #[test]
    fn both_forms_are_read() {
        let (new, old) = (parse(NEW).unwrap(), parse(OLD).unwrap());
        assert_eq!((new.is_old, new.size_bytes, new.at), (false, 1023.0 * 1048576.0, "2016-10-27 13:55:04".parse().unwrap()));
        assert_eq!((old.is_old, old.path), (true, "/home/prod/storage/input/run1/run1-seq0.dat"));
        assert!(looks_like_one(NEW) && looks_like_one(OLD) && !looks_like_one("1 2 3 4 5 6"));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let text = format!("{NEW}\n{OLD}\n\n{}\n{NEW}\n{}", NEW.replace("1023M", "much"), &OLD[..40]);
        let report = transfer_log(text.as_bytes());
        let lines: Vec<&str> = report.faults.iter().map(|fault| &fault[..6]).collect();
        assert_eq!(lines, ["line 4", "line 5", "line 6", "line 6"], "{:?}", report.faults);
        assert_eq!((&report.facts["lines_new_form"], &report.facts["files"]), (&2.into(), &2.into()));
    }
}
