//! The log beside each archive, in `all_logs/toEOS/`.

use std::path::{Path, PathBuf};

use super::error::{DistributionError, io_error, refused};
use super::manifest::{Manifest, ManifestMember};

/// What the log of an archive says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveLog {
    /// Where the tar was made.
    pub path: PathBuf,
    /// Size of the tar, bytes.
    pub size_bytes: u64,
    /// Adler-32 of the tar.
    pub adler32: u32,
    /// What is in it.
    pub manifest: Manifest,
}

const NAMES: [&str; 8] = ["archive", "path", "kind", "made by", "made at", "size", "adler32", "files"];

impl ArchiveLog {
    /// The log's name: that of the tar with `.log` for `.tar`.
    #[must_use]
    pub fn file_name(archive: &str) -> String {
        format!("{}.log", archive.strip_suffix(".tar").unwrap_or(archive))
    }

    /// The log as text: eight lines `name : value`, then a line `size adler32 name` for each file.
    #[must_use]
    pub fn text(&self) -> String {
        let of = &self.manifest;
        let values = [
            of.archive.clone(),
            self.path.display().to_string(),
            of.kind.clone(),
            of.made_by.clone(),
            of.made_at.to_string(),
            self.size_bytes.to_string(),
            format!("{:08x}", self.adler32),
            of.files.len().to_string(),
        ];
        let head = NAMES.iter().zip(values).map(|(name, value)| format!("{name} : {value}\n"));
        let files = of.files.iter().map(|file| format!("{} {:08x} {}\n", file.size_bytes, file.adler32, file.name));
        head.chain(files).collect()
    }

    /// Reads a log.
    ///
    /// # Errors
    /// With what is wrong with it and on which line.
    pub fn parse(text: &str) -> Result<Self, String> {
        if !text.ends_with('\n') {
            return Err("half written: no line feed ends its last line".into());
        }
        let lines: Vec<&str> = text.lines().collect();
        let value = |at: usize| {
            let line = lines.get(at).and_then(|line| line.strip_prefix(NAMES[at])).and_then(|rest| rest.strip_prefix(" : "));
            line.ok_or_else(|| format!("line {}: expected '{} : …'", at + 1, NAMES[at]))
        };
        let wrong = |at: usize| move |_| format!("line {}: no {}", at + 1, NAMES[at]);
        let files: Vec<ManifestMember> =
            lines.iter().enumerate().skip(NAMES.len()).map(|(at, line)| member_of(line, at + 1)).collect::<Result<_, _>>()?;
        let count: usize = value(7)?.parse().map_err(|error: std::num::ParseIntError| wrong(7)(error.to_string()))?;
        if count != files.len() {
            return Err(format!("{count} files are told and {} listed", files.len()));
        }
        Ok(ArchiveLog {
            path: value(1)?.into(),
            size_bytes: value(5)?.parse().map_err(|error: std::num::ParseIntError| wrong(5)(error.to_string()))?,
            adler32: u32::from_str_radix(value(6)?, 16).map_err(|error| wrong(6)(error.to_string()))?,
            manifest: Manifest {
                schema: 1,
                archive: value(0)?.into(),
                kind: value(2)?.into(),
                made_by: value(3)?.into(),
                made_at: value(4)?.parse().map_err(|error: jiff::Error| wrong(4)(error.to_string()))?,
                files,
            },
        })
    }
}

fn member_of(line: &str, number: usize) -> Result<ManifestMember, String> {
    let expected = || format!("line {number}: expected 'size adler32 name'");
    let (size, rest) = line.split_once(' ').ok_or_else(expected)?;
    let (sum, name) = rest.split_once(' ').ok_or_else(expected)?;
    let file = name.strip_suffix(".dat").and_then(|stem| stem.parse().ok()).ok_or_else(expected)?;
    let (size_bytes, adler32) = (size.parse().map_err(|_| expected())?, u32::from_str_radix(sum, 16).map_err(|_| expected())?);
    Ok(ManifestMember { name: name.into(), file, size_bytes, adler32 })
}

/// All logs of archives in a folder, by name; none when there is no such folder.
///
/// # Errors
/// When one can't be read: what is archived is not known then.
pub fn archive_logs(folder: &Path) -> Result<Vec<ArchiveLog>, DistributionError> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(Vec::new()) };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    // Those being written are hidden.
    paths.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".log") && !name.starts_with('.')
    });
    paths.sort();
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).map_err(io_error("archive's log not read", path))?;
        ArchiveLog::parse(&text).map_err(|what| refused(format!("archive's log damaged: {what}"), path))
    };
    paths.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use monitasks::vocab::FileId;

    use super::*;

    #[test]
    fn a_log_reads_what_it_writes_and_nothing_less() {
        let file = ManifestMember { name: "run1-seq0.dat".into(), file: FileId::new(1, 0), size_bytes: 7, adler32: 0xab };
        let manifest = Manifest {
            schema: 1,
            archive: "PMT_run1-seq0.tar".into(),
            kind: "PMT : odd".into(),
            made_by: crate::SOFTWARE.into(),
            made_at: "2026-11-21T12:00:00Z".parse().unwrap(),
            files: vec![file],
        };
        let log = ArchiveLog { path: "/eos/PMT_run1-seq0.tar".into(), size_bytes: 2048, adler32: 1, manifest };
        let text = log.text();
        assert!(text.ends_with("\n7 000000ab run1-seq0.dat\n"), "{text}");
        assert_eq!(ArchiveLog::parse(&text), Ok(log));
        for end in 0..text.len() {
            assert!(ArchiveLog::parse(&text[..end]).is_err(), "{}", &text[..end]);
        }
    }
}
