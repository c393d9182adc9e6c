//! The mesh: WireGuard between nodes, so that containers on different nodes reach one another by address.
//!
//! Each node has a network out of the cluster's range (`NodeNetworks`) and a link whose packets this crate encrypts (`Mesh`, on
//! boringtun's protocol). A node without peers has none of this: nothing is made, listened on or run before `Mesh::start`.
//!
//! How an engine uses it:
//! 1. `NodeNetworks` is part of the replicated state; a node's network is the `pool` of its `sidecar_network::NetworkConfig`.
//! 2. When there is a second member: `SecretKey::load_or_create`, `Mesh::start` with `mesh_mtu` of the way to the others, and
//!    the public key and the port into the member's record.
//! 3. At each change of members: `Mesh::set_peers`, a peer with its network for each other member.
//! 4. At each change of where replicas run: `NetworkManager::set_mesh` with the addresses of each deployment elsewhere, and
//!    `NetworkManager::set_names` with the addresses of all replicas of a service, wherever they run.
//! 5. `Mesh::status` for the tree and the map; `Mesh::rotate_key` says how keys are changed.
//!
//! `tests/deployments.rs` does this with two hosts.

mod checksum;
mod derive;
mod device;
mod error;
mod key;
mod mesh;
mod mtu;
mod offload;
mod peers;
mod range;
mod routes;
mod status;
mod tun;
mod udp;

pub use derive::derive;
pub use error::MeshError;
pub use key::{PublicKey, SecretKey};
pub use mesh::{Mesh, MeshConfig};
pub use mtu::{max_segment, mesh_mtu};
pub use peers::Peer;
pub use range::NodeNetworks;
pub use status::{Dropped, PeerStatus};
