//! One version after the other, replica by replica.

use std::sync::Arc;
use std::time::Duration;

use sidecar_api_types::{Health, Phase, Progress, ProgressUnit, Reason};
use tokio::time::Instant;

use super::{Service, Stuck, failed};
use crate::command::Deployment;
use crate::plan::Plan;
use crate::reason::reason;

/// A new version without a health check has come up when it has run for so long without an end.
const STEADY: Duration = Duration::from_secs(3);

/// A change of the deployment that leaves the plan as it is interrupts a roll-out; it goes on where it was.
#[derive(Default)]
pub(crate) struct Rollout {
    /// Replaced last, and not yet known to come up.
    unsettled: Option<u32>,
    /// The deploy in which it stopped, and why.
    halted: Option<(u64, Reason)>,
}

impl Service {
    /// Replaces replicas one after the other, and stops at the first that does not come up.
    pub(super) async fn roll_out(
        &mut self,
        deployment: &Deployment,
        plan: &Arc<Plan>,
        outdated: Vec<u32>,
    ) -> Result<(), Stuck> {
        if outdated.is_empty() {
            self.rollout = Rollout::default();
            return Ok(());
        }
        if let Some((deploys, reason)) = &self.rollout.halted
            && *deploys == deployment.deploys
        {
            return Err(failed(reason.clone()));
        }
        self.rollout.halted = None;
        // What does not run cannot be kept running, so there is nothing to be careful with.
        let (down, outdated): (Vec<u32>, Vec<u32>) = outdated.into_iter().partition(|index| !self.runs(*index));
        for index in down {
            self.retire(index);
            let handle = self.spawn(deployment, index, plan.hash.clone(), Some(Arc::clone(plan)), None);
            self.replicas.insert(index, handle);
            self.rollout.unsettled = Some(index);
        }
        let count = outdated.len();
        for (done, index) in outdated.into_iter().enumerate() {
            let progress = Some(Progress {
                done: done as u64,
                total: Some(count as u64),
                unit: ProgressUnit::Steps,
            });
            let words = reason("rolling-out", format!("replacing replica {} of {count}", done + 1));
            self.report(|service| service.condition = Some((Phase::Starting, Reason { progress, ..words })));
            if let Some(unsettled) = self.rollout.unsettled.filter(|last| self.has(*last, plan)) {
                if let Err(cause) = self.settled(unsettled).await {
                    let message = format!(
                        "the new version does not come up, so {} of {} replicas keep the former one: {cause}",
                        count - done,
                        self.replicas.len()
                    );
                    let reason = reason("rollout-halted", message);
                    self.rollout.halted = Some((deployment.deploys, reason.clone()));
                    return Err(failed(reason));
                }
                self.rollout.unsettled = None;
            }
            self.retire(index);
            self.left(index).await;
            let handle = self.spawn(deployment, index, plan.hash.clone(), Some(Arc::clone(plan)), None);
            self.replicas.insert(index, handle);
            self.rollout.unsettled = Some(index);
        }
        self.rollout.unsettled = None;
        Ok(())
    }

    /// Whether the replica is of this plan.
    fn has(&self, index: u32, plan: &Plan) -> bool {
        self.replicas.get(&index).is_some_and(|handle| handle.hash == plan.hash)
    }

    fn runs(&self, index: u32) -> bool {
        let replica = self
            .state()
            .and_then(|service| service.replicas.into_iter().find(|r| r.index == index));
        replica.is_some_and(|replica| replica.pid.is_some())
    }

    /// Waits until a replica is healthy or, without a check, runs steadily; or has shown that it does not.
    async fn settled(&self, index: u32) -> Result<(), String> {
        let mut revisions = self.context.board.revisions();
        let mut steady: Option<(Option<u32>, Instant)> = None;
        loop {
            revisions.borrow_and_update();
            let mut until = None;
            let replica = self
                .state()
                .and_then(|service| service.replicas.into_iter().find(|r| r.index == index));
            if let Some(replica) = replica {
                let cause = || replica.reason.as_ref().map(|r| r.message.clone()).unwrap_or_default();
                match replica.phase {
                    Phase::Running if replica.health == Health::Healthy => return Ok(()),
                    Phase::Running if replica.health == Health::None => {
                        let since = match steady {
                            Some((pid, since)) if pid == replica.pid => since,
                            _ => Instant::now(),
                        };
                        steady = Some((replica.pid, since));
                        if since.elapsed() >= STEADY {
                            return Ok(());
                        }
                        until = Some(since + STEADY);
                    }
                    Phase::Stopped => return Ok(()),
                    Phase::Failed | Phase::Backoff => return Err(cause()),
                    Phase::Unhealthy if replica.health == Health::Unhealthy => return Err(cause()),
                    _ => {}
                }
            }
            let steady = async {
                match until {
                    Some(until) => tokio::time::sleep_until(until).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                changed = revisions.changed() => if changed.is_err() { return Ok(()) },
                () = steady => {}
            }
        }
    }
}
