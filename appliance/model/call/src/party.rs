use crate::block::Barred;
use crate::media::Media;
use crate::seldom::{Nothing, Seldom};
use crate::{InterfaceId, Stamp};
use flow::Moment;

/// Index of a party in its call. Parties are never removed from the list, so indexes stay valid.
pub(crate) type PartyIx = usize;

/// How packets that come from a party are treated. `learning` and `pierce` stick; the rest is as its last message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Treatment {
    /// Where the party is not asymmetric.
    pub(crate) learning: flow::Learning,
    pub(crate) gate: flow::Gate,
    pub(crate) one_way: bool,
    /// The client said so.
    pub(crate) asymmetric: bool,
    /// The party's NAT is opened by a packet of ours (`pierce-NAT`).
    pub(crate) pierce: bool,
}

/// What a party was told at session level.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    /// `s=`
    pub(crate) name: Option<Box<[u8]>>,
    /// User of `o=`.
    pub(crate) user: Option<Box<[u8]>>,
    /// Session id of `o=`.
    pub(crate) id: Option<Box<[u8]>>,
    /// Session version, and a digest of what was sent with it.
    pub(crate) version: Option<(u64, u64)>,
}

/// What is remembered of the parties of a call besides who talks with whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Aside {
    /// Those it talked with before.
    pub(crate) former: Vec<PartyIx>,
    /// `block media` for what it sends to these.
    pub(crate) blocked: Vec<PartyIx>,
    /// `silence media` for what it sends to these.
    pub(crate) silenced: Vec<PartyIx>,
}

impl Nothing for Aside {
    fn nothing() -> &'static Aside {
        static NOTHING: Aside = Aside { former: Vec::new(), blocked: Vec::new(), silenced: Vec::new() };
        &NOTHING
    }
}

/// One participant of a call, known by its SIP tag (or not yet, for the callee of an unanswered offer).
#[derive(Clone, Debug)]
pub(crate) struct Party {
    /// SIP tag; empty while unknown.
    pub(crate) tag: Box<[u8]>,
    /// Tags it had before.
    pub(crate) aliases: Vec<Box<[u8]>>,
    /// Branch of the request that created it, for forks whose tag is not known yet.
    pub(crate) via_branch: Option<Box<[u8]>>,
    /// Free name given by the client.
    pub(crate) label: Option<Box<[u8]>>,
    /// Free text that came with one of its messages.
    pub(crate) metadata: Option<Box<[u8]>>,
    pub(crate) created: Stamp,
    /// Interface that faces this party, once `direction` or its address said so.
    pub(crate) interface: Option<InterfaceId>,
    /// The parties it is in a dialogue with, in the order they came.
    pub(crate) peers: Vec<PartyIx>,
    pub(crate) medias: Vec<Media>,
    /// Sections the party has not been told of (`sdp-media-remove`), in rising order.
    pub(crate) hidden: Vec<usize>,
    pub(crate) treatment: Treatment,
    /// Deleted: its ports are closed, it is only reported.
    pub(crate) deleted: bool,
    /// To be deleted at this moment.
    pub(crate) ends: Option<Moment>,
    /// It was offered to before it ever offered.
    pub(crate) callee: bool,
    /// Its offer had a BUNDLE group, and we accept that.
    pub(crate) bundles: bool,
    /// Our last offer to it had one.
    pub(crate) told_group: bool,
    /// What it was told at session level, kept when flags say that it shall not change.
    pub(crate) told: Option<Box<Told>>,
    /// `block media` and `silence media` for what this party sends.
    pub(crate) barred: Barred,
    /// What few calls of two parties have.
    pub(crate) aside: Seldom<Aside>,
    /// Its packets stay out of recordings.
    pub(crate) unrecorded: bool,
}

impl Party {
    pub(crate) fn new(tag: &[u8], created: Stamp, treatment: Treatment) -> Party {
        Party {
            tag: tag.into(),
            aliases: Vec::new(),
            via_branch: None,
            label: None,
            metadata: None,
            created,
            interface: None,
            peers: Vec::new(),
            medias: Vec::new(),
            hidden: Vec::new(),
            treatment,
            deleted: false,
            ends: None,
            callee: false,
            bundles: false,
            told_group: false,
            told: None,
            barred: Barred::default(),
            aside: Seldom::default(),
            unrecorded: false,
        }
    }

    /// Places of the sections that the party knows of.
    pub(crate) fn told_of(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.medias.len()).filter(|place| !self.hidden.contains(place))
    }

    /// Those it talks with, or has talked with.
    pub(crate) fn acquaintances(&self) -> impl Iterator<Item = PartyIx> + '_ {
        self.peers.iter().chain(&self.aside.former).copied()
    }

    /// It does not talk with `other` any more.
    pub(crate) fn leave(&mut self, other: PartyIx) {
        self.peers.retain(|peer| *peer != other);
        if !self.aside.former.contains(&other) {
            self.aside.former.push(other);
        }
    }

    /// True when `tag` is or was this party's tag.
    pub(crate) fn is(&self, tag: &[u8]) -> bool {
        !tag.is_empty() && (&*self.tag == tag || self.aliases.iter().any(|a| &**a == tag))
    }
}
