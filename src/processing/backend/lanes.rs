//! Lanes: the processings they make of runs, the rules that hold them, and how a processing ends.

use jiff::Timestamp;
use monitasks::vocab::{FileId, Processing, Run};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Backend, ProcessingError, of_file, of_run};
use crate::bookkeeping::{FileRecord, FileStep, PassRecord, PassStep, ProcessingRecord, ProcessingStep, Row, StoryEntry};
use crate::config::{LaneSettings, Settings};
use crate::processing::lanes::{Gate, RunFacts, gate, no_such_lane};
use crate::processing::steps::{PassEvent, end_of_processing, missing_products, next_pass};

/// Why a lane's first processing of a run is there.
const FIRST: &str = "the first of its lane";

impl Backend<'_> {
    /// The settings that a lane's jobs work with.
    pub(super) fn settings_of(&self, lane: &str) -> Settings {
        let mut settings = self.workspace.settings.clone();
        if let Some(every) = self.shift.lane(lane).map(|lane| lane.select_every).filter(|every| *every > 0) {
            settings.reconstruction.select_every = every;
        }
        settings
    }

    /// What a reconstruction in a lane depends on, in short.
    fn settings_sum(&self, lane: &str) -> String {
        let settings = self.settings_of(lane);
        let text = toml::to_string(&settings.reconstruction).unwrap_or_default();
        let facts = [crate::SOFTWARE, &settings.detector, &settings.channel_map, &text].join("\n");
        Sha256::digest(facts).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The rows that put a file which now stands in the storage into its lanes; what happens is added to the story.
    pub(super) fn enter_lanes(
        &self,
        file: &FileRecord,
        now: Timestamp,
        story: &mut Vec<StoryEntry>,
    ) -> Result<Vec<Row>, ProcessingError> {
        let mut rows = Vec::new();
        let mut next_number = self.next_number(file.file.run);
        for lane in self.shift.lanes() {
            let newest = self.shift.newest(file.file.run, &lane.name);
            let own = newest.and_then(|newest| self.shift.passes.get(&(file.file, newest.processing)));
            let is_over = newest.is_some_and(|newest| !is_open(newest.step));
            match (newest, own) {
                // It was taken in again: its pass waits for it.
                (Some(newest), Some(pass)) if !is_over => {
                    rows.extend(self.released_row(newest, pass, now, story)?);
                }
                (Some(newest), None) if !is_over => {
                    if self.takes(lane, newest, file.file) {
                        rows.push(self.new_pass(newest, file.file, now, story));
                    }
                }
                (Some(newest), _) => {
                    if self.takes(lane, newest, file.file) || own.is_some() {
                        let because = format!("{} came late", file.file);
                        rows.extend(self.processing_beside(newest, next_number, &because, &[file.file], now, story));
                        next_number.0 += 1;
                    }
                }
                (None, _) => {
                    let opened = self.new_processing(lane, file.file.run, next_number, FIRST, now);
                    next_number.0 += 1;
                    rows.extend(self.first_rows(opened, lane, &self.standing_files(file), story));
                }
            }
        }
        Ok(rows)
    }

    pub(super) fn next_number(&self, run: Run) -> Processing {
        Processing(self.shift.processings_of(run).next_back().map_or(1, |last| last.processing.0 + 1))
    }

    /// Whether a lane takes one more file of a run.
    fn takes(&self, lane: &LaneSettings, processing: &ProcessingRecord, file: FileId) -> bool {
        let there = || self.shift.tally(processing.run, processing.processing).passes;
        lane.first_files == 0 || there() + self.before(file) < lane.first_files as usize
    }

    /// Files of lower number that have come and are still on their way into the storage: the first of a run are told by their
    /// numbers, not by which copy ended first.
    fn before(&self, file: FileId) -> usize {
        self.shift.files_under_way.range(FileId::new(file.run.0, 0)..file).count()
    }

    pub(super) fn new_processing(
        &self,
        lane: &LaneSettings,
        run: Run,
        processing: Processing,
        because: &str,
        now: Timestamp,
    ) -> ProcessingRecord {
        let mut record = ProcessingRecord {
            run,
            processing,
            lane: lane.name.clone(),
            step: ProcessingStep::Open,
            since: now,
            opened: now,
            because: because.to_owned(),
            hold: None,
            settings_sum: self.settings_sum(&lane.name),
            missing: Vec::new(),
            to_publish: false,
        };
        self.apply(gate(lane, &self.facts_of(run, lane), now), &mut record, now);
        record
    }

    /// A pass of a file that has just come: held as its processing is, else queued.
    pub(super) fn new_pass(
        &self,
        processing: &ProcessingRecord,
        file: FileId,
        now: Timestamp,
        story: &mut Vec<StoryEntry>,
    ) -> Row {
        let is_held = processing.step != ProcessingStep::Open;
        let word = if is_held { "held" } else { "queued" };
        let detail = json!({
            "lane": processing.lane, "processing": processing.processing,
            "rule": processing.hold.as_ref().map(|hold| &hold.rule),
        });
        story.push(of_file(now, file, word, detail));
        let step = if is_held { PassStep::Held } else { PassStep::Queued };
        Row::Pass(empty_pass(processing, file, step, now))
    }

    fn released_row(
        &self,
        processing: &ProcessingRecord,
        pass: &PassRecord,
        now: Timestamp,
        story: &mut Vec<StoryEntry>,
    ) -> Result<Option<Row>, ProcessingError> {
        if pass.step != PassStep::Held || pass.held_by.is_some() || processing.step != ProcessingStep::Open {
            return Ok(None);
        }
        let detail = json!({"lane": pass.lane, "processing": pass.processing});
        story.push(of_file(now, pass.file, PassEvent::Released.word(), detail));
        Ok(Some(Row::Pass(next_pass(pass, &PassEvent::Released, now)?)))
    }

    /// The rows of a new processing beside one that is over. Files that were reconstructed with the same settings are taken over
    /// as they are, those of `redo` and all others are processed.
    fn processing_beside(
        &self,
        old: &ProcessingRecord,
        number: Processing,
        because: &str,
        redo: &[FileId],
        now: Timestamp,
        story: &mut Vec<StoryEntry>,
    ) -> Vec<Row> {
        let Some(lane) = self.shift.lane(&old.lane) else { return Vec::new() };
        let opened = self.new_processing(lane, old.run, number, because, now);
        story.push(opened_entry(&opened, now));
        let is_same = opened.settings_sum == old.settings_sum;
        let mut members: Vec<FileId> = self.shift.passes_of(old.run, old.processing).map(|pass| pass.file).collect();
        members.extend(redo.iter().filter(|file| !members.contains(file)).copied().collect::<Vec<_>>());
        let mut rows = Vec::new();
        for file in members {
            let before = self.shift.passes.get(&(file, old.processing));
            // What was released can't be processed: it stays as it is, also beside files with other settings, and says so.
            let is_kept = is_same || !self.workspace.raw_file(file).exists();
            match before.filter(|_| !redo.contains(&file)) {
                Some(before) if before.events.is_some() && is_kept => {
                    let mut detail = json!({"lane": opened.lane, "processing": number, "output_of": before.output_of});
                    if !is_same {
                        detail["because"] = json!("other settings; its raw file is no longer in the storage");
                    }
                    story.push(of_file(now, file, "taken_over", detail));
                    rows.push(Row::Pass(PassRecord {
                        output_of: before.output_of,
                        events: before.events,
                        tracks: before.tracks,
                        accepted: before.accepted,
                        ..empty_pass(&opened, file, PassStep::Reconstructed, now)
                    }));
                }
                // What failed before and was not asked for stays failed, since then and with its reason.
                Some(before) if before.step == PassStep::Failed && is_kept => rows.push(Row::Pass(PassRecord {
                    failure: before.failure,
                    reason: before.reason.clone(),
                    output_of: before.output_of,
                    ..empty_pass(&opened, file, PassStep::Failed, before.since)
                })),
                _ => rows.push(self.new_pass(&opened, file, now, story)),
            }
        }
        rows.push(Row::Processing(opened));
        rows
    }

    /// Processes a run in a lane again, beside what there is; answers the new processing's name, none when the lane is no longer
    /// in the settings.
    pub(super) fn process_beside(
        &mut self,
        old: &ProcessingRecord,
        because: &str,
        redo: &[FileId],
    ) -> Result<Option<String>, ProcessingError> {
        if self.shift.lane(&old.lane).is_none() {
            return Ok(None);
        }
        let now = Timestamp::now();
        let mut story = Vec::new();
        let number = self.next_number(old.run);
        let rows = self.processing_beside(old, number, because, redo, now, &mut story);
        self.keep(&story, rows)?;
        let name = format!("{}-p{}", old.run, number.0);
        self.tell(&name, "opened", Some(because.to_owned()));
        for file in redo {
            self.bring_queue_entry_up_to_date(*file)?;
        }
        Ok(Some(name))
    }

    /// Takes over what people have said of runs since it was asked last.
    pub(super) fn take_judgements(&mut self) -> Result<(), ProcessingError> {
        let (judgements, seen) = self.store.judgements_since(self.judged)?;
        self.shift.judge(judgements);
        self.judged = seen;
        Ok(())
    }

    /// What the rules of a lane go by for a run.
    fn facts_of(&self, run: Run, lane: &LaneSettings) -> RunFacts {
        if lane.gates.is_empty() && !lane.in_run_order {
            return RunFacts::default();
        }
        let is_not_counted = |file: &&FileRecord| file.step == FileStep::Stored && file.events_by_trigger.is_none();
        let judgement = self.shift.judgements.get(&run);
        RunFacts {
            ended: self.shift.runs.get(&run).and_then(|run| run.ended),
            kind: judgement.and_then(|judgement| judgement.kind.clone()),
            mark: judgement.map(|judgement| judgement.mark),
            flag: judgement.map(|judgement| judgement.flag),
            events_by_trigger: self.shift.events_of(run),
            files_under_way: self.before(FileId::new(run.0, u32::MAX)),
            files_not_counted: self.shift.files_of(run).filter(is_not_counted).count(),
            blocked_by: if lane.in_run_order { self.blocked_by(run, &lane.name) } else { None },
        }
    }

    /// The first run before this one that the lane has not done with: one that is held or under way, or whose files are coming.
    pub(super) fn blocked_by(&self, run: Run, lane: &str) -> Option<Run> {
        // Only runs that have not come to rest: those of years before are not walked.
        let step_of = |run: Run| self.shift.newest(run, lane).map(|processing| processing.step);
        let goes_on = |step| matches!(step, ProcessingStep::Held | ProcessingStep::Open);
        let mut processings = self.shift.blocking.range(..(run, Processing(0))).map(|(run, _)| *run);
        let held = processings.find(|run| step_of(*run).is_some_and(goes_on));
        let mut files = self.shift.files_under_way.range(..FileId::new(run.0, 0)).map(|file| file.run);
        let coming = files.find(|run| step_of(*run).is_none_or(goes_on));
        held.into_iter().chain(coming).min()
    }

    /// Puts what the rules say into a processing; a rule that goes on holding it keeps since when.
    fn apply(&self, gate: Gate, processing: &mut ProcessingRecord, now: Timestamp) {
        let (step, mut hold) = match gate {
            Gate::Open => (ProcessingStep::Open, None),
            Gate::Held(hold) => (ProcessingStep::Held, Some(hold)),
            Gate::Refused(hold) => (ProcessingStep::Refused, Some(hold)),
        };
        if let (Some(hold), Some(before)) = (&mut hold, &processing.hold)
            && hold.rule == before.rule
            && step == processing.step
        {
            hold.since = before.since;
        }
        if step != processing.step {
            processing.since = now;
        }
        (processing.step, processing.hold) = (step, hold);
    }

    /// Asks the rules again for every processing that they hold or refuse and of which something has changed; answers whether any
    /// moved.
    pub(super) fn ask_gates(&mut self, now: Timestamp) -> Result<bool, ProcessingError> {
        if self.next_gates.is_some_and(|at| std::time::Instant::now() < at) {
            return Ok(false);
        }
        self.next_gates = Some(std::time::Instant::now() + super::REQUESTS);
        let mut has_moved = false;
        for key in self.shift.take_to_ask(now) {
            has_moved |= self.ask_gate(key, now)?;
        }
        Ok(has_moved)
    }

    fn ask_gate(&mut self, key: (Run, Processing), now: Timestamp) -> Result<bool, ProcessingError> {
        let Some(before) = self.shift.processings.get(&key).cloned() else { return Ok(false) };
        let mut processing = before.clone();
        let says = match self.shift.lane(&before.lane) {
            Some(lane) => gate(lane, &self.facts_of(key.0, lane), now),
            None => no_such_lane(&before.lane, now),
        };
        self.apply(says, &mut processing, now);
        if processing == before {
            return Ok(false);
        }
        let mut story = Vec::new();
        if processing.step != before.step
            || processing.hold.as_ref().map(|hold| &hold.rule) != before.hold.as_ref().map(|hold| &hold.rule)
        {
            let facts = json!({"processing": processing.name(), "lane": processing.lane, "step": processing.step.word(),
                               "rule": processing.hold.as_ref().map(|hold| &hold.rule),
                               "reason": processing.hold.as_ref().map(|hold| &hold.words),
                               "until": processing.hold.as_ref().and_then(|hold| hold.until)});
            story.push(of_run(now, Some(key.0), "lane_asked", facts));
        }
        let mut rows = Vec::new();
        if processing.step == ProcessingStep::Open {
            for pass in self.shift.passes_of(key.0, key.1).filter(|pass| self.is_stored(pass.file)) {
                rows.extend(self.released_row(&processing, pass, now, &mut story)?);
            }
        }
        let (name, words) = (processing.name(), processing.hold.as_ref().map(|hold| hold.words.clone()));
        let word = processing.step.word();
        let is_told = processing.step != before.step;
        rows.push(Row::Processing(processing));
        self.keep(&story, rows)?;
        if is_told {
            self.tell(&name, word, words);
        }
        Ok(true)
    }

    pub(super) fn is_stored(&self, file: FileId) -> bool {
        self.shift.files.get(&file).is_some_and(|file| file.step == FileStep::Stored)
    }

    /// Whether no more files of a run will come into a processing.
    pub(super) fn is_complete(&self, run: Run, processing: Processing) -> bool {
        if self.shift.is_all_in(run) && !self.intake.has_open_file_of(run) {
            return true;
        }
        let lane = self.shift.processings.get(&(run, processing)).and_then(|processing| self.shift.lane(&processing.lane));
        lane.is_some_and(|lane| lane.first_files > 0 && self.shift.tally(run, processing).passes >= lane.first_files as usize)
    }

    /// Ends processings of which nothing is left to be done; answers whether there was any. Runs after groups were formed: a
    /// file that waits for its group is not the end.
    pub(super) fn close_processings(&mut self) -> Result<bool, ProcessingError> {
        let mut has_moved = false;
        for key in std::mem::take(&mut self.shift.changed) {
            has_moved |= self.close_if_over(key)?;
            // Whether that file comes or goes, the book will not be told.
            if self.intake.has_open_file_of(key.0) {
                self.shift.changed.insert(key);
            }
        }
        Ok(has_moved)
    }

    fn close_if_over(&mut self, key: (Run, Processing)) -> Result<bool, ProcessingError> {
        let is_open = |processing: &&ProcessingRecord| processing.step == ProcessingStep::Open;
        let Some(processing) = self.shift.processings.get(&key).filter(is_open).cloned() else { return Ok(false) };
        // Nearly always at once: the files of a long run are not walked for each step of one.
        if self.shift.tally(key.0, key.1).unfinished > 0 || !self.is_complete(key.0, key.1) {
            return Ok(false);
        }
        let passes: Vec<&PassRecord> = self.shift.passes_of(key.0, key.1).collect();
        let groups: Vec<_> = self.shift.groups_of(key.0, key.1).collect();
        let step = match end_of_processing(&passes, &groups) {
            Some(step) => step,
            // The first files, which it waited for, failed on their way in.
            None if passes.is_empty() => ProcessingStep::Processed,
            None => return Ok(false),
        };
        let now = Timestamp::now();
        let mut missing = missing_products(&passes, &groups);
        let takes_all = self.shift.lane(&processing.lane).is_none_or(|lane| lane.first_files == 0) || passes.is_empty();
        let lost = self.shift.files_of(key.0).filter(|file| takes_all && file.step == FileStep::Failed);
        let lost: Vec<String> = lost.map(|file| format!("{}, which was not taken in", file.file)).collect();
        let step = if step == ProcessingStep::Done && !lost.is_empty() { ProcessingStep::Processed } else { step };
        missing.extend(lost);
        let to_publish = step == ProcessingStep::Done;
        let facts = json!({"processing": processing.name(), "lane": processing.lane, "step": step.word(), "missing": missing});
        let name = processing.name();
        let row = Row::Processing(ProcessingRecord { step, since: now, missing, to_publish, ..processing });
        self.keep(&[of_run(now, Some(key.0), "processing_ended", facts)], vec![row])?;
        self.tell(&name, step.word(), None);
        Ok(true)
    }
}

/// Whether a processing is not over.
pub(super) fn is_open(step: ProcessingStep) -> bool {
    matches!(step, ProcessingStep::Held | ProcessingStep::Open | ProcessingStep::Refused)
}

pub(super) fn opened_entry(processing: &ProcessingRecord, now: Timestamp) -> StoryEntry {
    let facts = json!({
        "processing": processing.name(), "lane": processing.lane, "because": processing.because,
        "rule": processing.hold.as_ref().map(|hold| &hold.rule), "reason": processing.hold.as_ref().map(|hold| &hold.words),
    });
    of_run(now, Some(processing.run), "processing_opened", facts)
}

fn empty_pass(of: &ProcessingRecord, file: FileId, step: PassStep, now: Timestamp) -> PassRecord {
    PassRecord::new(file, of.processing, &of.lane, step, now)
}
