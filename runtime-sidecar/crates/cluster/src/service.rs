//! Answers what other nodes ask.

use std::time::Instant;

use crate::authority::key_of_request;
use crate::change::{Answer, What};
use crate::cluster::Inner;
use crate::config::NodeId;
use crate::error::ClusterError;
use crate::machine::Machine;
use crate::peers::Peers;
use crate::roster::{Rejection, RosterCommand};
use crate::token::JoinToken;
use crate::wire::{Contact, JoinReply, JoinRequest, Refusal, Reply, Request};
use crate::writes::{ATTEMPT, Failure};

/// Answers a member, whose certificate has said who it is.
pub(crate) async fn answer<M: Machine>(inner: &Inner<M>, from: NodeId, request: Request<M>) -> Reply<M> {
    match try_answer(inner, from, request).await {
        Ok(reply) => reply,
        Err(refusal) => Reply::Refused(refusal),
    }
}

async fn try_answer<M: Machine>(inner: &Inner<M>, from: NodeId, request: Request<M>) -> Result<Reply<M>, Refusal> {
    let Some(peers) = &inner.peers else {
        return Err(Refusal::Failed("this node takes no peers".into()));
    };
    let node = inner.running_node().await.map_err(failed)?;
    if node.store.state().roster.has_left(from) {
        return Err(Refusal::Removed);
    }
    // A member speaks for itself only.
    let speaks_for = match &request {
        Request::Append(request) => Some(request.vote.leader_id().node_id),
        Request::Vote(request) => Some(request.vote.leader_id().node_id),
        Request::Snapshot(chunk) => Some(chunk.vote().leader_id().node_id),
        Request::Change(change) => Some(change.id.map_or(0, |id| id.node)),
        _ => None,
    };
    if speaks_for.is_some_and(|node| node != from) {
        return Err(Refusal::Forbidden("a node speaks for itself only".into()));
    }
    let lead = || {
        if node.leads() {
            Ok(())
        } else {
            Err(Refusal::NotLeader { leader: node.leader() })
        }
    };
    match request {
        Request::Append(request) => {
            let answer = node.raft.append_entries(request).await;
            if answer.as_ref().is_ok_and(|answer| answer.is_success()) {
                peers.note_leader();
            }
            Ok(Reply::Append(answer))
        }
        Request::Vote(request) => Ok(Reply::Vote(node.raft.vote(request).await)),
        Request::Snapshot(chunk) => Ok(Reply::Snapshot(node.raft.install_snapshot(chunk.request()).await)),
        Request::Change(change) => {
            lead()?;
            let deadline = Instant::now() + ATTEMPT;
            match inner.lead_change(&node, change, deadline).await {
                Ok(answer) => Ok(Reply::Change(answer)),
                Err(Failure::NotDone(ClusterError::NoMajority { answering, voters })) => {
                    Err(Refusal::NoMajority { answering, voters })
                }
                Err(Failure::NotDone(_)) => Err(Refusal::NotLeader { leader: None }),
                Err(Failure::Unsure(cause)) => Err(Refusal::Unsure(cause)),
                Err(Failure::Final(cause)) => Err(failed(cause)),
            }
        }
        Request::ReadIndex => {
            lead()?;
            match inner.lead_read(&node, Instant::now() + ATTEMPT).await {
                Ok(index) => Ok(Reply::ReadIndex(index)),
                Err(ClusterError::NoMajority { answering, voters }) => Err(Refusal::NoMajority { answering, voters }),
                Err(_) => Err(Refusal::NotLeader { leader: None }),
            }
        }
        Request::Beat(beat) => {
            peers.links.note_address(from, &beat.address);
            lead()?;
            let moved = {
                let state = node.store.state();
                let record = state.roster.nodes.get(&from);
                record.is_some_and(|record| record.address != beat.address)
            };
            peers.note_beat(from, beat.load);
            if moved {
                let command = RosterCommand::Move {
                    node: from,
                    address: beat.address,
                };
                inner.change(What::Roster(command)).await.map_err(failed)?;
            }
            Ok(Reply::Beat)
        }
        Request::Loads => {
            lead()?;
            Ok(Reply::Loads(peers.heard().collect()))
        }
        Request::Invite(invitation) => {
            lead()?;
            match inner.invite(peers, invitation).await {
                Ok(token) => Ok(Reply::Invite(token.to_string())),
                Err(cause) => Err(failed(cause)),
            }
        }
        Request::Certify(request) => {
            let authority = peers
                .authority()
                .ok_or_else(|| Refusal::Failed("this node has not the authority's key".into()))?;
            if !node.store.state().roster.nodes.contains_key(&from) {
                return Err(Refusal::Failed("this node does not know you yet".into()));
            }
            let options = &peers.options;
            authority
                .certify(&request, from, options.clock.now(), options.certificate_life)
                .map(Reply::Certify)
                .map_err(failed)
        }
        Request::AuthorityKey => {
            if !node.voters().contains(&from) {
                return Err(Refusal::Forbidden(
                    "only nodes that vote have the authority's key".into(),
                ));
            }
            let authority = peers
                .authority()
                .ok_or_else(|| Refusal::Failed("this node has not the authority's key".into()))?;
            Ok(Reply::AuthorityKey(authority.key_pem()))
        }
    }
}

