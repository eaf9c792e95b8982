use super::Packet;
use crate::Error;

/// The most packets one compound is searched for; what follows is ignored.
pub const MAX_PACKETS: usize = 32;

/// Walks over a compound packet (RFC 3550 §6.1), at most [`MAX_PACKETS`] of it. Single packets in any order are fine
/// (RFC 5506). The first error ends the walk.
pub fn walk(bytes: &[u8]) -> impl Iterator<Item = Result<Packet<'_>, Error>> {
    let mut rest = bytes;
    let step = move || {
        if rest.is_empty() {
            return None;
        }
        let packet = Packet::parse(rest);
        rest = packet.as_ref().map_or(&[], |packet| &rest[packet.header().len..]);
        Some(packet)
    };
    std::iter::from_fn(step).take(MAX_PACKETS)
}
