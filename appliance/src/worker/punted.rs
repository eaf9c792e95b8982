use crossbeam_queue::ArrayQueue;
use flow::{Buffers, Burst, DropReason, FlowKey, PuntReason, Verdict};
use mio::Waker;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// The longest datagram that is passed on, in bytes. DTLS and STUN keep below what a path carries in one piece.
pub const LONGEST: usize = 2048;

/// STUN and DTLS that arrived at ports where they are for us, on their way from all packet threads to the one that runs
/// the ICE and DTLS agents. Bounded, and all of its memory is there from the start: a flood costs those who flood.
#[derive(Debug)]
pub struct Punted {
    full: ArrayQueue<Box<Letter>>,
    empty: ArrayQueue<Box<Letter>>,
    reader: OnceLock<Arc<Waker>>,
    /// The reader has been called and has not looked yet.
    called: AtomicBool,
}

/// One datagram, and how it came.
#[derive(Debug)]
pub struct Letter {
    /// The packet thread that has the port.
    pub worker: usize,
    /// STUN or DTLS, by its first byte.
    pub what: PuntReason,
    /// The port it arrived at.
    pub local: FlowKey,
    /// Where it came from.
    pub remote: SocketAddr,
    len: usize,
    bytes: [u8; LONGEST],
}

impl Letter {
    const EMPTY: Letter = Letter {
        worker: 0,
        what: PuntReason::UnknownFlow,
        local: FlowKey::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0),
        remote: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0),
        len: 0,
        bytes: [0; LONGEST],
    };

    /// The UDP payload.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Punted {
    /// Room for `room` datagrams, one at least.
    pub fn new(room: usize) -> Punted {
        let room = room.max(1);
        let empty = ArrayQueue::new(room);
        for _ in 0..room {
            let _ = empty.push(Box::new(Letter::EMPTY));
        }
        let (full, called) = (ArrayQueue::new(room), AtomicBool::new(false));
        Punted { full, empty, reader: OnceLock::new(), called }
    }

    /// Says who reads. Before that, nothing is taken in. Only the first is heard; false for the others.
    pub fn listen(&self, reader: Arc<Waker>) -> bool {
        self.reader.set(reader).is_ok()
    }

    /// The reader begins to look: what comes from now on calls it again. To be called before [`Punted::read`].
    pub fn look(&self) {
        self.called.swap(false, Ordering::AcqRel);
    }

    /// Shows the next datagram; `None` when there is none.
    pub fn read<R>(&self, read: impl FnOnce(&Letter) -> R) -> Option<R> {
        let letter = self.full.pop()?;
        let answer = read(&letter);
        // There is a place for each letter.
        let _ = self.empty.push(letter);
        Some(answer)
    }

    /// Takes in the datagrams of a burst that are punted for this reason. One that finds no room is dropped.
    pub(super) fn post<B: Buffers>(&self, worker: usize, burst: &mut Burst, buffers: &B) {
        let mut posted = false;
        for frame in burst.frames_mut() {
            let Verdict::Punt(what @ (PuntReason::Stun | PuntReason::Dtls)) = frame.verdict else { continue };
            let payload = buffers.payload(frame);
            match self.put(worker, what, frame.local, frame.remote, payload) {
                Ok(()) => posted = true,
                Err(reason) => frame.verdict = Verdict::Drop(reason),
            }
        }
        if let Some(reader) = self.reader.get().filter(|_| posted)
            && !self.called.swap(true, Ordering::AcqRel)
        {
            // A wake that fails leaves the letters where they are; the next one wakes again.
            if reader.wake().is_err() {
                self.called.store(false, Ordering::Release);
            }
        }
    }

    fn put(
        &self,
        worker: usize,
        what: PuntReason,
        local: FlowKey,
        remote: SocketAddr,
        payload: &[u8],
    ) -> Result<(), DropReason> {
        if payload.len() > LONGEST {
            return Err(DropReason::TooLong);
        }
        self.reader.get().ok_or(DropReason::AgentsBusy)?;
        let mut letter = self.empty.pop().ok_or(DropReason::AgentsBusy)?;
        (letter.worker, letter.what, letter.local, letter.remote) = (worker, what, local, remote);
        letter.len = payload.len();
        letter.bytes[..payload.len()].copy_from_slice(payload);
        self.full.push(letter).map_err(|letter| {
            let _ = self.empty.push(letter);
            DropReason::AgentsBusy
        })
    }
}
