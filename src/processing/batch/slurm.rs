//! Slurm's commands: `sbatch`, `squeue`, `scancel`, `sacct`.

use std::ffi::OsString;

use jiff::Timestamp;

use super::calls::{Call, Said};
use super::dialect::{Dialect, Given, Table, Ticket, Wishes, is_of_the_way, some};
use super::word::{BatchWord, Cause, Phase};

/// Slurm.
pub struct Slurm {
    /// What it is told besides the job.
    pub wishes: Wishes,
}

/// Days that are looked back for a job that the list no longer has.
const DAYS_BACK: u32 = 30;

impl Dialect for Slurm {
    fn name(&self) -> &'static str {
        "slurm"
    }

    fn submit(&self, ticket: &Ticket) -> Call {
        let mut arguments: Vec<OsString> =
            ["--parsable", "--no-requeue", "--output=/dev/null", "--error=/dev/null"].map(Into::into).into();
        arguments.push(format!("--job-name={}", ticket.name).into());
        let Wishes { queue, limits, .. } = &self.wishes;
        if !queue.is_empty() {
            arguments.push(format!("--partition={queue}").into());
        }
        if limits.memory_mb > 0 {
            arguments.push(format!("--mem={}M", limits.memory_mb).into());
        }
        if limits.time_s > 0 {
            arguments.push(format!("--time={}", limits.told_time_s() / 60).into());
        }
        arguments.extend(self.wishes.arguments.iter().map(Into::into));
        arguments.push(ticket.file.clone().into());
        Call { folder: Some(ticket.folder.clone()), ..self.wishes.call("sbatch", arguments) }
    }

    fn submitted(&self, said: &Said) -> Given {
        if said.status != Some(0) {
            let words = said.words();
            return if said.status.is_none() || is_of_the_way(&words) { Given::Unclear(words) } else { Given::Refused(words) };
        }
        // `322` or `322;cluster`, below whatever a site's plug-ins may print.
        let last = said.out.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let id = last.trim().split(';').next().unwrap_or_default();
        if is_number(id) { Given::Accepted(id.to_owned()) } else { Given::Unclear(format!("'sbatch' said: {}", said.words())) }
    }

    fn list(&self) -> Call {
        let user = rustix::process::getuid().as_raw();
        // The name comes last and is ours: no bar in it. A reason may hold one.
        let arguments = ["-h", "-t", "all", &format!("--user={user}"), "-o", "%i|%T|%V|%N|%r|%j"].map(Into::into).into();
        self.wishes.call("squeue", arguments)
    }

    fn listed(&self, said: &Said) -> Result<Table, String> {
        if said.status != Some(0) {
            return Err(said.words());
        }
        // A list that can't be reached may come as an empty one with a complaint.
        if said.out.trim().is_empty() && is_of_the_way(&said.err) {
            return Err(said.words());
        }
        let mut table = Table::new();
        let mut foreign = None;
        for line in said.out.lines() {
            let words = squeue_line(line);
            match words {
                Some((name, word)) => table.entry(name).or_default().push(word),
                None if line.contains('|') || line.trim().is_empty() => {}
                None => foreign = Some(line),
            }
        }
        match foreign {
            Some(line) if table.is_empty() => {
                Err(format!("'squeue' said: {}", line.trim().chars().take(200).collect::<String>()))
            }
            _ => Ok(table),
        }
    }

    fn accounts(&self, names: &[String]) -> Vec<Call> {
        let format = "--format=JobID,State,NodeList,JobName";
        let (names, since) = (format!("--name={}", names.join(",")), format!("--starttime=now-{DAYS_BACK}days"));
        let whole = ["-n", "--parsable2", "-X", format, names.as_str(), since.as_str()];
        // Without an accounting database there may be a plain file of ended jobs.
        let ended = ["-n", "--parsable2", "--completion", format, names.as_str(), since.as_str()];
        [whole, ended].map(|arguments| self.wishes.call("sacct", arguments.map(Into::into).into())).into()
    }

    fn accounted(&self, said: &Said) -> Table {
        let mut table = Table::new();
        for line in said.out.lines() {
            let fields: Vec<&str> = line.splitn(4, '|').collect();
            if let [id, state, node, name] = fields[..]
                && is_number(id)
            {
                table.entry(name.to_owned()).or_default().push(word(id, state, None, node, ""));
            }
        }
        table
    }

    fn cancel(&self, ids: &[String]) -> Call {
        self.wishes.call("scancel", ids.iter().map(Into::into).collect())
    }
}

