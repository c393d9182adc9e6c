//! The engine: takes commands, and keeps a task for each service.

mod check;
mod containers;
mod images;
mod resume;

pub use containers::RestartOutcome;
pub(crate) use resume::remove_orphan;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::join_all;
use sidecar_api_types::Phase;
use sidecar_container::{Container, ContainerStatus, Runtime, RuntimeConfig};
use sidecar_image::ImageStore;
use sidecar_network::{NetworkConfig, NetworkManager};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::board::Board;
use crate::command::{Applied, Command, Deployment, Rejection};
use crate::containers::Registry;
use crate::context::{Context, PARALLEL_STARTS};
use crate::error::EngineError;
use crate::events::{DeploymentEventKind, Events, now_ms, rfc3339};
use crate::metering::{self, Meter};
use crate::reason::reason;
use crate::replica::breakdown;
use crate::restarts::Restarts;
use crate::service::{Rollout, Service};
use crate::store::Store;
use crate::volumes::Volumes;

#[derive(Debug, Clone)]
pub struct EngineConfig {
    pub data_dir: PathBuf,
    /// Runs as `<shim_exe> shim <directory>`.
    pub shim_exe: PathBuf,
    /// Absent when this user may not make cgroups.
    pub cgroup_parent: Option<String>,
    pub rootless: bool,
    /// Whether published ports can be reached from this machine.
    pub ports_reachable: bool,
    /// Addresses for containers.
    pub pool: ipnet::Ipv4Net,
}

/// The engine of one machine. Dropping it leaves every container running.
pub struct Engine {
    context: Arc<Context>,
    services: Mutex<Services>,
    /// Held while the wanted state changes and the services hear of it, so that they hear of changes in order.
    turn: tokio::sync::Mutex<()>,
}

/// Deployment and service.
type Place = (String, String);

#[derive(Default)]
struct Services {
    running: HashMap<Place, ServiceHandle>,
    /// Services that a newer spec does not have any more, until nothing of them is left.
    leaving: HashMap<Place, JoinHandle<()>>,
}

struct ServiceHandle {
    wanted: watch::Sender<Arc<Deployment>>,
    token: CancellationToken,
    task: JoinHandle<()>,
}

impl Engine {
    /// Reads the state, takes over what a former sidecar left running, and begins to make real what is wanted.
    pub async fn open(config: EngineConfig) -> Result<Arc<Self>, EngineError> {
        let dir = |name: &str| config.data_dir.join(name);
        for name in ["containers", "network", "images", "volumes", "anonymous"] {
            make_private(&dir(name)).await?;
        }
        let store = Store::open(&dir("state.redb")).await?;
        let runtime = Runtime::new(RuntimeConfig {
            state_dir: dir("containers"),
            shim_exe: config.shim_exe.clone(),
            cgroup_parent: config.cgroup_parent.clone(),
            rootless: config.rootless,
        });
        let found = runtime.adopt().await?;
        let network = NetworkManager::open(NetworkConfig {
            state_dir: dir("network"),
            pool: config.pool,
        })
        .await?;
        let context = Arc::new(Context {
            volumes: Volumes::new(&config.data_dir),
            restarts: Restarts::new(&config.data_dir),
            data_dir: config.data_dir.clone(),
            rootless: config.rootless,
            ports_reachable: config.ports_reachable,
            store,
            board: Board::default(),
            events: Events::default(),
            images: ImageStore::open(&dir("images")).await?,
            runtime,
            network,
            containers: Registry::default(),
            meter: Meter::default(),
            starts: Semaphore::new(PARALLEL_STARTS),
        });
        let ids: Vec<String> = found.iter().map(|container| container.config().id.clone()).collect();
        if let Err(cause) = context.volumes.sweep(&ids).await {
            tracing::warn!(%cause, "anonymous storage of containers that are gone cannot be removed");
        }
        if let Err(cause) = context.restarts.sweep(&ids).await {
            tracing::warn!(%cause, "the restarts of containers that are gone cannot be forgotten");
        }
        if let Err(cause) = context.network.retain(&ids).await {
            tracing::warn!(%cause, "networks of containers that are gone cannot be removed");
        }
        tokio::spawn(metering::run(Arc::clone(&context)));
        let engine = Arc::new(Self {
            context,
            services: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        });
        engine.resume(found);
        Ok(engine)
    }

    pub fn board(&self) -> &Board {
        &self.context.board
    }

    pub fn events(&self) -> &Events {
        &self.context.events
    }

    pub fn meter(&self) -> &Meter {
        &self.context.meter
    }

    pub fn data_dir(&self) -> &Path {
        &self.context.data_dir
    }

    pub fn is_rootless(&self) -> bool {
        self.context.rootless
    }

