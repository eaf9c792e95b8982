//! One TCP connection: bytes in, whole messages out to the exchange, replies back, never blocking.

use std::io::{self, Read, Write};

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use ng::{Incoming, Reply, find_end};

use super::exchange::Exchange;
use super::{Handler, Peer, Place, Printed};

/// Longest message on a connection, in bytes. SDP bodies of 64 KiB must pass.
const MAX_MESSAGE: usize = 256 * 1024;
/// Longest line of the text interface, in bytes.
const MAX_LINE: usize = 64 * 1024;
/// Replies waiting for a slow reader, in bytes; above it nothing more is read from that peer.
const MAX_WAITING: usize = 256 * 1024;
/// Steps (reads and messages) per turn, so that one busy peer leaves the desk time for others.
const PER_TURN: usize = 64;

/// How a connection's bytes are to be understood.
pub(super) enum Protocol {
    /// ng messages back to back.
    Ng(ng::Scan),
    /// One line, one reply, close.
    Line,
}

/// What is to happen to a connection next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing until the poll reports it again.
    Wait,
    /// Its turn was used up; it must be reported again even if nothing new arrives.
    Again,
    /// It is done with.
    Close,
}

/// An accepted connection.
pub(super) struct Connection {
    stream: TcpStream,
    peer: Peer,
    protocol: Protocol,
    input: Vec<u8>,
    output: Vec<u8>,
    /// How much of `output` has been written.
    written: usize,
    /// The peer has sent its last byte.
    ended: bool,
    /// What is printed has more to it.
    more: Option<Place>,
    /// Nothing more is read; close once `output` is written.
    closing: bool,
    /// When something was last read or written.
    active_ms: u64,
}

