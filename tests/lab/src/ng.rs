//! An ng client: bencode or JSON, over UDP (with retransmission) or TCP.

use crate::{LabError, Namespace, Result, Value};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

static COOKIE: AtomicU64 = AtomicU64::new(1);

/// Starts a request: `ng::request("offer").set("call-id", "x")`.
pub fn request(command: &str) -> Request {
    let mut body = Value::dict();
    body.set("command", command);
    Request { body }
}

/// A request: a dictionary with `command` in it.
#[derive(Debug, Clone)]
pub struct Request {
    body: Value,
}

impl Request {
    /// Sets a key.
    pub fn set(mut self, key: &str, value: impl Into<Value>) -> Request {
        self.body.set(key, value);
        self
    }

    /// Takes a key out.
    pub fn without(mut self, key: &str) -> Request {
        self.body.remove(key);
        self
    }

    /// Sets `flags`.
    pub fn flags(self, flags: &[&str]) -> Request {
        let list = Value::list(flags.iter().copied());
        self.set("flags", list)
    }

    /// The command's name.
    pub fn command(&self) -> &str {
        self.body.text("command").unwrap_or_default()
    }

    /// The dictionary.
    pub fn body(&self) -> &Value {
        &self.body
    }
}

/// How messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As Kamailio and OpenSIPS do.
    Bencode,
    /// The alternative of ng; not possible over TCP, which has no frame for it.
    Json,
}

#[derive(Debug)]
enum Transport {
    Udp(UdpSocket),
    Tcp { stream: TcpStream, buffer: Vec<u8> },
}

/// A client with one socket. Cookies are unique in the process and, with the process id in them, on the machine.
#[derive(Debug)]
pub struct Client {
    transport: Transport,
    encoding: Encoding,
    try_for: Duration,
    tries: u32,
}

impl Client {
    /// A UDP client in `namespace`: bencode, five tries of one second with the same cookie, as Kamailio does.
    pub fn udp(namespace: &Namespace, server: SocketAddr) -> Result<Client> {
        let any: SocketAddr = if server.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0u16; 8], 0).into() };
        let socket = namespace.udp(any)?;
        socket.connect(server).map_err(LabError::io(format!("connecting to {server}")))?;
        Ok(Client::with(Transport::Udp(socket)))
    }

    /// A TCP client in `namespace`.
    pub fn tcp(namespace: &Namespace, server: SocketAddr) -> Result<Client> {
        let stream = namespace.tcp(server)?;
        Ok(Client::with(Transport::Tcp { stream, buffer: Vec::new() }))
    }

    fn with(transport: Transport) -> Client {
        Client { transport, encoding: Encoding::Bencode, try_for: Duration::from_secs(1), tries: 5 }
    }

    /// Uses another encoding.
    pub fn encoding(mut self, encoding: Encoding) -> Client {
        self.encoding = encoding;
        self
    }

    /// Waits `each` for a reply, `tries` times.
    pub fn patience(mut self, each: Duration, tries: u32) -> Client {
        self.try_for = each;
        self.tries = tries;
        self
    }

    /// A cookie nobody used before.
    pub fn new_cookie() -> String {
        format!("lab{}_{}", std::process::id(), COOKIE.fetch_add(1, Ordering::Relaxed))
    }

    /// Sends a request and returns the reply, whatever its `result`.
    pub fn ask(&mut self, request: &Request) -> Result<Value> {
        self.ask_with_cookie(&Client::new_cookie(), request)
    }

    /// Sends a request and returns the reply if its `result` is `ok` or `pong`.
    pub fn ok(&mut self, request: &Request) -> Result<Value> {
        let reply = self.ask(request)?;
        match reply.text("result") {
            Some("ok" | "pong") => Ok(reply),
            _ => {
                Err(LabError::Refused { command: request.command().to_owned(), reply: format!("{reply:?}") })
            }
        }
    }

    /// Sends a request that must be refused; returns its `error-reason`.
    pub fn refused(&mut self, request: &Request) -> Result<String> {
        let reply = self.ask(request)?;
        match (reply.text("result"), reply.text("error-reason")) {
            (Some("error"), Some(reason)) => Ok(reason.to_owned()),
            _ => Err(LabError::Refused {
                command: format!("{} (an error was expected)", request.command()),
                reply: format!("{reply:?}"),
            }),
        }
    }

    /// Sends a request under a cookie of your own, to repeat one.
    pub fn ask_with_cookie(&mut self, cookie: &str, request: &Request) -> Result<Value> {
        let body = match self.encoding {
            Encoding::Bencode => request.body.encode(),
            Encoding::Json => request.body.to_json().to_string().into_bytes(),
        };
        let reply = self.exchange(cookie, &body)?;
        decode_body(&reply)
    }

    /// Sends `COOKIE SP body` and returns the reply's body. UDP: repeated with the same cookie until a reply with
    /// that cookie comes; replies with other cookies are late ones and ignored.
    pub fn exchange(&mut self, cookie: &str, body: &[u8]) -> Result<Vec<u8>> {
        let mut message = cookie.as_bytes().to_vec();
        message.push(b' ');
        message.extend_from_slice(body);
        let (try_for, tries) = (self.try_for, self.tries);
        let answer = match &mut self.transport {
            Transport::Udp(socket) => udp_exchange(socket, cookie, &message, try_for, tries)?,
            Transport::Tcp { stream, buffer } => {
                tcp_exchange(stream, buffer, cookie, &message, try_for * tries)?
            }
        };
        answer.ok_or_else(|| LabError::Timeout {
            what: "a reply of the relay".into(),
            after_ms: (try_for * tries).as_millis(),
            context: String::new(),
        })
    }

    /// Sends bytes as they are, without cookie; for hostile input. Over UDP returns a reply if one comes within
    /// the time for one try.
    pub fn send_raw(&mut self, bytes: &[u8]) -> Result<Option<Vec<u8>>> {
        match &mut self.transport {
            Transport::Udp(socket) => {
                socket.send(bytes).map_err(LabError::io("sending raw bytes"))?;
                receive(socket, Instant::now() + self.try_for)
            }
            Transport::Tcp { stream, .. } => {
                stream.write_all(bytes).map_err(LabError::io("sending raw bytes"))?;
                Ok(None)
            }
        }
    }
}

