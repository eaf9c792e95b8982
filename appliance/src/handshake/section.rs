use super::count::Count;
use super::finder::{Finder, Way};
use super::lane::{BY_ICE, Label, Lane};
use super::output::Output;
use call::{Dtls, Handshake, HandshakeEvent, Ice};
use dtls::{Context, Fingerprint, Gate, Hash, Peer, Role};
use flow::{FlowKey, Generation, Moment};
use ice::{Component, MAX_LOCAL};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Ports of ours at which a section is heard: those of its ICE candidates, the latest, and some before them, to which
/// the party may still send.
pub(super) const MAX_PORTS: usize = MAX_LOCAL + 8;

/// What a lane is made with.
#[derive(Clone, Copy)]
pub(super) struct Tools<'a> {
    /// The certificate that the section's SDP spoke of.
    pub(super) context: &'a Context,
    pub(super) gate: &'a Arc<Gate>,
}

/// A datagram that came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival<'a> {
    pub(super) local: FlowKey,
    pub(super) source: SocketAddr,
    pub(super) payload: &'a [u8],
}

/// The agents of one media section of one party.
#[derive(Debug)]
pub(super) struct Section {
    label: Label,
    /// The latest stand last.
    ports: Vec<(FlowKey, Component)>,
    latest: (FlowKey, Option<FlowKey>),
    finder: Option<Finder>,
    sides: [Side; 2],
    /// When it wants to be called, as the deadlines know it.
    pub(super) due: Option<Moment>,
}

/// One component.
#[derive(Debug, Default)]
struct Side {
    lane: Option<Lane>,
    /// By ICE, as told to the desk.
    way: Way,
    /// DTLS that came before ICE knew its sender, the latest. It spares the party the wait until it sends it again.
    early: Option<(FlowKey, SocketAddr, Box<[u8]>)>,
}

impl Section {
    pub(super) fn new(worker: u16, said: &Handshake) -> Section {
        let session = said.session.of_section();
        Section {
            label: Label {
                call_id: said.call_id.clone(),
                session,
                generation: Generation::default(),
                worker,
            },
            ports: Vec::new(),
            latest: said.ports,
            finder: None,
            sides: Default::default(),
            due: None,
        }
    }

    pub(super) fn generation(&self) -> Generation {
        self.label.generation
    }

