//! The packet filter: one nftables table, always loaded as a whole from what the manager knows, in one transaction.
//!
//! A container needs no rule of its own: the rules match sets of bridges and subnets, and maps of published ports. So the
//! table changes only with a deployment or a published port, and each load also mends what somebody else flushed.
//! Loading replaces the table atomically: no packet meets a half-loaded one, and connections keep their translation.
//!
//! The rules are written in nft's own language and given to `nft` on its standard input. Every value in them is an
//! address, a number or a link name made by this crate.
//!
//! A packet passes only when *every* table of the machine lets it pass. Where another program (Docker with iptables, ufw)
//! sets the policy of the `FORWARD` chain to drop, it also drops what containers send to the outside; such a machine needs
//! an exception for the links `zl-+` in that chain (`DOCKER-USER` with Docker).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};

use ipnet::Ipv4Net;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::error::NetworkError;

/// What the rules are made from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ruleset {
    /// Bridge name to its subnets.
    pub bridges: BTreeMap<String, Vec<Ipv4Net>>,
    /// Host address (`0.0.0.0`: any), UDP, host port to the container's address and port.
    pub ports: BTreeMap<(Ipv4Addr, bool, u16), (Ipv4Addr, u16)>,
    /// The way to other nodes.
    pub mesh: Option<Mesh>,
}

/// The mesh as the rules know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mesh {
    pub link: String,
    pub range: Ipv4Net,
    pub nodes: BTreeSet<Ipv4Addr>,
    /// Bridge name, and the address of a container of the same deployment on another node.
    pub elsewhere: BTreeSet<(String, Ipv4Addr)>,
}

impl Ruleset {
    /// Without deployments and mesh there is no table.
    fn to_nft(&self, table: &str, directory: Option<&str>) -> String {
        // `delete` fails for a table that is not there, so it is declared first.
        let mut text = format!("table ip {table}\ndelete table ip {table}\n");
        if self.bridges.is_empty() && self.mesh.is_none() {
            return text;
        }
        let bridges = self.bridges.keys().map(|name| format!("\"{name}\""));
        let same = self.bridges.keys().map(|name| format!("\"{name}\" . \"{name}\""));
        let subnets = self.bridges.values().flatten().map(ToString::to_string);
        let gateways = self.bridges.iter().flat_map(|(name, subnets)| {
            subnets
                .iter()
                .map(move |subnet| format!("\"{name}\" . {}", crate::addresses::gateway(*subnet)))
        });
        let to = |(address, port): &(Ipv4Addr, u16)| format!("{address} . {port}");
        let protocol = |udp: bool| if udp { "udp" } else { "tcp" };
        let any = self.ports.iter().filter(|((host, ..), _)| host.is_unspecified());
        let any = any.map(|((_, udp, port), target)| format!("{} . {port} : {}", protocol(*udp), to(target)));
        let at = self.ports.iter().filter(|((host, ..), _)| !host.is_unspecified());
        let at = at.map(|((host, udp, port), target)| format!("{host} . {} . {port} : {}", protocol(*udp), to(target)));

        let _ = writeln!(text, "table ip {table} {{");
        if let Some(directory) = directory {
            let _ = writeln!(text, "  comment \"{directory}\"");
        }
        let mapped = "inet_proto . inet_service : ipv4_addr . inet_service";
        set(&mut text, "set bridges { type ifname;", bridges);
        set(&mut text, "set same { type ifname . ifname;", same);
        set(
            &mut text,
            "set subnets { type ipv4_addr; flags interval; auto-merge;",
            subnets,
        );
        set(&mut text, "set gateways { type ifname . ipv4_addr;", gateways);
        set(&mut text, &format!("map ports_any {{ type {mapped};"), any);
        set(&mut text, &format!("map ports_at {{ type ipv4_addr . {mapped};"), at);
        let links = self.mesh.iter().map(|mesh| format!("\"{}\"", mesh.link));
        let nodes = self
            .mesh
            .iter()
            .flat_map(|mesh| mesh.nodes.iter().map(ToString::to_string));
        let elsewhere = self.mesh.iter().flat_map(|mesh| mesh.elsewhere.iter());
        let elsewhere = elsewhere.map(|(bridge, address)| format!("\"{bridge}\" . {address}"));
        set(&mut text, "set mesh { type ifname;", links);
        set(&mut text, "set nodes { type ipv4_addr;", nodes);
        set(&mut text, "set elsewhere { type ifname . ipv4_addr;", elsewhere);
        text.push_str(CHAINS);
        text.push_str("}\n");
        text
    }
}

fn set(text: &mut String, head: &str, elements: impl Iterator<Item = String>) {
    let elements: Vec<String> = elements.collect();
    let _ = match elements.len() {
        0 => writeln!(text, "  {head} }}"),
        _ => writeln!(text, "  {head} elements = {{ {} }}; }}", elements.join(", ")),
    };
}

