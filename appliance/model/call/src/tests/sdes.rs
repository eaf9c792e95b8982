//! SDES between the parties of a call: what is offered, what is answered, which keys the flows get.

use super::world::*;
use crate::{Bar, BlockScope, Book, Options, Outside, Receiver, SdesWish, Sender};
use flow::srtp::{MasterKey, Setup, Suite};
use flow::{FlowSpec, Protection};
use proptest::prelude::*;

const KEYS: [&str; 4] = [
    "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
    "NzB4d1BINUAvLEw6UzF3WSJ+PSdFcGdUJShpX1Zj",
    "QjNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
    "CCCfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
];
const CM80: &str = "AES_CM_128_HMAC_SHA1_80";
const CM32: &str = "AES_CM_128_HMAC_SHA1_32";

fn line(tag: u32, suite: &str, key: &str) -> String {
    format!("a=crypto:{tag} {suite} inline:{key}\n")
}

fn two() -> String {
    line(1, CM80, KEYS[0]) + &line(2, CM32, KEYS[1])
}

fn secure(at: &str, port: u16, lines: &str) -> String {
    audio(at, port, lines).replace("RTP/AVP", "RTP/SAVP")
}

/// The crypto lines of a body: tag, suite, and the rest.
fn cryptos(body: &str) -> Vec<(u32, String, String)> {
    let of = |line: &str| {
        let mut words = line.strip_prefix("a=crypto:")?.splitn(3, ' ').map(str::to_owned);
        let tag = words.next().unwrap().parse().unwrap();
        Some((tag, words.next().unwrap(), words.next().unwrap().replace("inline:", "")))
    };
    body.lines().filter_map(of).collect()
}

fn setup(suite: &str, key: &str) -> Setup {
    Setup::new(MasterKey::parse_inline(Suite::parse(suite.as_bytes()).unwrap(), key.as_bytes()).unwrap())
}

/// The keys of a flow: of what arrives, and of what leaves.
fn keys(flow: &FlowSpec) -> Option<(Setup, Setup)> {
    let security = flow.security.as_ref()?;
    Some((Setup::clone(security.arriving.keys()?), Setup::clone(security.leaving.keys()?)))
}

fn waits(flow: &FlowSpec) -> bool {
    flow.security.as_ref().is_some_and(|s| s.arriving.is_awaited() && s.leaving.is_awaited())
}

fn to_savp(options: &mut Options<'static>) {
    options.transport = Some(b"RTP/SAVP");
}

fn to_avp(options: &mut Options<'static>) {
    options.transport = Some(b"RTP/AVP");
}

#[test]
fn a_plain_caller_reaches_a_secure_callee() {
    let mut world = World::new();
    let offered = world.say(true, ("a", None), &audio(A, 4000, ""), to_savp).unwrap();
    let lines = cryptos(&offered);
    let suites: Vec<&str> = lines.iter().map(|l| l.1.as_str()).collect();
    assert_eq!(suites, Suite::ALL.map(Suite::name), "all of them, the strongest first");
    assert_eq!(lines.iter().map(|l| l.0).collect::<Vec<_>>(), (1..=12).collect::<Vec<_>>());
    assert!(lines.iter().all(|l| !l.2.contains(['=', '|'])));
    let told_b = port(&offered, 0);
    assert!(waits(world.flow(told_b)), "no key of b is known yet");
    let answered = world.answer("a", "b", &secure(B, 5000, &line(7, CM80, KEYS[0])));
    assert!(answered.contains("RTP/AVP") && cryptos(&answered).is_empty());
    let told_a = port(&answered, 0);
    assert_eq!(world.flow(told_a).security, None);
    for at in [told_b, told_b + 1] {
        let flow = world.flow(at);
        assert_eq!(keys(flow).unwrap(), (setup(CM80, KEYS[0]), setup(CM80, &lines[6].2)));
        assert!(!flow.foreign, "a plain end speaks no DTLS with it");
    }
    let session = |at| world.flow(at).security.as_ref().unwrap().session;
    assert_eq!(session(told_b), session(told_b + 1), "RTP and RTCP share their state");
    assert_eq!(session(told_b).place(), (1, 0));
}

