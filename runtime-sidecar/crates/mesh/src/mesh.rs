//! The mesh of one node, as the engine uses it.

use std::fmt;
use std::net::Ipv4Addr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;

use ipnet::Ipv4Net;
use nix::sys::eventfd::{EfdFlags, EventFd};

use crate::device::{Device, Drops};
use crate::error::MeshError;
use crate::key::{PublicKey, SecretKey};
use crate::peers::{OwnKey, Peer, Peers};
use crate::status::{Dropped, PeerStatus};
use crate::tun::{self, Tun};
use crate::udp::Udp;

/// What a thread does until the device is stopped.
type Work = fn(&Device);

/// How a node takes part.
#[derive(Debug)]
pub struct MeshConfig {
    /// The link's name, at most 15 characters.
    pub link: String,
    /// The node's secret.
    pub secret: SecretKey,
    /// UDP port that the other nodes send to; 0 takes a free one.
    pub port: u16,
    /// What the node itself is called from when it talks to containers elsewhere: an address of its own network.
    pub address: Ipv4Addr,
    /// Where all nodes' networks are in. What the node's own bridges do not hold goes through the mesh.
    pub range: Ipv4Net,
    /// Bytes of a packet in the mesh, from `mesh_mtu`.
    pub mtu: u16,
}

/// A running mesh. Dropping it stops its threads and removes its link and routes.
pub struct Mesh {
    device: Arc<Device>,
    link: String,
    port: u16,
    /// One change at a time.
    changes: Mutex<()>,
    threads: Vec<JoinHandle<()>>,
}

impl fmt::Debug for Mesh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mesh")
            .field("link", &self.link)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

impl Mesh {
    /// Makes the link, with its address and route, and begins to listen. Needs a tokio runtime in the calling thread, whose
    /// network namespace is used.
    ///
    /// # Errors
    /// `Listen`, `Tun`, `BadName`, `Kernel`; nothing is left then.
    pub async fn start(config: MeshConfig) -> Result<Self, MeshError> {
        let udp = Udp::bind(config.port)?;
        let port = udp.port().map_err(|error| MeshError::kernel("name a port", error))?;
        let tun = Tun::create(&config.link)?;
        tun::configure(&config.link, config.address, config.range, config.mtu).await?;
        let stop = EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)
            .map_err(|error| MeshError::kernel("make an event", error))?;
        let peers = Peers::default().with(vec![Arc::new(OwnKey::new(config.secret))], Vec::new())?;
        let device = Arc::new(Device {
            tun,
            udp,
            peers: RwLock::new(Arc::new(peers)),
            drops: Drops::default(),
            stop,
            stopped: (Mutex::new(false), Condvar::new()),
        });
        let mut mesh = Self {
            device,
            link: config.link,
            port,
            changes: Mutex::new(()),
            threads: Vec::new(),
        };
        let works: [(&str, Work); 3] = [
            ("mesh-send", Device::send_packets),
            ("mesh-receive", Device::receive_packets),
            ("mesh-time", Device::keep_time),
        ];
        for (name, work) in works {
            let device = Arc::clone(&mesh.device);
            let thread = std::thread::Builder::new()
                .name(name.into())
                .spawn(move || work(&device));
            let thread = thread.map_err(|error| MeshError::kernel("start a thread", error))?;
            mesh.threads.push(thread);
        }
        Ok(mesh)
    }

    /// The UDP port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The link's name.
    pub fn link(&self) -> &str {
        &self.link
    }

    /// The node's public keys, the newest first.
    pub fn public_keys(&self) -> Vec<PublicKey> {
        self.device.peers().own.iter().map(|own| own.public).collect()
    }

    /// Makes these the peers. Those that stay keep their sessions; a peer with another endpoint is sent to there.
    ///
    /// # Errors
    /// `Overlap`, `BadPeer`; nothing is changed then.
    pub fn set_peers(&self, peers: Vec<Peer>) -> Result<(), MeshError> {
        self.change(|before| before.with(before.own.clone(), peers))
    }

    /// Adds a peer, or replaces the one of its name.
    ///
    /// # Errors
    /// As `set_peers`.
    pub fn set_peer(&self, peer: Peer) -> Result<(), MeshError> {
        self.change(|before| {
            let mut peers = before.configs();
            peers.retain(|other| other.name != peer.name);
            peers.push(peer);
            before.with(before.own.clone(), peers)
        })
    }

    /// Removes a peer; one that is not there is no error.
    ///
    /// # Errors
    /// None that a removal can cause; as `set_peers`.
    pub fn remove_peer(&self, name: &str) -> Result<(), MeshError> {
        self.change(|before| {
            let mut peers = before.configs();
            peers.retain(|other| other.name != name);
            before.with(before.own.clone(), peers)
        })
    }

    /// Begins to use a new key beside the present one. First every peer learns the new public key (`Peer::keys`), then this
    /// is called, and once `is_rotated`, `retire_old_key`; so no packet is lost.
    ///
    /// # Errors
    /// `BadPeer` when the key is a peer's.
    pub fn rotate_key(&self, secret: SecretKey) -> Result<(), MeshError> {
        self.change(|before| {
            let own = [Arc::new(OwnKey::new(secret))].into_iter();
            let own = own.chain(before.own.first().cloned()).collect();
            before.with(own, before.configs())
        })
    }

    /// Whether every peer that has a session has one with the newest keys.
    pub fn is_rotated(&self) -> bool {
        let peers = self.device.peers();
        peers.by_name.values().all(|remote| {
            let first = remote.tunnels.first().map(|tunnel| tunnel.index);
            remote.status().handshake_seconds.is_none() || remote.best().map(|tunnel| tunnel.index) == first
        })
    }

    /// Forgets all keys but the newest.
    ///
    /// # Errors
    /// None that it can cause; as `set_peers`.
    pub fn retire_old_key(&self) -> Result<(), MeshError> {
        self.change(|before| before.with(before.own.iter().take(1).cloned().collect(), before.configs()))
    }

    /// Every peer, by name.
    pub fn status(&self) -> Vec<PeerStatus> {
        let peers = self.device.peers();
        peers.by_name.values().map(|remote| remote.status()).collect()
    }

    /// Packets that were thrown away since the start.
    pub fn dropped(&self) -> Dropped {
        let drops = &self.device.drops;
        Dropped {
            unauthentic: drops.unauthentic.load(Ordering::Relaxed),
            forged_source: drops.forged_source.load(Ordering::Relaxed),
            no_peer: drops.no_peer.load(Ordering::Relaxed),
        }
    }

    fn change(&self, make: impl FnOnce(&Peers) -> Result<Peers, MeshError>) -> Result<(), MeshError> {
        let _one = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let next = Arc::new(make(&self.device.peers())?);
        *self.device.peers.write().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(())
    }
}

impl Drop for Mesh {
    fn drop(&mut self) {
        *self.device.stopped.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.device.stopped.1.notify_all();
        // A counter at its limit is not reached by one write.
        let _ = self.device.stop.write(1);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
