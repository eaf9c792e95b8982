//! Kamailio between caller and callee, on the relay's machine.

use crate::{SIP_PORT, fill};
use lab::{Process, Result, Topology};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

/// What the proxy tells the relay.
#[derive(Debug, Clone, Copy)]
pub struct Recipe {
    /// Flags of `rtpengine_offer`.
    pub offer: &'static str,
    /// Flags of `rtpengine_answer`.
    pub answer: &'static str,
}

impl Recipe {
    /// The lines found in most configurations; one media address for both sides.
    pub const PLAIN: Recipe = Recipe {
        offer: "trust-address replace-origin replace-session-connection",
        answer: "trust-address replace-origin replace-session-connection",
    };
    /// A relay between two networks.
    pub const BRIDGE: Recipe = Recipe {
        offer: "trust-address replace-origin replace-session-connection direction=caller direction=callee",
        answer: "trust-address replace-origin replace-session-connection",
    };
}

/// A running Kamailio.
#[derive(Debug)]
pub struct Proxy {
    process: Process,
}

impl Proxy {
    /// Starts Kamailio in the middle of `net`, with its files in `folder`, and waits until it listens on both sides.
    pub fn start(net: &Topology, recipe: Recipe, folder: &Path) -> Result<Proxy> {
        let (left, right) = (net.caller.relay_v4.to_string(), net.callee.relay_v4.to_string());
        let callee = net.callee.peer_v4.to_string();
        let words = [
            ("CALLER_SIDE", left.as_str()),
            ("CALLEE_SIDE", &right),
            ("CALLEE", &callee),
            ("FLAGS", recipe.offer),
            ("ANSWER_FLAGS", recipe.answer),
        ];
        let config = fill("kamailio/kamailio.cfg", &words, folder)?;
        let mut command = net.relay.command("kamailio");
        // -DD: stay, all of it; -E: log to standard error; -Y: where its sockets and pid files go.
        command.args(["-DD", "-E", "-m", "32", "-M", "4", "-f"]).arg(config);
        command.arg("-Y").arg(folder).arg("-P").arg(folder.join("kamailio.pid"));
        let mut process = Process::start("kamailio", command)?;
        let sides = [net.caller.relay_v4, net.callee.relay_v4].map(|ip| SocketAddr::new(ip.into(), SIP_PORT));
        process.wait_until("Kamailio listening on both sides", Duration::from_secs(20), |_| {
            sides.iter().all(|&side| net.relay.has_udp(side))
        })?;
        Ok(Proxy { process })
    }

    /// Everything it has logged.
    pub fn log(&self) -> String {
        self.process.log()
    }

    /// Ends it.
    pub fn stop(mut self) -> Result<()> {
        self.process.terminate(Duration::from_secs(10)).map(drop)
    }
}
