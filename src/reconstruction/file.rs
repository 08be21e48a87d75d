//! A raw file through the reconstruction, events on several threads, memory bounded by the events under way.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use monitasks::detector::Detector;
use monitasks::vocab::FileId;

use super::ReconstructionError;
use super::channels::Setup;
use super::event::{EventReconstruction, RecoEvent};
use super::in_order::in_order;
use super::recofile::{Meta, RecoData, Writer};
use super::timing::{Stage, StageTimes};
use crate::config::ReconstructionSettings;
use crate::rawdata::{Ending, EventHeader, RawError, RawReader};

/// What became of a raw file.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The output.
    pub output: PathBuf,
    /// Which raw file it is of.
    pub file: FileId,
    /// Whole events in the raw file.
    pub raw_events: usize,
    /// Events reconstructed: of the raw file's those that the settings select, less those lost.
    pub events: usize,
    /// Hits in all.
    pub hits: usize,
    /// 2D tracks in both views.
    pub tracks: usize,
    /// Matched tracks.
    pub matched: usize,
    /// Events that could not be read, damaged stretches of the file first: how many, and why.
    pub lost: Vec<(u64, String)>,
    /// Things that a person should know, and that do not harm the output.
    pub remarks: Vec<String>,
    /// Where the time went.
    pub times: StageTimes,
}

/// An event of more samples than this is worked off by all threads together, not one for each thread: 6x6x6 events are.
const MOST_SAMPLES_PER_THREAD: usize = 1 << 24;

/// The name of a raw file's output: `recotask_run1-seq0.root`.
#[must_use]
pub fn output_name(file: FileId) -> String {
    format!("recotask_{file}.root")
}

/// Reconstructs a raw file into `out_dir`, which is made when it is missing. `threads` 0 is one per core. `progress` is told
/// the events done and the events in all.
///
/// The output stands under its final name only when it is whole: it is written beside it, brought to the disk, read back and
/// then renamed. It is the same for any number of threads.
///
/// # Errors
/// When the raw file holds no whole event, is misnamed, none of its events is selected or none can be read, or the output can't be
/// written. Damage that leaves some events is told in the report.
pub fn reconstruct_file(
    raw: &Path,
    out_dir: &Path,
    setup: Setup,
    threads: usize,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Report, ReconstructionError> {
    let reader = RawReader::open(raw, &setup.detector.readout)?;
    if reader.count() == 0 {
        return Err(match reader.losses().first().map(|loss| &loss.reason).or(reader.ending().fault()) {
            Some(fault) => fault.clone().into(),
            None => ReconstructionError::NoEvents { path: raw.to_owned() },
        });
    }
    let file = file_id(raw, setup.detector)?;
    let selected = selected(reader.headers(), setup.settings);
    if selected.is_empty() {
        return Err(ReconstructionError::NoneSelected { events: reader.count(), path: raw.to_owned() });
    }
    let mut remarks = Vec::new();
    if reader.run() != file.run {
        remarks.push(format!("the run header says {}, the file's name {}: the name is used", reader.run(), file.run));
    }
    remarks.extend(match reader.ending() {
        Ending::Footer => None,
        Ending::Missing(fault) => Some(format!("taken up to its last whole event, for it has no footer: {fault}")),
        Ending::Contradicting(fault) => Some(fault.to_string()),
    });
    let output = out_dir.join(output_name(file));
    let report = Report {
        file,
        raw_events: reader.count(),
        events: 0,
        hits: 0,
        tracks: 0,
        matched: 0,
        output: output.clone(),
        lost: reader.losses().iter().map(|loss| (loss.events, loss.reason.to_string())).collect(),
        remarks,
        times: StageTimes::default(),
    };
    let mut sink = Sink { writer: Writer::create(&output)?, report, total: selected.len(), failed: 0, progress };
    let job = Job { reader: &reader, setup, meta: Meta::of(file, raw, [0, 0], setup) };
    job.run(&selected, threads, &mut sink)?;
    let Sink { writer, mut report, .. } = sink;
    if report.events == 0 {
        let why = report.lost.pop().map(|(_, reason)| reason).unwrap_or_default();
        return Err(ReconstructionError::AllLost { events: selected.len(), why });
    }
    let start = Instant::now();
    writer.finish(Meta { events: report.events as u64, raw_events: report.raw_events as u64, ..job.meta })?;
    report.times.since(start, Stage::Write);
    Ok(report)
}

/// The places of the events that the settings select, in the file's order.
fn selected(headers: &[EventHeader], settings: &ReconstructionSettings) -> Vec<usize> {
    let is_wanted = |header: &EventHeader| {
        let types = &settings.select_trigger_types;
        (types.is_empty() || types.contains(&header.trigger_type))
            && header.flags & QUALITY_BITS & settings.reject_quality_bits == 0
    };
    let wanted = headers.iter().enumerate().filter(|(_, header)| is_wanted(header)).map(|(place, _)| place);
    wanted.step_by(settings.select_every.max(1)).collect()
}

/// The bits of an event's flags that tell its quality.
const QUALITY_BITS: u8 = 0x3F;

/// Where the events go, in the file's order.
struct Sink<'a> {
    writer: Writer,
    report: Report,
    total: usize,
    /// Selected events that could not be read.
    failed: usize,
    progress: &'a mut dyn FnMut(usize, usize),
}

/// One event's rows, or why it is lost; with the time it took.
struct Done {
    rows: Result<RecoData, RawError>,
    times: StageTimes,
}

