//! Takes connections of peers. Whoever connects is hostile until a certificate says otherwise, and even then limits hold.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use crate::authority::{self, Holder};
use crate::cluster::Inner;
use crate::error::ClusterError;
use crate::machine::Machine;
use crate::peers::Peers;
use crate::service;
use crate::tls::{JOIN, PEER};
use crate::wire::{self, LONGEST_FRAME, LONGEST_JOIN_FRAME, WireError};

/// After the system refused to take a connection, for example because too many files are open.
const AFTER_REFUSAL: Duration = Duration::from_millis(200);

/// Listens until the node ends.
pub(crate) fn start<M: Machine>(listener: TcpListener, peers: &Arc<Peers>, inner: &Arc<Inner<M>>) {
    let inner = Arc::downgrade(inner);
    let door = Arc::new(Door {
        strangers: Arc::default(),
        addresses: Arc::default(),
        members: Arc::default(),
    });
    let server = Arc::clone(peers);
    peers.tasks.spawn(async move {
        let ending = server.ending.clone();
        loop {
            let accepted = tokio::select! {
                () = ending.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, address)) => admit(&server, &door, &inner, stream, address),
                Err(cause) => {
                    tracing::warn!(%cause, "a connection of a peer was not taken");
                    tokio::time::sleep(AFTER_REFUSAL).await;
                }
            }
        }
    });
}

/// How many are there of each.
struct Door {
    strangers: Arc<Counted<()>>,
    addresses: Arc<Counted<IpAddr>>,
    members: Arc<Counted<u64>>,
}

/// Counts holders of a place by key.
#[derive(Debug)]
struct Counted<K: Eq + Hash>(Mutex<HashMap<K, usize>>);

impl<K: Eq + Hash> Default for Counted<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

/// A place that is free again when this is dropped.
struct Place<K: Eq + Hash + Copy> {
    counted: Arc<Counted<K>>,
    key: K,
}

impl<K: Eq + Hash + Copy> Counted<K> {
    fn take(self: &Arc<Self>, key: K, most: usize) -> Option<Place<K>> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(key).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Place {
            counted: Arc::clone(self),
            key,
        })
    }
}

impl<K: Eq + Hash + Copy> Drop for Place<K> {
    fn drop(&mut self) {
        let mut counts = self.counted.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

/// Gives a connection to a task, or closes it where too many are there.
fn admit<M: Machine>(
    peers: &Arc<Peers>,
    door: &Arc<Door>,
    inner: &Weak<Inner<M>>,
    stream: TcpStream,
    address: SocketAddr,
) {
    let limits = &peers.options.limits;
    let Some(of_address) = door.addresses.take(address.ip(), limits.strangers_of_address) else {
        return;
    };
    let Some(stranger) = door.strangers.take((), limits.strangers) else {
        return;
    };
    let (peers, door, inner) = (Arc::clone(peers), Arc::clone(door), Weak::clone(inner));
    let tasks = peers.tasks.clone();
    tasks.spawn(async move {
        let ending = peers.ending.clone();
        let served = tokio::select! {
            () = ending.cancelled() => return,
            served = serve(&peers, &door, &inner, stream, (of_address, stranger)) => served,
        };
        if let Err(cause) = served {
            tracing::debug!(%address, %cause, "a connection of a peer ended");
        }
    });
}

type Stranger = (Place<IpAddr>, Place<()>);

async fn serve<M: Machine>(
    peers: &Arc<Peers>,
    door: &Arc<Door>,
    inner: &Weak<Inner<M>>,
    stream: TcpStream,
    stranger: Stranger,
) -> Result<(), ClusterError> {
    let limits = &peers.options.limits;
    stream.set_nodelay(true).map_err(closed)?;
    let greeted = timeout(limits.handshake, handshake(peers, stream)).await;
    match greeted.map_err(|_| closed("the handshake took too long"))?? {
        Greeted::Joining(stream) => {
            // Still a stranger, for this one question.
            let asked = timeout(limits.handshake * 2, join(peers, inner, stream)).await;
            drop(stranger);
            asked.map_err(|_| closed("the question took too long"))?
        }
        Greeted::Member(stream, holder) => {
            drop(stranger);
            let _place = door
                .members
                .take(holder.node, limits.of_member)
                .ok_or_else(|| closed("the member has too many connections"))?;
            // Nobody stays longer than the certificate allows.
            let left = left(&holder, peers);
            timeout(left, converse(peers, inner, *stream, &holder))
                .await
                .map_err(|_| closed("the member's certificate has expired"))?
        }
    }
}

enum Greeted {
    Joining(Box<TlsStream<TcpStream>>),
    Member(Box<TlsStream<TcpStream>>, Holder),
}

async fn handshake(peers: &Peers, stream: TcpStream) -> Result<Greeted, ClusterError> {
    let start = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), stream)
        .await
        .map_err(closed)?;
    let tls = peers.links.tls();
    let asks_for = |protocol: &[u8]| {
        let hello = start.client_hello();
        hello
            .alpn()
            .is_some_and(|mut protocols| protocols.any(|offered| offered == protocol))
    };
    let (joins, is_peer) = (asks_for(JOIN), asks_for(PEER));
    let config: Arc<ServerConfig> = match (joins, is_peer) {
        (true, false) => tls.join_server,
        _ => tls.server,
    };
    let stream = start.into_stream(config).await.map_err(closed)?;
    if joins && !is_peer {
        return Ok(Greeted::Joining(Box::new(stream)));
    }
    let (_, session) = stream.get_ref();
    if session.alpn_protocol() != Some(PEER) {
        return Err(closed("the other side speaks another protocol"));
    }
    let certificate = session
        .peer_certificates()
        .and_then(<[_]>::first)
        .ok_or_else(|| closed("the other side showed no certificate"))?;
    let holder = authority::holder(certificate)?;
    if holder.cluster != tls.cluster {
        return Err(closed("the other side belongs to another cluster"));
    }
    Ok(Greeted::Member(Box::new(stream), holder))
}

