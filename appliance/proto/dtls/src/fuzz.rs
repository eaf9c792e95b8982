//! Bodies of the fuzz targets: they panic when a promise of this crate is broken.

use crate::{
    Context, Endpoint, Event, Fingerprint, Gate, Hash, Identity, IdentityOptions, Keys, MAX_HANDSHAKES,
    MAX_TRANSMITS, Peer, Role, Settings,
};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};

struct World {
    context: Context,
    gate: Arc<Gate>,
    fingerprint: Fingerprint,
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let identity =
            Identity::generate(&IdentityOptions::default(), 1_700_000_000).expect("options are good");
        let context = Context::new(Arc::new(identity), &Settings::default()).expect("settings are good");
        let fingerprint = context.fingerprint(Hash::Sha256).expect("SHA-256 is there");
        World { context, gate: Arc::new(Gate::new().expect("there is randomness")), fingerprint }
    })
}

fn endpoint(role: Role) -> Endpoint {
    let World { context, gate, fingerprint } = world();
    let peer = Peer { fingerprints: vec![*fingerprint], tls_id: None };
    Endpoint::new(context.clone(), gate.clone(), role, peer)
}

fn address(host: u8) -> SocketAddr {
    (Ipv4Addr::new(192, 0, 2, host), 4000).into()
}

/// What one endpoint has to say; panics if that is more than it may.
fn drain(endpoint: &mut Endpoint) -> (Vec<Vec<u8>>, Option<Keys>) {
    let mut out = Vec::new();
    while let Some(transmit) = endpoint.poll_transmit() {
        assert!(transmit.payload.len() <= 1200, "larger than the largest datagram");
        out.push(transmit.payload);
    }
    assert!(out.len() <= MAX_TRANSMITS, "{} datagrams", out.len());
    assert!(endpoint.handshakes() <= MAX_HANDSHAKES);
    let mut keys = None;
    while let Some(event) = endpoint.poll_event() {
        if let Event::Connected { keys: new, .. } = event {
            keys = Some(new);
        }
    }
    (out, keys)
}

/// Any datagrams at a server and at a client: nothing panics, everything is bounded, nobody is taken for the peer.
/// The input is a row of: one byte of sender and time, one byte of length (in fours), so many bytes of datagram.
pub fn datagrams(mut data: &[u8]) {
    let mut ends = [Role::Server, Role::Client].map(endpoint);
    ends[1].connect(address(0), 0).expect("a ClientHello can be written");
    let mut now_us = 0;
    while let [head, len, rest @ ..] = data {
        let (datagram, behind) = rest.split_at(rest.len().min(usize::from(*len) * 4));
        data = behind;
        now_us += u64::from(head >> 3) * 100_000;
        for end in &mut ends {
            let _ = end.handle(address(head & 7), datagram, now_us);
            if end.next_timeout().is_some_and(|at| at <= now_us) {
                end.on_timeout(now_us);
            }
            let (_, keys) = drain(end);
            assert!(keys.is_none(), "connected with nobody");
        }
    }
}

/// A real handshake on a network that `script` governs: each byte says what becomes of the next datagram. Nothing
/// panics, everything is bounded and comes to an end, and two that are connected have the same keys.
pub fn network(script: &[u8]) {
    let mut ends = [Role::Client, Role::Server].map(endpoint);
    ends[0].connect(address(1), 0).expect("a ClientHello can be written");
    let mut keys: [Option<Keys>; 2] = [None, None];
    let mut script = script.iter().copied();
    let mut now_us = 0;
    let mut held: Option<(usize, Vec<u8>)> = None;
    for _ in 0..200 {
        now_us += 10_000;
        let mut flying = Vec::new();
        for (at, end) in ends.iter_mut().enumerate() {
            if end.next_timeout().is_some_and(|due| due <= now_us) {
                end.on_timeout(now_us);
            }
            let (out, new) = drain(end);
            keys[at] = new.or(keys[at].take());
            flying.extend(out.into_iter().map(|payload| (1 - at, payload)));
        }
        if flying.is_empty() && held.is_none() {
            break;
        }
        for (to, mut payload) in flying.into_iter().chain(held.take()) {
            let mut deliver = |payload: &[u8]| {
                let _ = ends[to].handle(address(1 - to as u8), payload, now_us);
            };
            match script.next().unwrap_or(0) {
                // lost
                1..=15 => {}
                // twice
                16..=31 => [&payload, &payload].into_iter().for_each(|payload| deliver(payload)),
                // late
                32..=47 if held.is_none() => held = Some((to, payload)),
                // cut short
                48..=63 => deliver(&payload[..payload.len() / 2]),
                // one bit wrong, in front
                turned @ 64..=191 => {
                    let at = usize::from(turned - 64) % payload.len();
                    payload[at] ^= 1 << (script.next().unwrap_or(0) & 7);
                    deliver(&payload);
                }
                _ => deliver(&payload),
            }
        }
    }
    for end in &ends {
        assert!(end.handshakes() <= MAX_HANDSHAKES);
    }
    if let [Some(client), Some(server)] = keys {
        assert_eq!(client.profile, server.profile);
        assert_eq!(client.local.expose(), server.remote.expose());
        assert_eq!(client.remote.expose(), server.local.expose());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    #[test]
    fn a_network_that_works() {
        super::network(&[]);
        super::datagrams(&[]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_network_passes(script in proptest::collection::vec(any::<u8>(), 0..24)) {
            super::network(&script);
        }

        #[test]
        fn any_datagrams_pass(kind in 20u8..24, epoch in 0u8..2, message in any::<u8>(), rest in proptest::collection::vec(any::<u8>(), 0..240)) {
            // A record with a handshake message that is as long as it says.
            let len = (rest.len() & !3) as u8;
            let mut datagram = vec![kind, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 1, 0, len.saturating_add(12)];
            datagram.extend([message, 0, 0, len, 0, 0, 0, 0, 0, 0, 0, len]);
            datagram.extend(&rest[..usize::from(len)]);
            datagram.resize(datagram.len().next_multiple_of(4), 0);
            let row = [&[0, (datagram.len() / 4) as u8], &datagram[..]].concat();
            super::datagrams(&row.repeat(2));
            super::datagrams(&rest);
        }
    }
}
