//! Parties that have keys. They seal with `srtp`, which has other implementations to agree with in tests of its own.

use crate::packet::is_rtcp;
use crate::{Party, Sealing};
use flow::srtp::{MAX_OVERHEAD, MasterKey, Opener, Sealer, Setup, Suite};
use std::collections::{BTreeMap, HashMap};

/// The key of a party in its SDP number `version`.
pub(crate) fn own_key(party: Party, suite: Suite, version: u8) -> MasterKey {
    key(suite, 16 * version + party as u8)
}

/// A key that a relay without SDP has for what it sends to the party.
pub(crate) fn relays_key(party: Party, suite: Suite) -> MasterKey {
    key(suite, 0xa0 + party as u8)
}

fn key(suite: Suite, byte: u8) -> MasterKey {
    let bytes = vec![byte; suite.key_len() + suite.salt_len()];
    MasterKey::new(suite, &bytes).expect("as many bytes as the suite wants")
}

/// What the parties of a call seal and open with.
#[derive(Debug, Default)]
pub(crate) struct Phones(BTreeMap<Party, Phone>);

#[derive(Debug)]
struct Phone {
    sealer: Sealer,
    opener: Opener,
    /// Does what the relay has to do.
    relay: Sealer,
    /// What packets were sealed to.
    sent: HashMap<Vec<u8>, Vec<u8>>,
}

impl Phones {
    /// From now on the party seals with `own` and is sent what is sealed with `relays`. Counters go on.
    pub(crate) fn agree(&mut self, party: Party, own: MasterKey, relays: MasterKey) {
        let (own, relays) = (Setup::new(own), Setup::new(relays));
        let usual = "a setup without options";
        match self.0.get_mut(&party) {
            Some(phone) => {
                phone.sealer.rekey(&own).expect(usual);
                phone.opener.rekey(&relays).expect(usual);
                phone.relay.rekey(&relays).expect(usual);
            }
            None => {
                let phone = Phone {
                    sealer: Sealer::new(&own).expect(usual),
                    opener: Opener::new(&relays).expect(usual),
                    relay: Sealer::new(&relays).expect(usual),
                    sent: HashMap::new(),
                };
                self.0.insert(party, phone);
            }
        }
    }

    /// A packet as the party puts it on the wire.
    pub(crate) fn seal(&mut self, party: Party, packet: &[u8], sealing: Sealing) -> Vec<u8> {
        let Some(phone) = self.0.get_mut(&party).filter(|_| sealing != Sealing::Forgotten) else {
            return packet.to_vec();
        };
        let sealed = phone.sent.entry(packet.to_vec()).or_insert_with(|| seal(&mut phone.sealer, packet));
        let mut sealed = sealed.clone();
        if sealing == Sealing::Forged
            && let Some(last) = sealed.last_mut()
        {
            *last ^= 1;
        }
        sealed
    }

    /// What the party hears in `packet`, if that is what its relay has to send; else the packet as it is.
    pub(crate) fn open(&mut self, party: Party, packet: Vec<u8>) -> Vec<u8> {
        let Some(phone) = self.0.get_mut(&party) else { return packet };
        let mut clear = packet.clone();
        let opened = match is_rtcp(&packet) {
            true => phone.opener.open_rtcp(&mut clear),
            false => phone.opener.open_rtp(&mut clear),
        };
        let Ok(len) = opened else { return packet };
        clear.truncate(len);
        if seal(&mut phone.relay, &clear) == packet { clear } else { packet }
    }
}

fn seal(sealer: &mut Sealer, packet: &[u8]) -> Vec<u8> {
    let mut room = [packet, &[0; MAX_OVERHEAD]].concat();
    let sealed = match is_rtcp(packet) {
        true => sealer.seal_rtcp(&mut room, packet.len()),
        false => sealer.seal_rtp(&mut room, packet.len()),
    };
    room.truncate(sealed.expect("scenarios use each number once"));
    room
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::rtp;

    #[test]
    fn only_what_the_relay_has_to_send_is_heard() {
        let suite = Suite::AesCm128HmacSha1_80;
        let (own, relays) = (own_key(Party::A, suite, 1), relays_key(Party::A, suite));
        let mut phones = Phones::default();
        phones.agree(Party::A, own, relays.clone());
        let mut relay = Sealer::new(&Setup::new(relays)).unwrap();
        let sealed = seal(&mut relay, &rtp(1).bytes());
        let mut forged = sealed.clone();
        *forged.last_mut().unwrap() ^= 1;
        assert_eq!(phones.open(Party::A, forged.clone()), forged);
        assert_eq!(phones.open(Party::A, rtp(1).bytes()), rtp(1).bytes());
        assert_eq!(phones.open(Party::A, sealed.clone()), rtp(1).bytes());
        assert_eq!(phones.open(Party::A, sealed.clone()), sealed, "but once");
        let once = phones.seal(Party::A, &rtp(1).bytes(), Sealing::Right);
        assert_eq!(phones.seal(Party::A, &rtp(1).bytes(), Sealing::Right), once);
        assert_ne!(phones.seal(Party::A, &rtp(1).bytes(), Sealing::Forged), once);
        assert_eq!(phones.seal(Party::A, &rtp(1).bytes(), Sealing::Forgotten), rtp(1).bytes());
        assert_eq!(phones.seal(Party::B, &rtp(1).bytes(), Sealing::Right), rtp(1).bytes());
    }
}
