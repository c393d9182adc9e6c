//! `/api/v1/containers`: the containers of all services. Containers without a deployment are not served.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use nix::sys::signal::Signal;
use sidecar_api_types::{Health, ReplicaState};
use sidecar_container::ContainerStatus;
use sidecar_orchestrator::{ContainerView, EngineError, RestartOutcome};
use tokio::sync::watch;
use zlayer_types::api::containers::{
    ContainerHealthInfo, ContainerInfo, ContainerPortBinding, ContainerPortResponse, ContainerTopResponse,
    ContainerWaitDockerResponse, ContainerWaitResponse, KillContainerRequest, NetworkAttachmentInfo,
    RestartContainerRequest, StopContainerRequest,
};
use zlayer_types::spec::{PortMapping, PortProtocol};

use crate::Api;
use crate::body::JsonBody;
use crate::error::{ApiError, Result};
use crate::path::Path;
use crate::query::Query;

pub(crate) async fn list(State(api): State<Arc<Api>>, query: Query) -> Result<Json<Vec<ContainerInfo>>> {
    let mut filters = Vec::new();
    for text in query.all("label") {
        let Some((name, value)) = text.split_once('=') else {
            let message = format!("The parameter label must be of the form name=value, not “{text}”.");
            return Err(ApiError::bad_request("invalid-parameter", message));
        };
        filters.push((name.to_owned(), value.to_owned()));
    }
    let containers = api.engine.containers().into_iter();
    let wanted = containers.filter(|c| filters.iter().all(|(name, value)| c.label(name) == Some(value)));
    Ok(Json(wanted.map(|container| describe(&api, &container)).collect()))
}

pub(crate) async fn get(State(api): State<Arc<Api>>, Path(id): Path<String>) -> Result<Json<ContainerInfo>> {
    Ok(Json(describe(&api, &api.engine.container(&id)?)))
}

