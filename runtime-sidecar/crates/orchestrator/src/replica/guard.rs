//! What becomes of a replica whose task broke down, which is a defect of the engine: its container goes, it says so, and
//! the next deploy tries again.

use std::sync::Arc;

use sidecar_api_types::Phase;
use sidecar_container::Container;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Replica, Wanted};
use crate::containers::Control;
use crate::context::Context;
use crate::engine::remove_orphan;
use crate::reason::reason;

/// Where a replica belongs, and what it is told.
pub(crate) struct Guard {
    pub context: Arc<Context>,
    pub deployment: String,
    pub service: String,
    pub index: u32,
    pub wanted: watch::Receiver<Wanted>,
    /// Cancelled when the replica is not wanted any more.
    pub token: CancellationToken,
}

impl Guard {
    /// Runs until the replica is not wanted any more and nothing of it is left. `existing`: a container that a former
    /// sidecar left.
    pub async fn run(mut self, mut existing: Option<Container>) {
        loop {
            let replica = Replica {
                context: Arc::clone(&self.context),
                deployment: self.deployment.clone(),
                service: self.service.clone(),
                index: self.index,
                wanted: self.wanted.clone(),
                token: self.token.clone(),
                control: Arc::new(Control::default()),
                existing: existing.take(),
                id: String::new(),
            };
            let deploys = self.wanted.borrow().deploys;
            let Err(cause) = tokio::spawn(replica.run()).await else {
                return;
            };
            tracing::error!(
                deployment = self.deployment,
                service = self.service,
                replica = self.index,
                %cause,
                "a replica's task broke down"
            );
            self.clear().await;
            if !self.another_try(deploys).await {
                let Self { context, index, .. } = &self;
                context.board.service(&self.deployment, &self.service, |service| {
                    service.replicas.remove(index);
                    service.addresses.remove(index);
                });
                return;
            }
        }
    }

    async fn clear(&self) {
        let found = self.context.containers.all().into_iter().filter(|entry| {
            entry.deployment == self.deployment && entry.service == self.service && entry.replica == self.index
        });
        for entry in found {
            let id = entry.container.config().id.clone();
            remove_orphan(Arc::clone(&self.context), entry.container).await;
            self.context.meter.forget(&id);
            self.context.containers.remove(&id);
        }
        let words = reason(
            "internal",
            "the engine failed here in a way that it should not; see its log, and deploy again",
        );
        self.context
            .board
            .replica(&self.deployment, &self.service, self.index, |replica| {
                (replica.phase, replica.reason) = (Phase::Failed, Some(words));
                replica.pid = None;
            });
    }

    /// False: it is not wanted any more.
    async fn another_try(&mut self, deploys: u64) -> bool {
        loop {
            tokio::select! {
                () = self.token.cancelled() => return false,
                changed = self.wanted.changed() => {
                    if changed.is_err() {
                        return false;
                    }
                    if self.wanted.borrow().deploys != deploys {
                        return true;
                    }
                }
            }
        }
    }
}