#[test]
fn a_secure_caller_reaches_a_plain_callee() {
    let mut world = World::new();
    let offered = world.say(true, ("a", None), &secure(A, 4000, &two()), to_avp).unwrap();
    assert!(offered.contains("RTP/AVP") && cryptos(&offered).is_empty());
    let answered = world.answer("a", "b", &audio(B, 5000, ""));
    let lines = cryptos(&answered);
    assert_eq!(lines.len(), 1);
    assert_eq!((lines[0].0, lines[0].1.as_str()), (1, CM80));
    assert!(!KEYS.contains(&lines[0].2.as_str()), "a key of our own");
    let flow = world.flow(port(&answered, 0));
    assert_eq!(keys(flow).unwrap(), (setup(CM80, KEYS[0]), setup(CM80, &lines[0].2)));
    assert_eq!(world.flow(port(&offered, 0)).security, None);
    let again = world.say(true, ("a", Some("b")), &secure(A, 4000, &two()), to_avp).unwrap();
    assert_eq!(port(&again, 0), port(&offered, 0));
    assert_eq!(cryptos(&world.answer("a", "b", &audio(B, 5000, ""))), lines, "a re-INVITE keeps our key");
    world.say(true, ("a", Some("b")), &secure(A, 4000, &line(4, CM80, KEYS[3])), to_avp).unwrap();
    let moved = cryptos(&world.answer("a", "b", &audio(B, 5000, "")));
    assert_eq!(moved[0].0, 4);
    assert_ne!(moved[0].2, lines[0].2, "another line, another key");
    assert_eq!(keys(world.flow(port(&answered, 0))).unwrap().0, setup(CM80, KEYS[3]));
}

#[test]
fn equal_keys_pass_unopened() {
    let mut world = World::new();
    let offered = world.offer("a", None, &secure(A, 4000, &two()));
    let lines = cryptos(&offered);
    assert_eq!(lines[0], (1, CM80.to_owned(), KEYS[0].to_owned()));
    assert_eq!(lines[1], (2, CM32.to_owned(), KEYS[1].to_owned()));
    assert_eq!(lines.len(), 12);
    assert_eq!((lines[2].0, lines[2].1.as_str()), (3, "AEAD_AES_256_GCM"));
    let answered = world.answer("a", "b", &secure(B, 5000, &line(2, CM32, KEYS[2])));
    assert_eq!(cryptos(&answered), [(2, CM32.to_owned(), KEYS[2].to_owned())]);
    assert!(world.flows.values().all(|f| f.security.is_none() && f.foreign));
    // `recrypt` writes the same SDP and opens all the same.
    world.say(true, ("a", Some("b")), &secure(A, 4000, &two()), |o| o.recrypt = true).unwrap();
    world.answer("a", "b", &secure(B, 5000, &line(2, CM32, KEYS[2])));
    let (a, b) = (setup(CM32, KEYS[1]), setup(CM32, KEYS[2]));
    assert_eq!(keys(world.flow(port(&answered, 0))).unwrap(), (a.clone(), b.clone()));
    assert_eq!(keys(world.flow(port(&offered, 0))).unwrap(), (b, a));
}

#[test]
fn silence_under_keys_that_pass_is_nothing_at_all() {
    let mut world = World::new();
    let offered = world.offer("a", None, &secure(A, 4000, &two()));
    let answered = world.answer("a", "b", &secure(B, 5000, &line(2, CM32, KEYS[2])));
    let to_b = BlockScope::Sent(Sender::Tag(b"a"), Receiver::Anybody);
    let silence = |on| {
        move |book: &mut Book, outside: &mut Outside<'_>| {
            book.block(b"call", to_b, (Bar::Silence, on), outside)
        }
    };
    world.apply(silence(true)).unwrap();
    let outputs = |world: &World, told: &str| world.flow(port(told, 0)).rtp.len();
    assert_eq!((outputs(&world, &answered), outputs(&world, &offered)), (0, 1));
    world.apply(silence(false)).unwrap();
    assert_eq!(outputs(&world, &answered), 1);
}

