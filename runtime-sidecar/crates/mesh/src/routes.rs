//! Which peer an address belongs to: the longest network that holds it.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use ipnet::IpNet;

/// Networks of peers. A lookup tries each length that is used, longest first: with nodes' networks that is one or two.
#[derive(Debug)]
pub struct Routes<T> {
    by_length: BTreeMap<std::cmp::Reverse<u8>, HashMap<IpNet, T>>,
}

impl<T> Default for Routes<T> {
    fn default() -> Self {
        Self {
            by_length: BTreeMap::new(),
        }
    }
}

impl<T> Routes<T> {
    pub fn insert(&mut self, network: IpNet, value: T) {
        let length = std::cmp::Reverse(network.prefix_len());
        self.by_length.entry(length).or_default().insert(network.trunc(), value);
    }

    pub fn find(&self, address: IpAddr) -> Option<&T> {
        self.by_length.iter().find_map(|(length, networks)| {
            let network = IpNet::new(address, length.0).ok()?;
            networks.get(&network.trunc())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_network_wins() {
        let mut routes = Routes::default();
        for (network, peer) in [
            ("10.0.0.0/8", 1),
            ("10.1.0.0/16", 2),
            ("10.1.2.3/32", 3),
            ("fd00::/8", 4),
        ] {
            routes.insert(network.parse().unwrap(), peer);
        }
        for (address, peer) in [
            ("10.9.9.9", Some(1)),
            ("10.1.9.9", Some(2)),
            ("10.1.2.3", Some(3)),
            ("fd00::1", Some(4)),
            ("11.0.0.1", None),
            ("fe80::1", None),
        ] {
            assert_eq!(routes.find(address.parse().unwrap()).copied(), peer, "{address}");
        }
    }
}
