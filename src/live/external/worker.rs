//! The thread that keeps one program alive: has it describe itself, asks it for each result, starts it again when it fails.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use monitasks::external::{DescribedTask, ProgramTask, ReadAnswer, Request};
use monitasks::task::ReadError;

use super::process::{Launch, Running};

/// Results that a program is asked for ahead: more wait at the poller.
const MOST_ASKED: usize = 16;
/// Answers that nobody came for.
const MOST_KEPT: usize = 256;
/// A result is given up after so many failures of the program on it.
const MOST_TRIES: u32 = 2;
/// Before a program that failed is started again; doubled with each failure in a row.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// While the pause is longer, results are answered with the fault and not kept waiting.
const PATIENCE: Duration = Duration::from_secs(1);
/// Between two looks whether the program is still wanted.
const LOOK: Duration = Duration::from_millis(50);

/// A program as its task holds it. It is ended when the last holder drops it.
pub(in crate::live) struct Program {
    shared: Arc<Shared>,
    jobs: Sender<Job>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    is_stopped: AtomicBool,
}

#[derive(Default)]
struct State {
    description: Option<DescribedTask>,
    /// Why it does not work.
    fault: Option<String>,
    /// It is not to be asked for now.
    is_down: bool,
    /// A result was read.
    has_read: bool,
    /// What it was asked for, by the result's name.
    asked: BTreeMap<String, Asked>,
    /// Counts up with each change of description and fault.
    version: u64,
}

/// A result that was asked for, and the digest of its bytes.
struct Asked {
    digest: u64,
    answer: Option<Result<ReadAnswer, String>>,
}

struct Job {
    name: String,
    digest: u64,
    request: String,
    tries: u32,
}

impl Program {
    pub(super) fn start(launch: Launch, task: ProgramTask) -> Program {
        let shared = Arc::new(Shared::default());
        let (jobs, queue) = crossbeam_channel::bounded(MOST_ASKED);
        let worker = Worker { shared: shared.clone(), queue, launch, task, failures: 0, again: None, is_start_broken: false };
        let spawned = thread::Builder::new().name("dqmon-task".into()).spawn(move || worker.run());
        if let Err(error) = spawned {
            shared.change(|state| state.fault = Some(format!("no thread for the program: {error}")));
        }
        Program { shared, jobs }
    }

    /// What it shows, once it has said so.
    pub(in crate::live) fn description(&self) -> Option<DescribedTask> {
        self.shared.lock().description.clone()
    }

    /// Why it does not work.
    pub(in crate::live) fn fault(&self) -> Option<String> {
        self.shared.lock().fault.clone()
    }

    /// Counts up with each change of description and fault.
    pub(in crate::live) fn version(&self) -> u64 {
        self.shared.lock().version
    }

    /// The answer for a result, or [`ReadError::Waiting`] until there is one.
    pub(super) fn answer_to(&self, name: &str, path: &Path, digest: u64) -> Result<ReadAnswer, ReadError> {
        let mut state = self.shared.lock();
        match state.asked.get_mut(name).filter(|asked| asked.digest == digest) {
            Some(Asked { answer: None, .. }) => return Err(ReadError::Waiting),
            Some(Asked { answer, .. }) => {
                let answer = answer.take();
                state.asked.remove(name);
                return answer.unwrap_or_else(|| Err(String::new())).map_err(ReadError::Malformed);
            }
            None => {}
        }
        if let Some(fault) = state.fault.as_ref().filter(|_| state.is_down) {
            return Err(ReadError::NotNow(format!("not read, tried again at each poll: {fault}")));
        }
        let path = path.to_str().ok_or_else(|| ReadError::Malformed("its name is no UTF-8 text".into()))?;
        let request = Request::Read(path.to_owned()).line().map_err(ReadError::Malformed)?;
        if self.jobs.try_send(Job { name: name.to_owned(), digest, request, tries: 0 }).is_ok() {
            if state.asked.len() >= MOST_KEPT {
                state.asked.retain(|_, asked| asked.answer.is_none());
            }
            state.asked.insert(name.to_owned(), Asked { digest, answer: None });
        }
        Err(ReadError::Waiting)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.shared.is_stopped.store(true, Ordering::Relaxed);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        change(&mut state);
        state.version += 1;
    }

    fn is_wanted(&self) -> bool {
        !self.is_stopped.load(Ordering::Relaxed)
    }
}

struct Worker {
    shared: Arc<Shared>,
    queue: Receiver<Job>,
    launch: Launch,
    task: ProgramTask,
    /// In a row.
    failures: u32,
    /// What is asked for again before anything else.
    again: Option<Job>,
    /// The last failure was before it had described itself.
    is_start_broken: bool,
}

