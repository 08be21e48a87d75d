//! `dqmon replay`: a past shift, entry by entry, or its files once more in their old rhythm.

mod told;

use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use monitasks::declared::stamp_of;
use monitasks::vocab::{EventNumber, Run, Sequence};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use self::told::Teller;
use super::words::counted;
use super::{Ended, Failure, Outcome};
use crate::replay::streams::{ReplayOf, sources_of};
use crate::replay::{Beat, Cursor, EventAddress, Pace, Recreation, ReplayIndex, Stamp, StreamId, Walk};

/// A pause of the printing is not longer, unless it is asked for.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Arguments of `dqmon replay`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A workspace, a folder of results, raw files and slow control, a book (a file or an address), or an export of a book; else the
    /// workspace found.
    #[arg(value_name = "FROM")]
    from_what: Option<String>,
    /// Only what is of this time or later: 2017-07-26T18:00:00Z, 2017-07-26 18:00, a day, or seconds since 1970; UTC where no zone
    /// is named.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    from: Option<Timestamp>,
    /// Only what is of this time or earlier.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    to: Option<Timestamp>,
    /// The entry of a run, a sequence or an event: 840, 840/3 or 840/3/17; where it is not there the nearest, with how it was found.
    #[arg(long, value_name = "RUN[/SEQ[/EVENT]]", value_parser = address)]
    at: Option<EventAddress>,
    /// Only these streams, with commas; a star stands for any letters: raw/*,book/decisions. '--list' has their names.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    streams: Vec<String>,
    /// Leave out entries that hold nothing but constants: run starts, slow control, what people said.
    #[arg(long)]
    skip_constants: bool,
    /// Records so close belong to one entry: 5ms, 2s; else those of the same nanosecond.
    #[arg(long, value_name = "TIME", value_parser = length)]
    window: Option<Duration>,
    /// At most so many entries; with --at one, if nothing else is said.
    #[arg(long, value_name = "NUMBER")]
    limit: Option<usize>,
    /// In the rhythm of life, so many times as fast: 1, 60. Else at once; with --into 1.
    #[arg(long, value_name = "N", value_parser = speed)]
    speed: Option<f64>,
    /// Cut pauses that would be longer: 30s, 2min, or none. Else 10s, and none with --into.
    #[arg(long, value_name = "TIME", value_parser = longest)]
    longest_pause: Option<LongestPause>,
    /// The streams with their records, spans and faults.
    #[arg(long, conflicts_with_all = ["at", "speed", "into"])]
    list: bool,
    /// A line of JSON for each entry, or each stream.
    #[arg(long)]
    json: bool,
    /// Put the files of the shift into place again below this folder, in their old order and with their old pauses: results with their
    /// .json, raw files into incoming/, slow control row by row. Nothing is written over.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["at", "streams", "skip_constants", "window", "from", "to", "limit"])]
    into: Option<PathBuf>,
    /// Keep the index of records in this file, so that the same shift opens at once the next time.
    #[arg(long, value_name = "FILE")]
    index: Option<PathBuf>,
}

/// The longest pause as it was asked for.
#[derive(Debug, Clone, Copy)]
struct LongestPause(Option<Duration>);

impl Args {
    /// Whether it writes files: then it goes on when nobody reads what it says.
    pub fn writes(&self) -> bool {
        self.into.is_some()
    }

    fn pace(&self, speed: f64, longest_else: Option<Duration>) -> Pace {
        Pace { speed, longest_pause: self.longest_pause.map_or(longest_else, |longest| longest.0) }
    }
}

/// Runs the command.
pub fn run(global: &super::Global, args: &Args) -> Outcome {
    let what = match &args.from_what {
        Some(text) => ReplayOf::named(text)?,
        None => ReplayOf::Workspace(Box::new(global.workspace()?)),
    };
    if let (Some(from), Some(to)) = (args.from, args.to)
        && from > to
    {
        return Err(Failure(format!("nothing is both after {from} and before {to}: give --from the earlier time")));
    }
    if let Some(into) = &args.into {
        if global.read_only() {
            return Err(Failure("files are written by --into: leave --read-only out".into()));
        }
        return recreate(args, &what, into);
    }
    let index = ReplayIndex::open_or_build(args.index.as_deref(), sources_of(&what)?)?;
    if let Some(why) = &index.made().not_kept {
        eprintln!("dqmon: {why}");
    }
    let named = chosen(&index, &args.streams)?;
    let has_faults = told::tell_faults(&index, named.as_ref());
    let index = Arc::new(index);
    let mut out = BufWriter::new(io::stdout().lock());
    if args.list {
        told::list(&mut out, &index, named.as_ref(), args.json)?;
    } else {
        walk(args, &index, named, &mut out)?;
    }
    out.flush()?;
    Ok(if has_faults { Ended::WithFinding } else { Ended::Done })
}

