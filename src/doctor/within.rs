//! Questions to disks, servers and programs that may never answer, each with a time limit.

use std::io::Read;
use std::net::{TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// What a disk is given.
pub const DISK: Duration = Duration::from_secs(5);
/// What a server is given.
pub const SERVER: Duration = Duration::from_secs(4);

/// The answer, or none when it did not come in time. A question to a dead disk stays where it is: its thread ends when the disk
/// comes back or the program ends.
pub fn within<T: Send + 'static>(limit: Duration, ask: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, receiver) = mpsc::sync_channel(1);
    // Nobody listens any more when the time is over.
    let spawned = thread::Builder::new().name("dqmon-look".into()).spawn(move || drop(sender.try_send(ask())));
    spawned.ok()?;
    receiver.recv_timeout(limit).ok()
}

/// A connection to a server; why not, in words, else.
pub fn connect(host: &str, port: u16, limit: Duration) -> Result<TcpStream, String> {
    let name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let asked = within(limit, move || {
        let addresses: Vec<_> = (name.as_str(), port).to_socket_addrs().map_err(|error| error.to_string())?.collect();
        let mut why = "its name has no address".to_owned();
        for address in addresses {
            match TcpStream::connect_timeout(&address, limit) {
                Ok(stream) => return Ok(stream),
                Err(error) => why = error.to_string(),
            }
        }
        Err(why)
    });
    asked.unwrap_or_else(|| Err(format!("no answer in {} s", limit.as_secs())))
}

/// Runs a program; its exit status' success and the first of what it said, or why there is no answer. It is ended at the limit.
pub fn ask_program(program: &Path, arguments: &[&str], limit: Duration) -> Result<(bool, String), String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let began = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if began.elapsed() < limit => thread::sleep(Duration::from_millis(20)),
            Ok(None) | Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("no answer in {} s", limit.as_secs()));
            }
        }
    };
    let mut said = String::new();
    for stream in
        [child.stdout.take().map(|out| Box::new(out) as Box<dyn Read>), child.stderr.take().map(|err| Box::new(err) as _)]
    {
        let mut bytes = Vec::new();
        // What it said beyond this is of no use here.
        let _ = stream.map(|stream| stream.take(2000).read_to_end(&mut bytes));
        said += &String::from_utf8_lossy(&bytes);
    }
    let first: Vec<&str> = said.split_whitespace().take(30).collect();
    Ok((status.success(), first.join(" ")))
}

/// Where a program of that name is on the `PATH`, or in a folder of the settings; none when it is nowhere or can't be started.
pub fn program(name: &str, folder: &Path) -> Option<PathBuf> {
    let can_start = |path: &PathBuf| path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok();
    if !folder.as_os_str().is_empty() {
        return Some(folder.join(name)).filter(can_start);
    }
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(can_start);
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(can_start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_answer_is_given_up() {
        let began = Instant::now();
        assert_eq!(within(Duration::from_millis(50), || thread::sleep(Duration::from_secs(3))), None);
        let slow = ask_program(Path::new("/bin/sh"), &["-c", "sleep 3"], Duration::from_millis(50));
        assert!(slow.unwrap_err().contains("no answer"));
        assert!(began.elapsed() < Duration::from_secs(2));
        assert_eq!(within(DISK, || 7), Some(7));
        assert_eq!(ask_program(Path::new("/bin/sh"), &["-c", "echo so; exit 3"], DISK), Ok((false, "so".into())));
    }

    #[test]
    fn a_program_is_found_where_the_settings_or_the_path_say() {
        assert!(program("sh", Path::new("")).is_some());
        assert_eq!(program("sh", Path::new("/nowhere")), None);
        assert_eq!(program("no-such-program-of-anybody", Path::new("")), None);
    }
}
