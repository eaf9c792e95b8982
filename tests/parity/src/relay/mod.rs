//! The whole daemon in a namespace, told by ng, spoken to by sockets.

mod placed;
mod session;
mod sockets;

use crate::{Datapath, Rewrite, Scenario, Session};
use lab::{Daemon, Leg, Result, Topology};
pub use placed::{Placement, Sockets};
use session::RelaySession;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

/// How long after the first answer the log may say how it was started.
const START_WITHIN: Duration = Duration::from_secs(20);

/// A daemon between two sides.
#[derive(Debug)]
pub struct Relay {
    net: Topology,
    daemon: Daemon,
    placement: Placement,
    calls: AtomicU16,
}

impl Relay {
    /// Starts the daemon under test with its flows placed so, and its ports had as is the default. Needs root.
    pub fn start(placement: Placement) -> Result<Relay> {
        Relay::start_with(placement, "")
    }

    /// As [`Relay::start`], with its ports had so.
    pub fn start_on(placement: Placement, sockets: Sockets) -> Result<Relay> {
        let more = format!("[media]\nsockets = \"{}\"\n", sockets.word());
        let mut relay = Relay::start_with(placement, &more)?;
        if lab::foreign_daemon().is_none() {
            let said = format!("media ports: sockets {}", sockets.word());
            relay.daemon.process().wait_for_log(&said, START_WITHIN)?;
        }
        Ok(relay)
    }

    fn start_with(placement: Placement, more: &str) -> Result<Relay> {
        let net = Topology::new()?;
        for leg in [&net.caller, &net.callee] {
            for address in more_addresses(leg) {
                leg.ns.ip(&["addr", "add", &address, "dev", "eth0", "nodad"])?;
            }
        }
        let daemon = match lab::foreign_daemon() {
            Some(_) => Daemon::on(&net).start()?,
            None => {
                // One packet thread: the list asks for packets in order also between neighbours.
                let config = format!("{}{more}[threads]\nmedia = 1\n", placement.interfaces(&net));
                Daemon::on(&net).config(&config)?.start()?
            }
        };
        Ok(Relay { daemon, net, placement, calls: AtomicU16::new(0) })
    }

    /// The placement asked for.
    pub fn placement(&self) -> Placement {
        self.placement
    }

    /// What `statistics` says: received RTP and RTCP in all, and by fast paths.
    pub fn relayed(&self) -> Result<[i64; 2]> {
        let reply = self.daemon.ng()?.ok(&lab::ng::request("statistics"))?;
        let number = |key: &str| reply.int(&format!("statistics/totalstatistics/{key}")).unwrap_or(0);
        Ok([number("relayedpackets"), number("relayedpackets_kernel")])
    }

    /// The daemon's log so far.
    pub fn log(&self) -> String {
        self.daemon.log()
    }

    /// Ends the daemon and demands that it ends well.
    pub fn stop(self) -> Result<String> {
        self.daemon.stop()
    }
}

/// Where strangers are: the address after the peers' own.
fn more_addresses(leg: &Leg) -> [String; 2] {
    let v4 = std::net::Ipv4Addr::from_bits(leg.peer_v4.to_bits() + 1);
    let v6 = std::net::Ipv6Addr::from_bits(leg.peer_v6.to_bits() + 1);
    [format!("{v4}/24"), format!("{v6}/64")]
}

impl Datapath for Relay {
    fn name(&self) -> &'static str {
        match self.placement {
            Placement::Userspace => "daemon, userspace",
            Placement::Worker => "daemon, AF_XDP worker",
            Placement::Driver => "daemon, XDP program",
            Placement::Kernel => "daemon, kernel module",
        }
    }

    fn lacks(&self, scenario: &Scenario) -> Option<&'static str> {
        if scenario.call.secured && lab::foreign_daemon().is_some() {
            return Some("a foreign daemon may end DTLS and STUN itself");
        }
        if scenario.call.legs.iter().any(|leg| leg.suite.is_some()) && lab::foreign_daemon().is_some() {
            return Some("what a foreign daemon counts of SRTP is not known");
        }
        let shaped = scenario.call.rewrite != Rewrite::default() || scenario.call.copy.is_some();
        shaped.then_some("no ng message asks for a rewrite or for a second receiver yet")
    }

    fn open<'a>(&'a self, scenario: &Scenario) -> Result<Box<dyn Session + 'a>> {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(RelaySession::open(&self.net, &self.daemon, &scenario.call, number)?))
    }
}
