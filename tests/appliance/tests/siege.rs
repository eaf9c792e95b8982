//! Packets that do not belong there, sent to ports whose flows are on the fast path.

use appliance_lab::{Heard, PATIENCE, Stand, Tier, standing, while_talking};
use lab::{CallSpec, Namespace, Result, RtpPeer, Stream, call, ng, rtcp};
use std::net::SocketAddr;
use std::time::Duration;

const INTERVAL: Duration = Duration::from_millis(2);

/// Bytes of a small generator (xorshift).
fn noise(seed: u64, bytes: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let step = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..bytes).map(step).collect()
}

/// A datagram of a kind: noise, STUN, DTLS, cut RTP, too large for one frame, empty.
fn bad(number: u64) -> Vec<u8> {
    let first = |byte: u8, length: usize| {
        let mut bytes = noise(number, length);
        bytes[0] = byte;
        bytes
    };
    match number % 7 {
        0 => noise(number, number as usize % 1200),
        1 => {
            let mut stun = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
            stun.extend(noise(number, 12));
            stun
        }
        2 => first(22, 13 + number as usize % 300),
        3 => Stream::new(number as u32, 1).packet(0)[..1 + number as usize % 11].to_vec(),
        // The kernel sends it in fragments.
        4 => first(0x80, 4000),
        5 => Vec::new(),
        // Like RTP, with a list of sources and an extension longer than the packet.
        _ => first(0x9f, 12 + number as usize % 60),
    }
}

/// Sends `count` bad datagrams from `from`, or as much as fits between two of the flow's packets at a time.
fn besiege(ns: &Namespace, from: SocketAddr, to: SocketAddr, count: u64) -> Result<()> {
    let peer = RtpPeer::bind(ns, from)?;
    peer.aim(to);
    for number in 0..count {
        peer.send_bytes(&bad(number))?;
    }
    Ok(())
}

/// From elsewhere: nobody of the call notices.
fn strangers(tier: Tier) -> Result<()> {
    lab::need_root!();
    let mut stand = Stand::start(tier, "")?;
    let spec = CallSpec::new("besieged", 4000).flag("strict-source");
    let call = stand.call_at(&spec, [tier.reached(); 2])?;
    let before = stand.relayed()?;
    let ((), heard) = while_talking(&call, INTERVAL, |live| {
        for (leg, peer) in [(&stand.net.caller, &call.alice), (&stand.net.callee, &call.bob)] {
            let from = SocketAddr::new(leg.peer_v4.into(), 6666);
            let to = peer.remote().expect("the call is up");
            besiege(&leg.ns, from, to, 700)?;
            live.hear_both(50)?;
        }
        assert_eq!(standing(&mut stand.client, &call.id)?, [tier.reached(); 2]);
        live.hear_both(200)
    })?;
    heard.iter().for_each(Heard::assert_flawless);
    let [all, fast] = stand.relayed()?;
    let sent: i64 = heard.iter().map(|heard| i64::from(heard.sent)).sum();
    assert!(fast - before[1] >= sent - 4, "{fast} of {all} by the fast path, {sent} sent");
    let state = stand.client.ok(&ng::request("query").set("call-id", "besieged"))?;
    assert_eq!(
        state.int("totals/RTP/packets"),
        Some(sent + 10),
        "strangers are not counted as media: {state:?}"
    );
    let log = stand.stop()?;
    assert!(!log.contains("ERR") && !log.contains("panicked"), "{log}");
    Ok(())
}

#[test]
fn strangers_do_not_disturb_the_driver() -> Result<()> {
    strangers(Tier::Driver)
}

#[test]
fn strangers_do_not_disturb_a_packet_thread() -> Result<()> {
    strangers(Tier::Worker)
}

/// From the peer's own socket: its media goes on, and so does its RTCP.
fn own_garbage(tier: Tier) -> Result<()> {
    lab::need_root!();
    let mut stand = Stand::start(tier, "")?;
    let call = stand.call_on(tier, "mumbling", 4000)?;
    let rtcp_at = |peer: &RtpPeer| {
        let mut at = peer.local();
        at.set_port(at.port() + 1);
        at
    };
    let alice_rtcp = RtpPeer::bind(&stand.net.caller.ns, rtcp_at(&call.alice))?;
    let bob_rtcp = RtpPeer::bind(&stand.net.callee.ns, rtcp_at(&call.bob))?;
    let mut to = call.alice.remote().expect("the call is up");
    to.set_port(to.port() + 1);
    alice_rtcp.aim(to);
    let sender = rtcp::Sender { ntp: 1 << 32, timestamp: 2, packets: 3, bytes: 4 };
    let ((), heard) = while_talking(&call, INTERVAL, |live| {
        for number in 0..210u64 {
            // What looks like RTP would be relayed as such.
            if !matches!(number % 7, 0 | 4 | 6) {
                call.alice.send_bytes(&bad(number))?;
            }
            if number % 30 == 0 {
                live.hear_both(10)?;
                alice_rtcp.send_bytes(&rtcp::sender_report(number as u32, &sender, &[]))?;
                let (bytes, _) = bob_rtcp.receive_bytes(PATIENCE)?.expect("RTCP reaches the peer");
                assert_eq!(rtcp::parse(&bytes).expect("it is whole")[0].ssrc, number as u32);
            }
        }
        live.hear_both(100)?;
        assert_eq!(standing(&mut stand.client, &call.id)?, [tier.reached(); 2]);
        Ok(())
    })?;
    for heard in &heard {
        heard.assert_whole_since(0);
        assert_eq!([heard.report.duplicates, heard.report.reordered], [0; 2], "{}", heard.report);
    }
    let log = stand.stop()?;
    assert!(!log.contains("ERR") && !log.contains("panicked"), "{log}");
    Ok(())
}

#[test]
fn a_peers_own_garbage_does_not_disturb_the_driver() -> Result<()> {
    own_garbage(Tier::Driver)
}

#[test]
fn a_peers_own_garbage_does_not_disturb_a_packet_thread() -> Result<()> {
    own_garbage(Tier::Worker)
}

/// The gate is open: packets of the call from another port than before are relayed all the same, by the sockets.
fn another_port(tier: Tier) -> Result<()> {
    lab::need_root!();
    let mut stand = Stand::start(tier, "")?;
    let call = stand.call_on(tier, "moved", 4000)?;
    let elsewhere = RtpPeer::bind(&stand.net.caller.ns, (stand.net.caller.peer_v4, 4444).into())?;
    elsewhere.aim(call.alice.remote().expect("the call is up"));
    let stray = Stream::new(0x0a00_0001, 200);
    elsewhere.send(&stray, 0..200, lab::Pace::BRISK)?;
    call.bob.receive(&stray, PATIENCE)?.assert_perfect();
    // The other one is still served, from where it was and to where it was.
    call.talk_perfectly(100, lab::Pace::BRISK, PATIENCE)?;
    assert_eq!(standing(&mut stand.client, &call.id)?, [tier.reached(); 2]);
    let [all, fast] = stand.relayed()?;
    assert_eq!(all, 10 + 200 + 200);
    assert!((200..=210).contains(&fast), "{fast} of {all} by the fast path");
    let gone = stand.client.ok(&call::delete("moved"))?;
    assert_eq!(gone.int("totals/RTP/packets"), Some(all), "{gone:?}");
    stand.stop()?;
    Ok(())
}

#[test]
fn a_source_that_strays_is_relayed_beside_the_driver() -> Result<()> {
    another_port(Tier::Driver)
}

#[test]
fn a_source_that_strays_is_relayed_beside_a_packet_thread() -> Result<()> {
    another_port(Tier::Worker)
}
