//! Raft's way to the other nodes.

use std::sync::Arc;
use std::time::Duration;

use openraft::AnyError;
use openraft::error::{
    InstallSnapshotError, NetworkError, PayloadTooLarge, RPCError, RaftError, RemoteError, Unreachable,
};
use openraft::network::{RPCOption, RaftNetwork, RaftNetworkFactory};
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, InstallSnapshotRequest, InstallSnapshotResponse, VoteRequest,
    VoteResponse,
};

use crate::config::{Member, NodeId, Types};
use crate::links::{LinkError, Links};
use crate::machine::Machine;
use crate::wire::{Chunk, Reply, Request};

/// Reaches other nodes; without links the node is alone, and there is nobody to reach.
#[derive(Clone)]
pub(crate) struct Network(pub Option<Arc<Links>>);

/// The way to one node.
pub(crate) struct Line {
    links: Option<Arc<Links>>,
    node: NodeId,
    address: String,
}

#[derive(Debug, thiserror::Error)]
enum NetworkFailure {
    #[error("this node is alone in its cluster")]
    Alone,
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error("the other node refused: {0}")]
    Refused(String),
}

impl<M: Machine> RaftNetworkFactory<Types<M>> for Network {
    type Network = Line;

    async fn new_client(&mut self, node: NodeId, member: &Member) -> Line {
        Line {
            links: self.0.clone(),
            node,
            address: member.address.clone(),
        }
    }
}

impl Line {
    async fn call<M: Machine>(&self, request: &Request<M>, within: Duration) -> Result<Reply<M>, NetworkFailure> {
        let links = self.links.as_ref().ok_or(NetworkFailure::Alone)?;
        match links.call(self.node, &self.address, request, within).await? {
            Reply::Refused(refusal) => Err(NetworkFailure::Refused(format!("{refusal:?}"))),
            reply => Ok(reply),
        }
    }

    #[expect(clippy::result_large_err, reason = "the type is openraft's")]
    fn answered<T, E: std::error::Error>(
        &self,
        answer: Result<T, RaftError<NodeId, E>>,
    ) -> Result<T, RPCError<NodeId, Member, RaftError<NodeId, E>>> {
        answer.map_err(|cause| RPCError::RemoteError(RemoteError::new(self.node, cause)))
    }
}

/// Raft pauses after `Unreachable` and tries again at once after a failed network.
fn failed<E: std::error::Error>(cause: NetworkFailure) -> RPCError<NodeId, Member, E> {
    match &cause {
        NetworkFailure::Link(LinkError::Broken { .. }) => RPCError::Network(NetworkError::new(&cause)),
        _ => RPCError::Unreachable(Unreachable::new(&cause)),
    }
}

fn unexpected<E: std::error::Error>() -> RPCError<NodeId, Member, E> {
    let cause = AnyError::error("the other node answered something else");
    RPCError::Unreachable(Unreachable::new(&cause))
}

impl<M: Machine> RaftNetwork<Types<M>> for Line {
    async fn append_entries(
        &mut self,
        request: AppendEntriesRequest<Types<M>>,
        option: RPCOption,
    ) -> Result<AppendEntriesResponse<NodeId>, RPCError<NodeId, Member, RaftError<NodeId>>> {
        let entries = u64::try_from(request.entries.len()).unwrap_or(u64::MAX);
        match self.call::<M>(&Request::Append(request), option.hard_ttl()).await {
            Ok(Reply::Append(answer)) => self.answered(answer),
            Ok(_) => Err(unexpected()),
            Err(NetworkFailure::Link(LinkError::TooLong(_))) if entries > 1 => {
                Err(PayloadTooLarge::new_entries_hint(entries / 2).into())
            }
            Err(cause) => Err(failed(cause)),
        }
    }

    async fn install_snapshot(
        &mut self,
        request: InstallSnapshotRequest<Types<M>>,
        option: RPCOption,
    ) -> Result<InstallSnapshotResponse<NodeId>, RPCError<NodeId, Member, RaftError<NodeId, InstallSnapshotError>>>
    {
        let request = Request::<M>::Snapshot(Chunk::of(request));
        match self.call(&request, option.hard_ttl()).await {
            Ok(Reply::Snapshot(answer)) => self.answered(answer),
            Ok(_) => Err(unexpected()),
            Err(cause) => Err(failed(cause)),
        }
    }

    async fn vote(
        &mut self,
        request: VoteRequest<NodeId>,
        option: RPCOption,
    ) -> Result<VoteResponse<NodeId>, RPCError<NodeId, Member, RaftError<NodeId>>> {
        match self.call::<M>(&Request::Vote(request), option.hard_ttl()).await {
            Ok(Reply::Vote(answer)) => self.answered(answer),
            Ok(_) => Err(unexpected()),
            Err(cause) => Err(failed(cause)),
        }
    }
}
