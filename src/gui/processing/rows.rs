//! The rows of the table of files as plain data: what there is, which are wanted, in which order.

use jiff::Timestamp;
use monitasks::quality::State;
use monitasks::vocab::{FileId, Run};

use crate::gui::run_card::stage_state;
use crate::gui::words;
use crate::snapshot::{FileRow, FileStage, GroupRow, HoldRow, JobRow, PassRow, RunRow, Snapshot};

/// A failure older than this no longer stands above what is new, s.
const FRESH_S: f64 = 86_400.0;

/// A row: a file in one processing, a file that no lane has yet, or the analyses of a group.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    run: &'a RunRow,
    of: Of<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Of<'a> {
    File(&'a FileRow),
    Pass(&'a FileRow, &'a PassRow),
    Group(&'a GroupRow),
}

/// Which row is shown in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selected {
    /// A file in a processing; 0 before any lane has it.
    File(FileId, u32),
    /// A group by its name.
    Group(String),
}

/// Which rows are wanted.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only files of this stage.
    pub stage: Option<FileStage>,
    /// Analyses alone.
    pub analyses: bool,
    /// Only of this lane.
    pub lane: Option<String>,
    /// Only what failed this way.
    pub class: Option<String>,
    /// Only rows with all these words.
    pub query: String,
}

/// What the rows are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// What failed of late first, then the newest.
    #[default]
    Need,
    /// By run and sequence.
    File,
    /// By stage.
    Stage,
    /// By how long it has been where it is.
    Since,
    /// By size.
    Size,
    /// By lane.
    Lane,
    /// By attempts.
    Attempts,
}

impl<'a> Row<'a> {
    /// `run1-seq0`, for a later processing `run1-seq0-p2`; `run1-p1-g0` of a group.
    #[must_use]
    pub fn name(&self) -> String {
        match self.of {
            Of::Pass(file, pass) if pass.processing > 1 => format!("{}-p{}", file.file, pass.processing),
            Of::File(file) | Of::Pass(file, _) => file.file.to_string(),
            Of::Group(group) => group.name.clone(),
        }
    }

    /// The raw file; none for a group.
    #[must_use]
    pub fn file(&self) -> Option<FileId> {
        match self.of {
            Of::File(file) | Of::Pass(file, _) => Some(file.file),
            Of::Group(_) => None,
        }
    }

