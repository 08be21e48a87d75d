//! The words in the book: enums whose values stand there as text.

use serde::{Deserialize, Serialize};

/// A text in the book that is none of the words it should be one of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is no {what}; there are: {known}")]
pub struct WordError {
    /// The kind of word: `file step`.
    pub what: &'static str,
    /// The text as found.
    pub found: String,
    /// The words there are.
    pub known: String,
}

/// An enum whose values stand as words in the book.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident, $what:literal { $($(#[$doc:meta])* $value:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$doc])* $value,)+ }

        impl $name {
            /// All of them, in order.
            pub const ALL: &[$name] = &[$($name::$value,)+];

            /// The word in the book.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $($name::$value => $word,)+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = WordError;

            fn from_str(text: &str) -> Result<Self, WordError> {
                $name::ALL.iter().copied().find(|value| value.word() == text).ok_or_else(|| WordError {
                    what: $what,
                    found: text.to_owned(),
                    known: $name::ALL.iter().map(|value| value.word()).collect::<Vec<_>>().join(", "),
                })
            }
        }
    };
}

words! {
    /// How far a raw file has come on its way into the storage. Each is stored before what it names is done.
    FileStep, "file step" {
        /// The DAQ has closed it.
        Arrived = "arrived",
        /// It is being copied to the storage.
        Copying = "copying",
        /// It stands in the storage; log lines and queue entry are being written.
        Copied = "copied",
        /// Both transfer logs have its line and its lanes have taken it: what becomes of it now are its passes.
        Stored = "stored",
        /// It could not be taken in; class and reason stand beside it.
        Failed = "failed",
    }
}

words! {
    /// How far a raw file has come in one processing. Each is stored before what it names is done.
    PassStep, "step of a pass" {
        /// Its lane's rules or a person hold it.
        Held = "held",
        /// `todo/` has its entry; it waits for a slot.
        Queued = "queued",
        /// An attempt is allotted and its job is being started.
        Submitting = "submitting",
        /// Its job runs.
        Running = "running",
        /// Its job has ended well; the output is being checked.
        Ended = "ended",
        /// Its reconstructed file has been accepted.
        Reconstructed = "reconstructed",
        /// It is in a group that is being analysed.
        Grouped = "grouped",
        /// It is in a result.
        Analysed = "analysed",
        /// Something went wrong; class and reason stand beside it.
        Failed = "failed",
    }
}

words! {
    /// What kind of failure it was.
    FailureClass, "failure class" {
        /// The raw file can't be read or copied.
        Copy = "copy",
        /// Not enough room in the storage.
        Space = "space",
        /// The raw file holds nothing that can be reconstructed.
        InputDamaged = "input_damaged",
        /// The job was killed for the memory it took.
        Memory = "memory",
        /// The job was ended at its time limit.
        TimeLimit = "time_limit",
        /// The machine that the job ran on went away.
        NodeLost = "node_lost",
        /// The program itself failed.
        ProgramError = "program_error",
        /// The job went away without an end mark, again and again.
        Lost = "lost",
        /// The job ended well and its output is missing or not as expected.
        Output = "output",
        /// None of its group's analyses led to a result.
        Analysis = "analysis",
        /// The job could not be started.
        Submit = "submit",
        /// A person ended it.
        Cancelled = "cancelled",
        /// The job ended with an error that says no more.
        Unknown = "unknown",
    }
}

words! {
    /// How far a processing of a run has come.
    ProcessingStep, "step of a processing" {
        /// Its lane's rules don't let it start yet; the rule stands beside it.
        Held = "held",
        /// Files of it are being processed, or more may come.
        Open = "open",
        /// Its rules say that this run is not for this lane.
        Refused = "refused",
        /// Its jobs are done and at least one file of it failed: not every declared product is there.
        Processed = "processed",
        /// Its jobs are done and every declared product is there.
        Done = "done",
        /// Its jobs are done and an analysis of one of its groups failed.
        MergingFailed = "merging_failed",
    }
}

words! {
    /// A shifter's mark on a run.
    Mark, "shift mark" {
        /// Data as they should be.
        Ok = "ok",
        /// Data of use, with something wrong.
        Flawed = "flawed",
        /// Data of no use.
        Unusable = "unusable",
        /// Taken to study the detector.
        DetectorStudies = "detector_studies",
        /// Nobody has said anything.
        Unmarked = "unmarked",
    }
}

