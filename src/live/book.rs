//! Polls the book, and turns its rows into those that the window shows.

use std::cmp::Ordering;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use monitasks::vocab::Run;

use super::failures::FailureCount;
use super::health::{health, put_off};
use super::judged::{judged_shown, row_of_listed};
use super::people::PeopleReader;
use super::rows::run_rows;
use crate::bookkeeping::{
    CentralCopy, ChangeStamp, Changes, GroupRecord, LeaseRecord, OutboxState, Overview, PassRecord, ProcessingRecord, Recent,
    RecentChanges, Store, StoreError, SyncState,
};
use crate::config::{Settings, Workspace};
use crate::snapshot::{Backend, BackendHealth, ClassRow, JudgedShown, NotTaken, PeopleShown, PutOffRow, RunRow};

/// What the window shows of the book.
#[derive(Debug, Clone)]
pub struct BookView {
    /// The newest runs, and of older ones those that are not over, those that are undecided and the one looked at; newest last.
    pub runs: Vec<RunRow>,
    /// Runs of the book that are older and are not among them.
    pub older_runs: usize,
    /// The run that is looked at, when it is known from what people said alone.
    pub listed: Option<RunRow>,
    /// The backend.
    pub backend: Backend,
    /// Files in incoming that were not taken.
    pub not_taken: Vec<NotTaken>,
    /// What the backend said of itself last; none when it never did.
    pub health: Option<BackendHealth>,
    /// What could not be done and is tried again.
    pub put_off: Vec<PutOffRow>,
    /// Classes of failures that came.
    pub failures: Vec<ClassRow>,
    /// What waits for the book's server, and what could not be delivered.
    pub outbox: OutboxState,
    /// How the last exchange with another book went; none without one.
    pub sync: Option<SyncState>,
    /// What was said of the run that is looked at.
    pub judged: Option<Arc<JudgedShown>>,
    /// What people said: shifts, problems, the meeting's list.
    pub people: PeopleShown,
    /// Why the book can't be read; what stands above is then the last that was known.
    pub fault: Option<String>,
}

/// Newest runs that are kept, and older ones of each kind. A book of years has a million files.
const KEPT: usize = 500;

/// Reads what is new in the book whenever it has changed.
pub struct BookPoller {
    store: Box<dyn Store>,
    /// Where it stands how exchanges with another book went; none when there are none.
    sync_folder: Option<PathBuf>,
    settings: Settings,
    looked_at: Option<Run>,
    /// The run that was looked at last: it stays among the rows, however old it is.
    kept: Option<Run>,
    /// Whether the book was asked for it.
    is_kept_read: bool,
    /// Whether the rows of runs are to be made anew although the book is as it was.
    is_stale: bool,
    lease_stale: SignedDuration,
    seen: Option<ChangeStamp>,
    /// How far the rows of runs were read.
    read_to: Option<i64>,
    /// What of the book is kept.
    overview: Overview,
    view: BookView,
    lease: Option<LeaseRecord>,
    failures: FailureCount,
    people: PeopleReader,
}

impl Default for BookView {
    fn default() -> Self {
        BookView {
            runs: Vec::new(),
            older_runs: 0,
            listed: None,
            backend: Backend::Unknown,
            not_taken: Vec::new(),
            health: None,
            put_off: Vec::new(),
            failures: Vec::new(),
            outbox: OutboxState::default(),
            sync: None,
            judged: None,
            people: PeopleShown::default(),
            fault: None,
        }
    }
}

impl BookView {
    /// The view of a book that could not be opened.
    #[must_use]
    pub fn away(why: String) -> Self {
        BookView { fault: Some(why), ..BookView::default() }
    }
}

impl BookPoller {
    /// A poller that has not looked yet.
    #[must_use]
    pub fn new(store: Box<dyn Store>, workspace: &Workspace) -> Self {
        let lease_stale =
            SignedDuration::try_from_secs_f64(workspace.settings.book.lease_stale_s).unwrap_or(SignedDuration::from_secs(15));
        let failures = FailureCount::default();
        let sync_folder = workspace.book_to_sync_with().map(|place| place.beside);
        BookPoller {
            store,
            sync_folder,
            settings: workspace.settings.clone(),
            looked_at: None,
            kept: None,
            is_kept_read: false,
            is_stale: false,
            lease_stale,
            seen: None,
            read_to: None,
            overview: Overview::default(),
            view: BookView::default(),
            lease: None,
            failures,
            people: PeopleReader::new(&workspace.settings),
        }
    }

