//! Several nodes in one process, on real sockets and disks.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod faults;
mod fleet;
mod history;
mod hostile;
mod joining;
mod processes;
mod registers;
mod relay;
