use std::fs;
use std::time::Instant;

use super::*;

/// A task whose program is this Python text.
struct Scripted {
    folder: tempfile::TempDir,
    program: Arc<Program>,
}

const GOOD: &str = include_str!("../../../assets/tasks/gas.py");
const LIMIT: Duration = Duration::from_secs(30);

/// What a program does at `read`, and describes itself well before.
fn at_read(does: &str) -> String {
    GOOD.replace("else read(path)", "else misbehave(path)")
        .replace("for request in", &format!("def misbehave(path):\n{does}\n\n\nfor request in"))
}

impl Scripted {
    fn new(script: &str, answer_s: f64, memory_mb: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("tasks")).unwrap();
        fs::write(folder.path().join("tasks/gas.py"), script).unwrap();
        fs::write(folder.path().join("good.txt"), "1795000000 1012.5 0.5\n").unwrap();
        let text = format!("{}answer_s = {answer_s:?}\nmemory_mb = {memory_mb}\n", task_text());
        let monitasks::declared::TaskFile::Program(task) = monitasks::declared::TaskFile::parse(&text, "gas.toml").unwrap()
        else {
            panic!("{text}");
        };
        let program = Arc::new(Program::of(&task, folder.path()));
        Scripted { folder, program }
    }

    fn described(&self) -> DescribedTask {
        until(|| self.program.description()).expect("described")
    }

    fn fault(&self) -> String {
        until(|| self.program.fault()).expect("a fault")
    }

    /// The answer of a task for a result of these bytes, as a poller asks for it.
    fn read(&self, name: &str, bytes: &[u8]) -> Result<Summary, ReadError> {
        fs::write(self.folder.path().join(name), bytes).unwrap();
        let task = ExternalTask::new(self.described(), self.program.clone(), self.folder.path());
        let detector = crate::detector::load("3x1x1", "", Path::new(".")).unwrap();
        let context = TaskContext { detector: &detector, now: jiff::Timestamp::UNIX_EPOCH };
        let input = ResultFile { name, bytes, sidecar: None };
        until(|| match task.read(&input, &context) {
            Err(ReadError::Waiting) => None,
            read => Some(read),
        })
        .expect("an answer")
    }
}

/// The task file of the example without its limits.
fn task_text() -> String {
    let text = include_str!("../../../assets/tasks/gas.toml");
    text.lines()
        .filter(|line| !line.starts_with("answer_s") && !line.starts_with("memory_mb"))
        .map(|line| format!("{line}\n"))
        .collect()
}

fn until<T>(holds: impl Fn() -> Option<T>) -> Option<T> {
    let end = Instant::now() + LIMIT;
    loop {
        match holds() {
            None if Instant::now() < end => std::thread::sleep(Duration::from_millis(5)),
            found => return found,
        }
    }
}

