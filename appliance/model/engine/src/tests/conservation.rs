use super::*;
use proptest::prelude::*;
use std::sync::Arc;

fn any_spec() -> impl Strategy<Value = FlowSpec> {
    let carries = prop_oneof![
        Just(Carries::Rtp),
        Just(Carries::Rtcp),
        Just(Carries::RtpAndRtcp),
        Just(Carries::Opaque)
    ];
    let learning = prop_oneof![
        Just(Learning::Off),
        Just(Learning::Immediate),
        Just(Learning::Delayed),
        Just(Learning::Heuristic)
    ];
    let gate = prop_oneof![Just(Gate::Open), Just(Gate::Strict), Just(Gate::Handover)];
    let outputs = || proptest::collection::vec(100u16..105, 0..4);
    (100u16..105, carries, learning, gate, outputs(), outputs(), any::<(bool, bool, u8)>(), any_security())
        .prop_map(|(number, carries, learning, gate, rtp, rtcp, (known, blocked, generation), security)| {
            FlowSpec {
                handshakes: generation % 3 == 0,
                security,
                carries,
                learning,
                gate,
                blocked: blocked && generation % 4 == 0,
                generation: Generation(generation.into()),
                rtcp: rtcp.into_iter().map(|number| Output::plain(port(number))).collect(),
                ..spec(number, known.then_some(A), &rtp)
            }
        })
}

/// Few sessions and few keys, so that flows share them, and packets in clear pass some.
fn any_security() -> impl Strategy<Value = Option<Security>> {
    let protection = || {
        let keys = |(suite, byte, tag): (usize, u8, bool)| {
            let suite = srtp::Suite::ALL[suite];
            let key = vec![byte; suite.key_len() + suite.salt_len()];
            let key = srtp::MasterKey::new(suite, &key).unwrap();
            let options = srtp::Options { unauthenticated_rtp: !tag, ..Default::default() };
            Protection::Srtp(Arc::new(srtp::Setup { options, ..srtp::Setup::new(key) }))
        };
        prop_oneof![
            Just(Protection::Plain),
            Just(Protection::Awaited),
            (0usize..12, 0u8..3, any::<bool>()).prop_map(keys)
        ]
    };
    let security = (0usize..3, protection(), protection()).prop_map(|(party, arriving, leaving)| Security {
        session: SessionId::new(1, party, 0),
        arriving,
        leaving,
    });
    proptest::option::of(security)
}

fn any_packet() -> impl Strategy<Value = (u16, u8, Vec<u8>)> {
    let bytes = prop_oneof![
        (0u32..20, any::<u16>()).prop_map(|(ssrc, seq)| rtp(ssrc, seq)),
        Just(RTCP.to_vec()),
        Just(STUN.to_vec()),
        proptest::collection::vec(any::<u8>(), 0..40),
    ];
    (99u16..106, 0u8..4, bytes)
}

proptest! {
    /// Whatever is installed and whatever arrives: every frame is decided, buffers come back (`Relay::burst` checks
    /// that), and no packet ends without a counter.
    #[test]
    fn every_frame_ends_once(
        specs in proptest::collection::vec(any_spec(), 0..12),
        bursts in proptest::collection::vec(proptest::collection::vec(any_packet(), 0..24), 1..6),
        failing: u8,
    ) {
        let mut relay = Relay::new([]);
        let mut ended = 0;
        for (turn, packets) in bursts.iter().enumerate() {
            for spec in specs.iter().skip(turn).step_by(bursts.len()) {
                relay.install(spec.clone());
            }
            if failing % 3 == 0 {
                let key = port(100 + u16::from(failing % 5));
                let generation = Generation(failing.into());
                relay.engine.apply(Change::Withdraw { key, generation }, &mut relay.events);
            }
            let sources: Vec<_> = packets.iter().map(|(_, n, _)| format!("198.51.100.{n}:4000")).collect();
            let packets: Vec<_> =
                packets.iter().zip(&sources).map(|((number, _, bytes), source)| (*number, &source[..], &bytes[..])).collect();
            let (verdicts, sent) = relay.burst(&packets);
            prop_assert!(!verdicts.contains(&Verdict::Undecided));
            ended += packets.len();
            let totals = relay.engine.totals();
            let drops: u64 = totals.drops.iter().sum::<u64>() + totals.punted;
            // fan-out adds endings, never takes one away
            prop_assert!(totals.sent.packets + drops >= ended as u64);
            prop_assert!(sent.len() <= 32);
            relay.now = relay.now + Micros::from_millis(700);
            relay.events.clear();
        }
    }
}
