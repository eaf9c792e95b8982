use crate::book::{Book, Outside};
use crate::exchange::Role;
use crate::intent::{Intent, Refusal};

impl Book {
    /// Applies an answer: the callee is known now, and the SDP for the caller is written.
    ///
    /// # Errors
    /// [`Refusal::UnknownCall`] when nothing was offered, and what can go wrong with ports.
    pub fn answer(&mut self, intent: &Intent<'_>, outside: &mut Outside<'_>) -> Result<Vec<u8>, Refusal> {
        let number = self.number(intent.call_id).ok_or(Refusal::UnknownCall)?;
        intent.vet(self.settings())?;
        let result = self
            .with(number, outside, |call, env| {
                let to_tag = intent.to_tag.unwrap_or_default();
                let dialogue = call
                    .dialogue_of_answer(intent.from_tag, to_tag, intent.via_branch, env.stamp)
                    .ok_or(Refusal::SameParty)?;
                call.answered = true;
                call.exchange(dialogue, Role::Answer, intent, env)
            })
            .unwrap_or(Err(Refusal::UnknownCall));
        self.take_up_fragments(intent.call_id, outside);
        result
    }
}
