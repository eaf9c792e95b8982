//! One subject's turn: it is started, hears everybody, and is measured.

use super::filler::Filler;
use super::hops::{Hops, Round};
use super::{Asked, chrt};
use crate::cpu::{Spent, Staff, kernel_threads};
use crate::stage::{self, Relay};
use crate::traffic::PeerEnd;
use crate::{BenchError, Profile, Role, Subject, calls};
use lab::Topology;
use serde::Serialize;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

/// The peers alone.
pub(super) const NOBODY: &str = "nobody";
/// How long flows are heard at least, so that every daemon has settled who sends from where.
const HEARD: Duration = Duration::from_secs(4);
/// How long until they must all arrive; a driver may take its link down for some seconds.
const WITHIN: Duration = Duration::from_secs(20);
/// Rounds without a loss before it begins.
const CLEAN: u32 = 5;
/// How long a packet is waited for before it counts as lost, ...
const PATIENCE: Duration = Duration::from_secs(2);
/// ... and at first.
const BRIEF: Duration = Duration::from_millis(20);
/// Between two rounds of the first ones: the pace at which daemons learn who sends from where. When that is over is seen, not
/// waited for.
const PAUSE: Duration = Duration::from_millis(40);
/// Where ours says which mode its queues have.
const CLI: &str = "127.0.0.1:2224";

/// What a packet costs, in instructions. Medians of rounds.
#[derive(Clone, Debug, Serialize)]
pub struct Cost {
    /// Of whom; `nobody` are the peers without anybody between.
    pub subject: String,
    /// `plain`, or `sealed`: of two packets one goes in in clear and out sealed, one the other way.
    pub packets: &'static str,
    /// Packets under way at a time.
    pub at_a_time: usize,
    /// Of which turn.
    pub turn: u32,
    /// Of the whole machine: sender, wires, relay, receiver.
    pub instructions: f64,
    /// Of this, the threads of the relay's process; mean.
    pub process: f64,
    /// Of this, the NAPI threads of its NICs; mean.
    pub napi: f64,
    /// How its packets came in: `zero-copy` or what else is known.
    pub mode: String,
    /// Half of the rounds lie between these.
    pub quartiles: [f64; 2],
    /// How often receivers looked, for each time that packets were sent; not in the figures.
    pub looks: f64,
}

/// Both wires.
pub(super) type Wires = [PeerEnd; 2];

/// What all turns have in common.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    pub(super) net: &'a Topology,
    pub(super) wires: &'a Wires,
    pub(super) filler: &'a Filler,
    pub(super) asked: &'a Asked,
    pub(super) at_a_time: usize,
    pub(super) number: u32,
}

/// Everybody knows everybody: no questions for neighbours, and a way to the far side for who only changes MAC addresses.
pub(super) fn prepare(net: &Topology) -> Result<Wires, BenchError> {
    for namespace in [&net.relay, &net.caller.ns, &net.callee.ns] {
        namespace.set("ipv6/conf/all/disable_ipv6", "1")?;
    }
    let wires = [stage::peer_end(&net.caller, &net.relay)?, stage::peer_end(&net.callee, &net.relay)?];
    for (leg, end) in [&net.caller, &net.callee].into_iter().zip(&wires) {
        let neighbours = [
            (&net.relay, leg.peer_v4, end.mac, leg.interface),
            (&leg.ns, leg.relay_v4, end.relay_mac, "eth0"),
        ];
        for (namespace, address, mac, device) in neighbours {
            let (address, mac) = (address.to_string(), stage::text(mac));
            namespace.ip(&[
                "neigh",
                "replace",
                &address,
                "lladdr",
                &mac,
                "nud",
                "permanent",
                "dev",
                device,
            ])?;
        }
        leg.ns.ip(&["route", "replace", "default", "via", &leg.relay_v4.to_string()])?;
    }
    Ok(wires)
}

