//! Programs that are monitor tasks: each kept running on a thread of its own, asked through its standard streams.
//!
//! The words are `monitasks::external`; here is who says them. `process` starts a program, asks it and ends it; `worker` is the thread
//! that keeps it alive. A slow program delays its own leaves and nothing else: reading a result is answered "waiting" until the
//! program has answered, and the poller asks again.

mod process;
mod worker;

use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use monitasks::external::{DescribedTask, ProgramTask};
use monitasks::figure::Figure;
use monitasks::summary::Summary;
use monitasks::task::{Glance, MonTask, ReadError, ResultFile, TaskContext, TaskInfo};

pub use process::end_programs;
pub(super) use worker::Program;

use process::Launch;

impl Program {
    /// Starts the program of a task file. Its words are relative to the workspace.
    pub(super) fn of(task: &ProgramTask, root: &Path) -> Program {
        let answer = Duration::try_from_secs_f64(task.answer_s).unwrap_or(Duration::from_secs(10));
        let launch = Launch { words: task.program.clone(), folder: root.to_owned(), answer, memory_mb: task.memory_mb };
        Program::start(launch, task.clone())
    }
}

/// The files that a program is made of, as far as its command line names them, there or not yet: a change of one makes it another
/// program.
pub(super) fn watched_files(task: &ProgramTask, root: &Path) -> Vec<PathBuf> {
    let is_path = |word: &&String| word.contains('/') || root.join(word).is_file();
    task.program.iter().filter(is_path).map(|word| root.join(word)).collect()
}

/// A task whose results a program reads.
pub(super) struct ExternalTask {
    described: DescribedTask,
    program: Arc<Program>,
    results: PathBuf,
}

impl ExternalTask {
    /// The task that a program has described; `results` is the folder that results are named below.
    pub(super) fn new(described: DescribedTask, program: Arc<Program>, results: &Path) -> Self {
        ExternalTask { described, program, results: results.to_owned() }
    }
}

impl MonTask for ExternalTask {
    fn info(&self) -> &TaskInfo {
        self.described.info()
    }

    fn read(&self, input: &ResultFile<'_>, context: &TaskContext<'_>) -> Result<Summary, ReadError> {
        let mut hasher = DefaultHasher::new();
        hasher.write(input.bytes);
        let path = self.results.join(input.name);
        let answer = self.program.answer_to(input.name, &path, hasher.finish())?;
        self.described.summary(answer, input, context)
    }

    fn draw(&self, item: &str, history: &[&Summary], _: &TaskContext<'_>) -> Figure {
        self.described.draw(item, history)
    }

    fn glance(&self, item: &str, history: &[&Summary], _: &TaskContext<'_>) -> Glance {
        self.described.glance(item, history)
    }
}

#[cfg(test)]
mod tests;
