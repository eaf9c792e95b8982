//! One message in, at most one reply out; the same for every transport.

use ng::{CookieCache, Dict, Encoding, Incoming, Lookup, Malformed, Outcome, Reply};

use super::{Answer, Handler, Peer, Ticket};

/// How far a message has come.
pub(super) enum Step {
    /// Nothing is said to it.
    Silence,
    /// [`Exchange::reply`] is to be sent.
    Reply,
    /// It is answered later.
    Later(Ticket),
}

/// The reply of a handler that is not waited with.
pub(super) fn settled(answer: Answer, handler: &mut dyn Handler) -> Reply {
    match answer {
        Answer::Now(reply) => reply,
        Answer::Later(ticket) => {
            let told = handler.settle().into_iter().find(|(of, _)| *of == ticket);
            told.map_or_else(|| Reply::error("Internal error"), |(_, reply)| reply)
        }
    }
}

/// Counters of the control sockets since start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests that were executed.
    pub requests: u64,
    /// Retransmissions answered from the cookie cache.
    pub duplicates: u64,
    /// Messages that were no dictionary or had no cookie.
    pub malformed: u64,
    /// Replies the kernel did not take.
    pub unsent: u64,
    /// Lines of the text interface.
    pub lines: u64,
    /// Connections accepted.
    pub connections: u64,
    /// Connections closed because there were too many.
    pub evicted: u64,
}

/// Cookie cache, counters and a reply buffer that is used again and again.
pub(super) struct Exchange {
    cache: CookieCache,
    reply: Vec<u8>,
    pub(super) counts: Counts,
}

impl Exchange {
    pub(super) fn new(cache: CookieCache) -> Self {
        Exchange { cache, reply: Vec::new(), counts: Counts::default() }
    }

    /// Reads `message`, has it executed unless it is a retransmission, and returns the bytes to send back, which
    /// are at most `limit`; `None` is silence.
    pub(super) fn answer(
        &mut self,
        message: &[u8],
        limit: usize,
        peer: &Peer,
        now_ms: u64,
        handler: &mut dyn Handler,
    ) -> Option<&[u8]> {
        match self.begin(message, limit, peer, now_ms, handler) {
            Step::Silence => None,
            Step::Reply => Some(&self.reply),
            Step::Later(ticket) => {
                let reply = settled(Answer::Later(ticket), handler);
                self.finish(message, &reply, limit, peer, handler)
            }
        }
    }

    /// As [`Exchange::answer`], but does not wait for what is answered later: then [`Exchange::finish`] is to be called.
    pub(super) fn begin(
        &mut self,
        message: &[u8],
        limit: usize,
        peer: &Peer,
        now_ms: u64,
        handler: &mut dyn Handler,
    ) -> Step {
        self.reply.clear();
        let (cookie, body) = match Incoming::split(message) {
            Ok(parts) => parts,
            Err(error) => {
                self.note_malformed(peer, error);
                return Step::Silence;
            }
        };
        match self.cache.begin(cookie, now_ms) {
            Lookup::Done(reply) => {
                self.counts.duplicates += 1;
                self.reply.extend_from_slice(reply);
                return Step::Reply;
            }
            // The reply is on its way; or a handler panicked half-way, and the client will come again with a new cookie.
            Lookup::InProgress => return Step::Silence,
            Lookup::New => {}
        }
        match Incoming::parse_body(body) {
            Ok((_, dict)) if is_reply(&dict) => {
                self.cache.abandon(cookie);
                self.counts.malformed += 1;
                Step::Silence
            }
            Ok((encoding, dict)) => {
                self.counts.requests += 1;
                let incoming = Incoming { cookie, encoding, dict };
                match handler.request(peer, &incoming) {
                    Answer::Later(ticket) => return Step::Later(ticket),
                    Answer::Now(reply) => self.write(&reply, (cookie, encoding), limit),
                }
                handler.answered(peer, message, &self.reply);
                self.cache.finish(cookie, &self.reply);
                Step::Reply
            }
            Err(error) => {
                self.cache.abandon(cookie);
                Reply::encode_malformed(cookie, &mut self.reply);
                self.note_malformed(peer, error);
                Step::Reply
            }
        }
    }

    /// Returns the bytes to send back for a message that was answered later.
    pub(super) fn finish(
        &mut self,
        message: &[u8],
        reply: &Reply,
        limit: usize,
        peer: &Peer,
        handler: &mut dyn Handler,
    ) -> Option<&[u8]> {
        let (cookie, body) = Incoming::split(message).ok()?;
        let encoding = Encoding::detect(body)?;
        self.reply.clear();
        self.write(reply, (cookie, encoding), limit);
        handler.answered(peer, message, &self.reply);
        self.cache.finish(cookie, &self.reply);
        Some(&self.reply)
    }

    /// The reply that [`Step::Reply`] speaks of.
    pub(super) fn reply(&self) -> &[u8] {
        &self.reply
    }

    fn write(&mut self, reply: &Reply, (cookie, encoding): (&[u8], Encoding), limit: usize) {
        reply.encode(cookie, encoding, &mut self.reply);
        if self.reply.len() > limit {
            self.reply.clear();
            shortened(reply).encode(cookie, encoding, &mut self.reply);
        }
    }

    /// Lets go of replies that nobody will ask for again.
    pub(super) fn forget(&mut self, now_ms: u64) {
        self.cache.forget(now_ms);
    }

    fn note_malformed(&mut self, peer: &Peer, error: Malformed) {
        self.counts.malformed += 1;
        tracing::debug!(peer = %peer.remote, transport = %peer.transport, %error, "malformed control message");
    }
}

/// A reply that comes in as a request was sent here by a forged request to another relay. Answering it would start
/// an endless exchange between the two.
fn is_reply(dict: &Dict<'_>) -> bool {
    dict.get("command").is_none() && dict.get("result").is_some()
}

/// What is sent instead of a reply that does not fit. The request *was* executed, so it must not read as failed.
fn shortened(reply: &Reply) -> Reply {
    const WHY: &str = "Reply too long for this transport";
    match reply.outcome() {
        Outcome::Ok | Outcome::Pong => Reply::ok().with_warning(WHY),
        Outcome::Error | Outcome::LoadLimit => Reply::error(WHY),
    }
}
