//! As many calls as fit, all open at once: what they take of the machine, and what is left of that when they are gone.

use crate::found::{Found, files_kib};
use crate::pipeline::Pipeline;
use lab::{Daemon, Histogram, LabError, Pace, Result, RtpPeer, Stream, Topology, Value, call, ng};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Descriptors the daemon may have.
const DESCRIPTORS: usize = 20_000;
/// Calls for which an address has ports: two pairs each, of 31,768.
const PER_ADDRESS: u32 = 25_000;
/// Between two packets of a stream.
const EVERY: Duration = Duration::from_millis(200);
/// Between two pings.
const PING_EVERY: Duration = Duration::from_millis(5);
/// Between two questions for figures, which are about all calls.
const ASK_EVERY: Duration = Duration::from_millis(100);
/// How long memory may take to come back: replies are kept for up to a minute.
const GIVEN_BACK: Duration = Duration::from_secs(100);

/// What is to be done.
#[derive(Debug, Clone, Copy)]
pub struct Crowd {
    /// Calls.
    pub calls: u32,
    /// Calls of these that flow, both ways.
    pub flowing: u32,
    /// Packets of each stream of those.
    pub packets: u32,
    /// Wait until memory has come back.
    pub wait: bool,
}

/// Peers of a call that flows.
struct Flowing {
    peers: [RtpPeer; 2],
    streams: [Stream; 2],
}

/// Where a silent call's peer would be.
fn silent(leg: &lab::Leg, number: u32) -> SocketAddr {
    (leg.peer_v4, 2000 + 2 * (number % 31_000) as u16).into()
}

fn offer(number: u32, caller: SocketAddr) -> ng::Request {
    let pair = number / PER_ADDRESS;
    let sides = [format!("caller{pair}"), format!("callee{pair}")];
    call::offer(&id(number), caller).set("direction", Value::list(sides.iter().map(String::as_str)))
}

fn id(number: u32) -> String {
    format!("crowd-{number}@lab.example")
}

/// Starts a daemon with as many addresses on each side as the calls need.
fn start(net: &Topology, calls: u32) -> Result<Daemon> {
    let mut config =
        String::from("[media]\nports = \"2300-65533\"\n[timeouts]\nmedia = 3600\n[log]\nlevel = 4\n");
    for pair in 0..calls.div_ceil(PER_ADDRESS) {
        for (leg, base) in [(&net.caller, [198, 51, 100]), (&net.callee, [203, 0, 113])] {
            let address = format!("{}.{}.{}.{}", base[0], base[1], base[2], 100 + pair);
            net.relay.ip(&["addr", "add", &format!("{address}/24"), "dev", leg.interface])?;
            config +=
                &format!("[[interface]]\nname = \"{}{pair}\"\naddress = \"{address}\"\n", leg.interface);
        }
    }
    let daemon = Daemon::on(net).config(&config)?.start()?;
    let limit = format!("--nofile={DESCRIPTORS}:{DESCRIPTORS}");
    net.relay.run(&["prlimit", "--pid", &daemon.pid().to_string(), &limit])?;
    Ok(daemon)
}

impl Crowd {
    /// Does it. Needs root.
    ///
    /// # Errors
    /// Those of the lab; a request that is refused.
    pub fn gather(self) -> Result<Found> {
        let net = Topology::new()?;
        let own = std::process::id().to_string();
        net.relay.run(&["prlimit", "--pid", &own, "--nofile=20000:"])?;
        let daemon = start(&net, self.calls)?;
        let mut client = daemon.ng()?;
        client.ok(&ng::request("ping"))?;
        let (empty, empty_files) = (daemon.vitals()?, files_kib(daemon.pid())?);
        self.try_one(&net, &mut client, &daemon)?;
        let (used, used_files) = (daemon.vitals()?, files_kib(daemon.pid())?);
        let mut pipeline = Pipeline::open(&net.relay, daemon.control())?;

        let begun = Instant::now();
        let peer = |leg: &lab::Leg, number| (number >= self.flowing).then(|| silent(leg, number));
        let silent_ones = || self.flowing..self.calls;
        pipeline.all(silent_ones().filter_map(|number| Some(offer(number, peer(&net.caller, number)?))))?;
        pipeline.all(
            silent_ones().filter_map(|number| Some(call::answer(&id(number), peer(&net.callee, number)?))),
        )?;
        let begun = begun.elapsed();
        let mut flowing = Vec::new();
        for number in 0..self.flowing {
            flowing.push(self.begin(number, &net, &mut client)?);
        }
        let full = daemon.vitals()?;
        let (pings, packets) = self.flow(&flowing, &net, &daemon)?;
        let flowed = daemon.vitals()?;

        let ended = Instant::now();
        pipeline.all((0..self.calls).map(|number| call::delete(&id(number))))?;
        let (ended, gone_at) = (ended.elapsed(), Instant::now());
        drop(flowing);
        let mut gone = daemon.vitals()?;
        while self.wait && gone_at.elapsed() < GIVEN_BACK && gone.resident_kib * 10 > empty.resident_kib * 12
        {
            // Asked now and then, so that old replies are forgotten.
            client.ok(&ng::request("ping"))?;
            std::thread::park_timeout(Duration::from_millis(500));
            gone = daemon.vitals()?;
        }
        let files = [empty_files, used_files, files_kib(daemon.pid())?];
        daemon.stop()?;
        Ok(Found {
            calls: self.calls,
            begun_per_second: f64::from(self.calls - self.flowing) / begun.as_secs_f64(),
            ended_per_second: f64::from(self.calls) / ended.as_secs_f64(),
            vitals: [empty, full, flowed, gone],
            used,
            files,
            pings,
            packets,
            waited: gone_at.elapsed(),
        })
    }

