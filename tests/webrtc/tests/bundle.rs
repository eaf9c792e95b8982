//! Sound and a picture on one port of a browser, on two of plain peers; and between two browsers' ends on one each.

use lab::{Result, Value, call, ng};
use std::net::SocketAddr;
use std::path::Path;
use webrtc_lab::recipe::Towards;
use webrtc_lab::{
    Aiortc, Bridge, Law, Mirror, PATIENCE, PHONE_TONE, Phone, STRANGER_TONE, Stranger, Way, browser_with_picture,
};

/// A second of pictures, as far as a slow machine makes them.
const SOME_PICTURES: u64 = 5;
const SOME_PACKETS: u64 = 20;

/// A telephone and a mirror: plain audio and plain video.
struct Plain {
    phone: Phone,
    mirror: Mirror,
}

impl Plain {
    fn new(bridge: &Bridge) -> Result<Plain> {
        let at = |port| SocketAddr::new(bridge.net.callee.peer_v4.into(), port);
        let namespace = &bridge.net.callee.ns;
        let phone = Phone::new(namespace, at(4000), Law::Mu)?;
        Ok(Plain { phone, mirror: Mirror::new(namespace, at(4010))? })
    }

    /// Begins to talk; the number of the video codec.
    fn call(&mut self, told: &str) -> Result<u8> {
        assert!(!told.contains("BUNDLE") && !told.contains("a=ice"), "nothing for plain peers: {told}");
        let sound = told.split("m=video").next().unwrap_or(told);
        self.phone.call(sound, PHONE_TONE)?;
        self.mirror.call(told)
    }

    fn sdp(&self, video: u8) -> String {
        self.phone.sdp() + &self.mirror.section(video)
    }
}

fn is_bundled(sdp: &str) -> bool {
    let groups = sdp.lines().filter_map(|line| line.trim_end().strip_prefix("a=group:BUNDLE "));
    groups.map(|group| group.split(' ').count()).any(|members| members == 2)
}

/// Both kinds of media pass both ways.
fn talk(web: &mut Stranger, plain: &Plain) -> Result<()> {
    web.hears(PHONE_TONE)?;
    plain.phone.hears(STRANGER_TONE)?;
    plain.mirror.gets(SOME_PACKETS, PATIENCE)?;
    let seen = web.says()?.pictures;
    let heard = web.sees(seen + SOME_PICTURES, false)?;
    assert_eq!(heard.state, "connected");
    // Nothing of the other section, and nothing secured.
    assert_eq!(plain.phone.others(), (0, None));
    assert_eq!(plain.mirror.flaw(), None);
    Ok(())
}

fn bridge() -> Result<Bridge> {
    let mut bridge = Bridge::start(Way::Sockets)?;
    bridge.bundles = true;
    Ok(bridge)
}

fn web_calls(bridge: &mut Bridge, web: &mut Stranger, plain: &mut Plain, id: &str) -> Result<()> {
    web.calls(|offer| {
        assert!(is_bundled(offer), "{offer}");
        let video = plain.call(&bridge.offer(id, offer, Towards::Phone)?)?;
        let answer = bridge.answer(id, &plain.sdp(video), Towards::Browser)?;
        assert!(is_bundled(&answer), "{answer}");
        Ok(answer)
    })?;
    talk(web, plain)
}

fn web_is_called(bridge: &mut Bridge, web: &mut Stranger, plain: &mut Plain, id: &str) -> Result<()> {
    let told = bridge.offer(id, &plain.sdp(96), Towards::Browser)?;
    assert!(is_bundled(&told), "{told}");
    let answer = web.is_called(&told)?;
    assert!(is_bundled(&answer), "{answer}");
    plain.call(&bridge.answer(id, &answer, Towards::Phone)?)?;
    talk(web, plain)
}

macro_rules! need_browser {
    () => {
        lab::need_root!();
        if let Some(why) = webrtc_lab::missing_browser() {
            lab::skip!(why);
        }
    };
}

#[test]
fn a_browser_s_bundle_ends_at_the_relay_and_begins_there() -> Result<()> {
    need_browser!();
    let _alone = lab::alone()?;
    let mut bridge = bridge()?;
    let (mut web, mut plain) = (browser_with_picture(&bridge.net.caller.ns)?, Plain::new(&bridge)?);
    web_calls(&mut bridge, &mut web, &mut plain, "bundle-calls")?;
    drop((web, plain));
    let (mut web, mut plain) = (browser_with_picture(&bridge.net.caller.ns)?, Plain::new(&bridge)?);
    web_is_called(&mut bridge, &mut web, &mut plain, "bundle-is-called")?;
    drop((web, plain));
    bridge.stop()?;
    Ok(())
}

/// What a proxy asks between two browsers.
fn between_browsers(command: &str, sdp: &str) -> ng::Request {
    let [browsers, _] = call::SIDES;
    let request = ng::request(command)
        .set("call-id", "bundle-both")
        .set("from-tag", call::TAGS[0])
        .flags(&["trust-address", "generate-mid"])
        .set("sdp", sdp)
        .set("direction", Value::list([browsers, browsers]))
        .set("ICE", "force")
        .set("DTLS", "passive")
        .set("SDES", Value::list(["off"]))
        .set("rtcp-mux", Value::list(["offer"]))
        .set("bundle", Value::list(["accept", "offer"]));
    if command == "answer" { request.set("to-tag", call::TAGS[1]) } else { request }
}

#[test]
fn two_ends_in_browsers_have_a_bundle_each() -> Result<()> {
    need_browser!();
    let _alone = lab::alone()?;
    let bridge = bridge()?;
    let mut client = bridge.daemon.ng()?;
    let mut again = bridge.daemon.ng()?;
    let told = |client: &mut ng::Client, command: &str, sdp: &str| -> Result<String> {
        let reply = client.ok(&between_browsers(command, sdp))?;
        let told = reply.text("sdp").unwrap_or_default().to_owned();
        assert!(is_bundled(sdp) && is_bundled(&told), "{command}\n{sdp}\n{told}");
        Ok(told)
    };
    let mut web = browser_with_picture(&bridge.net.caller.ns)?;
    web.calls_itself(
        |offer| told(&mut client, "offer", offer),
        |answer| told(&mut again, "answer", answer),
    )?;
    web.hears(PHONE_TONE)?;
    web.hears_too(STRANGER_TONE)?;
    web.sees(SOME_PICTURES, false)?;
    web.sees(SOME_PICTURES, true)?;
    drop(web);
    bridge.stop()?;
    Ok(())
}

#[test]
fn aiortc_s_bundle_ends_at_the_relay_and_begins_there() -> Result<()> {
    lab::need_root!();
    let aiortc = match Aiortc::install(Path::new(env!("CARGO_TARGET_TMPDIR")))? {
        Ok(aiortc) => aiortc,
        Err(why) => lab::skip!(why),
    };
    let _alone = lab::alone()?;
    let mut bridge = bridge()?;
    let (mut web, mut plain) = (aiortc.start_with_picture(&bridge.net.caller.ns)?, Plain::new(&bridge)?);
    web_calls(&mut bridge, &mut web, &mut plain, "bundle-calls")?;
    drop((web, plain));
    let (mut web, mut plain) = (aiortc.start_with_picture(&bridge.net.caller.ns)?, Plain::new(&bridge)?);
    web_is_called(&mut bridge, &mut web, &mut plain, "bundle-is-called")?;
    drop((web, plain));
    bridge.stop()?;
    Ok(())
}
