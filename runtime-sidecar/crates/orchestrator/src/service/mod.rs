//! One service: its image, what it waits for, and as many replicas as are wanted.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use sidecar_api_types::{Health, Phase, Progress, ProgressUnit, Reason, ServiceState, label};
use sidecar_container::Container;
use sidecar_image::{Credentials, Image, ImageError, PullPhase, PullPolicy, PullProgress};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use zlayer_types::spec::{DependencyCondition, DependsSpec, PullPolicy as SpecPullPolicy, ScaleSpec, TimeoutAction};

use crate::backoff::{Backoff, jitter};
use crate::command::{Command, Deployment};
use crate::containers::own_label;
use crate::context::Context;
use crate::events::ImageEventKind;
use crate::plan::Plan;
use crate::reason::{pulling, reason, reason_at};
use crate::replica::{Guard, Wanted};

/// Progress of a pull is reported this often at most.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);
/// A new version without a health check has come up when it has run for so long without an end.
const STEADY: Duration = Duration::from_secs(3);

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

/// A change of the deployment that leaves the plan as it is interrupts a roll-out; it goes on where it was.
#[derive(Default)]
pub(crate) struct Rollout {
    /// Replaced last, and not yet known to come up.
    unsettled: Option<u32>,
    /// The deploy in which it stopped, and why.
    halted: Option<(u64, Reason)>,
}

