//! Which path is answered by what.

use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, get, post};

use crate::{
    Api, containers, deployments, events, exec, images, logs, own, service_logs, services, stats, system, tty, unserved,
};

/// All calls. What is not served answers 501 or 404, in JSON.
pub fn router(api: Arc<Api>) -> Router {
    Router::new()
        .route("/health/live", get(system::health))
        .route("/health/ready", get(system::health))
        .route("/api/v1/daemon/capabilities", get(system::capabilities))
        .route("/api/v1/deployments", get(deployments::list).post(deployments::create))
        .route(
            "/api/v1/deployments/{name}",
            get(deployments::get).delete(deployments::remove),
        )
        .route("/api/v1/deployments/{name}/spec", get(deployments::spec))
        .route("/api/v1/deployments/{name}/services", get(services::list))
        .route("/api/v1/deployments/{name}/services/{service}", get(services::get))
        .route(
            "/api/v1/deployments/{name}/services/{service}/scale",
            post(services::scale),
        )
        .route(
            "/api/v1/deployments/{name}/services/{service}/logs",
            get(service_logs::logs),
        )
        .route("/api/v1/containers", get(containers::list))
        .route(
            "/api/v1/containers/{id}",
            get(containers::get).delete(containers::remove),
        )
        .route("/api/v1/containers/{id}/logs", get(logs::container))
        .route("/api/v1/containers/{id}/stats", get(stats::stats))
        .route("/api/v1/containers/{id}/exec", post(exec::exec))
        .route("/api/v1/containers/{id}/start", post(containers::start))
        .route("/api/v1/containers/{id}/stop", post(containers::stop))
        .route("/api/v1/containers/{id}/kill", post(containers::kill))
        .route("/api/v1/containers/{id}/restart", post(containers::restart))
        .route("/api/v1/containers/{id}/top", get(containers::top))
        .route("/api/v1/containers/{id}/port", get(containers::port))
        .route(
            "/api/v1/containers/{id}/wait",
            get(containers::wait).post(containers::wait_docker),
        )
        .route("/api/v1/images", get(images::list))
        .route("/api/v1/images/pull", post(images::pull))
        .route("/api/v1/images/{*image}", delete(images::remove))
        .route("/api/v1/system/prune", post(images::prune))
        .route("/api/v1/events", get(events::events))
        .route("/sidecar/v1/info", get(own::info))
        .route("/sidecar/v1/status", get(own::status))
        .route("/sidecar/v1/metrics", get(own::metrics))
        .route("/sidecar/v1/metrics/stream", get(own::metrics_stream))
        .route("/sidecar/v1/deployments/{name}/undo", post(own::undo))
        .route("/sidecar/v1/shutdown", post(own::shutdown))
        .route("/sidecar/v1/containers/{id}/tty", get(tty::tty))
        .fallback(unserved::answer)
        .method_not_allowed_fallback(unserved::answer)
        .with_state(api)
}
