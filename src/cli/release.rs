//! `dqmon release`: raw copies that may go, as verified copies stand elsewhere.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use monitasks::vocab::{FileId, Run};
use serde_json::json;

use super::book::open_book;
use super::places::AnyPlace;
use super::selection::Runs;
use super::words::{counted, size};
use super::{Ended, Failure, Outcome};
use crate::bookkeeping::{
    self, CentralCopy, CentralStep, FileRecord, Overview, PassRecord, PassStep, ProcessingRecord, ProcessingStep, Store,
};
use crate::config::Workspace;
use crate::decisions;
use crate::distribution::{Candidate, Facts, KnownCopy, Released, Verdict, copies_told, disk_of, releasable, release};

/// What `dqmon release` does.
#[derive(Debug, clap::Subcommand)]
pub enum Args {
    /// What may go, and why the rest stays; nothing is removed.
    Plan(Choice),
    /// Remove what may go, after its copies were read once more. Without --yes nothing is removed.
    Apply(ApplyArgs),
}

#[derive(Debug, clap::Args)]
pub struct Choice {
    /// Which runs: run1,run5..run9; else all.
    #[arg(long)]
    runs: Option<Runs>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub struct ApplyArgs {
    #[command(flatten)]
    choice: Choice,
    /// Say only what would go; so it is too when --yes is left out.
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Remove the files.
    #[arg(long, requires = "who")]
    yes: bool,
    /// Who removes them; it stands in the book.
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
}

/// Runs the command.
pub fn run(global: &super::Global, args: &Args) -> Outcome {
    let workspace = global.workspace()?;
    match args {
        Args::Apply(args) if args.yes => {
            if global.read_only() {
                return Err(Failure("a release is recorded in the book: leave --read-only out".into()));
            }
            let who = args.who.as_deref().map(str::trim).filter(|who| !who.is_empty());
            apply(&workspace, &args.choice, who.ok_or_else(|| Failure("nothing was removed: --who names nobody".into()))?)
        }
        Args::Plan(choice) | Args::Apply(ApplyArgs { choice, .. }) => propose(&workspace, choice),
    }
}

/// Says what would go.
fn propose(workspace: &Workspace, choice: &Choice) -> Outcome {
    let store = bookkeeping::open_read_only(&workspace.book_place())?;
    let verdicts: Vec<(Facts, Verdict)> = facts_of_all(store.as_ref(), workspace, choice)?
        .into_iter()
        .map(|facts| {
            let verdict = releasable(&facts);
            (facts, verdict)
        })
        .collect();
    let mut free_bytes = 0;
    let mut lines = Vec::new();
    for (facts, verdict) in &verdicts {
        let path = facts.candidate.path.display();
        let (may_go, whys): (bool, Vec<String>) = match verdict {
            Verdict::Release(copies) => (true, copies.iter().map(|copy| copy.place.clone()).collect()),
            Verdict::Keep(whys) => (false, whys.iter().map(ToString::to_string).collect()),
        };
        free_bytes += if may_go { facts.size_bytes } else { 0 };
        if choice.json {
            let key = if may_go { "copies" } else { "keeps" };
            lines.push(json!({"path": facts.candidate.path, "size_bytes": facts.size_bytes, "may_go": may_go, key: whys}));
        } else if may_go {
            println!("may go, {}, copies in {}: {path}", size(facts.size_bytes), whys.join(" and "));
        } else {
            println!("stays, {}: {path}", whys.join("; "));
        }
    }
    if choice.json {
        println!("{:#}", json!({"schema": 1, "files": lines, "free_bytes": free_bytes, "applied": false}));
    } else {
        println!("{} would be free; nothing was removed, 'dqmon release apply --yes --who NAME' does it", size(free_bytes));
    }
    Ok(Ended::Done)
}

/// Removes what may go. A file that the rule lets go and whose copies are not sure is a finding.
fn apply(workspace: &Workspace, choice: &Choice, who: &str) -> Outcome {
    let mut store = open_book(workspace)?;
    let all = facts_of_all(store.as_ref(), workspace, choice)?;
    let (mut lines, mut free_bytes, mut gone, mut has_finding) = (Vec::new(), 0, 0, false);
    for facts in &all {
        let may_go = matches!(releasable(facts), Verdict::Release(_));
        let (path, released) = (&facts.candidate.path, release(store.as_mut(), &AnyPlace, facts, who)?);
        has_finding |= may_go && matches!(released, Released::Stays(_));
        let words = match &released {
            Released::Gone(bytes) => {
                (free_bytes, gone) = (free_bytes + bytes, gone + 1);
                format!("gone, {}", size(*bytes))
            }
            Released::Stays(whys) => format!("stays, {}", whys.join("; ")),
        };
        if choice.json {
            lines.push(json!({"path": path, "is_gone": matches!(released, Released::Gone(_)), "what": words}));
        } else {
            println!("{words}: {}", path.display());
        }
    }
    if choice.json {
        println!("{:#}", json!({"schema": 1, "files": lines, "free_bytes": free_bytes, "applied": true}));
    } else {
        println!("{} removed, {} are free", counted(gone, "file", "files"), size(free_bytes));
    }
    Ok(if has_finding { Ended::WithFinding } else { Ended::Done })
}

/// What is known of every raw copy that stands: those in the storage and the originals in the intake folder.
fn facts_of_all(store: &dyn Store, workspace: &Workspace, choice: &Choice) -> Result<Vec<Facts>, Failure> {
    let overview = store.overview()?;
    let mut told: BTreeMap<Run, BTreeMap<FileId, Vec<KnownCopy>>> = BTreeMap::new();
    let mut all = Vec::new();
    for file in overview.files.iter().filter(|file| choice.runs.as_ref().is_none_or(|runs| runs.has(file.file.run))) {
        let run = file.file.run;
        if let Entry::Vacant(entry) = told.entry(run) {
            entry.insert(copies_told(&store.story(run, None)?));
        }
        let of_story = told.get(&run).and_then(|copies| copies.get(&file.file)).into_iter().flatten();
        let central = overview.central.iter().filter(|copy| copy.file == file.file && copy.step == CentralStep::Verified);
        let copies: Vec<KnownCopy> = of_story.cloned().chain(central.map(known_copy)).collect();
        for path in [workspace.raw_file(file.file), workspace.incoming().join(&file.source)] {
            if path.is_file() {
                all.push(Facts {
                    candidate: Candidate { file: file.file, path },
                    size_bytes: file.size_bytes,
                    adler32: file.adler32,
                    copies: copies.clone(),
                    decision: decisions::in_force(&overview.said.decisions, run).map(|decision| decision.decision.flag),
                    has_run_ended: overview.runs.iter().any(|record| record.run == run && record.ended.is_some()),
                    is_processed: is_processed(&overview, file),
                    workspace: workspace.root.clone(),
                });
            }
        }
    }
    Ok(all)
}

fn known_copy(copy: &CentralCopy) -> KnownCopy {
    KnownCopy {
        place: copy.destination.clone(),
        member: None,
        size_bytes: copy.size_bytes,
        adler32: copy.adler32,
        verified_at: copy.verified_at,
        disk: disk_of(&copy.destination),
    }
}

/// Whether nothing is to be made of a file any more.
fn is_processed(overview: &Overview, file: &FileRecord) -> bool {
    let mut newest = BTreeMap::new();
    for pass in overview.passes_of(file.file) {
        newest.insert(&pass.lane, pass);
    }
    let is_refused = |pass: &PassRecord| {
        let of = |of: &&ProcessingRecord| of.run == pass.file.run && of.processing == pass.processing;
        overview.processings.iter().find(of).is_some_and(|of| of.step == ProcessingStep::Refused)
    };
    // In each lane the newest processing counts, and one that its lane's rules refused is over.
    !newest.is_empty() && newest.values().all(|pass| pass.step == PassStep::Analysed || is_refused(pass))
}
