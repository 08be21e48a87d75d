//! A raw file through the reconstruction, events on several threads, memory bounded by the events under way and by the output.

use std::path::{Path, PathBuf};

use monitasks::detector::Detector;
use monitasks::vocab::FileId;
use rayon::prelude::*;

use super::ReconstructionError;
use super::event::{EventReconstruction, RecoEvent};
use super::recofile::{self, Meta, RecoData};
use crate::config::ReconstructionSettings;
use crate::rawdata::{Event, RawReader};

/// What became of a raw file.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The output.
    pub output: PathBuf,
    /// Which raw file it is of.
    pub file: FileId,
    /// Events reconstructed: all that the raw file holds.
    pub events: usize,
    /// Hits in all.
    pub hits: usize,
    /// 2D tracks in both views.
    pub tracks: usize,
    /// Matched tracks.
    pub matched: usize,
    /// Things that a person should know, and that do not harm the output.
    pub remarks: Vec<String>,
}

/// Events under way per thread: enough that no thread waits for the slowest event.
const EVENTS_PER_THREAD: usize = 4;

/// The name of a raw file's output: `recotask_run1-seq0.root`.
#[must_use]
pub fn output_name(file: FileId) -> String {
    format!("recotask_{file}.root")
}

/// Reconstructs a raw file into `out_dir`, which is made when it is missing. `threads` 0 is one per core. `progress` is told
/// the events done and the events in all.
///
/// The output stands under its final name only when it is whole: it is written beside it, brought to the disk, read back and
/// then renamed.
///
/// # Errors
/// When the raw file is damaged, cut, compressed, empty or misnamed, or the output can't be written.
pub fn reconstruct_file(
    raw: &Path,
    out_dir: &Path,
    detector: &Detector,
    settings: &ReconstructionSettings,
    threads: usize,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Report, ReconstructionError> {
    let reader = RawReader::open(raw, &detector.readout)?;
    if let Some(fault) = reader.ending().fault() {
        return Err(fault.clone().into());
    }
    if reader.count() == 0 {
        return Err(ReconstructionError::NoEvents { path: raw.to_owned() });
    }
    let file = file_id(raw, detector)?;
    let mut remarks = Vec::new();
    if reader.run() != file.run {
        remarks.push(format!("the run header says {}, the file's name {}: the name is used", reader.run(), file.run));
    }
    let mut data = RecoData::new(Meta::of(file, raw, reader.count(), detector, settings));
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| ReconstructionError::Threads { threads, why: error.to_string() })?;
    let total = reader.count();
    let at_once = EVENTS_PER_THREAD * pool.current_num_threads().max(1);
    for first in (0..total).step_by(at_once) {
        let last = (first + at_once).min(total);
        let events: Vec<RecoEvent> = pool.install(|| {
            (first..last)
                .into_par_iter()
                .map_init(Worker::default, |worker, index| worker.reconstruct(&reader, index, detector, settings))
                .collect::<Result<_, _>>()
        })?;
        events.iter().enumerate().for_each(|(place, event)| data.push(first + place, event, detector));
        progress(last, total);
    }
    let output = out_dir.join(output_name(file));
    let report = Report {
        file,
        events: total,
        hits: data.hits.len(),
        tracks: data.tracks.len(),
        matched: data.matched.len(),
        output: output.clone(),
        remarks,
    };
    recofile::write(data, &output)?;
    Ok(report)
}

/// One thread's buffers.
#[derive(Debug, Default)]
struct Worker {
    event: Event,
    reconstruction: EventReconstruction,
}

impl Worker {
    fn reconstruct(
        &mut self,
        reader: &RawReader,
        index: usize,
        detector: &Detector,
        settings: &ReconstructionSettings,
    ) -> Result<RecoEvent, ReconstructionError> {
        reader.read(index, &mut self.event)?;
        Ok(self.reconstruction.reconstruct(&self.event, detector, settings))
    }
}

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
