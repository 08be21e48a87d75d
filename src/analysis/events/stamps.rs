//! When events came: their rate, the times between them, gaps, and what is missing.
//!
//! Only the time between two events that follow each other is known to be watched: inside a file, and from one file to the next of its
//! number. Between files with others missing nothing is known, and that time counts for nothing.

use jiff::Timestamp;
use monitasks::format::histograms::Histograms;
use monitasks::format::root::{Histogram, HistogramAxis};
use monitasks::vocab::Sequence;

use super::histogram;

/// How often chance alone may make a gap in a group.
const CHANCE: f64 = 1e-3;
/// Fewest intervals that allow a rate and gaps.
const LEAST_INTERVALS: usize = 5;
/// Widths of a bin of time, s; the narrowest that makes few enough bins is taken.
const BIN_WIDTHS_S: [f64; 12] = [1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0];
const MOST_BINS: usize = 240;
/// The times between events go from this on, s, with so many bins to a factor of ten.
const SHORTEST_S: f64 = 1e-4;
const DECADES: i32 = 8;
const BINS_PER_DECADE: i32 = 8;

/// An event, as far as its time goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// When it was triggered.
    pub at: Timestamp,
    /// Its number, counted from 0 in its file.
    pub number: i64,
    /// The trigger's number, counted by the trigger.
    pub trigger: i64,
}

/// What the stamps of a group say.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stamps {
    /// Files.
    pub files: u64,
    /// Sequences that are missing between the first and the last of the files.
    pub missing_sequences: u64,
    /// Event numbers that are missing inside files.
    pub missing_events: u64,
    /// Triggers between events that left no event.
    pub missing_triggers: u64,
    /// Triggers that left events, of those that are counted above.
    pub seen_triggers: u64,
    /// Events stamped before the one before them.
    pub backwards: u64,
    /// The times that were watched, from one event to the next, s since 1970: in order.
    spans: Vec<[f64; 2]>,
}

/// A rate with its error, and the gaps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Events a second of the time that was watched.
    pub rate_hz: f64,
    /// Its error, if events come by chance.
    pub error_hz: f64,
    /// Longer times between two events count as gaps, s.
    pub gap_bound_s: f64,
    /// How many gaps there are.
    pub gaps: usize,
    /// How long they are together, s.
    pub gap_time_s: f64,
    /// The shortest and the longest time between two events, s.
    pub extremes_s: [f64; 2],
}