#[test]
fn a_suite_of_ours_makes_two_legs_with_keys_of_their_own() {
    let mut world = World::new();
    let offered = world.offer("a", None, &secure(A, 4000, &two()));
    let gcm = &cryptos(&offered)[2];
    let b = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE";
    let answered = world.answer("a", "b", &secure(B, 5000, &line(3, &gcm.1, b)));
    let told = &cryptos(&answered)[0];
    assert_eq!((told.0, told.1.as_str()), (1, CM80), "the caller's first line");
    assert_eq!(keys(world.flow(port(&offered, 0))).unwrap(), (setup(&gcm.1, b), setup(&gcm.1, &gcm.2)));
    assert_eq!(keys(world.flow(port(&answered, 0))).unwrap(), (setup(CM80, KEYS[0]), setup(CM80, &told.2)));
    // What was agreed on goes on; what was not is offered with new keys behind it.
    let again = cryptos(&world.offer("a", Some("b"), &secure(A, 4000, &two())));
    assert_eq!(again[2], *gcm);
    assert_eq!(again[3].0, 4);
    assert_ne!(again[3].2, cryptos(&offered)[3].2);
}

#[test]
fn the_callee_may_offer_later_under_the_key_it_has() {
    let mut world = World::new();
    let offered = world.say(true, ("a", None), &audio(A, 4000, ""), to_savp).unwrap();
    let ours = cryptos(&offered)[6].clone();
    world.answer("a", "b", &secure(B, 5000, &line(7, CM80, KEYS[0])));
    world.say(true, ("b", Some("a")), &secure(B, 5000, &line(7, CM80, KEYS[2])), to_avp).unwrap();
    let told_b = world.answer("b", "a", &audio(A, 4000, ""));
    assert_eq!(cryptos(&told_b)[0], ours);
    assert_eq!(keys(world.flow(port(&told_b, 0))).unwrap(), (setup(CM80, KEYS[2]), setup(CM80, &ours.2)));
    let again = cryptos(&world.say(true, ("a", Some("b")), &audio(A, 4000, ""), to_savp).unwrap());
    assert_eq!(again[0], ours, "first and with its tag");
    assert_eq!((again[1].0, again.len()), (8, 12));
}

#[test]
fn a_secure_callee_may_offer_without_saying_what_the_caller_gets() {
    let mut world = World::new();
    world.say(true, ("a", None), &audio(A, 4000, ""), to_savp).unwrap();
    let answer = secure(B, 5000, &line(7, CM80, KEYS[0]));
    let told_a = port(&world.answer("a", "b", &answer), 0);
    let offered = world.offer("b", Some("a"), &answer);
    assert!(offered.contains("RTP/AVP") && cryptos(&offered).is_empty(), "{offered}");
    assert_eq!(cryptos(&world.answer("b", "a", &audio(A, 4000, ""))).len(), 1);
    assert_eq!(world.flow(told_a).security, None);
}

#[test]
fn keys_stay_in_force_until_the_answer() {
    let mut world = World::new();
    let offered = world.say(true, ("a", None), &secure(A, 4000, &two()), to_avp).unwrap();
    let told_a = port(&world.answer("a", "b", &audio(B, 5000, "")), 0);
    let before = keys(world.flow(told_a)).unwrap();
    world.say(true, ("a", Some("b")), &secure(A, 4000, &line(1, CM80, KEYS[3])), to_avp).unwrap();
    assert_eq!(keys(world.flow(told_a)).unwrap(), before);
    world.answer("a", "b", &audio(B, 5000, ""));
    assert_eq!(keys(world.flow(told_a)).unwrap(), (setup(CM80, KEYS[3]), before.1));
    // The caller gives SRTP up: plain from the answer on.
    world.say(true, ("a", Some("b")), &audio(A, 4000, ""), to_avp).unwrap();
    assert!(keys(world.flow(told_a)).is_some());
    world.answer("a", "b", &audio(B, 5000, ""));
    assert_eq!(world.flow(told_a).security, None);
    assert_eq!(world.flow(port(&offered, 0)).security, None);
}

