//! Types of the REST calls that only the sidecar serves, under [`PREFIX`].
//!
//! Everything else that the sidecar serves is ZLayer's own API, whose types come from `zlayer-types`.
//! `zlayer-sidecar openapi` prints these types as an OpenAPI document, from which the TypeScript types are generated.

mod openapi;

pub use openapi::document;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Path prefix of every call that a stock `zlayer` daemon does not have.
pub const PREFIX: &str = "/sidecar/v1";

/// Labels that the engine puts on each container of a deployment.
pub mod label {
    pub const DEPLOYMENT: &str = "zlayer.deployment";
    pub const SERVICE: &str = "zlayer.service";
    /// Replica number, from 0.
    pub const REPLICA: &str = "zlayer.replica";
}

/// `GET /sidecar/v1/info`: who answers on this socket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SidecarInfo {
    /// Version of the sidecar, as `zlayer-sidecar --version` prints it.
    pub version: String,
    pub pid: u32,
    /// RFC 3339.
    pub started_at: String,
    pub data_dir: String,
    pub rootless: bool,
    /// What this sidecar can do beyond ZLayer's API.
    pub features: Vec<Feature>,
    /// What this machine does not allow, each with its remedy. Shown to the user once.
    pub limitations: Vec<Limitation>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Feature {
    /// `GET /sidecar/v1/containers/{id}/tty`
    Tty,
    /// `GET /sidecar/v1/metrics` and `/sidecar/v1/metrics/stream`
    Metrics,
    /// `GET /sidecar/v1/status`
    Status,
    /// `POST /sidecar/v1/shutdown`
    Shutdown,
    /// `POST /sidecar/v1/deployments/{name}/undo`
    Undo,
}

/// Body of `POST /sidecar/v1/deployments/{name}/undo`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UndoRequest {
    /// What was deployed, as it was sent.
    pub spec: String,
}

/// Something that the machine does not allow, in the user's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Limitation {
    /// Stable, kebab-case: `no-cgroup-delegation`, `no-subordinate-ids`, …
    pub code: String,
    /// What does not work: "Memory and CPU limits are not enforced."
    pub message: String,
    /// What to do about it: "Run `sudo loginctl enable-linger alice` and log in again."
    pub remedy: String,
}

/// Body of every error answer of the sidecar, whatever the path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// What failed and why, for the user.
    pub error: String,
    /// Stable, kebab-case: `not-found`, `invalid-spec`, `not-served`, `port-in-use`, …
    pub code: String,
    /// What to do next, where we know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// All problems of a refused spec, in the order of the text. Empty for other errors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<SpecProblem>,
}

/// One problem of a spec, at a place in its text. Lines and columns are 1-based; columns count characters.
/// This is also what `zlayer-sidecar validate --json` prints, one object a line, with `file` set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SpecProblem {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
    /// `services.web.image.name`; empty when the text as a whole is meant.
    pub path: String,
    pub severity: ProblemSeverity,
    /// Stable, kebab-case.
    pub code: String,
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProblemSeverity {
    Error,
    Warning,
}

/// One line of `GET /sidecar/v1/status` (NDJSON). The first lines describe every deployment, then comes `synced`;
/// with `?follow=true` a line follows for each change. A deployment is always sent whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum StatusLine {
    Deployment {
        deployment: DeploymentState,
    },
    Removed {
        name: String,
    },
    /// The list of images changed; read it again.
    Images,
    Synced,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeploymentState {
    pub name: String,
    pub phase: Phase,
    /// What the deployment waits for, or why it failed. Absent when there is nothing to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Counts up with each accepted change of the spec or of the scale.
    pub generation: u64,
    /// RFC 3339.
    pub created_at: String,
    pub services: Vec<ServiceState>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServiceState {
    pub name: String,
    pub phase: Phase,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    pub image: String,
    pub desired: u32,
    pub running: u32,
    /// Replicas that run and whose check passed; equals `running` for a service without a check.
    pub healthy: u32,
    /// Replicas in the order of their number, including those that start, wait or have failed.
    pub replicas: Vec<ReplicaState>,
    /// `http://127.0.0.1:8080` and the like: addresses that the user can open on this machine.
    pub addresses: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReplicaState {
    /// Container id. Stays the same while this container exists; a restart keeps it.
    pub id: String,
    pub index: u32,
    pub phase: Phase,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    pub restarts: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv4: Option<String>,
    /// Set once the process has ended: its exit status, or 128 + the signal that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// RFC 3339; start of the process that runs now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    pub health: Health,
}

/// Where a deployment, a service or a replica stands.
///
/// Replica: `waiting` (for a dependency or an image) → `starting` → `running` → `stopping` → `stopped`, with `backoff`
/// between an unwanted end and the next start, and `failed` when nothing further will be tried.
/// Service and deployment: the least advanced phase of their parts; `running` only when all that is wanted runs and is healthy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    Waiting,
    Starting,
    Running,
    /// Runs, but its check fails or has not passed yet.
    Unhealthy,
    Backoff,
    Stopping,
    Stopped,
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// The spec turned the check off, or the container does not run.
    None,
    /// Within the start grace, or no check has finished yet.
    Pending,
    Healthy,
    Unhealthy,
}

/// Why something waits or failed, in words ("pulling 43 of 120 MB") and as data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// Stable, kebab-case: `pulling`, `image-not-found`, `port-in-use`, `waiting-for-dependency`, `crash-loop`, …
    pub code: String,
    pub message: String,
    /// Field of the spec that this is about: `services.web.image.name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

/// How far a wait has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    pub done: u64,
    /// Absent while it is not known yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    pub unit: ProgressUnit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProgressUnit {
    Bytes,
    Steps,
}

/// One measurement of one container. Counters only grow while a container exists, restarts included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MetricsSample {
    /// Milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// CPU time used, in nanoseconds.
    pub cpu_ns: u64,
    /// Working set in bytes: usage without inactive page cache.
    pub memory_bytes: u64,
    /// Bytes received and sent by the container's own network namespace, loopback excluded.
    pub rx_bytes: u64,
    pub tx_bytes: u64,
    /// Bytes read from and written to block devices.
    pub read_bytes: u64,
    pub write_bytes: u64,
    /// Processes and threads now.
    pub pids: u32,
}

/// One line of `GET /sidecar/v1/metrics/stream` (NDJSON, one line a container and second) and one element of
/// `GET /sidecar/v1/metrics?deployment=&service=&since_ms=&step_ms=` (history, at most one hour back).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContainerMetrics {
    pub id: String,
    pub deployment: String,
    pub service: String,
    pub replica: u32,
    /// CPU limit in millicores; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_limit_millicores: Option<u64>,
    /// Memory limit in bytes; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_limit_bytes: Option<u64>,
    /// In the order of time. Exactly one in the stream.
    pub samples: Vec<MetricsSample>,
}

/// Text frames of the WebSocket `GET /sidecar/v1/containers/{id}/tty?cols=&rows=&command=&command=…`.
/// Binary frames carry the terminal's bytes in both directions. Without `command` the sidecar picks the best shell of
/// the container (`bash`, then `sh`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum TtyControl {
    /// Client to sidecar: the terminal's size in character cells.
    Resize { cols: u16, rows: u16 },
    /// Sidecar to client, last frame before it closes.
    Exit { code: i32 },
    /// Sidecar to client, instead of `exit`, when the command could not run.
    Error { error: ErrorBody },
}
