//! A browser and a plain telephone hear each other through the relay, whoever calls.

use lab::{Result, foreign_daemon};
use std::net::SocketAddr;
use webrtc_lab::recipe::Towards;
use webrtc_lab::{Bridge, Law, PATIENCE, PHONE_TONE, Phone, STRANGER_TONE, Stranger, Way, browser};

/// Half a second of speech.
const SOME_PACKETS: i64 = 25;

fn phone(bridge: &Bridge, law: Law) -> Result<Phone> {
    let local = SocketAddr::new(bridge.net.callee.peer_v4.into(), 4000);
    Phone::new(&bridge.net.callee.ns, local, law)
}

/// Both hear each other, also once media has moved to where it is to stay.
fn talk(bridge: &mut Bridge, browser: &mut Stranger, phone: &Phone, id: &str) -> Result<()> {
    browser.hears(PHONE_TONE)?;
    phone.hears(STRANGER_TONE)?;
    bridge.settle(id, PATIENCE)?;

    let (before, [_, lost]) = (bridge.relayed(id)?, phone_counts(phone));
    let heard = browser.hears(PHONE_TONE)?;
    phone.hears(STRANGER_TONE)?;
    let more = bridge.relayed(id)? - before;
    assert!(more >= SOME_PACKETS, "only {more} packets more: {heard:?}");
    assert_eq!(phone_counts(phone)[1], lost, "lost towards the telephone");
    assert_eq!(heard.state, "connected");
    // Nothing but its own codec in plain RTP reaches a telephone.
    assert_eq!(phone.others(), (0, None));
    Ok(())
}

fn phone_counts(phone: &Phone) -> [u64; 2] {
    let (packets, missing) = phone.packets();
    [packets, missing]
}

fn browser_calls(way: Way, law: Law) -> Result<()> {
    let _alone = lab::alone()?;
    let mut bridge = Bridge::start(way)?;
    let mut browser = browser(&bridge.net.caller.ns)?;
    let mut phone = phone(&bridge, law)?;
    browser.calls(|offer| {
        let told = bridge.offer("browser-calls", offer, Towards::Phone)?;
        phone.call(&told, PHONE_TONE)?;
        bridge.answer("browser-calls", &phone.sdp(), Towards::Browser)
    })?;
    talk(&mut bridge, &mut browser, &phone, "browser-calls")?;
    drop(browser);
    bridge.stop()?;
    Ok(())
}

fn phone_calls(way: Way, law: Law) -> Result<()> {
    let _alone = lab::alone()?;
    let mut bridge = Bridge::start(way)?;
    let mut browser = browser(&bridge.net.caller.ns)?;
    let mut phone = phone(&bridge, law)?;
    let told = bridge.offer("phone-calls", &phone.sdp(), Towards::Browser)?;
    let answer = browser.is_called(&told)?;
    let told = bridge.answer("phone-calls", &answer, Towards::Phone)?;
    phone.call(&told, PHONE_TONE)?;
    talk(&mut bridge, &mut browser, &phone, "phone-calls")?;
    drop(browser);
    bridge.stop()?;
    Ok(())
}

macro_rules! need_browser {
    () => {
        lab::need_root!();
        if let Some(why) = webrtc_lab::missing_browser() {
            lab::skip!(why);
        }
    };
}

macro_rules! need_af_xdp {
    () => {
        if foreign_daemon().is_some() {
            lab::skip!("needs our daemon (AF_XDP)");
        }
    };
}

#[test]
fn a_browser_calls_a_telephone_over_sockets() -> Result<()> {
    need_browser!();
    browser_calls(Way::Sockets, Law::Mu)
}

#[test]
fn a_telephone_calls_a_browser_over_sockets() -> Result<()> {
    need_browser!();
    phone_calls(Way::Sockets, Law::A)
}

#[test]
fn a_browser_calls_a_telephone_over_af_xdp() -> Result<()> {
    need_browser!();
    need_af_xdp!();
    browser_calls(Way::AfXdp, Law::A)
}

#[test]
fn a_telephone_calls_a_browser_over_af_xdp() -> Result<()> {
    need_browser!();
    need_af_xdp!();
    phone_calls(Way::AfXdp, Law::Mu)
}
