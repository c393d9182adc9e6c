//! Connections to other members.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rustls::pki_types::ServerName;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::authority::host_name;
use crate::config::NodeId;
use crate::tls::Tls;
use crate::wire::{self, Frames, LONGEST_FRAME, WireError};

const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// Shorter than the other end keeps a silent connection.
const IDLE: Duration = Duration::from_secs(20);
/// Connections to one node that wait for use.
const MOST_IDLE: usize = 4;

/// Maps an address that a node has told to the one that is dialled.
pub type Route = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// Why a request was not answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    /// The request was not sent.
    #[error("{address} cannot be reached: {cause}")]
    Unreachable { address: String, cause: String },
    /// Whether the request was done is not known.
    #[error("{address} did not answer: {cause}")]
    Broken { address: String, cause: WireError },
    /// The request was not sent.
    #[error("a message of {0} bytes is too long")]
    TooLong(usize),
}

type Line = Frames<TlsStream<TcpStream>>;

struct Idle {
    line: Line,
    since: Instant,
    address: String,
}

/// Connections to other members. Each carries one request at a time; one whose answer nobody waits for any more is closed, so that an
/// answer never meets another request.
pub(crate) struct Links {
    tls: RwLock<Tls>,
    route: Option<Route>,
    idle: Mutex<HashMap<NodeId, Vec<Idle>>>,
    /// When each node last answered or asked something.
    heard: Mutex<HashMap<NodeId, Instant>>,
    /// Where nodes have said that they are. It may be newer than what the log says: a node that starts again elsewhere is needed to
    /// write its new address into the log where it makes the majority.
    told: Mutex<HashMap<NodeId, String>>,
}

impl Links {
    pub fn new(tls: Tls, route: Option<Route>) -> Self {
        Self {
            tls: RwLock::new(tls),
            route,
            idle: Mutex::default(),
            heard: Mutex::default(),
            told: Mutex::default(),
        }
    }

    pub fn tls(&self) -> Tls {
        self.tls.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Uses another certificate from now on.
    pub fn set_tls(&self, tls: Tls) {
        *self.tls.write().unwrap_or_else(PoisonError::into_inner) = tls;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub fn note_heard(&self, node: NodeId) {
        self.heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(node, Instant::now());
    }

    /// Remembers where a node has said that it is. The node has shown its certificate, and whoever answers there must show it, too.
    pub fn note_address(&self, node: NodeId, address: &str) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.insert(node, address.to_owned());
    }

    /// Whether something came from the node lately.
    pub fn heard_within(&self, node: NodeId, lately: Duration) -> bool {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.get(&node).is_some_and(|at| at.elapsed() < lately)
    }

    /// Asks a node for something that may be asked twice. `address` is what the log says.
    pub async fn call<Q, A>(
        self: &Arc<Self>,
        node: NodeId,
        address: &str,
        request: &Q,
        within: Duration,
    ) -> Result<A, LinkError>
    where
        Q: Serialize,
        A: DeserializeOwned,
    {
        let broken = |cause| LinkError::Broken {
            address: address.to_owned(),
            cause,
        };
        let frame = wire::encode(request).map_err(broken)?;
        if frame.len() > LONGEST_FRAME {
            return Err(LinkError::TooLong(frame.len()));
        }
        let deadline = Instant::now() + within;
        let told = {
            let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            told.get(&node).filter(|told| *told != address).cloned()
        };
        if let Some(told) = told {
            match self.call_at(node, &told, frame.clone(), deadline).await {
                Err(LinkError::Unreachable { .. }) => {}
                answer => return wire::decode(&answer?).map_err(broken),
            }
        }
        let answer = self.call_at(node, address, frame, deadline).await?;
        wire::decode(&answer).map_err(broken)
    }

    async fn call_at(
        self: &Arc<Self>,
        node: NodeId,
        address: &str,
        frame: Bytes,
        deadline: Instant,
    ) -> Result<Bytes, LinkError> {
        let left = || deadline.saturating_duration_since(Instant::now());
        let broken = |cause| LinkError::Broken {
            address: address.to_owned(),
            cause,
        };
        // A connection that waited may be dead, because the other node has started again; then a new one decides. But it may also
        // have carried the request before it died.
        let mut perhaps_done = None;
        if let Some(line) = self.take_idle(node, address) {
            match self.ask(node, address, line, frame.clone(), left()).await {
                Ok(answer) => return Ok(answer),
                Err(cause) => perhaps_done = Some(cause),
            }
        }
        let connected = tokio::time::timeout(left(), self.connect(node, address))
            .await
            .unwrap_or_else(|_| {
                Err(LinkError::Unreachable {
                    address: address.to_owned(),
                    cause: "it does not answer in time".into(),
                })
            });
        let line = match (connected, perhaps_done) {
            (Ok(line), _) => line,
            (Err(_), Some(cause)) => return Err(broken(cause)),
            (Err(cause), None) => return Err(cause),
        };
        self.ask(node, address, line, frame, left()).await.map_err(broken)
    }

    async fn ask(
        &self,
        node: NodeId,
        address: &str,
        mut line: Line,
        frame: Bytes,
        within: Duration,
    ) -> Result<Bytes, WireError> {
        let exchange = async {
            wire::send(&mut line, frame, within).await?;
            wire::receive(&mut line, within).await
        };
        let answer = tokio::time::timeout(within, exchange)
            .await
            .map_err(|_| WireError::Slow(within))??;
        self.note_heard(node);
        self.put_idle(node, address, line);
        Ok(answer)
    }

    /// Connects in a task of its own: when the caller gives up, the connection is there for the next one. Otherwise a connection that
    /// takes longer than Raft's patience would never be made.
    async fn connect(self: &Arc<Self>, node: NodeId, address: &str) -> Result<Line, LinkError> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let (links, address) = (Arc::clone(self), address.to_owned());
        let unreachable = |address: &str, cause: String| LinkError::Unreachable {
            address: address.to_owned(),
            cause,
        };
        let target = address.clone();
        tokio::spawn(async move {
            let made = match tokio::time::timeout(CONNECT_WITHIN, links.dial(node, &target)).await {
                Ok(made) => made.map_err(|cause| unreachable(&target, cause.to_string())),
                Err(_) => Err(unreachable(&target, "it does not answer in time".into())),
            };
            if let Err(Ok(line)) = sender.send(made) {
                links.put_idle(node, &target, line);
            }
        });
        match receiver.await {
            Ok(made) => made,
            Err(_) => Err(unreachable(&address, "this node ends".into())),
        }
    }

    async fn dial(&self, node: NodeId, address: &str) -> std::io::Result<Line> {
        let tls = self.tls();
        let dialled = self
            .route
            .as_ref()
            .map_or_else(|| address.to_owned(), |route| route(address));
        let stream = TcpStream::connect(&dialled).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from(host_name(&tls.cluster, node)).map_err(std::io::Error::other)?;
        let stream = TlsConnector::from(tls.client).connect(name, stream).await?;
        Ok(wire::frames(stream, LONGEST_FRAME))
    }

    fn take_idle(&self, node: NodeId, address: &str) -> Option<Line> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = idle.get_mut(&node)?;
        waiting.retain(|idle| idle.since.elapsed() < IDLE && idle.address == address);
        waiting.pop().map(|idle| idle.line)
    }

    fn put_idle(&self, node: NodeId, address: &str, line: Line) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = idle.entry(node).or_default();
        if waiting.len() < MOST_IDLE {
            waiting.push(Idle {
                line,
                since: Instant::now(),
                address: address.to_owned(),
            });
        }
    }
}
