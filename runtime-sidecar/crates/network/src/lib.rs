//! The node's container network: a bridge per deployment, addresses, NAT, published ports, names.
//!
//! Each deployment has a bridge and one or more subnets of the pool. A container is a network namespace, pinned by a bind
//! mount, and a veth pair into its deployment's bridge. One nftables table holds the rules: containers of one deployment
//! reach each other, the host reaches them all, they reach the outside by masquerading, and nothing else passes.
//!
//! With a mesh, containers of one deployment also reach each other across nodes, by the mesh's link and without
//! masquerading; both ends check that.
//!
//! The same code serves a root sidecar in the host's network namespace and a rootless one that is "root" in a user and
//! network namespace of its own.

mod abandoned;
mod addresses;
mod conntrack;
mod deployments;
mod dns;
mod error;
mod firewall;
mod links;
mod manager;
mod model;
mod namespace;
mod port_owner;
mod ports;
mod publishing;
mod sockets;
mod state;

pub use error::NetworkError;
pub use manager::NetworkManager;
pub use model::{Attachment, MeshView, NetworkConfig, PublishedPort};
