use crate::book::{Book, Outside};
use crate::call::CallNumber;

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
}
