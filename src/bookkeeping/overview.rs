//! What people ask of an overview: how far a file has come, what of it failed, what of it is put off.

use jiff::Timestamp;
use monitasks::vocab::{FileId, Processing};

use super::rows::{FileRecord, GroupRecord, JobRecord, PassRecord, PutOffState};
use super::store::Overview;
use super::words::{FailureClass, FileStep, PassStep};

/// What failed of a file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FileFailure<'a> {
    /// Its class; none for one of an old book.
    pub class: Option<FailureClass>,
    /// Why, in words.
    pub reason: Option<&'a str>,
    /// Since when.
    pub since: Timestamp,
    /// The pass that failed; none for a file that failed on its way in.
    pub pass: Option<&'a PassRecord>,
}

/// What is wanted of people before something that is put off can be done. It is tried again by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// A disk or a quota is full.
    Room,
    /// The program may not write or read there.
    Rights,
}

impl Want {
    /// What a reason asks for; none when it may go better without anybody.
    #[must_use]
    pub fn of(why: &str) -> Option<Self> {
        let why = why.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| why.contains(word));
        if says(&["no room", "not enough room", "no space left", "quota", "disk is full"]) {
            return Some(Want::Room);
        }
        says(&["permission denied", "not permitted", "read-only file system"]).then_some(Want::Rights)
    }

    /// What to do, in one sentence.
    #[must_use]
    pub fn next_step(self) -> &'static str {
        match self {
            Want::Room => "Make room on that disk; it is tried again by itself.",
            Want::Rights => "Let the account of the backend write there, or mount it for writing; it is tried again by itself.",
        }
    }
}

impl PutOffState {
    /// What is put off of a raw file on its way into the storage. No pass has this name.
    #[must_use]
    pub fn taking_in_of(file: FileId) -> String {
        format!("taking in of {file}")
    }

    /// What is put off of a file in one processing. No file and no other pass has this name.
    #[must_use]
    pub fn processing_of(file: FileId, processing: Processing) -> String {
        format!("processing of {file}-p{}", processing.0)
    }
}

impl Overview {
    /// The passes of a file, by processing.
    pub fn passes_of(&self, file: FileId) -> impl DoubleEndedIterator<Item = &PassRecord> {
        let first = self.passes.partition_point(|pass| pass.file < file);
        self.passes[first..].iter().take_while(move |pass| pass.file == file).collect::<Vec<_>>().into_iter()
    }

