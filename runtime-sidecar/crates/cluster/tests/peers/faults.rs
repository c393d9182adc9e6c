//! Nodes that end, links that break, disks that are lost: nothing that was acknowledged is lost, nothing happens twice, and who reads
//! sees one order.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use proptest::prelude::RngExt;
use proptest::test_runner::{RngAlgorithm, TestRng};
use sidecar_cluster::{Cluster, ClusterError, Options};

use crate::fleet::{Fleet, eventually, options};
use crate::history::{Operation, What, judge};
use crate::registers::{Registers, write};

/// Clients that write and read one register through all nodes, one operation after the other each.
struct Clients {
    history: Arc<Mutex<Vec<Operation>>>,
    going: Arc<AtomicBool>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
    done: Arc<AtomicU64>,
}

/// Where clients find the nodes that run.
type Running = Arc<Mutex<Vec<Arc<Cluster<Registers>>>>>;

impl Clients {
    fn start(running: &Running, count: u64) -> Self {
        let history = Arc::<Mutex<Vec<Operation>>>::default();
        let (going, done) = (Arc::new(AtomicBool::new(true)), Arc::<AtomicU64>::default());
        let start = Instant::now();
        let now = move || u64::try_from(start.elapsed().as_nanos()).unwrap();
        let tasks = (0..count)
            .map(|client| {
                let (running, history) = (Arc::clone(running), Arc::clone(&history));
                let (going, done) = (Arc::clone(&going), Arc::clone(&done));
                tokio::spawn(async move {
                    let mut number = 0;
                    while going.load(Ordering::Relaxed) {
                        number += 1;
                        let node = {
                            let nodes = running.lock().unwrap();
                            let place = usize::try_from(client + number).unwrap() % nodes.len();
                            Arc::clone(&nodes[place])
                        };
                        let begin = now();
                        let (end, what) = if number % 3 == 0 {
                            match node.read_fresh(|state| state.values("r")).await {
                                Ok(values) => (Some(now()), What::Read(values)),
                                Err(_) => continue,
                            }
                        } else {
                            let value = client * 1_000_000 + number;
                            let end = match node.submit(write("r", value)).await {
                                Ok(_) => Some(now()),
                                Err(ClusterError::NoMajority { .. } | ClusterError::NoLeader(_)) => continue,
                                Err(_) => None,
                            };
                            (end, What::Write(value))
                        };
                        if end.is_some() {
                            done.fetch_add(1, Ordering::Relaxed);
                        }
                        history.lock().unwrap().push(Operation { begin, end, what });
                    }
                })
            })
            .collect();
        Self {
            history,
            going,
            tasks,
            done,
        }
    }

    /// Waits until so many more operations are done.
    async fn progress(&self, more: u64) {
        let wanted = self.done.load(Ordering::Relaxed) + more;
        eventually("clients are served", async || {
            let done = self.done.load(Ordering::Relaxed);
            if done >= wanted {
                Ok(())
            } else {
                Err(format!("{done} of {wanted}"))
            }
        })
        .await;
    }

    async fn finish(self) -> Vec<Operation> {
        self.going.store(false, Ordering::Relaxed);
        for task in self.tasks {
            task.await.unwrap();
        }
        std::mem::take(&mut *self.history.lock().unwrap())
    }
}

fn running(fleet: &Fleet) -> Vec<Arc<Cluster<Registers>>> {
    fleet.running().map(|node| Arc::clone(node.cluster())).collect()
}

