//! `dqmon flow`: how smoothly files go through the chain.

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use serde_json::json;

use super::words::{counted, size};
use super::{Ended, Outcome};
use crate::bookkeeping::{self, StoryRecord};
use crate::processing::disk::{Disk, disks};
use crate::processing::flow::{Flow, Happening};

/// Records of a shorter time make no finding of a disk that fills, s.
const SHORTEST_SPAN_S: f64 = 600.0;

/// Arguments of `dqmon flow`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The time up to now that is looked at: 90m, 24h, 7d.
    #[arg(long, default_value = "24h", value_name = "TIME", value_parser = time)]
    last: SignedDuration,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// A time in words: `90m`, `24h`, `7d`.
fn time(text: &str) -> Result<SignedDuration, String> {
    let span: Span = text.parse().map_err(|error: jiff::Error| error.to_string())?;
    let time = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|error| error.to_string())?;
    if time > SignedDuration::ZERO { Ok(time) } else { Err("expected a time above 0, such as 24h".into()) }
}

/// Runs the command. A disk that is full within the time looked at is a finding.
pub fn run(global: &super::Global, args: &Args) -> Outcome {
    let workspace = global.workspace()?;
    let store = bookkeeping::open_read_only(&workspace.book_place())?;
    let mut story: Vec<StoryRecord> = Vec::new();
    for run in store.overview()?.runs {
        story.extend(store.story(run.run, None)?);
    }
    let happenings: Vec<Happening<'_>> = story.iter().filter_map(Happening::of).collect();
    let flow = Flow::of(&happenings, Timestamp::now(), args.last);
    let disks = disks(&workspace, flow.rate.copied_bytes_per_s);
    if args.json {
        println!("{:#}", json!({"schema": 1, "flow": flow, "disks": disks}));
    } else {
        print(&flow, args.last);
        disks.iter().for_each(|disk| print_disk(disk, flow.rate.over_s));
    }
    // A few files in a burst tell nothing of the hours to come.
    let is_known = flow.span_s >= SHORTEST_SPAN_S;
    let is_soon = |left_s: f64| is_known && left_s < args.last.as_secs_f64();
    let is_short = |disk: &Disk| disk.fault.is_some() || disk.full_in_s.is_some_and(is_soon);
    Ok(if disks.iter().any(is_short) { Ended::WithFinding } else { Ended::Done })
}

fn print(flow: &Flow, last: SignedDuration) {
    println!("the last {}, records of {} of it", duration(last.as_secs_f64()), duration(flow.span_s));
    let done = flow.done;
    println!(
        "{} arrived, {} copied, {} reconstructed, {} analysed, {} failed",
        counted(done.arrived as u64, "file", "files"),
        done.copied,
        done.reconstructed,
        done.analysed,
        done.failed
    );
    let rate = flow.rate;
    let bytes = size(rate.copied_bytes_per_s as u64);
    println!(
        "{:.1} files/h arrive, {:.1} files/h are reconstructed, {bytes}/s copied (over {})",
        rate.arrived_per_h,
        rate.reconstructed_per_h,
        duration(rate.over_s)
    );
    println!("{:<26} {:>6} {:>10} {:>10} {:>10}", "stage", "files", "median", "p95", "longest");
    let cell = |seconds: Option<f64>| seconds.map_or_else(|| "-".to_owned(), duration);
    for stage in &flow.stages {
        let cells = [stage.median_s, stage.p95_s, stage.max_s].map(cell);
        let backwards =
            if stage.backwards == 0 { String::new() } else { format!("  {} more ended before they began", stage.backwards) };
        println!("{:<26} {:>6} {:>10} {:>10} {:>10}{backwards}", stage.meaning, stage.count, cells[0], cells[1], cells[2]);
    }
    let waits = flow.backlog;
    println!(
        "now {} wait for their copy, {} for their job, {} are reconstructed, {} wait for their analysis, {} failed",
        waits.copy, waits.queue, waits.run, waits.analysis, waits.failed
    );
    match flow.eta_s {
        Some(0.0) => println!("nothing waits to be reconstructed"),
        Some(eta_s) => {
            let over = duration(flow.present_s);
            println!("reconstructed in {} at the rate of the last {over} if no more come", duration(eta_s));
        }
        None => println!("none was reconstructed in the last {}: when what waits is done is not known", duration(flow.present_s)),
    }
}

/// `over_s` is the time that the rate of copies is over.
fn print_disk(disk: &Disk, over_s: f64) {
    let folders = disk.folders.iter().map(|folder| folder.display().to_string()).collect::<Vec<_>>().join(", ");
    if let Some(fault) = &disk.fault {
        println!("disk of {folders}: {fault}");
        return;
    }
    let full = |seconds: f64| format!(", full in {} at the rate of the last {}", duration(seconds), duration(over_s));
    let full = disk.full_in_s.map_or_else(String::new, full);
    println!("disk: {} of {} free{full}: {folders}", size(disk.free_bytes), size(disk.size_bytes));
}

/// `4 ms`, `40.0 s`, `12 min`, `3.5 h`, `2.1 days`.
fn duration(seconds: f64) -> String {
    match seconds {
        ..0.1 => format!("{:.0} ms", 1e3 * seconds),
        ..120.0 => format!("{seconds:.1} s"),
        ..7200.0 => format!("{:.0} min", seconds / 60.0),
        ..172_800.0 => format!("{:.1} h", seconds / 3600.0),
        _ => format!("{:.1} days", seconds / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, hours) in [("24h", 24), ("7d", 168), ("120m", 2), ("1d 1h", 25)] {
            assert_eq!(time(text), Ok(SignedDuration::from_hours(hours)), "{text}");
        }
        for text in ["", "0s", "-1h", "soon", "1mo"] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
