//! What a container is: the description that the engine hands over and that is kept beside the container.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// All that a shim needs to run a container. Written to the container's directory before the shim starts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ContainerConfig {
    /// `[a-z0-9][a-z0-9-]*`, at most 64 characters.
    pub id: String,
    pub rootfs: Rootfs,
    /// Command and arguments; never empty.
    pub args: Vec<String>,
    /// `KEY=value`
    pub env: Vec<String>,
    pub cwd: String,
    /// `user`, `user:group`, `uid`, `uid:gid`; names are looked up in the image's `/etc/passwd` and `/etc/group`.
    pub user: Option<String>,
    pub extra_groups: Vec<String>,
    pub hostname: String,
    pub network: NetworkNamespace,
    /// Nameserver and search domains for `/etc/resolv.conf`; extra `ip name` lines for `/etc/hosts`.
    pub nameservers: Vec<String>,
    pub search_domains: Vec<String>,
    pub extra_hosts: Vec<(String, String)>,
    pub mounts: Vec<Mount>,
    pub limits: Limits,
    pub security: Security,
    pub terminal: bool,
    pub stdin_open: bool,
    /// Signal name (`SIGTERM`) or number that asks the process to end.
    pub stop_signal: String,
    pub log: LogConfig,
    /// Kept and given back by `adopt`; the engine stores deployment, service, replica and generation here.
    pub labels: BTreeMap<String, String>,
}

/// An overlayfs over shared read-only layers, mounted in the shim's own mount namespace.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rootfs {
    /// Topmost first.
    pub layers: Vec<PathBuf>,
    pub read_only: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum NetworkNamespace {
    /// The node's own.
    Host,
    /// An empty one: loopback only.
    None,
    /// A prepared one, bound at this path.
    Path(PathBuf),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Mount {
    Bind {
        source: PathBuf,
        target: String,
        read_only: bool,
    },
    Tmpfs {
        target: String,
        size_bytes: Option<u64>,
        mode: u32,
    },
}

/// Absent means unlimited, except `pids` (the engine always sets one).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Limits {
    pub cpu_millicores: Option<u64>,
    pub cpu_shares: Option<u64>,
    pub cpuset: Option<String>,
    pub memory_bytes: Option<u64>,
    pub memory_swap_bytes: Option<i64>,
    pub memory_reservation_bytes: Option<u64>,
    pub pids: Option<u64>,
    pub blkio_weight: Option<u16>,
    pub oom_score_adj: Option<i32>,
    /// name (`nofile`) → (soft, hard)
    pub ulimits: BTreeMap<String, (u64, u64)>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Security {
    /// Added to and dropped from Docker's default set; `ALL` is allowed in both; with or without `CAP_`.
    pub cap_add: Vec<String>,
    pub cap_drop: Vec<String>,
    pub sysctls: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LogConfig {
    /// Rotate when the current file is larger, in bytes.
    pub max_bytes: u64,
    /// Rotated files kept beside the current one.
    pub keep_files: u32,
}
