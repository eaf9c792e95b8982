use super::ask::Ask;
use super::doorbell::{Bell, Waiting};
use super::hearing::Hearing;
use super::post::{OwnReport, Parcel};
use super::tape::TapeAsk;
use crossbeam_queue::ArrayQueue;
use flow::{Change, FlowKey};
use mio::Waker;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use udp::PortSocket;

/// Orders that wait for the worker's next turn, whenever that is.
const GATHERED: usize = 32;

/// What a worker can be told.
#[derive(Debug)]
pub(super) enum Order {
    /// Serve this port.
    Open(PortSocket),
    /// Install or withdraw a flow.
    Change(Change),
    /// Answer a question.
    Answer(Arc<Ask>),
    /// Give out the RTCP that was heard.
    Hear(Arc<Hearing>),
    /// Send an empty RTP packet from each of these ports to its peer.
    Pierce(Vec<FlowKey>),
    /// Give out the copies of packets that were made.
    Tape(Arc<TapeAsk>),
    /// Give out the reel, with this mark behind it.
    Reel(u64),
    /// Send these datagrams.
    Send(Vec<Parcel>),
    /// Send this RTCP of our own.
    Report(Vec<OwnReport>),
    /// Something for the AF_XDP side.
    #[cfg(feature = "appliance")]
    Fast(super::FastOrder),
    /// Give back memory that flows of the past have left, this way.
    GiveBack(fn()),
    /// All of these, in order: what one message of a client comes to takes one place and one call.
    Many(Vec<Order>),
}

/// Why an order did not get into the mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It stayed full until the deadline.
    Full,
    /// The worker has ended.
    Ended,
}

/// The bounded way from the desk to one worker.
#[derive(Debug)]
pub(super) struct Mailbox {
    orders: ArrayQueue<Order>,
    waker: Waker,
    bell: Bell,
    waiting: Waiting,
    ended: AtomicBool,
}

impl Mailbox {
    pub(super) fn new(capacity: usize, waker: Waker) -> Mailbox {
        Mailbox {
            orders: ArrayQueue::new(capacity),
            waker,
            bell: Bell::new(),
            waiting: Waiting::new(),
            ended: AtomicBool::new(false),
        }
    }

    /// Wakes the worker unless it has been called already. A wake that fails leaves the order where it is: the
    /// worker's next turn takes it.
    pub(super) fn call(&self) {
        self.bell.ring(|| drop(self.waker.wake()));
    }

    /// Puts an order in, waiting for room until `deadline`.
    pub(super) fn send(&self, order: Order, deadline: Instant) -> Result<(), Refused> {
        let order = match self.orders.push(order) {
            Ok(()) => {
                self.call();
                return if self.ended() { Err(Refused::Ended) } else { Ok(()) };
            }
            Err(order) => order,
        };
        let attempt = |order| if self.ended() { Err(Refused::Ended) } else { Ok(self.orders.push(order)) };
        let result = self.waiting.until_in(order, attempt, || {
            self.call();
            let left = deadline.checked_duration_since(Instant::now());
            left.filter(|left| !left.is_zero()).ok_or(Refused::Full)
        });
        self.call();
        result
    }

    /// Puts an order in that has time until the worker's next turn, which begins with the orders: one that only matters to
    /// packets that have not come yet. The worker is woken when many have gathered. Waits for room up to `patience`.
    pub(super) fn leave(&self, order: Order, patience: Duration) -> Result<(), Refused> {
        if self.orders.len() >= GATHERED {
            return self.send(order, Instant::now() + patience);
        }
        match self.orders.push(order) {
            Ok(()) if self.ended() => Err(Refused::Ended),
            Ok(()) => Ok(()),
            Err(order) => self.send(order, Instant::now() + patience),
        }
    }

    /// The worker begins to look: whoever sends from now on calls again.
    pub(super) fn look(&self) {
        self.bell.look();
    }

    pub(super) fn take(&self) -> Option<Order> {
        self.orders.pop()
    }

    /// How many orders wait, and how much room there is in all.
    pub(super) fn fill(&self) -> (usize, usize) {
        (self.orders.len(), self.orders.capacity())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }

    /// Lets senders that wait for room try again.
    pub(super) fn made_room(&self) {
        self.waiting.made_room();
    }

    /// Asks the worker to end, or says that it has.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
        let _ = self.waker.wake();
        self.made_room();
    }

    pub(super) fn ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }
}
