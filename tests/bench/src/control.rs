//! The control side of a daemon: calls set up and ended per second, what that costs, and what a call takes in memory.

use crate::{BenchError, Profile, Role, Subject, stage};
use lab::{Daemon, Topology, Value, call, ng};
use serde::Serialize;
use std::collections::VecDeque;
use std::fs;
use std::net::{SocketAddr, SocketAddrV4, UdpSocket};
use std::time::{Duration, Instant};

/// Requests on their way at a time: as many as a busy proxy has.
const WINDOW: usize = 16;
/// A reply is late after this, and then there is none.
const PATIENCE: Duration = Duration::from_secs(5);
/// Exchanges that nobody measures.
const WARM_UP: u32 = 500;
/// Room for a reply.
const REPLY: usize = 8 * 1024;
/// The kernel frees what it has for sockets in its own time: so long nothing more may have gone ...
const AT_REST: Duration = Duration::from_millis(300);
/// ... and after this it is taken as it is: somebody else is at work.
const NEVER_AT_REST: Duration = Duration::from_secs(5);

/// What was measured of one subject in one round.
#[derive(Clone, Debug, Serialize)]
pub struct Control {
    /// Of whom.
    pub subject: String,
    /// Calls per second, each offered, answered and deleted, 16 requests on their way at a time.
    pub calls_per_s: f64,
    /// Time of the daemon's threads for one such call, in microseconds.
    pub cpu_us: f64,
    /// Memory with calls up, the smallest number first.
    pub memory: Vec<Memory>,
    /// Why there are not more of them.
    pub ended: Option<String>,
}

/// What calls take, offered and answered, PCMU, with RTCP multiplexed.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Memory {
    /// Calls up.
    pub calls: u32,
    /// More than without calls in the daemon, in bytes for each.
    pub daemon: f64,
    /// More in the kernel's own memory for objects (sockets, files, maps), in bytes for each.
    pub kernel: f64,
}

/// Measures a daemon. `calls` are the numbers of calls at which memory is looked at.
///
/// # Errors
/// When it cannot be started, or refuses calls before any could be measured.
pub fn measure(
    profile: &Profile,
    subject: &Subject,
    exchanges: u32,
    calls: &[u32],
) -> Result<Control, BenchError> {
    if subject.role != Role::Relay {
        let what = "has no control side".to_owned();
        return Err(BenchError::Unfit { subject: subject.name.clone(), what });
    }
    let net = Topology::new()?;
    let mut rate = {
        let daemon = stage::daemon(profile, subject, &net)?;
        let mut proxy = Proxy::new(&daemon, &net)?;
        proxy.run(WARM_UP, true)?;
        let (before, began) = (run_time(daemon.pid())?, Instant::now());
        proxy.run(exchanges, true)?;
        let took = began.elapsed();
        let used = run_time(daemon.pid())?.saturating_sub(before);
        let each = |time: Duration| time.as_secs_f64() / f64::from(exchanges.max(1));
        Control {
            subject: subject.name.clone(),
            calls_per_s: 1.0 / each(took).max(f64::MIN_POSITIVE),
            cpu_us: each(used) * 1e6,
            memory: Vec::new(),
            ended: None,
        }
    };
    // Another daemon, since this one has kept what it had.
    let daemon = stage::daemon(profile, subject, &net)?;
    let mut proxy = Proxy::new(&daemon, &net)?;
    let empty = Use::at_rest(daemon.pid())?;
    for wanted in calls {
        if let Err(error) = proxy.run(wanted.saturating_sub(proxy.up), false) {
            rate.ended = Some(format!("at {} calls: {error}", proxy.up));
            break;
        }
        // Nothing has ended meanwhile that would still have to go.
        let full = Use::of(daemon.pid())?;
        let each = |now: u64, then: u64| now.saturating_sub(then) as f64 / f64::from(*wanted.max(&1));
        let (in_daemon, kernel) = (each(full.daemon, empty.daemon), each(full.kernel, empty.kernel));
        rate.memory.push(Memory { calls: *wanted, daemon: in_daemon, kernel });
    }
    Ok(rate)
}

/// Memory in use, in bytes.
#[derive(Clone, Copy, Debug)]
struct Use {
    daemon: u64,
    kernel: u64,
}

impl Use {
    /// When the kernel has freed what it had for the daemon before.
    fn at_rest(pid: u32) -> Result<Use, BenchError> {
        let began = Instant::now();
        let (mut least, mut since) = (Use::of(pid)?, began);
        while since.elapsed() < AT_REST && began.elapsed() < NEVER_AT_REST {
            let now = Use::of(pid)?;
            if now.kernel < least.kernel {
                (least, since) = (now, Instant::now());
            }
        }
        Ok(least)
    }

