//! A telephone, plain or keyed by SDES, that counts packet by packet what it says and hears.

use lab::{LabError, Leg, Result, RtpPeer, Stream, sdp};
use srtp::{MasterKey, Opener, Sealer, Setup, Suite};
use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

/// Sequence number of the first packet: some hundred packets before they wrap.
pub(crate) const FIRST: u16 = 65_000;
/// Index of the first packet of the next turn of the sequence numbers.
pub(crate) const WRAP: u32 = 65_536 - FIRST as u32;
const COUNT: u32 = 4_000;

/// Keys of one side.
struct Keys {
    suite: Suite,
    own: MasterKey,
    sealer: Sealer,
    /// Of the relay, once it has told them.
    opener: Option<Opener>,
    /// Of the line that was taken.
    tag: String,
}

/// A telephone; see above.
pub(crate) struct Phone {
    peer: RtpPeer,
    keys: Option<Keys>,
    /// What it says.
    pub(crate) stream: Stream,
}

impl Phone {
    pub(crate) fn new(leg: &Leg, port: u16, suite: Option<Suite>) -> Result<Phone> {
        let peer = RtpPeer::bind(&leg.ns, SocketAddr::new(leg.peer_v4.into(), port))?;
        let ssrc = u32::from_be_bytes(leg.peer_v4.octets()) ^ u32::from(port) << 16;
        let keys = suite.map(|suite| {
            let own = MasterKey::generate(suite, |bytes| {
                bytes.iter_mut().zip(0u8..).for_each(|(byte, at)| *byte = at.wrapping_mul(17) ^ ssrc as u8);
            });
            let sealer = Sealer::new(&Setup::new(own.clone())).expect("a usual set-up");
            Keys { suite, own, sealer, opener: None, tag: "1".into() }
        });
        Ok(Phone { peer, keys, stream: Stream::new(ssrc, COUNT).first_sequence(FIRST) })
    }

    pub(crate) fn local(&self) -> SocketAddr {
        self.peer.local()
    }

    pub(crate) fn profile(&self) -> &'static str {
        if self.keys.is_some() { "RTP/SAVP" } else { "RTP/AVP" }
    }

    /// Its offer, or its answer once it has been offered something.
    pub(crate) fn sdp(&self) -> String {
        let at = self.local();
        let section = sdp::Builder::new(at.ip()).media("audio", at.port(), self.profile());
        let section = section.codec(0, "PCMU/8000");
        let Some(keys) = &self.keys else { return section.text() };
        let inline = keys.own.expose_inline(true);
        section.line(format!("a=crypto:{} {} inline:{}", keys.tag, keys.suite.name(), *inline)).text()
    }

    /// Takes in what the relay says: where to send, and the key of its own suite.
    pub(crate) fn hear_of(&mut self, text: &str) -> Result<()> {
        let wrong = |what: &str| LabError::Malformed {
            encoding: "SDP for this telephone",
            at: 0,
            what: format!("{what}\n{text}"),
        };
        let media = sdp::read(text);
        let [audio] = &media[..] else { return Err(wrong("not one media section")) };
        if audio.protocol != self.profile() {
            return Err(wrong("another profile"));
        }
        self.peer.aim(audio.rtp().ok_or_else(|| wrong("no address"))?);
        let mut lines = audio.attributes("crypto");
        let Some(keys) = &mut self.keys else {
            return if lines.next().is_none() { Ok(()) } else { Err(wrong("keys for a plain telephone")) };
        };
        let mine = |line: &&str| line.split(' ').nth(1) == Some(keys.suite.name());
        let words: Vec<&str> = lines.find(mine).ok_or_else(|| wrong("not my suite"))?.split(' ').collect();
        let inline = words.get(2).and_then(|word| word.strip_prefix("inline:"));
        let inline = inline.and_then(|word| word.split('|').next()).ok_or_else(|| wrong("no key"))?;
        let key = MasterKey::parse_inline(keys.suite, inline.as_bytes()).map_err(|_| wrong("a bad key"))?;
        keys.tag = words[0].to_owned();
        let setup = Setup::new(key);
        match &mut keys.opener {
            // Said again: rollover counters stay.
            Some(opener) => opener.rekey(&setup).expect("a usual set-up"),
            None => keys.opener = Some(Opener::new(&setup).expect("a usual set-up")),
        }
        Ok(())
    }

    /// Sends packet `index` of its stream.
    pub(crate) fn say(&mut self, index: u32) -> Result<()> {
        let mut packet = self.stream.packet(index);
        if let Some(keys) = &mut self.keys {
            let plain = packet.len();
            packet.resize(plain + srtp::MAX_OVERHEAD, 0);
            let sealed = keys.sealer.seal_rtp(&mut packet, plain).expect("room, and an index of its own");
            packet.truncate(sealed);
        }
        self.peer.send_bytes(&packet)
    }

    /// Indices of the packets of `range` of `from` that come until these are as many or `within` passes without a packet. What
    /// comes late of those before is not among them.
    ///
    /// # Panics
    /// When something comes that `from` has not said.
    pub(crate) fn hear(&mut self, from: &Stream, range: &Range<u32>, within: Duration) -> Result<Vec<u32>> {
        let mut heard = Vec::new();
        while heard.len() < range.len()
            && let Some((mut packet, _)) = self.peer.receive_bytes(within)?
        {
            if let Some(keys) = &mut self.keys {
                let opener = keys.opener.as_mut().expect("the relay has told its key");
                let plain = opener.open_rtp(&mut packet);
                packet.truncate(plain.unwrap_or_else(|error| panic!("after {heard:?}: {error}")));
            }
            let index = from.check(&packet).unwrap_or_else(|what| panic!("after {heard:?}: {what}"));
            if range.contains(&index) {
                heard.push(index);
            }
        }
        Ok(heard)
    }
}

/// Both say the packets of `range` at the same time. What each hears of the other, the first one's ears first.
pub(crate) fn talk(
    phones: &mut [Phone; 2],
    range: Range<u32>,
    pace: lab::Pace,
    patience: Duration,
) -> Result<[Vec<u32>; 2]> {
    let [a, b] = phones;
    let start = std::time::Instant::now();
    for (number, index) in (0..).zip(range.clone()) {
        pace.wait(start, number);
        a.say(index)?;
        b.say(index)?;
    }
    Ok([a.hear(&b.stream, &range, patience)?, b.hear(&a.stream, &range, patience)?])
}
