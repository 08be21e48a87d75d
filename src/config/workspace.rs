//! A workspace: one folder with the settings, the raw files, the processing, the results and the book of one detector.

use std::path::{Path, PathBuf};

use monitasks::vocab::{FileId, Processing, Run};

use super::{BookPlace, Place, PlaceError, Settings, SettingsError};

/// A workspace's folder and settings, and where everything stands in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Workspace {
    /// The folder that holds `dqmon.toml`, absolute.
    pub root: PathBuf,
    /// What `dqmon.toml` says.
    pub settings: Settings,
}

/// A folder that can't serve as a workspace.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// No `dqmon.toml` was found.
    #[error("no workspace: no dqmon.toml here or in any folder above; make one with 'dqmon init DIR' or name one with '-w DIR': {}", from.display())]
    NotFound {
        /// Where the search began.
        from: PathBuf,
    },
    /// The settings can't be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// There is one already.
    #[error("workspace not made: there is one already, open it with 'dqmon -w DIR' or name another folder: {}", root.display())]
    Exists {
        /// Its folder.
        root: PathBuf,
    },
    /// A folder or file of the new workspace can't be written.
    #[error("workspace not made: {why}: {}", path.display())]
    NotMade {
        /// The folder or file.
        path: PathBuf,
        /// The operating system's reason.
        why: String,
    },
}

impl Workspace {
    /// The file that makes a folder a workspace.
    pub const SETTINGS_FILE: &str = "dqmon.toml";

    /// Its file of automatic checks.
    pub const CHECKS_FILE: &str = "checks.toml";

    /// The checks that a new workspace of the 3x1x1 starts with: their bounds are those of that detector.
    pub const NEW_CHECKS: &str = include_str!("../../assets/checks.toml");

    /// The declared tasks that a new workspace starts with: the name of each file in `tasks/`, and its text.
    pub const NEW_TASKS: [(&str, &str); 2] = [
        ("processing_flow.toml", include_str!("../../assets/tasks/processing_flow.toml")),
        ("slow_control.toml", include_str!("../../assets/tasks/slow_control.toml")),
    ];

    /// The commented settings file that a new workspace starts with.
    pub const NEW_SETTINGS: &str = include_str!("../../assets/dqmon.toml");

    /// Makes a workspace with all its folders and commented settings, and opens it.
    ///
    /// # Errors
    /// When there is one already, a folder can't be made, or the detector's name can't be written into the settings.
    pub fn create(root: &Path, detector: &str) -> Result<Self, WorkspaceError> {
        let line = format!("detector = {}", toml::Value::from(detector));
        Workspace::create_with(root, &Self::NEW_SETTINGS.replace("detector = \"3x1x1\"", &line))
    }

    /// Makes a workspace with settings of one's own.
    ///
    /// # Errors
    /// As [`Workspace::create`], and when the settings can't be used; then nothing is made.
    pub fn create_with(root: &Path, settings: &str) -> Result<Self, WorkspaceError> {
        let root = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
        let path = root.join(Self::SETTINGS_FILE);
        if path.exists() {
            return Err(WorkspaceError::Exists { root });
        }
        let workspace = Workspace { settings: Settings::parse(settings, &path)?, root };
        let not_made =
            |path: &Path, error: &std::io::Error| WorkspaceError::NotMade { path: path.to_owned(), why: error.to_string() };
        for folder in workspace.folders() {
            std::fs::create_dir_all(&folder).map_err(|error| not_made(&folder, &error))?;
        }
        if workspace.settings.detector == Settings::default().detector {
            let checks = workspace.checks_file();
            std::fs::write(&checks, Self::NEW_CHECKS).map_err(|error| not_made(&checks, &error))?;
        }
        for (name, text) in Self::NEW_TASKS {
            let path = workspace.root.join("tasks").join(name);
            std::fs::write(&path, text).map_err(|error| not_made(&path, &error))?;
        }
        // The settings come last: a folder is a workspace only when it is whole.
        std::fs::write(&path, settings).map_err(|error| not_made(&path, &error))?;
        Ok(workspace)
    }

    /// Opens the workspace in that very folder.
    ///
    /// # Errors
    /// When there is no `dqmon.toml` or it can't be used.
    pub fn open(root: &Path) -> Result<Self, WorkspaceError> {
        let root = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
        let path = root.join(Self::SETTINGS_FILE);
        if !path.is_file() {
            return Err(WorkspaceError::NotFound { from: root });
        }
        let settings = Settings::load(&path)?;
        Ok(Workspace { root, settings })
    }

