//! The moments of each file's way, read from the story.

use std::collections::BTreeMap;

use jiff::Timestamp;
use monitasks::vocab::FileId;
use serde_json::Value;

use crate::bookkeeping::StoryRecord;

/// Something that happened to a file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Happening<'a> {
    /// The file.
    pub file: FileId,
    /// What: `copied`, `job_ended`.
    pub kind: &'a str,
    /// When.
    pub at: Timestamp,
    /// The facts.
    pub detail: &'a Value,
}

impl<'a> Happening<'a> {
    /// What a record of the story says of a file; none for one of a run or of the workspace.
    #[must_use]
    pub fn of(record: &'a StoryRecord) -> Option<Self> {
        let file = FileId { run: record.run?, sequence: record.sequence? };
        Some(Happening { file, kind: &record.kind, at: record.at, detail: &record.detail })
    }
}

/// A moment of a file's way, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Moment {
    Closed,
    Arrived,
    Copied,
    Queued,
    Started,
    Reconstructed,
    Analysed,
    Plotted,
}

/// Number of moments.
pub(super) const MOMENTS: usize = 8;

impl Moment {
    /// The moment that a kind of record stands for.
    fn of(kind: &str) -> Option<Moment> {
        Some(match kind {
            "arrived" => Moment::Arrived,
            "copied" => Moment::Copied,
            "queued" => Moment::Queued,
            "job_submitted" => Moment::Started,
            "accepted" => Moment::Reconstructed,
            "analysed" => Moment::Analysed,
            "plotted" => Moment::Plotted,
            _ => return None,
        })
    }
}

/// One way of a file through the chain; a file that is processed again has one more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pass {
    pub(super) file: FileId,
    pub(super) moments: [Option<Timestamp>; MOMENTS],
    /// When it failed, if it did.
    pub(super) failed: Option<Timestamp>,
    /// When a failed one was taken up again: it is in no backlog from then on.
    pub(super) left: Option<Timestamp>,
    /// Size of the file, as far as it is known.
    pub(super) size_bytes: u64,
}

impl Pass {
    fn new(file: FileId) -> Self {
        Pass { file, moments: [None; MOMENTS], failed: None, left: None, size_bytes: 0 }
    }

    pub(super) fn at(&self, moment: Moment) -> Option<Timestamp> {
        self.moments[moment as usize]
    }

    fn set(&mut self, moment: Moment, at: Timestamp) {
        self.moments[moment as usize] = Some(at);
    }
}

/// The ways of all files, those of one file in order.
pub(super) fn passes(happenings: &[Happening<'_>]) -> Vec<Pass> {
    let mut done = Vec::new();
    let mut open: BTreeMap<FileId, Pass> = BTreeMap::new();
    for happening in happenings {
        let pass = open.entry(happening.file).or_insert_with(|| Pass::new(happening.file));
        if let Some(earlier) = take_in(pass, happening) {
            done.push(earlier);
        }
    }
    done.extend(open.into_values());
    done
}

/// Takes one record in; answers the pass that ended when a new one began.
fn take_in(pass: &mut Pass, happening: &Happening<'_>) -> Option<Pass> {
    let (at, detail) = (happening.at, happening.detail);
    let stamp = |name: &str| detail[name].as_str().and_then(|text| text.parse().ok());
    if let Some(size_bytes) = detail["size_bytes"].as_u64().filter(|_| happening.kind != "other_content_refused") {
        pass.size_bytes = size_bytes;
    }
    match happening.kind {
        "resubmitted" | "taken_again" => {
            let mut again = Pass { size_bytes: pass.size_bytes, ..Pass::new(pass.file) };
            // A copy that stands is not made again; its queue begins now.
            let from = if happening.kind == "taken_again" || pass.at(Moment::Copied).is_none() {
                Moment::Arrived
            } else {
                Moment::Copied
            };
            again.set(from, at);
            pass.left = Some(at);
            return Some(std::mem::replace(pass, again));
        }
        "arrived" => {
            if let Some(closed) = stamp("daq_closed") {
                pass.set(Moment::Closed, closed);
            }
        }
        // What the DAQ went on writing arrives anew.
        "source_changed" => pass.set(Moment::Arrived, at),
        "failed" => pass.failed = Some(at),
        // It waits for another start.
        "job_gone" => {
            pass.set(Moment::Queued, at);
            pass.moments[Moment::Started as usize] = None;
        }
        "job_ended" => {
            // The script's own start; a batch system may let a job wait after it was given to it.
            if let Some(started) = stamp("started") {
                pass.set(Moment::Started, started);
            }
        }
        _ => {}
    }
    if let Some(moment) = Moment::of(happening.kind) {
        pass.set(moment, at);
    }
    None
}
