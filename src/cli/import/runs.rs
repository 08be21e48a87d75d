//! `dqmon import runs`: what run lists that people keep say of runs: their kind, and every other column as facts.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use monitasks::vocab::Run;
use serde_json::json;

use crate::catalogue::{LineRead, Outcome as LineOutcome, RunListRead, read_run_list};
use crate::cli::account::name_of;
use crate::cli::book::open_book;
use crate::cli::words::{counted, one_line};
use crate::cli::{Ended, Failure, Global, Outcome};
use crate::decisions::run_facts::{FactsRecorded, record_facts};
use crate::decisions::{self};

/// Lines of which something is to be said, shown without `--lines`.
const MOST_LINES_SHOWN: usize = 20;

/// Arguments of `dqmon import runs`.
#[derive(Debug, clap::Args)]
pub struct RunsArgs {
    /// A run list as CSV: a column of run numbers, one of kinds ('run,kind') or any others; [run_list] of dqmon.toml says which
    /// column is what.
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,
    /// Who says it; else the name of the account.
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
    /// Read and tell, and record nothing.
    #[arg(long)]
    dry_run: bool,
    /// Tell what became of every line.
    #[arg(long)]
    lines: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command: what the book says already is not said again.
pub fn run(global: &Global, args: &RunsArgs) -> Outcome {
    if global.read_only() && !args.dry_run {
        return Err(Failure("run lists are recorded in the book: leave --read-only out, or try --dry-run".into()));
    }
    let workspace = global.workspace()?;
    let settings = &workspace.settings;
    let place = args.file.display();
    let bytes = std::fs::read(&args.file).map_err(|error| Failure(format!("run list not read: {error}: {place}")))?;
    let zone = TimeZone::get(&settings.time_zone).unwrap_or(TimeZone::UTC);
    let mut list = read_run_list(&bytes, &settings.run_list, &zone)
        .map_err(|error| Failure(format!("run list refused: {error}: {place}")))?;
    let kinds = take_kinds(&mut list);
    let mut recorded = None;
    if !args.dry_run {
        let mut store = open_book(&workspace)?;
        let (who, now) = (name_of(args.who.as_deref())?, Timestamp::now());
        let kinds_new = decisions::name_kinds(store.as_mut(), now, &who, &kinds.clone().into_iter().collect::<Vec<_>>())?;
        recorded = Some((kinds_new, record_facts(store.as_mut(), now, &who, &list.covers(&settings.run_list), &list.runs)?));
    }
    let told = Told { list, kinds, recorded };
    if args.json {
        println!("{:#}", told.facts());
    } else {
        told.print(args.lines);
    }
    let has_finding = told.list.lines.iter().any(|line| matches!(line.outcome, LineOutcome::Refused(_)));
    Ok(if has_finding { Ended::WithFinding } else { Ended::Done })
}

/// The kinds of data, out of the facts: of a column of kinds, else of that of triggers. A kind is said by an entry of its own, that
/// rules of lanes and archives go by; the triggers stay among the facts too.
fn take_kinds(list: &mut RunListRead) -> BTreeMap<Run, String> {
    let column = |name: &str| list.columns.iter().find(|column| column.column.trim().eq_ignore_ascii_case(name));
    let field = |name: &str| column(name).and_then(|column| column.field.clone());
    let (of_kinds, of_triggers) = (field("kind"), field("trigger"));
    let Some(name) = of_kinds.clone().or(of_triggers) else { return BTreeMap::new() };
    let kinds = list.runs.iter().filter_map(|(run, facts)| Some((*run, facts.0.get(&name)?.text())));
    let kinds = kinds.collect();
    if of_kinds.is_some() {
        list.runs.values_mut().for_each(|facts| drop(facts.0.remove(&name)));
        list.made.retain(|field| field.name != name);
    }
    kinds
}

/// What the command tells.
struct Told {
    list: RunListRead,
    kinds: BTreeMap<Run, String>,
    /// How many kinds are new or changed, and what became of the facts; none when nothing was to be recorded.
    recorded: Option<(usize, FactsRecorded)>,
}

impl Told {
    fn facts(&self) -> serde_json::Value {
        let [taken, with_remarks, repeated, refused] = self.list.counts();
        json!({
            "schema": 1, "runs": self.list.runs.len(), "kinds": self.kinds.len(), "taken": taken, "taken_with_remarks": with_remarks,
            "repeated": repeated, "refused": refused, "columns": self.list.columns, "missing": self.list.missing,
            "lines": self.list.lines,
            "recorded": self.recorded.map(|(kinds, facts)| json!({"kinds": kinds, "facts": facts})),
        })
    }

    fn print(&self, all_lines: bool) {
        let [taken, with_remarks, repeated, refused] = self.list.counts();
        println!(
            "{}: {taken} taken as they are, {with_remarks} with remarks, {repeated} repeated, {refused} refused",
            counted((taken + with_remarks + repeated + refused) as u64, "line", "lines")
        );
        for column in &self.list.columns {
            if let (Some(field), false) = (&column.field, column.is_in_settings) {
                println!("column '{}' is kept as text: {field}", one_line(&column.column));
            }
        }
        if !self.list.missing.is_empty() && self.list.columns.iter().any(|column| column.is_in_settings && column.field.is_some())
        {
            println!("not in the list: {}", one_line(&self.list.missing.join(", ")));
        }
        let has_more =
            |line: &&LineRead| !line.remarks.is_empty() || !matches!(line.outcome, LineOutcome::Taken | LineOutcome::Names);
        let lines: Vec<&LineRead> = self.list.lines.iter().filter(|line| all_lines || has_more(line)).collect();
        let most = if all_lines { usize::MAX } else { MOST_LINES_SHOWN };
        // Refusals first: they are what a person has to do something about.
        let is_refused = |line: &&&LineRead| matches!(line.outcome, LineOutcome::Refused(_));
        let in_order = lines.iter().filter(is_refused).chain(lines.iter().filter(|line| !is_refused(line)));
        let shown: Vec<&&LineRead> = if all_lines { lines.iter().collect() } else { in_order.take(most).collect() };
        shown.iter().for_each(|line| println!("    {}", one_line(&line.to_string())));
        if lines.len() > shown.len() {
            println!("    and {} more, see --lines", lines.len() - shown.len());
        }
        match self.recorded {
            None => println!("{} read, nothing recorded", counted(self.list.runs.len() as u64, "run", "runs")),
            Some((kinds, FactsRecorded { new, changed, same })) => {
                let runs = counted(self.list.runs.len() as u64, "run", "runs");
                println!("{runs} read; kinds: {kinds} new or changed; facts: {new} new, {changed} changed, {same} as before");
            }
        }
    }
}
