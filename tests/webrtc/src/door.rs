//! A door between a stranger's program and the test: a web server of one page.
//!
//! The stranger asks `GET /NAME` and waits for what the test says, or tells with `POST /NAME`. Every request is a
//! [`Knock`] that the test answers.

use lab::{LabError, Namespace, Result};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Longest request body in bytes.
const BODY_MAX: usize = 1 << 20;
/// How long a half-sent request may take.
const REQUEST_WITHIN: Duration = Duration::from_secs(5);

/// A server on the loopback of a namespace.
#[derive(Debug)]
pub struct Door {
    address: SocketAddr,
    knocks: Receiver<Knock>,
    early: Vec<Knock>,
}

/// A request that waits for its answer. Dropped without one, it gets an empty answer.
#[derive(Debug)]
pub struct Knock {
    /// The path without its slash.
    pub name: String,
    /// What was posted; empty for GET.
    pub body: String,
    stream: TcpStream,
}

impl Door {
    /// Opens it. `/` is answered with `page`, everything else by the test.
    pub fn open(namespace: &Namespace, page: &'static str) -> Result<Door> {
        let listener = namespace
            .enter(|| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?
            .map_err(LabError::io("opening a web server"))?;
        let address = listener.local_addr().map_err(LabError::io("reading a socket's address"))?;
        let (sender, knocks) = channel();
        // Ends with the process: a listener of a removed namespace accepts nobody.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let sender = sender.clone();
                thread::spawn(move || serve(stream, page, &sender));
            }
        });
        Ok(Door { address, knocks, early: Vec::new() })
    }

    /// The page's address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits for a request of this name; others wait meanwhile, except that `failed` is an error at once.
    pub fn wait(&mut self, name: &str, within: Duration) -> Result<Knock> {
        if let Some(at) = self.early.iter().position(|knock| knock.name == name) {
            return Ok(self.early.remove(at));
        }
        let deadline = Instant::now() + within;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let what = || format!("the stranger asking for {name:?}");
            match self.knocks.recv_timeout(left) {
                Ok(knock) if knock.name == name => return Ok(knock),
                Ok(knock) if knock.name == "failed" => {
                    return Err(LabError::Refused { command: what(), reply: knock.body.clone() });
                }
                Ok(knock) => self.early.push(knock),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    return Err(LabError::Timeout {
                        what: what(),
                        after_ms: within.as_millis(),
                        context: String::new(),
                    });
                }
            }
        }
    }

    /// Forgets requests of this name that came before now.
    pub fn forget(&mut self, name: &str) {
        self.early.extend(self.knocks.try_iter());
        self.early.retain(|knock| knock.name != name);
    }
}

impl Knock {
    /// Answers it.
    pub fn answer(mut self, text: &str) {
        reply(&mut self.stream, "text/plain", text);
    }
}

impl Drop for Knock {
    fn drop(&mut self) {
        // After an answer this finds the connection closed, which is no loss.
        reply(&mut self.stream, "text/plain", "");
    }
}

fn serve(stream: TcpStream, page: &str, knocks: &Sender<Knock>) {
    let Ok(Some((name, body, mut stream))) = request(stream) else { return };
    match name.as_str() {
        "" => reply(&mut stream, "text/html", page),
        "favicon.ico" => reply(&mut stream, "text/plain", ""),
        // Nobody listens any more: the test is over.
        _ => drop(knocks.send(Knock { name, body, stream })),
    }
}

fn request(stream: TcpStream) -> std::io::Result<Option<(String, String, TcpStream)>> {
    stream.set_read_timeout(Some(REQUEST_WITHIN))?;
    let mut reader = BufReader::new(stream.try_clone()?).take(BODY_MAX as u64 + 16_384);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let Some(target) = line.split(' ').nth(1) else { return Ok(None) };
    let name = target.trim_start_matches('/').split('?').next().unwrap_or_default().to_owned();
    let mut length = 0;
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 {
            return Ok(None);
        }
        let Some((key, value)) = header.trim_end().split_once(':') else { break };
        if key.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    if length > BODY_MAX {
        return Ok(None);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some((name, String::from_utf8_lossy(&body).into_owned(), stream)))
}

fn reply(stream: &mut TcpStream, kind: &str, text: &str) {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        text.len()
    );
    // A program that went away needs no answer.
    let _ = stream.write_all((head + text).as_bytes());
    let _ = stream.shutdown(std::net::Shutdown::Both);
}
