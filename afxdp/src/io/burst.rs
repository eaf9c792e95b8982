use super::exits::{Exit, Exits};
use super::summed;
use super::{Frames, Packet, Place, Rings};
use crate::{Hop, sys};
use flow::{BURST, Buffers, Burst, Departure, DropReason, FlowKey, Frame, PacketIo, Verdict};
use std::net::SocketAddr;
use wire::{Headers, Reason};

/// So many ways out are near enough to the processor to be waited for one after the other.
const NEAR: usize = 256;

/// One worker's NIC queues over one set of buffers, as a [`PacketIo`]. A packet received on one NIC is sent on
/// another from the buffer it came in.
#[derive(Debug)]
pub struct XskIo<R> {
    frames: Frames,
    queues: Vec<R>,
    /// Where the next burst starts to look, so that no queue is served first for ever.
    next: usize,
    arrivals: Vec<Packet>,
    outboxes: Vec<Outbox>,
    exits: Exits,
    /// For each frame of a burst, where its way out stands.
    ways: Vec<Option<u32>>,
    raw: Option<sys::RawSockets>,
    counters: IoCounters,
}

#[derive(Debug)]
struct Outbox {
    packets: Vec<Packet>,
    /// For each packet, its place in the burst.
    places: Vec<usize>,
}

/// What a worker's queues have counted since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IoCounters {
    /// Packets received that the engine saw.
    pub received: u64,
    /// Received packets that were no plain UDP although the XDP program thought so, by [`Reason`].
    pub odd: [u64; Reason::ALL.len()],
    /// Received packets whose UDP checksum was wrong.
    pub bad_checksum: u64,
    /// Received packets that found no room in the burst; always zero.
    pub no_room: u64,
    /// Packets sent through one of the worker's queues.
    pub sent: u64,
    /// Packets sent through the kernel's routing, because their way out is no interface of the worker or is not known.
    pub sent_by_kernel: u64,
    /// Packets not sent: no way out, no room in the ring, or refused by the kernel.
    pub send_failed: u64,
}

impl<R: Rings> XskIo<R> {
    /// Puts queues and buffers together and gives the queues buffers to receive into. The queues' numbers in
    /// [`Place`] must be their places in `queues`.
    pub fn new(mut frames: Frames, mut queues: Vec<R>) -> XskIo<R> {
        for queue in &mut queues {
            queue.refill(&mut frames);
        }
        // As much as a burst with its copies usually has: a larger one makes it grow once.
        let outbox =
            |_| Outbox { packets: Vec::with_capacity(4 * BURST), places: Vec::with_capacity(4 * BURST) };
        let outboxes = queues.iter().map(outbox).collect();
        XskIo {
            frames,
            queues,
            next: 0,
            arrivals: Vec::with_capacity(BURST),
            outboxes,
            exits: Exits::default(),
            ways: Vec::with_capacity(4 * BURST),
            raw: None,
            counters: IoCounters::default(),
        }
    }

    /// Sends what has no way out through one of the queues by the kernel's routes.
    ///
    /// # Errors
    /// Without CAP_NET_RAW.
    pub fn allow_kernel_egress(&mut self) -> Result<(), crate::Error> {
        self.raw = Some(sys::RawSockets::open().map_err(crate::Error::sys("opening raw sockets"))?);
        Ok(())
    }

    /// Sets how packets from a local port to a destination leave: by a next hop, or (`None`) by the kernel's routes.
    /// A hop through an interface that is none of the worker's is left to the kernel too. Returns whether they leave
    /// through one of the worker's queues.
    pub fn set_exit(&mut self, from: FlowKey, to: SocketAddr, hop: Option<Hop>) -> bool {
        let way = hop.and_then(|hop| {
            let queue = self.queues.iter().position(|queue| queue.ifindex() == hop.ifindex)?;
            Some((queue, hop))
        });
        self.exits.set(from, to, way) && way.is_some()
    }

    /// Forgets a way out.
    pub fn forget_exit(&mut self, from: FlowKey, to: SocketAddr) {
        self.exits.forget(from, to);
    }

    /// How many ways out are known.
    pub fn exits(&self) -> usize {
        self.exits.len()
    }

    /// The buffers, for accounting.
    pub fn frames(&self) -> &Frames {
        &self.frames
    }

    /// The queues.
    pub fn queues(&self) -> &[R] {
        &self.queues
    }

    /// The queues, to change.
    pub fn queues_mut(&mut self) -> &mut [R] {
        &mut self.queues
    }

