//! A node of the cluster.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use openraft::error::{ClientWriteError, RaftError};
use openraft::{Config, Raft, SnapshotPolicy};

use crate::config::{Member, NodeId, Types};
use crate::database::Storage;
use crate::error::ClusterError;
use crate::log_store::LogStore;
use crate::machine::Machine;
use crate::machine_store::MachineStore;
use crate::network::Alone;

/// How a node behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// Milliseconds between two signs of life of the leader. A follower that has heard none for four to eight times this asks to lead.
    pub heartbeat_ms: u64,
    /// Entries in the log after which a snapshot is taken and they are dropped.
    pub snapshot_after: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            heartbeat_ms: 150,
            snapshot_after: 500,
        }
    }
}

/// The first node of every cluster.
const FIRST: NodeId = 1;

/// Longer than a cluster of one needs to lead itself, however slow its disk is.
const LEAD_TIMEOUT: Duration = Duration::from_secs(60);

/// A node's part in the cluster: the state that it has, and the way to change it.
pub struct Cluster<M: Machine> {
    raft: Raft<Types<M>>,
    store: MachineStore<M>,
    storage: Storage,
}

impl<M: Machine> Cluster<M> {
    /// Opens the state in `path`, or creates a cluster of one there, and returns when this node may change it.
    ///
    /// # Errors
    /// [`ClusterError::Storage`] and [`ClusterError::TooNew`] when the file cannot be used; [`ClusterError::Stopped`] when it
    /// could not be written at the start.
    pub async fn open(path: &Path, options: Options) -> Result<Self, ClusterError> {
        let owned = path.to_owned();
        let storage = tokio::task::spawn_blocking(move || Storage::open(&owned, M::FORMAT))
            .await
            .map_err(stopped)??;
        let store = MachineStore::open(storage.clone()).await?;
        let config = Config {
            cluster_name: "zlayer".into(),
            heartbeat_interval: options.heartbeat_ms,
            election_timeout_min: options.heartbeat_ms * 4,
            election_timeout_max: options.heartbeat_ms * 8,
            snapshot_policy: SnapshotPolicy::LogsSinceLast(options.snapshot_after),
            max_in_snapshot_log_to_keep: 0,
            ..Config::default()
        };
        let config = Arc::new(config.validate().map_err(stopped)?);
        let raft = Raft::new(FIRST, config, Alone, LogStore::new(storage.clone()), store.clone())
            .await
            .map_err(stopped)?;
        if !raft.is_initialized().await.map_err(stopped)? {
            raft.initialize(BTreeMap::from([(FIRST, Member::default())]))
                .await
                .map_err(stopped)?;
        }
        // Nobody else can lead: to wait for a leader would only cost time.
        raft.trigger().elect().await.map_err(stopped)?;
        raft.wait(Some(LEAD_TIMEOUT))
            .current_leader(FIRST, "lead a cluster of one")
            .await
            .map_err(stopped)?;
        // Leading says that the log is complete; this waits until it is applied too.
        raft.ensure_linearizable().await.map_err(stopped)?;
        Ok(Self { raft, store, storage })
    }

    /// Changes the state by a command, and answers its outcome once it would survive a crash. A command is done even when this is
    /// dropped before it has answered.
    ///
    /// # Errors
    /// [`ClusterError::NotLeader`] and [`ClusterError::Stopped`]; nothing has changed then, or the node has lost its disk.
    pub async fn submit(&self, command: M::Command) -> Result<M::Outcome, ClusterError> {
        match self.raft.client_write(command).await {
            Ok(written) => written
                .data
                .ok_or_else(|| ClusterError::Stopped("a command had no outcome".into())),
            Err(RaftError::APIError(ClientWriteError::ForwardToLeader(leader))) => Err(ClusterError::NotLeader {
                leader: leader.leader_node.map(|member| member.name),
            }),
            Err(cause) => Err(stopped(cause)),
        }
    }

    /// Reads the state as this node has it now. `read` must be short: changes wait for it.
    pub fn read<T>(&self, read: impl FnOnce(&M) -> T) -> T {
        read(&self.store.state())
    }

    /// Ends this node's part and releases the file. What was submitted stays.
    pub async fn close(&self) {
        if let Err(cause) = self.raft.shutdown().await {
            tracing::warn!(%cause, "the replicated state did not end in order");
        }
        self.storage.close().await;
    }
}

fn stopped(cause: impl std::fmt::Display) -> ClusterError {
    ClusterError::Stopped(cause.to_string())
}
