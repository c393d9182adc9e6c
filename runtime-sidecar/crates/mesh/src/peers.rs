//! Peers and their tunnels. A peer has a tunnel for each pair of an own key and one of its keys: usually one, and up to four
//! while keys are rotated. Packets are taken from any of them and sent by the newest that has a session, so that a
//! rotation loses none.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use boringtun::noise::rate_limiter::RateLimiter;
use boringtun::noise::{Tunn, TunnResult};
use boringtun::x25519;
use ipnet::IpNet;

use crate::error::MeshError;
use crate::key::{PublicKey, SecretKey};
use crate::routes::Routes;
use crate::status::PeerStatus;

/// Handshakes a second that are answered without asking the sender to prove its address. A packet is counted twice: before
/// its peer is known, and by the tunnel.
const HANDSHAKES: u64 = 2 * 50;

/// Another node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Unique in the mesh; what status and errors call it.
    pub name: String,
    /// Its public keys, the newest first; two while it rotates.
    pub keys: Vec<PublicKey>,
    /// Where it listens; `None` waits for it to call.
    pub endpoint: Option<SocketAddr>,
    /// Addresses behind it.
    pub networks: Vec<IpNet>,
    /// Seconds between packets that keep a NAT's entry alive; `None` sends none when there is nothing to say.
    pub keepalive: Option<u16>,
}

/// An own key with what guards it against floods.
pub struct OwnKey {
    pub secret: SecretKey,
    pub public: PublicKey,
    pub limiter: Arc<RateLimiter>,
}

impl OwnKey {
    pub fn new(secret: SecretKey) -> Self {
        let public = secret.public();
        let limiter = RateLimiter::new(&x25519::PublicKey::from(public.0), HANDSHAKES);
        Self {
            secret,
            public,
            limiter: Arc::new(limiter),
        }
    }
}

pub struct Tunnel {
    pub index: u32,
    own: PublicKey,
    theirs: PublicKey,
    keepalive: Option<u16>,
    noise: Mutex<Tunn>,
    /// Both sides have the session: something came over it.
    pub proven: AtomicBool,
}

impl Tunnel {
    pub fn noise(&self) -> MutexGuard<'_, Tunn> {
        self.noise.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn is_between(&self, own: &[u8; 32], theirs: &[u8; 32]) -> bool {
        self.own.0 == *own && self.theirs.0 == *theirs
    }

    fn is_usable(&self) -> bool {
        self.proven.load(Ordering::Acquire) && self.noise().time_since_last_handshake().is_some()
    }
}

/// A peer as the device works with it.
pub struct Remote {
    pub config: Peer,
    pub endpoint: Mutex<Option<SocketAddr>>,
    /// In order of preference.
    pub tunnels: Vec<Arc<Tunnel>>,
    pub counters: Arc<Counters>,
}

#[derive(Default)]
pub struct Counters {
    pub received: AtomicU64,
    pub sent: AtomicU64,
}

impl Remote {
    pub fn endpoint(&self) -> Option<SocketAddr> {
        *self.endpoint.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An authentic packet came from there.
    pub fn seen_at(&self, from: SocketAddr) {
        let mut endpoint = self.endpoint.lock().unwrap_or_else(PoisonError::into_inner);
        if *endpoint != Some(from) {
            *endpoint = Some(from);
        }
    }

    /// The tunnel to send by.
    pub fn best(&self) -> Option<&Arc<Tunnel>> {
        match self.tunnels.as_slice() {
            [only] => Some(only),
            all => all.iter().find(|tunnel| tunnel.is_usable()).or(all.first()),
        }
    }

    pub fn status(&self) -> PeerStatus {
        let best = self.best();
        let noise = best.map(|tunnel| tunnel.noise().stats());
        let (age, _, _, loss, round_trip) = noise.unwrap_or((None, 0, 0, 0.0, None));
        PeerStatus {
            name: self.config.name.clone(),
            key: best.map_or(PublicKey([0; 32]), |tunnel| tunnel.theirs),
            endpoint: self.endpoint(),
            networks: self.config.networks.clone(),
            handshake_seconds: age.map(|age| age.as_secs()),
            received_bytes: self.counters.received.load(Ordering::Relaxed),
            sent_bytes: self.counters.sent.load(Ordering::Relaxed),
            loss: loss.clamp(0.0, 1.0),
            round_trip_milliseconds: round_trip,
        }
    }
}

/// All peers; replaced as a whole when one changes, so that no packet waits for a change.
#[derive(Default)]
pub struct Peers {
    /// Newest first.
    pub own: Vec<Arc<OwnKey>>,
    pub by_name: BTreeMap<String, Arc<Remote>>,
    pub routes: Routes<Arc<Remote>>,
    pub by_index: HashMap<u32, (Arc<Tunnel>, Arc<Remote>)>,
    next_index: u32,
}

impl Peers {
    /// The same with other keys and peers. Tunnels that both have go on as they are.
    pub fn with(&self, own: Vec<Arc<OwnKey>>, wanted: Vec<Peer>) -> Result<Self, MeshError> {
        let mut next = Self {
            own,
            next_index: self.next_index,
            ..Self::default()
        };
        let mut owners: HashMap<IpNet, String> = HashMap::new();
        let mut keys: HashMap<PublicKey, String> = HashMap::new();
        for config in wanted {
            check(&config, &next.own)?;
            for network in &config.networks {
                let network = network.trunc();
                if let Some(owner) = owners.insert(network, config.name.clone()) {
                    let peer = config.name;
                    return Err(MeshError::Overlap { peer, owner, network });
                }
            }
            for key in &config.keys {
                if keys.insert(*key, config.name.clone()).is_some() {
                    return Err(MeshError::BadPeer {
                        peer: config.name,
                        reason: "its key is another peer's, or is given twice",
                    });
                }
            }
            next.add(config, self)?;
        }
        Ok(next)
    }

