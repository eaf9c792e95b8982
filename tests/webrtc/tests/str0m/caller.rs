//! str0m with a socket, a tone and an ear.

use lab::{LabError, Namespace, Pace, Result, RtpPeer};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use str0m::change::{SdpAnswer, SdpOffer};
use str0m::format::Codec;
use str0m::media::{Direction, Frequency, MediaKind, MediaTime, Mid};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};
use webrtc_lab::{Ear, Law, PATIENCE, STRANGER_TONE, Tone};

/// Samples per packet: 20 ms.
const SAMPLES: usize = 160;

/// A caller or callee; its thread ends when it is dropped.
pub(crate) struct Caller {
    shared: Arc<Shared>,
    rtc: Option<Box<Rtc>>,
    socket: Option<RtpPeer>,
    mid: Option<Mid>,
    thread: Option<thread::JoinHandle<Result<()>>>,
}

#[derive(Default)]
struct Shared {
    ear: Ear,
    over: AtomicBool,
    seen: Mutex<Seen>,
}

/// What became of its connection.
#[derive(Debug, Default, Clone)]
pub(crate) struct Seen {
    /// ICE and DTLS are done.
    pub(crate) connected: bool,
    /// Packets of media that arrived.
    pub(crate) received: u64,
    /// The first error.
    pub(crate) error: Option<String>,
}

fn failed(what: &str, error: impl std::fmt::Display) -> LabError {
    LabError::Refused { command: format!("str0m, {what}"), reply: error.to_string() }
}

impl Caller {
    /// One that receives at `local` and knows G.711 only.
    pub(crate) fn new(namespace: &Namespace, local: SocketAddr) -> Result<Caller> {
        let socket = RtpPeer::bind(namespace, local)?;
        let config = RtcConfig::new().clear_codecs().enable_pcmu(true, false).enable_pcma(true, false);
        let mut rtc = config.build(Instant::now());
        let here = Candidate::host(socket.local(), "udp").map_err(|error| failed("a candidate", error))?;
        rtc.add_local_candidate(here);
        Ok(Caller {
            shared: Arc::default(),
            rtc: Some(Box::new(rtc)),
            socket: Some(socket),
            mid: None,
            thread: None,
        })
    }

    fn rtc(&mut self) -> &mut Rtc {
        self.rtc.as_mut().expect("the call has not begun")
    }

    /// Offers, lets `relay` find the answer, and begins.
    pub(crate) fn calls(&mut self, relay: impl FnOnce(&str) -> Result<String>) -> Result<()> {
        let mut change = self.rtc().sdp_api();
        let mid = change.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        let (offer, pending) = change.apply().ok_or_else(|| failed("an offer", "nothing to offer"))?;
        let answer = bundled(&relay(&offer.to_sdp_string())?);
        let answer = SdpAnswer::from_sdp_string(&answer).map_err(|error| failed(&answer, error))?;
        let taken = self.rtc().sdp_api().accept_answer(pending, answer);
        taken.map_err(|error| failed("taking the answer", error))?;
        self.mid = Some(mid);
        self.begin();
        Ok(())
    }

    /// Takes this offer and begins; its answer.
    pub(crate) fn is_called(&mut self, offer: &str) -> Result<String> {
        let offer = bundled(offer);
        let parsed = SdpOffer::from_sdp_string(&offer).map_err(|error| failed(&offer, error))?;
        let answer = self.rtc().sdp_api().accept_offer(parsed);
        let answer = answer.map_err(|error| failed("taking the offer", error))?;
        self.begin();
        Ok(answer.to_sdp_string())
    }

    fn begin(&mut self) {
        let rtc = self.rtc.take().expect("the call has not begun");
        let socket = self.socket.take().expect("the call has not begun");
        let (shared, mid) = (Arc::clone(&self.shared), self.mid);
        self.thread = Some(thread::spawn(move || {
            let ran = run(*rtc, &socket, &shared, mid);
            if let Err(error) = &ran {
                let mut seen = shared.seen.lock().unwrap_or_else(PoisonError::into_inner);
                seen.error = Some(error.to_string());
            }
            ran
        }));
    }

    /// Waits until half a second that it hears from now on is clearly `tone`.
    pub(crate) fn hears(&self, tone: Tone) -> Result<()> {
        self.shared.ear.wait_for(tone, || format!("str0m ({:?})", self.seen()))
    }

