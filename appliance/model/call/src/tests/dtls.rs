//! DTLS-SRTP between the parties of a call and us: roles, identities, and what becomes of the keys.

use super::world::*;
use crate::{Dtls, Handshake, HandshakeEvent, Options, Settings};
use flow::srtp::{MasterKey, Setup, Suite};
use flow::{FlowSpec, Generation, Protection, SessionId};
use std::sync::Arc;

const BROWSER: &str = "UDP/TLS/RTP/SAVPF";
const CRYPTO: &str = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\n";

fn print(of: &str) -> String {
    format!("sha-256 {}", [of; 32].join(":"))
}

/// The lines of a party that speaks DTLS.
fn lines(setup: &str, of: &str, tls_id: &str) -> String {
    let tls_id = if tls_id.is_empty() { String::new() } else { format!("a=tls-id:{tls_id}\n") };
    format!("a=setup:{setup}\na=fingerprint:{}\n{tls_id}", print(of))
}

fn browser(at: &str, port: u16, lines: &str) -> String {
    audio(at, port, lines).replace("RTP/AVP", BROWSER)
}

fn to_avp(options: &mut Options<'static>) {
    options.transport = Some(b"RTP/AVP");
}

fn to_browser(options: &mut Options<'static>) {
    options.transport = Some(BROWSER.as_bytes());
}

/// The value of an attribute in a body.
fn value<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    body.lines().find_map(|line| line.strip_prefix("a=")?.strip_prefix(name)?.strip_prefix(':'))
}

fn keys(of: u8) -> Arc<Setup> {
    Arc::new(Setup::new(MasterKey::new(Suite::AeadAes128Gcm, &[of; 28]).unwrap()))
}

fn both(flow: &FlowSpec) -> [&Protection; 2] {
    let security = flow.security.as_ref().unwrap();
    [&security.arriving, &security.leaving]
}

/// The keys of both directions, whichever context they begin.
fn both_keys(flow: &FlowSpec) -> [Setup; 2] {
    both(flow).map(|protection| in_no_context(Arc::clone(protection.keys().unwrap())))
}

fn in_no_context(setup: Arc<Setup>) -> Setup {
    Setup { context: 0, ..Setup::clone(&setup) }
}

/// The crypto contexts of both directions.
fn contexts(flow: &FlowSpec) -> [u32; 2] {
    both(flow).map(|protection| protection.keys().unwrap().context)
}

fn waits(flow: &FlowSpec) -> bool {
    both(flow).iter().all(|p| p.is_awaited())
}

impl World {
    fn handshake(&self) -> &Handshake {
        assert_eq!(self.agents.len(), 1, "{:?}", self.agents);
        self.agents.values().next().unwrap()
    }

    fn dtls(&self) -> &Dtls {
        self.handshake().dtls.as_ref().unwrap()
    }

    fn shaken(&mut self, session: SessionId, generation: Generation, of: [u8; 2]) {
        let [open, seal] = of.map(keys);
        let event = HandshakeEvent::Keys { session, generation, open, seal };
        self.apply(|book, outside| book.hear_handshake(&event, outside));
    }

    /// A browser that called a phone, with the keys in force.
    fn talking(&mut self) -> (SessionId, u16) {
        let body = browser(A, 4000, &lines("actpass", "AA", "0123456789abcdef"));
        self.say(true, ("a", None), &body, to_avp).unwrap();
        let told_a = port(&self.answer("a", "b", &audio(B, 5000, "")), 0);
        let (session, generation) = (self.handshake().session, self.handshake().generation);
        self.shaken(session, generation, [1, 2]);
        (session, told_a)
    }
}

