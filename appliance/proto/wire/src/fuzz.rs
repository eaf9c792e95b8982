//! Bodies of the fuzz targets: they panic when a promise of this crate is broken.

use crate::{Edit, Headers, Link, Packet};

/// Any bytes as a frame: no panic, everything lies inside, and headers made from what was read say the same.
pub fn frame(data: &[u8]) {
    let Ok(packet) = Packet::parse(data) else { return };
    let payload = packet.payload(data);
    assert!(packet.payload_range().end <= data.len());
    assert_eq!(payload.len(), packet.payload_len());
    let link = Link { src_mac: packet.src_mac, dst_mac: packet.dst_mac, tag: packet.tag };
    let headers = Headers::new(link, packet.src, packet.dst, packet.tos).expect("one family in one packet");
    let mut again = vec![0; headers.len() + payload.len()];
    again[headers.len()..].copy_from_slice(payload);
    headers.write(&mut again).expect("it fitted before");
    let read = Packet::parse(&again).expect("own headers are plain");
    assert!(read.checksum_holds(&again));
    assert_eq!(read.payload(&again), payload);
    assert_eq!((read.src, read.dst, read.tos, read.tag), (packet.src, packet.dst, packet.tos, packet.tag));

    let mut copy = data.to_vec();
    let held = packet.checksum_holds(data);
    let mut edit = Edit::new(&mut copy).expect("it parsed before");
    edit.set_tos(!packet.tos);
    edit.set_ttl(packet.ttl ^ 0x55);
    assert!(edit.set_src(packet.dst) && edit.set_dst(packet.src));
    // The new destination may be a group address, which is not plain; everything else stays so.
    if let Ok(edited) = Packet::parse(&copy) {
        assert_eq!((edited.src, edited.dst), (packet.dst, packet.src));
        assert_eq!((edited.tos, edited.ttl), (!packet.tos, packet.ttl ^ 0x55));
        assert_eq!(edited.checksum_holds(&copy), held, "an edit neither heals nor breaks a checksum");
    }
}