fn left(holder: &Holder, peers: &Peers) -> Duration {
    let now_ms = peers.options.clock.now_ms();
    let end_ms = u64::try_from(holder.not_after).unwrap_or(0).saturating_mul(1000);
    Duration::from_millis(end_ms.saturating_sub(now_ms))
}

/// Answers one question after the other, so that a peer that does not read its answers is not asked for more.
async fn converse<M: Machine>(
    peers: &Peers,
    inner: &Weak<Inner<M>>,
    stream: TlsStream<TcpStream>,
    holder: &Holder,
) -> Result<(), ClusterError> {
    let limits = &peers.options.limits;
    let mut frames = wire::frames(stream, LONGEST_FRAME);
    loop {
        let frame = match wire::receive(&mut frames, limits.idle).await {
            Ok(frame) => frame,
            Err(WireError::Closed) => return Ok(()),
            Err(cause) => return Err(closed(cause)),
        };
        let request = wire::decode(&frame).map_err(closed)?;
        let Some(inner) = inner.upgrade() else { return Ok(()) };
        peers.links.note_heard(holder.node);
        let reply = service::answer(&inner, holder.node, request).await;
        drop(inner);
        let reply = wire::encode(&reply).map_err(closed)?;
        wire::send(&mut frames, reply, limits.idle).await.map_err(closed)?;
    }
}

async fn join<M: Machine>(
    peers: &Peers,
    inner: &Weak<Inner<M>>,
    stream: Box<TlsStream<TcpStream>>,
) -> Result<(), ClusterError> {
    let limits = &peers.options.limits;
    let mut frames = wire::frames(*stream, LONGEST_JOIN_FRAME);
    let frame = wire::receive(&mut frames, limits.handshake).await.map_err(closed)?;
    let request = wire::decode(&frame).map_err(closed)?;
    let Some(inner) = inner.upgrade() else { return Ok(()) };
    let reply = service::join(&inner, request).await;
    let reply = wire::encode(&reply).map_err(closed)?;
    wire::send(&mut frames, reply, limits.handshake).await.map_err(closed)?;
    // Waits until the other side has read it and hangs up.
    let _ = wire::receive(&mut frames, limits.handshake).await;
    Ok(())
}

fn closed(cause: impl std::fmt::Display) -> ClusterError {
    ClusterError::NotAdmitted(cause.to_string())
}
