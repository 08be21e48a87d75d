//! What files and groups have in common: a job that is allotted, started, watched and ended.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{Backend, IDLE, ProcessingError};
use crate::bookkeeping::{JobRecord, JobState, Row};
use crate::config::Settings;
use crate::processing::batch::{Batch, BatchError, EndMark, JobOrder, JobSeen, JobSubject};
use crate::processing::collect::{Accepted, CollectError, last_words};
use crate::processing::durable;
use crate::processing::script::{SHIPPED_TEMPLATE, ScriptWords, path_text};

/// What has become of a job since it was looked at last.
pub(super) enum JobNews {
    /// The batch system has it, under this name where that is known.
    Submitted(Option<String>),
    /// It ended.
    Ended(Box<EndMark>),
    /// It went away.
    Gone,
    /// It can't be started.
    Refused(String),
}

impl JobNews {
    /// Whether nothing more is to be done with what the job left.
    pub(super) fn is_bad_end(&self) -> bool {
        match self {
            JobNews::Submitted(_) => false,
            JobNews::Ended(mark) => !mark.is_well(),
            JobNews::Gone | JobNews::Refused(_) => true,
        }
    }
}

/// A command line that a job runs: what is read and what is asked.
pub(super) struct JobCommand {
    /// The arguments after the program.
    pub(super) arguments: Vec<String>,
    /// The files that are read.
    pub(super) input: Vec<String>,
    /// Files that are copied into its folder before it begins, from where to where.
    pub(super) laid_out: Vec<(PathBuf, PathBuf)>,
    /// The settings it works with.
    pub(super) settings: Settings,
}

/// A job's attempt.
pub(super) type JobKey = (String, u32);

/// What came of a slow deed for a job, until the backend takes it in.
pub(super) enum Deed {
    /// It was given to the batch system; none when that is to be looked at.
    Started(Option<JobNews>),
    /// It could not be given now; it is given again after this moment.
    NotBefore(Instant),
    /// Its reconstructed file was looked at and put in its place, or refused; with the finding that it printed.
    Accepted(Result<Accepted, CollectError>, Option<String>),
    /// Its results were put in their places, or refused.
    Placed(Result<Vec<PathBuf>, CollectError>),
    /// It panicked: a mistake in the program, which ends this job alone.
    Panicked,
}

/// Threads for slow deeds: a batch system may take a second for each job that it is given.
pub(super) const DEED_THREADS: usize = 4;

/// Longest that one request to end jobs holds up everything else, however many they are.
const FOR_ENDING: Duration = Duration::from_secs(2);

/// A deed that takes longer than this is told to people.
pub(super) const LONG_DEED: Duration = Duration::from_secs(60);

