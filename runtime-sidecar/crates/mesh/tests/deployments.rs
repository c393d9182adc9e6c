//! Two hosts with the engine's own container network on each: who reaches whom, by address and by name.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::future::Future;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use common::{Host, Lab, RANGE};
use nix::sched::{CloneFlags, setns};
use sidecar_mesh::Mesh;
use sidecar_network::{Attachment, MeshView, NetworkConfig, NetworkManager};

/// A host's container network, at work in the host's namespace.
struct Node {
    runtime: tokio::runtime::Runtime,
    net: NetworkManager,
    _dir: tempfile::TempDir,
}

fn pool(host: &Host) -> ipnet::Ipv4Net {
    format!("10.77.{}.0/20", 128 + 16 * (host.number - 1)).parse().unwrap()
}

impl Node {
    fn open(host: &Host) -> Self {
        let netns = Path::new("/run/netns").join(&host.netns);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .on_thread_start(move || setns(File::open(&netns).unwrap(), CloneFlags::CLONE_NEWNET).unwrap())
            .build()
            .unwrap();
        let dir = tempfile::tempdir().unwrap();
        let config = NetworkConfig {
            state_dir: dir.path().to_owned(),
            pool: pool(host),
        };
        let net = on(&runtime, NetworkManager::open(config)).unwrap();
        Self {
            runtime,
            net,
            _dir: dir,
        }
    }

    fn view(&self, nodes: &[Ipv4Addr], elsewhere: &[(&str, Ipv4Addr)]) {
        let mut by_deployment: BTreeMap<String, BTreeSet<Ipv4Addr>> = BTreeMap::new();
        for (deployment, address) in elsewhere {
            by_deployment.entry((*deployment).into()).or_default().insert(*address);
        }
        let view = MeshView {
            link: "mesh0".into(),
            range: RANGE.parse().unwrap(),
            nodes: nodes.iter().copied().collect(),
            elsewhere: by_deployment,
        };
        let net = self.net.clone();
        on(&self.runtime, async move { net.set_mesh(Some(view)).await }).unwrap();
    }

    fn attach(&self, deployment: &'static str, container: &'static str) -> Attachment {
        let net = self.net.clone();
        on(&self.runtime, async move {
            net.attach(deployment, container, &BTreeMap::new()).await
        })
        .unwrap()
    }

    fn finish(self) {
        let net = self.net.clone();
        on(&self.runtime, async move {
            net.set_mesh(None).await.unwrap();
            net.retain(&[]).await
        })
        .unwrap();
    }
}

/// On a thread that is in the host.
fn on<T: Send + 'static>(runtime: &tokio::runtime::Runtime, work: impl Future<Output = T> + Send + 'static) -> T {
    runtime.block_on(runtime.spawn(work)).unwrap()
}

fn inside<T: Send>(netns: &Path, work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            setns(File::open(netns).unwrap(), CloneFlags::CLONE_NEWNET).unwrap();
            work()
        });
        thread.join().unwrap()
    })
}

fn asks(netns: &Path, seconds: &str, to: Ipv4Addr) -> bool {
    let mut command = Command::new("nsenter");
    command.arg(format!("--net={}", netns.display()));
    command.args(["ping", "-q", "-c", "1", "-W", seconds, "-w", seconds, &to.to_string()]);
    command.stdout(Stdio::null()).status().unwrap().success()
}

fn reaches(from: &Attachment, to: &Attachment) -> bool {
    asks(&from.netns, "20", to.address)
}

fn is_refused(from: &Attachment, to: &Attachment) -> bool {
    !asks(&from.netns, "1", to.address)
}

/// The sender that a container sees.
fn sender_seen(from: &Attachment, to: &Attachment) -> Ipv4Addr {
    let server = inside(&to.netns, || UdpSocket::bind((to.address, 7000)).unwrap());
    server.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let client = inside(&from.netns, || UdpSocket::bind("0.0.0.0:0").unwrap());
    client.send_to(b"hello", (to.address, 7000)).unwrap();
    match server.recv_from(&mut [0; 16]).unwrap().1.ip() {
        std::net::IpAddr::V4(address) => address,
        std::net::IpAddr::V6(address) => panic!("{address}"),
    }
}

/// Whether a container's name server answers with an address.
fn resolves(from: &Attachment, labels: &[&str], to: Ipv4Addr) -> bool {
    let mut query = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in labels {
        query.push(u8::try_from(label.len()).unwrap());
        query.extend_from_slice(label.as_bytes());
    }
    query.extend_from_slice(&[0, 0, 1, 0, 1]);
    let socket = inside(&from.netns, || UdpSocket::bind("0.0.0.0:0").unwrap());
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    socket.send_to(&query, (from.gateway, 53)).unwrap();
    let mut answer = [0; 512];
    let length = socket.recv(&mut answer).unwrap();
    answer[..length].ends_with(&to.octets())
}

#[test]
fn containers_of_one_deployment_are_one_network_on_all_nodes_and_of_two_are_not_whichever_end_lets_pass() {
    let lab = Lab::new(2);
    let meshes: Vec<Mesh> = lab.meshed();
    for (at, mesh) in meshes.iter().enumerate() {
        let other = &lab.hosts[1 - at];
        let mut peer = other.peer(meshes[1 - at].public_keys());
        peer.networks.push(pool(other).into());
        mesh.set_peer(peer).unwrap();
    }
    let (one, two) = (Node::open(&lab.hosts[0]), Node::open(&lab.hosts[1]));
    let node_of = |host: &Host| Ipv4Addr::new(10, 77, host.number, 1);
    let (first, second) = (node_of(&lab.hosts[0]), node_of(&lab.hosts[1]));
    // The route of the mesh covers the pools; the nodes know that it is theirs.
    one.view(&[second], &[]);
    two.view(&[first], &[]);
    let (web, other) = (one.attach("shop", "web"), one.attach("blog", "other"));
    let (store, stranger) = (two.attach("shop", "store"), two.attach("blog", "stranger"));

    // Nothing passes before it is known who belongs together.
    assert!(is_refused(&web, &store));
    one.view(&[second], &[("shop", store.address), ("blog", stranger.address)]);
    assert!(is_refused(&web, &store), "one end is not enough");
    two.view(&[first], &[("shop", web.address), ("blog", other.address)]);
    assert!(reaches(&web, &store) && reaches(&store, &web) && reaches(&other, &stranger));
    assert!(is_refused(&web, &stranger) && is_refused(&stranger, &web));
    assert_eq!(sender_seen(&web, &store), web.address, "no masquerading in the mesh");

    // A node that lets too much pass opens nothing on the other.
    one.view(
        &[second],
        &[
            ("shop", store.address),
            ("shop", stranger.address),
            ("blog", stranger.address),
        ],
    );
    assert!(is_refused(&web, &stranger));
    assert!(reaches(&web, &store));

    // A node's proxy reaches every container; a container reaches no other node, and not its name server.
    let host = Path::new("/run/netns").join(&lab.hosts[0].netns);
    assert!(asks(&host, "20", store.address) && asks(&host, "20", stranger.address));
    assert!(!asks(&web.netns, "1", second) && !asks(&web.netns, "1", store.gateway));

    let net = one.net.clone();
    let addresses = [(0, store.address)];
    on(
        &one.runtime,
        async move { net.set_names("shop", "db", &addresses).await },
    );
    assert!(resolves(&web, &["db"], store.address));
    assert!(!resolves(&other, &["db"], store.address), "names of another deployment");
    drop(meshes);
    one.finish();
    two.finish();
}
