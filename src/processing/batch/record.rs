//! The batch record of the farm: a text file beside each job's log, written and read.
//!
//! A record that was read is written back unchanged: its lines are kept as they stand, with what they mean beside them.

use jiff::Timestamp;
use jiff::civil::DateTime;
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

/// What a line of a batch record says. Times are local; sizes are hundredths of a MB of 2^20 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordField {
    /// When the job was submitted.
    Submitted(DateTime),
    /// When it started.
    Started(DateTime),
    /// When it ended.
    Ended(DateTime),
    /// What it ended with; batch systems have negative ones of their own.
    ExitCode(i32),
    /// CPU time, s.
    CpuS(u64),
    /// Resident memory, hundredths of a MB.
    Memory(u64),
    /// Virtual memory, hundredths of a MB.
    MaxMemory(u64),
    /// Wall time, s.
    WallS(u64),
    /// The batch system's name for it.
    JobId(String),
    /// Who ran it.
    User(String),
    /// Under which group.
    Group(String),
    /// Its name.
    JobName(String),
    /// Its session.
    Session(i32),
    /// What it used, as the batch system counts: names and values.
    Resources(Vec<(String, String)>),
    /// The queue it ran in.
    Queue(String),
}

/// A batch record: lines in their order, each with what it means, where that is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BatchRecord {
    lines: Vec<(String, Option<RecordField>)>,
    ends_line: bool,
}

const TIME: &str = "%Y-%m-%d %H:%M:%S";

impl RecordField {
    /// Names of a batch record's lines, in its order, each with what it is expected to say.
    pub const NAMES: [(&'static str, &'static str); 15] = [
        ("job submitted on", "YYYY-MM-DD HH:MM:SS"),
        ("job started on", "YYYY-MM-DD HH:MM:SS"),
        ("job ended on", "YYYY-MM-DD HH:MM:SS"),
        ("exit code", "a whole number"),
        ("CPU", "HH:MM:SS"),
        ("memory(MB)", "a number with two digits behind its point"),
        ("max memory(MB)", "a number with two digits behind its point"),
        ("walltime", "HH:MM:SS"),
        ("Job ID", "a name"),
        ("User ID", "a name"),
        ("Group ID", "a name"),
        ("Job Name", "a name"),
        ("Session ID", "a whole number"),
        ("Resources Used", "name=value, name=value"),
        ("Queue Name", "a name"),
    ];

    /// Its line.
    #[must_use]
    pub fn line(&self) -> String {
        let time = |at: &DateTime| at.strftime(TIME).to_string();
        let megabytes = |hundredths: u64| format!("{}.{:02}", hundredths / 100, hundredths % 100);
        match self {
            RecordField::Submitted(at) => format!("job submitted on : {}", time(at)),
            RecordField::Started(at) => format!("job started on :   {}", time(at)),
            RecordField::Ended(at) => format!("job ended on :     {}", time(at)),
            RecordField::ExitCode(code) => format!("exit code : {code}"),
            RecordField::CpuS(seconds) => format!("CPU : {}", clock(*seconds)),
            RecordField::Memory(hundredths) => format!("memory(MB) : {}", megabytes(*hundredths)),
            RecordField::MaxMemory(hundredths) => format!("max memory(MB) : {}", megabytes(*hundredths)),
            RecordField::WallS(seconds) => format!("walltime : {}", clock(*seconds)),
            RecordField::JobId(id) => format!("Job ID : {id}"),
            RecordField::User(user) => format!("User ID : {user}"),
            RecordField::Group(group) => format!("Group ID : {group}"),
            RecordField::JobName(name) => format!("Job Name : {name}"),
            RecordField::Session(session) => format!("Session ID : {session}"),
            RecordField::Resources(used) => {
                let used: Vec<String> = used.iter().map(|(name, value)| format!("{name}={value}")).collect();
                format!("Resources Used: {}", used.join(","))
            }
            RecordField::Queue(queue) => format!("Queue Name : {queue}"),
        }
    }