    /// What became of its connection so far.
    pub(crate) fn seen(&self) -> Seen {
        self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Hangs up; an error if its stack ended with one.
    pub(crate) fn hang_up(mut self) -> Result<()> {
        self.shared.over.store(true, Ordering::Release);
        match self.thread.take() {
            Some(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            None => Ok(()),
        }
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The SDP with its one section bundled, which str0m insists on. With one section that changes nothing, and the recipe
/// does not ask for it.
fn bundled(sdp: &str) -> String {
    let mid = sdp.lines().find_map(|line| line.strip_prefix("a=mid:"));
    match mid {
        Some(mid) if !sdp.contains("a=group:BUNDLE") => {
            sdp.replacen("m=audio", &format!("a=group:BUNDLE {mid}\r\nm=audio"), 1)
        }
        _ => sdp.to_owned(),
    }
}

/// The loop of str0m's front page: one change, then all outputs, then wait.
fn run(mut rtc: Rtc, socket: &RtpPeer, shared: &Shared, mut mid: Option<Mid>) -> Result<()> {
    let mut spoken = 0u32;
    let mut began = None;
    while !shared.over.load(Ordering::Acquire) && rtc.is_alive() {
        let timeout = drain(&mut rtc, socket, shared, &mut mid)?;
        let now = Instant::now();
        let connected = shared.seen.lock().unwrap_or_else(PoisonError::into_inner).connected;
        let due = connected.then(|| *began.get_or_insert(now) + Duration::from_millis(20) * spoken);
        if let (Some(known), true) = (mid, due.is_some_and(|due| due <= now)) {
            speak(&mut rtc, known, now, spoken)?;
            spoken += 1;
            // What was written becomes packets when time goes on; before that there is no writing again.
            drain(&mut rtc, socket, shared, &mut mid)?;
            rtc.handle_input(Input::Timeout(now)).map_err(|error| failed("running", error))?;
            drain(&mut rtc, socket, shared, &mut mid)?;
        }
        let until = due.map_or(timeout, |due| due.min(timeout)).min(now + PATIENCE);
        let wait =
            until.saturating_duration_since(now).clamp(Duration::from_millis(1), Duration::from_millis(50));
        let input = socket.receive_bytes(wait)?;
        let now = Instant::now();
        let result = match &input {
            Some((datagram, source)) => {
                match Receive::new(Protocol::Udp, *source, socket.local(), datagram) {
                    Ok(receive) => rtc.handle_input(Input::Receive(now, receive)),
                    // What str0m does not know at all it need not see.
                    Err(_) => continue,
                }
            }
            None => rtc.handle_input(Input::Timeout(now)),
        };
        result.map_err(|error| failed("running", error))?;
    }
    Ok(())
}

/// Does what str0m wants done; when it wants to be asked again.
fn drain(rtc: &mut Rtc, socket: &RtpPeer, shared: &Shared, mid: &mut Option<Mid>) -> Result<Instant> {
    loop {
        match rtc.poll_output().map_err(|error| failed("polling", error))? {
            Output::Timeout(at) => return Ok(at),
            Output::Transmit(packet) => {
                socket.aim(packet.destination);
                socket.send_bytes(&packet.contents)?;
            }
            Output::Event(Event::Connected) => {
                shared.seen.lock().unwrap_or_else(PoisonError::into_inner).connected = true;
            }
            Output::Event(Event::MediaAdded(added)) => *mid = Some(added.mid),
            Output::Event(Event::MediaData(media)) => {
                shared.seen.lock().unwrap_or_else(PoisonError::into_inner).received += 1;
                let law = match media.params.spec().codec {
                    Codec::PCMU => Law::Mu,
                    Codec::PCMA => Law::A,
                    other => return Err(failed("media", format!("codec {other}"))),
                };
                shared.ear.hear(&media.data, law);
            }
            Output::Event(_) => {}
        }
    }
}

/// Says 20 ms of the tone in the first codec that was agreed on.
fn speak(rtc: &mut Rtc, mid: Mid, now: Instant, number: u32) -> Result<()> {
    let Some(writer) = rtc.writer(mid) else { return Ok(()) };
    let Some((pt, codec)) = writer.payload_params().map(|params| (params.pt(), params.spec().codec)).next()
    else {
        return Ok(());
    };
    let law = if codec == Codec::PCMA { Law::A } else { Law::Mu };
    let first = u64::from(number) * SAMPLES as u64;
    let time = MediaTime::new(first, Frequency::EIGHT_KHZ);
    let written = writer.write(pt, now, time, STRANGER_TONE.spoken(law, first, SAMPLES));
    written.map_err(|error| failed("speaking", error))
}

/// 20 ms is the pace of speech everywhere here.
const _: () = assert!(matches!(Pace::SPEECH, Pace::Every(every) if every.as_millis() == 20));
