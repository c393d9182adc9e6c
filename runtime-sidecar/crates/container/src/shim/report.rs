//! What a process that prepares a container tells the shim: JSON lines over a socket pair that every process on the way
//! holds and that closes when the container's program runs.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType, recvmsg, sendmsg, socketpair,
};
use serde::{Deserialize, Serialize};

use crate::error::Failure;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "report")]
pub(super) enum Report {
    /// The container's process exists.
    Created {
        pid: i32,
    },
    /// Comes with the master side of the container's terminal.
    Console,
    /// The next system calls of the container's process are its program.
    Executing,
    Failed {
        failure: Failure,
    },
}

pub(super) fn pair() -> nix::Result<(OwnedFd, OwnedFd)> {
    socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)
}

/// A report that cannot be delivered has no reader any more: the shim is gone, and with it the container.
pub(super) fn send(socket: RawFd, report: &Report) {
    send_with_fd(socket, report, None);
}

pub(super) fn send_with_fd(socket: RawFd, report: &Report, fd: Option<RawFd>) {
    let Ok(bytes) = serde_json::to_vec(report) else { return };
    let fds: Vec<RawFd> = fd.into_iter().collect();
    let rights = [ControlMessage::ScmRights(&fds)];
    let control: &[ControlMessage<'_>] = if fds.is_empty() { &[] } else { &rights };
    let _ = sendmsg::<()>(socket, &[IoSlice::new(&bytes)], control, MsgFlags::MSG_NOSIGNAL, None);
}

/// The start of one process, as far as it was reported.
pub(super) struct Launch {
    socket: OwnedFd,
    pub pid: Option<i32>,
    pub console: Option<OwnedFd>,
    executing: bool,
    failure: Option<Failure>,
}

impl Launch {
    pub fn new(socket: OwnedFd) -> Self {
        Self {
            socket,
            pid: None,
            console: None,
            executing: false,
            failure: None,
        }
    }

    pub fn fd(&self) -> &OwnedFd {
        &self.socket
    }

    /// Reads what is there. True when nothing more will come.
    pub fn read(&mut self) -> bool {
        loop {
            let mut bytes = vec![0; 64 * 1024];
            let mut control = nix::cmsg_space!([RawFd; 1]);
            let mut parts = [IoSliceMut::new(&mut bytes)];
            let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_CMSG_CLOEXEC;
            let message = match recvmsg::<()>(self.socket.as_raw_fd(), &mut parts, Some(&mut control), flags) {
                Ok(message) => message,
                Err(nix::errno::Errno::EAGAIN) => return false,
                Err(nix::errno::Errno::EINTR) => continue,
                Err(_) => return true,
            };
            let length = message.bytes;
            for part in message.cmsgs().into_iter().flatten() {
                if let ControlMessageOwned::ScmRights(fds) = part {
                    for fd in fds {
                        // SAFETY: the kernel just made this descriptor for us; nobody else owns it.
                        self.console = Some(unsafe { OwnedFd::from_raw_fd(fd) });
                    }
                }
            }
            if length == 0 {
                return true;
            }
            match serde_json::from_slice(&bytes[..length]) {
                Ok(Report::Created { pid }) => self.pid = Some(pid),
                Ok(Report::Executing) => self.executing = true,
                Ok(Report::Console) => {}
                // The first failure is the cause; later ones are its consequences.
                Ok(Report::Failed { failure }) => self.failure = self.failure.take().or(Some(failure)),
                Err(_) => {}
            }
        }
    }

    /// The process's id once its program runs. An error without a failure: it was killed before that.
    pub fn outcome(&mut self) -> Result<i32, Option<Failure>> {
        match (self.failure.take(), self.pid) {
            (None, Some(pid)) if self.executing => Ok(pid),
            (failure, _) => Err(failure),
        }
    }
}
