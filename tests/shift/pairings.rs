//! One story over every pairing of batch system and place of the second copy: arrive, copy, submit, run, accept, analyse.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use dqmon::bookkeeping::{CentralStep, FileStep, GroupStep, JobState, Overview, PassStep, SqliteStore, Store};
use dqmon::processing::transfer::checksum;
use monitasks::vocab::{FileId, Run, Sequence};

use crate::batch::settings;
use crate::services::slurm::Farm;
use crate::services::xrootd::XrootdServer;
use crate::workspace::{Shift, said};

const FILES: [FileId; 2] = [FileId { run: Run(1), sequence: Sequence(0) }, FileId { run: Run(1), sequence: Sequence(1) }];

/// Who runs the jobs.
struct Jobs<'a> {
    system: &'static str,
    farm: Option<&'a Farm>,
}

/// Where the second copy of each raw file goes.
enum Central<'a> {
    Folder,
    Server(&'a XrootdServer),
}

/// What came of a shift, without the words of its batch system and of its place: the kinds of the story in order, for each file,
/// its second copy, each analysis, the processing and the run; and the results' text.
struct Told {
    story: BTreeMap<String, Vec<String>>,
    results: BTreeMap<String, String>,
}

impl Jobs<'_> {
    fn settings(&self) -> String {
        settings(self.system, &self.farm.map(Farm::commands).unwrap_or_default(), "memory_limit_mb = 900\ntime_limit_s = 300\n")
    }

    /// Jobs that the batch system was ever given; none is known of the local pool.
    fn given(&self) -> Option<usize> {
        let output = self.farm?.run("squeue", &["-h", "-t", "all", "-o", "%i"]);
        assert!(output.status.success(), "{}", said(&output));
        Some(String::from_utf8_lossy(&output.stdout).lines().count())
    }
}

impl Central<'_> {
    /// As the settings name it, the folder in which it can be seen, and where its client programs stand.
    fn place(&self, shift: &Path) -> (String, PathBuf, Option<PathBuf>) {
        match self {
            Central::Folder => ("../central".into(), shift.join("central"), None),
            // A folder of the server for each shift.
            Central::Server(server) => {
                let name = shift.file_name().unwrap().to_string_lossy().replace('.', "");
                (format!("{}/{name}", server.url()), server.store().join(name), Some(server.programs()))
            }
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Central::Folder => "a folder",
            Central::Server(_) => "XRootD",
        }
    }
}

/// The story, from two raw files of one event each and the run's end to the results.
fn story(jobs: &Jobs<'_>, central: &Central<'_>) -> Told {
    let pairing = format!("{} with {}", jobs.system, central.name());
    let shift = Shift::new("");
    let (place, folder, programs) = central.place(shift.folder.path());
    let text = format!("{}[transfer]\ncentral = \"{place}\"\n", jobs.settings());
    fs::write(shift.workspace.root.join("dqmon.toml"), text).unwrap();
    shift.deliver_run();
    let delivered = FILES.map(|file| fs::read(shift.workspace.incoming().join(format!("{file}.dat"))).unwrap());
    let given_before = jobs.given();

    let paths = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect::<Vec<_>>();
    let path = std::env::join_paths(programs.into_iter().chain(paths)).unwrap();
    let output = shift.dqmon().env("PATH", path).args(["process", "--once"]).output().unwrap();
    assert!(output.status.success(), "{pairing}: {}", said(&output));

    let overview = shift.overview();
    let told = told(&shift);
    for (file, bytes) in FILES.iter().zip(&delivered) {
        is_copied_once(&shift, *file, bytes, &folder, &pairing);
        let happened = &told.story[&file.to_string()];
        for kind in ["arrived", "copied", "stored", "queued", "job_submitted", "accepted", "grouped", "analysed"] {
            let times = happened.iter().filter(|what| *what == kind).count();
            assert_eq!(times, 1, "{pairing}: {file} {kind}: {happened:#?}");
        }
    }
    is_run_once(&overview, jobs, &pairing);
    let given = given_before.zip(jobs.given()).map(|(before, now)| now - before);
    assert_eq!(given, jobs.farm.map(|_| overview.jobs.len()), "{pairing}: the batch system was given other jobs");
    told
}

