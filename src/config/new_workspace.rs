//! What a new workspace is asked: where, which detector, where the DAQ writes, who runs the jobs and keeps the book. One set of
//! answers for the command, the window and the demo.

use std::path::{Path, PathBuf};

use super::{BatchSystem, Settings, SettingsError, Workspace, WorkspaceError};

/// The answers that a workspace is made from. The defaults are those of the shipped settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWorkspace {
    /// The workspace's folder.
    pub folder: PathBuf,
    /// A shipped detector file by name, or the path of one's own.
    pub detector: String,
    /// Where the DAQ writes, relative to the workspace or absolute.
    pub incoming: String,
    /// Who runs the jobs.
    pub batch: BatchSystem,
    /// The book: a file, relative to the workspace or absolute, or an address such as `postgresql://shifter@dqmserver/dqmon`.
    pub book: String,
}

impl Default for NewWorkspace {
    fn default() -> Self {
        let settings = Settings::default();
        NewWorkspace {
            folder: "dqmon-shift".into(),
            detector: settings.detector,
            incoming: settings.intake.folder.display().to_string(),
            batch: settings.batch.system,
            book: settings.book.path.display().to_string(),
        }
    }
}

/// Where the lines that answers replace stand in the commented settings: section, key. Each stands there once.
const REPLACED: [(&str, &str); 5] =
    [("", "detector"), ("intake", "folder"), ("batch", "system"), ("book", "path"), ("book", "url")];

impl NewWorkspace {
    /// The answers for a folder, with all others as they are shipped.
    #[must_use]
    pub fn at(folder: &Path) -> Self {
        NewWorkspace { folder: folder.to_owned(), ..NewWorkspace::default() }
    }

    /// Whether the book is to be a server's.
    #[must_use]
    pub fn is_book_shared(&self) -> bool {
        self.book.contains("://")
    }

    /// The commented settings with these answers in them. An answer that is left empty keeps the default.
    #[must_use]
    pub fn settings_text(&self) -> String {
        let (path, url) = if self.is_book_shared() { ("", self.book.trim()) } else { (self.book.trim(), "") };
        let answers = [self.detector.trim(), self.incoming.trim(), self.batch.word(), path, url];
        let mut section = String::new();
        let mut text = String::with_capacity(Workspace::NEW_SETTINGS.len() + 256);
        for line in Workspace::NEW_SETTINGS.lines() {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = name.to_owned();
            }
            let key = line.split_once(" = ").map_or("", |(key, _)| key);
            let place = REPLACED.iter().position(|replaced| *replaced == (section.as_str(), key));
            match place.map(|place| answers[place]).filter(|answer| !answer.is_empty()) {
                // As TOML writes it: a quote or a backslash in a path ends no string.
                Some(answer) => text += &format!("{key} = {}", toml::Value::from(answer)),
                None => text += line,
            }
            text.push('\n');
        }
        text
    }

    /// The settings that these answers make.
    ///
    /// # Errors
    /// When an answer can't stand in the settings, such as an address with a password in it.
    pub fn settings(&self) -> Result<Settings, SettingsError> {
        Settings::parse(&self.settings_text(), &self.folder.join(Workspace::SETTINGS_FILE))
    }

    /// The workspace that these answers make, of which nothing is made yet.
    ///
    /// # Errors
    /// As [`NewWorkspace::settings`].
    pub fn workspace(&self) -> Result<Workspace, SettingsError> {
        let root = std::path::absolute(&self.folder).unwrap_or_else(|_| self.folder.clone());
        Ok(Workspace { root, settings: self.settings()? })
    }

    /// Makes the workspace's folders and settings.
    ///
    /// # Errors
    /// When there is one already, a folder can't be made, or an answer can't stand in the settings.
    pub fn make(&self) -> Result<Workspace, WorkspaceError> {
        let made = Workspace::create_with(&self.folder, &self.settings_text())?;
        // A book that is to stand in a folder of its own finds it there.
        if let Some(folder) = made.book_place().file().and_then(Path::parent) {
            let why = |error: std::io::Error| WorkspaceError::NotMade { path: folder.to_owned(), why: error.to_string() };
            std::fs::create_dir_all(folder).map_err(why)?;
        }
        Ok(made)
    }
}

impl BatchSystem {
    /// All of them, in the order of menus.
    pub const ALL: [BatchSystem; 3] = [BatchSystem::Local, BatchSystem::Slurm, BatchSystem::Pbs];

    /// As the settings have it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            BatchSystem::Local => "local",
            BatchSystem::Slurm => "slurm",
            BatchSystem::Pbs => "pbs",
        }
    }

    /// The batch system of a word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        BatchSystem::ALL.into_iter().find(|system| system.word() == word)
    }

    /// The commands that it is given jobs, asked and told to end jobs by.
    #[must_use]
    pub fn commands(self) -> &'static [&'static str] {
        match self {
            BatchSystem::Local => &[],
            BatchSystem::Slurm => &["sbatch", "squeue", "scancel"],
            BatchSystem::Pbs => &["qsub", "qstat", "qdel"],
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn answers_left_as_they_are_make_the_shipped_settings() {
        assert_eq!(NewWorkspace::default().settings_text(), Workspace::NEW_SETTINGS);
    }

    #[test]
    fn answers_come_into_force_and_a_password_is_refused() {
        let mut answers = NewWorkspace {
            detector: "6x6x6".into(),
            incoming: "/daq/out".into(),
            batch: BatchSystem::Slurm,
            book: "postgresql://shifter@dqmserver/dqmon".into(),
            ..NewWorkspace::default()
        };
        let settings = answers.settings().unwrap();
        assert_eq!((settings.detector.as_str(), settings.intake.folder.as_path()), ("6x6x6", Path::new("/daq/out")));
        assert_eq!((settings.batch.system, settings.book.url.as_str()), (BatchSystem::Slurm, answers.book.as_str()));
        answers.book = "postgresql://shifter:s3cret@dqmserver/dqmon".into();
        let refused = answers.settings().unwrap_err().to_string();
        assert!(refused.contains("password_file") && !refused.contains("s3cret"), "{refused}");
    }

    proptest! {
        /// Whatever is typed as a path comes back as it was typed: no answer writes a second setting.
        #[test]
        fn no_answer_writes_anything_but_itself(incoming in "[^:]{1,40}", book in "[^:]{1,40}") {
            let answers = NewWorkspace { incoming, book, ..NewWorkspace::default() };
            let settings = answers.settings().unwrap();
            let or = |text: &str, default: &str| if text.trim().is_empty() { default.to_owned() } else { text.trim().to_owned() };
            prop_assert_eq!(settings.intake.folder.to_string_lossy().into_owned(), or(&answers.incoming, "incoming"));
            prop_assert_eq!(settings.book.path.to_string_lossy().into_owned(), or(&answers.book, "book.sqlite"));
            prop_assert_eq!(settings.batch, Settings::default().batch);
        }
    }
}
