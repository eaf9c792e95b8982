use crate::{PATIENCE, await_standing};
use lab::{Call, CallSpec, Daemon, LabError, Leg, Pace, Result, Topology, ng};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::time::Duration;

/// Where stable flows of an interface shall go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// The XDP program.
    Driver,
    /// A packet thread, from and to NIC queues.
    Worker,
    /// Whichever of the two can.
    Auto,
    /// The kernel module.
    Kernel,
    /// The daemon's own sockets.
    Sockets,
}

impl Tier {
    /// The lines of an interface's configuration that ask for it.
    pub fn lines(self) -> &'static str {
        match self {
            Tier::Driver => "mode = \"appliance\"\nforward = \"driver\"\n",
            Tier::Worker => "mode = \"appliance\"\nforward = \"worker\"\n",
            Tier::Auto => "mode = \"appliance\"\n",
            Tier::Kernel => "mode = \"kernel\"\ntable = 40\n",
            Tier::Sockets => "mode = \"userspace\"\n",
        }
    }

    /// Configuration besides that of the interfaces.
    fn more(self) -> &'static str {
        match self {
            Tier::Kernel => "[kernel]\nfallback = false\nnftables-chain = \"rtpengine\"\n",
            _ => "",
        }
    }

    /// What `query` says of a flow that is there.
    ///
    /// # Panics
    /// For sockets, which may have several reasons.
    pub fn reached(self) -> &'static str {
        match self {
            Tier::Driver | Tier::Auto => "driver on-fast-path",
            Tier::Worker => "af-xdp on-fast-path",
            Tier::Kernel => "kernel on-fast-path",
            Tier::Sockets => panic!("sockets have no one reason"),
        }
    }

    /// An interface of a leg, both families, in this tier.
    pub fn interface(self, leg: &Leg) -> String {
        let (name, v4, v6) = (leg.interface, leg.relay_v4, leg.relay_v6);
        format!("[[interface]]\nname = \"{name}\"\naddress = [\"{v4}\", \"{v6}\"]\n{}", self.lines())
    }
}

/// A daemon between two sides.
#[derive(Debug)]
pub struct Stand {
    /// The daemon; dropped before the namespaces.
    pub daemon: Daemon,
    /// An ng client.
    pub client: ng::Client,
    /// The namespaces.
    pub net: Topology,
}

impl Stand {
    /// A daemon with both interfaces in one tier, one packet thread, and `more` configuration.
    pub fn start(tier: Tier, more: &str) -> Result<Stand> {
        let net = Topology::new()?;
        let interfaces = [&net.caller, &net.callee].map(|leg| tier.interface(leg)).concat();
        Stand::on(net, &format!("{interfaces}[threads]\nmedia = 1\n{}{more}", tier.more()))
    }

    /// A daemon with this configuration.
    pub fn on(net: Topology, config: &str) -> Result<Stand> {
        let daemon = Daemon::on(&net).config(config)?.start()?;
        let client = daemon.ng()?;
        Ok(Stand { daemon, client, net })
    }

    /// A call whose two directions are where the tier says; sockets need not be reached.
    pub fn call_on(&mut self, tier: Tier, id: &str, port: u16) -> Result<Call> {
        let spec = CallSpec::new(id, port);
        match tier {
            Tier::Sockets => spec.set_up(&mut self.client, &self.net),
            _ => self.call_at(&spec, [tier.reached(); 2]),
        }
    }

    /// Talks while the call is to stand so for a time (nothing: wherever it is), 220 packets each way; none may be lost.
    pub fn talk_meanwhile(&mut self, call: &Call, standing: &str) -> Result<()> {
        call.talk_perfectly(20, Pace::BRISK, PATIENCE)?;
        if !standing.is_empty() {
            await_standing(&mut self.client, &call.id, [standing; 2], PATIENCE)?;
        }
        call.talk_perfectly(200, Pace::BRISK, PATIENCE)
    }

    /// Talks until the call is where the tier says again, and once more when it is.
    pub fn talk_back_to(&mut self, tier: Tier, call: &Call) -> Result<()> {
        if tier == Tier::Sockets {
            return Ok(());
        }
        // On its way it changes hands: on a starved machine those that wait in a socket are overtaken.
        call.talk(20, Pace::BRISK, PATIENCE)?.iter().for_each(lab::Report::assert_whole);
        await_standing(&mut self.client, &call.id, [tier.reached(); 2], PATIENCE + Duration::from_secs(5))?;
        call.talk_perfectly(50, Pace::BRISK, PATIENCE)
    }

    /// A call whose two directions have come to stand so; see [`crate::standing`].
    pub fn call_at(&mut self, spec: &CallSpec, wanted: [&str; 2]) -> Result<Call> {
        let call = spec.set_up(&mut self.client, &self.net)?;
        // On its way it changes hands.
        call.talk(5, Pace::BRISK, PATIENCE)?.iter().for_each(lab::Report::assert_whole);
        await_standing(&mut self.client, &call.id, wanted, PATIENCE)?;
        Ok(call)
    }

    /// What `statistics` says was received: in all, and by fast paths.
    pub fn relayed(&mut self) -> Result<[i64; 2]> {
        let reply = self.client.ok(&ng::request("statistics"))?;
        let number = |key: &str| reply.int(&format!("statistics/totalstatistics/{key}")).unwrap_or(0);
        Ok([number("relayedpackets"), number("relayedpackets_kernel")])
    }

    /// Ends the daemon and demands that it ends well; its log.
    pub fn stop(self) -> Result<String> {
        self.daemon.stop()
    }
}

/// Asks the daemon's text interface, listening at `at`, one line.
pub fn text_interface(daemon: &Daemon, at: SocketAddr, line: &str) -> Result<String> {
    let mut stream = daemon.namespace().tcp(at)?;
    let failed = || LabError::io(format!("the text interface at {at}"));
    stream.set_read_timeout(Some(PATIENCE)).map_err(failed())?;
    stream.write_all(format!("{line}\n").as_bytes()).map_err(failed())?;
    stream.shutdown(Shutdown::Write).map_err(failed())?;
    let mut said = String::new();
    stream.read_to_string(&mut said).map_err(failed())?;
    Ok(said)
}
