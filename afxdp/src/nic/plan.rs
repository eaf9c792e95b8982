use super::{Channels, NicFacts, PortRule, port_rules};
use std::net::IpAddr;
use std::ops::RangeInclusive;
use thiserror::Error;

/// What is wanted of a NIC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// How many workers there are; worker *i* takes queue *i*.
    pub workers: u32,
    /// Who else uses the NIC.
    pub share: Share,
    /// Our addresses on it with their media ports.
    pub media: Vec<(IpAddr, RangeInclusive<u16>)>,
    /// How interrupts are put off; `None` leaves them as they are.
    pub deferral: Option<Deferral>,
}

/// How the queues are shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// All queues are the workers'. What is not media goes through them too, and up the stack.
    All,
    /// Receive rules bring the media to the workers' queues; everything else stays with the others.
    Media,
}

/// How a NIC's interrupts are put off while somebody polls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deferral {
    /// So many empty polls before interrupts are switched on again.
    pub hard_irqs: u64,
    /// After so many nanoseconds the kernel looks itself.
    pub flush_timeout_ns: u64,
}

/// One change of a NIC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Queue counts.
    Channels(Channels),
    /// The queue of every hash value.
    Indirection(Vec<u32>),
    /// Receive rules are switched on.
    RulesOn,
    /// A receive rule.
    Rule(PortRule),
    /// A number in a file of the interface's folder below `/sys/class/net`.
    Sysfs(&'static str, u64),
}

/// Everything that must change, in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The changes.
    pub steps: Vec<Step>,
}

/// Why a NIC cannot be used as wished.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// There are fewer queues than workers.
    #[error(
        "{interface} ({driver}) can have {most} receive queues, but there are {workers} workers: configure at most {most} cores"
    )]
    TooFewQueues {
        /// The interface.
        interface: String,
        /// Its driver.
        driver: String,
        /// Queues it can have.
        most: u32,
        /// Queues that are needed.
        workers: u32,
    },
    /// Some queues would have no worker, and nothing can keep media away from them.
    #[error(
        "{interface} ({driver}) has {queues} receive queues and cannot have fewer, and packets cannot be kept from those without a worker: configure {queues} cores"
    )]
    UnservedQueues {
        /// The interface.
        interface: String,
        /// Its driver.
        driver: String,
        /// Queues it has.
        queues: u32,
    },
    /// Media cannot be told apart.
    #[error("{interface} ({driver}) has no receive rules: give all its queues to the workers")]
    NoRules {
        /// The interface.
        interface: String,
        /// Its driver.
        driver: String,
    },
    /// The port ranges need more rules than there is room for.
    #[error(
        "{interface} ({driver}) has room for {room} more receive rules, but the media ports need {needed}: use a port range that starts and ends at powers of two, or give all queues to the workers"
    )]
    TooManyRules {
        /// The interface.
        interface: String,
        /// Its driver.
        driver: String,
        /// Rules that fit.
        room: u32,
        /// Rules needed.
        needed: usize,
    },
}

impl Plan {
    /// What must change so that the wish comes true.
    ///
    /// # Errors
    /// The reason why it cannot.
    pub fn make(facts: &NicFacts, wish: &Wish) -> Result<Plan, Refusal> {
        let mut plan = Plan::default();
        match wish.share {
            Share::All => plan.share_nothing(facts, wish)?,
            Share::Media => plan.share_by_rules(facts, wish)?,
        }
        if let Some(deferral) = wish.deferral {
            let wanted = [
                ("napi_defer_hard_irqs", facts.defer_hard_irqs, deferral.hard_irqs),
                ("gro_flush_timeout", facts.flush_timeout_ns, deferral.flush_timeout_ns),
            ];
            let differing =
                wanted.into_iter().filter(|(_, now, wanted)| now.is_some_and(|now| now != *wanted));
            plan.steps.extend(differing.map(|(file, _, wanted)| Step::Sysfs(file, wanted)));
        }
        Ok(plan)
    }

    fn share_nothing(&mut self, facts: &NicFacts, wish: &Wish) -> Result<(), Refusal> {
        let channels = facts.queues();
        if wish.workers > channels.most() {
            return Err(facts.too_few(wish.workers));
        }
        if wish.workers == channels.receiving() {
            return Ok(());
        }
        // With channels reported by the driver they can be changed; without, there is one queue and it was enough.
        if let Some(changed) = channels.with(wish.workers) {
            self.steps.push(Step::Channels(changed));
            return Ok(());
        }
        if facts.indirection.is_empty() {
            return Err(Refusal::UnservedQueues {
                interface: facts.interface.clone(),
                driver: facts.driver.clone(),
                queues: channels.receiving(),
            });
        }
        self.steps.push(Step::Indirection(spread(facts.indirection.len(), 0, wish.workers)));
        Ok(())
    }

    fn share_by_rules(&mut self, facts: &NicFacts, wish: &Wish) -> Result<(), Refusal> {
        let (interface, driver) = (facts.interface.clone(), facts.driver.clone());
        let Some((used, most)) = facts.rules else { return Err(Refusal::NoRules { interface, driver }) };
        let channels = facts.queues();
        // One queue more than workers, for everybody else.
        let needed = wish.workers + 1;
        if needed > channels.most() || (needed > channels.receiving() && channels.with(needed).is_none()) {
            return Err(facts.too_few(needed));
        }
        let mut queues = channels.receiving();
        if let Some(changed) = channels.with(needed).filter(|_| queues < needed) {
            self.steps.push(Step::Channels(changed));
            queues = needed;
        }
        if !facts.indirection.is_empty() {
            let others = queues - wish.workers;
            self.steps.push(Step::Indirection(spread(facts.indirection.len(), wish.workers, others)));
        }
        if !facts.rules_on {
            self.steps.push(Step::RulesOn);
        }
        let rules: Vec<PortRule> = wish
            .media
            .iter()
            .flat_map(|(address, ports)| port_rules(*address, ports, wish.workers))
            .collect();
        let room = most.saturating_sub(used);
        if rules.len() > room as usize {
            return Err(Refusal::TooManyRules { interface, driver, room, needed: rules.len() });
        }
        self.steps.extend(rules.into_iter().map(Step::Rule));
        Ok(())
    }
}

impl NicFacts {
    fn queues(&self) -> Channels {
        self.channels.unwrap_or(Channels { combined: 1, ..Channels::default() })
    }

    fn too_few(&self, workers: u32) -> Refusal {
        Refusal::TooFewQueues {
            interface: self.interface.clone(),
            driver: self.driver.clone(),
            most: self.queues().most(),
            workers,
        }
    }
}

/// A table of `len` hash values spread evenly over `count` queues from `first` on.
fn spread(len: usize, first: u32, count: u32) -> Vec<u32> {
    (0..len as u32).map(|entry| first + entry % count.max(1)).collect()
}

#[cfg(test)]
mod tests;
