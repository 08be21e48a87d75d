//! Copies of raw files, on one machine and to a real XRootD server: one story for both, and what only a server can do.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use dqmon::config::{Place, TransferSettings};
use dqmon::processing::transfer::{
    AnyCopy, Copied, CopyOrder, LocalCopy, Terms, Throttle, Transfer, TransferDesk, TransferError, XrdCopy,
};
use rustix::process::{Pid, Signal};

use crate::services::xrootd::XrootdServer;

/// Somewhere to copy to, and what stands there as a disk shows it.
struct Storage {
    way: Arc<dyn Transfer>,
    place: Place,
    folder: PathBuf,
    server: Option<XrootdServer>,
    sources: tempfile::TempDir,
}

fn local() -> Storage {
    let sources = tempfile::tempdir().unwrap();
    let folder = sources.path().join("storage");
    Storage { way: Arc::new(LocalCopy), place: folder.clone().into(), folder, server: None, sources }
}

/// None, and told, where no server can be started.
fn xrootd() -> Option<Storage> {
    match XrootdServer::start() {
        Ok(server) => Some(on(server)),
        Err(why) => {
            println!("COULD NOT RUN: copies to an XRootD server: {why}");
            None
        }
    }
}

fn on(server: XrootdServer) -> Storage {
    let programs = server.programs();
    let way = XrdCopy::with_programs(programs.join("xrdcp"), programs.join("xrdfs"));
    let (place, folder) = (Place::parse(&server.url()).unwrap(), server.store());
    Storage { way: Arc::new(way), place, folder, server: Some(server), sources: tempfile::tempdir().unwrap() }
}

impl Storage {
    /// A raw file of that many MB and one kind of bytes.
    fn source(&self, name: &str, megabytes: usize, byte: u8) -> PathBuf {
        let path = self.sources.path().join(name);
        fs::write(&path, vec![byte; megabytes * 1_000_000]).unwrap();
        path
    }

    fn copy(&self, from: &Path, to: &str, terms: &Terms) -> Result<Copied, TransferError> {
        self.way.copy(from, &self.place.join(to).unwrap(), terms)
    }

