//! How smoothly files go through the chain: latency of each stage, rate, backlog, when it is worked off. Pure.
//!
//! [`Flow::of`] reads the story's records of files; [`flow_figures`] draws. A file has one way into the storage and one through each
//! processing: a file in two lanes, or processed again, is reconstructed, analysed and waited for once in each. Time from the DAQ's
//! close or the copy on is of the first processing of each lane alone. A hold is no part of "copied to queued". A clock that was set
//! back makes latencies below zero: they are counted apart ([`Latency::backwards`]) and enter no median.
//!
//! As JSON (`dqmon flow --json`, key `flow`): `from`, `to` (stamps), `span_s` (seconds of it for which there are records),
//! `stages`: list of `stage`, `meaning`, `count`, `backwards`, `median_s`, `p95_s`, `max_s` (null with nothing to count);
//! `done`: `arrived`, `copied`, `reconstructed`, `analysed`, `failed` (files in the window); `rate`: `over_s` (the
//! time it is over), `arrived_per_h`, `reconstructed_per_h`, `copied_bytes_per_s`; `backlog`: files at `to` by place (`copy`, `queue`,
//! `run`, `analysis`, `failed`); `eta_s`: seconds until all that waits is reconstructed, at the rate of the last `present_s` (an hour
//! at most) and if nothing more comes, null when nothing moves; `bins`: the same over time, oldest first.

mod figures;
mod passes;
mod tally;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

pub use figures::flow_figures;
pub use passes::Happening;
use passes::{Moment, passes};
use tally::{Tally, Window};

/// Bins of a window.
const BINS: u32 = 96;

/// The rate that a backlog is worked off with is that of the last so many seconds.
const PRESENT_S: f64 = 3600.0;

/// A stage of a file's way, from one moment to a later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The DAQ's close to the file seen whole.
    Seen,
    /// Seen to copied.
    Copy,
    /// Copied to queued: log lines and queue entry.
    Enter,
    /// Queued to its job's start.
    Wait,
    /// Its job's start to its output accepted.
    Run,
    /// Accepted, or taken over from an earlier processing, to its group analysed.
    Analysis,
    /// The DAQ's close to its group analysed.
    Whole,
}

impl Stage {
    /// All of them, in order.
    pub const ALL: [Stage; 7] = [Stage::Seen, Stage::Copy, Stage::Enter, Stage::Wait, Stage::Run, Stage::Analysis, Stage::Whole];

    /// What it is, for people.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Stage::Seen => "DAQ close to seen",
            Stage::Copy => "seen to copied",
            Stage::Enter => "copied to queued",
            Stage::Wait => "queued to started",
            Stage::Run => "started to reconstructed",
            Stage::Analysis => "reconstructed to analysed",
            Stage::Whole => "DAQ close to analysed",
        }
    }

    fn ends(self) -> (Moment, Moment) {
        match self {
            Stage::Seen => (Moment::Closed, Moment::Arrived),
            Stage::Copy => (Moment::Arrived, Moment::Copied),
            Stage::Enter => (Moment::Entered, Moment::Queued),
            Stage::Wait => (Moment::Queued, Moment::Started),
            Stage::Run => (Moment::Started, Moment::Reconstructed),
            Stage::Analysis => (Moment::Ready, Moment::Analysed),
            Stage::Whole => (Moment::Closed, Moment::Analysed),
        }
    }
}

/// How long a stage took.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Latency {
    /// The stage.
    pub stage: Stage,
    /// What it is, for people.
    pub meaning: &'static str,
    /// Files that ended it in the window.
    pub count: usize,
    /// Files whose clock says that they ended it before they began; in none of the numbers.
    pub backwards: usize,
    /// Half of them took at most this, s.
    pub median_s: Option<f64>,
    /// 95 of 100 took at most this, s.
    pub p95_s: Option<f64>,
    /// The longest, s.
    pub max_s: Option<f64>,
}

/// Files that reached a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Done {
    /// Seen whole.
    pub arrived: usize,
    /// Copied.
    pub copied: usize,
    /// Reconstructed.
    pub reconstructed: usize,
    /// Analysed.
    pub analysed: usize,
    /// Failed.
    pub failed: usize,
}

