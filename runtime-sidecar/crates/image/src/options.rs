//! What a store can be told when it is opened.

use std::time::Duration;

use crate::platform::Platform;
use crate::unpack::Limits;

/// Time-outs, parallelism and limits; the defaults suit a developer's machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreOptions {
    /// How long a connection, TLS included, may take.
    pub connect_timeout: Duration,
    /// How long a registry may send nothing.
    pub stall_timeout: Duration,
    /// How often one request is tried while nothing arrives. Each byte that arrives starts the count again.
    pub attempts: u32,
    /// The wait before the second attempt; it doubles with each further one.
    pub retry_delay: Duration,
    /// Layers that are fetched and unpacked at the same time, for all pulls together.
    pub parallel_layers: usize,
    /// Write new layers through to the disk, in the background. Without it, layers whose writing the kernel had no
    /// reason to hurry with are fetched again after a restart of the machine.
    pub write_through: bool,
    pub limits: Limits,
    /// What images must be built for.
    pub platform: Platform,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_secs(15),
            attempts: 4,
            retry_delay: Duration::from_millis(250),
            parallel_layers: 4,
            write_through: true,
            limits: Limits::default(),
            platform: Platform::host(),
        }
    }
}