    /// Names below a folder of the storage, hidden ones too.
    fn names(&self, below: &str) -> Vec<String> {
        let entries: Vec<_> =
            fs::read_dir(self.folder.join(below)).map(|entries| entries.flatten().collect()).unwrap_or_default();
        entries.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    fn server(&mut self) -> &mut XrootdServer {
        self.server.as_mut().unwrap()
    }

    /// Begins a slow copy, does something in its middle, and answers how the copy ended and how long after that.
    fn disturbed(&mut self, to: &str, disturb: impl FnOnce(&mut Storage, &Terms)) -> (TransferError, Duration) {
        let from = self.source("slow.dat", 60, 3);
        let terms = Terms { throttle: Throttle::new(20e6).map(Arc::new), ..Terms::default() };
        let (way, place, of_copy) = (self.way.clone(), self.place.join(to).unwrap(), terms.clone());
        let copy = std::thread::spawn(move || way.copy(&from, &place, &of_copy));
        let end = Instant::now() + Duration::from_secs(20);
        while terms.done_bytes.load(Ordering::Relaxed) < 20_000_000 {
            assert!(Instant::now() < end && !copy.is_finished(), "it does not begin");
            std::thread::sleep(Duration::from_millis(5));
        }
        let disturbed_at = Instant::now();
        disturb(self, &terms);
        let error = copy.join().unwrap().expect_err("it was disturbed");
        (error, disturbed_at.elapsed())
    }

    /// After a copy was disturbed: nothing has the final name, and the next try succeeds and leaves nothing else.
    fn goes_well_the_next_time(&self, to: &str) {
        let (folder, name) = to.rsplit_once('/').unwrap();
        assert!(!self.names(folder).contains(&name.to_owned()), "{:?}", self.names(folder));
        let from = self.source("slow.dat", 60, 3);
        assert!(!self.copy(&from, to, &Terms::default()).unwrap().stood_already);
        assert!(fs::read(self.folder.join(to)).unwrap() == fs::read(&from).unwrap());
        assert_eq!(self.names(folder), [name]);
    }
}

/// What holds wherever a file is copied to.
fn story(storage: &mut Storage) {
    let (from, to, terms) = (storage.source("a.dat", 3, 1), "run1/run1-seq0.dat", Terms::default());
    let copied = storage.copy(&from, to, &terms).unwrap();
    assert_eq!((copied.size_bytes, copied.stood_already), (3_000_000, false));
    assert!(fs::read(storage.folder.join(to)).unwrap() == fs::read(&from).unwrap());
    assert_eq!(storage.names("run1"), ["run1-seq0.dat"]);
    let again = storage.copy(&from, to, &Terms { expected: Some((3_000_000, copied.adler32)), ..Terms::default() }).unwrap();
    assert_eq!((again.adler32, again.stood_already), (copied.adler32, true));

    for other in [storage.source("b.dat", 3, 2), storage.source("c.dat", 2, 1)] {
        let error = storage.copy(&other, to, &terms).unwrap_err();
        assert!(matches!(error, TransferError::OtherContent { .. }) && !error.is_passing(), "{error}");
    }
    assert!(fs::read(storage.folder.join(to)).unwrap() == fs::read(&from).unwrap());

    let error = storage.copy(&storage.sources.path().join("none.dat"), "run1/none.dat", &terms).unwrap_err();
    assert!(!error.is_passing() && error.to_string().ends_with("none.dat"), "{error}");
    let unknown = Terms { expected: Some((3_000_000, copied.adler32 ^ 1)), ..Terms::default() };
    let error = storage.copy(&from, "run1/changed.dat", &unknown).unwrap_err();
    assert!(matches!(error, TransferError::SourceDiffers { .. }), "{error}");
    let late = Terms { time_limit: Some(Duration::ZERO), ..Terms::default() };
    let error = storage.copy(&from, "run1/late.dat", &late).unwrap_err();
    assert!(matches!(error, TransferError::TimeLimit { .. }) && error.is_passing(), "{error}");
    let no_room = Terms { room_left_bytes: u64::MAX, ..Terms::default() };
    let error = storage.copy(&from, "run1/room.dat", &no_room).unwrap_err();
    assert!(matches!(error, TransferError::NoRoom { needed_bytes: 3_000_000, .. }) && error.is_passing(), "{error}");
    fs::create_dir_all(storage.folder.join("run1/folder.dat")).unwrap();
    assert!(storage.copy(&from, "run1/folder.dat", &terms).is_err());
    fs::remove_dir(storage.folder.join("run1/folder.dat")).unwrap();
    assert_eq!(storage.names("run1"), ["run1-seq0.dat"]);

    let (error, waited) = storage.disturbed("run2/run2-seq0.dat", |_, terms| terms.stop.store(true, Ordering::Relaxed));
    assert!(matches!(error, TransferError::Stopped { .. }) && waited < Duration::from_secs(5), "{waited:?}: {error}");
    storage.goes_well_the_next_time("run2/run2-seq0.dat");
    names_are_names(storage);
}

/// Each name is copied under that very name or refused; none is executed or taken for anything else.
fn names_are_names(storage: &Storage) {
    let from = storage.source("tiny.dat", 0, 0);
    fs::write(&from, "Wikipedia").unwrap();
    let names = [
        "a b",
        " lead",
        "q'q",
        "d\"d",
        "a 'b\" c",
        "n\nl",
        "t\tt",
        "$(touch executed)",
        "`touch executed`",
        "x;touch executed",
        "q?m",
        "?authz=x",
        "a&b",
        "h#h",
        "p%41p",
        "p%p",
        "per%20cent",
        "back\\slash",
        "*star",
        "[x]{y}",
        "<>|",
        "plus+eq=",
        "-dash",
        "--force",
        "col:on",
        "at@x",
        "~t",
        "!x",
        "com,ma",
        "ünï",
    ];
    let mut there = Vec::new();
    for name in names {
        let Ok(place) = storage.place.join(&format!("names/{name}")) else {
            assert!(storage.server.is_some() && name.contains(['?', '\n', '\t']), "{name:?} was refused");
            continue;
        };
        let copied = storage.way.copy(&from, &place, &Terms::default()).unwrap_or_else(|error| panic!("{name:?}: {error}"));
        assert_eq!((copied.size_bytes, copied.adler32, copied.stood_already), (9, 0x11E6_0398, false), "{name:?}");
        assert!(storage.way.copy(&from, &place, &Terms::default()).unwrap().stood_already, "{name:?}");
        there.push(name.to_owned());
    }
    assert!(there.len() >= names.len() - 4, "{there:?}");
    let mut found = storage.names("names");
    found.sort();
    there.sort();
    assert_eq!(found, there);
    for folder in [Path::new("."), storage.sources.path(), &storage.folder] {
        assert!(!folder.join("executed").exists(), "a name was executed");
    }
}

#[test]
fn a_raw_file_is_copied_on_one_machine() {
    story(&mut local());
}

#[test]
fn a_raw_file_is_copied_to_an_xrootd_server() {
    let Some(mut storage) = xrootd() else { return };
    story(&mut storage);
}

#[test]
fn a_client_or_server_that_is_killed_in_the_middle_leaves_nothing_under_the_final_name() {
    let Some(mut storage) = xrootd() else { return };
    let (error, waited) = storage.disturbed("run1/client.dat", |storage, _| {
        let client = storage.server().last_client("xrdcp").unwrap();
        rustix::process::kill_process(Pid::from_raw(client).unwrap(), Signal::KILL).unwrap();
    });
    assert!(error.is_passing() && waited < Duration::from_secs(5), "{waited:?}: {error}");
    storage.goes_well_the_next_time("run1/client.dat");

    let (error, waited) = storage.disturbed("run2/server.dat", |storage, _| storage.server().kill());
    assert!(matches!(error, TransferError::ServerDown { .. }) && waited < Duration::from_secs(15), "{waited:?}: {error}");
    storage.server().run();
    storage.goes_well_the_next_time("run2/server.dat");
}

#[test]
fn a_server_that_is_down_or_hangs_is_told_soon_and_in_words() {
    let Some(mut storage) = xrootd() else { return };
    let from = storage.source("a.dat", 1, 1);
    let told = |storage: &Storage| {
        let begun = Instant::now();
        let error = storage.copy(&from, "run1/run1-seq0.dat", &Terms::default()).unwrap_err();
        assert!(begun.elapsed() < Duration::from_secs(15), "{:?}: {error}", begun.elapsed());
        assert!(matches!(error, TransferError::ServerDown { .. }) && error.is_passing(), "{error}");
        let (words, url) = (error.to_string(), "root://127.0.0.1:21094//store/run1/run1-seq0.dat");
        assert!(words.starts_with("the server does not answer (") && words.ends_with(url), "{words}");
    };
    storage.server().freeze(true);
    told(&storage);
    storage.server().freeze(false);
    storage.server().kill();
    told(&storage);
    storage.server().run();
    storage.copy(&from, "run1/run1-seq0.dat", &Terms::default()).unwrap();
}

#[test]
fn a_server_that_hangs_in_the_middle_of_a_copy_is_left_when_its_time_is_over() {
    let Some(mut storage) = xrootd() else { return };
    let from = storage.source("slow.dat", 60, 3);
    storage.server().freeze(false);
    let terms =
        Terms { throttle: Throttle::new(20e6).map(Arc::new), time_limit: Some(Duration::from_secs(4)), ..Terms::default() };
    let (way, place, of_copy) = (storage.way.clone(), storage.place.join("run1/x.dat").unwrap(), terms.clone());
    let copy = std::thread::spawn(move || way.copy(&from, &place, &of_copy));
    while terms.done_bytes.load(Ordering::Relaxed) < 5_000_000 {
        assert!(!copy.is_finished());
        std::thread::sleep(Duration::from_millis(5));
    }
    storage.server().freeze(true);
    let begun = Instant::now();
    let error = copy.join().unwrap().unwrap_err();
    assert!(error.is_passing() && begun.elapsed() < Duration::from_secs(20), "{:?}: {error}", begun.elapsed());
    assert!(matches!(error, TransferError::TimeLimit { .. } | TransferError::ServerDown { .. }), "{error}");
    storage.server().freeze(false);
    storage.goes_well_the_next_time("run1/x.dat");
}

#[test]
fn a_renaming_of_an_earlier_life_that_comes_through_in_the_middle_is_the_copy() {
    let Some(mut storage) = xrootd() else { return };
    let programs = storage.server().programs();
    let (real, late_client) = (programs.join("xrdfs"), storage.sources.path().join("xrdfs"));
    // When the temporary file is looked over, the same content gets the final name.
    let (from, store) = (storage.source("a.dat", 3, 1), storage.folder.join("run1"));
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *'query checksum'*.part*) cp '{}' '{}';; esac\nexec '{}' \"$@\"\n",
        from.display(),
        store.join("a.dat").display(),
        real.display()
    );
    fs::write(&late_client, script).unwrap();
    fs::set_permissions(&late_client, fs::Permissions::from_mode(0o755)).unwrap();
    let place = storage.place.join("run1/a.dat").unwrap();
    let late = XrdCopy::with_programs(programs.join("xrdcp"), late_client);
    let copied = late.copy(&from, &place, &Terms::default()).unwrap();
    assert!(copied.stood_already, "what stands has the same content");
    assert_eq!(storage.names("run1"), ["a.dat"]);
}

