//! The handle of one container.

use std::os::fd::AsRawFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as AsyncMutex, watch};

use crate::cgroup::Layout;
use crate::client::{self, Client, command};
use crate::config::ContainerConfig;
use crate::directory::{Blueprint, Directory, Record, RunState};
use crate::disposal::dispose;
use crate::error::{ContainerError, ErrorKind, Result};
use crate::exec::{ExecConfig, ExecSession};
use crate::logs::stream::{LogPosition, LogQuery, LogStream};
use crate::process;
use crate::processes::{self, ProcessInfo};
use crate::protocol::{Reply, Request};
use crate::runtime::{Shared, start_shim};
use crate::stats::{EnforcedLimits, Sampler, Stats};
use crate::status::{ContainerStatus, now_ms};
use crate::validate::parse_signal;

/// Handle of one container that exists. Cheap to clone. Dropping it does nothing to the container.
#[derive(Clone)]
pub struct Container {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    dir: Directory,
    blueprint: Blueprint,
    record: Mutex<Record>,
    status: watch::Sender<ContainerStatus>,
    removed: watch::Sender<bool>,
    sampler: Mutex<Sampler>,
    /// Restart and remove, one at a time.
    lifecycle: AsyncMutex<()>,
}

impl Container {
    /// `client`: the connection on which the shim tells the state; absent when the shim is dead.
    pub(crate) fn new(
        shared: Arc<Shared>,
        dir: Directory,
        blueprint: Blueprint,
        record: Record,
        client: Option<Client>,
    ) -> Self {
        let sampler = Sampler::new(blueprint.cgroup_path());
        let inner = Arc::new(Inner {
            shared,
            dir,
            blueprint,
            status: watch::Sender::new(ContainerStatus::from(&record.state)),
            record: Mutex::new(record),
            removed: watch::Sender::new(false),
            sampler: Mutex::new(sampler),
            lifecycle: AsyncMutex::new(()),
        });
        if let Some(client) = client {
            tokio::spawn(Arc::clone(&inner).monitor(client));
        }
        Self { inner }
    }

    pub fn config(&self) -> &ContainerConfig {
        &self.inner.blueprint.config
    }

    /// Those of its limits of CPU and memory that the machine enforces; a user without cgroups has none.
    pub fn enforced_limits(&self) -> EnforcedLimits {
        let limits = &self.config().limits;
        let layout = Layout::of_machine();
        let cgroup = self.inner.blueprint.cgroup_path();
        let enforced = |controller: &str, v1: &str, v2: &str| {
            let name = if layout.is_unified() { v2 } else { v1 };
            let file = cgroup.as_ref().and_then(|path| layout.file(controller, path, name));
            file.is_some_and(|file| file.exists())
        };
        EnforcedLimits {
            cpu_millicores: limits
                .cpu_millicores
                .filter(|_| enforced("cpu", "cpu.cfs_quota_us", "cpu.max")),
            memory_bytes: limits
                .memory_bytes
                .filter(|_| enforced("memory", "memory.limit_in_bytes", "memory.max")),
        }
    }

    /// Changes to `Exited` once, whoever ended it.
    pub fn status(&self) -> watch::Receiver<ContainerStatus> {
        self.inner.status.subscribe()
    }

    /// The log file cannot be written because the disk is full; lines that come meanwhile are counted and dropped.
    pub fn log_disk_full(&self) -> bool {
        self.inner.record().log_disk_full
    }

    /// # Errors
    /// `not-running` when the container has ended.
    pub async fn signal(&self, signal: i32) -> Result<()> {
        if self.inner.status.borrow().pid().is_none() {
            return Err(self.not_running());
        }
        command(&self.inner.dir, &Request::Signal { signal }).await
    }

