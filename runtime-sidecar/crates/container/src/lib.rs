//! Containers: one shim process each, on libcontainer; their logs, statistics and exec sessions.
//!
//! [`Runtime`] starts containers and finds them again after a crash. Each lives in a directory of its own and is
//! supervised by a process of its own ([`shim_main`]), which outlives whoever started it: it mounts the root file system,
//! writes the log, records the exit status and serves a socket. [`Container`] is the handle of one.

mod bundle;
mod cgroup;
mod client;
mod config;
mod container;
mod directory;
mod disposal;
mod error;
mod exec;
mod logs;
mod network;
mod node;
mod process;
mod processes;
mod protocol;
mod runtime;
mod shim;
mod stats;
mod status;
mod terminal;
mod validate;

pub use config::{ContainerConfig, Limits, LogConfig, Mount, NetworkNamespace, Rootfs, Security};
pub use container::Container;
pub use error::{ContainerError, ErrorKind};
pub use exec::{ExecConfig, ExecControl, ExecSession, ExecStream};
pub use logs::record::LogRecord;
pub use logs::stream::{LogPosition, LogQuery, LogStream};
pub use processes::ProcessInfo;
pub use runtime::{Runtime, RuntimeConfig};
pub use shim::shim_main;
pub use stats::{EnforcedLimits, Stats};
pub use status::ContainerStatus;
