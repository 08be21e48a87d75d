//! Urgent problems are told at once: by mail where mail is set up, and always in the windows.

use jiff::Timestamp;

use crate::config::Workspace;
use crate::decisions::problems::{Problem, letter};
use crate::decisions::standing::Standing;
use crate::processing::mail;

/// What came of telling an urgent problem by mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Nobody is named in the settings; windows show it.
    NobodyNamed,
    /// By mail, to these addresses.
    To(Vec<String>),
    /// Nobody has got it: why, in words.
    Failed(String),
}

impl Told {
    /// In words: `told by mail to prod@example.org`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Told::NobodyNamed => "mail is not set up ([mail] in dqmon.toml): only windows show it".into(),
            Told::To(addresses) => format!("told by mail to {}", addresses.join(", ")),
            Told::Failed(why) => format!("NOT told by mail: {why}; call who should know, windows show it"),
        }
    }
}

/// Tells an urgent problem by mail; may wait for the server for some seconds.
#[must_use]
pub fn mail_urgent(problem: &Standing<Problem>, workspace: &Workspace, now: Timestamp) -> Told {
    let root = &workspace.root;
    let name = root.file_name().map_or_else(|| root.display().to_string(), |name| name.to_string_lossy().into_owned());
    match mail::tell_at_once(&workspace.settings.mail, root, letter(problem, &name), now) {
        None => Told::NobodyNamed,
        Some(Ok(delivered)) => Told::To(delivered.to),
        Some(Err(why)) => Told::Failed(why),
    }
}
