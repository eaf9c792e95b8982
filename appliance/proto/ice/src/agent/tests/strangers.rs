//! An agent somebody else wrote: `is`, the ICE agent of str0m, on the other side.

use super::*;
use crate::Route;
use ::is::stun::{StunMessage, StunPacket};
use ::is::{Candidate as Theirs, IceAgent, IceAgentEvent, IceCreds, Protocol};
use std::time::Instant;

const OURS: &str = "192.0.2.1:4000";
const STRANGER: &str = "198.51.100.2:5000";

struct Meeting {
    ours: Agent,
    theirs: IceAgent,
    zero: Instant,
    now: Duration,
    nominated: Vec<SocketAddr>,
    /// Every n-th packet is lost.
    lose: usize,
    count: usize,
}

impl Meeting {
    fn new(role: Role, lite: bool, stranger_lite: bool) -> Meeting {
        let ours = Agent::new(Config { lite, ..config(role, 1, &[OURS], false) }).unwrap();
        let mut theirs =
            IceAgent::new(IceCreds { ufrag: "stranger".into(), pass: "strangerstrangerstranger".into() });
        theirs.set_controlling(role == Role::Controlled);
        theirs.set_ice_lite(stranger_lite);
        theirs.add_local_candidate(Theirs::host(at(STRANGER), "udp").unwrap());
        #[expect(
            clippy::disallowed_methods,
            reason = "the stranger counts in Instant, which has no other beginning"
        )]
        let zero = Instant::now();
        Meeting { ours, theirs, zero, now: Duration::ZERO, nominated: Vec::new(), lose: usize::MAX, count: 0 }
    }

    fn exchange(&mut self, listed: bool) {
        let theirs = self.theirs.local_credentials();
        let mut remote = said(&full(Role::Controlled, 2, &[STRANGER], false));
        remote.credentials = Credentials::new(&theirs.ufrag, &theirs.pass).unwrap();
        remote.lite = self.theirs.ice_lite();
        if !listed {
            remote.candidates.clear();
        }
        self.ours.set_remote(remote, self.now);
        let ours = self.ours.credentials();
        self.theirs.set_remote_credentials(IceCreds { ufrag: ours.ufrag().into(), pass: ours.pwd().into() });
        for local in self.ours.local_candidates() {
            self.theirs.add_remote_candidate(Theirs::host(local.candidate.address, "udp").unwrap());
        }
    }

    fn is_lost(&mut self) -> bool {
        self.count += 1;
        self.count.is_multiple_of(self.lose)
    }

    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.now += MS;
            let (now, instant) = (self.now, self.zero + self.now);
            if self.ours.next_timeout().is_some_and(|due| due <= now) {
                self.ours.on_timeout(now);
            }
            // It has no time of its own before it is told one.
            if self.theirs.poll_timeout().is_none_or(|due| due <= instant) {
                self.theirs.handle_timeout(instant);
            }
            while let Some(packet) = self.ours.poll_transmit() {
                if self.is_lost() {
                    continue;
                }
                let message = StunMessage::parse(&packet.bytes).expect("a message they can read");
                let (source, destination) = (packet.local, packet.remote);
                self.theirs.handle_packet(
                    instant,
                    StunPacket { proto: Protocol::Udp, source, destination, message },
                );
            }
            while let Some(packet) = self.theirs.poll_transmit() {
                if !self.is_lost() {
                    self.ours.handle(&packet.contents, packet.destination, packet.source, now);
                }
            }
            while let Some(event) = self.theirs.poll_event() {
                if let IceAgentEvent::NominatedSend { destination, .. } = event {
                    self.nominated.push(destination);
                }
            }
        }
    }

    fn is_agreed(&self) -> bool {
        self.ours.is_connected()
            && self.theirs.state().is_connected()
            && self.nominated.last() == Some(&at(OURS))
            && self.ours.route(Component::Rtp) == Route::Nominated { local: at(OURS), remote: at(STRANGER) }
    }
}

#[test]
fn both_roles_agree_with_a_stranger() {
    for role in [Role::Controlling, Role::Controlled] {
        for listed in [true, false] {
            let mut meeting = Meeting::new(role, false, false);
            meeting.exchange(listed);
            meeting.run(5 * S);
            assert!(meeting.is_agreed(), "{role:?} {listed}");
            meeting.run(120 * S);
            assert!(meeting.is_agreed(), "{role:?} {listed}: two minutes later");
        }
    }
}

#[test]
fn lite_agrees_with_a_full_stranger_and_full_with_a_lite_one() {
    let mut meeting = Meeting::new(Role::Controlled, true, false);
    meeting.exchange(true);
    meeting.run(60 * S);
    assert!(meeting.is_agreed());
    let mut meeting = Meeting::new(Role::Controlling, false, true);
    meeting.exchange(true);
    meeting.run(60 * S);
    assert!(meeting.is_agreed());
}

#[test]
fn a_stranger_of_the_same_role_is_talked_out_of_it() {
    for role in [Role::Controlling, Role::Controlled] {
        let mut meeting = Meeting::new(role, false, false);
        meeting.theirs.set_controlling(role == Role::Controlling);
        meeting.exchange(true);
        meeting.run(20 * S);
        assert!(meeting.is_agreed(), "{role:?}");
        assert_ne!(meeting.theirs.controlling(), meeting.ours.role() == Role::Controlling);
    }
}

#[test]
fn every_fourth_packet_may_be_lost() {
    for role in [Role::Controlling, Role::Controlled] {
        let mut meeting = Meeting::new(role, false, false);
        meeting.lose = 4;
        meeting.exchange(true);
        meeting.run(20 * S);
        assert!(meeting.is_agreed(), "{role:?}");
    }
}

#[test]
fn a_restart_with_a_stranger() {
    let mut meeting = Meeting::new(Role::Controlling, false, false);
    meeting.exchange(true);
    meeting.run(5 * S);
    meeting.ours.restart(credentials(31));
    meeting
        .theirs
        .ice_restart(IceCreds { ufrag: "strange2".into(), pass: "strange2strange2strange2".into() }, true);
    meeting.exchange(true);
    meeting.run(5 * S);
    assert!(meeting.is_agreed());
}