#[test]
fn a_browser_reaches_a_phone() {
    let mut world = World::new();
    let body = browser(A, 4000, &lines("actpass", "AA", "0123456789abcdef"));
    let offered = world.say(true, ("a", None), &body, to_avp).unwrap();
    assert!(offered.contains("RTP/AVP") && value(&offered, "setup").is_none());
    assert!(world.agents.is_empty(), "not before it is answered");
    let answered = world.answer("a", "b", &audio(B, 5000, ""));
    assert!(answered.contains(BROWSER) && value(&answered, "crypto").is_none());
    assert_eq!(value(&answered, "setup"), Some("active"));
    assert_eq!(value(&answered, "fingerprint"), Some(print("AB").as_str()));
    assert_eq!(value(&answered, "tls-id").map(str::len), Some(32));
    let handshake = world.handshake();
    let at: std::net::IpAddr = A.parse().unwrap();
    assert_eq!(handshake.peers, (Some((at, 4000).into()), Some((at, 4001).into())));
    assert_eq!(handshake.session.place(), (0, 0));
    let dtls = world.dtls();
    assert!(dtls.active);
    assert_eq!(dtls.fingerprints, [print("AA").into_bytes().into()]);
    assert_eq!(dtls.tls_id.as_deref(), Some(b"0123456789abcdef".as_slice()));
    assert_eq!(dtls.told.as_deref(), Some(print("AB").as_str()));
    let (session, generation) = (handshake.session, handshake.generation);
    let told_a = port(&answered, 0);
    for at in [told_a, told_a + 1] {
        assert!(waits(world.flow(at)) && world.flow(at).handshakes && !world.flow(at).foreign);
    }
    world.shaken(session, generation, [1, 2]);
    assert_eq!(both_keys(world.flow(told_a)), [keys(1), keys(2)].map(in_no_context));
    assert!(waits(world.flow(told_a + 1)), "RTCP has an association of its own");
    world.shaken(session.for_rtcp(), generation, [3, 4]);
    assert_eq!(both_keys(world.flow(told_a + 1)), [keys(3), keys(4)].map(in_no_context));
    let of = |at| world.flow(at).security.as_ref().unwrap().session;
    assert_eq!((of(told_a), of(told_a + 1)), (session, session.for_rtcp()));
    let told_b = world.flow(port(&offered, 0));
    assert!(told_b.security.is_none() && !told_b.handshakes);
    let failed = HandshakeEvent::Failed { session, generation, reason: "test" };
    world.apply(|book, outside| book.hear_handshake(&failed, outside));
    assert!(waits(world.flow(told_a)));
    let number = world.book.number(b"call").unwrap();
    let mut changes = crate::Changes::default();
    world.book.remove(number, &mut changes);
    world.carry_out(changes);
    assert!(world.agents.is_empty(), "agents end with their call");
}

#[test]
fn a_phone_reaches_a_browser() {
    for (setup, active) in [("active", false), ("passive", true), ("actpass", true)] {
        let mut world = World::new();
        let offered = world.say(true, ("a", None), &audio(A, 4000, ""), to_browser).unwrap();
        assert_eq!(value(&offered, "setup"), Some("actpass"));
        assert_eq!(value(&offered, "fingerprint"), Some(print("AB").as_str()));
        assert!(value(&offered, "crypto").is_some(), "keys too, unless SDES is off");
        assert!(waits(world.flow(port(&offered, 0))));
        let answered = world.answer("a", "b", &browser(B, 5000, &lines(setup, "BB", "")));
        assert!(answered.contains("RTP/AVP") && value(&answered, "setup").is_none());
        assert_eq!((world.dtls().active, world.handshake().session.place()), (active, (1, 0)));
        // The callee's re-INVITE keeps the roles.
        world.say(true, ("b", Some("a")), &browser(B, 5000, &lines("actpass", "BB", "")), to_avp).unwrap();
        let told_b = world.answer("b", "a", &audio(A, 4000, ""));
        assert_eq!(value(&told_b, "setup"), Some(if active { "active" } else { "passive" }));
        assert_eq!(value(&told_b, "tls-id"), value(&offered, "tls-id"));
        assert_eq!(world.dtls().active, active);
    }
}

