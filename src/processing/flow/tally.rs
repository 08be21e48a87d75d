//! What is counted of all ways: each is looked at once, whatever number of parts the window has.

use jiff::{SignedDuration, Timestamp};

use super::passes::{Moment, Pass};
use super::{BINS, Backlog, Bin, Done, Latency, Stage};

/// Number of bins.
const PARTS: usize = BINS as usize;

/// Number of stages.
const STAGES: usize = Stage::ALL.len();

/// A place where a file may wait, in the order of [`Backlog`]'s fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Copy,
    Queue,
    Run,
    Analysis,
    Failed,
}

/// The count of a bin that a moment adds to.
type Count = fn(&mut Done) -> &mut usize;

/// Number of places.
const PLACES: usize = 5;

/// The window's edges.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    width_ns: i128,
}

impl Window {
    pub(super) fn new(from: Timestamp, to: Timestamp) -> Self {
        let width_ns = to.as_nanosecond().saturating_sub(from.as_nanosecond()) / i128::from(BINS);
        Window { from, to, width_ns: width_ns.max(1) }
    }

    /// Where a bin begins; that behind the last one is the window's end.
    pub(super) fn edge(&self, bin: u32) -> Timestamp {
        match bin {
            BINS => self.to,
            bin => Timestamp::from_nanosecond(self.from.as_nanosecond() + self.width_ns * i128::from(bin)).unwrap_or(self.to),
        }
    }

    /// The bin of a moment; both ends of a bin are of it only at its end, so that bins side by side count nothing twice.
    fn bin(&self, at: Timestamp) -> Option<usize> {
        (at > self.from && at <= self.to).then(|| self.first_end_after(at))
    }

    /// The first bin at whose end a moment is past; for one before the window the first bin.
    fn first_end_after(&self, at: Timestamp) -> usize {
        let behind_ns = at.as_nanosecond() - self.from.as_nanosecond();
        let bin = (behind_ns - 1).max(0) / self.width_ns;
        usize::try_from(bin).unwrap_or(PARTS).min(PARTS - 1)
    }
}

/// What is counted.
pub(super) struct Tally {
    window: Window,
    /// Seconds of each stage in each bin, in no order.
    seconds: Vec<[Vec<f64>; STAGES]>,
    done: Vec<Done>,
    /// Bytes copied.
    copied_bytes: f64,
    /// How many more stand at each place at the end of a bin than at that of the bin before.
    moved: Vec<[i64; PLACES]>,
    /// From when on reconstructed files are counted for the present rate, and how many those are.
    present: (Timestamp, usize),
}

impl Tally {
    /// Counts all ways; the present begins `present_s` before the window's end.
    pub(super) fn of(passes: &[Pass], window: Window, present_s: f64) -> Self {
        let present = SignedDuration::try_from_secs_f64(present_s).ok().and_then(|past| window.to.checked_sub(past).ok());
        let mut tally = Tally {
            window,
            seconds: (0..PARTS).map(|_| std::array::from_fn(|_| Vec::new())).collect(),
            done: vec![Done::default(); PARTS],
            copied_bytes: 0.0,
            moved: vec![[0; PLACES]; PARTS],
            present: (present.unwrap_or(window.from), 0),
        };
        for pass in passes {
            tally.take(pass);
        }
        tally
    }

    fn take(&mut self, pass: &Pass) {
        for (stage, index) in Stage::ALL.into_iter().zip(0..) {
            let (begin, end) = stage.ends();
            if let (Some(begun), Some(ended)) = (pass.at(begin), pass.at(end))
                && let Some(bin) = self.window.bin(ended)
            {
                self.seconds[bin][index].push(ended.duration_since(begun).as_secs_f64());
            }
        }
        let counts: [(Option<Timestamp>, Count); 5] = [
            (pass.at(Moment::Arrived), |done| &mut done.arrived),
            (pass.at(Moment::Copied), |done| &mut done.copied),
            (pass.at(Moment::Reconstructed), |done| &mut done.reconstructed),
            (pass.at(Moment::Analysed), |done| &mut done.analysed),
            (pass.failed, |done| &mut done.failed),
        ];
        for (at, count) in counts {
            if let Some(bin) = at.and_then(|at| self.window.bin(at)) {
                *count(&mut self.done[bin]) += 1;
            }
        }
        if pass.at(Moment::Copied).is_some_and(|at| self.window.bin(at).is_some()) {
            self.copied_bytes += pass.size_bytes as f64;
        }
        let is_present = |at: Timestamp| at > self.present.0 && at <= self.window.to;
        self.present.1 += usize::from(pass.at(Moment::Reconstructed).is_some_and(is_present));
        self.follow(pass);
    }

