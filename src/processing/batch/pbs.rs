//! The commands of PBS and TORQUE, which other batch systems understand too: `qsub`, `qstat`, `qdel`.
//!
//! Some of those are wrappers that hand their arguments to a shell: whatever is given to them here is a plain word, and what is
//! not (a folder with blanks) is the folder that they are run in.

use std::ffi::OsString;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::calls::{Call, Said};
use super::dialect::{Dialect, Given, Table, Ticket, Wishes, is_of_the_way, some};
use super::record::clock;
use super::word::{BatchWord, Cause, Phase};

/// PBS or TORQUE.
pub struct Pbs {
    /// What it is told besides the job.
    pub wishes: Wishes,
}

/// What `qstat` ends with when it knows no job.
const UNKNOWN_JOB: i32 = 153;

impl Dialect for Pbs {
    fn name(&self) -> &'static str {
        "pbs"
    }

    fn submit(&self, ticket: &Ticket) -> Call {
        let mut arguments: Vec<OsString> = ["-N", &ticket.name, "-j", "oe", "-o", "/dev/null", "-r", "n"].map(Into::into).into();
        let Wishes { queue, limits, .. } = &self.wishes;
        if !queue.is_empty() {
            arguments.extend(["-q", queue.as_str()].map(Into::into));
        }
        let time = (limits.time_s > 0).then(|| format!("walltime={}", clock(limits.told_time_s())));
        let memory = (limits.memory_mb > 0).then(|| format!("mem={}mb", limits.memory_mb));
        let resources: Vec<String> = time.into_iter().chain(memory).collect();
        if !resources.is_empty() {
            arguments.extend(["-l".into(), resources.join(",").into()]);
        }
        arguments.extend(self.wishes.arguments.iter().map(Into::into));
        arguments.push(ticket.file.clone().into());
        Call { folder: Some(ticket.folder.clone()), ..self.wishes.call("qsub", arguments) }
    }

    fn submitted(&self, said: &Said) -> Given {
        if said.status != Some(0) {
            let words = said.words();
            return if said.status.is_none() || is_of_the_way(&words) { Given::Unclear(words) } else { Given::Refused(words) };
        }
        // A usage text goes to standard output too, and with a status of 0.
        let last = said.out.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
        if is_job(last) { Given::Accepted(last.to_owned()) } else { Given::Unclear(format!("'qsub' said: {}", said.words())) }
    }

    fn list(&self) -> Call {
        // In full: the short list cuts names off.
        self.wishes.call("qstat", vec!["-f".into()])
    }

    fn listed(&self, said: &Said) -> Result<Table, String> {
        let knows_none = said.status == Some(UNKNOWN_JOB) && said.out.trim().is_empty();
        if said.status != Some(0) && !knows_none {
            return Err(said.words());
        }
        if said.out.trim().is_empty() {
            return if is_of_the_way(&said.err) || said.err.contains("Problem") { Err(said.words()) } else { Ok(Table::new()) };
        }
        let mut table = Table::new();
        for block in jobs_of(&said.out) {
            let name = block.get("Job_Name");
            if let (Some(name), Some(word)) = (name, word(&block)) {
                table.entry(name.to_owned()).or_default().push(word);
            }
        }
        if table.is_empty() { Err(format!("'qstat' said: {}", said.words())) } else { Ok(table) }
    }

    fn accounts(&self, _names: &[String]) -> Vec<Call> {
        // Its accounts are files of the server that only its administrators read.
        Vec::new()
    }

    fn accounted(&self, _said: &Said) -> Table {
        Table::new()
    }

    fn cancel(&self, ids: &[String]) -> Call {
        self.wishes.call("qdel", ids.iter().map(Into::into).collect())
    }
}

/// A job of the full list: its id and its attributes.
struct Block {
    id: String,
    attributes: Vec<(String, String)>,
}

