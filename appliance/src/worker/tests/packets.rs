//! What parties send.

/// A G.711 packet of 20 ms.
pub(super) fn rtp(seq: u16) -> Vec<u8> {
    let mut bytes = vec![0x80, 8];
    bytes.extend(seq.to_be_bytes());
    bytes.extend([0, 0, 0, 1, 0, 0, 0, 2]);
    bytes.extend([0xd5; 160]);
    bytes
}

/// A sender report without blocks.
pub(super) const SR: &[u8] =
    &[0x80, 200, 0, 6, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
