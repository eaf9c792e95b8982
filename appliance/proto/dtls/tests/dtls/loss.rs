//! Datagrams that are lost, doubled, late; peers that are silent.

use crate::network::{Fate, Network};
use crate::wall;
use dtls::Reason;

/// ClientHello, HelloVerifyRequest, ClientHello, server's flight, client's flight, server's last: in one datagram each.
const DATAGRAMS: usize = 6;

#[test]
fn a_handshake_takes_six_datagrams_and_our_clock() {
    let mut network = Network::new();
    let before = wall::asked();
    network.connect();
    network.run(1_000_000);
    network.assert_agreed();
    assert_eq!(network.sent.len(), DATAGRAMS);
    assert!(wall::asked() > before, "OpenSSL asks the clock of the test");
}

#[test]
fn any_datagram_may_be_lost() {
    for lost in 0..DATAGRAMS {
        let mut network =
            Network::new().fate(move |nth| if nth == lost { Fate::IsLost } else { Fate::Arrives });
        network.connect();
        network.run(60_000_000);
        network.assert_agreed();
        assert!(network.now_us < 1_200_000, "one wait is enough: {} us, {lost} lost", network.now_us);
    }
}

#[test]
fn any_two_datagrams_may_be_lost() {
    for first in 0..DATAGRAMS + 2 {
        for second in first + 1..DATAGRAMS + 4 {
            let fate = move |nth| if nth == first || nth == second { Fate::IsLost } else { Fate::Arrives };
            let mut network = Network::new().fate(fate);
            network.connect();
            network.run(60_000_000);
            network.assert_agreed();
        }
    }
}

#[test]
fn any_datagram_may_come_twice_or_late() {
    for odd in 0..DATAGRAMS {
        for fate in [Fate::ComesTwice, Fate::IsLate(15_000), Fate::IsLate(1_500_000)] {
            let mut network = Network::new().fate(move |nth| if nth == odd { fate } else { Fate::Arrives });
            network.connect();
            network.run(60_000_000);
            network.assert_agreed();
            for end in &network.ends {
                assert_eq!((end.connected.len(), end.failed.len()), (1, 0), "{odd} {fate:?}");
            }
        }
    }
}

#[test]
fn a_bad_network_is_survived() {
    let mut connected = 0;
    for seed in 1..=40u64 {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut network = Network::new().fate(move |_| {
            // xorshift
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            match state >> 32 & 15 {
                0..=2 => Fate::IsLost,
                3 => Fate::ComesTwice,
                4 => Fate::IsLate(30_000),
                _ => Fate::Arrives,
            }
        });
        network.connect();
        network.run(60_000_000);
        assert!(network.sent.len() < 200);
        if network.ends.iter().all(|end| end.connected.len() == 1) {
            network.assert_agreed();
            connected += 1;
        } else {
            // The only other way it may end: somebody was out of luck for half a minute.
            let failed = network.ends.iter().flat_map(|end| &end.failed);
            assert!(
                failed.clone().count() > 0 && failed.into_iter().all(|reason| *reason == Reason::TimedOut)
            );
        }
    }
    assert!(connected >= 38, "{connected} of 40 with three lost in sixteen");
}

#[test]
fn a_silent_peer_is_asked_at_doubling_intervals_and_given_up() {
    let mut network = Network::new().fate(|_| Fate::IsLost);
    network.connect();
    network.run(100_000_000);
    let times: Vec<u64> = network.sent.iter().map(|(at, ..)| at / 1_000_000).collect();
    assert_eq!(times, [0, 1, 3, 7, 15]);
    assert_eq!(network.now_us, 30_000_000);
    assert_eq!(network.ends[0].failed, [Reason::TimedOut]);
    assert_eq!(network.ends[0].endpoint.next_timeout(), None);
    network.connect();
    network.drain();
    assert_eq!(network.sent.len(), 6, "it may be told to try again");
}

#[test]
fn a_client_that_vanishes_is_forgotten() {
    // ClientHello, cookie, ClientHello arrive; then nothing.
    let mut network = Network::new().fate(|nth| if nth < 3 { Fate::Arrives } else { Fate::IsLost });
    network.connect();
    network.run(100_000_000);
    assert_eq!(network.ends[1].failed, [Reason::TimedOut]);
    assert_eq!(network.ends[1].endpoint.handshakes(), 0);
}

#[test]
fn a_wall_clock_that_goes_back_costs_time_but_not_more() {
    let mut network = Network::new().fate(|nth| if nth == 3 { Fate::IsLost } else { Fate::Arrives });
    network.now_us = 3_600_000_000;
    wall::set(network.now_us);
    network.connect();
    network.run(network.now_us + 500_000);
    // From here on OpenSSL lives an hour ago; both ask it again and again, and then give up.
    let mut asked = 0;
    while let Some(at) = network.ends.iter().filter_map(|end| end.endpoint.next_timeout()).min() {
        wall::set(0);
        network.ends.iter_mut().for_each(|end| end.endpoint.on_timeout(at));
        network.now_us = at;
        network.drain();
        asked += 1;
        assert!(asked < 5_000);
    }
    assert_eq!(network.ends.each_ref().map(|end| end.failed.len()), [1, 1]);
}
