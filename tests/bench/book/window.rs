//! What a window does with a book, each with the time it took: started by the benchmark as a process of its own.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use dqmon::bookkeeping::{self, EntryKind, NewDecision, Store};
use dqmon::config::{RuleSettings, Settings, Workspace};
use dqmon::decisions::{self, Quality};
use dqmon::live::{BookPoller, RunTableKeeper, answer_of};
use dqmon::snapshot::{RunTable, RunsAsk, SortKey};
use jiff::Timestamp;
use monitasks::quality::Flag;

/// A figure.
pub struct Found {
    /// What was done.
    pub what: String,
    /// How long it took, s.
    pub seconds: f64,
    /// The most it should take, s.
    pub goal: Option<f64>,
}

/// Searches as people make them.
const SEARCHES: &[&str] = &[
    "",
    "run:5000-6000",
    "flag:BAD",
    "flag:OK mark:flawed",
    "LEM",
    "comment:LEM",
    "failed>0",
    "started>2018-01-01 flag:BAD",
    "status:1",
    "-flag:OK or failed>0",
    "events<3350 files:10 decided_by:Ben",
];

/// Does it all, and prints a line for each figure: seconds, goal, what.
pub fn look(folder: &Path) {
    let workspace = Workspace::open(folder).unwrap();
    let open = || bookkeeping::open(&workspace.book_place()).unwrap();
    let tell = |what: &str, began: Instant, goal: Option<f64>| {
        println!("{}\t{}\t{what}", began.elapsed().as_secs_f64(), goal.unwrap_or(f64::NAN));
    };
    // Two threads of the window's engine, each with a connection of its own.
    let began = Instant::now();
    let table = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut poller = BookPoller::new(open(), &workspace);
            let view = poller.poll(Timestamp::now()).unwrap();
            assert!(view.fault.is_none() && !view.runs.is_empty(), "{:?}", view.fault);
            tell("open, and all but the table of runs", began, Some(1.0));
            let counted = poller.poll(Timestamp::now()).unwrap();
            assert!(counted.people.meeting.is_counted && counted.people.meeting.undecided_count > 0);
            tell("the meeting's list counted, from the start", began, None);
        });
        let mut keeper = RunTableKeeper::new(&workspace.settings);
        let store = open();
        keeper.read(store.as_ref()).unwrap();
        assert!(!keeper.answer(&RunsAsk::default(), None).rows.is_empty());
        tell("open, and the first page of the table of runs", began, Some(1.0));
        while !keeper.is_whole() {
            keeper.read(store.as_ref()).unwrap();
        }
        tell("the table of all runs with their statuses, from the start", began, None);
        keeper.table().clone()
    });
    change(open().as_mut(), &workspace, &tell);
    let (slowest_s, slowest) = slowest_search(&table);
    println!("{slowest_s}\t0.05\tthe slowest of {} searches, {slowest:?}", SEARCHES.len());
    judge(open().as_ref(), &workspace.settings, &tell);
}

/// A decision as a person makes it, with the statuses that follow; and how long until the windows show it.
fn change(store: &mut dyn Store, workspace: &Workspace, tell: &dyn Fn(&str, Instant, Option<f64>)) {
    let settings = &workspace.settings;
    let open = || bookkeeping::open(&workspace.book_place()).unwrap();
    let (mut poller, mut keeper, reader) = (BookPoller::new(open(), workspace), RunTableKeeper::new(settings), open());
    (0..2).for_each(|_| drop(poller.poll(Timestamp::now())));
    while !keeper.is_whole() {
        keeper.read(reader.as_ref()).unwrap();
    }
    let run = keeper.table().run(0).unwrap();
    let seen = decisions::seen(store, EntryKind::Decision, &format!("{run}@raw"), None).unwrap();
    let new =
        NewDecision { at: Timestamp::now(), ..decisions::on_run(run, Flag::Maybe, "looked at again", "Ada", "expert", &seen) };
    let began = Instant::now();
    decisions::decide(store, Quality::of(settings), &new).unwrap();
    tell("a decision by a person, with what follows from it", began, None);
    let began = Instant::now();
    poller.poll(Timestamp::now()).unwrap();
    tell("what it changes in a window, read", began, None);
    let began = Instant::now();
    assert!(keeper.read(reader.as_ref()).unwrap());
    tell("what it changes in the table of runs, read", began, None);
}

/// The rule over all runs, as it is and as it might be.
fn judge(store: &dyn Store, settings: &Settings, tell: &dyn Fn(&str, Instant, Option<f64>)) {
    let quality = Quality::of(settings);
    let began = Instant::now();
    let statuses = decisions::statuses(store, quality, Timestamp::now()).unwrap();
    tell("the status of every run by the rule", began, Some(2.0));
    assert!(statuses.values().any(|status| *status == settings.status.good));
    let rule = RuleSettings { version: "other".into(), default: 0, ..settings.status.rule[0].clone() };
    let began = Instant::now();
    let answer = decisions::what_if_rule(store, quality, &rule, Timestamp::now()).unwrap();
    tell("what another rule would change", began, None);
    assert!(!answer.flips.is_empty() && answer.of == statuses.len());
}

fn slowest_search(table: &Arc<RunTable>) -> (f64, &'static str) {
    let sort = vec![SortKey { field: "run".into(), is_descending: true }];
    let took = SEARCHES.iter().map(|query| {
        let ask = RunsAsk { query: (*query).to_owned(), cursor: query.len(), sort: sort.clone(), ..RunsAsk::default() };
        let began = Instant::now();
        let shown = answer_of(table, &ask, None);
        assert!(shown.fault.is_none(), "{query}: {:?}", shown.fault);
        (began.elapsed().as_secs_f64(), *query)
    });
    took.max_by(|one, other| one.0.total_cmp(&other.0)).unwrap()
}

/// The lines that [`look`] printed.
pub fn read(output: &str) -> Vec<Found> {
    let found = |line: &str| {
        let mut fields = line.splitn(3, '\t');
        let mut number = || fields.next()?.parse::<f64>().ok();
        let (seconds, goal) = (number()?, number()?);
        Some(Found { what: fields.next()?.to_owned(), seconds, goal: (!goal.is_nan()).then_some(goal) })
    };
    output.lines().filter_map(found).collect()
}
