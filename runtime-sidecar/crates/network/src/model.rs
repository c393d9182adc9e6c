//! The types that cross the crate's boundary.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone)]
pub struct NetworkConfig {
    /// Holds the records and, below `netns/`, the mounts that keep the namespaces. Two managers with different
    /// directories live beside each other on one machine.
    pub state_dir: PathBuf,
    /// Addresses for containers are taken from here: a subnet for each deployment. Default 10.89.0.0/16.
    pub pool: ipnet::Ipv4Net,
}

impl NetworkConfig {
    /// A configuration with the default pool.
    pub fn new(state_dir: PathBuf) -> Self {
        let pool = ipnet::Ipv4Net::new_assert(Ipv4Addr::new(10, 89, 0, 0), 16);
        Self { state_dir, pool }
    }
}

/// The way to containers on other nodes, as the cluster knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeshView {
    /// The mesh's link. Letters, digits and '-'.
    pub link: String,
    /// Where all nodes' networks are in; the route to it is through the link.
    pub range: ipnet::Ipv4Net,
    /// The other nodes' own addresses: their proxies reach every container.
    pub nodes: BTreeSet<Ipv4Addr>,
    /// Each deployment's containers on other nodes: they and the ones here reach each other.
    pub elsewhere: BTreeMap<String, BTreeSet<Ipv4Addr>>,
}

/// One container's place in its deployment's network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    pub netns: PathBuf,
    pub address: Ipv4Addr,
    /// Also the nameserver.
    pub gateway: Ipv4Addr,
    pub search_domain: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedPort {
    pub host_ip: IpAddr,
    /// `None`: the engine picks a free one.
    pub host_port: Option<u16>,
    pub container_port: u16,
    pub udp: bool,
}

impl PublishedPort {
    /// `tcp` or `udp`.
    pub(crate) fn protocol(&self) -> &'static str {
        if self.udp { "udp" } else { "tcp" }
    }
}