impl Backend<'_> {
    /// Takes over what came of deeds aside; answers whether there was any.
    pub(super) fn take_deeds(&mut self) -> bool {
        let finished = self.deeds.finished();
        let has_moved = !finished.is_empty();
        for (key, deed) in finished {
            self.done.insert(key, deed.unwrap_or(Deed::Panicked));
        }
        has_moved
    }

    /// What came of a job's deed; has it done aside where nobody has yet.
    pub(super) fn done_aside(&mut self, order: &JobOrder, deed: impl FnOnce() -> Deed + Send + 'static) -> Option<Deed> {
        let done = self.done.remove(&order.key());
        if done.is_none() {
            self.deeds.begin(order.key(), deed);
        }
        done
    }

    /// When one request to end jobs, taken up now, stops doing so.
    pub(super) fn end_of_ending() -> Instant {
        Instant::now() + FOR_ENDING
    }

    /// Ends a job, waited for until a moment that all jobs of a request share. One that waits to be given to the batch system is not
    /// given; one that is being given at this moment is ended when the batch system has it.
    ///
    /// # Errors
    /// Why it has not ended, in words.
    pub(super) fn cancel_job(&mut self, order: &JobOrder, end: Instant) -> Result<(), String> {
        if self.deeds.withdraw(&order.key()) {
            return Ok(());
        }
        let not_yet = |why: &str| Err(format!("{why}; cancel again"));
        while self.deeds.is_under_way(&order.key()) {
            match self.deeds.next_finished(end.saturating_duration_since(Instant::now())) {
                Some((key, deed)) => drop(self.done.insert(key, deed.unwrap_or(Deed::Panicked))),
                None => return not_yet("it is being given to the batch system"),
            }
        }
        if Instant::now() >= end {
            return not_yet("others were ended before it");
        }
        // Its name there may not be in the book yet.
        let mut order = order.clone();
        if let Some(Deed::Started(Some(JobNews::Submitted(Some(id))))) = self.done.get(&order.key()) {
            order.batch_id = Some(id.clone());
        }
        self.batch.cancel(&order).map_err(|error| error.to_string())
    }

    /// The row of a job that a person ended; none where the book knows no such job, or knows its end.
    pub(super) fn cancelled_row(&self, order: &JobOrder, who: &str) -> Option<Row> {
        let known =
            self.shift.jobs.get(&order.name).filter(|job| job.attempt == order.attempt && job.ended.is_none()).cloned()?;
        let (ended, reason) = (Some(Timestamp::now()), Some(format!("cancelled by {who}")));
        Some(Row::Job(JobRecord { state: JobState::Failed, ended, reason, ..known }))
    }

    /// Drops what is remembered of a job that is over.
    pub(super) fn forget_job(&mut self, order: &JobOrder) {
        self.done.remove(&order.key());
        self.batch.forget(order);
    }

    /// Whether one more job may be started.
    pub(super) fn has_free_slot(&self) -> bool {
        self.shift.jobs_under_way() < self.batch.slots()
    }

    /// The order of a job's attempt as the book knows it.
    pub(super) fn order(&self, subject: &JobSubject, attempt: u32) -> JobOrder {
        let known = self.shift.jobs.get(&subject.name).filter(|job| job.attempt == attempt);
        let submitted = known.map_or_else(Timestamp::now, |job| job.submitted);
        let order = JobOrder::new(self.workspace, subject, attempt, submitted);
        JobOrder { batch_id: known.and_then(|job| job.batch_id.clone()), ..order }
    }

    /// Starts a job whose attempt was allotted, unless an earlier life of this backend did.
    /// Its command is made only when it is given: it holds a copy of all settings.
    pub(super) fn start_job(
        &mut self,
        order: &JobOrder,
        command: impl FnOnce(&Self) -> JobCommand,
    ) -> Result<Option<JobNews>, ProcessingError> {
        if self.deeds.is_under_way(&order.key()) {
            return Ok(None);
        }
        match self.done.remove(&order.key()) {
            Some(Deed::Started(Some(news))) => return Ok(Some(news)),
            Some(Deed::Panicked) => return Ok(Some(JobNews::Refused("giving it to the batch system panicked".into()))),
            // What came of it is looked at; only when there is nothing of it, it is given again.
            Some(Deed::Started(None)) => drop(self.done.insert(order.key(), Deed::NotBefore(Instant::now() + IDLE))),
            Some(Deed::NotBefore(at)) if Instant::now() < at => {
                self.done.insert(order.key(), Deed::NotBefore(at));
                return Ok(None);
            }
            _ => {}
        }
        match self.batch.look(order)? {
            JobSeen::Running | JobSeen::Queued | JobSeen::Held(_) => {
                return Ok(Some(JobNews::Submitted(self.batch.word(order).map(|word| word.id))));
            }
            JobSeen::NotYetKnown => return Ok(None),
            // Nothing is submitted while it is not known what became of an earlier try.
            JobSeen::Unknown(why) => return Err(BatchError::NoAnswer { system: self.batch.name(), why }.into()),
            JobSeen::Ended(mark) => return Ok(Some(JobNews::Ended(mark))),
            JobSeen::Gone => return Ok(Some(JobNews::Gone)),
            JobSeen::NotStarted => {}
        }
        if self.done.contains_key(&order.key()) {
            return Ok(None);
        }
        let (batch, order, command) = (Arc::clone(&self.batch), order.clone(), command(self));
        let (root, program) = (self.workspace.root.clone(), self.options.program.clone());
        self.deeds.begin(order.key(), move || Deed::Started(give(&*batch, &order, &command, &root, &program)));
        Ok(None)
    }

    /// Looks at a job that was started.
    pub(super) fn watch_job(&mut self, order: &JobOrder) -> Result<Option<JobNews>, ProcessingError> {
        let (state, reason) = match self.batch.look(order)? {
            JobSeen::Ended(mark) => return Ok(Some(JobNews::Ended(mark))),
            JobSeen::Gone | JobSeen::NotStarted => return Ok(Some(JobNews::Gone)),
            JobSeen::NotYetKnown => return Ok(None),
            JobSeen::Queued => (JobState::Queued, None),
            JobSeen::Held(why) => (JobState::Held, Some(why)),
            JobSeen::Running => (JobState::Running, None),
            JobSeen::Unknown(why) => (JobState::Unknown, Some(why)),
        };
        let known = self.shift.jobs.get(&order.name).filter(|job| job.attempt == order.attempt).cloned();
        if let Some(row) = known.filter(|row| (row.state, &row.reason) != (state, &reason)) {
            let started = if state == JobState::Running { row.started.or_else(|| Some(Timestamp::now())) } else { row.started };
            self.keep(&[], vec![Row::Job(JobRecord { state, reason, started, ..row })])?;
        }
        Ok(None)
    }

    /// The row of a job that was allotted.
    pub(super) fn allotted_row(&self, order: &JobOrder) -> JobRecord {
        order.row(JobState::Queued, self.batch.name(), None)
    }

    /// The row of a job after news of it.
    pub(super) fn row_after(&self, order: &JobOrder, news: &JobNews, at: Timestamp) -> JobRecord {
        let known = self.shift.jobs.get(&order.name).filter(|job| job.attempt == order.attempt).cloned();
        let row = known.unwrap_or_else(|| self.allotted_row(order));
        match news {
            JobNews::Submitted(id) => {
                let batch_id = id.clone().or(row.batch_id.clone());
                if self.batch.has_queue() {
                    JobRecord { state: JobState::Queued, batch_id, ..row }
                } else {
                    JobRecord { state: JobState::Running, batch_id, started: Some(at), ..row }
                }
            }
            JobNews::Ended(mark) => JobRecord {
                state: if mark.is_well() { JobState::Done } else { JobState::Failed },
                batch_id: Some(mark.batch_id.clone().unwrap_or_else(|| mark.pid.to_string())),
                started: Some(mark.started),
                ended: Some(mark.ended),
                cpu_s: Some(mark.cpu_s),
                wall_s: Some(mark.wall_s),
                peak_memory_bytes: Some(mark.peak_memory_bytes),
                exit_status: mark.exit_status,
                reason: (!mark.is_well()).then(|| why_it_failed(order, mark)),
                ..row
            },
            JobNews::Gone => JobRecord {
                state: JobState::Failed,
                ended: Some(at),
                reason: Some({
                    let of_batch = self.batch.word(order).map(|word| format!(" ({})", word.words())).unwrap_or_default();
                    match last_words(&order.log) {
                        Some(words) => format!("it went away without an end mark{of_batch}; its log ends with: {words}"),
                        None => format!("it went away without an end mark{of_batch}, its log is empty"),
                    }
                }),
                ..row
            },
            JobNews::Refused(reason) => {
                JobRecord { state: JobState::Failed, ended: Some(at), reason: Some(reason.clone()), ..row }
            }
        }
    }
}

