//! Plays one script on a stand.

use crate::captures::Captures;
use crate::normal::{Names, Role};
use crate::phones::{Phones, SSRC, Talk};
use crate::script::{OWN_WORDS, Script, Shape, Step};
use crate::transcript::{Entry, Transcript};
use crate::{Result, Stand, packets, paths, render};
use lab::{LabError, Value, ng};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

mod burst;

/// How long a daemon may take to answer a request.
const REPLY_WITHIN: Duration = Duration::from_secs(3);
/// How long to wait for an answer to something that may well have none.
const HARDLY_A_REPLY: Duration = Duration::from_millis(300);
/// How much longer than it says a step listens if the packets the transcript promises have not come: machines under load
/// are slow, and a script's own waits are made for speed.
const LATE: Duration = Duration::from_millis(400);

/// Plays a script from beginning to end; its calls are deleted afterwards. `expected` is what will be compared with the
/// result; it only makes the player more patient.
///
/// # Errors
/// The player's own sockets failed. Whatever the daemon does becomes part of the transcript.
pub fn play(script: &Script, stand: &mut Stand, expected: Option<&Transcript>) -> Result<Transcript> {
    let call = format!("{}-{}", script.name, ng::Client::new_cookie());
    let mut play = Play {
        script,
        names: Names::new(&script.text, &call),
        captures: Captures::new(&call),
        phones: Phones::new(&stand.namespace)?,
        udp: stand.daemon.ng()?.patience(REPLY_WITHIN, 1),
        cookie: String::new(),
        calls: Vec::new(),
    };
    let mut transcript = Transcript { about: script.about.clone(), entries: Vec::new() };
    for step in &script.steps {
        let title = play.title(step);
        let promised = expected.and_then(|expected| expected.entries.get(transcript.entries.len()));
        let promised = promised.filter(|entry| entry.title == title).map(|entry| entry.lines.as_slice());
        let lines = play.step(step, stand, promised)?;
        transcript.entries.push(Entry { title, lines });
        if let Some(last_words) = stand.ended() {
            let lines = last_words.lines().map(|line| format!("  {line}")).collect();
            transcript.entries.push(Entry { title: "the daemon has ended".into(), lines });
            return Ok(transcript);
        }
    }
    play.delete_calls();
    Ok(transcript)
}

struct Play<'a> {
    script: &'a Script,
    names: Names,
    captures: Captures,
    phones: Phones,
    udp: ng::Client,
    /// The last request's.
    cookie: String,
    /// Calls to delete at the end.
    calls: Vec<String>,
}

