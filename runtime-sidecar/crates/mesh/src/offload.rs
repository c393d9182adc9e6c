//! Between the kernel's large TCP packets and those that fit the mesh: splitting what is read from the link, and joining
//! what is written to it. A joined packet is one call and one walk through the kernel instead of forty.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::checksum::{finish, fold, pseudo_header, sum};

/// Virtio's header before each packet.
pub const HEADER: usize = 10;
/// The largest packet with its header.
pub const FRAME: usize = HEADER + 65_535;

const NEEDS_CHECKSUM: u8 = 1;
const GSO_NONE: u8 = 0;
const GSO_TCP4: u8 = 1;
const GSO_TCP6: u8 = 4;
const GSO_ECN: u8 = 0x80;

const TCP: u8 = 6;
const FIN: u8 = 1;
const PSH: u8 = 8;
const ACK: u8 = 16;
const CWR: u8 = 128;

/// Gives the packets of one frame to `each`, with checksums. A frame that makes no sense gives none.
pub fn split(frame: &mut [u8], scratch: &mut Vec<u8>, mut each: impl FnMut(&[u8])) {
    if frame.len() < HEADER + 20 {
        return;
    }
    let (header, packet) = frame.split_at_mut(HEADER);
    let field = |at: usize| usize::from(u16::from_ne_bytes([header[at], header[at + 1]]));
    let (flags, gso, size, start, offset) = (header[0], header[1] & !GSO_ECN, field(4), field(6), field(8));
    if gso == GSO_NONE {
        if flags & NEEDS_CHECKSUM != 0 {
            if start + offset + 2 > packet.len() {
                return;
            }
            // The field holds the pseudo header's sum already.
            let mut checksum = finish(sum(&packet[start..]));
            if offset == 6 && checksum == [0, 0] {
                // UDP: zero would mean that there is none.
                checksum = [0xff, 0xff];
            }
            packet[start + offset..start + offset + 2].copy_from_slice(&checksum);
        }
        return each(packet);
    }
    let v4 = packet[0] >> 4 == 4;
    if !matches!((gso, v4), (GSO_TCP4, true) | (GSO_TCP6, false)) || size == 0 || start + 20 > packet.len() {
        return;
    }
    let headers = start + usize::from(packet[start + 12] >> 4) * 4;
    let Some((source, destination)) = addresses(packet).filter(|_| headers <= packet.len()) else {
        return;
    };
    let sequence = u32::from_be_bytes([
        packet[start + 4],
        packet[start + 5],
        packet[start + 6],
        packet[start + 7],
    ]);
    let id = u16::from_be_bytes([packet[4], packet[5]]);
    let payload = &packet[headers..];
    let count = payload.len().div_ceil(size);
    for (number, part) in payload.chunks(size).enumerate() {
        scratch.clear();
        scratch.extend_from_slice(&packet[..headers]);
        scratch.extend_from_slice(part);
        #[allow(clippy::cast_possible_truncation)]
        let (at, nth) = ((number * size) as u32, number as u16);
        scratch[start + 4..start + 8].copy_from_slice(&sequence.wrapping_add(at).to_be_bytes());
        if number + 1 < count {
            scratch[start + 13] &= !(FIN | PSH);
        }
        if number > 0 {
            scratch[start + 13] &= !CWR;
        }
        if v4 {
            scratch[4..6].copy_from_slice(&id.wrapping_add(nth).to_be_bytes());
        }
        set_length(scratch, start);
        scratch[start + 16..start + 18].fill(0);
        let segment = &scratch[start..];
        let checksum = finish(pseudo_header(source, destination, TCP, segment.len()) + sum(segment));
        scratch[start + 16..start + 18].copy_from_slice(&checksum);
        each(scratch);
    }
}

/// Where a packet is from and to; `None` when it is not IP.
pub fn addresses(packet: &[u8]) -> Option<(IpAddr, IpAddr)> {
    match packet.first()? >> 4 {
        4 if packet.len() >= 20 => {
            let at = |i: usize| Ipv4Addr::new(packet[i], packet[i + 1], packet[i + 2], packet[i + 3]);
            Some((at(12).into(), at(16).into()))
        }
        6 if packet.len() >= 40 => {
            let at = |i: usize| <[u8; 16]>::try_from(&packet[i..i + 16]).ok().map(Ipv6Addr::from);
            Some((at(8)?.into(), at(24)?.into()))
        }
        _ => None,
    }
}

/// Writes the packet's length into its IP header, and the header's checksum. `start` is where TCP begins.
#[allow(clippy::cast_possible_truncation)]
fn set_length(packet: &mut [u8], start: usize) {
    if packet[0] >> 4 == 4 {
        let length = packet.len() as u16;
        packet[2..4].copy_from_slice(&length.to_be_bytes());
        packet[10..12].fill(0);
        let checksum = finish(sum(&packet[..start]));
        packet[10..12].copy_from_slice(&checksum);
    } else {
        let length = (packet.len() - 40) as u16;
        packet[4..6].copy_from_slice(&length.to_be_bytes());
    }
}

