//! The client programs of XRootD: started with arguments and never by a shell, watched, and ended when their time is over.

use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};

use super::{Course, RootPlace, TransferError, io_error};

/// Names or paths of the client programs.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub xrdcp: PathBuf,
    pub xrdfs: PathBuf,
}

/// What a client program answered.
#[derive(Debug)]
pub(super) struct Answer {
    /// Exit status; none after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    words: String,
}

/// What the client does by itself when a server is away: eight minutes of tries, counted in steps of 15 s. Who starts dqmon may
/// set other values.
const PATIENCE: [(&str, &str); 4] =
    [("XRD_CONNECTIONRETRY", "1"), ("XRD_CONNECTIONWINDOW", "2"), ("XRD_STREAMERRORWINDOW", "2"), ("XRD_TIMEOUTRESOLUTION", "1")];

/// Longest that a question may take that needs no reading of a file.
const QUESTION: Duration = Duration::from_secs(10);

/// Time between two looks whether a program is to be ended.
const LOOK: Duration = Duration::from_millis(20);

/// Most of a program's words that are kept, bytes.
const MOST_WORDS: u64 = 64 << 10;

impl Client {
    /// Asks a server something that is answered at once.
    pub fn ask(
        &self,
        place: &RootPlace,
        what: &'static str,
        arguments: &[&str],
        course: &Course<'_>,
    ) -> Result<Answer, TransferError> {
        self.question(place, arguments, course, Some((what, QUESTION)))
    }

    /// Asks a server something that takes as long as reading the file: only the copy's own limits hold.
    pub fn ask_at_length(&self, place: &RootPlace, arguments: &[&str], course: &Course<'_>) -> Result<Answer, TransferError> {
        self.question(place, arguments, course, None)
    }

    fn question(
        &self,
        place: &RootPlace,
        arguments: &[&str],
        course: &Course<'_>,
        limit: Option<(&'static str, Duration)>,
    ) -> Result<Answer, TransferError> {
        let mut command = Command::new(&self.xrdfs);
        command.arg(place.server()).args(arguments).stdin(Stdio::null());
        run(command, course, limit, |_| ()).map(|(answer, ())| answer)
    }

    /// Runs `xrdcp` with what `feed` writes as its standard input; answers also what `feed` answered.
    pub fn feed<T>(
        &self,
        arguments: &[&str],
        course: &Course<'_>,
        feed: impl FnOnce(&mut ChildStdin) -> Result<T, TransferError>,
    ) -> Result<(Answer, Result<T, TransferError>), TransferError> {
        let mut command = Command::new(&self.xrdcp);
        command.args(arguments).stdin(Stdio::piped());
        let no_pipe = || Err(io_error(super::PIPE, course.to())(io::ErrorKind::BrokenPipe.into()));
        run(command, course, None, |stdin| match stdin {
            Some(mut stdin) => feed(&mut stdin),
            None => no_pipe(),
        })
    }
}

impl Answer {
    /// The number in `[3011]` of the server's own error.
    pub fn server_code(&self) -> Option<u32> {
        let mut pieces = self.words.split('[').skip(1).filter_map(|piece| piece.split_once(']'));
        pieces.find_map(|(code, _)| code.parse().ok().filter(|code| (3000..4000).contains(code)))
    }

    /// What stands behind a word at the beginning of a line of its output.
    pub fn value_of(&self, word: &str) -> Option<&str> {
        self.out.lines().find_map(|line| line.trim_start().strip_prefix(word)).map(str::trim)
    }

    /// The Adler-32 in `adler32 0a1b2c3d`.
    pub fn adler32(&self) -> Option<u32> {
        let mut words = self.out.split_whitespace();
        let is_adler32 = words.next().is_some_and(|kind| kind.eq_ignore_ascii_case("adler32"));
        words.next().filter(|_| is_adler32).and_then(|sum| u32::from_str_radix(sum, 16).ok())
    }

