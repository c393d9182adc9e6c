//! A disk without space: a command that cannot be kept is refused, and what was kept stays; with space again, commands are taken again.

use std::path::Path;
use std::process::Command;

use sidecar_cluster::{Cluster, ClusterError, Options};

use crate::counters::{Counters, add};

/// A small file system of its own; needs root.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(bytes: u64) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let status = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={bytes}"), "none"])
            .arg(directory.path())
            .status()
            .unwrap();
        assert!(status.success(), "a tmpfs cannot be mounted");
        Self(directory)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").args(["--lazy"]).arg(self.path()).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_are_refused_while_the_disk_is_full_and_taken_again_afterwards() {
    let disk = SmallDisk::mount(4 << 20);
    let path = disk.path().join("raft.redb");
    let cluster = Cluster::<Counters>::open(&path, Options::default()).await.unwrap();
    cluster.submit(add("kept", 1)).await.unwrap();

    let ballast = disk.path().join("ballast");
    // Fills what is left; the write itself fails at the end.
    let _ = std::fs::write(&ballast, vec![1_u8; 8 << 20]);
    let long = "x".repeat(100_000);
    let mut refused = None;
    for round in 0..50 {
        if let Err(cause) = cluster.submit(add(&format!("{long}{round}"), 1)).await {
            refused = Some(cause);
            break;
        }
    }
    let refused = refused.expect("a full disk takes no more");
    assert!(
        matches!(refused, ClusterError::Stopped(_) | ClusterError::Storage { .. }),
        "{refused}"
    );
    assert!(refused.to_string().contains("No space left"), "{refused}");
    // Still full: refused again, and what was answered can still be read.
    assert!(cluster.submit(add(&format!("{long}late"), 1)).await.is_err());
    assert_eq!(cluster.read(|counters| counters.0["kept"]), 1);

    std::fs::remove_file(&ballast).unwrap();
    assert_eq!(cluster.submit(add("kept", 1)).await.unwrap(), 2);
    assert!(!cluster.read(|counters| counters.0.contains_key(&format!("{long}late"))));
    cluster.close().await;
}
