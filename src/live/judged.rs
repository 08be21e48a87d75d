//! What people said of the run that is looked at, as rows that the window shows.

use jiff::Timestamp;
use monitasks::quality::Flag;
use monitasks::vocab::{FileId, Run};

use crate::bookkeeping::{DecisionSubject, Part, Store, StoreError};
use crate::config::Settings;
use crate::decisions::flags::{Datum, InForce, Origin};
use crate::decisions::{self, Judged, JudgedProcessing, JudgedStage, Quality, Said, StatusError};
use crate::snapshot::{FileFlagShown, FlagShown, JudgedShown, RunRow, SaidShown, StageShown, StatusShown};

/// Reads what was said of a run. What can't be read but by a fault of the book is said in it.
///
/// # Errors
/// When the book can't be read.
pub fn judged_shown(store: &dyn Store, settings: &Settings, run: Run, now: Timestamp) -> Result<JudgedShown, StoreError> {
    match decisions::judged(store, Quality::of(settings), run, now) {
        Ok(judged) => Ok(shown(judged, settings)),
        Err(StatusError::Store(error)) => Err(error),
        Err(error) => Ok(JudgedShown {
            run,
            stages: Vec::new(),
            files: Vec::new(),
            processings: Vec::new(),
            history: Vec::new(),
            facts: Vec::new(),
            fault: Some(error.to_string()),
        }),
    }
}

/// The row of a run that is known from what people said alone, as from a run list; none when nobody said anything of it.
pub fn row_of_listed(judged: &JudgedShown) -> Option<RunRow> {
    let is_known = !(judged.facts.is_empty() && judged.history.is_empty());
    is_known.then(|| RunRow {
        flag: judged.stages.first().map_or(Flag::Unchecked, |raw| raw.flag.flag),
        has_ended: true,
        ..RunRow::empty(judged.run)
    })
}

fn shown(judged: Judged, settings: &Settings) -> JudgedShown {
    let files = judged.files.iter().filter_map(|of| match of.subject {
        DecisionSubject { run, part: Part::File(sequence), .. }
            if of.subject == DecisionSubject::file(FileId { run, sequence }) =>
        {
            Some(FileFlagShown { file: FileId { run, sequence }, flag: flag(&of.flag, &of.origin, of.number) })
        }
        _ => None,
    });
    JudgedShown {
        run: judged.run,
        files: files.collect(),
        stages: judged.stages.iter().map(stage).collect(),
        processings: judged.processings.into_iter().map(|of| status(of, settings)).collect(),
        history: judged.history.into_iter().map(said).collect(),
        facts: judged.facts.0.iter().map(|(name, fact)| (name.clone(), fact.with_unit())).collect(),
        fault: judged.fault,
    }
}

fn flag(found: &InForce, words: &str, number: Option<i64>) -> FlagShown {
    let origin = match found.origin {
        _ if found.conflict => "conflict between two books",
        Origin::Own => "own",
        Origin::OfRun => "of its run",
        Origin::OfTime => "of its time",
        Origin::PartOfTime => "of part of its time",
        Origin::OfMark => "shift mark",
        Origin::Default => "not decided",
    };
    let last = found.newer.iter().max_by_key(|arrival| arrival.at);
    let outdated = last.map(|arrival| {
        let what = match arrival.what {
            Datum::File(sequence) => sequence.to_string(),
            Datum::Processing(processing) => format!("p{}", processing.0),
        };
        let more = if found.newer.len() > 1 { format!(" and {} more", found.newer.len() - 1) } else { String::new() };
        format!("{what}{more} came after the decision")
    });
    FlagShown { flag: found.flag, origin: origin.to_owned(), words: words.to_owned(), outdated, number }
}

fn stage(of: &JudgedStage) -> StageShown {
    let decision = of.decision.clone().unwrap_or_default();
    StageShown {
        stage: of.stage.word().to_owned(),
        flag: flag(&of.flag, &of.origin, of.number),
        outcome: decision.outcome.map(|outcome| outcome.word().replace('_', " ")),
        comment: decision.comment(),
        usable_for: decision.usable_for,
        decided_by: of.flag.by.last().filter(|_| of.decision.is_some()).map_or_else(String::new, |said| said.who.clone()),
        locked: of.locked.as_ref().map(|by| {
            let why = if by.comment.is_empty() { String::new() } else { format!(": {}", by.comment) };
            format!("locked by {}{why}", by.who)
        }),
        verified: of.verified.as_ref().map(|by| {
            let why = if by.comment.is_empty() { String::new() } else { format!(": {}", by.comment) };
            (by.agrees, format!("{}{why}", by.who))
        }),
    }
}

fn status(of: JudgedProcessing, settings: &Settings) -> StatusShown {
    let derived = &of.why.derived;
    StatusShown {
        processing: of.processing.0,
        status: derived.status,
        word: derived.word.clone(),
        is_good: derived.status == settings.status.good,
        is_unchecked: derived.status == settings.status.unchecked,
        flag: flag(&of.flag, &of.origin, None),
        marks: of.marks.iter().map(|(subsystem, mark, _)| format!("{subsystem} {}", mark.replace('_', " "))).collect(),
        why: of.why.lines,
    }
}

fn said(of: Said) -> SaidShown {
    SaidShown {
        number: of.number,
        at: of.at,
        subject: of.subject,
        flag: of.what.split(',').next().and_then(|word| word.parse().ok()),
        what: of.what,
        comment: of.comment,
        who: of.who,
        role: of.role,
        is_in_force: of.is_in_force,
        can_be_undone: of.can_be_undone,
    }
}
