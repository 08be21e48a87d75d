//! What must never be otherwise, looked for in the book, the logs and the folders of a round.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use dqmon::bookkeeping::{
    CentralStep, FailureClass, FileRecord, FileStep, GroupRecord, GroupStep, JobRecord, JobState, Overview, PassStep,
    SqliteStore, Store, StoryRecord, TaskPhase,
};
use dqmon::config::Workspace;
use jiff::Timestamp;
use monitasks::vocab::{FileId, Run};

use super::round::Round;

/// What stands in the book.
pub struct Truth {
    pub overview: Overview,
    story: Vec<StoryRecord>,
}

impl Truth {
    /// Reads the book; one that is not there yet is empty.
    pub fn read(workspace: &Workspace) -> Self {
        let store = SqliteStore::open_read_only(&workspace.book()).ok();
        let overview = store.as_ref().and_then(|store| store.overview().ok()).unwrap_or_default();
        let story = store.and_then(|store| store.story_since(Timestamp::UNIX_EPOCH).ok()).unwrap_or_default();
        Truth { overview, story }
    }

    /// Files and passes that failed.
    pub fn failed(&self) -> u64 {
        self.overview.files.iter().filter(|file| self.overview.failure_of(file).is_some()).count() as u64
    }

    fn file(&self, file: FileId) -> Option<&FileRecord> {
        self.overview.files.iter().find(|record| record.file == file)
    }

    /// What still moves, or should.
    pub fn pending(&self, round: &Round) -> Vec<String> {
        let mut pending = Vec::new();
        for (file, _) in &round.delivered {
            match self.file(*file) {
                None => pending.push(format!("{file} is not in the book")),
                Some(record) if record.step < FileStep::Stored => pending.push(format!("{file} is {}", record.step.word())),
                Some(record) if record.step == FileStep::Stored && self.overview.newest_pass(*file).is_none() => {
                    pending.push(format!("{file} is in no lane"));
                }
                Some(_) => {}
            }
        }
        for pass in self.overview.passes.iter().filter(|pass| !pass.is_final()) {
            let jobs = self.overview.jobs.iter().filter(|job| job.file == Some(pass.file) && job.processing == pass.processing);
            let jobs: Vec<String> =
                jobs.map(|job| format!("{} {:?} {:?} {:?}", job.name, job.batch_id, job.state, job.reason)).collect();
            pending.push(format!("{} is {} {:?}: {}", pass.name(), pass.step.word(), pass.reason, jobs.join(", ")));
        }
        pending.extend(self.questions().into_iter().map(|(command, subject)| format!("a person is to {command} {subject}")));
        for (path, file, bytes) in standing(round) {
            let source = path.strip_prefix(round.incoming()).map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
            let stands = self.file(file).is_none_or(|record| record.step == FileStep::Failed)
                || fs::read(round.workspace.raw_file(file)).is_ok_and(|copy| copy == bytes);
            if !stands && !self.overview.not_taken.iter().any(|refused| refused.name == source) {
                pending.push(format!("{source} has other content than the copy and is not refused"));
            }
        }
        let makes_central = round.wants_central();
        for record in self.overview.files.iter().filter(|record| makes_central && record.step == FileStep::Stored) {
            let copy = self.overview.central.iter().find(|copy| copy.file == record.file);
            if copy.is_none_or(|copy| copy.step != CentralStep::Verified) {
                let how = copy.map(|copy| format!("{:?} {:?}", copy.step, copy.reason));
                pending.push(format!("the second copy of {} is {how:?}", record.file));
            }
        }
        pending
    }

    /// What a person is asked: commands and what they are about. A job that is forgotten is cancelled, what was cancelled is
    /// given again.
    pub fn questions(&self) -> Vec<(&'static str, String)> {
        let has_job = |phase| matches!(phase, TaskPhase::Submitting | TaskPhase::Running);
        let mut questions = Vec::new();
        let is_asked = |job: &&JobRecord| {
            job.state == JobState::Unknown
                && job.reason.as_ref().is_some_and(|reason| reason.ends_with("cancel it, then resubmit"))
        };
        for job in self.overview.jobs.iter().filter(is_asked) {
            let of_file =
                self.overview.passes.iter().find(|pass| job.file == Some(pass.file) && pass.processing == job.processing);
            if let Some(pass) = of_file.filter(|pass| matches!(pass.step, PassStep::Submitting | PassStep::Running)) {
                questions.push(("cancel", pass.file.to_string()));
            }
            let is_its = |group: &&GroupRecord| {
                (Some(group.group), group.run, group.processing) == (job.group, job.run, job.processing)
                    && group.tasks.iter().any(|task| task.kind == job.kind && has_job(task.phase))
            };
            questions.extend(self.overview.groups.iter().find(is_its).map(|group| ("cancel", group.name())));
        }
        for pass in self.overview.passes.iter().filter(|pass| pass.failure == Some(FailureClass::Cancelled)) {
            questions.push(("resubmit", pass.file.to_string()));
        }
        for group in self.overview.groups.iter().filter(|group| group.step == GroupStep::Failed) {
            if group.fault().is_some_and(|fault| fault.contains("cancelled by soak")) {
                questions.push(("resubmit", group.name()));
            }
        }
        questions
    }