#[test]
fn roles_follow_the_offer_and_the_wish() {
    let cases = [
        ("actpass", false, None, "active"),
        ("actpass", false, Some(true), "passive"),
        ("actpass", false, Some(false), "active"),
        ("active", false, Some(false), "passive"),
        ("passive", false, Some(true), "active"),
        ("actpass", true, None, "passive"),
        ("actpass", true, Some(false), "active"),
        ("passive", true, None, "active"),
    ];
    for (said, dtls_passive, passive, told) in cases {
        let mut world = World::with(Settings { dtls_passive, ..Settings::default() }, 10);
        let wish = |o: &mut Options<'static>| {
            to_avp(o);
            o.dtls.passive = passive;
        };
        world.say(true, ("a", None), &browser(A, 4000, &lines(said, "AA", "")), wish).unwrap();
        let answered = world.answer("a", "b", &audio(B, 5000, ""));
        assert_eq!(value(&answered, "setup"), Some(told), "{said} {dtls_passive} {passive:?}");
        assert_eq!(world.dtls().active, told == "active");
    }
}

#[test]
fn a_reinvite_changes_nothing() {
    let mut world = World::new();
    let (session, told_a) = world.talking();
    let generation = world.handshake().generation;
    let tls_id = world.answer("a", "b", &audio(B, 5000, ""));
    let body = browser(A, 4000, &lines("actpass", "AA", "0123456789abcdef"));
    world.say(true, ("a", Some("b")), &body, to_avp).unwrap();
    let again = world.answer("a", "b", &audio(B, 5000, ""));
    assert_eq!(value(&again, "tls-id"), value(&tls_id, "tls-id"));
    assert_eq!((world.handshake().generation, world.handshake().session), (generation, session));
    assert_eq!(both_keys(world.flow(told_a))[0], in_no_context(keys(1)));
}

#[test]
fn another_identity_begins_anew() {
    let identities = [("CC", "0123456789abcdef"), ("AA", "fedcba9876543210"), ("AA", "")];
    for (of, tls_id) in identities {
        let mut world = World::new();
        let (session, told_a) = world.talking();
        let before = world.handshake().generation;
        let told = world.answer("a", "b", &audio(B, 5000, ""));
        let body = browser(A, 4000, &lines("actpass", of, tls_id));
        world.say(true, ("a", Some("b")), &body, to_avp).unwrap();
        assert_eq!(both_keys(world.flow(told_a))[0], in_no_context(keys(1)), "until the answer");
        let answered = world.answer("a", "b", &audio(B, 5000, ""));
        assert_ne!(value(&answered, "tls-id"), value(&told, "tls-id"));
        assert!(waits(world.flow(told_a)), "{of} {tls_id}");
        let now = world.handshake().generation;
        assert!(now > before);
        world.shaken(session, before, [5, 6]);
        assert!(waits(world.flow(told_a)), "keys of the association before");
        world.shaken(session, now, [7, 8]);
        assert_eq!(both_keys(world.flow(told_a))[1], in_no_context(keys(8)));
    }
}

#[test]
fn every_handshake_begins_a_context_of_its_own() {
    let mut world = World::new();
    let (session, told_a) = world.talking();
    let mut last = contexts(world.flow(told_a));
    assert!(last[0] > 0 && last[0] == last[1], "another than that of keys in SDPs");
    // The phone shakes hands anew, though nothing was said.
    for of in [3, 5, 7] {
        let generation = world.handshake().generation;
        world.shaken(session, generation, [of, of + 1]);
        let now = contexts(world.flow(told_a));
        assert!(now[0] > last[0] && now[1] > last[1]);
        last = now;
    }
    let body = browser(A, 4000, &lines("actpass", "CC", ""));
    world.say(true, ("a", Some("b")), &body, to_avp).unwrap();
    world.answer("a", "b", &audio(B, 5000, ""));
    let generation = world.handshake().generation;
    world.shaken(session, generation, [9, 10]);
    assert!(contexts(world.flow(told_a))[0] > last[0]);
}

