//! `dqmon report`: a shift or a meeting's list as one HTML page to print; `dqmon report meeting --sign-off` ends a meeting.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use monitasks::vocab::Run;
use serde_json::json;

use super::{Ended, Failure, Global, Outcome};
use super::{page_file, said};
use crate::bookkeeping::Store;
use crate::config::Workspace;
use crate::decisions::meeting::{self, Meeting, Voices};
use crate::decisions::page::Pictures;
use crate::decisions::report::{meeting_page, shift_page, undecided_of};
use crate::decisions::shifts::{self, Shift};
use crate::decisions::standing::{self, Signature, Standing};
use crate::engine::{Behind, ExportedBy, ReportPictures, book_heads, exported_by, report_pictures};

/// What is reported.
#[derive(Debug, clap::Subcommand)]
pub enum Args {
    /// A shift: runs, decisions, problems, hand-over note.
    Shift(ShiftArgs),
    /// A meeting's list: undecided runs with proposals, open problems, what is to be done; since the last sign-off.
    Meeting(MeetingArgs),
}

/// Arguments of `dqmon report shift`.
#[derive(Debug, clap::Args)]
pub struct ShiftArgs {
    /// The shift's id; else the one that is on, or the last one.
    id: Option<String>,
    /// The page to write.
    #[arg(long, value_name = "FILE.html")]
    out: PathBuf,
    #[command(flatten)]
    pictures: PictureArgs,
}

/// The plots of a report.
#[derive(Debug, clap::Args)]
pub struct PictureArgs {
    /// The plots on the page: none; official, those of the settings ([meeting] plots); or findings, those that checks find fault
    /// with too, and trends over the undecided runs.
    #[arg(long, value_name = "WHICH", default_value = "findings", value_parser = parse_pictures)]
    pictures: ReportPictures,
}

fn parse_pictures(text: &str) -> Result<ReportPictures, String> {
    let found = ReportPictures::WORDS.into_iter().zip(ReportPictures::ALL).find(|(word, _)| *word == text);
    found.map(|(_, which)| which).ok_or_else(|| format!("expected one of {}", ReportPictures::WORDS.join(", ")))
}

/// Arguments of `dqmon report meeting`.
#[derive(Debug, clap::Args)]
pub struct MeetingArgs {
    /// The page to write.
    #[arg(long, value_name = "FILE.html", required_unless_present_any = ["json", "sign_off"])]
    out: Option<PathBuf>,
    #[command(flatten)]
    pictures: PictureArgs,
    /// Print the list as JSON.
    #[arg(long)]
    json: bool,
    /// Sign the list off: the next one begins here.
    #[arg(long, requires = "who")]
    sign_off: bool,
    /// Who signs it off.
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
    /// In which role.
    #[arg(long, default_value = "run coordinator")]
    role: String,
    /// What there is to say.
    #[arg(long, default_value = "")]
    comment: String,
}

/// Runs the command.
pub fn run(global: &Global, args: &Args) -> Outcome {
    match args {
        Args::Shift(args) => shift(global, args),
        Args::Meeting(args) => of_meeting(global, args),
    }
}

/// The workspace's name, as the pages have it.
fn name_of(workspace: &Workspace) -> String {
    workspace.root.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn write(path: &Path, page: &str) -> Result<(), Failure> {
    page_file::write(path, page, "report")?;
    eprintln!("written: {}", path.display());
    Ok(())
}

/// The plots of a page, with where they come from.
fn pictures(
    workspace: &Workspace,
    store: &dyn Store,
    args: &PictureArgs,
    undecided: &[Run],
    now: Timestamp,
) -> Result<Pictures, Failure> {
    let behind = Behind { book: book_heads(store)?, exported: exported_by(&ExportedBy::default(), now) };
    Ok(report_pictures(workspace, args.pictures, undecided, &behind))
}

fn shift(global: &Global, args: &ShiftArgs) -> Outcome {
    let (workspace, store) = said::to_read(global)?;
    let voices = Voices::read(store.as_ref())?;
    said::tell_faults(&voices.faults);
    let found: Standing<Shift> = match &args.id {
        Some(id) => standing::find(store.as_ref(), id)?,
        None => shifts::newest(&voices.shifts)
            .cloned()
            .ok_or_else(|| Failure("no shift to report: none was begun; 'dqmon shift begin --who NAME' begins one".into()))?,
    };
    let (overview, now) = (store.overview()?, Timestamp::now());
    let undecided = undecided_of(&found, &overview, now);
    let pictures = pictures(&workspace, store.as_ref(), &args.pictures, &undecided, now)?;
    let page = shift_page(&found, &overview, &voices, (&name_of(&workspace), &pictures), now);
    write(&args.out, &page)?;
    Ok(Ended::Done)
}

fn of_meeting(global: &Global, args: &MeetingArgs) -> Outcome {
    let (workspace, mut store): (Workspace, Box<dyn Store>) =
        if args.sign_off { said::to_write(global)? } else { said::to_read(global)? };
    let now = Timestamp::now();
    let voices = Voices::read(store.as_ref())?;
    said::tell_faults(&voices.faults);
    let settings = (&workspace.settings.marks, &workspace.settings.meeting);
    let list = Meeting::read(store.as_ref(), &voices, settings, now)?;
    if args.json {
        println!("{:#}", json!({"schema": 1, "meeting": list}));
    }
    if let Some(out) = &args.out {
        let undecided: Vec<Run> = list.undecided.iter().map(|run| run.run).collect();
        let pictures = pictures(&workspace, store.as_ref(), &args.pictures, &undecided, now)?;
        write(out, &meeting_page(&list, &name_of(&workspace), &pictures))?;
    }
    if args.sign_off {
        let by = Signature::new(args.who.as_deref().unwrap_or_default(), &args.role)?;
        let seen = list.since.as_ref().map_or(0, |last| last.place);
        let signed = meeting::sign_off(store.as_mut(), &list.sign_off(&args.comment)?, &by, now, Some(seen))?;
        let body = &signed.body;
        eprintln!("signed off by {}: {} undecided, {} open problems", by.who, body.undecided, body.problems.len());
    }
    Ok(Ended::Done)
}