    /// Takes it apart, for a loop that has no engine. What is in the outboxes is none of the queues' any more, so there
    /// must be no burst under way.
    pub fn into_parts(self) -> (Frames, Vec<R>) {
        (self.frames, self.queues)
    }

    /// What has been counted.
    pub fn counters(&self) -> &IoCounters {
        &self.counters
    }

    /// Takes back what has been sent and gives the queues buffers to receive into, when no burst does it. Kicks what
    /// still waits to be sent.
    pub fn tidy(&mut self) {
        for queue in &mut self.queues {
            queue.kick();
            queue.reap(&mut self.frames);
            queue.refill(&mut self.frames);
        }
    }

    /// Looks at one received packet; `None` when it is not for the engine.
    fn admit(&mut self, packet: Packet) -> Option<Frame> {
        let bytes = self.frames.bytes_mut(packet.buffer).get_mut(..usize::from(packet.len))?;
        let view = match wire::Packet::parse(bytes) {
            Ok(view) => view,
            Err(reason) => {
                self.counters.odd[reason as usize] += 1;
                return None;
            }
        };
        let payload = view.payload_sum(bytes)?;
        // Checked here because the packet leaves with a checksum made of this sum, which would hide the damage. A sender on
        // this host may have left it to a network card that is none; such a packet was never on a wire.
        if !view.agrees_with(payload) && !view.checksum_is_partial() {
            self.counters.bad_checksum += 1;
            return None;
        }
        let frame = Frame {
            buffer: packet.buffer,
            start: view.headers_len() as u16,
            len: view.payload_len() as u16,
            local: view.dst.into(),
            remote: view.src,
            tos: view.tos,
            verdict: Verdict::Undecided,
        };
        summed::keep(bytes, &frame, payload);
        Some(frame)
    }

    /// Lays headers before a frame's payload and puts it into the outbox of its queue, or sends it by the kernel.
    /// `false` when it cannot leave; its buffer is then still held.
    fn depart(&mut self, place: usize, frame: &Frame, departure: &Departure) -> bool {
        let unknown;
        let way = self.ways.get(place).copied().flatten();
        let exit = match way.and_then(|way| self.exits.at(way, departure.tos)) {
            Some(exit) => exit,
            // Not known yet, or no longer: the kernel finds the way.
            None => match Exit::by_kernel(*departure) {
                Some(exit) => {
                    unknown = exit;
                    &unknown
                }
                None => return false,
            },
        };
        let Some(len) = write_packet(self.frames.bytes_mut(frame.buffer), frame, &exit.headers) else {
            return false;
        };
        match (exit.queue, &self.raw) {
            (Some(queue), _) => {
                let outbox = &mut self.outboxes[queue];
                outbox.packets.push(Packet { buffer: frame.buffer, len });
                outbox.places.push(place);
                true
            }
            (None, Some(raw)) => {
                let packet = exit.headers.link_len()..usize::from(len);
                let sent = raw.send(&self.frames.bytes(frame.buffer)[packet], departure.to).is_ok();
                if sent {
                    self.counters.sent_by_kernel += 1;
                    self.frames.give_back(frame.buffer);
                }
                sent
            }
            (None, None) => false,
        }
    }

    /// Sends the outbox of a queue. Frames it does not take end as failed.
    fn flush(&mut self, number: usize, burst: &mut Burst) {
        let (queue, outbox) = (&mut self.queues[number], &mut self.outboxes[number]);
        let mut sent = 0;
        if !outbox.packets.is_empty() {
            queue.reap(&mut self.frames);
            sent = queue.send(&mut self.frames, &outbox.packets);
            queue.kick();
            if sent < outbox.packets.len() {
                // The ring was full: what the kernel has taken just now made room.
                queue.reap(&mut self.frames);
                sent += queue.send(&mut self.frames, &outbox.packets[sent..]);
                queue.kick();
            }
        }
        self.counters.sent += sent as u64;
        for (packet, &place) in outbox.packets.iter().zip(&outbox.places).skip(sent) {
            self.frames.give_back(packet.buffer);
            self.counters.send_failed += 1;
            if let Some(frame) = burst.frames_mut().get_mut(place) {
                frame.verdict = Verdict::Drop(DropReason::SendFailed);
            }
        }
        outbox.packets.clear();
        outbox.places.clear();
        queue.reap(&mut self.frames);
        queue.refill(&mut self.frames);
    }
}

