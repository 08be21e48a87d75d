//! What a raw file and its passes were at each instant: told again from the story, and what stands in the book at the end.

use jiff::Timestamp;
use monitasks::vocab::{Group, Processing};
use serde_json::Value;

use super::known::Told;
use crate::bookkeeping::{FileRecord, FileStep, PassRecord, PassStep};

/// A row with since when it was so, in order.
pub(super) type Dated<T> = Vec<(Timestamp, T)>;

/// A fact of the story as a number.
pub(super) fn number(facts: &Value, name: &str) -> Option<u64> {
    facts[name].as_u64()
}

/// A fact of the story as a moment.
pub(super) fn moment(facts: &Value, name: &str) -> Option<Timestamp> {
    facts[name].as_str()?.parse().ok()
}

/// A fact of the story as text.
pub(super) fn text(facts: &Value, name: &str) -> Option<String> {
    facts[name].as_str().map(str::to_owned)
}

/// Ends the tale of a row with what stands in the book: since it says so itself, or since the story last told of it.
pub(super) fn ended_by<T: Clone>(mut told: Dated<T>, last: &T, since: Timestamp, begun: Timestamp) -> Dated<T> {
    let at = told.last().map_or(since.max(begun), |(at, _)| since.max(*at));
    told.retain(|(before, _)| *before < at);
    told.push((at, last.clone()));
    told
}

/// The processing that a line of the story of a file is about: by its number, or by the name of a group of it. None for what is of
/// the file itself.
pub(super) fn processing_of(facts: &Value) -> Option<Processing> {
    let by_number = || u32::try_from(facts["processing"].as_u64()?).ok();
    let by_group = || facts["group"].as_str()?.split('-').find_map(|part| part.strip_prefix('p')?.parse().ok());
    by_number().or_else(by_group).map(Processing)
}

