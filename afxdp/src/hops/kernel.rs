use super::{Answer, Concern, Fact, Hop, Hops, NoHop, Route, View};
use crate::Error;
use crate::netlink::Netlink;
use netlink_packet_route::address::AddressMessage;
use netlink_packet_route::link::LinkMessage;
use netlink_packet_route::neighbour::{
    NeighbourAddress, NeighbourAttribute, NeighbourFlags, NeighbourMessage,
};
use netlink_packet_route::route::{RouteAddress, RouteAttribute, RouteMessage, RouteType, RouteVia};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use netlink_sys::protocols::NETLINK_ROUTE;
use std::collections::{HashMap, HashSet};
use std::io;
use std::net::IpAddr;
use std::os::fd::{AsRawFd, RawFd};

/// Groups of events we hear (enum rtnetlink_groups): links, neighbours, addresses, routes and rules of both families.
const GROUPS: [u32; 8] = [1, 3, 5, 7, 8, 9, 11, 19];

/// The kernel's routes, neighbours, links and addresses of the network namespace it was opened in.
///
/// Every answer given is watched from then on: [`NetlinkHops::process`] says which answers have become others. The
/// descriptor is readable when there is something to process.
#[derive(Debug)]
pub struct NetlinkHops {
    netlink: Netlink<RouteNetlinkMessage>,
    view: View,
    watched: HashMap<(IpAddr, IpAddr), Watched>,
}

#[derive(Clone, Copy, Debug)]
struct Watched {
    route: Option<Route>,
    answer: Answer,
}

impl NetlinkHops {
    /// Reads the present state and begins to listen.
    ///
    /// # Errors
    /// When the kernel has no routing netlink.
    pub fn open() -> Result<NetlinkHops, Error> {
        let netlink = listen().map_err(Error::sys("opening routing netlink"))?;
        let mut hops = NetlinkHops { netlink, view: View::default(), watched: HashMap::new() };
        hops.read_all().map_err(Error::sys("reading links, addresses and neighbours"))?;
        Ok(hops)
    }

    /// What the kernel has told.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// Takes in what has happened, and returns the (local, remote) addresses whose answer is another now.
    ///
    /// # Errors
    /// When netlink fails for good.
    pub fn process(&mut self) -> Result<Vec<(IpAddr, IpAddr)>, Error> {
        let mut facts = Vec::new();
        let mut lost = false;
        match self.netlink.happened(&mut |message| facts.extend(Fact::of(message))) {
            Ok(()) => {}
            Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => lost = true,
            Err(error) => return Err(Error::sys("hearing routing events")(error)),
        }
        if lost {
            self.view.clear();
            self.read_all().map_err(Error::sys("reading links, addresses and neighbours"))?;
            return Ok(self.review(&HashSet::from([Concern::Routes])));
        }
        let mut concerns = HashSet::new();
        for fact in facts {
            let stale = match fact {
                Fact::Neighbour(ifindex, address, facts) if facts.stale => Some((ifindex, address)),
                _ => None,
            };
            concerns.extend(self.view.apply(fact));
            // The kernel sends nothing to it itself, so it would forget a neighbour that all our media goes to.
            if let Some(neighbour) = stale.filter(|neighbour| self.uses(*neighbour)) {
                self.call_on(neighbour);
            }
        }
        Ok(self.review(&concerns))
    }

    /// Asks again for neighbours that have not answered. To be called every second or so.
    pub fn retry(&self) {
        let missing = |watched: &&Watched| watched.answer.hop == Err(NoHop::NoNeighbour);
        let neighbours: HashSet<_> =
            self.watched.values().filter(missing).filter_map(|watched| watched.answer.neighbour).collect();
        for neighbour in neighbours {
            self.call_on(neighbour);
        }
    }

    /// Forgets the answers that nobody needs any more.
    pub fn retain(&mut self, needed: impl Fn(IpAddr, IpAddr) -> bool) {
        self.watched.retain(|(local, remote), _| needed(*local, *remote));
    }

    /// How many answers are watched.
    pub fn watched(&self) -> usize {
        self.watched.len()
    }

    fn read_all(&mut self) -> io::Result<()> {
        let kinds = [
            RouteNetlinkMessage::GetLink(LinkMessage::default()),
            RouteNetlinkMessage::GetAddress(AddressMessage::default()),
            RouteNetlinkMessage::GetNeighbour(NeighbourMessage::default()),
        ];
        for kind in kinds {
            for message in self.netlink.dump(kind)? {
                if let Some(fact) = Fact::of(&message) {
                    self.view.apply(fact);
                }
            }
        }
        Ok(())
    }

