//! Reconstructed files: a stream of events for each, from three columns of its tree of events; one record for a file whose events
//! hold no times.

use super::Faults;
use super::found::FoundFile;
use super::names::{numbers, stem};
use crate::durable::FileError;
use crate::reconstruction::recofile::{EventStamps, event_stamps};
use crate::replay::record::{HeaderType, RecordHeader, RecordKind, Stamp, StreamFacts, StreamId};
use crate::replay::source::{ReplayError, Resume, SourceMark, Standing, StreamRead, StreamSource};

/// The events of a reconstructed file.
pub(super) struct Reconstructed(FoundFile);

impl Reconstructed {
    pub(super) fn new(file: FoundFile) -> Self {
        Reconstructed(file)
    }

    fn facts(&self, faults: Vec<String>) -> StreamFacts {
        StreamFacts {
            name: self.name(),
            header: HeaderType::ReconstructedEvent,
            kind: RecordKind::Data,
            source: self.0.path.display().to_string(),
            faults,
        }
    }

    fn headers(&self, read: &EventStamps, faults: &mut Faults) -> Vec<RecordHeader> {
        let of_file = RecordHeader {
            stamp: Stamp(self.0.modified_ns),
            stream: StreamId(0),
            kind: RecordKind::Data,
            run: Some(read.file.run),
            sequence: Some(read.file.sequence),
            event: None,
            place: 0,
        };
        let mut headers = Vec::new();
        for (place, (number, stamp)) in (0..).zip(&read.events) {
            match stamp {
                Some(stamp) => headers.push(RecordHeader { stamp: Stamp::of(*stamp), event: *number, place, ..of_file }),
                None => faults.say(format!("event {place} of the file has a stamp that is no time")),
            }
        }
        // A file with no time in it was made at some time, and that is what is known.
        if headers.is_empty() {
            headers.push(of_file);
        }
        headers
    }
}

impl StreamSource for Reconstructed {
    /// `reco/run1-seq0`, of a later processing `reco/run1-seq0-p2`.
    fn name(&self) -> String {
        let stem = stem(&self.0.name);
        let stem = stem.strip_prefix("recotask_").unwrap_or(stem);
        let of_folder =
            self.0.path.parent().and_then(|folder| folder.file_name()).map(|name| name.to_string_lossy().into_owned());
        let processing = of_folder.and_then(|folder| numbers(&format!("run0-{folder}")).processing);
        match processing {
            Some(processing) => format!("reco/{stem}-p{}", processing.0),
            None => format!("reco/{stem}"),
        }
    }

    fn read(&mut self, from: Option<&Resume>) -> Result<StreamRead, ReplayError> {
        let refused = |why| FileError { what: "reconstructed file not read", why, path: self.0.path.clone() };
        if let Some(from) = from
            && from.mark.standing(&self.0.path).map_err(refused)? == Standing::Same
        {
            return Ok(StreamRead::since(self.facts(Vec::new()), Vec::new(), from.mark));
        }
        let mark = SourceMark::of_file(&self.0.path, self.0.size_bytes).map_err(refused)?;
        let mut faults = Faults::default();
        let headers = match event_stamps(&self.0.path) {
            Ok(read) => self.headers(&read, &mut faults),
            Err(error) => {
                faults.say(format!("no event can be read: {error}"));
                Vec::new()
            }
        };
        Ok(StreamRead::whole(self.facts(faults.words()), headers, mark))
    }
}