    /// What is wanted of a deployment.
    pub fn deployment(&self, name: &str) -> Result<Arc<Deployment>, EngineError> {
        let found = self.context.store.get(name);
        found.ok_or_else(|| EngineError::Rejected(Rejection::NoDeployment(name.to_owned())))
    }

    /// What is wanted of all deployments, by name.
    pub fn deployments(&self) -> Vec<Arc<Deployment>> {
        self.context.store.all()
    }

    /// Takes a spec: a new deployment, or a new version of one. Returns as soon as it is stored; [`Board`] tells how it
    /// comes along.
    pub async fn deploy(self: &Arc<Self>, spec_text: &str) -> Result<Arc<Deployment>, EngineError> {
        let (spec, environment) = check::check(spec_text).map_err(EngineError::InvalidSpec)?;
        let command = Command::Deploy {
            spec_text: spec_text.to_owned(),
            spec: Box::new(spec),
            environment,
            at_ms: now_ms(),
        };
        self.change(command).await
    }

    /// Takes the last deploy of a deployment back; `spec_text` is what it was of.
    ///
    /// # Errors
    /// Rejected when another deploy came meanwhile, or when there was none before.
    pub async fn undo(self: &Arc<Self>, deployment: &str, spec_text: &str) -> Result<Arc<Deployment>, EngineError> {
        self.change(Command::Undo {
            deployment: deployment.to_owned(),
            spec_text: spec_text.to_owned(),
            at_ms: now_ms(),
        })
        .await
    }

    pub async fn scale(
        self: &Arc<Self>,
        deployment: &str,
        service: &str,
        replicas: u32,
    ) -> Result<Arc<Deployment>, EngineError> {
        let (deployment, service) = (deployment.to_owned(), service.to_owned());
        self.change(Command::Scale {
            deployment,
            service,
            replicas,
            at_ms: now_ms(),
        })
        .await
    }