    /// The same of a book that is exchanged with no other.
    #[must_use]
    pub fn without_exchange(mut self) -> Self {
        self.sync_folder = None;
        self
    }

    /// The book itself, for what people write into it.
    pub fn store(&mut self) -> &mut dyn Store {
        self.store.as_mut()
    }

    /// The run of which all that was said is to be in the view.
    pub fn look_at(&mut self, run: Option<Run>) {
        if self.looked_at != run {
            (self.looked_at, self.view.judged, self.is_stale) = (run, None, true);
            (self.kept, self.is_kept_read) = (run.or(self.kept), false);
        }
    }

    /// Takes changed settings.
    pub fn configure(&mut self, settings: &Settings) {
        (self.settings, self.is_stale) = (settings.clone(), true);
        self.people = PeopleReader::new(settings);
    }

    /// The newest view, when it is not what it was. A book that can't be read leaves the last view, with its fault.
    pub fn poll(&mut self, now: Timestamp) -> Option<BookView> {
        let was_first = self.seen.is_none() && self.view.fault.is_none();
        let read = self.read(now);
        if read.is_ok() && !self.view.outbox.waiting.is_empty() {
            // What the book refuses stays in the outbox, with the reason; a server that is away again is tried at the next look.
            let _ = self.store.deliver();
        }
        let outbox = self.store.outbox();
        let sync = self.sync_folder.as_deref().and_then(SyncState::read);
        let has_aside_changed = (&outbox, &sync) != (&self.view.outbox, &self.view.sync);
        (self.view.outbox, self.view.sync) = (outbox, sync);
        match read {
            Ok(changed) => {
                let backend = backend(self.lease.as_ref(), now, self.lease_stale);
                let recovered = self.view.fault.take().is_some();
                let failures = self.failures.rows(now);
                if !(changed
                    || recovered
                    || was_first
                    || has_aside_changed
                    || backend != self.view.backend
                    || failures != self.view.failures)
                {
                    return None;
                }
                (self.view.backend, self.view.failures) = (backend, failures);
                Some(self.view.clone())
            }
            Err(error) => {
                let fault = Some(format!("the book can't be read, what it said last stays on the screen: {error}"));
                if self.view.fault == fault && !has_aside_changed {
                    return None;
                }
                self.view.fault = fault;
                self.view.backend = Backend::Unknown;
                (self.seen, self.read_to) = (None, None);
                Some(self.view.clone())
            }
        }
    }

    fn read(&mut self, now: Timestamp) -> Result<bool, StoreError> {
        let stamp = self.store.change_stamp()?;
        let is_stale = std::mem::take(&mut self.is_stale);
        let lacks_looked_at = self.view.older_runs > 0 && !self.is_kept_read && self.kept.is_some_and(|run| !self.has(run));
        if self.seen.as_ref() == Some(&stamp) && !lacks_looked_at {
            if is_stale {
                self.view.runs = run_rows(&self.overview, &self.settings.marks);
                self.view.people = self.people.read(self.store.as_ref(), &self.overview, Some(&[]), now)?;
                self.judge(now)?;
            }
            // What goes through the whole book is done when all else is on the screen.
            let counted = self.people.count(self.store.as_ref(), now)?;
            let is_counted = counted.is_some();
            self.view.people = counted.unwrap_or_else(|| std::mem::take(&mut self.view.people));
            return Ok(is_stale || is_counted);
        }
        let held = self.overview.runs.iter().map(|run| run.run).collect();
        let RecentChanges { changes, written, left_out } =
            self.store.changes_of(&Recent { newest: KEPT, also: self.kept, held }, self.read_to)?;
        (self.view.older_runs, self.is_kept_read) = (left_out, true);
        self.take(changes, written.as_deref(), now)?;
        self.judge(now)?;
        self.seen = Some(stamp);
        Ok(true)
    }

    fn has(&self, run: Run) -> bool {
        self.overview.runs.binary_search_by_key(&run, |record| record.run).is_ok()
    }

