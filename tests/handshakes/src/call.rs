use crate::{Error, Phone, Result, SAVP};
use lab::call::{TAGS, answer, offer, told};
use lab::{Report, RtpPeer, Stream, Topology, Value, ng};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Between two packets.
const PACE: Duration = Duration::from_millis(2);

/// A call of a phone with DTLS-SRTP on the caller's side and one with plain RTP on the callee's.
pub struct SecureCall {
    /// Its Call-ID.
    pub id: String,
    /// The caller.
    pub phone: Phone,
    /// The callee; aimed at the relay.
    pub plain: RtpPeer,
    rounds: AtomicU32,
    /// Words with which it tries whether it is heard.
    words: u32,
}

impl SecureCall {
    /// Opens both at `port` of their sides. Nothing is said yet.
    ///
    /// # Errors
    /// No sockets, no certificate.
    pub fn new(net: &Topology, id: &str, port: u16) -> Result<SecureCall> {
        let phone = Phone::new(&net.caller.ns, (net.caller.peer_v4, port).into())?;
        let plain = RtpPeer::bind(&net.callee.ns, (net.callee.peer_v4, port).into())?;
        Ok(SecureCall { id: id.to_owned(), phone, plain, rounds: AtomicU32::new(0), words: 0 })
    }

    /// The phone offers `sdp`, the other answers; both hear where to send. `dtls` is what the proxy says about our role, if
    /// anything.
    ///
    /// # Errors
    /// The relay refuses, or its SDP lacks something.
    pub fn say(&mut self, client: &mut ng::Client, sdp: String, dtls: Option<&str>) -> Result<()> {
        let mut request = offer(&self.id, self.phone.local())
            .set("sdp", sdp)
            .set("transport-protocol", "RTP/AVP")
            .set("ICE", "remove");
        if let Some(dtls) = dtls {
            request = request.set("DTLS", dtls);
        }
        self.plain.aim(told(&client.ok(&request)?)?);
        let answered = client.ok(&answer(&self.id, self.plain.local()).set("ICE", "remove"))?;
        self.phone.hear(text(&answered)?)
    }

    /// The other offers, and the phone is told; it has not answered yet.
    ///
    /// # Errors
    /// The relay refuses, or its SDP lacks something.
    pub fn ring(&mut self, client: &mut ng::Client) -> Result<()> {
        let request = ng::request("offer")
            .set("call-id", self.id.as_str())
            .set("from-tag", TAGS[1])
            .set("sdp", lab::sdp::audio(self.plain.local()).text())
            .set("direction", Value::list(["callee", "caller"]))
            .set("transport-protocol", SAVP)
            .set("SDES", Value::list(["off"]))
            .set("rtcp-mux", Value::list(["offer"]));
        let offered = client.ok(&request)?;
        self.phone.hear(text(&offered)?)
    }

    /// The phone answers.
    ///
    /// # Errors
    /// The relay refuses, or its SDP lacks something.
    pub fn pick_up(&mut self, client: &mut ng::Client) -> Result<()> {
        let request = ng::request("answer")
            .set("call-id", self.id.as_str())
            .set("from-tag", TAGS[1])
            .set("to-tag", TAGS[0])
            .set("sdp", self.phone.sdp("active"));
        self.plain.aim(told(&client.ok(&request)?)?);
        Ok(())
    }

    /// Lets the phone say something until it is heard at the other end: the relay has its keys a moment after the phone.
    ///
    /// # Errors
    /// Nothing is heard in time.
    pub fn until_heard(&mut self, within: Duration) -> Result<()> {
        let words = Stream::new(0x0c00_0000, u32::from(u16::MAX));
        let tries = (within.as_millis() / 20) as u32;
        for _ in 0..tries {
            self.words += 1;
            self.phone.send(&words, self.words)?;
            if self.plain.receive_bytes(Duration::from_millis(20))?.is_some() {
                self.plain.discard()?;
                return Ok(());
            }
        }
        Err(Error::Late(within))
    }

    /// Sends `packets` each way and reports what arrived: phone to plain, plain to phone.
    ///
    /// # Errors
    /// The sockets', or the phone has no keys.
    pub fn talk(&mut self, packets: u32, patience: Duration) -> Result<[Report; 2]> {
        let round = self.rounds.fetch_add(1, Ordering::Relaxed);
        self.talk_from((round.wrapping_mul(1000) & 0xffff) as u16, packets, patience)
    }

    /// The same with numbers from `first` on.
    ///
    /// # Errors
    /// As [`SecureCall::talk`].
    pub fn talk_from(&mut self, first: u16, packets: u32, patience: Duration) -> Result<[Report; 2]> {
        let there = Stream::new(0x0a00_0001, packets).first_sequence(first);
        let back = Stream::new(0x0b00_0001, packets).first_sequence(first);
        for index in 0..packets {
            self.phone.send(&there, index)?;
            self.plain.send_one(&back, index)?;
            // Paces, and takes nothing: what has come stays in the socket.
            std::thread::park_timeout(PACE);
        }
        let heard = self.plain.receive(&there, patience)?;
        Ok([heard, self.phone.receive(&back, patience)?])
    }

    /// [`SecureCall::talk`], and panics with the report unless every packet arrived once, whole and in order.
    ///
    /// # Errors
    /// As [`SecureCall::talk`].
    #[track_caller]
    pub fn talk_perfectly(&mut self, packets: u32, patience: Duration) -> Result<()> {
        self.talk(packets, patience)?.iter().for_each(Report::assert_perfect);
        Ok(())
    }
}

fn text(reply: &Value) -> Result<&str> {
    reply.text("sdp").ok_or(Error::Sdp { what: "text", sdp: String::new() })
}

/// What the relay has counted of handshakes, by name.
///
/// # Errors
/// The relay does not say.
pub fn counted(client: &mut ng::Client, name: &str) -> Result<u64> {
    let reply = client.ok(&ng::request("cli").set("body", "list handshakes"))?;
    let said = reply.text("response").unwrap_or_default();
    let row = said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    row.and_then(|times| times.trim().parse().ok())
        .ok_or_else(|| Error::Sdp { what: "such counter", sdp: said.to_owned() })
}

/// Packets of a call that were dropped for this reason.
///
/// # Errors
/// The relay does not say.
pub fn dropped(client: &mut ng::Client, call: &str, reason: &str) -> Result<u64> {
    let reply = client.ok(&ng::request("cli").set("body", format!("explain {call}").as_str()))?;
    let said = reply.text("response").unwrap_or_default();
    let lists = said.lines().filter_map(|line| line.trim_start().strip_prefix("dropped: "));
    let counts = lists.flat_map(|list| list.split(", ")).filter_map(|one| one.strip_prefix(reason));
    Ok(counts.filter_map(|count| count.trim().parse::<u64>().ok()).sum())
}
