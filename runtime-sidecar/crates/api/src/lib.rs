//! ZLayer's REST API over a unix socket, and the sidecar's own calls beside it.
//!
//! Requests and answers of ZLayer's calls are the types of `zlayer_types::api`; those of the calls under
//! [`sidecar_api_types::PREFIX`] are `sidecar_api_types`. A call of ZLayer that is not served answers 501 and says which
//! one it was.

mod body;
mod containers;
mod deployments;
mod error;
mod events;
mod exec;
mod images;
mod logs;
mod own;
mod path;
mod peer;
mod query;
mod router;
mod service_logs;
mod services;
mod socket;
mod stats;
mod stream;
mod system;
mod tty;
mod unserved;

use std::sync::Arc;

use sidecar_api_types::Limitation;
use sidecar_orchestrator::Engine;
use sidecar_rootless::Machine;
use tokio_util::sync::CancellationToken;

pub use router::router;
pub use socket::{SocketError, bind, check, serve};

/// What every handler works with.
pub struct Api {
    pub engine: Arc<Engine>,
    pub version: &'static str,
    pub started: std::time::SystemTime,
    /// What this machine does not allow.
    pub limitations: Vec<Limitation>,
    pub machine: Machine,
    /// Cancelled when the sidecar is to end; streams end with it.
    pub shutdown: CancellationToken,
}
