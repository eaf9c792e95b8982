//! Plain calls that flow, and phones that shake hands beside them: how many a second, and what it costs the media.

use crate::{Error, Phone, Result, counted};
use lab::call::{TAGS, answer, offer, told};
use lab::{Daemon, Namespace, Pace, Topology, ng, rtp, sdp};
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// One SSRC per call; the number of the call is in its low bits.
const SSRC: u32 = 0x5000_0000;

/// How much of what.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Plain calls; each sends a packet per 20 ms from caller to callee.
    pub calls: u16,
    /// Handshakes a second.
    pub rate: u32,
    /// For so many seconds.
    pub seconds: u32,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    /// Media packets that were sent.
    pub sent: u64,
    /// … and that arrived.
    pub arrived: u64,
    /// Handshakes that were begun in time …
    pub begun: u32,
    /// … and those that came to keys at the phone.
    pub done: u32,
    /// … and at the relay.
    pub relay_done: u64,
    /// Processor time of the relay per handshake, in milliseconds, and of its media alone as a share of one core.
    pub relay_ms: f64,
    /// Processor time of the relay per second while only media flowed.
    pub media_share: f64,
    /// Packets of any kind that were lost by others than the relay, and by its sockets.
    pub lost: Lost,
}

/// Where packets were lost that nobody on the way was asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// On the wires of the lab: their queues are short, and are emptied by whoever has the processor.
    pub wires: u64,
    /// At full queues of the relay's sockets.
    pub relay: u64,
    /// At a full queue of the listener's socket.
    pub listener: u64,
}

impl Lost {
    /// As it stands now.
    fn read(net: &Topology) -> Result<Lost> {
        let devices =
            [(&net.caller.ns, "eth0"), (&net.callee.ns, "eth0"), (&net.relay, "caller"), (&net.relay, "callee")];
        let mut wires = 0;
        for (namespace, device) in devices {
            let path = format!("/sys/class/net/{device}/statistics/tx_dropped");
            wires += number(&namespace.run(&["cat", &path])?);
        }
        Ok(Lost { wires, relay: full(&net.relay)?, listener: full(&net.callee.ns)? })
    }

    fn since(self, before: Lost) -> Lost {
        Lost {
            wires: self.wires - before.wires,
            relay: self.relay - before.relay,
            listener: self.listener - before.listener,
        }
    }
}

fn number(text: &str) -> u64 {
    text.trim().parse().unwrap_or_default()
}

/// Datagrams that found a socket's queue full (`RcvbufErrors` of UDP).
fn full(namespace: &Namespace) -> Result<u64> {
    let snmp = namespace.run(&["cat", "/proc/net/snmp"])?;
    let mut rows = snmp.lines().filter_map(|line| line.strip_prefix("Udp: "));
    let (names, values) = (rows.next().unwrap_or_default(), rows.next().unwrap_or_default());
    let mut both = names.split(' ').zip(values.split(' '));
    Ok(both.find(|(name, _)| *name == "RcvbufErrors").map_or(0, |(_, value)| number(value)))
}

/// Sets everything up on `net` and measures. All callers share a socket, and so do all callees: the relay's ports tell
/// the calls apart.
///
/// # Errors
/// The relay refuses something, or handshakes fail.
pub fn measure(net: &Topology, daemon: &Daemon, load: Load) -> Result<Outcome> {
    let mut client = daemon.ng()?;
    let (alice, bob) = (
        socket(&net.caller.ns, net.caller.peer_v4.into())?,
        socket(&net.callee.ns, net.callee.peer_v4.into())?,
    );
    let mut ports = Vec::with_capacity(load.calls.into());
    for number in 0..load.calls {
        let id = format!("plain-{number}");
        client.ok(&offer(&id, alice.local_addr()?))?;
        ports.push(told(&client.ok(&answer(&id, bob.local_addr()?))?)?);
    }
    let mut phones = phones(net, &mut client, load.rate * load.seconds)?;
    let before = Lost::read(net)?;
    let (over, sent) = (AtomicBool::new(false), AtomicU32::new(0));
    let mut outcome = Outcome::default();
    let arrived = std::thread::scope(|scope| -> Result<u64> {
        let (over, sent, ports) = (&over, &sent, &ports);
        let listener = scope.spawn(move || listen(&bob, over));
        let _over = SetOnDrop(over);
        let speaker = scope.spawn(move || speak(&alice, ports, load.seconds * 3, over, sent));
        let span = Duration::from_secs(load.seconds.into());
        let alone = cpu_over(daemon, span, || Ok(()))?;
        let beside = cpu_over(daemon, span, || shake_all(&mut phones, load.rate, &mut outcome))?;
        outcome.media_share = alone.as_secs_f64() / span.as_secs_f64();
        outcome.relay_ms =
            (beside.as_secs_f64() - alone.as_secs_f64()) * 1000.0 / f64::from(outcome.begun.max(1));
        over.store(true, Ordering::SeqCst);
        join(speaker)??;
        join(listener)?
    })?;
    outcome.sent = sent.load(Ordering::SeqCst).into();
    outcome.arrived = arrived;
    outcome.lost = Lost::read(net)?.since(before);
    outcome.relay_done = counted(&mut client, "dtls-done")?;
    Ok(outcome)
}