    /// Takes over what is new; `written` are the runs of the whole book of which anything is, none for all of them.
    fn take(&mut self, changes: Changes, written: Option<&[Run]>, now: Timestamp) -> Result<(), StoreError> {
        let has_run_changed = changes.runs.as_ref().is_none_or(|runs| !runs.is_empty());
        let was_put_off = reasons(&self.overview);
        self.read_to = changes.seen;
        take_over(&mut self.overview, changes);
        let has_reason_changed = was_put_off != reasons(&self.overview);
        let overview = &self.overview;
        self.lease.clone_from(&overview.lease);
        self.view.not_taken =
            overview.not_taken.iter().map(|file| NotTaken { name: file.name.clone(), reason: file.reason.clone() }).collect();
        self.view.health = health(overview, self.view.health.as_ref());
        self.view.put_off = put_off(overview);
        // Rows say what is put off of them; that it was tried once more is no news to them.
        if has_run_changed || has_reason_changed {
            self.view.runs = run_rows(overview, &self.settings.marks);
        }
        if written.is_none_or(|written| !written.is_empty()) {
            self.failures.read(self.store.as_ref())?;
        }
        self.view.people = self.people.read(self.store.as_ref(), overview, written, now)?;
        Ok(())
    }

    /// Reads what was said of the run that is looked at.
    fn judge(&mut self, now: Timestamp) -> Result<(), StoreError> {
        self.view.judged = match self.looked_at {
            Some(run) => Some(Arc::new(judged_shown(self.store.as_ref(), &self.settings, run, now)?)),
            None => None,
        };
        let without_data = self.view.judged.as_ref().filter(|judged| !self.has(judged.run));
        self.view.listed = without_data.and_then(|judged| row_of_listed(judged));
        Ok(())
    }
}

/// What is put off and why, and by which backend: what of it rows of files show.
fn reasons(overview: &Overview) -> (Vec<(String, String)>, Option<String>) {
    let held = overview.lease.as_ref().filter(|lease| lease.released.is_none());
    let put_off = overview.backend.iter().flat_map(|state| &state.put_off);
    (put_off.map(|row| (row.subject.clone(), row.why.clone())).collect(), held.map(|lease| lease.token.clone()))
}

/// Puts what is new into the place of what was known of the same runs.
fn take_over(known: &mut Overview, changes: Changes) {
    let Changes { runs, now, .. } = changes;
    let Some(runs) = runs else {
        *known = now;
        return;
    };
    (known.backend, known.not_taken, known.lease) = (now.backend, now.not_taken, now.lease);
    replace(&mut known.runs, now.runs, &runs, |run| run.run, |a, b| a.run.cmp(&b.run));
    replace(&mut known.files, now.files, &runs, |file| file.file.run, |a, b| a.file.cmp(&b.file));
    let by_pass = |a: &PassRecord, b: &PassRecord| (a.file, a.processing).cmp(&(b.file, b.processing));
    replace(&mut known.passes, now.passes, &runs, |pass| pass.file.run, by_pass);
    let by_processing = |a: &ProcessingRecord, b: &ProcessingRecord| (a.run, a.processing).cmp(&(b.run, b.processing));
    replace(&mut known.processings, now.processings, &runs, |of| of.run, by_processing);
    replace(&mut known.jobs, now.jobs, &runs, |job| job.run, |a, b| a.id.cmp(&b.id));
    let by_group = |a: &GroupRecord, b: &GroupRecord| (a.run, a.processing, a.group).cmp(&(b.run, b.processing, b.group));
    replace(&mut known.groups, now.groups, &runs, |group| group.run, by_group);
    replace(&mut known.said.decisions, now.said.decisions, &runs, |decision| decision.subject.run, |a, b| a.id.cmp(&b.id));
    replace(&mut known.said.marks, now.said.marks, &runs, |mark| mark.run, |a, b| a.id.cmp(&b.id));
    replace(&mut known.said.kinds, now.said.kinds, &runs, |(run, _)| *run, |a, b| a.0.cmp(&b.0));
    let by_copy = |a: &CentralCopy, b: &CentralCopy| (a.file, &a.destination).cmp(&(b.file, &b.destination));
    replace(&mut known.central, now.central, &runs, |copy| copy.file.run, by_copy);
}

fn replace<T>(all: &mut Vec<T>, new: Vec<T>, runs: &[Run], run_of: impl Fn(&T) -> Run, order: impl Fn(&T, &T) -> Ordering) {
    if runs.is_empty() {
        return;
    }
    all.retain(|row| runs.binary_search(&run_of(row)).is_err());
    all.extend(new);
    all.sort_by(order);
}

