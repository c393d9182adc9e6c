//! `/api/v1/deployments/{deployment}/services`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use sidecar_api_types::{Phase, ServiceState};
use sidecar_orchestrator::EngineError;
use sidecar_orchestrator::command::{Deployment, Rejection};
use zlayer_types::api::services::{ScaleRequest, ServiceDetails, ServiceEndpoint, ServiceMetrics, ServiceSummary};

use crate::Api;
use crate::body::JsonBody;
use crate::error::Result;
use crate::path::Path;

pub(crate) async fn list(State(api): State<Arc<Api>>, Path(name): Path<String>) -> Result<Json<Vec<ServiceSummary>>> {
    let deployment = api.engine.deployment(&name)?;
    let mut names: Vec<&String> = deployment.spec.services.keys().collect();
    names.sort();
    let summary = |service: &String| {
        let state = find(&api, &deployment, service);
        ServiceSummary {
            name: service.clone(),
            deployment: name.clone(),
            status: state.as_ref().map_or("pending", |state| word(state.phase)).to_owned(),
            replicas: state.as_ref().map_or(0, |state| state.running),
            desired_replicas: deployment.desired(service),
            endpoints: endpoints(&deployment, service, state.as_ref()),
        }
    };
    Ok(Json(names.into_iter().map(summary).collect()))
}

pub(crate) async fn get(
    State(api): State<Arc<Api>>,
    Path((name, service)): Path<(String, String)>,
) -> Result<Json<ServiceDetails>> {
    let deployment = api.engine.deployment(&name)?;
    Ok(Json(details(&api, &deployment, &service)?))
}

pub(crate) async fn scale(
    State(api): State<Arc<Api>>,
    Path((name, service)): Path<(String, String)>,
    JsonBody(request): JsonBody<ScaleRequest>,
) -> Result<Json<ServiceDetails>> {
    let deployment = api.engine.scale(&name, &service, request.replicas).await?;
    Ok(Json(details(&api, &deployment, &service)?))
}

/// An error when the deployment does not have the service.
pub(crate) fn require(deployment: &Deployment, service: &str) -> std::result::Result<(), EngineError> {
    if deployment.spec.services.contains_key(service) {
        return Ok(());
    }
    Err(EngineError::Rejected(Rejection::NoService {
        deployment: deployment.name.clone(),
        service: service.to_owned(),
    }))
}

fn details(api: &Api, deployment: &Deployment, service: &str) -> Result<ServiceDetails> {
    require(deployment, service)?;
    let state = find(api, deployment, service);
    Ok(ServiceDetails {
        name: service.to_owned(),
        deployment: deployment.name.clone(),
        status: state.as_ref().map_or("pending", |state| word(state.phase)).to_owned(),
        replicas: state.as_ref().map_or(0, |state| state.running),
        desired_replicas: deployment.desired(service),
        endpoints: endpoints(deployment, service, state.as_ref()),
        metrics: metrics(api, deployment, service),
    })
}

fn find(api: &Api, deployment: &Deployment, service: &str) -> Option<ServiceState> {
    api.engine
        .board()
        .deployment(&deployment.name)?
        .services
        .into_iter()
        .find(|state| state.name == service)
}

fn word(phase: Phase) -> &'static str {
    match phase {
        Phase::Waiting => "pending",
        Phase::Starting => "starting",
        Phase::Running => "running",
        Phase::Unhealthy => "unhealthy",
        Phase::Backoff => "backoff",
        Phase::Stopping => "stopping",
        Phase::Stopped => "stopped",
        Phase::Failed => "failed",
    }
}

fn endpoints(deployment: &Deployment, service: &str, state: Option<&ServiceState>) -> Vec<ServiceEndpoint> {
    let spec = deployment.spec.services.get(service);
    let addresses = state.map(|state| state.addresses.as_slice()).unwrap_or_default();
    let endpoints = spec.iter().flat_map(|spec| &spec.endpoints).map(|endpoint| {
        let protocol = format!("{:?}", endpoint.protocol).to_lowercase();
        let suffix = format!(":{}", endpoint.target_port());
        ServiceEndpoint {
            name: endpoint.name.clone(),
            port: endpoint.port,
            url: addresses.iter().find(|address| address.ends_with(&suffix)).cloned(),
            protocol,
        }
    });
    endpoints.collect()
}

/// From the last two measurements of each replica: cores used, of one core or of the limit; memory, of the limit.
fn metrics(api: &Api, deployment: &Deployment, service: &str) -> ServiceMetrics {
    let (mut cpu, mut cpu_limit, mut memory, mut memory_limit) = (0.0, 0.0, 0.0, 0.0);
    for container in api.engine.metrics(Some(&deployment.name), Some(service), 0, 0) {
        if let [.., before, last] = container.samples.as_slice() {
            let milliseconds = last.time_ms.saturating_sub(before.time_ms).max(1) as f64;
            cpu += last.cpu_ns.saturating_sub(before.cpu_ns) as f64 / (milliseconds * 1e6);
            cpu_limit += container.cpu_limit_millicores.unwrap_or(1000) as f64 / 1000.0;
        }
        if let (Some(limit), Some(last)) = (container.memory_limit_bytes, container.samples.last()) {
            memory += last.memory_bytes as f64;
            memory_limit += limit as f64;
        }
    }
    let percent = |part: f64, whole: f64| if whole > 0.0 { 100.0 * part / whole } else { 0.0 };
    ServiceMetrics {
        cpu_percent: percent(cpu, cpu_limit),
        memory_percent: percent(memory, memory_limit),
        rps: None,
    }
}