impl Stamps {
    /// Takes files in the order of their sequences.
    #[must_use]
    pub fn of<'a>(files: impl Iterator<Item = (Sequence, &'a [Stamp])>) -> Self {
        let mut found = Stamps::default();
        let mut before: Option<(Sequence, Option<Stamp>)> = None;
        for (sequence, stamps) in files {
            found.files += 1;
            let follows = before.filter(|(before, _)| {
                let missing = u64::from(sequence.0.saturating_sub(before.0)).saturating_sub(1);
                found.missing_sequences += missing;
                missing == 0
            });
            if let (Some((_, Some(last))), Some(first)) = (follows, stamps.first()) {
                found.follow(&last, first);
            }
            for pair in stamps.windows(2) {
                found.missing_events += u64::try_from(pair[1].number - pair[0].number - 1).unwrap_or(0);
                found.follow(&pair[0], &pair[1]);
            }
            // A file with no event breaks nothing: its time is watched by its neighbours.
            let last = stamps.last().copied().or(follows.and_then(|(_, last)| last));
            before = Some((sequence, last));
        }
        found
    }

    /// Takes an event that comes next after another.
    fn follow(&mut self, last: &Stamp, next: &Stamp) {
        // A trigger that counts anew, by a restart or at a file's begin, says nothing of what is missing.
        if let Some(missing) = next.trigger.checked_sub(last.trigger).filter(|step| *step > 0) {
            self.missing_triggers += u64::try_from(missing - 1).unwrap_or(0);
            self.seen_triggers += 1;
        }
        let span = [seconds(last.at), seconds(next.at)];
        if span[1] < span[0] {
            self.backwards += 1;
        } else {
            self.spans.push(span);
        }
    }

    /// Rate and gaps; none for too few events.
    ///
    /// A gap is a time between two events that chance would make once in a thousand such groups: with a mean time `t` between N
    /// events, `t ln(1000 N)`. `t` comes from the median, which gaps do not move.
    #[must_use]
    pub fn rate(&self) -> Option<Rate> {
        let mut times_s: Vec<f64> = self.spans.iter().map(|[from, to]| to - from).collect();
        times_s.sort_by(f64::total_cmp);
        let (count, watched_s) = (times_s.len(), times_s.iter().sum::<f64>());
        let [shortest, longest] = [*times_s.first()?, *times_s.last()?];
        if count < LEAST_INTERVALS || watched_s <= 0.0 {
            return None;
        }
        let typical_s = times_s[count / 2] / std::f64::consts::LN_2;
        let gap_bound_s = typical_s * (count as f64 / CHANCE).ln();
        // Events that all have one stamp leave a median of 0, and no bound.
        let gaps: Vec<f64> = times_s.iter().copied().filter(|time| typical_s > 0.0 && *time > gap_bound_s).collect();
        let rate_hz = count as f64 / watched_s;
        Some(Rate {
            rate_hz,
            error_hz: rate_hz / (count as f64).sqrt(),
            gap_bound_s,
            gaps: gaps.len(),
            gap_time_s: gaps.iter().fold(0.0, |sum, gap| sum + gap),
            extremes_s: [shortest, longest],
        })
    }

    /// The numbers and histograms of a result; none of what is not known.
    pub(super) fn put_into(&self, found: &mut Histograms) {
        if self.files == 0 {
            return;
        }
        let mut put = |name: &str, value: f64, error: f64| found.numbers.push((name.into(), value, error));
        put("missing_sequences", self.missing_sequences as f64, 0.0);
        put("missing_event_numbers", self.missing_events as f64, 0.0);
        put("missing_triggers", self.missing_triggers as f64, 0.0);
        if self.seen_triggers > 0 {
            let all = (self.missing_triggers + self.seen_triggers) as f64;
            let part = self.missing_triggers as f64 / all;
            put("missing_triggers_percent", 100.0 * part, 100.0 * (part * (1.0 - part) / all).sqrt());
        }
        put("backward_stamps", self.backwards as f64, 0.0);
        let Some(rate) = self.rate() else { return };
        put("rate_hz", rate.rate_hz, rate.error_hz);
        put("gap_bound_s", rate.gap_bound_s, 0.0);
        put("gaps", rate.gaps as f64, 0.0);
        put("gap_time_s", rate.gap_time_s, 0.0);
        put("shortest_interval_s", rate.extremes_s[0], 0.0);
        put("longest_interval_s", rate.extremes_s[1], 0.0);
        found.list.extend(self.over_time());
        found.list.push(self.intervals());
    }

    /// Events over time, and how much of each bin was watched; nothing for no time.
    fn over_time(&self) -> Vec<Histogram> {
        let from = self.spans.iter().map(|span| span[0]).fold(f64::INFINITY, f64::min);
        let to = self.spans.iter().map(|span| span[1]).fold(f64::NEG_INFINITY, f64::max);
        let span_s = to - from;
        if !(span_s.is_finite() && span_s > 0.0) {
            return Vec::new();
        }
        let width_s = BIN_WIDTHS_S.into_iter().find(|width| span_s / width <= MOST_BINS as f64);
        let bins = width_s.map_or(MOST_BINS, |width| (span_s / width).ceil().max(1.0) as usize);
        let high = from + width_s.map_or(span_s, |width| width * bins as f64);
        let axis = || HistogramAxis::new(bins, from, high).title("UTC [s since 1970]");
        let mut events = histogram("events_over_time", "Events over time, but the first", axis(), "events");
        let mut watched = histogram("watched_over_time", "Time between events that follow each other", axis(), "s");
        let width_s = (high - from) / bins as f64;
        let last = bins.saturating_sub(1);
        for [begin, end] in &self.spans {
            let bin = |at: f64| (((at - from) / width_s) as usize).min(last);
            // The very last event stands at the end of the last bin.
            events.fill(&[from + (bin(*end) as f64 + 0.5) * width_s]);
            for bin in bin(*begin)..=bin(*end) {
                let edges = [from + bin as f64 * width_s, from + (bin + 1) as f64 * width_s];
                watched.contents[bin + 1] += (end.min(edges[1]) - begin.max(edges[0])).max(0.0);
            }
        }
        watched.entries = self.spans.len() as f64;
        vec![events, watched]
    }

    /// The times between events, in bins of equal ratio.
    fn intervals(&self) -> Histogram {
        let bins = DECADES * BINS_PER_DECADE;
        let edges: Vec<f64> =
            (0..=bins).map(|edge| SHORTEST_S * 10_f64.powf(f64::from(edge) / f64::from(BINS_PER_DECADE))).collect();
        let high = edges.last().copied().unwrap_or(1.0);
        let axis =
            HistogramAxis { edges, ..HistogramAxis::new(bins as usize, SHORTEST_S, high).title("time to the next event [s]") };
        let mut histogram = histogram("event_intervals", "Times from an event to the next", axis, "events");
        self.spans.iter().for_each(|[from, to]| histogram.fill(&[to - from]));
        histogram
    }
}

/// Seconds since 1970.
fn seconds(stamp: Timestamp) -> f64 {
    stamp.as_second() as f64 + f64::from(stamp.subsec_nanosecond()) * 1e-9
}
