//! What a load test tells.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::options::Options;
use crate::outcome::Latency;

/// The goals: seconds from close to queue beyond the copy at p95, when files come at a pace; growth of the backend's memory.
const QUEUED_P95_S: f64 = 0.1;
const GROWTH: f64 = 0.1;

/// What was measured.
pub struct Report {
    /// What was asked.
    pub options: Options,
    /// Mean size of a file, bytes.
    pub mean_bytes: f64,
    /// Seconds that delivering took, and everything.
    pub delivered_s: f64,
    pub whole_s: f64,
    /// Files that were copied, queued, reconstructed and analysed, each exactly once.
    pub once: [usize; 4],
    /// Files to which one of these happened more than once.
    pub more_than_once: usize,
    /// Files and passes that failed, with their reasons.
    pub failed: Vec<String>,
    /// Files whose copy is byte for byte what was delivered.
    pub same: usize,
    /// Second copies that were verified.
    pub central: usize,
    /// Name and latency.
    pub latencies: Vec<(&'static str, Option<Latency>)>,
    /// Resident memory of the backend, bytes: mean of the second and of the last quarter, and highest.
    pub memory_bytes: Option<(f64, f64)>,
    pub peak_bytes: u64,
    /// Processor time of the backend without its jobs, s.
    pub cpu_s: f64,
    /// Records in the book's story.
    pub story: usize,
}

impl Report {
    /// Figures that were missed.
    pub fn misses(&self) -> Vec<String> {
        let (files, mut misses) = (self.options.files, Vec::new());
        let wanted = if self.options.with_jobs { 4 } else { 2 };
        for (what, count) in ["copied", "queued", "reconstructed", "analysed"].iter().zip(self.once).take(wanted) {
            if count != files {
                misses.push(format!("{count} of {files} {what} once"));
            }
        }
        if self.same != files {
            misses.push(format!("{} of {files} copies as delivered", self.same));
        }
        if self.options.central.is_some() && self.central != files {
            misses.push(format!("{} of {files} second copies verified", self.central));
        }
        let queued = self.latencies.iter().find(|(name, _)| *name == "close to queued beyond the copy").and_then(|row| row.1);
        if let Some(latency) = queued.filter(|latency| self.options.every_s > 0.0 && latency.p95_s > QUEUED_P95_S) {
            misses.push(format!("close to queued beyond the copy: p95 {:.0} ms", 1e3 * latency.p95_s));
        }
        if let Some(growth) = self.growth().filter(|growth| *growth > GROWTH) {
            misses.push(format!("the backend's memory grew by {:.0} %", 100.0 * growth));
        }
        misses
    }

    fn growth(&self) -> Option<f64> {
        self.memory_bytes.map(|(second, last)| last / second - 1.0)
    }

    fn asked(&self) -> String {
        let Options { files, every_s, compressed, with_jobs, system, central, .. } = &self.options;
        let pace = if *every_s > 0.0 { format!("{:.3} per second", 1.0 / every_s) } else { "in one burst".into() };
        let jobs = if *with_jobs { format!("jobs on {system}") } else { "no jobs".into() };
        let packed = if *compressed { ", compressed" } else { "" };
        let central = central.as_ref().map(|place| format!(", second copies to {place}")).unwrap_or_default();
        format!("{files} files of {:.1} MB{packed}, {pace}, {jobs}{central}", self.mean_bytes / 1e6)
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n", self.asked());
        let [copied, queued, reconstructed, analysed] = self.once;
        let _ = writeln!(text, "delivered in {:.1} s, all over after {:.1} s", self.delivered_s, self.whole_s);
        let _ = writeln!(
            text,
            "once each: {copied} copied, {queued} queued, {reconstructed} reconstructed, {analysed} analysed; {} more than once, \
             {} failed; {} copies byte for byte as delivered",
            self.more_than_once,
            self.failed.len(),
            self.same
        );
        for reason in self.failed.iter().take(5) {
            let _ = writeln!(text, "  failed: {reason}");
        }
        if self.options.central.is_some() {
            let _ = writeln!(text, "second copies verified: {}", self.central);
        }
        let _ = writeln!(text, "{:<34} {:>6} {:>10} {:>10} {:>10}", "ms", "files", "median", "p95", "longest");
        for (name, latency) in &self.latencies {
            if let Some(Latency { count, median_s, p95_s, max_s }) = latency {
                let [median, p95, longest] = [median_s, p95_s, max_s].map(|seconds| 1e3 * seconds);
                let _ = writeln!(text, "{name:<34} {count:>6} {median:>10.1} {p95:>10.1} {longest:>10.1}");
            }
        }
        if let Some((second, last)) = self.memory_bytes {
            let growth = 100.0 * (last / second - 1.0);
            let (second, last, peak) = (second / 1e6, last / 1e6, self.peak_bytes as f64 / 1e6);
            let _ = writeln!(
                text,
                "backend: memory {second:.1} MB in the second quarter, {last:.1} MB in the last ({growth:+.1} %), at most {peak:.1} MB"
            );
        }
        let (of_file, part) = (1e3 * self.cpu_s / self.options.files as f64, 100.0 * self.cpu_s / self.whole_s);
        let records = self.story as f64 / self.options.files as f64;
        let _ = writeln!(
            text,
            "backend: {:.2} s of processor time without its jobs, {of_file:.2} ms a file, {part:.0} % of a core; {records:.1} \
             records of the story a file",
            self.cpu_s
        );
        match self.misses() {
            misses if misses.is_empty() => text + "all figures reached\n",
            misses => text + "MISSED: " + &misses.join("; ") + "\n",
        }
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let latency = |latency: &Latency| json!({"files": latency.count, "median_s": latency.median_s, "p95_s": latency.p95_s, "max_s": latency.max_s});
        let latencies: serde_json::Map<String, Value> = self
            .latencies
            .iter()
            .map(|(name, found)| (name.replace(' ', "_"), found.as_ref().map_or(Value::Null, latency)))
            .collect();
        json!({
            "schema": 1, "asked": self.asked(), "files": self.options.files, "every_s": self.options.every_s,
            "mean_bytes": self.mean_bytes, "delivered_s": self.delivered_s, "whole_s": self.whole_s,
            "once": {"copied": self.once[0], "queued": self.once[1], "reconstructed": self.once[2], "analysed": self.once[3]},
            "more_than_once": self.more_than_once, "failed": self.failed, "copies_as_delivered": self.same,
            "central_verified": self.central, "latencies": latencies,
            "memory_second_quarter_bytes": self.memory_bytes.map(|memory| memory.0),
            "memory_last_quarter_bytes": self.memory_bytes.map(|memory| memory.1), "memory_growth": self.growth(),
            "memory_peak_bytes": self.peak_bytes, "backend_cpu_s": self.cpu_s, "story_records": self.story,
            "misses": self.misses(),
        })
    }
}
