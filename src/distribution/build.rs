//! Builds the tars of a plan. Killed at any instant, building again goes on with the same plan and does no finished tar again.

use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use jiff::Timestamp;
use monitasks::vocab::FileId;

use super::archive_log::ArchiveLog;
use super::checksum::Summed;
use super::error::{DistributionError, io_error, refused};
use super::manifest::{MANIFEST, Manifest, ManifestMember};
use super::plan::{Plan, PlannedTar};
use super::verify::{TarReport, verify};
use crate::durable;

/// The plan under way, in the folder of the tars; it goes when all are built.
pub const PLAN_FILE: &str = "archive-plan.json";

/// Where an archive is built.
pub struct Building<'a> {
    /// The folder of the tars.
    pub out: &'a Path,
    /// The folder of their logs: `all_logs/toEOS`.
    pub logs: &'a Path,
    /// Where a raw file stands.
    pub raw_file: &'a dyn Fn(FileId) -> PathBuf,
}

/// The plan that was not ended, if there is one.
///
/// # Errors
/// When it can't be read.
pub fn standing_plan(out: &Path) -> Result<Option<Plan>, DistributionError> {
    let path = out.join(PLAN_FILE);
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|why| refused(format!("plan of archives not understood, take it away to plan anew: {why}"), &path)),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(why) => Err(io_error("plan of archives not read", &path)(why)),
    }
}

/// Keeps a plan, so that building again goes on with it.
///
/// # Errors
/// When it can't be written.
pub fn store_plan(out: &Path, plan: &Plan) -> Result<(), DistributionError> {
    let path = out.join(PLAN_FILE);
    durable::create_folders(out).map_err(io_error("folder of archives not made", out))?;
    let text = serde_json::to_vec_pretty(plan).map_err(|why| refused(format!("plan not written: {why}"), &path))?;
    durable::write_whole(&path, &text).map_err(io_error("plan of archives not written", &path))
}

/// Takes the plan away when all its tars are built.
///
/// # Errors
/// When it can't be removed.
pub fn end_plan(out: &Path) -> Result<(), DistributionError> {
    let path = out.join(PLAN_FILE);
    fs::remove_file(&path).and_then(|()| durable::sync_folder_of(&path)).map_err(io_error("plan of archives not removed", &path))
}

/// Builds one tar and its log, or takes those that stand from before. The tar has its name only when it was read back and every
/// file in it is as planned.
///
/// # Errors
/// When a raw file is not as it was planned, something else has the tar's name, or something can't be read or written; no tar
/// stands then that did not before.
pub fn build(building: &Building<'_>, tar: &PlannedTar) -> Result<ArchiveLog, DistributionError> {
    let path = building.out.join(&tar.name);
    let report = if path.exists() { standing_tar(&path, tar)? } else { new_tar(building, &path, tar)? };
    let manifest = report.manifest.ok_or_else(|| refused("archive has no manifest", &path))?;
    let log = ArchiveLog { path, size_bytes: report.size_bytes, adler32: report.adler32, manifest };
    let log_path = building.logs.join(ArchiveLog::file_name(&tar.name));
    if !log_path.exists() {
        durable::create_folders(building.logs).map_err(io_error("folder of logs not made", building.logs))?;
        durable::write_whole(&log_path, log.text().as_bytes()).map_err(io_error("archive's log not written", &log_path))?;
    }
    Ok(log)
}

/// A tar that stands under its name is taken when it is whole and holds what was planned.
fn standing_tar(path: &Path, tar: &PlannedTar) -> Result<TarReport, DistributionError> {
    let report = verify(path)?;
    let is_it = report.manifest.as_ref().is_some_and(|manifest| manifest.is_of(tar));
    match report.faults.first() {
        None if is_it => Ok(report),
        None => Err(refused("an archive of this name and other content stands there; it was left as it is", path)),
        Some(fault) => Err(refused(format!("an archive of this name stands there and is damaged, left as it is: {fault}"), path)),
    }
}

