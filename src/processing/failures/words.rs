//! What each class of failure is called, means, and asks of a shifter: title, meaning, next step.

use crate::bookkeeping::FailureClass;

/// Title, meaning, next step.
type Words = [&'static str; 3];

impl FailureClass {
    /// Title, meaning, next step.
    pub(super) fn words(self) -> Words {
        match self {
            FailureClass::InputDamaged => INPUT_DAMAGED,
            FailureClass::Output => OUTPUT,
            FailureClass::Analysis => ANALYSIS,
            FailureClass::Memory => MEMORY,
            FailureClass::TimeLimit => TIME_LIMIT,
            FailureClass::NodeLost => NODE_LOST,
            FailureClass::Lost => LOST,
            FailureClass::Space => SPACE,
            FailureClass::Copy => COPY,
            FailureClass::Submit => SUBMIT,
            FailureClass::ProgramError => PROGRAM_ERROR,
            FailureClass::Cancelled => CANCELLED,
            FailureClass::Unknown => UNKNOWN,
        }
    }
}

// What was read and what came of it.

#[rustfmt::skip]
const INPUT_DAMAGED: Words = [
    "input damaged",
    "The file that it reads is cut short or its bytes contradict the format.",
    "Tell the DAQ people run and file, with what 'dqmon inspect' says; note it in a decision on the run. Resubmitting reads the same bytes.",
];

#[rustfmt::skip]
const OUTPUT: Words = [
    "output not as expected",
    "The job said that all was well, and its output is missing, damaged or has another number of entries.",
    "Resubmit; if it comes again, call the software expert.",
];

#[rustfmt::skip]
const ANALYSIS: Words = [
    "no result of the analyses",
    "The file was reconstructed, and none of its group's analyses led to a result.",
    "Read the reasons of the analyses with 'dqmon show'; too few tracks are no fault of the program.",
];

// Machines, and what they let a job take.

#[rustfmt::skip]
const MEMORY: Words = [
    "killed, most likely for memory",
    "The operating system or the batch system killed the job, which as a rule is for the memory it took.",
    "Resubmit; if it comes again, call the data manager: fewer jobs at once, or more memory for each.",
];

#[rustfmt::skip]
const TIME_LIMIT: Words = [
    "time limit",
    "The job took longer than the batch system lets it.",
    "Resubmit; if it comes again, call the data manager: the limit is too short or the node too slow.",
];

#[rustfmt::skip]
const NODE_LOST: Words = [
    "node lost",
    "The machine that the job ran on went down or lost its connection.",
    "Resubmit; if the same node is named again, tell the farm's operator.",
];

#[rustfmt::skip]
const LOST: Words = [
    "lost",
    "The job went away without leaving a mark of how it ended.",
    "Look whether the node went down; resubmit; if it comes again, call the data manager.",
];

// Disks, copies and the batch system.

#[rustfmt::skip]
const SPACE: Words = [
    "storage full",
    "A disk that it writes to had no room left.",
    "Call the data manager: room has to be made first; then resubmit.",
];

#[rustfmt::skip]
const COPY: Words = [
    "copy failed",
    "The raw file could not be copied into the storage: the source or the server is away, or can't be read.",
    "Look whether the server and the DAQ's disk answer; when they do, resubmit; else call the data manager.",
];

#[rustfmt::skip]
const SUBMIT: Words = [
    "could not be submitted",
    "The batch system did not take the job, so it never ran.",
    "Look whether the batch system answers; when it does, resubmit; else call the data manager.",
];

// The program, people, and what tells nothing.

#[rustfmt::skip]
const PROGRAM_ERROR: Words = [
    "program error",
    "The program itself failed: it crashed, panicked, or refused what it was given.",
    "Resubmit once; if it comes again, keep the log and call the software expert. The other files go on.",
];

#[rustfmt::skip]
const CANCELLED: Words = [
    "cancelled by a person",
    "Somebody ended the job on purpose.",
    "Ask in the shift log why; resubmit when it is wanted after all.",
];

#[rustfmt::skip]
const UNKNOWN: Words = [
    "not known",
    "What is known of the failure does not tell its kind.",
    "Read the log; resubmit; if it comes again, call the data manager.",
];
