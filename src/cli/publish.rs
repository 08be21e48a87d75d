//! `dqmon publish`: logs and a summary of the flow for everyone to read.

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::json;

use super::words::size;
use super::{Ended, Failure, Outcome};
use crate::bookkeeping::{self, Overview, StoreError};
use crate::distribution::{CURRENT, flow_summary, publish};

/// Arguments of `dqmon publish`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder; else the setting publish.folder.
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(global: &super::Global, args: &Args) -> Outcome {
    let workspace = global.workspace()?;
    let folder = &workspace.settings.publish.folder;
    let set = (!folder.as_os_str().is_empty()).then(|| workspace.root.join(folder));
    let Some(to) = args.to.clone().or(set) else {
        let settings = workspace.root.join(crate::config::Workspace::SETTINGS_FILE);
        return Err(Failure(format!(
            "nowhere to publish to: name a folder with --to DIR or in publish.folder: {}",
            settings.display()
        )));
    };
    let overview = match bookkeeping::open_read_only(&workspace.book_place()) {
        Ok(store) => store.overview()?,
        Err(StoreError::Missing { .. }) => Overview::default(),
        Err(error) => return Err(error.into()),
    };
    let published = publish(&workspace, &flow_summary(&overview, Timestamp::now()), &to)?;
    let current = to.join(CURRENT);
    if args.json {
        let (files, unchanged, copied) = (published.files, published.unchanged, published.copied_bytes);
        let facts = json!({
            "schema": 1, "folder": published.folder, "current": current, "files": files, "unchanged": unchanged, "copied_bytes": copied,
        });
        println!("{facts:#}");
    } else {
        println!(
            "{} files published, {} of them unchanged, {} copied: {}",
            published.files,
            published.unchanged,
            size(published.copied_bytes),
            current.display()
        );
    }
    Ok(Ended::Done)
}
