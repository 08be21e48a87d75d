//! Releases raw copies: the copies elsewhere are read once more, the story is written, then the file goes.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::checksum::{Summed, checksum};
use super::release::{Facts, KnownCopy, Verdict, releasable};
use crate::bookkeeping::{Store, StoreError, StoryEntry, StoryRecord};
use crate::durable;

/// The kinds of the story's entries: a file goes, and that it could not be removed after all.
const RELEASED: &str = "released";
const NOT_RELEASED: &str = "not_released";

/// Reads a copy that stands elsewhere.
pub trait Measure {
    /// Size and checksum of a copy as it stands now.
    ///
    /// # Errors
    /// With the reason when it can't be read.
    fn measure(&self, copy: &KnownCopy) -> Result<Measured, String>;
}

/// A copy as it stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// Its size, bytes.
    pub size_bytes: u64,
    /// Adler-32 of its bytes.
    pub adler32: u32,
    /// Device and number of the file it stands in, where there are such: two names may be one file.
    pub identity: Option<(u64, u64)>,
}

/// Copies in folders of this machine, as files or in tars.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalPlaces;

impl Measure for LocalPlaces {
    fn measure(&self, copy: &KnownCopy) -> Result<Measured, String> {
        let path = Path::new(&copy.place);
        if !path.is_absolute() {
            return Err(format!("it is on no disk of this machine and was not read again: {}", copy.place));
        }
        let with_place = |why: std::io::Error| format!("it was not read again: {why}: {}", copy.place);
        let facts = fs::metadata(path).map_err(with_place)?;
        let (size_bytes, adler32) = match &copy.member {
            None => checksum(path).map_err(with_place)?,
            Some(name) => member(path, name).map_err(with_place)?,
        };
        Ok(Measured { size_bytes, adler32, identity: Some((facts.dev(), facts.ino())) })
    }
}

/// Size and checksum of a file in a tar.
fn member(tar: &Path, name: &str) -> std::io::Result<(u64, u32)> {
    for entry in tar::Archive::new(File::open(tar)?).entries_with_seek()? {
        let entry = entry?;
        if entry.path()?.as_os_str() == name {
            return Summed::new(entry.take(u64::MAX)).read_out();
        }
    }
    Err(std::io::Error::other(format!("there is no {name} in it")))
}

/// What became of a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Released {
    /// It is gone; so many bytes are free.
    Gone(u64),
    /// It stays, for these reasons.
    Stays(Vec<String>),
}

/// Releases a candidate if the rule lets it go and both copies, read again now, and the file itself hold what the book says. The
/// story is written first: killed before the file is gone, releasing again ends it.
///
/// # Errors
/// When the book can't be read or written; the file stands then.
pub fn release(store: &mut dyn Store, measure: &dyn Measure, facts: &Facts, who: &str) -> Result<Released, StoreError> {
    let copies = match releasable(facts) {
        Verdict::Release(copies) => copies,
        Verdict::Keep(whys) => return Ok(Released::Stays(whys.iter().map(ToString::to_string).collect())),
    };
    let path = &facts.candidate.path;
    let standing = match read_again(measure, facts, &copies) {
        Ok(standing) => standing,
        Err(faults) => return Ok(Released::Stays(faults)),
    };
    let file = facts.candidate.file;
    // A kill may have come between the story and the end of the file: then it is told already.
    let is_of_it = |entry: &&StoryRecord| entry.detail.get("path").and_then(Value::as_str) == path.to_str();
    let story = store.story(file.run, Some(file))?;
    let last = story.iter().filter(is_of_it).rfind(|entry| entry.kind == RELEASED || entry.kind == NOT_RELEASED);
    // One that was put back later is told anew.
    let is_told = last.is_some_and(|entry| entry.kind == RELEASED && changed(path).is_some_and(|at| at <= entry.at));
    let mut tell = |kind: &str, detail: Value| {
        let (run, sequence) = (Some(file.run), Some(file.sequence));
        store.record(None, &[StoryEntry { at: Timestamp::now(), run, sequence, kind: kind.into(), detail }], &[])
    };
    if !is_told {
        let places: Vec<&str> = standing.iter().map(|copy| copy.place.as_str()).collect();
        let adler32 = facts.adler32.map(|sum| format!("{sum:08x}"));
        tell(RELEASED, json!({"path": path, "size_bytes": facts.size_bytes, "adler32": adler32, "copies": places, "who": who}))?;
    }
    if let Err(why) = fs::remove_file(path) {
        tell(NOT_RELEASED, json!({"path": path, "why": why.to_string()}))?;
        return Ok(Released::Stays(vec![format!("it can't be removed: {why}")]));
    }
    // Without this the file may be back after a power cut, and is released again then.
    let _ = durable::sync_folder_of(path);
    Ok(Released::Gone(facts.size_bytes))
}

/// When a file was written, linked or renamed last, by the clock of its disk.
fn changed(path: &Path) -> Option<Timestamp> {
    let facts = fs::symlink_metadata(path).ok()?;
    Timestamp::new(facts.ctime(), i32::try_from(facts.ctime_nsec()).ok()?).ok()
}

