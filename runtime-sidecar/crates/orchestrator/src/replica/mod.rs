//! One replica: its container from the first start to the removal.

mod create;
mod ends;
mod guard;
mod report;
mod start;
mod supervise;
mod tear_down;

pub(crate) use guard::{Guard, breakdown};

use std::sync::Arc;
use std::time::Duration;

use sidecar_api_types::Phase;
use sidecar_container::Container;
use sidecar_network::{Attachment, PublishedPort};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use zlayer_types::spec::ServiceSpec;

use crate::backoff::Backoff;
use crate::containers::{Control, Entry, own_label};
use crate::context::Context;
use crate::plan::Plan;

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
                Some(container) => self.adopt(container, &mut backoff).await,
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

    /// Takes over a container that a former sidecar left.
    async fn adopt(&mut self, container: Container, backoff: &mut Backoff) -> Live {
        let config = container.config();
        let id = config.id.clone();
        let attachment = self.context.network.attachment(&id).await;
        let ports: Vec<PublishedPort> = config
            .labels
            .get(own_label::PORTS)
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        self.report_new(&id, Phase::Starting);
        let counts = self.context.restarts.read(&id).await;
        backoff.resume(counts.attempts);
        self.report(|replica| replica.restarts = counts.restarts);
        let live = Live {
            container,
            attachment,
            ports,
            adopted: true,
        };
        self.register(&live);
        live
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
}
