//! The listeners on the loopback device, driven by a poll in the test's own thread.

mod lines;
mod stream;
mod udp;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token};
use ng::{Incoming, Reply};

use super::{Addresses, Answer, Handler, Listeners, Options, Peer, Place, Printed, Ticket, Transport};

/// Long enough for the slowest machine; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// Replies to `ping`; to `pad` with `size` bytes; to `later` once it is asked to settle. Notes everybody who asked.
#[derive(Default)]
struct Desk {
    peers: Vec<Peer>,
    lines: Vec<String>,
    later: Vec<Ticket>,
    /// How many were settled, each time.
    settled: Vec<usize>,
}

impl Handler for Desk {
    fn metrics(&mut self) -> String {
        "up 1\n".to_owned()
    }

    fn request(&mut self, peer: &Peer, incoming: &Incoming<'_>) -> Answer {
        self.peers.push(*peer);
        if incoming.dict.text("command") == Some("later") {
            let ticket = Ticket(self.peers.len() as u64);
            self.later.push(ticket);
            return Answer::Later(ticket);
        }
        let reply = match incoming.dict.text("command") {
            Some("ping") => Reply::pong(),
            Some("pad") => {
                let size = incoming.dict.int("size").unwrap_or(0);
                Reply::ok().with("pad", "x".repeat(size as usize))
            }
            Some("length") => Reply::ok().with("length", incoming.dict.bytes("sdp").map_or(0, <[u8]>::len)),
            _ => Reply::error("what?"),
        };
        reply.into()
    }

    fn settle(&mut self) -> Vec<(Ticket, Reply)> {
        let later = std::mem::take(&mut self.later);
        self.settled.push(later.len());
        later.into_iter().rev().map(|ticket| (ticket, Reply::ok().with("ticket", ticket.0))).collect()
    }

    fn line(&mut self, peer: &Peer, line: &str) -> Printed {
        self.peers.push(*peer);
        self.lines.push(line.to_owned());
        match line.strip_prefix("count to ") {
            Some(last) => Printed {
                text: "1\n".to_owned(),
                more: last.parse().ok().map(|last: u64| Place(2 | last << 32)),
            },
            None => format!("you said {line}\n").into(),
        }
    }

    fn page(&mut self, Place(from): Place) -> Printed {
        let (next, last) = (from & 0xffff_ffff, from >> 32);
        Printed { text: format!("{next}\n"), more: (next < last).then_some(Place(from + 1)) }
    }
}

struct Bench {
    poll: Poll,
    listeners: Listeners,
    desk: Desk,
    now_ms: u64,
}

impl Bench {
    fn new(transport: Transport, address: &str, options: Options) -> Self {
        let address: SocketAddr = address.parse().unwrap();
        let mut addresses = Addresses::default();
        match transport {
            Transport::Udp => addresses.udp.push(address),
            Transport::Tcp => addresses.tcp.push(address),
            Transport::Cli => addresses.cli.push(address),
            Transport::Http => panic!("HTTP has a server of its own"),
        }
        Self::with(&addresses, options)
    }

    fn with(addresses: &Addresses, options: Options) -> Self {
        let poll = Poll::new().unwrap();
        let listeners = Listeners::bind(addresses, &options, poll.registry(), Token(7)).unwrap();
        Bench { poll, listeners, desk: Desk::default(), now_ms: 1_000 }
    }

    fn address(&self, transport: Transport) -> SocketAddr {
        self.listeners.local_addresses().find(|(of, _)| *of == transport).unwrap().1
    }

    /// Lets the listeners work until `done` gives something.
    fn until<T>(&mut self, mut done: impl FnMut(&Self) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut events = Events::with_capacity(16);
        loop {
            if let Some(result) = done(self) {
                return result;
            }
            assert!(Instant::now() < deadline, "gave up waiting");
            self.poll.poll(&mut events, Some(Duration::from_millis(5))).unwrap();
            for event in &events {
                assert!(self.listeners.tokens().contains(&event.token().0));
                self.listeners.on_ready(event.token(), self.now_ms, &mut self.desk);
            }
        }
    }

