use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::*;
use crate::processing::durable;

fn copy(from: &Path, to: &Path) -> Result<Copied, TransferError> {
    copy_on(from, to, &Terms::default())
}

fn copy_on(from: &Path, to: &Path, terms: &Terms) -> Result<Copied, TransferError> {
    LocalCopy.copy(from, &to.to_owned().into(), terms)
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries: Vec<_> = fs::read_dir(folder).map(|entries| entries.flatten().collect()).unwrap_or_default();
    entries.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn places() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("run1-seq0.dat"), folder.path().join("storage/run1/run1-seq0.dat"));
    (folder, from, to)
}

#[test]
fn a_copy_has_the_bytes_and_the_checksum() {
    let (_folder, from, to) = places();
    // RFC 1950's checksum of "Wikipedia" is widely quoted as 0x11E60398.
    fs::write(&from, "Wikipedia").unwrap();
    let copied = copy(&from, &to).unwrap();
    assert_eq!((copied.size_bytes, copied.adler32, copied.stood_already), (9, 0x11E6_0398, false));
    assert_eq!(fs::read(&to).unwrap(), b"Wikipedia");
    assert_eq!(fs::read_dir(to.parent().unwrap()).unwrap().count(), 1, "something was left beside the copy");
}

#[test]
fn a_copy_that_stands_already_is_taken_and_another_content_refused() {
    let (_folder, from, to) = places();
    fs::write(&from, "one").unwrap();
    copy(&from, &to).unwrap();
    assert!(copy(&from, &to).unwrap().stood_already);
    fs::write(&from, "two").unwrap();
    assert!(matches!(copy(&from, &to), Err(TransferError::OtherContent { .. })));
    assert_eq!(fs::read(&to).unwrap(), b"one");
}

#[test]
fn a_piece_is_known_and_set_aside_under_a_name_of_its_own() {
    let (_folder, from, to) = places();
    fs::write(&from, "one two").unwrap();
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    for (number, piece) in [(1, "one"), (2, "one t")] {
        fs::write(&to, piece).unwrap();
        assert!(is_beginning(&to, &from).unwrap());
        let aside = set_aside(&to).unwrap().unwrap();
        assert!(aside.ends_with(format!("run1-seq0.dat.replaced-{number}")), "{}", aside.display());
        assert_eq!(fs::read_to_string(&aside).unwrap(), piece);
        assert_eq!(set_aside(&to).unwrap(), Some(aside), "it was set aside before");
    }
    for other in ["one two", "two", "one two three"] {
        fs::write(&to, other).unwrap();
        assert!(!is_beginning(&to, &from).unwrap(), "{other}");
    }
}

#[test]
fn what_a_kill_left_aside_is_in_nobodys_way() {
    let (_folder, from, to) = places();
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::write(durable::aside(&to), "much longer than the file that is copied now").unwrap();
    fs::write(&from, "").unwrap();
    assert_eq!(copy(&from, &to).unwrap().size_bytes, 0);
    assert_eq!(fs::read(&to).unwrap(), b"");
}

#[test]
fn a_missing_source_is_told_with_its_path() {
    let (_folder, from, to) = places();
    let error = copy(&from, &to).unwrap_err();
    assert!(error.to_string().ends_with("run1-seq0.dat"), "{error}");
}

#[test]
fn a_copy_that_is_larger_than_a_piece_is_the_same_by_the_kernel_and_by_hand() {
    let (folder, from, to) = places();
    let bytes: Vec<u8> =
        (0..9_000_001_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()[3..].to_vec()).collect();
    fs::write(&from, &bytes).unwrap();
    let terms = Terms::default();
    let copied = copy_on(&from, &to, &terms).unwrap();
    assert_eq!((copied.size_bytes, terms.done_bytes.load(Ordering::Relaxed)), (9_000_001, 9_000_001));
    assert!(fs::read(&to).unwrap() == bytes);
    // What stands in /proc is of unknown size to the kernel's copy, and from memory to disk some kernels refuse it.
    let elsewhere = tempfile::tempdir_in("/dev/shm").unwrap();
    let second = copy(&to, &elsewhere.path().join("run1-seq0.dat")).unwrap();
    assert_eq!((second.size_bytes, second.adler32), (copied.size_bytes, copied.adler32));
    assert_eq!(checksum(&from).unwrap(), (copied.size_bytes, copied.adler32));
    drop(folder);
}

