//! What a node has because it takes peers: its identity, its connections, and what it has heard.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Instant;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::authority::Authority;
use crate::config::{FIRST, NodeId};
use crate::error::ClusterError;
use crate::files;
use crate::identity::{Identity, Request, Validity};
use crate::links::Links;
use crate::options::PeerOptions;
use crate::tls::Tls;
use crate::wire::{Heard, Load};

pub(crate) struct Peers {
    pub options: PeerOptions,
    pub links: Arc<Links>,
    /// Host and port that the others are told.
    pub address: String,
    identity: RwLock<Identity>,
    authority: RwLock<Option<Arc<Authority>>>,
    load: Mutex<Load>,
    /// Signs of life of all nodes since this node leads.
    beats: Mutex<HashMap<NodeId, (Instant, Load)>>,
    /// When the leader last spoke to this node, if it follows.
    leader_spoke: Mutex<Option<Instant>>,
    removed: Mutex<bool>,
    pub ending: CancellationToken,
    pub tasks: TaskTracker,
}

impl Peers {
    /// Binds the address, and reads who this node is. A node that is nobody yet becomes the first of a new cluster.
    pub async fn open(options: PeerOptions) -> Result<(Self, TcpListener), ClusterError> {
        let (listener, address) = bind(&options).await?;
        files::private_directory(&options.directory)?;
        let identity = match Identity::load(&options.directory)? {
            Some(identity) => identity,
            None => found(&options)?,
        };
        let authority = Authority::load(&options.directory, &identity.cluster, &identity.authority)?;
        let identity = match &authority {
            // Who has the authority's key helps itself, also after it was off for longer than its certificate lasted.
            Some(authority) if identity.holder()?.validity(options.clock.now()) != Validity::Good => {
                let identity = certified(identity, authority, &options)?;
                identity.save(&options.directory)?;
                identity
            }
            _ => identity,
        };
        if identity.holder()?.validity(options.clock.now()) == Validity::Expired {
            tracing::error!("this node's certificate has expired; it has to join its cluster again");
        }
        let links = Links::new(Tls::of(&identity, &options.clock)?, options.route.clone());
        let peers = Self {
            links: Arc::new(links),
            address,
            identity: RwLock::new(identity),
            authority: RwLock::new(authority.map(Arc::new)),
            load: Mutex::default(),
            beats: Mutex::default(),
            leader_spoke: Mutex::default(),
            removed: Mutex::default(),
            ending: CancellationToken::new(),
            tasks: TaskTracker::new(),
            options,
        };
        Ok((peers, listener))
    }

    pub fn node(&self) -> NodeId {
        self.identity.read().unwrap_or_else(PoisonError::into_inner).node
    }

    pub fn identity(&self) -> Identity {
        self.identity.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps another certificate, and uses it from now on.
    pub fn set_identity(&self, identity: Identity) -> Result<(), ClusterError> {
        identity.save(&self.options.directory)?;
        self.links.set_tls(Tls::of(&identity, &self.options.clock)?);
        *self.identity.write().unwrap_or_else(PoisonError::into_inner) = identity;
        Ok(())
    }

    pub fn authority(&self) -> Option<Arc<Authority>> {
        self.authority.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps the authority's key, as a voter does, or forgets it.
    pub fn set_authority(&self, authority: Option<Authority>) -> Result<(), ClusterError> {
        match &authority {
            Some(authority) => authority.save(&self.options.directory)?,
            None => Authority::forget(&self.options.directory)?,
        }
        *self.authority.write().unwrap_or_else(PoisonError::into_inner) = authority.map(Arc::new);
        Ok(())
    }

    pub fn load(&self) -> Load {
        self.load.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set_load(&self, load: Load) {
        *self.load.lock().unwrap_or_else(PoisonError::into_inner) = load;
    }

    pub fn note_beat(&self, node: NodeId, load: Load) {
        let mut beats = self.beats.lock().unwrap_or_else(PoisonError::into_inner);
        beats.insert(node, (Instant::now(), load));
    }

    pub fn heard(&self) -> impl Iterator<Item = (NodeId, Heard)> {
        let beats = self.beats.lock().unwrap_or_else(PoisonError::into_inner).clone();
        beats.into_iter().map(|(node, (at, load))| {
            let ago_ms = u64::try_from(at.elapsed().as_millis()).unwrap_or(u64::MAX);
            (node, Heard { ago_ms, load })
        })
    }

    pub fn note_leader(&self) {
        *self.leader_spoke.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    pub fn leader_spoke(&self) -> Option<Instant> {
        *self.leader_spoke.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn note_removed(&self) {
        *self.removed.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }

    pub fn is_removed(&self) -> bool {
        *self.removed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Binds the address of the peers; answers what the others are told, too.
pub(crate) async fn bind(options: &PeerOptions) -> Result<(TcpListener, String), ClusterError> {
    let failed = |cause| ClusterError::Listen {
        address: options.listen.clone(),
        cause,
    };
    let listener = TcpListener::bind(&options.listen).await.map_err(failed)?;
    let address = match &options.advertise {
        Some(address) => address.clone(),
        None => listener.local_addr().map_err(failed)?.to_string(),
    };
    Ok((listener, address))
}

/// Makes a cluster of which this node is the first. Its key is kept before anybody could rely on it.
fn found(options: &PeerOptions) -> Result<Identity, ClusterError> {
    let authority = Authority::create(options.clock.now())?;
    authority.save(&options.directory)?;
    let nobody = Identity {
        cluster: authority.cluster().into(),
        node: FIRST,
        name: options.name.clone(),
        key: String::new(),
        certificate: String::new(),
        authority: authority.pem().into(),
        contacts: Vec::new(),
    };
    let identity = certified(nobody, &authority, options)?;
    identity.save(&options.directory)?;
    Ok(identity)
}

/// The same node with a new key and certificate, by the authority's key.
pub(crate) fn certified(
    identity: Identity,
    authority: &Authority,
    options: &PeerOptions,
) -> Result<Identity, ClusterError> {
    let request = Request::create()?;
    let certificate = authority.certify(
        &request.request,
        identity.node,
        options.clock.now(),
        options.certificate_life,
    )?;
    Ok(Identity {
        key: request.key,
        certificate,
        ..identity
    })
}
