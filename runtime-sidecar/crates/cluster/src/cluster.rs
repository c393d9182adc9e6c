//! A node of the cluster.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
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
    path: PathBuf,
    options: Options,
    node: RwLock<Arc<Node<M>>>,
    /// Held while the node is opened again.
    reopening: tokio::sync::Mutex<()>,
}

impl<M: Machine> Cluster<M> {
    /// Opens the state in `path`, or creates a cluster of one there, and returns when this node may change it.
    ///
    /// # Errors
    /// [`ClusterError::Storage`] and [`ClusterError::TooNew`] when the file cannot be used; [`ClusterError::Stopped`] when it
    /// could not be written at the start.
    pub async fn open(path: &Path, options: Options) -> Result<Self, ClusterError> {
        Ok(Self {
            node: RwLock::new(Arc::new(Node::open(path, &options).await?)),
            path: path.to_owned(),
            options,
            reopening: tokio::sync::Mutex::default(),
        })
    }

    /// Changes the state by a command, and answers its outcome once it would survive a crash. A command is done even when this is
    /// dropped before it has answered.
    ///
    /// A disk that cannot be written, because it is full for example, ends Raft: what was half done must not be built upon. The next
    /// command begins from what is on the disk, so that it works once there is space again.
    ///
    /// # Errors
    /// [`ClusterError::NotLeader`] and [`ClusterError::Stopped`]; nothing has changed then, or the node has lost its disk.
    pub async fn submit(&self, command: M::Command) -> Result<M::Outcome, ClusterError> {
        let mut node = self.node();
        if !node.is_running() {
            node = self.reopen(&node).await?;
        }
        match node.raft.client_write(command).await {
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
        read(&self.node().store.state())
    }

    /// Ends this node's part and releases the file. What was submitted stays.
    pub async fn close(&self) {
        self.node().close().await;
    }

    fn node(&self) -> Arc<Node<M>> {
        Arc::clone(&self.node.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Opens the state again after Raft has ended, unless somebody else did.
    async fn reopen(&self, ended: &Arc<Node<M>>) -> Result<Arc<Node<M>>, ClusterError> {
        let _turn = self.reopening.lock().await;
        let current = self.node();
        if !Arc::ptr_eq(&current, ended) {
            return Ok(current);
        }
        ended.close().await;
        let node = Arc::new(Node::open(&self.path, &self.options).await?);
        *self.node.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&node);
        Ok(node)
    }
}

/// One life of Raft on the file.
struct Node<M: Machine> {
    raft: Raft<Types<M>>,
    store: MachineStore<M>,
    storage: Storage,
}

impl<M: Machine> Node<M> {
    async fn open(path: &Path, options: &Options) -> Result<Self, ClusterError> {
        let owned = path.to_owned();
        let storage = tokio::task::spawn_blocking(move || Storage::open(&owned, M::FORMAT))
            .await
            .map_err(stopped)??;
        let node = Self::start(&storage, options).await;
        if node.is_err() {
            storage.close().await;
        }
        node
    }

    async fn start(storage: &Storage, options: &Options) -> Result<Self, ClusterError> {
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
        Ok(Self {
            raft,
            store,
            storage: storage.clone(),
        })
    }

    fn is_running(&self) -> bool {
        self.raft.metrics().borrow().running_state.is_ok()
    }

    async fn close(&self) {
        if let Err(cause) = self.raft.shutdown().await {
            tracing::warn!(%cause, "the replicated state did not end in order");
        }
        self.storage.close().await;
    }
}

fn stopped(cause: impl std::fmt::Display) -> ClusterError {
    ClusterError::Stopped(cause.to_string())
}