#[test]
fn a_source_that_is_not_the_known_one_is_refused_and_nothing_is_left() {
    let (_folder, from, to) = places();
    fs::write(&from, "Wikipedia").unwrap();
    let known = |expected| Terms { expected: Some(expected), ..Terms::default() };
    let error = copy_on(&from, &to, &known((9, 1))).unwrap_err();
    assert!(matches!(error, TransferError::SourceDiffers { .. }) && !error.is_passing(), "{error}");
    assert!(names_in(to.parent().unwrap()).is_empty(), "{:?}", names_in(to.parent().unwrap()));
    copy_on(&from, &to, &known((9, 0x11E6_0398))).unwrap();
}

#[test]
fn a_copy_is_stopped_by_its_time_and_by_hand_and_nothing_is_left() {
    let (_folder, from, to) = places();
    fs::write(&from, vec![7; 30_000_000]).unwrap();
    let slow = || Throttle::new(20e6).map(Arc::new);
    let stopped = Terms { throttle: slow(), ..Terms::default() };
    let stop = stopped.stop.clone();
    let stopper = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(150));
        stop.store(true, Ordering::Relaxed);
    });
    let begun = Instant::now();
    let error = copy_on(&from, &to, &stopped).unwrap_err();
    assert!(matches!(error, TransferError::Stopped { .. }) && begun.elapsed() < Duration::from_millis(800), "{error}");
    stopper.join().unwrap();
    let limited = Terms { time_limit: Some(Duration::ZERO), ..Terms::default() };
    let error = copy_on(&from, &to, &limited).unwrap_err();
    assert!(matches!(error, TransferError::TimeLimit { .. }) && error.is_passing(), "{error}");
    assert!(names_in(to.parent().unwrap()).is_empty(), "{:?}", names_in(to.parent().unwrap()));
}

#[test]
fn without_the_room_that_is_to_be_left_nothing_is_begun() {
    let (_folder, from, to) = places();
    fs::write(&from, "x").unwrap();
    let terms = Terms { room_left_bytes: u64::MAX, ..Terms::default() };
    let error = copy_on(&from, &to, &terms).unwrap_err();
    assert!(matches!(error, TransferError::NoRoom { needed_bytes: 1, .. }) && error.is_passing(), "{error}");
    assert!(names_in(to.parent().unwrap()).is_empty());
}

#[test]
fn what_came_under_the_final_name_meanwhile_is_not_written_over() {
    let (_folder, from, to) = places();
    fs::write(&from, vec![7; 20_000_000]).unwrap();
    let terms = Terms { throttle: Throttle::new(50e6).map(Arc::new), ..Terms::default() };
    let other = to.clone();
    let writer = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(150));
        fs::write(other, "of somebody else").unwrap();
    });
    let error = copy_on(&from, &to, &terms).unwrap_err();
    writer.join().unwrap();
    assert!(matches!(error, TransferError::OtherContent { .. }) && !error.is_passing(), "{error}");
    assert_eq!(fs::read(&to).unwrap(), b"of somebody else");
    assert_eq!(names_in(to.parent().unwrap()), ["run1-seq0.dat"]);
}

#[test]
fn a_missing_source_is_final_and_a_missing_program_may_be_installed() {
    let (_folder, from, to) = places();
    assert!(!copy(&from, &to).unwrap_err().is_passing());
    fs::write(&from, "x").unwrap();
    let nowhere = XrdCopy::with_programs("/nowhere/xrdcp".into(), "/nowhere/xrdfs".into());
    let error = nowhere.copy(&from, &Place::parse("root://127.0.0.1//x").unwrap(), &Terms::default()).unwrap_err();
    assert!(error.is_passing() && error.to_string().contains("xrootd-client"), "{error}");
}

#[test]
fn each_way_refuses_the_places_of_the_other() {
    let (_folder, from, to) = places();
    fs::write(&from, "x").unwrap();
    let root = Place::parse("root://127.0.0.1//x").unwrap();
    assert!(LocalCopy.copy(&from, &root, &Terms::default()).is_err());
    assert!(XrdCopy::default().copy(&from, &to.into(), &Terms::default()).is_err());
}