    fn add(&mut self, config: Peer, before: &Self) -> Result<(), MeshError> {
        let old = before.by_name.get(&config.name);
        let mut tunnels = Vec::new();
        for own in &self.own {
            for theirs in &config.keys {
                let same = |tunnel: &&Arc<Tunnel>| {
                    (tunnel.own, tunnel.theirs, tunnel.keepalive) == (own.public, *theirs, config.keepalive)
                };
                let kept = old.and_then(|old| old.tunnels.iter().find(same)).cloned();
                let tunnel = match kept {
                    Some(tunnel) => tunnel,
                    None => {
                        // 24 bits, as the noise's own counter takes the lowest 8.
                        self.next_index = (self.next_index + 1) & 0x00ff_ffff;
                        while before.by_index.contains_key(&self.next_index) {
                            self.next_index = (self.next_index + 1) & 0x00ff_ffff;
                        }
                        Arc::new(new_tunnel(own, *theirs, config.keepalive, self.next_index))
                    }
                };
                tunnels.push(tunnel);
            }
        }
        // Where it was last seen is newer than what was configured, unless the configuration changes.
        let endpoint = match old {
            Some(old) if old.config.endpoint == config.endpoint => old.endpoint(),
            _ => config.endpoint,
        };
        let remote = Arc::new(Remote {
            endpoint: Mutex::new(endpoint),
            tunnels,
            counters: old.map(|old| Arc::clone(&old.counters)).unwrap_or_default(),
            config,
        });
        for tunnel in &remote.tunnels {
            let both = (Arc::clone(tunnel), Arc::clone(&remote));
            self.by_index.insert(tunnel.index, both);
        }
        for network in &remote.config.networks {
            self.routes.insert(*network, Arc::clone(&remote));
        }
        let name = remote.config.name.clone();
        match self.by_name.insert(name, remote) {
            None => Ok(()),
            Some(double) => Err(MeshError::BadPeer {
                peer: double.config.name.clone(),
                reason: "there is a peer of this name already",
            }),
        }
    }

    pub fn configs(&self) -> Vec<Peer> {
        self.by_name.values().map(|remote| remote.config.clone()).collect()
    }
}

fn check(config: &Peer, own: &[Arc<OwnKey>]) -> Result<(), MeshError> {
    let bad = |reason| {
        let peer = config.name.clone();
        Err(MeshError::BadPeer { peer, reason })
    };
    if config.name.is_empty() {
        return bad("it has no name");
    }
    if !matches!(config.keys.len(), 1 | 2) {
        return bad("it needs one key, or two while it changes them");
    }
    if config.keys.iter().any(|key| own.iter().any(|own| own.public == *key)) {
        return bad("its key is this node's own");
    }
    Ok(())
}

fn new_tunnel(own: &OwnKey, theirs: PublicKey, keepalive: Option<u16>, index: u32) -> Tunnel {
    let limiter = Some(Arc::clone(&own.limiter));
    let public = x25519::PublicKey::from(theirs.0);
    Tunnel {
        index,
        own: own.public,
        theirs,
        keepalive,
        noise: Mutex::new(Tunn::new(
            own.secret.exchange(),
            public,
            None,
            keepalive,
            index,
            limiter,
        )),
        proven: AtomicBool::new(false),
    }
}

/// Starts a handshake unless one is under way; the bytes to send are in `buffer`.
pub fn call(tunnel: &Tunnel, buffer: &mut [u8]) -> usize {
    match tunnel.noise().format_handshake_initiation(buffer, false) {
        TunnResult::WriteToNetwork(packet) => packet.len(),
        _ => 0,
    }
}