#[test]
fn lines_that_cannot_be_used_are_passed_over() {
    let mut world = World::new();
    let lines = [
        line(1, "FOO_SUITE", KEYS[0]),
        line(2, CM80, "short"),
        line(3, CM80, &format!("{}|2^20|x:4", KEYS[0])),
        line(4, CM80, &format!("{} KDR=1", KEYS[0])),
        line(5, CM80, &format!("{} WHAT_IS_THIS", KEYS[0])),
        "a=crypto:x\n".to_owned(),
        line(6, "aes_cm_128_hmac_sha1_32", &format!("{}|2^20|1:4 WSH=128", KEYS[1])),
        line(6, CM80, KEYS[0]),
    ];
    let body = secure(A, 4000, &lines.concat());
    let offered = cryptos(&world.offer("a", None, &body));
    assert_eq!(offered[0], (6, CM32.to_owned(), format!("{}|1:4", KEYS[1])));
    assert_eq!((offered[1].0, offered.len()), (7, 12));
    // With nothing that can be used, nothing is answered and nothing passes.
    let mut world = World::new();
    world.say(true, ("a", None), &secure(A, 4000, &lines[..6].concat()), to_avp).unwrap();
    let answered = world.answer("a", "b", &audio(B, 5000, ""));
    assert!(answered.contains("RTP/SAVP") && cryptos(&answered).is_empty());
    assert!(waits(world.flow(port(&answered, 0))));
}

#[test]
fn an_answer_must_choose_what_was_offered() {
    let wrong = [line(99, CM80, KEYS[0]), line(1, CM80, KEYS[0]), String::new(), line(7, CM80, "AAAA")];
    for lines in wrong {
        let mut world = World::new();
        let offered = world.say(true, ("a", None), &audio(A, 4000, ""), to_savp).unwrap();
        let answered = world.answer("a", "b", &secure(B, 5000, &lines));
        assert!(cryptos(&answered).is_empty());
        assert!(waits(world.flow(port(&offered, 0))), "{lines}");
        // The right answer later is believed.
        world.answer("a", "b", &secure(B, 5000, &line(8, CM32, KEYS[1])));
        assert_eq!(keys(world.flow(port(&offered, 0))).unwrap().0, setup(CM32, KEYS[1]));
    }
    let mut world = World::new();
    let offered = world.say(true, ("a", None), &audio(A, 4000, ""), to_savp).unwrap();
    world.answer("a", "b", &audio(B, 5000, ""));
    assert_eq!(world.flow(port(&offered, 0)).security, None, "who answers plain is plain");
}

#[test]
fn the_caller_keeps_its_profile_whatever_the_callee_answers() {
    let mut world = World::new();
    world.offer("a", None, &secure(A, 4000, &two()));
    let answered = world.answer("a", "b", &audio(B, 5000, ""));
    assert!(answered.contains("RTP/SAVP") && cryptos(&answered).len() == 1, "{answered}");
    let told_a = world.flow(port(&answered, 0));
    assert_eq!(keys(told_a).unwrap().0, setup(CM80, KEYS[0]));
}

#[test]
fn no_branch_gets_the_key_of_another() {
    let mut world = World::new();
    let body = secure(A, 4000, &two());
    world.say(true, ("a", None), &body, |_| {}).unwrap();
    let first = world.answer("a", "b", &secure(B, 5000, &line(1, CM80, KEYS[2])));
    assert_eq!(cryptos(&first)[0].2, KEYS[2]);
    let gcm = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE";
    let second = world.answer("a", "c", &secure(B, 6000, &line(3, "AEAD_AES_256_GCM", gcm)));
    assert!(!KEYS.contains(&cryptos(&second)[0].2.as_str()));
}

#[test]
fn sections_have_keys_of_their_own() {
    let mut world = World::new();
    let video = "m=video 4002 RTP/SAVP 97\na=rtpmap:97 VP8/90000\n";
    let body = secure(A, 4000, &two()) + video + &line(1, CM80, KEYS[3]);
    world
        .say(true, ("a", None), &body, |o| {
            to_avp(o);
        })
        .unwrap();
    let plain = audio(B, 5000, "") + "m=video 5002 RTP/AVP 97\na=rtpmap:97 VP8/90000\n";
    let answered = world.answer("a", "b", &plain);
    let lines = cryptos(&answered);
    assert_eq!(lines.len(), 2);
    assert_ne!(lines[0].2, lines[1].2);
    let flows = [0, 1].map(|nth| world.flow(port(&answered, nth)).clone());
    assert_eq!(keys(&flows[0]).unwrap().0, setup(CM80, KEYS[0]));
    assert_eq!(keys(&flows[1]).unwrap().0, setup(CM80, KEYS[3]));
    assert_ne!(flows[0].security.as_ref().unwrap().session, flows[1].security.as_ref().unwrap().session);
}

