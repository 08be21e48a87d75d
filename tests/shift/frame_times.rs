//! How long frames take: the work of each, and the waiting in each.
//!
//! The work is the CPU time of the thread that draws, so that other processes on a busy machine do not count. The waiting is
//! what the clock on the wall says beyond that; a window that waits for a disk waits for seconds.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// A frame at 60 a second.
const LONGEST_WORK: Duration = Duration::from_millis(16);
/// Longer than any machine under test keeps a thread from running.
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// Work and wall time of each frame.
pub struct FrameTimes(Vec<(Duration, Duration)>);

impl FrameTimes {
    /// Draws so many frames.
    pub fn of(frames: usize, mut draw: impl FnMut(usize)) -> FrameTimes {
        let time = |frame| {
            let (work, wall) = (thread_time(), Instant::now());
            draw(frame);
            (thread_time() - work, wall.elapsed())
        };
        FrameTimes((0..frames).map(time).collect())
    }

    /// Fails when any frame was long.
    pub fn assert_short(&self) {
        let mut work: Vec<Duration> = self.0.iter().map(|(work, _)| *work).collect();
        work.sort();
        let longest_wall = self.0.iter().map(|(_, wall)| *wall).max().unwrap();
        let (median, most, longest) = (work[work.len() / 2], work[work.len() * 95 / 100], work[work.len() - 1]);
        println!(
            "work of a frame: median {median:?}, 95 % within {most:?}, longest {longest:?}; longest by the clock {longest_wall:?}"
        );
        assert!(longest < LONGEST_WORK, "a frame took {longest:?} of work");
        assert!(longest_wall < LONGEST_WAIT, "a frame took {longest_wall:?}: the window waited");
    }
}

fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap(), u32::try_from(time.tv_nsec).unwrap())
}
