use super::*;
use crate::Overheard;

fn heard(relay: &mut Relay) -> Vec<(u64, u16, SocketAddr, Vec<u8>)> {
    let heard = relay.engine.swap_overheard(Overheard::with_room());
    assert_eq!(heard.lost(), 0);
    heard.iter().map(|rtcp| (rtcp.stream.0, rtcp.local.port, rtcp.remote, rtcp.bytes.to_vec())).collect()
}

#[test]
fn rtcp_is_overheard_and_goes_on_and_rtp_is_not() {
    let mut relay = Relay::pair(|a| a.carries = Carries::RtpAndRtcp);
    assert_eq!(relay.engine.swap_overheard(Overheard::with_room()).iter().count(), 0);
    assert_eq!(relay.one(100, A, RTCP), Ok(at(B)));
    assert_eq!(relay.one(100, A, &rtp(1, 1)), Ok(at(B)));
    assert_eq!(heard(&mut relay), [(100, 100, at(A), RTCP.to_vec())]);
    assert_eq!(heard(&mut relay), []);
}

#[test]
fn what_two_ends_have_encrypted_for_each_other_is_not_overheard() {
    let mut relay = Relay::pair(|a| (a.carries, a.foreign) = (Carries::RtpAndRtcp, true));
    relay.engine.swap_overheard(Overheard::with_room());
    assert_eq!(relay.one(100, A, RTCP), Ok(at(B)));
    assert_eq!(heard(&mut relay), []);
}

#[test]
fn traffic_is_counted_by_our_address() {
    let elsewhere = |number| FlowKey::new("203.0.113.1".parse().unwrap(), number);
    let mut out = spec(200, Some(B), &[100]);
    out.key = elsewhere(200);
    let mut relay = Relay::pair(|a| a.rtp = [Output::plain(elsewhere(200))].into_iter().collect());
    relay.install(out);
    let packet = rtp(1, 7);
    assert_eq!(relay.one(100, A, &packet), Ok(at(B)));
    assert_eq!(relay.one(100, A, &[0xff; 40]), Err(DropReason::NotMedia));
    assert_eq!(relay.snapshot(100).counters.last_packet, Some(relay.now), "somebody is there");
    let one = |packets, bytes, errors| Traffic { packets, bytes, errors };
    let all: Vec<_> = relay
        .engine
        .addresses()
        .iter()
        .map(|here| (here.addr.to_string(), here.received, here.sent))
        .collect();
    let length = packet.len() as u64;
    assert_eq!(all[0], ("192.0.2.1".to_owned(), one(2, length + 40, 0), Traffic::default()));
    // What cannot be forwarded is an error of who misses it.
    assert_eq!(all[1], ("203.0.113.1".to_owned(), one(0, 0, 1), one(1, length, 0)));
    // What another path has counted belongs there too.
    let mut counted = relay.snapshot(100);
    counted.counters = Counters { received: one(5, 50, 1), ..Counters::default() };
    relay.engine.apply(Change::Counted(Box::new(counted)), &mut relay.events);
    assert_eq!(relay.engine.addresses()[0].received, one(7, length + 90, 1));
}
