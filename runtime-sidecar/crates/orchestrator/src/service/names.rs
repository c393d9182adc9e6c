//! The name of a service.

use std::net::Ipv4Addr;
use std::sync::Arc;

use sidecar_api_types::Phase;

use super::find;
use crate::context::Context;

/// Keeps the service's name pointing at its healthy replicas; while none is healthy, at those that run.
pub(super) async fn keep_names(context: Arc<Context>, deployment: String, service: String) {
    let mut revisions = context.board.revisions();
    let mut known: Option<Vec<(u32, Ipv4Addr)>> = None;
    loop {
        revisions.borrow_and_update();
        let state = find(&context, &deployment, &service);
        let running = state.iter().flat_map(|s| &s.replicas).filter(|r| r.pid.is_some());
        let address = |replica: &sidecar_api_types::ReplicaState| {
            Some((replica.index, replica.ipv4.as_deref()?.parse::<Ipv4Addr>().ok()?))
        };
        let healthy: Vec<_> = running
            .clone()
            .filter(|r| r.phase == Phase::Running)
            .filter_map(address)
            .collect();
        let now = if healthy.is_empty() {
            running.filter_map(address).collect()
        } else {
            healthy
        };
        if known.as_ref() != Some(&now) {
            context.network.set_names(&deployment, &service, &now).await;
            known = Some(now);
        }
        if revisions.changed().await.is_err() {
            return;
        }
    }
}
