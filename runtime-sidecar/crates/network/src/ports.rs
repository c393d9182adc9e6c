//! Host ports held for containers.
//!
//! The packet filter translates what arrives at a published port, also from the host's own loopback, so the port works
//! while no engine runs. The socket held here keeps others from taking the port, tells whoever looks at the machine's
//! listeners (`pasta`, which forwards a rootless engine's ports by looking at them) that it is in use, and relays the
//! connections that no rule translates: those over IPv6.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinHandle;

use crate::error::NetworkError;
use crate::model::PublishedPort;
use crate::port_owner::owner;
use crate::sockets::{bind_tcp, bind_udp};

/// A host port that is ours until this is released.
pub struct Reservation {
    /// With the host port that was taken.
    pub port: PublishedPort,
    held: Held,
}

enum Held {
    Tcp(TcpListener),
    Relayed(JoinHandle<()>),
    /// Only held; nothing reads it.
    Udp {
        _socket: UdpSocket,
    },
    Nothing,
}

impl Reservation {
    /// From now on connections that reach the listener are relayed to the container's address.
    pub fn relay(&mut self, container: Ipv4Addr) {
        let target = SocketAddr::from((container, self.port.container_port));
        self.held = match std::mem::replace(&mut self.held, Held::Nothing) {
            Held::Tcp(listener) => Held::Relayed(tokio::spawn(relay(listener, target))),
            other => other,
        };
    }

    /// Returns when the port is free.
    pub async fn release(mut self) {
        if let Held::Relayed(task) = &mut self.held {
            task.abort();
            let _ = task.await;
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Held::Relayed(task) = &self.held {
            task.abort();
        }
    }
}

/// Takes the host port, or a free one where none is given.
pub fn reserve(port: &PublishedPort) -> Result<Reservation, NetworkError> {
    let at = SocketAddr::new(port.host_ip, port.host_port.unwrap_or(0));
    let failed = |error| refused(error, port);
    if port.udp && port.host_ip.is_ipv6() {
        return Err(NetworkError::Ipv6UdpNotServed(port.host_ip));
    }
    let (held, taken) = if port.udp {
        let socket = bind_udp(at).map_err(failed)?;
        let taken = socket.local_addr().map_err(failed)?.port();
        (Held::Udp { _socket: socket }, taken)
    } else {
        let listener = bind_tcp(at).map_err(failed)?;
        let taken = listener.local_addr().map_err(failed)?.port();
        (Held::Tcp(listener), taken)
    };
    Ok(Reservation {
        port: PublishedPort {
            host_port: Some(taken),
            ..port.clone()
        },
        held,
    })
}

async fn relay(listener: TcpListener, target: SocketAddr) {
    loop {
        let Ok((mut client, _)) = listener.accept().await else {
            // Out of file descriptors, most likely; waiting lets some be closed.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        tokio::spawn(async move {
            if let Ok(mut server) = TcpStream::connect(target).await {
                let _ = copy_bidirectional(&mut client, &mut server).await;
            }
        });
    }
}

fn refused(error: io::Error, port: &PublishedPort) -> NetworkError {
    let (host_ip, protocol, number) = (port.host_ip, port.protocol(), port.host_port.unwrap_or(0));
    match error.kind() {
        io::ErrorKind::AddrInUse => NetworkError::PortInUse {
            host_ip,
            port: number,
            protocol,
            owner: owner(host_ip, number, port.udp),
        },
        io::ErrorKind::PermissionDenied => NetworkError::PortNotPermitted {
            port: number,
            protocol,
            lowest: lowest_port(),
        },
        io::ErrorKind::AddrNotAvailable => NetworkError::HostAddressUnknown(host_ip),
        _ => NetworkError::kernel(format!("take the port {number}/{protocol} on {host_ip}"), error),
    }
}

fn lowest_port() -> u16 {
    let text = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap_or_default();
    text.trim().parse().unwrap_or(1024)
}
