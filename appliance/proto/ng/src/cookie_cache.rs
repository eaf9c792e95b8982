//! Answers for retransmitted requests.

mod generation;

use foldhash::fast::RandomState;
use generation::Generation;
use std::hash::BuildHasher;

/// How long a generation takes new entries, in milliseconds. A reply is remembered one to two of these.
const GENERATION_MS: u64 = 30_000;

/// What the cache knows about a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup<'c> {
    /// Never seen, or forgotten: execute the request, then call [`CookieCache::finish`] or
    /// [`CookieCache::abandon`].
    New,
    /// Being executed: say nothing, the reply is on its way.
    InProgress,
    /// Executed: send exactly these bytes again.
    Done(&'c [u8]),
}

/// Replies by cookie, in two generations that rotate every 30 s.
///
/// The key is the cookie alone, as with rtpengine: the sender's address and the transport do not count, because
/// a proxy may retransmit from another socket.
///
/// Bounded in entries and in bytes (cookies and replies). When full it rotates early, forgetting the older
/// generation: new requests always work, only old retransmissions may be executed again. A reply that alone is
/// larger than half the byte limit is not kept. A cookie that is still in progress survives rotations.
#[derive(Debug)]
pub struct CookieCache {
    young: Generation,
    old: Generation,
    hasher: RandomState,
    /// Pieces of generations that had to go early, to be used again.
    spare: Vec<Vec<u8>>,
    started_ms: u64,
    max_entries: usize,
    max_bytes: usize,
}

impl CookieCache {
    /// A cache for at most `max_entries` cookies and `max_bytes` of cookies and replies.
    pub fn new(max_entries: usize, max_bytes: usize) -> Self {
        CookieCache {
            young: Generation::default(),
            old: Generation::default(),
            hasher: RandomState::default(),
            spare: Vec::new(),
            started_ms: 0,
            max_entries: max_entries.max(2),
            max_bytes,
        }
    }

    /// Looks a cookie up and, if it is new, notes that its request is in progress. `now_ms` may have any
    /// starting point but must not go back.
    pub fn begin(&mut self, cookie: &[u8], now_ms: u64) -> Lookup<'_> {
        self.rotate_if_due(now_ms);
        let hash = self.hasher.hash_one(cookie);
        let is_young = self.young.has(hash, cookie);
        if is_young || self.old.has(hash, cookie) {
            let generation = if is_young { &self.young } else { &self.old };
            return generation.reply(hash, cookie).map_or(Lookup::InProgress, Lookup::Done);
        }
        self.make_room(cookie.len());
        self.young.insert(hash, cookie, &mut self.spare);
        Lookup::New
    }

    /// Stores the reply to a request that [`CookieCache::begin`] called new.
    pub fn finish(&mut self, cookie: &[u8], reply: &[u8]) {
        let hash = self.hasher.hash_one(cookie);
        let fits = self.young.bytes() + reply.len() <= self.max_bytes.div_ceil(2);
        if fits && self.young.finish(hash, cookie, reply, &mut self.spare) {
            return;
        }
        self.forget_one(hash, cookie);
        let size = cookie.len() + reply.len();
        if size <= self.max_bytes / 2 {
            self.make_room(size);
            self.young.insert(hash, cookie, &mut self.spare);
            self.young.finish(hash, cookie, reply, &mut self.spare);
        }
    }

    /// Forgets a cookie: its request had no reply, so a retransmission is to be executed.
    pub fn abandon(&mut self, cookie: &[u8]) {
        self.forget_one(self.hasher.hash_one(cookie), cookie);
    }

    fn forget_one(&mut self, hash: u64, cookie: &[u8]) {
        self.young.remove(hash, cookie);
        self.old.remove(hash, cookie);
    }

    /// Forgets replies whose time is over, as happens by itself with the next request.
    pub fn forget(&mut self, now_ms: u64) {
        self.rotate_if_due(now_ms);
    }

    /// Number of cookies known.
    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// True if no cookie is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of cookies and replies held.
    pub fn bytes(&self) -> usize {
        self.young.bytes() + self.old.bytes()
    }

    fn rotate_if_due(&mut self, now_ms: u64) {
        let age = now_ms.saturating_sub(self.started_ms);
        if age >= GENERATION_MS {
            self.rotate();
            if age >= 2 * GENERATION_MS {
                self.rotate();
            }
            // Whoever needed so many pieces may be gone.
            self.spare = Vec::new();
            self.started_ms = now_ms;
        }
    }

    /// Rotates early while an entry of `bytes` would not fit.
    fn make_room(&mut self, bytes: usize) {
        for _ in 0..2 {
            let full = self.young.len() + 1 > self.max_entries.div_ceil(2)
                || self.young.bytes() + bytes > self.max_bytes.div_ceil(2);
            if full && self.young.bytes() > 0 {
                self.rotate();
            }
        }
    }

    fn rotate(&mut self) {
        let gone = std::mem::replace(&mut self.old, std::mem::take(&mut self.young));
        for (hash, cookie) in gone.in_progress() {
            if self.young.len() < self.max_entries.div_ceil(2) {
                self.young.insert(hash, cookie, &mut self.spare);
            }
        }
        self.spare.extend(gone.into_pieces());
    }
}
