//! How large a packet of the mesh may be.

/// IPv4 or IPv6 header, UDP header (8), WireGuard's header and tag (32).
const AROUND_V4: u16 = 20 + 8 + 32;
const AROUND_V6: u16 = 40 + 8 + 32;

/// The largest packet (bytes) that fits, encrypted, into one packet of `outer` bytes. Never below IPv4's least of 576.
pub fn mesh_mtu(outer: u16, over_ipv6: bool) -> u16 {
    let around = if over_ipv6 { AROUND_V6 } else { AROUND_V4 };
    outer.saturating_sub(around).clamp(576, 65_455)
}

/// The largest TCP segment (bytes) over IPv4 in packets of `mtu` bytes.
pub fn max_segment(mtu: u16) -> u16 {
    mtu.saturating_sub(40)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_wireguard_puts_around_a_packet_is_taken_off() {
        assert_eq!(mesh_mtu(1500, false), 1440);
        assert_eq!(mesh_mtu(1500, true), 1420);
        assert_eq!(mesh_mtu(9000, true), 8920);
        assert_eq!(mesh_mtu(0, false), 576);
        assert_eq!(max_segment(1420), 1380);
    }
}
