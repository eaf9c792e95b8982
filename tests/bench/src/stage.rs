use crate::cpu::{Staff, kernel_threads};
use crate::traffic::{PeerEnd, Route, Traffic};
use crate::{BenchError, Load, Profile, Role, Subject, bare, calls};
use lab::{Daemon, Leg, Namespace, Process, Topology};
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// How long the flows are heard before anything is measured, in seconds.
const LEARNING_S: f64 = 0.7;
/// Time between two looks of the far ends at their wires, in nanoseconds, ...
const FAR_TIMER_NS: u32 = 25_000;
/// ... and how many in vain before they wait to be woken.
const FAR_LOOKS: u32 = 200;
/// How often it is looked whether a fast path has taken the flows.
const TRIES: u32 = 12;

/// A subject that relays.
#[derive(Debug)]
pub struct Stage {
    /// Its name.
    pub subject: String,
    /// Flows installed.
    pub flows: u32,
    /// How often a packet is relayed on its way from end to end.
    pub(crate) hops: u32,
    pub(crate) traffic: Traffic,
    pub(crate) staff: Staff,
    relay: Relay,
    fast_share: f64,
    // Dropped last: everything above lives in it.
    _net: Topology,
}

/// Who relays.
#[derive(Debug)]
pub(crate) enum Relay {
    Daemon(Box<Daemon>),
    Forwarder { process: Box<Process> },
    Kernel,
}

impl Stage {
    /// Builds a lab with the subject in the middle, sets `calls` calls up, and has every flow learned and, where the
    /// subject promises it, taken by its fast path. Needs root.
    ///
    /// # Errors
    /// When something is missing, or the subject does not relay.
    pub fn open(profile: &Profile, subject: &Subject, calls: u32) -> Result<Stage, BenchError> {
        let net = Topology::new()?;
        for namespace in [&net.relay, &net.caller.ns, &net.callee.ns] {
            // Nothing but our packets on the wires.
            namespace.set("ipv6/conf/all/disable_ipv6", "1")?;
        }
        let ends = [peer_end(&net.caller, &net.relay)?, peer_end(&net.callee, &net.relay)?];
        for (leg, end) in [&net.caller, &net.callee].into_iter().zip(&ends) {
            let (address, mac) = (leg.peer_v4.to_string(), text(end.mac));
            let neighbour =
                ["neigh", "replace", &address, "lladdr", &mac, "nud", "permanent", "dev", leg.interface];
            net.relay.ip(&neighbour)?;
        }
        let (relay, routes) = start(profile, subject, calls, &net, &ends)?;
        let mut traffic = Traffic::open(&ends, routes.len() as u32, profile.load_core)?;
        traffic.set_routes(&routes)?;
        let staff = staff(profile, &relay, &net)?;
        let flows = routes.len() as u32;
        let name = subject.name.clone();
        let fast_share = subject.fast_share;
        let hops = if profile.suite.is_some() { 2 } else { 1 };
        let mut stage = Stage { subject: name, flows, hops, traffic, staff, relay, fast_share, _net: net };
        stage.traffic.start()?;
        stage.learn()?;
        Ok(stage)
    }

    /// Packets relayed in all, and by a fast path, as the daemon says; `None` when there is none that says it.
    pub(crate) fn relayed(&self) -> Result<Option<[u64; 2]>, BenchError> {
        match &self.relay {
            Relay::Daemon(daemon) if self.fast_share > 0.0 => calls::relayed(daemon).map(Some),
            _ => Ok(None),
        }
    }

    /// The process id of the relay, if it is one.
    pub fn pid(&self) -> Option<u32> {
        self.staff.process
    }

    fn unfit(&self, what: String) -> BenchError {
        BenchError::Unfit { subject: self.subject.clone(), what }
    }