fn new_tar(building: &Building<'_>, path: &Path, tar: &PlannedTar) -> Result<TarReport, DistributionError> {
    durable::create_folders(building.out).map_err(io_error("folder of archives not made", building.out))?;
    let aside = durable::aside(path);
    let built = write_tar(building, &aside, tar).and_then(|()| verify(&aside)).and_then(|report| match report.faults.first() {
        None => Ok(report),
        Some(fault) => Err(refused(format!("archive read back and found damaged: {fault}"), &aside)),
    });
    match built {
        Ok(report) => {
            durable::rename(&aside, path).map_err(io_error("archive not put in its place", path))?;
            Ok(report)
        }
        Err(why) => {
            // What is left aside is overwritten by the next attempt; taking it away gives its room back.
            let _ = fs::remove_file(&aside);
            Err(why)
        }
    }
}

fn write_tar(building: &Building<'_>, aside: &Path, tar: &PlannedTar) -> Result<(), DistributionError> {
    let error = io_error("archive not written", aside);
    let manifest = Manifest::of(tar, Timestamp::now());
    let mut builder = tar::Builder::new(BufWriter::with_capacity(1 << 20, File::create(aside).map_err(&error)?));
    let text = serde_json::to_vec_pretty(&manifest).map_err(|why| refused(format!("manifest not made: {why}"), aside))?;
    let made_s = manifest.made_at.as_second().max(0).unsigned_abs();
    builder.append_data(&mut header(text.len() as u64, made_s), MANIFEST, text.as_slice()).map_err(&error)?;
    for member in &manifest.files {
        append(&mut builder, member, &(building.raw_file)(member.file), aside)?;
    }
    let mut file = builder.into_inner().map_err(&error)?;
    file.flush().map_err(&error)?;
    file.get_ref().sync_all().map_err(&error)
}

/// Adds a raw file, whose bytes must be those that were planned.
fn append(
    builder: &mut tar::Builder<impl Write>,
    member: &ManifestMember,
    raw: &Path,
    aside: &Path,
) -> Result<(), DistributionError> {
    let error = io_error("raw file not read", raw);
    let file = File::open(raw).map_err(&error)?;
    let facts = file.metadata().map_err(&error)?;
    let changed = |what: String| refused(format!("archive not built: the raw file has changed since the plan, {what}"), raw);
    if facts.len() != member.size_bytes {
        return Err(changed(format!("{} bytes instead of {}", facts.len(), member.size_bytes)));
    }
    let written = facts.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    let mut source = Summed::new(file.take(member.size_bytes));
    builder
        .append_data(&mut header(member.size_bytes, written.as_secs()), &member.name, &mut source)
        .map_err(io_error("archive not written", aside))?;
    match source.so_far() {
        (size, sum) if (size, sum) == (member.size_bytes, member.adler32) => Ok(()),
        (size, sum) => Err(changed(format!("{size} bytes of Adler-32 {sum:08x} instead of {:08x}", member.adler32))),
    }
}