/// The streams that names and patterns stand for; none when all are meant.
fn chosen(index: &ReplayIndex, names: &[String]) -> Result<Option<BTreeSet<StreamId>>, Failure> {
    if names.is_empty() {
        return Ok(None);
    }
    let mut streams = BTreeSet::new();
    for name in names {
        let found = (0u16..).zip(index.streams()).filter(|(_, stream)| is_like(&stream.name, name.trim()));
        let before = streams.len();
        let found: Vec<StreamId> = found.map(|(place, _)| StreamId(place)).collect();
        streams.extend(&found);
        if streams.len() == before && found.is_empty() {
            let there: Vec<&str> = index.streams().iter().map(|stream| stream.name.as_str()).take(40).collect();
            return Err(Failure(format!("no stream is called {name:?}; there are {}", there.join(", "))));
        }
    }
    Ok(Some(streams))
}

/// Whether a name is as a pattern says, in which a star stands for any letters.
fn is_like(name: &str, pattern: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, middle)) = pieces.split_last() else { return rest.is_empty() };
    for piece in middle {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

/// Prints entries: all of them, or from the one that was asked for.
fn walk(args: &Args, index: &Arc<ReplayIndex>, streams: Option<BTreeSet<StreamId>>, out: &mut dyn Write) -> Result<(), Failure> {
    let window_ns = args.window.map_or(0, |window| i64::try_from(window.as_nanos()).unwrap_or(i64::MAX));
    let (from, to) = (args.from.map(Stamp::of), args.to.map(Stamp::of));
    let walk = Walk { streams, window_ns, skip_constants: args.skip_constants, from, to };
    let mut cursor = Cursor::new(index.clone(), &walk);
    let teller = Teller::of(index, args.json);
    let mut left = args.limit.unwrap_or(if args.at.is_some() { 1 } else { usize::MAX });
    let mut entry = match args.at {
        None => cursor.first(),
        Some(wished) => {
            let found = cursor.event_at(wished);
            if !found.how.is_exact() {
                eprintln!("dqmon: {}", found.how.words());
            }
            teller.how(out, &found)?;
            if found.entry.is_none() {
                return Err(Failure(format!("{wished} was not found: {}", found.how.words())));
            }
            found.entry
        }
    };
    if entry.is_none() {
        eprintln!("dqmon: no entries: nothing was kept of that time and those streams");
    }
    let mut beat = args.speed.map(|speed| Beat::new(args.pace(speed, Some(LONGEST_PAUSE))));
    let never = AtomicBool::new(false);
    while let Some(here) = entry.filter(|_| left > 0) {
        if let Some(beat) = &mut beat {
            let pause = beat.next(here.stamp);
            teller.pause(out, pause)?;
            out.flush()?;
            let _ = beat.wait(&never);
        }
        teller.entry(out, &here)?;
        left -= 1;
        entry = cursor.next();
    }
    Ok(())
}

/// Puts the files into place again.
fn recreate(args: &Args, what: &ReplayOf, into: &std::path::Path) -> Outcome {
    let planned = Recreation::of(what, into)?;
    planned.faults.iter().for_each(|fault| eprintln!("dqmon: {fault}"));
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, stop.clone())?;
    }
    let pace = args.pace(args.speed.unwrap_or(1.0), None);
    // Nobody need read what is said: the files are what this is for.
    let say = |text: String| drop(writeln!(io::stdout().lock(), "{text}"));
    let json = args.json;
    let done = planned.play(pace, &stop, &mut |told| {
        if let Some(line) = told::step(&told, json) {
            say(line);
        }
    });
    let done = done.map_err(|error| Failure(error.to_string()))?;
    let (files, rows) = (counted(done.files as u64, "file", "files"), counted(done.rows as u64, "row", "rows"));
    let left = done.of - done.files - done.rows;
    let so_far = if done.is_stopped { "stopped: " } else { "" };
    eprintln!("dqmon: {so_far}{files} and {rows} put into place, {left} left: {}", into.display());
    Ok(if done.is_stopped || !planned.faults.is_empty() { Ended::WithFinding } else { Ended::Done })
}

