use flow::{Counters, DropReason, Traffic};

/// What one worker has done with packets, all flows and those of no flow together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Taken in from accepted sources at known flows; `errors` are packets that were not what the port carries.
    pub received: Traffic,
    /// Sent; `errors` are packets the system did not take.
    pub sent: Traffic,
    /// Dropped, by reason (index: [`DropReason`] as u8).
    pub drops: [u64; DropReason::ALL.len()],
    /// Handed to the slower path.
    pub punted: u64,
    /// Taken in by us, not sent on.
    pub consumed: u64,
}

impl Totals {
    /// How many were dropped for `reason`.
    pub fn dropped(&self, reason: DropReason) -> u64 {
        self.drops[reason as usize]
    }

    /// Adds what another path has counted of one flow.
    pub fn take_over(&mut self, counters: &Counters) {
        self.received.add(counters.received);
        self.sent.add(counters.sent);
        for (mine, theirs) in self.drops.iter_mut().zip(counters.drops) {
            *mine += theirs;
        }
    }

    /// Adds another worker's totals.
    pub fn add(&mut self, other: &Totals) {
        self.received.add(other.received);
        self.sent.add(other.sent);
        for (mine, theirs) in self.drops.iter_mut().zip(other.drops) {
            *mine += theirs;
        }
        self.punted += other.punted;
        self.consumed += other.consumed;
    }
}
