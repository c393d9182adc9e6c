//! `/etc/hostname`, `/etc/hosts` and `/etc/resolv.conf` of a container.

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::config::{ContainerConfig, NetworkNamespace};
use crate::directory::Directory;
use crate::error::{ContainerError, Result};

pub(crate) const NAMES: &[&str] = &["hostname", "hosts", "resolv.conf"];

pub(super) fn write(dir: &Directory, config: &ContainerConfig) -> Result<()> {
    let etc = dir.etc();
    fs::create_dir_all(&etc).map_err(|e| ContainerError::io("cannot create", &etc, e))?;
    for (name, text) in NAMES
        .iter()
        .zip([format!("{}\n", config.hostname), hosts(config), resolv_conf(config)])
    {
        let path = etc.join(name);
        fs::write(&path, text)
            .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o644)))
            .map_err(|e| ContainerError::io("cannot write", &path, e))?;
    }
    Ok(())
}

fn hosts(config: &ContainerConfig) -> String {
    let mut text = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n".to_owned();
    for (address, name) in &config.extra_hosts {
        let _ = writeln!(text, "{address}\t{name}");
    }
    if !config.extra_hosts.iter().any(|(_, name)| *name == config.hostname) {
        let _ = writeln!(text, "127.0.1.1\t{}", config.hostname);
    }
    text
}

fn resolv_conf(config: &ContainerConfig) -> String {
    // A container that shares the node's network resolves as the node does, unless it is told otherwise.
    if config.nameservers.is_empty()
        && config.search_domains.is_empty()
        && matches!(config.network, NetworkNamespace::Host)
    {
        return fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    }
    let mut text = String::new();
    if !config.search_domains.is_empty() {
        let _ = writeln!(text, "search {}", config.search_domains.join(" "));
    }
    for server in &config.nameservers {
        let _ = writeln!(text, "nameserver {server}");
    }
    text
}
