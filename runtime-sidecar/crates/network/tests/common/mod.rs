//! Helpers of the network tests. They need root, as the engine does.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use nix::sched::{CloneFlags, setns};
use sidecar_network::{Attachment, NetworkConfig, NetworkManager};

/// A manager over a directory of its own.
pub struct Bench {
    pub dir: tempfile::TempDir,
    pub pool: &'static str,
    pub net: NetworkManager,
}

impl Bench {
    pub async fn new(pool: &'static str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let net = open(dir.path(), pool).await;
        Self { dir, pool, net }
    }

    /// What a new sidecar does after the last one died.
    pub async fn restart(&mut self) {
        let empty = tempfile::tempdir().unwrap();
        // Drops the old manager before the new one opens.
        self.net = open(empty.path(), self.pool).await;
        self.net = open(self.dir.path(), self.pool).await;
    }

    pub async fn attach(&self, deployment: &str, container: &str) -> Attachment {
        self.net.attach(deployment, container, &BTreeMap::new()).await.unwrap()
    }

    pub async fn finish(self) {
        self.net.retain(&[]).await.unwrap();
    }
}

pub async fn open(dir: &Path, pool: &str) -> NetworkManager {
    NetworkManager::open(NetworkConfig {
        state_dir: dir.to_owned(),
        pool: pool.parse().unwrap(),
    })
    .await
    .unwrap()
}

/// Runs `work` in a thread inside the namespace. What it opens stays inside.
pub fn inside<T: Send>(netns: &Path, work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            setns(File::open(netns).unwrap(), CloneFlags::CLONE_NEWNET).unwrap();
            work()
        });
        thread.join().unwrap()
    })
}
