//! Taking in what jobs made: checked, then renamed into place.

use std::fs;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use monitasks::detector::Detector;
use monitasks::vocab::FileId;

use super::durable;
use super::transfer::seen;
use crate::rawdata::RawReader;
use crate::reconstruction::recofile;

/// Why a job's output was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// It is not what it should be.
    #[error("output refused: {0}")]
    Refused(String),
    /// The operating system refused.
    #[error("output not put in its place: {why}: {}", path.display())]
    Io {
        /// The operating system's reason.
        why: io::Error,
        /// The file.
        path: PathBuf,
    },
}

/// What an accepted reconstructed file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// Events.
    pub events: u64,
    /// Matched tracks.
    pub tracks: u64,
}

/// Accepts a reconstructed file: it opens, is of that raw file, was made from all of its events and has an entry for each that was
/// reconstructed. Answers those and the matched tracks.
///
/// A file that stands in its place and no more in the work folder was renamed before a stop; it is checked like any other. One
/// older than the start of this attempt is an earlier attempt's and does not count.
///
/// # Errors
/// When it is missing or not as expected; with what was found and what was expected.
pub fn accept_reconstructed(
    work: &Path,
    place: &Path,
    file: FileId,
    raw: &Path,
    detector: &Detector,
    started: Option<Timestamp>,
) -> Result<Accepted, CollectError> {
    let made = work.join(place.file_name().unwrap_or_default());
    let stands = if made.exists() { &made } else { place };
    if !made.exists() && !started.is_some_and(|started| is_since(place, started)) {
        return Err(CollectError::Refused(format!("the job ended well and left no output: {}", made.display())));
    }
    let facts = recofile::entries(stands).map_err(|error| CollectError::Refused(error.to_string()))?;
    let raw_events =
        RawReader::open(raw, &detector.readout).map_err(|error| CollectError::Refused(error.to_string()))?.count() as u64;
    if facts.file != file || facts.raw_events != raw_events || facts.entries != facts.events {
        let (found, entries) = (facts.file, facts.raw_events);
        let shown = stands.display();
        return Err(CollectError::Refused(format!(
            "it is of {found} with {entries} raw events, expected {file} with {raw_events}: {shown}"
        )));
    }
    if made.exists() {
        put(&made, place)?;
    }
    Ok(Accepted { events: facts.entries, tracks: facts.matched_tracks })
}

/// Moves result files of a group into their places, text files last, and answers the places. A result whose name stands there
/// already is replaced whole; one that was placed before a stop is taken when it is younger than the start of this attempt.
///
/// # Errors
/// When one is missing or can't be moved.
pub fn place_results(
    work: &Path,
    results: &Path,
    names: &[String],
    started: Option<Timestamp>,
) -> Result<Vec<PathBuf>, CollectError> {
    let mut places = Vec::new();
    for name in names {
        let (made, place) = (work.join(name), results.join(name));
        if made.exists() {
            put(&made, &place)?;
        } else if !started.is_some_and(|started| is_since(&place, started)) {
            return Err(CollectError::Refused(format!("the job ended well and left no {name}: {}", made.display())));
        }
        places.push(place);
    }
    Ok(places)
}

fn put(made: &Path, place: &Path) -> Result<(), CollectError> {
    let failed = |why| CollectError::Io { why, path: place.to_owned() };
    // Whoever opens a pipe waits for somebody to write into it.
    if !fs::metadata(made).map_err(failed)?.is_file() {
        return Err(CollectError::Refused(format!("what the job left is not a regular file: {}", made.display())));
    }
    if let Some(folder) = place.parent() {
        durable::create_folders(folder).map_err(failed)?;
    }
    fs::File::open(made).and_then(|file| file.sync_all()).map_err(failed)?;
    match durable::rename(made, place) {
        // The work folder and the storage are disks of their own: copied beside its place, then given its name.
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            let aside = durable::aside(place);
            fs::copy(made, &aside).map_err(failed)?;
            fs::File::open(&aside).and_then(|file| file.sync_all()).map_err(failed)?;
            durable::rename(&aside, place).map_err(failed)?;
            // What is left in the work folder goes with that folder.
            let _ = fs::remove_file(made);
            Ok(())
        }
        moved => moved.map_err(failed),
    }
}

/// Whether a file was written since a moment. A disk's clock is coarser than ours, hence the second; attempts are people's doing
/// and lie farther apart.
fn is_since(path: &Path, started: Timestamp) -> bool {
    const COARSE: SignedDuration = SignedDuration::from_secs(1);
    seen(path).is_ok_and(|(_, written)| written.duration_since(started) >= -COARSE)
}

