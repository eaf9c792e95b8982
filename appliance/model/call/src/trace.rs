use crate::book::{Book, Outside};
use crate::call::CallNumber;
use flow::Recorded;

impl Book {
    /// Lets the packets of a call be copied, or not any more. Ports that it opens later are copied too. False when there
    /// is no such call.
    pub fn trace(&mut self, number: CallNumber, on: bool, outside: &mut Outside<'_>) -> bool {
        self.with(number, outside, |call, env| {
            call.traced = on;
            call.compile(env.now, false, &mut env.changes);
        })
        .is_some()
    }

    /// Says which packets of a call go into a recording; ports that it opens later too. A call that is to be recorded before
    /// it is answered has its SRTP opened here, also where keys could pass from end to end; later that could not be done
    /// without a gap. False when there is no such call.
    pub fn record(
        &mut self,
        number: CallNumber,
        recorded: Option<Recorded>,
        outside: &mut Outside<'_>,
    ) -> bool {
        self.with(number, outside, |call, env| {
            call.opened |= recorded.is_some() && !call.answered;
            call.recorded = recorded;
            call.compile(env.now, false, &mut env.changes);
        })
        .is_some()
    }

    /// Keeps free text of a call, and of the party with this tag if there is one.
    pub fn note(&mut self, number: CallNumber, tag: Option<&[u8]>, text: &[u8], outside: &mut Outside<'_>) {
        self.with(number, outside, |call, _| {
            call.metadata = Some(text.into());
            if let Some(at) = tag.and_then(|tag| call.party(tag)) {
                call.parties[at].metadata = Some(text.into());
            }
        });
    }
}
