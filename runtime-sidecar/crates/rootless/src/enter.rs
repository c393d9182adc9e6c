//! The way in.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid};
use sidecar_api_types::Limitation;

use crate::cgroup;
use crate::error::RootlessError;
use crate::holder;
use crate::keeper;
use crate::machine::common_limitations;
use crate::record::{Record, RecordDir};
use crate::way_out::{WayOut, is_connected, limitation, not_connected};

/// The way out takes some tens of milliseconds; the engine does not wait longer than this for it.
const CONNECT_PATIENCE: Duration = Duration::from_secs(3);

#[derive(Debug, Clone)]
pub struct RootlessConfig {
    /// The engine's data directory; it belongs to the user. The namespaces belong to it: engines with the same directory
    /// share them, one after the other.
    pub data_dir: PathBuf,
}

/// Where the process is after [`enter`].
#[derive(Debug, Clone)]
pub struct Environment {
    /// What does not work for this user on this machine, each with its remedy.
    pub limitations: Vec<Limitation>,
    /// The cgroup v2 below which the containers' cgroups are made, relative to the root of the hierarchy. `None`: no limits.
    pub cgroup_parent: Option<String>,
    /// Whether the namespaces are those of an earlier engine, where containers may be running.
    pub resumed: bool,
    /// The uid outside; inside it is 0.
    pub real_uid: u32,
    /// Whether more users than root exist inside.
    pub subordinate_ids: bool,
}

/// Makes the user's namespaces, or enters those that an earlier engine made. Called first in `main`, before any thread is
/// started; afterwards the process is root inside.
///
/// # Errors
/// `NoUserNamespaces` when the machine forbids them; `State` when the data directory cannot be used; kernel failures.
pub fn enter(config: &RootlessConfig) -> Result<Environment, RootlessError> {
    let threads = fs::read_dir("/proc/self/task").map_or(1, Iterator::count);
    if threads != 1 {
        return Err(RootlessError::NotSingleThreaded(threads));
    }
    let real_uid = Uid::effective().as_raw();
    let dir = RecordDir::open(&config.data_dir)?;
    let mut limitations = common_limitations();
    let cgroup_parent = cgroup::take_delegated().map_err(|reason| limitations.push(reason)).ok();
    let way_out = WayOut::find().map_err(|reason| limitations.push(reason)).ok();

    let last = dir.load().filter(|record| holder::can_enter(record.holder));
    let resumed = last.is_some();
    let mut record = match last {
        Some(record) => record,
        None => {
            let resolv_conf = dir.file("resolv.conf");
            write_resolv_conf(&resolv_conf, way_out.as_ref())?;
            let (holder, subordinate_ids) = holder::start(&resolv_conf)?;
            Record {
                holder,
                keeper: None,
                subordinate_ids,
            }
        }
    };
    dir.save(&record)?;
    if let Some(way_out) = &way_out {
        let log = dir.file("way-out.log");
        if !record.keeper.is_some_and(|keeper| keeper.is_alive()) {
            record.keeper = Some(keeper::start(way_out, record.holder, &log, &dir.file("way-out.json"))?);
        }
        dir.save(&record)?;
        limitations.extend(way_out.limitation());
        let started = Instant::now();
        while !is_connected(record.holder) {
            if started.elapsed() > CONNECT_PATIENCE {
                limitations.push(not_connected(&log));
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    if !record.subordinate_ids {
        limitations.push(limitation(
            "no-subordinate-ids",
            "Containers have only the user root: images that use other users do not work.",
            "Run `sudo apt-get install uidmap && sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $USER`, end all deployments and restart the engine.",
        ));
    }
    holder::enter(record.holder)?;
    Ok(Environment {
        limitations,
        cgroup_parent,
        resumed,
        real_uid,
        subordinate_ids: record.subordinate_ids,
    })
}

/// Ends the helper processes. The namespaces end with the last process in them, so this is called by an engine that is
/// about to end and leaves no container behind; otherwise nobody could find the containers again.
///
/// # Errors
/// `State` and `Locked` when the data directory cannot be used.
pub fn dissolve(config: &RootlessConfig) -> Result<(), RootlessError> {
    let dir = RecordDir::open(&config.data_dir)?;
    if let Some(holder) = dir
        .load()
        .map(|record| record.holder)
        .filter(|holder| holder.is_alive())
    {
        // Its keeper notices and ends the way out.
        let ended = kill(Pid::from_raw(holder.pid), Signal::SIGKILL);
        ended.map_err(|error| RootlessError::kernel("end the holder", error))?;
    }
    dir.forget()
}

/// Inside, names are asked of the way out; the host's own file may name a resolver on the host's loopback.
fn write_resolv_conf(path: &std::path::Path, way_out: Option<&WayOut>) -> Result<(), RootlessError> {
    let host = fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let rest = host.lines().filter(|line| !line.trim_start().starts_with("nameserver"));
    let resolver = way_out.map(|way_out| format!("nameserver {}", way_out.resolver()));
    let lines: Vec<String> = resolver.into_iter().chain(rest.map(str::to_owned)).collect();
    let failed = |source: io::Error| RootlessError::State {
        path: path.to_owned(),
        action: "written",
        source,
    };
    fs::write(path, lines.join("\n") + "\n").map_err(failed)
}
