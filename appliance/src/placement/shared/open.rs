use super::foreign::Foreign;
use super::reserve::Reserved;
use super::{Claimed, Claims, Overlap};
use compat_procfs::rules::Exemption;
use flow::FlowKey;
use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use udp::{BindError, PortTable, SharedSockets, SocketBuffers};

/// What ports are to be had without sockets, and for whom.
#[derive(Debug)]
pub struct Plan {
    /// Address and range, for every address of every interface.
    pub ranges: Vec<Claimed>,
    /// All ports that may be handed out, whatever the address.
    pub ports: BTreeSet<u16>,
    /// Number of packet threads.
    pub threads: usize,
    /// Sizes of queues.
    pub buffers: SocketBuffers,
    /// Where is written down what is changed of the system.
    pub folder: PathBuf,
}

/// How the daemon has its media ports, and what must be kept for that.
#[derive(Debug)]
pub struct Manner {
    /// `None`: each port has a socket.
    shared: Option<SharedPorts>,
    /// Why it has.
    why: String,
    exemption: Option<Exemption>,
}

/// What has to be kept while ports are had without sockets. All ends with it.
#[derive(Debug)]
pub(in crate::placement) struct SharedPorts {
    table: Arc<PortTable>,
    foreign: Foreign,
    threads: usize,
    /// For which there are sockets: IPv4, IPv6.
    families: [bool; 2],
    claims: Claims,
    reserved: Option<Reserved>,
    #[cfg(feature = "appliance")]
    lookup: afxdp::lookup::Lookup,
}

/// Addresses that may come while the daemon runs; each has room for its ports from the start.
#[cfg(feature = "appliance")]
const SPARE: usize = 16;

impl Manner {
    /// Sockets for each port, because that is wanted.
    ///
    /// # Errors
    /// [`Overlap`] when another process has some of the ports without a socket: binding them would succeed, and nothing
    /// would ever arrive.
    pub fn per_port(plan: &Plan) -> Result<Manner, Overlap> {
        Claims::check(&plan.ranges)?;
        Ok(Manner { shared: None, why: "as configured".to_owned(), exemption: None })
    }

    /// Shared sockets, to be given to the packet threads; if the machine has not what they need, sockets for each port,
    /// and the log says why.
    ///
    /// # Errors
    /// [`Overlap`] when another process has some of the ports.
    pub fn shared(plan: &Plan) -> Result<(Manner, Vec<SharedSockets>), Overlap> {
        let opened = match Claims::take(&plan.ranges)? {
            Ok(claims) => SharedPorts::open(plan, claims),
            Err(error) => Err(format!("ports cannot be claimed: {error}")),
        };
        Ok(match opened {
            Ok((ports, sockets)) => {
                (Manner { shared: Some(ports), why: String::new(), exemption: None }, sockets)
            }
            Err(why) => {
                tracing::warn!("shared sockets cannot be had, so every port gets a socket: {why}");
                (Manner { shared: None, why, exemption: None }, Vec::new())
            }
        })
    }

    /// Keeps media from being tracked as connections for as long as there are ports.
    pub fn exempt(&mut self, exemption: Option<Exemption>) {
        self.exemption = exemption;
    }

    /// Has these ports, too. `Some` says why those of an address that is new get sockets.
    ///
    /// # Errors
    /// [`Overlap`] when another process has some of them; then they must not be used.
    pub fn add(&mut self, range: Claimed, ports: &BTreeSet<u16>) -> Result<Option<String>, Overlap> {
        let why = match &mut self.shared {
            Some(shared) => shared.add(range, ports)?,
            None => Claims::check(&[range]).map(|()| None)?,
        };
        if let Some(exemption) = &mut self.exemption
            && let Err(error) = exemption.extend(&[(range.addr, range.low, range.high)])
        {
            tracing::error!(
                "media.notrack cannot be had for ports {}-{} of {}: {error}",
                range.low,
                range.high,
                range.addr
            );
        }
        Ok(why)
    }

    pub(in crate::placement) fn sharing(&self) -> Option<&SharedPorts> {
        self.shared.as_ref()
    }

    pub(in crate::placement) fn sharing_mut(&mut self) -> Option<&mut SharedPorts> {
        self.shared.as_mut()
    }
}

impl fmt::Display for Manner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.shared {
            Some(shared) => write!(f, "sockets shared ({} packet threads)", shared.threads)?,
            None => write!(f, "sockets per-port ({})", self.why)?,
        }
        if self.exemption.is_some() { f.write_str(", not tracked as connections") } else { Ok(()) }
    }
}

impl SharedPorts {
    #[cfg(not(feature = "appliance"))]
    fn open(_: &Plan, _: Claims) -> Result<(SharedPorts, Vec<SharedSockets>), String> {
        Err("this build has no BPF programs (cargo feature `appliance`)".to_owned())
    }

