//! The same tunnel with another implementation at the other end: wireguard-go, from `scripts/wireguard-go.mjs`.
#![allow(clippy::unwrap_used)]

mod common;

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use boringtun::x25519::{PublicKey, StaticSecret};
use common::{Lab, PORT, ip, ping, until};
use sidecar_mesh::SecretKey;

/// A running wireguard-go, with the link of its name.
struct Other {
    process: Child,
    socket: PathBuf,
}

impl Other {
    fn start(netns: &str, link: &str) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../scripts/wireguard-go.mjs");
        let output = Command::new("node").arg(script).output().unwrap();
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{message}");
        let binary = String::from_utf8(output.stdout).unwrap();
        let process = Command::new("ip")
            .args(["netns", "exec", netns, binary.trim(), "-f", link])
            .env("LOG_LEVEL", "error")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let socket = PathBuf::from(format!("/var/run/wireguard/{link}.sock"));
        let other = Self { process, socket };
        until("wireguard-go", || UnixStream::connect(&other.socket).is_ok());
        other
    }

    fn set(&self, text: &str) {
        let mut stream = UnixStream::connect(&self.socket).unwrap();
        stream.write_all(format!("set=1\n{text}\n").as_bytes()).unwrap();
        let mut answer = [0; 64];
        let length = stream.read(&mut answer).unwrap();
        assert!(answer[..length].starts_with(b"errno=0"), "{text}");
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_file(&self.socket);
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[test]
fn wireguard_go_is_a_peer_like_any_other_whoever_calls_first() {
    for they_call in [false, true] {
        let lab = Lab::new(2);
        let (one, two) = (&lab.hosts[0], &lab.hosts[1]);
        let mesh = one.mesh(SecretKey::generate().unwrap());
        let link = format!("zi{}{}", std::process::id() % 100_000, u8::from(they_call));
        let other = Other::start(&two.netns, &link);
        let secret = StaticSecret::from([7; 32]);
        other.set(&format!(
            "private_key={}\nlisten_port={PORT}\npublic_key={}\nendpoint={}:{PORT}\nallowed_ip=10.77.1.0/24\n",
            hex(secret.as_bytes()),
            hex(mesh.public_keys()[0].as_bytes()),
            one.outer
        ));
        ip(&format!("-n {} link set {link} mtu 1420 up", two.netns));
        ip(&format!("-n {} route add 10.77.0.0/16 dev {link}", two.netns));
        let mut peer = two.peer(vec![PublicKey::from(&secret).to_bytes().into()]);
        if they_call {
            peer.endpoint = None;
        }
        mesh.set_peer(peer).unwrap();
        if they_call {
            assert!(two.reaches("10.77.1.2"));
        }
        assert!(one.reaches("10.77.2.2") && two.reaches("10.77.1.2"));
        // Packets of all sizes, some of which leave together.
        for size in ["0", "1", "55", "700", "1392"] {
            let sent = [
                "-c",
                "50",
                "-i",
                "0.002",
                "-w",
                "20",
                "-M",
                "do",
                "-s",
                size,
                "10.77.2.2",
            ];
            assert!(ping(&one.container, &sent), "{size}");
        }
        assert!(mesh.status()[0].handshake_seconds.is_some());
        common::echo(&one.container, &two.container, [10, 77, 2, 2].into(), 5_000_000);
        common::echo(&two.container, &one.container, [10, 77, 1, 2].into(), 5_000_000);
    }
}