    /// Sends on every flow until all are heard at the other end, and the fast path carries them.
    fn learn(&mut self) -> Result<(), BenchError> {
        let rate_pps = u64::from(self.flows * 8).clamp(2_000, 40_000);
        let load = Load {
            rate_pps,
            seconds: LEARNING_S.max(f64::from(self.flows) * 2.0 / rate_pps as f64),
            ..Load::default()
        };
        let mut said = String::new();
        for _ in 0..TRIES {
            let sample = self.probe(&load)?;
            let silent = self.traffic.heard(0, self.flows)?.iter().filter(|heard| **heard == 0).count();
            let share = sample.fast_share.unwrap_or(1.0);
            if silent == 0 && sample.counts.strange == 0 && share >= self.fast_share {
                return Ok(());
            }
            said = format!(
                "{silent} of {} flows silent, {share:.3} of packets on the fast path, {:?}",
                self.flows, sample.counts
            );
            // Flows are handed over by the desk in its own time.
            std::thread::sleep(Duration::from_millis(200));
        }
        let log = match &self.relay {
            Relay::Daemon(daemon) => daemon.log(),
            Relay::Forwarder { process } => process.log(),
            Relay::Kernel => String::new(),
        };
        let end: Vec<&str> = log.lines().rev().take(15).collect();
        Err(self.unfit(format!(
            "does not relay as it should: {said}\n{}",
            end.into_iter().rev().collect::<Vec<_>>().join("\n")
        )))
    }
}

/// Starts the relay on its core and sets calls up.
pub(crate) fn start(
    profile: &Profile,
    subject: &Subject,
    calls: u32,
    net: &Topology,
    ends: &[PeerEnd; 2],
) -> Result<(Relay, Vec<Route>), BenchError> {
    match subject.role {
        Role::Relay => {
            let daemon = daemon(profile, subject, net)?;
            let routes = match &profile.suite {
                Some(suite) => calls::set_up_sealed(&daemon, net, calls, suite)?,
                None => calls::set_up(&daemon, net, calls)?,
            };
            Ok((Relay::Daemon(Box::new(daemon)), routes))
        }
        Role::L2fwd | Role::Xdpfwd | Role::Udpfwd | Role::Routing if profile.suite.is_some() => {
            let what = "does not seal".to_owned();
            Err(BenchError::Unfit { subject: subject.name.clone(), what })
        }
        Role::L2fwd | Role::Xdpfwd => {
            let core = profile.relay_core.to_string();
            let mut command = net.relay.command("taskset");
            let which = if subject.role == Role::L2fwd { "l2fwd" } else { "xdpfwd" };
            command.args(["-c", &core]).arg(bare::program()?).arg(which);
            for (leg, end) in [&net.caller, &net.callee].into_iter().zip(ends) {
                command.arg(format!("{},{},{}", leg.interface, text(end.relay_mac), text(end.mac)));
            }
            command.args(subject.busy.then_some("--busy"));
            let mut process = Process::start("the bare forwarder", command)?;
            process.wait_for_log("ready", Duration::from_secs(5))?;
            Ok((Relay::Forwarder { process: Box::new(process) }, calls::straight(net, calls)))
        }
        Role::Udpfwd => {
            let core = profile.relay_core.to_string();
            let mut command = net.relay.command("taskset");
            command.args(["-c", &core]).arg(bare::program()?).arg("udpfwd");
            for leg in [&net.caller, &net.callee] {
                command.arg(format!("{},{}", leg.relay_v4, leg.peer_v4));
            }
            command.args(["--first", &calls::FIRST_PORT.to_string()]);
            command.args(["--ports", &calls.min(calls::MOST).to_string()]);
            let mut process = Process::start("the bare forwarder over sockets", command)?;
            process.wait_for_log("ready", Duration::from_secs(5))?;
            Ok((Relay::Forwarder { process: Box::new(process) }, calls::mirrored(net, calls)))
        }
        Role::Routing => {
            net.relay.set("ipv4/ip_forward", "1")?;
            Ok((Relay::Kernel, calls::straight(net, calls)))
        }
    }
}

/// Starts a daemon on its core.
pub(crate) fn daemon(profile: &Profile, subject: &Subject, net: &Topology) -> Result<Daemon, BenchError> {
    let core = subject.cores.clone().unwrap_or_else(|| profile.relay_core.to_string());
    let binary = match &subject.binary {
        Some(path) => path.clone(),
        None => ours()?,
    };
    let plan = Daemon::on(net).binary("taskset").arg("-c").arg(core).arg(binary.display().to_string());
    if subject.args.is_empty() {
        let block = |leg: &Leg| {
            format!(
                "[[interface]]\nname = \"{}\"\naddress = \"{}\"\n{}\n",
                leg.interface, leg.relay_v4, subject.interface
            )
        };
        let config = [block(&net.caller), block(&net.callee), subject.config.clone()].concat();
        return Ok(plan.config(&config)?.start()?);
    }
    let (caller, callee) = (net.caller.relay_v4.to_string(), net.callee.relay_v4.to_string());
    let fill = |arg: &String| {
        arg.replace("{caller}", &caller).replace("{callee}", &callee).replace("{ng}", "127.0.0.1:2223")
    };
    let plan = subject.args.iter().map(fill).fold(plan.bare(), |plan, arg| plan.arg(arg));
    Ok(plan.start()?)
}