    /// The group; none for a file.
    #[must_use]
    pub fn group(&self) -> Option<&'a GroupRow> {
        match self.of {
            Of::Group(group) => Some(group),
            _ => None,
        }
    }

    /// The run.
    #[must_use]
    pub fn run(&self) -> Run {
        self.run.run
    }

    /// The processing; none before any lane has the file.
    #[must_use]
    pub fn processing(&self) -> Option<u32> {
        match self.of {
            Of::File(_) => None,
            Of::Pass(_, pass) => Some(pass.processing),
            Of::Group(group) => Some(group.processing),
        }
    }

    /// The lane, with the number of a processing that is not the first.
    #[must_use]
    pub fn lane(&self) -> &'a str {
        match self.of {
            Of::File(_) => "",
            Of::Pass(_, pass) => &pass.lane,
            Of::Group(group) => &group.lane,
        }
    }

    /// The stage; analyses have those of their group.
    #[must_use]
    pub fn stage(&self) -> FileStage {
        match self.of {
            Of::File(file) => file.stage,
            Of::Pass(_, pass) => pass.stage,
            Of::Group(group) => match group.step.as_str() {
                "done" => FileStage::Analysed,
                "failed" => FileStage::Failed,
                _ => FileStage::Running,
            },
        }
    }

    /// How far it has come, for people.
    #[must_use]
    pub fn stage_words(&self) -> &'a str {
        match self.of {
            Of::Group(group) => &group.step,
            _ => self.stage().words(),
        }
    }

    /// Glyph, letter and colour are taken from this. A file that is through with part of its analysis failed is not well.
    #[must_use]
    pub fn state(&self) -> State {
        match (self.stage(), self.own_reason()) {
            (FileStage::Analysed, Some(_)) => State::Bad,
            (stage, _) => stage_state(stage),
        }
    }

    /// Since when.
    #[must_use]
    pub fn since(&self) -> Timestamp {
        match self.of {
            Of::File(file) => file.since,
            Of::Pass(_, pass) => pass.since,
            Of::Group(group) => group.since,
        }
    }

    /// Bytes of the raw file.
    #[must_use]
    pub fn size_bytes(&self) -> Option<u64> {
        match self.of {
            Of::File(file) | Of::Pass(file, _) => Some(file.size_bytes),
            Of::Group(_) => None,
        }
    }

    /// Its newest job; of a group that of a failed analysis, else that of the one that came farthest.
    #[must_use]
    pub fn job(&self) -> Option<&'a JobRow> {
        match self.of {
            Of::File(file) => file.job.as_ref(),
            Of::Pass(_, pass) => pass.job.as_ref(),
            Of::Group(group) => {
                let failed = group.tasks.iter().find(|task| task.phase == "failed").and_then(|task| task.job.as_ref());
                failed.or_else(|| group.tasks.iter().rev().find_map(|task| task.job.as_ref()))
            }
        }
    }

    /// Job attempts so far.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        match self.of {
            Of::File(_) => 0,
            Of::Pass(_, pass) => pass.attempts,
            Of::Group(group) => group.tasks.iter().map(|task| task.attempts).max().unwrap_or_default(),
        }
    }

    /// The class of its failure; that of a failed group is that none of its analyses led to a result.
    #[must_use]
    pub fn class(&self) -> Option<&'a str> {
        match self.of {
            Of::File(file) => file.class.as_deref(),
            Of::Pass(_, pass) => pass.class.as_deref(),
            Of::Group(group) => (group.step == "failed").then_some("analysis"),
        }
    }

    /// Who holds it.
    #[must_use]
    pub fn held_by(&self) -> Option<&'a str> {
        match self.of {
            Of::Pass(_, pass) => pass.held_by.as_deref(),
            _ => None,
        }
    }

    /// When it is tried again by itself.
    #[must_use]
    pub fn retry_at(&self) -> Option<Timestamp> {
        match self.of {
            Of::Pass(_, pass) => pass.retry_at,
            _ => None,
        }
    }

    /// What the lane's rules say of it, while they hold it.
    #[must_use]
    pub fn hold(&self) -> Option<&'a HoldRow> {
        let processing = self.processing().filter(|_| self.stage() == FileStage::Held)?;
        self.run.processings.iter().find(|row| row.processing == processing)?.hold.as_ref()
    }

    fn own_reason(&self) -> Option<&'a str> {
        match self.of {
            Of::File(file) => file.reason.as_deref(),
            Of::Pass(_, pass) => pass.reason.as_deref(),
            Of::Group(group) => group.fault.as_deref(),
        }
    }

    /// Why it is where it is: why it failed, who or what holds it; phases of the analyses of a group that has not failed.
    #[must_use]
    pub fn reason(&self) -> String {
        let own = self.own_reason().map(str::to_owned);
        match (own, self.of, self.hold()) {
            (Some(own), ..) => own,
            (None, Of::Group(group), _) => phases(group),
            (None, _, Some(hold)) => format!("rule '{}': {}", hold.rule, hold.words),
            _ => String::new(),
        }
    }

    /// What tells it from other rows.
    #[must_use]
    pub fn selected(&self) -> Selected {
        match self.of {
            Of::File(file) => Selected::File(file.file, 0),
            Of::Pass(file, pass) => Selected::File(file.file, pass.processing),
            Of::Group(group) => Selected::Group(group.name.clone()),
        }
    }

    fn matches(&self, filter: &Filter) -> bool {
        let is_group = self.group().is_some();
        let is_of_kind = if filter.analyses {
            is_group
        } else {
            // Analyses that went well are listed only when they are asked for.
            !is_group || (self.stage() != FileStage::Analysed && filter.stage.is_none_or(|stage| stage == FileStage::Failed))
        };
        let is_of = |stage: FileStage| self.stage() == stage || (filter.analyses && is_group);
        is_of_kind
            && filter.stage.is_none_or(is_of)
            && filter.lane.as_ref().is_none_or(|lane| self.lane() == lane)
            && filter.class.as_ref().is_none_or(|class| self.class() == Some(class))
            && (filter.query.is_empty() || self.has_words(&filter.query))
    }

    fn has_words(&self, query: &str) -> bool {
        let job = self.job().map_or("", |job| &job.name);
        let text = format!("{} {} {} {job} {}", self.name(), self.lane(), self.stage_words(), self.reason()).to_lowercase();
        query.to_lowercase().split_whitespace().all(|word| text.contains(word))
    }

    /// The higher, the sooner a person should look.
    fn need(&self, now: Timestamp) -> u8 {
        let is_fresh = words::seconds_between(self.since(), now) < FRESH_S;
        match self.stage() {
            FileStage::Failed if is_fresh && self.retry_at().is_none() => 2,
            FileStage::Failed if is_fresh => 1,
            _ => 0,
        }
    }
}

/// `pedestals done, purity running, gain waiting`.
fn phases(group: &GroupRow) -> String {
    group.tasks.iter().map(|task| format!("{} {}", task.name, task.phase)).collect::<Vec<_>>().join(", ")
}

