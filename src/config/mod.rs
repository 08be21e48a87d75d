//! `dqmon.toml` as typed, and the folders of a workspace.
//!
//! Ground floor of the outer crate: every other folder may use it, it uses only `monitasks`. Each setting has a default, a
//! unit in its name and its meaning in `assets/dqmon.toml`, the commented file that `dqmon init` writes.

mod alarms;
mod analysis;
mod batch;
mod book;
mod fault;
mod lanes;
mod left_over;
mod mail;
mod meeting;
mod new_workspace;
mod place;
mod quality;
#[cfg(test)]
mod quality_tests;
mod reading;
mod reconstruction;
mod retry;
mod run_list;
mod settings;
mod workspace;

pub use alarms::AlarmSettings;
pub use analysis::{AnalysisSettings, GainEstimator, PurityMethod};
pub use batch::{BatchSettings, BatchSystem};
pub use book::{BookPlace, BookSettings, BookSite};
pub use lanes::{GateRule, LaneSettings};
pub use mail::{Encryption, MailSettings};
pub use meeting::{CycleSettings, MeetingSettings, ShiftSettings};
pub use new_workspace::NewWorkspace;
pub use place::{Place, PlaceError, RootPlace};
pub use quality::{
    CAL, CaseSettings, DecisionSettings, FLAG, InputDomain, MARK, MarkSettings, Meaning, OverrideSettings, PARENTS, RQM,
    RuleSettings, StatusSettings, inputs,
};
pub use reading::SettingsError;
pub use reconstruction::ReconstructionSettings;
pub use retry::{RetryClasses, RetrySettings};
pub use run_list::{CellKind, ListField, RunListSettings};
pub use settings::{IntakeSettings, PeopleSettings, PoolSettings, PublishSettings, Settings, TaskSettings, TransferSettings};
pub use workspace::{Workspace, WorkspaceError};
