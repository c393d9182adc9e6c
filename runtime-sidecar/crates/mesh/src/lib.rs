//! The mesh: WireGuard between nodes, so that containers on different nodes reach one another by address.
//!
//! Each node has a network out of the cluster's range (`NodeNetworks`), a link whose packets this crate encrypts
//! (`Mesh`, on boringtun's protocol), and rules about who may talk to whom (`MeshRules`). A node without peers has none of
//! this: nothing is made, listened on or run before `Mesh::start`.
//!
//! How an engine uses it: `NodeNetworks` is part of the replicated state, and a node's deployments take their subnets from
//! its network. When there is a second member: `SecretKey::load_or_create`, `Mesh::start` with `mesh_mtu` of the way to
//! the others, and the public key and port into the member's record. At each change of members: `Mesh::set_peers`, a
//! peer for each other member with its network. At each change of where replicas run: `MeshRules` with the addresses
//! of each deployment elsewhere, loaded with `nft`; the node's own table must let the mesh's link through and not
//! masquerade what leaves by it. Names of services resolve to the replicas' addresses, wherever they run.

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
mod rules;
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
pub use rules::MeshRules;
pub use status::{Dropped, PeerStatus};
