//! One replica: its container from the first start to the removal.

mod create;
mod ends;
mod guard;
mod tear_down;

use create::StartError;
pub(crate) use guard::Guard;

use ends::{AfterEnd, after_end, describe, oom, seconds};

use std::sync::Arc;
use std::time::Duration;

use sidecar_api_types::{Health, Phase, Reason, ReplicaState};
use sidecar_container::{Container, ContainerStatus};
use sidecar_network::{Attachment, PublishedPort};
use sidecar_spec::parts::Parts;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use zlayer_types::spec::ServiceSpec;

use crate::backoff::{Backoff, STABLE_AFTER, jitter};
use crate::containers::{Control, Entry, new_id, own_label};
use crate::context::Context;
use crate::events::{ContainerDetails, ContainerEventKind, rfc3339};
use crate::health;
use crate::plan::{self, Plan};
use crate::reason::reason;

/// So many ends in a row are no accident any more.
const CRASH_LOOP: u32 = 3;

/// What a replica is to be. Changes while it runs, as long as its container may stay.
#[derive(Clone)]
pub(crate) struct Wanted {
    pub spec: Arc<ServiceSpec>,
    /// The deploy that asked for it: a newer one tries again what had failed.
    pub deploys: u64,
    /// Not known yet for a container that a former sidecar left, until its image is looked up.
    pub plan: Option<Arc<Plan>>,
}

/// A replica's task.
pub(crate) struct Replica {
    pub context: Arc<Context>,
    pub deployment: String,
    pub service: String,
    pub index: u32,
    pub wanted: watch::Receiver<Wanted>,
    /// Cancelled when the replica is not wanted any more.
    pub token: CancellationToken,
    pub control: Arc<Control>,
    /// A container that a former sidecar left.
    pub existing: Option<Container>,
    /// Of what it last put on the board; empty before.
    pub id: String,
}

/// A container with its place in the network.
struct Live {
    container: Container,
    attachment: Option<Attachment>,
    ports: Vec<PublishedPort>,
    /// A former sidecar left it: that it runs is no news.
    adopted: bool,
}

enum Leave {
    /// Not wanted any more.
    Cancelled,
    /// To be replaced by a new one.
    Removed,
}

impl Replica {
    /// Runs until the replica is not wanted any more and nothing of it is left.
    pub async fn run(mut self) {
        let mut backoff = self.backoff();
        let mut existing = self.existing.take();
        loop {
            let live = match existing.take() {
                Some(container) => self.adopt(container).await,
                None => match self.start(&mut backoff).await {
                    Some(live) => live,
                    None => break,
                },
            };
            let leave = self.supervise(&live, &mut backoff).await;
            self.tear_down(live).await;
            if let Leave::Cancelled = leave {
                break;
            }
        }
        self.context
            .board
            .remove_replica(&self.deployment, &self.service, self.index, &self.id);
    }

    fn backoff(&self) -> Backoff {
        let wanted = self.wanted.borrow();
        let delay = wanted
            .spec
            .restart_policy
            .as_ref()
            .and_then(|policy| policy.delay.as_deref());
        delay
            .and_then(|text| humantime::parse_duration(text).ok())
            .map_or_else(Backoff::default, Backoff::starting_at)
    }

    fn is_stopped(&self) -> bool {
        self.context
            .store
            .get(&self.deployment)
            .is_some_and(|d| d.is_stopped(&self.service, self.index))
    }

    fn report(&self, change: impl FnOnce(&mut ReplicaState)) {
        self.context
            .board
            .replica(&self.deployment, &self.service, self.index, change);
    }

    fn report_new(&mut self, id: &str, phase: Phase) {
        let restarts = self
            .context
            .board
            .deployment(&self.deployment)
            .and_then(|d| d.services.into_iter().find(|s| s.name == self.service))
            .and_then(|s| s.replicas.into_iter().find(|r| r.index == self.index))
            .map_or(0, |r| r.restarts);
        let state = ReplicaState {
            id: id.to_owned(),
            index: self.index,
            phase,
            reason: None,
            restarts,
            pid: None,
            ipv4: None,
            exit_code: None,
            started_at: None,
            health: Health::None,
        };
        self.context.board.put_replica(&self.deployment, &self.service, state);
        id.clone_into(&mut self.id);
    }

    /// Takes over a container that a former sidecar left.
    async fn adopt(&mut self, container: Container) -> Live {
        let config = container.config();
        let id = config.id.clone();
        let attachment = self.context.network.attachment(&id).await;
        let ports: Vec<PublishedPort> = config
            .labels
            .get(own_label::PORTS)
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        self.report_new(&id, Phase::Starting);
        let live = Live {
            container,
            attachment,
            ports,
            adopted: true,
        };
        self.register(&live);
        live
    }