/// Reads the body of a reply, in either encoding.
pub fn decode_body(body: &[u8]) -> Result<Value> {
    if body.first() == Some(&b'{') {
        let json = serde_json::from_slice(body).map_err(|error| LabError::Malformed {
            encoding: "JSON",
            at: error.column(),
            what: error.to_string(),
        })?;
        return Ok(Value::from_json(&json));
    }
    Value::decode(body)
}

fn udp_exchange(
    socket: &UdpSocket,
    cookie: &str,
    message: &[u8],
    try_for: Duration,
    tries: u32,
) -> Result<Option<Vec<u8>>> {
    for _ in 0..tries {
        let deadline = Instant::now() + try_for;
        socket.send(message).map_err(LabError::io("sending an ng request"))?;
        while let Some(datagram) = receive(socket, deadline)? {
            if let Some(body) = after_cookie(&datagram, cookie) {
                return Ok(Some(body.to_vec()));
            }
        }
    }
    Ok(None)
}

/// One datagram, or `None` at the deadline.
fn receive(socket: &UdpSocket, deadline: Instant) -> Result<Option<Vec<u8>>> {
    let mut buffer = vec![0; 65536];
    let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
    socket.set_read_timeout(Some(left)).map_err(LabError::io("setting a time limit"))?;
    match socket.recv(&mut buffer) {
        Ok(count) => {
            buffer.truncate(count);
            Ok(Some(buffer))
        }
        Err(error) if is_timeout(&error) => Ok(None),
        Err(error) => Err(LabError::Io { what: "waiting for an ng reply".into(), source: error }),
    }
}

fn tcp_exchange(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
    cookie: &str,
    message: &[u8],
    within: Duration,
) -> Result<Option<Vec<u8>>> {
    let deadline = Instant::now() + within;
    stream.write_all(message).map_err(LabError::io("sending an ng request over TCP"))?;
    loop {
        // A whole `COOKIE SP value` at the front of the buffer is a reply, or a notification to skip.
        if let Some(space) = buffer.iter().position(|&byte| byte == b' ')
            && let Ok((value, length)) = Value::decode_prefix(&buffer[space + 1..])
        {
            let ours = &buffer[..space] == cookie.as_bytes();
            buffer.drain(..space + 1 + length);
            if ours {
                return Ok(Some(value.encode()));
            }
            continue;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        stream.set_read_timeout(Some(left)).map_err(LabError::io("setting a time limit"))?;
        let mut chunk = [0; 16384];
        match stream.read(&mut chunk) {
            Ok(0) => {
                let source = std::io::ErrorKind::UnexpectedEof.into();
                return Err(LabError::Io { what: "the relay closed the TCP connection".into(), source });
            }
            Ok(count) => buffer.extend_from_slice(&chunk[..count]),
            Err(error) if is_timeout(&error) => return Ok(None),
            Err(error) => return Err(LabError::Io { what: "reading from TCP".into(), source: error }),
        }
    }
}

fn after_cookie<'a>(datagram: &'a [u8], cookie: &str) -> Option<&'a [u8]> {
    datagram.strip_prefix(cookie.as_bytes())?.strip_prefix(b" ")
}

pub(crate) fn is_timeout(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | Interrupted)
}
