//! RTCP that the relay writes itself (`generate RTCP`).

use lab::{Daemon, Pace, RtpPeer, Stream, Topology, call, ng, rtcp};
use std::net::SocketAddr;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn the_parties_are_told_by_the_relay_how_their_media_was() -> lab::Result<()> {
    lab::need_root!();
    let net = Topology::new()?;
    let relay = Daemon::on(&net).start()?;
    let (alice, alice_rtcp) = RtpPeer::bind_pair(&net.caller.ns, (net.caller.peer_v4, 5000).into())?;
    let (bob, bob_rtcp) = RtpPeer::bind_pair(&net.callee.ns, (net.callee.peer_v4, 5000).into())?;
    let mut client = relay.ng()?;
    let offered = client.ok(&call::offer("call", alice.local()).flags(&["generate RTCP"]))?;
    let answered = client.ok(&call::answer("call", bob.local()))?;
    for (rtp, rtcp, told) in
        [(&alice, &alice_rtcp, call::told(&answered)?), (&bob, &bob_rtcp, call::told(&offered)?)]
    {
        rtp.aim(told);
        rtcp.aim(SocketAddr::new(told.ip(), told.port() + 1));
    }
    let (there, back) = (Stream::new(0x1111, 20), Stream::new(0x2222, 30));
    alice.send(&there, 0..20, Pace::BRISK)?;
    bob.send(&back, 0..30, Pace::BRISK)?;
    bob.receive(&there, PATIENCE)?.assert_perfect();
    alice.receive(&back, PATIENCE)?.assert_perfect();
    let sender = rtcp::Sender { ntp: 0x0102_0304_0506_0708, timestamp: 2, packets: 3, bytes: 4 };
    alice_rtcp.send_bytes(&rtcp::sender_report(0x1111, &sender, &[]))?;

    // Alice's own report ends at the relay: the first that Bob hears is the relay's.
    let (bytes, _) = bob_rtcp.receive_bytes(PATIENCE)?.expect("a report for Bob");
    let to_bob = rtcp::parse(&bytes).expect("the report is whole");
    assert_eq!((to_bob[0].kind, to_bob[0].ssrc), (rtcp::SENDER_REPORT, 0x1111));
    assert_eq!(to_bob[0].sender.map(|sender| sender.packets), Some(20));
    assert_eq!(to_bob[0].blocks.iter().map(|b| (b.ssrc, b.lost)).collect::<Vec<_>>(), [(0x2222, 0)]);
    assert_eq!(to_bob[1].kind, rtcp::SOURCE_DESCRIPTION);
    let (bytes, _) = alice_rtcp.receive_bytes(PATIENCE)?.expect("a report for Alice");
    let to_alice = rtcp::parse(&bytes).expect("the report is whole");
    assert_eq!(to_alice[0].sender.map(|sender| sender.packets), Some(30));
    let block = to_alice[0].blocks[0];
    assert_eq!((block.ssrc, block.last_sr), (0x1111, 0x0304_0506), "it answers her report");

    // What was sent is counted, and what was taken in.
    let gone = client.ok(&call::delete("call"))?;
    let stream = |tag: &str| format!("tags/{tag}/medias/0/streams/1/");
    assert_eq!(gone.int(&(stream("alice") + "stats/packets")), Some(1), "{gone:?}");
    assert!(gone.int(&(stream("bob") + "stats_out/packets")) >= Some(1), "{gone:?}");
    client.ok(&ng::request("ping"))?;
    relay.stop()?;
    Ok(())
}
