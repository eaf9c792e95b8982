use hashbrown::HashTable;

/// Bytes of a piece of memory; what is longer has one of its own. Larger than what allocators put side by side into a block of
/// memory, none of which goes back to the system while one is in use: at all times one is.
const PIECE: usize = 1024 * 1024;

/// Cookies and replies of one stretch of time, one after the other in a few large pieces of memory: keeping one copies it and
/// nothing else, and to let all of them go is to let go of the pieces.
#[derive(Debug, Default)]
pub(super) struct Generation {
    entries: HashTable<Entry>,
    pieces: Vec<Vec<u8>>,
    /// Bytes in all pieces, those of entries that were removed included.
    bytes: usize,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u64,
    cookie: Span,
    /// `None` while in progress.
    reply: Option<Span>,
}

/// Where some bytes lie.
#[derive(Clone, Copy, Debug)]
struct Span {
    piece: u32,
    at: u32,
    len: u32,
}

impl Generation {
    /// Cookies known.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Bytes taken.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn has(&self, hash: u64, cookie: &[u8]) -> bool {
        self.find(hash, cookie).is_some()
    }

    /// The reply, unless the cookie is in progress or unknown.
    pub(super) fn reply(&self, hash: u64, cookie: &[u8]) -> Option<&[u8]> {
        Some(self.read(self.find(hash, cookie)?.reply?))
    }

    /// Adds a cookie that is not there, in progress. Takes pieces from `spare` as long as there are any.
    pub(super) fn insert(&mut self, hash: u64, cookie: &[u8], spare: &mut Vec<Vec<u8>>) {
        let cookie = self.keep(cookie, spare);
        self.entries.insert_unique(hash, Entry { hash, cookie, reply: None }, |entry| entry.hash);
    }

    /// Keeps the reply of a cookie in progress, in the same way. False, and nothing is kept, when there is no such cookie.
    pub(super) fn finish(
        &mut self,
        hash: u64,
        cookie: &[u8],
        reply: &[u8],
        spare: &mut Vec<Vec<u8>>,
    ) -> bool {
        if self.find(hash, cookie).is_none_or(|entry| entry.reply.is_some()) {
            return false;
        }
        let span = self.keep(reply, spare);
        let pieces = &self.pieces;
        let entry = self.entries.find_mut(hash, |entry| entry.is(pieces, hash, cookie));
        entry.map(|entry| entry.reply = Some(span)).is_some()
    }

    /// Removes a cookie. Its place is free again if it came last.
    pub(super) fn remove(&mut self, hash: u64, cookie: &[u8]) {
        let pieces = &self.pieces;
        let found = self.entries.find_entry(hash, |entry| entry.is(pieces, hash, cookie));
        let Ok(found) = found else { return };
        let (entry, _) = found.remove();
        for span in entry.reply.into_iter().chain([entry.cookie]) {
            let piece = self.pieces.get_mut(span.piece as usize);
            if let Some(piece) = piece.filter(|piece| piece.len() == span.at as usize + span.len as usize) {
                piece.truncate(span.at as usize);
                self.bytes -= span.len as usize;
            }
        }
    }

    /// The cookies that are in progress, with their hashes.
    pub(super) fn in_progress(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let open = self.entries.iter().filter(|entry| entry.reply.is_none());
        open.map(|entry| (entry.hash, self.read(entry.cookie)))
    }

    /// The pieces of ordinary size, empty.
    pub(super) fn into_pieces(self) -> impl Iterator<Item = Vec<u8>> {
        self.pieces.into_iter().filter(|piece| piece.capacity() == PIECE).map(|mut piece| {
            piece.clear();
            piece
        })
    }

    fn find(&self, hash: u64, cookie: &[u8]) -> Option<&Entry> {
        self.entries.find(hash, |entry| entry.is(&self.pieces, hash, cookie))
    }

    fn read(&self, span: Span) -> &[u8] {
        span.within(&self.pieces)
    }

    fn keep(&mut self, bytes: &[u8], spare: &mut Vec<Vec<u8>>) -> Span {
        let fits = |piece: &Vec<u8>| piece.capacity() - piece.len() >= bytes.len();
        if !self.pieces.last().is_some_and(fits) {
            let used = spare.pop().filter(|_| bytes.len() <= PIECE);
            self.pieces.push(used.unwrap_or_else(|| Vec::with_capacity(bytes.len().max(PIECE))));
        }
        let piece = self.pieces.len() - 1;
        let last = &mut self.pieces[piece];
        let at = last.len();
        last.extend_from_slice(bytes);
        self.bytes += bytes.len();
        // A message is a datagram or limited by its transport, and a piece holds little more than one of them.
        Span { piece: piece as u32, at: at as u32, len: bytes.len() as u32 }
    }
}

impl Entry {
    fn is(&self, pieces: &[Vec<u8>], hash: u64, cookie: &[u8]) -> bool {
        self.hash == hash && self.cookie.within(pieces) == cookie
    }
}

impl Span {
    fn within(self, pieces: &[Vec<u8>]) -> &[u8] {
        let (start, len) = (self.at as usize, self.len as usize);
        pieces.get(self.piece as usize).and_then(|piece| piece.get(start..start + len)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// mimalloc gives what is larger a place of its own, in bytes.
    const SIDE_BY_SIDE: usize = 512 * 1024;

    #[test]
    fn each_piece_can_go_back_to_the_system_alone() {
        let (mut generation, mut spare) = (Generation::default(), Vec::new());
        let reply = vec![b'r'; 700];
        for number in 0..5000_u64 {
            let cookie = number.to_be_bytes();
            generation.insert(number, &cookie, &mut spare);
            assert!(generation.finish(number, &cookie, &reply, &mut spare));
        }
        let kept: usize = generation.pieces.iter().map(Vec::len).sum();
        assert_eq!(kept, 5000 * 708);
        assert_eq!(generation.pieces.len(), kept.div_ceil(PIECE), "hardly any room is lost between them");
        assert!(generation.pieces.iter().all(|piece| piece.capacity() > SIDE_BY_SIDE));
        assert!(generation.into_pieces().all(|piece| piece.capacity() > SIDE_BY_SIDE && piece.is_empty()));
    }
}
