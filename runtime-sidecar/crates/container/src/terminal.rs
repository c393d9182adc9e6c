//! The size and the other end of a terminal.

use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use nix::libc;

/// Tells the terminal, and with a signal the processes at it, its size. Something else than a terminal stays as it is.
pub(crate) fn resize(terminal: &impl AsFd, cols: u16, rows: u16) {
    let size = libc::winsize {
        ws_row: rows,
        ws_col: cols,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: the request reads one `winsize` from the pointer.
    unsafe { libc::ioctl(terminal.as_fd().as_raw_fd(), libc::TIOCSWINSZ, &raw const size) };
}

/// The end that programs see of a terminal whose other end this is, whatever its name is here. `None`: it is no terminal.
pub(crate) fn peer(terminal: &impl AsFd) -> Option<OwnedFd> {
    let flags = libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC;
    // SAFETY: the request takes flags and makes a new descriptor.
    let fd = unsafe { libc::ioctl(terminal.as_fd().as_raw_fd(), libc::TIOCGPTPEER, flags) };
    // SAFETY: the kernel just made this descriptor for us; nobody else owns it.
    (fd >= 0).then(|| unsafe { OwnedFd::from_raw_fd(fd) })
}
