//! Writes the farm's transfer logs; their lines are those of [`crate::farm_logs`].

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use monitasks::vocab::FileId;

use super::durable;
use crate::bookkeeping::TransferRecord;
use crate::config::Workspace;
use crate::farm_logs::TransferLine;

/// Both transfer logs of a workspace. Each file's line is written once into each, whatever was killed when.
#[derive(Debug)]
pub struct TransferLogs {
    zone: TimeZone,
    /// Files whose line is to be written, with the logs that have it. For one that is not among them the logs are read.
    under_way: BTreeMap<FileId, Vec<PathBuf>>,
}

impl TransferLogs {
    /// The logs, with local times in a zone.
    #[must_use]
    pub fn new(zone: TimeZone) -> Self {
        TransferLogs { zone, under_way: BTreeMap::new() }
    }

    /// A copy was recorded just now: no log can have its line.
    pub fn begins(&mut self, file: FileId) {
        self.under_way.insert(file, Vec::new());
    }

    /// A file's line stands in both logs and the book says so: it will not be written again.
    pub fn ends(&mut self, file: FileId) {
        self.under_way.remove(&file);
    }

    /// Writes a file's line into both logs where it is missing.
    ///
    /// # Errors
    /// When a log can't be read or written; writing again later is safe.
    pub fn write(&mut self, workspace: &Workspace, transfer: &TransferRecord, daq_closed: Timestamp) -> io::Result<()> {
        let line = TransferLine::of(transfer, daq_closed, &self.zone).text();
        let logs = [workspace.all_transfer_log(), workspace.run_transfer_log(transfer.file.run)];
        let have = match self.under_way.entry(transfer.file) {
            Entry::Occupied(known) => known.into_mut(),
            // An earlier life of the backend copied it, and may have written its line.
            Entry::Vacant(unknown) => {
                let mut have = Vec::new();
                for log in &logs {
                    if has_line(log, &line)? {
                        have.push(log.clone());
                    }
                }
                unknown.insert(have)
            }
        };
        for log in logs {
            if !have.contains(&log) {
                if let Some(folder) = log.parent() {
                    durable::create_folders(folder)?;
                }
                durable::append_line(&log, &line)?;
                have.push(log);
            }
        }
        Ok(())
    }
}

/// Whether a log has a whole line. It is read line by line: a log of years is not held in memory.
fn has_line(log: &Path, line: &[u8]) -> io::Result<bool> {
    let mut log = match fs::File::open(log) {
        Ok(log) => BufReader::new(log),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    loop {
        found.clear();
        if log.read_until(b'\n', &mut found)? == 0 {
            return Ok(false);
        }
        if found.strip_suffix(b"\n") == Some(line) {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transfer() -> TransferRecord {
        TransferRecord {
            file: FileId::new(1014, 2),
            from: "/evb/run1014-seq2.dat".into(),
            to: "/home/prod/storage/input/run1014/run1014-seq2.dat".into(),
            size_bytes: 1_072_226_134,
            adler32: 0,
            started: "2016-10-27T11:55:04.1Z".parse().unwrap(),
            ended: "2016-10-27T11:55:04.9Z".parse().unwrap(),
        }
    }

    #[test]
    fn a_line_is_as_the_farm_wrote_it() {
        let zone = TimeZone::get("Europe/Zurich").unwrap();
        let closed = "2016-10-27T11:55:01Z".parse().unwrap();
        assert_eq!(
            String::from_utf8(TransferLine::of(&transfer(), closed, &zone).text()).unwrap(),
            "0 2016-10-27 13:55:04 2016-10-27 13:55:04 1023M 2016-10-27 13:55 /home/prod/storage/input/run1014/run1014-seq2.dat"
        );
    }

    #[test]
    fn each_line_stands_once_in_each_log_whatever_was_killed() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace { root: folder.path().to_owned(), settings: crate::config::Settings::default() };
        let write = || TransferLogs::new(TimeZone::UTC).write(&workspace, &transfer(), Timestamp::UNIX_EPOCH).unwrap();
        write();
        write();
        let (all, run) = (workspace.all_transfer_log(), workspace.run_transfer_log(transfer().file.run));
        let whole = fs::read_to_string(&all).unwrap();
        assert_eq!(whole.lines().count(), 1);
        assert_eq!(fs::read_to_string(&run).unwrap(), whole);
        // Killed after the first log, in the middle of the line of the second.
        fs::write(&run, &whole[..40]).unwrap();
        write();
        assert_eq!(fs::read_to_string(&all).unwrap(), whole);
        assert_eq!(fs::read_to_string(&run).unwrap(), whole);
    }

    #[test]
    fn a_file_that_this_life_copied_has_its_line_written_with_no_log_read_and_nothing_is_kept_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace { root: folder.path().to_owned(), settings: crate::config::Settings::default() };
        let (mut logs, transfer) = (TransferLogs::new(TimeZone::UTC), transfer());
        let lines = || fs::read_to_string(workspace.all_transfer_log()).unwrap().lines().count();
        for life in 1..=3 {
            logs.begins(transfer.file);
            logs.write(&workspace, &transfer, Timestamp::UNIX_EPOCH).unwrap();
            logs.write(&workspace, &transfer, Timestamp::UNIX_EPOCH).unwrap();
            logs.ends(transfer.file);
            assert_eq!(lines(), life, "a log that was read would have shown the line");
            assert!(logs.under_way.is_empty());
        }
        logs.write(&workspace, &transfer, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(lines(), 3, "an earlier life's copy is looked for");
    }
}
