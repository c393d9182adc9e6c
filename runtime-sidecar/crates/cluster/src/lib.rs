//! A replicated, durable state: Raft over redb, on one node or on several.
//!
//! A [`Machine`] is a state with commands that change it deterministically. [`Cluster`] keeps it on disk, in the log and the snapshots of
//! Raft, from the first node on: one voter alone is a cluster of one, and nothing listens. A command that [`Cluster::submit`] has
//! answered survives a crash of every node.
//!
//! Raft itself is `openraft`. Here are its storage (`database`, `log_store`, `machine_store`), its connections over mutual TLS (`tls`,
//! `wire`, `links`, `network`, `listener`, `service`), who belongs to the cluster (`roster`, `authority`, `identity`, `token`,
//! `join`, `members`), and what nodes do all the time (`keeper` on each, `steward` on the leader).

mod authority;
mod change;
mod clock;
mod cluster;
mod config;
mod database;
mod error;
mod files;
mod identity;
mod join;
mod keeper;
mod links;
mod listener;
mod log_store;
mod machine;
mod machine_store;
mod members;
mod network;
mod node;
mod options;
mod peers;
mod reads;
mod roster;
mod service;
mod sessions;
mod steward;
mod tickets;
mod tls;
mod token;
mod voters;
mod wire;
mod writes;

pub use change::{Answer, Change, What};
pub use clock::Clock;
pub use cluster::{Cluster, is_member};
pub use config::{Member, NodeId, Types};
pub use database::Storage;
pub use error::ClusterError;
pub use links::Route;
pub use log_store::LogStore;
pub use machine::Machine;
pub use machine_store::MachineStore;
pub use members::{NodeView, Role};
pub use options::{Limits, Options, PeerOptions};
pub use reads::Local;
pub use roster::{Availability, Founded, NodeRecord, Rejection, Roster, RosterChange, RosterCommand, TokenRecord};
pub use sessions::RequestId;
pub use token::{Claims, JoinToken, TokenError};
pub use wire::{Invitation, Load};
