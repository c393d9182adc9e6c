//! How a node behaves.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::clock::Clock;
use crate::links::Route;

/// How a node takes part in Raft.
#[derive(Debug, Clone)]
pub struct Options {
    /// Milliseconds between two signs of life of the leader. A follower that has heard none for four to eight times this asks to lead.
    pub heartbeat_ms: u64,
    /// Entries in the log after which a snapshot is taken and they are dropped.
    pub snapshot_after: u64,
    /// How long a change or a fresh read waits for a leader and a majority, where there are several nodes.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            heartbeat_ms: 150,
            snapshot_after: 500,
            patience: Duration::from_secs(10),
        }
    }
}

impl Options {
    /// After this long without a majority a leader counts as cut off.
    pub(crate) fn silence(&self) -> Duration {
        Duration::from_millis(self.heartbeat_ms * 16)
    }
}

/// How a node meets its peers.
#[derive(Clone)]
pub struct PeerOptions {
    /// A directory for keys and certificates. It is made, for its owner only.
    pub directory: PathBuf,
    /// Host and port to listen on.
    pub listen: String,
    /// Host and port that are told to the others; those it listens on where this is absent.
    pub advertise: Option<String>,
    /// The node's name when the cluster is founded or joined.
    pub name: String,
    /// Its labels then.
    pub labels: BTreeMap<String, String>,
    /// How long a certificate of a node is good. It is replaced when a third of this is left.
    pub certificate_life: Duration,
    /// Between two signs of life to the leader, and between two looks at what has to be done.
    pub beat: Duration,
    pub limits: Limits,
    pub clock: Clock,
    /// Maps an address that a node has told to the one that is dialled; `None` dials it as it is.
    pub route: Option<Route>,
}

impl PeerOptions {
    /// Options with usual limits.
    pub fn new(directory: PathBuf, listen: &str, name: &str) -> Self {
        Self {
            directory,
            listen: listen.to_owned(),
            advertise: None,
            name: name.to_owned(),
            labels: BTreeMap::new(),
            certificate_life: Duration::from_secs(90 * 24 * 60 * 60),
            beat: Duration::from_secs(1),
            limits: Limits::default(),
            clock: Clock::default(),
            route: None,
        }
    }

    /// A member that has been silent for longer is taken for lost.
    pub(crate) fn lost_after(&self) -> Duration {
        self.beat * 5
    }
}

/// What one side may cost the other.
#[derive(Debug, Clone)]
pub struct Limits {
    /// For the handshake, and for the one question of a node that joins.
    pub handshake: Duration,
    /// For a connection on which nothing is asked, and for a question that has begun.
    pub idle: Duration,
    /// Connections that have not shown a certificate.
    pub strangers: usize,
    /// Of these, from one address.
    pub strangers_of_address: usize,
    /// Connections of one member.
    pub of_member: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(5),
            idle: Duration::from_secs(60),
            strangers: 128,
            strangers_of_address: 32,
            of_member: 16,
        }
    }
}
