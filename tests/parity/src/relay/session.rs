use super::sockets::{Ports, Sockets, address, ports};
use crate::phones::{Phones, own_key};
use crate::{Arrival, CallShape, Counts, End, Gate, Lane, Learning, Media, Packet, Party, Place};
use crate::{Port, Session, Signal, Target, Told};
use flow::srtp::{MasterKey, Suite};
use lab::{Daemon, Family, LabError, Result, Topology, Value, call, ng, sdp};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

/// How long an expected packet may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long the relay may take to count a packet it does not send on.
const COUNTING: Duration = Duration::from_millis(500);
/// Longer than every learning window.
const LEARNING: Duration = Duration::from_millis(3200);

/// A call through the daemon.
pub(super) struct RelaySession<'a> {
    net: &'a Topology,
    shape: CallShape,
    number: u16,
    id: String,
    client: ng::Client,
    sockets: Sockets,
    ports: Ports,
    phones: Phones,
    /// Version of the parties' keys.
    keys: u8,
    /// A packet was sent to a port of the call, and the relay has not been seen to count it.
    uncounted: bool,
    counted: BTreeMap<Port, Counts>,
}

impl<'a> RelaySession<'a> {
    pub(super) fn open(
        net: &'a Topology,
        daemon: &Daemon,
        shape: &CallShape,
        number: u16,
    ) -> Result<RelaySession<'a>> {
        let mut session = RelaySession {
            net,
            number,
            id: format!("parity-{number}"),
            client: daemon.ng()?,
            sockets: Sockets::open(net, shape, number)?,
            ports: Ports::new(),
            phones: Phones::default(),
            keys: 1,
            uncounted: false,
            counted: BTreeMap::new(),
            shape: shape.clone(),
        };
        session.exchange()?;
        let state = session.query()?;
        for port in ports(shape) {
            let stream = stream_of(&state, shape, port)?;
            let address = stream.text("local address").and_then(|text| text.parse::<IpAddr>().ok());
            let number = stream.int("local port").and_then(|number| u16::try_from(number).ok());
            if let (Some(address), Some(number)) = (address, number) {
                session.ports.insert(port, SocketAddr::new(address, number));
            }
        }
        session.counted = session.counts()?;
        Ok(session)
    }

    /// Offers, and answers if the call is to be answered.
    fn exchange(&mut self) -> Result<()> {
        let mux = match (self.shape.legs[0].mux, self.shape.legs[1].mux) {
            (true, false) => Some("demux"),
            (false, true) => Some("offer"),
            (true, true) | (false, false) => None,
        };
        let offer = call::offer(&self.id, ([0, 0, 0, 0], 0).into());
        let first = self.shape.legs[0].suite.map(Line::first);
        let mut offer = self.speak(offer, Party::A, Party::B, first.as_ref());
        let suites = self.shape.legs.each_ref().map(|leg| leg.suite);
        if suites != [None, None] {
            let profile = if suites[1].is_some() { "RTP/SAVP" } else { "RTP/AVP" };
            offer = offer.set("transport-protocol", profile).set("DTLS", "off");
        }
        if suites[0].is_some() && suites[0] == suites[1] {
            // Else both would be told the same key, and their packets pass unopened.
            offer = offer.flags(&["recrypt"]);
        }
        if let Some(mux) = mux {
            offer = offer.set("rtcp-mux", Value::list([mux]));
        }
        let offered = self.client.ok(&offer)?;
        if self.shape.answered {
            let chosen = self.chosen(Party::B, &offered)?;
            let answer = call::answer(&self.id, ([0, 0, 0, 0], 0).into());
            let answer = self.speak(answer, Party::B, Party::A, chosen.as_ref());
            let answered = self.client.ok(&answer)?;
            let told = [(Party::A, self.chosen(Party::A, &answered)?), (Party::B, chosen)];
            for (party, line) in told {
                if let Some(Line { suite, key, .. }) = line {
                    self.phones.agree(party, own_key(party, suite, self.keys), key);
                }
            }
        }
        Ok(())
    }

    /// The line of the party's suite in what the relay tells it.
    fn chosen(&self, party: Party, reply: &Value) -> Result<Option<Line>> {
        let Some(suite) = self.shape.leg(party).suite else { return Ok(None) };
        let text = reply.text("sdp").unwrap_or_default();
        let lines = sdp::read(text);
        let found = lines.iter().flat_map(|media| media.attributes("crypto")).find_map(|value| {
            let mut words = value.split(' ');
            let (tag, name, key) = (words.next()?, words.next()?, words.next()?);
            let key = key.strip_prefix("inline:").filter(|_| name == suite.name())?;
            let key = MasterKey::parse_inline(suite, key.split('|').next()?.as_bytes()).ok()?;
            Some(Line { tag: tag.to_owned(), suite, key })
        });
        found.map(Some).ok_or_else(|| LabError::Refused {
            command: format!("a line of {} for {party:?}", suite.name()),
            reply: text.to_owned(),
        })
    }

    /// Puts a party's own SDP and wishes into a message.
    fn speak(&self, message: ng::Request, party: Party, towards: Party, key: Option<&Line>) -> ng::Request {
        let leg = self.shape.leg(party);
        let family = if self.shape.leg(towards).family == Family::V4 { "IP4" } else { "IP6" };
        let mut message = message.set("sdp", self.sdp(party, key)).set("address family", family);
        match leg.learning {
            Learning::Heuristic => {}
            Learning::Immediate => message = message.set("endpoint-learning", "immediate"),
            Learning::Delayed => message = message.set("endpoint-learning", "delayed"),
            Learning::Off => message = message.set("endpoint-learning", "off"),
        }
        match leg.gate {
            Gate::Open => message,
            Gate::Strict => message.flags(&["strict-source"]),
            Gate::Handover => message.flags(&["media-handover"]),
        }
    }

    fn sdp(&self, party: Party, key: Option<&Line>) -> String {
        let leg = self.shape.leg(party);
        let mut at = address(self.net, &self.shape, self.number, End::rtp(party));
        if leg.told == Told::Hold {
            at.set_ip(match leg.family {
                Family::V4 => Ipv4Addr::UNSPECIFIED.into(),
                Family::V6 => Ipv6Addr::UNSPECIFIED.into(),
            });
        }
        let mut body = match self.shape.media {
            Media::Audio if self.shape.secured => {
                let key = "1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
                let body = sdp::Builder::new(at.ip()).media("audio", at.port(), "RTP/SAVP");
                body.codec(0, "PCMU/8000").codec(8, "PCMA/8000").line(format!("a=crypto:{key}"))
            }
            Media::Audio if key.is_some() => {
                let body = sdp::Builder::new(at.ip()).media("audio", at.port(), "RTP/SAVP");
                body.codec(0, "PCMU/8000").codec(8, "PCMA/8000")
            }
            Media::Audio => sdp::audio(at),
            Media::Opaque => sdp::Builder::new(at.ip()).media("image", at.port(), "udptl").format("t38"),
        };
        if let Some(Line { tag, suite, .. }) = key {
            let own = own_key(party, *suite, self.keys).expose_inline(true);
            body = body.line(format!("a=crypto:{tag} {} inline:{}", suite.name(), own.as_str()));
        }
        if leg.mux {
            body = body.line("a=rtcp-mux");
        }
        if !self.shape.active {
            body = body.line("a=inactive");
        }
        body.text()
    }

    fn query(&mut self) -> Result<Value> {
        self.client.ok(&ng::request("query").set("call-id", self.id.as_str()))
    }

    fn named(&mut self, (at, from, bytes): (End, SocketAddr, Vec<u8>)) -> Arrival {
        let bytes = self.phones.open(at.party, bytes);
        let from = self.ports.iter().find(|(_, address)| **address == from).map(|(port, _)| *port);
        Arrival { at, from, bytes }
    }
}

