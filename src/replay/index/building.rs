//! Reads sources and merges them: what an earlier index had of a stream is taken over where it still stands.

use std::collections::{HashMap, HashSet};

use super::file::Stored;
use super::rows::{self, Row};
use super::{KeptStream, LeftOut, Made, Numbers, ReplayIndex, Way, faults};
use crate::replay::record::StreamId;
use crate::replay::source::{ReplayError, Resume, Since, SourceMark, StreamRead, StreamSource};

/// What the sources said, beside what an earlier index has of them.
#[derive(Default)]
struct Gathered {
    streams: Vec<KeptStream>,
    /// Records that the earlier index does not have, stream after stream.
    new_rows: Vec<Row>,
    /// For each stream of the earlier index, which one it is now; none where its records don't stand any more.
    now: Vec<Option<StreamId>>,
    left_out: Vec<LeftOut>,
    /// What has come that is new.
    come: Vec<String>,
    /// Why records of the earlier index are not taken over.
    broken: Vec<String>,
}

/// An index of all that some sources have; and whether it is another than the earlier one.
pub fn build(sources: Vec<Box<dyn StreamSource>>, earlier: Option<Stored>) -> Result<(ReplayIndex, bool), ReplayError> {
    let gathered = Gathered::of(sources, earlier.as_ref())?;
    let has_earlier = earlier.is_some();
    let earlier = earlier.unwrap_or_default();
    if has_earlier && gathered.is_as_in(&earlier) {
        let made = Made { way: Way::Opened, ..Made::default() };
        let Stored { streams, rows, numbers } = earlier;
        return Ok((with(streams, rows, numbers, made, gathered.left_out), false));
    }
    let (way, why) = match (has_earlier, gathered.broken.is_empty()) {
        (false, _) => (Way::Built, Vec::new()),
        (true, true) => (Way::Extended, gathered.come),
        (true, false) => (Way::Rebuilt, gathered.broken),
    };
    let mut rows = earlier.rows;
    take_over(&mut rows, &gathered.now);
    if rows.is_empty() {
        rows = gathered.new_rows;
    } else {
        rows.extend_from_slice(&gathered.new_rows);
    }
    let mut streams = gathered.streams;
    let numbers = sort(&mut streams, &mut rows)?;
    Ok((with(streams, rows, numbers, Made { way, why, not_kept: None }, gathered.left_out), true))
}

fn with(streams: Vec<KeptStream>, rows: Vec<Row>, numbers: Numbers, made: Made, left_out: Vec<LeftOut>) -> ReplayIndex {
    ReplayIndex { streams: streams.iter().map(KeptStream::told).collect(), kept: streams, rows, numbers, made, left_out }
}

/// Sorts the records, finds those that stand there twice, and makes the table by number.
fn sort(streams: &mut [KeptStream], rows: &mut [Row]) -> Result<Numbers, ReplayError> {
    let records = u32::try_from(rows.len()).map_err(|_| ReplayError::TooManyRecords(rows.len()))?;
    // Stable, so that records of a stream with the same stamp stay as their source has them. What is in order already, as an earlier
    // index and most streams are, is merged and not sorted.
    rows.sort_by_key(|row| (rows::stamp(row), rows::stream(row)));
    let twice = faults::twice(rows, streams.len());
    streams.iter_mut().zip(twice).for_each(|(stream, twice)| stream.twice = twice);
    Ok(Numbers::of(rows, 0..records))
}

/// Keeps of an earlier index's records those whose streams stand, under the numbers that these have now.
fn take_over(rows: &mut Vec<Row>, now: &[Option<StreamId>]) {
    let stands = now.iter().enumerate().all(|(was, now)| now.is_some_and(|now| usize::from(now.0) == was));
    if stands {
        return;
    }
    rows.retain_mut(|row| match now.get(usize::from(rows::stream(row).0)) {
        Some(Some(now)) => {
            rows::set_stream(row, *now);
            true
        }
        _ => false,
    });
}

