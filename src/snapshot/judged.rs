//! What people said of one run, as the run card shows it: flags with where they come from, statuses with why, all that was said.

use jiff::Timestamp;
use monitasks::quality::Flag;
use monitasks::vocab::{FileId, Run};

/// All that was said of the run that is looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedShown {
    /// The run.
    pub run: Run,
    /// The run as a whole at each stage, raw data first.
    pub stages: Vec<StageShown>,
    /// Its files, by sequence.
    pub files: Vec<FileFlagShown>,
    /// Its processings, by number.
    pub processings: Vec<StatusShown>,
    /// All that was said, oldest first.
    pub history: Vec<SaidShown>,
    /// What run lists say of it: names of fields and their values with units.
    pub facts: Vec<(String, String)>,
    /// Why statuses are not known; none when they are.
    pub fault: Option<String>,
}

/// A flag and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagShown {
    /// The flag.
    pub flag: Flag,
    /// Where it comes from, in a few words: `own`, `of its run`, `conflict between two books`.
    pub origin: String,
    /// The same with who and when.
    pub words: String,
    /// What came after it was said; none when nothing did.
    pub outdated: Option<String>,
    /// The number of the decision on it that was in force; none when it has none of its own.
    pub number: Option<i64>,
}

/// A run as a whole at one stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageShown {
    /// The stage in the book's word: `raw`.
    pub stage: String,
    /// The flag.
    pub flag: FlagShown,
    /// What is to become of the data, in words.
    pub outcome: Option<String>,
    /// What they are usable for.
    pub usable_for: Vec<String>,
    /// Standard comments and note, in one line.
    pub comment: String,
    /// Who decided; empty while nobody did.
    pub decided_by: String,
    /// Who locked it, when and why; none while it is open.
    pub locked: Option<String>,
    /// Whether a second person agrees, and who; none while nobody said.
    pub verified: Option<(bool, String)>,
}

/// A file's flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFlagShown {
    /// The file.
    pub file: FileId,
    /// The flag.
    pub flag: FlagShown,
}

/// The derived status of a processing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusShown {
    /// The processing's number.
    pub processing: u32,
    /// The status.
    pub status: u8,
    /// What it means.
    pub word: String,
    /// Whether it is that of good data.
    pub is_good: bool,
    /// Whether it is that of data that nobody has judged.
    pub is_unchecked: bool,
    /// The flag of its data.
    pub flag: FlagShown,
    /// What subsystems say of it: `RQM good`.
    pub marks: Vec<String>,
    /// Why it is so, and the smallest changes that would alter it, a line each.
    pub why: Vec<String>,
}

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaidShown {
    /// Its number in the book.
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// Of what: `run24-seq3`.
    pub subject: String,
    /// What: `BAD, lost`.
    pub what: String,
    /// The flag, of a decision.
    pub flag: Option<Flag>,
    /// Why.
    pub comment: String,
    /// By whom.
    pub who: String,
    /// In which role.
    pub role: String,
    /// Whether nothing has taken its place.
    pub is_in_force: bool,
    /// Whether it can be undone.
    pub can_be_undone: bool,
}
