//! The OpenAPI document of the calls under [`crate::PREFIX`].
//!
//! The functions here are never called: `utoipa` reads the description of a path from an annotated function, and the
//! handlers themselves live in a crate that the document must not depend on.

#![allow(dead_code)]

use utoipa::OpenApi;

use crate::{
    ContainerMetrics, DeploymentState, ErrorBody, Feature, Health, Limitation, MetricsSample, Phase, ProblemSeverity,
    Progress, ProgressUnit, Reason, ReplicaState, ServiceState, SidecarInfo, SpecProblem, StatusLine, TtyControl,
    UndoRequest,
};

/// Who answers on this socket: version, features, and what this machine does not allow.
#[utoipa::path(get, path = "/sidecar/v1/info", operation_id = "sidecar_info", tag = "Sidecar",
    responses((status = 200, body = SidecarInfo)))]
fn info() {}

/// The state of every deployment, as NDJSON: all deployments, then `synced`; with `follow`, each change from then on.
#[utoipa::path(get, path = "/sidecar/v1/status", operation_id = "sidecar_status", tag = "Sidecar",
    params(("follow" = Option<bool>, Query, description = "Go on with each change until the client leaves.")),
    responses((status = 200, body = StatusLine, content_type = "application/x-ndjson")))]
fn status() {}

/// A terminal inside a container, as a WebSocket: binary frames carry bytes, text frames carry `TtyControl`.
#[utoipa::path(get, path = "/sidecar/v1/containers/{id}/tty", operation_id = "sidecar_container_tty", tag = "Sidecar",
    params(
        ("id" = String, Path, description = "Container id."),
        ("cols" = Option<u16>, Query, description = "Width in character cells; 80 when absent."),
        ("rows" = Option<u16>, Query, description = "Height in character cells; 24 when absent."),
        ("command" = Option<Vec<String>>, Query, description = "Command and arguments, one parameter each; absent: the best shell of the container."),
        ("user" = Option<String>, Query, description = "User inside the container; absent: the container's own."),
    ),
    responses(
        (status = 101, description = "Switching to the WebSocket protocol; its text frames:", body = TtyControl),
        (status = 404, body = ErrorBody),
        (status = 409, description = "The container does not run.", body = ErrorBody),
    ))]
fn tty() {}

/// Measurements of the last hour, one entry a container.
#[utoipa::path(get, path = "/sidecar/v1/metrics", operation_id = "sidecar_metrics", tag = "Sidecar",
    params(
        ("deployment" = Option<String>, Query, description = "Only this deployment."),
        ("service" = Option<String>, Query, description = "Only this service."),
        ("since_ms" = Option<u64>, Query, description = "Only samples after this time, in milliseconds since the Unix epoch."),
        ("step_ms" = Option<u64>, Query, description = "At most one sample for each interval of this many milliseconds."),
    ),
    responses((status = 200, body = Vec<ContainerMetrics>)))]
fn metrics() {}

/// Measurements as they are taken, as NDJSON: one line a container and second.
#[utoipa::path(get, path = "/sidecar/v1/metrics/stream", operation_id = "sidecar_metrics_stream", tag = "Sidecar",
    params(
        ("deployment" = Option<String>, Query, description = "Only this deployment."),
        ("service" = Option<String>, Query, description = "Only this service."),
    ),
    responses((status = 200, body = ContainerMetrics, content_type = "application/x-ndjson")))]
fn metrics_stream() {}

/// Takes the last deploy of a deployment back: its spec, variables, images and counts of replicas are those of before.
#[utoipa::path(post, path = "/sidecar/v1/deployments/{name}/undo", operation_id = "sidecar_undo_deploy", tag = "Sidecar",
    params(("name" = String, Path, description = "Deployment.")),
    request_body = UndoRequest,
    responses(
        (status = 204, description = "What was wanted before is wanted again."),
        (status = 404, body = ErrorBody),
        (status = 409, description = "Another deploy came meanwhile, or there was none before.", body = ErrorBody),
    ))]
fn undo() {}

/// Ends the sidecar. Containers go on running.
#[utoipa::path(post, path = "/sidecar/v1/shutdown", operation_id = "sidecar_shutdown", tag = "Sidecar",
    responses((status = 202, description = "The sidecar ends once this answer is sent.")))]
fn shutdown() {}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "ZLayer sidecar",
        description = "Calls that the sidecar serves beside ZLayer's REST API.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(info, status, tty, metrics, metrics_stream, undo, shutdown),
    components(schemas(
        ContainerMetrics,
        DeploymentState,
        ErrorBody,
        Feature,
        Health,
        Limitation,
        MetricsSample,
        Phase,
        ProblemSeverity,
        Progress,
        ProgressUnit,
        Reason,
        ReplicaState,
        ServiceState,
        SidecarInfo,
        SpecProblem,
        StatusLine,
        TtyControl,
        UndoRequest
    ))
)]
struct Document;

/// The OpenAPI 3.1 document of the calls under [`crate::PREFIX`].
pub fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}
