//! One file looked at closely: its story from the DAQ's close to the decision, and the end of a log.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Component, Path};

use monitasks::quality::{Flag, State};
use monitasks::vocab::FileId;
use serde_json::Value;

use super::retold::retold;
use super::story;
use crate::bookkeeping::{DecisionRecord, Part, Store, StoreError, StoryRecord};
use crate::config::Workspace;
use crate::snapshot::{CloseLook, CloseSubject, StoryLine};

/// Of a log no more than this is read.
const LOG_END_BYTES: u64 = 16 << 10;
/// No more lines of it are shown.
const LOG_END_LINES: usize = 40;

/// Reads what is to be known of a file and a log. What can't be read is said in it.
#[must_use]
pub fn look_closely(store: &dyn Store, workspace: &Workspace, subject: &CloseSubject) -> CloseLook {
    let (story, fault) = match subject.file.map(|file| told(store, file)) {
        None => (Vec::new(), None),
        Some(Ok(story)) => (story, None),
        Some(Err(error)) => (Vec::new(), Some(format!("its story is not known: {error}"))),
    };
    let log = subject.log.as_ref().map(|path| log_end(&workspace.root, path));
    CloseLook { subject: subject.clone(), story, log, fault }
}

/// The story of a file with what happened to its run and its groups.
fn told(store: &dyn Store, file: FileId) -> Result<Vec<StoryLine>, StoreError> {
    let overview = store.overview()?;
    let of_file = |group: &str| overview.groups.iter().any(|record| record.name() == group && record.members.contains(&file));
    let is_of = |record: &StoryRecord| match record.sequence {
        Some(sequence) => sequence == file.sequence,
        None => concerns(&record.detail, file, of_file),
    };
    let story = store.story(file.run, None)?;
    let story: Vec<StoryRecord> = story.into_iter().filter(|record| is_of(record)).collect();
    let mut lines: Vec<StoryLine> = retold(&story).iter().map(line).collect();
    if let Some(record) = overview.files.iter().find(|record| record.file == file) {
        let (what, detail) = ("DAQ closed it".to_owned(), story::size(record.size_bytes));
        lines.push(StoryLine { at: record.daq_closed, what, detail, state: State::Unchecked });
    }
    let of_run = |decision: &&DecisionRecord| {
        decision.subject.run == file.run && !matches!(decision.subject.part, Part::File(of) if of != file.sequence)
    };
    lines.extend(overview.said.decisions.iter().filter(of_run).map(decided));
    // The book's order holds among equal stamps.
    lines.sort_by_key(|line| line.at);
    Ok(lines)
}

/// Whether an entry of the run concerns a file: of a group or an archive only when the file is in it.
fn concerns(facts: &Value, file: FileId, is_member: impl Fn(&str) -> bool) -> bool {
    if let Some(group) = facts["group"].as_str() {
        return is_member(group);
    }
    let name = file.to_string();
    match facts["files"].as_array() {
        Some(files) => files.iter().any(|of| of.as_str() == Some(&name) || of["file"].as_str() == Some(&name)),
        None => true,
    }
}

fn line(record: &StoryRecord) -> StoryLine {
    let detail = story::detail(&record.kind, &record.detail);
    let state = match record.kind.as_str() {
        "failed" | "analysis_failed" | "other_content_refused" => State::Bad,
        "job_gone" if record.detail["class"].is_string() => State::Bad,
        "central_copy_failed" | "central_copy_made" if record.detail["step"] == "refused" => State::Bad,
        "central_copy_failed" | "job_gone" | "tried_again" | "held_back" | "source_changed" => State::Maybe,
        "analysed" if record.detail["fault"].is_string() => State::Bad,
        "accepted" | "analysed" | "copied" | "central_copy_made" | "stored" | "results_placed" | "archived" | "shipped" => {
            State::Ok
        }
        _ => State::Unchecked,
    };
    StoryLine { at: record.at, what: story::what(record), detail, state }
}

fn decided(decision: &DecisionRecord) -> StoryLine {
    let comment = Some(decision.decision.comment()).filter(|comment| !comment.is_empty());
    let comment = comment.map(|comment| format!(": {comment}")).unwrap_or_default();
    let state = match decision.decision.flag {
        Flag::Ok => State::Ok,
        Flag::Maybe => State::Maybe,
        Flag::Bad => State::Bad,
        Flag::Unchecked => State::Unchecked,
    };
    let detail = format!("{} by {}, {}{comment}", decision.decision.flag.word(), decision.who, decision.role);
    StoryLine { at: decision.at, what: format!("decided on {}", decision.subject.words()), detail, state }
}

