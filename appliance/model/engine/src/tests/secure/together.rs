//! Bursts: their packets end as they would one by one, though their tags are made together.

use super::*;
use proptest::prelude::*;
use srtp::{Mki, Options, Tagger};

const STRANGER: &str = "203.0.113.66:6666";

/// Tags in lanes if the processor can, be it faster or not.
fn in_lanes() -> Tagger {
    Tagger::in_lanes().unwrap_or_default()
}

fn relay(tagger: Tagger, specs: &[FlowSpec]) -> Relay {
    let mut relay = Relay::new([]);
    relay.engine = Engine::with_tagger(16, 32, tagger);
    specs.iter().for_each(|spec| assert_eq!(relay.install(spec.clone()), crate::Applied::Installed));
    relay
}

/// A phone of that suite, whose keys come from `byte`, with other parameters.
fn phone(suite: Suite, byte: u8, change: impl Fn(&mut Setup)) -> Phone {
    let plain = Phone::new(suite, byte);
    let [out, back] = [plain.out, plain.back].map(|setup| {
        let mut setup = Setup::clone(&setup);
        change(&mut setup);
        Arc::new(setup)
    });
    let (sealer, opener) = (Sealer::new(&out).unwrap(), Opener::new(&back).unwrap());
    Phone { out, back, sealer, opener }
}

/// A under keys at 100 and B under others at 200; C in clear at 300, who hears A and whom both hear.
fn three(a: &Phone, b: &Phone, gate: Gate) -> [FlowSpec; 3] {
    let carries = Carries::RtpAndRtcp;
    [
        FlowSpec { security: a.security(TO_A), gate, carries, ..spec(100, Some(A), &[200, 300]) },
        FlowSpec { security: b.security(TO_B), carries, ..spec(200, Some(B), &[100]) },
        FlowSpec { carries, ..spec(300, Some(C), &[100, 200]) },
    ]
}

const C: &str = "198.51.100.40:6000";

type Arriving = (u16, &'static str, Vec<u8>);

/// One after the other, or as few bursts as may be; all that is known then.
fn run(relay: &mut Relay, packets: &[Arriving], at_once: usize) -> (Vec<Verdict>, Vec<Sent>, Vec<Snapshot>) {
    let (mut verdicts, mut all) = (Vec::new(), Vec::new());
    for burst in packets.chunks(at_once) {
        let burst: Vec<_> = burst.iter().map(|(number, from, bytes)| (*number, *from, &bytes[..])).collect();
        let (decided, mut sent) = relay.burst(&burst);
        verdicts.extend(decided);
        all.append(&mut sent);
    }
    // Copies come behind the frames of their burst.
    all.sort_by(|one, other| (one.from, one.to, &one.bytes).cmp(&(other.from, other.to, &other.bytes)));
    (verdicts, all, [100, 200, 300].map(|number| relay.snapshot(number)).into())
}

#[derive(Clone, Debug)]
struct Step {
    from: u8,
    ssrc: u32,
    skip: u16,
    what: u8,
    turned: usize,
}

fn any_step() -> impl Strategy<Value = Step> {
    (0u8..5, 7u32..10, 1u16..4, 0u8..20, any::<usize>()).prop_map(|(from, ssrc, skip, what, turned)| Step {
        from,
        ssrc,
        skip,
        what,
        turned,
    })
}

/// What the phones say, as a bad network and an attacker deliver it.
fn packets(steps: &[Step], a: &mut Phone, b: &mut Phone, start: u16) -> Vec<Arriving> {
    let mut arriving: Vec<Arriving> = Vec::new();
    let mut late: Vec<Arriving> = Vec::new();
    let mut next = [start; 3];
    for (number, step) in steps.iter().enumerate() {
        let who = usize::from(step.from) % 3;
        next[who] = next[who].wrapping_add(step.skip);
        let clear = if step.what == 0 { RTCP.to_vec() } else { rtp(step.ssrc, next[who]) };
        let (port, source, wire) = match who {
            0 => (100, A, a.seals(&clear)),
            1 => (200, B, b.seals(&clear)),
            _ => (300, C, clear.clone()),
        };
        let turned = |mut wire: Vec<u8>| {
            let at = step.turned % (wire.len() * 8);
            wire[at / 8] ^= 1 << (at % 8);
            wire
        };
        match step.what {
            1 | 2 => late.push((port, source, wire)),
            3 => arriving.extend([(port, source, wire.clone()), (port, source, wire)]),
            4 if port != 300 => arriving.extend([(port, source, turned(wire.clone())), (port, source, wire)]),
            5 if port != 300 => arriving.push((port, source, turned(wire))),
            6 if !arriving.is_empty() => {
                let again = arriving[step.turned % arriving.len()].clone();
                arriving.extend([again, (port, source, wire)]);
            }
            7 => arriving.push((port, STRANGER, wire)),
            8 => arriving.push((port, source, clear)),
            9 => arriving.push((port, source, STUN.to_vec())),
            _ => arriving.push((port, source, wire)),
        }
        if number % 4 == 3 {
            arriving.append(&mut late);
        }
    }
    arriving.append(&mut late);
    arriving
}

proptest! {
    // Ciphers without optimisation take their time.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_burst_ends_as_its_packets_would_one_by_one(
        steps in proptest::collection::vec(any_step(), 1..60),
        suites in (0usize..12, 0usize..12),
        mki in any::<bool>(),
        strict in any::<bool>(),
        untagged in 0u8..8,
        start in prop_oneof![any::<u16>(), 65_500u16..=65_535],
        at_once in 2usize..=10,
    ) {
        let change = |setup: &mut Setup| {
            if mki {
                setup.mki = Mki::new(&[1, 2, 3, 4]).unwrap();
            }
            let options = Options { unauthenticated_rtp: untagged == 0, ..Options::default() };
            if options.check(setup.key.suite()).is_ok() {
                setup.options = options;
            }
        };
        let mut a = phone(Suite::ALL[suites.0], 1, change);
        let mut b = phone(Suite::ALL[suites.1], 5, |_| ());
        let gate = if strict { Gate::Strict } else { Gate::Open };
        let specs = three(&a, &b, gate);
        let packets = packets(&steps, &mut a, &mut b, start);
        let mut alone = relay(Tagger::one_by_one(), &specs);
        let expected = run(&mut alone, &packets, 1);
        for tagger in [in_lanes(), Tagger::new(), Tagger::one_by_one()] {
            let mut together = relay(tagger, &specs);
            prop_assert_eq!(&run(&mut together, &packets, at_once), &expected);
            prop_assert_eq!(together.engine.totals(), alone.engine.totals());
        }
    }
}

