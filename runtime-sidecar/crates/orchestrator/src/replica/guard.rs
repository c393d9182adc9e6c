//! What becomes of a replica whose task broke down, which is a defect of the engine: its container goes, it says so, and
//! the next deploy tries again.

use std::sync::Arc;

use sidecar_api_types::Phase;
use sidecar_container::Container;
use tokio::sync::watch;
use tokio::task::JoinError;
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
            let Some(cause) = breakdown(replica.run()).await else {
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
            if !another_try(&mut self.wanted, &self.token, |wanted| wanted.deploys != deploys).await {
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
}

/// Runs work in a task of its own. `Some`: it broke down; what it held is gone, and who called it goes on.
pub(crate) async fn breakdown(work: impl Future<Output = ()> + Send + 'static) -> Option<JoinError> {
    tokio::spawn(work).await.err()
}

/// Waits until something `newer` is wanted. False: it is not wanted any more.
async fn another_try<T>(
    wanted: &mut watch::Receiver<T>,
    token: &CancellationToken,
    newer: impl Fn(&T) -> bool,
) -> bool {
    loop {
        tokio::select! {
            () = token.cancelled() => return false,
            changed = wanted.changed() => {
                if changed.is_err() {
                    return false;
                }
                if newer(&wanted.borrow()) {
                    return true;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_breaks_down_is_noticed_and_lets_go_of_what_it_holds() {
        let (held, mut freed) = tokio::sync::oneshot::channel::<()>();
        let cause = breakdown(async move {
            let _held = held;
            tokio::task::yield_now().await;
            panic!("a defect");
        })
        .await;
        assert!(cause.unwrap().is_panic());
        assert_eq!(freed.try_recv(), Err(tokio::sync::oneshot::error::TryRecvError::Closed));
        assert!(breakdown(async {}).await.is_none());
    }

    #[tokio::test]
    async fn only_a_newer_deploy_tries_again() {
        let (sender, mut wanted) = watch::channel(1);
        let token = CancellationToken::new();
        let mut waiting = std::pin::pin!(another_try(&mut wanted, &token, |deploys| *deploys != 1));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        sender.send_replace(1);
        assert!(futures_util::poll!(&mut waiting).is_pending());
        sender.send_replace(2);
        assert!(waiting.await);
    }

    #[tokio::test]
    async fn what_is_not_wanted_any_more_is_not_tried_again() {
        let (sender, mut wanted) = watch::channel(1);
        let token = CancellationToken::new();
        token.cancel();
        assert!(!another_try(&mut wanted, &token, |_| true).await);
        drop(sender);
        assert!(!another_try(&mut wanted, &CancellationToken::new(), |_| true).await);
    }
}