    /// How far a file has come, in a word: its own step until it is in the storage, then `failed` when the newest pass of any
    /// lane has failed, else the step of its newest pass.
    #[must_use]
    pub fn word_of(&self, file: &FileRecord) -> &'static str {
        if file.step != FileStep::Stored {
            return file.step.word();
        }
        if self.failed_pass(file.file).is_some() {
            return PassStep::Failed.word();
        }
        self.newest_pass(file.file).map_or(file.step.word(), |pass| pass.step.word())
    }

    /// Whether the newest pass of a file has come to a step, or further, and that of no lane has failed.
    #[must_use]
    pub fn has_reached(&self, file: &FileRecord, step: PassStep) -> bool {
        let newest = self.newest_pass(file.file).filter(|_| file.step == FileStep::Stored);
        newest.is_some_and(|pass| pass.step >= step) && self.failed_pass(file.file).is_none()
    }

    /// What failed of a file, on its way in or in the newest pass of each lane: class, reason, since when. A failure that a later
    /// processing took over is one.
    #[must_use]
    pub fn failures_of<'a>(&'a self, file: &'a FileRecord) -> Vec<FileFailure<'a>> {
        if file.step == FileStep::Failed {
            return vec![FileFailure { class: file.failure, reason: file.reason.as_deref(), since: file.since, pass: None }];
        }
        if file.step != FileStep::Stored {
            return Vec::new();
        }
        let failed = self.failed_passes(file.file).into_iter();
        let told = |pass: &'a PassRecord| FileFailure {
            class: pass.failure,
            reason: pass.reason.as_deref(),
            since: pass.since,
            pass: Some(pass),
        };
        failed.map(told).collect()
    }

    /// The newest of what failed of a file.
    #[must_use]
    pub fn failure_of<'a>(&'a self, file: &'a FileRecord) -> Option<FileFailure<'a>> {
        self.failures_of(file).pop()
    }

    /// The newest pass of a file that has failed, of those that are the newest of their lane: one that waits in another lane must
    /// not hide it.
    #[must_use]
    pub fn failed_pass(&self, file: FileId) -> Option<&PassRecord> {
        self.failed_passes(file).pop()
    }

    /// By processing.
    fn failed_passes(&self, file: FileId) -> Vec<&PassRecord> {
        let passes: Vec<&PassRecord> = self.passes_of(file).collect();
        let is_newest = |at: usize| !passes[at + 1..].iter().any(|later| later.lane == passes[at].lane);
        let is_told_later = |at: usize| {
            let failed_in = passes[at].failed_in().unwrap_or(passes[at].processing);
            passes[at + 1..].iter().any(|later| later.failed_in() == Some(failed_in))
        };
        let has_failed = |at: &usize| passes[*at].step == PassStep::Failed && is_newest(*at) && !is_told_later(*at);
        (0..passes.len()).filter(has_failed).map(|at| passes[at]).collect()
    }

    /// The newest pass of a file; none while it is not in the storage.
    #[must_use]
    pub fn newest_pass(&self, file: FileId) -> Option<&PassRecord> {
        self.passes_of(file).next_back()
    }

    /// What the backend that has the lease says of something that it could not do; what one that is gone said is no news.
    #[must_use]
    pub fn put_off_of(&self, subject: &str) -> Option<&PutOffState> {
        let lease = self.lease.as_ref().filter(|lease| lease.released.is_none())?;
        let state = self.backend.as_ref().filter(|state| state.at >= lease.taken)?;
        state.put_off.iter().find(|put_off| put_off.subject == subject)
    }

    /// Why a file waits on its way into the storage, where the backend could not go on with it.
    #[must_use]
    pub fn taking_in_put_off(&self, file: &FileRecord) -> Option<String> {
        let is_on_its_way = !matches!(file.step, FileStep::Stored | FileStep::Failed);
        let put_off = self.put_off_of(&PutOffState::taking_in_of(file.file)).filter(|_| is_on_its_way)?;
        Some(put_off_words("put off", put_off))
    }

    /// Why a pass waits, where the backend could not go on with it.
    #[must_use]
    pub fn pass_put_off(&self, pass: &PassRecord) -> Option<String> {
        let is_under_way = matches!(pass.step, PassStep::Queued | PassStep::Submitting | PassStep::Running | PassStep::Ended);
        let put_off = self.put_off_of(&PutOffState::processing_of(pass.file, pass.processing)).filter(|_| is_under_way)?;
        let is_given = pass.step == PassStep::Submitting;
        Some(put_off_words(if is_given { "being given to the batch system, put off" } else { "put off" }, put_off))
    }

    /// Why a job could not be given to the batch system yet.
    #[must_use]
    pub fn job_put_off(&self, job: &JobRecord) -> Option<String> {
        if let Some(file) = job.file {
            let pass = self.passes_of(file).find(|pass| pass.processing == job.processing)?;
            return self.pass_put_off(pass).filter(|_| job.batch_id.is_none());
        }
        let group = job.group?;
        let of = |record: &&GroupRecord| (record.run, record.processing, record.group) == (job.run, job.processing, group);
        let name = self.groups.iter().find(of)?.name();
        let put_off = self.put_off_of(&format!("{} of {name}", job.kind.word())).filter(|_| job.batch_id.is_none())?;
        Some(put_off_words("being given to the batch system, put off", put_off))
    }
}

fn put_off_words(what: &str, put_off: &PutOffState) -> String {
    let step = Want::of(&put_off.why).map_or("It is tried again by itself.", Want::next_step);
    format!("{what}: {}. {step}", put_off.why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_tells_what_is_wanted_of_people() {
        let cases = [
            ("no room: 5 bytes are needed, 4 are free: /w/storage", Some(Want::Room)),
            ("not written: No space left on device (os error 28): /w", Some(Want::Room)),
            ("folder not made: Permission denied (os error 13): /w/storage/input/run1", Some(Want::Rights)),
            ("folder not made: Read-only file system (os error 30): /w", Some(Want::Rights)),
            ("'squeue' not started: No such file or directory", None),
        ];
        for (why, want) in cases {
            assert_eq!(Want::of(why), want, "{why}");
        }
    }
}
