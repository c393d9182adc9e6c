//! Hosts as network namespaces. They need root, as the engine does.
#![allow(dead_code)]

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, setns};
use sidecar_mesh::{Mesh, MeshConfig, Peer, PublicKey, SecretKey, mesh_mtu};

pub const RANGE: &str = "10.77.0.0/16";
pub const PORT: u16 = 51_820;

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A switch with hosts on it.
pub struct Lab {
    tag: String,
    pub hosts: Vec<Host>,
}

/// A host with one container-like namespace behind its bridge.
pub struct Host {
    pub netns: String,
    pub container: String,
    /// The host's place on the switch.
    pub outer: Ipv4Addr,
    pub number: u8,
}

impl Lab {
    pub fn new(count: u8) -> Self {
        let tag = format!("zm{}x{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        ip(&format!("netns add {tag}"));
        ip(&format!("-n {tag} link add sw type bridge"));
        ip(&format!("-n {tag} link set sw up"));
        let mut lab = Self { tag, hosts: Vec::new() };
        for number in 1..=count {
            lab.add(number);
        }
        lab
    }

    fn add(&mut self, number: u8) {
        let (netns, container) = (format!("{}h{number}", self.tag), format!("{}c{number}", self.tag));
        let outer = Ipv4Addr::new(192, 168, 77, number);
        ip(&format!("netns add {netns}"));
        ip(&format!("netns add {container}"));
        let switch = &self.tag;
        ip(&format!(
            "-n {switch} link add p{number} type veth peer name eth0 netns {netns}"
        ));
        ip(&format!("-n {switch} link set p{number} master sw up"));
        ip(&format!("-n {netns} addr add {outer}/24 dev eth0"));
        ip(&format!("-n {netns} link set eth0 up"));
        ip(&format!("-n {netns} link set lo up"));
        ip(&format!("-n {netns} link add br0 type bridge"));
        ip(&format!("-n {netns} addr add 10.77.{number}.1/24 dev br0"));
        ip(&format!("-n {netns} link set br0 up"));
        ip(&format!(
            "-n {netns} link add v0 type veth peer name eth0 netns {container}"
        ));
        ip(&format!("-n {netns} link set v0 master br0 up"));
        ip(&format!("-n {container} addr add 10.77.{number}.2/24 dev eth0"));
        ip(&format!("-n {container} addr add 10.77.{number}.3/24 dev eth0"));
        ip(&format!("-n {container} link set eth0 up"));
        ip(&format!("-n {container} link set lo up"));
        ip(&format!("-n {container} route add default via 10.77.{number}.1"));
        let host = Host {
            netns,
            container,
            outer,
            number,
        };
        run(
            "ip",
            &["netns", "exec", &host.netns, "sysctl", "-qw", "net.ipv4.ip_forward=1"],
        );
        self.hosts.push(host);
    }

    /// Cuts or mends the cable of a host.
    pub fn cable(&self, number: u8, state: &str) {
        ip(&format!("-n {} link set p{number} {state}", self.tag));
    }

    /// A mesh on every host, each a peer of all others.
    pub fn meshed(&self) -> Vec<Mesh> {
        let meshes: Vec<Mesh> = self
            .hosts
            .iter()
            .map(|host| host.mesh(SecretKey::generate().unwrap()))
            .collect();
        for (at, mesh) in meshes.iter().enumerate() {
            let others = self
                .hosts
                .iter()
                .zip(&meshes)
                .enumerate()
                .filter(|(other, _)| *other != at);
            let peers = others.map(|(_, (host, mesh))| host.peer(mesh.public_keys())).collect();
            mesh.set_peers(peers).unwrap();
        }
        meshes
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for host in &self.hosts {
            ip(&format!("netns del {}", host.container));
            ip(&format!("netns del {}", host.netns));
        }
        ip(&format!("netns del {}", self.tag));
    }
}

impl Host {
    pub fn mesh(&self, secret: SecretKey) -> Mesh {
        let config = MeshConfig {
            link: "mesh0".into(),
            secret,
            port: PORT,
            address: Ipv4Addr::new(10, 77, self.number, 1),
            range: RANGE.parse().unwrap(),
            mtu: mesh_mtu(1500, true),
        };
        inside(&self.netns, || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(Mesh::start(config)).unwrap()
        })
    }

    pub fn peer(&self, keys: Vec<PublicKey>) -> Peer {
        Peer {
            name: format!("host{}", self.number),
            keys,
            endpoint: Some(SocketAddr::from((self.outer, PORT))),
            networks: vec![format!("10.77.{}.0/24", self.number).parse().unwrap()],
            keepalive: None,
        }
    }

    /// Whether the container reaches an address; it tries for 20 seconds.
    pub fn reaches(&self, to: &str) -> bool {
        ping(&self.container, &["-c", "1", "-W", "20", "-w", "20", to])
    }
}

/// Whether a ping from a namespace is answered.
pub fn ping(netns: &str, arguments: &[&str]) -> bool {
    let all: Vec<&str> = ["netns", "exec", netns, "ping", "-q"]
        .iter()
        .chain(arguments)
        .copied()
        .collect();
    Command::new("ip")
        .args(all)
        .stdout(Stdio::null())
        .status()
        .unwrap()
        .success()
}

/// Runs `work` in a thread inside the namespace. What it opens stays inside.
pub fn inside<T: Send>(netns: &str, work: impl FnOnce() -> T + Send) -> T {
    let path = PathBuf::from("/run/netns").join(netns);
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            setns(File::open(path).unwrap(), CloneFlags::CLONE_NEWNET).unwrap();
            work()
        });
        thread.join().unwrap()
    })
}

/// Waits until something is so; a busy machine gets a minute.
pub fn until(what: &str, mut so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !so() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what} did not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub fn ip(arguments: &str) {
    run("ip", &arguments.split(' ').collect::<Vec<_>>());
}

pub fn run(program: &str, arguments: &[&str]) -> Output {
    let output = Command::new(program).args(arguments).output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {message}");
    output
}

/// Sends bytes over TCP from one namespace to a container, and checks that they came back as they were.
pub fn echo(from: &str, to: &str, address: Ipv4Addr, count: usize) {
    let listener = inside(to, || TcpListener::bind((address, 0)).unwrap());
    let port = listener.local_addr().unwrap().port();
    let sent: Vec<u8> = (0..count)
        .map(|i| u8::try_from((i * 7 + i / 256) % 251).unwrap())
        .collect();
    let expected = sent.clone();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut back = stream.try_clone().unwrap();
        std::io::copy(&mut stream, &mut back).unwrap();
    });
    let stream = inside(from, || TcpStream::connect((address, port)).unwrap());
    let mut writer = stream.try_clone().unwrap();
    let writing = std::thread::spawn(move || {
        writer.write_all(&sent).unwrap();
        writer.shutdown(std::net::Shutdown::Write).unwrap();
    });
    let mut got = Vec::new();
    (&stream).read_to_end(&mut got).unwrap();
    writing.join().unwrap();
    server.join().unwrap();
    assert!(got == expected, "{} of {count} bytes came back", got.len());
}
