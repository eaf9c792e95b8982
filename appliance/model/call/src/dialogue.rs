use crate::Stamp;
use crate::call::Call;
use crate::party::PartyIx;

/// Which parties a message is between: the one whose SDP it carries and the one who shall get it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialogue {
    pub(crate) sender: PartyIx,
    pub(crate) receiver: PartyIx,
}

impl Call {
    /// Finds or makes the parties of an offer. A To-tag that nobody has is not believed: the answer will tell. Then
    /// the callee is the branch's party, else the one the caller talks with already, else a new one. `None` when both
    /// tags name the same party.
    pub(crate) fn dialogue_of_offer(
        &mut self,
        from_tag: &[u8],
        to_tag: Option<&[u8]>,
        via_branch: Option<&[u8]>,
        now: Stamp,
    ) -> Option<Dialogue> {
        let named = to_tag.and_then(|tag| self.party(tag));
        let sender = self.party(from_tag).unwrap_or_else(|| {
            // A callee that offers before it answered tells its tag so.
            match named.and_then(|to| self.untagged_peer(to)) {
                Some(found) => {
                    self.parties[found].tag = from_tag.into();
                    self.parties[found].callee = false;
                    self.parties[found].medias.iter_mut().for_each(|media| media.called = false);
                    found
                }
                None => self.add_party(from_tag, now),
            }
        });
        let found = named.or_else(|| match (via_branch, to_tag) {
            (Some(branch), _) => self.branch(branch),
            (None, Some(_)) => self.untagged_peer(sender),
            (None, None) => self.peer_of(sender),
        });
        let receiver = found.unwrap_or_else(|| {
            let new = self.add_party(b"", now);
            self.parties[new].callee = true;
            self.parties[new].via_branch = via_branch.map(Into::into);
            new
        });
        if sender == receiver {
            return None;
        }
        self.join(sender, receiver);
        Some(Dialogue { sender, receiver })
    }

    /// Finds or makes the parties of an answer: its SDP is the To-tag's. A tag that is not known yet names the
    /// branch's party, or the one the caller talks with; a tag it had before becomes an alias.
    /// `None` when both tags name the same party.
    pub(crate) fn dialogue_of_answer(
        &mut self,
        from_tag: &[u8],
        to_tag: &[u8],
        via_branch: Option<&[u8]>,
        now: Stamp,
    ) -> Option<Dialogue> {
        // A From-tag nobody has gets a party without a tag, as upstream does: media still flows.
        let receiver = self.party(from_tag).unwrap_or_else(|| self.add_party(b"", now));
        let sender = self.party(to_tag).unwrap_or_else(|| {
            match via_branch.and_then(|b| self.branch(b)).or_else(|| self.peer_of(receiver)) {
                Some(found) => {
                    let party = &mut self.parties[found];
                    let before = std::mem::replace(&mut party.tag, to_tag.into());
                    if !before.is_empty() {
                        party.aliases.push(before);
                    }
                    found
                }
                None => {
                    let new = self.add_party(to_tag, now);
                    self.parties[new].callee = true;
                    new
                }
            }
        });
        if sender == receiver {
            return None;
        }
        self.pair_up(receiver, sender);
        Some(Dialogue { sender, receiver })
    }

    /// A party that `party` talks with and whose tag is not known yet.
    fn untagged_peer(&self, party: PartyIx) -> Option<PartyIx> {
        let peers = self.parties[party].peers.iter().copied();
        peers.into_iter().find(|p| self.parties[*p].tag.is_empty() && !self.parties[*p].deleted)
    }

    /// The party that a branch was made for.
    fn branch(&self, branch: &[u8]) -> Option<PartyIx> {
        self.parties.iter().position(|p| !p.deleted && p.via_branch.as_deref() == Some(branch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;
    use crate::call::CallNumber;

    fn call() -> Call {
        Call::new((CallNumber(0), 0), b"c", Stamp::default(), 0, &Settings::default())
    }

    fn offer(call: &mut Call, from: &str, to: Option<&str>, branch: Option<&str>) -> Dialogue {
        call.dialogue_of_offer(
            from.as_bytes(),
            to.map(str::as_bytes),
            branch.map(str::as_bytes),
            Stamp::default(),
        )
        .unwrap()
    }

    fn answer(call: &mut Call, from: &str, to: &str, branch: Option<&str>) -> Dialogue {
        call.dialogue_of_answer(from.as_bytes(), to.as_bytes(), branch.map(str::as_bytes), Stamp::default())
            .unwrap()
    }

    #[test]
    fn the_answer_names_the_callee() {
        let mut call = call();
        let first = offer(&mut call, "a", None, None);
        assert_eq!(offer(&mut call, "a", None, None), first, "a repeated offer is for the same party");
        let answered = answer(&mut call, "a", "b", None);
        assert_eq!((answered.sender, answered.receiver), (first.receiver, first.sender));
        assert_eq!(call.party(b"b"), Some(first.receiver));
    }

    #[test]
    fn each_branch_is_a_party_and_the_last_answer_wins() {
        let mut call = call();
        let one = offer(&mut call, "a", None, Some("v1")).receiver;
        let two = offer(&mut call, "a", None, Some("v2")).receiver;
        assert_ne!(one, two);
        assert_eq!(answer(&mut call, "a", "b1", Some("v1")).sender, one);
        assert_eq!(call.parties[0].peers, [one]);
        assert_eq!(answer(&mut call, "a", "b2", Some("v2")).sender, two);
        assert_eq!(call.parties[0].peers, [two]);
        assert!(call.parties[one].peers.is_empty());
    }

    #[test]
    fn another_to_tag_renames_the_callee_and_the_old_one_still_finds_it() {
        let mut call = call();
        offer(&mut call, "a", None, None);
        let b = answer(&mut call, "a", "b1", None).sender;
        assert_eq!(answer(&mut call, "a", "b2", None).sender, b);
        assert_eq!(answer(&mut call, "a", "b1", None).sender, b);
        assert_eq!(&*call.parties[b].tag, b"b2");
    }

    #[test]
    fn a_callee_that_offers_first_is_the_party_that_was_called() {
        let mut call = call();
        let callee = offer(&mut call, "a", None, None).receiver;
        let back = offer(&mut call, "b", Some("a"), None);
        assert_eq!((back.sender, back.receiver), (callee, 0));
    }

    #[test]
    fn a_third_party_takes_the_one_it_offers_to() {
        let mut call = call();
        offer(&mut call, "a", None, None);
        let b = answer(&mut call, "a", "b", None).sender;
        let c = offer(&mut call, "c", Some("a"), None).sender;
        assert_eq!(call.parties[0].peers, [c]);
        assert!(call.parties[b].peers.is_empty());
    }

    #[test]
    fn an_answer_from_nobody_keeps_the_dialogue_that_is() {
        let mut call = call();
        offer(&mut call, "a", None, None);
        answer(&mut call, "a", "b", None);
        let strange = answer(&mut call, "stranger", "b", None);
        assert_eq!(call.parties[strange.sender].peers, [0, strange.receiver]);
        assert!(call.parties[strange.receiver].tag.is_empty());
    }
}