/// Every node has the same register at the end, and it is judged.
async fn judge_all(fleet: &Fleet, history: &[Operation]) {
    let mut last = None;
    for node in fleet.running() {
        let values = node.cluster().read_fresh(|state| state.values("r")).await.unwrap();
        assert_eq!(*last.get_or_insert_with(|| values.clone()), values, "{}", node.name);
    }
    let last = last.unwrap();
    judge(history, &last).unwrap();
    println!("{} operations, {} values", history.len(), last.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_leads_when_the_leader_ends() {
    let mut fleet = Fleet::of(3).await;
    let nodes: Running = Arc::new(Mutex::new(running(&fleet)));
    let clients = Clients::start(&nodes, 4);
    clients.progress(40).await;
    let leader = fleet.leader().await;
    fleet.stop_while_used(&leader, &nodes).await;
    clients.progress(40).await;
    assert_ne!(fleet.leader().await, leader);
    fleet.start(&leader).await;
    *nodes.lock().unwrap() = running(&fleet);
    clients.progress(40).await;
    let history = clients.finish().await;
    judge_all(&fleet, &history).await;
}

/// A leader that is cut off must not acknowledge, nor answer a fresh read.
#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_is_cut_off_neither_writes_nor_reads() {
    let fleet = Fleet::of(3).await;
    let leader = fleet.leader().await;
    let old = fleet.node(&leader).cluster();
    old.submit(write("r", 1)).await.unwrap();
    fleet.isolate(&leader);
    let other = fleet.nodes.iter().find(|node| node.name != leader).unwrap().cluster();
    other.submit(write("r", 2)).await.unwrap();
    let stale = old.read_fresh(|state| state.values("r"));
    let written = old.submit(write("r", 3));
    let (stale, written) = tokio::join!(stale, written);
    assert!(
        matches!(
            stale,
            Err(ClusterError::NoMajority {
                answering: 1,
                voters: 3
            })
        ),
        "{stale:?}"
    );
    let cause = written.unwrap_err();
    assert!(
        matches!(cause, ClusterError::NoMajority { .. } | ClusterError::Unsure(_)),
        "{cause}"
    );
    let local = old.read_local(|state| state.values("r"));
    assert_eq!(local.value, [1]);
    assert!(local.age.is_some_and(|age| age > Duration::from_secs(1)), "{local:?}");
    fleet.wires.mend_all();
    eventually("it follows again", async || {
        let values = old.read_local(|state| state.values("r")).value;
        if values.starts_with(&[1, 2]) {
            Ok(())
        } else {
            Err(format!("{values:?}"))
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_half_the_cluster_gone_reads_say_so_and_writes_refuse_with_the_reason() {
    let quick = Options {
        patience: Duration::from_secs(20),
        ..options()
    };
    let mut fleet = Fleet::with(3, quick).await;
    fleet.nodes[0].cluster().submit(write("r", 1)).await.unwrap();
    fleet.stop("node-2").await;
    fleet.stop("node-3").await;
    let left = fleet.node("node-1").cluster();
    let refused = left.submit(write("r", 2)).await.unwrap_err();
    let reason = refused.to_string();
    if let ClusterError::NoMajority { answering, voters } = refused {
        assert_eq!((answering, voters), (1, 3));
        assert!(reason.contains("1 of 3 voting nodes answer, 2 are needed"), "{reason}");
    } else {
        assert!(reason.contains("may still happen"), "{reason}");
    }
    // From now on it is known.
    let reason = left.submit(write("r", 3)).await.unwrap_err().to_string();
    assert!(
        reason.contains("1 of 3 voting nodes answer, 2 are needed. Nothing was changed"),
        "{reason}"
    );
    let reason = left
        .read_fresh(|state| state.values("r"))
        .await
        .unwrap_err()
        .to_string();
    assert!(reason.contains("no majority"), "{reason}");
    let local = left.read_local(|state| state.values("r"));
    assert_eq!(local.value, [1]);
    assert!(local.age.is_some_and(|age| age > Duration::from_secs(1)), "{local:?}");
    fleet.start("node-2").await;
    let left = fleet.node("node-1").cluster();
    left.submit(write("r", 4)).await.unwrap();
    let values = left.read_fresh(|state| state.values("r")).await.unwrap();
    assert!(
        values.starts_with(&[1]) && values.ends_with(&[4]) && !values.contains(&3),
        "{values:?}"
    );
}

/// A node that was away for longer than the log is kept gets a snapshot, in parts.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_missed_much_gets_a_snapshot() {
    let mut fleet = Fleet::of(3).await;
    fleet.stop("node-3").await;
    let writer = fleet.node("node-1").cluster();
    // A snapshot of more than two parts.
    let long = "x".repeat(500_000);
    for part in 0..5 {
        writer.submit(write(&format!("{long}{part}"), 1)).await.unwrap();
    }
    let writes = (0..700).map(|number| writer.submit(write("r", number)));
    for outcome in futures_util::future::join_all(writes).await {
        outcome.unwrap();
    }
    fleet.start("node-3").await;
    let values = fleet
        .node("node-3")
        .cluster()
        .read_fresh(|state| state.values("r").len())
        .await;
    assert_eq!(values.unwrap(), 700);
    let names = fleet.node("node-3").cluster().read(|state| state.0.len());
    assert_eq!(names, 6);
}

/// Faults one after the other, by chance. The seed is printed, and `ZLAYER_FAULT_SEED` repeats it. The usual one has found that a request
/// which was sent over a dying connection was taken for one that was never sent.
#[tokio::test(flavor = "multi_thread")]
async fn under_faults_by_chance_the_history_is_linearizable() {
    let seed: u64 = std::env::var("ZLAYER_FAULT_SEED")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(20_260_611);
    println!("ZLAYER_FAULT_SEED={seed}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut chance = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let patient = Options {
        patience: Duration::from_secs(12),
        ..options()
    };
    let mut fleet = Fleet::with(5, patient).await;
    let nodes: Running = Arc::new(Mutex::new(running(&fleet)));
    let clients = Clients::start(&nodes, 5);
    clients.progress(50).await;
    for round in 0..8 {
        let name = format!("node-{}", chance.random_range(1..=5));
        let fault = chance.random_range(0..3);
        println!("round {round}: fault {fault} of {name}");
        match fault {
            0 => {
                fleet.stop_while_used(&name, &nodes).await;
                clients.progress(25).await;
                fleet.start(&name).await;
                *nodes.lock().unwrap() = running(&fleet);
            }
            1 => {
                fleet.isolate(&name);
                clients.progress(25).await;
                fleet.wires.mend_all();
            }
            _ => {
                // A disk is lost: the node is replaced by a new one of its name.
                let lost = fleet.node(&name).cluster().id();
                fleet.stop_while_used(&name, &nodes).await;
                std::fs::remove_dir_all(fleet.home(&name)).unwrap();
                let token = fleet.token(Some(lost)).await;
                fleet.join(&name, &token).await;
                *nodes.lock().unwrap() = running(&fleet);
                fleet.settle(5).await;
            }
        }
        clients.progress(25).await;
    }
    let history = clients.finish().await;
    judge_all(&fleet, &history).await;
}
