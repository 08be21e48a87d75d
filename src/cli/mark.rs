//! `dqmon mark`: records a shifter's mark on a run, or a subsystem's on a processing.

use jiff::Timestamp;
use monitasks::vocab::Run;

use super::book::open_book;
use super::{Ended, Failure, Outcome};
use crate::bookkeeping::MarkRecord;
use crate::decisions::bodies::SubsystemMarkBody;
use crate::decisions::{self, Quality, Speaker, processing_named};

/// Arguments of `dqmon mark`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run (run1), or one of its processings (run1-p2).
    #[arg(value_name = "RUN or PROCESSING")]
    what: String,
    /// Of a run: ok, flawed, unusable, detector_studies or unmarked. Of a processing, the subsystem and its mark: RQM good.
    #[arg(value_name = "MARK", num_args = 1..=2, required = true)]
    words: Vec<String>,
    /// Who marks.
    #[arg(long, value_name = "NAME")]
    who: String,
    /// In which role: shifter, expert.
    #[arg(long, default_value = "shifter")]
    role: String,
    /// Why.
    #[arg(long, default_value = "")]
    comment: String,
}

/// Runs the command.
pub fn run(global: &super::Global, args: &Args) -> Outcome {
    if global.read_only() {
        return Err(Failure("a mark is written into the book: leave --read-only out".into()));
    }
    let workspace = global.workspace()?;
    let quality = Quality::of(&workspace.settings);
    let mut store = open_book(&workspace)?;
    match (processing_named(&args.what), args.words.as_slice()) {
        (Some(of), [subsystem, word]) => {
            let by = Speaker { who: &args.who, role: &args.role, at: Timestamp::now() };
            let entry = match decisions::mark_subsystem(store.as_mut(), quality, of, subsystem, word, &args.comment, by, None) {
                Err(error) if error.is_kept() => return super::book_care::kept(&error),
                other => other?,
            };
            let mark = entry.read::<SubsystemMarkBody>()?.mark.word().replace('_', " ");
            println!("{} is marked {mark} by {subsystem} (mark {})", args.what, entry.place);
        }
        (None, [word]) => {
            let mark = MarkRecord {
                id: 0,
                at: Timestamp::now(),
                run: args.what.parse::<Run>()?,
                mark: word.parse()?,
                comment: args.comment.clone(),
                who: args.who.clone(),
                role: args.role.clone(),
            };
            let mark = match decisions::mark(store.as_mut(), quality, &mark) {
                Err(error) if error.is_kept() => return super::book_care::kept(&error),
                other => other?,
            };
            println!("{} is marked {} (mark {})", mark.run, mark.mark.word().replace('_', " "), mark.id);
        }
        _ => {
            let found = format!("{} {}", args.what, args.words.join(" "));
            let expected =
                "expected a run and its shift mark (run1 ok), or a processing, a subsystem and its mark (run1-p2 RQM good)";
            return Err(Failure(format!("not recorded: {found:?} can't be meant, {expected}")));
        }
    }
    Ok(Ended::Done)
}