    /// Removes a deployment; returns when nothing of it is left. Goes on when the caller does not wait.
    pub async fn delete(self: &Arc<Self>, name: &str) -> Result<(), EngineError> {
        let already = self.deployment(name)?.deleting;
        let mut revisions = self.context.board.revisions();
        if !already {
            self.change(Command::Delete {
                deployment: name.to_owned(),
            })
            .await?;
        }
        while self
            .context
            .store
            .get(name)
            .is_some_and(|deployment| deployment.deleting)
        {
            if revisions.changed().await.is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Stores a change and begins to act upon it. Both happen also when the caller is dropped in between.
    async fn change(self: &Arc<Self>, command: Command) -> Result<Arc<Deployment>, EngineError> {
        let engine = Arc::clone(self);
        tokio::spawn(async move { engine.apply(command).await })
            .await
            .map_err(|cause| EngineError::Internal(cause.to_string()))?
    }

    async fn apply(self: &Arc<Self>, command: Command) -> Result<Arc<Deployment>, EngineError> {
        let _turn = self.turn.lock().await;
        let deploys = matches!(command, Command::Deploy { .. } | Command::Undo { .. });
        let deletes = match &command {
            Command::Delete { deployment } => self.context.store.get(deployment).is_some_and(|d| !d.deleting),
            _ => false,
        };
        let (deployment, kind) = match self.context.store.submit(command).await? {
            Applied::Created(deployment) => (deployment, DeploymentEventKind::Create),
            Applied::Updated { deployment, .. } => (deployment, DeploymentEventKind::Update),
            Applied::Forgotten(name) => return Err(EngineError::Rejected(Rejection::NoDeployment(name))),
        };
        self.show(&deployment);
        self.announce(&deployment, deploys);
        self.follow(&deployment);
        if deletes {
            let (engine, name) = (Arc::clone(self), deployment.name.clone());
            tokio::spawn(async move { engine.tear_down(&name).await });
        }
        if !deployment.deleting {
            self.context
                .events
                .deployment(kind, &deployment.name, deployment.generation);
        }
        Ok(deployment)
    }

    fn show(&self, deployment: &Deployment) {
        let created = rfc3339(deployment.created_at_ms);
        self.context
            .board
            .put_deployment(&deployment.name, deployment.generation, &created, deployment.deleting);
    }

    /// Says at once what is wanted now: whoever asks after a command must not be told the state before it.
    fn announce(&self, deployment: &Deployment, deploys: bool) {
        for (name, spec) in &deployment.spec.services {
            self.context.board.service(&deployment.name, name, |service| {
                service.image = spec.image.name.original().to_owned();
                service.desired = deployment.desired(name);
                if deploys && !deployment.deleting {
                    let words = reason("deploying", "finding out what has to change");
                    // What had failed is tried again; how it failed before says nothing about this deploy.
                    for replica in service.replicas.values_mut() {
                        if matches!(replica.phase, Phase::Failed | Phase::Backoff) {
                            (replica.phase, replica.reason) = (Phase::Starting, Some(words.clone()));
                        }
                    }
                    service.condition = Some((Phase::Waiting, words));
                }
            });
        }
    }

    /// Tells the services of a deployment what is wanted now, and starts and ends them accordingly.
    fn follow(&self, deployment: &Arc<Deployment>) {
        if deployment.deleting {
            return;
        }
        {
            let mut services = self.lock();
            let places: Vec<Place> = services
                .running
                .keys()
                .filter(|place| place.0 == deployment.name)
                .cloned()
                .collect();
            for place in places {
                if deployment.spec.services.contains_key(&place.1) {
                    if let Some(handle) = services.running.get(&place) {
                        handle.wanted.send_replace(Arc::clone(deployment));
                    }
                } else if let Some(handle) = services.running.remove(&place) {
                    handle.token.cancel();
                    services.leaving.insert(place, handle.task);
                }
            }
        }
        for service in deployment.spec.services.keys() {
            let place = (deployment.name.clone(), service.clone());
            // A task that broke down hears of nothing any more.
            if self
                .lock()
                .running
                .get(&place)
                .is_none_or(|handle| handle.task.is_finished())
            {
                self.spawn_service(deployment, service, Vec::new());
            }
        }
    }

    fn spawn_service(&self, deployment: &Arc<Deployment>, name: &str, containers: Vec<Container>) {
        let place = (deployment.name.clone(), name.to_owned());
        let (wanted, receiver) = watch::channel(Arc::clone(deployment));
        let token = CancellationToken::new();
        let service = Service {
            context: Arc::clone(&self.context),
            deployment: deployment.name.clone(),
            name: name.to_owned(),
            wanted: receiver,
            token: token.clone(),
            replicas: BTreeMap::new(),
            leaving: BTreeMap::new(),
            rollout: Rollout::default(),
            image: None,
        };
        let mut services = self.lock();
        // A service that comes back while its former self is still stopping waits for that one.
        let former = services.leaving.remove(&place);
        let (context, (deployment, name)) = (Arc::clone(&self.context), place.clone());
        let task = tokio::spawn(async move {
            if let Some(former) = former {
                let _ = former.await;
            }
            if let Some(cause) = breakdown(service.run(containers)).await {
                tracing::error!(deployment, service = name, %cause, "the task of a service broke down");
                let reason = reason(
                    "internal",
                    "the engine failed here in a way that it should not; see its log",
                );
                context.board.service(&deployment, &name, |entry| {
                    entry.condition = Some((Phase::Failed, reason))
                });
            }
        });
        services.running.insert(place, ServiceHandle { wanted, token, task });
    }

    /// Ends all services of a deployment at the same time, then forgets it.
    async fn tear_down(&self, name: &str) {
        // The senders are kept until the tasks have ended.
        let (running, leaving): (Vec<_>, Vec<_>) = {
            let mut services = self.lock();
            let of_this = |place: &Place| place.0 == name;
            let running = services
                .running
                .extract_if(|place, _| of_this(place))
                .map(|(_, handle)| handle)
                .collect();
            let leaving = services
                .leaving
                .extract_if(|place, _| of_this(place))
                .map(|(_, task)| task)
                .collect();
            (running, leaving)
        };
        let mut senders = Vec::new();
        let mut tasks: Vec<JoinHandle<()>> = leaving;
        for ServiceHandle { wanted, token, task } in running {
            token.cancel();
            senders.push(wanted);
            tasks.push(task);
        }
        join_all(tasks).await;
        drop(senders);
        if let Err(cause) = self.context.network.remove_deployment(name).await {
            tracing::warn!(deployment = name, %cause, "its network cannot be removed");
        }
        let generation = self
            .context
            .store
            .get(name)
            .map_or(0, |deployment| deployment.generation);
        if let Err(cause) = self
            .context
            .store
            .submit(Command::Forget {
                deployment: name.to_owned(),
            })
            .await
        {
            tracing::error!(deployment = name, %cause, "its removal cannot be stored");
        }
        self.context
            .events
            .deployment(DeploymentEventKind::Delete, name, generation);
        self.context.board.remove_deployment(name);
    }

    fn lock(&self) -> MutexGuard<'_, Services> {
        self.services.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of a container that runs.
fn start_of(status: &ContainerStatus) -> Option<u64> {
    match status {
        ContainerStatus::Running { started_at_ms, .. } => Some(*started_at_ms),
        ContainerStatus::Exited { .. } => None,
    }
}

async fn make_private(path: &Path) -> Result<(), EngineError> {
    let made = tokio::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .await;
    made.map_err(|cause| EngineError::Io {
        path: path.to_owned(),
        cause,
    })
}
