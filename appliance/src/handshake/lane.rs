use super::count::Count;
use super::output::Output;
use crate::worker::Parcel;
use call::HandshakeEvent;
use dtls::{Context, Endpoint, Event, Gate, Ignored, Keys, Peer, Reason, Role, Secret};
use flow::srtp::{MasterKey, Setup, Suite};
use flow::{FlowKey, Generation, Moment, SessionId};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// The peer's address where ICE says where the peer is: to DTLS, all addresses of an ICE session are one
/// (RFC 8842 §3.2), so that a handshake goes on when the pair changes. Nobody can have this one.
pub(super) const BY_ICE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// The reason of a failure when the peer ended the association.
const CLOSED: &str = "closed-by-peer";

/// Who it is about, for what goes out. `Display` is for the log, beside the Call-ID.
#[derive(Clone, Debug)]
pub(super) struct Label {
    pub(super) call_id: Arc<str>,
    /// The section, or its RTCP component.
    pub(super) session: SessionId,
    pub(super) generation: Generation,
    pub(super) worker: u16,
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (party, media) = self.session.place();
        let rtcp = if self.session == self.session.of_section() { "" } else { " RTCP" };
        write!(f, "party {party} media {media}{rtcp}")
    }
}

/// DTLS of one component of a section.
#[derive(Debug)]
pub(super) struct Lane {
    endpoint: Endpoint,
    /// Where what we send comes from: our latest port, or the one at which the peer was heard after it.
    local: FlowKey,
    /// Where the peer is by ICE, if it speaks ICE and was found.
    route: Option<SocketAddr>,
    /// A client's place to begin anew, as it had no answer so far.
    knocking: Option<SocketAddr>,
    /// The failure that was told last; it is not told twice.
    told: Option<&'static str>,
}

impl Lane {
    pub(super) fn new(context: &Context, gate: &Arc<Gate>, role: Role, peer: Peer, local: FlowKey) -> Lane {
        let endpoint = Endpoint::new(context.clone(), Arc::clone(gate), role, peer);
        Lane { endpoint, local, route: None, knocking: None, told: None }
    }

    /// Takes in what the next SDP says.
    pub(super) fn update(
        &mut self,
        context: &Context,
        role: Role,
        peer: Peer,
        now: Moment,
        label: &Label,
        out: &mut Output,
    ) {
        self.told = None;
        if role == Role::Server {
            self.knocking = None;
        }
        let updated = self.endpoint.update(context.clone(), role, peer, now.0);
        match updated {
            Ok(Some(_)) if role == Role::Client && self.endpoint.handshakes() > 0 => out.count(Count::Begun),
            Ok(_) => {}
            Err(error) => self.fail_by_us(&error, label, out),
        }
        self.drain(now, label, out);
    }

    /// Sends from this port of ours from now on.
    pub(super) fn leave_from(&mut self, local: FlowKey) {
        self.local = local;
    }

    /// Sends from there to there from now on, as ICE found out.
    pub(super) fn follow(&mut self, local: FlowKey, remote: SocketAddr) {
        self.local = local;
        self.route = Some(remote);
    }

    /// Sends nowhere until ICE finds something.
    pub(super) fn stay(&mut self) {
        self.route = None;
    }

    /// As a client: begins, or goes on at this address.
    pub(super) fn connect(&mut self, remote: SocketAddr, now: Moment, label: &Label, out: &mut Output) {
        if self.endpoint.role() != Role::Client {
            return;
        }
        // Who has failed for good begins anew with the next SDP, not with every address.
        let begins = self.endpoint.handshakes() == 0;
        if begins && self.told.is_some() {
            return;
        }
        self.knocking = Some(remote);
        match self.endpoint.connect(remote, now.0) {
            Ok(()) => out.tally.add(Count::Begun, u64::from(begins)),
            Err(error) => self.fail_by_us(&error, label, out),
        }
        self.drain(now, label, out);
    }

