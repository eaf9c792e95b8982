//! A plain peer for video: it sends back what it gets, as another sender.

use lab::{LabError, Namespace, Result, RtpPeer, rtp, sdp};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How often it looks whether the call is over.
const SLICE: Duration = Duration::from_millis(50);
/// The only codec it knows.
const CODEC: &str = "VP8/90000";

/// A peer that is its own far end. It begins when it is told where to send ([`Mirror::call`]), and stops when dropped.
#[derive(Debug)]
pub struct Mirror {
    shared: Arc<Shared>,
    thread: Option<thread::JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    rtp: RtpPeer,
    over: AtomicBool,
    count: Mutex<Count>,
}

#[derive(Debug, Default)]
struct Count {
    packets: u64,
    flaw: Option<String>,
}

impl Mirror {
    /// A peer that receives at `local`.
    pub fn new(namespace: &Namespace, local: SocketAddr) -> Result<Mirror> {
        let rtp = RtpPeer::bind(namespace, local)?;
        let shared = Shared { rtp, over: AtomicBool::new(false), count: Mutex::default() };
        Ok(Mirror { shared: Arc::new(shared), thread: None })
    }

    /// Its section, to be put behind others, with its codec under this number.
    pub fn section(&self, payload_type: u8) -> String {
        let local = self.shared.rtp.local();
        let whole = sdp::Builder::new(local.ip())
            .media("video", local.port(), "RTP/AVP")
            .codec(payload_type, CODEC)
            .line("a=sendrecv")
            .text();
        whole.find("m=video").map_or_else(String::new, |at| whole[at..].to_owned())
    }

    /// Begins to send back to where `told`, the relay's SDP, wants video. The number that its codec has there.
    ///
    /// # Errors
    /// There is no plain video section with its codec.
    pub fn call(&mut self, told: &str) -> Result<u8> {
        let refused = |what: &str| LabError::Malformed {
            encoding: "SDP for a mirror",
            at: 0,
            what: format!("{what}\n{told}"),
        };
        let media = sdp::read(told);
        let video = media.iter().find(|media| media.kind == "video").ok_or_else(|| refused("no video"))?;
        if video.protocol != "RTP/AVP" {
            return Err(refused("not RTP/AVP"));
        }
        let payload_type = told
            .lines()
            .filter_map(|line| line.trim_end().strip_prefix("a=rtpmap:")?.strip_suffix(CODEC))
            .find_map(|number| number.trim_end().parse().ok())
            .ok_or_else(|| refused("its codec is not there"))?;
        self.shared.rtp.aim(video.rtp().ok_or_else(|| refused("no address"))?);
        let shared = Arc::clone(&self.shared);
        self.thread = Some(thread::spawn(move || shared.reflect(payload_type)));
        Ok(payload_type)
    }

    /// Waits until it has got as many packets of its codec.
    pub fn gets(&self, packets: u64, within: Duration) -> Result<()> {
        let deadline = Instant::now() + within;
        while self.shared.count().packets < packets {
            if Instant::now() > deadline {
                return Err(LabError::Timeout {
                    what: format!("{packets} packets of video"),
                    after_ms: within.as_millis(),
                    context: format!("; {:?}", *self.shared.count()),
                });
            }
            thread::park_timeout(SLICE);
        }
        Ok(())
    }

    /// The first datagram that was no RTP of its codec, described.
    pub fn flaw(&self) -> Option<String> {
        self.shared.count().flaw.clone()
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            // A thread that panicked said so already.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn count(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reflect(&self, payload_type: u8) {
        let ssrc = 0x3122_0000 | u32::from(self.rtp.local().port());
        while !self.over.load(Ordering::Acquire) {
            match self.rtp.receive_bytes(SLICE) {
                Ok(Some((mut packet, _))) => {
                    let is_rtp = packet.len() >= rtp::HEADER_BYTES && packet[0] & 0xc0 == 0x80;
                    if !is_rtp || packet[1] & 0x7f != payload_type {
                        let start = &packet[..packet.len().min(16)];
                        let what = format!("{} bytes: {start:02x?}", packet.len());
                        self.count().flaw.get_or_insert(what);
                        continue;
                    }
                    self.count().packets += 1;
                    packet[8..12].copy_from_slice(&ssrc.to_be_bytes());
                    // One that cannot be sent is a lost one.
                    let _ = self.rtp.send_bytes(&packet);
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