/// Writes a job's script and gives it to the batch system; none when a look at it says more.
fn give(batch: &dyn Batch, order: &JobOrder, command: &JobCommand, root: &Path, program: &Path) -> Option<JobNews> {
    if let Err(reason) = write_script(order, command, root, program) {
        return Some(JobNews::Refused(reason));
    }
    match batch.submit(order) {
        Ok(id) => Some(JobNews::Submitted(Some(id))),
        // An earlier attempt lives on: this one waits until that is over.
        Err(BatchError::StillThere { .. }) => None,
        // It may have been taken: the next look finds it by its name.
        Err(BatchError::NoAnswer { .. }) => None,
        Err(error) => Some(JobNews::Refused(error.to_string())),
    }
}

/// Writes a job's script; one that stands there already is left as it is, scripts are kept for ever.
fn write_script(order: &JobOrder, command: &JobCommand, root: &Path, program: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("job script not written: {error}: {}", order.script.display());
    for folder in [Some(order.work.as_path()), order.script.parent()].into_iter().flatten() {
        durable::create_folders(folder).map_err(failed)?;
    }
    if order.script.exists() {
        return Ok(());
    }
    for (from, to) in &command.laid_out {
        let failed = |error: std::io::Error| format!("input not laid out for the job: {error}: {}", from.display());
        to.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::copy(from, to).map(drop)).map_err(failed)?;
    }
    let template = match command.settings.pool.template.as_str() {
        "" => SHIPPED_TEMPLATE.to_owned(),
        name => {
            let path = root.join(name);
            fs::read_to_string(&path).map_err(|error| format!("job template not read: {error}: {}", path.display()))?
        }
    };
    let mut words = ScriptWords::default();
    let program = path_text(program);
    let root = path_text(root);
    // The job works with the settings the backend has, whatever becomes of dqmon.toml meanwhile.
    let settings = toml::to_string(&command.settings).map_err(|error| format!("settings not written: {error}"))?;
    durable::write_whole(&order.settings, settings.as_bytes())
        .map_err(|error| format!("settings not written: {error}: {}", order.settings.display()))?;
    let settings = path_text(&order.settings);
    let whole = [program.as_str(), "-w", root.as_str(), "--settings", settings.as_str()]
        .into_iter()
        .chain(command.arguments.iter().map(String::as_str));
    words.arguments("command", whole);
    words.arguments("input", command.input.iter().map(String::as_str));
    words.argument("job", &order.name);
    words.argument("attempt", &order.attempt.to_string());
    words.argument("run", &order.run.0.to_string());
    words.argument("output", &path_text(&order.work));
    words.argument("status", &path_text(&order.status));
    let script = words.fill(&template).map_err(|error| error.to_string())?;
    // Made fit to run before it has its name: a script that stands is whole.
    durable::write_whole_as(&order.script, script.as_bytes(), Some(0o755)).map_err(failed)
}

/// Why a job failed: its last words, else how it ended.
pub(super) fn why_it_failed(order: &JobOrder, mark: &EndMark) -> String {
    match last_words(&order.log) {
        Some(words) => format!("{words} (job {})", mark.words()),
        None => format!("job {} and left no message: {}", mark.words(), order.log.display()),
    }
}
