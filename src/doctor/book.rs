//! The book: whether it can be read, is of this program's layout, and is sound; and the backend that works by it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use monitasks::quality::State;

use super::within::within;
use super::{Patient, fine, wrong};
use crate::bookkeeping::{self, LeaseRecord, StoreError};
use crate::live::services_shown;
use crate::snapshot::{BackendHealth, Finding};

/// A book is given so long to be opened and looked through.
const BOOK: Duration = Duration::from_secs(20);
/// The same for its overview alone.
const OVERVIEW: Duration = Duration::from_secs(10);

/// What is known of the book.
enum BookFacts {
    /// Its files are missing and there are signs of a book.
    Lost(String),
    /// It could not be opened or read.
    Refused(StoreError),
    /// It was looked through: entries in all, and what is wrong.
    Read { entries: i64, faults: Vec<String>, waiting: usize },
    /// It did not answer in time.
    Silent,
}

pub(super) fn book(patient: &Patient) -> Vec<Finding> {
    let Some(workspace) = patient.workspace.clone() else { return Vec::new() };
    let place = workspace.book_place().to_string();
    let facts = within(BOOK, move || {
        if let Some(beside) = workspace.left_without_book() {
            return BookFacts::Lost(beside);
        }
        let read = bookkeeping::open_read_only(&workspace.book_place()).and_then(|book| {
            let faults = book.verify_chains()?;
            let entries = book.chain_ends()?.iter().map(|end| end.number).sum();
            Ok(BookFacts::Read { entries, faults, waiting: book.outbox().waiting.len() })
        });
        read.unwrap_or_else(BookFacts::Refused)
    });
    of_book(&facts.unwrap_or(BookFacts::Silent), &place, &patient.dqmon())
}

fn of_book(facts: &BookFacts, place: &str, dqmon: &str) -> Vec<Finding> {
    const NAME: &str = "book";
    const WHY: &str = "decisions, files' stories and problems stand in it";
    match facts {
        BookFacts::Lost(beside) => {
            let what = format!("the book is missing, and there are {beside}: {place}");
            vec![wrong(NAME, State::Bad, what, WHY, format!("{dqmon} book restore FILE   (backups stand in backups/)"))]
        }
        BookFacts::Silent => {
            let what = format!("it was not read through in {} s: {place}", BOOK.as_secs());
            vec![wrong(NAME, State::CannotJudge, what, WHY, format!("{dqmon} book verify   (takes its time in a large book)"))]
        }
        BookFacts::Refused(error) => {
            let (state, mend) = match error {
                StoreError::Missing { .. } => (State::Maybe, format!("{dqmon} book init")),
                StoreError::Newer { .. } => (State::Bad, "use the newer program: dqmon --version tells this one's".into()),
                StoreError::Away { .. } => (State::Bad, "pg_isready -h HOST; ask who runs the book's server".to_owned()),
                StoreError::Damaged { .. } => (State::Bad, format!("{dqmon} book verify; {dqmon} book restore FILE")),
                _ => (State::Bad, format!("{dqmon} book migrate; {dqmon} book verify")),
            };
            vec![wrong(NAME, state, error.to_string(), WHY, mend)]
        }
        BookFacts::Read { entries, faults, waiting } => {
            let mut found: Vec<Finding> = Vec::new();
            if let Some(first) = faults.first() {
                let more = if faults.len() > 1 { format!(" and {} more", faults.len() - 1) } else { String::new() };
                let what = format!("not sound: {first}{more}: {place}");
                found.push(wrong(NAME, State::Bad, what, WHY, format!("{dqmon} book verify; {dqmon} book restore FILE")));
            }
            if *waiting > 0 {
                let what = format!("{waiting} entries wait for the book's server");
                found.push(wrong(
                    NAME,
                    State::Maybe,
                    what,
                    "others don't see them yet",
                    format!("{dqmon} book outbox --deliver"),
                ));
            }
            if found.is_empty() {
                found.push(fine(NAME, format!("sound, of this program's layout, {entries} entries: {place}")));
            }
            found
        }
    }
}

/// What is known of the backend.
struct BackendFacts {
    lease: Option<LeaseRecord>,
    health: Option<BackendHealth>,
    stale_s: f64,
    now: Timestamp,
}

pub(super) fn backend(patient: &Patient) -> Vec<Finding> {
    const NAME: &str = "backend";
    let Some(workspace) = patient.workspace.clone() else { return Vec::new() };
    let stale_s = workspace.settings.book.lease_stale_s;
    let now = patient.now;
    let asked = within(OVERVIEW, move || bookkeeping::open_read_only(&workspace.book_place()).and_then(|book| book.overview()));
    match asked {
        Some(Ok(overview)) => {
            let (health, _) = services_shown(&overview);
            of_backend(&BackendFacts { lease: overview.lease, health, stale_s, now }, &patient.dqmon())
        }
        Some(Err(StoreError::Missing { .. })) => {
            of_backend(&BackendFacts { lease: None, health: None, stale_s, now }, &patient.dqmon())
        }
        Some(Err(_)) | None => {
            let why = "whether files are taken in is not known";
            vec![wrong(NAME, State::CannotJudge, "the book does not tell", why, "mend the book first, see above")]
        }
    }
}