    /// Stop signal, then SIGKILL for every process of the container after `grace`. Returns when it has ended. Idempotent.
    pub async fn stop(&self, grace: Duration) -> Result<()> {
        let mut status = self.status();
        let signal = parse_signal(&self.config().stop_signal)?;
        for (signal, patience) in [(signal, grace), (nix::libc::SIGKILL, Duration::MAX)] {
            match self.signal(signal).await {
                Err(error) if matches!(error.kind(), ErrorKind::NotRunning | ErrorKind::ShimUnavailable) => {}
                other => other?,
            }
            let ended = status.wait_for(|status| status.pid().is_none());
            if let Ok(Ok(_)) = tokio::time::timeout(patience, ended).await {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Starts an ended container again: same id, same writable layer, same log file, which goes on.
    pub async fn restart(&self) -> Result<()> {
        let _one = self.inner.lifecycle.lock().await;
        let answer = match Client::connect(&self.inner.dir).await {
            Ok(_) => command(&self.inner.dir, &Request::Restart).await,
            Err(_) => {
                let (record, client) = start_shim(&self.inner.shared, &self.inner.dir, &mut None).await?;
                self.inner.update(record);
                tokio::spawn(Arc::clone(&self.inner).monitor(client));
                return Ok(());
            }
        };
        answer?;
        // The shim tells the state first and answers then, but on another connection. A container that ended again at once
        // shows a later start or end than before.
        if let Ok(record) = self.inner.dir.read_record() {
            self.inner.update(record);
        }
        Ok(())
    }

    /// Removes an ended container with its writable layer, log and cgroup.
    ///
    /// # Errors
    /// `already-running` when it has not ended.
    pub async fn remove(self) -> Result<()> {
        let _one = self.inner.lifecycle.lock().await;
        if self.inner.status.borrow().pid().is_some() {
            let message = format!(
                "the container {} still runs; stop it before it is removed",
                self.config().id
            );
            return Err(ContainerError::new(ErrorKind::AlreadyRunning, message));
        }
        self.inner.removed.send_replace(true);
        match client::remove(&self.inner.dir).await {
            Err(error) if error.kind() == ErrorKind::ShimUnavailable => {}
            Err(error) => {
                self.inner.removed.send_replace(false);
                return Err(error);
            }
            Ok(()) => return Ok(()),
        }
        // The shim is dead.
        let (dir, blueprint) = (self.inner.dir.clone(), self.inner.blueprint.clone());
        tokio::task::spawn_blocking(move || dispose(&dir, &blueprint))
            .await
            .map_err(|e| ContainerError::internal("the removal was interrupted", e))?
    }

    /// Kills and removes.
    pub(crate) async fn discard(self) {
        let removed = match self.stop(Duration::ZERO).await {
            Ok(()) => self.remove().await,
            Err(error) => Err(error),
        };
        if let Err(error) = removed {
            tracing::warn!(%error, "a container that nobody wants any more could not be removed");
        }
    }

    /// Starts a process in the container and returns when its program runs.
    pub async fn exec(&self, exec: ExecConfig) -> Result<ExecSession> {
        if self.inner.status.borrow().pid().is_none() {
            return Err(self.not_running());
        }
        ExecSession::start(&self.inner.dir, exec).await
    }

    /// Sizes the terminal of a container that has one.
    pub async fn resize(&self, cols: u16, rows: u16) -> Result<()> {
        command(&self.inner.dir, &Request::Resize { cols, rows }).await
    }

    pub async fn stats(&self) -> Result<Stats> {
        let record = self.inner.record().clone();
        let mut sampler = self.inner.sampler.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(sampler.sample(&record, &self.config().network))
    }

    /// Every process of the container, the first one first.
    pub async fn processes(&self) -> Result<Vec<ProcessInfo>> {
        let Some(pid) = self.inner.status.borrow().pid() else {
            return Err(self.not_running());
        };
        let path = self.inner.blueprint.cgroup_path();
        Ok(processes::list(pid, path.as_deref()))
    }

    pub fn logs(&self, query: LogQuery) -> LogStream {
        self.logs_from(query, None)
    }

    /// As `logs`, but goes on behind a record that an earlier stream delivered, also one of an earlier sidecar.
    pub fn logs_from(&self, query: LogQuery, position: Option<LogPosition>) -> LogStream {
        LogStream::open(
            self.inner.dir.log(),
            query,
            position,
            Arc::clone(&self.inner.shared),
            self.inner.removed.subscribe(),
        )
    }

    fn not_running(&self) -> ContainerError {
        ContainerError::new(
            ErrorKind::NotRunning,
            format!("the container {} is not running; start it first", self.config().id),
        )
    }
}

impl Inner {
    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn update(&self, record: Record) {
        let status = ContainerStatus::from(&record.state);
        let mut current = self.record();
        if record.sequence < current.sequence {
            return;
        }
        *current = record;
        self.status.send_if_modified(|current| {
            let changed = *current != status;
            *current = status;
            changed
        });
    }

    /// Follows the shim's word on the state, until the container is removed or the shim dies.
    async fn monitor(self: Arc<Self>, mut client: Client) {
        while let Ok(Some(reply)) = client.receive().await {
            if let Reply::State { record } = reply {
                self.update(record);
            }
        }
        if *self.removed.borrow() {
            return;
        }
        if !self.dir.path().exists() {
            self.removed.send_replace(true);
            return;
        }
        let record = self.record().clone();
        let inner = Arc::clone(&self);
        match tokio::task::spawn_blocking(move || bury(&inner.dir, &inner.blueprint, record)).await {
            Ok(record) => self.update(record),
            Err(cause) => tracing::error!(%cause, "the end of a container without its shim could not be made sure of"),
        }
    }
}

/// Records the end of a container whose shim is dead, after making sure of it. Blocks until its processes have ended.
pub(crate) fn bury(dir: &Directory, blueprint: &Blueprint, mut record: Record) -> Record {
    // The shim may have written the end, and died before it could tell.
    if let Ok(written) = dir.read_record() {
        record = written;
    }
    let RunState::Running { pid, start_ticks, .. } = record.state else {
        return record;
    };
    kill_exactly(pid, start_ticks);
    if let Some(path) = blueprint.cgroup_path() {
        Layout::of_machine().kill_all(&path);
    }
    let (code, signal) = (128 + nix::libc::SIGKILL, Some(nix::libc::SIGKILL));
    record.sequence += 1;
    record.state = RunState::Exited {
        code,
        signal,
        oom_killed: false,
        finished_at_ms: now_ms(),
    };
    if let Err(error) = dir.write_record(&record, true) {
        // The next sidecar finds the same and says the same.
        tracing::error!(%error, "the end of a container without its shim could not be recorded");
    }
    record
}

/// Longest wait for the end of a killed process, in milliseconds: one that waits for a disk cannot end before it.
const KILL_LIMIT_MS: u16 = 30_000;

/// Kills the process and waits for its end; never a later one that has the same number.
fn kill_exactly(pid: u32, start_ticks: u64) {
    let Ok(raw) = i32::try_from(pid) else { return };
    // SAFETY: plain system calls on a number and a descriptor that is closed with `pidfd`.
    let fd = unsafe { nix::libc::syscall(nix::libc::SYS_pidfd_open, raw, 0) };
    let Ok(fd) = i32::try_from(fd) else { return };
    if fd < 0 {
        return;
    }
    let pidfd = unsafe { <std::os::fd::OwnedFd as std::os::fd::FromRawFd>::from_raw_fd(fd) };
    if process::start_ticks(pid) != Some(start_ticks) {
        return;
    }
    unsafe {
        nix::libc::syscall(
            nix::libc::SYS_pidfd_send_signal,
            pidfd.as_raw_fd(),
            nix::libc::SIGKILL,
            0,
            0,
        )
    };
    let mut fds = [nix::poll::PollFd::new(
        std::os::fd::AsFd::as_fd(&pidfd),
        nix::poll::PollFlags::POLLIN,
    )];
    // A signal to this process is no end of that one.
    while nix::poll::poll(&mut fds, KILL_LIMIT_MS) == Err(nix::errno::Errno::EINTR) {}
}