    /// What is broken when all is at rest.
    pub fn broken(&self, round: &Round) -> Vec<String> {
        let mut broken = self.files(round);
        broken.extend(self.passes());
        broken.extend(self.refusals());
        broken.extend(self.logs(round));
        let trace = fs::read_to_string(round.folder.path().join("trace")).unwrap_or_default();
        broken.extend(trace.lines().filter(|line| line.starts_with("two ")).map(|line| format!("two jobs at once: {line}")));
        let left = fs::read_dir(round.workspace.processing("todo")).map(|entries| entries.flatten().count()).unwrap_or(0);
        if left > 0 {
            broken.push(format!("{left} entries left in the queue"));
        }
        broken
    }

    /// Each file that was delivered is in the storage as delivered, with the checksum that the book says, or has failed.
    fn files(&self, round: &Round) -> Vec<String> {
        let mut broken = Vec::new();
        for record in self.overview.files.iter().filter(|record| record.step == FileStep::Stored) {
            let (file, copy) = (record.file, fs::read(round.workspace.raw_file(record.file)).unwrap_or_default());
            if !round.delivered.iter().any(|(of, bytes)| *of == file && *bytes == copy) {
                broken.push(format!("the copy of {file} is none of what was delivered, {} bytes", copy.len()));
            }
            if record.adler32 != Some(simd_adler32::adler32(&copy.as_slice())) || record.size_bytes != copy.len() as u64 {
                broken.push(format!("size or checksum in the book are not those of the copy of {file}"));
            }
            let second = self.overview.central.iter().find(|copy| copy.file == file && copy.step == CentralStep::Verified);
            if second.is_some_and(|second| Some(second.adler32) != record.adler32) {
                broken.push(format!("the second copy of {file} has another checksum"));
            }
        }
        for record in self.overview.files.iter().filter(|record| !round.delivered.iter().any(|(of, _)| *of == record.file)) {
            broken.push(format!("{} was never delivered", record.file));
        }
        broken
    }

    /// What was reconstructed was accepted once and stands; what failed says why.
    fn passes(&self) -> Vec<String> {
        let (mut broken, mut accepted) = (Vec::new(), BTreeMap::new());
        for entry in self.story.iter().filter(|entry| entry.kind == "accepted") {
            *accepted.entry((entry.run, entry.sequence)).or_insert(0_usize) += 1;
        }
        for file in &self.overview.files {
            let own = |pass: &&dqmon::bookkeeping::PassRecord| pass.output_of == pass.processing && pass.accepted.is_some();
            let passes = self.overview.passes_of(file.file).filter(own).count();
            let times = accepted.get(&(Some(file.file.run), Some(file.file.sequence))).copied().unwrap_or(0);
            if times != passes {
                broken.push(format!("{} was accepted {times} times in {passes} processings", file.file));
            }
        }
        for pass in self.overview.passes.iter().filter(|pass| pass.step == PassStep::Failed) {
            if pass.failure.is_none() || pass.reason.as_deref().is_none_or(str::is_empty) {
                broken.push(format!("{} failed without a reason", pass.name()));
            }
        }
        broken
    }

    fn refusals(&self) -> Vec<String> {
        let mut broken = Vec::new();
        for file in self.overview.files.iter().filter(|file| file.step == FileStep::Failed) {
            if file.failure.is_none() || file.reason.as_deref().is_none_or(str::is_empty) {
                broken.push(format!("{} failed without a reason", file.file));
            }
        }
        for refused in self.overview.not_taken.iter().filter(|refused| refused.reason.is_empty()) {
            broken.push(format!("{} was refused without a reason", refused.name));
        }
        broken
    }

    /// Both transfer logs say the same, and each stored file once for each time it was taken in.
    fn logs(&self, round: &Round) -> Vec<String> {
        let mut broken = Vec::new();
        let lines = |log: &Path| -> Vec<String> {
            let text = fs::read_to_string(log).unwrap_or_default();
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        let all = lines(&round.workspace.all_transfer_log());
        let mut of_runs: Vec<String> =
            [1, 2].iter().flat_map(|run| lines(&round.workspace.run_transfer_log(Run(*run)))).collect();
        of_runs.sort();
        if all != of_runs {
            broken.push(format!("the transfer logs differ: {all:#?} {of_runs:#?}"));
        }
        for record in self.overview.files.iter().filter(|record| record.step == FileStep::Stored) {
            let its = format!(" {}", round.workspace.raw_file(record.file).display());
            let of = |kind: &str| {
                let is_it =
                    |entry: &&StoryRecord| (entry.run, entry.sequence) == (Some(record.file.run), Some(record.file.sequence));
                self.story.iter().filter(is_it).filter(|entry| entry.kind == kind).count()
            };
            let (found, wanted) = (all.iter().filter(|line| line.ends_with(&its)).count(), 1 + of("taken_again"));
            if found != wanted {
                broken.push(format!("{} lines of {} in the transfer log, {wanted} wanted", found, record.file));
            }
        }
        broken
    }
}

/// Raw files in the intake folder, with what is in them.
fn standing(round: &Round) -> Vec<(std::path::PathBuf, FileId, Vec<u8>)> {
    fn look(folder: &Path, found: &mut Vec<(std::path::PathBuf, FileId, Vec<u8>)>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                look(&path, found);
                continue;
            }
            let file = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
            if let (Some(file), Ok(bytes), Some("dat")) =
                (file, fs::read(&path), path.extension().and_then(|ending| ending.to_str()))
            {
                found.push((path, file, bytes));
            }
        }
    }
    let mut found = Vec::new();
    look(&round.incoming(), &mut found);
    found
}
