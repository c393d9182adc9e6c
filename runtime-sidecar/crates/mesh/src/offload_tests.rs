use proptest::prelude::*;

use super::*;

/// A large TCP packet as the kernel gives it, to be split into parts of `size` bytes.
fn large(v6: bool, payload: &[u8], size: usize, flags: u8) -> Vec<u8> {
    let start: usize = if v6 { 40 } else { 20 };
    let mut frame = vec![0; HEADER];
    (frame[0], frame[1]) = (NEEDS_CHECKSUM, if v6 { GSO_TCP6 } else { GSO_TCP4 });
    for (at, value) in [(2, start + 32), (4, size), (6, start), (8, 16)] {
        frame[at..at + 2].copy_from_slice(&u16::try_from(value).unwrap().to_ne_bytes());
    }
    let mut packet = vec![0; start + 32];
    if v6 {
        (packet[0], packet[6], packet[7], packet[23], packet[39]) = (0x60, TCP, 64, 1, 2);
    } else {
        (packet[0], packet[8], packet[9]) = (0x45, 64, TCP);
        packet[4..6].copy_from_slice(&[0xff, 0xfe]);
        packet[12..20].copy_from_slice(&[10, 0, 0, 1, 10, 0, 1, 1]);
    }
    packet[start..start + 14].copy_from_slice(&[0x9c, 0x40, 0, 80, 0xff, 0xff, 0xf0, 0, 0, 0, 0, 7, 0x80, flags]);
    packet.extend_from_slice(payload);
    set_length(&mut packet, start);
    frame.extend(packet);
    frame
}

fn parts(frame: &[u8]) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    split(&mut frame.to_vec(), &mut Vec::new(), |packet| {
        packets.push(packet.to_vec())
    });
    packets
}

fn joined(packets: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let (mut joiner, mut frames) = (Joiner::default(), Vec::new());
    for packet in packets {
        joiner.add(packet, |frame| frames.push(frame.to_vec()));
    }
    joiner.flush(|frame| frames.push(frame.to_vec()));
    frames
}

proptest! {
    #[test]
    fn what_is_split_has_right_checksums_and_is_joined_to_the_same(
        v6: bool, payload in prop::collection::vec(any::<u8>(), 1..20_000), size in 500usize..1500,
    ) {
        let frame = large(v6, &payload, size, ACK | PSH);
        let packets = parts(&frame);
        prop_assert_eq!(packets.len(), payload.len().div_ceil(size));
        let start = if v6 { 40 } else { 20 };
        for packet in &packets {
            prop_assert!(checksum_is_right(packet, start));
            prop_assert!(v6 || fold(sum(&packet[..20])) == [0xff, 0xff]);
        }
        let frames = joined(&packets);
        prop_assert_eq!(frames.len(), 1);
        prop_assert_eq!(parts(&frames[0]), packets);
    }

    #[test]
    fn nothing_that_comes_breaks_it(bytes in prop::collection::vec(any::<u8>(), 0..200), v: bool) {
        let mut bytes = bytes;
        if let Some(first) = bytes.get_mut(HEADER) { *first = if v { 0x45 } else { 0x60 }; }
        split(&mut bytes.clone(), &mut Vec::new(), |_| {});
        let frames = joined(&[bytes.clone(), bytes]);
        prop_assert!(frames.len() <= 2);
    }
}

#[test]
fn a_wrong_checksum_another_flow_a_gap_and_a_flag_are_not_joined() {
    let packets = parts(&large(false, &[7; 4000], 1000, ACK));
    let check = |change: &dyn Fn(&mut Vec<u8>), repair: bool| {
        let mut packets = packets.clone();
        change(&mut packets[2]);
        if repair {
            let packet = &mut packets[2];
            packet[36..38].fill(0);
            let (source, destination) = addresses(packet).unwrap();
            let checksum = finish(pseudo_header(source, destination, TCP, packet.len() - 20) + sum(&packet[20..]));
            packet[36..38].copy_from_slice(&checksum);
        }
        let frames = joined(&packets);
        assert!(frames.len() > 1);
        let order: Vec<Vec<u8>> = frames.iter().flat_map(|frame| parts(frame)).collect();
        assert_eq!(order, packets, "each as it was, in order");
    };
    check(&|packet| packet[60] ^= 1, false);
    check(&|packet| packet[21] ^= 1, true);
    check(&|packet| packet[26] ^= 1, true);
    check(&|packet| packet[33] |= 2, true);
}

#[test]
fn only_the_last_part_ends_the_connection() {
    let packets = parts(&large(false, &[7; 2500], 1000, ACK | PSH | FIN | CWR));
    let flags: Vec<u8> = packets.iter().map(|packet| packet[33]).collect();
    assert_eq!(flags, [ACK | CWR, ACK, ACK | PSH | FIN]);
}
