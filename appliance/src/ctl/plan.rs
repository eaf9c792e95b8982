use crate::worker::Pool;
use flow::{Carries, Change, FlowKey, FlowSpec, Gate, Generation, Learning, Moment, Output, StreamId};
use mio::{Poll, Token, Waker};
use smallvec::SmallVec;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};
use udp::{PortSocket, SocketBuffers};

/// Packets a second from each phone: 20 ms of audio each.
const PER_PHONE: u64 = 50;
/// Payload of G.711, with the RTP header.
const RTP: usize = 172;
/// UDP, IPv4 and Ethernet with its gap and preamble, in bytes.
const AROUND: u64 = 8 + 20 + 38;
/// Ports of a call: RTP and RTCP on both sides.
const PORTS: u64 = 4;
/// Ports of an address in the default range 30000 to 39999.
const RANGE: u64 = 10_000;
/// Of a core, what packets may take: the rest is for bursts and for the system.
const SHARE: f64 = 0.6;
/// Packets on their way at a time while measuring.
const WINDOW: usize = 32;
/// How long a packet thread or a packet may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// What so many calls need.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Calls of two phones.
    pub calls: u64,
    /// CPU time of one relayed packet through the sockets, in nanoseconds, measured here.
    pub packet_ns: f64,
    /// Packets that were relayed to measure it.
    pub measured: u64,
    /// Cores of this host.
    pub cores_here: u64,
}

/// Measures for that long what a packet costs through the sockets of one packet thread, over loopback.
///
/// # Errors
/// When the system does not give what the measurement needs.
pub fn plan(calls: u64, measure: Duration) -> io::Result<Plan> {
    let (packet_ns, measured) = measured(measure)?;
    let cores_here = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    Ok(Plan { calls, packet_ns, measured, cores_here })
}

impl Plan {
    /// Packets per second that arrive.
    pub fn packets(&self) -> u64 {
        self.calls * 2 * PER_PHONE
    }

    /// Cores that relay them through the sockets.
    pub fn cores(&self) -> u64 {
        (self.packets() as f64 * self.packet_ns / 1e9 / SHARE).ceil().max(1.0) as u64
    }

    /// Calls that the cores of this host relay through the sockets.
    pub fn calls_here(&self) -> u64 {
        (self.cores_here as f64 * SHARE * 1e9 / self.packet_ns / (2 * PER_PHONE) as f64) as u64
    }

    /// Ports in all.
    pub fn ports(&self) -> u64 {
        self.calls * PORTS
    }

    /// Addresses of each of the two sides, with the default range of ports.
    pub fn addresses(&self) -> u64 {
        (self.ports() / 2).div_ceil(RANGE)
    }

    /// Bits per second that arrive, and as many leave, on Ethernet.
    pub fn bits(&self) -> u64 {
        self.packets() * (RTP as u64 + AROUND) * 8
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} calls of two phones, G.711 in packets of 20 ms, RTCP apart:", self.calls)?;
        let (ports, addresses) = (self.ports(), self.addresses());
        writeln!(f, "  ports        {ports} ({PORTS} per call; 2 per call if both sides use rtcp-mux)")?;
        writeln!(f, "  addresses    {addresses} on each side, with {RANGE} ports each")?;
        writeln!(f, "  descriptors  {} (LimitNOFILE), a socket per port and 1000 besides", ports + 1000)?;
        writeln!(f, "  packets/s    {} in, as many out", self.packets())?;
        writeln!(f, "  bandwidth    {:.1} Mbit/s in, as much out", self.bits() as f64 / 1e6)?;
        writeln!(
            f,
            "  cores        {} for packets through the sockets, at {:.0} % of each",
            self.cores(),
            SHARE * 100.0
        )?;
        writeln!(f, "Measured on this host: {:.0} ns of CPU per packet through the sockets", self.packet_ns)?;
        writeln!(f, "  ({} packets over loopback, one packet thread).", self.measured)?;
        write!(
            f,
            "Its {} cores relay about {} such calls through the sockets. ",
            self.cores_here,
            self.calls_here()
        )?;
        writeln!(f, "AF_XDP and the kernel module cost less: `make bench` measures them side by side.")
    }
}

