//! Made-up streams for tests: a source that grows or changes as it is told, and strategies for many of them.

use monitasks::vocab::{EventNumber, Run, Sequence};
use proptest::prelude::*;

use super::record::{HeaderType, RecordHeader, RecordKind, Stamp, StreamFacts, StreamId};
use super::source::{ReplayError, Resume, SourceMark, StreamRead, StreamSource};

/// A stream in memory. It reads on where what was read still stands.
#[derive(Debug, Clone)]
pub struct MadeUp {
    pub name: String,
    pub header: HeaderType,
    pub headers: Vec<RecordHeader>,
    pub contents: Vec<u32>,
    /// What it tells of the records that are read.
    pub faults: Vec<String>,
    pub end_fault: Option<String>,
    pub is_unreadable: bool,
}

impl MadeUp {
    pub fn new(name: &str, headers: Vec<RecordHeader>) -> Self {
        let name = name.to_owned();
        let (contents, faults) = (Vec::new(), Vec::new());
        MadeUp { name, header: HeaderType::RawEvent, headers, contents, faults, end_fault: None, is_unreadable: false }
    }

    pub fn facts(&self) -> StreamFacts {
        let faults = self.faults.clone();
        StreamFacts { name: self.name.clone(), header: self.header, kind: RecordKind::Data, source: "memory".into(), faults }
    }

    /// The mark of its first records.
    fn mark(&self, records: usize) -> SourceMark {
        let contents = &self.contents[..records.min(self.contents.len())];
        SourceMark::of_entries(records as u64, format!("{:?} {contents:?}", &self.headers[..records]).as_bytes())
    }
}

impl StreamSource for MadeUp {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn read(&mut self, from: Option<&Resume>) -> Result<StreamRead, ReplayError> {
        if self.is_unreadable {
            return Err(ReplayError::Source { name: self.name.clone(), why: "it is locked".into() });
        }
        let mark = self.mark(self.headers.len());
        let known = from.map(|from| (from.mark, from.mark.size as usize));
        let stands = known.filter(|(mark, known)| *known <= self.headers.len() && self.mark(*known) == *mark);
        let start = stands.map_or(0, |(_, known)| known);
        let headers = self.headers[start..].to_vec();
        let read = match stands {
            Some(_) => StreamRead::since(self.facts(), headers, mark),
            None => StreamRead::whole(self.facts(), headers, mark),
        };
        let contents = self.contents.get(start..).unwrap_or_default().to_vec();
        Ok(StreamRead { contents, end_fault: self.end_fault.clone(), ..read })
    }
}

/// Streams as the seam takes them.
pub fn boxed(streams: &[MadeUp]) -> Vec<Box<dyn StreamSource>> {
    streams.iter().map(|stream| Box::new(stream.clone()) as Box<dyn StreamSource>).collect()
}

/// A record with few stamps and numbers, so that many coincide. Its stream is set by the index.
pub fn header() -> impl Strategy<Value = RecordHeader> {
    let kind = prop_oneof![Just(RecordKind::Data), Just(RecordKind::Constants)];
    let number = |most: u32| proptest::option::weighted(0.8, 0..most);
    (-20i64..40, kind, number(3), number(4), number(6), 0u64..4).prop_map(|(stamp, kind, run, sequence, event, place)| {
        RecordHeader {
            stamp: Stamp(stamp),
            stream: StreamId(0),
            kind,
            run: run.map(|run| Run(run * 2)),
            sequence: sequence.map(|sequence| Sequence(sequence * 2)),
            event: event.map(|event| EventNumber(event * 3)),
            place,
        }
    })
}

/// Some streams, some of them empty, most in the order of their stamps and some not.
pub fn streams(most: usize) -> impl Strategy<Value = Vec<MadeUp>> {
    let stream = (proptest::collection::vec((header(), 0u32..3), 0..25), prop::bool::weighted(0.7), any::<bool>());
    proptest::collection::vec(stream, 0..=most).prop_map(|streams| {
        let made = streams.into_iter().enumerate().map(|(at, (mut records, is_sorted, has_contents))| {
            if is_sorted {
                records.sort_by_key(|(header, _)| header.stamp);
            }
            let mut stream = MadeUp::new(&format!("stream {at}"), records.iter().map(|(header, _)| *header).collect());
            if has_contents {
                stream.contents = records.iter().map(|(_, content)| *content).collect();
            }
            stream
        });
        made.collect()
    })
}
