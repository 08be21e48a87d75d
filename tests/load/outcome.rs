//! What became of the files, as the book's story tells it.

use std::collections::BTreeMap;

use dqmon::bookkeeping::{Overview, PassStep, StoryRecord};
use jiff::Timestamp;
use monitasks::vocab::FileId;

/// When things happened to a file, and how often.
#[derive(Debug, Clone, Default)]
pub struct Way {
    /// The DAQ's last write.
    pub closed: Option<Timestamp>,
    /// Begin and end of its copy.
    pub copy: Option<(Timestamp, Timestamp)>,
    /// In the storage, in both logs, in the queue.
    pub queued: Option<Timestamp>,
    /// Its reconstructed file accepted.
    pub reconstructed: Option<Timestamp>,
    /// Its group analysed.
    pub analysed: Option<Timestamp>,
    /// Times that each of copied, queued, reconstructed, analysed happened.
    pub times: [usize; 4],
}

/// The ways of all files.
pub fn ways(overview: &Overview, story: &[StoryRecord]) -> BTreeMap<FileId, Way> {
    let mut ways: BTreeMap<FileId, Way> = BTreeMap::new();
    for file in &overview.files {
        ways.entry(file.file).or_default().closed = Some(file.daq_closed);
    }
    for record in story {
        let (Some(run), Some(sequence)) = (record.run, record.sequence) else { continue };
        let way = ways.entry(FileId { run, sequence }).or_default();
        let stamp = |key: &str| record.detail[key].as_str().and_then(|text| text.parse().ok());
        match record.kind.as_str() {
            "copied" => {
                way.times[0] += 1;
                way.copy = stamp("started").zip(stamp("ended"));
            }
            "stored" => {
                way.times[1] += 1;
                way.queued = Some(record.at);
            }
            "accepted" => {
                way.times[2] += 1;
                way.reconstructed = Some(record.at);
            }
            "analysed" => {
                way.times[3] += 1;
                way.analysed = Some(record.at);
            }
            _ => {}
        }
    }
    ways
}

/// Files of which nothing more is to come.
pub fn over(overview: &Overview, with_jobs: bool) -> usize {
    let is_over = |file: &&dqmon::bookkeeping::FileRecord| {
        let newest = overview.newest_pass(file.file);
        let is_processed = newest.is_some_and(|pass| matches!(pass.step, PassStep::Analysed | PassStep::Failed));
        is_processed || overview.failure_of(file).is_some() || (!with_jobs && newest.is_some())
    };
    overview.files.iter().filter(is_over).count()
}

/// A latency over all files, seconds.
#[derive(Debug, Clone, Copy)]
pub struct Latency {
    /// Files it is known of.
    pub count: usize,
    /// The middle one.
    pub median_s: f64,
    /// The one that 95 of 100 are below.
    pub p95_s: f64,
    /// The longest.
    pub max_s: f64,
}

impl Latency {
    /// Of some latencies; none without any.
    pub fn of(mut seconds: Vec<f64>) -> Option<Self> {
        seconds.sort_by(f64::total_cmp);
        let at = |part: f64| seconds.get(((seconds.len() as f64 * part) as usize).min(seconds.len().saturating_sub(1))).copied();
        Some(Latency { count: seconds.len(), median_s: at(0.5)?, p95_s: at(0.95)?, max_s: seconds.last().copied()? })
    }

    /// From the DAQ's close to a later moment.
    pub fn since_close(ways: &BTreeMap<FileId, Way>, to: impl Fn(&Way) -> Option<Timestamp>) -> Option<Self> {
        Latency::of(ways.values().filter_map(|way| Some(seconds(way.closed?, to(way)?))).collect())
    }

    /// From the DAQ's close to the queue, the copy itself left out.
    pub fn beyond_copy(ways: &BTreeMap<FileId, Way>) -> Option<Self> {
        let of = |way: &Way| Some(seconds(way.closed?, way.queued?) - way.copy.map(|(from, to)| seconds(from, to))?);
        Latency::of(ways.values().filter_map(of).collect())
    }

    /// The copies themselves.
    pub fn copies(ways: &BTreeMap<FileId, Way>) -> Option<Self> {
        Latency::of(ways.values().filter_map(|way| way.copy.map(|(from, to)| seconds(from, to))).collect())
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64()
}
