use crate::bind::PortSocket;
use crate::pool::{BUFFER, HEAD, Pool};
use crate::shared::{Returned, Shared, SharedSockets};
use crate::sys::{self, Arrays, Received};
use flow::{BURST, Buffers, Burst, DropReason, FlowKey, Frame, PacketIo, Verdict};
use hashbrown::HashMap;
use mio::{Events, Poll, Registry, Token, Waker};
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

/// Datagrams taken from one busy socket before the next has its turn.
const PER_SOCKET: usize = 8;
/// Datagrams sent with one call.
const PER_SEND: usize = 64;
/// A socket reported by so many waits in a row has more than a packet waiting.
const BUSY: u8 = 3;
/// The token of the waker; sockets have their descriptor's number.
const WAKE: Token = Token(usize::MAX);

/// Receives and sends bursts over many ports on one thread, each with a [`PortSocket`] of its own, or all of them over
/// [`SharedSockets`].
///
/// Sockets of ports are watched level triggered, which mio does not offer but does not mind. A voice stream has one packet
/// waiting at a time, so a socket costs one `recvfrom` and no second read that finds nothing; whatever is left is reported by
/// the next wait, which also shares turns fairly. Only a socket reported again and again is read with `recvmmsg`.
#[derive(Debug)]
pub struct UdpIo {
    poll: Poll,
    events: Events,
    /// By descriptor.
    sockets: Vec<Option<Open>>,
    by_key: HashMap<FlowKey, RawFd, foldhash::fast::RandomState>,
    /// Sockets that the last wait reported and that have not been read since.
    ready: Vec<RawFd>,
    /// Number of the last wait.
    wait: u32,
    pool: Pool,
    rx: Arrays,
    tx: Arrays,
    /// Buffers that the next datagrams go to; always `PER_SOCKET` of them.
    staged: [u32; PER_SOCKET],
    /// Through which all ports go, if they have no sockets of their own.
    shared: Option<Box<Shared>>,
}

#[derive(Debug)]
struct Open {
    port: PortSocket,
    /// The last wait that reported it.
    reported: u32,
    /// How many waits in a row did.
    streak: u8,
}

/// Lets another thread announce a socket before it is handed over, so that a refusal can be answered.
#[derive(Debug)]
pub struct Door {
    registry: Registry,
}

impl Door {
    /// Asks to be told when `socket` can be read. It must then be given to [`UdpIo::adopt`], or dropped.
    ///
    /// # Errors
    /// What the system said, for instance that `fs.epoll.max_user_watches` is reached.
    pub fn announce(&self, socket: &PortSocket) -> io::Result<()> {
        sys::watch(self.registry.as_raw_fd(), socket.raw())
    }
}

impl UdpIo {
    /// Makes one with room for `copies` fan-out copies beside a full burst.
    ///
    /// # Errors
    /// When the system has no descriptor for the poll.
    pub fn new(copies: usize) -> io::Result<UdpIo> {
        UdpIo::with_pool(Pool::new(BURST + copies + PER_SOCKET))
    }

    /// Makes one whose ports go through these sockets: those of the addresses in their table, where they are opened, too.
    /// [`UdpIo::close`] closes them. Ports of other addresses can have sockets of their own beside them.
    ///
    /// # Errors
    /// When the system has no descriptor for the poll, or will not watch the sockets.
    pub fn shared(copies: usize, sockets: SharedSockets) -> io::Result<UdpIo> {
        let mut io = UdpIo::with_pool(Pool::new(BURST + copies + PER_SOCKET + BURST))?;
        let shared = Shared::new(sockets, &mut io.pool, BURST + copies)?;
        for receiver in shared.receivers() {
            io.also_watch(receiver)?;
        }
        io.shared = Some(Box::new(shared));
        Ok(io)
    }

    fn with_pool(mut pool: Pool) -> io::Result<UdpIo> {
        let mut staged = [0; PER_SOCKET];
        for place in &mut staged {
            *place = pool.take().ok_or(io::ErrorKind::OutOfMemory)?;
        }
        Ok(UdpIo {
            poll: Poll::new()?,
            events: Events::with_capacity(BURST),
            sockets: Vec::new(),
            by_key: HashMap::default(),
            ready: Vec::with_capacity(BURST),
            wait: 0,
            pool,
            rx: Arrays::new(PER_SOCKET),
            tx: Arrays::new(PER_SEND),
            staged,
            shared: None,
        })
    }

    /// The door by which other threads announce sockets.
    ///
    /// # Errors
    /// When the system has no descriptor for it.
    pub fn door(&self) -> io::Result<Door> {
        Ok(Door { registry: self.poll.registry().try_clone()? })
    }

