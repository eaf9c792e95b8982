//! libsrtp as the telephone of either side, keyed by SDES (RFC 4568): every suite it has, through loss, reordering,
//! replay, forgery and wraps of the sequence number.
//!
//! Left out are F8, which libsrtp does not have, and AES-192, whose keys the libsrtp of distributions derives as if they
//! were of AES-256 (its issue 763). Both are compared with a second implementation in the room `srtp`.

#[path = "libsrtp/journey.rs"]
mod journey;
#[path = "libsrtp/program.rs"]
mod program;
#[path = "libsrtp/side.rs"]
mod side;

use journey::{CALM, Dice, Journey};
use lab::{Result, call, foreign_daemon};
use program::{Kind, Program};
use side::{SUITES, Side};
use std::ops::Range;
use std::thread;
use webrtc_lab::{Bridge, PATIENCE, Way};

/// A call between two sides, each plain or secured.
struct Talk<'a> {
    bridge: &'a mut Bridge,
    program: &'a Program,
    id: String,
    sides: [Side; 2],
}

/// What both sides send, caller first, and what has arrived of it at the other.
struct Traffic {
    kind: Kind,
    journeys: [Journey; 2],
    datagrams: [Vec<Vec<u8>>; 2],
    arrived: [Vec<Vec<u8>>; 2],
}

impl Talk<'_> {
    /// Offers and answers, each side in its own profile.
    fn set_up(&mut self) -> Result<()> {
        let [alice, bob] = &mut self.sides;
        let offer = call::offer(&self.id, alice.local()).set("sdp", alice.sdp());
        let told = self.bridge.client.ok(&offer.set("transport-protocol", bob.profile()))?;
        bob.is_offered(told.text("sdp").unwrap_or_default())?;
        let answer = call::answer(&self.id, bob.local()).set("sdp", bob.sdp());
        let told = self.bridge.client.ok(&answer)?;
        alice.is_answered(told.text("sdp").unwrap_or_default())
    }

    fn traffic(&self, kind: Kind, dice: &mut Dice) -> Result<Traffic> {
        let [alice, bob] = &self.sides;
        let mut journey = |side: &Side, ssrc| match kind {
            Kind::Rtp => Journey::rtp(dice, ssrc, side.secured()),
            Kind::Rtcp => Journey::rtcp(dice, ssrc, side.secured()),
        };
        let journeys = [journey(alice, 0xa11c_e000), journey(bob, 0xb0b0_0000)];
        let datagrams = [
            alice.datagrams(self.program, kind, &journeys[0])?,
            bob.datagrams(self.program, kind, &journeys[1])?,
        ];
        Ok(Traffic { kind, journeys, datagrams, arrived: Default::default() })
    }

    /// Sends these datagrams both ways at once.
    fn exchange(&self, traffic: &mut Traffic, places: [Range<usize>; 2]) -> Result<()> {
        let [alice, bob] = &self.sides;
        let kind = traffic.kind;
        let [from_alice, from_bob] = &traffic.datagrams;
        let [in_alices, in_bobs] = places;
        let (from_alice, from_bob) = (&from_alice[in_alices.clone()], &from_bob[in_bobs.clone()]);
        let fresh = |at: usize, places: Range<usize>| traffic.journeys[at].expected_of(places);
        let (to_bob, to_alice) = (fresh(0, in_alices), fresh(1, in_bobs));
        let (at_bob, at_alice) = thread::scope(|scope| {
            let at_bob = scope.spawn(|| bob.receive(kind, to_bob));
            let at_alice = scope.spawn(|| alice.receive(kind, to_alice));
            let sending =
                [scope.spawn(|| alice.send(kind, from_alice)), scope.spawn(|| bob.send(kind, from_bob))];
            for thread in sending {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            }
            let joined = |thread: thread::ScopedJoinHandle<'_, Result<Vec<Vec<u8>>>>| {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            Ok::<_, lab::LabError>((joined(at_bob)?, joined(at_alice)?))
        })?;
        traffic.arrived[0].extend(at_bob);
        traffic.arrived[1].extend(at_alice);
        Ok(())
    }

    fn judge(&self, traffic: &Traffic) {
        let [alice, bob] = &self.sides;
        for (side, at) in [(bob, 0), (alice, 1)] {
            let what = format!("{} to {}", self.id, if at == 0 { "callee" } else { "caller" });
            side.judge(self.program, traffic.kind, &traffic.journeys[at], &traffic.arrived[at], &what);
        }
    }

    /// The whole call.
    fn pass(&mut self, dice: &mut Dice) -> Result<()> {
        self.set_up()?;
        let mut media = self.traffic(Kind::Rtp, dice)?;
        self.exchange(&mut media, [0..CALM, 0..CALM])?;
        self.bridge.settle(&self.id, PATIENCE)?;
        let ends = [0, 1].map(|at| CALM..media.datagrams[at].len());
        self.exchange(&mut media, ends)?;
        self.judge(&media);
        let mut reports = self.traffic(Kind::Rtcp, dice)?;
        let all = [0, 1].map(|at| 0..reports.datagrams[at].len());
        self.exchange(&mut reports, all)?;
        self.judge(&reports);
        self.bridge.client.ok(&call::delete(&self.id)).map(drop)
    }
}