impl Play<'_> {
    fn title(&self, step: &Step) -> String {
        let mut title = step.name.clone();
        for (key, value) in step.keys.entries() {
            title.push_str(&format!(" {}={}", String::from_utf8_lossy(key), render::short(value)));
        }
        title
    }

    fn step(&mut self, step: &Step, stand: &Stand, promised: Option<&[String]>) -> Result<Vec<String>> {
        match step.word.as_str() {
            "open" => {
                let at = step.keys.key("at").map(|at| self.captures.fill(at));
                for at in at.iter().flat_map(Value::items) {
                    match address(at) {
                        Some(at) => self.phones.open(at)?,
                        None => return Ok(vec![format!("  (no address: {})", render::short(at))]),
                    }
                }
                Ok(Vec::new())
            }
            "sleep" => {
                let until = Instant::now() + Duration::from_millis(step.number("ms", 0));
                // Listening into nothing: what comes meanwhile is not part of the script.
                self.phones.listen(&mut Vec::new(), until)?;
                Ok(Vec::new())
            }
            "receive" => {
                let mut heard = Vec::new();
                self.phones.listen_for(&mut heard, step.number("ms", 500))?;
                self.heard(step, heard, promised)
            }
            "send" => self.send(step, promised),
            "raw" => self.raw(step, stand),
            "back-to-back" => self.back_to_back(step, stand),
            _ => Ok(self.request(step, stand)),
        }
    }

    fn send(&mut self, step: &Step, promised: Option<&[String]>) -> Result<Vec<String>> {
        let keys = self.captures.fill(&step.keys);
        let ends = (keys.key("from").and_then(address), keys.key("to").and_then(address));
        let (Some(from), Some(to)) = ends else { return Ok(vec!["  (cannot send: no address)".into()]) };
        let mut heard = Vec::new();
        for index in 0..step.number("count", 1) {
            let Some(packet) = packet(step, index) else { return Ok(vec!["  (bad hexadecimal)".into()]) };
            if let Err(LabError::Io { source, .. }) = self.phones.send(from, to, &packet) {
                return Ok(vec![format!("  (cannot send: {})", source.kind())]);
            }
            self.phones.listen_for(&mut heard, step.number("interval-ms", 20))?;
        }
        self.phones.listen_for(&mut heard, step.number("settle-ms", 200))?;
        self.heard(step, heard, promised)
    }

    /// Lines for what came; listens a little longer if more was promised.
    fn heard(
        &mut self,
        step: &Step,
        mut heard: Vec<Talk>,
        promised: Option<&[String]>,
    ) -> Result<Vec<String>> {
        let counted = step.options.shape == Shape::Nowhere;
        let deadline = Instant::now() + LATE;
        loop {
            // Names are given for good only when nothing more is waited for.
            let mut names = self.names.clone();
            let lines = talk_lines(&heard, counted, &mut names);
            if promised.is_none_or(|promised| promised == lines) || Instant::now() >= deadline {
                self.names = names;
                return Ok(lines);
            }
            self.phones.listen_for(&mut heard, 20)?;
        }
    }

    fn request(&mut self, step: &Step, stand: &Stand) -> Vec<String> {
        let message = self.message(step);
        self.cookie = match step.options.cookie.as_deref() {
            Some("same") => self.cookie.clone(),
            Some(cookie) => self.captures.fill_text(cookie),
            None => ng::Client::new_cookie(),
        };
        let body = match step.options.json {
            true => message.to_json().to_string().into_bytes(),
            false => message.encode(),
        };
        let reply = match step.options.tcp {
            true => ng::Client::tcp(&stand.namespace, stand.daemon.control())
                .and_then(|client| client.patience(REPLY_WITHIN, 1).exchange(&self.cookie, &body)),
            false => self.udp.exchange(&self.cookie, &body),
        };
        self.reply(step, &step.name, reply)
    }

    /// The command, and the keys as written, `${…}` filled in and line ends made CRLF.
    fn message(&mut self, step: &Step) -> Value {
        let mut message = Value::dict();
        let command =
            (step.word != "(none)" && !OWN_WORDS.contains(&step.word.as_str())).then_some(step.word.as_str());
        if let Some(command) = command.filter(|_| !step.options.command_last) {
            message.set("command", command);
        }
        for (key, value) in step.keys.entries() {
            let key = String::from_utf8_lossy(key);
            message.set(&key, self.value(&key, value, step.options.eol_as_is));
        }
        if let Some(command) = command.filter(|_| step.options.command_last) {
            message.set("command", command);
        }
        if let Some(call) =
            message.text("call-id").filter(|call| !self.calls.iter().any(|known| known == call))
        {
            self.calls.push(call.to_owned());
        }
        message
    }

    fn value(&self, key: &str, value: &Value, eol_as_is: bool) -> Value {
        let Some(text) = value.as_str().filter(|_| key == "sdp") else { return self.captures.fill(value) };
        let named = text.strip_prefix('@').and_then(|name| {
            self.script.sdp.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
        });
        let text = self.captures.fill_text(named.unwrap_or(text));
        match eol_as_is {
            true => text.into(),
            false => text.replace("\r\n", "\n").replace('\n', "\r\n").into(),
        }
    }

    /// Lines for a reply's body; keeps it as `${NAME.…}`.
    fn reply(&mut self, step: &Step, name: &str, body: lab::Result<Vec<u8>>) -> Vec<String> {
        let body = match body {
            Ok(body) => body,
            Err(LabError::Timeout { .. }) => return vec!["  (no reply)".into()],
            Err(LabError::Io { source, .. }) => return vec![format!("  (no reply: {})", source.kind())],
            Err(error) => return vec![format!("  ({error})")],
        };
        match decode(&body) {
            None if body.is_empty() => vec!["  (the cookie and nothing after it)".into()],
            Some(reply) => {
                self.captures.keep(name, &reply);
                let chosen = paths::choose(&reply, &step.options);
                let named = self.names.reply(&chosen);
                render::lines(&paths::reshape(&named, &step.options))
            }
            None => vec![format!(
                "  (unreadable: {})",
                self.names.plain(&String::from_utf8_lossy(&body)).escape_debug()
            )],
        }
    }

    /// `body` goes out behind a cookie, `datagram` as it is; what comes back to the latter is shown as it is.
    fn raw(&mut self, step: &Step, stand: &Stand) -> Result<Vec<String>> {
        let text = |key| step.keys.text(key).map(|text| self.captures.fill_text(text));
        if let Some(body) = text("body") {
            let reply = self.udp.exchange(&ng::Client::new_cookie(), body.as_bytes());
            return Ok(self.reply(step, &step.name, reply));
        }
        let datagram = text("datagram").unwrap_or_default();
        let mut client = stand.daemon.ng()?.patience(HARDLY_A_REPLY, 1);
        Ok(vec![match client.send_raw(datagram.as_bytes())? {
            Some(bytes) => format!("  {}", self.names.plain(&String::from_utf8_lossy(&bytes)).escape_debug()),
            None => "  (no reply)".into(),
        }])
    }

    fn delete_calls(&mut self) {
        for call in std::mem::take(&mut self.calls) {
            let request = ng::request("delete").set("call-id", call).set("delete-delay", 0);
            // A daemon that does not answer has been noticed by the steps before.
            let _ = self.udp.ask(&request);
        }
    }
}

