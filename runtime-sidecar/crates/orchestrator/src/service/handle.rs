//! A replica as its service holds it.

use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::replica::Wanted;

pub(crate) struct ReplicaHandle {
    pub(super) wanted: watch::Sender<Wanted>,
    pub(super) token: CancellationToken,
    pub(super) task: JoinHandle<()>,
    /// Of the plan that its container was made from.
    pub(super) hash: String,
}

impl ReplicaHandle {
    /// Waits until nothing of the replica is left.
    pub(super) async fn ended(self) {
        // The sender lives until the task has ended: a replica whose sender is gone takes it for its own end.
        let Self { wanted, task, .. } = self;
        note_end(task.await);
        drop(wanted);
    }
}

pub(super) fn note_end(result: Result<(), JoinError>) {
    if let Err(cause) = result {
        tracing::error!(%cause, "a replica's task broke down");
    }
}