#[test]
fn keys_under_a_plain_profile_are_an_offer_too() {
    let with = audio(A, 4000, &two());
    // Asked to be plain towards the callee: the caller gets its SRTP from us.
    let mut world = World::new();
    let offered = world.say(true, ("a", None), &with, to_avp).unwrap();
    assert!(cryptos(&offered).is_empty());
    assert_eq!(cryptos(&world.answer("a", "b", &audio(B, 5000, "")))[0].0, 1);
    // Passed on, and declined.
    let mut world = World::new();
    let offered = world.offer("a", None, &with);
    assert!(offered.contains("RTP/AVP") && cryptos(&offered)[0].2 == KEYS[0]);
    let answered = world.answer("a", "b", &audio(B, 5000, ""));
    assert!(cryptos(&answered).is_empty());
    assert!(world.flows.values().all(|f| f.security.is_none()));
    // `OSRTP=offer` offers them although the caller has none.
    let mut world = World::new();
    let offered = world.say(true, ("a", None), &audio(A, 4000, ""), |o| o.osrtp.offer = true).unwrap();
    assert!(offered.contains("RTP/AVP") && cryptos(&offered).len() == 12);
    world.answer("a", "b", &audio(B, 5000, &line(7, CM80, KEYS[0])));
    assert_eq!(keys(world.flow(port(&offered, 0))).unwrap().0, setup(CM80, KEYS[0]));
}

#[test]
fn keys_that_were_agreed_on_go_on_whatever_is_allowed() {
    let cm80 = Suite::AesCm128HmacSha1_80;
    let wishes = [
        (SdesWish { nonew: true, ..SdesWish::default() }, vec![1]),
        (SdesWish { only: vec![cm80], ..SdesWish::default() }, vec![1, 2]),
        (SdesWish { off: true, ..SdesWish::default() }, (1..=12).collect()),
    ];
    for (wish, tags) in wishes {
        let mut world = World::new();
        let with = secure(A, 4000, &line(1, CM32, KEYS[0]));
        world.say(true, ("a", None), &with, to_avp).unwrap();
        let agreed = cryptos(&world.answer("a", "b", &audio(B, 5000, "")));
        let again = |o: &mut Options<'static>| {
            to_savp(o);
            o.sdes = wish;
        };
        let offered = cryptos(&world.say(true, ("b", Some("a")), &audio(B, 5000, ""), again).unwrap());
        assert_eq!(offered[..1], agreed[..]);
        assert_eq!(offered.iter().map(|line| line.0).collect::<Vec<_>>(), tags);
    }
}

#[test]
fn who_offers_nothing_that_is_allowed_is_answered_all_the_same() {
    let mut world = World::new();
    let only = |o: &mut Options<'static>| {
        to_avp(o);
        o.sdes.only = vec![Suite::AesCm128HmacSha1_80];
    };
    world.say(true, ("a", None), &secure(A, 4000, &line(7, CM32, KEYS[0])), only).unwrap();
    let answered = cryptos(&world.answer("a", "b", &audio(B, 5000, "")));
    assert_eq!((answered[0].0, answered[0].1.as_str()), (7, CM32));
}

fn told(body: &str, wish: SdesWish) -> Vec<(u32, String, String)> {
    let mut world = World::new();
    let wish = |o: &mut Options<'static>| {
        to_savp(o);
        o.sdes = wish;
    };
    cryptos(&world.say(true, ("a", None), body, wish).unwrap())
}