    /// Our ports at which it is heard.
    pub(super) fn ports(&self) -> impl Iterator<Item = FlowKey> + '_ {
        self.ports.iter().map(|(port, _)| *port)
    }

    /// Takes in what the SDPs say now.
    pub(super) fn apply(&mut self, said: &Handshake, tools: Tools<'_>, now: Moment, out: &mut Output) {
        self.label.generation = said.generation;
        let moved = self.latest != said.ports;
        self.latest = said.ports;
        self.learn_ports(said);
        self.update_finder(said.ice.as_ref(), now);
        let (rtp, rtcp) = said.ports;
        let places = [(Some(rtp), said.peers.0), (rtcp, said.peers.1)];
        for (component, (port, peer)) in Component::ALL.into_iter().zip(places) {
            match (&said.dtls, port) {
                (Some(dtls), Some(port)) => {
                    self.update_lane(component, dtls, (port, moved), tools, now, out);
                    if self.finder.is_none() {
                        self.begin(component, peer, now, out);
                    }
                }
                _ => self.end_lane(component, out),
            }
        }
        self.settle(now, out);
    }

    fn learn_ports(&mut self, said: &Handshake) {
        let candidates = said.ice.iter().flat_map(|ice| &ice.candidates);
        let bases = candidates.map(|local| (FlowKey::from(local.base), local.candidate.component));
        let rtcp = said.ports.1.map(|port| (port, Component::Rtcp));
        for (port, component) in bases.chain(rtcp).chain([(said.ports.0, Component::Rtp)]) {
            self.ports.retain(|(known, _)| *known != port);
            self.ports.push((port, component));
        }
        let surplus = self.ports.len().saturating_sub(MAX_PORTS);
        self.ports.drain(..surplus);
    }

    fn update_finder(&mut self, said: Option<&Ice>, now: Moment) {
        match (said, &mut self.finder) {
            (Some(said), Some(finder)) if finder.suits(said) => finder.apply(said, now),
            (Some(said), finder) => {
                *finder = Finder::new(said, now);
                self.forget_ways();
            }
            (None, finder) => {
                *finder = None;
                self.forget_ways();
            }
        }
    }

    fn forget_ways(&mut self) {
        for side in &mut self.sides {
            side.way = Way::Unknown;
            side.early = None;
        }
    }

    fn update_lane(
        &mut self,
        component: Component,
        dtls: &Dtls,
        (port, moved): (FlowKey, bool),
        tools: Tools<'_>,
        now: Moment,
        out: &mut Output,
    ) {
        let role = if dtls.active { Role::Client } else { Role::Server };
        let label = self.label_of(component);
        let (side, peer) = (&mut self.sides[component as usize], peer(dtls));
        match &mut side.lane {
            Some(lane) => {
                if moved {
                    lane.leave_from(port);
                }
                lane.update(tools.context, role, peer, now, &label, out);
            }
            lane @ None => *lane = Some(Lane::new(tools.context, tools.gate, role, peer, port)),
        }
        if let (Some(lane), Way::Found(local, remote)) = (&mut side.lane, side.way) {
            lane.follow(local, remote);
            lane.connect(BY_ICE, now, &label, out);
        }
    }

    /// As a client without ICE: begins at the peer's address, if it has one.
    fn begin(&mut self, component: Component, peer: Option<SocketAddr>, now: Moment, out: &mut Output) {
        let label = self.label_of(component);
        if let (Some(lane), Some(remote)) =
            (&mut self.sides[component as usize].lane, peer.filter(|at| is_reachable(*at)))
        {
            lane.connect(remote, now, &label, out);
        }
    }

    fn end_lane(&mut self, component: Component, out: &mut Output) {
        let label = self.label_of(component);
        if let Some(lane) = self.sides[component as usize].lane.take() {
            lane.close(&label, out);
        }
    }

    /// Ends all there is, and tells the peer.
    pub(super) fn end(&mut self, out: &mut Output) {
        for component in Component::ALL {
            self.end_lane(component, out);
        }
    }

    /// Takes in a DTLS datagram.
    ///
    /// # Errors
    /// Why it was left alone.
    pub(super) fn dtls(&mut self, arrival: Arrival<'_>, now: Moment, out: &mut Output) -> Result<(), Count> {
        let component = self.component_at(arrival.local).ok_or(Count::NoAgent)?;
        let label = self.label_of(component);
        let side = &mut self.sides[component as usize];
        let lane = side.lane.as_mut().ok_or(Count::NoAgent)?;
        let Some(finder) = &self.finder else {
            let from = (arrival.local, arrival.source);
            return lane.handle(from, arrival.payload, now, &label, out).map_err(Count::from);
        };
        if !finder.expects(component, arrival.source) {
            side.early = Some((arrival.local, arrival.source, arrival.payload.into()));
            return Err(Count::NotByIce);
        }
        if side.way == Way::Unknown {
            lane.follow(arrival.local, arrival.source);
        }
        lane.handle((arrival.local, BY_ICE), arrival.payload, now, &label, out).map_err(Count::from)
    }

    /// Takes in STUN.
    ///
    /// # Errors
    /// Why it was left alone.
    pub(super) fn stun(&mut self, arrival: Arrival<'_>, now: Moment, out: &mut Output) -> Result<(), Count> {
        let finder = self.finder.as_mut().ok_or(Count::NoAgent)?;
        finder.handle(arrival.local, arrival.source, arrival.payload, now)?;
        self.settle(now, out);
        Ok(())
    }

    pub(super) fn on_timeout(&mut self, now: Moment, out: &mut Output) {
        if let Some(finder) = &mut self.finder {
            finder.on_timeout(now);
        }
        for component in Component::ALL {
            let label = self.label_of(component);
            if let Some(lane) = &mut self.sides[component as usize].lane {
                lane.on_timeout(now, &label, out);
            }
        }
        self.settle(now, out);
    }

    pub(super) fn next_timeout(&self) -> Option<Moment> {
        let lanes = self.sides.iter().filter_map(|side| side.lane.as_ref()?.next_timeout());
        lanes.chain(self.finder.as_ref().and_then(Finder::next_timeout)).min()
    }

    /// Sees to what came of a call to the ICE agent.
    fn settle(&mut self, now: Moment, out: &mut Output) {
        let Some(finder) = &mut self.finder else { return };
        finder.send(self.label.worker, out);
        for component in Component::ALL {
            self.take_way(component, now, out);
            self.take_early(component, now, out);
        }
    }

    /// Follows ICE where it leads, and tells the desk.
    fn take_way(&mut self, component: Component, now: Moment, out: &mut Output) {
        let label = self.label_of(component);
        let Label { session, generation, .. } = label.clone();
        let Some(finder) = &self.finder else { return };
        let (way, side) = (finder.way(component), &mut self.sides[component as usize]);
        if way == side.way {
            return;
        }
        side.way = way;
        match way {
            Way::Found(local, peer) => {
                tracing::debug!(target: "ice", call_id = %label.call_id, of = %label, %local, %peer, "ICE has a way");
                out.events.push(HandshakeEvent::Route { session, generation, local, peer });
                if let Some(lane) = &mut side.lane {
                    lane.follow(local, peer);
                    lane.connect(BY_ICE, now, &label, out);
                }
            }
            Way::Lost => {
                tracing::warn!(target: "ice", call_id = %label.call_id, of = %label, "the party does not answer ICE checks");
                out.count(Count::Unreachable);
                out.events.push(HandshakeEvent::Unreachable { session, generation });
                if let Some(lane) = &mut side.lane {
                    lane.stay();
                }
            }
            // A new agent, or a restart before the first found anything: where media goes stays as it is.
            Way::Unknown => {}
        }
    }

    /// Hands in what came too early, once ICE knows whose it is.
    fn take_early(&mut self, component: Component, now: Moment, out: &mut Output) {
        let side = &mut self.sides[component as usize];
        let Some((_, source, _)) = &side.early else { return };
        if self.finder.as_ref().is_some_and(|finder| finder.expects(component, *source))
            && let Some((local, source, payload)) = side.early.take()
        {
            // It has been counted as it came.
            let _ = self.dtls(Arrival { local, source, payload: &payload }, now, out);
        }
    }

    fn component_at(&self, local: FlowKey) -> Option<Component> {
        self.ports.iter().find(|(port, _)| *port == local).map(|(_, component)| *component)
    }

    fn label_of(&self, component: Component) -> Label {
        let session = match component {
            Component::Rtp => self.label.session,
            Component::Rtcp => self.label.session.for_rtcp(),
        };
        Label { session, ..self.label.clone() }
    }
}

/// What the SDP says of the peer. A fingerprint that cannot be read matches nothing, but it is not none: without any, the
/// peer is not judged before the next SDP.
fn peer(dtls: &Dtls) -> Peer {
    let read = |text: &[u8]| {
        // Nobody is judged by MD5.
        Fingerprint::parse(text).or_else(|_| Fingerprint::new(Hash::Md5, &[0; 16])).ok()
    };
    let fingerprints = dtls.fingerprints.iter().filter_map(|text| read(text)).collect();
    let tls_id = dtls.tls_id.as_ref().map(|id| String::from_utf8_lossy(id).into_owned());
    Peer { fingerprints, tls_id }
}

/// Whether a ClientHello may be sent there: not to who is on hold or has said nothing sensible.
fn is_reachable(at: SocketAddr) -> bool {
    let broadcast = matches!(at.ip(), IpAddr::V4(ip) if ip.is_broadcast());
    at.port() != 0 && !at.ip().is_unspecified() && !at.ip().is_multicast() && !broadcast
}
