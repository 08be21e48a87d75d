//! The book of a workspace, for commands that write into it: where it was lost, none is begun without a word.

use super::Failure;
use crate::bookkeeping::{SqliteStore, StoreError};
use crate::config::Workspace;

/// Opens a workspace's book; makes one in a workspace that never had any.
///
/// # Errors
/// When it was lost or can't be opened.
pub fn open_book(workspace: &Workspace) -> Result<SqliteStore, Failure> {
    refuse_lost_book(workspace)?;
    Ok(SqliteStore::open(&workspace.book())?)
}

/// Refuses a workspace of which everything is there but the book.
///
/// # Errors
/// When that is so.
pub fn refuse_lost_book(workspace: &Workspace) -> Result<(), Failure> {
    match workspace.left_without_book() {
        Some(beside) => Err(StoreError::Lost { beside, path: workspace.book() }.into()),
        None => Ok(()),
    }
}