    /// Follows a file from place to place.
    fn follow(&mut self, pass: &Pass) {
        let mut turns: Vec<Timestamp> = pass.turns().filter(|at| *at <= self.window.to).collect();
        turns.sort_unstable();
        let mut before = None;
        for at in turns {
            let bin = self.window.first_end_after(at);
            let now = place(pass, at);
            if let Some(place) = before {
                self.moved[bin][place as usize] -= 1;
            }
            if let Some(place) = now {
                self.moved[bin][place as usize] += 1;
            }
            before = now;
        }
    }

    /// Latencies of the whole window, in the order of [`Stage::ALL`].
    pub(super) fn stages(&self) -> Vec<Latency> {
        let of_stage = |(stage, index): (Stage, usize)| {
            latency(stage, self.seconds.iter().flat_map(|bin| bin[index].iter().copied()).collect())
        };
        Stage::ALL.into_iter().zip(0..).map(of_stage).collect()
    }

    /// What was reached in the window.
    pub(super) fn done(&self) -> Done {
        self.done.iter().fold(Done::default(), |sum, bin| Done {
            arrived: sum.arrived + bin.arrived,
            copied: sum.copied + bin.copied,
            reconstructed: sum.reconstructed + bin.reconstructed,
            analysed: sum.analysed + bin.analysed,
            failed: sum.failed + bin.failed,
        })
    }

    /// Bytes copied in the window.
    pub(super) fn copied_bytes(&self) -> f64 {
        self.copied_bytes
    }

    /// Files reconstructed in the present.
    pub(super) fn reconstructed_at_present(&self) -> usize {
        self.present.1
    }

    /// The window in parts.
    pub(super) fn into_bins(self) -> Vec<Bin> {
        let mut stand = [0_i64; PLACES];
        let mut bins = Vec::with_capacity(PARTS);
        for (((number, seconds), done), moved) in (0..).zip(self.seconds).zip(self.done).zip(self.moved) {
            for (stands, moved) in stand.iter_mut().zip(moved) {
                *stands += moved;
            }
            let median = |seconds: Vec<f64>| latency(Stage::Whole, seconds).median_s;
            bins.push(Bin {
                from: self.window.edge(number),
                to: self.window.edge(number + 1),
                median_s: seconds.map(median),
                done,
                backlog: backlog(stand),
            });
        }
        bins
    }
}

fn backlog(stand: [i64; PLACES]) -> Backlog {
    let at = |place: Place| usize::try_from(stand[place as usize]).unwrap_or_default();
    Backlog {
        copy: at(Place::Copy),
        queue: at(Place::Queue),
        run: at(Place::Run),
        analysis: at(Place::Analysis),
        failed: at(Place::Failed),
    }
}

/// Where a file stands at a moment: where the latest of its moments before then has put it; none where it waits for nothing.
fn place(pass: &Pass, at: Timestamp) -> Option<Place> {
    let is_past = |moment: Option<Timestamp>| moment.is_some_and(|moment| moment <= at);
    let has = |moment: Moment| is_past(pass.at(moment));
    if is_past(pass.left) {
        None
    } else if is_past(pass.failed) {
        Some(Place::Failed)
    } else if has(Moment::Analysed) {
        None
    } else if has(Moment::Ready) {
        Some(Place::Analysis)
    } else if has(Moment::Started) {
        Some(Place::Run)
    } else if has(Moment::Copied) || has(Moment::Queued) || is_past(pass.waits) {
        Some(Place::Queue)
    } else if has(Moment::Arrived) {
        Some(Place::Copy)
    } else {
        None
    }
}

fn latency(stage: Stage, mut all: Vec<f64>) -> Latency {
    all.sort_by(f64::total_cmp);
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
