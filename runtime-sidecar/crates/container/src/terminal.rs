//! The size of a terminal.

use std::os::fd::{AsFd, AsRawFd};

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
