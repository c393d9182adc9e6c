//! Containers: one shim process each, on libcontainer; their logs, statistics and exec sessions.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

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
    Bind { source: PathBuf, target: String, read_only: bool },
    Tmpfs { target: String, size_bytes: Option<u64>, mode: u32 },
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

#[derive(Clone)]
pub struct Runtime {}

#[derive(Debug, Clone)]
pub struct RuntimeConfig {
    /// Container directories: config, shim socket, exit status, log, overlay upper directory.
    pub state_dir: PathBuf,
    /// Binary that runs as `<shim_exe> shim <container directory>`.
    pub shim_exe: PathBuf,
    /// `zlayer` → `/sys/fs/cgroup/<controller>/zlayer/<id>`; absent when this user may not make cgroups.
    pub cgroup_parent: Option<String>,
    pub rootless: bool,
}

/// Handle of one container that exists. Cheap to clone. Dropping it does nothing to the container.
#[derive(Clone)]
pub struct Container {}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContainerStatus {
    Running { pid: u32, started_at_ms: u64 },
    /// `code`: exit status, or 128 + signal.
    Exited { code: i32, signal: Option<i32>, oom_killed: bool, finished_at_ms: u64 },
}

impl Runtime {
    pub fn new(config: RuntimeConfig) -> Self { let _ = config; todo!() }
    /// Starts a new container and returns when its process runs. On an error, or when the future is dropped, nothing is left.
    pub async fn run(&self, config: ContainerConfig) -> Result<Container, ContainerError> { let _ = config; todo!() }
    /// Finds every container in the state directory, running or ended, and reconnects to the living shims.
    pub async fn adopt(&self) -> Result<Vec<Container>, ContainerError> { todo!() }
}

impl Container {
    pub fn config(&self) -> &ContainerConfig { todo!() }
    /// Changes to `Exited` once, whoever ended it.
    pub fn status(&self) -> tokio::sync::watch::Receiver<ContainerStatus> { todo!() }
    pub async fn signal(&self, signal: i32) -> Result<(), ContainerError> { let _ = signal; todo!() }
    /// Stop signal, then SIGKILL for every process of the container after `grace`. Returns when it has ended. Idempotent.
    pub async fn stop(&self, grace: Duration) -> Result<(), ContainerError> { let _ = grace; todo!() }
    /// Starts an ended container again: same id, same writable layer, same log file, which goes on.
    pub async fn restart(&self) -> Result<(), ContainerError> { todo!() }
    /// Removes an ended container with its writable layer, log and cgroup.
    pub async fn remove(self) -> Result<(), ContainerError> { todo!() }
    pub async fn exec(&self, exec: ExecConfig) -> Result<ExecSession, ContainerError> { let _ = exec; todo!() }
    pub async fn stats(&self) -> Result<Stats, ContainerError> { todo!() }
    pub async fn processes(&self) -> Result<Vec<ProcessInfo>, ContainerError> { todo!() }
    pub fn logs(&self, query: LogQuery) -> LogStream { let _ = query; todo!() }
}

#[derive(Debug, Clone, Default)]
pub struct ExecConfig {
    pub args: Vec<String>,
    pub env: Vec<String>,
    pub cwd: Option<String>,
    pub user: Option<String>,
    /// Columns and rows.
    pub terminal: Option<(u16, u16)>,
}

/// A process that was started inside a container. Dropping the session ends the process (SIGHUP, then SIGKILL).
pub struct ExecSession {
    pub stdin: tokio::net::unix::pipe::Sender,
    /// With a terminal, everything comes here.
    pub stdout: tokio::net::unix::pipe::Receiver,
    pub stderr: Option<tokio::net::unix::pipe::Receiver>,
}

impl ExecSession {
    pub async fn resize(&self, cols: u16, rows: u16) -> Result<(), ContainerError> { let _ = (cols, rows); todo!() }
    /// Exit status, or 128 + signal.
    pub async fn wait(&mut self) -> Result<i32, ContainerError> { todo!() }
}

/// Counters since the container was created, from its cgroup and its network namespace; 0 where the machine does not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    pub cpu_ns: u64,
    pub memory_bytes: u64,
    pub rx_bytes: u64,
    pub tx_bytes: u64,
    pub read_bytes: u64,
    pub write_bytes: u64,
    pub pids: u32,
    pub oom_kills: u64,
}

#[derive(Debug, Clone)]
pub struct ProcessInfo {
    /// As the node sees it.
    pub pid: u32,
    pub ppid: u32,
    pub user: String,
    pub started_at_ms: u64,
    pub cpu_ms: u64,
    pub command: String,
}

#[derive(Debug, Clone, Default)]
pub struct LogQuery {
    /// Only the last n lines of what is there now; `None`: all.
    pub tail: Option<usize>,
    pub since_ms: Option<u64>,
    pub until_ms: Option<u64>,
    pub stdout: bool,
    pub stderr: bool,
    /// Go on until the container is removed (a restart does not end the stream).
    pub follow: bool,
}

/// Lines in the order they were written. `impl Stream<Item = Result<LogRecord, ContainerError>>`.
pub struct LogStream {}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRecord {
    pub time_ns: u64,
    pub stderr: bool,
    /// Without the line's end. `partial`: the process wrote no line end here (a line longer than 16 KiB is cut).
    pub data: bytes::Bytes,
    pub partial: bool,
}

/// Every variant says what failed, why and what to do. `code()` is stable and kebab-case.
#[derive(Debug, thiserror::Error)]
pub enum ContainerError {
    #[error("to be replaced")]
    ToBeReplaced,
}

impl ContainerError {
    /// `command-not-found`, `memory-limit-too-low`, `user-not-found`, `mount-failed`, `disk-full`, `not-running`, `internal`, …
    pub fn code(&self) -> &'static str { "to-be-replaced" }
}

/// `zlayer-sidecar shim DIR`: runs until the container is removed. Single-threaded; returns the process's exit code.
pub fn shim_main(dir: &std::path::Path) -> i32 { let _ = dir; todo!() }
