//! One side of a call: sockets, an SDP, and keys if it is secured.

use crate::journey::{CALM, Dice, Journey};
use crate::program::{Key, Kind, Program};
use lab::{LabError, Leg, Pace, Result, RtpPeer, foreign_daemon, sdp};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How long what was sent may be under way.
const UNDER_WAY: Duration = Duration::from_secs(3);
/// How long we listen for what must not come.
const STRAGGLERS: Duration = Duration::from_millis(50);

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What libsrtp can do, and how long key and salt are in bytes. NULL stands last.
pub(crate) const SUITES: [(&str, usize); 8] = [
    ("AES_CM_128_HMAC_SHA1_80", 30),
    ("AES_CM_128_HMAC_SHA1_32", 30),
    ("AES_256_CM_HMAC_SHA1_80", 46),
    ("AES_256_CM_HMAC_SHA1_32", 46),
    ("AEAD_AES_128_GCM", 28),
    ("AEAD_AES_256_GCM", 44),
    ("NULL_HMAC_SHA1_80", 30),
    ("NULL_HMAC_SHA1_32", 30),
];

/// A side; see above.
pub(crate) struct Side {
    rtp: RtpPeer,
    rtcp: RtpPeer,
    /// Of what it sends; none for a plain side.
    own: Option<Key>,
    /// Of what it receives, once the relay has told.
    theirs: Option<Key>,
    /// Which of the offered lines it took.
    tag: u32,
}

impl Side {
    /// A side on `leg`, plain or with a suite (by its place in [`SUITES`]) and a master key identifier of so many bytes.
    pub(crate) fn new(
        leg: &Leg,
        port: u16,
        suite: Option<usize>,
        mki: usize,
        dice: &mut Dice,
    ) -> Result<Side> {
        let (rtp, rtcp) = RtpPeer::bind_pair(&leg.ns, SocketAddr::new(leg.peer_v4.into(), port))?;
        let own = suite.map(|suite| {
            let (name, bytes) = SUITES[suite];
            // Written as a number in SDP, so not to begin with zero.
            let mki = dice.bytes(mki).into_iter().map(|byte| byte.max(1)).collect();
            Key { suite: name, secret: dice.bytes(bytes), mki }
        });
        Ok(Side { rtp, rtcp, own, theirs: None, tag: 1 })
    }

    /// Where it receives RTP.
    pub(crate) fn local(&self) -> SocketAddr {
        self.rtp.local()
    }

    /// Whether it speaks SRTP.
    pub(crate) fn secured(&self) -> bool {
        self.own.is_some()
    }

    /// The profile it speaks.
    pub(crate) fn profile(&self) -> &'static str {
        if self.secured() { "RTP/SAVP" } else { "RTP/AVP" }
    }

    /// Its offer, or its answer after [`Side::is_offered`].
    pub(crate) fn sdp(&self) -> String {
        let local = self.local();
        let builder = sdp::Builder::new(local.ip()).media("audio", local.port(), self.profile());
        let builder = builder.codec(0, "PCMU/8000");
        match &self.own {
            None => builder.text(),
            Some(key) => {
                let mki = key.mki.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
                let mki =
                    if key.mki.is_empty() { String::new() } else { format!("|{mki}:{}", key.mki.len()) };
                let secret = base64(&key.secret);
                builder.line(format!("a=crypto:{} {} inline:{secret}{mki}", self.tag, key.suite)).text()
            }
        }
    }

    /// Takes the relay's offer: where to send, and of the lines the one with its own suite.
    pub(crate) fn is_offered(&mut self, text: &str) -> Result<()> {
        self.told(text, false)
    }

    /// Takes the relay's answer: where to send, and the one line, which must be of its own suite and tag.
    pub(crate) fn is_answered(&mut self, text: &str) -> Result<()> {
        self.told(text, true)
    }

    fn told(&mut self, text: &str, answer: bool) -> Result<()> {
        let wrong = |what: &str| LabError::Malformed {
            encoding: "SDP for this side",
            at: 0,
            what: format!("{what}\n{text}"),
        };
        let media = sdp::read(text);
        let [audio] = &media[..] else { return Err(wrong("not one media section")) };
        if audio.protocol != self.profile() {
            return Err(wrong(&format!("not {}", self.profile())));
        }
        self.rtp.aim(audio.rtp().ok_or_else(|| wrong("no address"))?);
        self.rtcp.aim(audio.rtcp().ok_or_else(|| wrong("no address for RTCP"))?);
        let lines: Vec<&str> = audio.attributes("crypto").collect();
        let Some(own) = &self.own else {
            return if lines.is_empty() { Ok(()) } else { Err(wrong("keys for a plain side")) };
        };
        let of_suite = |line: &&&str| line.split(' ').nth(1) == Some(own.suite);
        let line = lines.iter().find(of_suite).ok_or_else(|| wrong(&format!("no {}", own.suite)))?;
        let (tag, key) = read_line(line, own.suite).ok_or_else(|| wrong("no key"))?;
        if answer && (lines.len() != 1 || tag != self.tag) {
            return Err(wrong(&format!("not just the line with tag {}", self.tag)));
        }
        if SUITES.iter().any(|(name, bytes)| *name == own.suite && *bytes != key.secret.len()) {
            return Err(wrong("a key of another length"));
        }
        (self.tag, self.theirs) = (tag, Some(key));
        Ok(())
    }

    /// What is on the wire when it sends `journey`.
    pub(crate) fn datagrams(&self, program: &Program, kind: Kind, journey: &Journey) -> Result<Vec<Vec<u8>>> {
        match &self.own {
            None => Ok(journey.datagrams(&journey.plain)),
            Some(key) => Ok(journey.datagrams(&program.seal(key, kind, &journey.plain)?)),
        }
    }

    /// Sends datagrams, one a millisecond.
    pub(crate) fn send(&self, kind: Kind, datagrams: &[Vec<u8>]) -> Result<()> {
        let start = Instant::now();
        for (number, datagram) in datagrams.iter().enumerate() {
            Pace::BRISK.wait(start, number as u32);
            self.socket(kind).send_bytes(datagram)?;
        }
        Ok(())
    }

    /// Receives `count` datagrams and what comes on top of them.
    pub(crate) fn receive(&self, kind: Kind, count: usize) -> Result<Vec<Vec<u8>>> {
        let mut datagrams = Vec::new();
        let socket = self.socket(kind);
        let patience = |have: usize| if have < count { UNDER_WAY } else { STRAGGLERS };
        while let Some((datagram, _)) = socket.receive_bytes(patience(datagrams.len()))? {
            datagrams.push(datagram);
        }
        Ok(datagrams)
    }

    /// Panics unless what arrived is, once opened, what `journey` allows, in its order.
    #[track_caller]
    pub(crate) fn judge(
        &self,
        program: &Program,
        kind: Kind,
        journey: &Journey,
        arrived: &[Vec<u8>],
        what: &str,
    ) {
        let opened: Vec<Vec<u8>> = match &self.theirs {
            None => arrived.to_vec(),
            Some(key) => {
                let opened = program.open(key, kind, arrived).expect("libsrtp runs");
                // rtpengine knows no replays; libsrtp, when it is the receiver, does.
                opened
                    .into_iter()
                    .filter_map(|packet| match packet {
                        Err(_) if foreign_daemon().is_some() => None,
                        packet => Some(packet.unwrap_or_else(|error| panic!("{what}, {kind:?}: {error}"))),
                    })
                    .collect()
            }
        };
        let mut opened: Vec<&[u8]> = opened.iter().map(Vec::as_slice).collect();
        if foreign_daemon().is_some() {
            let mut seen = std::collections::BTreeSet::new();
            opened.retain(|packet| seen.insert(*packet));
        }
        let expected = journey.expected();
        if opened != expected {
            let first = opened.iter().zip(&expected).position(|(is, wanted)| is != wanted);
            let at = first.unwrap_or(opened.len().min(expected.len()));
            let show = |packets: &[&[u8]]| packets.get(at).map(|packet| format!("{:02x?}", &packet[..16]));
            panic!(
                "{what}, {kind:?}: {} packets arrived of {}, {} must not; the first that differs is {at} (calm: {CALM}): {:?} instead of {:?}",
                opened.len(),
                expected.len(),
                journey.bad(),
                show(&opened),
                show(&expected)
            );
        }
    }

    fn socket(&self, kind: Kind) -> &RtpPeer {
        match kind {
            Kind::Rtp => &self.rtp,
            Kind::Rtcp => &self.rtcp,
        }
    }
}

