//! str0m and a plain telephone hear each other through the relay. Its DTLS is written in Rust, so nothing here shares
//! code with what the relay uses.

#[path = "str0m/caller.rs"]
mod caller;

use caller::Caller;
use lab::{Result, foreign_daemon};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use webrtc_lab::recipe::{Role, Towards};
use webrtc_lab::{Bridge, Law, PATIENCE, PHONE_TONE, Phone, STRANGER_TONE, Way};

/// A call's parties, on ports of their own.
fn parties(bridge: &Bridge, port: u16, law: Law) -> Result<(Caller, Phone)> {
    let (caller, callee) = (&bridge.net.caller, &bridge.net.callee);
    let web = Caller::new(&caller.ns, SocketAddr::new(caller.peer_v4.into(), port))?;
    let phone = Phone::new(&callee.ns, SocketAddr::new(callee.peer_v4.into(), port), law)?;
    Ok((web, phone))
}

/// Both hear each other, also once media has moved to where it is to stay.
fn talk(bridge: &mut Bridge, web: &Caller, phone: &Phone, id: &str) -> Result<()> {
    web.hears(PHONE_TONE)?;
    phone.hears(STRANGER_TONE)?;
    bridge.settle(id, PATIENCE)?;
    let missing = phone.packets().1;
    web.hears(PHONE_TONE)?;
    phone.hears(STRANGER_TONE)?;
    assert_eq!(phone.packets().1, missing, "lost towards the telephone");
    assert_eq!(phone.others(), (0, None));
    Ok(())
}

fn calls(way: Way) -> Result<()> {
    lab::need_root!();
    if way == Way::AfXdp && foreign_daemon().is_some() {
        lab::skip!("needs our daemon (AF_XDP)");
    }
    let mut bridge = Bridge::start(way)?;
    for (number, role) in [Role::Passive, Role::Active].into_iter().enumerate() {
        bridge.role = role;
        let port = 4000 + 20 * number as u16;

        let (mut web, mut phone) = parties(&bridge, port, Law::Mu)?;
        let id = format!("str0m-calls-{role:?}");
        web.calls(|offer| {
            let told = bridge.offer(&id, offer, Towards::Phone)?;
            phone.call(&told, PHONE_TONE)?;
            bridge.answer(&id, &phone.sdp(), Towards::Browser)
        })?;
        talk(&mut bridge, &web, &phone, &id)?;
        web.hang_up()?;

        let (mut web, mut phone) = parties(&bridge, port + 10, Law::A)?;
        let id = format!("str0m-is-called-{role:?}");
        let told = bridge.offer(&id, &phone.sdp(), Towards::Browser)?;
        let answer = web.is_called(&told)?;
        let told = bridge.answer(&id, &answer, Towards::Phone)?;
        phone.call(&told, PHONE_TONE)?;
        talk(&mut bridge, &web, &phone, &id)?;
        web.hang_up()?;
    }
    bridge.stop()?;
    Ok(())
}

#[test]
fn str0m_and_a_telephone_call_each_other_over_sockets() -> Result<()> {
    calls(Way::Sockets)
}

#[test]
fn str0m_and_a_telephone_call_each_other_over_af_xdp() -> Result<()> {
    calls(Way::AfXdp)
}

/// Whoever answers with somebody else's fingerprint gets no media and gives none, and a call beside it goes on.
#[test]
fn a_certificate_that_is_not_the_announced_one_gets_nothing() -> Result<()> {
    lab::need_root!();
    let mut bridge = Bridge::start(Way::Sockets)?;
    let (mut good, mut beside) = parties(&bridge, 4000, Law::Mu)?;
    let told = bridge.offer("good", &beside.sdp(), Towards::Browser)?;
    let answer = good.is_called(&told)?;
    beside.call(&bridge.answer("good", &answer, Towards::Phone)?, PHONE_TONE)?;
    talk(&mut bridge, &good, &beside, "good")?;

    let (mut bad, mut phone) = parties(&bridge, 4010, Law::Mu)?;
    let told = bridge.offer("bad", &phone.sdp(), Towards::Browser)?;
    let answer = bad.is_called(&told)?;
    let told = bridge.answer("bad", &other_fingerprint(&answer), Towards::Phone)?;
    phone.call(&told, PHONE_TONE)?;

    // As long as a good call takes many times over.
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(3) {
        good.hears(PHONE_TONE)?;
        beside.hears(STRANGER_TONE)?;
    }
    assert_eq!(phone.packets(), (0, 0), "{:?}", bad.seen());
    assert_eq!(phone.others(), (0, None), "{:?}", bad.seen());
    assert_eq!(bad.seen().received, 0, "{:?}", bad.seen());
    Ok(())
}

/// The SDP with the last digits of its fingerprint turned.
fn other_fingerprint(sdp: &str) -> String {
    let turned = |line: &str| match line.strip_prefix("a=fingerprint:") {
        Some(_) => {
            let (head, last) = line.split_at(line.trim_end().len() - 2);
            let other = if last.starts_with("00") { "11" } else { "00" };
            format!("{head}{other}")
        }
        None => line.trim_end().to_owned(),
    };
    sdp.lines().map(|line| turned(line) + "\r\n").collect()
}
