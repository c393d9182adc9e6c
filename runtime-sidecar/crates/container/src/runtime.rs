//! Starts containers and finds those that are there.

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::sync::oneshot;

use crate::client::{Client, shim_unavailable};
use crate::config::ContainerConfig;
use crate::container::Container;
use crate::directory::{Blueprint, Directory, Record, write_json};
use crate::disposal::{REMOVING, dispose, remove_tree};
use crate::error::{ContainerError, ErrorKind, Result};
use crate::logs::watcher::LogWatcher;
use crate::protocol::{Reply, Request};
use crate::validate::validate;

#[derive(Debug, Clone)]
pub struct RuntimeConfig {
    /// Container directories: config, shim socket, exit status, log, overlay upper directory.
    pub state_dir: PathBuf,
    /// Binary that runs as `<shim_exe> shim <container directory>`.
    pub shim_exe: PathBuf,
    /// `zlayer` → `/sys/fs/cgroup/<controller>/zlayer/<id>`; absent when this user may not make cgroups.
    pub cgroup_parent: Option<String>,
    pub rootless: bool,
}

#[derive(Clone)]
pub struct Runtime {
    shared: Arc<Shared>,
}

/// What every container of a runtime needs.
pub(crate) struct Shared {
    pub config: RuntimeConfig,
    pub watcher: LogWatcher,
}

impl Runtime {
    pub fn new(config: RuntimeConfig) -> Self {
        Self {
            shared: Arc::new(Shared {
                config,
                watcher: LogWatcher::default(),
            }),
        }
    }

    /// Starts a new container and returns when its process runs. On an error, or when the future is dropped, nothing is left.
    pub async fn run(&self, config: ContainerConfig) -> Result<Container> {
        validate(&config)?;
        let dir = Directory::new(self.shared.config.state_dir.join(&config.id));
        let blueprint = Blueprint {
            config,
            cgroup_parent: self.shared.config.cgroup_parent.clone(),
            rootless: self.shared.config.rootless,
        };
        let shared = Arc::clone(&self.shared);
        let (sender, receiver) = oneshot::channel();
        // In a task of its own, so that a caller who goes away does not stop the clearing away.
        tokio::spawn(create(shared, dir, blueprint, sender));
        receiver
            .await
            .map_err(|e| ContainerError::internal("the start of the container was interrupted", e))?
    }

    /// Finds every container in the state directory, running or ended, and reconnects to the living shims.
    ///
    /// What a crash left half made or half removed is removed.
    pub async fn adopt(&self) -> Result<Vec<Container>> {
        let state_dir = &self.shared.config.state_dir;
        let mut entries = match tokio::fs::read_dir(state_dir).await {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(ContainerError::io("cannot read", state_dir, e)),
        };
        let mut containers = Vec::new();
        while let Some(entry) = entries
            .next_entry()
            .await
            .map_err(|e| ContainerError::io("cannot read", state_dir, e))?
        {
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            if name.starts_with(REMOVING) {
                remove_tree(&entry.path())?;
            } else if crate::validate::id(name).is_ok() {
                containers.extend(self.adopt_one(Directory::new(entry.path())).await?);
            }
        }
        Ok(containers)
    }

    async fn adopt_one(&self, dir: Directory) -> Result<Option<Container>> {
        let Ok(blueprint) = dir.read_blueprint() else {
            remove_tree(dir.path())?;
            return Ok(None);
        };
        if let Ok(mut client) = Client::connect(&dir).await {
            // A shim whose container was never taken over undoes its start and closes the connection.
            if client.send(&Request::Watch).await.is_ok()
                && let Ok(Some(Reply::State { record })) = client.receive().await
            {
                return Ok(Some(Container::new(
                    Arc::clone(&self.shared),
                    dir,
                    blueprint,
                    record,
                    Some(client),
                )));
            }
        }
        match dir.read_record() {
            Ok(record) => {
                let buried = tokio::task::spawn_blocking(move || {
                    let record = crate::container::bury(&dir, &blueprint, record);
                    (dir, blueprint, record)
                });
                let (dir, blueprint, record) = buried
                    .await
                    .map_err(|cause| ContainerError::internal("cannot end a container without its shim", cause))?;
                Ok(Some(Container::new(
                    Arc::clone(&self.shared),
                    dir,
                    blueprint,
                    record,
                    None,
                )))
            }
            Err(_) => {
                dispose(&dir, &blueprint)?;
                Ok(None)
            }
        }
    }
}

