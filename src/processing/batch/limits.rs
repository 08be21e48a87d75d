//! A job watched by its wrapper until it ends: within its limits, and ended when somebody asks for it.
//!
//! Memory is looked at, not fenced in: cgroups are not everywhere, and a limit on addresses would refuse files that are mapped. So
//! a job that takes much at once is over its limit for as long as [`LOOK_EVERY`] before it is ended.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use wait4::{ResUse, Wait4};

use super::dialect::Limits;
use super::process_tree::{descendants, signal_all, used_by};
use super::word::Cause;

/// Time between two looks at a job's memory when it has a limit.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Time between two looks when it has none, for the record alone.
const LOOK_SELDOM: Duration = Duration::from_secs(2);

/// Time between two looks whether the job was asked to end.
const TICK: Duration = Duration::from_millis(100);

/// Time that a job has to end itself before it is killed.
const TO_END_ITSELF: Duration = Duration::from_secs(5);

/// The line of the log of a job that was asked to end.
const ASKED: &str = "dqmon: ended because it was asked to";

/// A job's script that has ended.
pub struct Ended {
    /// Its status and what it used.
    pub used: ResUse,
    /// Why it was ended, when it did not end by itself.
    pub ended_by: Option<Cause>,
    /// Highest virtual memory of one of its processes, bytes, as far as it was seen.
    pub peak_virtual_bytes: Option<u64>,
}

/// A flag that is raised when this process is asked to end (by a batch system, or a person); the job is then ended in order.
///
/// # Errors
/// When the operating system refuses.
pub fn asked_to_end() -> io::Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGTERM, signal_hook::consts::SIGINT] {
        signal_hook::flag::register(signal, Arc::clone(&flag))?;
    }
    Ok(flag)
}

/// Waits for a script; ends it and all its processes when it is over a limit or somebody asks for it.
///
/// # Errors
/// When it can't be waited for.
pub fn watch(script: Child, limits: Limits, asked: &AtomicBool, tell: &mut dyn FnMut(&str)) -> io::Result<Ended> {
    let begun = Instant::now();
    let (to, from) = mpsc::channel();
    std::thread::spawn(move || to.send(script.wait4()));
    let (mut ended_by, mut kill_at, mut look_at, mut peak) = (None, None, begun, 0);
    let used = loop {
        match from.recv_timeout(TICK) {
            Ok(used) => break used?,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Err(io::Error::other("the thread that waits for it is gone")),
        }
        let now = Instant::now();
        let mut resident_bytes = 0;
        if now >= look_at {
            look_at = now + if limits.memory_mb > 0 { LOOK_EVERY } else { LOOK_SELDOM };
            let used = used_by(&descendants());
            peak = peak.max(used.largest_virtual_bytes);
            resident_bytes = used.resident_bytes;
        }
        if let Some(kill_at) = kill_at {
            if now >= kill_at {
                signal_all(Signal::KILL);
            }
            continue;
        }
        let request = asked.load(Ordering::Relaxed).then(|| (Cause::Request, ASKED.to_owned()));
        let cause = over(limits, begun.elapsed(), resident_bytes).or(request);
        if let Some((cause, words)) = cause {
            tell(&words);
            ended_by = Some(cause);
            signal_all(Signal::TERM);
            kill_at = Some(now + TO_END_ITSELF);
        }
    };
    if ended_by.is_none() && ended_by_request(&used, asked) {
        tell(ASKED);
        ended_by = Some(Cause::Request);
    }
    if ended_by.is_some() {
        end_all();
    }
    Ok(Ended { used, ended_by, peak_virtual_bytes: (peak > 0).then_some(peak) })
}

/// Whether a script ended because the whole job was asked to end: it may hear of that a little before its wrapper does.
fn ended_by_request(used: &ResUse, asked: &AtomicBool) -> bool {
    use signal_hook::consts::{SIGINT, SIGTERM};
    if matches!(used.status.signal(), Some(SIGTERM | SIGINT)) && !asked.load(Ordering::Relaxed) {
        std::thread::sleep(TICK);
    }
    !used.status.success() && asked.load(Ordering::Relaxed)
}

/// The limit that a job is over, and the line of its log that says so.
fn over(limits: Limits, wall: Duration, resident_bytes: u64) -> Option<(Cause, String)> {
    const MB: u64 = 1 << 20;
    if limits.memory_mb > 0 && resident_bytes > limits.memory_mb.saturating_mul(MB) {
        let words = format!("memory limit of {} MB, its processes used {} MB", limits.memory_mb, resident_bytes.div_ceil(MB));
        return Some((Cause::MemoryLimit, format!("dqmon: ended for the {words}")));
    }
    let is_late = limits.time_s > 0 && wall >= Duration::from_secs(limits.time_s);
    is_late.then(|| (Cause::TimeLimit, format!("dqmon: ended for the time limit of {} s", limits.time_s)))
}

/// Ends what the script left behind.
fn end_all() {
    signal_all(Signal::TERM);
    let end = Instant::now() + TO_END_ITSELF;
    let mut pause = Duration::from_millis(2);
    while !descendants().is_empty() {
        if Instant::now() >= end {
            signal_all(Signal::KILL);
            // One that can't be killed waits for a disk; the job has ended all the same.
            if Instant::now() >= end + TO_END_ITSELF {
                return;
            }
        }
        std::thread::sleep(pause);
        pause = (2 * pause).min(TICK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_goes_before_time_and_no_limit_is_none() {
        let limits = Limits { memory_mb: 1, time_s: 2 };
        let cause = |seconds, bytes| over(limits, Duration::from_secs(seconds), bytes).map(|over| over.0);
        assert_eq!(cause(1, 1 << 20), None);
        assert_eq!(cause(2, 1 << 20), Some(Cause::TimeLimit));
        assert_eq!(cause(2, (1 << 20) + 1), Some(Cause::MemoryLimit));
        assert_eq!(over(Limits::default(), Duration::from_secs(u64::MAX), u64::MAX), None);
    }
}