/// What a file was, since when. `story` is of this file.
pub(super) fn file(last: &FileRecord, story: &[Told<'_>]) -> Dated<FileRecord> {
    let mut now = FileRecord {
        step: FileStep::Arrived,
        since: last.arrived,
        failure: None,
        reason: None,
        adler32: None,
        events_by_trigger: None,
        refused: None,
        ..last.clone()
    };
    let mut states = vec![(last.arrived, now.clone())];
    for Told { at, record } in story.iter().filter(|told| processing_of(&told.record.detail).is_none()) {
        let facts = &record.detail;
        let Some(step) = file_step(&record.kind, &now) else { continue };
        if record.kind != "other_content_refused" {
            now.since = record.at;
        }
        now.step = step;
        now.size_bytes = number(facts, "size_bytes").filter(|_| record.kind != "other_content_refused").unwrap_or(now.size_bytes);
        now.daq_closed = moment(facts, "daq_closed").unwrap_or(now.daq_closed);
        match record.kind.as_str() {
            "copied" => now.adler32 = facts["adler32"].as_str().and_then(|hex| u32::from_str_radix(hex, 16).ok()),
            "stored" => now.events_by_trigger.clone_from(&last.events_by_trigger),
            "failed" => {
                now.failure = facts["class"].as_str().and_then(|word| word.parse().ok());
                now.reason = text(facts, "reason");
            }
            "resubmitted" => (now.failure, now.reason) = (None, None),
            "taken_again" => {
                (now.failure, now.reason, now.adler32, now.events_by_trigger) = (None, None, None, None);
            }
            "other_content_refused" => now.refused = number(facts, "size_bytes").zip(moment(facts, "written")),
            _ => {}
        }
        states.push((*at, now.clone()));
    }
    ended_by(states, last, last.since, last.arrived)
}

/// Where a line of its story leads a file; none for one that does not move it.
fn file_step(kind: &str, now: &FileRecord) -> Option<FileStep> {
    Some(match kind {
        "arrived" | "source_changed" | "taken_again" => FileStep::Arrived,
        "copy_started" => FileStep::Copying,
        "copied" => FileStep::Copied,
        "stored" => FileStep::Stored,
        "failed" => FileStep::Failed,
        "resubmitted" if now.adler32.is_some() => FileStep::Copied,
        "resubmitted" => FileStep::Arrived,
        "other_content_refused" => now.step,
        _ => return None,
    })
}

/// What a pass was, since when. `story` is of its file, `opened` when its processing was begun.
pub(super) fn pass(last: &PassRecord, story: &[Told<'_>], opened: Timestamp) -> Dated<PassRecord> {
    let is_of = |told: &&Told<'_>| {
        processing_of(&told.record.detail) == Some(last.processing) || (told.record.kind == "taken_again" && told.at > opened)
    };
    let mut now: Option<PassRecord> = None;
    let mut states = Vec::new();
    for Told { at, record } in story.iter().filter(is_of) {
        let Some(step) = pass_step(&record.kind, record.detail["class"].is_string()) else { continue };
        let mut next = now.unwrap_or_else(|| PassRecord::new(last.file, last.processing, &last.lane, step, record.at));
        (next.step, next.since) = (step, record.at);
        take_facts(&mut next, &record.kind, &record.detail, last);
        if step == PassStep::Reconstructed {
            next.accepted = next.accepted.or(Some(record.at));
        }
        states.push((*at, next.clone()));
        now = Some(next);
    }
    // One that took over an old failure has no line of its own: it is there since its processing is.
    let begun = states.first().map_or(opened, |(at, _)| *at);
    ended_by(states, last, last.since, begun)
}

/// Where a line of the story leads a pass; none for one that does not move it.
fn pass_step(kind: &str, has_class: bool) -> Option<PassStep> {
    Some(match kind {
        "held" | "held_back" | "waits_for_its_file" | "taken_again" => PassStep::Held,
        "queued" | "tried_again" | "resubmitted" => PassStep::Queued,
        "job_allotted" => PassStep::Submitting,
        "job_submitted" => PassStep::Running,
        "job_ended" => PassStep::Ended,
        "job_gone" if has_class => PassStep::Failed,
        "job_gone" => PassStep::Queued,
        "accepted" | "taken_over" => PassStep::Reconstructed,
        "grouped" | "grouped_again" => PassStep::Grouped,
        "analysed" => PassStep::Analysed,
        "failed" => PassStep::Failed,
        _ => return None,
    })
}

fn take_facts(next: &mut PassRecord, kind: &str, facts: &Value, last: &PassRecord) {
    let number_of = |name: &str| number(facts, name).and_then(|number| u32::try_from(number).ok());
    match kind {
        "queued" => next.held_by = None,
        "held_back" => next.held_by = text(facts, "who").or_else(|| last.held_by.clone()),
        "job_allotted" => next.attempt = number_of("attempt").unwrap_or(next.attempt + 1),
        "job_gone" => next.lost += 1,
        "job_ended" => next.lost = 0,
        "accepted" => {
            (next.events, next.tracks) = (number(facts, "events"), number(facts, "tracks"));
            (next.reason, next.output_of, next.accepted) = (text(facts, "finding"), next.processing, None);
        }
        "taken_over" => {
            next.output_of = number_of("output_of").map_or(last.output_of, Processing);
            (next.events, next.tracks, next.accepted) = (last.events, last.tracks, last.accepted);
        }
        "grouped" => next.group = group_of(facts),
        "grouped_again" => (next.failure, next.reason, next.retry_at) = (None, None, None),
        "analysed" => next.reason = text(facts, "fault").or(next.reason.take()),
        "tried_again" | "resubmitted" | "taken_again" | "waits_for_its_file" => {
            next.retries = number_of("retries").unwrap_or(if kind == "tried_again" { next.retries + 1 } else { 0 });
            (next.output_of, next.held_by) = (next.processing, None);
            (next.failure, next.reason, next.lost, next.retry_at) = (None, None, 0, None);
            (next.events, next.tracks, next.accepted, next.group) = (None, None, None, None);
        }
        _ => {}
    }
    if next.step == PassStep::Failed {
        let said = facts["class"].as_str().and_then(|word| word.parse().ok());
        let of_group = || facts["group"].is_string().then_some(crate::bookkeeping::FailureClass::Analysis);
        next.failure = said.or_else(of_group);
        next.reason = text(facts, "reason").or_else(|| text(facts, "fault"));
        (next.retry_at, next.held_by) = (moment(facts, "retry_at"), None);
    }
}

/// `0` of `run1-p1-g0`.
fn group_of(facts: &Value) -> Option<Group> {
    facts["group"].as_str()?.rsplit('-').next()?.strip_prefix('g')?.parse().ok().map(Group)
}
