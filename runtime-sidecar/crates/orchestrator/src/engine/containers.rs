//! Calls on one container, and on what containers measure.

use std::time::Duration;

use sidecar_api_types::{ContainerMetrics, Phase};
use sidecar_container::ContainerStatus;
use tokio::sync::watch;

use super::{Engine, start_of};
use crate::command::Command;
use crate::containers::ContainerView;
use crate::error::EngineError;
use crate::{metering, plan};

/// How long a restart asked for by hand may take beyond the grace period.
const RESTART_LIMIT: Duration = Duration::from_secs(30);

/// What a restart asked for by hand came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestartOutcome {
    Running,
    /// It was started and has ended again.
    Ended,
}

impl Engine {
    /// Every container, in the order of deployment, service and replica.
    pub fn containers(&self) -> Vec<ContainerView> {
        let mut all: Vec<ContainerView> = self.context.containers.all().into_iter().map(Into::into).collect();
        all.sort_by(|a, b| (&a.deployment, &a.service, a.replica).cmp(&(&b.deployment, &b.service, b.replica)));
        all
    }

    /// Changes when a container comes or goes.
    pub fn container_changes(&self) -> watch::Receiver<u64> {
        self.context.containers.changes()
    }

    pub fn container(&self, id: &str) -> Result<ContainerView, EngineError> {
        self.context
            .containers
            .get(id)
            .map(Into::into)
            .ok_or_else(|| EngineError::NoContainer(id.to_owned()))
    }

    /// Stops a container for good: it stays stopped until it is started by hand or its deployment is deployed again.
    /// `grace`: what the spec says when absent.
    pub async fn stop_container(&self, id: &str, grace: Option<Duration>) -> Result<(), EngineError> {
        let entry = self
            .context
            .containers
            .get(id)
            .ok_or_else(|| EngineError::NoContainer(id.to_owned()))?;
        let deployment = self.deployment(&entry.deployment)?;
        self.set_stopped(&entry.deployment, &entry.service, entry.replica, true)
            .await?;
        if matches!(*entry.container.status().borrow(), ContainerStatus::Running { .. }) {
            self.context
                .board
                .replica(&entry.deployment, &entry.service, entry.replica, |replica| {
                    (replica.phase, replica.reason) = (Phase::Stopping, None);
                });
        }
        let usual = deployment
            .spec
            .services
            .get(&entry.service)
            .map(plan::stop_grace)
            .unwrap_or_default();
        let stopped = entry.container.stop(grace.unwrap_or(usual)).await;
        entry.control.wake.notify_one();
        Ok(stopped?)
    }

    /// Starts a container that was stopped by hand.
    pub async fn start_container(&self, id: &str) -> Result<RestartOutcome, EngineError> {
        let entry = self
            .context
            .containers
            .get(id)
            .ok_or_else(|| EngineError::NoContainer(id.to_owned()))?;
        if matches!(*entry.container.status().borrow(), ContainerStatus::Running { .. }) {
            return Ok(RestartOutcome::Running);
        }
        self.restart_container(id, None).await
    }

    /// Stops a container and starts it again: same id, same writable layer, same log.
    pub async fn restart_container(&self, id: &str, grace: Option<Duration>) -> Result<RestartOutcome, EngineError> {
        let entry = self
            .context
            .containers
            .get(id)
            .ok_or_else(|| EngineError::NoContainer(id.to_owned()))?;
        let usual = self
            .deployment(&entry.deployment)?
            .spec
            .services
            .get(&entry.service)
            .map(plan::stop_grace);
        let limit = RESTART_LIMIT + grace.or(usual).unwrap_or_default();
        let mut status = entry.container.status();
        let before = start_of(&status.borrow_and_update());
        entry.control.ask_restart(grace);
        self.set_stopped(&entry.deployment, &entry.service, entry.replica, false)
            .await?;
        entry.control.wake.notify_one();
        let waited = tokio::time::timeout(limit, async {
            let mut last_end = None;
            loop {
                match *status.borrow_and_update() {
                    ContainerStatus::Running { started_at_ms, .. } if Some(started_at_ms) != before => {
                        return Ok(RestartOutcome::Running);
                    }
                    ContainerStatus::Running { .. } => {}
                    // The first end is that of the process that was to be stopped; another, that of the new one.
                    ContainerStatus::Exited { finished_at_ms, .. } => {
                        if last_end
                            .replace(finished_at_ms)
                            .is_some_and(|last| last != finished_at_ms)
                        {
                            return Ok(RestartOutcome::Ended);
                        }
                    }
                }
                if status.changed().await.is_err() {
                    return Err(EngineError::NoContainer(id.to_owned()));
                }
            }
        });
        waited.await.unwrap_or(Ok(RestartOutcome::Ended))
    }

    /// Stops and removes a container. Its service replaces it with a new one.
    pub async fn remove_container(&self, id: &str) -> Result<(), EngineError> {
        let entry = self
            .context
            .containers
            .get(id)
            .ok_or_else(|| EngineError::NoContainer(id.to_owned()))?;
        let mut changes = self.context.containers.changes();
        entry.control.ask_remove();
        self.set_stopped(&entry.deployment, &entry.service, entry.replica, false)
            .await?;
        while self.context.containers.get(id).is_some() {
            if changes.changed().await.is_err() {
                break;
            }
        }
        Ok(())
    }

    async fn set_stopped(
        &self,
        deployment: &str,
        service: &str,
        replica: u32,
        stopped: bool,
    ) -> Result<(), EngineError> {
        let (deployment, service) = (deployment.to_owned(), service.to_owned());
        let _turn = self.turn.lock().await;
        self.context
            .store
            .submit(Command::SetStopped {
                deployment,
                service,
                replica,
                stopped,
            })
            .await?;
        Ok(())
    }

    /// History of all containers of a deployment and service, or of all: samples after `since_ms` (milliseconds since the
    /// Unix epoch), at least `step_ms` apart.
    pub fn metrics(
        &self,
        deployment: Option<&str>,
        service: Option<&str>,
        since_ms: u64,
        step_ms: u64,
    ) -> Vec<ContainerMetrics> {
        let entries = self.context.containers.all().into_iter();
        entries
            .filter(|entry| deployment.is_none_or(|name| name == entry.deployment))
            .filter(|entry| service.is_none_or(|name| name == entry.service))
            .map(|entry| {
                let samples = self
                    .context
                    .meter
                    .history(&entry.container.config().id, since_ms, step_ms);
                metering::describe(&entry, samples)
            })
            .collect()
    }
}