/// Its service replaces it with a new one.
pub(crate) async fn remove(State(api): State<Arc<Api>>, Path(id): Path<String>) -> Result<StatusCode> {
    api.engine.remove_container(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn start(State(api): State<Arc<Api>>, Path(id): Path<String>) -> Result<StatusCode> {
    started(api.engine.start_container(&id).await?, &id)
}

pub(crate) async fn stop(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    JsonBody(request): JsonBody<StopContainerRequest>,
) -> Result<StatusCode> {
    api.engine.stop_container(&id, request.timeout.map(grace)).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn restart(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    JsonBody(request): JsonBody<RestartContainerRequest>,
) -> Result<StatusCode> {
    started(
        api.engine.restart_container(&id, request.timeout.map(grace)).await?,
        &id,
    )
}

/// A grace period that a client asks for, in seconds. More than a day is as good as a day.
fn grace(seconds: u64) -> Duration {
    Duration::from_secs(seconds.min(24 * 60 * 60))
}

fn started(outcome: RestartOutcome, id: &str) -> Result<StatusCode> {
    match outcome {
        RestartOutcome::Running => Ok(StatusCode::NO_CONTENT),
        RestartOutcome::Ended => {
            let message = format!("The container “{id}” was started but does not run.");
            Err(ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "not-running", message).remedy("Its log may say why."))
        }
    }
}

pub(crate) async fn kill(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    JsonBody(request): JsonBody<KillContainerRequest>,
) -> Result<StatusCode> {
    let container = api.engine.container(&id)?;
    let signal = signal(request.signal.as_deref().unwrap_or("SIGKILL"))?;
    if !matches!(container.status(), ContainerStatus::Running { .. }) {
        return Err(EngineError::NotRunning(id).into());
    }
    container.container.signal(signal as i32).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn signal(name: &str) -> Result<Signal> {
    let upper = name.to_uppercase();
    let full = if upper.starts_with("SIG") {
        upper
    } else {
        format!("SIG{upper}")
    };
    let known = full
        .parse()
        .ok()
        .or_else(|| Signal::try_from(name.parse::<i32>().ok()?).ok());
    known.ok_or_else(|| {
        let message =
            format!("“{name}” is not a signal; name one such as SIGTERM, SIGINT, SIGHUP, SIGUSR1 or SIGKILL.");
        ApiError::bad_request("invalid-signal", message)
    })
}

pub(crate) async fn top(State(api): State<Arc<Api>>, Path(id): Path<String>) -> Result<Json<ContainerTopResponse>> {
    let container = api.engine.container(&id)?;
    if !matches!(container.status(), ContainerStatus::Running { .. }) {
        return Err(EngineError::NotRunning(id).into());
    }
    let processes = container.container.processes().await?;
    let rows = processes.into_iter().map(|process| {
        let started = rfc3339(process.started_at_ms);
        let cpu = format!("{}:{:02}", process.cpu_ms / 60_000, process.cpu_ms / 1000 % 60);
        vec![
            process.user,
            process.pid.to_string(),
            process.ppid.to_string(),
            started,
            cpu,
            process.command,
        ]
    });
    let titles = ["UID", "PID", "PPID", "STIME", "TIME", "CMD"]
        .map(str::to_owned)
        .to_vec();
    Ok(Json(ContainerTopResponse {
        titles,
        processes: rows.collect(),
    }))
}

pub(crate) async fn port(State(api): State<Arc<Api>>, Path(id): Path<String>) -> Result<Json<ContainerPortResponse>> {
    let mut ports: HashMap<String, Option<Vec<ContainerPortBinding>>> = HashMap::new();
    for port in api.engine.container(&id)?.ports {
        let name = format!("{}/{}", port.container_port, if port.udp { "udp" } else { "tcp" });
        ports
            .entry(name)
            .or_default()
            .get_or_insert_default()
            .push(ContainerPortBinding {
                host_ip: Some(port.host_ip.to_string()),
                host_port: port.host_port.map(|port| port.to_string()),
            });
    }
    Ok(Json(ContainerPortResponse { ports }))
}

/// Waits until the container does not run.
pub(crate) async fn wait(State(api): State<Arc<Api>>, Path(id): Path<String>) -> Result<Json<ContainerWaitResponse>> {
    let mut status = api.engine.container(&id)?.container.status();
    let (exit_code, signal, oom_killed, finished_at_ms) = ended(&api, &mut status).await?;
    let reason = if oom_killed {
        "oom_killed"
    } else if signal.is_some() {
        "signal"
    } else {
        "exited"
    };
    Ok(Json(ContainerWaitResponse {
        id,
        exit_code,
        reason: Some(reason.to_owned()),
        signal: signal
            .and_then(|number| Signal::try_from(number).ok())
            .map(|signal| signal.as_str().to_owned()),
        finished_at: Some(rfc3339(finished_at_ms)),
    }))
}

/// Docker's form, with Docker's conditions.
pub(crate) async fn wait_docker(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    query: Query,
) -> Result<Json<ContainerWaitDockerResponse>> {
    let mut status = api.engine.container(&id)?.container.status();
    let (code, ..) = match query.text("condition").unwrap_or("not-running") {
        "not-running" => ended(&api, &mut status).await?,
        "next-exit" => {
            status.mark_unchanged();
            if matches!(*status.borrow(), ContainerStatus::Exited { .. }) {
                changed(&api, &mut status).await?;
            }
            ended(&api, &mut status).await?
        }
        "removed" => {
            let mut last = ended(&api, &mut status).await?;
            while changed(&api, &mut status).await? {
                if let ContainerStatus::Exited {
                    code,
                    signal,
                    oom_killed,
                    finished_at_ms,
                } = *status.borrow_and_update()
                {
                    last = (code, signal, oom_killed, finished_at_ms);
                }
            }
            last
        }
        other => {
            let message = format!("The parameter condition must be not-running, next-exit or removed, not “{other}”.");
            return Err(ApiError::bad_request("invalid-parameter", message));
        }
    };
    Ok(Json(ContainerWaitDockerResponse {
        status_code: i64::from(code),
        error: None,
    }))
}

async fn ended(api: &Api, status: &mut watch::Receiver<ContainerStatus>) -> Result<(i32, Option<i32>, bool, u64)> {
    loop {
        if let ContainerStatus::Exited {
            code,
            signal,
            oom_killed,
            finished_at_ms,
        } = *status.borrow_and_update()
        {
            return Ok((code, signal, oom_killed, finished_at_ms));
        }
        if !changed(api, status).await? {
            return Err(ApiError::new(
                StatusCode::NOT_FOUND,
                "not-found",
                "The container is gone.",
            ));
        }
    }
}

/// `false`: the container is gone.
async fn changed(api: &Api, status: &mut watch::Receiver<ContainerStatus>) -> Result<bool> {
    tokio::select! {
        changed = status.changed() => Ok(changed.is_ok()),
        () = api.shutdown.cancelled() => {
            Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "ending", "The sidecar is ending."))
        }
    }
}

fn describe(api: &Api, container: &ContainerView) -> ContainerInfo {
    let config = container.container.config();
    let status = container.status();
    let (state, pid, exit_code) = match status {
        ContainerStatus::Running { pid, .. } => ("running", Some(pid), None),
        ContainerStatus::Exited { code, .. } => ("exited", None, Some(code)),
    };
    let ipv4 = container
        .address
        .filter(|_| pid.is_some())
        .map(|address| address.to_string());
    let replica = replica(api, container);
    let env = config.env.iter().filter_map(|line| line.split_once('='));
    ContainerInfo {
        id: config.id.clone(),
        name: Some(format!(
            "{}-{}-{}",
            container.deployment, container.service, container.replica
        )),
        image: container.image().to_owned(),
        state: state.to_owned(),
        labels: config.labels.clone().into_iter().collect(),
        created_at: container.created_at().to_owned(),
        pid,
        ports: container
            .ports
            .iter()
            .map(|port| PortMapping {
                host_port: port.host_port,
                container_port: port.container_port,
                protocol: if port.udp { PortProtocol::Udp } else { PortProtocol::Tcp },
                host_ip: port.host_ip.to_string(),
            })
            .collect(),
        networks: ipv4
            .iter()
            .map(|ipv4| NetworkAttachmentInfo {
                network: container.deployment.clone(),
                aliases: vec![container.service.clone()],
                ipv4: Some(ipv4.clone()),
            })
            .collect(),
        ipv4,
        health: replica.and_then(|replica| health(&replica)),
        exit_code,
        env: env.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
    }
}

fn replica(api: &Api, container: &ContainerView) -> Option<ReplicaState> {
    let state = api.engine.board().deployment(&container.deployment)?;
    let service = state
        .services
        .into_iter()
        .find(|service| service.name == container.service)?;
    service
        .replicas
        .into_iter()
        .find(|replica| replica.id == container.id())
}

fn health(replica: &ReplicaState) -> Option<ContainerHealthInfo> {
    let status = match replica.health {
        Health::None => return None,
        Health::Pending => "starting",
        Health::Healthy => "healthy",
        Health::Unhealthy => "unhealthy",
    };
    let last_output = replica.reason.as_ref().map(|reason| reason.message.clone());
    Some(ContainerHealthInfo {
        status: status.to_owned(),
        failing_streak: None,
        last_output,
    })
}

fn rfc3339(ms: u64) -> String {
    let time = chrono::DateTime::from_timestamp_millis(i64::try_from(ms).unwrap_or(i64::MAX)).unwrap_or_default();
    time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}
