use crate::worker::Post;
use flow::{Change, FlowKey, Snapshot};
use std::time::Duration;

/// A packet thread answers within a turn of its loop; one that does not is taken for hung.
const PATIENCE: Duration = Duration::from_millis(200);

/// The packet threads that have every flow all the time, as flows under keys need them: rollover counters and replay
/// windows must be with the path that gets a flow before its first packet is.
pub trait Learner: std::fmt::Debug {
    /// Copies of those of `keys` that packet thread `worker` has; `None` if it does not answer.
    fn ask(&mut self, worker: u16, keys: &[FlowKey]) -> Option<Vec<Snapshot>>;
    /// Tells packet thread `worker` of these changes. It knows them before it works on another packet.
    fn tell(&mut self, worker: u16, changes: Vec<Change>);
}

impl Learner for Vec<Post> {
    fn ask(&mut self, worker: u16, keys: &[FlowKey]) -> Option<Vec<Snapshot>> {
        let asked = self.get(usize::from(worker))?.tell_and_ask(keys, Vec::new(), PATIENCE);
        asked.inspect_err(|error| tracing::error!(%error, "flows under keys stay where they are")).ok()
    }

    fn tell(&mut self, worker: u16, changes: Vec<Change>) {
        let Some(post) = self.get(usize::from(worker)) else { return };
        if let Err(error) = post.tell_and_ask(&[], changes, PATIENCE) {
            tracing::error!(%error, "a packet thread has not heard how far flows under keys have come");
        }
    }
}
