//! The moments of each file's way, read from the story: once into the storage, and once through each processing of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use monitasks::vocab::{FileId, Processing};
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

    /// The processing that it happened in: its number, or that in the name of its group.
    fn processing(&self) -> Option<Processing> {
        let number = || u32::try_from(self.detail["processing"].as_u64()?).ok();
        let of_group = || self.detail["group"].as_str()?.split('-').find_map(|part| part.strip_prefix('p')?.parse().ok());
        number().or_else(of_group).map(Processing)
    }

    fn stamp(&self, name: &str) -> Option<Timestamp> {
        self.detail[name].as_str().and_then(|text| text.parse().ok())
    }
}

/// A moment of a file's way, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Moment {
    /// The DAQ wrote it last. Of a way through a processing only where that was begun because the file came.
    Closed,
    /// It was seen whole.
    Arrived,
    /// Its copy stood.
    Copied,
    /// Its lane could take it, because its copy stood.
    Entered,
    /// It waits for its job.
    Queued,
    /// Its job started.
    Started,
    /// Its reconstructed file was accepted.
    Reconstructed,
    /// It waits for its group's analysis: reconstructed, taken over from an earlier processing, or its group is made again.
    Ready,
    /// Its group was analysed.
    Analysed,
}

/// Number of moments.
pub(super) const MOMENTS: usize = 9;

/// One way of a file, into the storage or through a processing; what is tried again has one more.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Pass {
    pub(super) moments: [Option<Timestamp>; MOMENTS],
    /// Since when it waits for its job though none of its moments says so: it is held, or is taken in again as it stands.
    pub(super) waits: Option<Timestamp>,
    /// When it failed, if it did.
    pub(super) failed: Option<Timestamp>,
    /// When another way of it began: it is in no backlog from then on.
    pub(super) left: Option<Timestamp>,
    /// Size of the file, as far as it is known.
    pub(super) size_bytes: u64,
}

impl Pass {
    pub(super) fn at(&self, moment: Moment) -> Option<Timestamp> {
        self.moments[moment as usize]
    }

    fn set(&mut self, moment: Moment, at: Option<Timestamp>) {
        self.moments[moment as usize] = at;
    }

    /// All that ever moved it from one place to another, in no order.
    pub(super) fn turns(&self) -> impl Iterator<Item = Timestamp> {
        self.moments.into_iter().chain([self.waits, self.failed, self.left]).flatten()
    }
}

/// The way of a file into the storage.
#[derive(Debug, Default)]
struct Intake {
    pass: Pass,
    /// Lanes that have begun with what came in by this way: a later processing of the same lane is no part of its latency.
    entered: BTreeSet<String>,
    /// The newest processing of each lane.
    newest: BTreeMap<String, Processing>,
}

/// The ways read so far.
#[derive(Debug, Default)]
struct Ways {
    done: Vec<Pass>,
    intakes: BTreeMap<FileId, Intake>,
    through: BTreeMap<(FileId, Processing), Pass>,
}

