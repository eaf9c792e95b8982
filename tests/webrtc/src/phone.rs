//! A telephone: G.711 in plain RTP, saying a tone and listening for another.

use crate::{Ear, Law, Tone};
use lab::{LabError, Namespace, Pace, Result, RtpPeer, rtp, sdp};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Samples per packet: 20 ms.
const SAMPLES: usize = 160;
/// How often the listener looks whether the call is over.
const SLICE: Duration = Duration::from_millis(50);

/// A telephone in a call. It begins to speak when it is told where to ([`Phone::call`]), and stops when dropped.
#[derive(Debug)]
pub struct Phone {
    shared: Arc<Shared>,
    rtcp: RtpPeer,
    threads: Vec<thread::JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    rtp: RtpPeer,
    law: Law,
    over: AtomicBool,
    ear: Ear,
    count: Mutex<Count>,
}

/// What has arrived.
#[derive(Debug, Default)]
struct Count {
    packets: u64,
    missing: u64,
    other: u64,
    next: Option<u16>,
    flaw: Option<String>,
}

impl Phone {
    /// A telephone that receives at `local` (RTP; RTCP one port higher) and speaks `law`.
    pub fn new(namespace: &Namespace, local: SocketAddr, law: Law) -> Result<Phone> {
        let (rtp, rtcp) = RtpPeer::bind_pair(namespace, local)?;
        let shared =
            Shared { rtp, law, over: AtomicBool::new(false), ear: Ear::default(), count: Mutex::default() };
        Ok(Phone { shared: Arc::new(shared), rtcp, threads: Vec::new() })
    }

    /// Its offer or answer: its law and telephone events.
    pub fn sdp(&self) -> String {
        let local = self.shared.rtp.local();
        let name = match self.shared.law {
            Law::Mu => "PCMU/8000",
            Law::A => "PCMA/8000",
        };
        sdp::Builder::new(local.ip())
            .media("audio", local.port(), "RTP/AVP")
            .codec(self.shared.law.payload_type(), name)
            .line("a=ptime:20")
            // Without it str0m knows no media by its SSRC (RFC 5576); others do not mind.
            .line(format!("a=ssrc:{} cname:phone", self.shared.ssrc()))
            .line("a=sendrecv")
            .text()
    }

    /// Begins to say `tone` to where `sdp`, the relay's, wants media, and to listen.
    ///
    /// # Errors
    /// When the SDP is not one a plain telephone understands.
    pub fn call(&mut self, sdp: &str, tone: Tone) -> Result<()> {
        let media = sdp::read(sdp);
        let refused = |what: &str| LabError::Malformed {
            encoding: "SDP for a telephone",
            at: 0,
            what: format!("{what}\n{sdp}"),
        };
        let [audio] = &media[..] else { return Err(refused("not one media section")) };
        if audio.protocol != "RTP/AVP" {
            return Err(refused("not RTP/AVP"));
        }
        for secret in ["fingerprint", "crypto", "ice-ufrag", "candidate", "setup", "rtcp-mux"] {
            if audio.attribute(secret).is_some() || sdp.contains(&format!("\na={secret}")) {
                return Err(refused(&format!("a={secret} is nothing for it")));
            }
        }
        if !audio.formats.contains(&self.shared.law.payload_type().to_string()) {
            return Err(refused("its codec is not there"));
        }
        self.shared.rtp.aim(audio.rtp().ok_or_else(|| refused("no address"))?);
        self.rtcp.aim(audio.rtcp().ok_or_else(|| refused("no address for RTCP"))?);
        let speaker = Arc::clone(&self.shared);
        self.threads.push(thread::spawn(move || speaker.speak(tone)));
        let listener = Arc::clone(&self.shared);
        self.threads.push(thread::spawn(move || listener.listen()));
        Ok(())
    }

    /// Waits until half a second that was heard from now on is clearly `tone`.
    pub fn hears(&self, tone: Tone) -> Result<()> {
        self.shared.ear.wait_for(tone, || format!("the telephone ({:?})", *self.shared.count()))
    }

    /// Packets of its codec that arrived, and those that did not although later ones did.
    pub fn packets(&self) -> (u64, u64) {
        let count = self.shared.count();
        (count.packets, count.missing)
    }

    /// Datagrams that are no RTP of its codec: secured or foreign packets that got through. The first is described.
    pub fn others(&self) -> (u64, Option<String>) {
        let count = self.shared.count();
        (count.other, count.flaw.clone())
    }

