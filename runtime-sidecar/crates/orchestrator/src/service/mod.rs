//! One service: its image, what it waits for, and as many replicas as are wanted.

mod dependencies;
mod handle;
mod image;
mod names;
mod roll_out;

pub(crate) use handle::ReplicaHandle;
pub(crate) use roll_out::Rollout;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use sidecar_api_types::{Phase, Reason, ServiceState, label};
use sidecar_container::Container;
use sidecar_image::Image;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use zlayer_types::spec::ScaleSpec;

use crate::backoff::{Backoff, jitter};
use crate::command::Deployment;
use crate::containers::own_label;
use crate::context::Context;
use crate::plan::Plan;
use crate::reason::reason;
use crate::replica::{Guard, Wanted};

/// A service's task.
pub(crate) struct Service {
    pub context: Arc<Context>,
    pub deployment: String,
    pub name: String,
    pub wanted: watch::Receiver<Arc<Deployment>>,
    /// Cancelled when the service is not wanted any more.
    pub token: CancellationToken,
    pub replicas: BTreeMap<u32, ReplicaHandle>,
    /// Replicas that are not wanted any more and still stop. An index is here or in `replicas`, never in both.
    pub leaving: BTreeMap<u32, ReplicaHandle>,
    /// How far a roll-out came that is not finished.
    pub rollout: Rollout,
    /// The image found for the deploy with this number.
    pub image: Option<(u64, Image)>,
}

/// Why a service is not as it should be.
struct Stuck {
    phase: Phase,
    reason: Reason,
    retry: bool,
}