const CHAINS: &str = r#"
  chain raw {
    type filter hook prerouting priority raw; policy accept;
    # The bridges route 127.0.0.0/8 (for published ports on the host's loopback); no container may use that way.
    iifname @bridges ip daddr 127.0.0.0/8 drop
    iifname @bridges ip saddr != @subnets drop
  }
  chain published {
    dnat to ip daddr . meta l4proto . th dport map @ports_at
    dnat to meta l4proto . th dport map @ports_any
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    fib daddr type local meta l4proto { tcp, udp } jump published
  }
  chain output {
    type nat hook output priority -100; policy accept;
    fib daddr type local meta l4proto { tcp, udp } jump published
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    # Containers elsewhere know each other by address.
    oifname @mesh accept
    oifname @bridges ip saddr 127.0.0.0/8 masquerade
    # A container that calls a published port of its own deployment: the answer must come back through the host.
    oifname @bridges ip saddr @subnets ct status dnat masquerade
    oifname != @bridges ip saddr @subnets masquerade
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    # A way out with smaller packets than the bridge's, such as a VPN's, is told to both ends of a connection.
    oifname != @bridges iifname @bridges tcp flags syn tcp option maxseg size set rt mtu
    # The other end has the same rules: a node that lets too much pass opens nothing here.
    iifname @mesh oifname . ip saddr @elsewhere accept
    iifname @mesh oifname @bridges ip saddr @nodes accept
    iifname @mesh drop
    oifname @mesh iifname . ip daddr @elsewhere accept
    oifname @mesh iifname @bridges ip daddr @nodes ct state established,related accept
    oifname @mesh drop
    iifname . oifname @same accept
    iifname @bridges oifname @bridges drop
    oifname @bridges ct state established,related accept
    oifname @bridges ct status dnat accept
    oifname @bridges drop
  }
  chain input {
    type filter hook input priority filter; policy accept;
    # The gateway of another deployment, where its names are served.
    iifname @bridges ip daddr @subnets iifname . ip daddr != @gateways drop
    # Containers elsewhere have nothing to ask of this node; they answer it.
    iifname @mesh ip saddr != @nodes ct state != { established, related } drop
  }
"#;

/// Keeps the kernel's table equal to the ruleset.
pub struct Firewall {
    table: String,
    /// Whose the table is, for who finds it later.
    directory: Option<String>,
    wanted: Mutex<(u64, Ruleset)>,
    /// The number of the ruleset that was loaded last.
    loaded: tokio::sync::Mutex<u64>,
}

impl Firewall {
    /// `directory` holds the state of which `tag` is a digest.
    pub fn new(tag: &str, directory: &Path) -> Self {
        Self {
            table: table_name(tag),
            directory: directory.to_str().filter(|path| is_comment(path)).map(str::to_owned),
            wanted: Mutex::default(),
            loaded: tokio::sync::Mutex::default(),
        }
    }

    /// Where the networks of all nodes are in, if this node is in a mesh.
    pub fn mesh_range(&self) -> Option<Ipv4Net> {
        let wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        wanted.1.mesh.as_ref().map(|mesh| mesh.range)
    }

    /// Changes the ruleset and returns when the change, or a later one that includes it, is in the kernel. Changes made at
    /// the same time share a load.
    ///
    /// # Errors
    /// `NftMissing`, `NotPermitted`, or `Firewall` with nft's message. The ruleset keeps the change; the caller takes it back.
    pub async fn change(&self, edit: impl FnOnce(&mut Ruleset)) -> Result<(), NetworkError> {
        let mine = {
            let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
            edit(&mut wanted.1);
            wanted.0 += 1;
            wanted.0
        };
        let mut loaded = self.loaded.lock().await;
        if *loaded >= mine {
            return Ok(());
        }
        let (number, text) = {
            let wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
            (wanted.0, wanted.1.to_nft(&self.table, self.directory.as_deref()))
        };
        run_nft(&text).await?;
        *loaded = number;
        Ok(())
    }
}

/// The table of the engine with this tag.
pub fn table_name(tag: &str) -> String {
    format!("zlayer_{tag}")
}

/// Whether a text can be a comment as it is: nft knows no escapes and takes at most 128 bytes.
fn is_comment(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '+' | '@');
    text.len() < 128 && text.chars().all(plain)
}

/// Gives commands to nft, and returns what it prints.
///
/// # Errors
/// `NftMissing`, `NotPermitted`, or `Firewall` with nft's message.
pub async fn run_nft(rules: &str) -> Result<String, NetworkError> {
    let failed = |error: std::io::Error| NetworkError::Firewall {
        detail: error.to_string(),
    };
    // Ordinary users' PATH often lacks the directory that nft is in.
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    let mut child = Command::new("nft")
        .args(["-f", "-"])
        .env("PATH", path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => NetworkError::NftMissing,
            _ => failed(error),
        })?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(rules.as_bytes()).await.map_err(failed)?;
    }
    let output = child.wait_with_output().await.map_err(failed)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let detail = String::from_utf8_lossy(&output.stderr)
        .lines()
        .next()
        .unwrap_or("no message")
        .trim()
        .to_owned();
    if detail.contains("Operation not permitted") {
        let source = std::io::Error::from_raw_os_error(nix::libc::EPERM);
        return Err(NetworkError::NotPermitted {
            action: "load the packet filter".into(),
            source,
        });
    }
    Err(NetworkError::Firewall { detail })
}

/// The address as the maps know it. IPv6 is relayed by the engine and needs no rule.
pub fn translated(host_ip: IpAddr) -> Option<Ipv4Addr> {
    match host_ip {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(_) => None,
    }
}
