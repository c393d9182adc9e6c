//! Three hosts, fully meshed, each with a container behind its bridge.
#![allow(clippy::unwrap_used)]

mod common;

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::{Command, Stdio};
use std::time::Duration;

use boringtun::noise::{Tunn, TunnResult};
use boringtun::x25519::{PublicKey, StaticSecret};
use common::{Lab, PORT, echo, inside, ip, ping, until};
use sidecar_mesh::SecretKey;

#[test]
fn containers_reach_each_other_by_ping_and_tcp_with_large_transfers_intact() {
    let lab = Lab::new(3);
    let meshes = lab.meshed();
    for from in &lab.hosts {
        for to in lab.hosts.iter().filter(|to| to.number != from.number) {
            assert!(from.reaches(&format!("10.77.{}.2", to.number)));
        }
    }
    // The largest packet that may not be divided, and one byte more.
    assert!(ping(
        &lab.hosts[0].container,
        &["-c", "1", "-W", "5", "-M", "do", "-s", "1392", "10.77.2.2"]
    ));
    assert!(!ping(
        &lab.hosts[0].container,
        &["-c", "1", "-W", "1", "-M", "do", "-s", "1393", "10.77.2.2"]
    ));
    echo(
        &lab.hosts[0].container,
        &lab.hosts[1].container,
        Ipv4Addr::new(10, 77, 2, 2),
        20_000_000,
    );
    echo(
        &lab.hosts[2].netns,
        &lab.hosts[1].container,
        Ipv4Addr::new(10, 77, 2, 2),
        1_000_000,
    );
    let status = meshes[0].status();
    assert_eq!(status.len(), 2);
    let second = &status[0];
    assert!(second.handshake_seconds.is_some() && second.loss < 0.5, "{second:?}");
    assert!(
        second.sent_bytes > 20_000_000 && second.received_bytes > 20_000_000,
        "{second:?}"
    );
    // An address that no node has.
    assert!(!ping(&lab.hosts[0].container, &["-c", "1", "-W", "1", "10.77.99.2"]));
    assert!(meshes[0].dropped().no_peer >= 1);
}

#[test]
fn a_cut_link_comes_back_and_a_host_with_another_address_is_found() {
    let lab = Lab::new(2);
    let _meshes = lab.meshed();
    let (one, two) = (&lab.hosts[0], &lab.hosts[1]);
    assert!(one.reaches("10.77.2.2"));
    lab.cable(2, "down");
    assert!(!ping(&one.container, &["-c", "1", "-W", "1", "10.77.2.2"]));
    lab.cable(2, "up");
    until("an answer after the cut", || {
        ping(&one.container, &["-c", "1", "-W", "1", "10.77.2.2"])
    });
    // The second host moves; the first learns it from its next packet.
    ip(&format!("-n {} addr del 192.168.77.2/24 dev eth0", two.netns));
    ip(&format!("-n {} addr add 192.168.77.222/24 dev eth0", two.netns));
    assert!(two.reaches("10.77.1.2"));
    assert!(one.reaches("10.77.2.2"));
    let status = _meshes[0].status();
    assert_eq!(status[0].endpoint, Some(SocketAddr::from(([192, 168, 77, 222], PORT))));
}

