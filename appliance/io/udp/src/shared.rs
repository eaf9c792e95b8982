use crate::bind::SocketBuffers;
use crate::header::{self, UDP};
use crate::pool::{BUFFER, HEAD, Pool};
use crate::sys::{self, Batch, Leaving, Return};
use crate::table::PortTable;
use flow::{BURST, Burst, DropReason, FlowKey, Frame, Verdict};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::Arc;

/// Bytes asked for the queues of a shared socket, as all ports of a thread have only this one: some 10,000 packets of
/// voice, which is a tenth of a second of what a core can relay.
const QUEUE: usize = 8 << 20;
/// Datagrams asked for beyond those that the last read has found.
const FEW: usize = 8;
/// Checksum of a UDP header: where it is.
const CHECKSUM: i32 = 6;
/// `IPV6_CHECKSUM` of linux/in6.h.
const IPV6_CHECKSUM: i32 = 7;

/// The sockets of one packet thread through which all of its ports receive and send: of each family one that receives,
/// which a program in the kernel gives the packets of our ports to, and one that sends, to which we give UDP headers of
/// our own. All else is the kernel's part: IP headers, routes, fragments.
#[derive(Debug)]
pub struct SharedSockets {
    table: Arc<PortTable>,
    pairs: [Option<Pair>; 2],
}

#[derive(Debug)]
struct Pair {
    receive: OwnedFd,
    send: OwnedFd,
}

impl SharedSockets {
    /// Opens them for both families, as addresses may come later; a family that the system has not is left out unless an
    /// address in `table` is of it. Needs CAP_NET_RAW; with CAP_NET_ADMIN the queues are larger than
    /// `net.core.rmem_max`. A size in `buffers` counts if it is above ours.
    ///
    /// # Errors
    /// What the system said.
    pub fn open(table: Arc<PortTable>, buffers: SocketBuffers) -> io::Result<SharedSockets> {
        let pair = |v6| match Pair::open(v6, buffers) {
            Err(_) if !table.has_family(v6) => Ok(None),
            opened => opened.map(Some),
        };
        let pairs = [pair(false)?, pair(true)?];
        Ok(SharedSockets { table, pairs })
    }

    /// The socket that receives packets of a family; `None` if the system has it not.
    pub fn receiver(&self, v6: bool) -> Option<BorrowedFd<'_>> {
        self.pairs[usize::from(v6)].as_ref().map(|pair| pair.receive.as_fd())
    }

    /// Which thread has which port.
    pub fn table(&self) -> &Arc<PortTable> {
        &self.table
    }
}

impl Pair {
    fn open(v6: bool, buffers: SocketBuffers) -> io::Result<Pair> {
        let domain = if v6 { Domain::IPV6 } else { Domain::IPV4 };
        let localhost: IpAddr = if v6 { Ipv6Addr::LOCALHOST.into() } else { Ipv4Addr::LOCALHOST.into() };
        let receive = Socket::new(domain, Type::DGRAM.nonblocking().cloexec(), Some(Protocol::UDP))?;
        if v6 {
            receive.set_only_v6(true)?;
            sys::set(receive.as_fd(), libc::SOL_IPV6, libc::IPV6_RECVORIGDSTADDR, 1)?;
            sys::set(receive.as_fd(), libc::SOL_IPV6, libc::IPV6_RECVERR, 1)?;
        } else {
            sys::set(receive.as_fd(), libc::SOL_IP, libc::IP_RECVORIGDSTADDR, 1)?;
            sys::set(receive.as_fd(), libc::SOL_IP, libc::IP_RECVERR, 1)?;
        }
        // A socket must be bound before it can be chosen. Nobody but this host reaches it there.
        receive.bind(&SocketAddr::new(localhost, 0).into())?;
        enlarge(receive.as_fd(), libc::SO_RCVBUFFORCE, libc::SO_RCVBUF, buffers.receive)?;

        let send = Socket::new(domain, Type::RAW.nonblocking().cloexec(), Some(Protocol::UDP))?;
        sys::deafen(send.as_fd())?;
        // A raw socket is offered every UDP packet of the host; one that is connected only those of its peer. This
        // address sends none. It does not bind what is sent with an address of its own.
        let nobody: IpAddr = if v6 { localhost } else { Ipv4Addr::new(127, 255, 255, 254).into() };
        send.connect(&SocketAddr::new(nobody, 0).into())?;
        if v6 {
            sys::set(send.as_fd(), libc::SOL_IPV6, IPV6_CHECKSUM, CHECKSUM)?;
        }
        enlarge(send.as_fd(), libc::SO_SNDBUFFORCE, libc::SO_SNDBUF, buffers.send)?;
        Ok(Pair { receive: receive.into(), send: send.into() })
    }
}

