//! Bad datagrams for the ng port.

mod bytes;
mod dictionaries;

use crate::{Dice, Expect};
use lab::{Value, call};

/// A kind of bad datagram.
#[derive(Clone, Copy)]
pub struct Kind {
    /// What it is; also the seed.
    pub name: &'static str,
    /// What may come back.
    pub expect: Expect,
    /// Makes datagram `number` of the kind, to be sent with this cookie.
    make: fn(&mut Dice, &str) -> Vec<u8>,
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Kind {
    /// Datagram `number` of this kind, and the cookie it was made with.
    pub fn datagram(&self, number: u32) -> (String, Vec<u8>) {
        let cookie = format!("{}-{number}", self.name);
        let datagram = (self.make)(&mut Dice::new(self.name, number), &cookie);
        (cookie, datagram)
    }
}

/// Every kind.
pub const KINDS: &[Kind] = &[
    Kind { name: "truncated", expect: Expect::Either, make: bytes::truncated },
    Kind { name: "depth-bomb", expect: Expect::Either, make: bytes::depth_bomb },
    Kind { name: "huge-length", expect: Expect::Blank, make: bytes::huge_length },
    Kind { name: "random-body", expect: Expect::Either, make: bytes::random_body },
    Kind { name: "random-datagram", expect: Expect::Anything, make: bytes::random_datagram },
    Kind { name: "no-cookie", expect: Expect::Silence, make: bytes::no_cookie },
    Kind { name: "flipped", expect: Expect::Anything, make: bytes::flipped },
    Kind { name: "json-garbage", expect: Expect::Either, make: bytes::json_garbage },
    Kind { name: "nul-bytes", expect: Expect::Result, make: dictionaries::nul_bytes },
    Kind { name: "not-utf8", expect: Expect::Result, make: dictionaries::not_utf8 },
    Kind { name: "long-sdp", expect: Expect::Result, make: dictionaries::long_sdp },
    Kind { name: "odd-sdp", expect: Expect::Result, make: dictionaries::odd_sdp },
    Kind { name: "wrong-types", expect: Expect::Result, make: dictionaries::wrong_types },
    Kind { name: "unknown-command", expect: Expect::Error, make: dictionaries::unknown_command },
    Kind { name: "missing-keys", expect: Expect::Error, make: dictionaries::missing_keys },
    Kind { name: "duplicate-keys", expect: Expect::Result, make: dictionaries::duplicate_keys },
    Kind { name: "odd-flags", expect: Expect::Result, make: dictionaries::odd_flags },
];

/// A whole, valid request about a call of its own: what the bad ones are made of.
fn valid(dice: &mut Dice) -> Value {
    let id = format!("bad-{}", dice.word(8));
    let peer = ([198, 51, 100, 10], 20_000 + 2 * dice.below(1000) as u16).into();
    let request = match dice.below(4) {
        0 | 1 => call::offer(&id, peer),
        2 => call::answer(&id, peer),
        _ => call::delete(&id),
    };
    request.body().clone()
}

/// `COOKIE SP body`.
fn message(cookie: &str, body: &[u8]) -> Vec<u8> {
    let mut out = cookie.as_bytes().to_vec();
    out.push(b' ');
    out.extend_from_slice(body);
    // What one UDP datagram over IPv4 can hold.
    out.truncate(65_507);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_same_number_is_the_same_datagram_and_another_is_another() {
        for kind in KINDS {
            assert_eq!(kind.datagram(7), kind.datagram(7), "{kind:?}");
            let different: HashSet<Vec<u8>> = (0..200).map(|number| kind.datagram(number).1).collect();
            assert!(different.len() > 190, "{kind:?} makes only {} different ones", different.len());
            assert!(different.iter().all(|datagram| datagram.len() <= 65_507), "{kind:?}");
        }
    }

    #[test]
    fn long_sdps_are_as_long_as_a_datagram_can_be() {
        let kind = KINDS.iter().find(|kind| kind.name == "long-sdp").unwrap();
        assert!((0..50).any(|number| kind.datagram(number).1.len() > 64_000));
    }

    #[test]
    fn what_must_be_an_error_or_a_result_is_a_whole_dictionary() {
        for kind in KINDS.iter().filter(|kind| matches!(kind.expect, Expect::Error | Expect::Result)) {
            for number in 0..100 {
                let (cookie, datagram) = kind.datagram(number);
                let body = &datagram[cookie.len() + 1..];
                assert!(Value::decode(body).is_ok(), "{kind:?} {number}: {}", body.escape_ascii());
            }
        }
    }
}