impl Worker {
    fn run(mut self) {
        while self.shared.is_wanted() {
            match self.begin() {
                Ok(running) => {
                    if let Err(fault) = self.serve(running) {
                        self.pause(fault);
                        self.is_start_broken = false;
                    }
                }
                Err(fault) => {
                    self.is_start_broken = true;
                    self.pause(fault);
                }
            }
        }
    }

    /// Starts the program and has it describe itself.
    fn begin(&mut self) -> Result<Running, String> {
        let mut running = Running::start(&self.launch)?;
        let request = Request::Describe.line()?;
        let line = running.ask(&request, &|| self.shared.is_wanted())?;
        let described = DescribedTask::parse(&line, &self.task).map_err(|error| self.said(&error.to_string()))?;
        let mut state = self.shared.lock();
        let is_news = state.description.as_ref() != Some(&described) || state.is_down;
        state.description = Some(described);
        state.is_down = false;
        state.version += u64::from(is_news);
        // A program that has read nothing yet and failed on a result is not known to be any good: its fault stands.
        if (self.is_start_broken || state.has_read) && state.fault.take().is_some() {
            state.version += 1;
        }
        drop(state);
        Ok(running)
    }

    /// Asks the program for results until it fails or is no longer wanted.
    fn serve(&mut self, mut running: Running) -> Result<(), String> {
        while self.shared.is_wanted() {
            let job = match self.again.take() {
                Some(job) => job,
                None => match self.queue.recv_timeout(LOOK) {
                    Ok(job) => job,
                    Err(RecvTimeoutError::Timeout) => continue,
                    Err(RecvTimeoutError::Disconnected) => return Ok(()),
                },
            };
            let asked = running.ask(&job.request, &|| self.shared.is_wanted()).and_then(|line| self.parsed(&line));
            match asked {
                Ok(answer) => {
                    self.failures = 0;
                    self.tell(&job, answer);
                }
                Err(fault) => {
                    self.failed(job, &fault);
                    return Err(fault);
                }
            }
        }
        Ok(())
    }

    /// An answer; a line that is no JSON at all means that nobody knows what the next one will answer.
    fn parsed(&self, line: &str) -> Result<Result<ReadAnswer, String>, String> {
        match ReadAnswer::parse(line) {
            Ok(answer) => Ok(Ok(answer)),
            Err(error) if serde_json::from_str::<serde::de::IgnoredAny>(line).is_ok() => Ok(Err(error.to_string())),
            Err(error) => Err(self.said(&error.to_string())),
        }
    }

    fn said(&self, what: &str) -> String {
        format!("the program '{}': {what}", self.launch.words.join(" "))
    }

    fn tell(&self, job: &Job, answer: Result<ReadAnswer, String>) {
        let mut state = self.shared.lock();
        state.has_read |= answer.is_ok();
        if let Some(asked) = state.asked.get_mut(&job.name).filter(|asked| asked.digest == job.digest) {
            asked.answer = Some(answer);
        }
        if state.fault.take().is_some() {
            state.version += 1;
        }
    }

    /// The program failed on a result: once more, then the result is told to be unreadable, since it may be its fault.
    fn failed(&mut self, mut job: Job, fault: &str) {
        job.tries += 1;
        if job.tries < MOST_TRIES {
            self.again = Some(job);
            return;
        }
        let mut state = self.shared.lock();
        if let Some(asked) = state.asked.get_mut(&job.name).filter(|asked| asked.digest == job.digest) {
            asked.answer = Some(Err(fault.to_owned()));
        }
    }

    /// Tells the fault and waits before the program is started again.
    fn pause(&mut self, fault: String) {
        if !self.shared.is_wanted() {
            return;
        }
        let pause = FIRST_PAUSE.saturating_mul(1 << self.failures.min(10)).min(LONGEST_PAUSE);
        self.failures += 1;
        let is_never_described = self.shared.lock().description.is_none();
        self.shared.change(|state| {
            state.fault = Some(fault);
            state.is_down = is_never_described || pause > PATIENCE;
            if state.is_down {
                state.asked.retain(|_, asked| asked.answer.is_some());
            }
        });
        if pause > PATIENCE {
            self.again = None;
            while self.queue.try_recv().is_ok() {}
        }
        let end = Instant::now() + pause;
        while self.shared.is_wanted() && Instant::now() < end {
            thread::sleep(LOOK.min(pause));
        }
    }
}