/// How fast files go. A rate over a few seconds says little of the hours to come: it is told with the time it is over.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Rate {
    /// The time that it is over, s: that of the window for which there are records.
    pub over_s: f64,
    /// Files that arrive in an hour.
    pub arrived_per_h: f64,
    /// Files that are reconstructed in an hour.
    pub reconstructed_per_h: f64,
    /// Bytes copied in a second.
    pub copied_bytes_per_s: f64,
}

/// Files at each place at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Backlog {
    /// They wait for their copy, or are copied.
    pub copy: usize,
    /// They wait for their job.
    pub queue: usize,
    /// Their job runs.
    pub run: usize,
    /// They wait for their group's analysis.
    pub analysis: usize,
    /// They failed and nobody has taken them up.
    pub failed: usize,
}

/// A part of the window.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bin {
    /// Its begin.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    /// Median latency of each stage, in the order of [`Stage::ALL`], s; none where no file ended it.
    pub median_s: [Option<f64>; 7],
    /// What was reached in it.
    pub done: Done,
    /// Files at each place at its end.
    pub backlog: Backlog,
}

/// How smoothly files went through the chain in a window of time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Flow {
    /// Its begin.
    pub from: Timestamp,
    /// Its end: now.
    pub to: Timestamp,
    /// Seconds of it for which there are records: rates are over these.
    pub span_s: f64,
    /// Latencies, in the order of [`Stage::ALL`].
    pub stages: Vec<Latency>,
    /// What was reached.
    pub done: Done,
    /// How fast.
    pub rate: Rate,
    /// What waits now.
    pub backlog: Backlog,
    /// Seconds until all that waits is reconstructed, at the rate of the last hour and if nothing more comes.
    pub eta_s: Option<f64>,
    /// The time that this rate is over, s: an hour, less where records go back less far.
    pub present_s: f64,
    /// The window in parts, oldest first.
    pub bins: Vec<Bin>,
}

impl Flow {
    /// The flow of the last `window` up to `now`, from what happened to files, that of one file in the book's order: all of it, or
    /// all since some time before the window. What began earlier than what is given is missing from latencies, and a file to which
    /// nothing has happened since is in no backlog.
    #[must_use]
    pub fn of(happenings: &[Happening<'_>], now: Timestamp, window: SignedDuration) -> Flow {
        let window = window.max(SignedDuration::from_secs(1));
        let from = now.saturating_sub(window).unwrap_or(Timestamp::MIN);
        let first = happenings.iter().map(|happening| happening.at).filter(|at| *at <= now).min().unwrap_or(now);
        let span_s = now.duration_since(from.max(first)).as_secs_f64();
        let present_s = PRESENT_S.min(span_s);
        let tally = Tally::of(&passes(happenings), Window::new(from, now), present_s);
        let (stages, done, present) = (tally.stages(), tally.done(), tally.reconstructed_at_present());
        let rate = Rate::of(&done, tally.copied_bytes(), span_s);
        let bins = tally.into_bins();
        let backlog = bins.last().map(|bin| bin.backlog).unwrap_or_default();
        let eta_s = eta(&backlog, present, present_s);
        Flow { from, to: now, span_s, stages, done, rate, backlog, eta_s, present_s, bins }
    }
}

impl Rate {
    fn of(done: &Done, copied_bytes: f64, span_s: f64) -> Self {
        if span_s <= 0.0 {
            return Rate::default();
        }
        let per_h = |count: usize| 3600.0 * count as f64 / span_s;
        Rate {
            over_s: span_s,
            arrived_per_h: per_h(done.arrived),
            reconstructed_per_h: per_h(done.reconstructed),
            copied_bytes_per_s: copied_bytes / span_s,
        }
    }
}

/// Seconds until all that waits is reconstructed at the present rate: so many in so many seconds.
fn eta(backlog: &Backlog, done: usize, present_s: f64) -> Option<f64> {
    let waits = (backlog.copy + backlog.queue + backlog.run) as f64;
    if waits == 0.0 {
        return Some(0.0);
    }
    (done > 0).then(|| waits * present_s / done as f64)
}

#[cfg(test)]
mod tests;