pub(crate) struct ReplicaHandle {
    wanted: watch::Sender<Wanted>,
    token: CancellationToken,
    task: JoinHandle<()>,
    /// Of the plan that its container was made from.
    hash: String,
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
        let names = tokio::spawn(keep_names(
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
            note_end((&mut handle.task).await);
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

    /// Replaces replicas one after the other, and stops at the first that does not come up.
    async fn roll_out(&mut self, deployment: &Deployment, plan: &Arc<Plan>, outdated: Vec<u32>) -> Result<(), Stuck> {
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

    fn state(&self) -> Option<ServiceState> {
        find(&self.context, &self.deployment, &self.name)
    }

    /// `Ok`: a remark, when a dependency was given up but the spec says to go on.
    async fn wait_for_dependencies(&self, depends: &[DependsSpec]) -> Result<Option<Reason>, Stuck> {
        let started = Instant::now();
        let mut given_up = Vec::new();
        let mut note = None;
        let mut revisions = self.context.board.revisions();
        loop {
            revisions.borrow_and_update();
            let mut next_deadline = None;
            let mut waiting = None;
            for (number, dependency) in depends.iter().enumerate() {
                if given_up.contains(&number) || self.fulfilled(dependency) {
                    continue;
                }
                let late = dependency.timeout.is_some_and(|timeout| started.elapsed() >= timeout);
                let message = self.waits_for(dependency);
                let path = format!("services.{}.depends[{number}]", self.name);
                if late {
                    let limit = dependency.timeout.unwrap_or_default();
                    match dependency.on_timeout {
                        TimeoutAction::Fail => {
                            let message = format!("gave up after {limit:?}: {message}");
                            return Err(failed(reason_at("dependency-timeout", message, path)));
                        }
                        TimeoutAction::Warn => {
                            let message =
                                format!("started after {limit:?} without “{}”: {message}", dependency.service);
                            tracing::warn!(deployment = self.deployment, service = self.name, message);
                            note = Some(reason_at("dependency-timeout", message, path));
                        }
                        TimeoutAction::Continue => {}
                    }
                    given_up.push(number);
                    continue;
                }
                let deadline = dependency.timeout.map(|timeout| started + timeout);
                next_deadline = [next_deadline, deadline].into_iter().flatten().min();
                waiting.get_or_insert_with(|| reason_at("waiting-for-dependency", message, path));
            }
            let Some(waiting) = waiting else { return Ok(note) };
            self.report(|service| service.condition = Some((Phase::Waiting, waiting)));
            let deadline = async {
                match next_deadline {
                    Some(deadline) => tokio::time::sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = revisions.changed() => {}
                () = deadline => {}
            }
        }
    }

    fn fulfilled(&self, dependency: &DependsSpec) -> bool {
        find(&self.context, &self.deployment, &dependency.service).is_some_and(|service| match dependency.condition {
            DependencyCondition::Started => service.running > 0,
            // Names resolve to a replica from the moment that it is healthy, so healthy is ready.
            DependencyCondition::Healthy | DependencyCondition::Ready => service.healthy > 0,
        })
    }

    fn waits_for(&self, dependency: &DependsSpec) -> String {
        let name = &dependency.service;
        let condition = match dependency.condition {
            DependencyCondition::Started => "start",
            DependencyCondition::Healthy => "be healthy",
            DependencyCondition::Ready => "be ready",
        };
        let cause = find(&self.context, &self.deployment, name).and_then(|service| service.reason);
        match cause {
            Some(cause) => format!("waiting for “{name}” to {condition} ({})", cause.message),
            None => format!("waiting for “{name}” to {condition}"),
        }
    }

    /// The image of the service, looked up once for each deploy.
    async fn image(&mut self, deployment: &Deployment) -> Result<Image, Stuck> {
        let Some(spec) = deployment.spec.services.get(&self.name) else {
            return Err(failed(reason("internal", "the service is not in the spec")));
        };
        let reference = spec.image.name.original().to_owned();
        if let Some((deploys, image)) = &self.image
            && *deploys == deployment.deploys
        {
            return Ok(image.clone());
        }
        let resolved = deployment
            .images
            .get(&self.name)
            .filter(|image| image.deploy == deployment.deploys);
        let policy = match (resolved, spec.image.pull_policy) {
            // A new sidecar goes on with what its predecessor found.
            (Some(_), SpecPullPolicy::Always | SpecPullPolicy::Newer) => PullPolicy::IfNotPresent,
            (_, SpecPullPolicy::Always) => PullPolicy::Always,
            (_, SpecPullPolicy::Newer) => PullPolicy::Newer,
            (_, SpecPullPolicy::IfNotPresent) => PullPolicy::IfNotPresent,
            (_, SpecPullPolicy::Never) => PullPolicy::Never,
        };
        let image = self.pull(&reference, policy).await?;
        if resolved.is_none_or(|resolved| resolved.digest != image.digest) {
            let command = Command::ImageResolved {
                deployment: self.deployment.clone(),
                service: self.name.clone(),
                deploy: deployment.deploys,
                digest: image.digest.clone(),
            };
            if let Err(cause) = self.context.store.submit(command).await {
                tracing::warn!(deployment = self.deployment, service = self.name, %cause, "the image's digest is not recorded");
            }
        }
        self.image = Some((deployment.deploys, image.clone()));
        Ok(image)
    }

    async fn pull(&self, reference: &str, policy: PullPolicy) -> Result<Image, Stuck> {
        let path = format!("services.{}.image.name", self.name);
        let fetched = Arc::new(Mutex::new((None::<Instant>, false)));
        let progress = {
            let (context, fetched, path) = (Arc::clone(&self.context), Arc::clone(&fetched), path.clone());
            let (deployment, service) = (self.deployment.clone(), self.name.clone());
            let quiet = !self.replicas.is_empty();
            Arc::new(move |progress: PullProgress| {
                let mut state = fetched.lock().unwrap_or_else(PoisonError::into_inner);
                state.1 |= progress.phase == PullPhase::Fetching;
                if progress.phase == PullPhase::Done || state.0.is_some_and(|last| last.elapsed() < PROGRESS_EVERY) {
                    return;
                }
                state.0 = Some(Instant::now());
                let total = progress.total_bytes.filter(|_| progress.phase != PullPhase::Resolving);
                let reason = pulling(progress.done_bytes, total, path.clone());
                context.board.service(&deployment, &service, |entry| {
                    // What runs goes on running meanwhile.
                    if quiet {
                        entry.note = Some(reason);
                    } else {
                        entry.condition = Some((Phase::Waiting, reason));
                    }
                });
            })
        };
        let pulled = self
            .context
            .images
            .pull(reference, policy, Credentials::Anonymous, progress)
            .await;
        match pulled {
            Ok(image) => {
                if fetched.lock().unwrap_or_else(PoisonError::into_inner).1 {
                    self.context
                        .events
                        .image(ImageEventKind::Pull, reference, Some(image.digest.clone()));
                    self.context.board.images_changed();
                }
                Ok(image)
            }
            Err(error) => {
                let retry = transient(&error);
                let phase = if retry { Phase::Backoff } else { Phase::Failed };
                Err(Stuck {
                    phase,
                    reason: reason_at(error.code(), error.to_string(), path),
                    retry,
                })
            }
        }
    }
}

fn transient(error: &ImageError) -> bool {
    matches!(
        error.code(),
        "registry-unreachable" | "registry-failed" | "disk-full" | "image-store-failed"
    )
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

impl ReplicaHandle {
    /// Waits until nothing of the replica is left.
    async fn ended(self) {
        // The sender lives until the task has ended: a replica whose sender is gone takes it for its own end.
        let Self { wanted, task, .. } = self;
        note_end(task.await);
        drop(wanted);
    }
}

fn note_end(result: Result<(), JoinError>) {
    if let Err(cause) = result {
        tracing::error!(%cause, "a replica's task broke down");
    }
}

/// Keeps the service's name pointing at its healthy replicas; while none is healthy, at those that run.
async fn keep_names(context: Arc<Context>, deployment: String, service: String) {
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
