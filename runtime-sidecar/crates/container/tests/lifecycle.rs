//! Start, end, signals, restart and removal.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::time::{Duration, Instant};

use common::*;
use sidecar_container::{ContainerStatus, LogQuery};

#[tokio::test]
async fn a_container_runs_and_tells_its_exit_status() {
    let bed = Bed::new("run");
    let container = bed
        .runtime
        .run(sh("one", "echo out; echo err >&2; exit 7"))
        .await
        .unwrap();
    assert_eq!(exited(&container).await, (7, None, false));
    let mut text = lines(&container, all()).await;
    text.sort();
    assert_eq!(text, ["err", "out"]);
    container.remove().await.unwrap();
    bed.assert_clean();
}

#[tokio::test]
async fn signals_reach_the_first_process() {
    let bed = Bed::new("signal");
    let container = bed.runtime.run(config("one", &["sleep", "1000"])).await.unwrap();
    assert!(matches!(*container.status().borrow(), ContainerStatus::Running { pid, .. } if pid > 0));
    container.signal(9).await.unwrap();
    assert_eq!(exited(&container).await, (137, Some(9), false));
    assert_eq!(container.signal(9).await.unwrap_err().code(), "not-running");
    container.remove().await.unwrap();
    bed.assert_clean();
}

#[tokio::test]
async fn stop_asks_first_and_kills_after_the_grace() {
    let bed = Bed::new("stop");
    let polite = bed
        .runtime
        .run(sh(
            "polite",
            "trap 'exit 3' TERM; echo ready; while :; do sleep 0.05; done",
        ))
        .await
        .unwrap();
    // A signal before its trap is there would be ignored.
    let mut log = polite.logs(LogQuery { follow: true, ..all() });
    assert!(log.next_batch().await.is_some());
    polite.stop(Duration::from_secs(20)).await.unwrap();
    assert_eq!(exited(&polite).await, (3, None, false));
    let stubborn = bed
        .runtime
        .run(sh("stubborn", "trap '' TERM; while :; do sleep 0.05; done"))
        .await
        .unwrap();
    let begin = Instant::now();
    stubborn.stop(Duration::from_millis(300)).await.unwrap();
    assert!(begin.elapsed() >= Duration::from_millis(300));
    assert_eq!(exited(&stubborn).await, (137, Some(9), false));
    stubborn.stop(Duration::from_secs(5)).await.unwrap();
    for container in [polite, stubborn] {
        container.remove().await.unwrap();
    }
    bed.assert_clean();
}

#[tokio::test]
async fn a_restart_keeps_the_writable_layer_and_goes_on_with_the_log() {
    let bed = Bed::new("restart");
    let container = bed
        .runtime
        .run(sh("one", "echo run >> /count; cat /count; exit $(wc -l < /count)"))
        .await
        .unwrap();
    assert_eq!(exited(&container).await.0, 1);
    for expected in [2, 3] {
        container.restart().await.unwrap();
        assert_eq!(exited(&container).await.0, expected);
    }
    assert_eq!(lines(&container, all()).await.len(), 6);
    container.remove().await.unwrap();
    bed.assert_clean();
}

#[tokio::test]
async fn many_start_at_the_same_time() {
    let bed = Bed::new("parallel");
    let starts = (0..10).map(|n| bed.runtime.run(config(&format!("c{n}"), &["sleep", "1000"])));
    let containers: Vec<_> = futures_util::future::join_all(starts)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let begin = Instant::now();
    futures_util::future::join_all(containers.iter().map(|c| c.stop(Duration::from_secs(1)))).await;
    // As the first process of a PID namespace, sleep is not ended by SIGTERM: one grace for all of them, not ten.
    assert!(begin.elapsed() < Duration::from_secs(5));
    for container in containers {
        container.remove().await.unwrap();
    }
    bed.assert_clean();
}

#[tokio::test]
async fn an_abandoned_start_leaves_nothing() {
    let bed = Bed::new("abandon");
    for delay in [0, 5, 15, 25, 40, 80] {
        let start = bed.runtime.run(config("one", &["sleep", "1000"]));
        if let Ok(container) = tokio::time::timeout(Duration::from_millis(delay), start).await {
            let container = container.unwrap();
            container.stop(Duration::ZERO).await.unwrap();
            container.remove().await.unwrap();
        }
        let gone = async {
            while !processes_with(bed.temp.path().to_str().unwrap()).is_empty() || bed.dir("one").exists() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), gone)
            .await
            .expect("everything goes away");
    }
    bed.assert_clean();
}

#[tokio::test]
async fn a_running_container_is_neither_removed_nor_restarted_and_an_id_is_used_once() {
    let bed = Bed::new("states");
    let container = bed.runtime.run(config("one", &["sleep", "1000"])).await.unwrap();
    assert_eq!(container.clone().remove().await.unwrap_err().code(), "already-running");
    assert_eq!(container.restart().await.unwrap_err().code(), "already-running");
    assert_eq!(run_error(&bed, config("one", &["true"])).await.code(), "already-exists");
    container.stop(Duration::ZERO).await.unwrap();
    container.remove().await.unwrap();
    bed.assert_clean();
}

#[tokio::test]
async fn the_node_sees_no_mount_of_a_running_container() {
    let bed = Bed::new("mounts");
    let container = bed.runtime.run(config("one", &["sleep", "1000"])).await.unwrap();
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(bed.temp.path().to_str().unwrap()));
    container.stop(Duration::ZERO).await.unwrap();
    container.remove().await.unwrap();
    bed.assert_clean();
}

/// A network namespace that is bound to a path, as the engine prepares them.
struct Namespace(String);

impl Namespace {
    fn new(name: &str) -> Self {
        let name = format!("ct-{name}-{}", std::process::id());
        let this = Self(name);
        this.ip("add");
        this
    }

    fn ip(&self, verb: &str) {
        assert!(
            std::process::Command::new("ip")
                .args(["netns", verb, &self.0])
                .status()
                .unwrap()
                .success()
        );
    }

    fn path(&self) -> std::path::PathBuf {
        std::path::Path::new("/run/netns").join(&self.0)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _ = std::process::Command::new("ip")
            .args(["netns", "del", &self.0])
            .status();
    }
}

#[tokio::test]
async fn a_restart_takes_the_network_namespace_that_is_there_then() {
    use std::os::unix::fs::MetadataExt;
    let bed = Bed::new("netns");
    let namespace = Namespace::new("restart");
    let mut config = config("one", &["sleep", "1000"]);
    config.network = sidecar_container::NetworkNamespace::Path(namespace.path());
    let container = bed.runtime.run(config).await.unwrap();
    let same = |pid: u32| {
        let inside = std::fs::metadata(format!("/proc/{pid}/ns/net")).unwrap().ino();
        inside == std::fs::metadata(namespace.path()).unwrap().ino()
    };
    assert!(same(pid(&container)));
    container.stop(Duration::ZERO).await.unwrap();
    namespace.ip("del");
    namespace.ip("add");
    container.restart().await.unwrap();
    assert!(same(pid(&container)));
    container.stop(Duration::ZERO).await.unwrap();
    container.remove().await.unwrap();
    bed.assert_clean();
}
