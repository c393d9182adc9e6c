//! Addresses that the user can open.

use std::net::{IpAddr, Ipv4Addr};

use sidecar_network::PublishedPort;
use zlayer_types::spec::{EndpointSpec, Protocol};

/// Where the user reaches a replica: its published ports, then what listens at its own address.
pub(crate) fn addresses(
    endpoints: &[EndpointSpec],
    ports: &[PublishedPort],
    address: Option<Ipv4Addr>,
    reachable: bool,
) -> Vec<String> {
    let mut found = Vec::new();
    for port in ports {
        let Some(host_port) = port.host_port else { continue };
        let host = if port.host_ip.is_unspecified() {
            IpAddr::V4(Ipv4Addr::LOCALHOST)
        } else {
            port.host_ip
        };
        let endpoint = endpoints.iter().find(|e| e.target_port() == port.container_port);
        found.push(url(endpoint.map(|e| e.protocol), port.udp, host, host_port));
    }
    if let Some(address) = address.filter(|_| reachable) {
        for endpoint in endpoints {
            if !ports.iter().any(|port| port.container_port == endpoint.target_port()) {
                found.push(url(
                    Some(endpoint.protocol),
                    false,
                    IpAddr::V4(address),
                    endpoint.target_port(),
                ));
            }
        }
    }
    found
}

fn url(protocol: Option<Protocol>, udp: bool, host: IpAddr, port: u16) -> String {
    let scheme = match protocol {
        Some(Protocol::Http) => "http",
        Some(Protocol::Https) => "https",
        Some(Protocol::Websocket) => "ws",
        Some(Protocol::Udp) => "udp",
        Some(Protocol::Tcp) => "tcp",
        None if udp => "udp",
        None => "tcp",
    };
    let host = match host {
        IpAddr::V4(host) => host.to_string(),
        IpAddr::V6(host) => format!("[{host}]"),
    };
    format!("{scheme}://{host}:{port}")
}
