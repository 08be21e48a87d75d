//! The files that are analysed together, and what they are of.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use monitasks::detector::Detector;
use monitasks::format::sidecar::{SCHEMA, Sidecar};
use monitasks::vocab::{FileId, Group, Processing, Run};

use super::AnalysisError;
use crate::config::AnalysisSettings;
use crate::rawdata::{Event, RawReader};
use crate::reconstruction::recofile::{self, RecoData};

/// Which pass and which group a result is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResultName<'a> {
    /// The pass over the run.
    pub processing: Processing,
    /// The lane of that pass; none for one made by hand.
    pub lane: Option<&'a str>,
    /// The group inside the run.
    pub group: Group,
}

/// An analysis to do: the files, the facts, and where the result goes.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// The files, of one run: reconstructed ones, or raw ones for noise.
    pub files: &'a [PathBuf],
    /// The results folder; a folder of each kind of result is made in it.
    pub out: &'a Path,
    /// Pass and group.
    pub name: ResultName<'a>,
    /// The detector that the files are of.
    pub detector: &'a Detector,
    /// The cuts.
    pub settings: &'a AnalysisSettings,
    /// The site's time zone: the text formats have local times.
    pub zone: &'a TimeZone,
    /// The time now, as the result's own stamp.
    pub now: Timestamp,
}

/// What the files read so far are of.
#[derive(Debug, Clone, PartialEq)]
pub struct Members {
    /// The run.
    pub run: Run,
    /// The files.
    pub files: Vec<FileId>,
    /// Events in all.
    pub events: u64,
    /// Stamp of the first event.
    pub data_start: Option<Timestamp>,
    /// Stamp of the last event.
    pub data_end: Option<Timestamp>,
    /// The reconstruction's settings as JSON, of the first file.
    pub reconstruction: String,
    /// Program and version that reconstructed the first file.
    pub reconstructed_by: String,
}

