//! A raw file of the night on its way: closed, copied, stored, reconstructed; two jobs do not end as they should.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use monitasks::vocab::{FileId, Processing};
use serde_json::{Value, json};

use super::super::super::Failure;
use super::book::{Book, JobEnd, LANE, why_killed};
use super::chance::Chance;
use super::plan::{EVENTS, RunPlan};
use crate::bookkeeping::{FailureClass, FileRecord, FileStep, JobKind, PassRecord, PassStep, Row, TransferRecord};
use crate::processing::failures::retry;
use crate::processing::steps::{FileEvent, PassEvent, next_file, next_pass};
use crate::processing::{JobOrder, JobSubject};

/// Size of a raw file of so many events, bytes.
const FILE_BYTES: u64 = 192_043_000;
/// The job that goes away, and the one that is killed.
const GONE: FileId = FileId { run: monitasks::vocab::Run(3), sequence: monitasks::vocab::Sequence(1) };
const KILLED: FileId = FileId { run: monitasks::vocab::Run(7), sequence: monitasks::vocab::Sequence(2) };

fn seconds(seconds: f64) -> SignedDuration {
    SignedDuration::from_millis((1000.0 * seconds) as i64)
}

impl Book<'_> {
    /// Takes a file in and has it reconstructed; its pass, when the file was seen, and when it was stored.
    pub(super) fn take_file(
        &mut self,
        plan: &RunPlan,
        sequence: u32,
        chance: &mut Chance,
    ) -> Result<(PassRecord, Timestamp, Timestamp), Failure> {
        let (file, [_, closed]) = plan.file(sequence);
        let arrived = closed + seconds(chance.between(1.0, 3.0));
        let source = format!("{file}.dat");
        let size_bytes = FILE_BYTES + 8 * u64::from(file.run.0);
        if sequence == 0 {
            self.of_run(arrived, file.run, "run_seen", json!({}));
        }
        self.of_file(arrived, file, "arrived", json!({"source": source, "size_bytes": size_bytes, "daq_closed": closed}));
        let record = FileRecord {
            file,
            step: FileStep::Arrived,
            since: arrived,
            failure: None,
            reason: None,
            source,
            size_bytes,
            daq_closed: closed,
            arrived,
            adler32: None,
            events_by_trigger: None,
            refused: None,
        };
        let stored = self.copy(&record, chance)?;
        let pass = PassRecord::new(file, Processing(1), LANE, PassStep::Queued, stored);
        self.of_file(stored, file, "queued", json!({"lane": LANE, "processing": 1, "rule": null}));
        Ok((self.reconstruct(pass, stored, chance)?, arrived, stored))
    }

    /// Copies a file that has arrived; when it was stored.
    fn copy(&mut self, arrived: &FileRecord, chance: &mut Chance) -> Result<Timestamp, Failure> {
        let (file, started) = (arrived.file, arrived.arrived);
        let copying = next_file(arrived, &FileEvent::CopyStarted, started)?;
        self.of_file(started, file, "copy_started", json!({}));
        let ended = started + seconds(chance.between(5.0, 9.0));
        let adler32 = 0x1a2b_0000 + file.run.0 * 0x0301 + file.sequence.0 * 0x1f;
        let transfer = TransferRecord {
            file,
            from: self.workspace.incoming().join(&arrived.source),
            to: self.workspace.raw_file(file),
            size_bytes: arrived.size_bytes,
            adler32,
            started,
            ended,
        };
        let copied = next_file(&copying, &FileEvent::Copied { size_bytes: arrived.size_bytes, adler32 }, ended)?;
        let facts = json!({
            "from": transfer.from, "to": transfer.to, "size_bytes": transfer.size_bytes, "adler32": format!("{adler32:08x}"),
            "started": started, "ended": ended, "stood_already": false,
        });
        self.of_file(ended, file, "copied", facts);
        self.copies.push((transfer.clone(), arrived.daq_closed));
        self.rows.push(Row::Transfer(transfer));
        let at = ended + seconds(0.3);
        let events_by_trigger = Some(BTreeMap::from([(0, u64::from(EVENTS))]));
        self.rows.push(Row::File(next_file(&copied, &FileEvent::Stored { events_by_trigger }, at)?));
        self.of_file(at, file, "stored", json!({"events": EVENTS}));
        Ok(at)
    }

    /// Has a pass that waits reconstructed, with as many attempts as it takes.
    fn reconstruct(&mut self, pass: PassRecord, queued: Timestamp, chance: &mut Chance) -> Result<PassRecord, Failure> {
        let file = pass.file;
        let subject = JobSubject {
            name: format!("reco_{file}"),
            kind: JobKind::Reconstruct,
            run: file.run,
            file: Some(file),
            group: None,
            processing: pass.processing,
        };
        let (mut pass, mut at) = (pass, queued + seconds(0.2));
        loop {
            let attempt = pass.attempt + 1;
            let facts = json!({"job": subject.name, "attempt": attempt});
            pass = self.pass_event(&pass, &PassEvent::Allotted, at, facts.clone())?;
            let submitted = at + seconds(0.3);
            pass = self.pass_event(&pass, &PassEvent::Submitted, submitted, facts.clone())?;
            let end = match (file, attempt) {
                (GONE, 1) => JobEnd::Gone,
                (KILLED, 1) => JobEnd::Killed,
                _ => JobEnd::Well,
            };
            let ended = submitted + seconds(if end == JobEnd::Well { chance.between(205.0, 255.0) } else { 71.0 });
            let mark = self.job(&subject, attempt, [submitted, ended], end)?;
            let seen = ended + seconds(0.4);
            match end {
                JobEnd::Well => {
                    pass = self.pass_event(&pass, &PassEvent::JobEnded, seen, json!(mark))?;
                    return self.accept(&pass, seen + seconds(1.1), chance);
                }
                JobEnd::Gone => {
                    pass = self.pass_event(&pass, &PassEvent::JobGone { last_words: None }, seen, facts)?;
                    at = seen + seconds(0.5);
                }
                JobEnd::Killed => {
                    let class = FailureClass::Memory;
                    let pause = retry(class, pass.retries, &self.workspace.settings.retry).unwrap_or_default();
                    let again = seen + SignedDuration::from_secs(pause.as_secs().cast_signed());
                    let retry_at = Some(again);
                    let reason = why_killed(&mark, &JobOrder::new(self.workspace, &subject, attempt, submitted));
                    let facts = json!({"class": class.word(), "reason": reason, "retry_at": retry_at});
                    pass = self.pass_event(&pass, &PassEvent::Failed { class, reason, retry_at }, seen, facts)?;
                    at = again;
                    pass = self.pass_event(&pass, &PassEvent::Retried, at, json!({"retries": pass.retries + 1}))?;
                }
            }
        }
    }

    fn accept(&mut self, pass: &PassRecord, at: Timestamp, chance: &mut Chance) -> Result<PassRecord, Failure> {
        let (events, tracks) = (u64::from(EVENTS), chance.count(2.6 * f64::from(EVENTS)) as u64);
        let output = self.workspace.reco_file(pass.file, pass.processing);
        let facts = json!({"output": output, "events": events, "tracks": tracks, "finding": null});
        self.pass_event(pass, &PassEvent::Accepted { events, tracks, finding: None }, at, facts)
    }

    /// A pass after an event, which is told.
    fn pass_event(
        &mut self,
        pass: &PassRecord,
        event: &PassEvent,
        at: Timestamp,
        mut detail: Value,
    ) -> Result<PassRecord, Failure> {
        let next = next_pass(pass, event, at)?;
        if let Some(facts) = detail.as_object_mut() {
            facts.insert("lane".into(), json!(pass.lane));
            facts.insert("processing".into(), json!(pass.processing));
        }
        self.of_file(at, pass.file, event.word(), detail);
        Ok(next)
    }
}
