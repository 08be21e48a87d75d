//! Reads an archive back and holds it against its manifest.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::checksum::Summed;
use super::error::{DistributionError, io_error};
use super::manifest::{MANIFEST, Manifest, ManifestMember};

/// Longest manifest that is read, bytes.
const LONGEST_MANIFEST: u64 = 64 << 20;

/// What was found in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TarReport {
    /// Size of the tar, bytes.
    pub size_bytes: u64,
    /// Adler-32 of the tar.
    pub adler32: u32,
    /// Its manifest, if it can be read.
    pub manifest: Option<Manifest>,
    /// Files that are as the manifest says.
    pub files_right: usize,
    /// What is wrong with it, each with the file it is about.
    pub faults: Vec<String>,
}

/// Reads a tar to its end: each file's size and checksum against the manifest.
///
/// # Errors
/// When it can't be read; damage is a fault in the report.
pub fn verify(path: &Path) -> Result<TarReport, DistributionError> {
    let error = io_error("archive not read", path);
    let mut archive = tar::Archive::new(Summed::new(File::open(path).map_err(&error)?));
    let mut reading = Reading::default();
    match archive.entries() {
        Ok(entries) => {
            for entry in entries {
                let taken = entry.map_err(|why| why.to_string()).and_then(|mut entry| reading.take(&mut entry));
                if let Err(why) = taken {
                    let after = reading.last.clone().map_or("at its beginning".into(), |name| format!("behind {name}"));
                    reading.faults.push(format!("the tar is damaged {after}: {why}"));
                    break;
                }
            }
        }
        Err(why) => reading.faults.push(format!("it is no tar: {why}")),
    }
    let (size_bytes, adler32) = archive.into_inner().read_out().map_err(&error)?;
    Ok(reading.ended(size_bytes, adler32))
}

#[derive(Default)]
struct Reading {
    manifest: Option<Manifest>,
    expected: BTreeMap<String, ManifestMember>,
    last: Option<String>,
    files_right: usize,
    faults: Vec<String>,
}

impl Reading {
    fn take(&mut self, entry: &mut impl EntryLike) -> Result<(), String> {
        let name = entry.name()?;
        if self.last.is_none() {
            self.last = Some(name.clone());
            if name != MANIFEST {
                self.faults.push(format!("its first file is {name}, expected {MANIFEST}"));
                return Ok(());
            }
            let mut text = String::new();
            entry.take(LONGEST_MANIFEST).read_to_string(&mut text).map_err(|why| why.to_string())?;
            match serde_json::from_str::<Manifest>(&text) {
                Ok(manifest) => {
                    self.expected = manifest.files.iter().map(|file| (file.name.clone(), file.clone())).collect();
                    self.manifest = Some(manifest);
                }
                Err(why) => self.faults.push(format!("{MANIFEST} can't be read: {why}")),
            }
            return Ok(());
        }
        let found = Summed::new(&mut *entry).read_out().map_err(|why| format!("{name}: {why}"))?;
        self.last = Some(name.clone());
        match self.expected.remove(&name) {
            None => self.faults.push(format!("{name} is not in the manifest, or stands twice")),
            Some(file) if (file.size_bytes, file.adler32) == found => self.files_right += 1,
            Some(file) => self.faults.push(format!(
                "{name} is damaged: {} bytes of Adler-32 {:08x}, the manifest has {} and {:08x}",
                found.0, found.1, file.size_bytes, file.adler32
            )),
        }
        Ok(())
    }

    fn ended(mut self, size_bytes: u64, adler32: u32) -> TarReport {
        if self.last.is_none() && self.faults.is_empty() {
            self.faults.push("it is empty".into());
        }
        self.faults.extend(self.expected.keys().map(|name| format!("{name} is missing")));
        TarReport { size_bytes, adler32, manifest: self.manifest, files_right: self.files_right, faults: self.faults }
    }
}

/// A file in a tar: its name and its bytes.
trait EntryLike: Read {
    fn name(&self) -> Result<String, String>;
}

impl<R: Read> EntryLike for tar::Entry<'_, R> {
    fn name(&self) -> Result<String, String> {
        self.path().map(|path| path.to_string_lossy().into_owned()).map_err(|why| why.to_string())
    }
}