    /// RTCP packets that wait for it, as they came.
    pub fn reports(&self) -> Result<Vec<Vec<u8>>> {
        let mut reports = Vec::new();
        while let Some((report, _)) = self.rtcp.receive_bytes(Duration::from_millis(1))? {
            reports.push(report);
        }
        Ok(reports)
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Release);
        for thread in self.threads.drain(..) {
            // A thread that panicked said so already.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn count(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Of what it says.
    fn ssrc(&self) -> u32 {
        0x7e1e_0000 | u32::from(self.rtp.local().port())
    }

    fn speak(&self, tone: Tone) {
        let start = Instant::now();
        for index in 0.. {
            if self.over.load(Ordering::Acquire) {
                return;
            }
            Pace::SPEECH.wait(start, index);
            let header = rtp::Header {
                payload_type: self.law.payload_type(),
                marker: index == 0,
                sequence: (index as u16).wrapping_add(65_000),
                timestamp: index.wrapping_mul(SAMPLES as u32),
                ssrc: self.ssrc(),
            };
            let payload = tone.spoken(self.law, u64::from(index) * SAMPLES as u64, SAMPLES);
            // A packet that cannot be sent is a lost one; the far end says what it heard.
            let _ = self.rtp.send_bytes(&rtp::write(&header, &payload));
        }
    }

    fn listen(&self) {
        while !self.over.load(Ordering::Acquire) {
            match self.rtp.receive_bytes(SLICE) {
                Ok(Some((datagram, _))) => {
                    if let Some(payload) = self.count().take(&datagram, self.law) {
                        self.ear.hear(payload, self.law);
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    self.count().flaw = Some(error.to_string());
                    return;
                }
            }
        }
    }
}

impl Count {
    /// The payload, if it is a packet of this law.
    fn take<'d>(&mut self, datagram: &'d [u8], law: Law) -> Option<&'d [u8]> {
        match read(datagram) {
            Some((payload_type, sequence, payload)) if payload_type == law.payload_type() => {
                self.packets += 1;
                if let Some(next) = self.next {
                    let ahead = sequence.wrapping_sub(next);
                    // A large step is one back: a late packet, counted as missing before.
                    self.missing += if ahead < 0x8000 { u64::from(ahead) } else { 0 };
                }
                self.next = Some(sequence.wrapping_add(1));
                Some(payload)
            }
            _ => {
                self.other += 1;
                let start = &datagram[..datagram.len().min(16)];
                self.flaw.get_or_insert_with(|| format!("{} bytes: {start:02x?}", datagram.len()));
                None
            }
        }
    }
}

/// Payload type, sequence number and payload of an RTP packet without padding. CSRCs and a header extension (RFC 3550
/// §5.3.1), which stacks may send empty although nobody agreed on any, are skipped, as telephones do.
fn read(datagram: &[u8]) -> Option<(u8, u16, &[u8])> {
    let [first, second, high, low] = *datagram.first_chunk::<4>()?;
    if first & 0xe0 != 0x80 {
        return None;
    }
    let mut rest = datagram.get(rtp::HEADER_BYTES + 4 * usize::from(first & 15)..)?;
    if first & 0x10 != 0 {
        let [_, _, words @ ..] = *rest.first_chunk::<4>()?;
        rest = rest.get(4 + 4 * usize::from(u16::from_be_bytes(words))..)?;
    }
    Some((second & 0x7f, u16::from_be_bytes([high, low]), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_what_is_missing_and_what_is_foreign() {
        let mut count = Count::default();
        for sequence in [65_534u16, 65_535, 2, 3] {
            let header = rtp::Header { payload_type: 0, marker: false, sequence, timestamp: 0, ssrc: 1 };
            count.take(&rtp::write(&header, &[0xff; 160]), Law::Mu);
        }
        assert_eq!((count.packets, count.missing, count.other), (4, 2, 0));
        // An empty extension, and one that lies about its length.
        let header = rtp::Header { payload_type: 0, marker: false, sequence: 4, timestamp: 0, ssrc: 1 };
        let mut extended = rtp::write(&header, &[0xbe, 0xde, 0, 0, 7, 7]);
        extended[0] |= 0x10;
        assert_eq!(count.take(&extended, Law::Mu), Some(&[7, 7][..]));
        extended[15] = 1;
        assert_eq!(count.take(&extended, Law::Mu), None);
        count.other = 0;
        count.flaw = None;
        count.take(&[22, 254, 253, 0], Law::Mu);
        assert_eq!(count.other, 1);
        assert!(count.flaw.unwrap().starts_with("4 bytes: [16, fe"));
    }
}