    #[cfg(feature = "appliance")]
    fn open(plan: &Plan, claims: Claims) -> Result<(SharedPorts, Vec<SharedSockets>), String> {
        use std::os::fd::AsRawFd;

        let mut addresses: Vec<IpAddr> = plan.ranges.iter().map(|range| range.addr).collect();
        addresses.sort_unstable();
        addresses.dedup();
        let system = |what: &'static str| move |error: std::io::Error| format!("{what}: {error}");
        // Before anything is attached: what needs privilege shows here.
        let lookup = afxdp::lookup::Lookup::attach(&addresses, SPARE, plan.threads)
            .map_err(|error| error.to_string())?;
        let table = PortTable::map(lookup.owners(), &addresses, SPARE)
            .map_err(system("mapping the table of ports"))?;
        let table = Arc::new(table);
        let mut sockets = Vec::with_capacity(plan.threads);
        let mut own = Vec::new();
        let mut families = [false; 2];
        for thread in 0..plan.threads {
            let opened = SharedSockets::open(Arc::clone(&table), plan.buffers)
                .map_err(system("opening shared sockets (raw ones need CAP_NET_RAW)"))?;
            for v6 in [false, true] {
                let Some(receiver) = opened.receiver(v6) else { continue };
                lookup.serve(thread, v6, receiver).map_err(|error| error.to_string())?;
                own.extend(address_of(receiver.as_raw_fd()));
                families[usize::from(v6)] = true;
            }
            sockets.push(opened);
        }
        let reserved = Reserved::take(&plan.folder, &plan.ports);
        let reserved = reserved
            .inspect_err(|error| {
                tracing::warn!(
                    "net.ipv4.ip_local_reserved_ports cannot be set ({error}): other programs may be given media ports"
                );
            })
            .ok();
        let foreign = Foreign::new(&addresses, own.into_iter());
        let threads = plan.threads;
        let ports = SharedPorts { table, foreign, threads, families, claims, reserved, lookup };
        Ok((ports, sockets))
    }

    fn add(&mut self, range: Claimed, ports: &BTreeSet<u16>) -> Result<Option<String>, Overlap> {
        if let Err(error) = self.claims.extend(&[range])? {
            return Ok(Some(format!("they cannot be claimed: {error}")));
        }
        if let Some(reserved) = &mut self.reserved
            && let Err(error) = reserved.extend(ports)
        {
            tracing::warn!("net.ipv4.ip_local_reserved_ports cannot be set: {error}");
        }
        if self.table.serves(range.addr) {
            return Ok(None);
        }
        Ok(self.serve(range.addr).err())
    }

    #[cfg(not(feature = "appliance"))]
    fn serve(&mut self, _: IpAddr) -> Result<(), String> {
        Err("this build has no BPF programs (cargo feature `appliance`)".to_owned())
    }

    /// Has the ports of an address that has come.
    #[cfg(feature = "appliance")]
    fn serve(&mut self, addr: IpAddr) -> Result<(), String> {
        if !self.families[usize::from(addr.is_ipv6())] {
            return Err("no shared socket is of its family".to_owned());
        }
        let place = self.table.add(addr);
        let place =
            place.ok_or_else(|| format!("there is room for {SPARE} addresses that come while running"))?;
        self.lookup.add(place, addr).map_err(|error| error.to_string())?;
        self.foreign.add(addr);
        Ok(())
    }

    /// False for an address that has come since the start: its ports get sockets.
    pub(in crate::placement) fn serves(&self, addr: IpAddr) -> bool {
        self.table.serves(addr)
    }

    /// Looks who else has ports by now.
    pub(in crate::placement) fn refresh(&mut self) {
        self.foreign.refresh();
    }

    /// Opens a port for a packet thread.
    ///
    /// # Errors
    /// As if it were bound.
    pub(in crate::placement) fn take(&self, key: FlowKey, thread: usize) -> Result<(), BindError> {
        if self.foreign.trouble(key.addr).is_some() {
            return Err(BindError::NotHere(key));
        }
        if self.foreign.holds(key) || !self.table.open(key, thread) {
            return Err(BindError::InUse(key));
        }
        Ok(())
    }

    /// Closes a port that no packet thread knows yet.
    pub(in crate::placement) fn give_back(&self, key: FlowKey) {
        self.table.close(key);
    }
}

/// Where a socket is bound.
#[cfg(feature = "appliance")]
fn address_of(descriptor: std::os::fd::RawFd) -> Option<FlowKey> {
    let name: nix::sys::socket::SockaddrStorage = nix::sys::socket::getsockname(descriptor).ok()?;
    let v4 = name.as_sockaddr_in().map(|name| std::net::SocketAddr::V4((*name).into()));
    let v6 = name.as_sockaddr_in6().map(|name| std::net::SocketAddr::V6((*name).into()));
    v4.or(v6).map(FlowKey::from)
}