/// The last lines of a log of the workspace.
fn log_end(root: &Path, path: &Path) -> Result<String, String> {
    // Only what belongs to the workspace is read: the path came through the window.
    let path = root.join(path);
    if !path.starts_with(root) || path.components().any(|part| part == Component::ParentDir) {
        return Err(format!("log not read: it is not in the workspace: {}", path.display()));
    }
    let bytes = end_of(&path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => format!("no log yet: {}", path.display()),
        _ => format!("log not read: {error}: {}", path.display()),
    })?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    Ok(lines[lines.len().saturating_sub(LOG_END_LINES)..].join("\n"))
}

fn end_of(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let skipped = file.metadata()?.len().saturating_sub(LOG_END_BYTES);
    file.seek(SeekFrom::Start(skipped))?;
    let mut bytes = Vec::new();
    file.take(LOG_END_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};
    use monitasks::vocab::Run;
    use serde_json::json;

    use super::*;
    use crate::bookkeeping::{
        Decision, DecisionSubject, FileRecord, FileStep, NewDecision, Row, RunRecord, SqliteStore, StoryEntry,
    };

    #[test]
    fn a_file_s_story_goes_from_the_daq_to_the_decision_and_leaves_its_neighbours_out() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::create(&folder.path().join("shift"), "3x1x1").unwrap();
        let mut store = SqliteStore::open(&workspace.book()).unwrap();
        let at = |second: i64| Timestamp::from_second(1_700_000_000).unwrap() + SignedDuration::from_secs(second);
        let file = FileId::new(1, 0);
        let entry = |second, sequence: Option<u32>, kind: &str, detail| StoryEntry {
            at: at(second),
            run: Some(Run(1)),
            sequence: sequence.map(monitasks::vocab::Sequence),
            kind: kind.into(),
            detail,
        };
        let story = [
            entry(1, Some(0), "arrived", json!({"size_bytes": 1_000_000, "source": "run1-seq0.dat"})),
            entry(2, Some(1), "arrived", json!({"size_bytes": 1_000_000, "source": "run1-seq1.dat"})),
            entry(3, Some(0), "failed", json!({"class": "memory", "reason": "killed"})),
            entry(4, None, "group_formed", json!({"group": "run1-p1-g7", "members": ["run1-seq1"]})),
            entry(5, None, "archived", json!({"archive": "a.tar", "files": [{"file": "run1-seq0"}]})),
        ];
        let record = FileRecord {
            file,
            step: FileStep::Stored,
            since: at(1),
            failure: None,
            reason: None,
            source: "run1-seq0.dat".into(),
            size_bytes: 1_000_000,
            daq_closed: at(0),
            arrived: at(1),
            adler32: Some(1),
            events_by_trigger: None,
            refused: None,
        };
        let run = RunRecord { run: Run(1), first_seen: at(0), ended: None, ended_by: None };
        store.record(None, &story, &[Row::Run(run), Row::File(record)]).unwrap();
        let decision = NewDecision {
            at: at(9),
            subject: DecisionSubject::run(Run(1)),
            decision: Decision::new(Flag::Bad, "dead"),
            who: "Ada".into(),
            role: "shifter".into(),
            supersedes: vec![],
            wish: None,
            seen: None,
        };
        store.append(&[decision.entry().unwrap()]).unwrap();
        let log = workspace.root.join("all_logs/x.log");
        std::fs::write(&log, "first\n".repeat(10_000) + "last words\n").unwrap();
        let subject = CloseSubject { file: Some(file), log: Some("all_logs/x.log".into()) };
        let look = look_closely(&store, &workspace, &subject);
        let whats: Vec<&str> = look.story.iter().map(|line| line.what.as_str()).collect();
        assert_eq!(whats, ["DAQ closed it", "arrived", "failed", "archived", "decided on run1"], "{look:?}");
        assert_eq!((look.story[2].state, look.story[2].detail.as_str()), (State::Bad, "killed"));
        let end = look.log.unwrap().unwrap();
        assert!(end.ends_with("last words") && end.lines().count() == LOG_END_LINES);
        let outside = CloseSubject { file: None, log: Some("/etc/hostname".into()) };
        assert!(look_closely(&store, &workspace, &outside).log.unwrap().unwrap_err().contains("not in the workspace"));
    }
}