fn enlarge(socket: BorrowedFd<'_>, force: i32, ask: i32, wanted: Option<usize>) -> io::Result<()> {
    let bytes = i32::try_from(wanted.unwrap_or(0).max(QUEUE)).unwrap_or(i32::MAX);
    sys::set(socket, libc::SOL_SOCKET, force, bytes)
        .or_else(|_| sys::set(socket, libc::SOL_SOCKET, ask, bytes))
}

/// Packets that had left and did not arrive, as others have told by ICMP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Returned {
    /// Too long for a hop, and not to be cut.
    pub too_long: u64,
    /// Nobody was there, or nobody let them pass.
    pub unreachable: u64,
}

/// [`SharedSockets`] at work.
#[derive(Debug)]
pub(crate) struct Shared {
    sockets: SharedSockets,
    /// Which families the last wait reported.
    ready: [bool; 2],
    rx: Batch,
    tx: Batch,
    /// Buffers that the next datagrams go to; always [`BURST`] of them.
    staged: Box<[u32]>,
    /// How many datagrams the next read asks for: preparing places costs, and most reads find few.
    ask: usize,
    /// Places in a burst of the frames that leave, by family.
    leaving: [Vec<u32>; 2],
    returned: Returned,
}

impl Shared {
    pub(crate) fn new(sockets: SharedSockets, pool: &mut Pool, most: usize) -> io::Result<Shared> {
        let staged: Option<Box<[u32]>> = (0..BURST).map(|_| pool.take()).collect();
        Ok(Shared {
            sockets,
            ready: [false; 2],
            rx: Batch::new(BURST),
            tx: Batch::new(BURST),
            ask: FEW,
            staged: staged.ok_or(io::ErrorKind::OutOfMemory)?,
            leaving: [Vec::with_capacity(most), Vec::with_capacity(most)],
            returned: Returned::default(),
        })
    }

