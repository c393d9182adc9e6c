//! What nodes say to one another: frames with a length, each of which is one JSON value.
//!
//! JSON because the log is JSON: specs cannot be read from formats that do not describe themselves.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use openraft::error::{InstallSnapshotError, RaftError};
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, InstallSnapshotRequest, InstallSnapshotResponse, VoteRequest,
    VoteResponse,
};
use openraft::{SnapshotMeta, Vote};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::codec::{Framed, LengthDelimitedCodec};

use crate::change::{Answer, Change};
use crate::config::{Member, NodeId, Types};
use crate::machine::Machine;

/// Bytes of the longest frame between members.
pub(crate) const LONGEST_FRAME: usize = 16 << 20;
/// Bytes of the longest frame of a node that has no certificate yet.
pub(crate) const LONGEST_JOIN_FRAME: usize = 64 << 10;
/// Bytes of the longest command, so that an entry always fits into a frame.
pub(crate) const LONGEST_COMMAND: usize = 8 << 20;
/// Bytes of a snapshot that are sent at a time.
pub(crate) const SNAPSHOT_CHUNK: u64 = 1 << 20;

/// What one member asks of another.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "M: Machine")]
pub(crate) enum Request<M: Machine> {
    Append(AppendEntriesRequest<Types<M>>),
    Vote(VoteRequest<NodeId>),
    Snapshot(Chunk),
    /// A change, to the leader.
    Change(Change<M::Command>),
    /// Up to where a node must have applied the log so that what it reads is as new as this moment; to the leader.
    ReadIndex,
    /// A sign of life, to the leader.
    Beat(Beat),
    /// What the leader has heard from all nodes.
    Loads,
    /// A join token, of the leader.
    Invite(Invitation),
    /// A certificate for a new key (a request, PEM), of whoever has the authority's key.
    Certify(String),
    /// The authority's key, of a voter by a voter.
    AuthorityKey,
}

/// What is answered to a [`Request`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "M: Machine")]
pub(crate) enum Reply<M: Machine> {
    Append(Result<AppendEntriesResponse<NodeId>, RaftError<NodeId>>),
    Vote(Result<VoteResponse<NodeId>, RaftError<NodeId>>),
    Snapshot(Result<InstallSnapshotResponse<NodeId>, RaftError<NodeId, InstallSnapshotError>>),
    Change(Answer<M::Outcome>),
    ReadIndex(Option<u64>),
    Beat,
    Loads(BTreeMap<NodeId, Heard>),
    Invite(String),
    Certify(String),
    AuthorityKey(String),
    Refused(Refusal),
}

/// Why a request is not done.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Refusal {
    NotLeader {
        leader: Option<Contact>,
    },
    /// The asking node belongs to the cluster no longer.
    Removed,
    /// The asking node may not ask this, or not so.
    Forbidden(String),
    /// There is no majority; nothing was changed.
    NoMajority {
        answering: usize,
        voters: usize,
    },
    /// It may have happened.
    Unsure(String),
    /// It has not happened.
    Failed(String),
}

/// Where a node is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Contact {
    pub node: NodeId,
    pub name: String,
    pub address: String,
}

/// A node's sign of life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Beat {
    pub address: String,
    pub load: Load,
}

/// How busy a node is. The units are those of the metering.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Load {
    pub cpu_total_millicores: u64,
    pub cpu_used_millicores: u64,
    pub memory_total_bytes: u64,
    pub memory_used_bytes: u64,
    pub disk_total_bytes: u64,
    pub disk_used_bytes: u64,
    /// The version of the node's program.
    pub version: String,
}

/// What the leader knows of a node by its signs of life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Heard {
    /// Milliseconds since the last one.
    pub ago_ms: u64,
    pub load: Load,
}

/// What a join token is to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Seconds for which the token is good.
    pub life_seconds: u64,
    /// The wallet to which the node will belong, `0x…`.
    pub wallet: Option<String>,
    /// The node in whose place the new one comes; it is removed when the new one joins.
    pub replaces: Option<NodeId>,
}

/// What a node without a certificate says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct JoinRequest {
    pub token: String,
    pub name: String,
    pub address: String,
    pub labels: BTreeMap<String, String>,
    /// A certificate signing request, PEM.
    pub request: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum JoinReply {
    Welcome {
        node: NodeId,
        /// PEM.
        certificate: String,
        /// PEM.
        authority: String,
        contacts: Vec<Contact>,
    },
    /// Ask there.
    Leader(String),
    /// Ask again, or another node.
    Later(String),
    /// Asking again would change nothing.
    Refused(String),
}

/// A part of a snapshot.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Chunk {
    vote: Vote<NodeId>,
    meta: SnapshotMeta<NodeId, Member>,
    offset: u64,
    #[serde(serialize_with = "as_base64", deserialize_with = "from_base64")]
    data: Vec<u8>,
    done: bool,
}

impl Chunk {
    pub fn vote(&self) -> &Vote<NodeId> {
        &self.vote
    }

    pub fn of<M: Machine>(request: InstallSnapshotRequest<Types<M>>) -> Self {
        Self {
            vote: request.vote,
            meta: request.meta,
            offset: request.offset,
            data: request.data,
            done: request.done,
        }
    }

    pub fn request<M: Machine>(self) -> InstallSnapshotRequest<Types<M>> {
        InstallSnapshotRequest {
            vote: self.vote,
            meta: self.meta,
            offset: self.offset,
            data: self.data,
            done: self.done,
        }
    }
}

fn as_base64<S: Serializer>(data: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(data))
}

fn from_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    STANDARD
        .decode(String::deserialize(deserializer)?)
        .map_err(serde::de::Error::custom)
}

/// A stream of frames.
pub(crate) type Frames<S> = Framed<S, LengthDelimitedCodec>;

pub(crate) fn frames<S: AsyncRead + AsyncWrite>(stream: S, longest: usize) -> Frames<S> {
    LengthDelimitedCodec::builder()
        .max_frame_length(longest)
        .new_framed(stream)
}

/// Why a frame did not come or go.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    #[error("nothing came for {} s", .0.as_secs_f32())]
    Slow(Duration),
    #[error("the connection was closed")]
    Closed,
    #[error("the connection failed: {0}")]
    Io(#[from] std::io::Error),
    #[error("what came cannot be read: {0}")]
    Garbage(serde_json::Error),
    #[error("what should go cannot be written: {0}")]
    Unspeakable(serde_json::Error),
}

pub(crate) fn encode<T: Serialize>(message: &T) -> Result<Bytes, WireError> {
    serde_json::to_vec(message)
        .map(Bytes::from)
        .map_err(WireError::Unspeakable)
}

pub(crate) fn decode<T: DeserializeOwned>(frame: &[u8]) -> Result<T, WireError> {
    serde_json::from_slice(frame).map_err(WireError::Garbage)
}

/// Waits for the next frame.
pub(crate) async fn receive<S>(frames: &mut Frames<S>, within: Duration) -> Result<Bytes, WireError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match tokio::time::timeout(within, frames.next()).await {
        Err(_) => Err(WireError::Slow(within)),
        Ok(None) => Err(WireError::Closed),
        Ok(Some(frame)) => Ok(frame?.freeze()),
    }
}

pub(crate) async fn send<S>(frames: &mut Frames<S>, frame: Bytes, within: Duration) -> Result<(), WireError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match tokio::time::timeout(within, frames.send(frame)).await {
        Err(_) => Err(WireError::Slow(within)),
        Ok(sent) => Ok(sent?),
    }
}
