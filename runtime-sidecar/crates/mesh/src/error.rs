//! What can go wrong, in words for the user.

use std::io;
use std::path::PathBuf;

use ipnet::{IpNet, Ipv4Net};

/// Every variant says what failed, why and what to do.
#[derive(Debug, thiserror::Error)]
pub enum MeshError {
    #[error(
        "No network is left for node '{node}': all {total} networks /{prefix} of the mesh's range {range} are taken. Remove a node, or give the cluster a larger range."
    )]
    RangeExhausted {
        node: String,
        range: Ipv4Net,
        prefix: u8,
        total: u64,
    },
    #[error("The range {range} cannot be divided into networks /{prefix} for nodes: {reason}.")]
    BadRange {
        range: Ipv4Net,
        prefix: u8,
        reason: &'static str,
    },
    #[error("'{text}' is not a WireGuard key: {reason}. A key is 32 bytes in base64, 44 characters.")]
    BadKey { text: String, reason: &'static str },
    #[error("The mesh's secret key in {} is {problem}. Restore the file, or delete it to have a new key made; the other nodes must then learn the new key.", path.display())]
    BadKeyFile { path: PathBuf, problem: String },
    #[error("The mesh's secret key in {} cannot be {action}: {source}.", path.display())]
    KeyFile {
        path: PathBuf,
        action: &'static str,
        source: io::Error,
    },
    #[error("Peer '{peer}' cannot have the addresses {network}: they belong to peer '{owner}' already.")]
    Overlap {
        peer: String,
        owner: String,
        network: IpNet,
    },
    #[error("Peer '{peer}' cannot be added: {reason}.")]
    BadPeer { peer: String, reason: &'static str },
    #[error(
        "The mesh needs the device /dev/net/tun and the capability CAP_NET_ADMIN, but it cannot {action}: {source}. Run the engine as root, and load the module with `sudo modprobe tun`."
    )]
    Tun { action: &'static str, source: io::Error },
    #[error("The mesh cannot listen on UDP port {port}: {source}. Stop what uses it, or choose another port.")]
    Listen { port: u16, source: io::Error },
    #[error("The kernel refused to {action}: {source}.")]
    Kernel { action: String, source: io::Error },
    #[error("The name '{name}' cannot be a network link's: {reason}.")]
    BadName { name: String, reason: &'static str },
}

impl MeshError {
    pub(crate) fn kernel(action: impl Into<String>, source: impl Into<io::Error>) -> Self {
        Self::Kernel {
            action: action.into(),
            source: source.into(),
        }
    }
}