impl Service {
    /// Runs until the service is not wanted any more and nothing of it is left.
    pub async fn run(mut self, left_behind: Vec<Container>) {
        let names = tokio::spawn(names::keep_names(
            Arc::clone(&self.context),
            self.deployment.clone(),
            self.name.clone(),
        ));
        let deployment = self.wanted.borrow().clone();
        self.adopt(&deployment, left_behind);
        let mut backoff = Backoff::default();
        while !self.token.is_cancelled() {
            let deployment = self.wanted.borrow_and_update().clone();
            let token = self.token.clone();
            let mut changes = self.wanted.clone();
            let outcome = tokio::select! {
                biased;
                () = token.cancelled() => break,
                changed = changes.changed() => match changed {
                    Ok(()) => { backoff.reset(); continue }
                    Err(_) => break,
                },
                outcome = self.reconcile(&deployment) => outcome,
            };
            let delay = match outcome {
                Ok(note) => {
                    self.report(|service| (service.condition, service.note) = (None, note));
                    None
                }
                Err(Stuck {
                    phase,
                    reason,
                    retry: false,
                }) => {
                    tracing::warn!(
                        deployment = self.deployment,
                        service = self.name,
                        reason.message,
                        "failed"
                    );
                    self.report(|service| service.condition = Some((phase, reason)));
                    None
                }
                Err(Stuck {
                    phase,
                    reason,
                    retry: true,
                }) => {
                    let delay = backoff.next(jitter()).max(Duration::from_secs(1));
                    tracing::warn!(
                        deployment = self.deployment,
                        service = self.name,
                        reason.message,
                        "will be tried again"
                    );
                    let message = format!("{}; next try in {} s", reason.message, delay.as_secs_f64().round());
                    self.report(|service| service.condition = Some((phase, Reason { message, ..reason })));
                    Some(delay)
                }
            };
            let sleep = async {
                match delay {
                    Some(delay) => tokio::time::sleep(delay).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.token.cancelled() => break,
                changed = self.wanted.changed() => {
                    if changed.is_err() { break }
                    self.wanted.mark_changed();
                    backoff.reset();
                }
                () = sleep => {}
            }
        }
        self.retire_from(0);
        let leaving = std::mem::take(&mut self.leaving);
        join_all(leaving.into_values().map(ReplicaHandle::ended)).await;
        names.abort();
        self.context.network.set_names(&self.deployment, &self.name, &[]).await;
        self.context.board.remove_service(&self.deployment, &self.name);
    }

    fn report(&self, change: impl FnOnce(&mut crate::board::ServiceEntry)) {
        self.context.board.service(&self.deployment, &self.name, change);
    }

    /// Takes over containers that a former sidecar left, before anything is looked up: they must be watched at once.
    fn adopt(&mut self, deployment: &Arc<Deployment>, containers: Vec<Container>) {
        self.report_wanted(deployment);
        for container in containers {
            let labels = &container.config().labels;
            let Some(index) = labels.get(label::REPLICA).and_then(|text| text.parse().ok()) else {
                continue;
            };
            let hash = labels.get(own_label::CONFIG).cloned().unwrap_or_default();
            let handle = self.spawn(deployment, index, hash, None, Some(container));
            self.replicas.insert(index, handle);
        }
    }

    fn report_wanted(&self, deployment: &Deployment) {
        let Some(spec) = deployment.spec.services.get(&self.name) else {
            return;
        };
        self.report(|service| {
            service.image = spec.image.name.original().to_owned();
            service.desired = deployment.desired(&self.name);
        });
    }

    /// A replica of the same index that still stops goes first: it has the ports, and its storage.
    fn spawn(
        &mut self,
        deployment: &Deployment,
        index: u32,
        hash: String,
        plan: Option<Arc<Plan>>,
        existing: Option<Container>,
    ) -> ReplicaHandle {
        let spec = Arc::new(deployment.spec.services.get(&self.name).cloned().unwrap_or_default());
        let (sender, receiver) = watch::channel(Wanted {
            spec,
            deploys: deployment.deploys,
            plan,
        });
        let token = CancellationToken::new();
        let replica = Guard {
            context: Arc::clone(&self.context),
            deployment: self.deployment.clone(),
            service: self.name.clone(),
            index,
            wanted: receiver,
            token: token.clone(),
        };
        let former = self.leaving.remove(&index);
        let task = tokio::spawn(async move {
            if let Some(former) = former {
                former.ended().await;
            }
            replica.run(existing).await;
        });
        ReplicaHandle {
            wanted: sender,
            token,
            task,
            hash,
        }
    }

    /// Begins to end a replica. Its handle stays in `self`, because whoever waits for its end may be dropped.
    fn retire(&mut self, index: u32) {
        if let Some(handle) = self.replicas.remove(&index) {
            handle.token.cancel();
            self.leaving.insert(index, handle);
        }
    }

    fn retire_from(&mut self, first: u32) {
        self.leaving.retain(|_, handle| !handle.task.is_finished());
        let surplus: Vec<u32> = self.replicas.range(first..).map(|(index, _)| *index).collect();
        for index in surplus {
            self.retire(index);
        }
    }

    /// Waits until a replica that was retired is gone. May be dropped at any point.
    async fn left(&mut self, index: u32) {
        if let Some(handle) = self.leaving.get_mut(&index) {
            handle::note_end((&mut handle.task).await);
            self.leaving.remove(&index);
        }
    }

    /// Makes what is wanted the case, as far as that takes. `Ok`: a remark for the user, if any. May be dropped at any
    /// point: what it has done is in `self`.
    async fn reconcile(&mut self, deployment: &Arc<Deployment>) -> Result<Option<Reason>, Stuck> {
        self.report_wanted(deployment);
        let Some(spec) = deployment.spec.services.get(&self.name) else {
            return Ok(None);
        };
        let desired = deployment.desired(&self.name);
        self.retire_from(desired);
        let mut note = None;
        if self.replicas.is_empty() && desired > 0 {
            note = self.wait_for_dependencies(&spec.depends).await?;
        }
        let image = self.image(deployment).await?;
        let plan = Plan::new(deployment, &self.name, &image).map_err(failed)?;
        let plan = Arc::new(plan);
        let mut outdated = Vec::new();
        for index in 0..desired {
            match self.replicas.get(&index) {
                None => {
                    let handle = self.spawn(deployment, index, plan.hash.clone(), Some(Arc::clone(&plan)), None);
                    self.replicas.insert(index, handle);
                }
                Some(handle) if handle.hash == plan.hash => {
                    let wanted = Wanted {
                        spec: Arc::new(spec.clone()),
                        deploys: deployment.deploys,
                        plan: Some(Arc::clone(&plan)),
                    };
                    handle.wanted.send_if_modified(|now| {
                        let changed = now.spec != wanted.spec || now.deploys != wanted.deploys || now.plan.is_none();
                        *now = wanted;
                        changed
                    });
                }
                Some(_) => outdated.push(index),
            }
        }
        self.roll_out(deployment, &plan, outdated).await?;
        if note.is_none()
            && let ScaleSpec::Adaptive { min, max, .. } = &spec.scale
            && !deployment.scale.contains_key(&self.name)
            && min != max
            // What the spec does not ask for need not be said.
            && spec.scale != ScaleSpec::default()
        {
            let message = format!("runs {min} of {min} to {max} replicas: this engine does not scale by itself yet");
            note = Some(reason("adaptive-at-minimum", message));
        }
        Ok(note)
    }

    fn state(&self) -> Option<ServiceState> {
        find(&self.context, &self.deployment, &self.name)
    }
}

fn failed(reason: Reason) -> Stuck {
    Stuck {
        phase: Phase::Failed,
        reason,
        retry: false,
    }
}

fn find(context: &Context, deployment: &str, service: &str) -> Option<ServiceState> {
    context
        .board
        .deployment(deployment)?
        .services
        .into_iter()
        .find(|state| state.name == service)
}
