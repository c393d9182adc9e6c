//! Who may talk to whom through the mesh: the same rules on both ends, so that one node that lets too much pass does not
//! open a deployment on another.
//!
//! Each deployment has its bridge here and the addresses of its containers elsewhere. A packet passes between the two
//! when both are of one deployment. In nft's own language, a table of its own, replaced in one transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::mtu::max_segment;

/// What the rules are made from. Names of links are made by the engine: letters, digits and '-'.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeshRules {
    /// The table's name.
    pub table: String,
    /// The mesh's link.
    pub link: String,
    /// Bytes of a packet in the mesh.
    pub mtu: u16,
    /// Where all nodes' networks are in.
    pub range: Ipv4Net,
    /// A deployment's bridge, to its containers on other nodes.
    pub elsewhere: BTreeMap<String, BTreeSet<Ipv4Addr>>,
}

impl MeshRules {
    /// For `nft -f -`. Replaces the table in one transaction.
    pub fn to_nft(&self) -> String {
        let Self { table, link, .. } = self;
        let mut text = self.removal();
        let pairs = self.elsewhere.iter();
        let pairs: Vec<String> = pairs
            .flat_map(|(bridge, addresses)| addresses.iter().map(move |address| format!("\"{bridge}\" . {address}")))
            .collect();
        let elements = match pairs.len() {
            0 => String::new(),
            _ => format!(" elements = {{ {} }};", pairs.join(", ")),
        };
        let (range, segment) = (self.range, max_segment(self.mtu));
        let _ = write!(
            text,
            r#"table ip {table} {{
  set elsewhere {{ type ifname . ipv4_addr;{elements} }}
  chain raw {{
    type filter hook prerouting priority raw; policy accept;
    # Addresses of the mesh come by the mesh, or from the node's own bridges, which check theirs.
    iifname "{link}" ip saddr != {range} drop
  }}
  chain forward {{
    type filter hook forward priority filter; policy accept;
    iifname "{link}" tcp flags syn tcp option maxseg size > {segment} tcp option maxseg size set {segment}
    oifname "{link}" tcp flags syn tcp option maxseg size > {segment} tcp option maxseg size set {segment}
    iifname "{link}" oifname . ip saddr @elsewhere accept
    oifname "{link}" iifname . ip daddr @elsewhere accept
    iifname "{link}" drop
    oifname "{link}" drop
  }}
}}
"#
        );
        text
    }

    /// For `nft -f -`: takes the table away; it need not be there.
    pub fn removal(&self) -> String {
        let table = &self.table;
        format!("table ip {table}\ndelete table ip {table}\n")
    }
}
