//! What can go wrong with the replicated state.

use std::path::PathBuf;

/// Why the state could not be opened, read or changed.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    #[error("the state in {} cannot be read or written: {cause}", path.display())]
    Storage {
        path: PathBuf,
        #[source]
        cause: Box<redb::Error>,
    },
    #[error(
        "the state in {} was written by a newer version of this program (format {found}; this one reads up to {known}). Use that version, or another data directory",
        path.display()
    )]
    TooNew { path: PathBuf, found: u32, known: u32 },
    /// The node does not lead, and knows who does or does not.
    #[error("this node does not lead the cluster{}", leader.as_ref().map(|name| format!("; “{name}” does")).unwrap_or_default())]
    NotLeader { leader: Option<String> },
    #[error("the replicated state stopped: {0}")]
    Stopped(String),
}
