//! Somebody who sets calls up, several at a time, at little cost of its own: the requests are written once, and only the
//! numbers in them change.

use crate::BenchError;
use lab::{Daemon, Topology, call, ng};
use std::collections::VecDeque;
use std::net::{SocketAddr, SocketAddrV4, UdpSocket};
use std::time::Duration;

/// A reply is late after this, and then there is none.
const PATIENCE: Duration = Duration::from_secs(5);
/// Room for a reply.
const REPLY: usize = 8 * 1024;
/// Where the number of a call goes in a request: as many digits.
const BLANK: &str = "########";
/// Where all peers say that they are; nothing is sent to them.
const PORT: u16 = 10_000;

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Offer,
    Answer,
    Delete,
}

/// A request that was written with blanks.
#[derive(Debug)]
struct Form {
    text: Vec<u8>,
    blanks: Vec<usize>,
}

impl Form {
    /// `COOKIE BODY`, with the number of the call and that of the step for a cookie.
    fn new(step: Step, request: &ng::Request) -> Form {
        let mut text = format!("{BLANK}_{} ", step as u8).into_bytes();
        text.extend(request.body().encode());
        let blanks = (0..text.len()).filter(|at| text[*at..].starts_with(BLANK.as_bytes())).collect();
        Form { text, blanks }
    }

    fn filled(&mut self, number: u32) -> &[u8] {
        for blank in &self.blanks {
            let mut rest = number;
            for digit in self.text[*blank..*blank + BLANK.len()].iter_mut().rev() {
                *digit = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
        }
        &self.text
    }
}

/// Somebody who sets calls up, several at a time.
#[derive(Debug)]
pub(crate) struct Proxy {
    socket: UdpSocket,
    forms: [Form; 3],
    /// Requests on their way at a time.
    window: usize,
    /// The next call's number; also how many there ever were.
    next: u32,
    up: u32,
    reply: Vec<u8>,
}

impl Proxy {
    pub(crate) fn new(daemon: &Daemon, net: &Topology, window: usize) -> Result<Proxy, BenchError> {
        let socket = net.relay.udp(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        socket.connect(daemon.control()).map_err(BenchError::system("connecting to ng"))?;
        socket.set_read_timeout(Some(PATIENCE)).map_err(BenchError::system("setting a limit"))?;
        let ends =
            [&net.caller, &net.callee].map(|leg| SocketAddr::from(SocketAddrV4::new(leg.peer_v4, PORT)));
        let body = |at: SocketAddr| lab::sdp::audio(at).line("a=rtcp-mux").text();
        let id = format!("control-{BLANK}");
        let forms = [
            Form::new(Step::Offer, &call::offer(&id, ends[0]).set("sdp", body(ends[0]))),
            Form::new(Step::Answer, &call::answer(&id, ends[1]).set("sdp", body(ends[1]))),
            Form::new(Step::Delete, &call::delete(&id)),
        ];
        Ok(Proxy { socket, forms, window: window.max(1), next: 0, up: 0, reply: vec![0; REPLY] })
    }

    /// Calls that are up.
    pub(crate) fn up(&self) -> u32 {
        self.up
    }

    /// Sets `count` calls up, and ends them if they are to `end`.
    pub(crate) fn run(&mut self, count: u32, end: bool) -> Result<(), BenchError> {
        let last = self.next + count;
        let mut open = VecDeque::new();
        let mut under_way = 0;
        loop {
            while under_way < self.window && self.next < last {
                open.push_back((self.next, Step::Offer));
                self.next += 1;
                under_way += 1;
            }
            while let Some((number, step)) = open.pop_front() {
                let message = self.forms[step as usize].filled(number);
                self.socket.send(message).map_err(BenchError::system("sending to ng"))?;
            }
            if under_way == 0 {
                return Ok(());
            }
            let (number, step) = self.receive()?;
            match step {
                Step::Offer => open.push_back((number, Step::Answer)),
                Step::Answer if end => open.push_back((number, Step::Delete)),
                Step::Answer | Step::Delete => {
                    self.up += u32::from(step == Step::Answer);
                    under_way -= 1;
                }
            }
        }
    }

    fn receive(&mut self) -> Result<(u32, Step), BenchError> {
        let len = self.socket.recv(&mut self.reply).map_err(BenchError::system("waiting for ng"))?;
        let text = self.reply.get(..len).unwrap_or_default();
        let strange = || BenchError::Profile(format!("reply {:?}", String::from_utf8_lossy(text)));
        let space = text.iter().position(|byte| *byte == b' ').ok_or_else(strange)?;
        let cookie = std::str::from_utf8(&text[..space]).map_err(|_| strange())?;
        let (number, step) = cookie.split_once('_').ok_or_else(strange)?;
        let step = match step {
            "0" => Step::Offer,
            "1" => Step::Answer,
            _ => Step::Delete,
        };
        // Where each daemon writes it, so that the rest need not be read.
        let done = b"6:result2:ok";
        if !text.ends_with(b"6:result2:oke") && !text[space..].windows(done.len()).any(|at| at == done) {
            return Err(strange());
        }
        Ok((number.parse().map_err(|_| strange())?, step))
    }
}
