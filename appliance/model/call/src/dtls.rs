use crate::seldom::Nothing;
use crate::wish::DtlsWish;
use crate::{Dtls, Secrets};
use flow::Generation;
use flow::srtp::Setup as Keys;
use sdp::{Fingerprint, Section, Setup};
use std::sync::{Arc, LazyLock};

/// The hash of our certificate that is written when nothing else is asked for.
const USUAL_HASH: &str = "sha-256";
/// The most `a=fingerprint` lines of a section that are looked at.
const MOST_FINGERPRINTS: usize = 8;

/// DTLS-SRTP with one party on one section: what the SDPs say, and what came of the handshake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DtlsLeg {
    /// What its last SDP says, if it speaks DTLS.
    pub(crate) said: Option<Said>,
    /// What ours says, since the association was new.
    pub(crate) told: Option<Told>,
    /// Name of the hash that it is told.
    hash: Option<Box<str>>,
    /// We wait for its handshake where it leaves that to us; `None` before anybody asked.
    passive: Option<bool>,
    /// The association that both sides have agreed on.
    pub(crate) agreed: Option<Agreed>,
    /// What the handshakes gave: for RTP and for RTCP.
    keys: [Option<KeyPair>; 2],
}

/// Of what arrives, and of what leaves.
pub(crate) type KeyPair = (Arc<Keys>, Arc<Keys>);

/// What an SDP of the party says about DTLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    setup: Option<Setup>,
    identity: Identity,
    /// Hash name of its first fingerprint.
    hash: Box<str>,
}

/// Who the other end of an association is (RFC 8842 §5.1): with another one it begins anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    fingerprints: Vec<Box<[u8]>>,
    tls_id: Option<Box<[u8]>>,
}

/// What we say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) setup: Setup,
    pub(crate) fingerprint: Box<str>,
    pub(crate) tls_id: Box<str>,
    /// Who heard it first.
    to: Option<Identity>,
}

/// An association.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Agreed {
    /// We send the ClientHello.
    pub(crate) active: bool,
    with: Identity,
    /// Agents that know less than this speak of an older one.
    since: Generation,
}

impl Nothing for DtlsLeg {
    fn nothing() -> &'static DtlsLeg {
        static NOTHING: LazyLock<DtlsLeg> = LazyLock::new(DtlsLeg::default);
        &NOTHING
    }
}

impl DtlsLeg {
    /// Takes in what an SDP of the party says.
    pub(crate) fn hear(&mut self, section: &Section<'_, '_>, wish: &DtlsWish) {
        self.said = Said::read(section, wish);
    }

    /// Writes an offer for the party: it may take either role (RFC 8842 §5.2). False when there is no DTLS here.
    pub(crate) fn offer(&mut self, wish: &DtlsWish, secrets: &mut dyn Secrets) -> bool {
        let hash = match (&self.hash, wish.fingerprint) {
            (Some(hash), _) => hash.clone(),
            (None, Some(hash)) => hash.to_ascii_lowercase().into(),
            (None, None) => USUAL_HASH.into(),
        };
        self.tell(Setup::Actpass, &hash, secrets)
    }

    /// Says what is done where the party leaves the role to us; `usual` while no request has said it.
    pub(crate) fn prefer(&mut self, wish: &DtlsWish, usual: bool) {
        self.passive = wish.passive.or(self.passive).or(Some(usual));
    }

    /// Writes the answer to what the party offered; `next` is the number that what follows will have. False when there
    /// is no DTLS here, or none is offered.
    pub(crate) fn answer(&mut self, next: Generation, secrets: &mut dyn Secrets) -> bool {
        let Some(said) = self.said.clone() else { return false };
        let before = self.agreed.as_ref().map(|agreed| agreed.active);
        let standing =
            before.filter(|_| self.agreed.as_ref().is_some_and(|agreed| agreed.with == said.identity));
        let active = match said.setup {
            // RFC 4145 §4.1: an offer without a role takes the active one.
            None | Some(Setup::Active) => false,
            Some(Setup::Passive) => true,
            // RFC 8842 §5.3: the roles of an association that goes on stay. Who waited for the last one waits for the next.
            Some(Setup::Actpass) => standing.unwrap_or(self.passive != Some(true) && before != Some(false)),
            Some(Setup::Holdconn) => return false,
        };
        let setup = if active { Setup::Active } else { Setup::Passive };
        if !self.tell(setup, &said.hash, secrets) {
            return false;
        }
        self.associate(active, said.identity, next);
        true
    }

    /// Takes in the answer to our offer. False when it is none, or nothing follows from it now.
    pub(crate) fn conclude(&mut self, next: Generation) -> bool {
        let (Some(said), Some(_)) = (&self.said, &self.told) else { return false };
        let active = match said.setup {
            Some(Setup::Active) => false,
            // `actpass` breaks RFC 8842 §5.3; who says it waits for us. Nothing means `passive` (RFC 4145 §4.1).
            None | Some(Setup::Passive | Setup::Actpass) => true,
            Some(Setup::Holdconn) => return false,
        };
        self.associate(active, said.identity.clone(), next);
        true
    }

