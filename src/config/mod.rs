//! `dqmon.toml` as typed, and the folders of a workspace.
//!
//! Ground floor of the outer crate: every other folder may use it, it uses only `monitasks`. Each setting has a default, a
//! unit in its name and its meaning in `assets/dqmon.toml`, the commented file that `dqmon init` writes.

mod batch;
mod lanes;
mod mail;
mod place;
mod retry;
mod run_list;
mod settings;
mod workspace;

pub use batch::{BatchSettings, BatchSystem};
pub use lanes::{GateRule, LaneSettings};
pub use mail::{Encryption, MailSettings};
pub use place::{Place, PlaceError, RootPlace};
pub use retry::{RetryClasses, RetrySettings};
pub use run_list::{CellKind, ListField, RunListSettings};
pub use settings::{
    AnalysisSettings, BookSettings, GainEstimator, IntakeSettings, PeopleSettings, PoolSettings, PublishSettings, PurityMethod,
    ReconstructionSettings, Settings, SettingsError, TaskSettings, TransferSettings,
};
pub use workspace::{Workspace, WorkspaceError};