/// Name and word of a line of the list; none for an array's member and for what is no line of it.
fn squeue_line(line: &str) -> Option<(String, BatchWord)> {
    let (rest, name) = line.rsplit_once('|')?;
    let fields: Vec<&str> = rest.splitn(5, '|').collect();
    let [id, state, submitted, node, reason] = fields[..] else { return None };
    let submitted = submitted.parse().ok().and_then(|second| Timestamp::from_second(second).ok());
    is_number(id).then(|| (name.to_owned(), word(id, state, submitted, node, reason)))
}

fn word(id: &str, state: &str, submitted: Option<Timestamp>, node: &str, reason: &str) -> BatchWord {
    // `CANCELLED by 1001`
    let plain = state.split_whitespace().next().unwrap_or_default();
    let reason = some(reason);
    let waits_for_a_person = |reason: &String| reason.to_lowercase().contains("held") || reason == "DependencyNeverSatisfied";
    let (phase, cause) = match plain {
        "PENDING" | "REQUEUED" if reason.as_ref().is_some_and(waits_for_a_person) => (Phase::Held, None),
        "REQUEUE_HOLD" | "RESV_DEL_HOLD" | "SPECIAL_EXIT" | "SUSPENDED" | "STOPPED" => (Phase::Held, None),
        "RUNNING" | "COMPLETING" | "CONFIGURING" | "STAGE_OUT" | "SIGNALING" | "RESIZING" => (Phase::Running, None),
        "COMPLETED" | "FAILED" => (Phase::Ended, None),
        "TIMEOUT" | "DEADLINE" => (Phase::Ended, Some(Cause::TimeLimit)),
        "OUT_OF_MEMORY" => (Phase::Ended, Some(Cause::MemoryLimit)),
        "NODE_FAIL" | "BOOT_FAIL" => (Phase::Ended, Some(Cause::NodeLost)),
        "CANCELLED" | "PREEMPTED" | "REVOKED" => (Phase::Ended, Some(Cause::Request)),
        // Nothing that is not known ends a job.
        _ => (Phase::Queued, None),
    };
    BatchWord { id: id.to_owned(), phase, state: state.trim().to_owned(), cause, reason, node: some(node), submitted }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::super::dialect::Limits;
    use super::*;

    fn slurm() -> Slurm {
        let limits = Limits { memory_mb: 500, time_s: 90 };
        Slurm {
            wishes: Wishes { commands: "/opt/slurm".into(), queue: "prod".into(), arguments: vec!["--nice=5".into()], limits },
        }
    }

    fn said(status: i32, out: &str, err: &str) -> Said {
        Said { status: Some(status), out: out.into(), err: err.into() }
    }

    #[test]
    fn a_job_is_given_with_its_limits_and_the_sites_arguments() {
        let ticket = Ticket { name: "reco_x-1-ab".into(), folder: "/a b/$(c)".into(), file: "reco_x-1-ab.slurm".into() };
        let call = slurm().submit(&ticket);
        assert_eq!((call.program, call.folder), ("/opt/slurm/sbatch".into(), Some("/a b/$(c)".into())));
        let arguments: Vec<&str> = call.arguments.iter().map(|argument| argument.to_str().unwrap()).collect();
        let expected = "--parsable --no-requeue --output=/dev/null --error=/dev/null --job-name=reco_x-1-ab --partition=prod \
                        --mem=500M --time=3 --nice=5 reco_x-1-ab.slurm";
        assert_eq!(arguments.join(" "), expected);
    }

    #[test]
    fn only_a_number_is_a_job() {
        let given = |status, out: &str, err: &str| slurm().submitted(&said(status, out, err));
        assert_eq!(given(0, "322\n", ""), Given::Accepted("322".into()));
        assert_eq!(given(0, "welcome to the farm\n322;farm\n", ""), Given::Accepted("322".into()));
        for garbage in ["", "Usage: sbatch [OPTIONS]\n", "-1\n", "322x\n", "\u{fffd}\n", "9999999999999999\n"] {
            assert!(matches!(given(0, garbage, ""), Given::Unclear(_)), "{garbage}");
        }
        assert!(matches!(given(1, "", "sbatch: error: invalid partition specified: nope"), Given::Refused(_)));
        assert!(matches!(given(1, "", "sbatch: error: Socket timed out on send/recv operation"), Given::Unclear(_)));
        assert!(matches!(given(1, "", "Unable to contact slurm controller (connect failure)"), Given::Unclear(_)));
    }

    #[test]
    fn states_are_read_and_what_is_not_known_ends_nothing() {
        let lines = "1|RUNNING|1795264105|vm|None|a\n2|PENDING|1795264105||launch failed requeued held|b\n\
                     3|PENDING|1795264105||Priority|c\n4|OUT_OF_MEMORY|1795264105|n7|OutOfMemory|d\n5|NEW_WORD|x|||e\n\
                     6_1|RUNNING|1795264105|vm|None|f\n7|PENDING|1795264105||a|bar|g\n8|NODE_FAIL|1795264105|n7|NodeFail|h\n";
        let table = slurm().listed(&said(0, lines, "")).unwrap();
        let of = |name: &str| table.get(name).map(|words| (words[0].phase, words[0].cause));
        assert_eq!(of("a"), Some((Phase::Running, None)));
        assert_eq!(of("b"), Some((Phase::Held, None)));
        assert_eq!(of("c"), Some((Phase::Queued, None)));
        assert_eq!(of("d"), Some((Phase::Ended, Some(Cause::MemoryLimit))));
        assert_eq!(of("e"), Some((Phase::Queued, None)));
        assert_eq!(of("f"), None);
        assert_eq!(of("g"), Some((Phase::Queued, None)));
        assert_eq!(of("h"), Some((Phase::Ended, Some(Cause::NodeLost))));
        assert_eq!(table["d"][0].words(), "OUT_OF_MEMORY on n7, memory limit, OutOfMemory (job 4)");
        assert_eq!(table["a"][0].submitted, Timestamp::from_second(1_795_264_105).ok());
    }

    #[test]
    fn what_is_no_list_says_nothing_of_any_job() {
        let listed = |status, out: &str, err: &str| slurm().listed(&said(status, out, err));
        assert_eq!(listed(0, "", ""), Ok(Table::new()));
        assert!(listed(1, "", "slurm_load_jobs error: Unable to contact slurm controller").is_err());
        assert!(listed(0, "", "slurm_load_jobs error: Socket timed out").is_err());
        assert!(listed(0, "bash: squeue: command not found\n", "").is_err());
    }

    #[test]
    fn accounts_tell_how_a_forgotten_job_ended() {
        let table = slurm().accounted(&said(0, "12|CANCELLED by 0|vm|x\n12.batch|CANCELLED|vm|batch\nwhat\n", ""));
        assert_eq!(table.len(), 1);
        assert_eq!((table["x"][0].cause, table["x"][0].state.as_str()), (Some(Cause::Request), "CANCELLED by 0"));
    }

    proptest::proptest! {
        #[test]
        fn no_answer_is_too_odd(out in ".{0,200}", err in ".{0,80}", status in -1..3) {
            let said = said(status, &out, &err);
            let _ = (slurm().listed(&said), slurm().submitted(&said), slurm().accounted(&said));
        }
    }
}
