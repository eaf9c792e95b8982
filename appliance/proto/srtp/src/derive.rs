//! Session keys from master keys (RFC 3711 §4.3, RFC 6188 §3, RFC 7714 §11), with a key derivation rate of zero.

use crate::cipher::Counter;
use crate::{KeySet, MasterKey, SessionKeys};

/// Labels of RFC 3711 §4.3.1 and §4.3.2.
const RTP: Labels = Labels { cipher: 0, auth: 1, salt: 2 };
const RTCP: Labels = Labels { cipher: 3, auth: 4, salt: 5 };

struct Labels {
    cipher: u8,
    auth: u8,
    salt: u8,
}

pub(crate) fn session_keys(master: &MasterKey) -> SessionKeys {
    // Every suite derives with AES in counter mode under its own key length. A salt of 96 bits is the upper part of
    // the 112 that RFC 3711 wants (RFC 7714 §11).
    let prf = Counter::new(master.key(), master.salt());
    SessionKeys { rtp: key_set(master, &prf, &RTP), rtcp: key_set(master, &prf, &RTCP) }
}

fn key_set(master: &MasterKey, prf: &Counter, labels: &Labels) -> KeySet {
    let suite = master.suite();
    let mut keys = KeySet { suite, cipher: [0; 32], auth: [0; 20], salt: [0; 14] };
    // The label stands where an SSRC's last byte would, so the packet counter's method serves here.
    prf.apply(u32::from(labels.cipher), 0, &mut keys.cipher[..suite.key_len()]);
    prf.apply(u32::from(labels.auth), 0, &mut keys.auth[..suite.auth_len()]);
    prf.apply(u32::from(labels.salt), 0, &mut keys.salt[..suite.salt_len()]);
    keys
}
