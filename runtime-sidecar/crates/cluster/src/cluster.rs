//! A node of the cluster.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use openraft::error::{ClientWriteError, RaftError};

use crate::change::{Answer, Change, What};
use crate::config::{FIRST, NodeId};
use crate::error::{ClusterError, stopped};
use crate::identity::Identity;
use crate::machine::Machine;
use crate::network::Network;
use crate::node::Node;
use crate::options::{Options, PeerOptions};
use crate::peers::Peers;
use crate::tickets::Tickets;
use crate::{keeper, listener, steward};

/// A node's part in the cluster: the state that it has, and the way to change it.
pub struct Cluster<M: Machine> {
    pub(crate) inner: Arc<Inner<M>>,
}

/// What the tasks of a node share.
pub(crate) struct Inner<M: Machine> {
    path: PathBuf,
    pub options: Options,
    pub id: NodeId,
    node: RwLock<Arc<Node<M>>>,
    /// Held while the node is opened again.
    reopening: tokio::sync::Mutex<()>,
    tickets: Tickets,
    /// `None` where the node is alone and stays so.
    pub peers: Option<Arc<Peers>>,
}

impl<M: Machine> Cluster<M> {
    /// Opens the state in `path`, or creates a cluster of one there, and returns when this node may change it. Nothing listens.
    ///
    /// # Errors
    /// [`ClusterError::Storage`] and [`ClusterError::TooNew`] when the file cannot be used; [`ClusterError::Stopped`] when it
    /// could not be written at the start; [`ClusterError::NeedsPeers`] when the node belongs to a cluster of several.
    pub async fn open(path: &Path, options: Options) -> Result<Self, ClusterError> {
        let inner = Inner::open(path, options, FIRST, None).await?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Opens the state in `path` as the node whose identity is in the peers' directory, and listens for peers. Where there is no
    /// identity, the node becomes the first of a new cluster, with the state that it has.
    ///
    /// # Errors
    /// Those of [`Cluster::open`]; [`ClusterError::Listen`]; [`ClusterError::Identity`] and [`ClusterError::File`] when keys and
    /// certificates cannot be used.
    pub async fn open_with_peers(path: &Path, options: Options, peers: PeerOptions) -> Result<Self, ClusterError> {
        let (peers, listener) = Peers::open(peers).await?;
        let peers = Arc::new(peers);
        let inner = Inner::open(path, options, peers.node(), Some(Arc::clone(&peers))).await?;
        let inner = Arc::new(inner);
        listener::start(listener, &peers, &inner);
        if inner.id == FIRST {
            keeper::found(&inner, &peers).await?;
        }
        keeper::start(&peers, &inner);
        steward::start(&peers, &inner);
        Ok(Self { inner })
    }

    /// Changes the state by a command, and answers its outcome once it would survive the loss of a minority of the voters and a crash
    /// of all of them. A command is done even when this is dropped before it has answered, and it is done once, also when it has to
    /// be sent to the leader again.
    ///
    /// A disk that cannot be written, because it is full for example, ends Raft: what was half done must not be built upon. The next
    /// command begins from what is on the disk, so that it works once there is space again.
    ///
    /// # Errors
    /// [`ClusterError::NoMajority`] and [`ClusterError::NoLeader`]: nothing has changed. [`ClusterError::Unsure`]: it may have.
    /// [`ClusterError::TooLong`]. [`ClusterError::Stopped`]: nothing has changed, or the node has lost its disk.
    pub async fn submit(&self, command: M::Command) -> Result<M::Outcome, ClusterError> {
        match self.inner.change(What::Machine(command)).await? {
            Answer::Machine(outcome) => Ok(outcome),
            answer => Err(stopped(format!("a command was answered by {answer:?}"))),
        }
    }

    /// Reads the state as this node has it now. `read` must be short: changes wait for it. [`Cluster::read_local`] says how old it is,
    /// [`Cluster::read_fresh`] waits for the newest.
    pub fn read<T>(&self, read: impl FnOnce(&M) -> T) -> T {
        read(&self.inner.node().store.state().machine)
    }

    /// Ends this node's part and releases the file. What was submitted stays.
    pub async fn close(&self) {
        if let Some(peers) = &self.inner.peers {
            peers.ending.cancel();
            peers.tasks.close();
            peers.tasks.wait().await;
        }
        self.inner.node().close().await;
    }
}

impl<M: Machine> Drop for Cluster<M> {
    fn drop(&mut self) {
        if let Some(peers) = &self.inner.peers {
            peers.ending.cancel();
        }
    }
}

impl<M: Machine> Inner<M> {
    async fn open(path: &Path, options: Options, id: NodeId, peers: Option<Arc<Peers>>) -> Result<Self, ClusterError> {
        let network = Network(peers.as_ref().map(|peers| Arc::clone(&peers.links)));
        let node = Node::open(id, path, &options, network).await?;
        Ok(Self {
            tickets: Tickets::new(id, node.life()),
            node: RwLock::new(Arc::new(node)),
            path: path.to_owned(),
            options,
            id,
            reopening: tokio::sync::Mutex::default(),
            peers,
        })
    }

    pub fn node(&self) -> Arc<Node<M>> {
        Arc::clone(&self.node.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The node, opened again after Raft has ended.
    pub async fn running_node(&self) -> Result<Arc<Node<M>>, ClusterError> {
        let node = self.node();
        if node.is_running() {
            return Ok(node);
        }
        let _turn = self.reopening.lock().await;
        let current = self.node();
        if !Arc::ptr_eq(&current, &node) {
            return Ok(current);
        }
        node.close().await;
        let network = Network(self.peers.as_ref().map(|peers| Arc::clone(&peers.links)));
        let node = Arc::new(Node::open(self.id, &self.path, &self.options, network).await?);
        *self.node.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&node);
        Ok(node)
    }

    /// Makes a change, wherever the leader is.
    pub async fn change(&self, what: What<M::Command>) -> Result<Answer<M::Outcome>, ClusterError> {
        let ticket = self.tickets.take().await;
        let change = Change {
            id: Some(ticket.id),
            what,
        };
        match &self.peers {
            None => self.change_alone(change).await,
            Some(peers) => self.change_among(peers, change).await,
        }
    }

    async fn change_alone(&self, change: Change<M::Command>) -> Result<Answer<M::Outcome>, ClusterError> {
        let node = self.running_node().await?;
        match node.raft.client_write(change).await {
            Ok(written) => written.data.ok_or_else(|| stopped("a command had no outcome")),
            Err(RaftError::APIError(ClientWriteError::ForwardToLeader(_))) => {
                Err(ClusterError::NoLeader("this node does not lead itself".into()))
            }
            Err(cause) => Err(stopped(cause)),
        }
    }
}

/// Whether a directory of peers has the identity of a member.
///
/// # Errors
/// [`ClusterError::File`] and [`ClusterError::Identity`].
pub fn is_member(directory: &Path) -> Result<bool, ClusterError> {
    Ok(Identity::load(directory)?.is_some())
}