/// Joins packets of one TCP flow that follow each other. The order of packets stays.
#[derive(Debug)]
pub struct Joiner {
    frame: Vec<u8>,
    /// Packets in `frame`; 0: it is empty.
    count: usize,
    start: usize,
    headers: usize,
    size: usize,
    next: u32,
    open: bool,
}

/// Where TCP and the payload begin, if the packet may be joined with others.
fn joinable(packet: &[u8]) -> Option<(usize, usize)> {
    let start = match packet.first()? {
        // No options, not a fragment, and no more bytes than its length says.
        0x45 if packet.len() >= 40
            && packet[9] == TCP
            && packet[6] & 0x3f == 0
            && packet[7] == 0
            && usize::from(u16::from_be_bytes([packet[2], packet[3]])) == packet.len() =>
        {
            20
        }
        first
            if first >> 4 == 6
                && packet.len() >= 60
                && packet[6] == TCP
                && usize::from(u16::from_be_bytes([packet[4], packet[5]])) == packet.len() - 40 =>
        {
            40
        }
        _ => return None,
    };
    let headers = start + usize::from(packet[start + 12] >> 4) * 4;
    let plain = packet[start + 13] & !PSH == ACK;
    (plain && headers >= start + 20 && headers < packet.len()).then_some((start, headers))
}

fn checksum_is_right(packet: &[u8], start: usize) -> bool {
    let Some((source, destination)) = addresses(packet) else {
        return false;
    };
    let segment = &packet[start..];
    fold(pseudo_header(source, destination, TCP, segment.len()) + sum(segment)) == [0xff, 0xff]
}

impl Default for Joiner {
    fn default() -> Self {
        Self {
            frame: Vec::with_capacity(FRAME),
            count: 0,
            start: 0,
            headers: 0,
            size: 0,
            next: 0,
            open: false,
        }
    }
}

impl Joiner {
    /// Takes a packet; frames that are complete go to `write`.
    pub fn add(&mut self, packet: &[u8], mut write: impl FnMut(&[u8])) {
        let place = joinable(packet).filter(|(start, _)| checksum_is_right(packet, *start));
        if let Some((start, headers)) = place
            && self.follows(packet, start, headers)
        {
            let payload = &packet[headers..];
            self.frame.extend_from_slice(payload);
            self.frame[HEADER + self.start + 13] |= packet[start + 13] & PSH;
            self.count += 1;
            self.advance(payload.len(), packet[start + 13] & PSH == 0);
            return;
        }
        self.flush(&mut write);
        self.frame.extend_from_slice(&[0; HEADER]);
        self.frame.extend_from_slice(packet);
        let Some((start, headers)) = place else {
            write(&self.frame);
            self.frame.clear();
            return;
        };
        (self.count, self.start, self.headers) = (1, start, headers);
        self.size = packet.len() - headers;
        let at = start + 4;
        self.next = u32::from_be_bytes([packet[at], packet[at + 1], packet[at + 2], packet[at + 3]]);
        self.advance(self.size, packet[start + 13] & PSH == 0);
    }

    #[allow(clippy::cast_possible_truncation)]
    fn advance(&mut self, length: usize, more: bool) {
        self.next = self.next.wrapping_add(length as u32);
        self.open = more && length == self.size;
    }

    fn follows(&self, packet: &[u8], start: usize, headers: usize) -> bool {
        if self.count == 0
            || !self.open
            || (start, headers) != (self.start, self.headers)
            || packet.len() - headers > self.size
            || self.frame.len() + packet.len() > FRAME
        {
            return false;
        }
        let first = &self.frame[HEADER..];
        let same = |range: std::ops::Range<usize>| first[range.clone()] == packet[range];
        // All of IP's header but length, identification and checksum.
        let ip = match start {
            20 => same(0..2) && same(6..10) && same(12..20),
            _ => same(0..4) && same(6..40),
        };
        // Ports, acknowledged, window, options.
        ip && same(start..start + 4)
            && packet[start + 4..start + 8] == self.next.to_be_bytes()
            && same(start + 8..start + 13)
            && same(start + 14..start + 16)
            && same(start + 18..headers)
    }

    /// Writes what was held back.
    #[allow(clippy::cast_possible_truncation)]
    pub fn flush(&mut self, mut write: impl FnMut(&[u8])) {
        if self.count == 0 {
            return;
        }
        if self.count > 1 {
            let packet = &mut self.frame[HEADER..];
            set_length(packet, self.start);
            if let Some((source, destination)) = addresses(packet) {
                let partial = fold(pseudo_header(source, destination, TCP, packet.len() - self.start));
                packet[self.start + 16..self.start + 18].copy_from_slice(&partial);
            }
            let kind = if self.start == 20 { GSO_TCP4 } else { GSO_TCP6 };
            let header = &mut self.frame[..HEADER];
            (header[0], header[1]) = (NEEDS_CHECKSUM, kind);
            for (at, value) in [(2, self.headers), (4, self.size), (6, self.start), (8, 16)] {
                header[at..at + 2].copy_from_slice(&(value as u16).to_ne_bytes());
            }
        }
        write(&self.frame);
        self.frame.clear();
        self.count = 0;
    }
}

#[cfg(test)]
#[path = "offload_tests.rs"]
mod tests;
