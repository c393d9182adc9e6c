//! Reads that say how fresh they are.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::cluster::{Cluster, Inner};
use crate::error::{ClusterError, stopped};
use crate::machine::Machine;
use crate::node::Node;
use crate::peers::Peers;
use crate::wire::{Refusal, Reply, Request};
use crate::writes::ATTEMPT;

/// What was read on this node, and how old it may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Local<T> {
    pub value: T,
    /// Since this node last knew that it had everything that was decided: it led a majority, or heard from the leader. `None` when it
    /// has known nothing of the kind since it started.
    pub age: Option<Duration>,
    /// The name of the node that leads, as far as this one knows.
    pub leader: Option<String>,
    /// The index of the last entry of the log that the state contains.
    pub index: u64,
}

impl<M: Machine> Cluster<M> {
    /// Reads what this node has, whatever the others do.
    pub fn read_local<T>(&self, read: impl FnOnce(&M) -> T) -> Local<T> {
        let node = self.inner.node();
        // The age first: what comes in between makes the value younger than it says.
        let age = self.inner.age(&node);
        let state = node.store.state();
        Local {
            value: read(&state.machine),
            index: state.index(),
            age,
            leader: node.leader().map(|leader| leader.name),
        }
    }

    /// Reads a state that contains every change that was answered before this was called (linearizable), on any node.
    ///
    /// # Errors
    /// [`ClusterError::NoMajority`] and [`ClusterError::NoLeader`] when that cannot be known in time.
    pub async fn read_fresh<T>(&self, read: impl FnOnce(&M) -> T) -> Result<T, ClusterError> {
        self.inner.be_fresh().await?;
        Ok(self.read(read))
    }
}

impl<M: Machine> Inner<M> {
    fn age(&self, node: &Node<M>) -> Option<Duration> {
        let Some(peers) = &self.peers else {
            return Some(Duration::ZERO);
        };
        if node.leads() {
            if node.voters().len() == 1 {
                return Some(Duration::ZERO);
            }
            return node.metrics().millis_since_quorum_ack.map(Duration::from_millis);
        }
        peers.leader_spoke().map(|at| at.elapsed())
    }

    /// Returns when this node has applied everything that was answered before.
    pub(crate) async fn be_fresh(&self) -> Result<(), ClusterError> {
        let start = Instant::now();
        let deadline = start + self.options.patience;
        loop {
            let node = self.running_node().await?;
            let refused = match self.try_fresh(&node, deadline).await {
                Ok(()) => return Ok(()),
                Err(cause) => cause,
            };
            if self.peers.as_ref().is_some_and(|peers| peers.is_removed()) {
                return Err(ClusterError::Removed);
            }
            if self.is_hopeless(&refused, start) || !self.pause(&node, deadline).await {
                return Err(refused);
            }
        }
    }

    async fn try_fresh(&self, node: &Arc<Node<M>>, deadline: Instant) -> Result<(), ClusterError> {
        let Some(peers) = &self.peers else {
            return node.raft.ensure_linearizable().await.map(drop).map_err(stopped);
        };
        if node.leads() {
            return self.lead_read(node, deadline).await.map(drop);
        }
        let index = self.ask_read_index(node, peers, deadline).await?;
        let left = deadline.saturating_duration_since(Instant::now());
        node.raft
            .wait(Some(left))
            .applied_index_at_least(index, "read what was decided")
            .await
            .map(drop)
            .map_err(|cause| ClusterError::NoLeader(cause.to_string()))
    }

    /// On the leader: makes sure that it still leads, and that it has applied what was decided. Answers up to where.
    pub(crate) async fn lead_read(&self, node: &Node<M>, deadline: Instant) -> Result<Option<u64>, ClusterError> {
        let left = deadline.saturating_duration_since(Instant::now());
        match tokio::time::timeout(left, node.raft.ensure_linearizable()).await {
            Ok(Ok(read)) => Ok(read.map(|read| read.index)),
            Ok(Err(_)) | Err(_) => Err(match self.without_leader(node) {
                ClusterError::NoLeader(_) => ClusterError::NoLeader("the lead is going to another node".into()),
                cause => cause,
            }),
        }
    }

    async fn ask_read_index(
        &self,
        node: &Node<M>,
        peers: &Arc<Peers>,
        deadline: Instant,
    ) -> Result<Option<u64>, ClusterError> {
        let leader = node.leader().ok_or_else(|| self.without_leader(node))?;
        let left = deadline.saturating_duration_since(Instant::now()).min(ATTEMPT);
        let asked = peers
            .links
            .call::<_, Reply<M>>(leader.node, &leader.address, &Request::<M>::ReadIndex, left)
            .await;
        match asked {
            Ok(Reply::ReadIndex(index)) => Ok(index),
            Ok(Reply::Refused(Refusal::NoMajority { answering, voters })) => {
                Err(ClusterError::NoMajority { answering, voters })
            }
            Ok(Reply::Refused(Refusal::Removed)) => Err(ClusterError::Removed),
            Ok(Reply::Refused(refusal)) => Err(ClusterError::NoLeader(format!("{refusal:?}"))),
            Ok(_) => Err(ClusterError::NoLeader("it answered something else".into())),
            Err(cause) => Err(ClusterError::NoLeader(cause.to_string())),
        }
    }
}
