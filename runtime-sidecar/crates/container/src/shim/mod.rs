//! The process that belongs to one container: it starts it, keeps its log and its exit status, and serves its control
//! socket. Single-threaded and small, because there is one for each container.

mod connection;
mod executor;
mod helper;
mod output;
mod report;
mod rootfs;
mod skeleton;
mod supervisor;

use std::fs::OpenOptions;
use std::io::Write;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;

use nix::unistd::{dup2_stderr, dup2_stdin, dup2_stdout, setsid};

use crate::directory::Directory;
use crate::error::{ContainerError, Result};

/// `zlayer-sidecar shim DIR`: runs until the container is removed. Single-threaded; returns the process's exit code.
///
/// Standard input is the connection to the starter, a stream socket. Call it before the process has any other thread.
pub fn shim_main(dir: &Path) -> i32 {
    match serve(dir) {
        Ok(()) => 0,
        Err(error) => {
            note(&error);
            1
        }
    }
}

/// Into the shim's own log, which may be on a full disk; that must not end the shim.
fn note(error: &ContainerError) {
    let _ = writeln!(std::io::stderr(), "{error}");
}

fn serve(dir: &Path) -> Result<()> {
    let failed = |what: &str| {
        let what = what.to_owned();
        move |e: nix::Error| ContainerError::internal(what, e)
    };
    // A session of its own: no signal to the sidecar's group or terminal reaches the container.
    setsid().map_err(failed("cannot leave the starter's session"))?;
    let dir = Directory::new(dir);
    std::env::set_current_dir(dir.path()).map_err(|e| ContainerError::io("cannot enter", dir.path(), e))?;

    let starter = nix::fcntl::fcntl(std::io::stdin(), nix::fcntl::FcntlArg::F_DUPFD_CLOEXEC(3))
        .map_err(failed("cannot keep the connection to the starter"))?;
    // SAFETY: the call above made this descriptor; nobody else owns it.
    let starter = UnixStream::from(unsafe { OwnedFd::from_raw_fd(starter) });
    let null = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/null")
        .map_err(|e| ContainerError::io("cannot open", Path::new("/dev/null"), e))?;
    let log_path = dir.shim_log();
    let log = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(&log_path)
        .map_err(|e| ContainerError::io("cannot open", &log_path, e))?;
    dup2_stdin(&null)
        .and_then(|()| dup2_stdout(&null))
        .and_then(|()| dup2_stderr(&log))
        .map_err(failed("cannot redirect stdio"))?;
    debug_assert!(starter.as_raw_fd() > 2);

    supervisor::Supervisor::new(dir, starter)?.run()
}
