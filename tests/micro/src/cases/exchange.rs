//! ng messages and SDP: what the desk does, without sockets.

use call::{
    AddressId, Book, Changes, Intent, Interfaces, LocalAddress, Options, Outside, PortError, PortSource,
    Secrets, Settings, Stamp,
};
use flow::{FlowKey, Moment};
use ng::request::Flag;
use ng::{Encoding, Incoming, Reply, Request};
use std::hint::black_box;
use std::net::IpAddr;

const CALLER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const CALLEE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 1));

/// A call-id.
const CALL: &str = "0f2b3a5e-8d1c-4a67-9e01-3b5c7d9e1f20";

/// As a telephone writes it.
fn body(address: &str, port: u16) -> String {
    format!(
        "v=0\r\no=- 3887654321 3887654321 IN IP4 {address}\r\ns=call\r\nc=IN IP4 {address}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 8 0 9 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:9 G722/8000\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\na=rtcp:{}\r\na=ptime:20\r\n",
        port + 1
    )
}

/// As a proxy writes it: keys and values in turn.
fn offer() -> Vec<u8> {
    let word = |text: &str| format!("{}:{text}", text.len());
    let list = |words: &[&str]| format!("l{}e", words.iter().map(|text| word(text)).collect::<String>());
    let sdp = body("192.0.2.20", 40_000);
    let pairs = [
        ("call-id", word(CALL)),
        ("command", word("offer")),
        ("flags", list(&["trust-address"])),
        ("from-tag", word("as5d2f7b1c")),
        ("received-from", list(&["IP4", "192.0.2.20"])),
        ("replace", list(&["origin"])),
        ("sdp", word(&sdp)),
        ("transport-protocol", word("RTP/AVP")),
    ];
    let dict: String = pairs.iter().map(|(key, value)| word(key) + value).collect();
    format!("4711_1 d{dict}e").into_bytes()
}

/// The datagram of an offer, to a request.
pub(super) fn read() -> Box<dyn FnMut()> {
    let message = offer();
    Box::new(move || {
        let incoming = Incoming::parse(black_box(&message)).expect("a message");
        let request = Request::parse(&incoming.dict).expect("a request");
        assert!(request.need_sdp().is_ok() && request.has(Flag::TrustAddress));
        black_box(&request);
    })
}

/// A reply with SDP, to a datagram.
pub(super) fn write() -> Box<dyn FnMut()> {
    let sdp = body("198.51.100.1", 30_000).into_bytes();
    let mut out = Vec::with_capacity(2_048);
    Box::new(move || {
        let reply = Reply::ok().with("sdp", sdp.clone());
        out.clear();
        reply.encode(b"4711_1", Encoding::Bencode, black_box(&mut out));
        assert!(out.len() > sdp.len());
    })
}

/// Ports that never end.
struct Ports(u16);

impl PortSource for Ports {
    fn take(
        &mut self,
        address: AddressId,
        _worker: u16,
        _tos: u8,
        rtcp: bool,
    ) -> Result<(FlowKey, Option<FlowKey>), PortError> {
        self.0 = if self.0 < 60_000 { self.0 + 2 } else { 20_000 };
        let addr = if address.0 == 0 { CALLER } else { CALLEE };
        Ok((FlowKey::new(addr, self.0), rtcp.then_some(FlowKey::new(addr, self.0 + 1))))
    }
}

struct Chance(u8);

impl Secrets for Chance {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(5).wrapping_add(1);
            *byte = self.0;
        }
    }

    fn fingerprint(&self, _hash: &str) -> Option<String> {
        None
    }
}

/// An offer, its answer, and the end of the call; bodies are read and written.
pub(super) fn call() -> Box<dyn FnMut()> {
    let mut interfaces = Interfaces::default();
    for (name, addr) in [("a", CALLER), ("b", CALLEE)] {
        interfaces.add(name, None, LocalAddress { addr, advertised: None });
    }
    let mut book = Book::new(Settings::default(), interfaces);
    let (mut ports, mut secrets) = (Ports(20_000), Chance(1));
    let offered = body("192.0.2.20", 40_000);
    let answered = body("198.51.100.30", 50_000);
    let mut at = 1_000_000;
    Box::new(move || {
        at += 1_000;
        let now = Stamp { at: Moment(at), wall_us: 1_700_000_000_000_000 + at };
        let mut changes = Changes::default();
        let mut outside = Outside { ports: &mut ports, now, secrets: &mut secrets, changes: &mut changes };
        for (to_tag, text) in [(None, &offered), (Some(&b"callee"[..]), &answered)] {
            let session = sdp::Session::parse(black_box(text.as_bytes())).expect("a body");
            let intent = Intent {
                call_id: CALL.as_bytes(),
                from_tag: b"caller",
                to_tag,
                via_branch: None,
                label: None,
                sdp: &session,
                options: Options::default(),
            };
            let written = match to_tag {
                None => book.offer(&intent, &mut outside),
                Some(_) => book.answer(&intent, &mut outside),
            };
            assert!(!written.expect("an SDP").is_empty());
        }
        let number = book.number(CALL.as_bytes()).expect("the call");
        assert!(book.remove(number, &mut changes).is_some() && book.is_empty());
        black_box(&changes);
    })
}
