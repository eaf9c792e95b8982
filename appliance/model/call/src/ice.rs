use crate::call::Call;
use crate::dialogue::Dialogue;
use crate::exchange::Role;
use crate::intent::{IceWish, Options};
use crate::media::{Transport, is_hold};
use crate::seldom::Nothing;
use crate::{Env, Ice};
use flow::FlowKey;
use ice::{Candidate, Component, Credentials, Foundation, Kind, LocalCandidate, Remote, Standing};
use sdp::Section;
use std::net::SocketAddr;
use std::sync::LazyLock;

/// ICE on one leg: one media section of one party.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct IceLeg {
    /// We speak ICE with the party: its last SDP had it, or what it was offered last.
    pub(crate) on: bool,
    /// What its last SDP said, if that can be used.
    pub(crate) remote: Option<Remote>,
    /// Its last SDP said `trickle`.
    pub(crate) trickles: bool,
    /// We are lite towards it.
    pub(crate) lite: bool,
    /// Its last SDP said that it is lite.
    pub(crate) peer_lite: bool,
    /// We let it nominate although it was offered to.
    pub(crate) meek: bool,
    /// ICE is between the two ends; we are one more candidate, and pass their checks on.
    pub(crate) passes: Option<Standing>,
    /// What it was told last, or is about to be.
    pub(crate) ours: Option<Credentials>,
    /// The same of candidates.
    pub(crate) candidates: Vec<LocalCandidate>,
    /// What both sides have told each other: of this its agent is made.
    pub(crate) agreed: Option<Ice>,
    /// Where its agent found it: for RTP and for RTCP.
    pub(crate) routes: [Way; 2],
}

impl Nothing for IceLeg {
    fn nothing() -> &'static IceLeg {
        static NOTHING: LazyLock<IceLeg> = LazyLock::new(IceLeg::default);
        &NOTHING
    }
}

/// What an agent says about a component.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Way {
    /// Nothing yet: the address of the SDP, or a learned one.
    #[default]
    Unproven,
    /// From this port of ours to this address.
    Found(FlowKey, SocketAddr),
    /// It was found once, and does not answer any more.
    Lost,
}

impl IceLeg {
    pub(crate) fn way(&self, component: Component) -> Way {
        self.routes[usize::from(component == Component::Rtcp)]
    }

    pub(crate) fn way_mut(&mut self, component: Component) -> &mut Way {
        &mut self.routes[usize::from(component == Component::Rtcp)]
    }

    /// Whether we begin as the one that nominates (RFC 8445 §6.1.1); `called` for a section that was offered to the
    /// party first.
    pub(crate) fn is_controlling(&self, called: bool) -> bool {
        !self.lite && (self.peer_lite || (called && !self.meek))
    }

    /// Takes in what the party's SDP says about ICE. True if it restarts.
    fn hear(&mut self, section: &Section<'_, '_>, lite: bool, refused: bool, role: Role) -> bool {
        let on = section.ice_ufrag().is_some() && !refused;
        let remote = heard(section, lite).filter(|_| on);
        let before = self.remote.as_ref().map(|remote| &remote.credentials);
        let restarts =
            before.is_some() && remote.as_ref().is_some_and(|new| Some(&new.credentials) != before);
        // An offer with other credentials asks for others of ours. In an answer it is too late for that.
        if (restarts && role == Role::Offer) || on != self.on {
            self.ours = None;
        }
        self.trickles = on && trickles(section);
        self.peer_lite = on && lite;
        (self.on, self.remote) = (on, remote);
        if !on {
            self.turn_off();
        }
        restarts
    }

    fn turn_on(&mut self) {
        if !self.on {
            (self.on, self.ours) = (true, None);
        }
    }

    fn turn_off(&mut self) {
        (self.on, self.ours, self.remote, self.agreed) = (false, None, None, None);
        self.candidates.clear();
        self.routes = [Way::Unproven; 2];
    }
}