#[test]
fn wishes_shape_the_offer() {
    let plain = audio(A, 4000, "");
    let both = secure(A, 4000, &two());
    let cm80 = Suite::AesCm128HmacSha1_80;
    let cm32 = Suite::AesCm128HmacSha1_32;
    let wish = SdesWish::default;
    assert!(told(&both, SdesWish { off: true, ..wish() }).is_empty());
    let without = told(&plain, SdesWish { without: vec![cm80], ..wish() });
    assert_eq!((without.len(), without[6].0, without[6].1.as_str()), (11, 7, CM32));
    let only = told(&both, SdesWish { only: vec![cm32], without: vec![cm32], ..wish() });
    assert_eq!(only, [(2, CM32.to_owned(), KEYS[1].to_owned())]);
    assert_eq!(told(&both, SdesWish { nonew: true, without: vec![cm32], ..wish() }).len(), 2);
    let ordered = told(&both, SdesWish { order: vec![cm32], ..wish() });
    assert_eq!((ordered[0].0, ordered[1].0, ordered[2].0), (2, 1, 3));
    let spelled = told(&plain, SdesWish { pad: true, lifetime: true, ..wish() });
    let lens: Vec<usize> = spelled.iter().map(|l| l.2.strip_suffix("|2^31").unwrap().len()).collect();
    assert_eq!(lens, [60, 40, 64, 64, 52, 52, 40, 40, 40, 40, 40, 40]);
    let open = SdesWish {
        clear_rtp: Some(true),
        clear_rtcp: Some(true),
        unauthenticated: Some(true),
        only: vec![cm80, Suite::AeadAes256Gcm],
        ..wish()
    };
    let open = told(&plain, open);
    assert!(open[1].2.ends_with(" UNENCRYPTED_SRTP UNENCRYPTED_SRTCP UNAUTHENTICATED_SRTP"));
    assert!(open[0].2.ends_with(" UNENCRYPTED_SRTP UNENCRYPTED_SRTCP"), "GCM has its tag always");
}

#[test]
fn wishes_shape_the_answer() {
    let cm32 = Suite::AesCm128HmacSha1_32;
    let answer = |offer: SdesWish, answer: SdesWish, lines: &str| {
        let mut world = World::new();
        let wish = |o: &mut Options<'static>| {
            to_avp(o);
            o.sdes = offer;
        };
        world.say(true, ("a", None), &secure(A, 4000, lines), wish).unwrap();
        let body = audio(B, 5000, "");
        let told = world.say(false, ("a", Some("b")), &body, |o| o.sdes = answer).unwrap();
        let line = cryptos(&told).remove(0);
        let words = line.2.split_once(' ').map(|(_, words)| words.to_owned());
        (line.0, words)
    };
    let wish = SdesWish::default;
    let both = two();
    assert_eq!(answer(wish(), wish(), &both).0, 1);
    let cm80 = vec![Suite::AesCm128HmacSha1_80];
    assert_eq!(answer(SdesWish { without: cm80.clone(), ..wish() }, wish(), &both).0, 2);
    assert_eq!(answer(wish(), SdesWish { without: cm80, ..wish() }, &both).0, 1);
    assert_eq!(answer(SdesWish { sender: vec![cm32], ..wish() }, wish(), &both).0, 2);
    let open = line(1, CM80, &format!("{} UNENCRYPTED_SRTP UNENCRYPTED_SRTCP", KEYS[0]));
    let words = Some("UNENCRYPTED_SRTP UNENCRYPTED_SRTCP".to_owned());
    assert_eq!(answer(wish(), wish(), &open).1, words);
    let negated = SdesWish { clear_rtp: Some(false), clear_rtcp: Some(false), ..wish() };
    assert_eq!(answer(wish(), negated, &open).1, None);
}

#[test]
fn a_suite_in_use_can_be_kept() {
    let mut world = World::new();
    world.say(true, ("a", None), &secure(A, 4000, &two()), to_avp).unwrap();
    let first = cryptos(&world.answer("a", "b", &audio(B, 5000, "")));
    let turned = line(2, CM32, KEYS[1]) + &line(1, CM80, KEYS[0]);
    world.say(true, ("a", Some("b")), &secure(A, 4000, &turned), to_avp).unwrap();
    let body = audio(B, 5000, "");
    let kept = world.say(false, ("a", Some("b")), &body, |o| o.sdes.keep = true).unwrap();
    assert_eq!(cryptos(&kept), first);
    assert_eq!(cryptos(&world.answer("a", "b", &body))[0].0, 2);
}

fn any_line() -> impl Strategy<Value = String> {
    let suite = prop_oneof![
        4 => (0..Suite::ALL.len()).prop_map(|at| Suite::ALL[at].name().to_owned()),
        1 => "[A-Z_0-9 ]{0,12}",
    ];
    let key =
        prop_oneof![3 => (0..KEYS.len()).prop_map(|at| KEYS[at].to_owned()), 1 => "[A-Za-z+/=|:;^0-9]{0,70}"];
    let more = prop_oneof![3 => Just(String::new()), 1 => "[|:;^ =A-Z_0-9]{0,30}"];
    let tag = prop_oneof![3 => 0u32..14, 1 => 999_999_990u32..1_000_000_001];
    (tag, suite, key, more).prop_map(|(tag, suite, key, more)| line(tag, &suite, &format!("{key}{more}")))
}

