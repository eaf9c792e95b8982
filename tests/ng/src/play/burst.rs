//! Several requests at once, before the first is answered.

use super::{Play, REPLY_WITHIN};
use crate::script::{Options, Step};
use crate::{Result, Stand};
use lab::{LabError, Value, ng};
use std::collections::HashMap;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Between pieces of a request that is sent in pieces.
const PIECE: Duration = Duration::from_millis(2);

impl Play<'_> {
    /// Sends every `[[step.request]]` over one TCP connection without waiting, in pieces of `piece-bytes` if that is
    /// given, and shows the replies in the order of the requests. Replies are kept as `${NAME-1.…}`, `${NAME-2.…}`.
    pub(super) fn back_to_back(&mut self, step: &Step, stand: &Stand) -> Result<Vec<String>> {
        let mut all = Vec::new();
        let mut cookies = Vec::new();
        for keys in step.keys.key("request").map(Value::items).unwrap_or_default() {
            let request = Step { keys: keys.clone(), ..step.clone() };
            let message = self.message(&request);
            let cookie = ng::Client::new_cookie();
            all.extend(cookie.as_bytes());
            all.push(b' ');
            all.extend(message.encode());
            cookies.push(cookie);
        }
        let Ok(mut stream) = stand.namespace.tcp(stand.daemon.control()) else {
            return Ok(vec!["  (cannot connect)".into()]);
        };
        stream.set_nodelay(true).map_err(LabError::io("setting up TCP"))?;
        let size = step.number("piece-bytes", all.len() as u64).max(1) as usize;
        for piece in all.chunks(size) {
            stream.write_all(piece).map_err(LabError::io("sending requests over TCP"))?;
            if size < all.len() {
                std::thread::sleep(PIECE);
            }
        }
        let mut replies = receive(&mut stream, cookies.len());
        let mut lines = Vec::new();
        for (index, cookie) in cookies.iter().enumerate() {
            let name = format!("{}-{}", step.name, index + 1);
            lines.push(format!("  reply {}:", index + 1));
            let body = replies.remove(cookie).ok_or_else(|| LabError::Timeout {
                what: "a reply".into(),
                after_ms: REPLY_WITHIN.as_millis(),
                context: String::new(),
            });
            let below = Step { options: Options::default(), ..step.clone() };
            lines.extend(self.reply(&below, &name, body).into_iter().map(|line| format!("  {line}")));
        }
        Ok(lines)
    }
}

/// Replies by cookie; fewer than wanted if the rest does not come.
fn receive(stream: &mut TcpStream, wanted: usize) -> HashMap<String, Vec<u8>> {
    let deadline = Instant::now() + REPLY_WITHIN;
    let mut replies = HashMap::new();
    let mut buffer = Vec::new();
    let mut chunk = [0; 16384];
    while replies.len() < wanted {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
            break;
        }
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => buffer.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => break,
        }
        while let Some(space) = buffer.iter().position(|&byte| byte == b' ')
            && let Ok((value, length)) = Value::decode_prefix(&buffer[space + 1..])
        {
            replies.insert(String::from_utf8_lossy(&buffer[..space]).into_owned(), value.encode());
            buffer.drain(..space + 1 + length);
        }
    }
    replies
}
