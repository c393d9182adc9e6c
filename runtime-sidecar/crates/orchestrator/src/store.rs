//! The wanted state, replicated and on disk.

use std::path::Path;
use std::sync::Arc;

use sidecar_cluster::{Cluster, Machine, Options};

use crate::command::{Applied, Command, Deployment, Rejection, State};
use crate::error::EngineError;

impl Machine for State {
    type Command = Command;
    type Outcome = Result<Applied, Rejection>;

    const FORMAT: u32 = 1;

    fn apply(&mut self, command: Command) -> Self::Outcome {
        Self::apply(self, command)
    }
}

/// The wanted state. A command that `submit` has accepted survives a crash.
pub(crate) struct Store {
    cluster: Cluster<State>,
}

impl Store {
    /// Opens or creates the state in a file. One that another process has open, or that a newer engine wrote, is an error.
    pub async fn open(path: &Path) -> Result<Self, EngineError> {
        Ok(Self {
            cluster: Cluster::open(path, Options::default()).await?,
        })
    }

    pub fn get(&self, deployment: &str) -> Option<Arc<Deployment>> {
        self.cluster.read(|state| state.deployments.get(deployment).cloned())
    }

    pub fn all(&self) -> Vec<Arc<Deployment>> {
        self.cluster.read(|state| state.deployments.values().cloned().collect())
    }

    /// Applies a command, durably. Goes on when it is dropped: what is on disk and what is in memory stay the same.
    pub async fn submit(&self, command: Command) -> Result<Applied, EngineError> {
        Ok(self.cluster.submit(command).await??)
    }
}
