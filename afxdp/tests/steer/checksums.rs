//! UDP checksums: what leaves is right, and what is damaged stays so.

use super::*;

#[test]
fn any_media_leaves_with_the_right_checksum() {
    need_root!();
    // Every case is a new version of the flow, and places rest before they are used again.
    let mut bench = Bench::with(Sizes { flows: 1000, ..SIZES });
    let hop = bench.hop("198.51.100.1", "198.51.100.20", None);
    let bench = std::cell::RefCell::new(bench);
    let generation = std::cell::Cell::new(0);
    proptest!(ProptestConfig::with_cases(500), |(
        ssrc: Option<u32>, seq_offset: u16, pt in prop::option::of((0u8..128, 0u8..128)), seq: u16, old: u32,
        rest in prop::collection::vec(any::<u8>(), 0..400), second in 0u8..128, marker: bool,
    )| {
        generation.set(generation.get() + 1);
        let rewrite = Rewrite { ssrc, seq_offset, pt: pt.map(|(from, to)| PtChange { from, to }) };
        let mut recipe = recipe("192.0.2.1:5000", "192.0.2.10:4000", "198.51.100.1:6000", "198.51.100.20:7000", rewrite);
        recipe.generation = Generation(generation.get());
        bench.borrow_mut().table.install(&recipe).unwrap();
        // 64..=95 with the marker would be RTCP's second byte.
        let marker = marker && !(64..96).contains(&second);
        let mut media = rtp(second, seq, 7, old);
        media[1] |= u8::from(marker) << 7;
        media.extend(&rest);
        let frame = udp(recipe.source, recipe.key.into(), None, &media);
        let got = bench.borrow().carries(&frame, TX);
        let new_pt = pt.filter(|&(from, _)| from == second).map_or(second, |(_, to)| to);
        media[1] = media[1] & 0x80 | new_pt;
        media[2..4].copy_from_slice(&seq.wrapping_add(seq_offset).to_be_bytes());
        media[8..12].copy_from_slice(&ssrc.unwrap_or(old).to_be_bytes());
        let output = &recipe.outputs[0];
        prop_assert_eq!(got, sent(hop.link, output.from.into(), output.to, 0xb8, &media));
    });
}

#[test]
fn damage_is_not_healed_and_no_checksum_stays_none() {
    need_root!();
    let mut bench = Bench::new();
    bench.hop("198.51.100.1", "198.51.100.20", None);
    bench.hop("2001:db8::1", "2001:db8::20", None);
    let plain = recipe(
        "192.0.2.1:5000",
        "192.0.2.10:4000",
        "198.51.100.1:6000",
        "198.51.100.20:7000",
        Rewrite { ssrc: Some(1), ..Rewrite::default() },
    );
    bench.table.install(&plain).unwrap();
    let mut damaged = udp(plain.source, plain.key.into(), None, &rtp(8, 1, 1, 2));
    *damaged.last_mut().unwrap() ^= 0x10;
    let got = bench.carries(&damaged, TX);
    assert!(!Packet::parse(&got).unwrap().checksum_holds(&got));

    let mut unsummed = udp(plain.source, plain.key.into(), None, &rtp(8, 2, 1, 2));
    unsummed[40..42].fill(0);
    let got = bench.carries(&unsummed, TX);
    assert_eq!(Packet::parse(&got).unwrap().udp_checksum, 0);

    // What a sender on this host left to a network card that is none goes up, where it is understood.
    let mut partial = udp(plain.source, plain.key.into(), None, &rtp(8, 3, 1, 2));
    let sum = Sum::default().address(plain.source.ip()).address(plain.key.addr).word(17).word(8 + 172).fold();
    partial[40..42].copy_from_slice(&sum.to_be_bytes());
    assert!(Packet::parse(&partial).unwrap().checksum_is_partial());
    assert_eq!(bench.passes_up(&partial), SteerReason::PartialChecksum);

    // A packet may look like that and yet be right: one in 65536. It must not go another way than its neighbours.
    for len in [14, 15, 56, 57, 172, 1400] {
        let mut media = rtp(8, 4, 1, 2);
        media.resize(len, 0x77);
        let partial = Sum::default().address(plain.source.ip()).address(plain.key.addr).word(17);
        let partial = partial.word(8 + media.len() as u16).fold();
        // What is said of the payload's first words is what makes its sum so.
        media[4..6].fill(0);
        let mut frame = udp(plain.source, plain.key.into(), None, &media);
        let check = u16::from_be_bytes([frame[40], frame[41]]);
        let word = Sum::default().word(check).word(!partial).fold();
        frame[46..48].copy_from_slice(&word.to_be_bytes());
        frame[40..42].copy_from_slice(&partial.to_be_bytes());
        let packet = Packet::parse(&frame).unwrap();
        assert!(packet.checksum_is_partial() && packet.checksum_holds(&frame), "{len}");
        let got = bench.carries(&frame, TX);
        assert!(Packet::parse(&got).unwrap().checksum_holds(&got), "{len}");
        // One bit off, and it is the sender's card that should have made the sum.
        *frame.last_mut().unwrap() ^= 1;
        assert_eq!(bench.passes_up(&frame), SteerReason::PartialChecksum, "{len}");
    }

    // IPv6 has no packets without checksum, so these go up the stack.
    let bridged = recipe(
        "192.0.2.1:5002",
        "192.0.2.10:4000",
        "[2001:db8::1]:6000",
        "[2001:db8::20]:7000",
        Rewrite::default(),
    );
    bench.table.install(&bridged).unwrap();
    let mut unsummed = udp(bridged.source, bridged.key.into(), None, &rtp(8, 2, 1, 2));
    unsummed[40..42].fill(0);
    assert_eq!(bench.passes_up(&unsummed), SteerReason::Odd(wire::Reason::NoChecksum));
}
