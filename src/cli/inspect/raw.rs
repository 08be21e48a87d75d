//! Raw files.

use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Args, Report};
use crate::cli::Failure;
use crate::cli::words::counted;
use crate::detector;
use crate::rawdata::{Ending, Event, Loss, RawError, RawReader, begins_with_event_table};

/// A raw file's report. Compressed events are decoded even if they are not listed: else nothing would tell of a damaged stream.
pub(super) fn raw(args: &Args) -> Result<Report, Failure> {
    let has_table = begins_with_event_table(&super::start_of(&args.file)?);
    let by_content = if has_table { "6x6x6" } else { super::OLD_DETECTOR };
    let detector = detector::load(args.detector.as_deref().unwrap_or(by_content), "", Path::new("."))?;
    let reader = RawReader::open(&args.file, &detector.readout)?;
    let mut faults: Vec<String> = reader.losses().iter().map(|loss| loss_words(loss, &args.file)).collect();
    faults.extend(reader.ending().fault().map(|fault| match reader.ending() {
        Ending::Missing(_) => format!("no end, it is still being written or was cut: {fault}"),
        _ => fault.to_string(),
    }));
    let mut rows = Vec::new();
    let mut event = Event::default();
    let mut unreadable = 0;
    for (index, header) in reader.headers().iter().enumerate() {
        if args.events || header.is_compressed() {
            let read = reader.read(index, &mut event);
            unreadable += u64::from(read.is_err());
            faults.extend(read.as_ref().err().map(|error| format!("event {} lost: {error}", header.number.0)));
            rows.extend(args.events.then(|| raw_event(index, &event, read)));
        }
    }
    let compressed = reader.headers().iter().filter(|header| header.is_compressed()).count();
    let (run, flags, count, lost) = (reader.run(), reader.run_flags(), reader.count(), reader.lost_count() + unreadable);
    let mut text = format!(
        "raw file of {}, run {}, run flags 0x{flags:02X}, {}",
        detector.title,
        run.0,
        counted(count as u64, "whole event", "whole events")
    );
    if compressed > 0 {
        text += &format!(", {compressed} of them compressed");
    }
    if unreadable > 0 {
        text += &format!(", {unreadable} of them unreadable");
    }
    text += &if lost == 0 { "\n".to_owned() } else { format!("; {lost} lost in all\n") };
    let mut facts = json!({
        "detector": detector.name,
        "run": run,
        "run_flags": flags,
        "events_count": count,
        "compressed_count": compressed,
        "unreadable_count": unreadable,
        "lost_count": lost,
        "footer": matches!(reader.ending(), Ending::Footer),
        "losses": reader.losses().iter().map(loss_facts).collect::<Vec<_>>(),
    });
    if args.events {
        text += "event     offset  stamp                           flags  type  trigger  sample sum  SHA-256\n";
        rows.iter().for_each(|row| text += &raw_event_line(row));
        facts["events"] = Value::Array(rows);
    }
    Ok(Report { facts, text, faults })
}

/// What was skipped, for people. The reason's path is put last, behind what is said of the loss.
fn loss_words(loss: &Loss, path: &Path) -> String {
    let (events, bytes, offset) = (counted(loss.events, "event", "events"), loss.bytes, loss.offset);
    let path = path.display();
    let reason = loss.reason.to_string();
    let reason = reason.strip_suffix(&format!(": {path}")).unwrap_or(&reason);
    format!("{events} lost in {bytes} bytes from byte {offset} on: {reason}: {path}")
}

fn loss_facts(loss: &Loss) -> Value {
    json!({ "offset": loss.offset, "bytes": loss.bytes, "events": loss.events, "reason": loss.reason.to_string() })
}

/// One event of a raw file, as it was read.
fn raw_event(index: usize, event: &Event, read: Result<(), RawError>) -> Value {
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
    let text = |key: &str| row[key].to_string();
    let (number, offset, kind, trigger) = (text("number"), text("offset"), text("trigger_type"), text("trigger_number"));
    let (stamp, flags) = (row["stamp"].as_str().unwrap_or_default(), row["flags"].as_u64().unwrap_or_default());
    format!("{number:>5} {offset:>10}  {stamp:<30}  0x{flags:02X} {kind:>5} {trigger:>8} {result}\n")
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
