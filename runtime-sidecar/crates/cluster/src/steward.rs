//! What the leader does all the time: it makes Raft's members the nodes of the roster.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use openraft::ChangeMembers;

use crate::cluster::Inner;
use crate::config::{Member, NodeId};
use crate::machine::Machine;
use crate::node::Node;
use crate::peers::Peers;
use crate::roster::{Availability, Roster};
use crate::voters::{self, Candidate};

/// A log that lacks fewer entries than this is close to the leader's.
const CLOSE: u64 = 200;
/// The label by which voters are spread.
const ZONE: &str = "zone";
const CHANGE_WITHIN: Duration = Duration::from_secs(10);

/// Works until the node ends.
pub(crate) fn start<M: Machine>(peers: &Arc<Peers>, inner: &Arc<Inner<M>>) {
    let inner: Weak<Inner<M>> = Arc::downgrade(inner);
    let peers = Arc::clone(peers);
    let tasks = peers.tasks.clone();
    tasks.spawn(async move {
        let mut turns = tokio::time::interval(peers.options.beat / 2);
        turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut leads_since = None;
        loop {
            tokio::select! {
                () = peers.ending.cancelled() => return,
                _ = turns.tick() => {}
            }
            let Some(inner) = inner.upgrade() else { return };
            let node = inner.node();
            if !node.leads() {
                leads_since = None;
                node.raft.runtime_config().heartbeat(true);
                continue;
            }
            let since = *leads_since.get_or_insert_with(Instant::now);
            let turn = tokio::time::timeout(CHANGE_WITHIN, turn(&node, &peers, since));
            tokio::select! {
                () = peers.ending.cancelled() => return,
                done = turn => match done {
                    Ok(Ok(())) => {}
                    Ok(Err(cause)) => tracing::info!(cause, "the cluster's members could not be changed yet"),
                    Err(_) => tracing::info!("a change of the cluster's members takes long"),
                }
            }
        }
    });
}

/// Makes at most one change; the next turn makes the next.
async fn turn<M: Machine>(node: &Node<M>, peers: &Peers, since: Instant) -> Result<(), String> {
    let roster = node.store.state().roster.clone();
    if roster.founded.is_none() {
        return Ok(());
    }
    let metrics = node.metrics();
    let membership = metrics.membership_config.membership().clone();
    if let [_, .., next] = membership.get_joint_config().as_slice() {
        // An earlier leader began to change who votes.
        return change(node, ChangeMembers::ReplaceAllVoters(next.clone()), true).await;
    }
    let members: BTreeMap<NodeId, Member> = membership.nodes().map(|(id, node)| (*id, node.clone())).collect();
    let votes: BTreeSet<NodeId> = membership.voter_ids().collect();

    if let Some(changed) = changed_members(&roster, &members, &peers_known(peers), node.id) {
        return change(node, changed, true).await;
    }
    let caught_up = |id: &NodeId| {
        let last = metrics.last_log_index.unwrap_or(0);
        *id == node.id
            || metrics.replication.as_ref().is_some_and(|replication| {
                let matching = replication.get(id).copied().flatten();
                matching.is_some_and(|matching| matching.index + CLOSE > last)
            })
    };
    let new_in_office = since.elapsed() < peers.options.lost_after();
    let candidates = members
        .keys()
        .filter_map(|id| {
            let record = roster.nodes.get(id)?;
            let heard = peers.links.heard_within(*id, peers.options.lost_after());
            let candidate = Candidate {
                votes: votes.contains(id),
                // Who has just begun to lead has not heard from everybody yet.
                alive: *id == node.id || heard || (new_in_office && votes.contains(id)),
                caught_up: caught_up(id),
                draining: record.availability == Availability::Draining,
                zone: record.labels.get(ZONE).map(String::as_str),
            };
            Some((*id, candidate))
        })
        .collect();
    let chosen = voters::choose(&candidates);
    if !chosen.is_empty() && chosen != votes {
        tracing::info!(?chosen, "other nodes vote from now on");
        return change(node, ChangeMembers::ReplaceAllVoters(chosen), true).await;
    }
    if !votes.contains(&node.id) {
        // Who votes no longer leads no longer: it falls silent, so that a voter asks to lead. The new leader goes on from here.
        node.raft.runtime_config().heartbeat(false);
        return Ok(());
    }
    // Nodes that have left the roster and vote no longer.
    let gone: BTreeSet<NodeId> = members
        .keys()
        .filter(|id| !roster.nodes.contains_key(id))
        .copied()
        .collect();
    if !gone.is_empty() && gone.is_disjoint(&votes) {
        return change(node, ChangeMembers::RemoveNodes(gone), false).await;
    }
    Ok(())
}

/// The nodes that have given a sign of life.
fn peers_known(peers: &Peers) -> BTreeSet<NodeId> {
    peers.heard().map(|(node, _)| node).collect()
}

/// Nodes that have to become members, or that have moved.
fn changed_members(
    roster: &Roster,
    members: &BTreeMap<NodeId, Member>,
    known: &BTreeSet<NodeId>,
    me: NodeId,
) -> Option<ChangeMembers<NodeId, Member>> {
    let mut new = BTreeMap::new();
    let mut moved = BTreeMap::new();
    for (id, record) in &roster.nodes {
        let member = Member {
            name: record.name.clone(),
            address: record.address.clone(),
        };
        match members.get(id) {
            // Not before it listens: Raft would wait for it in vain.
            None if *id == me || known.contains(id) => drop(new.insert(*id, member)),
            Some(known) if *known != member => drop(moved.insert(*id, member)),
            _ => {}
        }
    }
    if !new.is_empty() {
        Some(ChangeMembers::AddNodes(new))
    } else if !moved.is_empty() {
        // The number of a node is shown by its certificate, so that another node at its address is not taken for it.
        Some(ChangeMembers::SetNodes(moved))
    } else {
        None
    }
}

async fn change<M: Machine>(node: &Node<M>, change: ChangeMembers<NodeId, Member>, retain: bool) -> Result<(), String> {
    node.raft
        .change_membership(change, retain)
        .await
        .map(drop)
        .map_err(|cause| cause.to_string())
}
