//! The run card as a text, for a logbook or a mail.

use crate::gui::words;
use crate::snapshot::{FileStage, JudgedShown, RunRow, Snapshot};

/// What the card says of a run, a line each.
#[must_use]
pub fn run_facts(row: &RunRow, judged: Option<&JudgedShown>, snapshot: &Snapshot) -> String {
    let mut lines = vec![format!("Run {}", row.run.0)];
    let stamp = |at: Option<jiff::Timestamp>| at.map_or_else(|| "not known".into(), |at| format!("{} UTC", words::utc(at)));
    lines.push(format!("start: {}", stamp(row.start)));
    lines.push(if row.has_ended { format!("end: {}", stamp(row.end)) } else { "end: not yet".into() });
    let in_stage = |stage| row.files.iter().filter(|file| file.stage == stage).count();
    let (analysed, failed) = (in_stage(FileStage::Analysed), in_stage(FileStage::Failed));
    lines.push(format!("files: {}, {analysed} analysed, {failed} failed", row.files.len()));
    lines.push(format!("flag: {}", row.flag.word()));
    for decision in &row.decisions {
        let comment = if decision.comment.is_empty() { String::new() } else { format!(": {}", decision.comment) };
        let (flag, who, role) = (decision.flag.word(), &decision.who, &decision.role);
        lines.push(format!("decided {flag} by {who} ({role}), {} UTC{comment}", words::utc(decision.at)));
    }
    for status in judged.iter().flat_map(|judged| &judged.processings) {
        lines.push(format!("status of {}-p{}: {} {}", row.run, status.processing, status.status, status.word));
    }
    lines.extend(judged.iter().flat_map(|judged| &judged.facts).map(|(name, value)| format!("{name}: {value}")));
    if let Some(facts) = &snapshot.workspace {
        lines.push(format!("workspace: {}", facts.root.display()));
    }
    lines.join("\n") + "\n"
}
