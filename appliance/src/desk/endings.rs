use crate::control::Ticket;
use crate::worker::Asked;
use call::CallNumber;
use flow::{Moment, Snapshot};
use ng::Reply;
use std::net::SocketAddr;

/// Who asked, and when.
#[derive(Clone, Copy, Debug)]
pub struct Asker {
    /// The client.
    pub from: SocketAddr,
    /// When its request was read.
    pub at: Moment,
}

/// A deletion whose counters have been asked for.
#[derive(Debug)]
pub struct Ending {
    /// What it is answered by.
    pub ticket: Ticket,
    /// The call.
    pub number: CallNumber,
    /// The call ends with it.
    pub ends: bool,
    /// From-tag and To-tag of whom the reply speaks.
    pub tags: [Option<Box<[u8]>>; 2],
    /// The reply says nothing of the call.
    pub fast: bool,
    /// Where the counters come from.
    pub counters: Counting,
    /// Who is answered.
    pub asker: Asker,
}

/// Copies of flows that are on their way.
#[derive(Debug)]
pub struct Counting {
    /// What the packet thread was asked; `None` when it could not be, or there was nothing to ask.
    pub(super) asked: Option<Asked>,
    /// What fast paths had counted.
    pub(super) fast: Vec<Snapshot>,
}

/// The deletions of one turn: packet threads are asked for the counters of all of them before any answer is waited for.
#[derive(Debug, Default)]
pub struct Endings {
    next: u64,
    waiting: Vec<Ending>,
    told: Vec<(Ticket, Reply)>,
}

impl Endings {
    /// True when none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// One waits that is about this call.
    pub fn has(&self, number: CallNumber) -> bool {
        self.waiting.iter().any(|ending| ending.number == number)
    }

    /// Adds one, with a ticket of its own.
    pub fn add(&mut self, ending: impl FnOnce(Ticket) -> Ending) -> Ticket {
        let ticket = Ticket(self.next);
        self.next += 1;
        self.waiting.push(ending(ticket));
        ticket
    }

    /// Takes those that wait, the first first. Their answers are to be [told](Endings::tell).
    pub fn take(&mut self) -> Vec<Ending> {
        std::mem::take(&mut self.waiting)
    }

    /// An answer.
    pub fn tell(&mut self, ticket: Ticket, reply: Reply) {
        self.told.push((ticket, reply));
    }

    /// The answers since this was asked last.
    pub fn told(&mut self) -> Vec<(Ticket, Reply)> {
        std::mem::take(&mut self.told)
    }
}