/// Moves the payload to where the headers end and writes them. Returns the packet's length, `None` when it does not
/// fit.
fn write_packet(bytes: &mut [u8], frame: &Frame, headers: &Headers) -> Option<u16> {
    let payload = usize::from(frame.start)..usize::from(frame.start) + usize::from(frame.len);
    let end = headers.len() + payload.len();
    if payload.end > bytes.len() || end > bytes.len() {
        return None;
    }
    // What nobody has changed since it came need not be summed again.
    let sum = summed::kept(bytes, frame);
    // Headers of the same length as those the packet came with leave the payload where it is.
    if payload.start != headers.len() {
        bytes.copy_within(payload, headers.len());
    }
    let packet = &mut bytes[..end];
    match sum {
        Some(sum) => headers.write_summed(packet, sum).ok()?,
        None => headers.write(packet).ok()?,
    }
    u16::try_from(end).ok()
}

impl<R> Buffers for XskIo<R> {
    fn payload(&self, frame: &Frame) -> &[u8] {
        let bytes = self.frames.bytes(frame.buffer);
        bytes
            .get(usize::from(frame.start)..usize::from(frame.start) + usize::from(frame.len))
            .unwrap_or_default()
    }

    fn payload_mut(&mut self, frame: &Frame) -> &mut [u8] {
        let bytes = self.frames.bytes_mut(frame.buffer);
        summed::forget(bytes, frame);
        let payload = usize::from(frame.start)..usize::from(frame.start) + usize::from(frame.len);
        bytes.get_mut(payload).unwrap_or_default()
    }

    fn room_mut(&mut self, frame: &Frame) -> &mut [u8] {
        let bytes = self.frames.bytes_mut(frame.buffer);
        summed::forget(bytes, frame);
        bytes.get_mut(usize::from(frame.start)..).unwrap_or_default()
    }

    fn copy(&mut self, frame: &Frame) -> Option<Frame> {
        let payload = usize::from(frame.start)..usize::from(frame.start) + usize::from(frame.len);
        // With what is known of its sum.
        let bytes = payload.start.saturating_sub(summed::ROOM)..payload.end;
        let buffer = self.frames.take(Place::Held)?;
        if !self.frames.copy(frame.buffer, buffer, bytes) {
            self.frames.give_back(buffer);
            return None;
        }
        Some(Frame { buffer, ..*frame })
    }
}

impl<R: Rings> PacketIo for XskIo<R> {
    fn receive(&mut self, burst: &mut Burst) -> usize {
        let before = burst.frames().len();
        let mut room = burst.room().min(BURST);
        let count = self.queues.len();
        for turn in 0..count {
            if room == 0 {
                break;
            }
            let number = (self.next + turn) % count;
            let mut arrivals = std::mem::take(&mut self.arrivals);
            self.queues[number].receive(&mut self.frames, room, &mut arrivals);
            for packet in &arrivals {
                self.frames.prefetch(packet.buffer);
            }
            for packet in arrivals.drain(..) {
                match self.admit(packet).map(|frame| burst.push(frame)) {
                    Some(Ok(())) => room -= 1,
                    other => {
                        self.counters.no_room += u64::from(other.is_some());
                        self.frames.give_back(packet.buffer);
                    }
                }
            }
            self.arrivals = arrivals;
        }
        if count > 0 {
            self.next = (self.next + 1) % count;
        }
        let received = burst.frames().len() - before;
        self.counters.received += received as u64;
        received
    }

    fn finish(&mut self, burst: &mut Burst) {
        // All of them first, so that a packet's headers are not waited for while no other packet's are.
        let exits = &self.exits;
        self.ways.clear();
        self.ways.extend(burst.frames().iter().map(|frame| match &frame.verdict {
            Verdict::Forward(departure) => exits.find(departure),
            _ => None,
        }));
        if exits.len() > NEAR {
            exits.warm(&self.ways);
        }
        for (place, frame) in burst.frames_mut().iter_mut().enumerate() {
            match &frame.verdict {
                Verdict::Forward(departure) if self.depart(place, frame, departure) => {}
                Verdict::Forward(_) => {
                    self.frames.give_back(frame.buffer);
                    self.counters.send_failed += 1;
                    frame.verdict = Verdict::Drop(DropReason::SendFailed);
                }
                _ => {
                    self.frames.give_back(frame.buffer);
                }
            }
        }
        for number in 0..self.queues.len() {
            self.flush(number, burst);
        }
    }
}

#[cfg(test)]
mod tests;