    /// Starts a new container, as often as it takes. `None`: not wanted any more.
    async fn start(&mut self, backoff: &mut Backoff) -> Option<Live> {
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

    /// Waits for a change of what is wanted, a request, or the time. `None`: not wanted any more.
    async fn wait(&mut self, time: Option<Duration>) -> Option<()> {
        let sleep = async {
            match time {
                Some(time) => tokio::time::sleep(time).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.token.cancelled() => None,
            changed = self.wanted.changed() => changed.ok(),
            () = self.control.wake.notified() => Some(()),
            () = sleep => Some(()),
        }
    }

    async fn wait_for_another_try(&mut self, deploys: u64) -> Option<()> {
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

    fn register(&self, live: &Live) {
        self.context.containers.put(Entry {
            container: live.container.clone(),
            deployment: self.deployment.clone(),
            service: self.service.clone(),
            replica: self.index,
            address: live.attachment.as_ref().map(|a| a.address),
            ports: live.ports.clone(),
            control: Arc::clone(&self.control),
        });
    }

    /// Watches a container through all its starts and ends.
    async fn supervise(&mut self, live: &Live, backoff: &mut Backoff) -> Leave {
        let mut status = live.container.status();
        let mut last_start = None;
        let mut ends = 0;
        loop {
            let now = status.borrow_and_update().clone();
            let leave = match now {
                ContainerStatus::Running { pid, started_at_ms } => {
                    let news = !live.adopted || ends > 0;
                    self.report_running(live, pid, started_at_ms, news);
                    last_start = Some(Instant::now());
                    self.while_running(live, &mut status).await
                }
                ContainerStatus::Exited { .. } => {
                    ends += 1;
                    self.report_exited(live, &now);
                    if last_start
                        .take()
                        .is_some_and(|start: Instant| start.elapsed() >= STABLE_AFTER)
                    {
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

    fn report_running(&self, live: &Live, pid: u32, started_at_ms: u64, news: bool) {
        let address = live.attachment.as_ref().map(|a| a.address);
        // From the first moment: without a health it would count as healthy until the first check begins.
        let checked = Parts::new(&self.service, &self.wanted.borrow().spec).probe().is_some();
        self.report(|replica| {
            replica.phase = Phase::Running;
            replica.reason = None;
            replica.health = if checked { Health::Pending } else { Health::None };
            replica.pid = Some(pid);
            replica.ipv4 = address.map(|a| a.to_string());
            replica.exit_code = None;
            replica.started_at = Some(rfc3339(started_at_ms));
        });
        let spec = Arc::clone(&self.wanted.borrow().spec);
        // Through `pasta` or `slirp4netns` the node does not reach a container's own address.
        let ports = if self.context.ports_reachable {
            live.ports.as_slice()
        } else {
            &[]
        };
        let addresses = plan::addresses(&spec.endpoints, ports, address, !self.context.rootless);
        self.context.board.service(&self.deployment, &self.service, |service| {
            service.addresses.insert(self.index, addresses);
        });
        if !news {
            return;
        }
        let config = live.container.config();
        let events = &self.context.events;
        events.container(
            ContainerEventKind::Start,
            &config.id,
            &config.labels,
            ContainerDetails::default(),
        );
    }

    fn report_exited(&self, live: &Live, status: &ContainerStatus) {
        let ContainerStatus::Exited {
            code,
            signal,
            oom_killed,
            ..
        } = *status
        else {
            return;
        };
        self.report(|replica| {
            replica.pid = None;
            replica.ipv4 = None;
            replica.started_at = None;
            replica.exit_code = Some(code);
            replica.health = Health::None;
        });
        self.context.board.service(&self.deployment, &self.service, |service| {
            service.addresses.remove(&self.index);
        });
        let config = live.container.config();
        let events = &self.context.events;
        if oom_killed {
            let details = ContainerDetails {
                reason: Some("out of memory".to_owned()),
                ..ContainerDetails::default()
            };
            events.container(ContainerEventKind::Oom, &config.id, &config.labels, details);
        }
        let reason = if oom_killed {
            "oom-killed"
        } else if signal.is_some() {
            "killed"
        } else {
            "exited"
        };
        let details = ContainerDetails {
            exit_code: Some(code),
            reason: Some(reason.to_owned()),
            ..ContainerDetails::default()
        };
        events.container(ContainerEventKind::Die, &config.id, &config.labels, details);
    }

    /// `None`: its status changed.
    async fn while_running(&mut self, live: &Live, status: &mut watch::Receiver<ContainerStatus>) -> Option<Leave> {
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

    fn report_health(&self, live: &Live, health: Health, cause: Option<String>) {
        let mut changed = false;
        self.report(|replica| {
            if replica.phase == Phase::Stopping {
                return;
            }
            changed = replica.health != health;
            replica.health = health;
            replica.phase = match health {
                Health::None | Health::Healthy => Phase::Running,
                Health::Pending | Health::Unhealthy => Phase::Unhealthy,
            };
            replica.reason = match (health, &cause) {
                (Health::Pending, None) => Some(reason("checking", "waiting for the first health check")),
                (Health::Pending, Some(cause)) => {
                    Some(reason("checking", format!("waiting for the health check: {cause}")))
                }
                (Health::Unhealthy, cause) => Some(reason(
                    "unhealthy",
                    format!("the health check fails: {}", cause.as_deref().unwrap_or("no answer")),
                )),
                _ => None,
            };
        });
        if changed && health != Health::None {
            let status = match health {
                Health::Healthy => "healthy",
                Health::Unhealthy => "unhealthy",
                _ => "starting",
            };
            let config = live.container.config();
            let details = ContainerDetails {
                status: Some(status.to_owned()),
                reason: cause,
                ..ContainerDetails::default()
            };
            self.context
                .events
                .container(ContainerEventKind::Health, &config.id, &config.labels, details);
        }
    }

    /// `None`: it was started again.
    async fn while_ended(&mut self, live: &Live, status: &ContainerStatus, backoff: &mut Backoff) -> Option<Leave> {
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
                    self.report(|r| r.restarts += 1);
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
}
