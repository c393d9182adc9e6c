//! Whoever connects may be hostile: without a certificate, with a wrong one, or as a member that lies.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, PKCS_ED25519, SanType,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use sidecar_cluster::{Cluster, Limits, PeerOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::codec::{Framed, LengthDelimitedCodec};

use crate::fleet::{Fleet, LONG, eventually, options};
use crate::registers::write;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// The keys of a cluster, as a thief of a voter's disk has them, or as an own cluster of the attacker has.
struct Keys {
    cluster: String,
    authority: String,
    key: String,
}

impl Keys {
    fn of(fleet: &Fleet, name: &str) -> Self {
        let peers = fleet.home(name).join("peers");
        let text = std::fs::read_to_string(peers.join("identity.json")).unwrap();
        let identity: serde_json::Value = serde_json::from_str(&text).unwrap();
        Self {
            cluster: identity["cluster"].as_str().unwrap().into(),
            authority: identity["authority"].as_str().unwrap().into(),
            key: std::fs::read_to_string(peers.join("authority.key")).unwrap(),
        }
    }

    /// The same names with keys that the attacker has made.
    fn forged(&self) -> Self {
        let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self {
            cluster: self.cluster.clone(),
            authority: params.self_signed(&key).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }

    fn certificate(&self, cluster: &str, node: u64, until: SystemTime) -> (CertificateDer<'static>, KeyPair) {
        let issuer = Issuer::from_ca_cert_pem(&self.authority, KeyPair::from_pem(&self.key).unwrap()).unwrap();
        let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        let mut params = CertificateParams::default();
        let uri = format!("zlayer://{cluster}/node/{node}");
        params.subject_alt_names = vec![SanType::URI(uri.try_into().unwrap())];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.not_before = (SystemTime::now() - 2 * HOUR).into();
        params.not_after = until.into();
        (params.signed_by(&key, &issuer).unwrap().der().clone(), key)
    }

    /// A client that shows the certificate, and believes the cluster's servers.
    fn client(&self, shown: Option<(CertificateDer<'static>, KeyPair)>) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(self.authority.as_bytes()).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match shown {
            Some((certificate, key)) => {
                let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
                builder.with_client_auth_cert(vec![certificate], key).unwrap()
            }
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"zlayer-peer/1".to_vec()];
        config
    }
}

type Line = Framed<TlsStream<TcpStream>, LengthDelimitedCodec>;

async fn connect(address: &str, keys: &Keys, node: u64, config: ClientConfig) -> std::io::Result<Line> {
    let name = ServerName::try_from(format!("n{node}.{}.zlayer.internal", keys.cluster)).unwrap();
    let stream = TcpStream::connect(address).await?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    Ok(Framed::new(stream, LengthDelimitedCodec::new()))
}

async fn ask(line: &mut Line, request: &str) -> Option<String> {
    line.send(Bytes::from(request.to_owned())).await.ok()?;
    let answer = tokio::time::timeout(LONG, line.next())
        .await
        .expect("an answer, or the end")?;
    Some(String::from_utf8(answer.ok()?.to_vec()).unwrap())
}

/// A connection of a member, node 9, to the first node.
async fn member(fleet: &Fleet, keys: &Keys) -> Line {
    let shown = keys.certificate(&keys.cluster, 9, SystemTime::now() + HOUR);
    let config = keys.client(Some(shown));
    connect(&fleet.nodes[0].address, keys, 1, config).await.unwrap()
}

async fn limited(limits: Limits) -> Fleet {
    let mut fleet = Fleet::found().await;
    fleet.stop("node-1").await;
    let peers = PeerOptions {
        limits,
        ..fleet.peers("node-1")
    };
    let cluster = Cluster::open_with_peers(&fleet.state("node-1"), options(), peers)
        .await
        .unwrap();
    fleet.keep("node-1", cluster);
    fleet
}

/// Reads until the other side ends the connection.
async fn ends(stream: &mut TcpStream) -> bool {
    let mut sink = Vec::new();
    tokio::time::timeout(LONG, stream.read_to_end(&mut sink)).await.is_ok()
}

fn change(node: u64, number: u64, value: u64) -> String {
    format!(
        r#"{{"Change":{{"id":{{"node":{node},"life":1,"number":{number},"settled":1}},"what":{{"Machine":{{"register":"a","value":{value}}}}}}}}}"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_certificate_of_the_cluster_opens_the_door() {
    let fleet = Fleet::found().await;
    let keys = Keys::of(&fleet, "node-1");
    let forged = keys.forged();
    let tomorrow = SystemTime::now() + 24 * HOUR;
    let cases = [
        ("none", None),
        (
            "of another authority",
            Some(forged.certificate(&keys.cluster, 9, tomorrow)),
        ),
        (
            "expired",
            Some(keys.certificate(&keys.cluster, 9, SystemTime::now() - HOUR)),
        ),
        ("of another cluster", Some(keys.certificate("0123", 9, tomorrow))),
    ];
    for (name, shown) in cases {
        let config = keys.client(shown);
        let answer = match connect(&fleet.nodes[0].address, &keys, 1, config).await {
            Ok(mut line) => ask(&mut line, r#""ReadIndex""#).await,
            Err(_) => None,
        };
        assert_eq!(answer, None, "certificate {name}");
    }
    let answer = ask(&mut member(&fleet, &keys).await, r#""ReadIndex""#).await.unwrap();
    assert!(answer.contains("ReadIndex"), "a certificate that is right: {answer}");
}

/// Whoever dials a node and meets another one, or one of another cluster, does not speak to it.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_not_the_one_dialled_is_not_believed() {
    let (fleet, other) = (Fleet::of(2).await, Fleet::found().await);
    let keys = Keys::of(&fleet, "node-1");
    for (address, node) in [(&fleet.nodes[1].address, 1), (&other.nodes[0].address, 1)] {
        let shown = keys.certificate(&keys.cluster, 9, SystemTime::now() + HOUR);
        let refused = connect(address, &keys, node, keys.client(Some(shown)))
            .await
            .err()
            .unwrap();
        assert!(refused.to_string().contains("invalid peer certificate"), "{refused}");
    }
    // The fleet itself, too: what should reach the second node reaches the other cluster, and nothing comes of it.
    fleet.wires.forward(&fleet.nodes[1].address, &other.nodes[0].address);
    fleet.isolate("node-2");
    fleet.nodes[0].cluster().submit(write("a", 1)).await.unwrap();
    assert_eq!(other.nodes[0].cluster().read(|state| state.values("a")), [0; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_ends_the_connection_and_nothing_else() {
    let fleet = Fleet::found().await;
    let keys = Keys::of(&fleet, "node-1");
    for garbage in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        &[0; 4096],
        &[0x16, 3, 1, 0xff, 0xff, 1, 0, 0],
        b"\x16\x03\x01",
    ] {
        let mut stream = TcpStream::connect(&fleet.nodes[0].address).await.unwrap();
        stream.write_all(garbage).await.unwrap();
        stream.shutdown().await.unwrap();
        assert!(ends(&mut stream).await);
    }
    for garbage in [
        "",
        "{",
        "null",
        r#""Nothing""#,
        r#"{"Append":{}}"#,
        r#"{"Snapshot":{"data":"%"}}"#,
        "\u{0}\u{ff}",
    ] {
        let mut line = member(&fleet, &keys).await;
        assert_eq!(ask(&mut line, garbage).await, None, "{garbage:?}");
    }
    // A frame that says that it is longer than any may be.
    let mut stream = member(&fleet, &keys).await.into_inner();
    stream.write_all(&[0xff; 64]).await.unwrap();
    let mut sink = Vec::new();
    let _ = tokio::time::timeout(LONG, stream.read_to_end(&mut sink))
        .await
        .expect("the end");
    assert_eq!(fleet.nodes[0].cluster().submit(write("a", 1)).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_speaks_for_itself_only() {
    let fleet = Fleet::found().await;
    let keys = Keys::of(&fleet, "node-1");
    let mut line = member(&fleet, &keys).await;
    let before = fleet.leader().await;
    for request in [
        r#"{"Vote":{"vote":{"leader_id":{"term":99,"node_id":2},"committed":false},"last_log_id":null}}"#,
        r#"{"Append":{"vote":{"leader_id":{"term":99,"node_id":1},"committed":true},"prev_log_id":null,"entries":[],"leader_commit":null}}"#,
        &change(1, 1, 1),
        &change(2, 1, 1),
        r#""AuthorityKey""#,
    ] {
        let answer = ask(&mut line, request).await.unwrap();
        assert!(answer.contains("Forbidden"), "{request}: {answer}");
    }
    assert_eq!(fleet.leader().await, before);
    assert_eq!(fleet.nodes[0].cluster().read(|state| state.values("a")), [0; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_again_happens_once() {
    let fleet = Fleet::found().await;
    let keys = Keys::of(&fleet, "node-1");
    // A member that sends a command again is answered the same.
    let mut line = member(&fleet, &keys).await;
    let first = ask(&mut line, &change(9, 1, 7)).await.unwrap();
    let again = ask(&mut member(&fleet, &keys).await, &change(9, 1, 7)).await.unwrap();
    assert_eq!((first.as_str(), again), (r#"{"Change":{"Machine":1}}"#, first.clone()));

    // Who has recorded a connection and plays it again is not understood: the keys are others.
    let recorder = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = recorder.local_addr().unwrap().to_string();
    let far = fleet.nodes[0].address.clone();
    let recording = tokio::spawn(async move {
        let (near, _) = recorder.accept().await.unwrap();
        let far = TcpStream::connect(far).await.unwrap();
        let ((mut near_read, mut near_write), (mut far_read, mut far_write)) = (near.into_split(), far.into_split());
        let back = tokio::spawn(async move { tokio::io::copy(&mut far_read, &mut near_write).await });
        let mut recorded = Vec::new();
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = near_read.read(&mut buffer).await {
            recorded.extend_from_slice(&buffer[..length]);
            far_write.write_all(&buffer[..length]).await.unwrap();
        }
        drop(far_write);
        back.await.unwrap().unwrap();
        recorded
    });
    let shown = keys.certificate(&keys.cluster, 9, SystemTime::now() + HOUR);
    let mut line = connect(&near, &keys, 1, keys.client(Some(shown))).await.unwrap();
    ask(&mut line, &change(9, 2, 8)).await.unwrap();
    drop(line);
    let recorded = recording.await.unwrap();
    let mut replay = TcpStream::connect(&fleet.nodes[0].address).await.unwrap();
    replay.write_all(&recorded).await.unwrap();
    assert!(ends(&mut replay).await);
    assert_eq!(fleet.nodes[0].cluster().read(|state| state.values("a")), [7, 8]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_slow_or_silent_is_cut_off() {
    let second = Duration::from_secs(1);
    let fleet = limited(Limits {
        handshake: second,
        idle: second,
        ..Limits::default()
    })
    .await;
    let keys = Keys::of(&fleet, "node-1");
    // Silent from the start; and a handshake that comes byte by byte.
    let mut silent = TcpStream::connect(&fleet.nodes[0].address).await.unwrap();
    assert!(ends(&mut silent).await);
    let mut slow = TcpStream::connect(&fleet.nodes[0].address).await.unwrap();
    let dripped = async {
        for byte in [0x16, 3, 1, 1, 0, 1, 0, 0].into_iter().cycle() {
            if slow.write_all(&[byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(LONG, dripped)
        .await
        .expect("a slow handshake is cut off");
    // A member that begins a question and does not end it.
    let mut stream = member(&fleet, &keys).await.into_inner();
    stream.write_all(&[0, 0, 1, 0, b'{']).await.unwrap();
    let mut sink = Vec::new();
    let _ = tokio::time::timeout(LONG, stream.read_to_end(&mut sink))
        .await
        .expect("half a question is cut off");
}

/// Hundreds of silent connections from one address take no place from others.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_takes_no_place_from_others() {
    let mut fleet = limited(Limits {
        handshake: LONG,
        strangers_of_address: 8,
        of_member: 4,
        ..Limits::default()
    })
    .await;
    let keys = Keys::of(&fleet, "node-1");
    let address = fleet.nodes[0].address.parse().unwrap();
    let mut flood = Vec::new();
    for _ in 0..300 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.9:0".parse().unwrap()).unwrap();
        flood.push(socket.connect(address).await.unwrap());
    }
    // All but eight are ended, long before the time for a handshake is over.
    eventually("the flood is turned away", async || {
        let mut open = 0;
        for stream in &flood {
            let mut byte = [0];
            match stream.try_read(&mut byte) {
                Err(cause) if cause.kind() == std::io::ErrorKind::WouldBlock => open += 1,
                read => assert!(matches!(read, Ok(0) | Err(_))),
            }
        }
        if open == 8 {
            Ok(())
        } else {
            Err(format!("{open} are open"))
        }
    })
    .await;
    let token = fleet.token(None).await;
    fleet.join("node-2", &token).await;
    fleet.settle(2).await;

    // A member, too, has no more than its connections.
    let mut lines = Vec::new();
    eventually("the fifth connection is refused", async || {
        let mut line = member(&fleet, &keys).await;
        match ask(&mut line, r#""ReadIndex""#).await {
            Some(_) => {
                lines.push(line);
                Err(format!("{} are open", lines.len()))
            }
            None => Ok(()),
        }
    })
    .await;
    assert_eq!(lines.len(), 4);
}

/// A node without a certificate may ask to join, with one small question, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn who_may_ask_to_join_may_ask_nothing_else() {
    let fleet = Fleet::found().await;
    let keys = Keys::of(&fleet, "node-1");
    for question in [r#""ReadIndex""#.to_owned(), change(9, 1, 1), "x".repeat(100_000)] {
        let mut config = keys.client(None);
        config.alpn_protocols = vec![b"zlayer-join/1".to_vec()];
        let mut line = connect(&fleet.nodes[0].address, &keys, 1, config).await.unwrap();
        assert_eq!(ask(&mut line, &question).await, None);
    }
    assert_eq!(fleet.nodes[0].cluster().read(|state| state.values("a")), [0; 0]);
}
