//! A lane's first processing of a run: when its first file is stored, when the lane is new in the settings, or when asked for.

use jiff::Timestamp;
use monitasks::vocab::{FileId, Run};

use super::lanes::opened_entry;
use super::{Backend, ProcessingError};
use crate::bookkeeping::{FileRecord, FileStep, ProcessingRecord, Row, StoryEntry};
use crate::config::LaneSettings;

impl Backend<'_> {
    /// The files of a run that a new processing has: one that comes into the storage now, and those whose raw copies stand there.
    pub(super) fn standing_files(&self, file: &FileRecord) -> Vec<FileId> {
        let stands = |other: &&FileRecord| {
            other.file == file.file || (other.step == FileStep::Stored && self.workspace.raw_file(other.file).exists())
        };
        self.shift.files_of(file.file.run).filter(stands).map(|other| other.file).collect()
    }

    /// The rows of a lane's first processing of a run, with those of some files, in order, that the lane takes.
    pub(super) fn first_rows(
        &self,
        opened: ProcessingRecord,
        lane: &LaneSettings,
        files: &[FileId],
        story: &mut Vec<StoryEntry>,
    ) -> Vec<Row> {
        let (now, run) = (opened.opened, opened.run);
        story.push(opened_entry(&opened, now));
        // The first of a run are told by their numbers: those on their way come before those of higher number.
        let on_their_way = |file: FileId| {
            let before = self.shift.files_under_way.range(FileId::new(run.0, 0)..file);
            before.filter(|other| !files.contains(other)).count()
        };
        // Opened also for files that are not its own: lanes have their numbers in the order of the settings.
        let is_own =
            |(place, file): &(usize, &FileId)| lane.first_files == 0 || place + on_their_way(**file) < lane.first_files as usize;
        let own: Vec<FileId> = files.iter().enumerate().filter(is_own).map(|(_, file)| *file).collect();
        let mut rows: Vec<Row> = own.into_iter().map(|file| self.new_pass(&opened, file, now, story)).collect();
        rows.push(Row::Processing(opened));
        rows
    }

    /// Processes a run in a lane that has not taken it yet; answers the new processing's name.
    pub(super) fn process_first(
        &mut self,
        run: Run,
        lane: &LaneSettings,
        because: &str,
        files: &[FileId],
    ) -> Result<String, ProcessingError> {
        let (now, mut story) = (Timestamp::now(), Vec::new());
        let opened = self.new_processing(lane, run, self.next_number(run), because, now);
        let name = opened.name();
        let rows = self.first_rows(opened, lane, files, &mut story);
        self.keep(&story, rows)?;
        self.tell(&name, "opened", Some(because.to_owned()));
        for file in files {
            self.bring_queue_entry_up_to_date(*file)?;
        }
        Ok(name)
    }

    /// After a start: lanes that came into the settings meanwhile take the runs that go on. Those of the past are asked for.
    pub(super) fn open_new_lanes(&mut self) -> Result<(), ProcessingError> {
        let going_on = self.shift.runs.values().filter(|run| run.ended.is_none()).map(|run| run.run);
        for run in going_on.collect::<Vec<_>>() {
            let stored = self.shift.files_of(run).filter(|file| file.step == FileStep::Stored);
            let files: Vec<FileId> = stored.map(|file| file.file).collect();
            let is_new = |lane: &&LaneSettings| !files.is_empty() && self.shift.newest(run, &lane.name).is_none();
            for lane in self.shift.lanes().iter().filter(is_new).cloned().collect::<Vec<_>>() {
                self.process_first(run, &lane, "its lane is new in the settings", &files)?;
            }
        }
        Ok(())
    }
}
