//! Processes, told apart from later ones with the same number; and what a forked helper does first.

use std::fs;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use nix::libc;
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

/// A process by number and start time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    pub pid: i32,
    /// In clock ticks after boot.
    pub started: u64,
}

impl Process {
    /// `None` when there is no such process.
    pub fn of(pid: Pid) -> Option<Self> {
        let (state, started) = stat(pid.as_raw())?;
        (state != 'Z').then_some(Self {
            pid: pid.as_raw(),
            started,
        })
    }

    /// Whether it still runs. A zombie does not.
    pub fn is_alive(self) -> bool {
        stat(self.pid).is_some_and(|(state, started)| state != 'Z' && started == self.started)
    }

    /// A file descriptor that becomes readable when the process ends.
    pub fn open(self) -> io::Result<OwnedFd> {
        // SAFETY: the call takes two numbers and gives a new descriptor or an error.
        let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, self.pid, 0) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor is new, so nobody else owns it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd as i32) };
        if self.is_alive() {
            Ok(fd)
        } else {
            Err(io::Error::from_raw_os_error(libc::ESRCH))
        }
    }
}

/// The state letter and the start time in /proc/PID/stat; they follow the name, which may hold anything.
fn stat(pid: i32) -> Option<(char, u64)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<&str> = text.get(text.rfind(')')? + 1..)?.split_whitespace().collect();
    Some((fields.first()?.chars().next()?, fields.get(19)?.parse().ok()?))
}

/// For a freshly forked helper: a session of its own, no standard streams, no files of its parent but `kept`.
pub fn detach(name: &std::ffi::CStr, kept: &[BorrowedFd<'_>]) -> io::Result<()> {
    nix::unistd::setsid()?;
    let _ = nix::sys::prctl::set_name(name);
    let null = fs::OpenOptions::new().read(true).write(true).open("/dev/null")?;
    let mut kept: Vec<u32> = kept.iter().map(|fd| fd.as_raw_fd() as u32).collect();
    for stream in 0..3 {
        // SAFETY: both are numbers; the standard streams are meant to be replaced.
        unsafe { libc::dup2(null.as_raw_fd(), stream) };
    }
    kept.sort_unstable();
    let mut next = 3;
    for fd in kept.into_iter().chain([u32::MAX]) {
        if fd > next {
            let last = if fd == u32::MAX { fd } else { fd - 1 };
            // SAFETY: the parent's files are closed in this process only; nothing here uses them any more.
            unsafe { libc::syscall(libc::SYS_close_range, next, last, 0) };
        }
        next = fd.saturating_add(1);
    }
    std::mem::forget(null);
    // A helper is no place to stop for a closed terminal or a Ctrl-C that was meant for the engine.
    for signal in [
        nix::sys::signal::Signal::SIGHUP,
        nix::sys::signal::Signal::SIGINT,
        nix::sys::signal::Signal::SIGPIPE,
    ] {
        // SAFETY: ignoring a signal runs no code.
        let _ = unsafe { nix::sys::signal::signal(signal, nix::sys::signal::SigHandler::SigIgn) };
    }
    nix::unistd::chdir("/")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_its_start() {
        let own = Process::of(Pid::this()).unwrap();
        assert!(own.is_alive() && own.open().is_ok());
        assert!(
            !Process {
                started: own.started + 1,
                ..own
            }
            .is_alive()
        );
        assert!(Process::of(Pid::from_raw(i32::MAX)).is_none());
    }
}
