//! `dqmon decide`: records a quality decision.

use jiff::Timestamp;
use monitasks::quality::Flag;

use super::book::open_book;
use super::{Ended, Failure, Outcome};
use crate::bookkeeping::{Decision, DecisionSubject, EntryKind, Evidence, NewDecision, Outcome as DataOutcome, Part, Stage};
use crate::decisions::{self, Quality};

/// Arguments of `dqmon decide`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What it is about: a run (run1), a file (run1-seq0), a processing (run1-p2) or a time range in UTC
    /// (run1[2016-11-16T10:00:00Z..2016-11-16T10:30:00Z]).
    #[arg(value_name = "SUBJECT")]
    what: String,
    /// OK, UNCHECKED, BAD or MAYBE.
    flag: Flag,
    /// Which of its data: raw, reconstructed, selected. Left out, raw; of a processing reconstructed.
    #[arg(long)]
    stage: Option<Stage>,
    /// Who decides.
    #[arg(long, value_name = "NAME")]
    who: String,
    /// In which role: shifter, expert.
    #[arg(long)]
    role: String,
    /// What is to become of the data: fine, fix_needed, lost.
    #[arg(long)]
    outcome: Option<DataOutcome>,
    /// What they are usable for, of the list in the settings. May be given several times.
    #[arg(long, value_name = "WORD")]
    usable_for: Vec<String>,
    /// A standard comment of the list in the settings. May be given several times.
    #[arg(long, value_name = "COMMENT")]
    comment_word: Vec<String>,
    /// Why, in words of your own; BAD needs a comment.
    #[arg(long, default_value = "")]
    comment: String,
    /// An item looked at: purity/lifetime_trend. May be given several times.
    #[arg(long, value_name = "TASK/ITEM")]
    evidence: Vec<String>,
    /// The number of the decision that was in force when you looked, 0 for none; refused when another one is by now. Left out,
    /// the one in force is superseded.
    #[arg(long, value_name = "NUMBER")]
    supersedes: Option<i64>,
}

/// Runs the command.
pub fn run(global: &super::Global, args: &Args) -> Outcome {
    if global.read_only() {
        return Err(Failure("a decision is written into the book: leave --read-only out".into()));
    }
    let workspace = global.workspace()?;
    let subject = subject_of(&args.what, args.stage)?;
    let mut store = open_book(&workspace)?;
    let supersedes = decisions::seen(store.as_ref(), EntryKind::Decision, &subject.to_string(), args.supersedes)?;
    let evidence = args.evidence.iter().map(|item| Evidence { item: item.clone(), ..Evidence::default() }).collect();
    let decided = decisions::decide(
        store.as_mut(),
        Quality::of(&workspace.settings),
        &NewDecision {
            at: Timestamp::now(),
            subject,
            decision: Decision {
                evidence,
                outcome: args.outcome,
                usable_for: args.usable_for.clone(),
                comments: args.comment_word.clone(),
                ..Decision::new(args.flag, &args.comment)
            },
            who: args.who.clone(),
            role: args.role.clone(),
            supersedes,
            wish: None,
            seen: args.supersedes,
        },
    );
    let decision = match decided {
        Err(error) if error.is_kept() => return super::book_care::kept(&error),
        other => other?,
    };
    println!("{} is {} (decision {})", decision.subject.words(), decision.decision.flag.word(), decision.id);
    Ok(Ended::Done)
}

/// What is meant, at the stage that was asked for; a processing's own data are reconstructed ones.
pub fn subject_of(text: &str, stage: Option<Stage>) -> Result<DecisionSubject, Failure> {
    let subject: DecisionSubject = text.parse()?;
    let named = text.contains('@');
    match stage {
        Some(stage) if named && stage != subject.stage => {
            let what = format!("{text} names the stage {}, --stage says {}", subject.stage.word(), stage.word());
            Err(Failure(format!("{what}; expected one of them")))
        }
        Some(stage) => Ok(subject.at(stage)),
        None if !named && matches!(subject.part, Part::Processing(_)) => Ok(subject.at(Stage::Reconstructed)),
        None => Ok(subject),
    }
}