/// All rows, in the book's order.
pub fn all(snapshot: &Snapshot) -> impl Iterator<Item = Row<'_>> {
    snapshot.runs.iter().flat_map(|run| {
        let files = run.files.iter().flat_map(move |file| of_file(run, file));
        files.chain(run.groups.iter().map(move |group| Row { run, of: Of::Group(group) }))
    })
}

/// A file is a row of its own until a lane has it, and while it is taken in anew. A failure that later processings have taken over
/// is one row: that of the newest, which is the one that can be resubmitted.
fn of_file<'a>(run: &'a RunRow, file: &'a FileRow) -> impl Iterator<Item = Row<'a>> {
    let has_a_pass_so_far = file.passes.iter().any(|pass| pass.stage == file.stage);
    let is_on_its_way = file.class.is_some() || !has_a_pass_so_far;
    let alone = is_on_its_way.then_some(Row { run, of: Of::File(file) });
    let is_told_later = |pass: &PassRow| {
        let failed_in = pass.failed_in.unwrap_or(pass.processing);
        pass.stage == FileStage::Failed
            && file.passes.iter().any(|later| later.processing > pass.processing && later.failed_in == Some(failed_in))
    };
    let passes = file.passes.iter().filter(move |pass| !is_on_its_way && !is_told_later(pass));
    alone.into_iter().chain(passes.map(move |pass| Row { run, of: Of::Pass(file, pass) }))
}

/// The row that is selected.
#[must_use]
pub fn find<'a>(snapshot: &'a Snapshot, selected: &Selected) -> Option<Row<'a>> {
    let mut found = all(snapshot).filter(|row| match (selected, row.selected()) {
        // A file that a lane has taken since stays selected.
        (Selected::File(file, 0), Selected::File(of, _)) => of == *file,
        (selected, of) => of == *selected,
    });
    found.next()
}

/// The rows that are wanted, in order.
#[must_use]
pub fn wanted<'a>(snapshot: &'a Snapshot, filter: &Filter, order: Order, ascending: bool, now: Timestamp) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'_>> = all(snapshot).filter(|row| row.matches(filter)).collect();
    // The book's order is by run and sequence; a stable sort keeps it among equals.
    match order {
        Order::Need | Order::File => {}
        Order::Stage => rows.sort_by_key(Row::stage),
        Order::Since => rows.sort_by_key(|row| std::cmp::Reverse(row.since())),
        Order::Size => rows.sort_by_key(Row::size_bytes),
        Order::Lane => rows.sort_by(|one, other| one.lane().cmp(other.lane())),
        Order::Attempts => rows.sort_by_key(Row::attempts),
    }
    if !ascending {
        rows.reverse();
    }
    if order == Order::Need {
        rows.sort_by_key(|row| std::cmp::Reverse(row.need(now)));
    }
    rows
}

#[cfg(test)]
mod tests {
    use monitasks::quality::Flag;

    use super::*;

    fn pass(processing: u32, stage: FileStage, failed_in: Option<u32>) -> PassRow {
        PassRow {
            processing,
            lane: "default".into(),
            stage,
            since: Timestamp::UNIX_EPOCH,
            class: None,
            reason: Some("why".into()),
            held_by: None,
            attempts: 1,
            retry_at: None,
            job: None,
            failed_in,
        }
    }

    #[test]
    fn a_failure_is_one_row_however_many_processings_have_taken_it_over() {
        let rows = |passes: Vec<PassRow>| {
            let file = FileRow {
                file: FileId::new(1, 0),
                stage: FileStage::Failed,
                class: None,
                reason: None,
                size_bytes: 1,
                since: Timestamp::UNIX_EPOCH,
                job: None,
                passes,
            };
            let run = RunRow {
                run: Run(1),
                start: None,
                end: None,
                has_ended: true,
                flag: Flag::Unchecked,
                decisions: Vec::new(),
                files: vec![file],
                groups: Vec::new(),
                processings: Vec::new(),
            };
            let snapshot = Snapshot { runs: vec![run], ..Snapshot::nothing(Timestamp::UNIX_EPOCH) };
            all(&snapshot).map(|row| row.name()).collect::<Vec<_>>()
        };
        let failed = |processing, failed_in| pass(processing, FileStage::Failed, failed_in);
        assert_eq!(rows(vec![failed(1, None), failed(2, Some(1)), failed(3, Some(1))]), ["run1-seq0-p3"]);
        assert_eq!(rows(vec![failed(1, None), failed(2, None)]), ["run1-seq0", "run1-seq0-p2"], "it failed twice");
        let done = pass(1, FileStage::Analysed, None);
        assert_eq!(rows(vec![done, failed(2, None), failed(3, Some(2))]), ["run1-seq0", "run1-seq0-p3"]);
    }
}