/// The daemon in the folder this program was built in, built for the same profile.
pub(crate) fn ours() -> Result<PathBuf, BenchError> {
    Ok(lab::daemon_binary()?)
}

/// A wire's far end.
pub(crate) fn peer_end(leg: &Leg, relay: &Namespace) -> Result<PeerEnd, BenchError> {
    let ifindex = file(&leg.ns, "eth0", "ifindex")?;
    Ok(PeerEnd {
        namespace: leg.ns.clone(),
        ifindex: ifindex.parse().map_err(|_| BenchError::Profile(format!("interface index {ifindex}")))?,
        mac: mac(&file(&leg.ns, "eth0", "address")?)?,
        relay_mac: mac(&file(relay, leg.interface, "address")?)?,
    })
}

fn file(namespace: &Namespace, device: &str, name: &str) -> Result<String, BenchError> {
    Ok(namespace.run(&["cat", &format!("/sys/class/net/{device}/{name}")])?.trim().to_owned())
}

/// Reads a MAC address.
pub(crate) fn mac(text: &str) -> Result<[u8; 6], BenchError> {
    let bytes: Result<Vec<u8>, _> = text.split(':').map(|byte| u8::from_str_radix(byte, 16)).collect();
    bytes
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| BenchError::Profile(format!("MAC address {text}")))
}

/// Writes a MAC address.
pub(crate) fn text(mac: [u8; 6]) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}

/// Gives every wire's end a NAPI thread, and each of them its core. They go before everything else, as interrupts do.
fn staff(profile: &Profile, relay: &Relay, net: &Topology) -> Result<Staff, BenchError> {
    let mut kernel = Vec::new();
    let relay_side = [(&net.relay, "caller", true), (&net.relay, "callee", true)];
    let peers = [(&net.caller.ns, "eth0", false), (&net.callee.ns, "eth0", false)];
    for (namespace, device, ours) in relay_side.into_iter().chain(peers) {
        if !ours {
            // The far end looks at its wire by a timer. Otherwise every packet sent would pay for waking it, which no packet
            // sent over a real wire does.
            for (setting, value) in [("napi_defer_hard_irqs", FAR_LOOKS), ("gro_flush_timeout", FAR_TIMER_NS)]
            {
                let line = format!("echo {value} > /sys/class/net/{device}/{setting}");
                namespace.run(&["sh", "-c", &line])?;
            }
        }
        let prefix = format!("napi/{device}-");
        let before = kernel_threads(&prefix);
        namespace.run(&["sh", "-c", &format!("echo 1 > /sys/class/net/{device}/threaded")])?;
        let core = if ours { profile.relay_core } else { profile.load_core };
        for pid in kernel_threads(&prefix).difference(&before) {
            pin(*pid, core)?;
            command("chrt", &["-f", "-p", "50", &pid.to_string()])?;
            if ours {
                kernel.push(*pid);
            }
        }
    }
    kernel.extend(kernel_threads(&format!("ksoftirqd/{}", profile.relay_core)));
    let process = match relay {
        Relay::Daemon(daemon) => Some(daemon.pid()),
        Relay::Forwarder { process } => Some(process.pid()),
        Relay::Kernel => None,
    };
    Ok(Staff { process, kernel, core: profile.relay_core })
}

/// Puts a thread on a core.
pub(crate) fn pin(pid: u32, core: usize) -> Result<(), BenchError> {
    let mut cores = CpuSet::new();
    cores.set(core).map_err(BenchError::errno(format!("core {core}")))?;
    sched_setaffinity(Pid::from_raw(pid as i32), &cores)
        .map_err(BenchError::errno(format!("putting {pid} on core {core}")))
}

/// Runs a program that must succeed.
pub(crate) fn command(program: &str, arguments: &[&str]) -> Result<(), BenchError> {
    let out = Command::new(program).args(arguments).output().map_err(BenchError::system(program))?;
    if out.status.success() {
        return Ok(());
    }
    Err(BenchError::Profile(format!(
        "{program} {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&out.stderr)
    )))
}
