//! What leaves the workspace.