/// The copies that stand now as the book has them, two or more and none of them the candidate itself under another name; else
/// what is wrong.
fn read_again<'a>(measure: &dyn Measure, facts: &Facts, copies: &'a [KnownCopy]) -> Result<Vec<&'a KnownCopy>, Vec<String>> {
    let path = &facts.candidate.path;
    let own = match (fs::symlink_metadata(path), checksum(path)) {
        (Ok(own), Ok(sum)) if own.is_file() && Some(sum.1) == facts.adler32 && sum.0 == facts.size_bytes => own,
        (Ok(own), Ok(_)) if own.is_file() => return Err(vec!["what stands there is not what the book says".into()]),
        (Ok(_), Ok(_)) => return Err(vec!["it is no regular file".into()]),
        (Err(why), _) | (_, Err(why)) => return Err(vec![format!("it can't be read: {why}")]),
    };
    let mut identities = vec![(own.dev(), own.ino())];
    let (mut standing, mut faults) = (Vec::new(), Vec::new());
    for copy in copies {
        match measure.measure(copy) {
            Err(why) => faults.push(format!("a copy is not sure: {why}")),
            Ok(found) if found.identity.is_some_and(|identity| identities.contains(&identity)) => {
                faults.push(format!("a copy is the same file under another name: {}", copy.place));
            }
            Ok(found) if (found.size_bytes, Some(found.adler32)) == (facts.size_bytes, facts.adler32) => {
                identities.extend(found.identity);
                standing.push(copy);
            }
            Ok(found) => faults.push(format!(
                "a copy is damaged: {} bytes of Adler-32 {:08x} stand there: {}",
                found.size_bytes, found.adler32, copy.place
            )),
        }
    }
    if standing.len() >= 2 { Ok(standing) } else { Err(faults) }
}

#[cfg(test)]
mod tests {
    use monitasks::quality::Flag;
    use monitasks::vocab::{FileId, Run};

    use super::super::release::Candidate;
    use super::*;
    use crate::bookkeeping::SqliteStore;

    struct Place {
        folder: tempfile::TempDir,
        store: SqliteStore,
    }

    fn place() -> (Place, Facts) {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("w")).unwrap();
        for name in ["w/run1-seq0.dat", "one.dat", "two.dat"] {
            fs::write(at(name), "Wikipedia").unwrap();
        }
        let copy = |name: &str| KnownCopy {
            place: at(name).to_str().unwrap().into(),
            member: None,
            size_bytes: 9,
            adler32: 0x11E6_0398,
            verified_at: Some(Timestamp::UNIX_EPOCH),
            disk: None,
        };
        let facts = Facts {
            candidate: Candidate { file: FileId::new(1, 0), path: at("w/run1-seq0.dat") },
            size_bytes: 9,
            adler32: Some(0x11E6_0398),
            copies: vec![copy("one.dat"), copy("two.dat")],
            decision: Some(Flag::Ok),
            has_run_ended: true,
            is_processed: true,
            workspace: at("w"),
        };
        let store = SqliteStore::open(&at("w/book.sqlite")).unwrap();
        (Place { folder, store }, facts)
    }

    #[test]
    fn a_file_goes_after_its_story_was_written() {
        let (mut place, facts) = place();
        assert_eq!(release(&mut place.store, &LocalPlaces, &facts, "Ada").unwrap(), Released::Gone(9));
        assert!(!facts.candidate.path.exists());
        let story = place.store.story(Run(1), None).unwrap();
        assert_eq!((story.len(), story[0].kind.as_str(), &story[0].detail["who"]), (1, "released", &json!("Ada")));
        // Put back from a copy and released again: that is told too. A disk's clock is coarser than ours.
        std::thread::sleep(std::time::Duration::from_millis(20));
        fs::write(&facts.candidate.path, "Wikipedia").unwrap();
        assert_eq!(release(&mut place.store, &LocalPlaces, &facts, "Ada").unwrap(), Released::Gone(9));
        assert_eq!(place.store.story(Run(1), None).unwrap().len(), 2);
    }

    #[test]
    fn killed_between_the_story_and_the_end_of_the_file_it_is_told_once() {
        let (mut place, facts) = place();
        let detail = json!({"path": facts.candidate.path, "who": "Ada"});
        let (run, sequence) = (Some(facts.candidate.file.run), Some(facts.candidate.file.sequence));
        let at = Timestamp::now() + jiff::SignedDuration::from_secs(1);
        place.store.record(None, &[StoryEntry { at, run, sequence, kind: RELEASED.into(), detail }], &[]).unwrap();
        assert_eq!(release(&mut place.store, &LocalPlaces, &facts, "Ada").unwrap(), Released::Gone(9));
        assert_eq!(place.store.story(Run(1), None).unwrap().len(), 1);
    }

    #[test]
    fn a_copy_that_was_verified_once_and_is_damaged_now_keeps_the_file() {
        type Change = fn(&Path);
        let changes: [Change; 5] = [
            |at| fs::write(at.join("two.dat"), "wikipedia").unwrap(),
            |at| fs::remove_file(at.join("two.dat")).unwrap(),
            |at| fs::write(at.join("w/run1-seq0.dat"), "wikipedia").unwrap(),
            |at| {
                fs::remove_file(at.join("two.dat")).unwrap();
                fs::hard_link(at.join("w/run1-seq0.dat"), at.join("two.dat")).unwrap();
            },
            |at| {
                fs::remove_file(at.join("two.dat")).unwrap();
                std::os::unix::fs::symlink(at.join("one.dat"), at.join("two.dat")).unwrap();
            },
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let (mut place, facts) = place();
            change(place.folder.path());
            let released = release(&mut place.store, &LocalPlaces, &facts, "Ada").unwrap();
            assert!(matches!(&released, Released::Stays(whys) if whys.len() == 1), "{number}: {released:?}");
            assert!(facts.candidate.path.exists() && place.store.story(Run(1), None).unwrap().is_empty(), "{number}");
        }
        let (mut place, mut facts) = place();
        facts.copies[0].place = "root://eos//one.dat".into();
        assert!(matches!(release(&mut place.store, &LocalPlaces, &facts, "Ada").unwrap(), Released::Stays(_)));
    }
}
