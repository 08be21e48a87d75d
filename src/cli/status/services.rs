//! What `dqmon status` says of the backend's services: its watcher, its batch system, mail, copies under way, and what is put off.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::words::{age, counted, size, stamp};
use crate::bookkeeping::{Overview, Want};
use crate::live::services_shown;
use crate::snapshot::{BackendHealth, PutOffRow};

/// The services as the book has them.
pub(super) struct Services {
    /// What the backend said last; none when it never did.
    health: Option<BackendHealth>,
    /// Whether that is of the backend that runs now.
    is_of_now: bool,
    put_off: Vec<PutOffRow>,
    now: Timestamp,
}

impl Services {
    /// The services at a moment; what a backend that does not run said is no news of now.
    pub(super) fn of(overview: &Overview, does_run: bool, now: Timestamp) -> Self {
        let (health, put_off) = services_shown(overview);
        let is_of_now = does_run && health.as_ref().is_some_and(|health| !health.is_of_an_earlier_one);
        // What only a backend that is gone said is not put off any more; the book's rows still are.
        let is_said = |row: &PutOffRow| {
            overview
                .backend
                .iter()
                .flat_map(|state| &state.put_off)
                .any(|said| (&said.subject, said.since) == (&row.subject, row.since))
        };
        let put_off = put_off.into_iter().filter(|row| is_of_now || !is_said(row)).collect();
        Services { health, is_of_now, put_off, now }
    }

    /// Why the watcher is late or not whole; none while it is not or nothing runs.
    fn late(&self) -> Option<String> {
        self.health.as_ref().filter(|_| self.is_of_now)?.intake_alarm(self.now)
    }

    fn batch_fault(&self) -> Option<&String> {
        self.health.as_ref().filter(|_| self.is_of_now)?.batch_fault.as_ref()
    }

    /// Whether a person should look at one of them.
    pub(super) fn has_finding(&self) -> bool {
        self.late().is_some()
            || self.batch_fault().is_some()
            || self.put_off.iter().any(|row| row.is_refused || Want::of(&row.why).is_some())
    }

    /// As the documented layout of `--json` has them.
    pub(super) fn facts(&self) -> Value {
        let copy = |copy: &crate::snapshot::CopyRow| {
            let (size_bytes, done_bytes) = (copy.size_bytes, copy.done_bytes);
            json!({"subject": copy.subject, "to": copy.to, "size_bytes": size_bytes, "done_bytes": done_bytes})
        };
        let put_off = |row: &PutOffRow| {
            json!({
                "subject": row.subject, "why": row.why, "tries": row.tries, "since": row.since, "next_try": row.next_try,
                "is_refused": row.is_refused,
                "next_step": Want::of(&row.why).filter(|_| !row.is_refused).map(Want::next_step),
            })
        };
        let said = self.health.as_ref().map(|health| {
            let watcher = &health.watcher;
            json!({
                "at": health.at, "is_of_now": self.is_of_now, "batch": health.batch, "batch_fault": health.batch_fault,
                "mail": health.mail, "copies": health.copies.iter().map(copy).collect::<Vec<_>>(),
                "watcher": {
                    "late": self.late(), "fault": watcher.fault, "last_sweep": watcher.last_sweep, "sweep_took_s": watcher.sweep_took_s,
                    "next_sweep": watcher.next_sweep, "last_hint": watcher.last_hint, "lost_hints": watcher.lost_hints,
                    "open_files": watcher.open_files,
                },
            })
        });
        json!({"said": said, "put_off": self.put_off.iter().map(put_off).collect::<Vec<_>>()})
    }