    /// What a line says; none for one that is not known.
    #[must_use]
    pub fn of(line: &str) -> Option<RecordField> {
        let (key, value) = line.split_once(':')?;
        let value = value.trim();
        let time = || DateTime::strptime(TIME, value).ok();
        Some(match key.trim() {
            "job submitted on" => RecordField::Submitted(time()?),
            "job started on" => RecordField::Started(time()?),
            "job ended on" => RecordField::Ended(time()?),
            "exit code" => RecordField::ExitCode(value.parse().ok()?),
            "CPU" => RecordField::CpuS(seconds(value)?),
            "memory(MB)" => RecordField::Memory(hundredths(value)?),
            "max memory(MB)" => RecordField::MaxMemory(hundredths(value)?),
            "walltime" => RecordField::WallS(seconds(value)?),
            "Job ID" => RecordField::JobId(value.into()),
            "User ID" => RecordField::User(value.into()),
            "Group ID" => RecordField::Group(value.into()),
            "Job Name" => RecordField::JobName(value.into()),
            "Session ID" => RecordField::Session(value.parse().ok()?),
            "Resources Used" => {
                let used = value.split(',').filter(|used| !used.is_empty());
                let parted = used.map(|used| used.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())));
                RecordField::Resources(parted.collect::<Option<_>>()?)
            }
            "Queue Name" => RecordField::Queue(value.into()),
            _ => return None,
        })
    }
}

impl BatchRecord {
    /// A record of these lines.
    #[must_use]
    pub fn new(fields: Vec<RecordField>) -> Self {
        let lines = fields.into_iter().map(|field| (field.line(), Some(field))).collect();
        BatchRecord { lines, ends_line: true }
    }

    /// What its lines say, in their order; lines that are not known are left out.
    pub fn fields(&self) -> impl Iterator<Item = &RecordField> {
        self.lines.iter().filter_map(|(_, field)| field.as_ref())
    }

    /// Lines whose meaning is not known, in their order.
    pub fn unknown_lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().filter(|(_, field)| field.is_none()).map(|(line, _)| line.as_str())
    }

    /// Lines that bear a name of the record and do not say what that name stands for: number of the line from 1, the name, what
    /// is found, what is expected.
    pub fn damaged_lines(&self) -> impl Iterator<Item = (usize, &'static str, &str, &'static str)> {
        (1..).zip(&self.lines).filter(|(_, (_, field))| field.is_none()).filter_map(|(number, (line, _))| {
            let (name, value) = line.split_once(':')?;
            let (name, expected) = RecordField::NAMES.into_iter().find(|(known, _)| *known == name.trim())?;
            Some((number, name, value.trim(), expected))
        })
    }

    /// The text, byte for byte as it was read.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = self.lines.iter().map(|(line, _)| line.as_str()).collect::<Vec<_>>().join("\n");
        if self.ends_line {
            text.push('\n');
        }
        text
    }
}

/// Reads a batch record. Lines that are not known, or not as they should be, are kept as they are.
#[must_use]
pub fn read_batch_record(text: &str) -> BatchRecord {
    if text.is_empty() {
        return BatchRecord::default();
    }
    let ends_line = text.ends_with('\n');
    let lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
    BatchRecord { lines: lines.map(|line| (line.to_owned(), RecordField::of(line))).collect(), ends_line }
}