/// Both copies have the bytes and the checksum of what came, and each was made once.
fn is_copied_once(shift: &Shift, file: FileId, bytes: &[u8], central: &Path, pairing: &str) {
    let overview = shift.overview();
    let record = overview.files.iter().find(|record| record.file == file).unwrap();
    assert_eq!(record.step, FileStep::Stored, "{pairing}: {record:?}");
    let copied = SqliteStore::open_read_only(&shift.workspace.book()).unwrap().transfer(file).unwrap().unwrap();
    let second = overview.central.iter().find(|copy| copy.file == file).unwrap();
    assert_eq!((second.step, second.attempts), (CentralStep::Verified, 1), "{pairing}: {second:?}");
    assert!(second.verified_at.is_some(), "{pairing}: {second:?}");
    let seen = (copied.size_bytes, copied.adler32);
    assert_eq!((second.size_bytes, second.adler32), seen, "{pairing}: {second:?}");
    for path in [shift.workspace.raw_file(file), central.join(format!("run1/{file}.dat"))] {
        assert_eq!(checksum(&path).unwrap(), seen, "{pairing}: {}", path.display());
        assert!(fs::read(&path).unwrap() == bytes, "{pairing}: other bytes in {}", path.display());
    }
}

/// Every job was given once to the batch system of the pairing, and what it made was accepted.
fn is_run_once(overview: &Overview, jobs: &Jobs<'_>, pairing: &str) {
    for job in &overview.jobs {
        assert_eq!((job.state, job.attempt, job.batch.as_str()), (JobState::Done, 1, jobs.system), "{pairing}: {job:#?}");
        assert!(job.batch_id.is_some() || jobs.farm.is_none(), "{pairing}: {job:#?}");
    }
    assert_eq!(overview.passes.len(), FILES.len(), "{pairing}");
    for pass in &overview.passes {
        assert_eq!((pass.step, pass.events, pass.attempt), (PassStep::Analysed, Some(1), 1), "{pairing}: {pass:#?}");
        assert_eq!((pass.lost, pass.retries), (0, 0), "{pairing}: {pass:#?}");
    }
    assert_eq!(overview.groups.len(), 1, "{pairing}");
    assert_eq!((overview.groups[0].step, &overview.groups[0].members[..]), (GroupStep::Done, &FILES[..]), "{pairing}");
}

/// What happened, and the results.
fn told(shift: &Shift) -> Told {
    let store = SqliteStore::open_read_only(&shift.workspace.book()).unwrap();
    let mut story: BTreeMap<String, Vec<String>> = BTreeMap::new();
    // What is done side by side may come in any order: files, their second copies, the analyses. Each has an order of its own.
    for entry in store.story(Run(1), None).unwrap() {
        let analysis = entry.detail["analysis"].as_str();
        let of = match (entry.sequence, analysis) {
            (Some(sequence), _) => FileId { run: Run(1), sequence }.to_string(),
            (None, Some(analysis)) => analysis.to_owned(),
            // The DAQ's end of the run may be seen before or after its first file is stored.
            (None, None) if entry.kind.starts_with("run_") => "run".to_owned(),
            (None, None) => "processing".to_owned(),
        };
        let of = if entry.kind.starts_with("central_") { format!("{of} in the central storage") } else { of };
        story.entry(of).or_default().push(entry.kind);
    }
    let mut results = BTreeMap::new();
    for name in ["crp/run1-p1-g0.txt", "pedestals/run1-p1-g0.ped"] {
        let path = shift.workspace.root.join("results").join(name);
        assert!(path.with_extension("json").is_file(), "no {}", path.with_extension("json").display());
        results.insert(name.to_owned(), fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())));
    }
    Told { story, results }
}

#[test]
fn the_same_story_passes_with_every_batch_system_and_every_place_of_the_second_copy() {
    let missing = |what: &str| {
        let what = what.to_owned();
        move |why: String| println!("COULD NOT RUN: the story with {what}: {why}")
    };
    let farm = Farm::start().map_err(missing("Slurm and PBS")).ok();
    let server = XrootdServer::start().map_err(missing("XRootD")).ok();
    let batches = [("local", false), ("slurm", true), ("pbs", true)].into_iter().filter_map(|(system, needs_farm)| {
        if needs_farm { farm.as_ref().map(|farm| Jobs { system, farm: Some(farm) }) } else { Some(Jobs { system, farm: None }) }
    });
    let mut first: Option<Told> = None;
    for jobs in batches {
        for central in std::iter::once(Central::Folder).chain(server.as_ref().map(Central::Server)) {
            let told = story(&jobs, &central);
            let pairing = format!("{} with {}", jobs.system, central.name());
            match &first {
                None => first = Some(told),
                Some(first) => {
                    assert_eq!(told.story, first.story, "{pairing} beside the local pool with a folder");
                    assert!(told.results == first.results, "{pairing}: other results than the local pool with a folder");
                }
            }
        }
    }
}
