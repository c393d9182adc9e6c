//! The directory of one container: where its files are, and how its records are written so that a crash leaves the old
//! record or the new one, never half of one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::config::ContainerConfig;
use crate::error::{ContainerError, Result};

pub(crate) const SOCKET: &str = "shim.sock";

/// Paths of everything that belongs to one container. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }
    pub fn path(&self) -> &Path {
        &self.0
    }
    pub fn blueprint(&self) -> PathBuf {
        self.0.join("container.json")
    }
    pub fn record(&self) -> PathBuf {
        self.0.join("status.json")
    }
    pub fn shim_log(&self) -> PathBuf {
        self.0.join("shim.log")
    }
    /// In memory, and seen in the shim's mount namespace only: what is made anew for every start, and goes with the shim.
    pub fn scratch(&self) -> PathBuf {
        self.0.join("scratch")
    }
    pub fn bundle(&self) -> PathBuf {
        self.scratch().join("bundle")
    }
    pub fn rootfs(&self) -> PathBuf {
        self.scratch().join("rootfs")
    }
    pub fn upper(&self) -> PathBuf {
        self.0.join("upper")
    }
    pub fn work(&self) -> PathBuf {
        self.0.join("work")
    }
    pub fn etc(&self) -> PathBuf {
        self.scratch().join("etc")
    }
    pub fn log(&self) -> PathBuf {
        self.0.join("log")
    }
    /// libcontainer's own state; made anew for every start.
    pub fn runtime_state(&self) -> PathBuf {
        self.scratch().join("runtime")
    }
    /// Compiled seccomp filters, shared by all containers of a state directory.
    pub fn seccomp_cache(&self) -> PathBuf {
        self.0.parent().unwrap_or(&self.0).join(".seccomp")
    }
    /// The lowest layer of every container of a state directory; see `skeleton`.
    pub fn skeleton(&self) -> PathBuf {
        self.0.parent().unwrap_or(&self.0).join(".skeleton")
    }

    pub fn read_blueprint(&self) -> Result<Blueprint> {
        read_json(&self.blueprint())
    }
    pub fn read_record(&self) -> Result<Record> {
        read_json(&self.record())
    }
    /// `durable`: survives a power cut when this returns.
    pub fn write_record(&self, record: &Record, durable: bool) -> Result<()> {
        write_json(&self.record(), record, durable)
    }
}

/// What a shim reads when it starts. Written once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Blueprint {
    pub config: ContainerConfig,
    pub cgroup_parent: Option<String>,
    pub rootless: bool,
}

impl Blueprint {
    /// `/<parent>/<id>`, relative to the root of each cgroup hierarchy.
    pub fn cgroup_path(&self) -> Option<PathBuf> {
        self.cgroup_parent
            .as_ref()
            .map(|parent| Path::new("/").join(parent.trim_matches('/')).join(&self.config.id))
    }
}

/// What is known about the container's process and must outlive the shim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub state: RunState,
    /// Network counters of earlier runs, in bytes.
    #[serde(default)]
    pub network: NetworkBase,
    /// The log file cannot be written because the disk is full.
    #[serde(default)]
    pub log_disk_full: bool,
    /// Grows with every record of a container: they reach the sidecar on two ways, and an old one may come last.
    #[serde(default)]
    pub sequence: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub(crate) enum RunState {
    Running {
        pid: u32,
        /// In clock ticks since boot: tells the process from a later one with the same pid.
        start_ticks: u64,
        started_at_ms: u64,
    },
    Exited {
        code: i32,
        signal: Option<i32>,
        oom_killed: bool,
        finished_at_ms: u64,
    },
}

/// Counters of namespaces that are gone, and the last ones of the newest namespace, so that sums never go back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NetworkBase {
    pub rx_bytes: u64,
    pub tx_bytes: u64,
    pub last_namespace: u64,
    pub last_rx_bytes: u64,
    pub last_tx_bytes: u64,
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let bytes = fs::read(path).map_err(|e| ContainerError::io("cannot read", path, e))?;
    serde_json::from_slice(&bytes)
        .map_err(|e| ContainerError::internal(format_args!("cannot parse {}", path.display()), e))
}

pub(crate) fn write_json<T: Serialize>(path: &Path, value: &T, durable: bool) -> Result<()> {
    let bytes = serde_json::to_vec(value).map_err(|e| ContainerError::internal("cannot encode a record", e))?;
    write_atomically(path, &bytes, durable)
}

fn write_atomically(path: &Path, bytes: &[u8], durable: bool) -> Result<()> {
    let temporary = path.with_extension("new");
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&temporary)?;
        file.write_all(bytes)?;
        if durable {
            file.sync_data()?;
        }
        fs::rename(&temporary, path)?;
        if durable && let Some(parent) = path.parent() {
            File::open(parent)?.sync_all()?;
        }
        Ok(())
    };
    let written = match write() {
        // The space of the old record is enough for the new one.
        Err(e) if e.kind() == io::ErrorKind::StorageFull && path.exists() => overwrite(path, bytes),
        other => other,
    };
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written.map_err(|e| ContainerError::io("cannot write", path, e))
}

fn overwrite(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.write_all(bytes)?;
    file.set_len(bytes.len() as u64)?;
    file.sync_data()
}
