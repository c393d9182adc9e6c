//! Containers get a network, reach whom they should, and leave nothing.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use common::{Bench, Outside, inside, open};

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

#[tokio::test(flavor = "multi_thread")]
async fn the_outside_is_reached_under_the_address_of_the_host() {
    let bench = Bench::new("10.209.0.0/16").await;
    let outside = Outside::new("na1");
    let web = bench.attach("shop", "web").await;
    let listener = inside(&outside.netns, || TcpListener::bind((outside.address, 0)).unwrap());
    let at = listener.local_addr().unwrap();
    let mut stream = inside(&web.netns, || TcpStream::connect_timeout(&at, PATIENCE)).unwrap();
    stream.write_all(b"hello").unwrap();
    drop(stream);
    let (mut heard, from) = listener.accept().unwrap();
    assert_eq!(from.ip(), outside.host);
    let mut text = String::new();
    heard.read_to_string(&mut text).unwrap();
    assert_eq!(text, "hello");
    bench.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_pool_is_used_to_its_last_address_and_given_back() {
    // Four subnets would be needed for more than two containers: each has a gateway and one other address.
    let bench = Bench::new("10.210.7.0/30").await;
    let first = bench.attach("shop", "first").await;
    let error = bench.net.attach("shop", "second", &BTreeMap::new()).await.unwrap_err();
    assert_eq!(error.code(), "address-pool-exhausted");
    let error = bench.net.attach("bank", "third", &BTreeMap::new()).await.unwrap_err();
    assert_eq!(error.code(), "address-pool-exhausted");
    assert!(
        error.to_string().contains("bank") && error.to_string().contains("10.210.7.0/30"),
        "{error}"
    );
    // What somebody else routes is not taken either.
    let other = tempfile::tempdir().unwrap();
    let error = open(other.path(), "10.210.7.0/30")
        .await
        .attach("shop", "a", &BTreeMap::new())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "address-pool-exhausted");
    bench.net.detach("first").await.unwrap();
    assert_eq!(bench.attach("shop", "second").await.address, first.address);
    bench.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_grows_over_several_subnets() {
    let bench = Bench::new("10.211.0.0/16").await;
    let mut places = Vec::new();
    for number in 0..260 {
        places.push(bench.attach("big", &format!("c{number}")).await);
    }
    let (first, last) = (&places[0], &places[259]);
    assert_ne!(first.gateway, last.gateway);
    assert_eq!(say(&first.netns, &last.netns, last.address, PATIENCE).unwrap(), "hello");
    bench.net.set_names("big", "last", &[(1, last.address)]).await;
    for place in [first, last] {
        let answer = common::ask(&place.netns, place.gateway, "last", hickory_proto::rr::RecordType::A);
        assert_eq!(answer.addresses, [last.address]);
    }
    bench.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sysctls_are_set_inside_or_nothing_is_left() {
    let bench = Bench::new("10.212.0.0/16").await;
    let sysctls = |key: &str, value: &str| BTreeMap::from([(key.to_owned(), value.to_owned())]);
    let path = "/proc/sys/net/ipv4/ip_default_ttl";
    let before = std::fs::read_to_string(path).unwrap();
    let web = bench
        .net
        .attach("shop", "web", &sysctls("net.ipv4.ip_default_ttl", "42"))
        .await
        .unwrap();
    assert_eq!(
        inside(&web.netns, || std::fs::read_to_string(path).unwrap()).trim(),
        "42"
    );
    assert_eq!(std::fs::read_to_string(path).unwrap(), before);

    let bad = [
        ("net.ipv4.nonsense", "1"),
        ("net.ipv4.ip_default_ttl", "many"),
        ("net...kernel.hostname", "x"),
        ("net./../kernel", "x"),
    ];
    for (key, value) in bad {
        let error = bench
            .net
            .attach("bank", "vault", &sysctls(key, value))
            .await
            .unwrap_err();
        assert_eq!(error.code(), "sysctl-not-permitted", "{key}");
        assert!(error.to_string().contains(key), "{error}");
    }
    assert_eq!(std::fs::read_dir(bench.dir.path().join("netns")).unwrap().count(), 1);
    assert_eq!(
        std::fs::read_dir(bench.dir.path().join("deployments")).unwrap().count(),
        1
    );
    bench.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_and_long_names() {
    let bench = Bench::new("10.213.0.0/16").await;
    let long = "x".repeat(300);
    for name in [
        "../../etc/passwd",
        "Ünïcode \u{1f600} app",
        ".hidden",
        "#hash",
        "a\nb",
        &long,
    ] {
        let place = bench.attach(name, name).await;
        assert!(
            place
                .netns
                .starts_with(bench.dir.path().canonicalize().unwrap().join("netns")),
            "{:?}",
            place.netns
        );
        assert!(!place.search_domain.is_empty() && place.search_domain.len() <= 63);
        assert_eq!(bench.net.attachment(name).await, Some(place));
        let again = bench.net.attach(name, name, &BTreeMap::new()).await.unwrap_err();
        assert_eq!(again.code(), "network-already-attached");
    }
    for name in ["", "a\0b"] {
        assert_eq!(
            bench.net.attach(name, "c", &BTreeMap::new()).await.unwrap_err().code(),
            "invalid-name"
        );
    }
    // Detaching twice, or what never was, is fine.
    bench.net.detach(&long).await.unwrap();
    bench.net.detach(&long).await.unwrap();
    bench.net.remove_deployment("never").await.unwrap();
    bench.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_attach_is_undone_by_detach() {
    let bench = Bench::new("10.214.0.0/16").await;
    let net = bench.net.clone();
    let attaching = tokio::spawn(async move { net.attach("shop", "web", &BTreeMap::new()).await });
    tokio::task::yield_now().await;
    attaching.abort();
    let _ = attaching.await;
    bench.net.detach("web").await.unwrap();
    assert_eq!(bench.net.attachment("web").await, None);
    bench.attach("shop", "web").await;
    bench.finish().await;
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
