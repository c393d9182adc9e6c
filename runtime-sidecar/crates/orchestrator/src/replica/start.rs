//! How a replica gets a container.

use sidecar_api_types::{Phase, Reason};

use super::create::StartError;
use super::ends::seconds;
use super::{Live, Replica};
use crate::backoff::{Backoff, jitter};
use crate::containers::new_id;
use crate::events::{ContainerDetails, ContainerEventKind};

impl Replica {
    /// Starts a new container, as often as it takes. `None`: not wanted any more.
    pub(super) async fn start(&mut self, backoff: &mut Backoff) -> Option<Live> {
        loop {
            let id = new_id(&self.deployment, &self.service, self.index);
            if self.is_stopped() {
                self.report_new(&id, Phase::Stopped);
                self.wait(None).await?;
                continue;
            }
            self.report_new(&id, Phase::Starting);
            let wanted = self.wanted.borrow_and_update().clone();
            let Some(plan) = wanted.plan else {
                self.wait(None).await?;
                continue;
            };
            match self.create(&plan, id).await {
                Ok(live) => {
                    self.register(&live);
                    let config = live.container.config();
                    let events = &self.context.events;
                    events.container(
                        ContainerEventKind::Create,
                        &config.id,
                        &config.labels,
                        ContainerDetails::default(),
                    );
                    return Some(live);
                }
                Err(StartError::Cancelled) => return None,
                Err(StartError::Permanent(reason)) => {
                    tracing::warn!(
                        deployment = self.deployment,
                        service = self.service,
                        replica = self.index,
                        reason.message,
                        "failed"
                    );
                    self.report(|r| (r.phase, r.reason) = (Phase::Failed, Some(reason)));
                    self.wait_for_another_try(wanted.deploys).await?;
                }
                Err(StartError::Transient(reason)) => {
                    let delay = backoff.next(jitter());
                    tracing::warn!(
                        deployment = self.deployment,
                        service = self.service,
                        replica = self.index,
                        reason.message,
                        "will be tried again"
                    );
                    let message = format!("{}; next try in {}", reason.message, seconds(delay));
                    self.report(|r| (r.phase, r.reason) = (Phase::Backoff, Some(Reason { message, ..reason })));
                    self.wait(Some(delay)).await?;
                }
            }
        }
    }

    pub(super) async fn wait_for_another_try(&mut self, deploys: u64) -> Option<()> {
        loop {
            tokio::select! {
                () = self.token.cancelled() => return None,
                () = self.control.wake.notified() => return Some(()),
                changed = self.wanted.changed() => {
                    changed.ok()?;
                    if self.wanted.borrow().deploys != deploys {
                        return Some(());
                    }
                }
            }
        }
    }
}
