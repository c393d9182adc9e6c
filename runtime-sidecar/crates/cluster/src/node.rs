//! One life of Raft on the file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use openraft::{Config, Raft, RaftMetrics, SnapshotPolicy};

use crate::config::{FIRST, Member, NodeId, Types};
use crate::database::Storage;
use crate::error::{ClusterError, stopped};
use crate::log_store::LogStore;
use crate::machine::Machine;
use crate::machine_store::MachineStore;
use crate::network::Network;
use crate::options::Options;
use crate::wire::{Contact, SNAPSHOT_CHUNK};

/// Longer than a cluster of one needs to lead itself, however slow its disk is.
const LEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// Milliseconds for a part of a snapshot to be sent and kept.
const SNAPSHOT_TIMEOUT_MS: u64 = 10_000;

pub(crate) struct Node<M: Machine> {
    pub id: NodeId,
    pub raft: Raft<Types<M>>,
    pub store: MachineStore<M>,
    storage: Storage,
}

impl<M: Machine> Node<M> {
    /// Opens the state in `path`. A node that can lead alone leads when this returns; any other looks for its leader.
    pub async fn open(id: NodeId, path: &Path, options: &Options, network: Network) -> Result<Self, ClusterError> {
        let owned = path.to_owned();
        let storage = tokio::task::spawn_blocking(move || Storage::open(&owned, M::FORMAT))
            .await
            .map_err(stopped)??;
        let node = Self::start(id, &storage, options, network).await;
        if node.is_err() {
            storage.close().await;
        }
        node
    }

    async fn start(id: NodeId, storage: &Storage, options: &Options, network: Network) -> Result<Self, ClusterError> {
        let store = MachineStore::open(storage.clone()).await?;
        let config = Config {
            cluster_name: "zlayer".into(),
            heartbeat_interval: options.heartbeat_ms,
            election_timeout_min: options.heartbeat_ms * 4,
            election_timeout_max: options.heartbeat_ms * 8,
            snapshot_policy: SnapshotPolicy::LogsSinceLast(options.snapshot_after),
            max_in_snapshot_log_to_keep: 0,
            install_snapshot_timeout: SNAPSHOT_TIMEOUT_MS,
            snapshot_max_chunk_size: SNAPSHOT_CHUNK,
            ..Config::default()
        };
        let config = Arc::new(config.validate().map_err(stopped)?);
        let has_peers = network.0.is_some();
        let raft = Raft::new(id, config, network, LogStore::new(storage.clone()), store.clone())
            .await
            .map_err(stopped)?;
        let node = Self {
            id,
            raft,
            store,
            storage: storage.clone(),
        };
        let raft = &node.raft;
        if id == FIRST && !raft.is_initialized().await.map_err(stopped)? {
            raft.initialize(BTreeMap::from([(FIRST, Member::default())]))
                .await
                .map_err(stopped)?;
        }
        let (voters, members): (BTreeSet<NodeId>, usize) = raft
            .with_raft_state(|state| {
                let membership = state.membership_state.effective();
                (membership.voter_ids().collect(), membership.nodes().count())
            })
            .await
            .map_err(stopped)?;
        if voters == BTreeSet::from([id]) {
            node.lead_alone().await?;
        }
        if !has_peers && members > 1 {
            if let Err(cause) = node.raft.shutdown().await {
                tracing::warn!(%cause, "the replicated state did not end in order");
            }
            return Err(ClusterError::NeedsPeers(members));
        }
        Ok(node)
    }

    /// Nobody else can lead: to wait for a leader would only cost time.
    async fn lead_alone(&self) -> Result<(), ClusterError> {
        self.raft.trigger().elect().await.map_err(stopped)?;
        self.raft
            .wait(Some(LEAD_TIMEOUT))
            .current_leader(self.id, "lead a cluster of one")
            .await
            .map_err(stopped)?;
        // Leading says that the log is complete; this waits until it is applied too.
        self.raft.ensure_linearizable().await.map_err(stopped)?;
        Ok(())
    }

    pub fn is_running(&self) -> bool {
        self.raft.metrics().borrow().running_state.is_ok()
    }

    pub fn life(&self) -> u64 {
        self.storage.life()
    }

    pub fn metrics(&self) -> RaftMetrics<NodeId, Member> {
        self.raft.metrics().borrow().clone()
    }

    pub fn leads(&self) -> bool {
        self.raft.metrics().borrow().current_leader == Some(self.id)
    }

    pub fn voters(&self) -> BTreeSet<NodeId> {
        self.raft.metrics().borrow().membership_config.voter_ids().collect()
    }

    /// Who leads, as far as this node knows, with the address under which it is a member.
    pub fn leader(&self) -> Option<Contact> {
        let metrics = self.raft.metrics();
        let metrics = metrics.borrow();
        let leader = metrics.current_leader?;
        let member = metrics.membership_config.membership().get_node(&leader)?;
        Some(Contact {
            node: leader,
            name: member.name.clone(),
            address: member.address.clone(),
        })
    }

    /// All members but this one.
    pub fn others(&self) -> Vec<Contact> {
        let metrics = self.raft.metrics();
        let metrics = metrics.borrow();
        let nodes = metrics.membership_config.nodes();
        nodes
            .filter(|(id, _)| **id != self.id)
            .map(|(id, member)| Contact {
                node: *id,
                name: member.name.clone(),
                address: member.address.clone(),
            })
            .collect()
    }

    pub async fn close(&self) {
        if let Err(cause) = self.raft.shutdown().await {
            tracing::warn!(%cause, "the replicated state did not end in order");
        }
        self.storage.close().await;
    }
}
