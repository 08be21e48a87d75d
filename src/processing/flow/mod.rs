//! How smoothly files go through the chain: latency of each stage, rate, backlog, when it is worked off. Pure.
//!
//! [`Flow::of`] reads the story's records of files; [`flow_figures`] draws. A clock that was set back makes latencies below zero:
//! they are counted apart ([`Latency::backwards`]) and enter no median.
//!
//! As JSON (`dqmon flow --json`, key `flow`): `from`, `to` (stamps), `span_s` (seconds of it for which there are records),
//! `stages`: list of `stage`, `meaning`, `count`, `backwards`, `median_s`, `p95_s`, `max_s` (null with nothing to count);
//! `done`: `arrived`, `copied`, `reconstructed`, `analysed`, `failed` (files in the window); `rate`: `arrived_per_h`,
//! `reconstructed_per_h`, `copied_bytes_per_s`; `backlog`: files at `to` by place (`copy`, `queue`, `run`, `analysis`, `failed`);
//! `eta_s`: seconds until all that waits is reconstructed, at the rate of the last hour and if nothing more comes, null when
//! nothing moves; `bins`: the same over time, oldest first.

mod figures;
mod passes;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

pub use figures::flow_figures;
pub use passes::Happening;
use passes::{Moment, Pass, passes};

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
    /// Accepted to its group analysed.
    Analysis,
    /// Analysed to plotted, where a window or a monitor says so.
    Plot,
    /// The DAQ's close to its group analysed.
    Whole,
}

