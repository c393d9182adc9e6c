//! The way to the other nodes.

use openraft::error::{InstallSnapshotError, RPCError, RaftError, Unreachable};
use openraft::network::{RPCOption, RaftNetwork, RaftNetworkFactory};
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, InstallSnapshotRequest, InstallSnapshotResponse, VoteRequest,
    VoteResponse,
};

use crate::config::{Member, NodeId, Types};
use crate::machine::Machine;

/// The network of a node that is alone: there is nobody to reach.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alone;

#[derive(Debug, thiserror::Error)]
#[error("this node is alone in its cluster")]
struct NobodyThere;

fn unreachable<E: std::error::Error>() -> RPCError<NodeId, Member, E> {
    RPCError::Unreachable(Unreachable::new(&NobodyThere))
}

impl<M: Machine> RaftNetworkFactory<Types<M>> for Alone {
    type Network = Self;

    async fn new_client(&mut self, _: NodeId, _: &Member) -> Self {
        *self
    }
}

impl<M: Machine> RaftNetwork<Types<M>> for Alone {
    async fn append_entries(
        &mut self,
        _: AppendEntriesRequest<Types<M>>,
        _: RPCOption,
    ) -> Result<AppendEntriesResponse<NodeId>, RPCError<NodeId, Member, RaftError<NodeId>>> {
        Err(unreachable())
    }

    async fn install_snapshot(
        &mut self,
        _: InstallSnapshotRequest<Types<M>>,
        _: RPCOption,
    ) -> Result<InstallSnapshotResponse<NodeId>, RPCError<NodeId, Member, RaftError<NodeId, InstallSnapshotError>>>
    {
        Err(unreachable())
    }

    async fn vote(
        &mut self,
        _: VoteRequest<NodeId>,
        _: RPCOption,
    ) -> Result<VoteResponse<NodeId>, RPCError<NodeId, Member, RaftError<NodeId>>> {
        Err(unreachable())
    }
}
