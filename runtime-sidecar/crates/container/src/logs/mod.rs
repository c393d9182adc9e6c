//! The log of a container: written by its shim, read by the sidecar.

mod reader;
pub(crate) mod record;
mod start;
pub(crate) mod stream;
pub(crate) mod watcher;
pub(crate) mod writer;
