//! `/api/v1/deployments`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use sidecar_api_types::{DeploymentState, Phase, Reason, ServiceState};
use sidecar_orchestrator::command::Deployment;
use zlayer_types::api::deployments::{
    CreateDeploymentRequest, DeploymentDetails, DeploymentSummary, ServiceHealthInfo,
};
use zlayer_types::storage::{DeploymentStatus, StoredDeployment};

use crate::Api;
use crate::body::JsonBody;
use crate::error::Result;
use crate::path::Path;

pub(crate) async fn list(State(api): State<Arc<Api>>) -> Json<Vec<DeploymentSummary>> {
    let states = api.engine.board().deployments();
    let summaries = states.into_iter().map(|state| DeploymentSummary {
        status: status(&state).to_string(),
        service_count: state.services.len(),
        created_at: state.created_at,
        name: state.name,
    });
    Json(summaries.collect())
}

/// Takes a spec. An existing deployment of the same name gets this spec from now on.
pub(crate) async fn create(
    State(api): State<Arc<Api>>,
    JsonBody(request): JsonBody<CreateDeploymentRequest>,
) -> Result<(StatusCode, Json<DeploymentDetails>)> {
    let deployment = api.engine.deploy(&request.spec).await?;
    Ok((StatusCode::CREATED, Json(details(&api, &deployment))))
}

pub(crate) async fn get(State(api): State<Arc<Api>>, Path(name): Path<String>) -> Result<Json<DeploymentDetails>> {
    let deployment = api.engine.deployment(&name)?;
    Ok(Json(details(&api, &deployment)))
}

/// Answers once nothing of the deployment is left.
pub(crate) async fn remove(State(api): State<Arc<Api>>, Path(name): Path<String>) -> Result<StatusCode> {
    api.engine.delete(&name).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn spec(State(api): State<Arc<Api>>, Path(name): Path<String>) -> Result<Json<StoredDeployment>> {
    let deployment = api.engine.deployment(&name)?;
    let state = api.engine.board().deployment(&name);
    let time =
        |ms: u64| chrono::DateTime::from_timestamp_millis(i64::try_from(ms).unwrap_or(i64::MAX)).unwrap_or_default();
    let digests = deployment
        .images
        .iter()
        .map(|(service, image)| (service.clone(), image.digest.clone()));
    Ok(Json(StoredDeployment {
        name: deployment.name.clone(),
        spec: deployment.spec.clone(),
        status: state.as_ref().map_or(DeploymentStatus::Pending, status),
        created_at: time(deployment.created_at_ms),
        updated_at: time(deployment.updated_at_ms),
        resolved_image_digests: digests.collect(),
    }))
}

fn details(api: &Api, deployment: &Deployment) -> DeploymentDetails {
    let state = api.engine.board().deployment(&deployment.name);
    let services = state
        .as_ref()
        .map(|state| state.services.as_slice())
        .unwrap_or_default();
    let mut names: Vec<String> = deployment.spec.services.keys().cloned().collect();
    names.sort();
    DeploymentDetails {
        name: deployment.name.clone(),
        status: state.as_ref().map_or(DeploymentStatus::Pending, status).to_string(),
        services: names,
        service_health: services.iter().map(service_health).collect(),
        created_at: rfc3339(deployment.created_at_ms),
        updated_at: rfc3339(deployment.updated_at_ms),
    }
}

fn rfc3339(ms: u64) -> String {
    let time = chrono::DateTime::from_timestamp_millis(i64::try_from(ms).unwrap_or(i64::MAX)).unwrap_or_default();
    time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

fn service_health(service: &ServiceState) -> ServiceHealthInfo {
    let health = match service.phase {
        Phase::Running => "healthy",
        Phase::Unhealthy | Phase::Failed | Phase::Backoff => "unhealthy",
        _ => "unknown",
    };
    ServiceHealthInfo {
        name: service.name.clone(),
        replicas_running: service.running,
        replicas_desired: service.desired,
        health: health.to_owned(),
        endpoints: service.addresses.clone(),
    }
}

/// Our phase in ZLayer's words.
fn status(state: &DeploymentState) -> DeploymentStatus {
    match state.phase {
        Phase::Running => DeploymentStatus::Running,
        Phase::Waiting | Phase::Starting | Phase::Unhealthy | Phase::Backoff | Phase::Stopping => {
            DeploymentStatus::Deploying
        }
        Phase::Stopped => DeploymentStatus::Stopped,
        Phase::Failed => {
            let message = |reason: &Reason| reason.message.clone();
            DeploymentStatus::Failed {
                message: state.reason.as_ref().map(message).unwrap_or_default(),
            }
        }
    }
}