    /// One call that flows and ends, and is asked about meanwhile.
    fn try_one(self, net: &Topology, client: &mut ng::Client, daemon: &Daemon) -> Result<()> {
        let single = Crowd { packets: 1, ..self };
        let one = [single.begin(0, net, client)?];
        single.flow(&one, net, daemon)?;
        client.ok(&call::delete(&id(0)))?;
        Ok(())
    }

    fn begin(self, number: u32, net: &Topology, client: &mut ng::Client) -> Result<Flowing> {
        let at = |leg: &lab::Leg| RtpPeer::bind(&leg.ns, (leg.peer_v4, 2000 + 2 * number as u16).into());
        let [alice, bob] = [at(&net.caller)?, at(&net.callee)?];
        let offered = client.ok(&offer(number, alice.local()))?;
        let answered = client.ok(&call::answer(&id(number), bob.local()))?;
        alice.aim(call::told(&answered)?);
        bob.aim(call::told(&offered)?);
        let streams = [2 * number, 2 * number + 1].map(|ssrc| Stream::new(ssrc, self.packets));
        Ok(Flowing { peers: [alice, bob], streams })
    }

    /// Lets calls flow; meanwhile pings the daemon and asks it for its figures.
    fn flow(self, flowing: &[Flowing], net: &Topology, daemon: &Daemon) -> Result<(Histogram, [u64; 2])> {
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let pinger = scope.spawn(|| ping_until(&over, net, daemon.control()));
            let asker = scope.spawn(|| ask_until(&over, net, daemon.control()));
            let sent = (0..self.packets).try_for_each(|index| {
                let due = Instant::now() + EVERY;
                for Flowing { peers, streams } in flowing {
                    for (peer, stream) in peers.iter().zip(streams) {
                        peer.send_one(stream, index)?;
                    }
                }
                std::thread::park_timeout(due.saturating_duration_since(Instant::now()));
                Ok::<(), LabError>(())
            });
            over.store(true, Ordering::SeqCst);
            let panicked = |_| LabError::Io {
                what: "asking the daemon".into(),
                source: std::io::ErrorKind::Other.into(),
            };
            let pings = pinger.join().map_err(panicked)??;
            asker.join().map_err(panicked)??;
            sent?;
            let mut arrived = 0;
            for Flowing { peers: [alice, bob], streams: [from_alice, from_bob] } in flowing {
                for (peer, stream) in [(bob, from_alice), (alice, from_bob)] {
                    arrived += u64::from(peer.receive(stream, Duration::from_secs(1))?.intact);
                }
            }
            let sent = 2 * flowing.len() as u64 * u64::from(self.packets);
            Ok((pings, [sent, arrived]))
        })
    }
}

/// Asks for figures at an even pace.
fn ask_until(over: &AtomicBool, net: &Topology, control: SocketAddr) -> Result<()> {
    let mut client = ng::Client::udp(&net.relay, control)?;
    let (start, mut number) = (Instant::now(), 0);
    while !over.load(Ordering::SeqCst) {
        number += 1;
        Pace::Every(ASK_EVERY).wait(start, number);
        client.ok(&ng::request("statistics"))?;
        for what in ["list numsessions", "list paths"] {
            client.ok(&ng::request("cli").set("body", what))?;
        }
    }
    Ok(())
}

/// Pings at an even pace, one at a time.
fn ping_until(over: &AtomicBool, net: &Topology, control: SocketAddr) -> Result<Histogram> {
    let mut client = ng::Client::udp(&net.relay, control)?;
    let (start, mut number, mut pings) = (Instant::now(), 0, Histogram::default());
    while !over.load(Ordering::SeqCst) {
        number += 1;
        Pace::Every(PING_EVERY).wait(start, number);
        let asked = Instant::now();
        client.ok(&ng::request("ping"))?;
        pings.add(asked.elapsed());
    }
    Ok(pings)
}