    /// The sockets that can become readable.
    pub(crate) fn receivers(&self) -> impl Iterator<Item = RawFd> + '_ {
        self.sockets.pairs.iter().flatten().map(|pair| pair.receive.as_raw_fd())
    }

    pub(crate) fn forget_ready(&mut self) {
        self.ready = [false; 2];
    }

    /// The wait has reported this descriptor, perhaps because others have told something about packets of ours. False when
    /// it is none of these.
    pub(crate) fn report(&mut self, descriptor: usize, told: bool) -> bool {
        let this = |pair: &Option<Pair>| {
            pair.as_ref().is_some_and(|pair| pair.receive.as_raw_fd() as usize == descriptor)
        };
        match self.sockets.pairs.iter().position(this) {
            Some(family) => {
                self.ready[family] = true;
                if told {
                    self.hear(descriptor as RawFd);
                }
                true
            }
            None => false,
        }
    }

    /// Empties the error queue of a socket, a turn's share at most: the next wait reports what is left.
    fn hear(&mut self, receiver: RawFd) {
        for _ in 0..BURST {
            match sys::take_return(receiver) {
                Ok(Some(Return::TooLong)) => self.returned.too_long += 1,
                Ok(Some(Return::Unreachable)) => self.returned.unreachable += 1,
                Ok(None) => {}
                Err(_) => return,
            }
        }
    }

    /// What was heard since this was last asked.
    pub(crate) fn take_returned(&mut self) -> Returned {
        std::mem::take(&mut self.returned)
    }

    /// True when ports of this address are open in the table and not by sockets.
    pub(crate) fn serves(&self, addr: IpAddr) -> bool {
        self.sockets.table.serves(addr)
    }

    /// Closes a port; false when it was not open.
    pub(crate) fn close(&self, key: FlowKey) -> bool {
        self.sockets.table.close(key)
    }

    /// Takes at most `most` datagrams into the burst. With both families waiting each gets its half, and the second
    /// what the first has left.
    pub(crate) fn receive(&mut self, pool: &mut Pool, most: usize, burst: &mut Burst) -> usize {
        let mut received = 0;
        let both = self.ready == [true; 2];
        for family in 0..2 {
            if !std::mem::take(&mut self.ready[family]) {
                continue;
            }
            let share = if both && family == 0 { most / 2 } else { most - received };
            received += self.read(family, share, pool, burst);
        }
        received
    }

    fn read(&mut self, family: usize, most: usize, pool: &mut Pool, burst: &mut Burst) -> usize {
        let mut received = 0;
        while received < most {
            let ask = self.ask.min(most - received);
            let got = self.read_once(family, ask, pool, burst);
            received += got;
            // One that finds less than it asked for has emptied the queue.
            if got < ask {
                break;
            }
            self.ask = BURST;
        }
        self.ask = (received + FEW).min(BURST);
        received
    }

    fn read_once(&mut self, family: usize, most: usize, pool: &mut Pool, burst: &mut Burst) -> usize {
        let Some(pair) = &self.sockets.pairs[family] else { return 0 };
        let starts = self.staged[..most.min(BURST)].iter().map(|&buffer| Pool::start(buffer));
        let fd = pair.receive.as_raw_fd();
        let mut got = self.rx.receive(fd, pool.memory(), BUFFER, starts.clone());
        if got.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::WouldBlock) {
            // One that was pending at the socket, of which the error queue has more: told once and gone, while packets may
            // wait behind it.
            got = self.rx.receive(fd, pool.memory(), BUFFER, starts);
        }
        let Ok(got) = got else { return 0 };
        (0..got).filter(|&at| self.push(at, pool, burst)).count()
    }

    /// Makes a frame of what lies in the staged buffer `at`, and stages another.
    fn push(&mut self, at: usize, pool: &mut Pool, burst: &mut Burst) -> bool {
        let arrived = self.rx.arrived(at);
        let (Some(remote), Some(local)) = (arrived.from, arrived.local) else { return false };
        let Some(fresh) = pool.take() else { return false };
        let verdict = if arrived.truncated { Verdict::Drop(DropReason::TooLong) } else { Verdict::Undecided };
        let (buffer, len, local) = (self.staged[at], arrived.len as u16, FlowKey::from(local));
        let start = HEAD as u16;
        let pushed = burst.push(Frame { buffer, start, len, local, remote, tos: 0, verdict }).is_ok();
        if pushed {
            self.staged[at] = fresh;
        } else {
            pool.give(fresh);
        }
        pushed
    }

    /// Sends the frames that leave from its ports (`all`: every frame does), those of a family together and in order.
    pub(crate) fn send(&mut self, frames: &mut [Frame], all: bool, pool: &mut Pool) {
        for (at, frame) in frames.iter_mut().enumerate() {
            if let Verdict::Forward(departure) = frame.verdict
                && (all || self.serves(departure.from.addr))
            {
                match pool.headed_mut(frame, UDP) {
                    Some(datagram) => header::write(departure.from.into(), departure.to, datagram),
                    None => {
                        fail(frame);
                        continue;
                    }
                }
                self.leaving[usize::from(departure.from.addr.is_ipv6())].push(at as u32);
            }
        }
        for family in 0..2 {
            let mut leaving = std::mem::take(&mut self.leaving[family]);
            self.send_family(family, &leaving, frames, pool);
            leaving.clear();
            self.leaving[family] = leaving;
        }
    }

    fn send_family(&mut self, family: usize, mut places: &[u32], frames: &mut [Frame], pool: &Pool) {
        let Some(pair) = &self.sockets.pairs[family] else {
            return places.iter().for_each(|&at| fail(&mut frames[at as usize]));
        };
        let fd = pair.send.as_raw_fd();
        while let [first, ..] = *places {
            let leaving = places.iter().map_while(|&at| {
                let frame = &frames[at as usize];
                let Verdict::Forward(departure) = frame.verdict else { return None };
                let (from, to, tos) =
                    (departure.from.addr, SocketAddr::new(departure.to.ip(), 0), departure.tos);
                Some(Leaving { from, to, tos, datagram: pool.headed(frame, UDP)? })
            });
            let done = match self.tx.send(fd, leaving) {
                Ok(sent) if sent > 0 => sent,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
                _ => {
                    fail(&mut frames[first as usize]);
                    1
                }
            };
            places = &places[done..];
        }
    }
}

fn fail(frame: &mut Frame) {
    frame.verdict = Verdict::Drop(DropReason::SendFailed);
}
