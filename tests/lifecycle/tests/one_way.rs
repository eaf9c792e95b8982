//! Who talks and is not heard is told while it happens, with the cause: in the text interface, in the log, in metrics.

use lab::{Call, CallSpec, Daemon, RtpPeer, Stream, Topology, call, ng, sdp};
use lifecycle::{PATIENCE, line};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const HTTP: &str = "127.0.0.1:2225";

/// Ends what keeps somebody from being heard.
type Mend<'a> = &'a dyn Fn(&mut ng::Client) -> lab::Result<()>;

struct Stage {
    daemon: Daemon,
    client: ng::Client,
    net: Topology,
}

impl Stage {
    fn new() -> lab::Result<Stage> {
        let net = Topology::new()?;
        let interface = |leg: &lab::Leg| {
            format!("[[interface]]\nname = \"{}\"\naddress = \"{}\"\n", leg.interface, leg.relay_v4)
        };
        let interfaces = [&net.caller, &net.callee].map(interface).concat();
        let rest = format!("[timeouts]\none-way = 2\n[control]\nlisten-http = [\"{HTTP}\"]\n");
        let daemon = Daemon::on(&net).config(&format!("{interfaces}{rest}"))?.start()?;
        let client = daemon.ng()?;
        Ok(Stage { daemon, client, net })
    }

    /// Lets these peers send until the text interface has told of the cause, then until it is `over` (if something ends
    /// it).
    fn expect(
        mut self,
        cause: &str,
        words: &str,
        senders: &[&RtpPeer],
        mend: Option<Mend<'_>>,
    ) -> lab::Result<()> {
        let enough = AtomicBool::new(false);
        let text = thread::scope(|scope| -> lab::Result<String> {
            for (nth, sender) in senders.iter().enumerate() {
                let enough = &enough;
                scope.spawn(move || talk(sender, 0x0c00_0000 | nth as u32, enough));
            }
            let _enough = Enough(&enough);
            self.watch(cause, words, mend)
        })?;
        let log = self.daemon.stop()?;
        let told = format!("one-way audio: {words}: {cause}: ");
        assert!(log.contains(&told), "{told:?} is not in the log:\n{log}\nThe text interface said:\n{text}");
        assert_eq!(log.contains("one-way audio is over"), mend.is_some(), "{log}");
        Ok(())
    }

    fn watch(&mut self, cause: &str, words: &str, mend: Option<Mend<'_>>) -> lab::Result<String> {
        let wanted = format!("{words} for ");
        let text = self.until(|text| text.contains(&wanted) && text.contains(&format!(" s: {cause}: ")))?;
        let explained = line(&mut self.client, "explain one")?;
        assert!(explained.contains(&format!(": {cause}: ")), "{explained}");
        let metrics = self.metrics()?;
        assert!(metrics.contains(&format!("rtpengine_one_way_audio{{cause=\"{cause}\"}} 1\n")), "{metrics}");
        assert!(
            metrics.contains(&format!("rtpengine_one_way_audio_total{{cause=\"{cause}\"}} 1\n")),
            "{metrics}"
        );
        if let Some(mend) = mend {
            mend(&mut self.client)?;
            self.until(|text| text.starts_with("Nobody "))?;
        }
        Ok(text)
    }

    fn until(&mut self, done: impl Fn(&str) -> bool) -> lab::Result<String> {
        let deadline = Instant::now() + 4 * PATIENCE;
        loop {
            let text = line(&mut self.client, "list oneway")?;
            if done(&text) {
                return Ok(text);
            }
            assert!(Instant::now() < deadline, "the text interface says:\n{text}");
            thread::park_timeout(Duration::from_millis(100));
        }
    }

    fn metrics(&self) -> lab::Result<String> {
        let mut stream = self.daemon.namespace().tcp(HTTP.parse().expect("an address"))?;
        let failed = || lab::LabError::io("the metrics");
        let request = format!("GET /metrics HTTP/1.1\r\nHost: {HTTP}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).map_err(failed())?;
        let mut text = String::new();
        stream.read_to_string(&mut text).map_err(failed())?;
        Ok(text)
    }

    fn call(&mut self, spec: CallSpec) -> lab::Result<Call> {
        spec.set_up(&mut self.client, &self.net)
    }
}

/// Ends the talk, also where a test fails.
struct Enough<'a>(&'a AtomicBool);