impl Gathered {
    fn of(sources: Vec<Box<dyn StreamSource>>, earlier: Option<&Stored>) -> Result<Self, ReplayError> {
        let was = earlier.map_or(&[][..], |earlier| &earlier.streams);
        let places: HashMap<&str, usize> = was.iter().enumerate().map(|(at, stream)| (stream.facts.name.as_str(), at)).collect();
        let mut gathered = Gathered { now: vec![None; was.len()], ..Gathered::default() };
        let mut names: HashSet<String> = HashSet::new();
        for mut source in sources {
            let name = source.name();
            if !names.insert(name.clone()) {
                let why = "there is another stream of that name before it".into();
                gathered.left_out.push(LeftOut { name, why });
                continue;
            }
            let place = places.get(name.as_str()).copied();
            let known = place.and_then(|place| was.get(place));
            match read(source.as_mut(), known) {
                Ok(read) => gathered.take(name, &read, place.zip(known))?,
                Err(why) => gathered.left_out.push(LeftOut { name, why: why.to_string() }),
            }
        }
        if earlier.is_some() {
            gathered.tell_gone(was, &names);
        }
        Ok(gathered)
    }

    /// Takes a stream and what is new of it.
    fn take(&mut self, name: String, read: &StreamRead, known: Option<(usize, &KeptStream)>) -> Result<(), ReplayError> {
        let id = u16::try_from(self.streams.len()).map_err(|_| ReplayError::TooManyStreams(self.streams.len() + 1))?;
        let id = StreamId(id);
        let goes_on = known.filter(|_| read.since == Since::Resume);
        let new = read.headers.len();
        match (goes_on, known) {
            (Some((was, _)), _) => {
                self.now[was] = Some(id);
                if new > 0 {
                    self.come.push(format!("{name}: {new} more records"));
                }
            }
            (None, Some((_, known))) => self.broken.push(format!("{name}: {}", changed_words(&known.mark, &read.mark))),
            (None, None) => self.come.push(format!("{name}: a new stream of {new} records")),
        }
        let mut stream = match goes_on {
            Some((_, known)) => KeptStream { records: known.records, steps: known.steps.clone(), ..KeptStream::of(name, read) },
            None => KeptStream::of(name, read),
        };
        if let Some((_, known)) = goes_on {
            let more = std::mem::replace(&mut stream.facts.faults, known.facts.faults.clone());
            let more = more.into_iter().filter(|fault| !known.facts.faults.contains(fault));
            stream.facts.faults.extend(more);
            stream.twice = known.twice;
        }
        self.new_rows.reserve(new);
        for (at, header) in read.headers.iter().enumerate() {
            let mut row = rows::pack(header, read.contents.get(at).copied());
            rows::set_stream(&mut row, id);
            stream.steps.take(&row, stream.facts.header);
            self.new_rows.push(row);
        }
        stream.records += new as u64;
        self.streams.push(stream);
        Ok(())
    }

    /// Streams of the earlier index that are not there now.
    fn tell_gone(&mut self, was: &[KeptStream], names: &HashSet<String>) {
        for (stream, now) in was.iter().zip(&self.now) {
            let name = &stream.facts.name;
            if now.is_none() && !names.contains(name) {
                self.broken.push(format!("{name}: the stream is not there any more"));
            } else if now.is_none() && self.left_out.iter().any(|left_out| left_out.name == *name) {
                self.broken.push(format!("{name}: it can't be read any more"));
            }
        }
    }

    /// Whether all is as in the earlier index.
    fn is_as_in(&self, earlier: &Stored) -> bool {
        self.new_rows.is_empty() && self.streams == earlier.streams
    }
}

impl KeptStream {
    /// One of which nothing has been taken yet.
    fn of(name: String, read: &StreamRead) -> Self {
        let mut facts = read.facts.clone();
        facts.name = name;
        KeptStream {
            facts,
            end_fault: read.end_fault.clone(),
            mark: read.mark,
            records: 0,
            steps: faults::Steps::default(),
            twice: faults::Times::default(),
        }
    }
}

/// Reads what a source has that is not known, or all of it where that is in doubt.
fn read(source: &mut dyn StreamSource, known: Option<&KeptStream>) -> Result<StreamRead, ReplayError> {
    let resume = known.map(|known| Resume { mark: known.mark, records: known.records });
    let read = source.read(resume.as_ref())?;
    // The same name of another place is another stream, however alike the two are.
    let is_in_doubt = read.since == Since::Resume && known.is_none_or(|known| known.facts.source != read.facts.source);
    if !is_in_doubt {
        return Ok(read);
    }
    let read = source.read(None)?;
    Ok(StreamRead { since: Since::Beginning, ..read })
}

fn changed_words(was: &SourceMark, is: &SourceMark) -> &'static str {
    if is.size < was.size { "its source is shorter than it was" } else { "its source is not what it was" }
}