/// What the buffered input holds.
enum Step {
    /// A whole message of this many bytes.
    Message(usize),
    /// Not enough yet.
    Incomplete,
    /// Nothing that can be made sense of.
    Lost,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, peer: Peer, protocol: Protocol, now_ms: u64) -> Self {
        Connection {
            stream,
            peer,
            protocol,
            input: Vec::new(),
            output: Vec::new(),
            written: 0,
            ended: false,
            more: None,
            closing: false,
            active_ms: now_ms,
        }
    }

    pub(super) fn active_ms(&self) -> u64 {
        self.active_ms
    }

    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(&mut self.stream, token, Interest::READABLE | Interest::WRITABLE)
    }

    pub(super) fn rearm(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.reregister(&mut self.stream, token, Interest::READABLE | Interest::WRITABLE)
    }

    pub(super) fn deregister(&mut self, registry: &Registry) {
        // It fails only for a socket that was never registered, and then there is nothing to undo.
        let _ = registry.deregister(&mut self.stream);
    }

    /// Does all that can be done now: writes waiting replies, reads, answers.
    pub(super) fn serve(
        &mut self,
        exchange: &mut Exchange,
        scratch: &mut [u8],
        now_ms: u64,
        handler: &mut dyn Handler,
    ) -> Next {
        let mut taken = 0;
        for _ in 0..PER_TURN {
            if let Some(from) = self.more {
                return self.go_on(from, now_ms, handler);
            }
            if self.waiting() > MAX_WAITING || self.closing {
                self.discard_input(&mut taken);
                return match self.flush(now_ms) {
                    Err(_) => Next::Close,
                    Ok(()) if self.waiting() > 0 => Next::Wait,
                    Ok(()) if self.closing => Next::Close,
                    Ok(()) => Next::Again,
                };
            }
            match self.step(taken) {
                Step::Message(len) => {
                    self.answer(taken..taken + len, exchange, now_ms, handler);
                    taken += len;
                }
                Step::Lost => {
                    self.refuse(taken);
                    exchange.counts.malformed += 1;
                }
                Step::Incomplete if self.ended => self.closing = true,
                Step::Incomplete => {
                    self.discard_input(&mut taken);
                    match self.flush(now_ms).and_then(|()| self.fill(scratch, now_ms)) {
                        Ok(()) => {}
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Next::Wait,
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        Err(_) => return Next::Close,
                    }
                }
            }
        }
        self.discard_input(&mut taken);
        if self.flush(now_ms).is_err() { Next::Close } else { Next::Again }
    }

    /// Prints the next page, once the one before is written.
    fn go_on(&mut self, from: Place, now_ms: u64, handler: &mut dyn Handler) -> Next {
        match self.flush(now_ms) {
            Err(_) => return Next::Close,
            Ok(()) if self.waiting() > 0 => return Next::Wait,
            Ok(()) => {}
        }
        let page = handler.page(from);
        self.print(page);
        match self.flush(now_ms) {
            Err(_) => Next::Close,
            Ok(()) if self.waiting() > 0 => Next::Wait,
            Ok(()) if self.closing => Next::Close,
            Ok(()) => Next::Again,
        }
    }

    fn print(&mut self, Printed { text, more }: Printed) {
        self.output.extend_from_slice(text.as_bytes());
        self.more = more;
        self.closing = more.is_none();
    }

    /// Bytes of replies not yet written.
    fn waiting(&self) -> usize {
        self.output.len() - self.written
    }

    /// Looks for a message in the input behind the `taken` bytes.
    fn step(&mut self, taken: usize) -> Step {
        let input = &self.input[taken..];
        match &mut self.protocol {
            Protocol::Ng(scan) => match find_end(scan, input) {
                Ok(Some(len)) => Step::Message(len),
                Ok(None) if input.len() < MAX_MESSAGE => Step::Incomplete,
                Ok(None) | Err(_) => Step::Lost,
            },
            Protocol::Line => match input.iter().position(|byte| *byte == b'\n') {
                Some(end) => Step::Message(end + 1),
                // A client that closes its side instead of ending the line means it all the same.
                None if self.ended && !input.is_empty() => Step::Message(input.len()),
                None if input.len() < MAX_LINE => Step::Incomplete,
                None => Step::Lost,
            },
        }
    }

    fn answer(
        &mut self,
        message: std::ops::Range<usize>,
        exchange: &mut Exchange,
        now_ms: u64,
        handler: &mut dyn Handler,
    ) {
        let message = &self.input[message];
        match &mut self.protocol {
            Protocol::Ng(scan) => {
                *scan = ng::Scan::default();
                let reply = exchange.answer(message, usize::MAX, &self.peer, now_ms, handler);
                self.output.extend_from_slice(reply.unwrap_or_default());
            }
            Protocol::Line => {
                exchange.counts.lines += 1;
                let line = String::from_utf8_lossy(message);
                let reply = handler.line(&self.peer, line.trim_end_matches(['\r', '\n']));
                self.print(reply);
            }
        }
    }

    /// The stream is out of step for good: says so if the cookie was readable, then ends.
    fn refuse(&mut self, taken: usize) {
        if let (Protocol::Ng(_), Ok((cookie, _))) = (&self.protocol, Incoming::split(&self.input[taken..])) {
            Reply::encode_malformed(cookie, &mut self.output);
        }
        self.closing = true;
    }

    fn discard_input(&mut self, taken: &mut usize) {
        if *taken > 0 {
            self.input.drain(..*taken);
            *taken = 0;
        }
        if self.input.is_empty() && self.input.capacity() > MAX_LINE {
            // An idle connection does not keep the room its largest message needed.
            self.input = Vec::new();
        }
    }

    /// Writes what waits, as much as the kernel takes.
    fn flush(&mut self, now_ms: u64) -> io::Result<()> {
        while self.waiting() > 0 {
            match self.stream.write(&self.output[self.written..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(len) => {
                    self.written += len;
                    self.active_ms = now_ms;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.written = 0;
        if self.output.capacity() > MAX_WAITING {
            self.output = Vec::new()
        } else {
            self.output.clear()
        }
        Ok(())
    }

    /// Reads once.
    fn fill(&mut self, scratch: &mut [u8], now_ms: u64) -> io::Result<()> {
        match self.stream.read(scratch)? {
            0 => self.ended = true,
            len => {
                self.input.extend_from_slice(&scratch[..len]);
                self.active_ms = now_ms;
            }
        }
        Ok(())
    }
}