impl Drop for Enough<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn talk(sender: &RtpPeer, ssrc: u32, enough: &AtomicBool) {
    let stream = Stream::new(ssrc, 60_000);
    let start = Instant::now();
    for number in 0..stream.count() {
        if enough.load(Ordering::Relaxed) {
            return;
        }
        lab::Pace::Every(Duration::from_millis(20)).wait(start, number);
        // A daemon that has ended is told by the test itself.
        if sender.send_one(&stream, number).is_err() {
            return;
        }
    }
}

#[test]
fn nothing_arrives() -> lab::Result<()> {
    lab::need_root!();
    let mut stage = Stage::new()?;
    let call = stage.call(CallSpec::new("one", 4000))?;
    stage.expect("no-ingress", "bob does not hear alice (section 1)", &[&call.bob], None)
}

#[test]
fn it_comes_from_a_wrong_source() -> lab::Result<()> {
    lab::need_root!();
    let mut stage = Stage::new()?;
    let call = stage.call(CallSpec::new("one", 4000).flag("strict-source"))?;
    call.talk_perfectly(3, lab::Pace::BRISK, PATIENCE)?;
    let stranger = RtpPeer::bind(&stage.net.caller.ns, (stage.net.caller.peer_v4, 5000).into())?;
    stranger.aim(call.alice.remote().expect("it has an aim"));
    stage.expect("wrong-source", "bob does not hear alice (section 1)", &[&stranger, &call.bob], None)
}

#[test]
fn it_is_not_authentic() -> lab::Result<()> {
    lab::need_root!();
    let mut stage = Stage::new()?;
    let alice = RtpPeer::bind(&stage.net.caller.ns, (stage.net.caller.peer_v4, 4000).into())?;
    let bob = RtpPeer::bind(&stage.net.callee.ns, (stage.net.callee.peer_v4, 4000).into())?;
    let secure = sdp::Builder::new(alice.local().ip())
        .media("audio", 4000, "RTP/SAVP")
        .codec(0, "PCMU/8000")
        .line("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz");
    let offer =
        call::offer("one", alice.local()).set("sdp", secure.text()).set("transport-protocol", "RTP/AVP");
    let offered = stage.client.ok(&offer)?;
    let answered = stage.client.ok(&call::answer("one", bob.local()))?;
    alice.aim(call::told(&answered)?);
    bob.aim(call::told(&offered)?);
    // Alice forgets to seal what she says.
    stage.expect("srtp-authentication", "bob does not hear alice (section 1)", &[&alice, &bob], None)
}

#[test]
fn it_is_blocked_until_it_is_not() -> lab::Result<()> {
    lab::need_root!();
    let mut stage = Stage::new()?;
    let call = stage.call(CallSpec::new("one", 4000))?;
    let block = |command: &str| {
        ng::request(command).set("call-id", "one").set("from-tag", "alice").flags(&["directional"])
    };
    stage.client.ok(&block("block media"))?;
    let mend = |client: &mut ng::Client| client.ok(&block("unblock media")).map(drop);
    stage.expect("blocked", "bob does not hear alice (section 1)", &[&call.alice, &call.bob], Some(&mend))
}

/// Bob says that he is at `at`, where he is not, and says nothing else.
fn misled(at: &str) -> lab::Result<(Stage, RtpPeer)> {
    let mut stage = Stage::new()?;
    let alice = RtpPeer::bind(&stage.net.caller.ns, (stage.net.caller.peer_v4, 4000).into())?;
    stage.client.ok(&call::offer("one", alice.local()))?;
    let at: SocketAddr = at.parse().expect("an address");
    let answered = stage.client.ok(&call::answer("one", at))?;
    alice.aim(call::told(&answered)?);
    Ok((stage, alice))
}

#[test]
fn a_private_address_was_told() -> lab::Result<()> {
    lab::need_root!();
    let (stage, alice) = misled("192.168.7.7:4000")?;
    stage.expect("private-address", "bob does not hear alice (section 1)", &[&alice], None)
}

#[test]
fn there_is_no_route_back() -> lab::Result<()> {
    lab::need_root!();
    let (stage, alice) = misled("192.0.2.77:4000")?;
    stage.expect("no-route-back", "bob does not hear alice (section 1)", &[&alice], None)
}

#[test]
fn a_call_that_is_well_is_no_event() -> lab::Result<()> {
    lab::need_root!();
    let mut stage = Stage::new()?;
    let call = stage.call(CallSpec::new("one", 4000))?;
    // For longer than the detector waits.
    call.talk_perfectly(250, lab::Pace::SPEECH, PATIENCE)?;
    let text = line(&mut stage.client, "list oneway")?;
    assert!(text.starts_with("Nobody "), "{text}");
    let log = stage.daemon.stop()?;
    assert!(!log.contains("one-way"), "{log}");
    Ok(())
}
