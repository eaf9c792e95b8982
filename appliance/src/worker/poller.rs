use super::mailbox::{Mailbox, Order};
use super::outbox::Outbox;
use engine::{Applied, Engine};
use flow::{BURST, Burst, Change, Event, FlowKey, Moment, PacketIo, Verdict};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};
use udp::UdpIo;

/// Fan-out copies there is room for beside a full burst.
pub(super) const COPIES: usize = 3 * BURST;
/// Flows there is room for before the table grows.
const FLOWS: usize = 1024;
/// An RTP header and nothing else: what upstream sends to open a NAT.
const NAT_OPENER: [u8; 12] = [0x80, 0x7f, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0];
/// Orders taken per turn, so that a busy desk does not hold packets up.
const ORDERS: usize = 64;

/// One packet thread's belongings.
pub(super) struct Poller {
    number: usize,
    epoch: Instant,
    io: UdpIo,
    engine: Engine,
    burst: Burst,
    events: Vec<Event>,
    mailbox: Arc<Mailbox>,
    outbox: Arc<Outbox>,
}

impl Poller {
    pub(super) fn new(
        number: usize,
        epoch: Instant,
        io: UdpIo,
        mailbox: Arc<Mailbox>,
        outbox: Arc<Outbox>,
    ) -> Poller {
        Poller {
            number,
            epoch,
            io,
            engine: Engine::new(FLOWS, BURST + COPIES),
            burst: Burst::new(BURST + COPIES),
            events: Vec::with_capacity(BURST),
            mailbox,
            outbox,
        }
    }

    /// Turns until the mailbox says that it is the end.
    pub(super) fn run(mut self) -> io::Result<()> {
        let mailbox = Arc::clone(&self.mailbox);
        let _last_words = LastWords(&mailbox);
        while !mailbox.ended() {
            let idle = if mailbox.is_empty() { None } else { Some(Duration::ZERO) };
            self.io.wait(idle)?;
            self.turn();
        }
        Ok(())
    }

    /// One turn: clock, orders, one burst, events.
    fn turn(&mut self) {
        let now = Moment(self.epoch.elapsed().as_micros() as u64);
        self.orders();
        if self.io.receive(&mut self.burst) > 0 {
            self.engine.run(&mut self.burst, &mut self.io, now, &mut self.events);
            self.io.finish(&mut self.burst);
            self.engine.settle(&self.burst);
            self.burst.clear();
        }
        self.outbox.put(self.number, &mut self.events);
    }

    fn orders(&mut self) {
        self.mailbox.look();
        let mut taken = 0;
        while taken < ORDERS {
            let Some(order) = self.mailbox.take() else { break };
            self.obey(order);
            taken += 1;
        }
        if taken > 0 {
            self.mailbox.made_room();
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Open(port) => self.io.adopt(port),
            Order::Change(change) => {
                let key = match &change {
                    Change::Install(spec) => spec.key,
                    Change::Withdraw { key, .. } => *key,
                };
                // the port is closed before the desk can hear that it is free
                if self.engine.apply(change, &mut self.events) == Applied::Withdrawn {
                    self.io.close(key);
                }
            }
            Order::Answer(ask) => {
                // Whoever has the answer can rely on having been told of everything before it.
                self.outbox.put(self.number, &mut self.events);
                ask.answer(&self.engine);
            }
            Order::Pierce(keys) => self.pierce(&keys),
            Order::Many(orders) => orders.into_iter().for_each(|order| self.obey(order)),
        }
    }
}

impl Poller {
    /// Sends an empty packet from each port whose peer is known. Orders are obeyed between bursts, so the burst is free.
    fn pierce(&mut self, keys: &[FlowKey]) {
        for departure in keys.iter().filter_map(|key| self.engine.way_out(*key)) {
            let Some(mut frame) = self.io.compose(departure.from, &NAT_OPENER) else { break };
            frame.verdict = Verdict::Forward(departure);
            if let Err(frame) = self.burst.push(frame) {
                self.io.discard(frame);
                break;
            }
        }
        self.io.finish(&mut self.burst);
        self.burst.clear();
    }
}

/// Tells senders that nobody reads the mailbox any more, however the thread ends.
struct LastWords<'a>(&'a Mailbox);

impl Drop for LastWords<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}