async fn create(
    shared: Arc<Shared>,
    dir: Directory,
    blueprint: Blueprint,
    mut caller: oneshot::Sender<Result<Container>>,
) {
    if let Err(error) = make_directory(&dir, &blueprint) {
        // The caller may be gone; then there is nobody to tell, and nothing to undo.
        let _ = caller.send(Err(error));
        return;
    }
    let mut shim = None;
    let started = tokio::select! {
        started = start_shim(&shared, &dir, &mut shim) => Some(started),
        () = caller.closed() => None,
    };
    let started = match started {
        Some(Ok((record, client))) => Ok(Container::new(
            shared,
            dir.clone(),
            blueprint.clone(),
            record,
            Some(client),
        )),
        Some(Err(error)) => Err(Some(error)),
        None => Err(None),
    };
    match started {
        Ok(container) => {
            if let Err(Ok(container)) = caller.send(Ok(container)) {
                container.discard().await;
            }
        }
        Err(error) => {
            // The shim clears away what it made. Its success is waited for, and not repeated: the id may be in use again.
            let cleared_away = match &mut shim {
                Some(shim) => shim.wait().await.is_ok_and(|status| status.success()),
                None => false,
            };
            if !cleared_away {
                let cleared = tokio::task::spawn_blocking(move || dispose(&dir, &blueprint)).await;
                if let Ok(Err(error)) = cleared {
                    tracing::warn!(%error, "a container that could not be started left something behind");
                }
            }
            if let Some(error) = error {
                let _ = caller.send(Err(error));
            }
        }
    }
}

fn make_directory(dir: &Directory, blueprint: &Blueprint) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    if let Some(parent) = dir.path().parent() {
        std::fs::create_dir_all(parent).map_err(|e| ContainerError::io("cannot create", parent, e))?;
    }
    std::fs::DirBuilder::new().mode(0o700).create(dir.path()).map_err(|e| {
        if e.kind() == io::ErrorKind::AlreadyExists {
            let message = format!("a container {} exists already; remove it first", blueprint.config.id);
            return ContainerError::new(ErrorKind::AlreadyExists, message);
        }
        ContainerError::io("cannot create", dir.path(), e)
    })?;
    write_json(&dir.blueprint(), blueprint, false).inspect_err(|_| {
        let _ = remove_tree(dir.path());
    })
}

/// Starts the shim of a container directory and waits until the container runs. The connection is committed: the container
/// stays when it closes.
pub(crate) async fn start_shim(shared: &Shared, dir: &Directory, shim: &mut Option<Child>) -> Result<(Record, Client)> {
    let exe = &shared.config.shim_exe;
    let lost = |e: io::Error| shim_unavailable(dir, &e.to_string());
    let (ours, theirs) = UnixStream::pair()
        .and_then(|(ours, theirs)| Ok((ours, theirs.into_std()?)))
        .map_err(lost)?;
    let child = Command::new(exe)
        .arg("shim")
        .arg(dir.path())
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(|e| ContainerError::io("cannot run", exe, e))?;
    *shim = Some(child);
    let mut client = Client::new(ours);
    match client.receive().await.map_err(lost)? {
        Some(Reply::State { record }) => {
            client.send(&Request::Commit).await.map_err(lost)?;
            Ok((record, client))
        }
        Some(Reply::Failed { failure }) => Err(failure.into()),
        Some(_) | None => {
            let log = std::fs::read_to_string(dir.shim_log()).unwrap_or_default();
            let why = log
                .lines()
                .last()
                .filter(|line| !line.is_empty())
                .unwrap_or("it ended without a word")
                .to_owned();
            Err(shim_unavailable(dir, &why))
        }
    }
}
