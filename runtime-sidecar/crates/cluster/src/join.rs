//! How a node becomes a member.

use std::path::Path;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::authority::any_host_name;
use crate::cluster::Cluster;
use crate::error::ClusterError;
use crate::files;
use crate::identity::{Identity, Request};
use crate::machine::Machine;
use crate::options::{Options, PeerOptions};
use crate::peers;
use crate::tls;
use crate::token::{JoinToken, TokenError};
use crate::wire::{self, JoinReply, JoinRequest, LONGEST_JOIN_FRAME};

/// For one member to answer.
const ASK_WITHIN: Duration = Duration::from_secs(10);
/// Between two rounds in which nobody took the node.
const PAUSE: Duration = Duration::from_millis(300);

impl<M: Machine> Cluster<M> {
    /// Joins the cluster of a token with an empty state, and opens it. A node that has joined already is opened as itself, so that
    /// this may be called with the same token at each start.
    ///
    /// # Errors
    /// Those of [`Cluster::open_with_peers`]; [`ClusterError::Token`] and [`ClusterError::NotAdmitted`] when the cluster does not take
    /// the node; [`ClusterError::HasState`].
    pub async fn join(path: &Path, options: Options, peers: PeerOptions, token: &str) -> Result<Self, ClusterError> {
        let token: JoinToken = token.parse()?;
        match Identity::load(&peers.directory)? {
            Some(identity) if identity.cluster != token.claims.cluster => {
                return Err(ClusterError::HasState(peers.directory));
            }
            Some(_) => return Self::open_with_peers(path, options, peers).await,
            None => {}
        }
        if path.exists() {
            return Err(ClusterError::HasState(path.to_owned()));
        }
        files::private_directory(&peers.directory)?;
        // Bound until there is an identity, so that the address that is told to the cluster is this node's.
        let (listener, address) = peers::bind(&peers).await?;
        let identity = ask(&options, &peers, &address, &token).await?;
        identity.save(&peers.directory)?;
        Request::joined(&peers.directory)?;
        drop(listener);
        let peers = PeerOptions {
            listen: if peers.advertise.is_some() {
                peers.listen
            } else {
                address
            },
            ..peers
        };
        Self::open_with_peers(path, options, peers).await
    }
}

/// Asks the members that the token names, and those that they name, until one takes this node or refuses.
async fn ask(
    options: &Options,
    peers: &PeerOptions,
    address: &str,
    token: &JoinToken,
) -> Result<Identity, ClusterError> {
    let request = Request::of_join(&peers.directory)?;
    let question = JoinRequest {
        token: token.to_string(),
        name: peers.name.clone(),
        address: address.to_owned(),
        labels: peers.labels.clone(),
        request: request.request.clone(),
    };
    let deadline = Instant::now() + options.patience;
    let mut last = "the token names no address".to_owned();
    loop {
        let mut next: Vec<String> = token.claims.addresses.iter().rev().cloned().collect();
        let mut asked = 0;
        while let Some(member) = next.pop() {
            asked += 1;
            match tokio::time::timeout(ASK_WITHIN, ask_one(peers, &member, token, &question)).await {
                Ok(Ok(JoinReply::Welcome {
                    node,
                    certificate,
                    authority,
                    contacts,
                })) => {
                    if crate::authority::fingerprint(&authority)? != token.claims.authority {
                        return Err(TokenError::OtherCluster.into());
                    }
                    return Ok(Identity {
                        cluster: token.claims.cluster.clone(),
                        node,
                        name: peers.name.clone(),
                        key: request.key,
                        certificate,
                        authority,
                        contacts,
                    });
                }
                Ok(Ok(JoinReply::Refused(cause))) => return Err(ClusterError::NotAdmitted(cause)),
                Ok(Ok(JoinReply::Leader(leader))) if asked < 8 => next.push(leader),
                Ok(Ok(JoinReply::Leader(leader))) => last = format!("{leader} should lead, and does not"),
                Ok(Ok(JoinReply::Later(cause))) => last = cause,
                Ok(Err(cause)) => last = format!("{member}: {cause}"),
                Err(_) => last = format!("{member} does not answer"),
            }
        }
        if Instant::now() + PAUSE >= deadline {
            return Err(ClusterError::NotAdmitted(last));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn ask_one(
    peers: &PeerOptions,
    address: &str,
    token: &JoinToken,
    question: &JoinRequest,
) -> std::io::Result<JoinReply> {
    let dialled = peers
        .route
        .as_ref()
        .map_or_else(|| address.to_owned(), |route| route(address));
    let config = tls::joining(&token.claims.authority, &peers.clock).map_err(std::io::Error::other)?;
    let name = ServerName::try_from(any_host_name(&token.claims.cluster)).map_err(std::io::Error::other)?;
    let stream = TcpStream::connect(&dialled).await?;
    let stream = TlsConnector::from(config).connect(name, stream).await?;
    let mut frames = wire::frames(stream, LONGEST_JOIN_FRAME);
    let question = wire::encode(question).map_err(std::io::Error::other)?;
    wire::send(&mut frames, question, ASK_WITHIN)
        .await
        .map_err(std::io::Error::other)?;
    let answer = wire::receive(&mut frames, ASK_WITHIN)
        .await
        .map_err(std::io::Error::other)?;
    wire::decode(&answer).map_err(std::io::Error::other)
}
