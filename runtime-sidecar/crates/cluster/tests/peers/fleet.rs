//! A cluster of several nodes for a test.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use sidecar_cluster::{Clock, Cluster, ClusterError, Invitation, NodeView, Options, PeerOptions, Role};

use crate::registers::Registers;
use crate::relay::Wires;

/// Longer than anything takes on a busy machine; only what fails waits as long.
pub const LONG: Duration = Duration::from_secs(60);

pub struct Fleet {
    options: Options,
    directory: tempfile::TempDir,
    pub wires: Wires,
    pub nodes: Vec<Member>,
    /// Seconds by which the clocks of all nodes are ahead of this machine's.
    ahead: Arc<AtomicU64>,
}

pub struct Member {
    pub name: String,
    pub address: String,
    pub cluster: Option<Arc<Cluster<Registers>>>,
}

impl Member {
    pub fn cluster(&self) -> &Arc<Cluster<Registers>> {
        self.cluster.as_ref().expect("the node runs")
    }
}

/// A node may be kept waiting for two seconds, as on a machine that does other work, before another asks to lead. Patience is longer than
/// the eight seconds after which a leader without a majority says so.
pub fn options() -> Options {
    Options {
        heartbeat_ms: 500,
        snapshot_after: 500,
        patience: Duration::from_secs(30),
    }
}

impl Fleet {
    pub async fn of(count: usize) -> Self {
        Self::with(count, options()).await
    }

    pub async fn with(count: usize, options: Options) -> Self {
        let mut fleet = Self::found_with(options).await;
        for _ in 1..count {
            fleet.add().await;
        }
        fleet.settle(count).await;
        fleet
    }

    /// A cluster of one that takes peers.
    pub async fn found() -> Self {
        Self::found_with(options()).await
    }

    async fn found_with(options: Options) -> Self {
        let mut fleet = Self {
            options,
            directory: tempfile::tempdir().unwrap(),
            wires: Wires::default(),
            nodes: Vec::new(),
            ahead: Arc::default(),
        };
        let peers = fleet.peers("node-1");
        let cluster = Cluster::open_with_peers(&fleet.state("node-1"), fleet.options.clone(), peers)
            .await
            .unwrap();
        fleet.keep("node-1", cluster);
        fleet
    }

    pub fn keep(&mut self, name: &str, cluster: Cluster<Registers>) {
        let address = cluster.address().unwrap();
        self.nodes.retain(|node| node.name != name);
        self.nodes.push(Member {
            name: name.into(),
            address,
            cluster: Some(Arc::new(cluster)),
        });
        self.nodes.sort_by(|one, other| one.name.cmp(&other.name));
    }

    pub fn home(&self, name: &str) -> PathBuf {
        let home = self.directory.path().join(name);
        std::fs::create_dir_all(&home).unwrap();
        home
    }

    pub fn state(&self, name: &str) -> PathBuf {
        self.home(name).join("raft.redb")
    }

    pub fn peers(&self, name: &str) -> PeerOptions {
        let (wires, from) = (self.wires.clone(), name.to_owned());
        PeerOptions {
            beat: Duration::from_millis(500),
            clock: self.clock(),
            route: Some(Arc::new(move |to| wires.route(&from, to))),
            ..PeerOptions::new(self.home(name).join("peers"), "127.0.0.1:0", name)
        }
    }

    /// The clock of every node, which [`Fleet::days_pass`] sets.
    fn clock(&self) -> Clock {
        let ahead = Arc::clone(&self.ahead);
        Clock::new(move || SystemTime::now() + Duration::from_secs(ahead.load(Ordering::Relaxed)))
    }

    /// Sets the clocks of all nodes forward.
    pub fn days_pass(&self, days: u64) {
        self.ahead.fetch_add(days * 24 * 60 * 60, Ordering::Relaxed);
    }

    /// The certificate with which a node would start again.
    pub fn certificate(&self, name: &str) -> String {
        let text = std::fs::read_to_string(self.home(name).join("peers/identity.json")).unwrap();
        let identity: serde_json::Value = serde_json::from_str(&text).unwrap();
        identity["certificate"].as_str().unwrap().to_owned()
    }

    pub async fn token(&self, replaces: Option<u64>) -> String {
        let running = self.nodes.iter().find(|node| node.cluster.is_some()).unwrap();
        let invitation = Invitation {
            life_seconds: 60,
            wallet: None,
            replaces,
        };
        running.cluster().invite(invitation).await.unwrap().to_string()
    }