/// A daemon and, one after the other, calls between these sides: a suite's place or none for plain, and the length of
/// its master key identifiers.
fn calls(way: Way, pairs: impl Fn(usize) -> [Option<usize>; 2], mki: usize) -> Result<()> {
    lab::need_root!();
    if way == Way::AfXdp && foreign_daemon().is_some() {
        lab::skip!("needs our daemon (AF_XDP)");
    }
    let program = match Program::build()? {
        Ok(program) => program,
        Err(why) => lab::skip!(why),
    };
    let mut bridge = Bridge::start(way)?;
    let mut dice = Dice(0x5eed_0bad);
    for at in 0..suites() {
        let pair = pairs(at);
        let [caller, callee] = pair.map(|suite| suite.map_or("RTP", |suite| SUITES[suite].0));
        let port = 4000 + 10 * at as u16;
        let sides = [
            Side::new(&bridge.net.caller, port, pair[0], mki, &mut dice)?,
            Side::new(&bridge.net.callee, port, pair[1], mki, &mut dice)?,
        ];
        let id = format!("{caller}--{callee}");
        Talk { bridge: &mut bridge, program: &program, id, sides }.pass(&mut dice)?;
    }
    bridge.stop()?;
    Ok(())
}

/// How many of the suites the daemon is asked for. rtpengine 26.0 ends itself at the first packet of a NULL suite.
fn suites() -> usize {
    if foreign_daemon().is_some() { SUITES.len() - 2 } else { SUITES.len() }
}

fn offered_by_the_peer(at: usize) -> [Option<usize>; 2] {
    [Some(at), None]
}

fn offered_by_the_relay(at: usize) -> [Option<usize>; 2] {
    [None, Some(at)]
}

/// Neighbouring suites, so that the relay must open and seal.
fn on_both_sides(at: usize) -> [Option<usize>; 2] {
    [Some(at), Some((at + 1) % suites())]
}

#[test]
fn secured_callers_reach_plain_callees_over_sockets() -> Result<()> {
    calls(Way::Sockets, offered_by_the_peer, 0)
}

#[test]
fn plain_callers_reach_secured_callees_over_sockets() -> Result<()> {
    calls(Way::Sockets, offered_by_the_relay, 0)
}

#[test]
fn suites_are_bridged_over_sockets() -> Result<()> {
    calls(Way::Sockets, on_both_sides, 0)
}

#[test]
fn master_keys_may_have_identifiers_over_sockets() -> Result<()> {
    calls(Way::Sockets, offered_by_the_peer, 4)
}

#[test]
fn secured_callers_reach_plain_callees_over_af_xdp() -> Result<()> {
    calls(Way::AfXdp, offered_by_the_peer, 0)
}

#[test]
fn plain_callers_reach_secured_callees_over_af_xdp() -> Result<()> {
    calls(Way::AfXdp, offered_by_the_relay, 0)
}

#[test]
fn suites_are_bridged_over_af_xdp() -> Result<()> {
    calls(Way::AfXdp, on_both_sides, 0)
}
