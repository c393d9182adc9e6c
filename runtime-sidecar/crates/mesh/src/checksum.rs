//! The Internet checksum, over packets as they are in memory.

use std::net::IpAddr;

/// The sum of 16-bit words, not folded. A last odd byte is padded with zero.
pub fn sum(bytes: &[u8]) -> u64 {
    let mut words = bytes.chunks_exact(4);
    // The sum of larger words, folded, is the sum of their halves; 4 bytes at a time the compiler makes vectors of it.
    let mut total: u64 = words
        .by_ref()
        .map(|word| u64::from(u32::from_ne_bytes([word[0], word[1], word[2], word[3]])))
        .sum();
    let mut last = [0; 4];
    let rest = words.remainder();
    last[..rest.len()].copy_from_slice(rest);
    total += u64::from(u32::from_ne_bytes(last));
    total
}

/// What TCP and UDP add up besides the segment of `length` bytes.
pub fn pseudo_header(source: IpAddr, destination: IpAddr, protocol: u8, length: usize) -> u64 {
    let addresses = match (source, destination) {
        (IpAddr::V4(a), IpAddr::V4(b)) => sum(&a.octets()) + sum(&b.octets()),
        (a, b) => sum(&octets(a)) + sum(&octets(b)),
    };
    #[allow(clippy::cast_possible_truncation)]
    let length = (length as u32).to_be_bytes();
    addresses + sum(&length) + sum(&[0, 0, 0, protocol])
}

fn octets(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
        IpAddr::V6(v6) => v6.octets(),
    }
}

/// The sum folded to 16 bits, as two bytes in the packet's order.
pub fn fold(mut total: u64) -> [u8; 2] {
    while total > 0xffff {
        total = (total & 0xffff) + (total >> 16);
    }
    #[allow(clippy::cast_possible_truncation)]
    let folded = total as u16;
    folded.to_ne_bytes()
}

/// The checksum of a sum: the bytes that the packet carries.
pub fn finish(total: u64) -> [u8; 2] {
    fold(total).map(|byte| !byte)
}
