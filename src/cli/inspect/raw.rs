//! Raw files.

use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Args, Report};
use crate::cli::Failure;
use crate::detector;
use crate::rawdata::{Event, RawError, RawReader};

/// A raw file's report.
pub(super) fn raw(args: &Args) -> Result<Report, Failure> {
    let detector = detector::load(&args.detector, "", Path::new("."))?;
    let reader = RawReader::open(&args.file, &detector.readout)?;
    let mut faults: Vec<String> = reader.ending().fault().map(ToString::to_string).into_iter().collect();
    let compressed = reader.headers().iter().filter(|header| header.is_compressed()).count();
    if compressed > 0 {
        faults.push(format!("{compressed} of {} events are compressed, which this version does not read", reader.count()));
    }
    let (run, flags, count) = (reader.run(), reader.run_flags(), reader.count());
    let mut text = format!("raw file of {}, run {}, run flags 0x{flags:02X}, {count} whole events\n", detector.title, run.0);
    let mut facts = json!({
        "detector": detector.name,
        "run": run,
        "run_flags": flags,
        "events_count": count,
        "compressed_count": compressed,
        "footer": reader.ending().fault().is_none(),
    });
    if args.events {
        let mut rows = Vec::with_capacity(count);
        text += "event     offset  stamp                           flags  trigger  sample sum  SHA-256\n";
        let mut event = Event::default();
        for index in 0..count {
            let row = raw_event(&reader, index, &mut event);
            // That an event is compressed is told once for all of them.
            if let Some(why) = row["fault"].as_str().filter(|_| !event.header.is_compressed()) {
                faults.push(why.to_owned());
            }
            text += &raw_event_line(&row);
            rows.push(row);
        }
        facts["events"] = Value::Array(rows);
    }
    Ok(Report { facts, text, faults })
}

/// One event of a raw file.
fn raw_event(reader: &RawReader, index: usize, event: &mut Event) -> Value {
    let read: Result<(), RawError> = reader.read(index, event);
    let header = event.header;
    let sums = read.is_ok().then(|| sample_sums(&event.samples));
    json!({
        "index": index,
        "number": header.number,
        "offset": header.offset,
        "stamp": header.stamp,
        "flags": header.flags,
        "trigger_type": header.trigger_type,
        "trigger_number": header.trigger_number,
        "sample_sum": sums.as_ref().map(|(sum, _)| *sum),
        "samples_sha256": sums.map(|(_, hash)| hash),
        "fault": read.err().map(|error| error.to_string()),
    })
}

/// One event as a row of the table.
fn raw_event_line(row: &Value) -> String {
    let result = match row["fault"].as_str() {
        None => format!("{:>11}  {}", row["sample_sum"].to_string(), row["samples_sha256"].as_str().unwrap_or_default()),
        Some(fault) => fault.to_owned(),
    };
    let (number, offset, trigger) = (row["number"].to_string(), row["offset"].to_string(), row["trigger_number"].to_string());
    let (stamp, flags) = (row["stamp"].as_str().unwrap_or_default(), row["flags"].as_u64().unwrap_or_default());
    format!("{number:>5} {offset:>10}  {stamp:<30}  0x{flags:02X} {trigger:>9} {result}\n")
}

/// Sum of the samples, and SHA-256 of them as little-endian u16.
fn sample_sums(samples: &[u16]) -> (u64, String) {
    let mut hash = Sha256::new();
    let mut bytes = [0u8; 8192];
    for samples in samples.chunks(bytes.len() / 2) {
        for (place, sample) in bytes.chunks_exact_mut(2).zip(samples) {
            place.copy_from_slice(&sample.to_le_bytes());
        }
        hash.update(&bytes[..2 * samples.len()]);
    }
    let hash = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    (samples.iter().map(|sample| u64::from(*sample)).sum(), hash)
}