/// The backend's state by its lease: a heart that has not beaten for the lease's time is a lost backend.
fn backend(lease: Option<&LeaseRecord>, now: Timestamp, stale: SignedDuration) -> Backend {
    let Some(lease) = lease.filter(|lease| lease.released.is_none()) else { return Backend::Stopped };
    let (owner, heartbeat) = (lease.owner.clone(), lease.heartbeat);
    if now.duration_since(heartbeat) > stale { Backend::Lost { owner, heartbeat } } else { Backend::Running { owner, heartbeat } }
}

#[cfg(test)]
mod tests {
    use monitasks::quality::Flag;
    use monitasks::vocab::FileId;

    use super::*;
    use crate::bookkeeping::{
        BackendState, CentralStep, Decision, DecisionSubject, EntryKind, FileRecord, FileStep, Mark, MarkRecord, NewDecision,
        NewEntry, NotTakenRecord, Row, RunRecord, SqliteStore,
    };

    fn rows(run: u32, sequence: u32) -> Vec<Row> {
        let (file, at) = (FileId::new(run, sequence), Timestamp::UNIX_EPOCH);
        let record = FileRecord {
            file,
            step: FileStep::Stored,
            since: at,
            failure: None,
            reason: None,
            source: file.to_string(),
            size_bytes: 7,
            daq_closed: at,
            arrived: at,
            adler32: None,
            events_by_trigger: None,
            refused: None,
        };
        let copy = CentralCopy { step: CentralStep::PutOff, ..CentralCopy::wanted(file, "/central".into(), 7, 1, at) };
        let run = RunRecord { run: Run(run), first_seen: at, ended: None, ended_by: None };
        vec![Row::Run(run), Row::File(record), Row::Central(copy)]
    }

