use super::Cause;
use flow::{DropReason, PathReason, Snapshot};
use std::net::{IpAddr, SocketAddr};

/// What was counted of the packets of one section, over all ports that face its party.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Accepted.
    pub heard: u64,
    /// From another source than the known peer.
    pub gated: u64,
    /// Not authentic, or replayed.
    pub forged: u64,
    /// Arrived before there were keys.
    pub keyless: u64,
    /// Accepted, then dropped by request.
    pub blocked: u64,
    /// Accepted, then not taken by the socket or the NIC.
    pub unsent: u64,
    /// Accepted, but for nobody with an address.
    pub aimless: u64,
}

impl Counts {
    /// Adds what one port has counted.
    pub fn add(&mut self, port: &Snapshot) {
        let drops = |reasons: &[DropReason]| -> u64 {
            reasons.iter().map(|reason| port.counters.drops[*reason as usize]).sum()
        };
        self.heard += port.counters.received.packets;
        self.gated += drops(&[DropReason::UnknownSource]);
        self.forged += drops(&[
            DropReason::Forged,
            DropReason::Replayed,
            DropReason::TooManySources,
            DropReason::KeyWornOut,
        ]);
        self.keyless += drops(&[DropReason::NoKeys]);
        self.blocked += drops(&[DropReason::Blocked]);
        self.unsent += drops(&[DropReason::SendFailed]);
        self.aimless += drops(&[DropReason::NoPeer]);
    }

    /// What has come since `before`.
    pub fn since(&self, before: &Counts) -> Counts {
        // Counts of flows that change hands may seem to go back for a moment.
        Counts {
            heard: self.heard.saturating_sub(before.heard),
            gated: self.gated.saturating_sub(before.gated),
            forged: self.forged.saturating_sub(before.forged),
            keyless: self.keyless.saturating_sub(before.keyless),
            blocked: self.blocked.saturating_sub(before.blocked),
            unsent: self.unsent.saturating_sub(before.unsent),
            aimless: self.aimless.saturating_sub(before.aimless),
        }
    }
}

/// The two ends of a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// The address that the one who talks was told to send to.
    pub told: Option<IpAddr>,
    /// Where the one who talks says it is.
    pub talker: Option<SocketAddr>,
    /// Where packets to the listener go.
    pub listener: Option<SocketAddr>,
    /// Packets from the listener have shown that it is there, now or before.
    pub listener_is_heard: bool,
    /// The address packets to the listener leave from.
    pub leaves_from: IpAddr,
    /// Why the flow is on the path that it is on.
    pub standing: PathReason,
}

/// Why the listener does not hear the talker, by what has come in from each within some seconds; `None` when all is
/// well, or when nobody talks.
pub fn judge(talker: &Counts, listener: &Counts, ends: &Ends) -> Option<Cause> {
    if talker.heard == 0 {
        return unheard(talker, listener, ends);
    }
    if 2 * talker.blocked >= talker.heard {
        return Some(Cause::Blocked);
    }
    let strange = ends.listener.is_some_and(|at| is_private(at.ip()) && !is_private(ends.leaves_from));
    if strange && !ends.listener_is_heard {
        return Some(Cause::PrivateAddress);
    }
    if 2 * talker.unsent >= talker.heard {
        return Some(Cause::NoRouteBack);
    }
    let no_way = matches!(
        ends.standing,
        PathReason::NoRoute | PathReason::NoNeighbour | PathReason::LinkDown | PathReason::NoAddress
    );
    // A route that fails for both sides alike is told once they are both silent; here the listener is.
    if no_way && listener.heard == 0 {
        return Some(Cause::NoRouteBack);
    }
    (2 * talker.aimless >= talker.heard).then_some(Cause::NoAddress)
}

fn unheard(talker: &Counts, listener: &Counts, ends: &Ends) -> Option<Cause> {
    if talker.forged + talker.keyless > 0 {
        return Some(Cause::SrtpAuthentication);
    }
    if talker.gated > 0 {
        return Some(Cause::WrongSource);
    }
    if listener.heard == 0 {
        return None;
    }
    let public = ends.talker.is_some_and(|at| !is_private(at.ip()));
    if public && ends.told.is_some_and(is_private) {
        return Some(Cause::PrivateAddress);
    }
    Some(Cause::NoIngress)
}

