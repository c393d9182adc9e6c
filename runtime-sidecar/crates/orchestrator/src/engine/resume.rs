//! What a new engine makes of what a former one left.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use sidecar_container::Container;

use super::{Engine, start_of};
use crate::containers::identity;
use crate::context::Context;

impl Engine {
    /// Starts the tasks of every stored deployment, each with the containers that it already has.
    pub(super) fn resume(self: &Arc<Self>, found: Vec<Container>) {
        let mut left: BTreeMap<(String, String), BTreeMap<u32, Container>> = BTreeMap::new();
        let mut orphans = Vec::new();
        for container in found {
            let wanted = identity(&container).filter(|(deployment, service, replica)| {
                self.context
                    .store
                    .get(deployment)
                    .is_some_and(|d| !d.deleting && *replica < d.desired(service))
            });
            match wanted {
                Some((deployment, service, replica)) => {
                    // Of two for the same place, one was about to be replaced when the sidecar ended; the newer stays.
                    let place = left.entry((deployment, service)).or_default();
                    let older = match place.get(&replica) {
                        Some(other) if started(other) > started(&container) => Some(container),
                        _ => place.insert(replica, container),
                    };
                    orphans.extend(older);
                }
                None => orphans.push(container),
            }
        }
        // Of a deployment that is not known any more nothing stays.
        let forgotten: BTreeSet<String> = orphans
            .iter()
            .filter_map(identity)
            .map(|(deployment, ..)| deployment)
            .filter(|deployment| self.context.store.get(deployment).is_none())
            .collect();
        let removals: Vec<_> = orphans
            .into_iter()
            .map(|container| remove_orphan(Arc::clone(&self.context), container))
            .collect();
        let removed = tokio::spawn(async move {
            join_all(removals).await;
        });
        let mut deleting = Vec::new();
        for deployment in self.context.store.all() {
            self.show(&deployment);
            if deployment.deleting {
                deleting.push(deployment.name.clone());
                continue;
            }
            for service in deployment.spec.services.keys() {
                let containers = left
                    .remove(&(deployment.name.clone(), service.clone()))
                    .unwrap_or_default();
                self.spawn_service(&deployment, service, containers.into_values().collect());
            }
        }
        let engine = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(cause) = removed.await {
                tracing::error!(%cause, "removing what is left of a former run broke down");
            }
            for name in forgotten {
                engine.forget_network(&name).await;
            }
            for name in deleting {
                engine.tear_down(&name).await;
            }
        });
    }
}

impl Engine {
    /// Removes the network of a deployment that is not known, unless it has become known meanwhile.
    async fn forget_network(&self, deployment: &str) {
        let _turn = self.turn.lock().await;
        if self.context.store.get(deployment).is_some() {
            return;
        }
        if let Err(cause) = self.context.network.remove_deployment(deployment).await {
            tracing::warn!(deployment, %cause, "its network cannot be removed");
        }
    }
}

/// Stops and removes a container that has no task, with its place in the network and its storage.
pub(crate) async fn remove_orphan(context: Arc<Context>, container: Container) {
    let id = container.config().id.clone();
    tracing::info!(container = id, "is not wanted any more");
    if let Err(cause) = container.stop(Duration::from_secs(10)).await {
        tracing::warn!(container = id, %cause, "cannot be stopped");
    }
    if let Err(cause) = context.network.detach(&id).await {
        tracing::warn!(container = id, %cause, "its network cannot be removed");
    }
    if let Err(cause) = container.remove().await {
        tracing::warn!(container = id, %cause, "cannot be removed");
    }
    if let Err(cause) = context.volumes.remove_anonymous(&id).await {
        tracing::warn!(container = id, %cause, "its anonymous storage cannot be removed");
    }
    if let Err(cause) = context.restarts.remove(&id).await {
        tracing::warn!(container = id, %cause, "the number of its restarts cannot be forgotten");
    }
}

fn started(container: &Container) -> u64 {
    start_of(&container.status().borrow()).unwrap_or(0)
}