/// The line of a log that says what went wrong: the last of dqmon's messages, else the last line.
#[must_use]
pub fn last_words(log: &Path) -> Option<String> {
    let end = end_of(log)?;
    let lines: Vec<&str> = end.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("note:")).collect();
    let starting = |word: &str| lines.iter().rev().find(|line| line.starts_with(word)).copied();
    // A panic's message stands below the line that says where, and above a backtrace.
    let panicked = lines.iter().rposition(|line| line.contains("' panicked at ") || line.contains(") panicked at "));
    let panic = || Some(format!("it panicked: {}", lines.get(panicked? + 1)?));
    let line = starting("dqmon:").map(str::to_owned).or_else(panic);
    // Its line stands above a backtrace too.
    let line = line.or_else(|| ["memory allocation of ", "error:"].into_iter().find_map(starting).map(str::to_owned));
    line.or_else(|| lines.last().map(|line| (*line).to_owned())).map(|line| told(&line))
}

/// The last of dqmon's messages in a log.
#[must_use]
pub fn last_message(log: &Path) -> Option<String> {
    end_of(log)?.lines().rev().find(|line| line.starts_with("dqmon:")).map(told)
}

/// The end of a log: a job may print without bound.
fn end_of(log: &Path) -> Option<String> {
    const LONGEST: u64 = 16 * 1024;
    fs::metadata(log).ok().filter(fs::Metadata::is_file)?;
    let mut file = fs::File::open(log).ok()?;
    let size = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(LONGEST))).ok()?;
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn told(line: &str) -> String {
    line.strip_prefix("dqmon:").unwrap_or(line).trim().chars().take(600).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_panic_its_message_speaks_and_not_its_backtrace() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("job.log");
        let text =
            "reading\n\nthread 'main' (12) panicked at src/pid.rs:61:9:\nassertion failed: raw > 0\nstack backtrace:\n   0: f\n";
        fs::write(&log, text).unwrap();
        assert_eq!(last_words(&log).as_deref(), Some("it panicked: assertion failed: raw > 0"));
        fs::write(&log, "reading\nmemory allocation of 2048 bytes failed\nstack backtrace:\nnote: run with more\n").unwrap();
        assert_eq!(last_words(&log).as_deref(), Some("memory allocation of 2048 bytes failed"));
    }

    #[test]
    fn of_a_long_log_the_end_speaks() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        fs::write(&log, "dqmon: early\n".to_owned() + &"x".repeat(1 << 20) + "\ndqmon: late\nbye\n").unwrap();
        assert_eq!((last_words(&log), last_message(&log)), (Some("late".into()), Some("late".into())));
        fs::write(&log, "one\ntwo\n").unwrap();
        assert_eq!((last_words(&log), last_message(&log)), (Some("two".into()), None));
    }

    #[test]
    fn a_result_of_an_earlier_attempt_is_not_taken_for_a_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let (work, results) = (folder.path().join("work"), folder.path().join("results"));
        fs::create_dir_all(&work).unwrap();
        let (names, now) = (["crp/run1-p1-g0.txt".to_owned()], Timestamp::now());
        fs::create_dir_all(results.join("crp")).unwrap();
        fs::write(results.join(&names[0]), "old").unwrap();
        let later = now.saturating_add(SignedDuration::from_secs(60)).unwrap();
        let error = place_results(&work, &results, &names, Some(later)).unwrap_err();
        assert!(error.to_string().contains("left no crp/run1-p1-g0.txt"), "{error}");
        assert!(place_results(&work, &results, &names, None).is_err());
        assert_eq!(place_results(&work, &results, &names, Some(now)).unwrap().len(), 1, "placed before a stop");
        fs::create_dir_all(work.join("crp")).unwrap();
        let (pipe, fifo) = (work.join(&names[0]), rustix::fs::FileType::Fifo);
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, fifo, rustix::fs::Mode::from_raw_mode(0o600), 0).unwrap();
        let error = place_results(&work, &results, &names, Some(later)).unwrap_err();
        assert!(error.to_string().contains("not a regular file"), "{error}");
        let error = recofile::entries(&pipe).unwrap_err();
        assert!(error.to_string().contains("not a regular file"), "{error}");
        fs::remove_file(&pipe).unwrap();
        fs::write(work.join(&names[0]), "new").unwrap();
        place_results(&work, &results, &names, Some(later)).unwrap();
        assert_eq!(fs::read_to_string(results.join(&names[0])).unwrap(), "new");
    }
}
