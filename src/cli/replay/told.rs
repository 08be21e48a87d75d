//! Entries, streams and faults as text and as JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use jiff::SignedDuration;
use serde_json::{Value as Json, json};

use crate::cli::words::{counted, one_line};
use crate::replay::{EntryAt, Found, Pause, RecordHeader, ReplayIndex, Stamp, StreamFacts, StreamId, Told};

/// Most streams of one entry that a line of text names.
const MOST_NAMED: usize = 4;
/// Width of a stamp, of the numbers of an event and of the types of headers.
const STAMP: usize = 30;
const NUMBERS: usize = 16;
const TYPES: usize = 29;

/// Writes entries.
pub(super) struct Teller {
    streams: Vec<StreamFacts>,
    json: bool,
}

impl Teller {
    pub(super) fn of(index: &ReplayIndex, json: bool) -> Self {
        Teller { streams: index.streams().to_vec(), json }
    }

    fn stream(&self, header: &RecordHeader) -> Option<&StreamFacts> {
        self.streams.get(usize::from(header.stream.0))
    }

    /// An entry: a line.
    pub(super) fn entry(&self, out: &mut dyn Write, entry: &EntryAt) -> io::Result<()> {
        if self.json {
            let records: Vec<Json> = entry.records.iter().map(|header| self.record(header)).collect();
            let (stamp, ns) = (stamp_words(entry.stamp), entry.stamp.0);
            return writeln!(out, "{}", json!({"number": entry.number, "stamp": stamp, "stamp_ns": ns, "records": records}));
        }
        let mut types: Vec<&str> = Vec::new();
        let mut names: BTreeMap<&str, usize> = BTreeMap::new();
        for facts in entry.records.iter().filter_map(|header| self.stream(header)) {
            if !types.contains(&facts.header.word()) {
                types.push(facts.header.word());
            }
            *names.entry(&facts.name).or_default() += 1;
        }
        let more = names.len().saturating_sub(MOST_NAMED);
        let several = |(name, count): (&str, usize)| if count > 1 { format!("{name} x{count}") } else { name.to_owned() };
        let mut named: Vec<String> = names.into_iter().take(MOST_NAMED).map(several).collect();
        named.extend((more > 0).then(|| format!("and {more} more")));
        let (stamp, numbers, types) = (stamp_words(entry.stamp), numbers(&entry.records), types.join(","));
        let line = format!("{stamp:<STAMP$}  {numbers:<NUMBERS$}  {types:<TYPES$}  {}", named.join(", "));
        writeln!(out, "{}", one_line(&line))
    }

    fn record(&self, header: &RecordHeader) -> Json {
        let facts = self.stream(header);
        json!({
            "stream": facts.map(|facts| &facts.name),
            "header": facts.map(|facts| facts.header.word()),
            "kind": header.kind.word(),
            "stamp_ns": header.stamp.0,
            "run": header.run,
            "sequence": header.sequence,
            "event": header.event,
            "place": header.place,
        })
    }

    /// How an entry was found that was asked for; of one that was there text says nothing.
    pub(super) fn how(&self, out: &mut dyn Write, found: &Found) -> io::Result<()> {
        if self.json {
            return writeln!(out, "{}", json!({"found": found.how, "words": found.how.words()}));
        }
        Ok(())
    }

    /// A pause that was cut.
    pub(super) fn pause(&self, out: &mut dyn Write, pause: Pause) -> io::Result<()> {
        let Some(cut) = pause.cut_ns else { return Ok(()) };
        writeln!(out, "{}", cut_words(cut, pause, self.json))
    }
}

/// `840/3/17`; of several, that which says most, and how many others.
fn numbers(records: &[RecordHeader]) -> String {
    let words = |header: &RecordHeader| {
        let number = |number: Option<u32>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
        let of = [header.run.map(|run| run.0), header.sequence.map(|sequence| sequence.0), header.event.map(|event| event.0)];
        let known = of.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        (known, of[..known].iter().map(|of| number(*of)).collect::<Vec<_>>().join("/"))
    };
    let all: BTreeSet<(usize, String)> = records.iter().map(words).filter(|(known, _)| *known > 0).collect();
    let Some((known, most)) = all.last() else { return "-".into() };
    // What is less of the same is no other.
    let others = all.iter().filter(|(less, words)| !(less < known && most.starts_with(&format!("{words}/"))) && words != most);
    match others.count() {
        0 => most.clone(),
        count => format!("{most} +{count}"),
    }
}

fn stamp_words(stamp: Stamp) -> String {
    format!("{:.9}", stamp.timestamp())
}

fn length_words(ns: u64) -> String {
    let whole = SignedDuration::from_nanos(i64::try_from(ns).unwrap_or(i64::MAX));
    let seconds = SignedDuration::from_secs(whole.as_secs());
    format!("{:#}", if seconds.is_zero() { whole } else { seconds })
}

/// What was put into place, or a pause that was cut; nothing else is told.
pub(super) fn step(told: &Told<'_>, json: bool) -> Option<String> {
    match (told, json) {
        (Told::InPlace(step), false) => Some(format!("{:<STAMP$}  {}", stamp_words(step.at), one_line(&step.name))),
        (Told::InPlace(step), true) => {
            Some(json!({"stamp": stamp_words(step.at), "name": step.name, "is_row": step.is_row()}).to_string())
        }
        (Told::Waits(_, pause), _) => pause.cut_ns.map(|cut| cut_words(cut, *pause, json)),
    }
}

