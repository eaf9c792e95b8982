//! Sends datagrams to the ng port and knows at once whether they were answered.

use crate::answers::shown;
use lab::{LabError, Namespace, Result};
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// How long the daemon may take to answer a ping behind a bad datagram. Far above what it needs, because one that
/// takes this long has already failed the calls it serves.
const PATIENCE: Duration = Duration::from_secs(10);

/// A UDP client that follows every datagram with a `ping`. The ng port is served in order by one thread, so what has not
/// been answered before the ping will not be.
#[derive(Debug)]
pub struct Sparring {
    socket: UdpSocket,
    pings: u64,
    replied_bytes: u64,
}

impl Sparring {
    /// A client in `namespace` for the ng port at `server`.
    pub fn new(namespace: &Namespace, server: SocketAddr) -> Result<Sparring> {
        let socket = namespace.udp(([0, 0, 0, 0], 0).into())?;
        socket.connect(server).map_err(LabError::io("connecting to the ng port"))?;
        socket.set_read_timeout(Some(PATIENCE)).map_err(LabError::io("setting a time limit"))?;
        Ok(Sparring { socket, pings: 0, replied_bytes: 0 })
    }

    /// Bytes of all replies so far, pongs too: what a daemon may remember for clients that repeat themselves.
    pub fn replied_bytes(&self) -> u64 {
        self.replied_bytes
    }

    /// Sends a datagram and returns the reply that starts with `cookie` and a space, without those. Fails when the
    /// daemon answers nothing any more, or somebody else's cookie.
    pub fn send(&mut self, cookie: &str, datagram: &[u8]) -> Result<Option<Vec<u8>>> {
        self.socket.send(datagram).map_err(LabError::io(format!("sending {}", shown(datagram))))?;
        self.pings += 1;
        let ping = format!("sparring{}", self.pings);
        self.socket
            .send(format!("{ping} d7:command4:pinge").as_bytes())
            .map_err(LabError::io("sending a ping"))?;
        let deadline = Instant::now() + PATIENCE;
        let mut reply = None;
        let mut buffer = vec![0; 65536];
        while Instant::now() < deadline {
            let length = self
                .socket
                .recv(&mut buffer)
                .map_err(LabError::io(format!("waiting for the pong after {}", shown(datagram))))?;
            self.replied_bytes += length as u64;
            let (from, body) = split(&buffer[..length]);
            if from == ping.as_bytes() {
                return Ok(reply);
            }
            if from == cookie.as_bytes() {
                reply = Some(body.to_vec());
            } else if !from.starts_with(b"sparring") && cookie_of(datagram) != from {
                return Err(LabError::Malformed {
                    encoding: "ng",
                    at: 0,
                    what: format!("a reply to nobody: {}", shown(&buffer[..length])),
                });
            }
        }
        Err(LabError::Timeout {
            what: format!("the pong after {}", shown(datagram)),
            after_ms: PATIENCE.as_millis(),
            context: String::new(),
        })
    }
}

fn split(message: &[u8]) -> (&[u8], &[u8]) {
    match message.iter().position(|&byte| byte == b' ') {
        Some(space) => (&message[..space], &message[space + 1..]),
        None => (message, &[]),
    }
}

/// What a datagram has for a cookie, whether meant as one or not.
fn cookie_of(datagram: &[u8]) -> &[u8] {
    split(datagram).0
}