impl Turn<'_> {
    /// The peers without a relay: every packet ends at the NIC where the relay would receive it.
    pub(super) fn nobody(&self) -> Result<Cost, BenchError> {
        let mut hops = Hops::nobody(self.net, self.asked.calls)?;
        let staff = self.staff(None)?;
        self.settle(&mut hops, || Ok(true), NOBODY)?;
        self.cost(&mut hops, &staff, NOBODY, "plain", "sockets".to_owned())
    }

    pub(super) fn relay(&self, profile: &Profile, subject: &Subject) -> Result<Cost, BenchError> {
        let ours = subject.role == Role::Relay && subject.args.is_empty();
        let profile = Profile { relay_core: 0, ..profile.clone() };
        let mut asked = subject.clone();
        if ours {
            asked.config.push_str(&format!("[control]\nlisten-cli = [\"{CLI}\"]\n"));
        }
        let (relay, routes) = stage::start(&profile, &asked, self.asked.calls, self.net, self.wires)?;
        let mode = match &relay {
            Relay::Daemon(daemon) if ours => mode(&queues(daemon)?),
            Relay::Forwarder { process } if subject.role == Role::L2fwd => mode(&process.log()),
            _ => String::new(),
        };
        if subject.role == Role::L2fwd || subject.interface.contains("\"worker\"") {
            // The figure is that of zero-copy or it is none.
            if mode != "zero-copy" {
                let what = format!("its queues are in mode {mode:?}");
                return Err(BenchError::Unfit { subject: subject.name.clone(), what });
            }
        }
        let mut hops = Hops::open(self.net, &routes)?;
        let staff = self.staff(match &relay {
            Relay::Daemon(daemon) => Some(daemon.pid()),
            Relay::Forwarder { process } => Some(process.pid()),
            Relay::Kernel => None,
        })?;
        let mut last = [0, 0];
        let fast = || {
            let Relay::Daemon(daemon) = &relay else { return Ok(true) };
            if subject.fast_share == 0.0 {
                return Ok(true);
            }
            let now = calls::relayed(daemon)?;
            let [all, fast] = [now[0] - last[0], now[1] - last[1]];
            last = now;
            Ok(all > 0 && fast as f64 >= subject.fast_share * all as f64)
        };
        self.settle(&mut hops, fast, &subject.name).map_err(|error| match &relay {
            Relay::Daemon(daemon) => BenchError::Profile(format!("{error}\n{}", daemon.log())),
            _ => error,
        })?;
        let packets = if profile.suite.is_some() { "sealed" } else { "plain" };
        let cost = self.cost(&mut hops, &staff, &subject.name, packets, mode)?;
        if let Relay::Daemon(daemon) = relay {
            daemon.stop()?;
        }
        Ok(cost)
    }

    /// Sends until all arrives and is where it should be.
    fn settle(
        &self,
        hops: &mut Hops,
        mut fast: impl FnMut() -> Result<bool, BenchError>,
        name: &str,
    ) -> Result<(), BenchError> {
        let (began, mut clean, mut last) = (Instant::now(), 0, Round::default());
        while clean < CLEAN || began.elapsed() < HEARD {
            if began.elapsed() > WITHIN {
                let what = format!("does not relay as it should: {last:?}");
                return Err(BenchError::Unfit { subject: name.to_owned(), what });
            }
            last = hops.round(self.filler, self.at_a_time, BRIEF)?;
            clean = if last.lost == 0 && fast()? { clean + 1 } else { 0 };
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }

    fn cost(
        &self,
        hops: &mut Hops,
        staff: &Staff,
        name: &str,
        packets: &'static str,
        mode: String,
    ) -> Result<Cost, BenchError> {
        hops.rest(self.filler);
        let before: Spent = staff.spent()?;
        let (mut costs, mut looks, mut sent) = (Vec::new(), 0, 0);
        for _ in 0..self.asked.rounds {
            let round = hops.round(self.filler, self.at_a_time, PATIENCE)?;
            if round.lost > 0 {
                let what = format!("has lost packets or changed them: {round:?}");
                return Err(BenchError::Unfit { subject: name.to_owned(), what });
            }
            sent += round.sent;
            looks += round.looks;
            costs.push(round.work as f64 / round.sent.max(1) as f64);
        }
        let used = before.until(&staff.spent()?);
        let each = |time: Duration| time.as_nanos() as f64 / sent.max(1) as f64;
        costs.sort_by(f64::total_cmp);
        let at = |share: usize| costs.get((costs.len() * share / 4).min(costs.len().saturating_sub(1)));
        let [low, median, high] = [1, 2, 3].map(|share| at(share).copied().unwrap_or_default());
        Ok(Cost {
            subject: name.to_owned(),
            packets,
            at_a_time: self.at_a_time,
            turn: self.number,
            instructions: median,
            process: each(used.process),
            napi: each(used.kernel),
            mode,
            quartiles: [low, high],
            looks: looks as f64 * self.at_a_time as f64 / sent.max(1) as f64,
        })
    }

    /// Gives every NIC's queues a thread, as `bench run` does. Those of the peers go after everything else but the filler, so
    /// that they get what was sent together, whoever sent it.
    fn staff(&self, process: Option<u32>) -> Result<Staff, BenchError> {
        let mut kernel = Vec::new();
        let (relay, peers) = (&self.net.relay, [&self.net.caller.ns, &self.net.callee.ns]);
        let ends = [
            (relay, "caller", true),
            (relay, "callee", true),
            (peers[0], "eth0", false),
            (peers[1], "eth0", false),
        ];
        let everybody = || kernel_threads("napi/");
        for (namespace, device, ours) in ends {
            let switch = |to: u8| {
                let line = format!("echo {to} > /sys/class/net/{device}/threaded");
                namespace.run(&["sh", "-c", &line])
            };
            // Off and on again: so it is known whose they are.
            switch(0)?;
            let before = everybody();
            switch(1)?;
            for pid in everybody().difference(&before) {
                if ours {
                    kernel.push(*pid);
                } else {
                    chrt(&["-b", "-p", "0"], *pid)?;
                    stage::command("renice", &["-n", "19", "-p", &pid.to_string()])?;
                }
            }
        }
        Ok(Staff { process, kernel, core: 0 })
    }
}