/// What a section says, if its credentials can be used: without candidates checks of the party teach us its address.
fn heard(section: &Section<'_, '_>, lite: bool) -> Option<Remote> {
    let text = |text: Option<sdp::Text<'_>>| text.and_then(|t| t.as_str().map(str::to_owned));
    let credentials = Credentials::new(&text(section.ice_ufrag())?, &text(section.ice_pwd())?).ok()?;
    let candidates = section.candidates().filter_map(|line| read(&line)).take(ice::MAX_REMOTE).collect();
    let end_of_candidates = section.end_of_candidates() || !trickles(section);
    Some(Remote { credentials, candidates, end_of_candidates, lite })
}

/// Whether more candidates are to come: said, or by an address of zero (RFC 8840 §4.1.1).
fn trickles(section: &Section<'_, '_>) -> bool {
    section.ice_option("trickle") || section.connection().is_some_and(|c| is_hold(c.address))
}

/// A candidate that can be checked: over UDP, with an address.
pub(crate) fn read(line: &sdp::Candidate<'_>) -> Option<Candidate> {
    let component = match line.component {
        1 => Component::Rtp,
        2 => Component::Rtcp,
        _ => return None,
    };
    if !line.transport.as_bytes().eq_ignore_ascii_case(b"UDP") {
        return None;
    }
    Some(Candidate {
        foundation: Foundation::new(line.foundation.as_text().as_str()?).ok()?,
        component,
        priority: line.priority,
        address: SocketAddr::new(line.ip()?, line.port),
        kind: match &line.kind {
            sdp::CandidateKind::Host => Kind::Host,
            sdp::CandidateKind::ServerReflexive => Kind::ServerReflexive,
            sdp::CandidateKind::PeerReflexive => Kind::PeerReflexive,
            sdp::CandidateKind::Relay => Kind::Relayed,
            sdp::CandidateKind::Other(_) => return None,
        },
        related: None,
    })
}

impl Call {
    /// Takes in what the sender says about ICE, and decides whether the receiver is told of any. Comes before the
    /// ports: with ICE there are some on every address.
    pub(crate) fn settle_ice(
        &mut self,
        between: Dialogue,
        role: Role,
        place: usize,
        section: &Section<'_, '_>,
        lite: bool,
        options: &Options<'_>,
    ) {
        let sender = &mut self.parties[between.sender].medias[place];
        if sender.rejected {
            return;
        }
        let passthrough = options.passthrough.unwrap_or(sender.passthrough);
        let ends = std::mem::replace(&mut sender.passthrough, passthrough) && !passthrough;
        self.parties[between.receiver].medias[place].passthrough = passthrough;
        let sender = &mut self.parties[between.sender].medias[place];
        if sender.transport != Transport::Rtp {
            sender.ice.turn_off();
            self.parties[between.receiver].medias[place].ice.turn_off();
            return;
        }
        let said = section.ice_ufrag().is_some();
        let restarts = sender.ice.hear(section, lite, options.reject_ice, role);
        // Who begins anew by an offer takes the lead, as browsers do; we have it towards who is offered that.
        if restarts || (options.reset && role == Role::Offer) {
            sender.called &= role == Role::Answer;
            self.parties[between.receiver].medias[place].called = role == Role::Offer;
        }
        let sender = &mut self.parties[between.sender].medias[place];
        let passes = match passthrough {
            true => said.then_some(Standing::Second),
            false if ends => None,
            false => sender.ice.stand_by(options.ice, said, role),
        };
        sender.ice.passes = passes;
        let receiver = &mut self.parties[between.receiver].medias[place];
        let known = receiver.initialized;
        if role == Role::Offer {
            receiver.ice.propose(options.ice, said, known);
            receiver.ice.meek |= (passes.is_some() || passthrough) && !known;
        }
        if options.ice == IceWish::Remove {
            receiver.ice.turn_off();
        }
        receiver.ice.passes = passes;
        for (party, lite) in
            [(between.sender, options.ice_lite.backward), (between.receiver, options.ice_lite.forward)]
        {
            let leg = &mut self.parties[party].medias[place].ice;
            if role == Role::Offer
                && let Some(lite) = lite
            {
                leg.lite = lite;
                leg.meek |= lite;
            }
            if options.reset {
                leg.ours = None;
            }
        }
    }

