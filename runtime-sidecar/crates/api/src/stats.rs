//! `GET /api/v1/containers/{id}/stats`

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use futures_util::stream::unfold;
use sidecar_container::{Container, ContainerStatus};
use sidecar_orchestrator::EngineError;
use zlayer_types::api::containers::ContainerStatsResponse;

use crate::Api;
use crate::error::{ApiError, Result};
use crate::path::Path;
use crate::query::Query;
use crate::stream::{self, until_shutdown};

const INTERVAL_SECONDS: u64 = 2;

/// One measurement; with `stream`, one every `interval` seconds until the container ends.
pub(crate) async fn stats(State(api): State<Arc<Api>>, Path(id): Path<String>, query: Query) -> Result<Response> {
    let container = api.engine.container(&id)?.container;
    if !runs(&container) {
        return Err(EngineError::NotRunning(id).into());
    }
    let interval = Duration::from_secs(query.number("interval")?.unwrap_or(INTERVAL_SECONDS).clamp(1, 60));
    let first = measure(&container).await?;
    if !query.flag("stream")?.unwrap_or(false) {
        return Ok(stream::response(
            "application/json",
            futures_util::stream::once(async move { stream::line(&first) }),
        ));
    }
    let lines = unfold((container, Some(first)), move |(container, first)| async move {
        if let Some(first) = first {
            return Some((stream::line(&first), (container, None)));
        }
        tokio::time::sleep(interval).await;
        if !runs(&container) {
            return None;
        }
        let line = match measure(&container).await {
            Ok(stats) => stream::line(&stats),
            Err(error) => error.line().into(),
        };
        Some((line, (container, None)))
    });
    Ok(stream::response("application/json", until_shutdown(&api, lines)))
}

fn runs(container: &Container) -> bool {
    matches!(*container.status().borrow(), ContainerStatus::Running { .. })
}

async fn measure(container: &Container) -> std::result::Result<ContainerStatsResponse, ApiError> {
    let stats = container.stats().await?;
    let limit = container.enforced_limits().memory_bytes;
    Ok(ContainerStatsResponse {
        id: container.config().id.clone(),
        cpu_usage_usec: stats.cpu_ns / 1000,
        memory_bytes: stats.memory_bytes,
        memory_limit: limit.unwrap_or(u64::MAX),
        memory_percent: limit.map_or(0.0, |limit| 100.0 * stats.memory_bytes as f64 / limit as f64),
    })
}