/// A wrap within one burst, late packets across it, and a sender that comes in between: all get through, each once.
#[test]
fn a_wrap_within_a_burst_is_followed() {
    for (one, other) in
        [(CM, CM), (Suite::Aes256CmHmacSha1_32, Suite::F8_128HmacSha1_80), (CM, Suite::AeadAes128Gcm)]
    {
        let (mut a, mut b) = (Phone::new(one, 1), Phone::new(other, 5));
        let mut relay = relay(in_lanes(), &three(&a, &b, Gate::Open));
        let spoken: Vec<_> = (65_530..65_544u32).map(|seq| rtp(7, seq as u16)).collect();
        let wire: Vec<_> = spoken.iter().map(|clear| a.seals(clear)).collect();
        // The first of them must come first: before it nothing is known of its sender.
        let order = [0, 1, 7, 4, 6, 5, 8, 3, 2, 7, 9, 11, 10, 12];
        let burst: Vec<_> = order.iter().map(|at| (100, A, &wire[*at][..])).collect();
        let (verdicts, sent) = relay.burst(&burst);
        for (n, (at, verdict)) in order.iter().zip(&verdicts).enumerate() {
            let again = order[..n].contains(at);
            assert_eq!(*verdict == Verdict::Drop(DropReason::Replayed), again, "{at} at {n}: {verdict:?}");
        }
        let heard =
            |number| sent.iter().filter(move |sent| sent.from == number).map(|sent| sent.bytes.clone());
        let mut expected: Vec<_> = order.iter().map(|at| spoken[*at].clone()).collect();
        expected.remove(9);
        assert_eq!(heard(300).collect::<Vec<_>>(), expected);
        // Sealed in the same order for B; its counter goes on likewise.
        assert_eq!(heard(200).map(|wire| b.opens(&wire)).collect::<Vec<_>>(), expected);
        assert_eq!(relay.snapshot(100).progress.opened[0].rtp.roc(), 1);
        assert_eq!(relay.snapshot(200).progress.sealed[0].rtp.roc(), 1);
    }
}

/// What is refused without a look at its tag is not hashed: closed sources, replays, unknown flows, no keys.
#[test]
fn floods_are_not_hashed() {
    let (mut a, b) = (Phone::new(CM, 1), Phone::new(CM, 5));
    let mut relay = relay(in_lanes(), &three(&a, &b, Gate::Strict));
    let burst = |relay: &mut Relay, number, source, wire: &[Vec<u8>]| {
        let burst: Vec<_> = wire.iter().map(|wire| (number, source, &wire[..])).collect();
        relay.burst(&burst);
        relay.engine.tags.guessed()
    };
    let mut say =
        |from: u16, many: u16| (from..from + many).map(|seq| a.seals(&rtp(7, seq))).collect::<Vec<_>>();
    let first = say(1, 8);
    let hashed = burst(&mut relay, 100, A, &first);
    // As far as this processor has lanes.
    assert_eq!(hashed, if Tagger::in_lanes().is_some() { 8 } else { 0 });
    assert_eq!(burst(&mut relay, 100, A, &first), 0, "replayed");
    let next = say(20, 8);
    assert_eq!(burst(&mut relay, 100, STRANGER, &next), 0, "not from the peer");
    assert_eq!(burst(&mut relay, 999, A, &next), 0, "no such flow");
    let clear: Vec<_> = (0..8).map(|seq| rtp(9, seq)).collect();
    assert_eq!(burst(&mut relay, 300, C, &clear), 0, "in clear");
    assert_eq!(burst(&mut relay, 100, A, &vec![next[0].clone(); 8]), 0, "the same, again and again");
    assert_eq!(relay.snapshot(100).counters.drops[DropReason::Replayed as usize], 8 + 7);
    assert_eq!(relay.snapshot(100).counters.drops[DropReason::UnknownSource as usize], 8);
}
