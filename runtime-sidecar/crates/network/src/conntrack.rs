//! UDP flows that the kernel tracks. It translates a flow as it did the first packet for as long as packets come, so a
//! client that keeps its port would go on talking to a container that is gone.

use std::collections::BTreeSet;
use std::io;
use std::net::Ipv4Addr;

use nix::ifaddrs::getifaddrs;
use rtnetlink::sys::{Socket, SocketAddr};

use crate::model::PublishedPort;

const NETLINK_NETFILTER: isize = 12;
const GET: u16 = 0x0101;
const DELETE: u16 = 0x0102;
const REQUEST: u16 = 0x1;
const DUMP: u16 = 0x300;
const ERROR: u16 = 2;
const DONE: u16 = 3;
const HEADER: usize = 16;
/// Family and version, after the header.
const PREFIX: usize = 4;
const AF_INET: u8 = 2;
const UDP: u8 = 17;

// Attributes, named as in linux/netfilter/nfnetlink_conntrack.h.
const TUPLE_ORIG: u16 = 1;
const TUPLE_IP: u16 = 1;
const TUPLE_PROTO: u16 = 2;
const IP_V4_DST: u16 = 2;
const PROTO_NUM: u16 = 1;
const PROTO_DST_PORT: u16 = 3;
const NESTED: u16 = 0x8000;

/// Makes the kernel forget UDP flows to these ports of this machine, so that the next packet of each meets the rules as
/// they are now. A failure only leaves such clients waiting, so it is logged.
pub async fn forget_udp(ports: &[PublishedPort]) {
    let numbers: BTreeSet<u16> = ports
        .iter()
        .filter(|port| port.udp)
        .filter_map(|port| port.host_port)
        .collect();
    let done = tokio::task::spawn_blocking(move || forget(&numbers)).await;
    if let Err(error) = done.unwrap_or_else(|error| Err(io::Error::other(error))) {
        tracing::warn!(%error, "clients of a published UDP port may go on sending to its last container");
    }
}

fn forget(ports: &BTreeSet<u16>) -> io::Result<()> {
    let own: BTreeSet<Ipv4Addr> = getifaddrs()?
        .filter_map(|one| Some(one.address?.as_sockaddr_in()?.ip()))
        .collect();
    let mut socket = Socket::new(NETLINK_NETFILTER)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    socket.send(&message(GET, REQUEST | DUMP, &[]), 0)?;
    let mut stale = Vec::new();
    'dump: loop {
        let (bytes, _) = socket.recv_from_full()?;
        for (kind, body) in messages(&bytes) {
            match kind {
                DONE => break 'dump,
                ERROR => return Err(io::Error::other("the kernel does not list its connections")),
                _ => stale.extend(
                    tuple(body)
                        .filter(|tuple| is_to(tuple, ports, &own))
                        .map(<[u8]>::to_vec),
                ),
            }
        }
    }
    for tuple in stale {
        // One that ended by itself meanwhile is an error that does not matter, and nobody reads it.
        socket.send(&message(DELETE, REQUEST, &tuple), 0)?;
    }
    Ok(())
}

fn message(kind: u16, flags: u16, tuple: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; HEADER];
    bytes.extend([AF_INET, 0, 0, 0]);
    if !tuple.is_empty() {
        bytes.extend(((tuple.len() + 4) as u16).to_ne_bytes());
        bytes.extend((TUPLE_ORIG | NESTED).to_ne_bytes());
        bytes.extend(tuple);
    }
    let length = (bytes.len() as u32).to_ne_bytes();
    bytes[..4].copy_from_slice(&length);
    bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
    bytes[6..8].copy_from_slice(&flags.to_ne_bytes());
    bytes
}

/// The kinds and bodies of the messages in one datagram.
fn messages(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = u32::from_ne_bytes(bytes.first_chunk().copied()?) as usize;
        let kind = u16::from_ne_bytes(bytes.get(4..6)?.try_into().ok()?);
        let body = bytes.get(HEADER..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, body))
    })
}

fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(u16::from_ne_bytes(bytes.first_chunk().copied()?));
        let kind = u16::from_ne_bytes(bytes.get(2..4)?.try_into().ok()?) & !NESTED;
        let body = bytes.get(4..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, body))
    })
}

fn attribute(bytes: &[u8], wanted: u16) -> Option<&[u8]> {
    attributes(bytes).find_map(|(kind, body)| (kind == wanted).then_some(body))
}

fn tuple(body: &[u8]) -> Option<&[u8]> {
    attribute(body.get(PREFIX..)?, TUPLE_ORIG)
}

fn is_to(tuple: &[u8], ports: &BTreeSet<u16>, own: &BTreeSet<Ipv4Addr>) -> bool {
    let check = || {
        let proto = attribute(tuple, TUPLE_PROTO)?;
        let udp = attribute(proto, PROTO_NUM)?.first() == Some(&UDP);
        let port = u16::from_be_bytes(attribute(proto, PROTO_DST_PORT)?.try_into().ok()?);
        let address: [u8; 4] = attribute(attribute(tuple, TUPLE_IP)?, IP_V4_DST)?.try_into().ok()?;
        let address = Ipv4Addr::from(address);
        Some(udp && ports.contains(&port) && (address.is_loopback() || own.contains(&address)))
    };
    check().unwrap_or(false)
}
