//! Best-effort SRTP as it was before RFC 8643: a plain section and a secure one for the same media, of which the other
//! side takes one. Inside they are one section: folded when they come, written twice when they go.

use crate::call::Call;
use crate::exchange::Role;
use crate::media::{Media, Transport};
use crate::party::PartyIx;
use sdp::{Draft, DraftMedia, Field, Name, Profile, Session};

/// A section of a party that stands for two in its SDP.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Double {
    /// The secure one stands first.
    pub(crate) reversed: bool,
    /// The party has taken the secure one, or we have.
    pub(crate) secure: bool,
    /// `a=mid` of the one that is not in use.
    other_mid: Option<Box<[u8]>>,
}

/// A body whose doubled sections are one each, and for each of its sections what it was.
pub(crate) struct Folded<'a> {
    pub(crate) session: Session<'a>,
    pub(crate) doubles: Vec<Option<Double>>,
}

impl Call {
    /// Folds sections that stand side by side for the same media, if the client says that there may be such (`accept`)
    /// or they belong to a section that is doubled for the sender. The secure one is taken, unless it is refused. `None`
    /// when there are none.
    pub(crate) fn fold<'a>(&self, sender: PartyIx, accept: bool, came: &Session<'a>) -> Option<Folded<'a>> {
        if !came.media.windows(2).any(|two| are_pair(&two[0], &two[1])) {
            return None;
        }
        let mut folded = Folded { session: came.clone(), doubles: Vec::new() };
        folded.session.media.clear();
        let mut at = 0;
        while let Some(one) = came.media.get(at) {
            let nth = folded.doubles.len();
            let known = self.parties[sender].medias.get(self.place(sender, nth));
            let expected = accept || known.is_some_and(|media| media.double.is_some());
            let (taken, double) = match came.media.get(at + 1).filter(|two| expected && are_pair(one, two)) {
                Some(two) => {
                    at += 1;
                    let (taken, double) = take(one, two);
                    (taken, Some(double))
                }
                None => (one, None),
            };
            folded.session.media.push(sdp::Media { index: nth, ..taken.clone() });
            folded.doubles.push(double);
            at += 1;
        }
        folded.doubles.iter().any(Option::is_some).then_some(folded)
    }

    /// Notes how the sender's section came, and that the receiver's is to be doubled.
    pub(crate) fn settle_double(
        &mut self,
        (sender, receiver): (PartyIx, PartyIx),
        role: Role,
        place: usize,
        came: Option<Double>,
        offer: bool,
    ) {
        self.parties[sender].medias[place].double = came;
        let receiver = &mut self.parties[receiver].medias[place];
        let secure = receiver.transport == Transport::Rtp && Profile::of(&receiver.protocol).is_secure();
        if role == Role::Offer && offer && secure {
            receiver.double.get_or_insert_default();
        }
    }

    /// Writes the sections of the receiver that are doubled twice.
    pub(crate) fn unfold(&self, receiver: PartyIx, role: Role, draft: &mut Draft<'_>) {
        let receiver = &self.parties[receiver];
        let told: Vec<&Media> = receiver.told_of().map(|place| &receiver.medias[place]).collect();
        for (nth, media) in told.into_iter().enumerate().rev() {
            let (Some(double), Some(section)) = (&media.double, draft.media.get(nth)) else { continue };
            if !section.profile().is_rtp() {
                continue;
            }
            let other = double.other(section, role);
            let other_first = section.profile().is_secure() != double.reversed;
            draft.media.insert(if other_first { nth } else { nth + 1 }, other);
        }
    }
}

impl Double {
    /// The section beside this one: the same port without keys while both may be taken, else refused.
    fn other<'a>(&self, section: &DraftMedia<'a>, role: Role) -> DraftMedia<'a> {
        let profile = section.profile();
        let mut other = section.clone();
        other.mid = self.other_mid.as_deref().map(|mid| Field::from(mid.to_vec()));
        other.protocol = Field::fixed(match (profile.is_secure(), profile.has_feedback()) {
            (true, false) => "RTP/AVP",
            (true, true) => "RTP/AVPF",
            (false, false) => "RTP/SAVP",
            (false, true) => "RTP/SAVPF",
        });
        other.cryptos.clear();
        (other.setup, other.fingerprint, other.tls_id) = (None, None, None);
        let both = role == Role::Offer && profile.is_secure() && !self.secure && section.port != 0;
        if !both {
            other.reject();
        }
        other
    }
}

impl Media {
    /// What `query` says of it.
    pub(crate) fn took_secure_double(&self) -> (bool, bool) {
        let taken = self.double.as_ref().filter(|double| double.secure);
        (taken.is_some(), taken.is_some_and(|double| double.reversed))
    }
}

fn are_pair(one: &sdp::Media<'_>, two: &sdp::Media<'_>) -> bool {
    let rtp = one.profile.is_rtp() && two.profile.is_rtp();
    rtp && one.kind == two.kind && one.profile.is_secure() != two.profile.is_secure()
}

fn take<'m, 'a>(one: &'m sdp::Media<'a>, two: &'m sdp::Media<'a>) -> (&'m sdp::Media<'a>, Double) {
    let reversed = one.profile.is_secure();
    let (plain, safe) = if reversed { (two, one) } else { (one, two) };
    let secure = !safe.is_rejected() || plain.is_rejected();
    let (taken, other) = if secure { (safe, plain) } else { (plain, safe) };
    let other_mid = other.first(Name::Mid).map(|line| line.value().as_bytes().into());
    (taken, Double { reversed, secure, other_mid })
}
