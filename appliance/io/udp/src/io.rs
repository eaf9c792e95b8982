use crate::bind::PortSocket;
use crate::pool::{BUFFER, Pool};
use crate::sys::{self, Arrays};
use flow::{BURST, Buffers, Burst, DropReason, FlowKey, Frame, PacketIo, Verdict};
use hashbrown::HashMap;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Registry, Token, Waker};
use std::collections::VecDeque;
use std::io;
use std::os::fd::RawFd;
use std::time::Duration;

/// Datagrams taken from one socket before the next has its turn.
const PER_SOCKET: usize = 8;
/// Datagrams sent with one call.
const PER_SEND: usize = 64;
/// Sockets that one wait may report.
const PER_WAIT: usize = 256;
/// Reads that may fail in a row before a socket waits for its next edge.
const STRIKES: u8 = 4;
/// The token of the waker; sockets have their descriptor's number.
const WAKE: Token = Token(usize::MAX);

/// Receives and sends bursts over many [`PortSocket`]s on one thread. Edge triggered: a socket is read until a batch
/// comes back short, and one that still has data is remembered.
#[derive(Debug)]
pub struct UdpIo {
    poll: Poll,
    events: Events,
    /// By descriptor.
    sockets: Vec<Option<Open>>,
    by_key: HashMap<FlowKey, RawFd, foldhash::fast::RandomState>,
    /// Sockets that may have data, each once.
    ready: VecDeque<RawFd>,
    pool: Pool,
    rx: Arrays,
    tx: Arrays,
    /// Buffers that the next datagrams go to; always `PER_SOCKET` of them.
    staged: [u32; PER_SOCKET],
}

#[derive(Debug)]
struct Open {
    port: PortSocket,
    /// It stands in `ready`.
    queued: bool,
    strikes: u8,
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
        let fd = socket.raw();
        self.registry.register(&mut SourceFd(&fd), Token(fd as usize), Interest::READABLE)
    }
}

impl UdpIo {
    /// Makes one with room for `copies` fan-out copies beside a full burst.
    ///
    /// # Errors
    /// When the system has no descriptor for the poll.
    pub fn new(copies: usize) -> io::Result<UdpIo> {
        let mut pool = Pool::new(BURST + copies + PER_SOCKET);
        let mut staged = [0; PER_SOCKET];
        for place in &mut staged {
            *place = pool.take().ok_or(io::ErrorKind::OutOfMemory)?;
        }
        Ok(UdpIo {
            poll: Poll::new()?,
            events: Events::with_capacity(PER_WAIT),
            sockets: Vec::new(),
            by_key: HashMap::default(),
            ready: VecDeque::new(),
            pool,
            rx: Arrays::new(PER_SOCKET),
            tx: Arrays::new(PER_SEND),
            staged,
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

    /// Takes over a socket that was announced at the door. It is read once without being asked, in case a packet
    /// was there before. A socket of the same key is closed.
    pub fn adopt(&mut self, port: PortSocket) {
        let (fd, key) = (port.raw(), port.key());
        self.close(key);
        let at = fd as usize;
        if self.sockets.len() <= at {
            self.sockets.resize_with(at + 1, || None);
        }
        self.sockets[at] = Some(Open { port, queued: true, strikes: 0 });
        self.by_key.insert(key, fd);
        self.ready.reserve(self.by_key.len() - self.ready.len());
        self.ready.push_back(fd);
    }

    /// Closes the socket of `key`; false when there is none. The port is free when this returns.
    pub fn close(&mut self, key: FlowKey) -> bool {
        let Some(fd) = self.by_key.remove(&key) else { return false };
        self.ready.retain(|&ready| ready != fd);
        self.sockets[fd as usize] = None;
        true
    }

    /// How many sockets it has.
    pub fn sockets(&self) -> usize {
        self.by_key.len()
    }

    /// Buffers that no frame holds.
    pub fn free_buffers(&self) -> usize {
        self.pool.free()
    }

    /// Waits until a socket can be read, the waker calls or the time is over (`None`: no limit). Does not wait when data is
    /// known to be there. True when the waker called.
    ///
    /// # Errors
    /// What the system said; an interrupted wait is none.
    pub fn wait(&mut self, timeout: Option<Duration>) -> io::Result<bool> {
        let timeout = if self.ready.is_empty() { timeout } else { Some(Duration::ZERO) };
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(false),
            other => other?,
        }
        let mut woken = false;
        for event in &self.events {
            if event.token() == WAKE {
                woken = true;
                continue;
            }
            // not ours any more, or not yet: adopt reads it anyway
            let Some(Some(open)) = self.sockets.get_mut(event.token().0) else { continue };
            if !open.queued {
                open.queued = true;
                open.strikes = 0;
                self.ready.push_back(open.port.raw());
            }
        }
        Ok(woken)
    }

    /// Reads one socket into the burst, at most `most` datagrams. Returns how many, and whether there may be more.
    fn read(&mut self, fd: RawFd, most: usize, burst: &mut Burst) -> (usize, bool) {
        let Some(Some(open)) = self.sockets.get_mut(fd as usize) else { return (0, false) };
        let local = open.port.key();
        let most = most.min(PER_SOCKET);
        let starts = self.staged[..most].iter().map(|&buffer| buffer as usize * BUFFER);
        let got = match self.rx.receive(fd, self.pool.memory(), BUFFER, starts) {
            Ok(got) => got,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return (0, false),
            // a pending error of the socket (an ICMP message, say) was reported and is gone; packets may wait behind it
            Err(_) => {
                open.strikes += 1;
                return (0, open.strikes < STRIKES);
            }
        };
        open.strikes = 0;
        let mut pushed = 0;
        for at in 0..got {
            let received = self.rx.received(at);
            let Some(remote) = received.from else { continue };
            let Some(fresh) = self.pool.take() else { break };
            let verdict =
                if received.truncated { Verdict::Drop(DropReason::TooLong) } else { Verdict::Undecided };
            let frame = Frame {
                buffer: self.staged[at],
                start: 0,
                len: received.len as u16,
                local,
                remote,
                tos: 0,
                verdict,
            };
            match burst.push(frame) {
                Ok(()) => self.staged[at] = fresh,
                Err(_) => {
                    self.pool.give(fresh);
                    break;
                }
            }
            pushed += 1;
        }
        (pushed, got == most)
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

    fn copy(&mut self, frame: &Frame) -> Option<Frame> {
        self.pool.copy(frame)
    }
}

impl PacketIo for UdpIo {
    fn receive(&mut self, burst: &mut Burst) -> usize {
        let mut room = burst.room().min(BURST);
        let mut received = 0;
        for _ in 0..self.ready.len() {
            if room == 0 {
                break;
            }
            let Some(fd) = self.ready.pop_front() else { break };
            let (got, more) = self.read(fd, room, burst);
            room -= got;
            received += got;
            if more {
                self.ready.push_back(fd);
            } else if let Some(Some(open)) = self.sockets.get_mut(fd as usize) {
                open.queued = false;
            }
        }
        received
    }

    fn finish(&mut self, burst: &mut Burst) {
        let mut rest = burst.frames_mut();
        while let [first, ..] = &*rest {
            let from = |frame: &Frame| match frame.verdict {
                Verdict::Forward(departure) => Some(departure.from),
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
        for frame in burst.frames() {
            self.pool.give(frame.buffer);
        }
    }
}
