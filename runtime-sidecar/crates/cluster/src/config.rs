//! Raft's types for a [`Machine`].

use std::cmp::Ordering;
use std::fmt;
use std::io::Cursor;
use std::marker::PhantomData;

use openraft::impls::OneshotResponder;
use openraft::{Entry, RaftTypeConfig, TokioRuntime};
use serde::{Deserialize, Serialize};

use crate::change::{Answer, Change};
use crate::machine::Machine;

/// Names a node for ever; never used again after the node has left.
pub type NodeId = u64;

/// The first node of every cluster.
pub(crate) const FIRST: NodeId = 1;

/// What the members know of one another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Shown to users; unique in the cluster.
    pub name: String,
    /// Host and port where the node's peers reach it; empty while it is alone.
    pub address: String,
}

/// Raft's types for the machine `M`. A name for the compiler: it has no values that differ.
pub struct Types<M>(PhantomData<fn() -> M>);

impl<M: Machine> RaftTypeConfig for Types<M> {
    type D = Change<M::Command>;
    type R = Option<Answer<M::Outcome>>;
    type NodeId = NodeId;
    type Node = Member;
    type Entry = Entry<Self>;
    type SnapshotData = Cursor<Vec<u8>>;
    type AsyncRuntime = TokioRuntime;
    type Responder = OneshotResponder<Self>;
}

// Derived, these would ask the same of `M`, which is not compared or copied here.
impl<M> Clone for Types<M> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<M> Copy for Types<M> {}
impl<M> Default for Types<M> {
    fn default() -> Self {
        Self(PhantomData)
    }
}
impl<M> fmt::Debug for Types<M> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Types")
    }
}
impl<M> PartialEq for Types<M> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl<M> Eq for Types<M> {}
impl<M> PartialOrd for Types<M> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<M> Ord for Types<M> {
    fn cmp(&self, _: &Self) -> Ordering {
        Ordering::Equal
    }
}
