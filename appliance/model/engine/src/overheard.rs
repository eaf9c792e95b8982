use crate::Engine;
use flow::{FlowKey, Moment, StreamId};
use std::net::SocketAddr;

/// RTCP datagrams there is room for between two collections: what 8,000 calls send in a second. This room and the next are too
/// large for an allocator to put anything else beside them: it would stay in memory as long as they do, that is for ever.
const DATAGRAMS: usize = 8192;
/// Room for their bytes. What is not used of it takes no memory.
const BYTES: usize = 1024 * 1024;

/// Copies of RTCP that came in, in clear, for who reads reports. Its memory is there from the start; what finds no room
/// is counted.
#[derive(Debug, Default)]
pub struct Overheard {
    heads: Vec<Head>,
    bytes: Vec<u8>,
    lost: u64,
}

#[derive(Clone, Copy, Debug)]
struct Head {
    at: Moment,
    stream: StreamId,
    local: FlowKey,
    remote: SocketAddr,
    end: usize,
}

/// One RTCP datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rtcp<'a> {
    /// When it came.
    pub at: Moment,
    /// The stream of the port that it came to.
    pub stream: StreamId,
    /// That port.
    pub local: FlowKey,
    /// Where it came from.
    pub remote: SocketAddr,
    /// It, as it was before it was secured.
    pub bytes: &'a [u8],
}

impl Overheard {
    /// Nothing yet, and room for a second's worth.
    pub fn with_room() -> Overheard {
        Overheard { heads: Vec::with_capacity(DATAGRAMS), bytes: Vec::with_capacity(BYTES), lost: 0 }
    }

    /// What was heard, in the order in which it came.
    pub fn iter(&self) -> impl Iterator<Item = Rtcp<'_>> {
        let begins = std::iter::once(0).chain(self.heads.iter().map(|head| head.end));
        self.heads.iter().zip(begins).filter_map(|(head, begin)| {
            let Head { at, stream, local, remote, end } = *head;
            Some(Rtcp { at, stream, local, remote, bytes: self.bytes.get(begin..end)? })
        })
    }

    /// How many found no room.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    pub(crate) fn note(&mut self, rtcp: Rtcp<'_>) {
        let Rtcp { at, stream, local, remote, bytes } = rtcp;
        if self.heads.len() == self.heads.capacity() || self.bytes.capacity() - self.bytes.len() < bytes.len()
        {
            self.lost += 1;
            return;
        }
        self.bytes.extend_from_slice(bytes);
        self.heads.push(Head { at, stream, local, remote, end: self.bytes.len() });
    }

    fn clear(&mut self) {
        self.heads.clear();
        self.bytes.clear();
        self.lost = 0;
    }
}

impl Engine {
    /// Gives out the RTCP that was heard since the last time. `next` takes its place, with whatever room it has: before
    /// the first time there is none, and nothing is heard.
    pub fn swap_overheard(&mut self, mut next: Overheard) -> Overheard {
        next.clear();
        std::mem::replace(&mut self.overheard, next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rtcp(bytes: &[u8]) -> Rtcp<'_> {
        let addr = [192, 0, 2, 1].into();
        let (local, remote) = (FlowKey::new(addr, 1), SocketAddr::new(addr, 2));
        Rtcp { at: Moment(7), stream: StreamId(9), local, remote, bytes }
    }

    #[test]
    fn what_was_heard_is_given_out() {
        let mut heard = Overheard::with_room();
        heard.note(rtcp(b"first"));
        heard.note(rtcp(b""));
        heard.note(rtcp(b"third"));
        let all: Vec<Rtcp<'_>> = heard.iter().collect();
        assert_eq!(all, [rtcp(b"first"), rtcp(b""), rtcp(b"third")]);
        assert_eq!(heard.lost(), 0);
        heard.clear();
        assert_eq!(heard.iter().count(), 0);
    }

    #[test]
    fn its_memory_does_not_grow() {
        let mut heard = Overheard::default();
        heard.note(rtcp(b"nobody listens"));
        assert_eq!((heard.iter().count(), heard.lost()), (0, 1));
        for len in [0, 1400] {
            let mut heard = Overheard::with_room();
            let room = (heard.heads.capacity(), heard.bytes.capacity());
            let long = vec![0; len];
            for _ in 0..room.0 + 10 {
                heard.note(rtcp(&long));
            }
            assert_eq!((heard.heads.capacity(), heard.bytes.capacity()), room);
            assert_eq!(heard.iter().count() + heard.lost() as usize, room.0 + 10);
            assert!(heard.lost() >= 10);
        }
    }

    #[test]
    fn its_rooms_lie_alone() {
        // mimalloc puts blocks of up to half a MiB side by side.
        let heard = Overheard::with_room();
        let sizes = [heard.heads.capacity() * size_of::<Head>(), heard.bytes.capacity()];
        assert!(sizes.iter().all(|size| *size > 512 * 1024), "{sizes:?}");
    }
}