/// CPU time per packet in nanoseconds, and how many packets there were.
fn measured(length: Duration) -> io::Result<(f64, u64)> {
    let other = |error: &dyn fmt::Display| io::Error::other(error.to_string());
    let poll = Poll::new()?;
    let desk = Arc::new(Waker::new(poll.registry(), Token(0))?);
    let pool = Pool::start(&[None], Instant::now(), desk).map_err(|error| other(&error))?;
    let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let phones = [UdpSocket::bind((here, 0))?, UdpSocket::bind((here, 0))?];
    let mut keys = Vec::new();
    for _ in &phones {
        let port = PortSocket::bind(FlowKey::new(here, 0), 0, SocketBuffers::default())
            .map_err(|error| other(&error))?;
        keys.push(port.key());
        pool.open(0, port).map_err(|error| other(&error))?;
    }
    for (nth, phone) in phones.iter().enumerate() {
        phone.set_read_timeout(Some(PATIENCE))?;
        let spec = spec(nth, keys[nth], phone.local_addr()?, keys[1 - nth]);
        pool.apply(0, Change::Install(spec.into())).map_err(|error| other(&error))?;
    }
    pool.snapshots(0, &keys, PATIENCE).map_err(|error| other(&error))?;
    let task = task("poll-0")?;
    let mut packet = [0; RTP];
    packet[0] = 0x80;
    let mut buffer = [0; 2048];
    let mut sequence = 0u16;
    let mut burst = || -> io::Result<u64> {
        for _ in 0..WINDOW {
            packet[2..4].copy_from_slice(&sequence.to_be_bytes());
            phones[0].send_to(&packet, SocketAddr::from(keys[0]))?;
            sequence = sequence.wrapping_add(1);
        }
        for _ in 0..WINDOW {
            phones[1].recv(&mut buffer)?;
        }
        Ok(WINDOW as u64)
    };
    // What is slow the first time.
    burst()?;
    let (before, begun, mut packets) = (cpu_ns(&task)?, Instant::now(), 0);
    while begun.elapsed() < length {
        packets += burst()?;
    }
    let spent = cpu_ns(&task)?.saturating_sub(before);
    pool.stop()?;
    if packets == 0 || spent == 0 {
        return Err(io::Error::other("the measurement was too short"));
    }
    Ok((spent as f64 / packets as f64, packets))
}

fn spec(nth: usize, key: FlowKey, peer: SocketAddr, egress: FlowKey) -> FlowSpec {
    FlowSpec {
        key,
        generation: Generation(1),
        stream: StreamId(nth as u64),
        carries: Carries::RtpAndRtcp,
        peer: Some(peer),
        confirmed: true,
        learning: Learning::Heuristic,
        learn_until: Moment(0),
        gate: Gate::Open,
        rtp: [Output::plain(egress)].into_iter().collect(),
        rtcp: SmallVec::new(),
        tos: 0,
        blocked: false,
        foreign: false,
        handshakes: false,
        security: None,
        one_way: false,
        reporting: Default::default(),
        parts: Vec::new(),
        via: None,
        traced: false,
        recorded: None,
    }
}

/// Folder of a thread of this process.
fn task(name: &str) -> io::Result<std::path::PathBuf> {
    for entry in std::fs::read_dir("/proc/self/task")? {
        let folder = entry?.path();
        // A thread may end while its folder is looked at.
        if std::fs::read_to_string(folder.join("comm")).is_ok_and(|comm| comm.trim_end() == name) {
            return Ok(folder);
        }
    }
    Err(io::Error::other(format!("there is no thread {name}")))
}

/// CPU time that a thread has taken, in nanoseconds.
fn cpu_ns(task: &std::path::Path) -> io::Result<u64> {
    let text = std::fs::read_to_string(task.join("schedstat"))?;
    let first = text.split(' ').next().and_then(|first| first.parse().ok());
    first.ok_or_else(|| io::Error::other("the kernel does not count CPU time of threads"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_of_calls_is_right() {
        let plan = Plan { calls: 10_000, packet_ns: 3000.0, measured: 1, cores_here: 4 };
        assert_eq!((plan.ports(), plan.addresses(), plan.packets()), (40_000, 2, 1_000_000));
        assert_eq!(plan.cores(), 5, "3 seconds of CPU a second, at 60 % of each core");
        assert_eq!(plan.calls_here(), 8000);
        assert_eq!(plan.bits(), 1_000_000 * 238 * 8);
        let small = Plan { calls: 1, ..plan };
        assert_eq!((small.cores(), small.addresses()), (1, 1));
        assert!(small.to_string().contains("LimitNOFILE"));
    }

    #[test]
    fn a_packet_costs_something() {
        let plan = plan(100, Duration::from_millis(50)).unwrap();
        assert!(plan.packet_ns > 50.0 && plan.measured > 0, "{plan:?}");
    }
}
