//! The SSRCs of a session: a short list with fixed room.

use crate::{Error, SsrcState};

#[derive(Debug)]
pub(crate) struct Table {
    slots: Vec<Slot>,
    room: usize,
    /// Number of the crypto context.
    context: u32,
    /// Where the last packet's SSRC was: mostly the next one's as well.
    last: usize,
}

/// What is known of one SSRC.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) state: SsrcState,
    /// A packet was opened under the present key, so its rollover counter is known for certain.
    pub(crate) settled: bool,
    /// The same of SRTCP and its index.
    pub(crate) settled_rtcp: bool,
}

impl Table {
    pub(crate) fn new(room: usize, context: u32) -> Table {
        Table { slots: Vec::with_capacity(room), room, context, last: 0 }
    }

    /// Under another key a greater context knows nothing of what was before; any other goes on.
    pub(crate) fn enter(&mut self, context: u32, same_key: bool) {
        if context > self.context && !same_key {
            self.slots.clear();
        }
        self.slots.iter_mut().for_each(|slot| slot.state.context = context);
        self.context = context;
    }

    fn fresh(&self, ssrc: u32) -> SsrcState {
        SsrcState { context: self.context, ..SsrcState::new(ssrc) }
    }

    /// What is known of `ssrc`.
    pub(crate) fn peek(&self, ssrc: u32) -> Option<&Slot> {
        let is_it = |slot: &&Slot| slot.state.ssrc == ssrc;
        self.slots.get(self.last).filter(is_it).or_else(|| self.slots.iter().find(is_it))
    }

    /// Where `ssrc` is.
    pub(crate) fn find(&mut self, ssrc: u32) -> Option<usize> {
        if self.slots.get(self.last).is_some_and(|slot| slot.state.ssrc == ssrc) {
            return Some(self.last);
        }
        let found = self.slots.iter().position(|slot| slot.state.ssrc == ssrc)?;
        self.last = found;
        Some(found)
    }

    /// The state of `ssrc`, or a new one.
    pub(crate) fn get(&mut self, ssrc: u32) -> SsrcState {
        match self.find(ssrc) {
            Some(at) => self.slots[at].state,
            None => self.fresh(ssrc),
        }
    }

    /// The SRTCP index of `ssrc` is known for certain, or nothing is known of it at all.
    pub(crate) fn is_settled_rtcp(&mut self, ssrc: u32) -> bool {
        self.find(ssrc).is_none_or(|at| self.slots[at].settled_rtcp)
    }

    /// The key is another: from now on, rollover counters and SRTCP indices may have begun anew.
    pub(crate) fn unsettle(&mut self) {
        for slot in &mut self.slots {
            slot.settled = slot.state.rtp.is_fresh();
            slot.settled_rtcp = slot.state.rtcp.is_fresh();
        }
    }

    /// There is room for one more SSRC.
    pub(crate) fn has_room(&self) -> bool {
        self.slots.len() < self.room
    }

    /// The place of `ssrc`, a new one if need be; `None` if there is no room.
    pub(crate) fn entry(&mut self, ssrc: u32) -> Option<&mut Slot> {
        let at = match self.find(ssrc) {
            Some(at) => at,
            None if self.has_room() => {
                let state = self.fresh(ssrc);
                self.slots.push(Slot { state, settled: true, settled_rtcp: true });
                self.slots.len() - 1
            }
            None => return None,
        };
        self.last = at;
        self.slots.get_mut(at)
    }

    /// Puts a state in the place of its SSRC.
    pub(crate) fn set(&mut self, state: &SsrcState) -> Result<(), Error> {
        self.check(state)?;
        *self.entry(state.ssrc).ok_or(Error::TooManySsrcs)? =
            Slot { state: *state, settled: true, settled_rtcp: true };
        Ok(())
    }

    /// Whether a state can be one of this session.
    pub(crate) fn check(&self, state: &SsrcState) -> Result<(), Error> {
        state.check()?;
        if state.context == self.context { Ok(()) } else { Err(Error::Context) }
    }

    /// Frees the place of `ssrc`; whether it had one.
    pub(crate) fn forget(&mut self, ssrc: u32) -> bool {
        let Some(at) = self.find(ssrc) else { return false };
        self.slots.swap_remove(at);
        self.last = 0;
        true
    }

    pub(crate) fn states(&self) -> impl ExactSizeIterator<Item = SsrcState> + '_ {
        self.slots.iter().map(|slot| slot.state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Progress;

    #[test]
    fn room_is_bounded_and_given_back() {
        let mut table = Table::new(2, 0);
        assert!(table.entry(1).is_some() && table.entry(2).is_some());
        assert!(table.entry(3).is_none() && !table.has_room());
        assert!(table.entry(1).is_some());
        assert!(table.forget(1) && !table.forget(1));
        assert!(table.entry(3).is_some());
        assert_eq!(table.states().map(|state| state.ssrc).collect::<Vec<_>>(), [2, 3]);
    }

    #[test]
    fn states_out_of_range_are_refused() {
        let mut table = Table::new(1, 0);
        let progress = |index, window| Progress { index, window };
        for (rtp, rtcp, good) in [
            (progress((1 << 48) - 1, 1), progress((1 << 31) - 1, 1), true),
            (progress(1 << 48, 1), progress(0, 0), false),
            (progress(0, 0), progress(1 << 31, 1), false),
            (progress(5, 2), progress(0, 0), false),
        ] {
            let state = SsrcState { ssrc: 1, context: 0, rtp, rtcp };
            assert_eq!(table.set(&state).is_ok(), good, "{state:?}");
        }
        assert_eq!(table.set(&SsrcState::new(2)), Err(Error::TooManySsrcs));
    }
}
