//! The work on packets: one thread from the link to the network, one back, one for time. Each sleeps in the kernel when
//! there is nothing to do.

use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::time::Duration;

use boringtun::noise::errors::WireGuardError;
use boringtun::noise::handshake::parse_handshake_anon;
use boringtun::noise::{Packet, Tunn, TunnResult};
use boringtun::x25519;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::EventFd;

use crate::offload::{FRAME, Joiner, addresses, split};
use crate::peers::{OwnKey, Peers, Remote, Tunnel, call};
use crate::tun::Tun;
use crate::udp::{Outgoing, Udp};

/// WireGuard's header and tag around a packet, and room for a handshake.
const AROUND: usize = 32;
const LEAST: usize = 148;
/// WireGuard's timers count in seconds; its retries and keep-alives need no finer clock.
const TICK: Duration = Duration::from_millis(250);
const TICKS_A_SECOND: u32 = 4;
/// Frames handled before what they became is sent: what a burst brings, without making the first wait for long.
const BATCH: usize = 32;

#[derive(Default)]
pub struct Drops {
    pub unauthentic: AtomicU64,
    pub forged_source: AtomicU64,
    pub no_peer: AtomicU64,
}

pub struct Device {
    pub tun: Tun,
    pub udp: Udp,
    pub peers: RwLock<Arc<Peers>>,
    pub drops: Drops,
    pub stop: EventFd,
    pub stopped: (Mutex<bool>, Condvar),
}

