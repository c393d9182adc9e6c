//! What can go wrong with the replicated state.

use std::path::PathBuf;

use crate::roster::Rejection;
use crate::token::TokenError;

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
    /// Nothing was changed.
    #[error(
        "the cluster has no majority: {answering} of {voters} voting nodes answer, {} are needed. Nothing was changed. Start the missing nodes again, or remove them once others answer",
        voters / 2 + 1
    )]
    NoMajority { answering: usize, voters: usize },
    /// Nothing was changed.
    #[error("the node that leads the cluster cannot be reached: {0}. Nothing was changed; try again")]
    NoLeader(String),
    /// A change that may have happened.
    #[error("the change was not confirmed in time: {0}. It may still happen; look before you try again")]
    Unsure(String),
    #[error("a command of {bytes} bytes is too long; at most {most} are kept")]
    TooLong { bytes: usize, most: usize },
    #[error("this node belongs to a cluster of {0} nodes, so that it needs an address to listen on")]
    NeedsPeers(usize),
    #[error("this node was removed from its cluster. To come back, it joins again with an empty state and a new token")]
    Removed,
    #[error(transparent)]
    Rejected(#[from] Rejection),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error("the cluster did not take this node: {0}")]
    NotAdmitted(String),
    #[error("{} has a state of its own already; a node joins with an empty one", .0.display())]
    HasState(PathBuf),
    #[error("no peers can be served on {address}: {cause}")]
    Listen {
        address: String,
        #[source]
        cause: std::io::Error,
    },
    #[error("{} cannot be read or written: {cause}", path.display())]
    File {
        path: PathBuf,
        #[source]
        cause: std::io::Error,
    },
    /// Keys and certificates.
    #[error("the node's identity cannot be used: {0}")]
    Identity(String),
    #[error("the replicated state stopped: {0}")]
    Stopped(String),
}

pub(crate) fn stopped(cause: impl std::fmt::Display) -> ClusterError {
    ClusterError::Stopped(cause.to_string())
}
