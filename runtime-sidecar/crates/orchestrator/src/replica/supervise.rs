//! What a replica does while its container runs, and when it ends.

use std::sync::Arc;

use sidecar_api_types::Phase;
use sidecar_container::ContainerStatus;
use sidecar_spec::parts::Parts;
use tokio::sync::watch;
use tokio::time::Instant;

use super::ends::{AfterEnd, after_end, describe, oom, seconds};
use super::{Leave, Live, Replica};
use crate::backoff::{Backoff, STABLE_AFTER, jitter};
use crate::health;
use crate::plan;
use crate::reason::reason;
use crate::restarts::Counts;

/// So many ends in a row are no accident any more.
const CRASH_LOOP: u32 = 3;

impl Replica {
    /// Watches a container through all its starts and ends.
    pub(super) async fn supervise(&mut self, live: &Live, backoff: &mut Backoff) -> Leave {
        let mut status = live.container.status();
        let mut last_start = None;
        let mut ends = 0;
        loop {
            let now = status.borrow_and_update().clone();
            let leave = match now {
                ContainerStatus::Running { pid, started_at_ms } => {
                    let news = !live.adopted || ends > 0;
                    self.report_running(live, pid, started_at_ms, news);
                    // By the clock of the machine: a former sidecar may have seen the start.
                    last_start = Some(started_at_ms);
                    self.while_running(live, &mut status).await
                }
                ContainerStatus::Exited { .. } => {
                    ends += 1;
                    self.report_exited(live, &now);
                    if last_start.take().is_some_and(|start| ran_long(start, &now)) {
                        backoff.reset();
                    }
                    self.while_ended(live, &now, backoff).await
                }
            };
            if let Some(leave) = leave {
                return leave;
            }
        }
    }

    /// `None`: its status changed.
    pub(super) async fn while_running(
        &mut self,
        live: &Live,
        status: &mut watch::Receiver<ContainerStatus>,
    ) -> Option<Leave> {
        loop {
            let spec = Arc::clone(&self.wanted.borrow_and_update().spec);
            let mut wanted = self.wanted.clone();
            // A check that cannot be understood was refused when the spec was deployed.
            let probe = Parts::new(&self.service, &spec).probe();
            let address = live.attachment.as_ref().map(|a| a.address);
            let report = |health, cause| self.report_health(live, health, cause);
            let stopped = tokio::select! {
                biased;
                () = self.token.cancelled() => return Some(Leave::Cancelled),
                changed = status.changed() => {
                    // The sender lives as long as the container's handle, which we hold.
                    if changed.is_err() { return Some(Leave::Removed) }
                    return None;
                }
                () = self.control.wake.notified() => true,
                changed = wanted.changed() => {
                    if changed.is_err() { return Some(Leave::Cancelled) }
                    // A spec that asks the same goes on with the checks that it has, for all the user sees.
                    false
                }
                () = health::watch(&spec, probe, &live.container, address, report) => false,
            };
            if stopped {
                if self.control.take_remove() {
                    return Some(Leave::Removed);
                }
                if self.control.restart_wanted() {
                    self.report(|r| (r.phase, r.reason) = (Phase::Stopping, Some(reason("restarting", "restarting"))));
                    if let Err(cause) = live.container.stop(self.control.grace(plan::stop_grace(&spec))).await {
                        tracing::warn!(container = live.container.config().id, %cause, "cannot be stopped");
                    }
                }
            }
        }
    }

    /// `None`: it was started again.
    pub(super) async fn while_ended(
        &mut self,
        live: &Live,
        status: &ContainerStatus,
        backoff: &mut Backoff,
    ) -> Option<Leave> {
        let mut by_hand = false;
        loop {
            if self.token.is_cancelled() {
                return Some(Leave::Cancelled);
            }
            if self.control.take_remove() {
                return Some(Leave::Removed);
            }
            by_hand |= self.control.take_restart();
            if self.is_stopped() && !by_hand {
                self.report(|r| (r.phase, r.reason) = (Phase::Stopped, Some(reason("stopped", "stopped by hand"))));
                if self.wait(None).await.is_none() {
                    return Some(Leave::Cancelled);
                }
                // Being started again by hand is no crash.
                by_hand = !self.is_stopped();
                continue;
            }
            if !by_hand {
                let wanted = self.wanted.borrow_and_update().clone();
                match after_end(&wanted.spec, status, backoff.attempts()) {
                    AfterEnd::Restart => {
                        let delay = backoff.next(jitter());
                        self.count(live, 0, backoff).await;
                        let message = format!(
                            "{}; next start in {}",
                            describe(status, backoff.attempts()),
                            seconds(delay)
                        );
                        let code = match backoff.attempts() {
                            _ if oom(status) => "out-of-memory",
                            0..CRASH_LOOP => "exited",
                            _ => "crash-loop",
                        };
                        self.report(|r| (r.phase, r.reason) = (Phase::Backoff, Some(reason(code, message))));
                        let until = Instant::now() + delay;
                        while let Some(left) = until
                            .checked_duration_since(Instant::now())
                            .filter(|left| !left.is_zero())
                        {
                            if self.wait(Some(left)).await.is_none() {
                                return Some(Leave::Cancelled);
                            }
                            if self.control.restart_wanted() || self.control.remove_wanted() || self.is_stopped() {
                                break;
                            }
                            if self.wanted.borrow().deploys != wanted.deploys {
                                break;
                            }
                        }
                        if self.control.restart_wanted() || self.control.remove_wanted() || self.is_stopped() {
                            continue;
                        }
                    }
                    AfterEnd::Rest(phase, reason) => {
                        self.report(|r| (r.phase, r.reason) = (phase, reason));
                        let deploys = wanted.deploys;
                        if self.wait(None).await.is_none() {
                            return Some(Leave::Cancelled);
                        }
                        by_hand = self.wanted.borrow().deploys != deploys;
                        continue;
                    }
                }
            }
            self.report(|r| (r.phase, r.reason) = (Phase::Starting, None));
            match live.container.restart().await {
                Ok(()) => {
                    if by_hand {
                        backoff.reset();
                    }
                    self.count(live, 1, backoff).await;
                    return None;
                }
                Err(cause) => {
                    tracing::warn!(container = live.container.config().id, %cause, "cannot be started again");
                    let delay = backoff.next(jitter());
                    let message = format!("{cause}; next try in {}", seconds(delay));
                    self.report(|r| (r.phase, r.reason) = (Phase::Backoff, Some(reason(cause.code(), message))));
                    if self.wait(Some(delay)).await.is_none() {
                        return Some(Leave::Cancelled);
                    }
                    by_hand = true;
                }
            }
        }
    }

    /// Counts restarts, in a way that outlives the sidecar.
    async fn count(&self, live: &Live, more: u32, backoff: &Backoff) {
        let mut restarts = 0;
        self.report(|replica| {
            replica.restarts = replica.restarts.saturating_add(more);
            restarts = replica.restarts;
        });
        let counts = Counts {
            restarts,
            attempts: backoff.attempts(),
        };
        let id = &live.container.config().id;
        if let Err(cause) = self.context.restarts.write(id, counts).await {
            tracing::warn!(container = id, %cause, "the number of its restarts will not outlive the sidecar");
        }
    }
}

/// Whether a container that began then and has ended has recovered from what made it end before.
fn ran_long(started_at_ms: u64, end: &ContainerStatus) -> bool {
    match end {
        ContainerStatus::Exited { finished_at_ms, .. } => {
            u128::from(finished_at_ms.saturating_sub(started_at_ms)) >= STABLE_AFTER.as_millis()
        }
        ContainerStatus::Running { .. } => false,
    }
}
