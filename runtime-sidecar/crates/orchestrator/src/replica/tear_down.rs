//! How a replica's container goes.

use sidecar_api_types::Phase;
use sidecar_container::ContainerStatus;

use super::{Live, Replica};
use crate::backoff::{Backoff, jitter};
use crate::events::{ContainerDetails, ContainerEventKind};
use crate::plan;

/// A container that cannot be removed is tried this often before its replica is given up.
const TEARDOWN_ATTEMPTS: u32 = 5;

impl Replica {
    /// Stops and removes a container, with its place in the network and its own storage.
    pub(super) async fn tear_down(&self, live: Live) {
        let id = live.container.config().id.clone();
        let labels = live.container.config().labels.clone();
        self.report(|replica| (replica.phase, replica.reason) = (Phase::Stopping, None));
        let grace = self.control.grace(plan::stop_grace(&self.wanted.borrow().spec));
        let mut backoff = Backoff::default();
        let ran = matches!(*live.container.status().borrow(), ContainerStatus::Running { .. });
        while let Err(cause) = live.container.stop(grace).await {
            tracing::warn!(container = id, %cause, "cannot be stopped");
            if backoff.attempts() >= TEARDOWN_ATTEMPTS {
                break;
            }
            tokio::time::sleep(backoff.next(jitter())).await;
        }
        if ran {
            self.context
                .events
                .container(ContainerEventKind::Stop, &id, &labels, ContainerDetails::default());
            self.report(|replica| replica.pid = None);
        }
        if live.attachment.is_some() {
            self.detach(&id).await;
        }
        backoff.reset();
        while let Err(cause) = live.container.clone().remove().await {
            tracing::warn!(container = id, %cause, "cannot be removed");
            if backoff.attempts() >= TEARDOWN_ATTEMPTS {
                break;
            }
            tokio::time::sleep(backoff.next(jitter())).await;
        }
        self.remove_storage(&id).await;
        self.context.meter.forget(&id);
        self.context.containers.remove(&id);
        self.context
            .events
            .container(ContainerEventKind::Destroy, &id, &labels, ContainerDetails::default());
    }

    pub(super) async fn detach(&self, id: &str) {
        if let Err(cause) = self.context.network.detach(id).await {
            tracing::warn!(container = id, %cause, "its network cannot be removed");
        }
    }

    pub(super) async fn remove_storage(&self, id: &str) {
        if let Err(cause) = self.context.volumes.remove_anonymous(id).await {
            tracing::warn!(container = id, %cause, "its anonymous storage cannot be removed");
        }
        if let Err(cause) = self.context.restarts.remove(id).await {
            tracing::warn!(container = id, %cause, "the number of its restarts cannot be forgotten");
        }
    }
}