fn talk_lines(heard: &[Talk], counted: bool, names: &mut Names) -> Vec<String> {
    let mut talks: Vec<&Talk> = heard.iter().collect();
    // By place, then in the order they came: senders' ports are random.
    talks.sort_by_key(|talk| talk.at.to_string());
    let mut lines = Vec::new();
    for talk in talks {
        let rtcp =
            talk.packets.first().is_some_and(|first| matches!(packets::kind(first), packets::Kind::Rtcp(_)));
        // Scripts give their clients even ports for RTP.
        let role = if rtcp || talk.at.port() % 2 == 1 { Role::Rtcp } else { Role::Rtp };
        let from = names.address(talk.from, role);
        lines.push(format!("  {} <- {from}: {}", talk.at, packets::describe(&talk.packets, counted, names)));
    }
    if lines.is_empty() {
        lines.push("  nothing".into());
    }
    lines
}

/// Packet `index` of a `send` step: `hex`, or RTP made of the step's numbers. `None` for bad hexadecimal.
fn packet(step: &Step, index: u64) -> Option<Vec<u8>> {
    if let Some(hex) = step.keys.text("hex") {
        return from_hex(hex);
    }
    let payload = match step.keys.text("payload") {
        Some(hex) => from_hex(hex)?,
        None => vec![0xd5; step.number("size", 160) as usize],
    };
    let seq = step.number("seq", 1000) + index;
    let ts = step.number("ts", 160_000) + 160 * index;
    let mut packet = vec![0x80, step.number("pt", 8) as u8 & 0x7f];
    packet.extend((seq as u16).to_be_bytes());
    packet.extend((ts as u32).to_be_bytes());
    packet.extend((step.number("ssrc", u64::from(SSRC)) as u32).to_be_bytes());
    packet.extend(payload);
    Some(packet)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        text.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect::<Option<_>>()?;
    digits.len().is_multiple_of(2).then(|| digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

fn address(value: &Value) -> Option<SocketAddr> {
    value.as_str()?.parse().ok()
}

/// Bencode, or JSON if it looks like it.
fn decode(body: &[u8]) -> Option<Value> {
    if body.first() == Some(&b'{') {
        return serde_json::from_slice(body).ok().map(|json: serde_json::Value| Value::from_json(&json));
    }
    Value::decode(body).ok()
}
