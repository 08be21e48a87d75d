//! Writes the farm's transfer logs; their lines are those of [`crate::farm_logs`].

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::durable;
use crate::bookkeeping::TransferRecord;
use crate::config::Workspace;
use crate::farm_logs::TransferLine;

/// Both transfer logs of a workspace. Each file's line is written once into each, whatever was killed when.
#[derive(Debug)]
pub struct TransferLogs {
    zone: TimeZone,
    /// Per log, the lines in it; read once, when a log is first written to.
    written: HashMap<PathBuf, HashSet<Vec<u8>>>,
}

impl TransferLogs {
    /// The logs, with local times in a zone.
    #[must_use]
    pub fn new(zone: TimeZone) -> Self {
        TransferLogs { zone, written: HashMap::new() }
    }

    /// Writes a file's line into both logs where it is missing.
    ///
    /// # Errors
    /// When a log can't be read or written; writing again later is safe.
    pub fn write(&mut self, workspace: &Workspace, transfer: &TransferRecord, daq_closed: Timestamp) -> io::Result<()> {
        let line = TransferLine::of(transfer, daq_closed, &self.zone).text();
        for log in [workspace.all_transfer_log(), workspace.run_transfer_log(transfer.file.run)] {
            let written = match self.written.entry(log.clone()) {
                std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::hash_map::Entry::Vacant(entry) => entry.insert(lines_in(&log)?),
            };
            if !written.contains(&line) {
                if let Some(folder) = log.parent() {
                    durable::create_folders(folder)?;
                }
                durable::append_line(&log, &line)?;
                written.insert(line.clone());
            }
        }
        Ok(())
    }
}

/// The whole lines in a log. A file that was taken in a second time has two.
fn lines_in(log: &Path) -> io::Result<HashSet<Vec<u8>>> {
    let text = match fs::read(log) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(HashSet::new()),
        Err(error) => return Err(error),
    };
    let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(&[][..], |end| &text[..end]);
    Ok(whole.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect())
}

#[cfg(test)]
mod tests {
    use monitasks::vocab::FileId;

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
}
