//! A replay as the window shows it: what is replayed, which instant, and what there is to go to on its line; and what two snapshots
//! are compared by.

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use monitasks::vocab::Run;

use super::{Backend, Beside, Origin, Snapshot};

/// How many times faster than life a replay is offered to play.
pub const REPLAY_SPEEDS: [f64; 8] = [1.0, 5.0, 10.0, 60.0, 300.0, 600.0, 3_600.0, 36_000.0];

/// A replay, and where it is.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplayShown {
    /// What is replayed: a workspace, a folder, a book, an export.
    pub name: String,
    /// The instant that is shown.
    pub at: Timestamp,
    /// The first and the last instant at which anything happened.
    pub span: (Timestamp, Timestamp),
    /// Whether it goes on by itself.
    pub is_playing: bool,
    /// How many times faster than life it plays.
    pub speed: f64,
    /// The range that is played again and again.
    pub looped: Option<(Timestamp, Timestamp)>,
    /// What there is on the line, by time.
    pub marks: Arc<Vec<ReplayMark>>,
    /// Whether what people decided then is hidden: a training.
    pub hides_decisions: bool,
    /// Where what is decided during the replay goes; none when nothing may be written.
    pub training_book: Option<PathBuf>,
    /// Decisions in that book.
    pub trained: usize,
    /// What is wrong with what is replayed, and what of the past is not known any more.
    pub faults: Vec<String>,
}

/// A place on the line of a replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayMark {
    /// When it happened.
    pub at: Timestamp,
    /// What it is.
    pub kind: ReplayMarkKind,
    /// What happened, in words.
    pub words: String,
    /// The run it is of.
    pub run: Option<Run>,
}

/// What there is to go to in a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReplayMarkKind {
    /// A run began.
    Run,
    /// An alarm began or something failed.
    Alarm,
    /// Somebody decided.
    Decision,
    /// After a long time in which nothing happened, something did.
    Gap,
}

impl ReplayMarkKind {
    /// All of them.
    pub const ALL: [ReplayMarkKind; 4] =
        [ReplayMarkKind::Run, ReplayMarkKind::Alarm, ReplayMarkKind::Decision, ReplayMarkKind::Gap];

    /// Its word: `alarm`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            ReplayMarkKind::Run => "run",
            ReplayMarkKind::Alarm => "alarm",
            ReplayMarkKind::Decision => "decision",
            ReplayMarkKind::Gap => "gap",
        }
    }
}

impl Snapshot {
    /// All that it says of the shift as text, a value a line: two of the same moment are the same bytes, whichever source they came
    /// from. What tells the sources apart is left out: number and origin, the backend's lease, the numbers of jobs, which are a book's
    /// own and in no export of it, what stands beside the shift, the table
    /// of all runs that is searched on its own.
    #[must_use]
    pub fn content_text(&self) -> String {
        let mut content = self.clone();
        content.serial = 0;
        content.origin = Origin::Nothing;
        content.backend = Backend::Unknown;
        content.beside = Beside::default();
        (content.replay, content.run_table) = (None, None);
        if let Some(workspace) = &mut content.workspace {
            workspace.read_only = false;
        }
        if let Some(health) = &mut content.processing.health {
            health.is_of_an_earlier_one = false;
        }
        for run in &mut content.runs {
            let of_files = run.files.iter_mut().flat_map(|file| {
                let of_passes = file.passes.iter_mut().filter_map(|pass| pass.job.as_mut());
                file.job.as_mut().into_iter().chain(of_passes)
            });
            let of_groups = run.groups.iter_mut().flat_map(|group| group.tasks.iter_mut()).filter_map(|task| task.job.as_mut());
            of_files.chain(of_groups).for_each(|job| job.id = 0);
        }
        let mut text = String::new();
        // Writing into a text can't fail.
        let _ = writeln!(text, "{content:#?}");
        text
    }
}