    /// A reply to this client, as text.
    fn datagram(&mut self, client: &UdpSocket) -> String {
        client.set_nonblocking(true).unwrap();
        let mut buffer = vec![0; 70_000];
        let len = self.until(|_| match client.recv(&mut buffer) {
            Ok(len) => Some(len),
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            Err(error) => panic!("{error}"),
        });
        String::from_utf8(buffer[..len].to_vec()).unwrap()
    }

    fn connect(&mut self, transport: Transport) -> Client {
        let stream = TcpStream::connect(self.address(transport)).unwrap();
        stream.set_nonblocking(true).unwrap();
        Client { stream, unread: Vec::new(), ended: false }
    }

    /// Reads from the client until it has `len` bytes; returns them.
    fn read(&mut self, client: &mut Client, len: usize) -> String {
        self.until(|_| {
            client.read_some();
            assert!(!client.ended || client.unread.len() >= len, "closed early: {:?}", client.unread);
            (client.unread.len() >= len).then_some(())
        });
        String::from_utf8(client.unread.drain(..len).collect()).unwrap()
    }

    /// Reads from the client until the listener closes; returns everything.
    fn read_to_end(&mut self, client: &mut Client) -> String {
        self.until(|_| {
            client.read_some();
            client.ended.then_some(())
        });
        String::from_utf8(std::mem::take(&mut client.unread)).unwrap()
    }

    /// Writes all, letting the listeners read meanwhile.
    fn write(&mut self, client: &Client, mut bytes: &[u8]) {
        self.until(|_| {
            while !bytes.is_empty() {
                match (&client.stream).write(bytes) {
                    Ok(len) => bytes = &bytes[len..],
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                    Err(error) => panic!("{error}"),
                }
            }
            Some(())
        });
    }
}

struct Client {
    stream: TcpStream,
    unread: Vec<u8>,
    ended: bool,
}

impl Client {
    /// Takes all that has arrived.
    fn read_some(&mut self) {
        let mut buffer = [0; 64 * 1024];
        while !self.ended {
            match self.stream.read(&mut buffer) {
                Ok(0) => self.ended = true,
                Ok(len) => self.unread.extend_from_slice(&buffer[..len]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::ConnectionReset => self.ended = true,
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn end_writing(&self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }
}

#[test]
fn an_address_in_use_is_named() {
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let poll = Poll::new().unwrap();
    let addresses = Addresses { udp: vec![address], ..Addresses::default() };
    let result = Listeners::bind(&addresses, &Options::default(), poll.registry(), Token(0));
    let text = result.err().unwrap().to_string();
    assert!(text.starts_with(&format!("cannot listen for ng over UDP on {address}")), "{text}");
}

#[test]
fn a_retransmission_may_come_by_another_transport() {
    let loopback: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let addresses = Addresses { udp: vec![loopback], tcp: vec![loopback], cli: vec![] };
    let mut bench = Bench::with(&addresses, Options::default());
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    udp.send_to(b"c d7:command4:pinge", bench.address(Transport::Udp)).unwrap();
    assert_eq!(bench.datagram(&udp), "c d6:result4:ponge");
    let mut tcp = bench.connect(Transport::Tcp);
    bench.write(&tcp, b"c d7:command5:othere");
    assert_eq!(bench.read(&mut tcp, 18), "c d6:result4:ponge");
    assert_eq!(bench.desk.peers.len(), 1);
    assert_eq!(bench.listeners.counts().duplicates, 1);
}

#[test]
fn foreign_tokens_do_nothing() {
    let mut bench = Bench::new(Transport::Udp, "127.0.0.1:0", Options::default());
    for token in [0, 6, 8, 100, 100_000] {
        bench.listeners.on_ready(Token(token), 0, &mut bench.desk);
    }
    assert_eq!(bench.listeners.counts(), super::Counts::default());
}
