//! What each node does all the time: it tells the leader that it lives, replaces its certificate, and keeps or forgets the authority's
//! key as it votes or not.

use std::collections::BTreeSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::authority::Authority;
use crate::change::{Answer, What};
use crate::cluster::Inner;
use crate::config::FIRST;
use crate::error::ClusterError;
use crate::identity::{Identity, Request as CertificateRequest, Validity};
use crate::machine::Machine;
use crate::node::Node;
use crate::peers::{Peers, certified};
use crate::roster::{Founded, Rejection, RosterCommand};
use crate::wire::{Beat, Contact, Refusal, Reply, Request};

const ASK_WITHIN: Duration = Duration::from_secs(3);

/// Makes the cluster's name and authority part of the state, once.
pub(crate) async fn found<M: Machine>(inner: &Inner<M>, peers: &Peers) -> Result<(), ClusterError> {
    let identity = peers.identity();
    let founded = || inner.node().store.state().roster.founded.clone();
    let matches = |founded: &Founded| {
        if founded.cluster == identity.cluster {
            Ok(())
        } else {
            Err(ClusterError::Identity(format!(
                "the state is of the cluster {}, the keys are of {}",
                founded.cluster, identity.cluster
            )))
        }
    };
    if let Some(founded) = founded() {
        return matches(&founded);
    }
    if inner.node().voters() != BTreeSet::from([inner.id]) {
        // A member of a founded cluster that has not applied its log yet.
        return Ok(());
    }
    let key = crate::files::sha256(&crate::authority::der(&identity.certificate)?);
    let command = RosterCommand::Found {
        cluster: identity.cluster.clone(),
        authority: identity.authority.clone(),
        name: identity.name.clone(),
        address: peers.address.clone(),
        key,
        labels: peers.options.labels.clone(),
        at_ms: peers.options.clock.now_ms(),
    };
    match inner.change(What::Roster(command)).await? {
        Answer::Roster(Err(Rejection::Founded)) => founded().as_ref().map_or(Ok(()), matches),
        Answer::Roster(Err(cause)) => Err(cause.into()),
        _ => Ok(()),
    }
}

/// Works until the node ends.
pub(crate) fn start<M: Machine>(peers: &Arc<Peers>, inner: &Arc<Inner<M>>) {
    let inner: Weak<Inner<M>> = Arc::downgrade(inner);
    let peers = Arc::clone(peers);
    let tasks = peers.tasks.clone();
    tasks.spawn(async move {
        let mut turns = tokio::time::interval(peers.options.beat);
        turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = peers.ending.cancelled() => return,
                _ = turns.tick() => {}
            }
            let Some(inner) = inner.upgrade() else { return };
            tokio::select! {
                () = peers.ending.cancelled() => return,
                () = turn(&inner, &peers) => {}
            }
        }
    });
}

async fn turn<M: Machine>(inner: &Inner<M>, peers: &Arc<Peers>) {
    let node = match inner.running_node().await {
        Ok(node) => node,
        Err(cause) => {
            tracing::warn!(%cause, "the replicated state cannot be opened again yet");
            return;
        }
    };
    if peers.is_removed() {
        return;
    }
    beat(&node, peers).await;
    if let Err(cause) = renew(&node, peers).await {
        tracing::warn!(%cause, "this node's certificate could not be replaced");
    }
    if let Err(cause) = keep_authority(&node, peers).await {
        tracing::warn!(%cause, "the key of the cluster's authority could not be kept or forgotten");
    }
}

/// Tells the leader that this node lives, or finds out who leads.
async fn beat<M: Machine>(node: &Node<M>, peers: &Arc<Peers>) {
    if node.leads() {
        peers.note_beat(node.id, peers.load());
        return;
    }
    let beat = Beat {
        address: peers.address.clone(),
        load: peers.load(),
    };
    let mut next: Vec<Contact> = node.leader().into_iter().collect();
    if next.is_empty() {
        // Also a node that was removed while it was away comes here: nobody speaks to it any more.
        next = node.others();
    }
    if next.is_empty() {
        next = peers.identity().contacts;
    }
    let mut asked = 0;
    next.reverse();
    while let Some(contact) = next.pop() {
        asked += 1;
        let request = Request::<M>::Beat(beat.clone());
        let answer = peers
            .links
            .call::<_, Reply<M>>(contact.node, &contact.address, &request, ASK_WITHIN)
            .await;
        match answer {
            Ok(Reply::Beat) => return,
            Ok(Reply::Refused(Refusal::Removed)) => {
                tracing::error!("this node was removed from its cluster");
                peers.note_removed();
                node.raft.runtime_config().elect(false);
                return;
            }
            Ok(Reply::Refused(Refusal::NotLeader { leader: Some(leader) })) if asked < 8 => next.push(leader),
            _ => {}
        }
    }
}

/// Replaces the certificate before it expires.
async fn renew<M: Machine>(node: &Node<M>, peers: &Arc<Peers>) -> Result<(), ClusterError> {
    let identity = peers.identity();
    if identity.holder()?.validity(peers.options.clock.now()) == Validity::Good {
        return Ok(());
    }
    if let Some(authority) = peers.authority() {
        return peers.set_identity(certified(identity, &authority, &peers.options)?);
    }
    let request = CertificateRequest::create()?;
    let mut last = "it knows no other node".to_owned();
    for contact in node.leader().into_iter().chain(node.others()) {
        let question = Request::<M>::Certify(request.request.clone());
        let answer = peers
            .links
            .call::<_, Reply<M>>(contact.node, &contact.address, &question, ASK_WITHIN)
            .await;
        match answer {
            Ok(Reply::Certify(certificate)) => {
                return peers.set_identity(Identity {
                    key: request.key,
                    certificate,
                    ..identity
                });
            }
            Ok(Reply::Refused(refusal)) => last = format!("{refusal:?}"),
            Ok(_) => last = "it answered something else".into(),
            Err(cause) => last = cause.to_string(),
        }
    }
    Err(ClusterError::Identity(last))
}

/// Voters keep the authority's key, so that any of them can lead; others do not have it.
async fn keep_authority<M: Machine>(node: &Node<M>, peers: &Arc<Peers>) -> Result<(), ClusterError> {
    let votes = node.voters().contains(&node.id);
    match (votes, peers.authority().is_some()) {
        (true, false) => {
            let voters = node.voters();
            let others = node.others().into_iter().filter(|other| voters.contains(&other.node));
            for voter in others {
                let answer = peers
                    .links
                    .call::<_, Reply<M>>(voter.node, &voter.address, &Request::<M>::AuthorityKey, ASK_WITHIN)
                    .await;
                if let Ok(Reply::AuthorityKey(key)) = answer {
                    let identity = peers.identity();
                    let authority = Authority::from_pem(&identity.cluster, &identity.authority, &key)?;
                    return peers.set_authority(Some(authority));
                }
            }
            Ok(())
        }
        // The first node keeps what it has made until it knows that it is in a cluster.
        (false, true) if node.leader().is_some() && (node.id != FIRST || !node.others().is_empty()) => {
            peers.set_authority(None)
        }
        _ => Ok(()),
    }
}
