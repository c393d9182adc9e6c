//! A replicated, durable state: Raft over redb.
//!
//! A [`Machine`] is a state with commands that change it deterministically. [`Cluster`] keeps it on disk, in the log and the snapshots of
//! Raft, from the first node on: one voter alone is a cluster of one. A command that [`Cluster::submit`] has answered survives a
//! crash of every node.
//!
//! Raft itself is `openraft`; here are its storage and its life.

mod cluster;
mod config;
mod database;
mod error;
mod log_store;
mod machine;
mod machine_store;
mod network;

pub use cluster::{Cluster, Options};
pub use config::{Member, NodeId, Types};
pub use database::Storage;
pub use error::ClusterError;
pub use log_store::LogStore;
pub use machine::Machine;
pub use machine_store::MachineStore;
