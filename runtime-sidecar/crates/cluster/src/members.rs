//! The cluster as its users see and change it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::authority::{fingerprint, random_hex};
use crate::change::{Answer, What};
use crate::cluster::{Cluster, Inner};
use crate::config::NodeId;
use crate::error::{ClusterError, stopped};
use crate::machine::Machine;
use crate::peers::Peers;
use crate::roster::{Availability, NodeRecord, Rejection, RosterChange, RosterCommand};
use crate::token::{Claims, JoinToken};
use crate::wire::{Invitation, Load, Refusal, Reply, Request};

const ASK_WITHIN: Duration = Duration::from_secs(3);

/// What a node is for Raft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Leader,
    Voter,
    Learner,
    /// Admitted, and not yet seen.
    Joining,
}

/// A node as this one knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeView {
    pub id: NodeId,
    pub record: NodeRecord,
    pub role: Role,
    /// Since the leader last heard from it; `None` where the leader has not, or cannot be asked.
    pub silent: Option<Duration>,
    pub load: Option<Load>,
}

impl<M: Machine> Cluster<M> {
    /// This node's number.
    #[must_use]
    pub fn id(&self) -> NodeId {
        self.inner.id
    }

    /// Host and port that this node tells its peers, where it takes any.
    #[must_use]
    pub fn address(&self) -> Option<String> {
        self.inner.peers.as_ref().map(|peers| peers.address.clone())
    }

    /// Makes a token by which one node may join. Any member can be asked; the leader makes it, and its clock says when it expires.
    ///
    /// # Errors
    /// Those of [`Cluster::submit`]; [`ClusterError::Rejected`].
    pub async fn invite(&self, invitation: Invitation) -> Result<JoinToken, ClusterError> {
        let peers = self.inner.peers.as_ref().ok_or(Rejection::NotFounded)?;
        let deadline = Instant::now() + self.inner.options.patience;
        loop {
            let node = self.inner.running_node().await?;
            let made = if node.leads() {
                self.inner.invite(peers, invitation.clone()).await
            } else {
                match self.ask_leader(peers, Request::Invite(invitation.clone())).await {
                    Ok(Reply::Invite(token)) => Ok(token.parse()?),
                    Ok(_) => Err(stopped("the leader answered something else")),
                    Err(cause) => Err(cause),
                }
            };
            // Another attempt makes another token; one of which nobody knows is good for nothing.
            match made {
                Err(ClusterError::NoLeader(_) | ClusterError::NoMajority { .. } | ClusterError::Unsure(_))
                    if self.inner.pause(&node, deadline).await => {}
                made => return made,
            }
        }
    }

    /// Makes a token that was not used yet good for nothing.
    ///
    /// # Errors
    /// Those of [`Cluster::submit`]; [`ClusterError::Rejected`].
    pub async fn revoke(&self, token: &str) -> Result<(), ClusterError> {
        let command = RosterCommand::Revoke {
            token: token.to_owned(),
        };
        self.inner.change_roster(command).await.map(drop)
    }

    /// Takes a node out of the cluster for ever.
    ///
    /// # Errors
    /// Those of [`Cluster::submit`]; [`ClusterError::Rejected`].
    pub async fn remove(&self, node: NodeId) -> Result<(), ClusterError> {
        self.inner.change_roster(RosterCommand::Remove { node }).await.map(drop)
    }

    /// Cordons or drains a node, or takes it back.
    ///
    /// # Errors
    /// Those of [`Cluster::submit`]; [`ClusterError::Rejected`].
    pub async fn set_availability(&self, node: NodeId, availability: Availability) -> Result<(), ClusterError> {
        let command = RosterCommand::SetAvailability { node, availability };
        self.inner.change_roster(command).await.map(drop)
    }

    /// Replaces a node's labels.
    ///
    /// # Errors
    /// Those of [`Cluster::submit`]; [`ClusterError::Rejected`].
    pub async fn set_labels(&self, node: NodeId, labels: BTreeMap<String, String>) -> Result<(), ClusterError> {
        let command = RosterCommand::SetLabels { node, labels };
        self.inner.change_roster(command).await.map(drop)
    }

