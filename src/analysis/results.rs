//! The result files: the field's text formats with a `.json` of the same stem beside each.
//!
//! Every file is written under a temporary name, brought to the disk and renamed. The `.json` goes first: who sees a whole text
//! file finds its `.json` beside it.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use monitasks::format::crp_summary::CrpSummary;
use monitasks::format::histograms::Histograms;
use monitasks::format::noise::NoiseSection;
use monitasks::format::pedestal;
use monitasks::format::sidecar::{GainSection, Sidecar, ViewPurity};
use monitasks::summary::Measured;
use monitasks::vocab::{FileId, Run};

use super::AnalysisError;
use super::charges::Charges;
use super::events::EventSums;
use super::gain as lem_gain;
use super::gain_map::GainMap;
use super::group::{Job, Members};
use super::lifetime::Correction;
use super::noise::NoiseSums;
use super::pedestals::PedestalSums;
use super::purity::PuritySums;
use crate::rawdata::RawReader;

/// A result that was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// The result file, mostly a text.
    pub text: PathBuf,
    /// The `.json` beside it.
    pub sidecar: PathBuf,
    /// The raw files whose events went in.
    pub members: Vec<FileId>,
    /// Events that went in.
    pub events: u64,
    /// Of a purity result: each view's profile and fit.
    pub purity: Option<[ViewPurity; 2]>,
    /// Of a gain result: its rows.
    pub gain: Option<GainSection>,
    /// Of a noise result: its groups.
    pub noise: Option<NoiseSection>,
    /// Of a result of events: its histograms and numbers.
    pub events_seen: Option<Histograms>,
    /// What could not be used and was done without, for people.
    pub remarks: Vec<String>,
    /// Events that could not be read.
    pub lost_events: u64,
}

/// Measures pedestals and writes `pedestals/<stem>.ped`.
///
/// # Errors
/// When a file can't be used, the files do not belong together, or the result can't be written.
pub fn pedestals(job: &Job) -> Result<Written, AnalysisError> {
    let mut sums = PedestalSums::default();
    let members = job.each(&mut |data| sums.add(data))?;
    let path = job.out.join("pedestals").join(format!("{}.ped", job.stem(members.run)));
    let text = pedestal::to_text(&sums.rows(job.detector)).map_err(|error| AnalysisError::output(&path, &error))?;
    write(path, text, job.sidecar(&members))
}

/// Measures the electron lifetime and writes `crp/<stem>.txt` with it, and no LEM rows yet.
///
/// # Errors
/// As [`pedestals`].
pub fn purity(job: &Job) -> Result<Written, AnalysisError> {
    let mut sums = PuritySums::new(job.detector, job.settings);
    let members = job.each(&mut |data| sums.add(data, job.detector, job.settings))?;
    let path = crp_path(job, members.run);
    let purity = sums.measure(job.settings);
    let mut summary = CrpSummary::at(members.data_start.unwrap_or(job.now), job.zone);
    summary.lifetime_us = Some([purity[0].lifetime_us, purity[1].lifetime_us]);
    let text = summary.to_text().map_err(|error| AnalysisError::output(&path, &error))?;
    write(path, text, Sidecar { purity: Some(purity), ..job.sidecar(&members) })
}

/// Measures dQ/ds of the LEMs with the lifetime that stands in `crp/<stem>.txt`, appends the rows there, and writes the effective
/// gains as a map into `crp/<stem>.root`.
///
/// # Errors
/// As [`pedestals`]; and when there is no purity result of the same files.
pub fn gain(job: &Job) -> Result<Written, AnalysisError> {
    let run = first_run(job)?;
    let path = crp_path(job, run);
    let (mut summary, sidecar) = purity_result(&path)?;
    let mut charges = Charges::new(job.detector);
    let members = job.each(&mut |data| charges.add(data, job.detector, job.settings))?;
    same_members(&sidecar, &members, &path)?;
    let lifetimes_us = summary.lifetime_us.unwrap_or([Measured::NoData; 2]);
    let correction = Correction::of(lifetimes_us, sidecar.purity.as_ref());
    let gain = lem_gain::measure(&charges, &correction, job.detector, job.settings);
    summary.lems = lem_gain::text_rows(&gain);
    let text = summary.to_text().map_err(|error| AnalysisError::output(&path, &error))?;
    let map_path = path.with_extension("root");
    let map = GainMap::of(&gain, job.detector).to_root(&job.stem(run), job.now);
    write_whole(&map_path, &map.map_err(|error| AnalysisError::output(&map_path, &error))?)?;
    // Both parts stand in one sidecar, with the settings of now: purity is kept as it was made.
    write(path, text, Sidecar { purity: sidecar.purity, gain: Some(gain), ..job.sidecar(&members) })
}