    /// Adds a node with the next free name.
    pub async fn add(&mut self) -> u64 {
        let name = format!("node-{}", self.nodes.len() + 1);
        let token = self.token(None).await;
        self.join(&name, &token).await
    }

    pub async fn join(&mut self, name: &str, token: &str) -> u64 {
        let cluster = Cluster::join(&self.state(name), self.options.clone(), self.peers(name), token)
            .await
            .unwrap();
        let id = cluster.id();
        self.keep(name, cluster);
        id
    }

    /// Ends a node without a word to the others.
    pub async fn stop(&mut self, name: &str) {
        let node = self.nodes.iter_mut().find(|node| node.name == name).unwrap();
        let cluster = node.cluster.take().unwrap();
        cluster.close().await;
    }

    /// Ends a node that clients use: they are shown the others first, and what they have asked it for is refused or unsure.
    pub async fn stop_while_used(&mut self, name: &str, used: &Mutex<Vec<Arc<Cluster<Registers>>>>) {
        let others = self.running().filter(|node| node.name != name);
        *used.lock().unwrap() = others.map(|node| Arc::clone(node.cluster())).collect();
        self.stop(name).await;
    }

    /// Starts a node again with its disk, on another port.
    pub async fn start(&mut self, name: &str) {
        let mut cluster = None;
        eventually("the disk is free", async || {
            match Cluster::open_with_peers(&self.state(name), self.options.clone(), self.peers(name)).await {
                Ok(opened) => cluster = Some(opened),
                // A client whose call is under way holds the node that was ended, which no process that was ended does.
                Err(ClusterError::Storage { cause, .. }) if matches!(*cause, redb::Error::DatabaseAlreadyOpen) => {
                    return Err(cause.to_string());
                }
                Err(error) => panic!("{error}"),
            }
            Ok(())
        })
        .await;
        self.keep(name, cluster.unwrap());
    }

    /// Cuts a node off from all others, in both directions.
    pub fn isolate(&self, name: &str) {
        let address = |name: &str| self.node(name).address.clone();
        for other in self.nodes.iter().filter(|node| node.name != name) {
            self.wires.cut(name, &other.address);
            self.wires.cut(&other.name, &address(name));
        }
    }

    pub fn node(&self, name: &str) -> &Member {
        self.nodes.iter().find(|node| node.name == name).unwrap()
    }

    pub fn running(&self) -> impl Iterator<Item = &Member> {
        self.nodes.iter().filter(|node| node.cluster.is_some())
    }

    /// Waits until the running nodes agree on so many members, with the right number of voters and a leader.
    pub async fn settle(&self, members: usize) {
        let voters = [0, 1, 1, 3, 3, 5, 5, 5][members];
        eventually("the members are what they should be", async || {
            for node in self.running() {
                let views = node.cluster().nodes().await;
                let voting = views.iter().filter(|view| votes(view)).count();
                let leading = views.iter().filter(|view| view.role == Role::Leader).count();
                let joined = views.iter().all(|view| view.role != Role::Joining);
                if (views.len(), voting, leading, joined) != (members, voters, 1, true) {
                    return Err(format!("{}: {views:?}", node.name));
                }
            }
            Ok(())
        })
        .await;
    }

    /// The name of the node that most of the running nodes take for the leader.
    pub async fn leader(&self) -> String {
        let mut leader = None;
        eventually("somebody leads", async || {
            for node in self.running() {
                if let Some(view) = node
                    .cluster()
                    .nodes()
                    .await
                    .into_iter()
                    .find(|view| view.role == Role::Leader)
                    && self.node(&view.record.name).cluster.is_some()
                {
                    leader = Some(view.record.name);
                    return Ok(());
                }
            }
            Err("nobody".to_owned())
        })
        .await;
        leader.unwrap()
    }
}

pub fn votes(view: &NodeView) -> bool {
    matches!(view.role, Role::Leader | Role::Voter)
}

/// Waits until a check holds; it says why it does not.
pub async fn eventually(what: &str, mut check: impl AsyncFnMut() -> Result<(), String>) {
    let deadline = Instant::now() + LONG;
    loop {
        match check().await {
            Ok(()) => return,
            Err(why) if Instant::now() > deadline => panic!("not in time: {what}; {why}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(30)).await,
        }
    }
}