#[test]
fn bytes_that_change_on_the_way_are_found_and_not_kept() {
    let Some(mut storage) = xrootd() else { return };
    let programs = storage.server().programs();
    let (real, false_client) = (programs.join("xrdcp"), storage.sources.path().join("xrdcp"));
    fs::write(&false_client, format!("#!/bin/sh\ntr '\\001' '\\002' | '{}' \"$@\"\n", real.display())).unwrap();
    fs::set_permissions(&false_client, fs::Permissions::from_mode(0o755)).unwrap();
    let (from, place) = (storage.source("a.dat", 3, 1), storage.place.join("run1/a.dat").unwrap());
    let damaging = XrdCopy::with_programs(false_client, programs.join("xrdfs"));
    let error = damaging.copy(&from, &place, &Terms::default()).unwrap_err();
    assert!(matches!(error, TransferError::Differs { .. }) && error.is_passing(), "{error}");
    assert!(storage.names("run1").is_empty(), "{:?}", storage.names("run1"));
    assert!(!storage.copy(&from, "run1/a.dat", &Terms::default()).unwrap().stood_already);
}

#[test]
fn a_server_that_gives_no_checksums_gets_no_copy() {
    let storage = match XrootdServer::start_with("") {
        Ok(server) => on(server),
        Err(why) => return println!("COULD NOT RUN: an XRootD server without checksums: {why}"),
    };
    let error = storage.copy(&storage.source("a.dat", 1, 1), "run1/a.dat", &Terms::default()).unwrap_err();
    assert!(error.is_passing() && error.to_string().contains("Adler-32"), "{error}");
    assert!(storage.names("run1").is_empty(), "{:?}", storage.names("run1"));
}