/// The record of an ended job, with local times in a zone.
#[must_use]
pub fn batch_record(mark: &EndMark, account: &Account, zone: &TimeZone) -> BatchRecord {
    let local = |at: Timestamp| {
        let at = at.to_zoned(zone.clone()).datetime();
        at.with().subsec_nanosecond(0).build().unwrap_or(at)
    };
    let (cpu_s, wall_s) = (mark.cpu_s.max(0.0) as u64, mark.wall_s.max(0.0) as u64);
    let memory_kb = mark.peak_memory_bytes / 1024;
    // The farm's second figure is virtual memory; where it was not seen, resident memory is the least it can have been.
    let virtual_kb = mark.peak_virtual_bytes.map_or(memory_kb, |bytes| (bytes / 1024).max(memory_kb));
    let hundredths = |kb: u64| (kb as f64 / 1024.0 * 100.0).round() as u64;
    let resources = [
        ("cput", clock(cpu_s)),
        ("mem", format!("{memory_kb}kb")),
        ("vmem", format!("{virtual_kb}kb")),
        ("walltime", clock(wall_s)),
    ];
    BatchRecord::new(vec![
        RecordField::Submitted(local(mark.submitted)),
        RecordField::Started(local(mark.started)),
        RecordField::Ended(local(mark.ended)),
        RecordField::ExitCode(mark.exit_status.or(mark.signal.map(|signal| 128 + signal)).unwrap_or(-1)),
        RecordField::CpuS(cpu_s),
        RecordField::Memory(hundredths(memory_kb)),
        RecordField::MaxMemory(hundredths(virtual_kb)),
        RecordField::WallS(wall_s),
        RecordField::JobId(mark.batch_id.clone().unwrap_or_else(|| format!("{}.{}", mark.pid, mark.host))),
        RecordField::User(account.user.clone()),
        RecordField::Group(account.group.clone()),
        RecordField::JobName(mark.job.replace('\n', " ")),
        RecordField::Session(account.session),
        RecordField::Resources(resources.map(|(name, value)| (name.to_owned(), value)).into()),
        RecordField::Queue(mark.queue.clone().unwrap_or_else(|| "local".into())),
    ])
}