    #[test]
    fn of_a_long_history_no_more_is_read_than_what_is_new() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = SqliteStore::open(&folder.path().join("book.sqlite")).unwrap();
        for run in [4, 1, 3, 2] {
            let all: Vec<Row> = (0..50).flat_map(|sequence| rows(run, sequence)).collect();
            store.record(None, &[], &all).unwrap();
        }
        let all =
            |held: &Overview| Recent { newest: 1_000, held: held.runs.iter().map(|run| run.run).collect(), ..Recent::default() };
        let first = store.changes_of(&all(&Overview::default()), None).unwrap().changes;
        assert_eq!((first.now.files.len(), first.runs), (200, None));
        let mut known = first.now;
        let mut seen = first.seen;
        let mut step = |store: &SqliteStore, runs: &[u32], files: usize| {
            let changes = store.changes_of(&all(&known), seen).unwrap().changes;
            let told: Option<Vec<Run>> = Some(runs.iter().copied().map(Run).collect());
            assert_eq!((&changes.runs, changes.now.files.len(), changes.now.central.len()), (&told, files, files));
            seen = changes.seen;
            take_over(&mut known, changes);
            assert_eq!(known, store.overview().unwrap());
        };
        step(&store, &[], 0);
        store.record(None, &[], &[Row::Backend(BackendState::default())]).unwrap();
        step(&store, &[], 0);
        let name = NotTakenRecord { name: "x".into(), reason: "y".into(), at: Timestamp::UNIX_EPOCH };
        store.record(None, &[], &[Row::NotTaken(name)]).unwrap();
        step(&store, &[], 0);
        store.record(None, &[], &rows(3, 50)).unwrap();
        step(&store, &[3], 51);
        store.record(None, &[], &[rows(5, 0), rows(2, 7)].concat()).unwrap();
        step(&store, &[2, 5], 51);
        let (at, who, role) = (Timestamp::UNIX_EPOCH, || "Ada".to_owned(), || "shifter".to_owned());
        let mark = MarkRecord { id: 0, at, run: Run(1), mark: Mark::Flawed, comment: String::new(), who: who(), role: role() };
        store.append(&[mark.entry(Vec::new()).unwrap()]).unwrap();
        step(&store, &[1], 50);
        let decision = NewDecision {
            at,
            subject: DecisionSubject::run(Run(4)),
            decision: Decision::new(Flag::Ok, ""),
            who: who(),
            role: role(),
            supersedes: Vec::new(),
            wish: None,
            seen: None,
        };
        store.append(&[decision.entry().unwrap()]).unwrap();
        step(&store, &[4], 50);
        let kind = NewEntry {
            kind: EntryKind::RunKind,
            subject: "run2".into(),
            run: Some(Run(2)),
            body: serde_json::json!({"kind": "cosmic"}),
            ..mark.entry(Vec::new()).unwrap()
        };
        store.append(&[kind]).unwrap();
        step(&store, &[2], 50);
    }

    /// Runs from one number on, all of them over and decided on.
    fn years(store: &mut SqliteStore, runs: std::ops::Range<u32>) {
        let at = Timestamp::UNIX_EPOCH;
        let over = |run| {
            let mut all = rows(run, 0);
            all[0] = Row::Run(RunRecord { run: Run(run), first_seen: at, ended: Some(at), ended_by: None });
            all.truncate(2);
            all
        };
        let all: Vec<Row> = runs.clone().flat_map(over).collect();
        store.record(None, &[], &all).unwrap();
        let decided: Vec<NewEntry> = runs.map(|run| decided(run, Vec::new())).collect();
        store.append(&decided).unwrap();
    }

    fn decided(run: u32, supersedes: Vec<crate::bookkeeping::EntryId>) -> NewEntry {
        let (who, role) = ("Ada".into(), "shifter".into());
        let (subject, decision) = (DecisionSubject::run(Run(run)), Decision::new(Flag::Ok, ""));
        NewDecision { at: Timestamp::UNIX_EPOCH, subject, decision, who, role, supersedes, wish: None, seen: None }
            .entry()
            .unwrap()
    }

    #[test]
    fn of_years_the_window_keeps_the_newest_runs_and_the_one_that_is_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::create(folder.path(), "3x1x1").unwrap();
        let mut store = SqliteStore::open(&workspace.book()).unwrap();
        years(&mut store, 1..1_001);
        // Not over, and not decided on.
        store.record(None, &[], &rows(2_000, 0)).unwrap();
        store.record(None, &[], &rows(0, 0)).unwrap();
        let reader = SqliteStore::open_read_only(&workspace.book()).unwrap();
        let mut poller = BookPoller::new(Box::new(reader), &workspace);
        let now = Timestamp::now();
        let has = |view: &BookView, run: u32| view.runs.iter().any(|row| row.run == Run(run) && row.files.len() == 1);
        let first = poller.poll(now).unwrap();
        assert_eq!((first.runs.len(), first.older_runs), (KEPT + 1, 501));
        assert!(has(&first, 0) && has(&first, 1_000) && has(&first, 502) && !has(&first, 501));
        assert!(!first.people.meeting.is_counted && poller.poll(now).unwrap().people.meeting.is_counted);
        assert!(poller.poll(now).is_none());

        poller.look_at(Some(Run(7)));
        let looked = poller.poll(now).unwrap();
        assert!(has(&looked, 7) && looked.judged.is_some_and(|judged| judged.run == Run(7)));
        // It stays while nothing is looked at, and a run that is not there is asked for once.
        poller.look_at(None);
        assert!(has(&poller.poll(now).unwrap(), 7));
        poller.look_at(Some(Run(1_500)));
        assert!(!has(&poller.poll(now).unwrap(), 7));
        assert!(poller.poll(now).is_none());

        // Of a run that a list alone tells of there is a row while it is looked at.
        let facts = |run: u32| NewEntry {
            kind: EntryKind::RunFacts,
            subject: format!("run{run}"),
            body: serde_json::json!({ "trigger": { "value": { "text": "CRT" } } }),
            ..decided(run, Vec::new())
        };
        store.append(&[facts(3_000)]).unwrap();
        poller.look_at(Some(Run(3_000)));
        let listed = poller.poll(now).unwrap();
        assert_eq!(listed.listed.map(|row| (row.run, row.flag)), Some((Run(3_000), Flag::Unchecked)));
        poller.look_at(Some(Run(1_500)));
        assert!(poller.poll(now).unwrap().listed.is_none());

        // What is said of an old run reads nothing, and one that is decided on and over leaves.
        let before = store.in_force_on(EntryKind::Decision, "run9@raw").unwrap().remove(0);
        store.append(&[decided(9, vec![before.id]), decided(0, Vec::new())]).unwrap();
        let over = RunRecord { run: Run(0), first_seen: now, ended: Some(now), ended_by: None };
        let copied =
            CentralCopy { step: CentralStep::Verified, ..CentralCopy::wanted(FileId::new(0, 0), "/central".into(), 7, 1, now) };
        store.record(None, &[], &[Row::Run(over), Row::Central(copied)]).unwrap();
        let later = poller.poll(now).unwrap();
        assert!(!has(&later, 0) && !has(&later, 9) && later.runs.len() == KEPT);
        assert_eq!(later.people.meeting.decided_count, 1_001);
    }
}
