//! The lab proved on a real relay: whatever `LAB_RELAY` names, or our own daemon.

use lab::{Daemon, Family, Pace, RtpPeer, Stream, Topology, exchange, ng, rtcp, sdp};
use std::net::SocketAddr;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(5);

/// Offers and answers a call between two peers and aims them at the relay's ports.
fn connect(
    client: &mut ng::Client,
    net: &Topology,
    call: &str,
    families: [Family; 2],
    peers: [&RtpPeer; 2],
) -> lab::Result<[SocketAddr; 2]> {
    let family = |family| if family == Family::V4 { "IP4" } else { "IP6" };
    let offer = ng::request("offer")
        .set("call-id", call)
        .set("from-tag", "alice")
        .set("sdp", sdp::audio(peers[0].local()).text())
        .set("direction", lab::Value::list([net.caller.interface, net.callee.interface]))
        .set("address family", family(families[1]))
        .flags(&["trust-address", "replace-origin"]);
    let offered = client.ok(&offer)?;
    let answer = ng::request("answer")
        .set("call-id", call)
        .set("from-tag", "alice")
        .set("to-tag", "bob")
        .set("sdp", sdp::audio(peers[1].local()).text())
        .set("address family", family(families[0]))
        .flags(&["trust-address", "replace-origin"]);
    let answered = client.ok(&answer)?;
    let address = |reply: &lab::Value| {
        reply.text("sdp").and_then(sdp::rtp_address).expect("the reply has an SDP with a media address")
    };
    let (for_callee, for_caller) = (address(&offered), address(&answered));
    peers[0].aim(for_caller);
    peers[1].aim(for_callee);
    Ok([for_caller, for_callee])
}

#[test]
fn a_call_relays_every_packet_both_ways() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    // One packet thread: a relay may hand neighbours to two threads and swap them, and this test asks for order.
    let relay = Daemon::on(&net).arg("--num-threads=1").start()?;
    let mut client = relay.ng()?;
    for (number, families) in
        [[Family::V4, Family::V4], [Family::V4, Family::V6], [Family::V6, Family::V6]].into_iter().enumerate()
    {
        let port = 4000 + 10 * number as u16;
        let alice = RtpPeer::bind(&net.caller.ns, (net.caller.peer(families[0]), port).into())?;
        let bob = RtpPeer::bind(&net.callee.ns, (net.callee.peer(families[1]), port).into())?;
        let call = format!("call-{number}");
        let [for_caller, for_callee] = connect(&mut client, &net, &call, families, [&alice, &bob])?;
        assert_eq!(for_caller.ip(), net.caller.relay(families[0]));
        assert_eq!(for_callee.ip(), net.callee.relay(families[1]));

        let there = Stream::new(0x1111, 200);
        let back = Stream::new(0x2222, 200).payload_type(8);
        let reports = exchange(&[(&alice, &bob, &there), (&bob, &alice, &back)], Pace::BRISK, PATIENCE)?;
        for report in &reports {
            report.assert_perfect();
            assert_eq!(report.delay.count(), 200);
        }
        assert_eq!(reports[0].source, Some(for_callee));
        assert_eq!(reports[1].source, Some(for_caller));

        let gone = client.ok(&ng::request("delete").set("call-id", &call).set("from-tag", "alice"))?;
        assert_eq!(gone.int("totals/RTP/packets"), Some(400), "{gone:?}");
    }
    relay.stop()?;
    Ok(())
}

#[test]
fn rtcp_reports_pass() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let relay = Daemon::on(&net).start()?;
    let (alice, alice_rtcp) = RtpPeer::bind_pair(&net.caller.ns, (net.caller.peer_v4, 5000).into())?;
    let (bob, bob_rtcp) = RtpPeer::bind_pair(&net.callee.ns, (net.callee.peer_v4, 5000).into())?;
    let families = [Family::V4, Family::V4];
    let [for_caller, _] = connect(&mut relay.ng()?, &net, "call", families, [&alice, &bob])?;
    alice_rtcp.aim(SocketAddr::new(for_caller.ip(), for_caller.port() + 1));
    let sender = rtcp::Sender { ntp: 1 << 32, timestamp: 2, packets: 3, bytes: 4 };
    let report = rtcp::sender_report(0x1111, &sender, &[]);
    alice_rtcp.send_bytes(&report)?;
    let (bytes, _) = bob_rtcp.receive_bytes(PATIENCE)?.expect("the report arrives");
    let packets = rtcp::parse(&bytes).expect("the report is whole");
    assert_eq!((packets[0].ssrc, packets[0].sender), (0x1111, Some(sender)));
    Ok(())
}

#[test]
fn json_and_tcp_and_repeats_are_answered() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let relay = Daemon::on(&net).arg("--listen-tcp-ng=127.0.0.1:2225").start()?;
    let ping = ng::request("ping");

    let mut json = relay.ng()?.encoding(ng::Encoding::Json);
    assert_eq!(json.ok(&ping)?.text("result"), Some("pong"));

    let mut tcp = ng::Client::tcp(&net.relay, "127.0.0.1:2225".parse().unwrap())?;
    for _ in 0..3 {
        assert_eq!(tcp.ok(&ping)?.text("result"), Some("pong"));
    }

    // The same cookie twice: the same bytes, even for a command that counts.
    let cookie = ng::Client::new_cookie();
    let body = ng::request("statistics").body().encode();
    let mut udp = relay.ng()?;
    let first = udp.exchange(&cookie, &body)?;
    assert_eq!(udp.exchange(&cookie, &body)?, first);

    let reason = udp.refused(&ng::request("query").set("call-id", "nobody"))?;
    assert!(!reason.is_empty());
    Ok(())
}