    /// Says how busy this node is; the leader hears it with the next sign of life.
    pub fn report(&self, load: Load) {
        if let Some(peers) = &self.inner.peers {
            peers.set_load(load);
        }
    }

    /// Whether this node was told that it belongs to the cluster no longer.
    #[must_use]
    pub fn is_removed(&self) -> bool {
        self.inner.peers.as_ref().is_some_and(|peers| peers.is_removed())
    }

    /// The nodes of the cluster as this node has them, with what the leader has heard from them where it can be asked.
    pub async fn nodes(&self) -> Vec<NodeView> {
        let Some(peers) = &self.inner.peers else {
            return Vec::new();
        };
        let node = self.inner.node();
        let heard: BTreeMap<_, _> = if node.leads() {
            peers.heard().collect()
        } else {
            match self.ask_leader(peers, Request::Loads).await {
                Ok(Reply::Loads(heard)) => heard,
                _ => BTreeMap::new(),
            }
        };
        let metrics = node.metrics();
        let membership = metrics.membership_config.membership();
        let voters = node.voters();
        let role = |id: &NodeId| {
            if metrics.current_leader == Some(*id) {
                Role::Leader
            } else if voters.contains(id) {
                Role::Voter
            } else if membership.get_node(id).is_some() {
                Role::Learner
            } else {
                Role::Joining
            }
        };
        let state = node.store.state();
        let view = |(id, record): (&NodeId, &NodeRecord)| NodeView {
            id: *id,
            record: record.clone(),
            role: role(id),
            silent: heard.get(id).map(|heard| Duration::from_millis(heard.ago_ms)),
            load: heard.get(id).map(|heard| heard.load.clone()),
        };
        state.roster.nodes.iter().map(view).collect()
    }

    async fn ask_leader(&self, peers: &Arc<Peers>, request: Request<M>) -> Result<Reply<M>, ClusterError> {
        let node = self.inner.running_node().await?;
        let leader = node.leader().ok_or_else(|| self.inner.without_leader(&node))?;
        let answer = peers
            .links
            .call(leader.node, &leader.address, &request, ASK_WITHIN)
            .await
            .map_err(|cause| ClusterError::NoLeader(cause.to_string()))?;
        match answer {
            Reply::Refused(Refusal::NoMajority { answering, voters }) => {
                Err(ClusterError::NoMajority { answering, voters })
            }
            Reply::Refused(Refusal::Removed) => Err(ClusterError::Removed),
            Reply::Refused(Refusal::Failed(cause) | Refusal::Forbidden(cause)) => Err(stopped(cause)),
            Reply::Refused(refusal) => Err(ClusterError::NoLeader(format!("{refusal:?}"))),
            answer => Ok(answer),
        }
    }
}

impl<M: Machine> Inner<M> {
    /// Makes a token, on the leader.
    pub(crate) async fn invite(&self, peers: &Peers, invitation: Invitation) -> Result<JoinToken, ClusterError> {
        let authority = peers
            .authority()
            .ok_or_else(|| ClusterError::NoLeader("it has not got the authority's key yet".into()))?;
        let now_ms = peers.options.clock.now_ms();
        let expires_ms = now_ms.saturating_add(invitation.life_seconds.saturating_mul(1000));
        let id = random_hex()?;
        self.change_roster(RosterCommand::Mint {
            token: id.clone(),
            expires_ms,
            wallet: invitation.wallet.clone(),
            replaces: invitation.replaces,
            at_ms: now_ms,
        })
        .await?;
        let others = self.node().others().into_iter().map(|contact| contact.address);
        let claims = Claims {
            id,
            cluster: authority.cluster().into(),
            authority: fingerprint(authority.pem())?,
            addresses: std::iter::once(peers.address.clone())
                .chain(others.filter(|address| !address.is_empty()).take(8))
                .collect(),
            expires_ms,
            wallet: invitation.wallet,
            replaces: invitation.replaces,
        };
        JoinToken::sign(claims, &authority)
    }

    async fn change_roster(&self, command: RosterCommand) -> Result<RosterChange, ClusterError> {
        match self.change(What::Roster(command)).await? {
            Answer::Roster(outcome) => Ok(outcome?),
            answer => Err(stopped(format!("a change of the roster was answered by {answer:?}"))),
        }
    }
}