fn malformed(read: Result<Summary, ReadError>) -> String {
    match read {
        Err(ReadError::Malformed(why) | ReadError::NotNow(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_program_of_thirty_lines_is_a_task() {
    let scripted = Scripted::new(GOOD, 10.0, 2048);
    assert!(GOOD.lines().count() <= 35);
    let described = scripted.described();
    assert_eq!(described.info().items.len(), 2);
    let summary = scripted.read("run1.txt", b"1795000000 1012.0 0.5\n1795000060 1014.0 0.5\n").unwrap();
    assert_eq!(described.glance("trend", &[&summary]).text, "1013 ± 0.353553 mbar");
    assert!(matches!(scripted.read("run2.txt", b"1795000000 10"), Err(ReadError::Incomplete(_))));
    assert!(malformed(scripted.read("run3.txt", b"high 1 1\n")).contains("could not convert"));
    assert_eq!(scripted.program.fault(), None, "a bad file is no fault of the program");
}

#[test]
fn one_that_hangs_is_ended_in_time_and_started_again() {
    let hangs = at_read("    import time\n    if 'bad' in path:\n        time.sleep(600)\n    return read(path)");
    let scripted = Scripted::new(&hangs, 1.0, 2048);
    let begun = Instant::now();
    let why = malformed(scripted.read("bad.txt", b"1 2 3\n"));
    assert!(
        why.contains("'python3 tasks/gas.py' did not answer within 1 s") && begun.elapsed() < Duration::from_secs(20),
        "{why}"
    );
    assert!(scripted.fault().contains("did not answer"), "nothing was read yet: it is not known to be any good");
    assert!(scripted.read("good.txt", b"1 2 3\n").is_ok());
    assert!(until(|| scripted.program.fault().is_none().then_some(())).is_some());
}

#[test]
fn one_that_floods_is_ended_and_its_words_are_not_taken_in() {
    let floods = at_read("    while True:\n        sys.stdout.write('x' * 1000000)");
    let why = malformed(Scripted::new(&floods, 30.0, 2048).read("a.txt", b"1 2 3\n"));
    assert!(why.contains("more than 8388608 bytes"), "{why}");
    let chats = GOOD.replace("for request in", "print('hello')\nfor request in");
    assert!(Scripted::new(&chats, 10.0, 2048).fault().contains("answer"), "a line that nobody asked for");
}

#[test]
fn one_that_eats_memory_meets_its_limit() {
    let eats = at_read(
        "    try:\n        return {'error': str(len(bytearray(1 << 31)))}\n    except MemoryError:\n        sys.exit('no more memory')",
    );
    let why = malformed(Scripted::new(&eats, 30.0, 512).read("a.txt", b"1 2 3\n"));
    assert!(why.contains("ended with status 1: no more memory"), "{why}");
}

#[test]
fn one_that_dies_is_told_with_its_last_words_and_a_good_result_is_read_again() {
    let dies = at_read("    if 'bad' in path:\n        raise RuntimeError('no calibration')\n    return read(path)");
    let scripted = Scripted::new(&dies, 10.0, 2048);
    assert!(scripted.read("good.txt", b"1 2 3\n").is_ok());
    let why = malformed(scripted.read("bad.txt", b"1 2 3\n"));
    assert!(why.contains("ended with status 1") && why.contains("RuntimeError: no calibration"), "{why}");
    assert!(scripted.read("good.txt", b"1 2 4\n").is_ok(), "a changed result is asked for again");
    let killed = at_read("    import os\n    os.kill(os.getpid(), 9)");
    assert!(malformed(Scripted::new(&killed, 10.0, 2048).read("a.txt", b"1 2 3\n")).contains("signal 9"));
}

#[test]
fn nonsense_is_no_answer_and_one_that_is_not_there_says_so() {
    let why = malformed(Scripted::new(&at_read("    print('Traceback')\n    return {}"), 10.0, 2048).read("a.txt", b"1 2 3\n"));
    assert!(why.contains("\"Traceback\" is no line of JSON"), "{why}");
    let lacks = at_read("    return {'columns': {'time_s': 1}}");
    assert!(malformed(Scripted::new(&lacks, 10.0, 2048).read("a.txt", b"1 2 3\n")).contains("no column 'pressure_mbar'"));
    let fault = Scripted::new("import nothing_like_it\n", 10.0, 2048).fault();
    assert!(fault.contains("ended with status 1") && fault.contains("ModuleNotFoundError"), "{fault}");
    let fault = Scripted::new(&GOOD.replace("\"protocol\": 1", "\"protocol\": 7"), 10.0, 2048).fault();
    assert!(fault.contains("\"protocol\": 7, expected 1"), "{fault}");
}

#[test]
fn one_that_is_no_longer_wanted_is_ended_with_all_its_processes() {
    let spawns = GOOD.replace(
        "for request in",
        "import subprocess\nchild = subprocess.Popen(['sleep', '600'])\nopen('child', 'w').write(str(child.pid))\nfor request in",
    );
    let scripted = Scripted::new(&spawns, 10.0, 2048);
    scripted.described();
    let child = fs::read_to_string(scripted.folder.path().join("child")).unwrap();
    let proc = PathBuf::from(format!("/proc/{child}"));
    assert!(proc.exists());
    let Scripted { folder, program } = scripted;
    drop(program);
    let is_gone = || {
        let state = fs::read_to_string(proc.join("stat")).unwrap_or_default();
        (state.is_empty() || state.contains(") Z ")).then_some(())
    };
    assert!(until(is_gone).is_some(), "a process outlived its program");
    drop(folder);
}
