//! SRTP changes hands while it runs, before, at and after the wrap of its sequence numbers: every packet arrives once, in
//! order, and opens under the keys and the rollover counter that its receiver has.

use flow::srtp::{MAX_OVERHEAD, MasterKey, Opener, Sealer, Setup, Suite};
use lab::{Daemon, LabError, Pace, Report, RtpPeer, Stream, Topology, Value, call, ng, sdp};
use parity::Placement;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A packet every 4 ms each way: five times faster than speech.
const PACE: Pace = Pace::Every(Duration::from_millis(4));
/// In a guest, which is emulated: opening and sealing take milliseconds there, and a daemon that does not keep up is overtaken.
const SLOW_PACE: Pace = Pace::SPEECH;
/// A busy machine stands still now and then.
const PATIENCE: Duration = Duration::from_secs(30);
/// More than the turns take; what is left over runs on the fast path.
const PACKETS: u32 = 5_000;
/// At the slow pace.
const FEW_PACKETS: u32 = 4_000;
/// The first numbers, there and back; they wrap after some hundred packets. In a guest a re-INVITE takes a second now and
/// then, so that there they wrap after half a minute.
const FIRST: [u16; 2] = [65_236, 65_400];
/// At the slow pace.
const FIRST_SLOW: [u16; 2] = [64_036, 64_200];
const ID: &str = "to-and-fro-under-keys";

#[test]
fn four_hundred_times_to_a_packet_thread_and_back() -> lab::Result<()> {
    to_and_fro(Placement::Worker, [Suite::AeadAes128Gcm, Suite::AesCm128HmacSha1_80], 400, PACE)
}

#[test]
fn forty_times_to_a_packet_thread_and_back_from_cm_to_cm() -> lab::Result<()> {
    to_and_fro(Placement::Worker, [Suite::AesCm128HmacSha1_32, Suite::Aes256CmHmacSha1_80], 40, PACE)
}

#[test]
fn forty_times_to_the_kernel_module_and_back() -> lab::Result<()> {
    lab::need_module!();
    to_and_fro(Placement::Kernel, [Suite::AesCm128HmacSha1_80, Suite::AeadAes256Gcm], 40, SLOW_PACE)
}

fn to_and_fro(placement: Placement, suites: [Suite; 2], wanted: u32, pace: Pace) -> lab::Result<()> {
    lab::need_root!();
    if lab::foreign_daemon().is_some() {
        lab::skip("parity::handover_secure", "a foreign daemon has no such path");
        return Ok(());
    }
    let _alone = lab::alone()?;
    let net = Topology::new()?;
    let daemon = Daemon::on(&net).config(&placement.interfaces(&net))?.start()?;
    let mut client = daemon.ng()?;
    let talk = Talk::set_up(&net, &mut client, suites)?;
    let (count, first) = if pace == PACE { (PACKETS, FIRST) } else { (FEW_PACKETS, FIRST_SLOW) };
    let wrap = u32::from(u16::MAX - first[0]);
    let streams = [0, 1].map(|of| Stream::new(0x0a00_0001 + of as u32, count).first_sequence(first[of]));
    let (over, sent) = (AtomicBool::new(false), AtomicU32::new(0));
    let (turns, reports) = std::thread::scope(|scope| {
        let signalling = scope.spawn(|| turn(&daemon, &talk, placement, [wanted, wrap], &over, &sent));
        let ([a, b], sent) = (&talk.ends, &sent);
        let [there, back] = &streams;
        let heard = [(b, there), (a, back)].map(|(by, stream)| scope.spawn(move || by.hear(stream)));
        let said =
            [(a, there), (b, back)].map(|(by, stream)| scope.spawn(move || by.say(stream, pace, sent)));
        let said = said.map(|thread| thread.join().expect("a speaker"));
        let heard = heard.map(|thread| thread.join().expect("a listener"));
        over.store(true, Ordering::Relaxed);
        said.into_iter().collect::<lab::Result<Vec<()>>>()?;
        lab::Result::Ok((signalling.join().expect("the signalling thread"), heard))
    })?;
    let [before_wrap, after_wrap] = turns?;
    assert!(before_wrap + after_wrap >= wanted, "only {before_wrap} and {after_wrap} turns while media ran");
    assert!(before_wrap > 1 && after_wrap > 1, "{before_wrap} turns before the wrap, {after_wrap} after it");
    for heard in reports {
        let Heard { report, unopened } = heard?;
        assert_eq!(unopened, 0, "packets that did not open: {report}");
        if placement == Placement::Kernel {
            // A guest is so slow that packets wait in a socket for longer than the next ones take through the module.
            assert_eq!((report.lost(), report.duplicates, report.damaged), (0, 0, 0), "{report}");
        } else {
            report.assert_perfect();
        }
    }
    let state = client.ok(&ng::request("query").set("call-id", ID))?;
    assert_eq!(state.int("totals/RTP/packets"), Some(i64::from(2 * count)));
    assert_eq!(state.int("totals/RTP/errors"), Some(0));
    for (stream, first) in streams.iter().zip(first) {
        let number = |what: &str| state.int(&format!("SSRC/{}/{what}", stream.ssrc));
        assert_eq!(number("packets"), Some(i64::from(count)));
        assert_eq!(
            number("last RTP seq"),
            Some(i64::from(u32::from(first) + count - 1)),
            "cycles counted on"
        );
    }
    let statistics = client.ok(&ng::request("statistics"))?;
    let fast = statistics.int("statistics/totalstatistics/relayedpackets_kernel");
    assert!(fast.is_some_and(|packets| packets > 0), "no packet by the fast path: {fast:?}");
    daemon.stop()?;
    Ok(())
}