fn of_backend(facts: &BackendFacts, dqmon: &str) -> Vec<Finding> {
    const NAME: &str = "backend";
    const WHY: &str = "without it nothing takes files in; none is lost, they stay in the DAQ's folder";
    let start = format!("{dqmon} process");
    let Some(lease) = facts.lease.as_ref().filter(|lease| lease.released.is_none()) else {
        return vec![wrong(NAME, State::Maybe, "none runs", WHY, start)];
    };
    let age = facts.now.duration_since(lease.heartbeat);
    if age.as_secs_f64() >= facts.stale_s {
        let what = format!("the one of {} is lost: its heart was heard {} s ago", lease.owner, age.as_secs());
        return vec![wrong(NAME, State::Bad, what, WHY, start)];
    }
    let mut found = Vec::new();
    if age < SignedDuration::from_secs(-20) {
        let what = format!("its last heartbeat lies {} s ahead of this clock: {}", -age.as_secs(), lease.owner);
        found.push(wrong(
            NAME,
            State::Bad,
            what,
            "who has the lease goes by clocks",
            "sudo timedatectl set-ntp true, on both machines",
        ));
    }
    if let Some(health) = &facts.health {
        if let Some(alarm) = health.intake_alarm(facts.now) {
            let mend = format!("{dqmon} status; stop the backend on the Processing page and start it again");
            found.push(wrong(NAME, State::Bad, alarm, "new files may wait", mend));
        }
        if let Some(fault) = health.batch_fault.as_ref().filter(|_| !health.is_of_an_earlier_one) {
            let what = format!("it can't ask the batch system {}: {fault}", health.batch);
            found.push(wrong(NAME, State::Bad, what, "jobs wait until it answers", format!("{dqmon} status")));
        }
    }
    if found.is_empty() {
        found.push(fine(NAME, format!("{} runs, its heart was heard {} s ago", lease.owner, age.as_secs().max(0))));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::WatcherRow;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    fn lease(heartbeat: i64) -> LeaseRecord {
        let (owner, host, token) = ("daq:7".into(), "daq".into(), "t".into());
        LeaseRecord { owner, host, token, taken: at(0), heartbeat: at(heartbeat), released: None }
    }

    #[test]
    fn a_backend_that_is_gone_lost_ahead_or_late_is_told_and_a_living_one_is_fine() {
        let of = |lease, health| of_backend(&BackendFacts { lease, health, stale_s: 15.0, now: at(1000) }, "dqmon -w '/w'");
        let states = |found: &[Finding]| found.iter().map(|one| one.state).collect::<Vec<_>>();
        assert_eq!(states(&of(None, None)), [State::Maybe]);
        assert_eq!(states(&of(Some(LeaseRecord { released: Some(at(900)), ..lease(900) }), None)), [State::Maybe]);
        let lost = of(Some(lease(900)), None);
        assert!(states(&lost) == [State::Bad] && lost[0].what.contains("100 s ago") && lost[0].mend == "dqmon -w '/w' process");
        assert_eq!(states(&of(Some(lease(998)), None)), [State::Ok]);
        assert!(of(Some(lease(1100)), None)[0].what.contains("ahead"));
        let watcher = WatcherRow { next_sweep: Some(at(800)), ..WatcherRow::default() };
        let health = BackendHealth { watcher, batch_fault: Some("squeue".into()), ..BackendHealth::default() };
        assert_eq!(states(&of(Some(lease(999)), Some(health))), [State::Bad, State::Bad]);
    }

    #[test]
    fn whatever_is_wrong_with_a_book_has_the_command_that_mends_it() {
        let place = || "/w/book.sqlite".to_owned();
        let cases = [
            (BookFacts::Lost("3 raw files".into()), State::Bad, "book restore"),
            (BookFacts::Silent, State::CannotJudge, "book verify"),
            (BookFacts::Refused(StoreError::Missing { place: place() }), State::Maybe, "book init"),
            (BookFacts::Refused(StoreError::Newer { found: 99, known: 7, place: place() }), State::Bad, "newer program"),
            (BookFacts::Refused(StoreError::Away { why: "x".into(), place: place() }), State::Bad, "pg_isready"),
            (BookFacts::Refused(StoreError::Damaged { what: "x".into(), place: place() }), State::Bad, "book restore"),
            (BookFacts::Refused(StoreError::Unusable { why: "old layout".into(), place: place() }), State::Bad, "book migrate"),
            (BookFacts::Read { entries: 3, faults: vec!["hash".into()], waiting: 0 }, State::Bad, "book verify"),
            (BookFacts::Read { entries: 3, faults: Vec::new(), waiting: 2 }, State::Maybe, "--deliver"),
        ];
        for (facts, state, command) in cases {
            let found = of_book(&facts, "/w/book.sqlite", "dqmon -w '/w'");
            assert!(found[0].state == state && found[0].mend.contains(command) && !found[0].why.is_empty(), "{found:?}");
        }
        let sound = BookFacts::Read { entries: 3, faults: Vec::new(), waiting: 0 };
        assert_eq!(of_book(&sound, "/w/book.sqlite", "dqmon")[0].state, State::Ok);
    }
}
