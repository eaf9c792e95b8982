use crate::{FlowKey, Verdict};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The most frames one turn of a worker takes from one place.
pub const BURST: usize = 64;

/// One packet on its way through. The bytes stay in the backend's buffers; this says where.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// Number of the buffer in the backend's pool.
    pub buffer: u32,
    /// Where the UDP payload starts in the buffer.
    pub start: u16,
    /// Length of the UDP payload in bytes.
    pub len: u16,
    /// Our address and port it arrived at.
    pub local: FlowKey,
    /// Where it came from.
    pub remote: SocketAddr,
    /// Traffic class byte it came with (0 when the backend does not know).
    pub tos: u8,
    /// How it ends.
    pub verdict: Verdict,
}

impl Frame {
    /// An empty place in a burst.
    pub const EMPTY: Frame = Frame {
        buffer: u32::MAX,
        start: 0,
        len: 0,
        local: FlowKey::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0),
        remote: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0),
        tos: 0,
        verdict: Verdict::Undecided,
    };
}

/// Frames that are worked on together; allocated once per worker. Copies made for fan-out are appended, so there
/// is room for more than is received.
#[derive(Debug)]
pub struct Burst {
    frames: Vec<Frame>,
}

impl Burst {
    /// Room for `capacity` frames, copies included.
    pub fn new(capacity: usize) -> Burst {
        Burst { frames: Vec::with_capacity(capacity) }
    }

    /// The frames.
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// The frames, to decide on.
    pub fn frames_mut(&mut self) -> &mut [Frame] {
        &mut self.frames
    }

    /// How many more frames fit without allocation.
    pub fn room(&self) -> usize {
        self.frames.capacity() - self.frames.len()
    }

    /// Appends a frame; gives it back when the burst is full.
    ///
    /// # Errors
    /// The frame itself, when there is no room: the caller keeps its ownership.
    pub fn push(&mut self, frame: Frame) -> Result<(), Frame> {
        if self.room() == 0 {
            return Err(frame);
        }
        self.frames.push(frame);
        Ok(())
    }

    /// Forgets all frames; their buffers must have been given back.
    pub fn clear(&mut self) {
        self.frames.clear();
    }
}

/// The buffers that frames live in.
pub trait Buffers {
    /// The UDP payload of a frame.
    fn payload(&self, frame: &Frame) -> &[u8];
    /// The UDP payload of a frame, to rewrite in place.
    fn payload_mut(&mut self, frame: &Frame) -> &mut [u8];
    /// The UDP payload of a frame and the room behind it, for one that grows: to the end of its buffer.
    fn room_mut(&mut self, frame: &Frame) -> &mut [u8];
    /// A copy of a frame in a buffer of its own; `None` when the pool is empty.
    fn copy(&mut self, frame: &Frame) -> Option<Frame>;
}

/// A backend that receives and sends bursts.
pub trait PacketIo: Buffers {
    /// Appends what has arrived, at most what the burst has room for less the room for copies. Returns how many.
    fn receive(&mut self, burst: &mut Burst) -> usize;
    /// Sends every frame whose verdict is [`Verdict::Forward`], turns those that could not be sent into
    /// `Drop(SendFailed)`, and takes all buffers of the burst back into the pool. The caller then reads the
    /// verdicts and clears the burst.
    fn finish(&mut self, burst: &mut Burst);
}
