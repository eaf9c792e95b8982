use crate::book::{Book, Outside};
use crate::call::{Call, CallNumber};
use crate::party::PartyIx;
use flow::{Micros, Moment};

/// Which call, or which branch of it, shall go.
#[derive(Clone, Copy, Debug, Default)]
pub struct Delete<'a> {
    /// The call.
    pub call_id: &'a [u8],
    /// Tag of one party; without it the whole call is meant.
    pub from_tag: Option<&'a [u8]>,
    /// Tag of the other; only given when the client asked for it to count.
    pub to_tag: Option<&'a [u8]>,
    /// One branch of a forked call.
    pub via_branch: Option<&'a [u8]>,
    /// How long it stays; `None`: as configured.
    pub delay: Option<Micros>,
}

/// What a delete does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doomed {
    /// The whole call, at this moment.
    Call(CallNumber, Moment),
    /// One party of it, at this moment.
    Party(CallNumber, PartyIx, Moment),
}

impl Doomed {
    /// The call meant.
    pub fn number(self) -> CallNumber {
        match self {
            Doomed::Call(number, _) | Doomed::Party(number, _, _) => number,
        }
    }

    /// When it is to go.
    pub fn at(self) -> Moment {
        match self {
            Doomed::Call(_, at) | Doomed::Party(_, _, at) => at,
        }
    }
}

impl Book {
    /// Marks what a delete means. `None` when nothing matches. What is to go at once is left in place, so that
    /// it can be reported first: the caller then says [`Book::carry_out`].
    pub fn doom(&mut self, wanted: &Delete<'_>, now: Moment) -> Option<Doomed> {
        let at = now + wanted.delay.unwrap_or(self.settings().delete_delay);
        let number = self.number(wanted.call_id)?;
        let call = self.get_mut(number)?;
        let due = call.due.min(at);
        let doomed = match call.aim(wanted)? {
            Some(party) => {
                call.parties[party].ends = Some(at);
                Doomed::Party(number, party, at)
            }
            None => {
                call.ends = Some(at);
                Doomed::Call(number, at)
            }
        };
        self.set_due(number, due);
        Some(doomed)
    }

    /// Ends what was doomed: closes the ports. A call stays in the book until [`Book::remove`].
    pub fn carry_out(&mut self, doomed: Doomed, outside: &mut Outside<'_>) {
        self.with(doomed.number(), outside, |call, env| match doomed {
            Doomed::Call(..) => call.withdraw_all(&mut env.changes),
            Doomed::Party(_, party, _) => call.bury(party, env),
        });
    }
}

impl Call {
    /// The party that a delete aims at, `Some(None)` for the whole call, `None` when nothing matches. A call goes as a whole
    /// when all that would be left of it has nobody to talk with.
    fn aim(&self, wanted: &Delete<'_>) -> Option<Option<PartyIx>> {
        let live = |tag: &[u8]| self.party(tag).filter(|at| !self.parties[*at].deleted);
        let Some(from) = wanted.from_tag else { return Some(None) };
        let from = live(from);
        let branch = wanted
            .via_branch
            .and_then(|b| self.parties.iter().position(|p| !p.deleted && p.via_branch.as_deref() == Some(b)))
            .filter(|_| from.is_some());
        let target = match wanted.to_tag.map(live) {
            Some(Some(to)) => to,
            // Whoever declines has a tag that no answer has told.
            Some(None) => branch.or_else(|| self.unanswered(from?))?,
            None => branch.or(from)?,
        };
        let gone = |at: PartyIx| at == target || self.parties[at].deleted || self.parties[at].ends.is_some();
        let all = (0..self.parties.len()).all(|at| gone(at) || self.is_alone(at, gone));
        Some((!all).then_some(target))
    }

    /// The only one it talks with, if that one has not answered.
    fn unanswered(&self, party: PartyIx) -> Option<PartyIx> {
        let [peer] = self.parties[party].peers[..] else { return None };
        self.parties[peer].tag.is_empty().then_some(peer)
    }

    /// True when everybody it ever talked with is gone.
    fn is_alone(&self, party: PartyIx, gone: impl Fn(PartyIx) -> bool) -> bool {
        self.parties[party].acquaintances().all(gone)
    }

    /// Ends a party, and those of whom it was the last to talk with.
    pub(crate) fn bury(&mut self, party: PartyIx, env: &mut crate::Env<'_>) {
        self.parties[party].deleted = true;
        for at in 0..self.parties.len() {
            let gone = |at: PartyIx| self.parties[at].deleted;
            if self.parties[party].acquaintances().any(|one| one == at) && self.is_alone(at, gone) {
                self.parties[at].deleted = true;
            }
            if self.parties[at].deleted {
                self.parties[at].ends = None;
            }
        }
        self.compile(env.now, false, &mut env.changes);
    }
}