impl Sink<'_> {
    fn take(&mut self, done: Done) -> Result<(), ReconstructionError> {
        let report = &mut self.report;
        report.times.add(&done.times);
        match done.rows {
            Err(error) => {
                self.failed += 1;
                report.lost.push((1, error.to_string()));
            }
            Ok(rows) => {
                report.events += 1;
                report.hits += rows.hits.len();
                report.tracks += rows.tracks.len();
                report.matched += rows.matched.len();
                let start = Instant::now();
                self.writer.append(rows)?;
                report.times.since(start, Stage::Write);
            }
        }
        (self.progress)(report.events + self.failed, self.total);
        Ok(())
    }
}

/// What the threads share.
struct Job<'a> {
    reader: &'a RawReader,
    setup: Setup<'a>,
    meta: Meta,
}

impl Job<'_> {
    fn run(&self, selected: &[usize], threads: usize, sink: &mut Sink) -> Result<(), ReconstructionError> {
        let threads = match threads {
            0 => thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        let readout = &self.setup.detector.readout;
        if threads > 1 && readout.channels * readout.samples > MOST_SAMPLES_PER_THREAD {
            return self.run_wide(selected, threads, sink);
        }
        if threads == 1 || selected.len() == 1 {
            let mut worker = Worker::new(self);
            return selected.iter().try_for_each(|index| sink.take(worker.event(*index, EventReconstruction::read)));
        }
        self.run_threads(selected, threads.min(selected.len()), sink)
    }

    /// Events on several threads; they come out in their order.
    fn run_threads(&self, selected: &[usize], threads: usize, sink: &mut Sink) -> Result<(), ReconstructionError> {
        let worker = || {
            let mut worker = Worker::new(self);
            move |place: usize| worker.event(selected[place], EventReconstruction::read)
        };
        in_order(selected.len(), threads, worker, |done| sink.take(done))
            .map_err(|error| ReconstructionError::Threads { threads, why: error.to_string() })?
    }

    /// One event after the other, each on all threads.
    fn run_wide(&self, selected: &[usize], threads: usize, sink: &mut Sink) -> Result<(), ReconstructionError> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .map_err(|error| ReconstructionError::Threads { threads, why: error.to_string() })?;
        let mut worker = Worker::new(self);
        for index in selected {
            let done = pool.install(|| worker.event(*index, EventReconstruction::read_wide));
            sink.take(done)?;
        }
        Ok(())
    }
}

/// One thread's buffers.
struct Worker<'a> {
    job: &'a Job<'a>,
    reconstruction: EventReconstruction<'a>,
}

impl<'a> Worker<'a> {
    fn new(job: &'a Job<'a>) -> Self {
        Worker { job, reconstruction: EventReconstruction::new(job.setup) }
    }

    /// The event at a place in the raw file.
    fn event(&mut self, index: usize, read: Read<'a>) -> Done {
        let mut times = StageTimes::default();
        let rows = read(&mut self.reconstruction, self.job.reader, index).map(|found| {
            let start = Instant::now();
            let mut rows = RecoData::new(self.job.meta.clone());
            rows.push(index, &found, self.job.setup.detector);
            times.since(start, Stage::Write);
            rows
        });
        times.add(&self.reconstruction.take_times());
        Done { rows, times }
    }
}

/// A way to read and reconstruct an event.
type Read<'a> = fn(&mut EventReconstruction<'a>, &RawReader, usize) -> Result<RecoEvent, RawError>;

/// Which file of which run a raw file is, from its name, by the detector's patterns.
fn file_id(raw: &Path, detector: &Detector) -> Result<FileId, ReconstructionError> {
    let name = raw.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let expected = || detector.accepted_raw_names().collect::<Vec<_>>().join(" or ");
    detector.match_raw_name(&name).ok_or_else(|| ReconstructionError::Name { expected: expected(), path: raw.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selections_are_by_type_by_quality_and_then_by_number() {
        let header = |place: u8| EventHeader {
            trigger_type: place % 3,
            flags: if place == 4 { 0x41 } else { 0x40 },
            ..EventHeader::default()
        };
        let headers: Vec<EventHeader> = (0..12).map(header).collect();
        let with = |select_every, select_trigger_types: &[u8], reject_quality_bits| {
            let select_trigger_types = select_trigger_types.to_vec();
            let all = ReconstructionSettings::default();
            selected(&headers, &ReconstructionSettings { select_every, select_trigger_types, reject_quality_bits, ..all })
        };
        assert_eq!(with(1, &[], 0), (0..12).collect::<Vec<_>>());
        assert_eq!(with(5, &[], 0), [0, 5, 10]);
        assert_eq!(with(1, &[1], 0), [1, 4, 7, 10]);
        assert_eq!(with(1, &[1], 0x3F), [1, 7, 10]);
        assert_eq!(with(2, &[1], 1), [1, 10]);
        assert_eq!(with(1, &[1], 2), [1, 4, 7, 10]);
        assert!(with(1, &[9], 0).is_empty());
    }

    #[test]
    fn the_stored_name_and_the_detectors_own_are_read() {
        let mut detector = crate::detector::load("3x1x1", "", Path::new(".")).unwrap();
        let id = |detector: &Detector, name: &str| file_id(&Path::new("/storage").join(name), detector).ok();
        assert_eq!(id(&detector, "run1014-seq2.dat"), Some(FileId::new(1014, 2)));
        assert_eq!(id(&detector, "840-12.dat"), Some(FileId::new(840, 12)));
        detector.raw_file_names = vec!["d{run}_{seq}.raw".into()];
        assert_eq!(id(&detector, "d7_1.raw"), Some(FileId::new(7, 1)));
        assert_eq!(id(&detector, "run7-seq1.dat"), Some(FileId::new(7, 1)), "as it stands in the storage");
        for name in ["840-12.dat", "run1-seq2.root", "run-seq.dat", "run01-seq2.dat", "run99999999999-seq1.dat"] {
            assert_eq!(id(&detector, name), None, "{name}");
        }
    }
}
