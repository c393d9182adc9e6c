//! Helpers of the network tests. They need root, as the engine does.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::fs::File;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::Duration;

use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use nix::sched::{CloneFlags, setns};
use sidecar_network::{Attachment, NetworkConfig, NetworkManager};

/// A manager over a directory of its own.
pub struct Bench {
    pub dir: tempfile::TempDir,
    pub net: NetworkManager,
}

impl Bench {
    pub async fn new(pool: &'static str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let net = open(dir.path(), pool).await;
        Self { dir, net }
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

/// Another machine: a namespace joined to this one by a veth pair.
pub struct Outside {
    pub netns: PathBuf,
    pub host: Ipv4Addr,
    pub address: Ipv4Addr,
    name: String,
}

impl Outside {
    /// `name` is unique among the tests, and at most 12 characters.
    pub fn new(name: &str) -> Self {
        let digit = name.bytes().last().unwrap();
        let (host, address) = (Ipv4Addr::new(198, 18, digit, 1), Ipv4Addr::new(198, 18, digit, 2));
        ip(&format!("netns add {name}"));
        ip(&format!("link add {name} up type veth peer name eth0 netns {name}"));
        ip(&format!("addr add {host}/24 dev {name}"));
        ip(&format!("-n {name} addr add {address}/24 dev eth0"));
        ip(&format!("-n {name} link set eth0 up"));
        ip(&format!("-n {name} link set lo up"));
        // So that it has a way to the containers, which it must not be able to use.
        ip(&format!("-n {name} route add 10.0.0.0/8 via {host}"));
        Self {
            netns: Path::new("/run/netns").join(name),
            host,
            address,
            name: name.to_owned(),
        }
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        ip(&format!("link del {}", self.name));
        ip(&format!("netns del {}", self.name));
    }
}

fn ip(arguments: &str) {
    let status = std::process::Command::new("ip")
        .args(arguments.split(' '))
        .status()
        .unwrap();
    assert!(status.success(), "ip {arguments}");
}

pub struct Answer {
    pub code: ResponseCode,
    pub addresses: Vec<Ipv4Addr>,
    pub longest_ttl: u32,
    pub truncated: bool,
}

pub fn message(name: &str, kind: RecordType) -> Message {
    let mut message = Message::new();
    let name = name.trim_end_matches('.').to_owned() + ".";
    message
        .set_id(4711)
        .set_recursion_desired(true)
        .add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    message
}

/// Asks a name server from inside a namespace, over UDP.
pub fn query(netns: &Path, server: Ipv4Addr, name: &str, kind: RecordType) -> std::io::Result<Answer> {
    let socket = inside(netns, || UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap());
    socket.set_read_timeout(Some(Duration::from_secs(1)))?;
    socket.send_to(&message(name, kind).to_vec().unwrap(), (server, 53))?;
    let mut buffer = [0; 4096];
    let length = socket.recv(&mut buffer)?;
    let answer = Message::from_vec(&buffer[..length]).unwrap();
    assert_eq!(answer.id(), 4711);
    let addresses = answer.answers().iter().filter_map(|record| match record.data() {
        RData::A(address) => Some(address.0),
        _ => None,
    });
    Ok(Answer {
        code: answer.response_code(),
        addresses: addresses.collect(),
        longest_ttl: answer.answers().iter().map(|record| record.ttl()).max().unwrap_or(0),
        truncated: answer.truncated(),
    })
}

pub fn ask(netns: &Path, server: Ipv4Addr, name: &str, kind: RecordType) -> Answer {
    query(netns, server, name, kind).unwrap()
}
