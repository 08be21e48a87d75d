//! Raw files: a stream of events for each, from the events' headers alone, and one of the files as the DAQ closed them.

use std::path::PathBuf;

use monitasks::detector::Readout;
use monitasks::vocab::FileId;

use super::Faults;
use super::found::FoundFile;
use crate::durable::FileError;
use crate::rawdata::{Ending, RawReader};
use crate::replay::record::{HeaderType, RecordHeader, RecordKind, Stamp, StreamFacts, StreamId};
use crate::replay::source::{ReplayError, Resume, SourceMark, Standing, StreamRead, StreamSource, content_of};

/// A raw file that was found.
#[derive(Debug, Clone)]
pub struct RawFileFound {
    /// The file.
    pub file: FoundFile,
    /// Which it is by its name.
    pub id: Option<FileId>,
    /// What it was read out with.
    pub readout: Readout,
}

/// The events of a raw file.
pub(super) struct RawEvents(RawFileFound);

impl RawEvents {
    pub(super) fn new(file: RawFileFound) -> Self {
        RawEvents(file)
    }

    fn facts(&self, faults: Vec<String>) -> StreamFacts {
        StreamFacts {
            name: self.name(),
            header: HeaderType::RawEvent,
            kind: RecordKind::Data,
            source: self.path().display().to_string(),
            faults,
        }
    }

    fn path(&self) -> &PathBuf {
        &self.0.file.path
    }

    /// The whole events, and all that is wrong with the file.
    fn whole(&self, mark: SourceMark) -> StreamRead {
        let mut faults = Faults::default();
        let reader = match RawReader::open(self.path(), &self.0.readout) {
            Ok(reader) => reader,
            Err(error) => return StreamRead::whole(self.facts(vec![format!("no event can be read: {error}")]), Vec::new(), mark),
        };
        for loss in reader.losses() {
            let (events, bytes, at) = (loss.events, loss.bytes, loss.offset);
            faults.say(format!("{events} events lost in {bytes} bytes from byte {at} on: {}", loss.reason));
        }
        let run = self.0.id.map_or(reader.run(), |id| id.run);
        if run != reader.run() {
            faults.say(format!("its name says {run}, its header {}: the name was followed", reader.run()));
        }
        match reader.ending() {
            Ending::Footer => {}
            Ending::Missing(fault) => faults.say(format!("no end, it is still being written or was cut: {fault}")),
            Ending::Contradicting(fault) => faults.say(fault.to_string()),
        }
        let mut before = None;
        for header in reader.headers() {
            if before.is_some_and(|before| header.number <= before) {
                let (number, before) = (header.number.0, before.map_or(0, |number| number.0));
                faults.say(format!("event {number} stands behind event {before}, at byte {}", header.offset));
            }
            before = Some(header.number);
        }
        let record = |(place, header): (u64, &crate::rawdata::EventHeader)| RecordHeader {
            stamp: Stamp::of(header.stamp),
            stream: StreamId(0),
            kind: RecordKind::Data,
            run: Some(run),
            sequence: self.0.id.map(|id| id.sequence),
            event: Some(header.number),
            place,
        };
        let headers: Vec<RecordHeader> = (0..).zip(reader.headers()).map(record).collect();
        let content = |header: &crate::rawdata::EventHeader| {
            let numbers = [header.number.0, header.trigger_number, u32::from(header.trigger_type)];
            content_of(&numbers.map(u32::to_le_bytes).concat())
        };
        let contents = reader.headers().iter().map(content).collect();
        StreamRead { contents, ..StreamRead::whole(self.facts(faults.words()), headers, mark) }
    }
}

impl StreamSource for RawEvents {
    fn name(&self) -> String {
        match self.0.id {
            Some(id) => format!("raw/{id}"),
            None => format!("raw/{}", super::names::stem(&self.0.file.name)),
        }
    }

    fn read(&mut self, from: Option<&Resume>) -> Result<StreamRead, ReplayError> {
        let refused = |why| FileError { what: "raw file not read", why, path: self.path().clone() };
        if let Some(from) = from
            && from.mark.standing(self.path()).map_err(refused)? == Standing::Same
        {
            return Ok(StreamRead::since(self.facts(Vec::new()), Vec::new(), from.mark));
        }
        // Before the events: what is written meanwhile is read the next time.
        let mark = SourceMark::of_file(self.path(), self.0.file.size_bytes).map_err(refused)?;
        Ok(self.whole(mark))
    }
}

/// Raw files as they were closed: by the time of their last change, where no book knows better.
pub(super) struct RawFiles {
    files: Vec<RawFileFound>,
    source: String,
}

impl RawFiles {
    pub(super) fn new(mut files: Vec<RawFileFound>, source: &str) -> Self {
        files.sort_by(|one, other| one.file.name.cmp(&other.file.name));
        RawFiles { files, source: source.to_owned() }
    }
}

/// The stream of raw files as they were closed.
pub const RAW_FILES: &str = "raw/files";

impl StreamSource for RawFiles {
    fn name(&self) -> String {
        RAW_FILES.into()
    }

    fn read(&mut self, from: Option<&Resume>) -> Result<StreamRead, ReplayError> {
        let facts = StreamFacts {
            name: self.name(),
            header: HeaderType::RawFile,
            kind: RecordKind::Data,
            source: self.source.clone(),
            faults: Vec::new(),
        };
        let known_by: Vec<u8> = self.files.iter().flat_map(|file| file.file.known_by()).collect();
        let mark = SourceMark::of_entries(self.files.len() as u64, &known_by);
        if from.is_some_and(|from| from.mark == mark) {
            return Ok(StreamRead::since(facts, Vec::new(), mark));
        }
        let record = |(place, file): (u64, &RawFileFound)| RecordHeader {
            stamp: Stamp(file.file.modified_ns),
            stream: StreamId(0),
            kind: RecordKind::Data,
            run: file.id.map(|id| id.run),
            sequence: file.id.map(|id| id.sequence),
            event: None,
            place,
        };
        let mut headers: Vec<RecordHeader> = (0..).zip(&self.files).map(record).collect();
        headers.sort_by_key(|header| header.stamp);
        Ok(StreamRead::whole(facts, headers, mark))
    }
}
