//! The shim's loop: waits for the container's output, its processes and its clients, and acts on each.

mod execs;
mod first_process;
mod requests;

use std::collections::BTreeMap;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, pipe2};

use self::execs::Exec;
use super::connection::{Connection, Role};
use super::helper::{Helper, Stdio, memory_limit_too_low};
use super::output::{Buffers, Output, Pumped};
use super::report::Launch;
use super::{note, rootfs};
use crate::cgroup::Layout;
use crate::directory::{Blueprint, Directory, NetworkBase, Record, RunState, SOCKET};
use crate::disposal::dispose;
use crate::error::{ContainerError, ErrorKind, Failure, Result};
use crate::logs::record::Source;
use crate::logs::writer::LogWriter;
use crate::network::NamespaceCounters;
use crate::node::Node;
use crate::process;
use crate::protocol::{ExecRequest, Reply, Request};
use crate::status::now_ms;
use crate::terminal;

/// Buffers go back after so long without output.
const IDLE: Duration = Duration::from_secs(1);

enum Phase {
    Starting(Launch),
    Running {
        pid: i32,
        network: Option<NamespaceCounters>,
        oom_kills_before: u64,
    },
    Ended,
}

#[derive(Clone, Copy)]
enum Event {
    Child,
    NewClient,
    Output(usize),
    Client(u64),
    Started,
    ExecStarted(u64),
}

pub(super) struct Supervisor {
    dir: Directory,
    blueprint: Blueprint,
    node: Node,
    signals: SignalFd,
    listener: UnixListener,
    log: LogWriter,
    buffers: Buffers,
    outputs: Vec<Output>,
    /// Kept open so that a container with an open standard input does not read its end.
    stdin: Option<OwnedFd>,
    console: Option<OwnedFd>,
    connections: BTreeMap<u64, Connection>,
    next_id: u64,
    record: Option<Record>,
    phase: Phase,
    committed: bool,
    execs: BTreeMap<u64, Exec>,
    /// Children that ended before the shim knew them.
    unclaimed: Vec<(i32, Ending)>,
    finished: bool,
    /// Why an undone start could not be cleared away entirely.
    leftover: Result<()>,
}

#[derive(Clone, Copy)]
struct Ending {
    code: i32,
    signal: Option<i32>,
}

impl Supervisor {
    pub fn new(dir: Directory, starter: UnixStream) -> Result<Self> {
        let blueprint = dir.read_blueprint()?;
        let internal = |what: &'static str| move |e: Errno| ContainerError::internal(what, e);
        prctl::set_child_subreaper(true).map_err(internal("cannot become the reaper of the container's processes"))?;
        let mut mask = SigSet::empty();
        for signal in [
            Signal::SIGCHLD,
            Signal::SIGTERM,
            Signal::SIGINT,
            Signal::SIGHUP,
            Signal::SIGQUIT,
        ] {
            mask.add(signal);
        }
        mask.thread_block().map_err(internal("cannot block signals"))?;
        let signals = SignalFd::with_flags(&mask, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)
            .map_err(internal("cannot receive signals"))?;
        // There is one when an earlier shim of this container was killed.
        let record = dir.read_record().ok();
        let _ = std::fs::remove_file(SOCKET);
        let listener = UnixListener::bind(SOCKET)
            .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
            .map_err(|e| ContainerError::io("cannot listen at", &dir.path().join(SOCKET), e))?;
        let log = LogWriter::open(dir.log(), &blueprint.config.log)
            .map_err(|e| ContainerError::io("cannot open the log in", &dir.log(), e))?;
        let starter = Connection::new(starter, Role::Starter)
            .map_err(|e| ContainerError::internal("cannot serve the starter", e))?;
        let node = Node::detect();
        Ok(Self {
            dir,
            blueprint,
            node,
            signals,
            listener,
            log,
            buffers: Buffers::default(),
            outputs: Vec::new(),
            stdin: None,
            console: None,
            connections: BTreeMap::from([(0, starter)]),
            next_id: 1,
            committed: record.is_some(),
            record,
            phase: Phase::Ended,
            execs: BTreeMap::new(),
            unclaimed: Vec::new(),
            finished: false,
            leftover: Ok(()),
        })
    }

    pub fn run(mut self) -> Result<()> {
        let prepared = rootfs::enter_own_mount_namespace().and_then(|()| {
            rootfs::release_namespaces(&self.blueprint.config.network);
            rootfs::mount_scratch(&self.dir)?;
            match self.blueprint.cgroup_parent {
                Some(_) => Ok(()),
                None => rootfs::hide_cgroups(&self.node),
            }
        });
        if let Err(error) = prepared.and_then(|()| self.start()) {
            self.start_failed(Failure::from(&error));
        }
        while !self.finished {
            for event in self.wait()? {
                self.handle(event);
            }
            self.kill_overdue();
        }
        // The kernel closes them when the process is gone, so that a client that waits for this sees it gone.
        std::mem::forget(self.connections);
        self.leftover
    }

