//! What the mesh says about itself.

use std::net::SocketAddr;

use ipnet::IpNet;
use serde::Serialize;

use crate::key::PublicKey;

/// One peer, as seen from here.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PeerStatus {
    /// The name it was added with.
    pub name: String,
    /// The key in use, the newest when none is.
    pub key: PublicKey,
    /// Where its packets come from, or are sent to until one came.
    pub endpoint: Option<SocketAddr>,
    /// The addresses behind it.
    pub networks: Vec<IpNet>,
    /// Whole seconds since the last handshake; `None`: there is no session.
    pub handshake_seconds: Option<u64>,
    /// Bytes of packets received from it, without WireGuard's own.
    pub received_bytes: u64,
    /// Bytes of packets sent to it.
    pub sent_bytes: u64,
    /// The part of its latest packets that did not arrive here, from 0 to 1.
    pub loss: f32,
    /// Milliseconds that the last handshake took there and back.
    pub round_trip_milliseconds: Option<u32>,
}

/// Packets that were thrown away.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dropped {
    /// From the network: not WireGuard's, not authentic, replayed, or of an unknown peer.
    pub unauthentic: u64,
    /// From a peer, with a sender's address that is not the peer's.
    pub forged_source: u64,
    /// From this machine, to an address that no peer has.
    pub no_peer: u64,
}
