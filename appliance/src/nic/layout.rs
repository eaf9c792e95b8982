//! How many queues of a NIC packet threads take, and what must change for that. Pure: what a NIC can do is an argument.

use super::Error;
use super::device::Wanted;
use crate::config::checked::{Config, Share};
use afxdp::nic::{Deferral, NicFacts, Plan, Wish};

/// While somebody polls or packets gather: after so many looks in vain interrupts come back.
const HARD_IRQS: u64 = 2;
/// While somebody polls: after so many nanoseconds the kernel looks itself. Longer than a packet thread is ever away.
const FLUSH_TIMEOUT_NS: u64 = 200_000;

/// How the queues of a NIC are used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    /// Queues that packet threads take, from 0 on.
    pub(super) queues: u32,
    pub(super) plan: Plan,
}

/// # Errors
/// The reason why it cannot be laid out as wanted.
pub(super) fn layout(config: &Config, nic: &Wanted, facts: &NicFacts) -> Result<Layout, Error> {
    let threads = u32::try_from(config.threads.media).unwrap_or(u32::MAX);
    let (share, others) = match nic.share {
        Share::All => (afxdp::nic::Share::All, 0),
        Share::Media => (afxdp::nic::Share::Media, 1),
    };
    let queues = match nic.queues {
        Some(queues) if queues > threads => {
            return Err(Error::QueuesWithoutThread { device: nic.name.clone(), queues, threads });
        }
        Some(queues) => queues,
        None => {
            let most = facts.channels.map_or(1, |channels| channels.most());
            threads.min(most.saturating_sub(others)).max(1)
        }
    };
    let polled = config
        .appliance
        .busy_poll
        .map(|_| Deferral { hard_irqs: HARD_IRQS, flush_timeout_ns: FLUSH_TIMEOUT_NS });
    let gathering = config
        .appliance
        .gather_us
        .map(|us| Deferral { hard_irqs: HARD_IRQS, flush_timeout_ns: u64::from(us) * 1_000 });
    let deferral = gathering.or(polled);
    let wish = Wish { workers: queues, share, media: nic.media.clone(), deferral };
    Ok(Layout { queues, plan: Plan::make(facts, &wish)? })
}

#[cfg(test)]
mod tests;
