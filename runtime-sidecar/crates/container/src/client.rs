//! The sidecar's side of a shim's control socket.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::fs::OpenOptionsExt;

use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg};
use tokio::io::Interest;
use tokio::net::UnixStream;

use crate::directory::{Directory, SOCKET};
use crate::error::{ContainerError, ErrorKind, Result};
use crate::protocol::{Reply, Request};

/// One connection. `receive` may be cancelled without losing anything.
pub(crate) struct Client {
    stream: UnixStream,
    input: Vec<u8>,
    fds: VecDeque<OwnedFd>,
}

impl Client {
    pub fn new(stream: UnixStream) -> Self {
        Self {
            stream,
            input: Vec::new(),
            fds: VecDeque::new(),
        }
    }

    /// The path of a socket may have 107 bytes; through an open directory its length does not matter.
    pub async fn connect(dir: &Directory) -> io::Result<Self> {
        let directory = File::options()
            .read(true)
            .custom_flags(nix::libc::O_PATH | nix::libc::O_DIRECTORY)
            .open(dir.path())?;
        let path = format!("/proc/self/fd/{}/{SOCKET}", directory.as_raw_fd());
        UnixStream::connect(path).await.map(Self::new)
    }

    pub async fn send(&self, request: &Request) -> io::Result<()> {
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        let mut sent = 0;
        while sent < line.len() {
            self.stream.writable().await?;
            match self.stream.try_write(&line[sent..]) {
                Ok(n) => sent += n,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    /// The next reply; `None` when the shim is gone.
    pub async fn receive(&mut self) -> io::Result<Option<Reply>> {
        loop {
            if let Some(end) = self.input.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.input.drain(..=end).collect();
                return Ok(Some(serde_json::from_slice(&line)?));
            }
            self.stream.readable().await?;
            match self.stream.try_io(Interest::READABLE, || receive_part(&self.stream)) {
                Ok((bytes, _)) if bytes.is_empty() => return Ok(None),
                Ok((bytes, fds)) => {
                    self.input.extend_from_slice(&bytes);
                    self.fds.extend(fds);
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                Err(e) if e.kind() == io::ErrorKind::ConnectionReset => return Ok(None),
                Err(e) => return Err(e),
            }
        }
    }

    /// Descriptors that came with the replies so far.
    pub fn take_fds(&mut self) -> VecDeque<OwnedFd> {
        std::mem::take(&mut self.fds)
    }
}

fn receive_part(stream: &UnixStream) -> io::Result<(Vec<u8>, Vec<OwnedFd>)> {
    let mut bytes = vec![0; 16 * 1024];
    let mut control = nix::cmsg_space!([RawFd; 3]);
    let mut parts = [io::IoSliceMut::new(&mut bytes)];
    let message = recvmsg::<()>(
        stream.as_raw_fd(),
        &mut parts,
        Some(&mut control),
        MsgFlags::MSG_CMSG_CLOEXEC,
    )?;
    let length = message.bytes;
    let mut fds = Vec::new();
    for part in message.cmsgs()? {
        if let ControlMessageOwned::ScmRights(received) = part {
            // SAFETY: the kernel just made these descriptors for us; nobody else owns them.
            fds.extend(received.into_iter().map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }));
        }
    }
    bytes.truncate(length);
    Ok((bytes, fds))
}

/// Sends one command and waits for its answer.
pub(crate) async fn command(dir: &Directory, request: &Request) -> Result<()> {
    command_on_own_connection(dir, request).await.map(drop)
}

/// Has the shim remove its container, and waits for its own end too.
pub(crate) async fn remove(dir: &Directory) -> Result<()> {
    let mut client = command_on_own_connection(dir, &Request::Remove).await?;
    while let Ok(Some(_)) = client.receive().await {}
    Ok(())
}

async fn command_on_own_connection(dir: &Directory, request: &Request) -> Result<Client> {
    let lost = |e: io::Error| shim_unavailable(dir, &e.to_string());
    let mut client = Client::connect(dir).await.map_err(lost)?;
    client.send(request).await.map_err(lost)?;
    match client.receive().await.map_err(lost)? {
        Some(Reply::Failed { failure }) => Err(failure.into()),
        Some(_) => Ok(client),
        None => Err(shim_unavailable(dir, "it ended")),
    }
}

pub(crate) fn shim_unavailable(dir: &Directory, why: &str) -> ContainerError {
    ContainerError::new(
        ErrorKind::ShimUnavailable,
        format!(
            "the process that supervises the container in {} does not answer: {why}; see shim.log there",
            dir.path().display()
        ),
    )
}
