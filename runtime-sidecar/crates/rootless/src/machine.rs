//! What this machine allows the process as it runs now.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use nix::unistd::{AccessFlags, Uid, access};
use sidecar_api_types::Limitation;

use crate::cgroup;
use crate::way_out::{find_program, limitation};

const CAP_NET_ADMIN: u32 = 12;

/// ZLayer's `DaemonMode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Root, not inside a container, with all of the cgroup tree.
    Full,
    /// Inside a container, with a part of the cgroup tree.
    NestedAdaptive,
    /// Something is missing.
    Degraded,
}

impl Mode {
    /// As the REST API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::NestedAdaptive => "nested_adaptive",
            Self::Degraded => "degraded",
        }
    }
}

/// The fields of ZLayer's `DaemonCapabilitiesResponse`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    pub mode: Mode,
    pub is_root: bool,
    pub is_nested: bool,
    pub can_write_cgroup_root: bool,
    pub has_cap_net_admin: bool,
    pub tun_device_available: bool,
    /// The cgroup v2 path of this process.
    pub cgroup_parent: Option<String>,
}

impl Machine {
    /// Looks at the machine. Call it before [`crate::enter`] for what is true of the user, after it for what is true
    /// inside the namespaces.
    pub fn probe() -> Self {
        let cgroup_parent = cgroup::own_path();
        let is_root = Uid::effective().is_root();
        let is_nested = cgroup_parent.as_deref().is_some_and(|path| path != "/") && is_container();
        let can_write_cgroup_root = cgroup_root_is_writable();
        let has_cap_net_admin = bounding_set() & (1 << CAP_NET_ADMIN) != 0;
        let mode = match (is_root && has_cap_net_admin, is_nested, can_write_cgroup_root) {
            (true, false, true) => Mode::Full,
            (true, true, _) => Mode::NestedAdaptive,
            _ => Mode::Degraded,
        };
        Self {
            mode,
            is_root,
            is_nested,
            can_write_cgroup_root,
            has_cap_net_admin,
            tun_device_available: OpenOptions::new().read(true).write(true).open("/dev/net/tun").is_ok(),
            cgroup_parent,
        }
    }

    /// What does not work for an engine that runs as root.
    pub fn limitations(&self) -> Vec<Limitation> {
        let mut found = common_limitations();
        if !self.has_cap_net_admin {
            found.push(limitation(
                "network-not-permitted",
                "Containers have no network: the engine lacks the capability CAP_NET_ADMIN.",
                "Give the container that the engine runs in CAP_NET_ADMIN and CAP_SYS_ADMIN, or run the engine outside.",
            ));
        }
        if !self.can_write_cgroup_root {
            found.push(limitation(
                "no-cgroup-delegation",
                "Limits of CPU, memory and processes are not enforced: the cgroup file system is read-only here.",
                "Mount the cgroup file system writable in the container that the engine runs in, or run the engine outside.",
            ));
        }
        found
    }
}

/// What does not work whoever the engine runs as.
pub(crate) fn common_limitations() -> Vec<Limitation> {
    let mut found = Vec::new();
    if find_program("nft").is_none() {
        found.push(limitation(
            "nft-missing",
            "Containers have no network: the program nft, which isolates them and lets them out, is not installed.",
            "Run `sudo apt-get install nftables`, then start the deployment again.",
        ));
    }
    // A module that is not loaded yet is loaded by the first mount, but only for root outside of namespaces.
    let known = fs::read_to_string("/proc/filesystems").unwrap_or_default();
    let loadable = || Uid::effective().is_root() && has_module("overlay");
    if !known.lines().any(|line| line.trim().ends_with("overlay")) && !loadable() {
        found.push(limitation(
            "no-overlayfs",
            "Containers cannot be started: the kernel has no overlay file system.",
            "Run `sudo modprobe overlay`, then restart the engine.",
        ));
    }
    found
}

fn has_module(name: &str) -> bool {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let list = Path::new("/lib/modules").join(release.trim()).join("modules.dep");
    fs::read_to_string(list).is_ok_and(|text| text.contains(&format!("/{name}.ko")))
}

fn is_container() -> bool {
    Path::new("/.dockerenv").exists()
        || Path::new("/run/.containerenv").exists()
        || std::env::var_os("container").is_some()
}

/// With cgroup v1 the hierarchies of the controllers count, with v2 the root.
fn cgroup_root_is_writable() -> bool {
    let writable = |path: &PathBuf| access(path, AccessFlags::W_OK).is_ok();
    let v1 = ["memory", "cpu", "pids"].map(|name| PathBuf::from("/sys/fs/cgroup").join(name).join("cgroup.procs"));
    if v1.iter().any(|path| path.exists()) {
        return v1.iter().all(writable);
    }
    cgroup::mount_point().is_some_and(|root| writable(&root.join("cgroup.subtree_control")))
}

fn bounding_set() -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("CapBnd:"));
    line.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok())
        .unwrap_or_default()
}
