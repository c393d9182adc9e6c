//! A cluster of one: what was answered is there after any end, and the log does not grow.

use std::path::Path;

use crate::counters::{Counters, add};
use proptest::prelude::*;
use sidecar_cluster::{Cluster, ClusterError, Options, Storage};

async fn open(path: &Path, snapshot_after: u64) -> Cluster<Counters> {
    let options = Options {
        snapshot_after,
        ..Options::default()
    };
    Cluster::open(path, options).await.unwrap()
}

fn state(cluster: &Cluster<Counters>) -> Counters {
    cluster.read(Clone::clone)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_there_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("raft.redb");
    let first = open(&path, 500).await;
    assert_eq!(first.submit(add("a", 2)).await.unwrap(), 2);
    assert_eq!(first.submit(add("a", 3)).await.unwrap(), 5);
    assert_eq!(first.submit(add("b", 1)).await.unwrap(), 1);
    let before = state(&first);
    first.close().await;
    drop(first);
    let second = open(&path, 500).await;
    assert_eq!(state(&second), before);
    assert_eq!(second.submit(add("a", 1)).await.unwrap(), 6);
}

/// The file as it stands is what a crash would leave.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_there_after_a_crash() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("raft.redb");
    let cluster = open(&path, 7).await;
    for round in 0..40 {
        cluster.submit(add("a", round)).await.unwrap();
        if round % 8 == 0 {
            let copy = directory.path().join(format!("crash-{round}.redb"));
            std::fs::copy(&path, &copy).unwrap();
            let survivor = open(&copy, 7).await;
            assert_eq!(state(&survivor), state(&cluster), "after {round}");
            survivor.close().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_of_many_tasks_are_all_done_once() {
    let directory = tempfile::tempdir().unwrap();
    let cluster = std::sync::Arc::new(open(&directory.path().join("raft.redb"), 20).await);
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let cluster = std::sync::Arc::clone(&cluster);
            tokio::spawn(async move { cluster.submit(add("a", 1)).await.unwrap() })
        })
        .collect();
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.unwrap());
    }
    outcomes.sort_unstable();
    assert_eq!(outcomes, (1..=50).collect::<Vec<_>>());
}

/// A caller that goes away while its command is written leaves memory and disk the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_gives_up_leaves_no_difference() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("raft.redb");
    let cluster = open(&path, 500).await;
    for round in 0..30_u32 {
        let given_up = cluster.submit(add("given up", 1));
        // Polled a different number of times each round, then dropped.
        let _ = tokio::time::timeout(std::time::Duration::from_micros(u64::from(round) * 40), given_up).await;
    }
    cluster.submit(add("last", 1)).await.unwrap();
    let before = state(&cluster);
    cluster.close().await;
    drop(cluster);
    assert_eq!(state(&open(&path, 500).await), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_dropped_once_a_snapshot_holds_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("raft.redb");
    let cluster = open(&path, 50).await;
    for _ in 0..400 {
        cluster.submit(add("a", 1)).await.unwrap();
    }
    let after_few = std::fs::metadata(&path).unwrap().len();
    for _ in 0..1600 {
        cluster.submit(add("a", 1)).await.unwrap();
    }
    let after_many = std::fs::metadata(&path).unwrap().len();
    assert!(
        after_many <= after_few * 2,
        "{after_few} bytes after 400 commands, {after_many} after 2000"
    );
    assert_eq!(state(&cluster).0["a"], 2000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_a_newer_program_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("raft.redb");
    drop(Storage::open(&path, 9).unwrap());
    let refused = Cluster::<Counters>::open(&path, Options::default())
        .await
        .err()
        .unwrap();
    assert!(
        matches!(
            refused,
            ClusterError::TooNew {
                found: 1009,
                known: 1001,
                ..
            }
        ),
        "{refused}"
    );
    assert!(refused.to_string().contains("newer version"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_database_is_refused_and_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("raft.redb");
    std::fs::write(&path, "this is not a database").unwrap();
    let refused = Cluster::<Counters>::open(&path, Options::default())
        .await
        .err()
        .unwrap();
    assert!(matches!(refused, ClusterError::Storage { .. }), "{refused}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "this is not a database");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_owner_of_the_file_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("raft.redb");
    let _first = open(&path, 500).await;
    let refused = Cluster::<Counters>::open(&path, Options::default())
        .await
        .err()
        .unwrap();
    assert!(matches!(refused, ClusterError::Storage { .. }), "{refused}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Any commands, with restarts and snapshots anywhere between them, give what the machine alone gives.
    #[test]
    fn restarts_change_nothing(
        commands in prop::collection::vec(("[a-d]", any::<u64>(), prop::bool::weighted(0.15)), 1..40),
        snapshot_after in 1_u64..12,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("raft.redb");
            let mut expected = Counters::default();
            let mut cluster = open(&path, snapshot_after).await;
            for (name, amount, restart) in commands {
                let outcome = sidecar_cluster::Machine::apply(&mut expected, add(&name, amount));
                assert_eq!(cluster.submit(add(&name, amount)).await.unwrap(), outcome);
                if restart {
                    cluster.close().await;
                    drop(cluster);
                    cluster = open(&path, snapshot_after).await;
                }
                assert_eq!(state(&cluster), expected);
            }
        });
    }
}
