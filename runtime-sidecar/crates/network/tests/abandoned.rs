//! What killed engines leave, and what must not be taken from those that live.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::Command;

use common::open;
use sidecar_network::{NetworkManager, PublishedPort};

/// Of each test its own: engines that start at the same moment may choose the same subnet.
const POOLS: [&str; 2] = ["10.219.0.0/16", "10.220.0.0/16"];

/// The tables whose comment names this directory, with the bridges in them.
fn tables(directory: &Path) -> Vec<(String, Vec<String>)> {
    let nft = |args: &[&str]| {
        let output = Command::new("nft").args(args).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let names = nft(&["list", "tables", "ip"]);
    let names = names.lines().filter_map(|line| line.strip_prefix("table ip zlayer_"));
    names
        .map(|tag| (tag.to_owned(), nft(&["list", "table", "ip", &format!("zlayer_{tag}")])))
        .filter(|(_, text)| text.contains(&format!("comment \"{}\"", directory.display())))
        .map(|(tag, text)| {
            let mut bridges: Vec<_> = text
                .split('"')
                .filter(|word| word.starts_with("zl-"))
                .map(str::to_owned)
                .collect();
            bridges.sort();
            bridges.dedup();
            (tag, bridges)
        })
        .collect()
}

fn exists(bridge: &str) -> bool {
    Path::new("/sys/class/net").join(bridge).exists()
}

/// An engine that published a port of a container, and has ended. Its directory is returned.
fn ended(dir: &tempfile::TempDir, name: &str, pool: &'static str) -> PathBuf {
    let path = dir.path().join(name);
    std::fs::create_dir(&path).unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let net = open(&path, pool).await;
        publish(&net).await;
    });
    path.canonicalize().unwrap()
}

async fn publish(net: &NetworkManager) {
    net.attach("shop", "web", &BTreeMap::new()).await.unwrap();
    let port = PublishedPort {
        host_ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        host_port: None,
        container_port: 80,
        udp: false,
    };
    net.publish("web", &[port]).await.unwrap();
}

/// As when the machine, or who tidied up, ended the container and removed the engine's directory.
fn destroy(path: &Path) {
    nix::mount::umount2(&path.join("netns/web"), nix::mount::MntFlags::MNT_DETACH).unwrap();
    std::fs::remove_dir_all(path).unwrap();
}

/// Waits until the kernel has taken the link of a container that is gone from its bridge.
fn becomes_free(bridge: &str) {
    let ports = format!("/sys/class/net/{bridge}/brif");
    for _ in 0..1000 {
        // An engine of another test may have removed it by now.
        if std::fs::read_dir(&ports).map_or(true, |mut ports| ports.next().is_none()) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("{bridge} keeps its ports");
}

/// At once, unless an engine of another test is about it at the same moment.
fn becomes_gone(directory: &Path, bridge: &str) {
    for _ in 0..1000 {
        if tables(directory).is_empty() && !exists(bridge) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("{bridge} and its table stay");
}

fn start_another(dir: &tempfile::TempDir, name: &str) {
    let path = dir.path().join(name);
    std::fs::create_dir_all(&path).unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(open(&path, POOLS[0]));
}

#[test]
fn the_network_of_an_engine_that_is_gone_is_removed_by_the_next_of_any_directory() {
    let dir = tempfile::tempdir().unwrap();
    let gone = ended(&dir, "gone", POOLS[0]);
    let (_, bridges) = tables(&gone).remove(0);
    assert_eq!(bridges.len(), 1);
    // While its directory is there it may come back.
    start_another(&dir, "other");
    assert_eq!(tables(&gone).len(), 1);

    destroy(&gone);
    becomes_free(&bridges[0]);
    start_another(&dir, "other");
    becomes_gone(&gone, &bridges[0]);
}

#[test]
fn what_lives_is_left_alone_wherever_its_directory_is() {
    let dir = tempfile::tempdir().unwrap();
    // A container goes on, in a mount namespace that this one does not see.
    let path = ended(&dir, "container", POOLS[1]);
    let netns = std::fs::File::open(path.join("netns/web")).unwrap();
    destroy(&path);
    let (_, bridges) = tables(&path).remove(0);
    start_another(&dir, "other");
    assert!(tables(&path).len() == 1 && exists(&bridges[0]));
    drop(netns);
    becomes_free(&bridges[0]);

    // An engine goes on.
    let engine = dir.path().join("engine");
    std::fs::create_dir(&engine).unwrap();
    let engine = engine.canonicalize().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let net = runtime.block_on(async {
        let net = open(&engine, POOLS[1]).await;
        publish(&net).await;
        net
    });
    let (_, lives) = tables(&engine).remove(0);
    destroy(&engine);
    becomes_free(&lives[0]);
    start_another(&dir, "other");
    assert!(tables(&engine).len() == 1 && exists(&lives[0]));
    // The one before had nobody any more.
    becomes_gone(&path, &bridges[0]);

    drop(net);
    drop(runtime);
    start_another(&dir, "other");
    becomes_gone(&engine, &lives[0]);
}
