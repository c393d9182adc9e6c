//! The capabilities of a container: Docker's default set, changed by the configuration.

use oci_spec::runtime::{Capabilities, Capability, LinuxCapabilities, LinuxCapabilitiesBuilder};

use crate::config::Security;
use crate::error::{ContainerError, ErrorKind, Result};
use crate::node::Node;

const DEFAULT: &[&str] = &[
    "CHOWN",
    "DAC_OVERRIDE",
    "FSETID",
    "FOWNER",
    "MKNOD",
    "NET_RAW",
    "SETGID",
    "SETUID",
    "SETFCAP",
    "SETPCAP",
    "NET_BIND_SERVICE",
    "SYS_CHROOT",
    "KILL",
    "AUDIT_WRITE",
];

const ALL: &[&str] = &[
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// Names without `CAP_`, sorted as the kernel numbers them. `devices_limited`: a device cgroup keeps the container from
/// opening devices that it makes; without one, `MKNOD` is not among the defaults.
pub(crate) fn of(security: &Security, node: &Node, has_cgroup: bool) -> Result<Vec<&'static str>> {
    let devices_limited = has_cgroup && node.has_device_cgroup;
    let adds = resolve("security.cap_add", &security.cap_add)?;
    let drops = resolve("security.cap_drop", &security.cap_drop)?;
    Ok(ALL
        .iter()
        .copied()
        .filter(|name| {
            let added = adds.contains(name);
            let default = DEFAULT.contains(name) && (*name != "MKNOD" || devices_limited);
            let named_drop = drops.contains(name) && !drops_all(&security.cap_drop);
            // An addition by name wins over `drop: [ALL]`, as with Docker.
            let kept = if drops_all(&security.cap_drop) {
                added
            } else {
                (default || added) && !named_drop
            };
            kept && node.bounding_capabilities.contains(name)
        })
        .collect())
}

fn drops_all(names: &[String]) -> bool {
    names
        .iter()
        .any(|name| name.eq_ignore_ascii_case("ALL") || name.eq_ignore_ascii_case("CAP_ALL"))
}

fn resolve(field: &str, names: &[String]) -> Result<Vec<&'static str>> {
    let mut resolved = Vec::new();
    for name in names {
        let upper = name.to_ascii_uppercase();
        let plain = upper.strip_prefix("CAP_").unwrap_or(&upper);
        if plain == "ALL" {
            return Ok(ALL.to_vec());
        }
        match ALL.iter().find(|known| **known == plain) {
            Some(known) => resolved.push(*known),
            None => {
                let message =
                    format!("{field}: {name:?} is no capability of Linux; see capabilities(7), for example NET_ADMIN");
                return Err(ContainerError::new(ErrorKind::InvalidConfig, message));
            }
        }
    }
    Ok(resolved)
}

/// A user other than root gets the bounding set only, as a change of the user id by the kernel would leave it.
pub(crate) fn for_user(names: &[&'static str], uid: u32) -> Result<LinuxCapabilities> {
    let set: Capabilities = names
        .iter()
        .filter_map(|name| name.parse::<Capability>().ok())
        .collect();
    let effective = if uid == 0 { set.clone() } else { Capabilities::new() };
    let mut capabilities = LinuxCapabilitiesBuilder::default()
        .bounding(set)
        .effective(effective.clone())
        .permitted(effective)
        .inheritable(Capabilities::new())
        .ambient(Capabilities::new())
        .build()?;
    capabilities.set_ambient(None);
    Ok(capabilities)
}

/// The names of the bits of `CapBnd` in `/proc/self/status`.
pub(crate) fn from_mask(mask: u64) -> Vec<&'static str> {
    ALL.iter()
        .enumerate()
        .filter(|(bit, _)| mask & (1 << bit) != 0)
        .map(|(_, name)| *name)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node() -> Node {
        Node {
            has_device_cgroup: true,
            bounding_capabilities: ALL.to_vec(),
            ..Node::default()
        }
    }

    fn names(add: &[&str], drop: &[&str], node: &Node) -> Vec<&'static str> {
        let list = |names: &[&str]| names.iter().map(|s| (*s).to_owned()).collect();
        of(
            &Security {
                cap_add: list(add),
                cap_drop: list(drop),
                ..Security::default()
            },
            node,
            true,
        )
        .unwrap()
    }

    #[test]
    fn additions_and_drops() {
        assert_eq!(names(&[], &[], &node()).len(), DEFAULT.len());
        assert!(names(&["cap_net_admin"], &[], &node()).contains(&"NET_ADMIN"));
        assert!(!names(&[], &["CHOWN"], &node()).contains(&"CHOWN"));
        assert_eq!(names(&[], &["ALL"], &node()), Vec::<&str>::new());
        assert_eq!(names(&["CHOWN"], &["ALL"], &node()), ["CHOWN"]);
        assert_eq!(names(&["ALL"], &[], &node()).len(), ALL.len());
        assert!(!names(&["ALL"], &["SYS_ADMIN"], &node()).contains(&"SYS_ADMIN"));
    }

    #[test]
    fn devices_cannot_be_made_where_their_use_cannot_be_limited() {
        let without = Node {
            has_device_cgroup: false,
            ..node()
        };
        assert!(!names(&[], &[], &without).contains(&"MKNOD"));
    }

    #[test]
    fn an_unknown_name_is_refused() {
        let security = Security {
            cap_add: vec!["FLY".into()],
            ..Security::default()
        };
        assert!(
            of(&security, &node(), true)
                .unwrap_err()
                .to_string()
                .contains("\"FLY\"")
        );
    }
}
