//! Processes that are started in a running container.

use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::client::{Client, shim_unavailable};
use crate::directory::Directory;
use crate::error::{ContainerError, ErrorKind, Result};
use crate::protocol::{ExecRequest, Reply, Request};
use crate::terminal;

#[derive(Debug, Clone, Default)]
pub struct ExecConfig {
    pub args: Vec<String>,
    /// Added to the container's variables; wins over those of the same name.
    pub env: Vec<String>,
    /// Absent: the container's.
    pub cwd: Option<String>,
    /// Absent: the container's.
    pub user: Option<String>,
    /// Columns and rows.
    pub terminal: Option<(u16, u16)>,
}

/// A process that was started inside a container. Dropping the session, or its `control` when it was taken apart, ends
/// the process (SIGHUP, then SIGKILL after a second).
pub struct ExecSession {
    /// Dropping it is the end of the process's input; with a terminal, send end-of-transmission (`\x04`) instead.
    pub stdin: ExecStream,
    /// With a terminal, everything comes here.
    pub stdout: ExecStream,
    pub stderr: Option<ExecStream>,
    pub control: ExecControl,
}

impl ExecSession {
    pub(crate) async fn start(dir: &Directory, config: ExecConfig) -> Result<Self> {
        if config.args.first().is_none_or(String::is_empty) {
            return Err(ContainerError::new(
                ErrorKind::InvalidConfig,
                "args: the command is empty; name one",
            ));
        }
        let lost = |e: io::Error| shim_unavailable(dir, &e.to_string());
        let mut client = Client::connect(dir).await.map_err(lost)?;
        let ExecConfig {
            args,
            env,
            cwd,
            user,
            terminal,
        } = config;
        client
            .send(&Request::Exec {
                exec: ExecRequest {
                    args,
                    env,
                    cwd,
                    user,
                    terminal,
                },
            })
            .await
            .map_err(lost)?;
        match client.receive().await.map_err(lost)? {
            Some(Reply::ExecStarted { .. }) => {}
            Some(Reply::Failed { failure }) => return Err(failure.into()),
            Some(_) | None => return Err(shim_unavailable(dir, "it ended")),
        }
        let mut fds = client.take_fds().into_iter();
        let failed = |e: io::Error| ContainerError::internal("cannot use the stdio of the process", e);
        let missing = || failed(io::Error::other("the shim sent none"));
        let mut console = None;
        let (stdin, stdout, stderr) = if terminal.is_some() {
            let master = fds.next().ok_or_else(missing)?;
            console = Some(master.try_clone().map_err(failed)?);
            (master.try_clone().map_err(failed)?, master, None)
        } else {
            (
                fds.next().ok_or_else(missing)?,
                fds.next().ok_or_else(missing)?,
                Some(fds.next().ok_or_else(missing)?),
            )
        };
        Ok(Self {
            stdin: ExecStream::new(stdin).map_err(failed)?,
            stdout: ExecStream::new(stdout).map_err(failed)?,
            stderr: stderr.map(ExecStream::new).transpose().map_err(failed)?,
            control: ExecControl {
                client,
                dir: dir.clone(),
                console,
                code: None,
            },
        })
    }

    /// See [`ExecControl::resize`].
    pub async fn resize(&self, cols: u16, rows: u16) -> Result<()> {
        self.control.resize(cols, rows).await
    }

    /// See [`ExecControl::wait`].
    pub async fn wait(&mut self) -> Result<i32> {
        self.control.wait().await
    }
}

/// What holds the process: dropping it ends the process.
pub struct ExecControl {
    client: Client,
    dir: Directory,
    console: Option<OwnedFd>,
    code: Option<i32>,
}

impl ExecControl {
    /// Tells the process the size of its terminal. Without a terminal this does nothing.
    pub async fn resize(&self, cols: u16, rows: u16) -> Result<()> {
        if let Some(console) = &self.console {
            terminal::resize(console, cols, rows);
        }
        Ok(())
    }

    /// Exit status, or 128 + signal. May be cancelled and called again.
    pub async fn wait(&mut self) -> Result<i32> {
        if let Some(code) = self.code {
            return Ok(code);
        }
        loop {
            match self
                .client
                .receive()
                .await
                .map_err(|e| shim_unavailable(&self.dir, &e.to_string()))?
            {
                Some(Reply::ExecExited { code }) => {
                    self.code = Some(code);
                    return Ok(code);
                }
                Some(Reply::Failed { failure }) => return Err(failure.into()),
                Some(_) => {}
                None => return Err(shim_unavailable(&self.dir, "it ended")),
            }
        }
    }
}

/// One end of a pipe or a terminal.
pub struct ExecStream(AsyncFd<OwnedFd>);

impl ExecStream {
    fn new(fd: OwnedFd) -> io::Result<Self> {
        let flags = OFlag::from_bits_retain(fcntl(&fd, FcntlArg::F_GETFL)?);
        fcntl(&fd, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
        // SAFETY: an `OwnedFd` always gives the same descriptor and keeps it open while it lives, inside of the `AsyncFd`.
        Ok(Self(unsafe { AsyncFd::register(fd) }?))
    }
}

impl AsyncRead for ExecStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut ready = ready!(self.0.poll_read_ready(cx))?;
            let result = ready.try_io(|fd| match nix::unistd::read(fd, buffer.initialize_unfilled()) {
                Ok(n) => Ok(n),
                // A terminal says so when the last process on its other side is gone.
                Err(nix::errno::Errno::EIO) => Ok(0),
                Err(e) => Err(io::Error::from(e)),
            });
            match result {
                Ok(Ok(n)) => {
                    buffer.advance(n);
                    return Poll::Ready(Ok(()));
                }
                Ok(Err(e)) if e.kind() == io::ErrorKind::Interrupted => {}
                Ok(Err(e)) => return Poll::Ready(Err(e)),
                Err(_) => {}
            }
        }
    }
}

impl AsyncWrite for ExecStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            let mut ready = ready!(self.0.poll_write_ready(cx))?;
            match ready.try_io(|fd| nix::unistd::write(fd.get_ref(), bytes).map_err(io::Error::from)) {
                Ok(Err(e)) if e.kind() == io::ErrorKind::Interrupted => {}
                Ok(result) => return Poll::Ready(result),
                Err(_) => {}
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl std::os::fd::AsRawFd for ExecStream {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        self.0.as_raw_fd()
    }
}
