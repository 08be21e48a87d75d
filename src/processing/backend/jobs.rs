//! What files and groups have in common: a job that is allotted, started, watched and ended.

use std::fs;

use jiff::Timestamp;

use super::{Backend, ProcessingError};
use crate::bookkeeping::{JobRecord, JobState, PassStep, TaskPhase};
use crate::config::Settings;
use crate::processing::batch::{BatchError, EndMark, JobOrder, JobSeen, JobSubject};
use crate::processing::collect::last_words;
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

/// A command line that a job runs: what is read and what is asked.
pub(super) struct JobCommand {
    /// The arguments after the program.
    pub(super) arguments: Vec<String>,
    /// The files that are read.
    pub(super) input: Vec<String>,
    /// The settings it works with.
    pub(super) settings: Settings,
}

impl Backend<'_> {
    /// Jobs under way, of files and of groups.
    fn jobs_under_way(&self) -> usize {
        let is_under_way = |key: &&_| {
            let step = self.shift.passes.get(*key).map(|pass| pass.step);
            matches!(step, Some(PassStep::Submitting | PassStep::Running))
        };
        let tasks =
            self.shift.groups_under_way.iter().filter_map(|key| self.shift.groups.get(key)).flat_map(|group| &group.tasks);
        let analyses = tasks.filter(|task| matches!(task.phase, TaskPhase::Submitting | TaskPhase::Running)).count();
        self.shift.with_job.iter().filter(is_under_way).count() + analyses
    }

    /// Whether one more job may be started.
    pub(super) fn has_free_slot(&self) -> bool {
        self.jobs_under_way() < self.batch.slots()
    }

    /// The order of a job's attempt as the book knows it.
    pub(super) fn order(&self, subject: &JobSubject, attempt: u32) -> JobOrder {
        let known = self.shift.jobs.get(&subject.name).filter(|job| job.attempt == attempt);
        let submitted = known.map_or_else(Timestamp::now, |job| job.submitted);
        JobOrder::new(self.workspace, subject, attempt, submitted)
    }

    /// Starts a job whose attempt was allotted, unless an earlier life of this backend did.
    pub(super) fn start_job(&mut self, order: &JobOrder, command: &JobCommand) -> Result<Option<JobNews>, ProcessingError> {
        match self.batch.look(order)? {
            JobSeen::Running => return Ok(Some(JobNews::Submitted(None))),
            JobSeen::Ended(mark) => return Ok(Some(JobNews::Ended(mark))),
            JobSeen::Gone => return Ok(Some(JobNews::Gone)),
            JobSeen::NotStarted => {}
        }
        if let Err(reason) = self.write_script(order, command) {
            return Ok(Some(JobNews::Refused(reason)));
        }
        match self.batch.submit(order) {
            Ok(id) => Ok(Some(JobNews::Submitted(Some(id)))),
            // An earlier attempt lives on: this one waits until that is over.
            Err(BatchError::StillThere { .. }) => Ok(None),
            Err(error) => Ok(Some(JobNews::Refused(error.to_string()))),
        }
    }

    /// Looks at a job that was started.
    pub(super) fn watch_job(&mut self, order: &JobOrder) -> Result<Option<JobNews>, ProcessingError> {
        Ok(match self.batch.look(order)? {
            JobSeen::Running => None,
            JobSeen::Ended(mark) => Some(JobNews::Ended(mark)),
            JobSeen::Gone | JobSeen::NotStarted => Some(JobNews::Gone),
        })
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
                JobRecord { state: JobState::Running, batch_id: id.clone().or(row.batch_id.clone()), started: Some(at), ..row }
            }
            JobNews::Ended(mark) => JobRecord {
                state: if mark.is_well() { JobState::Done } else { JobState::Failed },
                batch_id: Some(mark.pid.to_string()),
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
                reason: Some(match last_words(&order.log) {
                    Some(words) => format!("it went away without an end mark; its log ends with: {words}"),
                    None => "it went away without an end mark, its log is empty".into(),
                }),
                ..row
            },
            JobNews::Refused(reason) => {
                JobRecord { state: JobState::Failed, ended: Some(at), reason: Some(reason.clone()), ..row }
            }
        }
    }

    /// Writes a job's script; one that stands there already is left as it is, scripts are kept for ever.
    fn write_script(&self, order: &JobOrder, command: &JobCommand) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("job script not written: {error}: {}", order.script.display());
        for folder in [Some(order.work.as_path()), order.script.parent()].into_iter().flatten() {
            durable::create_folders(folder).map_err(failed)?;
        }
        if order.script.exists() {
            return Ok(());
        }
        let template = match self.workspace.settings.pool.template.as_str() {
            "" => SHIPPED_TEMPLATE.to_owned(),
            name => {
                let path = self.workspace.root.join(name);
                fs::read_to_string(&path).map_err(|error| format!("job template not read: {error}: {}", path.display()))?
            }
        };
        let mut words = ScriptWords::default();
        let program = path_text(&self.options.program);
        let root = path_text(&self.workspace.root);
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
}

/// Why a job failed: its last words, else how it ended.
pub(super) fn why_it_failed(order: &JobOrder, mark: &EndMark) -> String {
    match last_words(&order.log) {
        Some(words) => format!("{words} (job {})", mark.words()),
        None => format!("job {} and left no message: {}", mark.words(), order.log.display()),
    }
}