    /// Opens the nearest workspace at or above a folder.
    ///
    /// # Errors
    /// When there is none or its settings can't be used.
    pub fn find(from: &Path) -> Result<Self, WorkspaceError> {
        let from = std::path::absolute(from).unwrap_or_else(|_| from.to_owned());
        let root = from.ancestors().find(|folder| folder.join(Self::SETTINGS_FILE).is_file());
        match root {
            Some(root) => Workspace::open(root),
            None => Err(WorkspaceError::NotFound { from }),
        }
    }

    /// Where the DAQ writes.
    #[must_use]
    pub fn incoming(&self) -> PathBuf {
        self.root.join(&self.settings.intake.folder)
    }

    /// Raw files taken in: where the settings say, else `storage/input` of the workspace.
    #[must_use]
    pub fn input(&self) -> PathBuf {
        let farm = &self.settings.transfer.farm;
        self.root.join(if farm.as_os_str().is_empty() { Path::new("storage/input") } else { farm })
    }

    /// Where the second copy of a raw file goes, below the central place of the settings as below `storage/input`; none without
    /// one.
    ///
    /// # Errors
    /// When the settings' central place is none.
    pub fn central_copy(&self, file: FileId) -> Result<Option<Place>, PlaceError> {
        let central = &self.settings.transfer.central;
        if central.is_empty() {
            return Ok(None);
        }
        Place::parse(central)?.relative_to(&self.root).join(&format!("{}/{file}.dat", file.run)).map(Some)
    }

    /// Raw files taken in, of one run.
    #[must_use]
    pub fn input_of(&self, run: Run) -> PathBuf {
        self.input().join(run.to_string())
    }

    /// Reconstructed files of one run.
    #[must_use]
    pub fn output_of(&self, run: Run) -> PathBuf {
        self.root.join("storage/output").join(run.to_string())
    }

    /// The raw file as taken in.
    #[must_use]
    pub fn raw_file(&self, file: FileId) -> PathBuf {
        self.input_of(file.run).join(format!("{file}.dat"))
    }

    /// The reconstructed file of a processing. Those of the first stand in the run's folder, those of a later one in a folder
    /// of that processing, so that none is ever written over.
    #[must_use]
    pub fn reco_file(&self, file: FileId, processing: Processing) -> PathBuf {
        let folder = self.output_of(file.run);
        let folder = if processing.0 <= 1 { folder } else { folder.join(format!("p{}", processing.0)) };
        folder.join(format!("recotask_{file}.root"))
    }

    /// The automatic checks on plots; need not be there.
    #[must_use]
    pub fn checks_file(&self) -> PathBuf {
        self.root.join(Self::CHECKS_FILE)
    }

    /// One of the folders of `processing/`: `todo`, `work`, `toanalyse`, `scripts`.
    #[must_use]
    pub fn processing(&self, folder: &str) -> PathBuf {
        self.root.join("processing").join(folder)
    }

    /// Job scripts of one run, kept for ever.
    #[must_use]
    pub fn scripts_of(&self, run: Run) -> PathBuf {
        self.processing("scripts").join(run.to_string())
    }

    /// Failures that wait to be told by mail.
    #[must_use]
    pub fn mail_waiting(&self) -> PathBuf {
        self.processing("mail_waiting.jsonl")
    }

    /// The transfer log of all runs.
    #[must_use]
    pub fn all_transfer_log(&self) -> PathBuf {
        self.root.join("all_logs/fromEVB/alltransfer.log")
    }

    /// The transfer log of one run.
    #[must_use]
    pub fn run_transfer_log(&self, run: Run) -> PathBuf {
        self.root.join("all_logs/fromEVB/runs").join(format!("{run}.log"))
    }

    /// Batch records and job logs of one run.
    #[must_use]
    pub fn batch_logs_of(&self, run: Run) -> PathBuf {
        self.root.join("all_logs/batch").join(run.to_string())
    }

    /// What the monitor tasks poll.
    #[must_use]
    pub fn results(&self) -> PathBuf {
        self.root.join("results")
    }

    /// The book's file, where the book is one.
    #[must_use]
    pub fn book(&self) -> PathBuf {
        self.root.join(&self.settings.book.path)
    }