    /// What follows once both sides have their ports: candidates, credentials, and what each agent is to know.
    pub(crate) fn agree_on_ice(
        &mut self,
        between: Dialogue,
        role: Role,
        place: usize,
        options: &Options<'_>,
        env: &mut Env<'_>,
    ) {
        for (party, shown) in [(between.receiver, options.media_address), (between.sender, None)] {
            let media = &self.parties[party].medias[place];
            let leg = &media.ice;
            if media.rejected || !(leg.on || leg.passes.is_some()) {
                continue;
            }
            let called = media.called;
            self.accompany(party, place, env);
            let addresses = self.local_addresses(party, place, shown, env);
            let leg = &mut self.parties[party].medias[place].ice;
            let standing = leg.passes.unwrap_or(Standing::First);
            let answered = role == Role::Answer && party == between.receiver;
            leg.list(ice::local_candidates(&addresses, standing), answered);
            match role {
                _ if leg.passes.is_some() => leg.agreed = None,
                _ if party == between.receiver => leg.tell(role, called, env),
                Role::Answer => leg.conclude(),
                Role::Offer => {}
            }
        }
    }
}

impl IceLeg {
    /// Whether the party's own candidates stay, and what ours are beside them. An answer follows its offer: our
    /// candidates alone and theirs do not mix.
    fn stand_by(&self, wish: IceWish, said: bool, role: Role) -> Option<Standing> {
        if !(said || role == Role::Answer) {
            return None;
        }
        match wish {
            IceWish::Optional if role == Role::Offer => Some(Standing::Second),
            IceWish::ForceRelay if role == Role::Offer => Some(Standing::Relay),
            IceWish::Optional => self.passes.map(|_| Standing::Second),
            IceWish::ForceRelay => self.passes.map(|_| Standing::Relay),
            // Unless told again we are no relay any more but a host.
            IceWish::Unsaid => self.passes.map(|_| Standing::Second),
            IceWish::Default | IceWish::Force | IceWish::Remove => None,
        }
    }

    /// An offer goes to the party.
    fn propose(&mut self, wish: IceWish, said: bool, known: bool) {
        match wish {
            IceWish::Force => self.turn_on(),
            // Who has spoken is offered what it spoke.
            _ if known => {}
            _ if said => self.turn_on(),
            IceWish::Optional => self.turn_on(),
            _ => self.turn_off(),
        }
    }

    /// Other sockets than before want other credentials (RFC 8445 §9); fewer do not. In an answer it is too late for
    /// others (RFC 8839 §4.4.1.1.1): only an offer restarts.
    fn list(&mut self, candidates: Vec<LocalCandidate>, answered: bool) {
        if let Some(agreed) = self.agreed.as_ref().filter(|_| !answered) {
            let known = |new: &LocalCandidate| agreed.candidates.iter().any(|old| old.base == new.base);
            if !candidates.iter().all(known) {
                self.ours = None;
                self.routes = [Way::Unproven; 2];
            }
        }
        self.candidates = candidates;
    }

    /// The party is about to be told.
    fn tell(&mut self, role: Role, called: bool, env: &mut Env<'_>) {
        let credentials =
            self.ours.get_or_insert_with(|| Credentials::generate(|bytes| env.secrets.fill(bytes))).clone();
        let before = self.agreed.take().filter(|before| before.credentials == credentials);
        self.agreed = Some(Ice {
            role: if self.is_controlling(called) { ice::Role::Controlling } else { ice::Role::Controlled },
            lite: self.lite,
            credentials,
            candidates: self.candidates.clone(),
            remote: match role {
                Role::Answer => self.remote.clone(),
                Role::Offer => before.and_then(|before| before.remote),
            },
        });
    }

    /// The party has answered.
    fn conclude(&mut self) {
        if let Some(agreed) = &mut self.agreed {
            agreed.remote = self.remote.clone();
            agreed.candidates = self.candidates.clone();
            if self.peer_lite && !self.lite {
                agreed.role = ice::Role::Controlling;
            }
        }
    }
}