    /// No DTLS with the party any more.
    pub(crate) fn turn_off(&mut self) {
        (self.told, self.agreed, self.keys) = (None, None, [None, None]);
    }

    fn tell(&mut self, setup: Setup, hash: &str, secrets: &mut dyn Secrets) -> bool {
        let identity = self.said.as_ref().map(|said| &said.identity);
        // What was said goes on being said while the other end is the same, so that a re-INVITE changes nothing.
        let goes_on = |told: &Told| told.to.is_none() || identity.is_none() || told.to.as_ref() == identity;
        if let Some(told) = self.told.as_mut().filter(|told| goes_on(told)) {
            told.setup = setup;
            return true;
        }
        let Some(fingerprint) = secrets.fingerprint(hash).or_else(|| secrets.fingerprint(USUAL_HASH)) else {
            self.turn_off();
            return false;
        };
        self.hash = fingerprint.split(' ').next().map(Into::into);
        let mut random = [0; 16];
        secrets.fill(&mut random);
        let tls_id: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let fingerprint = fingerprint.into_boxed_str();
        self.told = Some(Told { setup, fingerprint, tls_id: tls_id.into(), to: None });
        true
    }

    fn associate(&mut self, active: bool, with: Identity, next: Generation) {
        if let Some(told) = &mut self.told {
            told.to.get_or_insert_with(|| with.clone());
        }
        if self.agreed.as_ref().is_some_and(|agreed| agreed.active == active && agreed.with == with) {
            return;
        }
        self.agreed = Some(Agreed { active, with, since: next });
        self.keys = [None, None];
    }

    /// What the agents must know; `None` without an association.
    pub(crate) fn words(&self) -> Option<Dtls> {
        let agreed = self.agreed.as_ref()?;
        Some(Dtls {
            active: agreed.active,
            told: self.told.as_ref().map(|told| told.fingerprint.clone()),
            fingerprints: agreed.with.fingerprints.clone(),
            tls_id: agreed.with.tls_id.clone(),
        })
    }

    /// We have offered the party to take either role, and it has not answered.
    pub(crate) fn is_offered(&self) -> bool {
        let actpass = |told: &Told| told.setup == Setup::Actpass;
        self.agreed.is_none() && self.told.as_ref().is_some_and(actpass)
    }

    /// What the agents must know of an association that we have offered: until the answer says who the party is, it can
    /// only be the one who begins.
    pub(crate) fn foreword(&self) -> Option<Dtls> {
        let told = self.told.as_ref().filter(|_| self.is_offered())?;
        let told = Some(told.fingerprint.clone());
        Some(Dtls { active: false, told, fingerprints: Vec::new(), tls_id: None })
    }

    /// A handshake for RTP (`false`) or RTCP (`true`) has ended, with keys or without. What they protect is counted anew,
    /// in a crypto context of this number, greater than all before it. False when agents speak of an association that is
    /// no more.
    pub(crate) fn hear_keys(
        &mut self,
        rtcp: bool,
        knew: Generation,
        context: u32,
        keys: Option<KeyPair>,
    ) -> bool {
        let current = self.agreed.as_ref().is_some_and(|agreed| agreed.since <= knew);
        if current {
            let anew = |setup: Arc<Keys>| Arc::new(Keys { context, ..Keys::clone(&setup) });
            self.keys[usize::from(rtcp)] = keys.map(|(open, seal)| (anew(open), anew(seal)));
        }
        current
    }

    /// The keys for RTP or RTCP, if the handshake has given them.
    pub(crate) fn keys(&self, rtcp: bool) -> Option<&KeyPair> {
        self.keys[usize::from(rtcp)].as_ref()
    }
}

impl Said {
    fn read(section: &Section<'_, '_>, wish: &DtlsWish) -> Option<Said> {
        let usable: Vec<Fingerprint<'_>> =
            section.fingerprints().filter(is_usable).take(MOST_FINGERPRINTS).collect();
        let hash = usable.first()?.hash.as_str()?.to_ascii_lowercase().into();
        let setup = section.setup().filter(|setup| *setup != Setup::Holdconn);
        // Who holds the connection, or names a role nobody knows, does not want one now.
        if setup.is_none() && section.says_setup() {
            return None;
        }
        let text = |f: &Fingerprint<'_>| format!("{} {}", f.hash, f.digest).into_bytes().into_boxed_slice();
        Some(Said {
            setup,
            identity: Identity {
                fingerprints: usable.iter().map(text).collect(),
                tls_id: section.tls_id().filter(|_| !wish.no_tls_id).map(|id| id.as_bytes().into()),
            },
            hash,
        })
    }
}

/// A hash that is known and as long as it says (RFC 8122 §5).
fn is_usable(fingerprint: &Fingerprint<'_>) -> bool {
    let hashes = [("sha-1", 20), ("sha-224", 28), ("sha-256", 32), ("sha-384", 48), ("sha-512", 64)];
    let len = hashes.iter().find(|(name, _)| fingerprint.hash.same(name)).map(|(_, len)| *len);
    len.is_some() && fingerprint.decode(&mut [0; 64]) == len
}
