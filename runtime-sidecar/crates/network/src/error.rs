//! What can go wrong, in words for the user.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

/// Every variant says what failed, why and what to do. `code()` is stable and kebab-case.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    #[error("Port {port}/{protocol} on {host_ip} is in use{}. Stop what uses it, or publish another port.", owner.as_deref().map(|o| format!(" by {o}")).unwrap_or_default())]
    PortInUse {
        host_ip: IpAddr,
        port: u16,
        protocol: &'static str,
        owner: Option<String>,
    },
    #[error("Names of services cannot be served: port 53 on {address} is in use{}. Let that program listen on its own addresses only (dnsmasq: `bind-dynamic`), not on all.", owner.as_deref().map(|o| format!(" by {o}")).unwrap_or_default())]
    NamePortInUse { address: Ipv4Addr, owner: Option<String> },
    #[error(
        "Port {port}/{protocol} may not be published by this user: ports below {lowest} need root. Publish a port from {lowest} on, or lower the limit with `sudo sysctl net.ipv4.ip_unprivileged_port_start={port}`."
    )]
    PortNotPermitted {
        port: u16,
        protocol: &'static str,
        lowest: u16,
    },
    #[error(
        "Host address {0} does not belong to this machine, so no port can be published on it. Use 0.0.0.0, 127.0.0.1 or an address of one of its interfaces."
    )]
    HostAddressUnknown(IpAddr),
    #[error("Publishing on an IPv6 address ({0}) is not possible over UDP. Publish it on an IPv4 address.")]
    Ipv6UdpNotServed(IpAddr),
    #[error(
        "No addresses are left for deployment '{deployment}': {reason}. Remove a deployment, or give the engine a larger address pool."
    )]
    AddressPoolExhausted { deployment: String, reason: String },
    #[error(
        "The network may not be changed ({action}): {source}. The engine needs the capability CAP_NET_ADMIN; run it as root or in rootless mode."
    )]
    NotPermitted { action: String, source: io::Error },
    #[error(
        "The program `nft` was not found, so containers cannot be isolated or reach the outside. Install it: `sudo apt-get install nftables`."
    )]
    NftMissing,
    #[error(
        "The packet filter refused the rules of the container network: {detail}. Check that the kernel has nf_tables with NAT (`sudo modprobe nft_chain_nat`)."
    )]
    Firewall { detail: String },
    #[error(
        "Sysctl '{key}' cannot be set to '{value}' for the container: {reason}. Only the keys below net. that a network namespace has of its own can be set."
    )]
    Sysctl { key: String, value: String, reason: String },
    #[error("Container '{0}' has no network. It was never attached, or is detached already.")]
    NotAttached(String),
    #[error("Container '{0}' has a network already. Detach it first.")]
    AlreadyAttached(String),
    #[error("The network of container '{0}' is just being made or removed. Try again in a moment.")]
    Busy(String),
    #[error("'{name}' cannot be the name of a {what} in the network: {reason}.")]
    BadName {
        what: &'static str,
        name: String,
        reason: &'static str,
    },
    #[error("{} cannot be {action}: {source}. Check that the directory is writable and its disk not full.", path.display())]
    State {
        path: PathBuf,
        action: &'static str,
        source: io::Error,
    },
    #[error("The kernel refused to {action}: {source}.")]
    Kernel { action: String, source: io::Error },
}

impl NetworkError {
    /// `port-in-use`, `port-not-permitted`, `address-pool-exhausted`, `network-not-permitted`, `internal`, …
    pub fn code(&self) -> &'static str {
        match self {
            Self::PortInUse { .. } => "port-in-use",
            Self::NamePortInUse { .. } => "name-port-in-use",
            Self::PortNotPermitted { .. } => "port-not-permitted",
            Self::HostAddressUnknown(_) => "host-address-unknown",
            Self::Ipv6UdpNotServed(_) => "ipv6-udp-not-served",
            Self::AddressPoolExhausted { .. } => "address-pool-exhausted",
            Self::NotPermitted { .. } => "network-not-permitted",
            Self::NftMissing => "nft-missing",
            Self::Firewall { .. } => "firewall-refused",
            Self::Sysctl { .. } => "sysctl-not-permitted",
            Self::NotAttached(_) => "network-not-attached",
            Self::AlreadyAttached(_) => "network-already-attached",
            Self::Busy(_) => "network-busy",
            Self::BadName { .. } => "invalid-name",
            Self::State { .. } | Self::Kernel { .. } => "internal",
        }
    }

    /// A failed kernel call; a lack of rights is told apart, since the user can do something about it.
    pub(crate) fn kernel(action: impl Into<String>, source: impl Into<io::Error>) -> Self {
        let (action, source) = (action.into(), source.into());
        match source.kind() {
            io::ErrorKind::PermissionDenied => Self::NotPermitted { action, source },
            _ => Self::Kernel { action, source },
        }
    }
}
