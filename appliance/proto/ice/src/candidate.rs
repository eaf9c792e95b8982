//! Candidates: the addresses two parties tell each other (RFC 8445 §5).

use crate::credentials::{is_visible, letters};
use crate::{Component, Error, integrity};
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// A foundation: what candidates of one kind, base address and protocol have in common (RFC 8445 §5.1.1.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Foundation {
    text: [u8; 32],
    len: u8,
}

impl Foundation {
    /// Takes over the text of an SDP.
    ///
    /// # Errors
    /// [`Error::Foundation`] unless it is 1 to 32 visible ASCII signs.
    pub fn new(text: &str) -> Result<Foundation, Error> {
        if !is_visible(text, 32) {
            return Err(Error::Foundation);
        }
        let mut own = [0; 32];
        own[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Foundation { text: own, len: text.len() as u8 })
    }

    /// The foundation of a candidate of ours: 16 letters and digits, the same in every call for the same kind, address
    /// and place in the list, like rtpengine's.
    fn ours(kind: Kind, address: IpAddr, place: usize) -> Foundation {
        let text = format!("{kind:?} {address} {place} UDP");
        let one = integrity::hmac(b"foundation 1", &[text.as_bytes()]);
        let two = integrity::hmac(b"foundation 2", &[text.as_bytes()]);
        let mut bytes = [0; 32];
        bytes[..20].copy_from_slice(&one);
        bytes[20..].copy_from_slice(&two[..12]);
        let mut own = [0; 32];
        own[..16].copy_from_slice(letters(&bytes).as_bytes());
        Foundation { text: own, len: 16 }
    }

    /// A foundation for an address that nobody listed: unlike every listed one, for it holds signs nobody sees.
    pub(crate) fn unlisted(number: u32) -> Foundation {
        let mut text = [0; 32];
        text[1..5].copy_from_slice(&number.to_be_bytes());
        Foundation { text, len: 5 }
    }

    /// The text in SDP.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.text[..usize::from(self.len)]).unwrap_or("?")
    }
}

impl fmt::Debug for Foundation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a party came to know an address of its own (RFC 8445 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An address of its own: `host`.
    Host,
    /// What a STUN server saw: `srflx`.
    ServerReflexive,
    /// What the other party saw: `prflx`.
    PeerReflexive,
    /// An address of a relay: `relay`.
    Relayed,
}

impl Kind {
    /// The type preference the RFC recommends (RFC 8445 §5.1.2.2).
    pub(crate) const fn preference(self) -> u8 {
        match self {
            Kind::Host => 126,
            Kind::PeerReflexive => 110,
            Kind::ServerReflexive => 100,
            Kind::Relayed => 0,
        }
    }

    /// The word behind `typ`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Host => "host",
            Kind::ServerReflexive => "srflx",
            Kind::PeerReflexive => "prflx",
            Kind::Relayed => "relay",
        }
    }
}

/// A candidate over UDP, as an SDP lists it (RFC 8839 §5.1). Host names and TCP have none: leave such lines out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Which candidates to expect the same fate of.
    pub foundation: Foundation,
    /// RTP or RTCP.
    pub component: Component,
    /// Higher is tried first.
    pub priority: u32,
    /// Where packets shall be sent.
    pub address: SocketAddr,
    /// How the address is known.
    pub kind: Kind,
    /// The address behind a reflexive or relayed one; written, never used.
    pub related: Option<SocketAddr>,
}

/// A candidate of ours, with the socket behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalCandidate {
    /// What the SDP says; the address is the advertised one.
    pub candidate: Candidate,
    /// The address our socket is bound to. It names the socket in everything the agent says.
    pub base: SocketAddr,
}

/// An address of an interface, with the ports one media section has there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalAddress {
    /// The socket for RTP.
    pub rtp: SocketAddr,
    /// The socket for RTCP, unless both are multiplexed.
    pub rtcp: Option<SocketAddr>,
    /// What others shall be told instead of the bound address (a one-to-one NAT in front of us).
    pub advertised: Option<IpAddr>,
}

/// How much we want to be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// All media shall pass here: host candidates of the highest priority (`ICE=force`, `default`).
    First,
    /// The other party's candidates stay and go first: host candidates of type preference 125 (`ICE=optional`).
    Second,
    /// The other party's candidates stay, we are their relay: type preference 0 (`ICE=force-relay`).
    Relay,
}

/// A priority (RFC 8445 §5.1.2.1).
pub const fn priority(type_preference: u8, local_preference: u16, component: Component) -> u32 {
    (type_preference as u32) << 24 | (local_preference as u32) << 8 | (256 - component.id() as u32)
}