/// What ours says of its queues.
fn queues(daemon: &lab::Daemon) -> Result<String, BenchError> {
    let mut stream = daemon.namespace().tcp(CLI.parse().map_err(|_| BenchError::Profile(CLI.to_owned()))?)?;
    let mut said = String::new();
    stream
        .write_all(b"list paths\n")
        .and_then(|()| stream.shutdown(Shutdown::Write))
        .and_then(|()| stream.read_to_string(&mut said))
        .map_err(BenchError::system("asking for paths"))?;
    Ok(said)
}

/// The mode of all queues that are named; empty if none is, or not the same for all.
fn mode(said: &str) -> String {
    let lines: Vec<&str> = said.lines().filter(|line| line.contains(" queue ")).collect();
    let word = |line: &&str| line.rsplit(' ').next().unwrap_or_default().to_owned();
    let first = lines.first().map(word).unwrap_or_default();
    if lines.iter().all(|line| word(line) == first) { first } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::mode;

    #[test]
    fn the_mode_is_that_of_all_queues() {
        let line = |nic, mode| format!("{nic} queue 0: program native, packet thread {mode}\n");
        let both = line("caller", "zero-copy") + &line("callee", "zero-copy");
        assert_eq!(mode(&format!("paths\n{both}af-xdp 2\n")), "zero-copy");
        assert_eq!(mode(&(both + &line("other", "copy"))), "");
        assert_eq!(mode("ready\n"), "");
    }
}
