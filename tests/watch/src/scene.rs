//! A relay with HTTP, and a call that talks and sends RTCP reports both ways.

use crate::{HTTP, PATIENCE};
use lab::rtcp::{Block, Sender, receiver_report, sender_report};
use lab::{Call, Daemon, DaemonSpec, LabError, Namespace, Pace, Result, RtpPeer, Topology};
use std::io::{Read, Write};
use std::net::SocketAddr;

/// Where the callers' media is; RTCP is one above.
const PORT: u16 = 4000;
/// Senders of the reports.
const SSRCS: [u32; 2] = [0x0a0a_0a0a, 0x0b0b_0b0b];

/// A call on a relay that is watched.
#[derive(Debug)]
pub struct Scene {
    /// The namespaces.
    pub net: Topology,
    /// The relay.
    pub daemon: Daemon,
    /// The call, up.
    pub call: Call,
    rtcp: [RtpPeer; 2],
    rounds: u32,
}

impl Scene {
    /// Starts a relay as `with` says, and sets a call up.
    pub fn open(with: impl FnOnce(DaemonSpec) -> DaemonSpec) -> Result<Scene> {
        let net = Topology::new()?;
        let daemon = with(Daemon::on(&net).arg(format!("--listen-http={HTTP}"))).start()?;
        let call = Call::set_up(&mut daemon.ng()?, &net, "watched-call", PORT)?;
        let rtcp = |peer: &RtpPeer, namespace: &Namespace| -> Result<RtpPeer> {
            let mut at = peer.local();
            at.set_port(PORT + 1);
            let rtcp = RtpPeer::bind(namespace, at)?;
            let mut relay = peer.remote().expect("it is aimed");
            relay.set_port(relay.port() + 1);
            rtcp.aim(relay);
            Ok(rtcp)
        };
        let rtcp = [rtcp(&call.alice, &net.caller.ns)?, rtcp(&call.bob, &net.callee.ns)?];
        Ok(Scene { net, daemon, call, rtcp, rounds: 0 })
    }

    /// Both talk for a moment.
    pub fn talk(&self) -> Result<()> {
        self.call.talk_perfectly(20, Pace::BRISK, PATIENCE)
    }

    /// Both send a sender report, and once it has arrived a receiver report about the other.
    pub fn report(&mut self) -> Result<()> {
        self.rounds += 1;
        let ntp = |side: usize| u64::from(self.rounds * 2 + side as u32) << 24;
        for side in [0, 1] {
            let info = Sender { ntp: ntp(side), timestamp: 160, packets: 10, bytes: 1600 };
            self.pass(side, &sender_report(SSRCS[side], &info, &[]))?;
        }
        for side in [0, 1] {
            let block = Block {
                ssrc: SSRCS[1 - side],
                fraction_lost: 5,
                lost: 3,
                highest_sequence: 20,
                jitter: 40,
                last_sr: (ntp(1 - side) >> 16) as u32,
                delay_since_last_sr: 0,
            };
            self.pass(side, &receiver_report(SSRCS[side], &[block]))?;
        }
        Ok(())
    }

    /// Sends RTCP from one side and waits until the other has it.
    fn pass(&self, side: usize, datagram: &[u8]) -> Result<()> {
        self.rtcp[side].send_bytes(datagram)?;
        match self.rtcp[1 - side].receive_bytes(PATIENCE)? {
            Some((got, _)) if got == datagram => Ok(()),
            other => panic!("RTCP did not pass as it was: {other:?}"),
        }
    }

    /// A short call that begins, talks and ends, and a request that fails.
    pub fn short_call(&mut self) -> Result<()> {
        self.rounds += 1;
        let mut client = self.daemon.ng()?;
        let id = format!("short-{}", self.rounds);
        let call = Call::set_up(&mut client, &self.net, &id, PORT + 1000)?;
        call.talk(5, Pace::BRISK, PATIENCE)?;
        client.ok(&lab::ng::request("delete").set("call-id", &*id).set("delete-delay", 0))?;
        client.refused(&lab::ng::request("query").set("call-id", &*id)).map(drop)
    }

    /// The page of metrics.
    pub fn metrics(&self) -> Result<String> {
        get(&self.net.relay, HTTP, "/metrics")
    }
}

/// Body of an answer inside a namespace.
///
/// # Panics
/// When the status is not 200.
pub fn get(namespace: &Namespace, at: &str, path: &str) -> Result<String> {
    let failed = LabError::io("an HTTP answer");
    let address: SocketAddr = at.parse().expect("an address");
    let mut stream = namespace.tcp(address)?;
    let mut said = Vec::new();
    stream
        .set_read_timeout(Some(PATIENCE))
        .and_then(|()| write!(stream, "GET {path} HTTP/1.0\r\nHost: {at}\r\n\r\n"))
        .and_then(|()| stream.read_to_end(&mut said))
        .map_err(failed)?;
    let said = String::from_utf8_lossy(&said).into_owned();
    let (head, body) = said.split_once("\r\n\r\n").unwrap_or((&said, ""));
    assert!(head.split(' ').nth(1) == Some("200"), "GET {path}: {said}");
    Ok(body.to_owned())
}