/// A party with a key.
struct End {
    peer: RtpPeer,
    suite: Suite,
    own: MasterKey,
    relays: MasterKey,
}

/// What a party has heard.
struct Heard {
    report: Report,
    unopened: u32,
}

impl End {
    fn say(&self, stream: &Stream, pace: Pace, sent: &AtomicU32) -> lab::Result<()> {
        let mut sealer = Sealer::new(&Setup::new(self.own.clone())).expect("a setup without options");
        let start = Instant::now();
        for index in 0..stream.count() {
            pace.wait(start, index);
            let packet = stream.packet(index);
            let mut room = [&packet[..], &[0; MAX_OVERHEAD]].concat();
            let len = sealer.seal_rtp(&mut room, packet.len()).expect("a new number");
            self.peer.send_bytes(&room[..len])?;
            sent.fetch_max(index, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Until the stream is complete, and a little longer; what comes twice does not open.
    fn hear(&self, stream: &Stream) -> lab::Result<Heard> {
        let mut opener = Opener::new(&Setup::new(self.relays.clone())).expect("a setup without options");
        let mut heard = Heard { report: Report::new(stream), unopened: 0 };
        loop {
            let patience = if heard.report.complete() { Duration::from_millis(300) } else { PATIENCE };
            let Some((mut bytes, from)) = self.peer.receive_bytes(patience)? else { return Ok(heard) };
            match opener.open_rtp(&mut bytes) {
                Ok(len) => heard.report.take(stream, &bytes[..len], from),
                Err(_) => heard.unopened += 1,
            }
        }
    }

    fn sdp(&self, tag: &str) -> String {
        let key = self.own.expose_inline(true);
        let at = self.peer.local();
        let body = sdp::Builder::new(at.ip()).media("audio", at.port(), "RTP/SAVP").codec(0, "PCMU/8000");
        body.line(format!("a=crypto:{tag} {} inline:{}", self.suite.name(), key.as_str())).text()
    }

    /// Tag and key of the line of the party's suite in what the relay tells it.
    fn line(&self, reply: &Value) -> lab::Result<(String, MasterKey)> {
        let text = reply.text("sdp").unwrap_or_default();
        let read = |value: &str| {
            let mut words = value.split(' ');
            let (tag, name, key) = (words.next()?, words.next()?, words.next()?.strip_prefix("inline:")?);
            let key = key.split('|').next().filter(|_| name == self.suite.name())?;
            Some((tag.to_owned(), MasterKey::parse_inline(self.suite, key.as_bytes()).ok()?))
        };
        let sections = sdp::read(text);
        let found = sections.iter().flat_map(|section| section.attributes("crypto")).find_map(read);
        found.ok_or_else(|| LabError::Refused { command: "a key".to_owned(), reply: text.to_owned() })
    }
}

/// A call of two parties that have keys of different suites.
struct Talk {
    ends: [End; 2],
}

impl Talk {
    fn set_up(net: &Topology, client: &mut ng::Client, suites: [Suite; 2]) -> lab::Result<Talk> {
        let sides = [&net.caller, &net.callee];
        let mut byte = 0x30;
        let mut end = |side: usize| -> lab::Result<End> {
            let suite = suites[side];
            byte += 1;
            let key = vec![byte; suite.key_len() + suite.salt_len()];
            let own = MasterKey::new(suite, &key).expect("as long as the suite wants");
            let peer = RtpPeer::bind(&sides[side].ns, (sides[side].peer_v4, 6000).into())?;
            Ok(End { peer, suite, relays: own.clone(), own })
        };
        let mut talk = Talk { ends: [end(0)?, end(1)?] };
        let told = talk.exchange(client)?;
        for (end, (key, at)) in talk.ends.iter_mut().zip(told) {
            end.relays = key;
            end.peer.aim(at);
        }
        Ok(talk)
    }

    /// Offer and answer. What both are told: the relay's key and where it is.
    fn exchange(&self, client: &mut ng::Client) -> lab::Result<[(MasterKey, std::net::SocketAddr); 2]> {
        let [a, b] = &self.ends;
        let offer = call::offer(ID, a.peer.local()).set("sdp", a.sdp("1")).set("DTLS", "off");
        let offered = client.ok(&offer.set("transport-protocol", "RTP/SAVP"))?;
        let (tag, to_b) = b.line(&offered)?;
        let answered = client.ok(&call::answer(ID, b.peer.local()).set("sdp", b.sdp(&tag)))?;
        Ok([(a.line(&answered)?.1, call::told(&answered)?), (to_b, call::told(&offered)?)])
    }
}

/// Re-INVITEs as soon as both directions are on the fast path; each takes them off it. Returns how often: before the numbers
/// wrap after packet `wrap`, and after it.
fn turn(
    daemon: &Daemon,
    talk: &Talk,
    placement: Placement,
    [wanted, wrap]: [u32; 2],
    over: &AtomicBool,
    sent: &AtomicU32,
) -> lab::Result<[u32; 2]> {
    let mut client = daemon.ng()?;
    let mut turns = [0, 0];
    while turns[0] + turns[1] < wanted && !over.load(Ordering::Relaxed) {
        let deadline = Instant::now() + PATIENCE;
        while told(&mut client, "path")? != [placement.path(); 2] {
            assert!(
                Instant::now() < deadline,
                "never on the fast path: {:?}, after {turns:?} turns and {sent:?} packets\n{}",
                told(&mut client, "path reason")?,
                daemon.log()
            );
            if over.load(Ordering::Relaxed) {
                return Ok(turns);
            }
        }
        // Half of them before the numbers wrap, half of them after it.
        while turns[0] >= wanted / 2 && sent.load(Ordering::Relaxed) <= wrap && !over.load(Ordering::Relaxed)
        {
            std::thread::park_timeout(Duration::from_millis(1));
        }
        let exchanged = talk.exchange(&mut client)?;
        for (end, (key, _)) in talk.ends.iter().zip(exchanged) {
            assert!(key == end.relays, "the relay has another key");
        }
        turns[usize::from(sent.load(Ordering::Relaxed) > wrap)] += 1;
    }
    Ok(turns)
}

/// What `query` says of both streams.
fn told(client: &mut ng::Client, what: &str) -> lab::Result<[String; 2]> {
    let state = client.ok(&ng::request("query").set("call-id", ID).flags(&["explain"]))?;
    let of = |tag| state.text(&format!("tags/{tag}/medias/0/streams/0/{what}")).unwrap_or("-").to_owned();
    Ok(call::TAGS.map(of))
}
