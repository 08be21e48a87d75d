//! What leaves the workspace: archives of raw files, publications of logs, and raw copies that are released.
//!
//! The rules are pure: [`plan()`] chooses what goes into which tar, [`releasable`] whether a raw copy may go. What is done stands
//! in the book's story as `archived`, `shipped` and `released`. Central storage is behind [`Ship`] and [`Measure`]. Uses
//! `bookkeeping`, `config` and `durable`; used by `engine` and `cli`.

mod archive_log;
mod book;
mod build;
mod checksum;
mod error;
mod flow;
mod kinds;
mod manifest;
mod plan;
mod publish;
mod release;
mod release_apply;
mod ship;
mod verify;

pub use archive_log::{ArchiveLog, archive_logs};
pub use book::{copies_told, disk_of, record_archives, record_shipped};
pub use build::{Building, PLAN_FILE, build, end_plan, standing_plan, store_plan};
pub use checksum::checksum;
pub use error::DistributionError;
pub use flow::flow_summary;
pub use kinds::read_kinds;
pub use manifest::{MANIFEST, Manifest, ManifestMember};
pub use plan::{Member, Plan, PlannedTar, Sizes, UNKNOWN_KIND, plan};
pub use publish::{CURRENT, Published, publish};
pub use release::{Candidate, Facts, KnownCopy, Verdict, Why, releasable};
pub use release_apply::{LocalPlaces, Measure, Measured, Released, release};
pub use ship::{LocalFolder, Ship, Shipped};
pub use verify::{TarReport, verify};
