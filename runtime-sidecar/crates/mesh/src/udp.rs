//! The socket to other nodes. Datagrams of one length go out, and come in, up to 64 at once (UDP segmentation offload).

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, sendmsg, setsockopt, sockopt,
};

use crate::error::MeshError;

/// The kernel's limits of one segmented send.
const MOST_SEGMENTS: usize = 64;
const MOST_BYTES: usize = 65_000;
/// Bytes that may wait in the kernel each way.
const WAITING: usize = 4 << 20;

#[derive(Debug)]
pub struct Udp {
    socket: UdpSocket,
    v6: bool,
    /// Whether the way out takes segmented sends; found out by trying.
    segments: AtomicBool,
}

/// Encrypted datagrams that wait to be sent together.
#[derive(Debug, Default)]
pub struct Outgoing {
    bytes: Vec<u8>,
    datagrams: Vec<(usize, SocketAddr)>,
}

impl Outgoing {
    /// Adds what `write` writes into a buffer of `room` bytes; it returns how many are to be sent, 0 for nothing.
    pub fn add(&mut self, to: SocketAddr, room: usize, write: impl FnOnce(&mut [u8]) -> usize) {
        let start = self.bytes.len();
        self.bytes.resize(start + room, 0);
        let length = write(&mut self.bytes[start..]);
        self.bytes.truncate(start + length);
        if length > 0 {
            self.datagrams.push((length, to));
        }
    }

    pub fn is_full(&self) -> bool {
        self.datagrams.len() >= 4 * MOST_SEGMENTS
    }
}

impl Udp {
    /// A socket on all addresses; port 0 takes any.
    pub fn bind(port: u16) -> Result<Self, MeshError> {
        let failed = |source| MeshError::Listen { port, source };
        let (socket, v6) = match UdpSocket::bind((Ipv6Addr::UNSPECIFIED, port)) {
            Ok(socket) => (socket, true),
            // A machine without IPv6.
            Err(error) if error.raw_os_error() == Some(nix::libc::EAFNOSUPPORT) => {
                (UdpSocket::bind(("0.0.0.0", port)).map_err(failed)?, false)
            }
            Err(error) => return Err(failed(error)),
        };
        socket.set_nonblocking(true).map_err(failed)?;
        // Each is an advantage, not a condition: older kernels and users without rights do with less.
        let _ = setsockopt(&socket, sockopt::UdpGroSegment, &true);
        let _ = setsockopt(&socket, sockopt::RcvBufForce, &WAITING);
        let _ = setsockopt(&socket, sockopt::SndBufForce, &WAITING);
        Ok(Self {
            socket,
            v6,
            segments: AtomicBool::new(true),
        })
    }

    pub fn port(&self) -> io::Result<u16> {
        self.socket.local_addr().map(|address| address.port())
    }

    /// Sends all that waits. What the kernel does not take is lost, as on any network.
    pub fn send(&self, outgoing: &mut Outgoing) {
        let mut bytes = outgoing.bytes.as_slice();
        let mut datagrams = outgoing.datagrams.as_slice();
        while let Some(&(length, to)) = datagrams.first() {
            let mut total = 0;
            let mut count = 0;
            // Datagrams of one length to one place; the last may be shorter.
            for &(next, place) in datagrams {
                if place != to || next > length || count == MOST_SEGMENTS || total + next > MOST_BYTES {
                    break;
                }
                total += next;
                count += 1;
                if next < length {
                    break;
                }
            }
            let (run, rest) = bytes.split_at(total);
            if count == 1 || !self.segments.load(Ordering::Relaxed) {
                for datagram in run.chunks(length) {
                    self.one(datagram, to, None);
                }
            } else if !self.one(run, to, u16::try_from(length).ok()) {
                self.segments.store(false, Ordering::Relaxed);
                continue;
            }
            bytes = rest;
            datagrams = &datagrams[count..];
        }
        outgoing.bytes.clear();
        outgoing.datagrams.clear();
    }

    /// `false` when the way out cannot segment.
    fn one(&self, bytes: &[u8], to: SocketAddr, segment: Option<u16>) -> bool {
        let to = match to {
            SocketAddr::V4(address) if self.v6 => {
                SocketAddr::V6(SocketAddrV6::new(address.ip().to_ipv6_mapped(), address.port(), 0, 0))
            }
            other => other,
        };
        let control = segment.as_ref().map(ControlMessage::UdpGsoSegments);
        let to = SockaddrStorage::from(to);
        let sent = sendmsg(
            self.socket.as_raw_fd(),
            &[IoSlice::new(bytes)],
            control.as_slice(),
            MsgFlags::empty(),
            Some(&to),
        );
        !(segment.is_some() && matches!(sent, Err(Errno::EIO | Errno::EINVAL | Errno::EOPNOTSUPP)))
    }

    /// Bytes received, the length of each datagram among them (the last may be shorter), and where they are from.
    pub fn receive(&self, buffer: &mut [u8]) -> io::Result<(usize, usize, SocketAddr)> {
        let mut space = cmsg_space!(i32);
        let mut parts = [IoSliceMut::new(buffer)];
        let message =
            recvmsg::<SockaddrStorage>(self.socket.as_raw_fd(), &mut parts, Some(&mut space), MsgFlags::empty())?;
        let segment = message.cmsgs()?.find_map(|control| match control {
            ControlMessageOwned::UdpGroSegments(length) => usize::try_from(length).ok(),
            _ => None,
        });
        let from = message.address.and_then(|address| {
            if let Some(v4) = address.as_sockaddr_in() {
                return Some(SocketAddr::new(IpAddr::V4(v4.ip()), v4.port()));
            }
            let v6 = address.as_sockaddr_in6()?;
            Some(match v6.ip().to_canonical() {
                IpAddr::V4(ip) => SocketAddr::new(IpAddr::V4(ip), v6.port()),
                IpAddr::V6(ip) => SocketAddr::V6(SocketAddrV6::new(ip, v6.port(), 0, v6.scope_id())),
            })
        });
        let from = from.ok_or_else(|| io::Error::other("a datagram without a sender"))?;
        let length = message.bytes;
        Ok((length, segment.filter(|s| *s > 0).unwrap_or(length).max(1), from))
    }
}

impl AsFd for Udp {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