    /// What other threads end a [`UdpIo::wait`] with. One per `UdpIo`.
    ///
    /// # Errors
    /// When the system has no descriptor for it.
    pub fn waker(&self) -> io::Result<Waker> {
        Waker::new(self.poll.registry(), WAKE)
    }

    /// Takes over a socket that was announced at the door. A socket of the same key is closed.
    pub fn adopt(&mut self, port: PortSocket) {
        let (fd, key) = (port.raw(), port.key());
        self.close(key);
        let at = fd as usize;
        if self.sockets.len() <= at {
            self.sockets.resize_with(at + 1, || None);
        }
        self.sockets[at] = Some(Open { port, reported: 0, streak: 0 });
        self.by_key.insert(key, fd);
    }

    /// Closes the port `key`; false when it is not open. It is free when this returns.
    pub fn close(&mut self, key: FlowKey) -> bool {
        if let Some(shared) = &self.shared
            && shared.close(key)
        {
            return true;
        }
        let Some(fd) = self.by_key.remove(&key) else { return false };
        self.sockets[fd as usize] = None;
        true
    }

    /// Lets [`UdpIo::wait`] end when this descriptor can be read, too, as long as it is open. It is the caller's to read.
    ///
    /// # Errors
    /// What the system said.
    pub fn also_watch(&self, descriptor: RawFd) -> io::Result<()> {
        sys::watch(self.poll.registry().as_raw_fd(), descriptor)
    }

    /// A frame of our own with this payload, to be given a verdict and to leave in a burst; `None` when there is no
    /// free buffer or the payload is too long for one.
    pub fn compose(&mut self, local: FlowKey, payload: &[u8]) -> Option<Frame> {
        let len = u16::try_from(payload.len()).ok().filter(|len| usize::from(*len) <= BUFFER)?;
        let buffer = self.pool.take()?;
        let frame = Frame { buffer, start: HEAD as u16, len, local, ..Frame::EMPTY };
        self.pool.payload_mut(&frame).copy_from_slice(payload);
        Some(frame)
    }

    /// Takes the buffer of a frame back that is not sent after all.
    pub fn discard(&mut self, frame: Frame) {
        self.pool.give(frame.buffer);
    }

    /// What was told about packets that had left through shared sockets, since this was last asked.
    pub fn take_returned(&mut self) -> Returned {
        self.shared.as_mut().map(|shared| shared.take_returned()).unwrap_or_default()
    }

    /// How many ports have sockets of their own.
    pub fn sockets(&self) -> usize {
        self.by_key.len()
    }

    /// Buffers that no frame holds.
    pub fn free_buffers(&self) -> usize {
        self.pool.free()
    }

