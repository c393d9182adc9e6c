//! A client on the control socket.

use std::io::{self, IoSlice, Read};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;

use nix::sys::socket::sockopt::PeerCredentials;
use nix::sys::socket::{ControlMessage, MsgFlags, getsockopt, sendmsg};

use crate::protocol::{Reply, Request};

/// A request is a few arguments and variables; this is far more than the kernel lets a program have.
const MAX_REQUEST: usize = 4 << 20;

/// Why the shim keeps a connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It has not asked yet.
    New,
    /// Whoever started the shim. Until it commits, its going away undoes the start.
    Starter,
    /// Is told every change of the state.
    Watcher,
    /// Waits for the end of the start that it asked for.
    Restarter,
    /// Has a process in the container.
    Exec(u64),
}

pub(super) struct Connection {
    pub stream: UnixStream,
    pub role: Role,
    input: Vec<u8>,
}

impl Connection {
    pub fn new(stream: UnixStream, role: Role) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream,
            role,
            input: Vec::new(),
        })
    }

    /// Reads what is there. The second value tells that the client is gone.
    pub fn read(&mut self) -> (Vec<Request>, bool) {
        let mut buffer = [0; 16 * 1024];
        let gone = loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => break true,
                Ok(n) if self.input.len() + n <= MAX_REQUEST => self.input.extend_from_slice(&buffer[..n]),
                Ok(_) => break true,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => break false,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break true,
            }
        };
        let mut requests = Vec::new();
        while let Some(end) = self.input.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.input.drain(..=end).collect();
            match serde_json::from_slice(&line) {
                Ok(request) => requests.push(request),
                Err(_) => return (requests, true),
            }
        }
        (requests, gone)
    }

    /// The client's process id.
    pub fn peer(&self) -> Option<i32> {
        getsockopt(&self.stream, PeerCredentials).ok().map(|peer| peer.pid())
    }

    pub fn send(&self, reply: &Reply) {
        self.send_with_fds(reply, &[]);
    }

    /// A client that does not read its few short replies misses them, rather than stop the shim.
    pub fn send_with_fds(&self, reply: &Reply, fds: &[OwnedFd]) {
        let Ok(mut line) = serde_json::to_vec(reply) else {
            return;
        };
        line.push(b'\n');
        let raw: Vec<RawFd> = fds.iter().map(AsRawFd::as_raw_fd).collect();
        let rights = [ControlMessage::ScmRights(&raw)];
        let control: &[ControlMessage<'_>] = if raw.is_empty() { &[] } else { &rights };
        let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
        let _ = sendmsg::<()>(self.stream.as_raw_fd(), &[IoSlice::new(&line)], control, flags, None);
    }
}