impl Job<'_> {
    /// Reads the files one after the other and hands each to `take`; what they are of.
    ///
    /// # Errors
    /// When a file can't be read, is of another run or detector than the first, or is there twice.
    pub fn each(&self, take: &mut dyn FnMut(&RecoData)) -> Result<Members, AnalysisError> {
        let mut members: Option<Members> = None;
        for path in self.files {
            let data = recofile::load(path)?;
            self.check(&data, members.as_ref(), path)?;
            let members = members.get_or_insert_with(|| Members {
                reconstruction: data.meta.settings.clone(),
                reconstructed_by: data.meta.software.clone(),
                ..Members::of(data.meta.file.run)
            });
            members.add(&data);
            take(&data);
        }
        members.ok_or_else(|| AnalysisError::Mixed { what: "no file was given".into(), path: self.out.to_owned() })
    }

    /// Reads the events of raw files one after the other and hands each to `take`; what they are of, and how many events could
    /// not be read. A file that has no end yet counts up to its last whole event. With `most`, about so many events of all files
    /// together are read, spread evenly over each.
    ///
    /// # Errors
    /// When a file can't be opened, has a name that says nothing, is of another run than the first, or is there twice.
    pub fn each_raw(&self, most: Option<usize>, take: &mut dyn FnMut(&Event)) -> Result<(Members, u64), AnalysisError> {
        let mut members: Option<Members> = None;
        let mut lost = 0;
        let mut event = Event::default();
        for path in self.files {
            let file = self.raw_file(path)?;
            let reader = RawReader::open(path, &self.detector.readout)?;
            let members = members.get_or_insert_with(|| Members::of(file.run));
            if let Some(what) = members.fault(file) {
                return Err(AnalysisError::Mixed { what, path: path.clone() });
            }
            members.files.push(file);
            for index in spread(reader.count(), most.map(|most| most.div_ceil(self.files.len().max(1)))) {
                if reader.read(index, &mut event).is_err() {
                    lost += 1;
                    continue;
                }
                members.events += 1;
                members.at(event.header.stamp);
                take(&event);
            }
        }
        let members =
            members.ok_or_else(|| AnalysisError::Mixed { what: "no file was given".into(), path: self.out.to_owned() })?;
        Ok((members, lost))
    }

    /// Which file of which run a raw file is, by its name.
    pub(super) fn raw_file(&self, path: &Path) -> Result<FileId, AnalysisError> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        self.detector.match_raw_name(&name).ok_or_else(|| {
            let expected = self.detector.accepted_raw_names().collect::<Vec<_>>().join(" or ");
            AnalysisError::Name { expected, path: path.to_owned() }
        })
    }

    fn check(&self, data: &RecoData, before: Option<&Members>, path: &Path) -> Result<(), AnalysisError> {
        let mixed = |what: String| Err(AnalysisError::Mixed { what, path: path.to_owned() });
        let (found, expected) = (&data.meta, self.detector);
        if found.detector != expected.name || found.channel_map != expected.channel_map_name {
            return mixed(format!(
                "it is of detector {} with channel map {}, and {} with {} is set",
                found.detector, found.channel_map, expected.name, expected.channel_map_name
            ));
        }
        if found.events != data.events.len() as u64 {
            return mixed(format!("it holds {} of its raw file's {} events", data.events.len(), found.events));
        }
        let Some(before) = before else { return Ok(()) };
        if let Some(what) = before.fault(found.file) {
            return mixed(what);
        }
        if found.settings != before.reconstruction {
            return mixed(format!(
                "it was reconstructed with {}, those before it with {}",
                found.settings, before.reconstruction
            ));
        }
        Ok(())
    }

    /// The result's sidecar with nothing measured in it yet.
    #[must_use]
    pub fn sidecar(&self, members: &Members) -> Sidecar {
        let mut settings = serde_json::Map::new();
        settings.insert("analysis".into(), serde_json::to_value(self.settings).unwrap_or_default());
        if !members.reconstructed_by.is_empty() {
            settings.insert("reconstruction".into(), serde_json::from_str(&members.reconstruction).unwrap_or_default());
            settings.insert("reconstructed_by".into(), members.reconstructed_by.clone().into());
        }
        settings.insert("drift_velocity_mm_per_us".into(), self.detector.drift.velocity_mm_per_us.into());
        settings.insert("mip_charge_fc_per_cm".into(), self.detector.drift.mip_charge_fc_per_cm.into());
        settings.insert("time_zone".into(), self.zone.iana_name().unwrap_or("UTC").into());
        Sidecar {
            schema: SCHEMA,
            run: members.run,
            processing: self.name.processing,
            lane: self.name.lane.map(str::to_owned),
            group: self.name.group,
            members: members.files.clone(),
            detector: self.detector.name.clone(),
            channel_map: self.detector.channel_map_name.clone(),
            software: crate::SOFTWARE.into(),
            settings,
            events: members.events,
            data_start: members.data_start,
            data_end: members.data_end,
            processed_at: self.now,
            purity: None,
            gain: None,
            noise: None,
        }
    }

    /// `run1-p1-g0`.
    #[must_use]
    pub fn stem(&self, run: Run) -> String {
        format!("{run}-p{}-g{}", self.name.processing.0, self.name.group.0)
    }
}

/// So many places out of all, spread evenly; all of them where none are too many.
fn spread(count: usize, most: Option<usize>) -> impl Iterator<Item = usize> {
    let taken = most.map_or(count, |most| most.min(count));
    (0..taken).map(move |place| place * count / taken.max(1))
}

impl Members {
    /// No file yet, and nothing said of a reconstruction.
    fn of(run: Run) -> Self {
        Members {
            run,
            files: Vec::new(),
            events: 0,
            data_start: None,
            data_end: None,
            reconstruction: String::new(),
            reconstructed_by: String::new(),
        }
    }

    /// Why a file does not belong to those so far; none when it does.
    fn fault(&self, file: FileId) -> Option<String> {
        if file.run != self.run {
            return Some(format!("it is of {}, those before it of {}", file.run, self.run));
        }
        self.files.contains(&file).then(|| format!("{file} is there twice"))
    }

    fn add(&mut self, data: &RecoData) {
        self.files.push(data.meta.file);
        self.events += data.events.len() as u64;
        for (seconds, nanoseconds) in data.events.seconds.iter().zip(&data.events.nanoseconds) {
            if let Ok(stamp) = Timestamp::new(*seconds, *nanoseconds) {
                self.at(stamp);
            }
        }
    }

    /// Counts an event's stamp.
    fn at(&mut self, stamp: Timestamp) {
        self.data_start = Some(self.data_start.map_or(stamp, |start| start.min(stamp)));
        self.data_end = Some(self.data_end.map_or(stamp, |end| end.max(stamp)));
    }
}
