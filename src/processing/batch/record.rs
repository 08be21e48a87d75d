//! The batch record of the farm: a text file beside each job's log.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::EndMark;

/// Who ran a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Name or number of the user.
    pub user: String,
    /// Name or number of the group.
    pub group: String,
    /// The session's number.
    pub session: i32,
}

/// The record of an ended job, with local times in a zone.
#[must_use]
pub fn batch_record(mark: &EndMark, account: &Account, queue: &str, zone: &TimeZone) -> String {
    let local = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
    let (cpu, wall) = (clock(mark.cpu_s), clock(mark.wall_s));
    let memory_kb = mark.peak_memory_bytes / 1024;
    // The farm's second figure is virtual memory; where it was not seen, resident memory is the least it can have been.
    let virtual_kb = mark.peak_virtual_bytes.map_or(memory_kb, |bytes| (bytes / 1024).max(memory_kb));
    let megabytes = |kb: u64| kb as f64 / 1024.0;
    format!(
        "job submitted on : {}\njob started on :   {}\njob ended on :     {}\nexit code : {}\nCPU : {cpu}\n\
         memory(MB) : {:.2}\nmax memory(MB) : {:.2}\nwalltime : {wall}\nJob ID : {}.{}\nUser ID : {}\nGroup ID : {}\n\
         Job Name : {}\nSession ID : {}\n\
         Resources Used: cput={cpu},mem={memory_kb}kb,vmem={virtual_kb}kb,walltime={wall}\nQueue Name : {queue}\n",
        local(mark.submitted),
        local(mark.started),
        local(mark.ended),
        mark.exit_status.or(mark.signal.map(|signal| 128 + signal)).unwrap_or(-1),
        megabytes(memory_kb),
        megabytes(virtual_kb),
        mark.pid,
        mark.host,
        account.user,
        account.group,
        mark.job,
        account.session,
    )
}

/// Seconds as `HH:MM:SS`, rounded down.
fn clock(seconds: f64) -> String {
    let whole = seconds.max(0.0) as u64;
    format!("{:02}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_as_the_farm_wrote_it() {
        let mark = EndMark {
            job: "reco_run1-seq0".into(),
            attempt: 1,
            host: "wa105cpu0003.cern.ch".into(),
            pid: 322,
            submitted: "2016-10-25T14:12:37Z".parse().unwrap(),
            started: "2016-10-25T14:12:38Z".parse().unwrap(),
            ended: "2016-10-25T14:17:51Z".parse().unwrap(),
            exit_status: Some(0),
            signal: None,
            dqmon_status: Some(0),
            cpu_s: 310.4,
            wall_s: 314.0,
            peak_memory_bytes: 108_876 * 1024,
            peak_virtual_bytes: Some(342_436 * 1024),
        };
        let account = Account { user: "prod".into(), group: "wa105-comp".into(), session: 4351 };
        let expected = "\
job submitted on : 2016-10-25 16:12:37
job started on :   2016-10-25 16:12:38
job ended on :     2016-10-25 16:17:51
exit code : 0
CPU : 00:05:10
memory(MB) : 106.32
max memory(MB) : 334.41
walltime : 00:05:14
Job ID : 322.wa105cpu0003.cern.ch
User ID : prod
Group ID : wa105-comp
Job Name : reco_run1-seq0
Session ID : 4351
Resources Used: cput=00:05:10,mem=108876kb,vmem=342436kb,walltime=00:05:14
Queue Name : prod
";
        assert_eq!(batch_record(&mark, &account, "prod", &TimeZone::get("Europe/Zurich").unwrap()), expected);
    }
}