    /// What it said, in one line.
    pub fn said(&self) -> String {
        let words: Vec<&str> =
            self.words.split_whitespace().filter(|word| !matches!(*word, "Run:" | "[ERROR]" | "[FATAL]")).collect();
        match (words.is_empty(), self.code) {
            (false, _) => words.join(" "),
            (true, Some(code)) => format!("exit status {code}"),
            (true, None) => "it was killed".into(),
        }
    }
}

/// Runs a program in a process group of its own until it ends, or ends it when the copy is to stop or the time is over. No
/// process is left behind.
fn run<T>(
    mut command: Command,
    course: &Course<'_>,
    limit: Option<(&'static str, Duration)>,
    feed: impl FnOnce(Option<ChildStdin>) -> T,
) -> Result<(Answer, T), TransferError> {
    course.go_on()?;
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).env("LC_ALL", "C").process_group(0);
    for (key, value) in PATIENCE {
        if std::env::var_os(key).is_none() {
            command.env(key, value);
        }
    }
    let mut child = command.spawn().map_err(|why| TransferError::NoProgram {
        program: command.get_program().to_string_lossy().into_owned(),
        why,
        path: course.to().to_owned(),
    })?;
    let (out, words) = (read_aside(child.stdout.take()), read_aside(child.stderr.take()));
    let (stdin, pid) = (child.stdin.take(), Pid::from_child(&child));
    let (fed, ended_for) = std::thread::scope(|scope| {
        let (has_ended, told) = crossbeam_channel::bounded::<()>(0);
        let watch = scope.spawn(move || watch_over(pid, course, limit, &told));
        let fed = feed(stdin);
        wait_and_keep(pid);
        // Told before the process is reaped, so that its number is never that of another when it is killed.
        drop(has_ended);
        (fed, watch.join().ok().flatten())
    });
    let status = child.wait().map_err(io_error("client program not waited for", course.to()))?;
    let take = |words: Receiver<Vec<u8>>| {
        // Something that it started may hold the pipe; what it said itself is long there.
        let words = words.recv_timeout(Duration::from_secs(1)).unwrap_or_default();
        String::from_utf8_lossy(&words).into_owned()
    };
    let answer = Answer { code: status.code(), out: take(out), words: take(words) };
    match ended_for {
        // What it was ended for comes first, unless it had its answer by then.
        Some(error) if answer.code.is_none() => Err(error),
        _ => Ok((answer, fed)),
    }
}

/// Waits for a process to end without taking its end: its number stays its own.
fn wait_and_keep(pid: Pid) {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while matches!(rustix::process::waitid(WaitId::Pid(pid), options), Err(rustix::io::Errno::INTR)) {}
}

/// Ends a process group when the copy is to stop, or the time for this question is over; answers why. Returns when told that the
/// process has ended.
fn watch_over(
    pid: Pid,
    course: &Course<'_>,
    limit: Option<(&'static str, Duration)>,
    told: &Receiver<()>,
) -> Option<TransferError> {
    let begun = Instant::now();
    loop {
        if told.recv_timeout(LOOK) != Err(RecvTimeoutError::Timeout) {
            return None;
        }
        let late = limit.filter(|(_, limit)| begun.elapsed() >= *limit);
        let error = match (course.go_on(), late) {
            (Err(error), _) => error,
            (Ok(()), Some((what, limit))) => {
                let why = format!("{what}: no answer within {:.0} s", limit.as_secs_f64());
                TransferError::ServerDown { why, path: course.to().to_owned() }
            }
            (Ok(()), None) => continue,
        };
        // One that has just ended of itself is no longer there.
        let _ = rustix::process::kill_process_group(pid, Signal::KILL);
        return Some(error);
    }
}

/// Reads what a program says in a thread of its own, so that it never waits for a reader.
fn read_aside(pipe: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, words) = crossbeam_channel::bounded(1);
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.by_ref().take(MOST_WORDS).read_to_end(&mut kept);
            let _ = sender.send(kept);
            let _ = io::copy(&mut pipe, &mut io::sink());
        }
    });
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(code: Option<i32>, out: &str, words: &str) -> Answer {
        Answer { code, out: out.into(), words: words.into() }
    }

    #[test]
    fn the_servers_number_and_words_are_found() {
        let refused =
            "[ERROR] Server responded with an error: [3011] Unable to locate /store/none; no such file or directory \n\n";
        let refused = answered(Some(54), "", refused);
        assert_eq!(refused.server_code(), Some(3011));
        assert_eq!(
            refused.said(),
            "Server responded with an error: [3011] Unable to locate /store/none; no such file or directory"
        );
        assert_eq!(answered(Some(51), "", "[FATAL] Connection error").server_code(), None);
        assert_eq!(
            answered(Some(51), "", "Run: [FATAL] Connection error:  (destination)\n").said(),
            "Connection error: (destination)"
        );
        assert_eq!(answered(None, "", "").said(), "it was killed");
    }

    #[test]
    fn values_and_checksums_are_read_from_what_it_prints() {
        let answer = answered(Some(0), "Path:   /store/x\nSize:   5000000\nFlags:  48 (IsReadable|IsWritable)\n", "");
        assert_eq!(answer.value_of("Size:"), Some("5000000"));
        assert_eq!((answer.value_of("Mode:"), answer.adler32()), (None, None));
        let sum = |out: &str| answered(Some(0), out, "").adler32();
        assert_eq!(sum("adler32 4869d8da\n"), Some(0x4869_d8da));
        assert_eq!((sum("md5 4869d8da"), sum("adler32"), sum("adler32 xyz"), sum("")), (None, None, None, None));
    }
}
