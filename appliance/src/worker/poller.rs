use super::hearing::Hearing;
use super::mailbox::{Mailbox, Order};
use super::outbox::Outbox;
use super::post::{OwnReport, Parcel};
use super::punted::Punted;
use super::reels::Reels;
use engine::{Applied, Engine};
use flow::{BURST, Buffers, Burst, Departure, DropReason, Event, FlowKey, Moment, PacketIo, Verdict};
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
    /// When this turn began.
    now: Moment,
    io: UdpIo,
    engine: Engine,
    burst: Burst,
    events: Vec<Event>,
    mailbox: Arc<Mailbox>,
    outbox: Arc<Outbox>,
    punted: Arc<Punted>,
    reels: Arc<Reels>,
    #[cfg(feature = "appliance")]
    fast: super::fast::Fast,
}

impl Poller {
    pub(super) fn new(
        number: usize,
        epoch: Instant,
        io: UdpIo,
        mailbox: Arc<Mailbox>,
        outbox: Arc<Outbox>,
        punted: Arc<Punted>,
        reels: Arc<Reels>,
    ) -> Poller {
        Poller {
            number,
            epoch,
            now: Moment::default(),
            io,
            engine: Engine::new(FLOWS, BURST + COPIES),
            burst: Burst::new(BURST + COPIES),
            events: Vec::with_capacity(BURST),
            mailbox,
            outbox,
            #[cfg(feature = "appliance")]
            fast: super::fast::Fast::new(number, Arc::clone(&punted)),
            punted,
            reels,
        }
    }

    /// Turns until the mailbox says that it is the end.
    pub(super) fn run(mut self) -> io::Result<()> {
        let mailbox = Arc::clone(&self.mailbox);
        let _last_words = LastWords(&mailbox);
        while !mailbox.ended() {
            let idle = if mailbox.is_empty() { self.patience() } else { Some(Duration::ZERO) };
            self.io.wait(idle)?;
            self.turn()?;
        }
        Ok(())
    }

    /// How long the thread may sleep when it has no orders; `None` is until it is called.
    fn patience(&self) -> Option<Duration> {
        #[cfg(feature = "appliance")]
        return self.fast.patience(self.now);
        #[cfg(not(feature = "appliance"))]
        None
    }

    /// Counts packets that had left and did not arrive.
    fn count_returned(&mut self) {
        let returned = self.io.take_returned();
        self.engine.count_returned(DropReason::PathMtu, returned.too_long);
        self.engine.count_returned(DropReason::PeerUnreachable, returned.unreachable);
    }

    /// One turn: clock, orders, a burst from the sockets and one from the rings, events.
    fn turn(&mut self) -> io::Result<()> {
        self.now = Moment(self.epoch.elapsed().as_micros() as u64);
        self.orders();
        self.count_returned();
        #[cfg(feature = "appliance")]
        self.bursts()?;
        #[cfg(not(feature = "appliance"))]
        {
            self.io.receive(&mut self.burst);
            self.work();
        }
        self.exchange_reels();
        self.outbox.put(self.number, &mut self.events);
        Ok(())
    }

    /// A flow that changes hands has packets in its socket and in a ring at the same time. Who comes second is taken
    /// first and worked on last: what is then in hand of the other is older.
    #[cfg(feature = "appliance")]
    fn bursts(&mut self) -> io::Result<()> {
        if self.fast.ring_first() {
            self.io.receive(&mut self.burst);
            self.fast.receive();
            self.fast.work(self.now);
            self.work();
        } else {
            self.fast.receive();
            if self.fast.socket_first(self.now) {
                // What has come since the thread waited last. A call by the mailbox is heard here then, and nowhere else.
                if self.io.wait(Some(Duration::ZERO))? {
                    self.mailbox.look();
                }
            }
            self.io.receive(&mut self.burst);
            self.work();
            self.fast.work(self.now);
        }
        Ok(())
    }

    /// Gives out reels before they are full.
    fn exchange_reels(&mut self) {
        if self.engine.wants_reel() {
            self.reels.exchange(&mut self.engine);
        }
        #[cfg(feature = "appliance")]
        if self.fast.engine().wants_reel() {
            self.reels.exchange(self.fast.engine());
        }
    }