fn join<T>(handle: std::thread::ScopedJoinHandle<'_, T>) -> Result<T> {
    handle.join().map_err(|_| Error::Seal("a thread of the lab panicked"))
}

struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn socket(namespace: &Namespace, ip: std::net::IpAddr) -> Result<UdpSocket> {
    let socket = namespace.udp((ip, 4000).into())?;
    // A large queue, so that what is lost was lost by the relay.
    nix::sys::socket::setsockopt(&socket, nix::sys::socket::sockopt::RcvBufForce, &(64 << 20))
        .map_err(std::io::Error::from)?;
    Ok(socket)
}

/// Phones whose calls are set up, and which are to begin: the relay waits.
fn phones(net: &Topology, client: &mut ng::Client, count: u32) -> Result<Vec<Phone>> {
    let mut phones = Vec::with_capacity(count as usize);
    let callee: SocketAddr = (net.callee.peer_v4, 3999).into();
    for number in 0..count {
        let mut phone = Phone::new(&net.caller.ns, (net.caller.peer_v4, 0).into())?;
        let id = format!("phone-{number}");
        let request = offer(&id, phone.local())
            .set("sdp", phone.sdp("actpass"))
            .set("transport-protocol", "RTP/AVP")
            .set("DTLS", "passive");
        client.ok(&request)?;
        let request = ng::request("answer").set("call-id", id.as_str()).set("from-tag", TAGS[0]);
        let answered = client.ok(&request.set("to-tag", TAGS[1]).set("sdp", sdp::audio(callee).text()))?;
        phone.hear(answered.text("sdp").unwrap_or_default())?;
        phones.push(phone);
    }
    Ok(phones)
}

/// Begins so many handshakes a second, and sees all of them through.
fn shake_all(phones: &mut [Phone], rate: u32, outcome: &mut Outcome) -> Result<()> {
    let start = Instant::now();
    let mut next = 0;
    let mut open: Vec<usize> = Vec::new();
    let interval = Duration::from_secs(1) / rate.max(1);
    while next < phones.len() || !open.is_empty() {
        while next < phones.len() && start.elapsed() >= interval * next as u32 {
            phones[next].begin()?;
            open.push(next);
            next += 1;
            outcome.begun += 1;
        }
        let mut late = Vec::with_capacity(open.len());
        for at in open {
            match phones[at].look() {
                Ok(true) => outcome.done += 1,
                Ok(false) => late.push(at),
                Err(Error::Handshake(_)) => {}
                Err(other) => return Err(other),
            }
        }
        open = late;
        if start.elapsed() > interval * phones.len() as u32 + Duration::from_secs(10) {
            return Ok(());
        }
        std::thread::park_timeout(Duration::from_micros(500));
    }
    // To the end of the second that was asked for, so that media alone and beside it are as long.
    if let Some(left) = (interval * phones.len() as u32).checked_sub(start.elapsed()) {
        Pace::Every(left).wait(Instant::now(), 1);
    }
    Ok(())
}

/// A packet of every call per 20 ms, until it is over.
fn speak(
    socket: &UdpSocket,
    ports: &[SocketAddr],
    seconds: u32,
    over: &AtomicBool,
    sent: &AtomicU32,
) -> Result<()> {
    let start = Instant::now();
    let per_round = ports.len() as u32;
    for round in 0..seconds.saturating_mul(50) {
        for (call, port) in ports.iter().enumerate() {
            if over.load(Ordering::Relaxed) {
                return Ok(());
            }
            // Dealt over the 20 ms, 25 at a time.
            if call % 25 == 0 {
                let due = Duration::from_millis(20) * round
                    + Duration::from_millis(20) * (call as u32) / per_round.max(1);
                Pace::Every(due).wait(start, 1);
            }
            let header = rtp::Header {
                payload_type: 0,
                marker: false,
                sequence: round as u16,
                timestamp: round * 160,
                ssrc: SSRC | call as u32,
            };
            socket.send_to(&rtp::write(&header, &[0xd5; 160]), port)?;
            sent.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(())
}

/// Counts packets of calls until it is over and none has come for a while.
fn listen(socket: &UdpSocket, over: &AtomicBool) -> Result<u64> {
    let mut bytes = [0; 2048];
    let mut arrived = 0;
    socket.set_read_timeout(Some(Duration::from_millis(200)))?;
    loop {
        match socket.recv(&mut bytes) {
            Ok(len) => {
                let header = rtp::parse(&bytes[..len]).map(|(header, _)| header.ssrc & 0xffff_0000);
                arrived += u64::from(header == Some(SSRC));
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                if over.load(Ordering::SeqCst) {
                    return Ok(arrived);
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Processor time of the relay during `work`, and for `span` at least.
fn cpu_over(daemon: &Daemon, span: Duration, work: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let (start, before) = (Instant::now(), cpu(daemon.pid())?);
    work()?;
    if let Some(left) = span.checked_sub(start.elapsed()) {
        Pace::Every(left).wait(Instant::now(), 1);
    }
    Ok(cpu(daemon.pid())? - before)
}

/// Processor time of a process since its start, in ticks of a hundredth of a second.
fn cpu(pid: u32) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let field =
        |at: usize| after_name.split(' ').nth(at).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    Ok(Duration::from_millis((field(11) + field(12)) * 10))
}