    fn of(pid: u32) -> Result<Use, BenchError> {
        let daemon = kilobytes(&format!("/proc/{pid}/status"), "VmRSS:")?;
        let kernel = kilobytes("/proc/meminfo", "Slab:")? + kilobytes("/proc/meminfo", "Percpu:")?;
        Ok(Use { daemon: daemon * 1024, kernel: kernel * 1024 })
    }
}

fn kilobytes(path: &str, name: &str) -> Result<u64, BenchError> {
    let text = fs::read_to_string(path).map_err(BenchError::system(path))?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.ok_or_else(|| BenchError::Profile(format!("{path} has no {name}")))
}

fn run_time(pid: u32) -> Result<Duration, BenchError> {
    let staff = crate::cpu::Staff { process: Some(pid), kernel: Vec::new(), core: 0 };
    staff.process_time()
}

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Offer,
    Answer,
    Delete,
}

/// Somebody who sets calls up, several at a time.
struct Proxy {
    socket: UdpSocket,
    ends: [SocketAddrV4; 2],
    /// The next call's number; also how many there ever were.
    next: u32,
    /// Calls that are up.
    up: u32,
    reply: Vec<u8>,
}

impl Proxy {
    fn new(daemon: &Daemon, net: &Topology) -> Result<Proxy, BenchError> {
        let socket = net.relay.udp(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        socket.connect(daemon.control()).map_err(BenchError::system("connecting to ng"))?;
        socket.set_read_timeout(Some(PATIENCE)).map_err(BenchError::system("setting a limit"))?;
        let ends = [&net.caller, &net.callee].map(|leg| SocketAddrV4::new(leg.peer_v4, 0));
        Ok(Proxy { socket, ends, next: 0, up: 0, reply: vec![0; REPLY] })
    }

    /// Sets `count` calls up, and ends them if they are to `end`.
    fn run(&mut self, count: u32, end: bool) -> Result<(), BenchError> {
        let last = self.next + count;
        let mut open = VecDeque::new();
        let mut under_way = 0;
        loop {
            while under_way < WINDOW && self.next < last {
                open.push_back((self.next, Step::Offer));
                self.next += 1;
                under_way += 1;
            }
            while let Some((number, step)) = open.pop_front() {
                self.send(number, step)?;
            }
            if under_way == 0 {
                return Ok(());
            }
            let (number, step) = self.receive()?;
            match step {
                Step::Offer => open.push_back((number, Step::Answer)),
                Step::Answer if end => open.push_back((number, Step::Delete)),
                Step::Answer | Step::Delete => {
                    self.up += u32::from(step == Step::Answer);
                    under_way -= 1;
                }
            }
        }
    }

    fn send(&self, number: u32, step: Step) -> Result<(), BenchError> {
        let id = format!("control-{number}");
        let end = |at: usize| {
            let port = 10_000 + 2 * (number % 25_000) as u16;
            SocketAddr::from(SocketAddrV4::new(*self.ends[at].ip(), port))
        };
        let body = |at: SocketAddr| lab::sdp::audio(at).line("a=rtcp-mux").text();
        let request: ng::Request = match step {
            Step::Offer => call::offer(&id, end(0)).set("sdp", body(end(0))),
            Step::Answer => call::answer(&id, end(1)).set("sdp", body(end(1))),
            Step::Delete => call::delete(&id),
        };
        let mut message = format!("{number}_{} ", step as u8).into_bytes();
        message.extend(request.body().encode());
        self.socket.send(&message).map_err(BenchError::system("sending to ng")).map(drop)
    }

    fn receive(&mut self) -> Result<(u32, Step), BenchError> {
        let len = self.socket.recv(&mut self.reply).map_err(BenchError::system("waiting for ng"))?;
        let text = self.reply.get(..len).unwrap_or_default();
        let strange = || BenchError::Profile(format!("reply {:?}", String::from_utf8_lossy(text)));
        let space = text.iter().position(|byte| *byte == b' ').ok_or_else(strange)?;
        let cookie = std::str::from_utf8(&text[..space]).map_err(|_| strange())?;
        let (number, step) = cookie.split_once('_').ok_or_else(strange)?;
        let step = match step {
            "0" => Step::Offer,
            "1" => Step::Answer,
            _ => Step::Delete,
        };
        let body: Value = ng::decode_body(&text[space + 1..])?;
        if body.text("result") != Some("ok") {
            return Err(strange());
        }
        Ok((number.parse().map_err(|_| strange())?, step))
    }
}