    /// In words, a line each.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = match &self.health {
            Some(health) if self.is_of_now => self.said(health),
            _ => Vec::new(),
        };
        lines.extend(self.put_off.iter().map(|row| self.put_off_line(row)));
        lines
    }

    fn said(&self, health: &BackendHealth) -> Vec<String> {
        let watcher = &health.watcher;
        let looked = watcher.last_sweep.map_or("has not looked yet".into(), |at| format!("looked {}", age(at, self.now)));
        let open = counted(watcher.open_files, "file", "files");
        let mut lines = vec![match self.late() {
            Some(alarm) => format!("watcher LATE: {alarm}"),
            None => format!("watcher {looked}, {open} still being written"),
        }];
        lines.push(match &health.batch_fault {
            Some(fault) => format!("batch system {} does not answer: {fault}", health.batch),
            None if health.batch.is_empty() => "batch system not said".into(),
            None => format!("batch system {} answers", health.batch),
        });
        lines.push(health.mail.clone().unwrap_or_else(|| "no mail is sent".into()));
        lines.extend(health.copies.iter().map(|copy| {
            format!("copy under way: {}, {} of {}, to {}", copy.subject, size(copy.done_bytes), size(copy.size_bytes), copy.to)
        }));
        lines
    }

    fn put_off_line(&self, row: &PutOffRow) -> String {
        let word = if row.is_refused { "refused" } else { "put off" };
        let again = match row.next_try {
            _ if row.is_refused => ", not tried again: 'dqmon resubmit' it when the cause is gone".into(),
            Some(at) => format!(", tried again at {}", stamp(at)),
            None => String::new(),
        };
        let tries = counted(u64::from(row.tries), "try", "tries");
        let step =
            Want::of(&row.why).filter(|_| !row.is_refused).map(|want| format!(". {}", want.next_step())).unwrap_or_default();
        format!("{word} since {}: {}: {} ({tries}{again}){step}", age(row.since, self.now), row.subject, row.why)
    }
}

#[cfg(test)]
mod tests {
    use monitasks::vocab::FileId;

    use super::*;
    use crate::bookkeeping::{BackendState, CentralCopy, CentralStep, LeaseRecord, PutOffState, WatcherState};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn overview() -> Overview {
        let put_off = PutOffState { subject: "taking in of run2-seq0".into(), why: "disk away".into(), tries: 3, since: at(900) };
        let state = BackendState {
            at: at(999),
            watcher: WatcherState { next_sweep: Some(at(800)), ..WatcherState::default() },
            batch: "slurm".into(),
            batch_fault: Some("squeue: no answer".into()),
            mail: Some("mail: none sent yet, 2 wait: no such server".into()),
            put_off: vec![put_off],
            ..BackendState::default()
        };
        let lease = LeaseRecord {
            owner: "a:1".into(),
            host: "a".into(),
            token: "t".into(),
            taken: at(100),
            heartbeat: at(1000),
            released: None,
        };
        let central = CentralCopy {
            file: FileId::new(1, 0),
            destination: "root://eos//raw/run1-seq0.dat".into(),
            step: CentralStep::Refused,
            since: at(950),
            attempts: 2,
            next_try: None,
            reason: Some("permission denied".into()),
            size_bytes: 1,
            adler32: 1,
            verified_at: None,
        };
        Overview { backend: Some(state), lease: Some(lease), central: vec![central], ..Overview::default() }
    }

    #[test]
    fn a_late_watcher_a_silent_batch_system_refused_copies_and_mail_faults_are_told() {
        let services = Services::of(&overview(), true, at(1000));
        let text = services.lines().join("\n");
        for words in [
            "watcher LATE: the look at the incoming folder is 200 s overdue",
            "batch system slurm does not answer: squeue: no answer",
            "2 wait: no such server",
            "refused since 50 s ago: copy of run1-seq0 to root://eos//raw/run1-seq0.dat: permission denied (2 tries, not tried again",
            "put off since 100 s ago: taking in of run2-seq0: disk away (3 tries)",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(services.has_finding());
        let facts = services.facts();
        assert!(facts["said"]["watcher"]["late"].is_string() && facts["put_off"][0]["is_refused"] == true, "{facts:#}");
    }

    #[test]
    fn what_a_backend_said_that_does_not_run_any_more_is_no_news() {
        let services = Services::of(&overview(), false, at(1000));
        assert_eq!(services.lines().len(), 1, "the refused copy stays told: {:?}", services.lines());
        assert_eq!((&services.facts()["said"]["is_of_now"], services.has_finding()), (&json!(false), true));
        assert!(!Services::of(&Overview::default(), true, at(1000)).has_finding());
    }

    #[test]
    fn what_waits_for_room_or_rights_is_a_finding_with_what_to_do() {
        let told = |why: &str| {
            let mut overview = Overview { central: Vec::new(), ..overview() };
            let state = overview.backend.as_mut().unwrap();
            (state.watcher.next_sweep, state.batch_fault) = (None, None);
            state.put_off[0].why = why.into();
            let services = Services::of(&overview, true, at(1000));
            (services.has_finding(), services.lines().join(" "))
        };
        let (is_finding, text) = told("folder not made: Read-only file system (os error 30): /w/storage");
        assert!(is_finding && text.contains("mount it for writing; it is tried again by itself"), "{text}");
        assert!(told("not enough room in the storage: 5 bytes needed, 4 free: /w").0);
        assert!(!told("the server does not answer").0);
    }
}