/// A pause that was cut, as a line.
fn cut_words(cut_ns: u64, pause: Pause, json: bool) -> String {
    if json {
        return json!({"nothing_for_ns": cut_ns, "cut_to_s": pause.wait.as_secs_f64()}).to_string();
    }
    let wait_ns = u64::try_from(pause.wait.as_nanos()).unwrap_or(u64::MAX);
    format!("… nothing for {}, cut to {}", length_words(cut_ns), length_words(wait_ns))
}

/// Tells what is wrong with the streams, on standard error: what is wrong with several alike is told once. Whether there was anything.
pub(super) fn tell_faults(index: &ReplayIndex, streams: Option<&BTreeSet<StreamId>>) -> bool {
    let mut by_words: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (place, facts) in (0u16..).zip(index.streams()) {
        if streams.is_none_or(|streams| streams.contains(&StreamId(place))) {
            facts.faults.iter().for_each(|fault| by_words.entry(fault).or_default().push(&facts.name));
        }
    }
    for left_out in index.left_out() {
        by_words.entry(&left_out.why).or_default().push(&left_out.name);
    }
    for (words, names) in &by_words {
        let more = names.len() - 1;
        let others = if more > 0 { format!(" and {}", counted(more as u64, "other", "others")) } else { String::new() };
        eprintln!("dqmon: {}{others}: {}", names.first().copied().unwrap_or_default(), one_line(words));
    }
    !by_words.is_empty()
}

/// A stream in the list.
struct Listed<'a> {
    facts: &'a StreamFacts,
    records: u64,
    first: Option<Stamp>,
    last: Option<Stamp>,
}

/// Lists the streams.
pub(super) fn list(out: &mut dyn Write, index: &ReplayIndex, streams: Option<&BTreeSet<StreamId>>, json: bool) -> io::Result<()> {
    let mut listed: Vec<Listed<'_>> =
        index.streams().iter().map(|facts| Listed { facts, records: 0, first: None, last: None }).collect();
    for header in index.headers(0..index.len()) {
        if let Some(listed) = listed.get_mut(usize::from(header.stream.0)) {
            listed.records += 1;
            listed.first.get_or_insert(header.stamp);
            listed.last = Some(header.stamp);
        }
    }
    let is_chosen = |place: u16| streams.is_none_or(|streams| streams.contains(&StreamId(place)));
    let chosen: Vec<&Listed<'_>> =
        (0u16..).zip(&listed).filter(|(place, _)| is_chosen(*place)).map(|(_, listed)| listed).collect();
    if json {
        for one in &chosen {
            let facts = one.facts;
            let (name, header, kind, source, faults) =
                (&facts.name, facts.header.word(), facts.kind.word(), &facts.source, &facts.faults);
            let (first, last) = (one.first.map(stamp_words), one.last.map(stamp_words));
            let line = json!({"stream": name, "header": header, "kind": kind, "records": one.records, "first": first, "last": last,
                "source": source, "faults": faults});
            writeln!(out, "{line}")?;
        }
        for one in index.left_out() {
            writeln!(out, "{}", json!({"stream": one.name, "left_out": one.why}))?;
        }
        return Ok(());
    }
    let width = chosen.iter().map(|one| one.facts.name.chars().count()).max().unwrap_or(0).max(6);
    writeln!(
        out,
        "{:<width$}  {:<19}  {:<9}  {:>9}  {:<STAMP$}  {:<STAMP$}  faults",
        "stream", "header", "kind", "records", "first", "last"
    )?;
    for one in &chosen {
        let facts = one.facts;
        let moment = |at: Option<Stamp>| at.map_or_else(|| "-".to_owned(), stamp_words);
        let (header, kind, faults) = (facts.header.word(), facts.kind.word(), facts.faults.len());
        let faults = if faults == 0 { "-".to_owned() } else { faults.to_string() };
        let (first, last, records) = (moment(one.first), moment(one.last), one.records);
        writeln!(
            out,
            "{:<width$}  {header:<19}  {kind:<9}  {records:>9}  {first:<STAMP$}  {last:<STAMP$}  {faults}",
            facts.name
        )?;
    }
    for one in index.left_out() {
        writeln!(out, "{:<width$}  left out: {}", one.name, one_line(&one.why))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use monitasks::vocab::{EventNumber, Run, Sequence};

    use super::*;
    use crate::replay::RecordKind;

    fn header(run: Option<u32>, sequence: Option<u32>, event: Option<u32>) -> RecordHeader {
        let (stream, kind, stamp, place) = (StreamId(0), RecordKind::Data, Stamp(0), 0);
        let (run, sequence, event) = (run.map(Run), sequence.map(Sequence), event.map(EventNumber));
        RecordHeader { stamp, stream, kind, run, sequence, event, place }
    }

    #[test]
    fn of_several_numbers_the_one_that_says_most_is_shown() {
        assert_eq!(numbers(&[]), "-");
        assert_eq!(numbers(&[header(None, None, None)]), "-");
        let event = header(Some(840), Some(3), Some(17));
        assert_eq!(numbers(&[header(Some(840), None, None), event, header(None, None, None)]), "840/3/17");
        assert_eq!(numbers(&[header(Some(84), None, None), event]), "840/3/17 +1");
    }

    #[test]
    fn stamps_have_all_their_digits() {
        assert_eq!(stamp_words(Stamp(1_501_091_580_000_000_001)), "2017-07-26T17:53:00.000000001Z");
        assert_eq!(length_words(11_520_000_000_000), "3h 12m");
    }
}