    /// Takes in a datagram that came to `local`.
    pub(super) fn handle(
        &mut self,
        (local, source): (FlowKey, SocketAddr),
        datagram: &[u8],
        now: Moment,
        label: &Label,
        out: &mut Output,
    ) -> Result<(), Ignored> {
        let before = self.endpoint.handshakes();
        if source != BY_ICE {
            // The answer leaves from where the question came to.
            self.local = local;
        }
        let handled = self.endpoint.handle(source, datagram, now.0);
        if self.endpoint.role() == Role::Server && self.endpoint.handshakes() > before {
            out.count(Count::Begun);
        }
        self.drain(now, label, out);
        handled
    }

    pub(super) fn on_timeout(&mut self, now: Moment, label: &Label, out: &mut Output) {
        self.endpoint.on_timeout(now.0);
        self.drain(now, label, out);
    }

    pub(super) fn next_timeout(&self) -> Option<Moment> {
        self.endpoint.next_timeout().map(Moment)
    }

    /// Tells the peer that it is over.
    pub(super) fn close(mut self, label: &Label, out: &mut Output) {
        self.endpoint.close();
        self.send(label, out);
    }

    fn drain(&mut self, now: Moment, label: &Label, out: &mut Output) {
        self.send(label, out);
        while let Some(event) = self.endpoint.poll_event() {
            match event {
                Event::Connected { keys, .. } => self.connected(&keys, label, out),
                Event::Failed { reason, .. } => {
                    out.count(reason.into());
                    self.failed(reason.as_str(), label, out);
                    if reason == Reason::TimedOut {
                        self.knock_again(now, label, out);
                    }
                }
                Event::Closed { .. } => {
                    out.count(Count::Closed);
                    self.failed(CLOSED, label, out);
                }
            }
        }
    }

    /// A phone may open its port late, so who had no answer goes on asking.
    fn knock_again(&mut self, now: Moment, label: &Label, out: &mut Output) {
        let Some(remote) = self.knocking.filter(|_| self.endpoint.handshakes() == 0) else { return };
        match self.endpoint.connect(remote, now.0) {
            Ok(()) => out.count(Count::Begun),
            Err(error) => self.fail_by_us(&error, label, out),
        }
        self.send(label, out);
    }

    fn send(&mut self, label: &Label, out: &mut Output) {
        while let Some(transmit) = self.endpoint.poll_transmit() {
            let to = if transmit.remote == BY_ICE { self.route } else { Some(transmit.remote) };
            // Without a route it is as if the network had lost it.
            let Some(to) = to else { continue };
            let parcel = Parcel { from: self.local, to, bytes: transmit.payload.into() };
            out.parcels.push((label.worker, parcel));
        }
    }

    fn connected(&mut self, keys: &Keys, label: &Label, out: &mut Output) {
        let Some((open, seal)) = setups(keys) else {
            out.count(Count::Internal);
            return self.failed(Reason::Internal.as_str(), label, out);
        };
        out.count(Count::Done);
        self.told = None;
        let Label { session, generation, .. } = *label;
        tracing::debug!(call_id = %label.call_id, of = %label, profile = %keys.profile, "DTLS handshake done");
        out.events.push(HandshakeEvent::Keys { session, generation, open, seal });
    }

    /// A server with keys that are good goes on with them, whoever failed.
    fn failed(&mut self, reason: &'static str, label: &Label, out: &mut Output) {
        if self.endpoint.is_connected() || self.told == Some(reason) {
            return;
        }
        self.told = Some(reason);
        let Label { session, generation, .. } = *label;
        tracing::warn!(call_id = %label.call_id, of = %label, reason, "DTLS handshake failed");
        out.events.push(HandshakeEvent::Failed { session, generation, reason });
    }

    fn fail_by_us(&mut self, error: &dtls::Error, label: &Label, out: &mut Output) {
        tracing::error!(call_id = %label.call_id, of = %label, %error, "DTLS handshake failed");
        out.count(Count::Internal);
        self.failed(Reason::Internal.as_str(), label, out);
    }
}

/// The keys as SRTP takes them: of what arrives, and of what leaves.
fn setups(keys: &Keys) -> Option<(Arc<Setup>, Arc<Setup>)> {
    let suite = Suite::of_dtls(keys.profile.number())?;
    let setup =
        |secret: &Secret| MasterKey::new(suite, secret.expose()).ok().map(|key| Arc::new(Setup::new(key)));
    Some((setup(&keys.remote)?, setup(&keys.local)?))
}
