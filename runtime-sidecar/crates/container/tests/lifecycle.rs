//! Start, end, signals, restart and removal.

mod common;

use std::time::{Duration, Instant};

use common::*;
use sidecar_container::ContainerStatus;

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
        .run(sh("polite", "trap 'exit 3' TERM; while :; do sleep 0.05; done"))
        .await
        .unwrap();
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
