//! aiortc and a plain telephone hear each other through the relay.

use lab::{Result, foreign_daemon};
use std::net::SocketAddr;
use std::path::Path;
use webrtc_lab::recipe::Towards;
use webrtc_lab::{Aiortc, Bridge, Law, PATIENCE, PHONE_TONE, Phone, STRANGER_TONE, Stranger, Way};

/// Both hear each other, also once media has moved to where it is to stay.
fn talk(bridge: &mut Bridge, web: &mut Stranger, phone: &Phone, id: &str) -> Result<()> {
    web.hears(PHONE_TONE)?;
    phone.hears(STRANGER_TONE)?;
    bridge.settle(id, PATIENCE)?;
    let heard = web.hears(PHONE_TONE)?;
    phone.hears(STRANGER_TONE)?;
    assert_eq!(heard.state, "connected");
    assert_eq!(phone.others(), (0, None));
    Ok(())
}

fn calls(way: Way) -> Result<()> {
    lab::need_root!();
    if way == Way::AfXdp && foreign_daemon().is_some() {
        lab::skip!("needs our daemon (AF_XDP)");
    }
    let aiortc = match Aiortc::install(Path::new(env!("CARGO_TARGET_TMPDIR")))? {
        Ok(aiortc) => aiortc,
        Err(why) => lab::skip!(why),
    };
    let mut bridge = Bridge::start(way)?;
    let phone = |port, law| {
        let local = SocketAddr::new(bridge.net.callee.peer_v4.into(), port);
        Phone::new(&bridge.net.callee.ns, local, law)
    };
    let (mut callee, mut caller) = (phone(4000, Law::A)?, phone(4010, Law::Mu)?);

    let mut web = aiortc.start(&bridge.net.caller.ns)?;
    web.calls(|offer| {
        let told = bridge.offer("aiortc-calls", offer, Towards::Phone)?;
        callee.call(&told, PHONE_TONE)?;
        bridge.answer("aiortc-calls", &callee.sdp(), Towards::Browser)
    })?;
    talk(&mut bridge, &mut web, &callee, "aiortc-calls")?;
    drop((web, callee));

    let mut web = aiortc.start(&bridge.net.caller.ns)?;
    let told = bridge.offer("aiortc-is-called", &caller.sdp(), Towards::Browser)?;
    let answer = web.is_called(&told)?;
    caller.call(&bridge.answer("aiortc-is-called", &answer, Towards::Phone)?, PHONE_TONE)?;
    talk(&mut bridge, &mut web, &caller, "aiortc-is-called")?;
    drop(web);
    bridge.stop()?;
    Ok(())
}

#[test]
fn aiortc_and_a_telephone_call_each_other_over_sockets() -> Result<()> {
    calls(Way::Sockets)
}

#[test]
fn aiortc_and_a_telephone_call_each_other_over_af_xdp() -> Result<()> {
    calls(Way::AfXdp)
}