/// Tag and key of a line, without its `a=crypto:`.
fn read_line(line: &str, suite: &'static str) -> Option<(u32, Key)> {
    let mut words = line.split(' ');
    let tag = words.next()?.parse().ok()?;
    let mut parts = words.nth(1)?.strip_prefix("inline:")?.split('|');
    let secret = unbase64(parts.next()?);
    // A lifetime has no colon.
    let mki = parts.find_map(|part| part.split_once(':'));
    let mki = match mki {
        None => Vec::new(),
        Some((number, bytes)) => {
            let (number, bytes): (u64, usize) = (number.parse().ok()?, bytes.parse().ok()?);
            number.to_be_bytes().get(8usize.checked_sub(bytes)?..)?.to_vec()
        }
    };
    Some((tag, Key { suite, secret, mki }))
}

fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let number =
            chunk.iter().fold(0u32, |number, byte| number << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let letter = BASE64[(number >> (18 - 6 * place) & 63) as usize] as char;
            text.push(if place <= chunk.len() { letter } else { '=' });
        }
    }
    text
}

fn unbase64(text: &str) -> Vec<u8> {
    let (mut bytes, mut number, mut bits) = (Vec::new(), 0u32, 0);
    for value in text.bytes().filter_map(|byte| BASE64.iter().position(|letter| *letter == byte)) {
        number = number << 6 | value as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((number >> bits) as u8);
        }
    }
    bytes
}

#[test]
fn base64_there_and_back() {
    assert_eq!([base64(b"fooba"), base64(b"foob"), base64(b"foo")], ["Zm9vYmE=", "Zm9vYg==", "Zm9v"]);
    for count in 0..50 {
        let bytes = Dice(count as u64 + 1).bytes(count);
        assert_eq!(unbase64(&base64(&bytes)), bytes);
        assert_eq!(unbase64(base64(&bytes).trim_end_matches('=')), bytes);
    }
}

#[test]
fn a_line_has_a_key_and_perhaps_an_identifier() {
    let (tag, key) =
        read_line("7 NULL_HMAC_SHA1_80 inline:Zm9v|2^31|258:4 KDR=1", "NULL_HMAC_SHA1_80").unwrap();
    assert_eq!((tag, key.secret.as_slice(), key.mki), (7, &b"foo"[..], vec![0, 0, 1, 2]));
    assert_eq!(
        read_line("1 NULL_HMAC_SHA1_80 inline:Zm9v", "NULL_HMAC_SHA1_80").unwrap().1.mki,
        Vec::<u8>::new()
    );
    assert!(read_line("x", "NULL_HMAC_SHA1_80").is_none());
}
