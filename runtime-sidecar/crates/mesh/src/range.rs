//! Which network each node has: a part of the cluster's range, the same on every node that knows the same members.

use std::collections::BTreeMap;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::error::MeshError;

/// The networks of the nodes. Part of the replicated state: what it answers depends on nothing but what was asked before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeNetworks {
    range: Ipv4Net,
    prefix: u8,
    nodes: BTreeMap<String, Ipv4Net>,
}

impl NodeNetworks {
    /// Networks of the length `prefix` for nodes, out of `range`.
    ///
    /// # Errors
    /// `BadRange`.
    pub fn new(range: Ipv4Net, prefix: u8) -> Result<Self, MeshError> {
        let range = range.trunc();
        let bad = |reason| MeshError::BadRange { range, prefix, reason };
        if prefix < range.prefix_len() {
            return Err(bad("the networks would be larger than the range"));
        }
        if prefix > 29 {
            return Err(bad("a node needs a /29 at least"));
        }
        Ok(Self {
            range,
            prefix,
            nodes: BTreeMap::new(),
        })
    }

    /// The cluster's range.
    pub fn range(&self) -> Ipv4Net {
        self.range
    }

    /// The network of a node, a new one if it has none: the lowest that is free.
    ///
    /// # Errors
    /// `RangeExhausted`; nothing is changed then.
    pub fn assign(&mut self, node: &str) -> Result<Ipv4Net, MeshError> {
        if let Some(network) = self.nodes.get(node) {
            return Ok(*network);
        }
        let taken: std::collections::BTreeSet<Ipv4Net> = self.nodes.values().copied().collect();
        let exhausted = MeshError::RangeExhausted {
            node: node.to_owned(),
            range: self.range,
            prefix: self.prefix,
            total: 1 << (self.prefix - self.range.prefix_len()),
        };
        let mut all = self.range.subnets(self.prefix).map_err(|_| MeshError::BadRange {
            range: self.range,
            prefix: self.prefix,
            reason: "the networks would be larger than the range",
        })?;
        let network = all.find(|network| !taken.contains(network)).ok_or(exhausted)?;
        self.nodes.insert(node.to_owned(), network);
        Ok(network)
    }

    /// Gives a removed node's network back, and says which it was.
    pub fn release(&mut self, node: &str) -> Option<Ipv4Net> {
        self.nodes.remove(node)
    }

    /// Every node with its network, by name.
    pub fn nodes(&self) -> impl Iterator<Item = (&str, Ipv4Net)> {
        self.nodes.iter().map(|(node, network)| (node.as_str(), *network))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_range_without_room_says_so_and_has_room_again_after_a_release() {
        let mut networks = NodeNetworks::new("10.4.0.0/23".parse().unwrap(), 24).unwrap();
        assert_eq!(networks.assign("a").unwrap().to_string(), "10.4.0.0/24");
        assert_eq!(networks.assign("b").unwrap().to_string(), "10.4.1.0/24");
        assert_eq!(networks.assign("a").unwrap().to_string(), "10.4.0.0/24");
        let before = networks.clone();
        let error = networks.assign("c").unwrap_err().to_string();
        assert!(
            error.contains("node 'c'") && error.contains("all 2 networks /24"),
            "{error}"
        );
        assert_eq!(networks, before);
        networks.release("a");
        assert_eq!(networks.assign("c").unwrap().to_string(), "10.4.0.0/24");
    }

    #[test]
    fn ranges_that_cannot_be_divided_are_refused() {
        for (range, prefix) in [("10.0.0.0/24", 16), ("10.0.0.0/24", 30), ("10.0.0.0/24", 200)] {
            assert!(NodeNetworks::new(range.parse().unwrap(), prefix).is_err());
        }
    }

    proptest! {
        #[test]
        fn no_two_nodes_share_a_network_and_the_same_history_gives_the_same(
            steps in prop::collection::vec((0u8..12, any::<bool>()), 0..100),
        ) {
            let mut one = NodeNetworks::new("10.4.0.0/21".parse().unwrap(), 24).unwrap();
            let mut two = one.clone();
            for (node, join) in steps {
                let name = node.to_string();
                for networks in [&mut one, &mut two] {
                    if join { let _ = networks.assign(&name); } else { networks.release(&name); }
                }
                prop_assert_eq!(&one, &two);
                let distinct: BTreeSet<_> = one.nodes().map(|(_, network)| network).collect();
                prop_assert_eq!(distinct.len(), one.nodes().count());
                prop_assert!(distinct.iter().all(|network| one.range().contains(network)));
            }
        }
    }
}