/// A small disk in memory on a folder; goes away with it.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn on(folder: &Path, megabytes: u32) -> Option<Self> {
        fs::create_dir_all(folder).unwrap();
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", &format!("size={megabytes}m,mode=777"), "none"]).arg(folder);
        let is_there = command.output().is_ok_and(|output| output.status.success());
        if !is_there {
            println!("COULD NOT RUN: copies to a disk that is full: no disk can be mounted here");
        }
        is_there.then(|| SmallDisk(folder.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// A disk that fills while it is copied to: told as such, nothing left, and well when there is room again.
fn fills_up(storage: &mut Storage) {
    let filler = storage.folder.join("filler");
    let from = storage.source("large.dat", 200, 3);
    let error = storage.copy(&from, "run1/large.dat", &Terms::default()).unwrap_err();
    assert!(matches!(error, TransferError::NoRoom { needed_bytes: 200_000_000, .. }), "{error}");
    let (error, _) = storage.disturbed("run1/slow.dat", |storage, _| {
        // Up to the last byte: writing ends with "no space left".
        assert!(fs::write(storage.folder.join("filler"), vec![0; 150_000_000]).is_err());
    });
    assert!(matches!(error, TransferError::NoRoom { .. }) && error.is_passing(), "{error}");
    fs::remove_file(filler).unwrap();
    storage.goes_well_the_next_time("run1/slow.dat");
}

#[test]
fn a_disk_that_fills_gets_no_half_file() {
    let mut storage = local();
    let Some(_disk) = SmallDisk::on(&storage.folder, 150) else {
        return;
    };
    fills_up(&mut storage);
}

#[test]
fn a_server_whose_disk_fills_gets_no_half_file() {
    let Some(mut storage) = xrootd() else { return };
    let Some(_disk) = SmallDisk::on(&storage.folder, 150) else {
        return;
    };
    // Asks which disk it has when it starts.
    storage.server().kill();
    storage.server().run();
    fills_up(&mut storage);
}

#[test]
fn a_desk_copies_to_a_server_and_stops_with_no_process_left() {
    let Some(mut storage) = xrootd() else { return };
    let settings = TransferSettings { throttle_mb_per_s: 20.0, ..TransferSettings::default() };
    let mut desk = TransferDesk::new(&settings, storage.way.clone());
    let order = |storage: &Storage, name: &str, megabytes| CopyOrder {
        from: storage.source(name, megabytes, 1),
        to: storage.place.join(&format!("run1/{name}")).unwrap(),
        size_bytes: megabytes as u64 * 1_000_000,
        adler32: None,
    };
    for name in ["a", "b"] {
        desk.begin(name, order(&storage, name, 1));
    }
    let end = Instant::now() + Duration::from_secs(20);
    let mut finished = Vec::new();
    while finished.len() < 2 {
        assert!(Instant::now() < end, "{finished:?}");
        let _ = desk.wake().recv_timeout(Duration::from_millis(100));
        finished.extend(desk.finished());
    }
    assert!(finished.iter().all(|(_, outcome)| outcome.is_ok()), "{finished:?}");
    desk.begin("c", order(&storage, "c", 60));
    while desk.under_way().next().is_none_or(|(_, copy)| copy.done_bytes < 5_000_000) {
        assert!(Instant::now() < end + Duration::from_secs(20), "it does not begin");
        std::thread::sleep(Duration::from_millis(5));
    }
    let client = storage.server().last_client("xrdcp").unwrap();
    drop(desk);
    assert!(!Path::new(&format!("/proc/{client}")).exists(), "a client lives on, or was not waited for");
    let mut names = storage.names("run1");
    names.sort();
    assert_eq!(names, ["a", "b"]);
}

#[test]
fn any_copy_goes_where_the_place_is() {
    let storage = local();
    let (from, to) = (storage.source("a.dat", 1, 1), storage.place.join("a.dat").unwrap());
    assert!(!AnyCopy::default().copy(&from, &to, &Terms::default()).unwrap().stood_already);
}