/// Seconds as `HH:MM:SS`.
#[must_use]
pub fn clock(seconds: u64) -> String {
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Seconds of `HH:MM:SS`.
fn seconds(text: &str) -> Option<u64> {
    let parts: Vec<u64> = text.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let [hours, minutes, seconds] = parts[..] else { return None };
    (minutes < 60 && seconds < 60).then_some(())?;
    hours.checked_mul(3600)?.checked_add(minutes * 60 + seconds)
}

/// Hundredths in a number with two digits behind its point.
fn hundredths(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.')?;
    (part.len() == 2).then_some(())?;
    whole.parse::<u64>().ok()?.checked_mul(100)?.checked_add(part.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OF_THE_FARM: &str = "\
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

    #[test]
    fn a_record_is_as_the_farm_wrote_it() {
        let mark = EndMark {
            job: "reco_run1-seq0".into(),
            attempt: 1,
            host: "wa105cpu0003.cern.ch".into(),
            pid: 322,
            submitted: "2016-10-25T14:12:37.9Z".parse().unwrap(),
            started: "2016-10-25T14:12:38Z".parse().unwrap(),
            ended: "2016-10-25T14:17:51Z".parse().unwrap(),
            exit_status: Some(0),
            signal: None,
            dqmon_status: Some(0),
            cpu_s: 310.4,
            wall_s: 314.0,
            peak_memory_bytes: 108_876 * 1024,
            peak_virtual_bytes: Some(342_436 * 1024),
            ended_by: None,
            batch_id: None,
            queue: Some("prod".into()),
        };
        let account = Account { user: "prod".into(), group: "wa105-comp".into(), session: 4351 };
        let zone = TimeZone::get("Europe/Zurich").unwrap();
        assert_eq!(batch_record(&mark, &account, &zone).text(), OF_THE_FARM);
        assert_eq!(batch_record(&mark, &account, &zone), read_batch_record(OF_THE_FARM));
        let elsewhere = EndMark { batch_id: Some("7.server".into()), host: "node".into(), queue: None, ..mark };
        let text = batch_record(&elsewhere, &account, &zone).text();
        assert!(text.contains("\nJob ID : 7.server\n") && text.ends_with("\nQueue Name : local\n"), "{text}");
    }

    #[test]
    fn the_farms_record_is_understood_whole_and_written_back_unchanged() {
        let record = read_batch_record(OF_THE_FARM);
        assert_eq!((record.fields().count(), record.unknown_lines().count()), (15, 0));
        assert_eq!(record.text(), OF_THE_FARM);
        let id = RecordField::JobId("322.wa105cpu0003.cern.ch".into());
        assert!(record.fields().any(|field| *field == id));
        let killed = OF_THE_FARM.replace("exit code : 0", "exit code : -11") + "comment : ended by the server\n\n";
        let record = read_batch_record(&killed);
        assert!(record.fields().any(|field| *field == RecordField::ExitCode(-11)));
        assert_eq!(record.unknown_lines().collect::<Vec<_>>(), ["comment : ended by the server", ""]);
        assert_eq!(record.text(), killed);
        assert_eq!(record.damaged_lines().count(), 0, "a line that is none of a record is no damaged one");
    }

    #[test]
    fn a_value_that_is_none_is_damaged_and_is_read_as_nothing() {
        for (line, as_found) in [
            ("exit code : 0", "exit code : zz"),
            ("exit code : 0", "exit code : "),
            ("walltime : 00:05:14", "walltime : 5 min"),
            ("memory(MB) : 106.32", "memory(MB) : lots"),
            ("job ended on :     2016-10-25 16:17:51", "job ended on :     yesterday"),
        ] {
            let damaged = OF_THE_FARM.replace(&format!("\n{line}\n"), &format!("\n{as_found}\n"));
            let record = read_batch_record(&damaged);
            let found: Vec<_> = record.damaged_lines().collect();
            let (name, value) = as_found.split_once(':').unwrap();
            assert_eq!((found.len(), found[0].1, found[0].2), (1, name.trim(), value.trim()), "{found:?}");
            assert_eq!(damaged.lines().nth(found[0].0 - 1), Some(as_found));
            assert_eq!((record.fields().count(), record.text()), (14, damaged));
        }
        let names: Vec<&str> = OF_THE_FARM.lines().map(|line| line.split_once(':').unwrap().0.trim()).collect();
        assert_eq!(RecordField::NAMES.map(|(name, _)| name).to_vec(), names);
    }

    fn a_field() -> impl Strategy<Value = RecordField> {
        let time = (1990_i16..2100, 1_i8..=12, 1_i8..=28, 0_i8..24, 0_i8..60, 0_i8..60).prop_map(
            |(year, month, day, hour, minute, second)| jiff::civil::datetime(year, month, day, hour, minute, second, 0),
        );
        let word = "[A-Za-z0-9._-]{1,20}";
        prop_oneof![
            time.clone().prop_map(RecordField::Submitted),
            time.clone().prop_map(RecordField::Started),
            time.prop_map(RecordField::Ended),
            any::<i32>().prop_map(RecordField::ExitCode),
            (0..u64::MAX / 3600).prop_map(RecordField::CpuS),
            (0..u64::MAX / 100).prop_map(RecordField::Memory),
            any::<u32>().prop_map(|hundredths| RecordField::MaxMemory(hundredths.into())),
            any::<u32>().prop_map(|seconds| RecordField::WallS(seconds.into())),
            word.prop_map(RecordField::JobId),
            word.prop_map(RecordField::User),
            word.prop_map(RecordField::Group),
            word.prop_map(RecordField::JobName),
            any::<i32>().prop_map(RecordField::Session),
            prop::collection::vec((word, word), 0..5).prop_map(RecordField::Resources),
            word.prop_map(RecordField::Queue),
        ]
    }

    proptest! {
        #[test]
        fn any_text_is_written_back_unchanged(text in "([ -~]{0,30}\n|(exit code|CPU|walltime|Job ID) ?: {0,3}[-0-9:.a-z]{0,12}\r?\n){0,8}.{0,10}") {
            prop_assert_eq!(read_batch_record(&text).text(), text);
        }

        #[test]
        fn what_is_written_is_read(fields in prop::collection::vec(a_field(), 1..20)) {
            let record = BatchRecord::new(fields.clone());
            let again = read_batch_record(&record.text());
            prop_assert_eq!(again.fields().cloned().collect::<Vec<_>>(), fields);
            prop_assert_eq!(again, record);
        }
    }
}