    /// Works on what was received from the sockets.
    fn work(&mut self) {
        if self.burst.frames().is_empty() {
            return;
        }
        self.engine.run(&mut self.burst, &mut self.io, self.now, &mut self.events);
        self.punted.post(self.number, &mut self.burst, &self.io);
        self.io.finish(&mut self.burst);
        self.engine.settle(&self.burst);
        self.burst.clear();
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
            self.engine.make_ready();
            #[cfg(feature = "appliance")]
            self.fast.engine().make_ready();
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Open(port) => self.io.adopt(port),
            Order::Change(change) => {
                let key = change.key();
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
            Order::Tape(ask) => {
                #[cfg(feature = "appliance")]
                ask.answer([&mut self.engine, self.fast.engine()].into_iter());
                #[cfg(not(feature = "appliance"))]
                ask.answer(std::iter::once(&mut self.engine));
            }
            Order::Reel(mark) => {
                self.reels.hand_out(&mut self.engine);
                #[cfg(feature = "appliance")]
                self.reels.hand_out(self.fast.engine());
                self.reels.mark(self.number, mark);
            }
            Order::Hear(hearing) => self.give_out(&hearing),
            Order::GiveBack(how) => {
                self.events.shrink_to(BURST);
                how();
            }
            Order::Pierce(keys) => self.pierce(&keys),
            Order::Send(parcels) => self.send(&parcels),
            Order::Report(reports) => self.report(&reports),
            #[cfg(feature = "appliance")]
            Order::Fast(order) => {
                self.fast.obey(order, self.now);
                for queue in self.fast.take_unwatched() {
                    // A queue that cannot be waited for is looked at when the thread wakes for something else.
                    if let Err(error) = self.io.also_watch(queue) {
                        tracing::error!(%error, "a NIC queue cannot be waited for");
                    }
                }
            }
            Order::Many(orders) => orders.into_iter().for_each(|order| self.obey(order)),
        }
    }
}

impl Poller {
    /// Sends an empty packet from each port whose peer is known. Orders are obeyed between bursts, so the burst is free.
    fn pierce(&mut self, keys: &[FlowKey]) {
        for key in keys {
            if let Some(departure) = self.engine.way_out(*key) {
                self.load(departure, &NAT_OPENER);
            }
        }
        self.unload();
    }

    /// Gives out the RTCP that was heard, of both engines. The room for the next may be made here, once.
    fn give_out(&mut self, hearing: &Hearing) {
        hearing.answer(|next| {
            let heard = self.engine.swap_overheard(next());
            #[cfg(feature = "appliance")]
            return vec![heard, self.fast.swap_overheard(next())];
            #[cfg(not(feature = "appliance"))]
            vec![heard]
        });
    }

    /// Sends datagrams of others.
    fn send(&mut self, parcels: &[Parcel]) {
        for parcel in parcels {
            if let Some(tos) = self.engine.send_own(parcel.from, &parcel.bytes) {
                self.engine.copy_own(parcel.from, parcel.to, &parcel.bytes, self.now);
                self.load(Departure { from: parcel.from, to: parcel.to, tos }, &parcel.bytes);
            }
        }
        self.unload();
    }

    /// Seals and sends RTCP of our own.
    fn report(&mut self, reports: &[OwnReport]) {
        for OwnReport { from, bytes } in reports {
            if self.burst.frames().len() == BURST {
                self.unload();
            }
            let Some(mut frame) = self.io.compose(*from, bytes) else { continue };
            match self.engine.report(*from, self.io.room_mut(&frame), bytes.len()) {
                Some((departure, len)) => {
                    frame.len = u16::try_from(len).unwrap_or(frame.len);
                    frame.verdict = Verdict::Forward(departure);
                    if let Err(frame) = self.burst.push(frame) {
                        self.io.discard(frame);
                    }
                }
                None => self.io.discard(frame),
            }
        }
        self.unload();
    }

    /// Adds a packet of our own to the burst, which is sent first if it is full. One that is too long is not sent.
    fn load(&mut self, departure: Departure, payload: &[u8]) {
        if self.burst.frames().len() == BURST {
            self.unload();
        }
        let Some(mut frame) = self.io.compose(departure.from, payload) else { return };
        frame.verdict = Verdict::Forward(departure);
        if let Err(frame) = self.burst.push(frame) {
            self.io.discard(frame);
        }
    }

    fn unload(&mut self) {
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
