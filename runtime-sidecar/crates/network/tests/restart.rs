//! A new manager finds what the last one made, and keeps only what it is told to.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use common::{ask, inside, open};
use sidecar_network::{NetworkManager, PublishedPort};

const POOL: &str = "10.206.0.0/16";

/// A life of the engine: the end of its runtime takes its sockets and tasks along, as the end of a process does.
fn life<T>(work: impl AsyncFnOnce() -> T) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let result = runtime.block_on(work());
    runtime.shutdown_timeout(Duration::from_secs(5));
    result
}

fn hear(port: u16) -> std::io::Result<String> {
    let mut text = String::new();
    TcpStream::connect(("127.0.0.1", port))?.read_to_string(&mut text)?;
    Ok(text)
}

async fn attach(net: &NetworkManager, deployment: &str, container: &str) -> sidecar_network::Attachment {
    net.attach(deployment, container, &BTreeMap::new()).await.unwrap()
}

#[test]
fn all_is_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let (before, published) = life(async || {
        let net = open(dir.path(), POOL).await;
        let web = attach(&net, "shop", "web").await;
        attach(&net, "bank", "vault").await;
        let port = PublishedPort {
            host_ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            host_port: None,
            container_port: 80,
            udp: false,
        };
        let published = net.publish("web", &[port]).await.unwrap();
        net.set_names("shop", "web", &[(1, web.address)]).await;
        net.set_names("bank", "vault", &[(1, web.address)]).await;
        // Its containers were gone before the engine ended.
        net.set_names("gone", "web", &[(1, web.address)]).await;
        (web, published)
    });
    let listener = inside(&before.netns, || TcpListener::bind("0.0.0.0:80").unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = stream.unwrap().write_all(b"web");
        }
    });
    let port = published[0].host_port.unwrap();
    // The published port works while no engine is there.
    assert_eq!(hear(port).unwrap(), "web");

    life(async || {
        let net = open(dir.path(), POOL).await;
        assert_eq!(net.attachment("web").await.unwrap(), before);
        assert_eq!(net.published("web").await, published);
        assert_eq!(hear(port).unwrap(), "web");
        let answer = ask(&before.netns, before.gateway, "web", hickory_proto::rr::RecordType::A);
        assert_eq!(answer.addresses, [before.address]);
        // The port is held again.
        assert!(TcpListener::bind(("127.0.0.1", port)).is_err());
        // New containers get other addresses.
        let next = attach(&net, "shop", "next").await;
        assert_ne!(next.address, before.address);
        assert_eq!(next.gateway, before.gateway);

        net.retain(&["web".to_owned()]).await.unwrap();
        assert!(net.attachment("web").await.is_some());
        assert!(net.attachment("next").await.is_none() && net.attachment("vault").await.is_none());
        assert_eq!(hear(port).unwrap(), "web");
        let names = std::fs::read_dir(dir.path().join("names")).unwrap();
        let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names.len(), 1, "only those of shop: {names:?}");
        net.remove_deployment("shop").await.unwrap();
        assert!(net.attachment("web").await.is_none());
    });
    life(async || {
        let net = open(dir.path(), POOL).await;
        assert!(net.attachment("web").await.is_none());
    });
    assert_eq!(std::fs::read_dir(dir.path().join("names")).unwrap().count(), 0);
    assert_eq!(std::fs::read_dir(dir.path().join("netns")).unwrap().count(), 0);
    assert_eq!(std::fs::read_dir(dir.path().join("deployments")).unwrap().count(), 0);
}

#[test]
fn what_a_crash_left_half_made_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    let web = life(async || attach(&open(dir.path(), POOL).await, "shop", "web").await);
    // As if the crash had come before the record was written, and as if the disk had been full.
    std::fs::remove_file(dir.path().join("attachments/web.json")).unwrap();
    std::fs::write(dir.path().join("attachments/other.json"), "").unwrap();
    life(async || {
        let net = open(dir.path(), POOL).await;
        assert!(net.attachment("web").await.is_none());
        assert!(!web.netns.exists());
        attach(&net, "shop", "web").await;
        net.retain(&[]).await.unwrap();
    });
}
