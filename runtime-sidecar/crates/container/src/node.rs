//! What this machine and this user allow.

use std::fs;
use std::path::Path;

use crate::bundle::capabilities;
use crate::cgroup;

/// Read once by each shim.
#[derive(Debug, Clone, Default)]
pub(crate) struct Node {
    /// Root here is not the machine's root.
    pub in_user_namespace: bool,
    pub has_device_cgroup: bool,
    pub may_lower_oom_score: bool,
    /// Group 5, `tty`, exists in the user namespace.
    pub maps_tty_group: bool,
    pub bounding_capabilities: Vec<&'static str>,
}

impl Node {
    pub fn detect() -> Self {
        let in_user_namespace = !is_full_range(&fs::read_to_string("/proc/self/uid_map").unwrap_or_default());
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status
            .lines()
            .find_map(|line| line.strip_prefix("CapBnd:"))
            .and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok())
            .unwrap_or(0);
        let bounding_capabilities = capabilities::from_mask(mask);
        let layout = cgroup::Layout::of_machine();
        Self {
            in_user_namespace,
            has_device_cgroup: layout.controller("devices").is_some() && !in_user_namespace,
            may_lower_oom_score: !in_user_namespace && bounding_capabilities.contains(&"SYS_RESOURCE"),
            maps_tty_group: maps(&fs::read_to_string("/proc/self/gid_map").unwrap_or_default(), 5),
            bounding_capabilities,
        }
    }

    /// Whether the container can see its own cgroup. Without one, only a version 2 hierarchy can be mounted, which the
    /// shim does in place of the machine's.
    pub fn can_show_cgroups(&self, has_cgroup: bool) -> bool {
        (has_cgroup || self.in_user_namespace) && Path::new("/proc/self/ns/cgroup").exists()
    }
}

fn is_full_range(map: &str) -> bool {
    map.split_whitespace().collect::<Vec<_>>() == ["0", "0", "4294967295"]
}

fn maps(map: &str, id: u64) -> bool {
    map.lines().any(|line| {
        let numbers: Vec<u64> = line.split_whitespace().filter_map(|n| n.parse().ok()).collect();
        matches!(numbers[..], [first, _, count] if (first..first + count).contains(&id))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_maps() {
        assert!(is_full_range("         0          0 4294967295\n"));
        assert!(!is_full_range(
            "         0       1000          1\n         1     100000      65536\n"
        ));
        assert!(maps("0 1000 1\n1 100000 65536\n", 5));
        assert!(!maps("0 1000 1\n", 5));
    }
}