prop_compose! {
    fn any_wish()(bits: [bool; 6], lists: [Vec<u8>; 4], clear: [Option<bool>; 3]) -> SdesWish {
        let suites = |list: &[u8]| list.iter().take(4).map(|at| Suite::ALL[usize::from(*at) % 12]).collect();
        SdesWish {
            off: bits[0], nonew: bits[1], keep: bits[2], prefer: bits[3], pad: bits[4], lifetime: bits[5],
            without: suites(&lists[0]), only: suites(&lists[1]), order: suites(&lists[2]), sender: suites(&lists[3]),
            clear_rtp: clear[0], clear_rtcp: clear[1], unauthenticated: clear[2],
        }
    }
}

prop_compose! {
    fn any_message()(
        offer: bool, from_a: bool, lines in prop::collection::vec(any_line(), 0..4), profile in 0usize..3,
        wanted in 0usize..4, wish in any_wish(), osrtp: bool, recrypt: bool,
    ) -> (bool, bool, String, usize, usize, SdesWish, bool, bool) {
        (offer, from_a, lines.concat(), profile, wanted, wish, osrtp, recrypt)
    }
}

proptest! {
    /// Whatever lines and wishes come: an answer has one line at most, no key is told to anybody but as a line of the
    /// other end or one of ours, and the two keys of a flow are never the same unless a client made them so.
    #[test]
    fn an_answer_has_one_line_at_most(messages in prop::collection::vec(any_message(), 1..12)) {
        const PROFILES: [&str; 3] = ["RTP/AVP", "RTP/SAVP", "UDP/TLS/RTP/SAVPF"];
        let mut world = World::new();
        for (offer, from_a, lines, profile, wanted, wish, osrtp, recrypt) in messages {
            let body = audio(A, if from_a { 4000 } else { 5000 }, &lines).replace("RTP/AVP", PROFILES[profile]);
            // An answer's SDP is its To-tag's.
            let tags = if from_a == offer { ("a", Some("b")) } else { ("b", Some("a")) };
            let told = world.say(offer, tags, &body, |o| {
                o.sdes = wish;
                o.osrtp.offer = osrtp;
                o.recrypt = recrypt;
                o.transport = PROFILES.get(wanted).map(|p| p.as_bytes());
            });
            let Ok(told) = told else { continue };
            let written = cryptos(&told);
            prop_assert!(offer || written.len() <= 1, "{told}");
            for (tag, suite, rest) in &written {
                prop_assert!(*tag < 1_000_000_000);
                let suite = Suite::parse(suite.as_bytes()).unwrap();
                let key = rest.split(['|', ' ']).next().unwrap();
                prop_assert!(MasterKey::parse_inline(suite, key.as_bytes()).is_ok());
            }
            let mut tags: Vec<u32> = written.iter().map(|l| l.0).collect();
            tags.sort_unstable();
            tags.dedup();
            prop_assert_eq!(tags.len(), written.len(), "tags are unique");
            for flow in world.flows.values() {
                if let Some(security) = &flow.security {
                    let keys = [&security.arriving, &security.leaving];
                    let srtp = keys.iter().filter(|k| matches!(k, Protection::Srtp(_))).count();
                    prop_assert!(srtp != 1, "both directions or none");
                }
            }
        }
    }
}

#[test]
fn a_section_that_is_refused_keeps_the_profile_of_who_is_told() {
    let mut world = World::new();
    world.say(true, ("a", None), &secure(A, 4000, &two()), to_avp).unwrap();
    world.answer("a", "b", &audio(B, 5000, ""));
    let fax = "m=image 4010 udptl t38\n";
    let off = |body: String| {
        body.replacen("m=audio 4000", "m=audio 0", 1).replacen("m=audio 5000", "m=audio 0", 1) + fax
    };
    let told = world.say(true, ("a", Some("b")), &off(secure(A, 4000, "")), to_avp).unwrap();
    assert!(told.contains("m=audio 0 RTP/AVP 8\r\n"), "{told}");
    let told = world.say(true, ("b", Some("a")), &off(audio(B, 5000, "")), to_savp).unwrap();
    assert!(told.contains("m=audio 0 RTP/SAVP 8\r\n"), "{told}");
}
