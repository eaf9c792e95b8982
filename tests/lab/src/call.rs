//! A plain audio call between one peer on each side: the requests for it, and the call itself.

use crate::{Family, LabError, Pace, Report, Result, RtpPeer, Stream, Topology, Value, exchange, ng, sdp};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Interface names of the caller's and the callee's side in the relay's namespace; see [`Topology`].
pub const SIDES: [&str; 2] = ["caller", "callee"];
/// From- and to-tag of every call made here.
pub const TAGS: [&str; 2] = ["alice", "bob"];

/// An offer of plain audio from a caller who receives at `caller`.
pub fn offer(id: &str, caller: SocketAddr) -> ng::Request {
    ng::request("offer")
        .set("call-id", id)
        .set("from-tag", TAGS[0])
        .set("sdp", sdp::audio(caller).text())
        .set("direction", Value::list(SIDES))
}

/// The answer to it from a callee who receives at `callee`.
pub fn answer(id: &str, callee: SocketAddr) -> ng::Request {
    ng::request("answer")
        .set("call-id", id)
        .set("from-tag", TAGS[0])
        .set("to-tag", TAGS[1])
        .set("sdp", sdp::audio(callee).text())
}

/// Ends a call at once, without the daemon's delay.
pub fn delete(id: &str) -> ng::Request {
    ng::request("delete").set("call-id", id).set("from-tag", TAGS[0]).set("delete-delay", 0)
}

/// Where a reply wants media sent.
pub fn told(reply: &Value) -> Result<SocketAddr> {
    reply.text("sdp").and_then(sdp::rtp_address).ok_or_else(|| LabError::Refused {
        command: "offer or answer (an SDP with a media address was expected)".into(),
        reply: format!("{reply:?}"),
    })
}

/// How to make a [`Call`].
#[derive(Debug, Clone)]
pub struct CallSpec {
    id: String,
    port: u16,
    families: [Family; 2],
    flags: Vec<String>,
}

impl CallSpec {
    /// A call over IPv4 whose peers receive at `port` on both sides.
    pub fn new(id: impl Into<String>, port: u16) -> CallSpec {
        CallSpec { id: id.into(), port, families: [Family::V4; 2], flags: Vec::new() }
    }

    /// Families of the caller and the callee.
    pub fn families(mut self, families: [Family; 2]) -> CallSpec {
        self.families = families;
        self
    }

    /// One more flag, in the offer and in the answer.
    pub fn flag(mut self, flag: &str) -> CallSpec {
        self.flags.push(flag.to_owned());
        self
    }

    /// Opens both peers, offers and answers, and aims the peers at the relay.
    pub fn set_up(&self, client: &mut ng::Client, net: &Topology) -> Result<Call> {
        let peer = |leg: &crate::Leg, family| RtpPeer::bind(&leg.ns, (leg.peer(family), self.port).into());
        let alice = peer(&net.caller, self.families[0])?;
        let bob = peer(&net.callee, self.families[1])?;
        let flags: Vec<&str> = self.flags.iter().map(String::as_str).collect();
        let family = |family| if family == Family::V4 { "IP4" } else { "IP6" };
        let ask =
            |request: ng::Request, towards| request.flags(&flags).set("address family", family(towards));
        let offered = client.ok(&ask(offer(&self.id, alice.local()), self.families[1]))?;
        let answered = client.ok(&ask(answer(&self.id, bob.local()), self.families[0]))?;
        alice.aim(told(&answered)?);
        bob.aim(told(&offered)?);
        Ok(Call { id: self.id.clone(), alice, bob, rounds: AtomicU32::new(0) })
    }
}

/// A call that is up.
#[derive(Debug)]
pub struct Call {
    /// Its Call-ID.
    pub id: String,
    /// The caller; aimed at the relay.
    pub alice: RtpPeer,
    /// The callee; aimed at the relay.
    pub bob: RtpPeer,
    rounds: AtomicU32,
}

impl Call {
    /// A call over IPv4; see [`CallSpec`].
    pub fn set_up(client: &mut ng::Client, net: &Topology, id: &str, port: u16) -> Result<Call> {
        CallSpec::new(id, port).set_up(client, net)
    }

    /// Sends `packets` (at most 1000) both ways at the same time and reports what arrived: caller to callee, callee
    /// to caller. Every round has streams of its own, so that stragglers of one are flaws of the next.
    pub fn talk(&self, packets: u32, pace: Pace, patience: Duration) -> Result<[Report; 2]> {
        let round = self.rounds.fetch_add(1, Ordering::Relaxed);
        let packets = packets.min(1000);
        // A sequence number range per round within one SSRC, as a telephone that goes on talking.
        let first = (round.wrapping_mul(1000) & 0xffff) as u16;
        let port = u32::from(self.alice.local().port());
        let there = Stream::new(0x0a00_0000 | port, packets).first_sequence(first);
        let back = Stream::new(0x0b00_0000 | port, packets).first_sequence(first);
        let flows = [(&self.alice, &self.bob, &there), (&self.bob, &self.alice, &back)];
        let reports = exchange(&flows, pace, patience)?;
        reports.try_into().map_err(|_| LabError::Io {
            what: "two reports of two streams".into(),
            source: std::io::ErrorKind::InvalidData.into(),
        })
    }

    /// [`Call::talk`], and panics with the report unless every packet arrived once, whole and in order.
    #[track_caller]
    pub fn talk_perfectly(&self, packets: u32, pace: Pace, patience: Duration) -> Result<()> {
        self.talk(packets, pace, patience)?.iter().for_each(Report::assert_perfect);
        Ok(())
    }

    /// Ends it at once; returns its last statistics.
    pub fn delete(self, client: &mut ng::Client) -> Result<Value> {
        client.ok(&delete(&self.id))
    }
}
