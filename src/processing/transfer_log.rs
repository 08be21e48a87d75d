//! The farm's transfer log: one line a file, in `alltransfer.log` and in the run's own log, so that either can rebuild the other.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::durable;
use crate::bookkeeping::TransferRecord;
use crate::config::Workspace;

/// Both transfer logs of a workspace. Each file's line is written once into each, whatever was killed when.
#[derive(Debug)]
pub struct TransferLogs {
    zone: TimeZone,
    /// Per log, the lines in it; read once, when a log is first written to.
    written: HashMap<PathBuf, HashSet<String>>,
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
        let line = line(transfer, daq_closed, &self.zone);
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
fn lines_in(log: &Path) -> io::Result<HashSet<String>> {
    let text = match fs::read(log) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(HashSet::new()),
        Err(error) => return Err(error),
    };
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    Ok(whole.lines().map(str::to_owned).collect())
}

/// A line in the new form: copy seconds, start, end, size, DAQ write time, path.
#[must_use]
pub fn line(transfer: &TransferRecord, daq_closed: Timestamp, zone: &TimeZone) -> String {
    let local = |at: Timestamp, form: &str| at.to_zoned(zone.clone()).strftime(form).to_string();
    format!(
        "{} {} {} {} {} {}",
        transfer.ended.duration_since(transfer.started).as_secs().max(0),
        local(transfer.started, "%Y-%m-%d %H:%M:%S"),
        local(transfer.ended, "%Y-%m-%d %H:%M:%S"),
        listed_size(transfer.size_bytes),
        local(daq_closed, "%Y-%m-%d %H:%M"),
        transfer.to.display()
    )
}

/// A size as `ls -h` lists it: rounded up, one decimal below ten of a unit.
#[must_use]
pub fn listed_size(bytes: u64) -> String {
    const UNITS: [char; 6] = ['K', 'M', 'G', 'T', 'P', 'E'];
    if bytes < 1024 {
        return bytes.to_string();
    }
    let mut unit_bytes: u128 = 1024;
    for unit in UNITS {
        let bytes = u128::from(bytes);
        let tenths = (bytes * 10).div_ceil(unit_bytes);
        let whole = bytes.div_ceil(unit_bytes);
        if tenths < 100 {
            return format!("{}.{}{unit}", tenths / 10, tenths % 10);
        }
        if whole < 1024 {
            return format!("{whole}{unit}");
        }
        unit_bytes *= 1024;
    }
    format!("{bytes}")
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
            line(&transfer(), closed, &zone),
            "0 2016-10-27 13:55:04 2016-10-27 13:55:04 1023M 2016-10-27 13:55 /home/prod/storage/input/run1014/run1014-seq2.dat"
        );
    }

    #[test]
    fn sizes_are_as_ls_lists_them() {
        for (bytes, listed) in [
            (0, "0"),
            (1023, "1023"),
            (1024, "1.0K"),
            (1025, "1.1K"),
            (10_137, "9.9K"),
            (10_138, "10K"),
            (38_000_000, "37M"),
            (1_048_575, "1.0M"),
            (1_072_226_134, "1023M"),
            (1 << 30, "1.0G"),
            (u64::MAX, "16E"),
        ] {
            assert_eq!(listed_size(bytes), listed, "{bytes}");
        }
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