/// Addresses that mean something else, or nothing, in another network (RFC 1918, 3927, 4193, 6598, and loopback).
pub(super) fn is_private(addr: IpAddr) -> bool {
    match addr {
        IpAddr::V4(v4) => {
            let shared = v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64;
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || shared
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TALKING: Counts =
        Counts { heard: 50, gated: 0, forged: 0, keyless: 0, blocked: 0, unsent: 0, aimless: 0 };

    fn ends() -> Ends {
        Ends {
            told: Some([203, 0, 113, 1].into()),
            talker: Some(([198, 51, 100, 20], 4000).into()),
            listener: Some(([192, 0, 2, 20], 4000).into()),
            listener_is_heard: true,
            leaves_from: [203, 0, 113, 1].into(),
            standing: PathReason::UserspaceMode,
        }
    }

    #[test]
    fn a_direction_that_works_and_one_that_nobody_uses_are_no_event() {
        let silent = Counts::default();
        assert_eq!(judge(&TALKING, &TALKING, &ends()), None);
        assert_eq!(judge(&TALKING, &silent, &ends()), None, "who is heard may listen in silence");
        assert_eq!(judge(&silent, &silent, &ends()), None, "nobody talks");
    }

    #[test]
    fn what_does_not_come_in_has_its_cause() {
        let unheard = |counts: Counts| judge(&Counts { heard: 0, ..counts }, &TALKING, &ends());
        assert_eq!(unheard(TALKING), Some(Cause::NoIngress));
        assert_eq!(unheard(Counts { gated: 1, ..TALKING }), Some(Cause::WrongSource));
        assert_eq!(unheard(Counts { forged: 1, gated: 9, ..TALKING }), Some(Cause::SrtpAuthentication));
        assert_eq!(unheard(Counts { keyless: 1, ..TALKING }), Some(Cause::SrtpAuthentication));
        let ours = Ends { told: Some([10, 0, 0, 1].into()), ..ends() };
        assert_eq!(judge(&Counts::default(), &TALKING, &ours), Some(Cause::PrivateAddress));
        let lan = Ends { talker: Some(([10, 0, 0, 2], 4000).into()), ..ours };
        assert_eq!(judge(&Counts::default(), &TALKING, &lan), Some(Cause::NoIngress), "they share a network");
        let strangers = Counts { gated: 9, forged: 9, ..TALKING };
        assert_eq!(judge(&strangers, &TALKING, &ends()), None, "strangers beside the talker do no harm");
    }

    #[test]
    fn what_does_not_go_out_has_its_cause() {
        let unsent = |counts| judge(&counts, &TALKING, &ends());
        assert_eq!(unsent(Counts { blocked: 50, ..TALKING }), Some(Cause::Blocked));
        assert_eq!(unsent(Counts { unsent: 50, ..TALKING }), Some(Cause::NoRouteBack));
        assert_eq!(unsent(Counts { aimless: 50, ..TALKING }), Some(Cause::NoAddress));
        assert_eq!(unsent(Counts { unsent: 3, ..TALKING }), None, "some packets are always lost");
        let private =
            Ends { listener: Some(([192, 168, 1, 2], 4000).into()), listener_is_heard: false, ..ends() };
        let lost = Counts { unsent: 50, ..TALKING };
        assert_eq!(judge(&lost, &Counts::default(), &private), Some(Cause::PrivateAddress));
        let known = Ends { listener_is_heard: true, ..private };
        assert_eq!(judge(&TALKING, &TALKING, &known), None, "it was heard from there");
        let near = Ends { leaves_from: [192, 168, 1, 1].into(), ..private };
        assert_eq!(judge(&TALKING, &Counts::default(), &near), None, "it is in our own network");
        let no_hop = Ends { standing: PathReason::NoNeighbour, ..ends() };
        assert_eq!(judge(&TALKING, &Counts::default(), &no_hop), Some(Cause::NoRouteBack));
    }

    #[test]
    fn private_is_what_is_not_unique() {
        for text in [
            "10.1.2.3",
            "172.31.0.1",
            "192.168.0.1",
            "127.0.0.1",
            "169.254.1.1",
            "100.64.0.1",
            "::1",
            "fd00::1",
            "fe80::1",
        ] {
            assert!(is_private(text.parse().unwrap()), "{text}");
        }
        for text in ["172.32.0.1", "100.128.0.1", "192.0.2.1", "2001:db8::1"] {
            assert!(!is_private(text.parse().unwrap()), "{text}");
        }
    }
}
