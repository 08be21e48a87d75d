//! From what is known of a failure to its class.

use super::ReasonClass;

/// Where in a file's life it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// It was being copied into the storage.
    Copy,
    /// Its job was being given to the batch system.
    Submit,
    /// Its reconstruction ran.
    #[default]
    Job,
    /// What the job made was being checked and put into its place.
    Accept,
    /// An analysis of its group ran.
    Analysis,
}

/// What is known of a failure. A job with neither exit status nor signal has left no end mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Evidence<'a> {
    /// Where it failed.
    pub phase: Phase,
    /// What the job's script ended with.
    pub exit_status: Option<i32>,
    /// The signal that ended the job's script.
    pub signal: Option<i32>,
    /// What dqmon ended with inside the script; 128 and more for a signal.
    pub dqmon_status: Option<i32>,
    /// The last words of the job's log, or the reason that the backend itself has.
    pub last_words: Option<&'a str>,
    /// Who ended it, where that is known: `time limit`, `memory limit`, `person`.
    pub ended_by: Option<&'a str>,
    /// The batch system's word: `OUT_OF_MEMORY`, `TIMEOUT`, `NODE_FAIL`, `CANCELLED by 1000`.
    pub batch_word: Option<&'a str>,
}

/// Messages of a full disk, as the system and dqmon word it.
const NO_ROOM: [&str; 6] =
    ["No space left on device", "(os error 28)", "Disk quota exceeded", "(os error 122)", "not enough room", "(os error 27)"];

/// Messages of memory that was not to be had.
const NO_MEMORY: [&str; 3] = ["memory allocation of ", "Cannot allocate memory", "(os error 12)"];

/// Messages of inputs that can't be used.
const DAMAGED: [&str; 6] = [
    "raw file damaged: ",
    "reconstructed file damaged: ",
    "no reconstructed file: ",
    "raw file holds no event: ",
    "events lost, the last because: ",
    "of this layout no coding is known",
];

/// The class of a failure. What a batch system or a killer says goes before what the log says: the last line of a log may be
/// older than the end.
#[must_use]
pub fn classify(evidence: &Evidence<'_>) -> ReasonClass {
    let by_batch = evidence.batch_word.and_then(of_batch_word);
    if let Some(class) = by_batch.or_else(|| evidence.ended_by.and_then(of_ender)) {
        return class;
    }
    let says = |words: &[&str]| evidence.last_words.is_some_and(|last| words.iter().any(|word| last.contains(word)));
    match evidence.phase {
        Phase::Copy | Phase::Submit | Phase::Accept if says(&NO_ROOM) => ReasonClass::Space,
        Phase::Copy => ReasonClass::Copy,
        Phase::Submit => ReasonClass::Submit,
        Phase::Accept if says(&["raw file damaged: "]) => ReasonClass::InputDamaged,
        Phase::Accept => ReasonClass::Output,
        Phase::Job | Phase::Analysis => of_job(evidence, says),
    }
}

/// A batch system's word, also when a column cuts it: `OUT_OF_ME+`. None for one that only says that the job failed.
fn of_batch_word(word: &str) -> Option<ReasonClass> {
    let word = word.trim().to_ascii_uppercase();
    let classes = [
        ("OUT_OF_ME", ReasonClass::Memory),
        ("TIMEOUT", ReasonClass::TimeLimit),
        ("DEADLINE", ReasonClass::TimeLimit),
        ("NODE_FAIL", ReasonClass::NodeLost),
        ("BOOT_FAIL", ReasonClass::NodeLost),
        ("CANCELLED", ReasonClass::Cancelled),
        ("PREEMPTED", ReasonClass::Lost),
        ("REVOKED", ReasonClass::Lost),
    ];
    classes.into_iter().find(|(start, _)| word.starts_with(start)).map(|(_, class)| class)
}

fn of_ender(ender: &str) -> Option<ReasonClass> {
    match ender {
        "time limit" => Some(ReasonClass::TimeLimit),
        "memory limit" => Some(ReasonClass::Memory),
        "person" => Some(ReasonClass::Cancelled),
        _ => None,
    }
}

/// The class of a job that ran.
fn of_job(evidence: &Evidence<'_>, says: impl Fn(&[&str]) -> bool) -> ReasonClass {
    const KILL: i32 = 9;
    const CPU_TIME: i32 = 24;
    const FILE_SIZE: i32 = 25;
    const CRASHES: [i32; 7] = [4, 5, 6, 7, 8, 11, 31];
    const PANIC: i32 = 101;
    const REFUSED: i32 = 2;
    let status = evidence.dqmon_status.filter(|status| *status > 1).or(evidence.exit_status);
    // A shell tells of a signal by a status above 128.
    let signal = evidence.signal.or(status.filter(|status| (129..160).contains(status)).map(|status| status - 128));
    match (signal, status) {
        (Some(KILL), _) => ReasonClass::Memory,
        (Some(CPU_TIME), _) => ReasonClass::TimeLimit,
        (Some(FILE_SIZE), _) => ReasonClass::Space,
        (Some(signal), _) if CRASHES.contains(&signal) && says(&NO_MEMORY) => ReasonClass::Memory,
        (Some(signal), _) if CRASHES.contains(&signal) => ReasonClass::ProgramError,
        // A hang-up or a polite ending: a person, a batch system or a machine that shuts down.
        (Some(_), _) => ReasonClass::Unknown,
        (None, None) => ReasonClass::Lost,
        (None, Some(_)) if says(&NO_ROOM) => ReasonClass::Space,
        (None, Some(_)) if says(&NO_MEMORY) => ReasonClass::Memory,
        (None, Some(PANIC)) => ReasonClass::ProgramError,
        (None, Some(_)) if says(&DAMAGED) => ReasonClass::InputDamaged,
        (None, Some(REFUSED)) if evidence.phase == Phase::Analysis => ReasonClass::Analysis,
        // Neither reading nor writing went as it should, and not for what is in the file.
        (None, Some(REFUSED)) if says(&["(os error "]) => ReasonClass::Unknown,
        (None, Some(_)) => ReasonClass::ProgramError,
    }
}

#[cfg(test)]
#[path = "classify_tests.rs"]
mod tests;
