//! Names and name servers that a container is given.

use std::net::IpAddr;

use super::Parts;

/// What a name of `extra_hosts` stands for.
#[derive(Debug, Clone)]
pub enum HostAddress {
    Address(IpAddr),
    /// `host-gateway`: the machine, as seen from the container.
    Gateway,
}

impl Parts<'_> {
    /// Names with their addresses, for `/etc/hosts`.
    pub fn extra_hosts(&mut self) -> Vec<(String, HostAddress)> {
        let mut hosts = Vec::new();
        for (number, line) in self.spec.extra_hosts.iter().enumerate() {
            let parsed = line.split_once(':').and_then(|(name, address)| match address {
                "host-gateway" => Some((name, HostAddress::Gateway)),
                address => Some((
                    name,
                    HostAddress::Address(address.trim_matches(['[', ']']).parse().ok()?),
                )),
            });
            match parsed {
                Some((name, address)) if !name.is_empty() && !name.contains(char::is_whitespace) => {
                    hosts.push((name.to_owned(), address));
                }
                _ => {
                    let message = format!("“{line}” is not of the form name:address, for example db:10.0.0.5");
                    self.fault("invalid-host", &format!("extra_hosts[{number}]"), message);
                }
            }
        }
        hosts
    }

    /// Name servers to ask before the engine's own.
    pub fn nameservers(&mut self) -> Vec<String> {
        for (number, server) in self.spec.dns.iter().enumerate() {
            if server.parse::<IpAddr>().is_err() {
                let message = format!("“{server}” is not an IP address");
                self.fault("invalid-address", &format!("dns[{number}]"), message);
            }
        }
        self.spec.dns.clone()
    }
}