/// Looks at hits, tracks and stamps of reconstructed files and writes `events/<stem>.root`. Where raw files are given, the stamps are
/// taken from their headers, of all events and not only of those that were selected; one that can't be used is remarked.
///
/// # Errors
/// As [`pedestals`].
pub fn events(job: &Job, raw: &[PathBuf]) -> Result<Written, AnalysisError> {
    let mut sums = EventSums::new(job.detector);
    let members = job.each(&mut |data| sums.add(data))?;
    let mut remarks = Vec::new();
    for path in raw {
        match raw_headers(job, &members, path) {
            Ok((file, reader)) => sums.take_raw(file.sequence, reader.headers()),
            Err(error) => remarks.push(format!("stamps of the reconstructed file are taken: {error}")),
        }
    }
    let selected: Vec<String> = sums.selected().map(|sequence| FileId { run: members.run, sequence }.to_string()).collect();
    if !selected.is_empty() {
        remarks.push(format!("no rate of files of which only some events were reconstructed: {}", selected.join(" ")));
    }
    let found = sums.measure();
    let path = job.out.join("events").join(format!("{}.root", job.stem(members.run)));
    let bytes = found.to_root(&job.stem(members.run), "dqmon hits, tracks and event rate", job.now);
    let bytes = bytes.map_err(|error| AnalysisError::output(&path, &error))?;
    let written = write(path, &bytes, job.sidecar(&members))?;
    Ok(Written { events_seen: Some(found), remarks, ..written })
}

/// A raw file of one of the members, its headers read.
fn raw_headers(job: &Job, members: &Members, path: &Path) -> Result<(FileId, RawReader), AnalysisError> {
    let file = job.raw_file(path)?;
    if !members.files.contains(&file) {
        return Err(AnalysisError::Mixed { what: format!("{file} is none of the files analysed"), path: path.to_owned() });
    }
    Ok((file, RawReader::open(path, &job.detector.readout)?))
}

/// Measures the noise of raw files, of about `most_events` of their events, and writes `noise/<stem>.txt`.
///
/// # Errors
/// When a raw file can't be opened, the files do not belong together, or the result can't be written.
pub fn noise(job: &Job, most_events: Option<usize>) -> Result<Written, AnalysisError> {
    let mut sums = NoiseSums::new(job.detector);
    let (members, lost_events) = job.each_raw(most_events, &mut |event| sums.add(event))?;
    let path = job.out.join("noise").join(format!("{}.txt", job.stem(members.run)));
    let noise = sums.measure();
    let text = noise.to_text().map_err(|error| AnalysisError::output(&path, &error))?;
    let written = write(path, text, Sidecar { noise: Some(noise), ..job.sidecar(&members) })?;
    Ok(Written { lost_events, ..written })
}

fn crp_path(job: &Job, run: Run) -> PathBuf {
    job.out.join("crp").join(format!("{}.txt", job.stem(run)))
}

/// The run that the first file is of.
fn first_run(job: &Job) -> Result<Run, AnalysisError> {
    let Some(first) = job.files.first() else {
        return Err(AnalysisError::Mixed { what: "no file was given".into(), path: job.out.to_owned() });
    };
    Ok(crate::reconstruction::recofile::entries(first)?.file.run)
}

/// The purity result that a gain needs.
fn purity_result(path: &Path) -> Result<(CrpSummary, Sidecar), AnalysisError> {
    let needs = |why: String, path: &Path| AnalysisError::Needs { result: "gain", why, path: path.to_owned() };
    let read = |path: &Path| {
        fs::read(path)
            .map_err(|error| needs(format!("it needs the lifetime, run 'dqmon analyse purity' before it ({error})"), path))
    };
    let summary = CrpSummary::parse(&read(path)?).map_err(|error| needs(error.to_string(), path))?;
    if summary.lifetime_us.is_none() {
        return Err(needs("the file has no lifetimes, run 'dqmon analyse purity' again".into(), path));
    }
    let beside = path.with_extension("json");
    let sidecar = Sidecar::parse(&read(&beside)?).map_err(|error| needs(error.to_string(), &beside))?;
    Ok((summary, sidecar))
}

/// A gain is made of the files that its lifetime was made of.
fn same_members(sidecar: &Sidecar, members: &Members, path: &Path) -> Result<(), AnalysisError> {
    let sorted = |files: &[FileId]| {
        let mut files = files.to_vec();
        files.sort();
        files
    };
    if sorted(&sidecar.members) == sorted(&members.files) {
        return Ok(());
    }
    let names = |files: &[FileId]| files.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let why = format!("its lifetime is of {}, and the files given are {}", names(&sidecar.members), names(&members.files));
    Err(AnalysisError::Needs { result: "gain", why, path: path.to_owned() })
}

/// Writes a result: the sidecar, then the file itself.
fn write(text_path: PathBuf, content: impl AsRef<[u8]>, sidecar: Sidecar) -> Result<Written, AnalysisError> {
    let sidecar_path = text_path.with_extension("json");
    let json = sidecar.to_json().map_err(|error| AnalysisError::output(&sidecar_path, &error))?;
    write_whole(&sidecar_path, json.as_bytes())?;
    write_whole(&text_path, content.as_ref())?;
    Ok(Written {
        text: text_path,
        sidecar: sidecar_path,
        members: sidecar.members,
        events: sidecar.events,
        purity: sidecar.purity,
        gain: sidecar.gain,
        noise: sidecar.noise,
        events_seen: None,
        remarks: Vec::new(),
        lost_events: 0,
    })
}

/// Writes a file that is either there in whole or as it was before.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), AnalysisError> {
    let refused = |error: std::io::Error| AnalysisError::output(path, &error);
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(refused)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = folder.join(format!(".{name}.{}.part", std::process::id()));
    let written = File::create(&temporary)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&temporary, path));
    if let Err(error) = written {
        let _ = fs::remove_file(&temporary); // hidden, and never taken for a result
        return Err(refused(error));
    }
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(refused)
}
