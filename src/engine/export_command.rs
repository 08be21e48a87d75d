//! What the window asks to be exported or copied.

use std::path::PathBuf;

use crate::plotting::Picture;
use crate::snapshot::FigureKey;

/// Something to be exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportCommand {
    /// A plot, with all its data.
    Plot {
        /// Which.
        key: FigureKey,
        /// Whereto.
        to: ExportTo,
    },
    /// A page.
    Page {
        /// Which.
        page: ExportedPage,
        /// Whereto.
        to: ExportTo,
    },
    /// A report as one HTML page.
    Report {
        /// Which.
        report: Report,
        /// The plots in it.
        pictures: ReportPictures,
        /// Whereto; none for the workspace's folder of reports, by the report's name and the time.
        to: Option<PathBuf>,
        /// A file of that name is written over.
        may_replace: bool,
        /// Who asks.
        by: ExportedBy,
    },
    /// A plot, to be put on the clipboard.
    Copy {
        /// Which.
        key: FigureKey,
        /// As what.
        what: CopyAs,
        /// How it is drawn.
        picture: Picture,
        /// Who asks.
        by: ExportedBy,
    },
}

/// Where an export goes, and how it looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportTo {
    /// The file; its ending says what is written. Relative to the workspace, or with `~/` in front to the account's home.
    pub path: PathBuf,
    /// A file of that name is written over.
    pub may_replace: bool,
    /// How a picture is drawn.
    pub picture: Picture,
    /// Who asks.
    pub by: ExportedBy,
}

/// Who exports, where somebody has said a name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExportedBy {
    /// The name; may be empty.
    pub name: String,
    /// The role; may be empty.
    pub role: String,
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportedPage {
    /// The Monitor page with these plots.
    Monitor(Vec<FigureKey>),
    /// The runs that were searched for, with these columns.
    Runs(Vec<String>),
    /// Files in all lanes, what is put off, failures.
    Processing,
    /// Problems, alarms, known issues.
    Problems,
    /// What the meeting has before it.
    Meeting,
}

/// A report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Report {
    /// The shift that is on, or was last.
    #[default]
    Shift,
    /// The meeting's list.
    Meeting,
}

/// The plots of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReportPictures {
    /// None.
    None,
    /// The official ones.
    Official,
    /// Those that checks find fault with, the official ones, and trends over the undecided runs.
    #[default]
    Findings,
}

/// What is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyAs {
    /// A picture.
    Picture,
    /// Its numbers as CSV.
    Csv,
}

/// What came of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportNews {
    /// A file was written.
    Written {
        /// What: `Electron lifetime`.
        what: String,
        /// Where.
        path: PathBuf,
    },
    /// A file of that name is there; nothing was written.
    Stands {
        /// The file.
        path: PathBuf,
        /// What would write over it.
        again: Box<ExportCommand>,
    },
    /// A picture for the clipboard.
    Picture {
        /// What: `Electron lifetime`.
        what: String,
        /// Width and height.
        size: [u32; 2],
        /// Red, green, blue and opacity of each pixel, row by row from the top.
        rgba: Vec<u8>,
    },
    /// A text for the clipboard.
    Text {
        /// What: `Electron lifetime as CSV`.
        what: String,
        /// The text.
        text: String,
    },
}

impl ExportCommand {
    /// What it is, as the beginning of a message.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            ExportCommand::Plot { key, .. } => format!("export of {}/{}", key.task, key.item),
            ExportCommand::Page { page, .. } => format!("export of {}", page.title()),
            ExportCommand::Report { report: Report::Shift, .. } => "shift's report".into(),
            ExportCommand::Report { report: Report::Meeting, .. } => "meeting's report".into(),
            ExportCommand::Copy { key, .. } => format!("copy of {}/{}", key.task, key.item),
        }
    }

    /// The same, writing over what stands there.
    #[must_use]
    pub fn replacing(mut self) -> Self {
        match &mut self {
            ExportCommand::Plot { to, .. } | ExportCommand::Page { to, .. } => to.may_replace = true,
            ExportCommand::Report { may_replace, .. } => *may_replace = true,
            ExportCommand::Copy { .. } => {}
        }
        self
    }

    /// The plots that it shows.
    pub(super) fn keys(&self) -> &[FigureKey] {
        match self {
            ExportCommand::Plot { key, .. } | ExportCommand::Copy { key, .. } => std::slice::from_ref(key),
            ExportCommand::Page { page: ExportedPage::Monitor(keys), .. } => keys,
            ExportCommand::Page { .. } | ExportCommand::Report { .. } => &[],
        }
    }
}

impl ExportedPage {
    /// Its title.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self {
            ExportedPage::Monitor(_) => "Monitor",
            ExportedPage::Runs(_) => "Runs",
            ExportedPage::Processing => "Processing",
            ExportedPage::Problems => "Problems",
            ExportedPage::Meeting => "Meeting",
        }
    }
}

impl ReportPictures {
    /// The words for them on the command line, in the order of [`ReportPictures::ALL`].
    pub const WORDS: [&'static str; 3] = ["none", "official", "findings"];
    /// All there are.
    pub const ALL: [ReportPictures; 3] = [ReportPictures::None, ReportPictures::Official, ReportPictures::Findings];
}