impl Stage {
    /// All of them, in order.
    pub const ALL: [Stage; 8] =
        [Stage::Seen, Stage::Copy, Stage::Enter, Stage::Wait, Stage::Run, Stage::Analysis, Stage::Plot, Stage::Whole];

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
            Stage::Plot => "analysed to plotted",
            Stage::Whole => "DAQ close to analysed",
        }
    }

    fn ends(self) -> (Moment, Moment) {
        match self {
            Stage::Seen => (Moment::Closed, Moment::Arrived),
            Stage::Copy => (Moment::Arrived, Moment::Copied),
            Stage::Enter => (Moment::Copied, Moment::Queued),
            Stage::Wait => (Moment::Queued, Moment::Started),
            Stage::Run => (Moment::Started, Moment::Reconstructed),
            Stage::Analysis => (Moment::Reconstructed, Moment::Analysed),
            Stage::Plot => (Moment::Analysed, Moment::Plotted),
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

/// How fast files go.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Rate {
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
    pub median_s: [Option<f64>; 8],
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
    /// The window in parts, oldest first.
    pub bins: Vec<Bin>,
}

impl Flow {
    /// The flow of the last `window` up to `now`, from all that ever happened to files, those of one file in the book's order.
    #[must_use]
    pub fn of(happenings: &[Happening<'_>], now: Timestamp, window: SignedDuration) -> Flow {
        let window = window.max(SignedDuration::from_secs(1));
        let from = now.saturating_sub(window).unwrap_or(Timestamp::MIN);
        let passes = passes(happenings);
        let first = happenings.iter().map(|happening| happening.at).filter(|at| *at <= now).min().unwrap_or(now);
        let span_s = now.duration_since(from.max(first)).as_secs_f64();
        let stages = Stage::ALL.map(|stage| latency(&passes, stage, from, now)).to_vec();
        let done = done(&passes, from, now);
        let backlog = backlog(&passes, now);
        Flow {
            from,
            to: now,
            span_s,
            stages,
            rate: rate(&passes, from, now, span_s),
            eta_s: eta(&passes, &backlog, now, span_s),
            done,
            backlog,
            bins: bins(&passes, from, now),
        }
    }
}

/// Whether a moment is in a window; both its ends are of it only at its end, so that bins side by side count nothing twice.
fn is_in(at: Option<Timestamp>, from: Timestamp, to: Timestamp) -> bool {
    at.is_some_and(|at| at > from && at <= to)
}

/// Seconds that each pass took for a stage, of those that ended it in a window, ascending.
fn seconds(passes: &[Pass], stage: Stage, from: Timestamp, to: Timestamp) -> Vec<f64> {
    let (begin, end) = stage.ends();
    let of = |pass: &Pass| {
        let ended = pass.at(end).filter(|_| is_in(pass.at(end), from, to))?;
        Some(ended.duration_since(pass.at(begin)?).as_secs_f64())
    };
    let mut seconds: Vec<f64> = passes.iter().filter_map(of).collect();
    seconds.sort_by(f64::total_cmp);
    seconds
}

fn latency(passes: &[Pass], stage: Stage, from: Timestamp, to: Timestamp) -> Latency {
    let all = seconds(passes, stage, from, to);
    let backwards = all.partition_point(|seconds| *seconds < 0.0);
    let forwards = &all[backwards..];
    Latency {
        stage,
        meaning: stage.meaning(),
        count: forwards.len(),
        backwards,
        median_s: quantile(forwards, 0.5),
        p95_s: quantile(forwards, 0.95),
        max_s: forwards.last().copied(),
    }
}

/// The smallest of ascending numbers that a part of all is not above.
fn quantile(ascending: &[f64], part: f64) -> Option<f64> {
    let rank = (part * ascending.len() as f64).ceil() as usize;
    ascending.get(rank.clamp(1, ascending.len().max(1)) - 1).copied()
}

fn done(passes: &[Pass], from: Timestamp, to: Timestamp) -> Done {
    let count = |moment: Moment| passes.iter().filter(|pass| is_in(pass.at(moment), from, to)).count();
    Done {
        arrived: count(Moment::Arrived),
        copied: count(Moment::Copied),
        reconstructed: count(Moment::Reconstructed),
        analysed: count(Moment::Analysed),
        failed: passes.iter().filter(|pass| is_in(pass.failed, from, to)).count(),
    }
}

fn rate(passes: &[Pass], from: Timestamp, to: Timestamp, span_s: f64) -> Rate {
    if span_s <= 0.0 {
        return Rate::default();
    }
    let done = done(passes, from, to);
    let copied = passes.iter().filter(|pass| is_in(pass.at(Moment::Copied), from, to));
    let bytes: f64 = copied.map(|pass| pass.size_bytes as f64).sum();
    Rate {
        arrived_per_h: 3600.0 * done.arrived as f64 / span_s,
        reconstructed_per_h: 3600.0 * done.reconstructed as f64 / span_s,
        copied_bytes_per_s: bytes / span_s,
    }
}

fn eta(passes: &[Pass], backlog: &Backlog, now: Timestamp, span_s: f64) -> Option<f64> {
    let waits = (backlog.copy + backlog.queue + backlog.run) as f64;
    if waits == 0.0 {
        return Some(0.0);
    }
    let present_s = PRESENT_S.min(span_s);
    let since = now.saturating_sub(SignedDuration::try_from_secs_f64(present_s).ok()?).ok()?;
    let done = done(passes, since, now).reconstructed as f64;
    (done > 0.0).then(|| waits * present_s / done)
}

/// Files at each place at a moment. A file counts where the latest of its moments before then has put it.
fn backlog(passes: &[Pass], at: Timestamp) -> Backlog {
    let mut backlog = Backlog::default();
    for pass in passes {
        let is_past = |moment: Option<Timestamp>| moment.is_some_and(|moment| moment <= at);
        if is_past(pass.left) {
            continue;
        }
        let place = if is_past(pass.failed) {
            &mut backlog.failed
        } else if is_past(pass.at(Moment::Analysed)) {
            continue;
        } else if is_past(pass.at(Moment::Reconstructed)) {
            &mut backlog.analysis
        } else if is_past(pass.at(Moment::Started)) {
            &mut backlog.run
        } else if is_past(pass.at(Moment::Copied)) || is_past(pass.at(Moment::Queued)) {
            &mut backlog.queue
        } else if is_past(pass.at(Moment::Arrived)) {
            &mut backlog.copy
        } else {
            continue;
        };
        *place += 1;
    }
    backlog
}

fn bins(passes: &[Pass], from: Timestamp, to: Timestamp) -> Vec<Bin> {
    let width_ns = to.duration_since(from).as_nanos() / i128::from(BINS);
    let edge = |bin: u32| match bin {
        BINS => to,
        bin => Timestamp::from_nanosecond(from.as_nanosecond() + width_ns * i128::from(bin)).unwrap_or(to),
    };
    let make = |bin: u32| {
        let (from, to) = (edge(bin), edge(bin + 1));
        let median = |stage: Stage| latency(passes, stage, from, to).median_s;
        Bin { from, to, median_s: Stage::ALL.map(median), done: done(passes, from, to), backlog: backlog(passes, to) }
    };
    (0..BINS).map(make).collect()
}

#[cfg(test)]
mod tests;
