//! A book with everything around it, and what a test reads from a body.

use crate::{
    AddressId, Book, Changes, Delete, Family, Handshake, HandshakeChange, Intent, Interfaces, LocalAddress,
    Options, Outside, PortError, PortSource, Refusal, Secrets, Settings, Stamp,
};
use flow::{Change, FlowKey, FlowSpec, Micros, Moment, SessionId};
use std::collections::BTreeMap;

/// Ports in rising order; a small number of them.
pub(super) struct Numbers {
    next: u16,
    left: u16,
    pub(super) taken: Vec<FlowKey>,
}

impl PortSource for Numbers {
    fn take(
        &mut self,
        address: AddressId,
        _worker: u16,
        _tos: u8,
        rtcp: bool,
    ) -> Result<(FlowKey, Option<FlowKey>), PortError> {
        let addr =
            ["198.51.100.1", "2001:db8:4321::1", "203.0.113.1"][usize::from(address.0)].parse().unwrap();
        if self.left == 0 {
            return Err(PortError::Exhausted { addr });
        }
        self.left -= 1;
        let first = FlowKey::new(addr, self.next);
        let second = rtcp.then_some(FlowKey::new(addr, self.next + 1));
        self.next += 2;
        self.taken.push(first);
        self.taken.extend(second);
        Ok((first, second))
    }
}

/// Bytes that can be foretold.
#[derive(Debug)]
pub(super) struct Counted(u8);

impl Secrets for Counted {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_add(1);
            *byte = self.0;
        }
    }

    fn fingerprint(&self, hash: &str) -> Option<String> {
        (hash == "sha-256").then(|| format!("sha-256 {}", ["AB"; 32].join(":")))
    }
}

/// A book with everything around it.
pub(super) struct World {
    pub(super) book: Book,
    pub(super) ports: Numbers,
    pub(super) now: Moment,
    pub(super) secrets: Counted,
    /// What the packet side would hold.
    pub(super) flows: BTreeMap<FlowKey, FlowSpec>,
    pub(super) withdrawn: Vec<FlowKey>,
    /// What the agents would know.
    pub(super) agents: BTreeMap<SessionId, Handshake>,
}

impl World {
    pub(super) fn new() -> World {
        World::with(Settings::default(), 1000)
    }

    pub(super) fn with(settings: Settings, pairs: u16) -> World {
        let mut interfaces = Interfaces::default();
        for (name, addr) in [("ext", "198.51.100.1"), ("ext", "2001:db8:4321::1"), ("int", "203.0.113.1")] {
            interfaces.add(name, None, LocalAddress { addr: addr.parse().unwrap(), advertised: None });
        }
        World {
            book: Book::new(settings, interfaces),
            ports: Numbers { next: 30000, left: pairs, taken: Vec::new() },
            now: Moment(1_000_000),
            secrets: Counted(0),
            flows: BTreeMap::new(),
            withdrawn: Vec::new(),
            agents: BTreeMap::new(),
        }
    }

    /// Runs `work` with the doors to the outside, and carries out what it asks of the packet side.
    pub(super) fn apply<R>(&mut self, work: impl FnOnce(&mut Book, &mut Outside<'_>) -> R) -> R {
        let mut changes = Changes::default();
        let now = Stamp { at: self.now, wall_us: 1_700_000_000_000_000 + self.now.0 };
        let mut outside =
            Outside { ports: &mut self.ports, now, secrets: &mut self.secrets, changes: &mut changes };
        let result = work(&mut self.book, &mut outside);
        self.carry_out(changes);
        result
    }

    pub(super) fn carry_out(&mut self, changes: Changes) {
        for (_, change) in changes.handshakes {
            match change {
                HandshakeChange::Begin(new) => {
                    let before = self.agents.insert(new.session, *new.clone());
                    assert!(before.is_none_or(|b| b.generation < new.generation), "generations grow");
                }
                HandshakeChange::End(session) => {
                    assert!(self.agents.remove(&session).is_some(), "{session:?} ends twice");
                }
            }
        }
        for (_, change) in changes.flows {
            match change {
                Change::Install(spec) => {
                    assert!(self.ports.taken.contains(&spec.key), "{} was never opened", spec.key);
                    let before = self.flows.insert(spec.key, FlowSpec::clone(&spec));
                    assert!(before.is_none_or(|b| b.generation < spec.generation), "generations grow");
                }
                Change::Away { .. } | Change::Counted(_) | Change::Restore { .. } => {
                    unreachable!("the call side says nothing of paths")
                }
                Change::Withdraw { key, .. } => {
                    self.flows.remove(&key);
                    assert!(!self.withdrawn.contains(&key), "{key} is withdrawn twice");
                    self.withdrawn.push(key);
                }
            }
        }
    }

    pub(super) fn say(
        &mut self,
        offer: bool,
        tags: (&str, Option<&str>),
        body: &str,
        change: impl FnOnce(&mut Options<'static>),
    ) -> Result<String, Refusal> {
        let body = body.replace('\n', "\r\n");
        let session = sdp::Session::parse(body.as_bytes()).unwrap();
        let mut options = Options::default();
        change(&mut options);
        let intent = Intent {
            call_id: b"call",
            from_tag: tags.0.as_bytes(),
            to_tag: tags.1.map(str::as_bytes),
            via_branch: None,
            label: None,
            sdp: &session,
            options,
        };
        let written =
            self.apply(
                |book, outside| {
                    if offer { book.offer(&intent, outside) } else { book.answer(&intent, outside) }
                },
            )?;
        Ok(String::from_utf8(written).unwrap())
    }

    pub(super) fn offer(&mut self, from: &str, to: Option<&str>, body: &str) -> String {
        self.say(true, (from, to), body, |_| {}).unwrap()
    }

    pub(super) fn answer(&mut self, from: &str, to: &str, body: &str) -> String {
        self.say(false, (from, Some(to)), body, |_| {}).unwrap()
    }

    /// The flow of a port of ours.
    pub(super) fn flow(&self, port: u16) -> &FlowSpec {
        self.flows.values().find(|f| f.key.port == port).unwrap_or_else(|| panic!("no flow at port {port}"))
    }

    pub(super) fn delete(&mut self, delay: Micros) {
        let wanted = Delete { call_id: b"call", delay: Some(delay), ..Delete::default() };
        self.book.doom(&wanted, self.now).unwrap();
    }
}

/// A body with one audio section.
pub(super) fn audio(at: &str, port: u16, more: &str) -> String {
    let family = if at.contains(':') { Family::V6 } else { Family::V4 }.sdp();
    format!("v=0\no=x 1 1 IN {family} {at}\ns=-\nc=IN {family} {at}\nt=0 0\nm=audio {port} RTP/AVP 8\n{more}")
}

/// The port of the n-th `m=` line.
pub(super) fn port(body: &str, nth: usize) -> u16 {
    let line = body.lines().filter(|l| l.starts_with("m=")).nth(nth).unwrap();
    line.split(' ').nth(1).unwrap().parse().unwrap()
}

pub(super) const A: &str = "198.51.100.20";
pub(super) const B: &str = "203.0.113.30";