words! {
    /// What kind of thing an entry of the ledger says.
    EntryKind, "kind of entry" {
        /// A decision on a run, a part of it, or a processing.
        Decision = "decision",
        /// A shifter's mark on a run.
        Mark = "mark",
        /// The kind of data that a run holds.
        RunKind = "run_kind",
        /// What a subsystem says of a processing.
        SubsystemMark = "subsystem_mark",
        /// What a run list says of a run.
        RunFacts = "run_facts",
        /// A version of the rule of derived status.
        Rule = "rule",
        /// A dated exception from that rule.
        Override = "override",
        /// A change of a derived status, with its inputs.
        Status = "status",
        /// What a product was made of.
        Derivation = "derivation",
        /// A problem.
        Problem = "problem",
        /// What was done about an alarm.
        Alarm = "alarm",
        /// A known issue or a mask of channels.
        KnownIssue = "known_issue",
        /// Something to be done by somebody until a day.
        FollowUp = "follow_up",
        /// Who has the shift.
        Shift = "shift",
        /// An open list of runs.
        Dataset = "dataset",
        /// An unchangeable list of runs.
        DatasetSnapshot = "dataset_snapshot",
        /// A decision that is closed.
        Lock = "lock",
        /// A second person's word on a decision.
        Verification = "verification",
        /// The end of a meeting's list.
        SignOff = "sign_off",
    }
}

words! {
    /// What a flag is about.
    Stage, "stage" {
        /// Raw data.
        Raw = "raw",
        /// Reconstructed data.
        Reconstructed = "reconstructed",
        /// Selected data.
        Selected = "selected",
    }
}

words! {
    /// What is to become of data.
    Outcome, "outcome" {
        /// They are as they should be.
        Fine = "fine",
        /// Something offline is to be mended: software, alignment, calibration.
        FixNeeded = "fix_needed",
        /// They are of no use.
        Lost = "lost",
    }
}

words! {
    /// What a job does.
    JobKind, "kind of job" {
        /// Raw file to reconstructed file.
        Reconstruct = "reconstruct",
        /// Pedestals of a group.
        Pedestals = "pedestals",
        /// Electron lifetime of a group.
        Purity = "purity",
        /// LEM gain of a group.
        Gain = "gain",
        /// Hits, tracks and stamps of a group.
        Events = "events",
        /// Noise of a group's raw files.
        Noise = "noise",
    }
}

words! {
    /// The state of a job, as people know it from batch systems.
    JobState, "job state" {
        /// Allotted, not yet seen running.
        Queued = "queued",
        /// It runs.
        Running = "running",
        /// It ended well.
        Done = "done",
        /// It ended with an error, or went away.
        Failed = "failed",
        /// It waits for a person.
        Held = "held",
        /// The batch system can't say.
        Unknown = "unknown",
    }
}

words! {
    /// How far the second copy of a raw file has come.
    CentralStep, "step of a central copy" {
        /// It is to be made.
        Wanted = "wanted",
        /// It is being made.
        Copying = "copying",
        /// It failed and is tried again at a time.
        PutOff = "put_off",
        /// It stands there with the book's size and checksum.
        Verified = "verified",
        /// It is not made: a person is needed.
        Refused = "refused",
    }
}

words! {
    /// How far a group has come.
    GroupStep, "group step" {
        /// Its analysis runs.
        Analysing = "analysing",
        /// All its results stand in `results/`.
        Done = "done",
        /// At least one of its analyses failed; the others were made.
        Failed = "failed",
    }
}

words! {
    /// How far one analysis of a group has come.
    TaskPhase, "phase of an analysis" {
        /// It waits for a slot, or for the analysis it needs.
        Waiting = "waiting",
        /// An attempt is allotted and its job is being started.
        Submitting = "submitting",
        /// Its job runs.
        Running = "running",
        /// Its job has ended well; the results are being moved into place.
        Ended = "ended",
        /// Its results stand in `results/`.
        Done = "done",
        /// It failed; the reason stands beside it.
        Failed = "failed",
    }
}

words! {
    /// What a person asks of the backend.
    RequestKind, "kind of request" {
        /// Process again what failed: a file, a group, a run, or everything of a failure class.
        Resubmit = "resubmit",
        /// Keep a file that waits, or all of a run, from being processed.
        Hold = "hold",
        /// Let go what a person held.
        Release = "release",
        /// End a file's job, or take it out of the queue.
        Cancel = "cancel",
        /// Process a whole run again, as a new processing.
        Reprocess = "reprocess",
        /// Stop after the current step; jobs go on.
        Stop = "stop",
    }
}
