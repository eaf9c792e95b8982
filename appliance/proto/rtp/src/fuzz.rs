//! Bodies of the fuzz targets: they panic when a promise of this crate is broken.

use crate::{Header, HeaderMut, Kind, rtcp};

/// Any bytes as RTP: no panic, and what was accepted can be rewritten without touching the payload.
pub fn rtp(data: &[u8]) {
    let Ok(header) = Header::parse(data) else { return };
    assert!(header.payload().len() + 12 + header.csrcs().len() * 4 <= data.len());
    assert!(matches!(Kind::of(data), Kind::Rtp | Kind::Rtcp));
    if let Ok(unpadded) = header.unpadded() {
        assert!(header.payload().starts_with(unpadded));
    }
    if let Some(extension) = header.extension() {
        assert_eq!(extension.data.len() % 4, 0);
    }
    let mut copy = data.to_vec();
    if let Some(mut change) = HeaderMut::new(&mut copy) {
        change.set_ssrc(!header.ssrc());
        change.set_seq(header.seq().wrapping_add(1));
        change.set_pt(header.pt() ^ 1);
    }
    assert!(Header::parse(&copy).is_ok_and(|after| {
        after.payload() == header.payload()
            && after.ssrc() == !header.ssrc()
            && after.timestamp() == header.timestamp()
            && after.marker() == header.marker()
    }));
}

/// Any bytes as RTCP: no panic, bounded, and the packets lie side by side within the bytes.
pub fn rtcp(data: &[u8]) {
    let mut seen = 0;
    let mut packets = 0;
    for packet in rtcp::walk(data) {
        packets += 1;
        let Ok(packet) = packet else { break };
        seen += packet.header().len;
        assert!(seen <= data.len());
        assert!(packet.body().len() + 4 <= packet.header().len);
        assert!(packet.reports().len() <= usize::from(packet.header().count));
        let _ = (packet.ssrc(), packet.sender_info(), packet.reports().count());
    }
    assert!(packets <= rtcp::MAX_PACKETS);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    /// Shapes that reach every branch: fixed header, CSRCs, extension, padding, SR, RR, feedback, STUN, DTLS.
    const CORPUS: &[&str] = &[
        "",
        "80",
        "80000001000000a0deadbeef",
        "80000001000000a0deadbeefd5d5d5d5",
        "a2880001000000a0deadbeef0000000100000002d5d5d503",
        "90600001000000a0deadbeefbede00010102030455",
        "90600001000000a0deadbeefbedeffff01020304",
        "8fff0001000000a0deadbeef",
        "81c8000c11111111e000000180000000000000a00000000a0000064022222222400000010001000500000007000180000001000081ca0003111111110104616263640000",
        "81c900071111111122222222000000010000000300000004000000050000000681cb000111111111",
        "81ce00021111111122222222",
        "a0cb000100000004",
        "80c8ffff11111111",
        "000100002112a442000000000000000000000000",
        "16feff0000000000000000000101",
    ];

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[i * 2..i * 2 + 2], 16).unwrap()).collect()
    }

    #[test]
    fn corpus_passes() {
        for hex in CORPUS {
            super::rtp(&bytes(hex));
            super::rtcp(&bytes(hex));
        }
    }

    proptest! {
        #[test]
        fn mutated_corpus_passes(pick in 0..CORPUS.len(), flips in proptest::collection::vec((0usize..96, any::<u8>()), 0..8)) {
            let mut data = bytes(CORPUS[pick]);
            for (at, value) in flips {
                if let Some(byte) = data.get_mut(at) { *byte = value; }
            }
            super::rtp(&data);
            super::rtcp(&data);
        }

        #[test]
        fn anything_passes(data in proptest::collection::vec(any::<u8>(), 0..200)) {
            super::rtp(&data);
            super::rtcp(&data);
        }
    }
}