/// The ways of all files; the records of one file in the book's order.
pub(super) fn passes(happenings: &[Happening<'_>]) -> Vec<Pass> {
    let mut ways = Ways::default();
    for happening in happenings {
        match happening.kind {
            "arrived" | "source_changed" | "taken_again" | "copied" | "stored" => ways.take_intake(happening),
            // A file fails on its way in, or in a processing; and so it is taken up again.
            "failed" | "resubmitted" => match happening.processing() {
                None => ways.take_intake(happening),
                Some(processing) => ways.take_through(happening, processing),
            },
            "held" | "held_back" | "queued" | "job_submitted" | "job_gone" | "job_ended" | "accepted" | "taken_over"
            | "grouped" | "grouped_again" | "analysed" | "tried_again" | "waits_for_its_file" => {
                // A book from before there were lanes names none.
                ways.take_through(happening, happening.processing().unwrap_or(Processing(1)));
            }
            _ => {}
        }
    }
    let Ways { mut done, intakes, through } = ways;
    done.extend(intakes.into_values().map(|intake| intake.pass));
    done.extend(through.into_values());
    done
}

impl Ways {
    fn take_intake(&mut self, happening: &Happening<'_>) {
        let (at, intake) = (Some(happening.at), self.intakes.entry(happening.file).or_default());
        if let Some(size_bytes) = happening.detail["size_bytes"].as_u64() {
            intake.pass.size_bytes = size_bytes;
        }
        let pass = &mut intake.pass;
        match happening.kind {
            "arrived" => {
                pass.set(Moment::Arrived, at);
                pass.set(Moment::Closed, happening.stamp("daq_closed").or(pass.at(Moment::Closed)));
            }
            // What the DAQ went on writing arrives anew.
            "source_changed" => {
                pass.set(Moment::Arrived, at);
                pass.set(Moment::Closed, happening.stamp("daq_closed").or(pass.at(Moment::Closed)));
            }
            "copied" => pass.set(Moment::Copied, at),
            "stored" => pass.left = pass.left.or(at),
            "failed" => pass.failed = at,
            "taken_again" | "resubmitted" => {
                let mut again = Pass { size_bytes: pass.size_bytes, ..Pass::default() };
                // A copy that stands is not made again; its queue begins now.
                if happening.kind == "resubmitted" && pass.at(Moment::Copied).is_some() {
                    again.waits = at;
                } else {
                    again.set(Moment::Arrived, at);
                }
                pass.left = at;
                self.done.push(std::mem::replace(pass, again));
                intake.entered.clear();
            }
            _ => {}
        }
    }

    fn take_through(&mut self, happening: &Happening<'_>, processing: Processing) {
        let (at, key) = (Some(happening.at), (happening.file, processing));
        if !self.through.contains_key(&key) {
            let begun = self.begin(happening, processing);
            self.through.insert(key, begun);
        }
        let Some(pass) = self.through.get_mut(&key) else { return };
        match happening.kind {
            "held" | "held_back" => {
                pass.waits = at;
                // What holds it says nothing of how fast its queue entry was made.
                pass.set(Moment::Entered, None);
            }
            "queued" => pass.set(Moment::Queued, at),
            "job_submitted" => pass.set(Moment::Started, at),
            // The script's own start; a batch system may let a job wait after it was given to it.
            "job_ended" => pass.set(Moment::Started, happening.stamp("started").or(pass.at(Moment::Started))),
            "job_gone" if happening.detail["class"].is_string() => pass.failed = at,
            // It waits for another start.
            "job_gone" => {
                pass.set(Moment::Queued, at);
                pass.set(Moment::Started, None);
            }
            "accepted" => {
                pass.set(Moment::Reconstructed, at);
                pass.set(Moment::Ready, at);
            }
            "taken_over" => pass.set(Moment::Ready, at),
            "analysed" => pass.set(Moment::Analysed, at),
            "failed" => pass.failed = at,
            "resubmitted" | "tried_again" | "grouped_again" | "waits_for_its_file" => {
                let mut again = Pass { size_bytes: pass.size_bytes, ..Pass::default() };
                match happening.kind {
                    "grouped_again" => again.set(Moment::Ready, at),
                    // Until its file has come, the file's own way counts.
                    "waits_for_its_file" => {}
                    _ => again.set(Moment::Queued, at),
                }
                pass.left = at;
                self.done.push(std::mem::replace(pass, again));
                if happening.kind == "waits_for_its_file" {
                    self.through.remove(&key);
                }
            }
            _ => {}
        }
    }

    /// A new way through a processing. It takes up what failed in an earlier processing of its lane.
    fn begin(&mut self, happening: &Happening<'_>, processing: Processing) -> Pass {
        let lane = happening.detail["lane"].as_str().unwrap_or_default();
        let intake = self.intakes.entry(happening.file).or_default();
        let mut pass = Pass { size_bytes: intake.pass.size_bytes, ..Pass::default() };
        if intake.entered.insert(lane.to_owned()) {
            pass.set(Moment::Closed, intake.pass.at(Moment::Closed));
            pass.set(Moment::Entered, intake.pass.at(Moment::Copied));
        }
        intake.pass.left = intake.pass.left.or(Some(happening.at));
        let earlier = intake.newest.insert(lane.to_owned(), processing).filter(|earlier| *earlier != processing);
        if let Some(earlier) = earlier.and_then(|earlier| self.through.get_mut(&(happening.file, earlier))) {
            earlier.left = earlier.left.or(Some(happening.at));
        }
        pass
    }
}
