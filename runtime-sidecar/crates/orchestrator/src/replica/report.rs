//! What a replica says of itself: on the board, and as events.

use std::sync::Arc;

use sidecar_api_types::{Health, Phase, ReplicaState};
use sidecar_container::ContainerStatus;
use sidecar_spec::parts::Parts;

use super::{Live, Replica};
use crate::events::{ContainerDetails, ContainerEventKind, rfc3339};
use crate::plan;
use crate::reason::reason;

impl Replica {
    pub(super) fn report(&self, change: impl FnOnce(&mut ReplicaState)) {
        self.context
            .board
            .replica(&self.deployment, &self.service, self.index, change);
    }

    pub(super) fn report_new(&mut self, id: &str, phase: Phase) {
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

    pub(super) fn report_running(&self, live: &Live, pid: u32, started_at_ms: u64, news: bool) {
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

    pub(super) fn report_exited(&self, live: &Live, status: &ContainerStatus) {
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

    pub(super) fn report_health(&self, live: &Live, health: Health, cause: Option<String>) {
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
}