    fn wait(&mut self) -> Result<Vec<Event>> {
        let mut sources: Vec<(Event, BorrowedFd<'_>)> = vec![
            (Event::Child, self.signals.as_fd()),
            (Event::NewClient, self.listener.as_fd()),
        ];
        sources.extend(
            self.outputs
                .iter()
                .enumerate()
                .map(|(n, output)| (Event::Output(n), output.fd())),
        );
        sources.extend(
            self.connections
                .iter()
                .map(|(id, connection)| (Event::Client(*id), connection.stream.as_fd())),
        );
        if let Phase::Starting(launch) = &self.phase {
            sources.push((Event::Started, launch.fd().as_fd()));
        }
        for (id, exec) in &self.execs {
            if let Some(launch) = &exec.launch {
                sources.push((Event::ExecStarted(*id), launch.fd().as_fd()));
            }
        }
        let mut fds: Vec<PollFd<'_>> = sources
            .iter()
            .map(|(_, fd)| PollFd::new(*fd, PollFlags::POLLIN))
            .collect();
        let next_kill = self.execs.values().filter_map(|exec| exec.kill_at).min();
        let timeout = match next_kill.map(|at| at.saturating_duration_since(Instant::now())) {
            Some(left) => Some(left + Duration::from_millis(1)),
            None => self.buffers.in_use().then_some(IDLE),
        };
        let timeout = timeout.map_or(PollTimeout::NONE, |t| {
            PollTimeout::try_from(t).unwrap_or(PollTimeout::MAX)
        });
        match poll(&mut fds, timeout) {
            Ok(0) => {
                self.buffers.release();
                return Ok(Vec::new());
            }
            Ok(_) | Err(Errno::EINTR) => {}
            Err(e) => return Err(ContainerError::internal("cannot wait for the container", e)),
        }
        let ready = fds.iter().map(|fd| fd.any().unwrap_or(true));
        Ok(sources
            .iter()
            .zip(ready)
            .filter(|(_, ready)| *ready)
            .map(|((event, _), _)| *event)
            .collect())
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Child => self.reap(),
            Event::NewClient => {
                while let Ok((stream, _)) = self.listener.accept() {
                    if let Ok(connection) = Connection::new(stream, Role::New) {
                        self.connections.insert(self.next_id, connection);
                        self.next_id += 1;
                    }
                }
            }
            Event::Output(n) => {
                if let Some(output) = self.outputs.get_mut(n)
                    && output.pump(&mut self.log, &mut self.buffers) == Pumped::Ended
                {
                    self.outputs.remove(n);
                }
                self.note_disk();
            }
            Event::Client(id) => self.serve(id),
            Event::Started => {
                if let Phase::Starting(launch) = &mut self.phase
                    && launch.read()
                {
                    self.started();
                }
            }
            Event::ExecStarted(id) => {
                let ended = self
                    .execs
                    .get_mut(&id)
                    .and_then(|exec| exec.launch.as_mut())
                    .is_some_and(Launch::read);
                if ended {
                    self.exec_started(id);
                }
            }
        }
    }

    // --- children ---

    fn reap(&mut self) {
        while matches!(self.signals.read_signal(), Ok(Some(_))) {}
        loop {
            let (pid, ending) = match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::Exited(pid, code)) => (pid, Ending { code, signal: None }),
                Ok(WaitStatus::Signaled(pid, signal, _)) => (
                    pid,
                    Ending {
                        code: 128 + signal as i32,
                        signal: Some(signal as i32),
                    },
                ),
                Ok(WaitStatus::StillAlive) | Err(_) => return,
                Ok(_) => continue,
            };
            self.unclaimed.push((pid.as_raw(), ending));
            self.claim(pid.as_raw());
        }
    }

    /// Acts on the end of a child, if it has ended and is known.
    fn claim(&mut self, pid: i32) {
        let Some(index) = self.unclaimed.iter().position(|(ended, _)| *ended == pid) else {
            return;
        };
        let ending = self.unclaimed[index].1;
        let exec = self
            .execs
            .iter()
            .find(|(_, exec)| exec.pid == Some(pid))
            .map(|(id, _)| *id);
        if matches!(self.phase, Phase::Running { pid: init, .. } if init == pid) {
            self.ended(ending);
        } else if let Some(exec) = exec.and_then(|id| self.execs.remove(&id)) {
            if let Some(connection) = self.connections.get(&exec.client) {
                connection.send(&Reply::ExecExited { code: ending.code });
            }
        } else if matches!(self.phase, Phase::Starting(_)) || self.execs.values().any(|exec| exec.launch.is_some()) {
            // It may be one that is being started.
            return;
        }
        self.unclaimed.remove(index);
    }

    // --- the end ---

    /// Undoes a start that nobody wants any more, or that failed.
    fn destroy(&mut self) {
        if let Phase::Running { pid, .. } = self.phase {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            let _ = waitpid(Pid::from_raw(pid), None);
        }
        if let Phase::Starting(launch) = &mut self.phase {
            // Whatever step it is at, its processes are the shim's children; wait until it is known which.
            while !launch.read() {
                let mut fds = [PollFd::new(launch.fd().as_fd(), PollFlags::POLLIN)];
                let _ = poll(&mut fds, PollTimeout::NONE);
            }
            if let Some(pid) = launch.pid {
                let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            }
        }
        while waitpid(None, None).is_ok() {}
        self.phase = Phase::Ended;
        self.leftover = self.clear_away();
        self.finished = true;
    }

    fn clear_away(&mut self) -> Result<()> {
        self.outputs.clear();
        let _ = std::env::set_current_dir("/");
        while nix::mount::umount2(&self.dir.scratch(), nix::mount::MntFlags::MNT_DETACH).is_ok() {}
        dispose(&self.dir, &self.blueprint)
    }
}

/// The kernel's out-of-memory killer leaves no message of its own.
fn killed_early(blueprint: &Blueprint) -> Failure {
    match blueprint.config.limits.memory_bytes {
        Some(limit) => Failure::from(&memory_limit_too_low(limit)),
        None => Failure {
            kind: ErrorKind::Internal,
            message: "the process was killed before its command could run".to_owned(),
        },
    }
}
