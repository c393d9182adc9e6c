//! Rules and bridges of engines that will not come back. A killed engine whose data directory was removed leaves its table, and
//! the table's published ports go on taking connections to this machine.
//!
//! The table says in its comment which directory it belongs to. A living engine holds a name among the abstract sockets, which
//! belong to the same network namespace as links and rules, and which the kernel frees at its end. What runs in another mount
//! namespace, where the directory may be, is told by it.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::Path;

use crate::error::NetworkError;
use crate::firewall::{self, table_name};
use crate::links::Links;

/// A network that is in use for as long as this is held.
pub struct Claim {
    _socket: UnixListener,
}

impl Claim {
    /// `None`: somebody holds it.
    pub fn take(tag: &str) -> Option<Self> {
        let address = SocketAddr::from_abstract_name(format!("zlayer-network-{tag}")).ok()?;
        let socket = UnixListener::bind_addr(&address).ok()?;
        Some(Self { _socket: socket })
    }
}

/// Removes the tables and bridges of engines that have ended, whose directory is gone, and of which no container is left.
///
/// # Errors
/// `NftMissing`, `NotPermitted`, `Firewall`, and kernel failures.
pub async fn sweep(links: &Links, own: &str) -> Result<(), NetworkError> {
    for tag in tags(&firewall::run_nft("list tables ip\n").await?) {
        if tag == own {
            continue;
        }
        let table = table_name(&tag);
        // One that has just gone is no matter.
        let Ok(text) = firewall::run_nft(&format!("list table ip {table}\n")).await else {
            continue;
        };
        let Some(directory) = comment(&text).filter(|path| is_gone(Path::new(path))) else {
            continue;
        };
        // Held until it is removed, so that no engine of this directory begins meanwhile.
        let Some(_claim) = Claim::take(&tag) else { continue };
        let bridges = bridges(&text);
        if in_use(links, &bridges).await? {
            continue;
        }
        tracing::info!(directory, table, "removing the network of an engine that is gone");
        firewall::run_nft(&format!("table ip {table}\ndelete table ip {table}\n")).await?;
        for bridge in bridges {
            links.remove(&bridge).await?;
        }
    }
    Ok(())
}

fn is_gone(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

/// Whether a container's link is on one of the bridges, or that cannot be told.
async fn in_use(links: &Links, bridges: &[String]) -> Result<bool, NetworkError> {
    for bridge in bridges {
        let used = match std::fs::read_dir(format!("/sys/class/net/{bridge}/brif")) {
            Ok(mut ports) => ports.next().is_some(),
            Err(_) => links.index(bridge).await?.is_some(),
        };
        if used {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Of the engines that have a table.
fn tags(listed: &str) -> Vec<String> {
    let tags = listed.lines().filter_map(|line| line.strip_prefix("table ip zlayer_"));
    tags.filter(|tag| tag.len() == 8 && tag.chars().all(is_hex))
        .map(str::to_owned)
        .collect()
}

fn comment(table: &str) -> Option<&str> {
    let line = table.lines().find_map(|line| line.trim().strip_prefix("comment \""))?;
    line.strip_suffix('"')
}

/// The bridges that the rules are for.
fn bridges(table: &str) -> Vec<String> {
    let mut found: Vec<_> = table
        .split('"')
        .filter(|word| {
            word.strip_prefix("zl-")
                .is_some_and(|rest| rest.len() == 8 && rest.chars().all(is_hex))
        })
        .map(str::to_owned)
        .collect();
    found.sort();
    found.dedup();
    found
}

fn is_hex(c: char) -> bool {
    c.is_ascii_digit() || ('a'..='f').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nft_prints_is_read() {
        assert_eq!(
            tags(
                "table ip nat\ntable ip zlayer_170d009d\ntable ip zlayer_\ntable ip6 zlayer_170d009e\ntable ip zlayer_x;flush\n"
            ),
            ["170d009d"]
        );
        let table = "table ip zlayer_170d009d {\n\tcomment \"/tmp/a b/network\"\n\tset bridges {\n\t\ttype ifname\n\t\telements = { \"zl-00112233\",\n\t\t\t     \"zl-aabbccdd\", \"eth0\", \"zl-1\" }\n\t}\n\tset same {\n\t\telements = { \"zl-00112233\" . \"zl-00112233\" }\n\t}\n}\n";
        assert_eq!(comment(table), Some("/tmp/a b/network"));
        assert_eq!(bridges(table), ["zl-00112233", "zl-aabbccdd"]);
        assert_eq!(comment("table ip zlayer_170d009d {\n}\n"), None);
    }

    #[test]
    fn a_claim_is_held_once_and_freed() {
        let tag = format!("test-{}", std::process::id());
        let claim = Claim::take(&tag).unwrap();
        assert!(Claim::take(&tag).is_none());
        drop(claim);
        assert!(Claim::take(&tag).is_some());
    }
}
