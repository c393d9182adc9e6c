//! Processes that clients run in the container.

use super::*;

/// A process whose client is gone gets this long after SIGHUP.
const HANG_UP: Duration = Duration::from_secs(1);
/// A process in the container that a client asked for.
pub(super) struct Exec {
    pub(super) client: u64,
    pub(super) launch: Option<Launch>,
    /// The client's ends of the stdio, until they are handed over.
    pub(super) client_fds: Vec<OwnedFd>,
    pub(super) pid: Option<i32>,
    pub(super) kill_at: Option<Instant>,
}

impl Supervisor {
    pub(super) fn exec(&mut self, client: u64, request: &ExecRequest) -> Result<()> {
        let Phase::Running { pid: init, .. } = self.phase else {
            return Err(self.not_running());
        };
        let failed = |e: Errno| ContainerError::internal("cannot prepare a process in the container", e);
        let mut stdio = Stdio::default();
        let mut client_fds = Vec::new();
        if request.terminal.is_none() {
            let (read, write) = pipe2(OFlag::O_CLOEXEC).map_err(failed)?;
            (stdio.stdin, client_fds) = (Some(read), vec![write]);
            for slot in [&mut stdio.stdout, &mut stdio.stderr] {
                let (read, write) = pipe2(OFlag::O_CLOEXEC).map_err(failed)?;
                *slot = Some(write);
                client_fds.push(read);
            }
        }
        let id = self.next_id;
        self.next_id += 1;
        let launch = Some(self.helper().exec(request, id, init, stdio).map_err(failed)?);
        let exec = Exec {
            client,
            launch,
            client_fds,
            pid: None,
            kill_at: None,
        };
        self.execs.insert(id, exec);
        if let Some(connection) = self.connections.get_mut(&client) {
            connection.role = Role::Exec(id);
        }
        Ok(())
    }

    pub(super) fn exec_started(&mut self, id: u64) {
        let Some(exec) = self.execs.get_mut(&id) else { return };
        let Some(mut launch) = exec.launch.take() else { return };
        let connection = self.connections.get(&exec.client);
        let pid = match launch.outcome() {
            Ok(pid) => pid,
            Err(failure) => {
                if let Some(pid) = launch.pid {
                    let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
                }
                if let Some(connection) = connection {
                    let failure = failure.unwrap_or_else(|| killed_early(&self.blueprint));
                    connection.send(&Reply::Failed { failure });
                }
                self.execs.remove(&id);
                return;
            }
        };
        exec.pid = Some(pid);
        let mut fds = std::mem::take(&mut exec.client_fds);
        if let Some(console) = launch.console.take() {
            fds.push(console);
        }
        match connection {
            Some(connection) => connection.send_with_fds(&Reply::ExecStarted { pid }, &fds),
            None => self.hang_up(id),
        }
        self.claim(pid);
    }

    /// The client is gone: its process is told, and killed if it stays.
    pub(super) fn hang_up(&mut self, id: u64) {
        if let Some(exec) = self.execs.get_mut(&id) {
            signal_group(exec.pid, Signal::SIGHUP);
            exec.kill_at = Some(Instant::now() + HANG_UP);
        }
    }

    pub(super) fn kill_overdue(&mut self) {
        let now = Instant::now();
        for exec in self
            .execs
            .values_mut()
            .filter(|exec| exec.kill_at.is_some_and(|at| at <= now))
        {
            signal_group(exec.pid, Signal::SIGKILL);
            exec.kill_at = None;
        }
    }
}

/// A process that libcontainer starts leads a session, and so a process group, of its own.
fn signal_group(pid: Option<i32>, signal: Signal) {
    if let Some(pid) = pid {
        let _ = kill(Pid::from_raw(-pid), signal);
        let _ = kill(Pid::from_raw(pid), signal);
    }
}
