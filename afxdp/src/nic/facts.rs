/// Queue counts of a NIC, as its driver reports them. A queue that both receives and sends is a combined one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Channels {
    /// Most queues that only receive.
    pub max_rx: u32,
    /// Most combined queues.
    pub max_combined: u32,
    /// Queues that only receive.
    pub rx: u32,
    /// Queues that only send.
    pub tx: u32,
    /// Queues for other things.
    pub other: u32,
    /// Combined queues.
    pub combined: u32,
}

impl Channels {
    /// How many queues receive now.
    pub fn receiving(&self) -> u32 {
        self.rx + self.combined
    }

    /// How many queues can receive.
    pub fn most(&self) -> u32 {
        self.max_rx.max(self.max_combined).max(self.receiving())
    }

    /// The same NIC with `count` queues that receive and as many that send. `None` when it cannot have so many.
    pub fn with(&self, count: u32) -> Option<Channels> {
        if count == self.receiving() {
            Some(*self)
        } else if count <= self.max_combined {
            Some(Channels { rx: 0, tx: 0, combined: count, ..*self })
        } else if count <= self.max_rx {
            Some(Channels { rx: count, tx: count, combined: 0, ..*self })
        } else {
            None
        }
    }
}

/// What a NIC is and can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NicFacts {
    /// Name of the interface.
    pub interface: String,
    /// Name of its driver.
    pub driver: String,
    /// Queues; `None` when the driver knows of no such thing: then there is one.
    pub channels: Option<Channels>,
    /// Which queue each hash value goes to; empty when that cannot be chosen.
    pub indirection: Vec<u32>,
    /// Receive rules: how many there are and may be; `None` when the driver knows none.
    pub rules: Option<(u32, u32)>,
    /// Receive rules are switched on.
    pub rules_on: bool,
    /// `napi_defer_hard_irqs`, where the kernel has it.
    pub defer_hard_irqs: Option<u64>,
    /// `gro_flush_timeout` in nanoseconds, where the kernel has it.
    pub flush_timeout_ns: Option<u64>,
}
