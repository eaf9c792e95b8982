//! The relay between the two wires, on one of its ways to relay.

use crate::recipe::{self, Role, Towards};
use appliance_lab::{Tier, await_standing};
use lab::{Daemon, LabError, Result, Topology, Value, ng};
use std::time::Duration;

/// How media shall pass the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Its sockets.
    Sockets,
    /// A packet thread with NIC queues (AF_XDP).
    AfXdp,
}

/// A daemon between two wires.
#[derive(Debug)]
pub struct Bridge {
    /// The daemon; dropped before the namespaces.
    pub daemon: Daemon,
    /// An ng client of its own.
    pub client: ng::Client,
    /// The wires: strangers live at `caller`, telephones at `callee`.
    pub net: Topology,
    /// Which end of DTLS it is told to be; passive unless changed.
    pub role: Role,
    /// Browsers' sections share a port; not unless changed.
    pub bundles: bool,
    way: Way,
}

impl Bridge {
    /// Starts a daemon that relays this way. AF_XDP is something only ours has.
    pub fn start(way: Way) -> Result<Bridge> {
        let net = Topology::new()?;
        let daemon = match way {
            Way::Sockets => Daemon::on(&net).start()?,
            Way::AfXdp => {
                let interfaces = [&net.caller, &net.callee].map(|leg| Tier::Worker.interface(leg)).concat();
                Daemon::on(&net).config(&format!("{interfaces}[threads]\nmedia = 1\n"))?.start()?
            }
        };
        let client = daemon.ng()?;
        Ok(Bridge { daemon, client, net, role: Role::Passive, bundles: false, way })
    }

    /// Passes an offer on; the SDP for the other side.
    pub fn offer(&mut self, id: &str, sdp: &str, towards: Towards) -> Result<String> {
        let request = recipe::offer(id, sdp, towards, self.role);
        let request = if self.bundles { towards.bundled(request) } else { request };
        let reply = self.client.ok(&request)?;
        text(&reply)
    }

    /// Passes an answer back; the SDP for the other side.
    pub fn answer(&mut self, id: &str, sdp: &str, towards: Towards) -> Result<String> {
        let reply = self.client.ok(&recipe::answer(id, sdp, towards, self.role))?;
        text(&reply)
    }

    /// Waits until both directions of a call stand where this way of relaying has them. Sockets are where every call
    /// begins, so there is nothing to wait for.
    pub fn settle(&mut self, id: &str, within: Duration) -> Result<()> {
        match self.way {
            Way::Sockets => Ok(()),
            Way::AfXdp => await_standing(&mut self.client, id, [Tier::Worker.reached(); 2], within).map(drop),
        }
    }

    /// Media packets of a call so far, both directions, as `query` counts them.
    pub fn relayed(&mut self, id: &str) -> Result<i64> {
        let state = self.client.ok(&ng::request("query").set("call-id", id))?;
        state.int("totals/RTP/packets").ok_or_else(|| LabError::Refused {
            command: "query (totals were expected)".into(),
            reply: format!("{state:?}"),
        })
    }

    /// Ends the daemon and demands that it ends well; its log.
    pub fn stop(self) -> Result<String> {
        self.daemon.stop()
    }
}

/// The SDP of a reply.
fn text(reply: &Value) -> Result<String> {
    reply.text("sdp").map(str::to_owned).ok_or_else(|| LabError::Refused {
        command: "offer or answer (an SDP was expected)".into(),
        reply: format!("{reply:?}"),
    })
}