#[test]
fn whoever_is_offered_dtls_may_begin_before_its_answer_comes() {
    let mut world = World::new();
    let offered = world.say(true, ("a", None), &audio(A, 4000, ""), to_browser).unwrap();
    let (session, early) = (world.handshake().session, world.handshake().generation);
    assert_eq!(world.handshake().session.place(), (1, 0));
    assert_eq!(&*world.handshake().call_id, "call");
    let told = value(&offered, "fingerprint").map(Into::into);
    assert_eq!(*world.dtls(), Dtls { active: false, told, fingerprints: Vec::new(), tls_id: None });
    let told_b = port(&offered, 0);
    for at in [told_b, told_b + 1] {
        assert!(waits(world.flow(at)) && world.flow(at).handshakes);
    }
    // Nobody is known by whom keys could be; whoever says that there are some is not believed.
    world.shaken(session, early, [1, 2]);
    assert!(waits(world.flow(told_b)));
    world.answer("a", "b", &browser(B, 5000, &lines("active", "BB", "")));
    assert_eq!(world.dtls().fingerprints, [print("BB").into_bytes().into()]);
    assert!(!world.dtls().active && world.handshake().generation > early);
    world.shaken(session, early, [3, 4]);
    assert!(waits(world.flow(told_b)), "of agents that did not know who the party is");
    let generation = world.handshake().generation;
    world.shaken(session, generation, [5, 6]);
    assert_eq!(both_keys(world.flow(told_b)), [keys(5), keys(6)].map(in_no_context));
}

#[test]
fn what_was_not_offered_or_was_declined_is_not_awaited() {
    for answer in [audio(B, 5000, ""), browser(B, 5000, CRYPTO), browser(B, 5000, "")] {
        let mut world = World::new();
        let offered = world.say(true, ("a", None), &audio(A, 4000, ""), to_browser).unwrap();
        assert_eq!(world.agents.len(), 1);
        world.answer("a", "b", &answer);
        assert!(world.agents.is_empty() && !world.flow(port(&offered, 0)).handshakes, "{answer}");
    }
    let mut world = World::new();
    let wish = |o: &mut Options<'static>| {
        to_browser(o);
        o.dtls.off = true;
    };
    let offered = world.say(true, ("a", None), &audio(A, 4000, ""), wish).unwrap();
    assert!(world.agents.is_empty() && !world.flow(port(&offered, 0)).handshakes);
}

#[test]
fn muxed_rtcp_shares_the_association() {
    let mut world = World::new();
    let body = browser(A, 4000, &(lines("actpass", "AA", "") + "a=rtcp-mux\n"));
    let wish = |o: &mut Options<'static>| {
        to_avp(o);
        o.mux.demux = true;
    };
    world.say(true, ("a", None), &body, wish).unwrap();
    world.answer("a", "b", &audio(B, 5000, ""));
    assert_eq!((world.handshake().ports.1, world.handshake().peers.1), (None, None));
}

#[test]
fn dtls_comes_before_keys_unless_asked_otherwise() {
    let body = browser(A, 4000, &(CRYPTO.to_owned() + &lines("actpass", "AA", "")));
    for prefer in [false, true] {
        let mut world = World::new();
        let wish = |o: &mut Options<'static>| {
            to_avp(o);
            o.sdes.prefer = prefer;
        };
        world.say(true, ("a", None), &body, wish).unwrap();
        let answered = world.answer("a", "b", &audio(B, 5000, ""));
        assert_eq!(value(&answered, "crypto").is_some(), prefer);
        assert_eq!(value(&answered, "fingerprint").is_some(), !prefer);
        assert_eq!(world.agents.is_empty(), prefer);
    }
}