    /// Waits until a socket can be read, the waker calls or the time is over (`None`: no limit). True when the waker
    /// called.
    ///
    /// # Errors
    /// What the system said; an interrupted wait is none.
    pub fn wait(&mut self, timeout: Option<Duration>) -> io::Result<bool> {
        self.ready.clear();
        if let Some(shared) = &mut self.shared {
            shared.forget_ready();
        }
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(false),
            other => other?,
        }
        let before = self.wait;
        self.wait = before.wrapping_add(1);
        let mut woken = false;
        for event in &self.events {
            if event.token() == WAKE {
                woken = true;
                continue;
            }
            if let Some(shared) = &mut self.shared
                && shared.report(event.token().0, event.is_error())
            {
                continue;
            }
            // not ours any more, or not yet: then it is reported again
            let Some(Some(open)) = self.sockets.get_mut(event.token().0) else { continue };
            open.streak = if open.reported == before { open.streak.saturating_add(1) } else { 1 };
            open.reported = self.wait;
            self.ready.push(open.port.raw());
        }
        Ok(woken)
    }

    /// Reads one socket into the burst, at most `most` datagrams. Returns how many. Errors are those pending at the
    /// socket (an ICMP message, say): reported once and gone, while packets may wait behind them.
    fn read(&mut self, fd: RawFd, most: usize, burst: &mut Burst) -> usize {
        let Some(Some(open)) = self.sockets.get_mut(fd as usize) else { return 0 };
        let local = open.port.key();
        if open.streak < BUSY || most < PER_SOCKET {
            let first = self.staged[0];
            let Ok(received) = sys::receive_one(fd, self.pool.buffer_mut(first)) else { return 0 };
            return usize::from(self.push(0, received, local, burst));
        }
        let starts = self.staged.iter().map(|&buffer| Pool::start(buffer));
        let got = self.rx.receive(fd, self.pool.memory(), BUFFER, starts).unwrap_or(0);
        if got < 2 {
            open.streak = 0;
        }
        (0..got).filter(|&at| self.push(at, self.rx.received(at), local, burst)).count()
    }

    /// Makes a frame of what lies in the staged buffer `at`, and stages another.
    fn push(&mut self, at: usize, received: Received, local: FlowKey, burst: &mut Burst) -> bool {
        let Some(remote) = received.from else { return false };
        let Some(fresh) = self.pool.take() else { return false };
        let verdict =
            if received.truncated { Verdict::Drop(DropReason::TooLong) } else { Verdict::Undecided };
        let (buffer, start, len) = (self.staged[at], HEAD as u16, received.len as u16);
        let pushed = burst.push(Frame { buffer, start, len, local, remote, tos: 0, verdict }).is_ok();
        if pushed {
            self.staged[at] = fresh;
        } else {
            self.pool.give(fresh);
        }
        pushed
    }

    /// Sends the frames `run`, which all leave from one port.
    fn send(&mut self, frames: &mut [Frame], from: FlowKey) {
        let Some(&fd) = self.by_key.get(&from) else { return fail(frames) };
        let mut rest = frames;
        while let [first, ..] = &*rest {
            let Verdict::Forward(departure) = first.verdict else { return };
            if let Some(Some(open)) = self.sockets.get_mut(fd as usize) {
                open.port.mark(departure.tos);
            }
            let alike =
                |frame: &&Frame| matches!(frame.verdict, Verdict::Forward(d) if d.tos == departure.tos);
            let count = rest.iter().take_while(alike).count();
            let pool = &self.pool;
            let sent = if count == 1 {
                sys::send_one(fd, pool.payload(first), departure.to).map(|()| 1)
            } else {
                let datagrams = rest[..count].iter().map_while(|frame| match frame.verdict {
                    Verdict::Forward(departure) => Some((pool.payload(frame), departure.to)),
                    _ => None,
                });
                self.tx.send(fd, datagrams)
            };
            let done = match sent {
                Ok(sent) if sent > 0 => sent,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
                _ => {
                    fail(&mut rest[..1]);
                    1
                }
            };
            rest = &mut rest[done..];
        }
    }
}

fn fail(frames: &mut [Frame]) {
    for frame in frames {
        frame.verdict = Verdict::Drop(DropReason::SendFailed);
    }
}

impl Buffers for UdpIo {
    fn payload(&self, frame: &Frame) -> &[u8] {
        self.pool.payload(frame)
    }

    fn payload_mut(&mut self, frame: &Frame) -> &mut [u8] {
        self.pool.payload_mut(frame)
    }

    fn room_mut(&mut self, frame: &Frame) -> &mut [u8] {
        self.pool.room_mut(frame)
    }

    fn copy(&mut self, frame: &Frame) -> Option<Frame> {
        self.pool.copy(frame)
    }
}

impl PacketIo for UdpIo {
    /// Reads the sockets that the last [`UdpIo::wait`] reported.
    fn receive(&mut self, burst: &mut Burst) -> usize {
        let most = burst.room().min(BURST);
        let shared = self.shared.as_mut();
        let mut received = shared.map_or(0, |shared| shared.receive(&mut self.pool, most, burst));
        for at in 0..self.ready.len() {
            if received == most {
                break;
            }
            received += self.read(self.ready[at], most - received, burst);
        }
        self.ready.clear();
        received
    }

    fn finish(&mut self, burst: &mut Burst) {
        let only_shared = self.by_key.is_empty();
        if let Some(shared) = &mut self.shared {
            shared.send(burst.frames_mut(), only_shared, &mut self.pool);
        }
        if self.shared.is_none() || !only_shared {
            self.send_all(burst.frames_mut());
        }
        for frame in burst.frames() {
            self.pool.give(frame.buffer);
        }
    }
}

impl UdpIo {
    /// Sends each run of frames from the socket of the port they leave from, unless they leave through shared ones.
    fn send_all(&mut self, frames: &mut [Frame]) {
        let mut rest = frames;
        while let [first, ..] = &*rest {
            let shared = self.shared.as_ref();
            let from = |frame: &Frame| match frame.verdict {
                Verdict::Forward(departure) => {
                    Some(departure.from).filter(|key| shared.is_none_or(|shared| !shared.serves(key.addr)))
                }
                _ => None,
            };
            let key = from(first);
            let count = rest.iter().take_while(|frame| from(frame) == key).count();
            let (run, behind) = rest.split_at_mut(count);
            if let Some(key) = key {
                self.send(run, key);
            }
            rest = behind;
        }
    }
}