/// An `a=crypto` line of the relay's.
struct Line {
    tag: String,
    suite: Suite,
    key: MasterKey,
}

impl Line {
    /// What a party says that offers one suite. Its own key is that of its version.
    fn first(suite: Suite) -> Line {
        Line { tag: "1".to_owned(), suite, key: own_key(Party::A, suite, 1) }
    }
}

/// The part of a `query` reply that is about one port.
fn stream_of<'v>(state: &'v Value, shape: &CallShape, port: Port) -> Result<&'v Value> {
    let tag = match port.facing {
        Party::A => call::TAGS[0],
        _ if !shape.answered => "<untagged 1>",
        _ => call::TAGS[1],
    };
    let path = format!("tags/{tag}/medias/0/streams/{}", u8::from(port.lane == Lane::Rtcp));
    state.get(&path).ok_or_else(|| LabError::Refused {
        command: format!("query (no {path})"),
        reply: format!("{state:?}"),
    })
}

impl Session for RelaySession<'_> {
    fn send(&mut self, packet: &Packet) -> Result<()> {
        let Packet { from, to, .. } = *packet;
        let address = match to {
            Target::Port(port) => {
                self.uncounted = true;
                self.ports.get(&port).copied().ok_or_else(|| LabError::Io {
                    what: format!("the call has no {port:?}"),
                    source: std::io::ErrorKind::NotFound.into(),
                })?
            }
            Target::Nobody => {
                let leg = if from.party == Party::A { &self.net.caller } else { &self.net.callee };
                SocketAddr::new(leg.relay(self.shape.leg(from.party).family), 9)
            }
        };
        debug_assert!(
            from.place != Place::Told || from.party != Party::C,
            "nobody answers for a second callee"
        );
        let bytes = self.phones.seal(from.party, &packet.bytes, packet.sealing);
        self.sockets.send(from, address, &bytes)
    }

    fn arrivals(&mut self, expected: usize) -> Result<Vec<Arrival>> {
        let mut arrived = self.sockets.receive(expected, PATIENCE)?;
        if std::mem::take(&mut self.uncounted) {
            // What is not sent on is done with when it is counted. One exchange of messages per look.
            let deadline = Instant::now() + COUNTING;
            let mut counted = self.counts()?;
            while counted == self.counted && Instant::now() < deadline {
                counted = self.counts()?;
            }
            self.counted = counted;
            // And what the relay has heard in it, it has told a fast path before it answers once more.
            self.client.ok(&ng::request("ping"))?;
            arrived.extend(self.sockets.receive(0, Duration::ZERO)?);
        }
        Ok(arrived.into_iter().map(|one| self.named(one)).collect())
    }

    fn end_learning(&mut self) -> Result<()> {
        // The relay's clock is what is waited for; nothing tells when its window has ended.
        std::thread::sleep(LEARNING);
        Ok(())
    }

    fn signal(&mut self, signal: Signal) -> Result<()> {
        let about = |command: &str| ng::request(command).set("call-id", self.id.as_str());
        match signal {
            Signal::Again => self.exchange(),
            Signal::NewKeys => {
                self.keys += 1;
                self.exchange()
            }
            Signal::Block => self.client.ok(&about("block media")).map(drop),
            Signal::Unblock => self.client.ok(&about("unblock media")).map(drop),
        }
    }

    fn counts(&mut self) -> Result<BTreeMap<Port, Counts>> {
        let state = self.query()?;
        let count = |port| {
            let stream = stream_of(&state, &self.shape, port)?;
            let number = |path: &str| stream.int(path).and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
            let counts = Counts {
                received_packets: number("stats/packets"),
                received_bytes: number("stats/bytes"),
                sent_packets: number("stats_out/packets"),
                sent_bytes: number("stats_out/bytes"),
                errors: number("stats/errors") + number("stats_out/errors"),
            };
            Ok((port, counts))
        };
        ports(&self.shape).into_iter().map(count).collect()
    }
}

impl Drop for RelaySession<'_> {
    fn drop(&mut self) {
        // A scenario that failed may have left no call; there is nobody to tell.
        let _ = self.client.ask(&call::delete(&self.id));
    }
}