#[test]
fn wishes_shape_the_lines() {
    let told = |change: fn(&mut Options<'static>)| {
        let wish = |o: &mut Options<'static>| {
            to_browser(o);
            change(o);
        };
        World::new().say(true, ("a", None), &audio(A, 4000, ""), wish).unwrap()
    };
    let off = told(|o| o.dtls.off = true);
    assert!(value(&off, "setup").is_none() && value(&off, "crypto").is_some());
    let bare = told(|o| {
        o.dtls.no_tls_id = true;
        o.sdes.off = true;
    });
    assert!(value(&bare, "tls-id").is_none() && value(&bare, "setup").is_some());
    assert!(value(&bare, "crypto").is_none());
    assert_eq!(value(&told(|o| o.dtls.passive = Some(true)), "setup"), Some("actpass"));
    // A hash that is not to be had gives the usual one.
    assert_eq!(value(&told(|o| o.dtls.fingerprint = Some("MD5")), "fingerprint"), Some(print("AB").as_str()));
}

#[test]
fn what_is_no_offer_of_dtls_gets_no_answer() {
    let fingerprint = format!("a=fingerprint:{}\n", print("AA"));
    let odd = [
        "a=setup:actpass\n".to_owned(),
        format!("a=setup:holdconn\n{fingerprint}"),
        format!("a=setup:what\n{fingerprint}"),
        "a=setup:actpass\na=fingerprint:md5 AA:BB\n".to_owned(),
        "a=setup:actpass\na=fingerprint:sha-256 AA:BB\n".to_owned(),
    ];
    for lines in odd {
        let mut world = World::new();
        world.say(true, ("a", None), &browser(A, 4000, &lines), to_avp).unwrap();
        let answered = world.answer("a", "b", &audio(B, 5000, ""));
        assert!(answered.contains(BROWSER) && value(&answered, "setup").is_none(), "{lines}");
        assert!(waits(world.flow(port(&answered, 0))) && world.agents.is_empty());
    }
    // Without a role the offer takes the active one (RFC 4145 §4.1).
    let mut world = World::new();
    world.say(true, ("a", None), &browser(A, 4000, &fingerprint), to_avp).unwrap();
    assert_eq!(value(&world.answer("a", "b", &audio(B, 5000, "")), "setup"), Some("passive"));
}

#[test]
fn an_answer_may_take_keys_or_nothing_instead() {
    for (body, agents) in [(audio(B, 5000, ""), 0), (browser(B, 5000, CRYPTO), 0)] {
        let mut world = World::new();
        let wish = |o: &mut Options<'static>| {
            to_browser(o);
            o.sdes.only = vec![Suite::AesCm128HmacSha1_80];
        };
        let offered = world.say(true, ("a", None), &audio(A, 4000, ""), wish).unwrap();
        world.answer("a", "b", &body);
        assert_eq!(world.agents.len(), agents);
        let flow = world.flow(port(&offered, 0));
        assert_eq!(flow.security.is_some(), body.contains("crypto"));
        assert!(!flow.handshakes);
    }
}

#[test]
fn who_waited_for_the_last_handshake_waits_for_the_next() {
    for (answered, role) in [("active", "passive"), ("passive", "active")] {
        let mut world = World::new();
        world.say(true, ("a", None), &audio(A, 4000, ""), to_browser).unwrap();
        world.answer("a", "b", &browser(B, 5000, &lines(answered, "AA", "")));
        let other = browser(B, 5000, &lines("actpass", "CC", ""));
        world.say(true, ("b", Some("a")), &other, to_avp).unwrap();
        assert_eq!(value(&world.answer("b", "a", &audio(A, 4000, "")), "setup"), Some(role));
    }
}

#[test]
fn who_speaks_dtls_is_not_told_to_stop() {
    let mut world = World::new();
    let (_, _) = world.talking();
    let off = |o: &mut Options<'static>| {
        to_browser(o);
        o.dtls.off = true;
    };
    let back = world.say(true, ("b", Some("a")), &audio(B, 5000, ""), off).unwrap();
    assert_eq!(value(&back, "setup"), Some("actpass"));
}
