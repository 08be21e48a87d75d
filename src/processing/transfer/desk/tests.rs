use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;

use super::*;
use crate::processing::transfer::{AnyCopy, LocalCopy};

fn order(folder: &Path, name: &str, size_bytes: u64) -> CopyOrder {
    let from = folder.join(name);
    fs::write(&from, vec![5; usize::try_from(size_bytes).unwrap()]).unwrap();
    CopyOrder { from, to: folder.join("storage").join(name).into(), size_bytes, adler32: None }
}

fn wait_for_all<K: Ord + Clone + Send + 'static>(desk: &mut TransferDesk<K>) -> Vec<(K, Result<Copied, TransferError>)> {
    let (mut finished, end) = (Vec::new(), Instant::now() + Duration::from_secs(30));
    while desk.under_way().next().is_some() {
        assert!(Instant::now() < end, "not finished");
        let _ = desk.wake().recv_timeout(Duration::from_secs(1));
        finished.extend(desk.finished());
    }
    finished
}

#[test]
fn copies_run_aside_and_each_ends_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut desk = TransferDesk::new(&TransferSettings::default(), Arc::new(AnyCopy::default()));
    for number in 0..20_u32 {
        assert!(desk.begin(number, order(folder.path(), &format!("run1-seq{number}.dat"), 1000)));
        assert!(desk.is_under_way(&number));
    }
    desk.begin(99, CopyOrder { from: "/nowhere".into(), ..order(folder.path(), "x", 1) });
    let mut finished = wait_for_all(&mut desk);
    finished.sort_by_key(|(key, _)| *key);
    assert_eq!(finished.iter().map(|(key, _)| *key).collect::<Vec<_>>(), (0..20).chain([99]).collect::<Vec<_>>());
    assert!(finished[..20].iter().all(|(_, outcome)| outcome.as_ref().is_ok_and(|copied| copied.size_bytes == 1000)));
    assert!(finished[20].1.is_err() && !desk.is_under_way(&3));
    assert!(desk.finished().is_empty());
}

#[test]
fn the_same_key_is_not_begun_twice_and_its_bytes_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let settings = TransferSettings { throttle_mb_per_s: 20.0, ..TransferSettings::default() };
    let mut desk = TransferDesk::new(&settings, Arc::new(LocalCopy));
    let whole = order(folder.path(), "run1-seq0.dat", 12_000_000);
    let begun = Instant::now();
    assert!(desk.begin("a", whole.clone()) && !desk.begin("a", whole.clone()));
    std::thread::sleep(Duration::from_millis(300));
    let (_, seen) = desk.under_way().next().unwrap();
    assert!(seen.done_bytes > 0 && seen.done_bytes < 12_000_000 && seen.order == whole, "{seen:?}");
    assert_eq!(wait_for_all(&mut desk).len(), 1);
    assert!(begun.elapsed() >= Duration::from_millis(599), "faster than the throttle: {:?}", begun.elapsed());
    assert!(desk.begin("a", whole), "it may be ordered again");
}

#[test]
fn the_throttle_is_for_all_copies_together() {
    let folder = tempfile::tempdir().unwrap();
    let settings = TransferSettings { throttle_mb_per_s: 20.0, workers: 4, ..TransferSettings::default() };
    let mut desk = TransferDesk::new(&settings, Arc::new(LocalCopy));
    let begun = Instant::now();
    for name in ["a", "b", "c", "d"] {
        desk.begin(name, order(folder.path(), name, 4_000_000));
    }
    assert!(wait_for_all(&mut desk).iter().all(|(_, outcome)| outcome.is_ok()));
    assert!(begun.elapsed() >= Duration::from_millis(799), "{:?}", begun.elapsed());
}

#[test]
fn a_desk_that_goes_stops_its_copies_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let settings = TransferSettings { throttle_mb_per_s: 1.0, workers: 1, ..TransferSettings::default() };
    let mut desk = TransferDesk::new(&settings, Arc::new(LocalCopy));
    desk.begin(1, order(folder.path(), "runs", 30_000_000));
    desk.begin(2, order(folder.path(), "waits", 30_000_000));
    std::thread::sleep(Duration::from_millis(200));
    let begun = Instant::now();
    drop(desk);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!(fs::read_dir(folder.path().join("storage")).unwrap().count(), 0);
}

/// Copies nothing, and keeps the terms; panics over one name.
#[derive(Default)]
struct Told(Mutex<Vec<Terms>>);

impl Transfer for Told {
    fn copy(&self, from: &Path, to: &Place, terms: &Terms) -> Result<Copied, TransferError> {
        assert!(!from.ends_with("bad"), "a file that kills its thread");
        self.0.lock().unwrap().push(terms.clone());
        Err(TransferError::Stopped { path: to.to_path() })
    }
}

#[test]
fn time_room_and_what_is_known_go_with_each_copy() {
    let settings = TransferSettings { slowest_mb_per_s: 2.0, room_left_mb: 3, ..TransferSettings::default() };
    let told = Arc::new(Told::default());
    let mut desk = TransferDesk::new(&settings, told.clone());
    let (from, to) = (PathBuf::from("x"), PathBuf::from("y").into());
    desk.begin(1, CopyOrder { from, to, size_bytes: 20_000_000, adler32: Some(7) });
    wait_for_all(&mut desk);
    let terms = told.0.lock().unwrap().pop().unwrap();
    assert_eq!((terms.time_limit, terms.room_left_bytes), (Some(Duration::from_secs(130)), 3_000_000));
    assert!(terms.expected == Some((20_000_000, 7)) && terms.throttle.is_none());
}

#[test]
fn a_panic_is_the_end_of_one_copy_and_of_no_thread() {
    let settings = TransferSettings { workers: 1, ..TransferSettings::default() };
    let mut desk = TransferDesk::new(&settings, Arc::new(Told::default()));
    let of = |name: &str| CopyOrder { from: name.into(), to: PathBuf::from("y").into(), size_bytes: 1, adler32: None };
    desk.begin(1, of("bad"));
    desk.begin(2, of("good"));
    let finished = wait_for_all(&mut desk);
    assert!(matches!(finished[0], (1, Err(TransferError::Panicked { .. }))), "{finished:?}");
    assert!(matches!(finished[1], (2, Err(TransferError::Stopped { .. }))), "{finished:?}");
}
