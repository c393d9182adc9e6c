//! Containers get a network, reach whom they should, and leave nothing.

mod common;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use common::{Bench, inside};

const PATIENCE: Duration = Duration::from_secs(5);
/// For what must not get through: a packet that is dropped gives no answer.
const NO_ANSWER: Duration = Duration::from_millis(300);

/// Connects from one namespace to a listener in another and says what the other end heard.
fn say(from: &Path, to: &Path, at: std::net::Ipv4Addr, wait: Duration) -> std::io::Result<String> {
    let listener = inside(to, || TcpListener::bind((at, 0)).unwrap());
    let port = listener.local_addr().unwrap().port();
    let mut stream = inside(from, || TcpStream::connect_timeout(&SocketAddr::from((at, port)), wait))?;
    stream.write_all(b"hello")?;
    drop(stream);
    let mut heard = String::new();
    listener.accept()?.0.read_to_string(&mut heard)?;
    Ok(heard)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_deployment_talks_and_two_do_not() {
    let bench = Bench::new("10.201.0.0/16").await;
    let a = bench.attach("shop", "a").await;
    let b = bench.attach("shop", "b").await;
    let stranger = bench.attach("bank", "c").await;
    assert_eq!(a.gateway, b.gateway);
    assert_eq!(a.search_domain, "shop");
    assert_ne!(stranger.gateway, a.gateway);

    assert_eq!(say(&a.netns, &b.netns, b.address, PATIENCE).unwrap(), "hello");
    assert!(say(&stranger.netns, &b.netns, b.address, NO_ANSWER).is_err());
    assert!(say(&a.netns, &stranger.netns, stranger.address, NO_ANSWER).is_err());
    // The host reaches both; neither reaches the host's loopback by the routed way.
    for container in [&a, &stranger] {
        assert_eq!(
            say(
                Path::new("/proc/self/ns/net"),
                &container.netns,
                container.address,
                PATIENCE
            )
            .unwrap(),
            "hello"
        );
    }
    // Inside, both kinds of loopback work.
    inside(&a.netns, || {
        TcpListener::bind("127.0.0.1:0")
            .and_then(|_| TcpListener::bind("[::1]:0"))
            .unwrap()
    });
    bench.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_at_once_leave_nothing() {
    let bench = Bench::new("10.202.0.0/16").await;
    let started = std::time::Instant::now();
    let attaching: Vec<_> = (0..50)
        .map(|number| {
            let net = bench.net.clone();
            tokio::spawn(async move {
                net.attach("many", &format!("c{number}"), &BTreeMap::new())
                    .await
                    .unwrap()
            })
        })
        .collect();
    let mut addresses = std::collections::BTreeSet::new();
    for task in attaching {
        addresses.insert(task.await.unwrap().address);
    }
    println!("50 attached in {:?}", started.elapsed());
    let made = ports_of_the_bridge_with(*addresses.first().unwrap());
    assert_eq!(made.len(), 50);
    assert_eq!(addresses.len(), 50);
    let started = std::time::Instant::now();
    let detaching: Vec<_> = (0..50)
        .map(|number| {
            let net = bench.net.clone();
            tokio::spawn(async move { net.detach(&format!("c{number}")).await.unwrap() })
        })
        .collect();
    for task in detaching {
        task.await.unwrap();
    }
    println!("50 detached in {:?}", started.elapsed());
    bench.net.remove_deployment("many").await.unwrap();
    assert_eq!(std::fs::read_dir(bench.dir.path().join("netns")).unwrap().count(), 0);
    assert_eq!(
        std::fs::read_dir(bench.dir.path().join("attachments")).unwrap().count(),
        0
    );
    assert!(
        made.iter().all(|link| !Path::new("/sys/class/net").join(link).exists()),
        "links are left"
    );
    let rules = std::process::Command::new("nft")
        .args(["list", "ruleset"])
        .output()
        .unwrap();
    assert!(!String::from_utf8_lossy(&rules.stdout).contains("10.202."));
    let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap();
    assert!(!mounts.contains(&*bench.dir.path().to_string_lossy()));
}

/// The names of the links that are ports of the bridge whose subnet has this address.
fn ports_of_the_bridge_with(address: std::net::Ipv4Addr) -> Vec<String> {
    let route = std::process::Command::new("ip")
        .args(["-o", "route", "get", &address.to_string()])
        .output()
        .unwrap();
    let route = String::from_utf8(route.stdout).unwrap();
    let bridge = route.split(' ').skip_while(|word| *word != "dev").nth(1).unwrap();
    let ports = std::fs::read_dir(format!("/sys/class/net/{bridge}/brif")).unwrap();
    ports
        .map(|port| port.unwrap().file_name().into_string().unwrap())
        .collect()
}