#[test]
fn keys_change_under_a_flood_without_a_lost_packet() {
    let lab = Lab::new(2);
    let meshes = lab.meshed();
    let (one, two) = (&lab.hosts[0], &lab.hosts[1]);
    assert!(one.reaches("10.77.2.2"));
    let flood = Command::new("ip")
        .args([
            "netns",
            "exec",
            &one.container,
            "ping",
            "-q",
            "-i",
            "0.002",
            "-c",
            "2500",
            "10.77.2.2",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    for round in 0..3 {
        // The second host's first, then the first host's, and so on.
        let (at, other) = (usize::from(round % 2 == 0), usize::from(round % 2 != 0));
        let secret = SecretKey::generate().unwrap();
        let old = meshes[at].public_keys()[0];
        meshes[other]
            .set_peer(lab.hosts[at].peer(vec![secret.public(), old]))
            .unwrap();
        let new = secret.public();
        meshes[at].rotate_key(secret).unwrap();
        until("a session with the new key", || {
            meshes[other].status()[0].key == new && meshes.iter().all(sidecar_mesh::Mesh::is_rotated)
        });
        meshes[at].retire_old_key().unwrap();
        meshes[other].set_peer(lab.hosts[at].peer(vec![new])).unwrap();
        assert_eq!(meshes[at].public_keys(), [new]);
    }
    let output = flood.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("2500 packets transmitted, 2500 received"), "{text}");
    assert!(two.reaches("10.77.1.2"));
}

#[test]
fn a_removed_peer_is_no_longer_heard_and_a_forged_sender_is_dropped() {
    let lab = Lab::new(2);
    let meshes = lab.meshed();
    let (one, two) = (&lab.hosts[0], &lab.hosts[1]);
    assert!(one.reaches("10.77.2.2"));
    // The second host sends as if it were a third.
    ip(&format!("-n {} addr add 10.77.3.9/32 dev br0", two.netns));
    assert!(!ping(
        &two.netns,
        &["-c", "1", "-W", "1", "-I", "10.77.3.9", "10.77.1.2"]
    ));
    until("the drop", || meshes[0].dropped().forged_source >= 1);
    meshes[0].remove_peer("host2").unwrap();
    assert!(!ping(&two.container, &["-c", "1", "-W", "1", "10.77.1.2"]));
    assert!(meshes[0].status().is_empty());
}

#[test]
fn garbage_and_replayed_packets_do_no_harm() {
    let lab = Lab::new(3);
    let meshes = lab.meshed();
    let (one, two) = (&lab.hosts[0], &lab.hosts[1]);
    assert!(one.reaches("10.77.2.2"));
    let to = SocketAddr::from((two.outer, PORT));
    let stranger = inside(&lab.hosts[2].container, || UdpSocket::bind("0.0.0.0:0").unwrap());
    let mut seed = 7_u32;
    for number in 0..20_000_usize {
        let length = [0, 1, 31, 32, 64, 92, 148, 1400][number % 8];
        let mut bytes: Vec<u8> = (0..length)
            .map(|_| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                seed.to_be_bytes()[0]
            })
            .collect();
        if let [first, second, third, fourth, ..] = bytes.as_mut_slice() {
            (*first, *second, *third, *fourth) = (u8::try_from(number / 8 % 5).unwrap(), 0, 0, 0);
        }
        let _ = stranger.send_to(&bytes, to);
    }
    until("the refusals", || meshes[1].dropped().unauthentic > 1000);
    assert!(one.reaches("10.77.2.2"));
    let endpoint = meshes[1].status()[0].endpoint;
    assert_eq!(
        endpoint,
        Some(SocketAddr::from((one.outer, PORT))),
        "a stranger moved it"
    );

    // What came over the wire, once more, from somewhere else.
    let wire = inside(&two.netns, Wire::open);
    let before = meshes[1].dropped().unauthentic;
    let received = || meshes[1].status()[0].received_bytes;
    assert!(one.reaches("10.77.2.2"));
    let recorded = wire.datagrams();
    let count = received();
    assert!(!recorded.is_empty());
    for datagram in &recorded {
        stranger.send_to(datagram, to).unwrap();
    }
    until("the refusal of what was replayed", || {
        meshes[1].dropped().unauthentic > before
    });
    assert_eq!(received(), count);
    assert_eq!(meshes[1].status()[0].endpoint, endpoint, "a replay moved it");
    assert!(one.reaches("10.77.2.2"));
}

#[test]
fn a_flood_of_well_made_handshakes_is_asked_for_its_address_and_peers_are_answered_all_the_same() {
    let lab = Lab::new(3);
    let meshes = lab.meshed();
    let (one, two) = (&lab.hosts[0], &lab.hosts[1]);
    assert!(one.reaches("10.77.2.2"));
    // Who knows a node's public key can make the first packet of a handshake, which costs the node more than the sender.
    let victim = PublicKey::from(*meshes[1].public_keys()[0].as_bytes());
    let mut stranger = Tunn::new(StaticSecret::from([9; 32]), victim, None, None, 1, None);
    let socket = inside(&lab.hosts[2].netns, || UdpSocket::bind("0.0.0.0:0").unwrap());
    let mut buffer = [0; 256];
    for _ in 0..500 {
        if let TunnResult::WriteToNetwork(packet) = stranger.format_handshake_initiation(&mut buffer, true) {
            socket.send_to(packet, (two.outer, PORT)).unwrap();
        }
    }
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let length = socket.recv(&mut buffer).unwrap();
    assert_eq!((length, buffer[0]), (64, 3), "a cookie, and no handshake");
    assert!(one.reaches("10.77.2.2"));
    assert_eq!(meshes[1].status().len(), 2);
}

/// Sees the packets that a host receives.
struct Wire(std::os::fd::OwnedFd);

impl Wire {
    fn open() -> Self {
        use nix::sys::socket::{AddressFamily, SockFlag, SockProtocol, SockType, socket};
        let fd = socket(
            AddressFamily::Packet,
            SockType::Datagram,
            SockFlag::SOCK_NONBLOCK,
            SockProtocol::EthAll,
        );
        Self(fd.unwrap())
    }

    /// WireGuard's data that came to the port.
    fn datagrams(&self) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        let mut buffer = vec![0; 65_536];
        while let Ok(length) = nix::unistd::read(&self.0, &mut buffer) {
            let packet = &buffer[..length];
            let to_port = length > 60 && packet[9] == 17 && packet[22..24] == PORT.to_be_bytes();
            if to_port && packet[16..20] == [192, 168, 77, 2] && packet[28] == 4 {
                all.push(packet[28..].to_vec());
            }
        }
        all
    }
}
