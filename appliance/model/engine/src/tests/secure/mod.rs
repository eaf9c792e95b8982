//! Flows that open and seal. The peers are `srtp` itself.

mod guarding;
mod hand_over;
mod relaying;
mod sessions;
mod together;

use super::*;
use crate::Engine;
use srtp::{MasterKey, Opener, Sealer, Setup, Suite};
use std::sync::Arc;

/// A usual suite.
const CM: Suite = Suite::AesCm128HmacSha1_80;
/// Number of port 100's session, and of port 200's.
const TO_A: usize = 0;
const TO_B: usize = 1;

/// Keys made of one byte.
fn keys(suite: Suite, byte: u8) -> Arc<Setup> {
    let bytes = vec![byte; suite.key_len() + suite.salt_len()];
    Arc::new(Setup::new(MasterKey::new(suite, &bytes).unwrap()))
}

/// Security of the session of party `party`, both ways.
fn both(party: usize, arriving: &Arc<Setup>, leaving: &Arc<Setup>) -> Option<Security> {
    Some(Security {
        session: SessionId::new(1, party, 0),
        arriving: Protection::Srtp(Arc::clone(arriving)),
        leaving: Protection::Srtp(Arc::clone(leaving)),
    })
}

/// One end of a secured leg: what it sends with and what it hears with.
struct Phone {
    out: Arc<Setup>,
    back: Arc<Setup>,
    sealer: Sealer,
    opener: Opener,
}

impl Phone {
    /// Keys of `suite`, of `byte` and the one after it.
    fn new(suite: Suite, byte: u8) -> Phone {
        let (out, back) = (keys(suite, byte), keys(suite, byte + 1));
        let (sealer, opener) = (Sealer::new(&out).unwrap(), Opener::new(&back).unwrap());
        Phone { out, back, sealer, opener }
    }

    /// What the port that faces it must know.
    fn security(&self, party: usize) -> Option<Security> {
        both(party, &self.out, &self.back)
    }

    fn seals(&mut self, packet: &[u8]) -> Vec<u8> {
        let mut room = [packet, &[0; 200]].concat();
        let len = if packet[1] == 200 {
            self.sealer.seal_rtcp(&mut room, packet.len())
        } else {
            self.sealer.seal_rtp(&mut room, packet.len())
        };
        room.truncate(len.unwrap());
        room
    }

    /// What it hears in a packet.
    fn opens(&mut self, packet: &[u8]) -> Vec<u8> {
        let mut packet = packet.to_vec();
        let is_rtcp = packet[1] == 200;
        let opened =
            if is_rtcp { self.opener.open_rtcp(&mut packet) } else { self.opener.open_rtp(&mut packet) };
        packet.truncate(opened.unwrap());
        packet
    }
}

/// Port 100 faces A under these keys, port 200 faces B in clear.
fn secured(a: &Phone) -> Relay {
    Relay::pair(|spec| spec.security = a.security(TO_A))
}

/// What came out of the relay for one packet.
fn through(relay: &mut Relay, number: u16, source: &str, packet: &[u8]) -> Vec<u8> {
    let (verdicts, mut sent) = relay.burst(&[(number, source, packet)]);
    assert_eq!(sent.len(), 1, "{verdicts:?}");
    sent.remove(0).bytes
}

fn drops(relay: &Relay, number: u16, reason: DropReason) -> u64 {
    relay.snapshot(number).counters.drops[reason as usize]
}
