use crate::Dtls;
use crate::dtls::DtlsLeg;
use crate::exchange::Role;
use crate::intent::Options;
use crate::sdes::Line;
use crate::seldom::Seldom;
use flow::srtp::{Setup, Suite};
use sdp::{DraftMedia, Field};
use std::sync::Arc;

/// How a section of a party is secured, as its SDPs and ours say. `Debug` shows no keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keying {
    /// The profile in its last SDP was a secure one.
    pub(crate) secure: bool,
    /// What we can use of the `a=crypto` lines in its last SDP.
    pub(crate) said: Vec<Line>,
    /// The lines it was last told.
    pub(crate) told: Vec<Line>,
    /// Which of `told` it chose, or we did.
    pub(crate) chosen: Chosen,
    /// Keys were offered or answered last, by it or to it.
    pub(crate) speaks_sdes: bool,
    /// It was offered SRTP, by keys or by DTLS.
    pub(crate) offered: bool,
    /// Suites it is answered with if it offered them.
    pub(crate) preferred: Vec<Suite>,
    /// Keys are answered with keys although DTLS was offered too.
    pub(crate) prefer_sdes: bool,
    /// Packets are opened and sealed anew although both ends have the same keys.
    pub(crate) recrypt: bool,
    /// DTLS with it.
    pub(crate) dtls: Seldom<DtlsLeg>,
    /// An answer has settled `guard`; offers do not change it.
    pub(crate) settled: bool,
    /// What is in force.
    pub(crate) guard: Guard,
}

/// Which of the lines that a party was told is in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// No answer yet, or one without keys.
    #[default]
    Open,
    /// The one at this index.
    Line(usize),
    /// None: the answer had keys, but for nothing we offered.
    Mismatch,
}

/// What protects the media between a party and us.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Guard {
    /// Nothing.
    #[default]
    Plain,
    /// SRTP whose keys are not known.
    Awaited,
    /// Keys from the SDP: of what it sends, and of what we send it.
    Sdes { arriving: Arc<Setup>, leaving: Arc<Setup> },
    /// Keys from a DTLS handshake, once it has given them.
    Dtls,
}

impl Keying {
    /// Takes in whether an SDP of the party speaks of SRTP, while nothing is agreed yet.
    pub(crate) fn await_keys(&mut self, expected: bool) {
        if !self.settled {
            self.guard = if expected { Guard::Awaited } else { Guard::Plain };
        }
    }

    /// What an answer has come to.
    pub(crate) fn settle(&mut self, guard: Guard) {
        if guard != Guard::Dtls {
            self.dtls.agreed = None;
        }
        self.settled = true;
        self.guard = guard;
    }

    /// The association with the party, if its media is under keys of one, or the one that it may begin before its answer
    /// to our offer has come.
    pub(crate) fn association(&self) -> Option<Dtls> {
        match self.guard {
            Guard::Dtls => self.dtls.words(),
            Guard::Awaited if !self.settled => self.dtls.foreword(),
            _ => None,
        }
    }

    /// DTLS that arrives is for us.
    pub(crate) fn expects_handshakes(&self) -> bool {
        self.speaks_dtls() || (self.guard == Guard::Awaited && !self.settled && self.dtls.is_offered())
    }

    /// Keys and fingerprints, written into an offer or answer for the party.
    pub(crate) fn render<'a>(&self, role: Role, options: &Options<'a>, out: &mut DraftMedia<'a>) {
        let write = |line: &Line| line.write(&options.sdes);
        out.cryptos = match role {
            Role::Offer => self.told.iter().map(write).collect(),
            Role::Answer => self.line_in_use().map(write).into_iter().collect(),
        };
        // The words of an earlier association are kept, not repeated.
        let speaks = role == Role::Offer || self.guard == Guard::Dtls;
        if let Some(told) = self.dtls.told.as_ref().filter(|_| speaks) {
            out.setup = Some(told.setup);
            out.fingerprint = Some(Field::from(String::from(&*told.fingerprint)));
            out.tls_id = (!options.dtls.no_tls_id).then(|| Field::from(String::from(&*told.tls_id)));
        }
    }

    /// Media is under keys of a DTLS handshake, or will be.
    pub(crate) fn speaks_dtls(&self) -> bool {
        self.guard == Guard::Dtls
    }

    /// We may be the one who begins the handshake (`active`), or who waits for it.
    pub(crate) fn dtls_role(&self, active: bool) -> bool {
        match (&self.guard, &self.dtls.agreed) {
            (Guard::Dtls, Some(agreed)) => agreed.active == active,
            _ => !self.settled && self.dtls.told.is_some(),
        }
    }

    /// The suite that reports name.
    pub(crate) fn suite(&self) -> Option<Suite> {
        self.line_in_use().map(Line::suite)
    }

    /// The line in use, or the first one that may be.
    pub(crate) fn line_in_use(&self) -> Option<&Line> {
        match self.chosen {
            Chosen::Open => self.told.first(),
            Chosen::Line(at) => self.told.get(at),
            Chosen::Mismatch => None,
        }
    }
}
