//! What clients ask for.

use super::*;

impl Supervisor {
    pub(super) fn serve(&mut self, id: u64) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let (requests, gone) = connection.read();
        for request in requests {
            if let Err(error) = self.answer(id, request)
                && let Some(connection) = self.connections.get(&id)
            {
                connection.send(&Reply::Failed {
                    failure: Failure::from(&error),
                });
            }
        }
        if gone && let Some(connection) = self.connections.remove(&id) {
            match connection.role {
                Role::Exec(exec) => self.hang_up(exec),
                Role::Starter if !self.committed => self.destroy(),
                _ => {}
            }
        }
    }

    pub(super) fn answer(&mut self, id: u64, request: Request) -> Result<()> {
        let done = match request {
            Request::Commit => {
                self.committed = true;
                return Ok(());
            }
            Request::Watch => {
                if let Some(connection) = self.connections.get_mut(&id) {
                    connection.role = Role::Watcher;
                    if let Some(record) = &self.record {
                        connection.send(&Reply::State { record: record.clone() });
                    }
                }
                return Ok(());
            }
            Request::Signal { signal } => {
                let Phase::Running { pid, .. } = self.phase else {
                    return Err(self.not_running());
                };
                // SAFETY: a plain system call; nix has no name for real-time signals.
                let result = Errno::result(unsafe { nix::libc::kill(pid, signal) });
                match result {
                    Ok(_) | Err(Errno::ESRCH) => true,
                    Err(e) => {
                        return Err(ContainerError::internal(
                            format_args!("cannot send signal {signal} to the container"),
                            e,
                        ));
                    }
                }
            }
            Request::Restart => {
                if !matches!(self.phase, Phase::Ended) {
                    let id = &self.blueprint.config.id;
                    return Err(ContainerError::new(
                        ErrorKind::AlreadyRunning,
                        format!("the container {id} runs already"),
                    ));
                }
                if let Some(viewer) = self.connections.get(&id).and_then(Connection::peer) {
                    rootfs::take_namespace(&self.blueprint.config.network, viewer);
                }
                self.start()?;
                if let Some(connection) = self.connections.get_mut(&id) {
                    connection.role = Role::Restarter;
                }
                false
            }
            Request::Remove => {
                if !matches!(self.phase, Phase::Ended) {
                    let id = &self.blueprint.config.id;
                    let message = format!("the container {id} still runs; stop it before it is removed");
                    return Err(ContainerError::new(ErrorKind::AlreadyRunning, message));
                }
                self.clear_away()?;
                self.finished = true;
                true
            }
            Request::Exec { exec } => {
                self.exec(id, &exec)?;
                false
            }
            Request::Resize { cols, rows } => {
                if let Some(console) = &self.console {
                    terminal::resize(console, cols, rows);
                }
                true
            }
        };
        if done && let Some(connection) = self.connections.get(&id) {
            connection.send(&Reply::Done);
        }
        Ok(())
    }

    pub(super) fn not_running(&self) -> ContainerError {
        let id = &self.blueprint.config.id;
        ContainerError::new(
            ErrorKind::NotRunning,
            format!("the container {id} is not running; start it first"),
        )
    }
}