    /// Looks at the answers that these changes may touch; asks for routes anew where they may be others.
    fn review(&mut self, concerns: &HashSet<Concern>) -> Vec<(IpAddr, IpAddr)> {
        let mut changed = Vec::new();
        if concerns.is_empty() {
            return changed;
        }
        let all = concerns.contains(&Concern::Routes);
        let address = concerns.iter().any(|concern| matches!(concern, Concern::Address(_)));
        let links: Vec<u32> = concerns
            .iter()
            .filter_map(|concern| match concern {
                Concern::Link(ifindex) => Some(*ifindex),
                _ => None,
            })
            .collect();
        for (&(local, remote), watched) in &mut self.watched {
            // Routes go and come with links and addresses, and the kernel does not tell each of them.
            let routes = all
                || concerns.contains(&Concern::Address(local))
                || match watched.route {
                    Some(route) => links.iter().any(|link| self.view.depends_on(route.ifindex, *link)),
                    None => address || !links.is_empty(),
                };
            let touched = watched
                .answer
                .neighbour
                .is_some_and(|(ifindex, address)| concerns.contains(&Concern::Neighbour(ifindex, address)));
            if !touched && !routes {
                continue;
            }
            if routes {
                watched.route = look_up(&self.netlink, local, remote);
            }
            let answer = self.view.answer(local, remote, watched.route);
            if answer.hop != watched.answer.hop {
                changed.push((local, remote));
            }
            watched.answer = answer;
        }
        self.retry();
        changed
    }

    fn uses(&self, neighbour: (u32, IpAddr)) -> bool {
        self.watched.values().any(|watched| watched.answer.neighbour == Some(neighbour))
    }

    /// Lets the kernel find out whether a neighbour is there, as if a packet were sent to it.
    fn call_on(&self, (ifindex, address): (u32, IpAddr)) {
        let mut message = NeighbourMessage::default();
        message.header.ifindex = ifindex;
        message.header.flags = NeighbourFlags::Use;
        let (family, address) = match address {
            IpAddr::V4(v4) => (AddressFamily::Inet, NeighbourAddress::Inet(v4)),
            IpAddr::V6(v6) => (AddressFamily::Inet6, NeighbourAddress::Inet6(v6)),
        };
        message.header.family = family;
        message.attributes.push(NeighbourAttribute::Destination(address));
        // If it cannot be asked, it stays missing, which is what its answer says.
        let _ = self.netlink.order(RouteNetlinkMessage::NewNeighbour(message));
    }
}

fn listen() -> io::Result<Netlink<RouteNetlinkMessage>> {
    let mut netlink = Netlink::open(NETLINK_ROUTE)?;
    for group in GROUPS {
        netlink.join(group)?;
    }
    Ok(netlink)
}

/// The kernel's own route lookup, with all its rules and tables.
fn look_up(netlink: &Netlink<RouteNetlinkMessage>, local: IpAddr, remote: IpAddr) -> Option<Route> {
    let mut message = RouteMessage::default();
    message.header.address_family = if remote.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let bits = if remote.is_ipv4() { 32 } else { 128 };
    message.header.destination_prefix_length = bits;
    message.header.source_prefix_length = bits;
    message.attributes.push(RouteAttribute::Destination(remote.into()));
    message.attributes.push(RouteAttribute::Source(local.into()));
    // An error is the kernel's way to say that there is none.
    let answers = netlink.ask(RouteNetlinkMessage::GetRoute(message)).ok()?;
    answers.iter().find_map(|answer| match answer {
        RouteNetlinkMessage::NewRoute(route) => route_of(route),
        _ => None,
    })
}

fn route_of(message: &RouteMessage) -> Option<Route> {
    if message.header.kind != RouteType::Unicast {
        return None;
    }
    let mut ifindex = None;
    let mut gateway = None;
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Oif(index) => ifindex = Some(*index),
            RouteAttribute::Gateway(RouteAddress::Inet(v4)) | RouteAttribute::Via(RouteVia::Inet(v4)) => {
                gateway = Some(IpAddr::V4(*v4));
            }
            RouteAttribute::Gateway(RouteAddress::Inet6(v6)) | RouteAttribute::Via(RouteVia::Inet6(v6)) => {
                gateway = Some(IpAddr::V6(*v6));
            }
            _ => {}
        }
    }
    Some(Route { ifindex: ifindex?, gateway })
}

impl Hops for NetlinkHops {
    fn hop(&mut self, local: IpAddr, remote: IpAddr) -> Result<Hop, NoHop> {
        if let Some(watched) = self.watched.get(&(local, remote)) {
            return watched.answer.hop;
        }
        if local.is_ipv4() != remote.is_ipv4() {
            return Err(NoHop::NoRoute);
        }
        let route = look_up(&self.netlink, local, remote);
        let answer = self.view.answer(local, remote, route);
        self.watched.insert((local, remote), Watched { route, answer });
        if let (Err(NoHop::NoNeighbour), Some(neighbour)) = (answer.hop, answer.neighbour) {
            self.call_on(neighbour);
        }
        answer.hop
    }
}

impl AsRawFd for NetlinkHops {
    fn as_raw_fd(&self) -> RawFd {
        self.netlink.events_fd()
    }
}
