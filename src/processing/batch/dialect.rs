//! What batch systems of a farm differ in: their commands and what these print.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;

use super::calls::{Call, Said};
use super::word::BatchWord;

/// A job as it is given to a batch system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The name it has there, of letters, digits, dashes, dots and underscores.
    pub name: String,
    /// The folder of its file.
    pub folder: PathBuf,
    /// The script that starts it, in that folder; a plain name like the ticket's own.
    pub file: String,
}

/// What was said to a batch system's jobs, under the names they have there.
pub type Table = HashMap<String, Vec<BatchWord>>;

/// What came of giving a job to a batch system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// It took it, under this name of its own.
    Accepted(String),
    /// It did not take it, and will not.
    Refused(String),
    /// It may or may not have taken it; its list of jobs will say.
    Unclear(String),
}

/// The commands of a batch system.
pub trait Dialect: Send + Sync {
    /// Its name in the book.
    fn name(&self) -> &'static str;

    /// The command that gives it a job.
    fn submit(&self, ticket: &Ticket) -> Call;

    /// What that command's answer says.
    fn submitted(&self, said: &Said) -> Given;

    /// The command that lists all jobs of this user.
    fn list(&self) -> Call;

    /// The jobs in that command's answer.
    ///
    /// # Errors
    /// When it is no answer; with the reason.
    fn listed(&self, said: &Said) -> Result<Table, String>;

    /// Commands that may still know what has become of jobs that the list no longer has; the first that answers is believed.
    fn accounts(&self, names: &[String]) -> Vec<Call>;

    /// The jobs in the answer of such a command.
    fn accounted(&self, said: &Said) -> Table;

    /// The command that ends jobs.
    fn cancel(&self, ids: &[String]) -> Call;
}

/// What a farm's batch system is told besides the job.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wishes {
    /// Folder of its commands; empty for the `PATH`.
    pub commands: PathBuf,
    /// Queue or partition; empty for its default.
    pub queue: String,
    /// More arguments.
    pub arguments: Vec<String>,
    /// What a job may use.
    pub limits: Limits,
}

/// What a job may use; 0 for as much as it likes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Memory of all its processes together, MB of 2^20 bytes.
    pub memory_mb: u64,
    /// Wall time, s.
    pub time_s: u64,
}

impl Limits {
    /// The wall time that a batch system is told, s: longer than the job's own, so that the job's wrapper is the first to end it
    /// and can say why. Whole minutes, as batch systems count.
    #[must_use]
    pub fn told_time_s(self) -> u64 {
        const TO_SPARE_S: u64 = 60;
        self.time_s.saturating_add(TO_SPARE_S).div_ceil(60).saturating_mul(60)
    }
}

impl Wishes {
    /// A call of one of the batch system's commands.
    pub fn call(&self, program: &str, arguments: Vec<OsString>) -> Call {
        Call { program: self.commands.join(program), arguments, folder: None }
    }
}

/// Whether a failure is one of reaching the batch system, so that it may have taken the job or may take it later.
#[must_use]
pub fn is_of_the_way(words: &str) -> bool {
    let words = words.to_lowercase();
    let signs = [
        "timed out",
        "timeout",
        "unable to contact",
        "connect",
        "communication",
        "temporarily",
        "zero bytes",
        "try again",
        "unexpected message",
        "end of file",
        "server is not running",
        "authentication",
        "munge",
    ];
    signs.iter().any(|sign| words.contains(sign))
}

/// A text that is there.
pub fn some(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty() && !matches!(text, "None" | "(null)" | "N/A" | "--" | "None assigned")).then(|| text.to_owned())
}
