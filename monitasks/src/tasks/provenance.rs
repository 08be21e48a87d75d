//! Where a result came from: what its sidecar says, else what its name and text say.

use jiff::Timestamp;

use crate::format::sidecar::Sidecar;
use crate::summary::Summary;
use crate::task::{ReadError, ResultFile, TaskContext};
use crate::vocab::{FileId, Group, Processing, Run};

/// The summary of a file with all but its numbers, and the sidecar, where there is one.
///
/// # Errors
/// A sidecar that is half written, of a newer layout, or none.
pub(super) fn open(input: &ResultFile<'_>, context: &TaskContext<'_>) -> Result<(Summary, Option<Sidecar>), ReadError> {
    let mut summary = Summary::of_file(input.name);
    let named = run_of_name(input.name);
    let Some(bytes) = input.sidecar else {
        if let Some((run, processing, group)) = named {
            (summary.run, summary.processing, summary.group) = (Some(run), Some(processing), Some(group));
        }
        return Ok((summary, None));
    };
    let sidecar = Sidecar::parse(bytes)?;
    summary.run = Some(sidecar.run);
    summary.processing = Some(sidecar.processing);
    summary.lane.clone_from(&sidecar.lane);
    summary.group = Some(sidecar.group);
    summary.data_start = sidecar.data_start;
    summary.data_end = sidecar.data_end;
    summary.processed_at = Some(sidecar.processed_at);
    summary.provenance.members.clone_from(&sidecar.members);
    summary.provenance.detector.clone_from(&sidecar.detector);
    summary.provenance.software.clone_from(&sidecar.software);
    let remarks = &mut summary.provenance.remarks;
    if named.is_some_and(|named| named != (sidecar.run, sidecar.processing, sidecar.group)) {
        let Sidecar { run, processing, group, .. } = &sidecar;
        remarks.push(format!("the file's name says otherwise: it is of {run}, processing {}, group {}", processing.0, group.0));
    }
    if sidecar.detector != context.detector.name {
        remarks.push(format!("made for the detector {}, shown as {}", sidecar.detector, context.detector.name));
    }
    Ok((summary, Some(sidecar)))
}

/// Says of a result with no sidecar what is not known, and takes the time that the text or the name gave.
pub(super) fn without_sidecar(summary: &mut Summary, stamp: Option<Timestamp>) {
    summary.processed_at = stamp;
    summary.provenance.remarks.push("no .json beside it: raw files, settings and version are not known".into());
}

/// The line that names the result and the raw files in it.
pub(super) fn members_note(summary: &Summary) -> String {
    let members = &summary.provenance.members;
    match (members.iter().min(), members.iter().max()) {
        (Some(first), Some(last)) if members.len() > 3 => {
            format!("{}: {} raw files, {first} to {last}", summary.name(), members.len())
        }
        (Some(_), Some(_)) => {
            let names: Vec<String> = members.iter().map(FileId::to_string).collect();
            format!("{}: {}", summary.name(), names.join(", "))
        }
        _ => format!("{}: raw files not known", summary.name()),
    }
}

/// Reads `run1-p2-g0` from `crp/run1-p2-g0.txt`.
fn run_of_name(name: &str) -> Option<(Run, Processing, Group)> {
    let file = name.rsplit('/').next()?;
    let (stem, _) = file.rsplit_once('.')?;
    let mut parts = stem.split('-');
    let mut part = |word: &str| {
        let digits = parts.next()?.strip_prefix(word)?;
        if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse::<u32>().ok() } else { None }
    };
    let named = (Run(part("run")?), Processing(part("p")?), Group(part("g")?));
    parts.next().is_none().then_some(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_name_says_run_processing_and_group() {
        assert_eq!(run_of_name("crp/run12-p3-g4.txt"), Some((Run(12), Processing(3), Group(4))));
        for name in ["", "run1", "crp/run1-p1.txt", "crp/run1-p1-g0-x.txt", "crp/run+1-p1-g0.txt", "pedestal_010117_000000.ped"] {
            assert_eq!(run_of_name(name), None, "{name:?}");
        }
    }
}
