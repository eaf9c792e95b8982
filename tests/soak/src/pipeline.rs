//! An ng client that does not wait for an answer before it asks again.

use lab::{LabError, Namespace, Result, ng};
use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

/// Requests on the way at a time.
const WINDOW: usize = 32;
/// After this without an answer all that are on the way are sent again.
const AGAIN: Duration = Duration::from_secs(1);
/// How often that may happen in a row.
const TRIES: u32 = 10;

/// One socket, and the requests that have no answer yet.
#[derive(Debug)]
pub(crate) struct Pipeline {
    socket: UdpSocket,
    on_the_way: HashMap<String, Vec<u8>>,
}

impl Pipeline {
    pub(crate) fn open(namespace: &Namespace, server: SocketAddr) -> Result<Pipeline> {
        let socket = namespace.udp(SocketAddr::new(server.ip(), 0))?;
        socket.connect(server).map_err(LabError::io("connecting to the daemon"))?;
        socket.set_read_timeout(Some(AGAIN)).map_err(LabError::io("setting a timeout"))?;
        Ok(Pipeline { socket, on_the_way: HashMap::new() })
    }

    /// Has all of these carried out; returns when the last was answered.
    pub(crate) fn all(&mut self, requests: impl Iterator<Item = ng::Request>) -> Result<()> {
        for request in requests {
            while self.on_the_way.len() >= WINDOW {
                self.hear()?;
            }
            let cookie = ng::Client::new_cookie();
            let mut message = format!("{cookie} ").into_bytes();
            message.extend(request.body().encode());
            self.send(&message)?;
            self.on_the_way.insert(cookie, message);
        }
        while !self.on_the_way.is_empty() {
            self.hear()?;
        }
        Ok(())
    }

    fn send(&self, message: &[u8]) -> Result<()> {
        self.socket.send(message).map(drop).map_err(LabError::io("sending a request"))
    }

    /// Takes one answer.
    fn hear(&mut self) -> Result<()> {
        let mut bytes = [0; 4096];
        for _ in 0..TRIES {
            let len = match self.socket.recv(&mut bytes) {
                Ok(len) => len,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    self.on_the_way.values().try_for_each(|message| self.send(message))?;
                    continue;
                }
                Err(error) => return Err(LabError::io("receiving an answer")(error)),
            };
            let text = String::from_utf8_lossy(&bytes[..len]);
            let (cookie, body) = text.split_once(' ').unwrap_or_default();
            if self.on_the_way.remove(cookie).is_none() {
                // The second answer to a request that was sent again.
                continue;
            }
            if !body.contains("6:result2:ok") {
                return Err(LabError::Refused { command: "one of many".into(), reply: body.to_owned() });
            }
            return Ok(());
        }
        Err(LabError::Io { what: "waiting for an answer".into(), source: ErrorKind::TimedOut.into() })
    }
}
