use crate::book::{Book, Outside};
use crate::exchange::Role;
use crate::intent::{Intent, Refusal};

impl Book {
    /// Applies an offer: creates or changes the call, opens ports towards both sides, and writes the SDP for the
    /// callee.
    ///
    /// # Errors
    /// [`Refusal`]; a call that the offer would have created is not left behind.
    pub fn offer(&mut self, intent: &Intent<'_>, outside: &mut Outside<'_>) -> Result<Vec<u8>, Refusal> {
        if self.number(intent.call_id).is_none() && self.is_full() {
            return Err(Refusal::SessionLimit);
        }
        intent.vet(self.settings())?;
        let (number, new) = self.find_or_make(intent.call_id, outside.now);
        let result = self
            .with(number, outside, |call, env| {
                let dialogue = call
                    .dialogue_of_offer(intent.from_tag, intent.to_tag, intent.via_branch, env.stamp)
                    .ok_or(Refusal::SameParty)?;
                call.exchange(dialogue, Role::Offer, intent, env)
            })
            .unwrap_or(Err(Refusal::UnknownCall));
        if result.is_ok() {
            self.take_up_fragments(intent.call_id, outside);
        }
        if result.is_err() && new {
            self.remove(number, outside.changes);
        }
        result
    }

    /// True when no further call may be created.
    pub fn is_full(&self) -> bool {
        self.settings().max_sessions.is_some_and(|most| self.len() as u64 >= most)
    }
}
