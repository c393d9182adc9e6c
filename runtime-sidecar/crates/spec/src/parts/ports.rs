//! Ports of the machine that lead into a container.

use std::net::IpAddr;

use zlayer_types::spec::{NetworkMode, PortProtocol, ScaleSpec};

use super::Parts;

/// A published port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Port {
    pub host_ip: IpAddr,
    /// `None`: any that is free.
    pub host_port: Option<u16>,
    pub container_port: u16,
    pub udp: bool,
    /// Its place in `port_mappings`.
    pub number: usize,
}

impl Port {
    /// Whether both ask for the same port of the machine.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        let met = self.host_ip == other.host_ip || self.host_ip.is_unspecified() || other.host_ip.is_unspecified();
        self.host_port.is_some() && self.host_port == other.host_port && self.udp == other.udp && met
    }
}

impl Parts<'_> {
    /// The published ports.
    pub fn ports(&mut self) -> Vec<Port> {
        let mut ports: Vec<Port> = Vec::new();
        for (number, mapping) in self.spec.port_mappings.iter().enumerate() {
            let field = |name: &str| format!("port_mappings[{number}].{name}");
            let host_ip = if mapping.host_ip.is_empty() {
                "0.0.0.0"
            } else {
                mapping.host_ip.as_str()
            };
            let Ok(host_ip) = host_ip.parse() else {
                let message = format!("“{host_ip}” is not an IP address");
                self.fault("invalid-address", &field("host_ip"), message);
                continue;
            };
            if mapping.container_port == 0 {
                let message = "a port is between 1 and 65535".to_owned();
                self.fault("invalid-port", &field("container_port"), message);
                continue;
            }
            let port = Port {
                host_ip,
                host_port: mapping.host_port.filter(|port| *port != 0),
                container_port: mapping.container_port,
                udp: mapping.protocol == PortProtocol::Udp,
                number,
            };
            if let (Some(wanted), true) = (port.host_port, ports.iter().any(|other| other.meets(&port))) {
                let message = format!("the host port {wanted} is published by this service already");
                self.fault("port-in-use", &field("host_port"), message);
                continue;
            }
            ports.push(port);
        }
        if !ports.is_empty() && matches!(self.spec.network_mode, NetworkMode::Host | NetworkMode::None) {
            let message = "ports can be published only of a container with a network of its own; leave out network_mode or the ports";
            self.fault("no-network", "port_mappings", message.to_owned());
        }
        ports
    }

    /// A fixed port of the machine that more than one replica would need.
    pub fn ports_of_replicas(&mut self, ports: &[Port]) {
        let replicas = match &self.spec.scale {
            ScaleSpec::Fixed { replicas } => *replicas,
            ScaleSpec::Adaptive { min, .. } => *min,
            ScaleSpec::Manual => return,
        };
        if replicas < 2 {
            return;
        }
        for port in ports {
            if let Some(wanted) = port.host_port {
                let message = format!(
                    "the host port {wanted} can be held by one replica only, and {replicas} are asked for; leave host_port out to get a free one for each, or run 1 replica"
                );
                self.fault(
                    "port-in-use",
                    &format!("port_mappings[{}].host_port", port.number),
                    message,
                );
            }
        }
    }
}
