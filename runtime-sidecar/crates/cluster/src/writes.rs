//! Changes where there are several nodes: the leader makes them, every node takes them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use openraft::error::{ClientWriteError, RaftError};

use crate::change::{Answer, Change};
use crate::cluster::Inner;
use crate::error::{ClusterError, stopped};
use crate::links::LinkError;
use crate::machine::Machine;
use crate::node::Node;
use crate::peers::Peers;
use crate::wire::{LONGEST_COMMAND, Refusal, Reply, Request};

/// Between two attempts, unless a leader appears earlier.
const PAUSE: Duration = Duration::from_millis(100);
/// For one attempt: a leader that is cut off does not answer, while another may lead already.
pub(crate) const ATTEMPT: Duration = Duration::from_secs(2);

/// Why an attempt gave no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nothing has changed; another attempt may do it.
    NotDone(ClusterError),
    /// It may have changed; another attempt is answered the same.
    Unsure(String),
    /// Another attempt would give the same.
    Final(ClusterError),
}

impl<M: Machine> Inner<M> {
    pub(crate) async fn change_among(
        &self,
        peers: &Arc<Peers>,
        change: Change<M::Command>,
    ) -> Result<Answer<M::Outcome>, ClusterError> {
        let bytes = serde_json::to_vec(&change.what).map_err(stopped)?.len();
        if bytes > LONGEST_COMMAND {
            return Err(ClusterError::TooLong {
                bytes,
                most: LONGEST_COMMAND,
            });
        }
        let start = Instant::now();
        let deadline = start + self.options.patience;
        let mut unsure = None;
        loop {
            let node = self.running_node().await?;
            let refused = match self.attempt(&node, peers, change.clone(), deadline).await {
                Ok(answer) => return Ok(answer),
                Err(Failure::Final(cause)) => return Err(cause),
                Err(Failure::NotDone(cause)) => cause,
                Err(Failure::Unsure(cause)) => {
                    unsure = Some(cause.clone());
                    ClusterError::Unsure(cause)
                }
            };
            if peers.is_removed() {
                return Err(ClusterError::Removed);
            }
            if self.is_hopeless(&refused, start) || !self.pause(&node, deadline).await {
                return Err(unsure.map_or(refused, ClusterError::Unsure));
            }
        }
    }

    /// Whether it makes no sense to wait longer: most voters have not been heard from for longer than a new leader would take.
    pub(crate) fn is_hopeless(&self, refused: &ClusterError, start: Instant) -> bool {
        matches!(refused, ClusterError::NoMajority { .. }) && start.elapsed() > self.options.silence()
    }

    /// Waits a moment, less where a new leader appears. Answers whether there is time for another attempt.
    pub(crate) async fn pause(&self, node: &Node<M>, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        let mut metrics = node.raft.server_metrics();
        let before = metrics.borrow_and_update().current_leader;
        let appears = metrics.wait_for(|now| now.current_leader.is_some() && now.current_leader != before);
        let _ = tokio::time::timeout(PAUSE.min(left), appears).await;
        Instant::now() < deadline
    }

    async fn attempt(
        &self,
        node: &Arc<Node<M>>,
        peers: &Arc<Peers>,
        change: Change<M::Command>,
        deadline: Instant,
    ) -> Result<Answer<M::Outcome>, Failure> {
        if node.leads() {
            return self.lead_change(node, change, deadline).await;
        }
        let leader = node
            .leader()
            .ok_or_else(|| Failure::NotDone(self.without_leader(node)))?;
        let left = deadline.saturating_duration_since(Instant::now()).min(ATTEMPT);
        let asked = peers
            .links
            .call::<_, Reply<M>>(leader.node, &leader.address, &Request::<M>::Change(change), left)
            .await;
        match asked {
            Ok(Reply::Change(answer)) => Ok(answer),
            Ok(Reply::Refused(refusal)) => Err(refused(refusal)),
            Ok(_) => Err(Failure::Unsure("the leader answered something else".into())),
            Err(cause @ (LinkError::Unreachable { .. } | LinkError::TooLong(_))) => {
                Err(Failure::NotDone(ClusterError::NoLeader(cause.to_string())))
            }
            Err(cause @ LinkError::Broken { .. }) => Err(Failure::Unsure(cause.to_string())),
        }
    }

    /// Makes a change on the node that leads, for itself or for another.
    pub(crate) async fn lead_change(
        &self,
        node: &Arc<Node<M>>,
        change: Change<M::Command>,
        deadline: Instant,
    ) -> Result<Answer<M::Outcome>, Failure> {
        if let Some(cause) = self.cut_off(node) {
            return Err(Failure::NotDone(cause));
        }
        // In a task of its own: a change is done even when its asker goes away.
        let raft = node.raft.clone();
        let written = tokio::spawn(async move { raft.client_write(change).await });
        let left = deadline.saturating_duration_since(Instant::now());
        match tokio::time::timeout(left, written).await {
            Err(_) => Err(Failure::Unsure(match self.cut_off(node) {
                Some(ClusterError::NoMajority { answering, voters }) => {
                    format!("only {answering} of {voters} voting nodes answer")
                }
                _ => "the other nodes take too long".into(),
            })),
            Ok(Err(cause)) => Err(Failure::Unsure(cause.to_string())),
            Ok(Ok(Ok(written))) => written
                .data
                .ok_or_else(|| Failure::Final(stopped("a command had no outcome"))),
            // It may be in the log already when the lead is lost.
            Ok(Ok(Err(RaftError::APIError(ClientWriteError::ForwardToLeader(_))))) => {
                Err(Failure::Unsure("the lead went to another node".into()))
            }
            Ok(Ok(Err(cause))) => Err(Failure::Final(stopped(cause))),
        }
    }

    /// The reason why a leader cannot decide anything, if there is one.
    pub(crate) fn cut_off(&self, node: &Node<M>) -> Option<ClusterError> {
        let silent_ms = node.metrics().millis_since_quorum_ack?;
        (u128::from(silent_ms) > self.options.silence().as_millis()).then(|| self.without_majority(node))
    }

    /// What a node says that knows no leader.
    pub(crate) fn without_leader(&self, node: &Node<M>) -> ClusterError {
        let ClusterError::NoMajority { answering, voters } = self.without_majority(node) else {
            return ClusterError::NoLeader("none is known".into());
        };
        if answering > voters / 2 {
            ClusterError::NoLeader("the nodes are choosing one".into())
        } else {
            ClusterError::NoMajority { answering, voters }
        }
    }

    pub(crate) fn without_majority(&self, node: &Node<M>) -> ClusterError {
        let voters = node.voters();
        let answers = |id: &u64| match &self.peers {
            _ if *id == self.id => true,
            Some(peers) => peers.links.heard_within(*id, self.options.silence()),
            None => false,
        };
        ClusterError::NoMajority {
            answering: voters.iter().filter(|id| answers(id)).count(),
            voters: voters.len(),
        }
    }
}

fn refused(refusal: Refusal) -> Failure {
    match refusal {
        Refusal::NotLeader { leader } => Failure::NotDone(ClusterError::NoLeader(leader.map_or_else(
            || "none is known".to_owned(),
            |leader| format!("“{}” leads now", leader.name),
        ))),
        Refusal::NoMajority { answering, voters } => Failure::NotDone(ClusterError::NoMajority { answering, voters }),
        Refusal::Unsure(cause) => Failure::Unsure(cause),
        Refusal::Removed => Failure::Final(ClusterError::Removed),
        Refusal::Forbidden(cause) | Refusal::Failed(cause) => Failure::Final(stopped(cause)),
    }
}
