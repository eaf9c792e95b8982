//! A telephone: G.711 in plain RTP, saying a tone and listening for another.

use crate::{Law, PATIENCE, Tone, frequency_of, share};
use lab::{LabError, Namespace, Pace, Result, RtpPeer, rtp, sdp};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Samples per packet: 20 ms.
const SAMPLES: usize = 160;
/// What a verdict rests on: half a second.
const WINDOW: usize = 4000;
/// This much of the energy must be the tone.
const CLEAR: f64 = 0.9;
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
    ear: Mutex<Ear>,
    heard_more: Condvar,
}

/// What has been heard.
#[derive(Debug, Default)]
struct Ear {
    samples: VecDeque<i16>,
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
        let shared = Shared {
            rtp,
            law,
            over: AtomicBool::new(false),
            ear: Mutex::default(),
            heard_more: Condvar::new(),
        };
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
        let deadline = Instant::now() + PATIENCE;
        let mut ear = self.shared.ear();
        ear.samples.clear();
        loop {
            if ear.samples.len() >= WINDOW && share(ear.samples.make_contiguous(), tone) >= CLEAR {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let samples = ear.samples.make_contiguous();
                let (loudest, part) = (frequency_of(samples), share(samples, tone));
                return Err(LabError::Timeout {
                    what: format!("the telephone hearing {} Hz", tone.hertz),
                    after_ms: PATIENCE.as_millis(),
                    context: format!(
                        "; {} packets, {} missing, {} others ({:?}); loudest is {loudest} Hz, {part:.2} of it the tone",
                        ear.packets, ear.missing, ear.other, ear.flaw
                    ),
                });
            }
            let waited = self.shared.heard_more.wait_timeout(ear, SLICE);
            ear = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Packets of its codec that arrived, and those that did not although later ones did.
    pub fn packets(&self) -> (u64, u64) {
        let ear = self.shared.ear();
        (ear.packets, ear.missing)
    }

    /// Datagrams that are no RTP of its codec: secured or foreign packets that got through. The first is described.
    pub fn others(&self) -> (u64, Option<String>) {
        let ear = self.shared.ear();
        (ear.other, ear.flaw.clone())
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
    fn ear(&self) -> MutexGuard<'_, Ear> {
        self.ear.lock().unwrap_or_else(PoisonError::into_inner)
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
                ssrc: 0x7e1e_0000 | u32::from(self.rtp.local().port()),
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
                    self.ear().take(&datagram, self.law);
                    self.heard_more.notify_all();
                }
                Ok(None) => {}
                Err(error) => {
                    self.ear().flaw = Some(error.to_string());
                    return;
                }
            }
        }
    }
}

impl Ear {
    fn take(&mut self, datagram: &[u8], law: Law) {
        match rtp::parse(datagram) {
            Some((header, payload)) if header.payload_type == law.payload_type() => {
                self.packets += 1;
                if let Some(next) = self.next {
                    let ahead = header.sequence.wrapping_sub(next);
                    // A large step is one back: a late packet, counted as missing before.
                    self.missing += if ahead < 0x8000 { u64::from(ahead) } else { 0 };
                }
                self.next = Some(header.sequence.wrapping_add(1));
                self.samples.extend(payload.iter().map(|&byte| law.decode(byte)));
                let too_many = self.samples.len().saturating_sub(WINDOW);
                self.samples.drain(..too_many);
            }
            _ => {
                self.other += 1;
                let start = &datagram[..datagram.len().min(16)];
                self.flaw.get_or_insert_with(|| format!("{} bytes: {start:02x?}", datagram.len()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ear_counts_what_is_missing_and_what_is_foreign() {
        let mut ear = Ear::default();
        for sequence in [65_534u16, 65_535, 2, 3] {
            let header = rtp::Header { payload_type: 0, marker: false, sequence, timestamp: 0, ssrc: 1 };
            ear.take(&rtp::write(&header, &[0xff; 160]), Law::Mu);
        }
        assert_eq!((ear.packets, ear.missing, ear.other), (4, 2, 0));
        ear.take(&[22, 254, 253, 0], Law::Mu);
        assert_eq!(ear.other, 1);
        assert!(ear.flaw.unwrap().starts_with("4 bytes: [16, fe"));
    }
}