/// Our candidates for one media section, in the order they stand in the SDP: every address for RTP, then every address
/// for RTCP. The preferred address comes first in `addresses`; the rest sink by one each.
pub fn local_candidates(addresses: &[LocalAddress], standing: Standing) -> Vec<LocalCandidate> {
    let mut all = Vec::with_capacity(addresses.len() * 2);
    for component in Component::ALL {
        for (place, address) in addresses.iter().enumerate() {
            let base = match component {
                Component::Rtp => address.rtp,
                Component::Rtcp => match address.rtcp {
                    Some(base) => base,
                    None => continue,
                },
            };
            let public = SocketAddr::new(address.advertised.unwrap_or(base.ip()), base.port());
            // Second to others there is no room at the top: the last address gets preference 0, the one before it 1.
            let (kind, preference, local) = match standing {
                Standing::First => (Kind::Host, Kind::Host.preference(), sink(place)),
                Standing::Second => (Kind::Host, 125, u16::MAX - sink(addresses.len() - 1 - place)),
                Standing::Relay => (Kind::Relayed, Kind::Relayed.preference(), sink(place)),
            };
            let candidate = Candidate {
                foundation: Foundation::ours(kind, base.ip(), place),
                component,
                priority: priority(preference, local, component),
                address: public,
                kind,
                related: (kind == Kind::Relayed).then_some(public),
            };
            all.push(LocalCandidate { candidate, base });
        }
    }
    all
}

const fn sink(place: usize) -> u16 {
    u16::MAX - if place > 65_535 { u16::MAX } else { place as u16 }
}

/// The same address; IPv4 written as IPv6 (`::ffff:192.0.2.1`) becomes IPv4, for a socket may show either.
pub(crate) fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Vec<LocalAddress> {
        ["198.51.100.1:32054", "[2001:db8:4321::1]:31546"]
            .map(|rtp: &str| {
                let rtp: SocketAddr = rtp.parse().unwrap();
                LocalAddress { rtp, rtcp: Some(SocketAddr::new(rtp.ip(), rtp.port() + 1)), advertised: None }
            })
            .to_vec()
    }

    fn lines(standing: Standing) -> Vec<(u8, u32, u16, &'static str)> {
        local_candidates(&two(), standing)
            .iter()
            .map(|l| {
                let c = l.candidate;
                (c.component.id(), c.priority, c.address.port(), c.kind.as_str())
            })
            .collect()
    }

    /// Numbers as a running rtpengine 26.0 writes them for the same two addresses (`ICE=force`, `ICE=force-relay`).
    #[test]
    fn order_and_priorities_are_the_usual_ones() {
        assert_eq!(
            lines(Standing::First),
            [
                (1, 2130706431, 32054, "host"),
                (1, 2130706175, 31546, "host"),
                (2, 2130706430, 32055, "host"),
                (2, 2130706174, 31547, "host"),
            ]
        );
        assert_eq!(
            lines(Standing::Relay).iter().map(|l| (l.1, l.3)).collect::<Vec<_>>(),
            [(16777215, "relay"), (16776959, "relay"), (16777214, "relay"), (16776958, "relay")]
        );
    }

    /// rtpengine gives the second address 4294967295 here, by underflow.
    #[test]
    fn second_to_others_we_stay_below_them() {
        let all: Vec<u32> = lines(Standing::Second).iter().map(|l| l.1).collect();
        assert_eq!(all, [2097152511, 2097152255, 2097152510, 2097152254]);
        let one = local_candidates(&two()[..1], Standing::Second);
        assert_eq!(one[0].candidate.priority, 2097152255);
    }

    #[test]
    fn foundations_tell_addresses_apart_and_last() {
        let a = local_candidates(&two(), Standing::First);
        assert_eq!(a[0].candidate.foundation, a[2].candidate.foundation);
        assert_ne!(a[0].candidate.foundation, a[1].candidate.foundation);
        assert_eq!(a, local_candidates(&two(), Standing::First));
        assert_eq!(a[0].candidate.foundation.as_str().len(), 16);
        assert!(Foundation::new(a[0].candidate.foundation.as_str()).is_ok());
        let mut turned = two();
        turned.reverse();
        assert_ne!(
            a[0].candidate.foundation,
            local_candidates(&turned, Standing::First)[1].candidate.foundation
        );
    }

    #[test]
    fn advertised_addresses_are_told_and_bases_kept() {
        let mut one = two();
        one.truncate(1);
        one[0].advertised = Some("192.0.2.77".parse().unwrap());
        one[0].rtcp = None;
        let all = local_candidates(&one, Standing::First);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].candidate.address, "192.0.2.77:32054".parse().unwrap());
        assert_eq!(all[0].base, one[0].rtp);
    }

    #[test]
    fn foreign_foundations_are_checked() {
        assert_eq!(Foundation::new("Ab+/9").unwrap().as_str(), "Ab+/9");
        assert_eq!(Foundation::new(""), Err(Error::Foundation));
        assert_eq!(Foundation::new(&"a".repeat(33)), Err(Error::Foundation));
        assert_eq!(Foundation::new("a b"), Err(Error::Foundation));
    }
}
