//! Published ports: from the host, from outside, over TCP and UDP, and what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::time::Duration;

use common::{Bench, Outside, inside};
use sidecar_network::{NetworkError, PublishedPort};

const PATIENCE: Duration = Duration::from_secs(5);
const NO_ANSWER: Duration = Duration::from_millis(300);
const ANY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn port(host_ip: IpAddr, host_port: Option<u16>, container_port: u16, udp: bool) -> PublishedPort {
    PublishedPort {
        host_ip,
        host_port,
        container_port,
        udp,
    }
}

/// Answers every connection in the namespace with `name`, for as long as the test runs.
fn greet(netns: &Path, port: u16, name: &'static str) {
    let listener = inside(netns, || TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = stream.unwrap().write_all(name.as_bytes());
        }
    });
}

fn echo(netns: &Path, port: u16) {
    let socket = inside(netns, || UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).unwrap());
    std::thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let _ = socket.send_to(&buffer[..length], from);
        }
    });
}

fn hear(at: (IpAddr, u16), wait: Duration) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&SocketAddr::from(at), wait)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

fn call(socket: &UdpSocket, at: (IpAddr, u16)) -> std::io::Result<String> {
    socket.set_read_timeout(Some(Duration::from_secs(2)))?;
    socket.send_to(b"ping", at)?;
    let mut buffer = [0; 100];
    let (length, from) = socket.recv_from(&mut buffer)?;
    assert_eq!(from, SocketAddr::from(at));
    Ok(String::from_utf8_lossy(&buffer[..length]).into_owned())
}

fn here() -> UdpSocket {
    UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn reached_from_everywhere_it_should() {
    let bench = Bench::new("10.203.0.0/16").await;
    let outside = Outside::new("np0");
    let web = bench.attach("shop", "web").await;
    let peer = bench.attach("shop", "peer").await;
    let stranger = bench.attach("bank", "stranger").await;
    greet(&web.netns, 80, "web");
    echo(&web.netns, 53);
    let ports = [
        port(ANY, None, 80, false),
        port(LOOPBACK, None, 80, false),
        port(ANY, None, 53, true),
        port("::1".parse().unwrap(), None, 80, false),
    ];
    let published = bench.net.publish("web", &ports).await.unwrap();
    let numbers: Vec<u16> = published.iter().map(|port| port.host_port.unwrap()).collect();
    assert_eq!(bench.net.published("web").await, published);
    let host = IpAddr::V4(outside.host);

    for ip in [LOOPBACK, host, IpAddr::V4(web.gateway)] {
        assert_eq!(hear((ip, numbers[0]), PATIENCE).unwrap(), "web", "{ip}");
        assert_eq!(call(&here(), (ip, numbers[2])).unwrap(), "ping", "{ip}");
    }
    assert_eq!(hear((LOOPBACK, numbers[1]), PATIENCE).unwrap(), "web");
    assert_eq!(hear(("::1".parse().unwrap(), numbers[3]), PATIENCE).unwrap(), "web");
    // From another machine: what is published on all addresses, and not the loopback's.
    inside(&outside.netns, || {
        assert_eq!(hear((host, numbers[0]), PATIENCE).unwrap(), "web");
        assert_eq!(call(&here(), (host, numbers[2])).unwrap(), "ping");
        assert!(hear((host, numbers[1]), NO_ANSWER).is_err());
        // Nor the container itself, though a route to it could be added.
        assert!(hear((IpAddr::V4(web.address), 80), NO_ANSWER).is_err());
    });
    // A neighbour and the container itself may call the published port; another deployment may not.
    for netns in [&peer.netns, &web.netns] {
        assert_eq!(inside(netns, || hear((host, numbers[0]), PATIENCE)).unwrap(), "web");
    }
    assert!(inside(&stranger.netns, || hear((host, numbers[0]), NO_ANSWER)).is_err());

    bench.net.detach("web").await.unwrap();
    assert!(hear((LOOPBACK, numbers[0]), NO_ANSWER).is_err());
    bench.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_refused_before_anything_changes() {
    let bench = Bench::new("10.204.0.0/16").await;
    bench.attach("shop", "web").await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let number = taken.local_addr().unwrap().port();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let wanted = [port(ANY, Some(free), 81, false), port(ANY, Some(number), 80, false)];
    let error = bench.net.publish("web", &wanted).await.unwrap_err();
    assert_eq!(error.code(), "port-in-use");
    let text = error.to_string();
    assert!(
        text.contains(&number.to_string()) && text.contains(&format!("process {}", std::process::id())),
        "{text}"
    );
    assert_eq!(bench.net.published("web").await, []);
    // The port that was free is free again.
    TcpListener::bind(("127.0.0.1", free)).unwrap();

    // UDP is a matter of its own.
    bench
        .net
        .publish("web", &[port(ANY, Some(number), 80, true)])
        .await
        .unwrap();
    let error = bench
        .net
        .publish("web", &[port(LOOPBACK, Some(number), 80, true)])
        .await
        .unwrap_err();
    assert_eq!(error.code(), "port-in-use");
    let error = bench
        .net
        .publish("web", &[port("192.0.2.77".parse().unwrap(), None, 80, false)])
        .await
        .unwrap_err();
    assert_eq!(error.code(), "host-address-unknown");
    let error = bench
        .net
        .publish("nobody", &[port(ANY, None, 80, false)])
        .await
        .unwrap_err();
    assert!(matches!(error, NetworkError::NotAttached(_)));
    bench.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_udp_client_that_keeps_its_port_meets_the_next_container() {
    let bench = Bench::new("10.205.0.0/16").await;
    let first = bench.attach("shop", "first").await;
    echo(&first.netns, 53);
    let number = bench.net.publish("first", &[port(ANY, None, 53, true)]).await.unwrap()[0].host_port;
    let client = here();
    let at = (LOOPBACK, number.unwrap());
    assert_eq!(call(&client, at).unwrap(), "ping");
    let second = bench.attach("shop", "second").await;
    echo(&second.netns, 53);
    bench.net.detach("first").await.unwrap();
    bench
        .net
        .publish("second", &[port(ANY, number, 53, true)])
        .await
        .unwrap();
    assert_eq!(call(&client, at).unwrap(), "ping");
    bench.finish().await;
}
