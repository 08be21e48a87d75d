//! `dqmon.toml` as typed, and the folders of a workspace.
//!
//! Ground floor of the outer crate: every other folder may use it, it uses only `monitasks`. Each setting has a default, a
//! unit in its name and its meaning in `assets/dqmon.toml`, the commented file that `dqmon init` writes.

mod analysis;
mod batch;
mod fault;
mod lanes;
mod left_over;
mod mail;
mod place;
mod reading;
mod reconstruction;
mod retry;
mod settings;
mod workspace;

pub use analysis::{AnalysisSettings, GainEstimator, PurityMethod};
pub use batch::{BatchSettings, BatchSystem};
pub use lanes::{GateRule, LaneSettings};
pub use mail::{Encryption, MailSettings};
pub use place::{Place, PlaceError, RootPlace};
pub use reading::SettingsError;
pub use reconstruction::ReconstructionSettings;
pub use retry::{RetryClasses, RetrySettings};
pub use settings::{
    BookSettings, IntakeSettings, PeopleSettings, PoolSettings, PublishSettings, Settings, TaskSettings, TransferSettings,
};
pub use workspace::{Workspace, WorkspaceError};
