//! A call with a browser goes on after a further offer with new ICE credentials.

use lab::Result;
use std::net::SocketAddr;
use webrtc_lab::recipe::Towards;
use webrtc_lab::{Bridge, Law, PHONE_TONE, Phone, STRANGER_TONE, Way, browser};

#[test]
fn a_call_survives_a_restart_of_ice() -> Result<()> {
    lab::need_root!();
    if let Some(why) = webrtc_lab::missing_browser() {
        lab::skip!(why);
    }
    let _alone = lab::alone()?;
    let mut bridge = Bridge::start(Way::Sockets)?;
    let mut browser = browser(&bridge.net.caller.ns)?;
    let local = SocketAddr::new(bridge.net.callee.peer_v4.into(), 4000);
    let mut phone = Phone::new(&bridge.net.callee.ns, local, Law::Mu)?;
    browser.calls(|offer| {
        let told = bridge.offer("again", offer, Towards::Phone)?;
        phone.call(&told, PHONE_TONE)?;
        bridge.answer("again", &phone.sdp(), Towards::Browser)
    })?;
    browser.hears(PHONE_TONE)?;
    phone.hears(STRANGER_TONE)?;

    // The telephone stays where it is told to send at first: neither side of it moves.
    browser.restarts(|offer| {
        bridge.offer("again", offer, Towards::Phone)?;
        bridge.answer("again", &phone.sdp(), Towards::Browser)
    })?;
    browser.hears(PHONE_TONE)?;
    phone.hears(STRANGER_TONE)?;
    let before = browser.says()?;
    browser.hears(PHONE_TONE)?;
    assert!(browser.says()?.received > before.received, "{before:?}");
    assert_eq!(phone.others(), (0, None));
    drop(browser);
    bridge.stop()?;
    Ok(())
}