/// A moment as people type it.
fn moment(text: &str) -> Result<Timestamp, String> {
    let day = || text.parse::<Date>().ok().and_then(|day| day.to_zoned(TimeZone::UTC).ok()).map(|day| day.timestamp());
    let wrong = || format!("{text:?} is no time; expected one like 2017-07-26T18:00:00Z, 2017-07-26 18:00 or 2017-07-26");
    // A day alone also reads as a day and midnight; a number alone as seconds.
    stamp_of(text.trim()).or_else(day).ok_or_else(wrong)
}

/// A run, a sequence, an event.
fn address(text: &str) -> Result<EventAddress, String> {
    let wrong = || format!("{text:?} names no event; expected RUN, RUN/SEQ or RUN/SEQ/EVENT, such as 840/3/17");
    let number = |word: &str, prefix: &str| {
        let digits = word.strip_prefix(prefix).unwrap_or(word);
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse::<u32>().ok()).flatten().ok_or_else(wrong)
    };
    let words: Vec<&str> = text.trim().split('/').collect();
    let (run, sequence, event) = match words.as_slice() {
        [run] => (run, None, None),
        [run, sequence] => (run, Some(sequence), None),
        [run, sequence, event] => (run, Some(sequence), Some(event)),
        _ => return Err(wrong()),
    };
    Ok(EventAddress {
        run: Run(number(run, "run")?),
        sequence: sequence.map(|word| number(word, "seq")).transpose()?.map(Sequence),
        event: event.map(|word| number(word, "event")).transpose()?.map(EventNumber),
    })
}

/// A length of time.
fn length(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no length of time; expected one like 100ms, 5s or 2min");
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let length: SignedDuration = text.parse().map_err(|_| wrong())?;
    length.try_into().map_err(|_| wrong())
}

fn longest(text: &str) -> Result<LongestPause, String> {
    if text == "none" { Ok(LongestPause(None)) } else { length(text).map(|length| LongestPause(Some(length))) }
}

fn speed(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|speed| *speed > 0.0);
    number.ok_or_else(|| format!("{text:?} is no speed; expected a number above 0, such as 60 for a minute in a second"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_letters() {
        for (pattern, name, expected) in [
            ("raw/*", "raw/run1-seq0", true),
            ("raw/*", "results/raw/", false),
            ("*", "anything", true),
            ("book/decisions", "book/decisions", true),
            ("book/decision", "book/decisions", false),
            ("*seq0", "raw/run1-seq0", true),
            ("r*run1*0", "raw/run1-seq0", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(is_like(name, pattern), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn addresses_and_times_read_as_people_type_them() {
        let all = EventAddress { run: Run(840), sequence: Some(Sequence(3)), event: Some(EventNumber(17)) };
        assert_eq!((address("840/3/17"), address("run840/seq3/17")), (Ok(all), Ok(all)));
        assert_eq!(address("840").unwrap().sequence, None);
        for wrong in ["", "/", "840/", "840/3/17/1", "-1", "840/x"] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
        let noon = moment("2017-07-26T12:00:00Z").unwrap();
        assert_eq!(moment("2017-07-26 12:00"), Ok(noon));
        assert_eq!(moment(&noon.as_second().to_string()), Ok(noon));
        assert_eq!(moment("2017-07-26").unwrap(), noon - SignedDuration::from_hours(12));
        assert!(moment("noon").is_err());
        assert_eq!((length("100ms"), length("0")), (Ok(Duration::from_millis(100)), Ok(Duration::ZERO)));
        assert!(length("-5s").is_err() && length("5").is_err() && speed("0").is_err() && speed("nan").is_err());
    }
}