    /// Where the book stands: a file, or a server.
    #[must_use]
    pub fn book_place(&self) -> BookPlace {
        let settings = &self.settings.book;
        let path = settings.path.to_string_lossy();
        let text = if settings.url.is_empty() { path.as_ref() } else { settings.url.as_str() };
        BookPlace::named(text, &settings.password_file, &settings.backups, &self.root)
    }

    /// Another book that entries are exchanged with; none when the settings name none.
    #[must_use]
    pub fn book_to_sync_with(&self) -> Option<BookPlace> {
        let settings = &self.settings.book;
        let is_named = !settings.sync_with.is_empty();
        is_named.then(|| BookPlace::named(&settings.sync_with, &settings.password_file, &settings.backups, &self.root))
    }

    /// Whether the folder where the DAQ writes is made when it is not there: the default one is. Another one that is not there is
    /// mistyped or not mounted, and files would be waited for in vain.
    #[must_use]
    pub fn makes_incoming(&self) -> bool {
        self.settings.intake.folder == Settings::default().intake.folder
    }

    /// Every folder a workspace has, to be made by `dqmon init`; of folders for the DAQ the default one.
    #[must_use]
    pub fn folders(&self) -> Vec<PathBuf> {
        let fixed = [
            "storage/input",
            "storage/output",
            "processing/todo",
            "processing/work",
            "processing/toanalyse",
            "processing/scripts",
            "all_logs/fromEVB/runs",
            "all_logs/batch",
            "all_logs/toEOS",
            "results/crp",
            "results/pedestals",
            "results/events",
            "results/noise",
            "results/flow",
            "tasks",
            "references",
        ];
        let mut folders: Vec<PathBuf> = fixed.iter().map(|folder| self.root.join(folder)).collect();
        folders.extend(self.makes_incoming().then(|| self.incoming()));
        folders
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commented_settings_are_the_defaults() {
        let path = Path::new("dqmon.toml");
        assert_eq!(Settings::parse(Workspace::NEW_SETTINGS, path).unwrap(), Settings::default());
    }

    #[test]
    fn every_setting_stands_in_the_commented_file() {
        let all = toml::Table::try_from(Settings::default()).unwrap();
        for (section, value) in all {
            let first = value.as_array().and_then(|tables| tables.first());
            let table = value.as_table().or_else(|| first.and_then(toml::Value::as_table));
            for key in table.map(|table| table.keys().cloned().collect()).unwrap_or_else(|| vec![section.clone()]) {
                // As a key, as a section of its own, or as a list of sections.
                let ways = [format!("{key} ="), format!("[{section}.{key}]"), format!("[[{section}.{key}]]")];
                let is_one = |line: &str| ways.iter().any(|way| line.starts_with(way.as_str()));
                let stands = Workspace::NEW_SETTINGS.lines().any(|line| is_one(line.trim_start_matches(['#', ' '])));
                assert!(stands, "{section}: {key} is not in assets/dqmon.toml");
            }
        }
    }

    #[test]
    fn raw_files_stand_where_the_settings_say() {
        let mut workspace = Workspace { root: "/w".into(), settings: Settings::default() };
        let file = FileId::new(7, 1);
        assert_eq!(workspace.raw_file(file), Path::new("/w/storage/input/run7/run7-seq1.dat"));
        assert_eq!(workspace.central_copy(file), Ok(None));
        workspace.settings.transfer.farm = "/farm/raw".into();
        assert_eq!(workspace.raw_file(file), Path::new("/farm/raw/run7/run7-seq1.dat"));
        for (central, expected) in [
            ("root://eos.example.org//eos/raw/", "root://eos.example.org//eos/raw/run7/run7-seq1.dat"),
            ("central", "/w/central/run7/run7-seq1.dat"),
            ("/mnt/central", "/mnt/central/run7/run7-seq1.dat"),
        ] {
            workspace.settings.transfer.central = central.into();
            assert_eq!(workspace.central_copy(file).unwrap().unwrap().to_string(), expected);
        }
    }

    #[test]
    fn a_workspace_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("shift");
        let made = Workspace::create(&root, "3x1x1").unwrap();
        assert_eq!(Workspace::open(&root).unwrap(), made);
        assert!(made.results().join("crp").is_dir());
        assert!(matches!(Workspace::create(&root, "3x1x1"), Err(WorkspaceError::Exists { .. })));
    }
}