fn header(size_bytes: u64, written_s: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_size(size_bytes);
    header.set_mode(0o644);
    header.set_mtime(written_s);
    header.set_entry_type(tar::EntryType::Regular);
    header
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::checksum::checksum;
    use super::super::plan::{Member, Sizes, plan};
    use super::*;

    struct Place {
        folder: tempfile::TempDir,
        plan: Plan,
    }

    impl Place {
        fn path(&self, below: &str) -> PathBuf {
            self.folder.path().join(below)
        }

        fn build(&self, tar: &PlannedTar) -> Result<ArchiveLog, DistributionError> {
            let raw_file = |file: FileId| self.path(&format!("{file}.dat"));
            build(&Building { out: &self.path("out"), logs: &self.path("toEOS"), raw_file: &raw_file }, tar)
        }
    }

    fn place() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let members: Vec<Member> = (0..5u8)
            .map(|sequence| {
                let file = FileId::new(1, u32::from(sequence));
                let path = folder.path().join(format!("{file}.dat"));
                fs::write(&path, vec![sequence; 1000]).unwrap();
                let (size_bytes, adler32) = checksum(&path).unwrap();
                Member { file, size_bytes, adler32 }
            })
            .collect();
        let sizes = Sizes { target_bytes: 2_000, least_bytes: 0 };
        Place { folder, plan: plan(&members, &BTreeMap::new(), sizes) }
    }

    #[test]
    fn tars_are_built_once_and_read_back_as_planned() {
        let place = place();
        assert_eq!(place.plan.tars.len(), 3);
        let logs: Vec<ArchiveLog> = place.plan.tars.iter().map(|tar| place.build(tar).unwrap()).collect();
        let first = &logs[0];
        assert_eq!(checksum(&first.path).unwrap(), (first.size_bytes, first.adler32));
        let report = verify(&first.path).unwrap();
        assert_eq!((report.files_right, report.faults.len()), (2, 0));
        let log_file = place.path("toEOS/unknown_run1-seq0_run1-seq1.log");
        assert_eq!(ArchiveLog::parse(&fs::read_to_string(&log_file).unwrap()).as_ref(), Ok(first));
        // Building again takes what stands, also when a kill came between the tar and its log.
        fs::remove_file(&log_file).unwrap();
        let written = fs::metadata(&first.path).unwrap().modified().unwrap();
        assert_eq!(&place.build(&place.plan.tars[0]).unwrap(), first);
        assert_eq!(fs::metadata(&first.path).unwrap().modified().unwrap(), written);
        assert!(log_file.exists());
    }

    #[test]
    fn a_half_tar_from_a_kill_is_overwritten() {
        let place = place();
        let tar = &place.plan.tars[0];
        fs::create_dir_all(place.path("out")).unwrap();
        fs::write(durable::aside(&place.path("out").join(&tar.name)), vec![1; 100_000]).unwrap();
        place.build(tar).unwrap();
        assert_eq!(fs::read_dir(place.path("out")).unwrap().count(), 1);
    }

    #[test]
    fn a_raw_file_that_changed_since_the_plan_is_refused_and_no_tar_stands() {
        let place = place();
        let tar = &place.plan.tars[1];
        for content in [vec![9u8; 1000], vec![2u8; 999]] {
            fs::write(place.path("run1-seq2.dat"), content).unwrap();
            let error = place.build(tar).unwrap_err().to_string();
            assert!(error.contains("has changed since the plan") && error.ends_with("run1-seq2.dat"), "{error}");
        }
        assert_eq!(fs::read_dir(place.path("out")).unwrap().count(), 0);
    }

    #[test]
    fn damage_is_found_and_its_file_named() {
        let place = place();
        let log = place.build(&place.plan.tars[0]).unwrap();
        let whole = fs::read(&log.path).unwrap();
        // The bytes of run1-seq1 are ones.
        let at = whole.windows(600).position(|bytes| bytes.iter().all(|byte| *byte == 1)).unwrap();
        let mut bytes = whole.clone();
        bytes[at + 300] ^= 4;
        fs::write(&log.path, &bytes).unwrap();
        let report = verify(&log.path).unwrap();
        assert_eq!((report.files_right, report.faults.len()), (1, 1), "{:?}", report.faults);
        assert!(report.faults[0].starts_with("run1-seq1.dat is damaged"), "{:?}", report.faults);
        assert!(place.build(&place.plan.tars[0]).is_err(), "a damaged tar is not taken");
        for end in [0, 100, 600, 2_000, 3_000] {
            fs::write(&log.path, &whole[..end]).unwrap();
            assert!(!verify(&log.path).unwrap().faults.is_empty(), "cut at {end}");
        }
        fs::write(&log.path, vec![0x55; 4096]).unwrap();
        assert!(!verify(&log.path).unwrap().faults.is_empty());
    }

    #[test]
    fn a_plan_is_kept_until_it_is_ended() {
        let place = place();
        let out = place.path("out");
        assert_eq!(standing_plan(&out).unwrap(), None);
        store_plan(&out, &place.plan).unwrap();
        assert_eq!(standing_plan(&out).unwrap().as_ref(), Some(&place.plan));
        end_plan(&out).unwrap();
        assert_eq!(standing_plan(&out).unwrap(), None);
    }
}