impl Block {
    fn get(&self, key: &str) -> Option<&str> {
        self.attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}

/// The jobs of a full list. Long values are broken into lines that begin with a tab and are no attribute.
fn jobs_of(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for line in text.lines() {
        if let Some(id) = line.strip_prefix("Job Id:") {
            blocks.push(Block { id: id.trim().to_owned(), attributes: Vec::new() });
            continue;
        }
        let Some(block) = blocks.last_mut().filter(|_| line.starts_with([' ', '\t'])) else { continue };
        match line.split_once(" = ") {
            Some((key, value)) if is_attribute(key.trim()) => {
                block.attributes.push((key.trim().to_owned(), value.trim().to_owned()));
            }
            _ => {
                if let Some((_, value)) = block.attributes.last_mut() {
                    value.push_str(line.trim());
                }
            }
        }
    }
    blocks
}

fn is_attribute(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

fn word(block: &Block) -> Option<BatchWord> {
    if !is_job(&block.id) {
        return None;
    }
    let state = block.get("job_state")?;
    let status = block.get("exit_status").or(block.get("Exit_status")).and_then(|status| status.parse::<i32>().ok());
    let (phase, cause) = match state {
        "C" | "F" | "X" => (Phase::Ended, status.and_then(cause_of)),
        "H" | "S" | "U" => (Phase::Held, None),
        "R" | "E" | "B" => (Phase::Running, None),
        _ => (Phase::Queued, None),
    };
    let comment = block.get("comment").and_then(some);
    let reason = match (status, comment) {
        (Some(status), Some(comment)) => Some(format!("exit status {status}, {comment}")),
        (Some(status), None) => Some(format!("exit status {status}")),
        (None, comment) => comment,
    };
    let node = block.get("exec_host").and_then(some).map(|node| node.split(['/', '+']).next().unwrap_or_default().to_owned());
    let submitted = block.get("qtime").or(block.get("ctime")).and_then(time);
    Some(BatchWord { id: block.id.clone(), phase, state: state.to_owned(), cause, reason, node, submitted })
}

/// What PBS's own exit statuses mean: negative ones are the server's, those from 256 on a signal.
fn cause_of(status: i32) -> Option<Cause> {
    match status {
        -10 => Some(Cause::MemoryLimit),
        -11 => Some(Cause::TimeLimit),
        -4 | -5 | -23 => Some(Cause::NodeLost),
        265 | 271 => Some(Cause::Request),
        _ => None,
    }
}

/// `Sat Nov 21 12:28:25 2026`, in UTC as the command was told.
fn time(text: &str) -> Option<Timestamp> {
    let civil = DateTime::strptime("%a %b %d %H:%M:%S %Y", text).ok()?;
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// `322` or `322.wa105cpu0003.cern.ch`.
fn is_job(text: &str) -> bool {
    let (number, server) = text.split_once('.').unwrap_or((text, "x"));
    let is_number = !number.is_empty() && number.len() <= 12 && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number && !server.is_empty() && server.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::super::dialect::Limits;
    use super::*;

    fn pbs() -> Pbs {
        let limits = Limits { memory_mb: 500, time_s: 5400 };
        Pbs { wishes: Wishes { commands: "".into(), queue: "prod".into(), arguments: vec![], limits } }
    }

    fn said(status: i32, out: &str) -> Said {
        Said { status: Some(status), out: out.into(), err: String::new() }
    }

    const TORQUE: &str = "Job Id: 322.wa105cpu0003.cern.ch
    Job_Name = reco_run1-seq0-a1-0123456789ab
    Job_Owner = prod@wa105cpu0001.cern.ch
    job_state = R
    queue = prod
    exec_host = wa105cpu0007/3
    qtime = Tue Oct 25 16:12:37 2016
    Variable_List = PBS_O_QUEUE=prod,PBS_O_HOME=/home/prod,
\tPBS_O_LANG=en_US.UTF-8,A = B

Job Id: 323.wa105cpu0003.cern.ch
    Job_Name = reco_run1-seq1-a1-with-a-name-that-is-lo
\tng
    job_state = C
    exit_status = -11
    qtime = Tue Oct 25 16:12:38 2016

";

    #[test]
    fn a_job_is_given_as_plain_words_in_its_folder() {
        let ticket = Ticket { name: "reco_x-1-ab".into(), folder: "/a b/$(c)".into(), file: "reco_x-1-ab.pbs".into() };
        let call = pbs().submit(&ticket);
        let arguments: Vec<&str> = call.arguments.iter().map(|argument| argument.to_str().unwrap()).collect();
        let expected = "-N reco_x-1-ab -j oe -o /dev/null -r n -q prod -l walltime=01:31:00,mem=500mb reco_x-1-ab.pbs";
        assert_eq!((arguments.join(" ").as_str(), call.folder), (expected, Some("/a b/$(c)".into())));
    }

    #[test]
    fn the_full_list_of_torque_and_of_wrappers_is_read() {
        let table = pbs().listed(&said(0, TORQUE)).unwrap();
        let first = &table["reco_run1-seq0-a1-0123456789ab"][0];
        assert_eq!((first.id.as_str(), first.phase), ("322.wa105cpu0003.cern.ch", Phase::Running));
        assert_eq!(first.node.as_deref(), Some("wa105cpu0007"));
        assert_eq!(first.submitted, Some("2016-10-25T16:12:37Z".parse().unwrap()));
        let second = &table["reco_run1-seq1-a1-with-a-name-that-is-long"][0];
        assert_eq!((second.phase, second.cause), (Phase::Ended, Some(Cause::TimeLimit)));
        let wrapper = "Job Id:\t2\n\tJob_Name = x\n\tjob_state = Q\n\tqueue = prod\n\tqtime = Sat Nov 21 12:28:25 2026\n\n";
        assert_eq!(pbs().listed(&said(0, wrapper)).unwrap()["x"][0].phase, Phase::Queued);
    }

    #[test]
    fn what_is_no_list_says_nothing_of_any_job() {
        assert_eq!(pbs().listed(&said(0, "")), Ok(Table::new()));
        assert_eq!(pbs().listed(&said(153, "")), Ok(Table::new()));
        assert!(pbs().listed(&said(0, "Usage:\n    qstat [-f]\n")).is_err());
        assert!(pbs().listed(&Said { status: Some(255), out: String::new(), err: "Problem loading jobs.\n".into() }).is_err());
        let away = "Cannot connect to default server host 'x'".to_owned();
        assert!(pbs().listed(&Said { status: Some(0), out: String::new(), err: away }).is_err());
    }

    #[test]
    fn only_an_id_is_a_job() {
        let given = |status, out: &str| pbs().submitted(&said(status, out));
        assert_eq!(given(0, "322.wa105cpu0003.cern.ch\n"), Given::Accepted("322.wa105cpu0003.cern.ch".into()));
        assert_eq!(given(0, "2\n"), Given::Accepted("2".into()));
        for garbage in ["", "Usage:\n    qsub [-a start_time]\n", "322.\n", ".x\n", "2.$(x)\n", "There was an error\n"] {
            assert!(matches!(given(0, garbage), Given::Unclear(_)), "{garbage}");
        }
        assert!(matches!(given(1, "sbatch: error: invalid partition specified: nope"), Given::Refused(_)));
    }

    proptest::proptest! {
        #[test]
        fn no_answer_is_too_odd(out in "(Job Id: [0-9.a]{0,4}\n)?.{0,200}", status in -1..3) {
            let _ = (pbs().listed(&said(status, &out)), pbs().submitted(&said(status, &out)));
        }
    }
}
