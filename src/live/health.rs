//! What the backend says of itself, and what is put off, as the window shows them.

use crate::bookkeeping::{BackendState, CentralCopy, CentralStep, CopyState, Overview};
use crate::snapshot::{BackendHealth, CopyRow, PutOffRow, WatcherRow};

/// What the backend said last; speeds of copies come from what it said before.
pub(super) fn health(overview: &Overview, before: Option<&BackendHealth>) -> Option<BackendHealth> {
    let state = overview.backend.as_ref()?;
    let held = overview.lease.as_ref().filter(|lease| lease.released.is_none());
    let watcher = &state.watcher;
    Some(BackendHealth {
        at: state.at,
        is_of_an_earlier_one: held.is_none_or(|lease| state.at < lease.taken),
        watcher: WatcherRow {
            last_hint: watcher.last_hint,
            last_sweep: watcher.last_sweep,
            sweep_took_s: watcher.sweep_took_s,
            next_sweep: watcher.next_sweep,
            lost_hints: watcher.lost_hints,
            open_files: watcher.open_files,
            fault: watcher.fault.clone(),
        },
        batch: state.batch.clone(),
        batch_fault: state.batch_fault.clone(),
        mail: state.mail.clone(),
        copies: state.copies.iter().map(|copy| copy_row(copy, state, before)).collect(),
    })
}

fn copy_row(copy: &CopyState, state: &BackendState, before: Option<&BackendHealth>) -> CopyRow {
    let speed = || {
        let before = before?;
        let known = before.copies.iter().find(|known| known.subject == copy.subject && known.to == copy.to)?;
        let seconds = state.at.duration_since(before.at).as_secs_f64();
        if seconds <= 0.0 {
            // The same words again: nothing new about the speed.
            return known.bytes_per_s;
        }
        Some(copy.done_bytes.checked_sub(known.done_bytes)? as f64 / seconds)
    };
    CopyRow {
        subject: copy.subject.clone(),
        to: copy.to.clone(),
        size_bytes: copy.size_bytes,
        done_bytes: copy.done_bytes,
        bytes_per_s: speed(),
    }
}

/// What could not be done: what the running backend says, central copies, and failed files that are tried again by themselves.
pub(super) fn put_off(overview: &Overview) -> Vec<PutOffRow> {
    let said = overview.backend.iter().flat_map(|state| &state.put_off).map(|put_off| PutOffRow {
        subject: put_off.subject.clone(),
        why: put_off.why.clone(),
        tries: put_off.tries,
        since: put_off.since,
        next_try: None,
        is_refused: false,
    });
    let central = overview.central.iter().filter(|copy| matches!(copy.step, CentralStep::PutOff | CentralStep::Refused));
    let passes = overview.passes.iter().filter(|pass| pass.retry_at.is_some()).map(|pass| PutOffRow {
        subject: pass.name(),
        why: pass.reason.clone().unwrap_or_else(|| "it failed".into()),
        tries: pass.attempt,
        since: pass.since,
        next_try: pass.retry_at,
        is_refused: false,
    });
    let mut rows: Vec<PutOffRow> = central.map(central_row).chain(passes).chain(said).collect();
    rows.sort_by_key(|row| (!row.is_refused, row.since));
    rows
}

fn central_row(copy: &CentralCopy) -> PutOffRow {
    PutOffRow {
        subject: format!("copy of {} to {}", copy.file, copy.destination),
        why: copy.reason.clone().unwrap_or_else(|| "no reason is known".into()),
        tries: copy.attempts,
        since: copy.since,
        next_try: copy.next_try,
        is_refused: copy.step == CentralStep::Refused,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use monitasks::vocab::FileId;

    use super::*;
    use crate::bookkeeping::{LeaseRecord, PutOffState};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn said(second: i64, done_bytes: u64) -> Overview {
        let copy = CopyState { subject: "run1-seq0".into(), to: "/central".into(), size_bytes: 100, done_bytes };
        let state = BackendState { at: at(second), copies: vec![copy], ..BackendState::default() };
        let lease = LeaseRecord {
            owner: "a:1".into(),
            host: "a".into(),
            token: "t".into(),
            taken: at(100),
            heartbeat: at(200),
            released: None,
        };
        Overview { backend: Some(state), lease: Some(lease), ..Overview::default() }
    }

    #[test]
    fn a_copy_s_speed_is_that_between_two_times_the_backend_spoke() {
        let first = health(&said(200, 10), None).unwrap();
        assert_eq!(first.copies[0].bytes_per_s, None);
        let second = health(&said(205, 60), Some(&first)).unwrap();
        assert_eq!(second.copies[0].bytes_per_s, Some(10.0));
        let again = health(&said(205, 60), Some(&second)).unwrap();
        assert_eq!(again.copies[0].bytes_per_s, Some(10.0), "the same words again are no standstill");
        let anew = health(&said(206, 5), Some(&second)).unwrap();
        assert_eq!(anew.copies[0].bytes_per_s, None, "a copy that began anew has no speed yet");
        assert!(!second.is_of_an_earlier_one);
        assert!(health(&said(99, 10), None).unwrap().is_of_an_earlier_one);
    }

    #[test]
    fn a_copy_put_off_is_told_once_and_with_its_next_try() {
        let mut overview = said(200, 0);
        let destination = "root://central.example.org//raw/run1-seq0.dat".to_owned();
        overview.central = vec![CentralCopy {
            file: FileId::new(1, 0),
            destination,
            step: CentralStep::PutOff,
            since: at(150),
            attempts: 4,
            next_try: Some(at(260)),
            reason: Some("no connection".into()),
            size_bytes: 100,
            adler32: 1,
            verified_at: None,
        }];
        let state = overview.backend.as_mut().unwrap();
        let why = || "no connection".to_owned();
        state.put_off = vec![PutOffState { subject: "run2-seq0".into(), why: why(), tries: 1, since: at(100) }];
        let rows = put_off(&overview);
        assert_eq!(rows.iter().map(|row| row.next_try).collect::<Vec<_>>(), [None, Some(at(260))]);
    }
}