impl Device {
    pub fn peers(&self) -> Arc<Peers> {
        Arc::clone(&self.peers.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From the link to the network, until stopped.
    pub fn send_packets(&self) {
        let mut frame = vec![0; FRAME];
        let mut scratch = Vec::with_capacity(FRAME);
        let mut outgoing = Outgoing::default();
        while self.wait_for(self.tun.as_fd()) {
            let peers = self.peers();
            for _ in 0..BATCH {
                let Ok(length) = self.tun.receive(&mut frame) else {
                    break;
                };
                split(&mut frame[..length], &mut scratch, |packet| {
                    self.send_packet(&peers, packet, &mut outgoing);
                });
                if outgoing.is_full() {
                    self.udp.send(&mut outgoing);
                }
            }
            self.udp.send(&mut outgoing);
        }
    }

    fn send_packet(&self, peers: &Peers, packet: &[u8], outgoing: &mut Outgoing) {
        let remote = addresses(packet).and_then(|(_, to)| peers.routes.find(to));
        let Some((remote, endpoint)) = remote.and_then(|remote| Some((remote, remote.endpoint()?))) else {
            self.drops.no_peer.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let Some(tunnel) = remote.best() else { return };
        let length = packet.len() as u64;
        remote.counters.sent.fetch_add(length, Ordering::Relaxed);
        outgoing.add(endpoint, (packet.len() + AROUND).max(LEAST), |buffer| {
            written(tunnel.noise().encapsulate(packet, buffer))
        });
    }

    /// From the network to the link, until stopped.
    pub fn receive_packets(&self) {
        let mut datagrams = vec![0; FRAME];
        let mut plain = vec![0; FRAME];
        let mut joiner = Joiner::default();
        let mut outgoing = Outgoing::default();
        // A link that is down takes nothing; that is as good as lost.
        let write = |frame: &[u8]| drop(self.tun.send(frame));
        while self.wait_for(self.udp.as_fd()) {
            let peers = self.peers();
            for _ in 0..BATCH {
                let Ok((length, segment, from)) = self.udp.receive(&mut datagrams) else {
                    break;
                };
                for datagram in datagrams[..length].chunks(segment) {
                    match self.receive_datagram(&peers, datagram, from, &mut plain, &mut outgoing) {
                        Some(length) => joiner.add(&plain[..length], write),
                        None => joiner.flush(write),
                    }
                }
            }
            joiner.flush(write);
            self.udp.send(&mut outgoing);
        }
    }

    /// The length of the packet in `plain`, if the datagram held one.
    fn receive_datagram(
        &self,
        peers: &Peers,
        datagram: &[u8],
        from: SocketAddr,
        plain: &mut [u8],
        outgoing: &mut Outgoing,
    ) -> Option<usize> {
        let refuse = || {
            self.drops.unauthentic.fetch_add(1, Ordering::Relaxed);
        };
        let Some((tunnel, remote)) = tunnel_of(peers, datagram, from, outgoing) else {
            refuse();
            return None;
        };
        // Cookies prove nothing about who sent them; all else that a tunnel takes does.
        let is_cookie = datagram.first() == Some(&3);
        let starts = datagram.first() == Some(&1);
        let mut noise = tunnel.noise();
        let mut packet = None;
        let mut authentic = !is_cookie;
        match noise.decapsulate(Some(from.ip()), datagram, plain) {
            TunnResult::Err(error) => {
                if !matches!(error, WireGuardError::NoCurrentSession) {
                    tracing::trace!(?error, %from, "a datagram was refused");
                }
                refuse();
                return None;
            }
            TunnResult::Done => {}
            TunnResult::WriteToNetwork(answer) => {
                // A cookie is asked of whoever calls, before anything is known about the caller.
                authentic &= answer.first() != Some(&3);
                let bytes = &*answer;
                outgoing.add(from, bytes.len(), |buffer| {
                    buffer.copy_from_slice(bytes);
                    bytes.len()
                });
                if authentic {
                    send_waiting(&mut noise, from, outgoing);
                }
            }
            TunnResult::WriteToTunnelV4(bytes, source) => packet = Some((bytes.len(), source.into())),
            TunnResult::WriteToTunnelV6(bytes, source) => packet = Some((bytes.len(), source.into())),
        }
        drop(noise);
        if !authentic {
            return None;
        }
        remote.seen_at(from);
        if !starts && !tunnel.proven.load(Ordering::Relaxed) {
            tunnel.proven.store(true, Ordering::Release);
        }
        let (length, source) = packet?;
        let owner = peers.routes.find(source);
        if owner.is_none_or(|owner| owner.config.name != remote.config.name) {
            self.drops.forged_source.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let count = length as u64;
        remote.counters.received.fetch_add(count, Ordering::Relaxed);
        Some(length)
    }

    /// Retries, keep-alives and new sessions, until stopped.
    pub fn keep_time(&self) {
        let mut buffer = vec![0; 2048];
        let mut outgoing = Outgoing::default();
        let mut ticks = 0;
        let (stopped, changed) = &self.stopped;
        loop {
            let guard = stopped.lock().unwrap_or_else(PoisonError::into_inner);
            let wait = changed.wait_timeout_while(guard, TICK, |stopped| !*stopped);
            if *wait.unwrap_or_else(PoisonError::into_inner).0 {
                return;
            }
            let peers = self.peers();
            ticks = (ticks + 1) % TICKS_A_SECOND;
            if ticks == 0 {
                peers.own.iter().for_each(|own| own.limiter.reset_count());
            }
            for remote in peers.by_name.values() {
                let Some(endpoint) = remote.endpoint() else { continue };
                for tunnel in &remote.tunnels {
                    let length = tick(remote, tunnel, &mut buffer, ticks == 0);
                    if length > 0 {
                        outgoing.add(endpoint, length, |to| {
                            to.copy_from_slice(&buffer[..length]);
                            length
                        });
                    }
                }
            }
            self.udp.send(&mut outgoing);
        }
    }

    /// `false`: the mesh is stopped.
    fn wait_for(&self, fd: BorrowedFd<'_>) -> bool {
        let mut fds = [
            PollFd::new(fd, PollFlags::POLLIN),
            PollFd::new(self.stop.as_fd(), PollFlags::POLLIN),
        ];
        // An error on the link or the socket ends with the next read of it.
        let _ = poll(&mut fds, PollTimeout::NONE);
        fds[1].revents().is_none_or(|events| events.is_empty())
    }
}

fn tick(remote: &Remote, tunnel: &Tunnel, buffer: &mut [u8], second: bool) -> usize {
    let (result, expired) = match tunnel.noise().update_timers(buffer) {
        TunnResult::Err(WireGuardError::ConnectionExpired) => (0, true),
        other => (written(other), false),
    };
    if expired {
        tunnel.proven.store(false, Ordering::Release);
    }
    // A peer that keeps alive is called until it answers; and while keys are rotated the newest tunnel is, too.
    let newest = remote.tunnels.first().is_some_and(|first| first.index == tunnel.index);
    let wanted = newest && (remote.config.keepalive.is_some() || remote.tunnels.len() > 1);
    let silent = tunnel.noise().time_since_last_handshake().is_none();
    if result == 0 && second && wanted && silent {
        return call(tunnel, buffer);
    }
    result
}

fn written(result: TunnResult<'_>) -> usize {
    match result {
        TunnResult::WriteToNetwork(packet) => packet.len(),
        _ => 0,
    }
}

/// Sends what waited for a session.
fn send_waiting(noise: &mut Tunn, to: SocketAddr, outgoing: &mut Outgoing) {
    loop {
        let mut sent = 0;
        outgoing.add(to, FRAME, |buffer| {
            sent = written(noise.decapsulate(None, &[], buffer));
            sent
        });
        if sent == 0 {
            return;
        }
    }
}

/// Whose datagram it is. One that starts a handshake says so only to who holds the secret; a flood of those is answered
/// with a request to prove the address.
fn tunnel_of<'a>(
    peers: &'a Peers,
    datagram: &[u8],
    from: SocketAddr,
    outgoing: &mut Outgoing,
) -> Option<&'a (Arc<Tunnel>, Arc<Remote>)> {
    let index = match Tunn::parse_incoming_packet(datagram).ok()? {
        Packet::HandshakeInit(_) => {
            let (own, theirs) = peers.own.iter().find_map(|own| caller(own, datagram, from, outgoing))?;
            return peers
                .by_index
                .values()
                .find(|(tunnel, _)| tunnel.is_between(&own, &theirs));
        }
        Packet::HandshakeResponse(packet) => packet.receiver_idx,
        Packet::PacketCookieReply(packet) => packet.receiver_idx,
        Packet::PacketData(packet) => packet.receiver_idx,
    };
    peers.by_index.get(&(index >> 8))
}

/// The two keys of a handshake that was made for this own key.
fn caller(own: &OwnKey, datagram: &[u8], from: SocketAddr, outgoing: &mut Outgoing) -> Option<([u8; 32], [u8; 32])> {
    let mut cookie = [0; 64];
    match own.limiter.verify_packet(Some(from.ip()), datagram, &mut cookie) {
        Ok(Packet::HandshakeInit(packet)) => {
            let public = x25519::PublicKey::from(own.public.0);
            let half = parse_handshake_anon(&own.secret.exchange(), &public, &packet).ok()?;
            Some((own.public.0, half.peer_static_public))
        }
        Err(TunnResult::WriteToNetwork(reply)) => {
            let bytes = &*reply;
            outgoing.add(from, bytes.len(), |buffer| {
                buffer.copy_from_slice(bytes);
                bytes.len()
            });
            None
        }
        _ => None,
    }
}