fn failed(cause: ClusterError) -> Refusal {
    match cause {
        ClusterError::NoMajority { answering, voters } => Refusal::NoMajority { answering, voters },
        ClusterError::Unsure(cause) => Refusal::Unsure(cause),
        ClusterError::NoLeader(_) => Refusal::NotLeader { leader: None },
        cause => Refusal::Failed(cause.to_string()),
    }
}

/// Answers a node that has no certificate, only a token.
pub(crate) async fn join<M: Machine>(inner: &Inner<M>, request: JoinRequest) -> JoinReply {
    let Some(peers) = &inner.peers else {
        return JoinReply::Refused("this node takes no peers".into());
    };
    match try_join(inner, peers, request).await {
        Ok(reply) => reply,
        Err(
            cause @ (ClusterError::NoMajority { .. }
            | ClusterError::NoLeader(_)
            | ClusterError::Unsure(_)
            | ClusterError::Stopped(_)
            | ClusterError::Storage { .. }),
        ) => JoinReply::Later(cause.to_string()),
        Err(cause) => JoinReply::Refused(cause.to_string()),
    }
}

async fn try_join<M: Machine>(
    inner: &Inner<M>,
    peers: &Peers,
    request: JoinRequest,
) -> Result<JoinReply, ClusterError> {
    // What can be refused without the others is refused first.
    let token: JoinToken = request.token.parse()?;
    let identity = peers.identity();
    token.check(&identity.cluster, &identity.authority)?;
    let key = key_of_request(&request.request)?;
    let node = inner.running_node().await?;
    if !node.leads() {
        return Ok(match node.leader() {
            Some(leader) => JoinReply::Leader(leader.address),
            None => JoinReply::Later(inner.without_leader(&node).to_string()),
        });
    }
    let Some(authority) = peers.authority() else {
        return Ok(JoinReply::Later(
            "the leader has not got the authority's key yet".into(),
        ));
    };
    let now = peers.options.clock.now();
    let command = RosterCommand::Admit {
        token: token.claims.id,
        name: request.name,
        address: request.address,
        key,
        labels: request.labels,
        at_ms: peers.options.clock.now_ms(),
    };
    let admitted = match inner.change(What::Roster(command)).await? {
        Answer::Roster(change) => change?.admitted.ok_or(Rejection::UnknownToken)?,
        _ => return Ok(JoinReply::Later("the cluster's answer was lost".into())),
    };
    let certificate = authority.certify(&request.request, admitted, now, peers.options.certificate_life)?;
    let me = Contact {
        node: inner.id,
        name: identity.name,
        address: peers.address.clone(),
    };
    Ok(JoinReply::Welcome {
        node: admitted,
        certificate,
        authority: identity.authority,
        contacts: std::iter::once(me).chain(node.others()).collect(),
    })
}
